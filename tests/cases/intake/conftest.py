"""Files that no library at hand can write, made byte by byte; and a desk at which files are judged."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ddk_surveillance import guard, intake, load, normalise, quality
from ddk_surveillance.landing import Claim
from ddk_surveillance.library import Library
from ddk_surveillance.settings import load as load_settings
from ddk_surveillance.tokens import Key
from ddk_surveillance.warehouse import Warehouse, connect

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


@pytest.fixture
def compound_file() -> Callable[[str, bytes], bytes]:
    """An OLE file (.xls, .et, encrypted .xlsx) with one stream: sectors of FAT, directory, then the stream."""
    return _compound_file


@pytest.fixture
def xls() -> Callable[..., bytes]:
    """A BIFF8 workbook with one sheet of numbers and texts, optionally locked by a password."""

    return as_xls


def as_xls(rows: Sequence[Sequence[str | float]], is_locked: bool = False) -> bytes:
    return _compound_file("Workbook", _biff8(rows, is_locked))


def _compound_file(stream_name: str, stream: bytes) -> bytes:
    stream = stream.ljust(4096, b"\0")  # shorter ones would have to go into a mini stream
    stream += b"\0" * (-len(stream) % SECTOR)
    sectors = len(stream) // SECTOR
    chain = [FAT, END, *range(3, sectors + 2), END]
    header = struct.pack(
        "<8s16sHHHHH6xIIIIIIIII", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"", 0x3E, 3, 0xFFFE, 9, 6,
        0, 1, 1, 0, 4096, END, 0, END, 0,
    )  # fmt: skip
    header += struct.pack("<109I", 0, *[FREE] * 108)
    fat = struct.pack("<128I", *chain, *[FREE] * (128 - len(chain)))
    folder = _entry("Root Entry", 5, 1, END, 0) + _entry(stream_name, 2, FREE, 2, len(stream))
    return header + fat + folder.ljust(SECTOR, b"\0") + stream


def _entry(name: str, kind: int, child: int, start: int, size: int) -> bytes:
    text = (name + "\0").encode("utf-16-le")
    return struct.pack("<64sHBBIII16sIQQIQ", text, len(text), kind, 1, FREE, FREE, child, b"", 0, 0, 0, start, size)


def _biff8(rows: Sequence[Sequence[str | float]], is_locked: bool) -> bytes:
    bof = struct.pack("<HHHHII", 0x0600, 0x0005, 0x0DBB, 0x07CC, 0, 6)
    lock = _record(0x2F, struct.pack("<HHH", 1, 1, 1)) if is_locked else b""
    name = "表"
    opening = _record(0x809, bof) + lock
    sheet_start = len(opening) + 4 + 8 + 2 * len(name) + 4
    place = struct.pack("<IBBBB", sheet_start, 0, 0, len(name), 1) + name.encode("utf-16-le")
    globals_ = opening + _record(0x85, place) + _record(0x0A, b"")
    cells = [_cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row) if value != ""]
    size = struct.pack("<IIHHH", 0, len(rows), 0, max(map(len, rows)), 0)
    sheet = _record(0x809, bof[:2] + b"\x10\0" + bof[4:]) + _record(0x200, size) + b"".join(cells) + _record(0x0A, b"")
    return globals_ + sheet


def _cell(row: int, column: int, value: str | float) -> bytes:
    place = struct.pack("<HHH", row, column, 0)
    if isinstance(value, str):
        return _record(0x204, place + struct.pack("<HB", len(value), 1) + value.encode("utf-16-le"))
    return _record(0x203, place + struct.pack("<d", value))


def _record(kind: int, content: bytes) -> bytes:
    return struct.pack("<HH", kind, len(content)) + content


@dataclass
class Fate:
    """What became of a file: status and reason, its books, the records that hold, and where rows failed."""

    status: str
    reason: str | None
    note: str
    books: dict[str, int]
    records: dict[str, dict[str, Any]]
    failures: list[tuple[int, str, str]]


OF_BATCHES = ("ops.batch", "ops.ledger", "ops.quarantine", "ops.check_result", "core.record_version")


class Desk:
    """The stages of one feed without a night: files go in, fates come out; nothing stays for the next files."""

    def __init__(self, db: Warehouse, folder: Path) -> None:
        self.db, self.folder, self.key = db, folder, Key(bytes(range(32)))

    def judge(self, feed: str, *files: tuple[str, bytes]) -> list[Fate]:
        source = self.db.library.sources[feed]
        self.db.ensure(self.db.library.received_table(source))
        for table in (*OF_BATCHES, f"received.{feed}"):
            self.db.execute(f"DELETE FROM {table}")
        batches = [f"{number:016x}" for number, _ in enumerate(files)]
        for batch, (name, content) in zip(batches, files, strict=True):
            path = self.folder / name
            path.write_bytes(content)
            intake.register(self.db, Claim(batch, feed, path), "night")
            if intake.read(self.db, source, Claim(batch, feed, path)):
                guard.guard_batches(self.db, source, [batch], self.key)
            path.unlink()
        for stage in (normalise, quality, load):
            stage.run(self.db, feed)
        return [self._fate(batch) for batch in batches]

    def _fate(self, batch: str) -> Fate:
        [about] = self.db.rows(
            "SELECT status, reason, coalesce(note_zh, '') FROM ops.batch WHERE batch_id = ?", [batch]
        )
        [books] = self._named("SELECT * EXCLUDE (batch_id, source_code) FROM ops.ledger WHERE batch_id = ?", batch)
        held = self._named(
            "SELECT * FROM core.record_version WHERE batch_id = ? AND disposition = 'loaded' ORDER BY row_number", batch
        )
        failures = self.db.rows(
            "SELECT row_number, column_name, coalesce(problem, rule) FROM ops.quarantine"
            " WHERE batch_id = ? AND disposition <> 'warning' ORDER BY ALL", [batch],
        )  # fmt: skip
        return Fate(*about, books, {str(one["source_record_number"]): one for one in held}, failures)

    def _named(self, sql: str, batch: str) -> list[dict[str, Any]]:
        found = self.db.connection.execute(sql, [batch])
        names = [about[0] for about in found.description or ()]
        return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    home = load_settings({}, tmp_path_factory.mktemp("desk"))
    home.make_folders()
    warehouse = connect(home, Library())
    yield Desk(warehouse, tmp_path_factory.mktemp("files"))
    warehouse.connection.close()
