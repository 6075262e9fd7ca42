"""Reads CSV and its kin into text cells: Arrow's parser for regular files, the csv module for all others."""

import csv
import io
import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv

from ddk_surveillance.intake.encodings import Encoded, text_of
from ddk_surveillance.intake.refusals import refused
from ddk_surveillance.intake.sheets import (
    Limits,
    Sheet,
    blank_as_null,
    check_cells,
    is_ascii,
    map_distinct,
    names,
    native,
)

SAMPLE_BYTES = 1 << 16
SAMPLE_ROWS = 50
BATCH_ROWS = 50_000
QUOTE_BLOCK_BYTES = 1 << 24
QUOTE = ord('"')


class Layout(NamedTuple):
    """What separates cells, and how many cells most rows have."""

    delimiter: str
    width: int


def read_delimited(encoded: Encoded, limits: Limits, prefer_tab: bool) -> Sheet:
    """The one sheet of a text file whose cells are parted by comma, tab, semicolon or bar."""
    layout = _layout(encoded, prefer_tab)
    if layout.delimiter == "|" and encoded.encoding != "utf-8":  # a byte of "|" is half of some Chinese characters
        encoded = Encoded(text_of(encoded).encode(), "utf-8")
    check_cells(max(encoded.data.count(b"\n"), encoded.data.count(b"\r")), layout.width, limits)
    has_quotes = b'"' in encoded.data
    table = _regular_table(encoded, layout) if _quotes_are_regular(encoded.data, layout) else None
    sheet = _exact_sheet(encoded, layout, limits) if table is None else Sheet("", table, layout.width)
    if has_quotes:
        _check_swallowed_rows(sheet, layout)
    return replace(sheet, is_open_ended=not encoded.data.endswith((b"\n", b"\r", b'"')))


def _layout(encoded: Encoded, prefer_tab: bool) -> Layout:
    """The delimiter that parts the first rows most alike; a comma where nothing does."""
    sample = encoded.data[:SAMPLE_BYTES].decode(encoded.encoding, errors="replace")
    order = "\t,;|" if prefer_tab else ",\t;|"
    rated = []
    for place, mark in enumerate(order):
        share, filled, width = _evenness(sample, mark)
        rated.append((share, filled, -place, width, mark))
    share, _, _, width, delimiter = max(rated)
    return Layout(delimiter, width) if share else Layout(",", 1)


def _evenness(sample: str, delimiter: str) -> tuple[float, int, int]:
    """The share of rows that have the most frequent number of cells above one, how many columns they fill, and that number."""
    reader = csv.reader(io.StringIO(sample, newline=""), delimiter=delimiter)
    rows = [row for row in itertools.islice(reader, SAMPLE_ROWS) if row]
    several = Counter(len(row) for row in rows if len(row) > 1)
    if not several:
        return 0.0, 0, 1
    width, count = max(several.items(), key=lambda item: (item[1], item[0]))
    columns = zip(*(row for row in rows if len(row) == width), strict=True)
    return count / len(rows), sum(any(map(str.strip, column)) for column in columns), width


def _quotes_are_regular(data: bytes, layout: Layout) -> bool:
    """Whether every quotation mark opens or closes a whole cell or is doubled, so that all parsers agree."""
    if b'"' not in data:
        return True
    edge = np.zeros(256, dtype=bool)
    edge[[*layout.delimiter.encode(), *b'\r\n"']] = True
    framed = np.frombuffer(b"\n" + data + b"\n", dtype=np.uint8)
    inside = 0
    for start in range(1, len(framed) - 1, QUOTE_BLOCK_BYTES):
        block = framed[start : min(start + QUOTE_BLOCK_BYTES, len(framed) - 1)]
        marks = np.flatnonzero(block == QUOTE) + start
        opening, closing = marks[inside::2], marks[1 - inside :: 2]
        if not (edge[framed[opening - 1]].all() and edge[framed[closing + 1]].all()):
            return False
        inside = (inside + len(marks)) % 2
    return inside == 0


