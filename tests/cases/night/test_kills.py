"""A night that is killed (SIGKILL) at any of these places is finished by the next, as if nothing had happened.

`python -m benchmarks.kill` does the same at random moments.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ddk_surveillance.settings import PROJECT
from tests.cases.night.test_arrivals import FIRST, LATE, send, state
from tests.conftest import Home

PLACES = {
    "a file is claimed and not yet known": ("ddk_surveillance.intake", "register"),
    "a file is about to be read": ("ddk_surveillance.intake", "read"),
    "rows are about to be stored": ("ddk_surveillance.guard", "_rekeyed"),
    "inside the transaction that loads": ("ddk_surveillance.load", "_settle"),
    "a file is about to be put away": ("ddk_surveillance.landing", "_put_away"),
    "inside the transaction that links": ("ddk_surveillance.link", "_replace_members"),
    "the figures are about to be replaced": ("ddk_surveillance.indicators", "_replace"),
    "the analyst file is about to be built": ("ddk_surveillance.publish", "_build"),
    "the release is recorded, analysts still see the old one": ("ddk_surveillance.publish", "_point_to"),
}
Homes = dict[str, Home]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("killed")


@pytest.fixture(scope="module")
def homes(folder: Path, key_file: Path) -> Homes:
    """Homes whose second night was killed, each at its place; and one whose second night was not."""
    from ddk_surveillance.settings import load

    environ = {"DDK_KEY_FILE": str(key_file), "DDK_QUIET_SECONDS": "0"}
    first = send(Home(load(environ, folder / "first")), FIRST)
    first.drop("hospital", "late.csv", LATE)
    first.drop("hospital", "late (1).csv", LATE)  # sent twice, byte for byte
    homes = {name: Home(load(environ, folder / f"home{number}")) for number, name in enumerate(["calm", *PLACES])}
    for home in homes.values():
        subprocess.run(["cp", "-a", first.settings.home, home.settings.home], check=True)
    arguments = [word for name, place in PLACES.items() for word in (str(homes[name].settings.home), *place)]
    done = subprocess.run(
        [sys.executable, str(Path(__file__).with_name("killed_nights.py")), *arguments],
        env={**os.environ, **environ, "PYTHONPATH": str(PROJECT)}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.split() == ["9"] * len(PLACES), done.stderr
    homes["calm"].night()
    return homes


@pytest.mark.parametrize("name", PLACES)
def test_the_next_night_brings_the_state_of_an_undisturbed_run(homes: Homes, name: str) -> None:
    calm, killed = homes["calm"], homes[name]
    killed.night()
    assert state(killed) == state(calm)
    assert killed.ledger("hospital") == calm.ledger("hospital")
    releases = "SELECT release_id, content_hash FROM ops.release ORDER BY ALL"
    assert killed.query(releases) == calm.query(releases)
    assert os.readlink(killed.settings.analyst_file) == os.readlink(calm.settings.analyst_file)
    assert files(killed, "archive") == files(calm, "archive") and files(killed, "inbox") == []
    assert files(killed, "analyst") == files(calm, "analyst")


def files(home: Home, folder: str) -> list[str]:
    base = home.settings.home / folder
    return sorted(str(path.relative_to(base)) for path in base.rglob("*") if path.is_file())


def test_there_are_so_many_places() -> None:
    assert len(PLACES) == 9
