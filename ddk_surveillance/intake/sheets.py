"""What a received file is once read: sheets of text cells, nothing interpreted yet."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ddk_surveillance.errors import Text
from ddk_surveillance.intake.refusals import refused

MEGABYTE = 1 << 20


@dataclass(frozen=True)
class Limits:
    """How much one file may ask of us; a 1e6-row CSV of 23 columns is 210 MB and 23 million cells."""

    file_bytes: int = 512 * MEGABYTE
    json_bytes: int = 64 * MEGABYTE  # parsed JSON takes up to 20 times its size
    uncompressed_bytes: int = 1024 * MEGABYTE
    around_bytes: int = 64 * MEGABYTE  # XML outside the cells
    compression_ratio: int = 100  # an honest xlsx has 5–20, a bomb 300 and more
    sheets: int = 200
    columns: int = 2_000
    cells: int = 50_000_000
    cell_characters: int = 32_767  # of Excel
    memory_bytes: int = 1536 * MEGABYTE  # of the confined process that parses doubtful workbooks
    seconds: int = 20


DEFAULT_LIMITS = Limits()


@dataclass(frozen=True)
class Sheet:
    """One table of text cells as it came: row i of `cells` is row number i+1, blank cells are null.

    Columns are named c0, c1, … and all of type string. Row numbers are those Excel shows: for CSV the number of the
    record (blank lines count, a quoted cell over several lines is one record); for JSON, NDJSON and Parquet row 1 is
    made of the column names and the n-th record (of NDJSON: line) is row n+1. `odd_widths` gives, by row number, how
    many cells a CSV row had if not `width`; `is_open_ended` tells that the last CSV row has no line end, so that the file
    may have been cut there. `uncomputed` are rows with a formula whose value nobody saved; `merged`
    are cells merged over rows, whose value stands in the first only: (first row, last row, column) from 0. Where
    `counts_from_1904`, days that were left as plain numbers do.
    """

    name: str
    cells: pa.Table
    width: int
    odd_widths: Mapping[int, int] = field(default_factory=dict)
    is_open_ended: bool = False
    uncomputed: frozenset[int] = frozenset()
    merged: tuple[tuple[int, int, int], ...] = ()
    counts_from_1904: bool = False


@dataclass(frozen=True)
class Workbook:
    """One file: the sheets to be read, and all else in it that may name somebody.

    `hidden` sheets are never read as rows; `texts` stand outside the cells (place, text), such as comments, headers and
    footers; `empty` names sheets without cells.
    """

    sheets: tuple[Sheet, ...]
    hidden: tuple[Sheet, ...] = ()
    texts: tuple[tuple[Text, str], ...] = ()
    empty: tuple[str, ...] = ()


def sheet_of(name: str, columns: Sequence[Any]) -> Sheet:
    """A sheet of equally long columns (lists of str or None, or Arrow arrays)."""
    arrays = [column if isinstance(column, pa.ChunkedArray) else pa.array(column, pa.string()) for column in columns]
    return Sheet(name, pa.table(arrays, names=names(len(arrays))), width=len(arrays))


def names(width: int) -> list[str]:
    """c0, c1, … as many as there are columns."""
    return [f"c{number}" for number in range(width)]


def native(data: bytes) -> pa.BufferReader:
    """The bytes as Arrow's own memory, for its readers.

    They let go of their input on threads of their own, a little after they have returned. If the input is a Python
    object and Python is just about to exit, that aborts the process: measured in 2 of 100 short runs.
    """
    buffer = pa.allocate_buffer(len(data))
    pa.FixedSizeBufferWriter(buffer).write(data)
    return pa.BufferReader(buffer)


def check_cells(rows: int, columns: int, limits: Limits) -> None:
    """Refuse a table that is too wide or too large before it is built."""
    if columns > limits.columns or rows * columns > limits.cells:
        raise refused("too_many_cells", limit=limits.cells)


def check_lengths(cells: pa.Table, limits: Limits) -> None:
    """Refuse a table with a cell longer than a spreadsheet's may be."""
    for column in cells.columns:
        if (pc.max(pc.binary_length(column)).as_py() or 0) > limits.cell_characters:
            row = pc.index(pc.greater(pc.utf8_length(column), limits.cell_characters), True).as_py()
            if row >= 0:
                raise refused("cell_too_long", row=row + 1, limit=limits.cell_characters)


def is_ascii(cells: pa.Array | pa.ChunkedArray) -> bool:
    """Whether every cell is plain ASCII, which is the quick way past all cleaning."""
    return pc.all(pc.string_is_ascii(cells)).as_py() is not False


def blank_as_null(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Empty texts become null."""
    filled = pc.greater(pc.binary_length(column), 0)
    return column if pc.all(filled).as_py() is not False else pc.if_else(filled, column, pa.scalar(None, column.type))


def map_distinct(column: pa.ChunkedArray, function: Callable[[pa.Array], Iterable[str | None]]) -> pa.ChunkedArray:
    """Apply a function to the distinct cells only: columns of codes and names hold few."""
    coded = pa.array(column.combine_chunks().dictionary_encode())
    words = function(coded.dictionary)
    words = words if isinstance(words, pa.Array) else pa.array(words, pa.string())
    return pa.chunked_array([words.take(coded.indices)])