def _regular_table(encoded: Encoded, layout: Layout) -> pa.Table | None:
    """The cells by Arrow's parser, or None if some row has another number of cells."""
    columns = names(layout.width)
    raw = pa.string() if encoded.encoding == "utf-8" else pa.binary()  # no delimiter is part of a GB18030 character
    try:
        table = pyarrow.csv.read_csv(
            native(encoded.data),
            pyarrow.csv.ReadOptions(column_names=columns, block_size=1 << 21),
            pyarrow.csv.ParseOptions(
                delimiter=layout.delimiter, newlines_in_values=b'"' in encoded.data, ignore_empty_lines=False
            ),
            pyarrow.csv.ConvertOptions(column_types=dict.fromkeys(columns, raw), check_utf8=False),
        )
    except pa.ArrowInvalid:
        return None
    cells = [blank_as_null(_decoded(column, encoded.encoding)) for column in table.columns]
    return pa.table(cells, names=columns)


def _decoded(column: pa.ChunkedArray, encoding: str) -> pa.ChunkedArray:
    """The column as text; chunks of plain ASCII, the most of any file, are text already."""
    if encoding == "utf-8":
        return column
    chunks = [chunk.view(pa.string()) for chunk in column.chunks]
    foreign = [number for number, chunk in enumerate(chunks) if not is_ascii(chunk)]
    if not foreign:
        return pa.chunked_array(chunks, pa.string())
    coded = pa.chunked_array([column.chunk(number) for number in foreign])
    try:
        decoded = map_distinct(coded, lambda words: [word.decode(encoding) for word in words.to_pylist()]).chunk(0)
    except UnicodeDecodeError:
        raise refused("encoding") from None
    starts = itertools.accumulate((len(chunks[number]) for number in foreign), initial=0)
    for number, start in zip(foreign, starts, strict=False):
        chunks[number] = decoded.slice(start, len(chunks[number]))
    return pa.chunked_array(chunks, pa.string())


def _exact_sheet(encoded: Encoded, layout: Layout, limits: Limits) -> Sheet:
    """The cells by the csv module in strict mode, with the number of cells of every row that is not as the others."""
    tables, odd_widths, row_number = [], {}, 0
    for rows in _batches(encoded, layout):
        for row in rows:
            row_number += 1
            if len(row) != layout.width:
                odd_widths[row_number] = len(row)
        check_cells(row_number, max(len(row) for row in rows), limits)
        columns = [[cell or None for cell in column] for column in itertools.zip_longest(*rows)]
        tables.append(pa.table([pa.array(cells, pa.string()) for cells in columns], names=names(len(columns))))
    return Sheet("", pa.concat_tables(tables, promote_options="default"), layout.width, odd_widths)


def _batches(encoded: Encoded, layout: Layout) -> Iterator[list[list[str]]]:
    lines = io.TextIOWrapper(io.BytesIO(encoded.data), encoded.encoding, newline="")
    reader = csv.reader(lines, delimiter=layout.delimiter, strict=True)
    try:
        while rows := list(itertools.islice(reader, BATCH_ROWS)):
            yield rows
    except UnicodeDecodeError:
        raise refused("encoding") from None
    except csv.Error:  # a mark inside a cell, or a cell that never ends
        raise refused("csv_quotes", row=reader.line_num) from None


def _check_swallowed_rows(sheet: Sheet, layout: Layout) -> None:
    """Refuse cells that hold whole rows: a lone mark was paired with a later one, and the rows between are lost.

    Such a cell has a row's delimiters for each of its line breaks, or some of them and leaves its row too wide or too
    narrow; remarks of several lines do neither. With fewer than four columns only the latter can be told.
    """
    per_break = layout.width - 1 if layout.width >= 4 else np.inf
    for column in sheet.cells.columns:
        broken = np.flatnonzero(pc.fill_null(pc.match_substring(column, "\n"), False))
        cells = column.take(pa.array(broken))
        delimiters = pc.count_substring(cells, layout.delimiter).to_numpy()
        breaks = pc.count_substring(cells, "\n").to_numpy()
        is_odd = np.isin(broken + 1, list(sheet.odd_widths))
        swallowed = broken[delimiters >= breaks * np.where(is_odd, 1, per_break)]
        if len(swallowed):
            raise refused("csv_quotes", row=int(swallowed[0]) + 1)
