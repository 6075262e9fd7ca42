"""What intake hands to the guard: a file as it was read, in memory alone, for nobody has yet looked who is named in it."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import pyarrow

from ddk_surveillance.errors import Text

SHEET_NAME = Text("工作表名", "sheet name")


@dataclass(frozen=True)
class Heading:
    """One column of a sheet: its name in the cells, the lowest text above it, and the declared column it was taken for."""

    cell: str
    text: str
    column: str | None


@dataclass(frozen=True)
class UnguardedSheet:
    """Every cell below the header, and the column `row_number`."""

    name: str
    headings: tuple[Heading, ...]
    cells: pyarrow.Table


class Amiss(NamedTuple):
    """What is to be mended in a file beside the cells of its rows: a row that is `unreadable`, or something of the `file`."""

    sheet: str
    row_number: int
    disposition: Literal["unreadable", "file"]
    rule: str
    problem: str | None


@dataclass(frozen=True)
class Unguarded:
    """One file: the rows of its declared columns, and all else in it that may name somebody, as (place, text)."""

    file_name: str
    rows: pyarrow.Table
    sheets: tuple[UnguardedSheet, ...]
    texts: tuple[tuple[Text, str], ...]
    note: Text
    amiss: tuple[Amiss, ...] = ()
