"""What intake hands to the guard: a file as it was read, in memory alone, for nobody has yet looked who is named in it."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow

from ddk_surveillance.errors import Text


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


@dataclass(frozen=True)
class Unguarded:
    """One file: the rows of its declared columns, and all else in it that may name somebody, as (place, text)."""

    file_name: str
    rows: pyarrow.Table
    sheets: tuple[UnguardedSheet, ...]
    texts: tuple[tuple[Text, str], ...]
    note: Text
