"""Finds the declared columns in a sheet and separates its rows from all that offices write around them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ddk_surveillance.errors import FileRefused
from ddk_surveillance.intake.cleaning import clean, compact
from ddk_surveillance.intake.headers import (
    HEADER_SEARCH_ROWS,
    ColumnHeaders,
    Header,
    Row,
    find_header,
    is_aggregated,
    is_count,
)
from ddk_surveillance.intake.refusals import refused
from ddk_surveillance.intake.rows import Kind, Total, classify, is_zero_report, rows_of, totals_of
from ddk_surveillance.intake.sheets import Sheet
from ddk_surveillance.intake.titles import period_of, title_lines
from ddk_surveillance.side_by_side import side_by_side

NOTE_ROWS, NOTE_CELLS = 10, 3  # a sheet without a table is a zero report only if it says hardly anything else
# What a sheet may be beside one that holds rows, the most telling first.
PASSED_OVER = ("no_rows", "aggregated_table", "header_not_found")


@dataclass(frozen=True)
class Recognised:
    """One sheet as rows of the declared columns.

    `body` has a string column for every declared name (null where the file has no such column) and `row_number`
    (int32, as in `Sheet`). `unreadable` are numbers of rows whose cells cannot be told apart; `dropped` counts what is
    no row, by kind; received rows = body + unreadable. `absent` are declared columns, `undeclared` headers (or
    第 n 列 where there is none) of columns that are not taken.
    """

    sheet: str
    body: pa.Table
    unreadable: tuple[int, ...]
    dropped: Mapping[Kind, int]
    totals: tuple[Total, ...]
    is_zero_report: bool
    title: tuple[str, ...]
    title_year: int | None
    title_month: int | None
    absent: tuple[str, ...]
    undeclared: tuple[str, ...]


def recognise_all(
    sheets: Sequence[Sheet], columns: Sequence[ColumnHeaders]
) -> tuple[tuple[Recognised, ...], tuple[str, ...]]:
    """The sheets that hold rows of this source, and the names of the others (instructions, code lists, empty months).

    Raises the most telling FileRefused if no sheet does, and any other refusal, such as a missing column, of any sheet.
    """
    recognised: list[Recognised] = []
    refusals: dict[str, FileRefused] = {}
    others = []
    for sheet in sheets:
        try:
            recognised.append(recognise(sheet, columns))
        except FileRefused as refusal:
            if refusal.reason not in PASSED_OVER:
                raise
            others.append(sheet.name)
            refusals.setdefault(refusal.reason, refusal)
    if not recognised:
        raise next(refusals[reason] for reason in PASSED_OVER if reason in refusals)
    return tuple(recognised), tuple(others)


def recognise(sheet: Sheet, columns: Sequence[ColumnHeaders]) -> Recognised:
    """The rows of one sheet under the declared names; raises FileRefused where the table is not this source's."""
    top = rows_of(sheet.cells.slice(0, HEADER_SEARCH_ROWS + 1))
    header = _header(sheet, top, columns)
    kinds = classify(sheet, header)
    body = _body(sheet, header, columns, kinds)
    unreadable = np.array(sorted(number for number, kind in kinds.items() if kind == "ragged"), dtype=np.int32)
    row_numbers = np.sort(np.concatenate([body["row_number"].to_numpy(), unreadable]))
    title = top[: header.first_row]
    says_zero = "zero_report" in kinds.values() or any(map(is_zero_report, map(compact, title_lines(title))))
    if not len(row_numbers) and not says_zero:
        raise refused("no_rows")
    period = period_of(title, sheet.name)
    return Recognised(
        sheet=sheet.name,
        body=body,
        unreadable=tuple(unreadable.tolist()),
        dropped=Counter(kind for kind in kinds.values() if kind != "ragged"),
        totals=totals_of(sheet, kinds, row_numbers),
        is_zero_report=says_zero and not len(row_numbers),
        title=title_lines(title),
        title_year=period.year,
        title_month=period.month,
        absent=tuple(column.name for column in columns if column.name not in header.columns),
        undeclared=_undeclared(sheet, header),
    )


