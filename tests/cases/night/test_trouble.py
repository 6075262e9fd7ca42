"""Trouble outside: a disk that is full or read-only, files that vanish or change, a clock set back, a file held open."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ddk_surveillance import intake, landing
from ddk_surveillance.errors import BusyError, ConfigurationError
from ddk_surveillance.warehouse import open_warehouse
from tests.cases.night.test_arrivals import FIRST, LATE, send, state
from tests.conftest import Home


@pytest.fixture
def calm(make_home: Callable[..., Home]) -> Home:
    """The state of undisturbed nights."""
    return send(make_home("calm"), FIRST, LATE)


@pytest.fixture
def waiting(make_home: Callable[..., Home]) -> Home:
    """One night is done, the second file waits."""
    home = send(make_home("waiting"), FIRST)
    home.drop("hospital", "1.csv", LATE)
    return home


@pytest.fixture
def full_disk() -> Iterator[Callable[[int], None]]:
    """Let no file grow beyond so many bytes, as a full disk would; the signal that says so is an error instead."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


@pytest.mark.parametrize("room_bytes", [0, 40_000])
def test_a_disk_that_is_full(calm: Home, waiting: Home, full_disk: Callable[[int], None], room_bytes: int) -> None:
    full_disk(room_bytes)
    with pytest.raises((ConfigurationError, OSError, Exception)):
        waiting.night()
    full_disk(resource.RLIM_INFINITY)
    waiting.night()
    assert state(waiting) == state(calm)


HOLDER = "import duckdb, sys; held = duckdb.connect(sys.argv[1], read_only=True); print('held', flush=True); sys.stdin.read()"


def test_a_warehouse_that_an_analyst_holds_open(calm: Home, waiting: Home) -> None:
    command = [sys.executable, "-c", HOLDER, str(waiting.settings.warehouse_file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as holder:
        assert holder.stdout and holder.stdout.readline() == b"held\n"
        with pytest.raises(BusyError, match="open in another program"):
            waiting.night()
        holder.communicate()
    waiting.night()
    assert state(waiting) == state(calm)


def test_a_file_that_vanishes_while_it_is_looked_at(calm: Home, waiting: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    fleeting = waiting.drop("hospital", "fleeting.csv", FIRST)
    settled = landing._settled

    def vanishes(paths: list[Path], quiet_seconds: float) -> list[Path]:
        found = settled(paths, quiet_seconds)
        fleeting.unlink()
        return found

    monkeypatch.setattr(landing, "_settled", vanishes)
    waiting.night()
    assert state(waiting) == state(calm)


def test_a_file_that_changes_after_its_fingerprint_was_taken(waiting: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody still writes to the file that was claimed: what is stored under a fingerprint has that fingerprint."""
    read = intake.read

    def changed(db: object, source: object, claim: landing.Claim) -> bool:
        claim.path.write_text(FIRST + "H0001,C4,男\n")
        return bool(read(db, source, claim))  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(intake, "read", changed)
        waiting.night()
    for batch, sha256 in waiting.query("SELECT batch_id, sha256 FROM ops.batch WHERE status = 'loaded'"):
        [kept] = (waiting.settings.archive / "hospital" / batch).iterdir()
        assert landing._sha256(kept) == sha256


def test_a_clock_that_was_set_back(calm: Home, waiting: Home) -> None:
    with open_warehouse(waiting.settings) as db:
        db.execute("UPDATE ops.night SET started_at = started_at + INTERVAL 1 YEAR")
        db.execute("UPDATE ops.release SET published_at = published_at + INTERVAL 1 YEAR")
    waiting.night()
    assert state(waiting) == state(calm)
    assert waiting.query("SELECT release_id FROM ops.release ORDER BY published_at") == [("R000001",), ("R000002",)]


def test_a_file_that_is_half_copied_waits(calm: Home, waiting: Home) -> None:
    for name in (".0.csv.swp", "half.csv.part", "~$half.xlsx", "half.csv.filepart"):
        waiting.drop("hospital", name, FIRST[:100])
    waiting.night()
    assert state(waiting) == state(calm)
    assert len(list((waiting.settings.landing / "hospital").iterdir())) == 4


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a read-only disk")
def test_a_disk_that_is_read_only(calm: Home, waiting: Home) -> None:
    home = str(waiting.settings.home)
    mounted = subprocess.run(["mount", "--bind", home, home], capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("no mounts here")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", home], check=True)
        with pytest.raises((ConfigurationError, OSError)):
            waiting.night()
    finally:
        subprocess.run(["umount", home], check=True)
    waiting.night()
    assert state(waiting) == state(calm)
