"""One night on a private server of its own, run once; the tests look at what it left behind.

The stages are stand-ins here: what matters is what Prefect is told, keeps and survives.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
import textwrap
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

PROJECT = Path(__file__).parents[2]
SECRET = "张小明500104201901011234"
SOURCES = tuple(f"source_{number:02d}" for number in range(20))  # twice as many as there are: a night of 100 tasks

# What every script of these tests starts with: stages that refuse, fail and leak like real ones might.
STAND_INS = f"""
    import os, sys, time
    from pathlib import Path
    from ddk_surveillance import nights
    from ddk_surveillance.errors import FileRefused
    from ddk_surveillance.warehouse import Outcome
    from flows.server import orchestration
    SECRET = {SECRET!r}

    def stand_in(stage):
        def run(db, key):
            if (stage, key) == ("quality", "source_07"):
                try:
                    {{}}[SECRET]
                except KeyError as error:
                    raise ValueError(f"{{SECRET}} is not a date") from error
            if (stage, key) == ("guard", "source_09"):
                try:
                    raise ValueError(SECRET)
                except ValueError:
                    raise FileRefused("identifier", "文件含身份证号。", "The file holds a resident ID.")
            return Outcome(5, 5, 0) if key != "source_03" else Outcome(5, 4, 1)
        return run

    def use(sources):
        from flows import stage
        for name in stage.STAGES:
            stage.STAGES[name] = stand_in(name)
        stage.STAGES["discover"] = lambda db, night: nights.begin(db, night) or list(sources)
        return stage.STAGES
"""


@dataclass(frozen=True)
class Script:
    """A Python program with the stand-ins, in a process of its own, as a run really is."""

    home: Path
    process: subprocess.Popen[str]

    def lines(self) -> Iterator[str]:
        assert self.process.stdout
        return iter(self.process.stdout.readline, "")

    def result(self) -> Any:
        """What the program printed last, as JSON."""
        out, errors = self.process.communicate(timeout=300)
        assert self.process.returncode == 0, errors
        return json.loads(out.strip().splitlines()[-1])


@pytest.fixture(scope="session")
def start(key_file: Path) -> Iterator[Callable[..., Script]]:
    """Start a program on a data home; what is still alive at the end of the tests is killed."""
    started: list[subprocess.Popen[str]] = []

    def begin(home: Path, *arguments: str, **environment: str) -> Script:
        outside = {name: value for name, value in os.environ.items() if not name.startswith(("PREFECT_", "DDK_"))}
        environ = {**outside, "DDK_HOME": str(home), "DDK_KEY_FILE": str(key_file), "DDK_THREADS": "1", **environment}
        process = subprocess.Popen(
            [sys.executable, *arguments], cwd=PROJECT, env=environ, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        started.append(process)
        return Script(home, process)

    yield begin
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


@pytest.fixture(scope="session")
def program(start: Callable[..., Script]) -> Callable[..., Script]:
    def begin(home: Path, code: str, **environment: str) -> Script:
        return start(home, "-c", textwrap.dedent(STAND_INS) + textwrap.dedent(code), **environment)

    return begin


@pytest.fixture(scope="session")
def night(tmp_path_factory: pytest.TempPathFactory, program: Callable[..., Script]) -> tuple[Path, dict[str, Any]]:
    """Two nights on a fresh data home, one with a defect and a refused file in it, then one without the defect; then a release.

    Then three nights of the schedule are made to pass unserved, as when the machine is switched off.
    """
    home = tmp_path_factory.mktemp("night") / "home"
    script = program(
        home,
        f"""
        import json, datetime
        with orchestration(Path(os.environ["DDK_HOME"])) as address:
            from flows.nightly import nightly
            use({SOURCES!r})
            try:
                nightly()
                complaint = None
            except Exception as error:
                complaint = [type(error).__name__, str(error), error.exit_code, error.__context__ is None]
            use(["source_03", "source_04", "source_09"])
            attention = nightly()
            from flows.release import release
            release()

            from prefect.client.orchestration import get_client
            from prefect.states import Scheduled
            from flows.serve import deployments
            deployment, *_ = deployments()
            deployment_id = deployment.apply()
            with get_client(sync_client=True) as client:
                for days in (3, 2, 1):
                    past = datetime.datetime.now(datetime.UTC) - datetime.timedelta(days=days)
                    client.create_flow_run_from_deployment(deployment_id, state=Scheduled(scheduled_time=past), name=f"missed {{days}}")
        print(json.dumps({{"address": address, "complaint": complaint, "attention": attention}}))
        """,
    )
    result = script.result()
    with closing(sqlite3.connect(home / "prefect" / "prefect.db", isolation_level=None)) as connection:
        connection.execute("UPDATE flow_run SET auto_scheduled = true WHERE name LIKE 'missed%'")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # so that the one file can be copied
    return home, result


@pytest.fixture
def used_home(night: tuple[Path, dict[str, Any]], tmp_path: Path) -> Path:
    return copy_of_database(night[0], tmp_path / "home")


def copy_of_database(used: Path, home: Path) -> Path:
    """A data home whose Prefect database exists already, so that its server is up in a few seconds."""
    (home / "prefect").mkdir(parents=True)
    shutil.copy(used / "prefect" / "prefect.db", home / "prefect")
    return home


def stored(home: Path, sql: str) -> list[tuple[Any, ...]]:
    """Ask Prefect's own database."""
    with closing(sqlite3.connect(home / "prefect" / "prefect.db")) as connection:
        return connection.execute(sql).fetchall()


def ask(address: str, path: str, body: object) -> Any:
    """POST to Prefect's API; what it answers."""
    request = urllib.request.Request(
        f"{address}{path}", json.dumps(body).encode(), {"content-type": "application/json"}, method="POST"
    )
    with urllib.request.urlopen(request, timeout=180) as answer:
        return json.loads(answer.read() or "null")


def wait_until(condition: Callable[[], bool], seconds: float = 180) -> bool:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()
