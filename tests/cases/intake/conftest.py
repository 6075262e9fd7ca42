"""Files that no library at hand can write, made byte by byte."""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence

import pytest

SECTOR = 512
FREE, END, FAT = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD


@pytest.fixture
def compound_file() -> Callable[[str, bytes], bytes]:
    """An OLE file (.xls, .et, encrypted .xlsx) with one stream: sectors of FAT, directory, then the stream."""
    return _compound_file


@pytest.fixture
def xls() -> Callable[..., bytes]:
    """A BIFF8 workbook with one sheet of numbers and texts, optionally locked by a password."""

    def make(rows: Sequence[Sequence[str | float]], is_locked: bool = False) -> bytes:
        return _compound_file("Workbook", _biff8(rows, is_locked))

    return make


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
