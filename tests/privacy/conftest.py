"""What the first two stages do with a file, without a night around it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ddk_surveillance import guard, intake
from ddk_surveillance.landing import Claim
from ddk_surveillance.library import Library
from ddk_surveillance.settings import load as load_settings
from ddk_surveillance.tokens import Key
from ddk_surveillance.warehouse import Warehouse, connect

BATCH = "0" * 16


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    settings = load_settings({}, tmp_path_factory.mktemp("home"))
    settings.make_folders()
    warehouse = connect(settings, Library())
    yield warehouse
    warehouse.connection.close()


@pytest.fixture
def fate(db: Warehouse, tmp_path: Path) -> Callable[..., tuple[str, str, str]]:
    """Status, message and notes of a file after intake and guard."""

    def judge(name: str, content: bytes, feed: str = "hospital") -> tuple[str, str, str]:
        (tmp_path / name).write_bytes(content)
        source, claim = db.library.sources[feed], Claim(BATCH, feed, tmp_path / name)
        db.ensure(db.library.received_table(source))
        intake.register(db, claim, "night")
        if intake.read(db, source, claim):
            guard.guard_batches(db, source, [BATCH], Key(bytes(range(32))))
        [row] = db.rows("SELECT status, coalesce(message_zh, ''), coalesce(note_zh, '') FROM ops.batch")
        return row

    return judge
