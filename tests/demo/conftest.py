"""The demo as a stranger runs it: one data home, the real commands, run once for all tests of this folder."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

FIGURES = "FROM out.indicator_rate ORDER BY ALL"


@dataclass(frozen=True)
class Result:
    exit_code: int
    output: str
    errors: str


@dataclass(frozen=True)
class Demo:
    """A data home that has seen the demo twice, and what it said: first in Chinese, then in English."""

    home: Path
    state: Path
    first: Result
    figures: str  # what stood in out.indicator_rate in between
    again: Result

    def ddk(self, *arguments: str) -> Result:
        """A command that changes nothing."""
        return asked(self.home, self.state, *arguments)


def run_ddk(home: Path, state: Path, *arguments: str) -> Result:
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LD_LIBRARY_PATH") if name in os.environ}
    done = subprocess.run(
        [sys.executable, "-m", "ddk_surveillance.cli", "--home", str(home), *arguments],
        capture_output=True, text=True, env={**kept, "XDG_STATE_HOME": str(state)}, timeout=600, check=False,
    )  # fmt: skip
    return Result(done.returncode, done.stdout, done.stderr)


asked = functools.cache(run_ddk)  # several tests look at the same answers


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    home, state = tmp_path_factory.mktemp("demo") / "data", tmp_path_factory.mktemp("state")
    first = run_ddk(home, state, "demo")
    figures = run_ddk(home, state, "sql", FIGURES, "--format", "csv").output
    return Demo(home, state, first, figures, run_ddk(home, state, "--lang", "en", "demo"))