def _header(sheet: Sheet, top: Sequence[Row], columns: Sequence[ColumnHeaders]) -> Header:
    """The header with every required column; of a zero report without a table, one below all its lines."""
    header = find_header(top, columns)
    if header is None and _says_nothing_happened(sheet, top):
        return Header(sheet.cells.num_rows, 0, {}, {}, {})
    named = header.columns if header else {}
    missing = [column for column in columns if column.required and column.name not in named]
    if header is None or missing:
        raise _not_this_source(top, columns, missing)
    return header


def _not_this_source(
    top: Iterable[Row], columns: Sequence[ColumnHeaders], missing: Sequence[ColumnHeaders]
) -> FileRefused:
    """Which refusal fits: a table of counts, some other table, or this source's table with columns left out."""
    required = sum(column.required for column in columns)
    names = "、".join(column.headers[0] for column in missing)
    if is_aggregated(top):
        return refused("aggregated_table")
    if missing and len(missing) <= required / 2:
        return refused("required_column_missing", missing=names)
    found = required - len(missing)
    return refused("header_not_found", rows=HEADER_SEARCH_ROWS, required=required, found=found, missing=names or "—")


def _says_nothing_happened(sheet: Sheet, top: Sequence[Row]) -> bool:
    """Whether a few short lines without a table are a zero report."""
    is_note = sheet.cells.num_rows <= NOTE_ROWS and all(sum(map(bool, row)) <= NOTE_CELLS for row in top)
    return is_note and any(is_zero_report(compact(cell)) for row in top for cell in row)


def _body(sheet: Sheet, header: Header, columns: Sequence[ColumnHeaders], kinds: Mapping[int, Kind]) -> pa.Table:
    """The declared columns, cleaned, of the rows that are rows."""
    keep = np.ones(sheet.cells.num_rows - header.end, dtype=bool)
    keep[[number - header.end - 1 for number in kinds]] = False
    numbers = np.flatnonzero(keep).astype(np.int32) + np.int32(header.end + 1)
    rows = sheet.cells.slice(header.end)
    rows = rows if keep.all() else rows.filter(pa.array(keep))
    _check_repeats(rows, header, columns)
    _check_counts(rows, header)
    cells = side_by_side(len(rows), lambda column: _column(rows, header, column), columns)
    body = {column.name: cleaned for column, cleaned in zip(columns, cells, strict=True)}
    return pa.table({**body, "row_number": pa.array(numbers)})


def _column(rows: pa.Table, header: Header, column: ColumnHeaders) -> pa.ChunkedArray | pa.Array:
    if column.name not in header.columns:
        return pa.nulls(rows.num_rows, pa.string())
    cells = clean(rows.column(header.columns[column.name]))
    return pc.fill_null_forward(cells) if column.fill_down else cells


def _check_repeats(rows: pa.Table, header: Header, columns: Sequence[ColumnHeaders]) -> None:
    """A header that stands twice is harmless only over equal cells."""
    first = {column.name: column.headers[0] for column in columns}
    differing = [
        first[name]
        for name, others in header.repeats.items()
        if any(not rows.column(header.columns[name]).equals(rows.column(other)) for other in others)
    ]
    if differing:
        raise refused("duplicate_header", columns="、".join(differing))


def _check_counts(rows: pa.Table, header: Header) -> None:
    """A row that stands for several cases is none."""
    for position in (position for position, text in header.undeclared.items() if is_count(text)):
        if pc.any(pc.match_substring_regex(rows.column(position), r"^\s*([2-9]|1[0-9])[0-9]*(\.0*)?\s*$")).as_py():
            raise refused("aggregated_table")


def _undeclared(sheet: Sheet, header: Header) -> tuple[str, ...]:
    """Headers no declared column claims, and 第 n 列 for columns with cells but no header."""
    taken = {*header.columns.values(), *(other for others in header.repeats.values() for other in others)}
    body = sheet.cells.slice(header.end)
    nameless = {
        position: f"第 {position + 1} 列"
        for position, column in enumerate(body.columns)
        if position not in taken and position not in header.undeclared and column.null_count < len(column)
    }
    return tuple(text for _, text in sorted({**header.undeclared, **nameless}.items()))
