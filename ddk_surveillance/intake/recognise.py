"""Finds the declared columns in a sheet and separates its rows from all that offices write around them."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ddk_surveillance.arrays import Ints
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
from ddk_surveillance.intake.sheets import Sheet, map_distinct
from ddk_surveillance.intake.strays import SAMPLE_ROWS, strays
from ddk_surveillance.intake.titles import period_of, title_lines
from ddk_surveillance.intake.workbook import number_text
from ddk_surveillance.side_by_side import side_by_side

NOTE_ROWS, NOTE_CELLS = 10, 3  # a sheet without a table is a zero report only if it says hardly anything else
# What a sheet may be beside one that holds rows, the most telling first.
PASSED_OVER = ("no_rows", "aggregated_table", "header_too_low", "header_not_found")
DAYS_TO_1904 = 1462
LOW_ROWS = 500  # so far down a header is looked for to say so
UNREADABLE = ("ragged", "cut_off", "beneath_other_header")


@dataclass(frozen=True)
class Recognised:
    """One sheet as rows of the declared columns.

    `body` has a string column for every declared name (null where the file has no such column) and `row_number`
    (int32, as in `Sheet`). `unreadable` gives the rows of which nobody can tell what stands in which column, and why;
    in the `uncomputed` a formula has no value. `dropped` counts what is no row, by kind; received rows = body +
    unreadable. `absent` are declared columns,
    `undeclared` headers (or 第 n 列 where there is none) of columns that are not taken. `sample` are some rows as they came.
    """

    sheet: str
    header: Header
    body: pa.Table
    unreadable: Mapping[int, str]
    uncomputed: tuple[int, ...]
    dropped: Mapping[Kind, int]
    totals: tuple[Total, ...]
    is_zero_report: bool
    title: tuple[str, ...]
    title_year: int | None
    title_month: int | None
    absent: tuple[str, ...]
    undeclared: tuple[str, ...]
    sample: pa.Table


@dataclass(frozen=True)
class Others:
    """The sheets that are no table of this source: their rows that look like one's, by sheet, and names of those without."""

    headless: Mapping[str, tuple[int, ...]]
    names: tuple[str, ...]


def recognise_all(sheets: Sequence[Sheet], columns: Sequence[ColumnHeaders]) -> tuple[tuple[Recognised, ...], Others]:
    """The sheets that hold rows of this source, and the others (instructions, code lists, empty months, continuations).

    Raises the most telling FileRefused if no sheet does, and any other refusal, such as a missing column, of any sheet.
    """
    recognised: list[Recognised] = []
    others: list[tuple[Sheet, FileRefused]] = []
    for number, sheet in enumerate(sheets, start=1):
        try:
            recognised.append(recognise(sheet, columns))
        except FileRefused as refusal:
            if refusal.reason not in PASSED_OVER:
                raise (_on_sheet(number, refusal) if len(sheets) > 1 else refusal) from None
            others.append((sheet, refusal))
    refusals = sorted((refusal for _, refusal in others), key=lambda refusal: PASSED_OVER.index(refusal.reason))
    if not recognised:
        raise refusals[0]
    known = pa.concat_tables([one.sample for one in recognised], promote_options="default")
    unknown = [sheet for sheet, refusal in others if refusal.reason in ("header_too_low", "header_not_found")]
    if not len(known) and any(_has_wide_rows(sheet, columns) for sheet in unknown):
        raise refusals[-1]
    headless = {sheet.name: tuple(strays(sheet.cells, known).tolist()) for sheet in unknown}
    headless = {name: rows for name, rows in headless.items() if rows}
    return tuple(recognised), Others(headless, tuple(sheet.name for sheet, _ in others if sheet.name not in headless))


def _on_sheet(number: int, refusal: FileRefused) -> FileRefused:
    """Which sheet it is about, by its place: its name may identify somebody."""
    return FileRefused(refusal.reason, f"第 {number} 个工作表：{refusal.text.zh}", f"Sheet {number}: {refusal.text.en}")


def recognise(sheet: Sheet, columns: Sequence[ColumnHeaders]) -> Recognised:
    """The rows of one sheet under the declared names; raises FileRefused where the table is not this source's."""
    top = rows_of(sheet.cells.slice(0, HEADER_SEARCH_ROWS + 1))
    header = _header(sheet, top, columns)
    kinds = classify(sheet, header, columns)
    body = _body(sheet, header, columns, kinds)
    sample = sheet.cells.take(pc.subtract(body["row_number"].slice(0, SAMPLE_ROWS), 1))
    unreadable: dict[int, str] = dict.fromkeys(
        strays(sheet.cells.slice(0, header.first_row), sample).tolist(), "headless"
    )
    unreadable |= {number: kind for number, kind in sorted(kinds.items()) if kind in UNREADABLE}
    row_numbers = np.sort(np.concatenate([body["row_number"].to_numpy(), np.array([*unreadable], dtype=np.int32)]))
    title = [row for number, row in enumerate(top[: header.first_row], 1) if number not in unreadable]
    says_zero = "zero_report" in kinds.values() or any(map(is_zero_report, map(compact, title_lines(title))))
    if not len(row_numbers) and not says_zero:
        raise refused("no_rows")
    # The line that says that nothing happened may name the month; a further table's title, another one: then none is known.
    telling = "title" if len(row_numbers) else "zero_report"
    lines = pa.array([row - 1 for row, kind in kinds.items() if kind == telling], pa.int64())
    period = period_of([*title, *rows_of(sheet.cells.take(lines))], sheet.name)
    return Recognised(
        sheet=sheet.name,
        header=header,
        body=body,
        unreadable=unreadable,
        uncomputed=tuple(sorted(sheet.uncomputed & set(body["row_number"].to_pylist()))) if sheet.uncomputed else (),
        dropped=Counter(kind for kind in kinds.values() if kind not in UNREADABLE),
        totals=totals_of(sheet, kinds, row_numbers),
        is_zero_report=says_zero and not len(row_numbers),
        title=title_lines(title),
        title_year=period.year,
        title_month=period.month,
        absent=tuple(column.name for column in columns if column.name not in header.columns),
        undeclared=_undeclared(sheet, header),
        sample=sample,
    )


def _header(sheet: Sheet, top: Sequence[Row], columns: Sequence[ColumnHeaders]) -> Header:
    """The header with every required column; of a zero report without a table, one below all its lines."""
    header = find_header(top, columns)
    if header is None and _says_nothing_happened(sheet, top):
        return Header(sheet.cells.num_rows, 0, {}, {}, {})
    named = header.columns if header else {}
    missing = [column for column in columns if column.required and column.name not in named]
    low = find_header(rows_of(sheet.cells.slice(0, LOW_ROWS)), columns) if header is None else None
    if low and all(column.name in low.columns for column in columns if column.required):
        raise refused("header_too_low", row=low.first_row + 1, rows=HEADER_SEARCH_ROWS)
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


def _has_wide_rows(sheet: Sheet, columns: Sequence[ColumnHeaders]) -> bool:
    """Whether a sheet that is no table of this source may hold rows of it all the same, as many columns as it fills."""
    required = sum(column.required for column in columns)
    return any(sum(map(bool, row)) >= required for row in rows_of(sheet.cells.slice(0, HEADER_SEARCH_ROWS)))


def _body(sheet: Sheet, header: Header, columns: Sequence[ColumnHeaders], kinds: Mapping[int, Kind]) -> pa.Table:
    """The declared columns, cleaned, of the rows that are rows."""
    keep = np.ones(sheet.cells.num_rows - header.end, dtype=bool)
    keep[[number - header.end - 1 for number in kinds]] = False
    numbers = np.flatnonzero(keep).astype(np.int32) + np.int32(header.end + 1)
    rows = _unmerged(sheet, header.end)
    rows = rows if keep.all() else rows.filter(pa.array(keep))
    _check_repeats(rows, header, columns)
    _check_counts(rows, header)
    cells = side_by_side(len(rows), lambda column: _column(sheet, rows, header, column), columns)
    body = {column.name: cleaned for column, cleaned in zip(columns, cells, strict=True)}
    return pa.table({**body, "row_number": pa.array(numbers)})


def _unmerged(sheet: Sheet, end: int) -> pa.Table:
    """The rows below the header, the value of merged cells in each of theirs."""
    rows = sheet.cells.slice(end)
    sources: dict[int, Ints] = {}
    for top, bottom, column in sheet.merged:
        if top >= end and column < rows.num_columns:
            sources.setdefault(column, np.arange(len(rows)))[top - end : bottom - end + 1] = top - end
    for column, places in sources.items():
        cells = rows.column(column)
        rows = rows.set_column(column, f"c{column}", pc.coalesce(cells.take(pa.array(places)), cells))
    return rows


def _column(sheet: Sheet, rows: pa.Table, header: Header, column: ColumnHeaders) -> pa.ChunkedArray | pa.Array:
    if column.name not in header.columns:
        return pa.nulls(rows.num_rows, pa.string())
    cells = clean(rows.column(header.columns[column.name]))
    if sheet.counts_from_1904 and column.kind == "date":
        cells = map_distinct(cells, lambda words: [_from_1900(word) for word in words.to_pylist()])
    if column.kind == "age" and _is_in_months(sheet, header, column):
        cells = pc.replace_substring_regex(cells, r"^[0-9]+(\.[0-9]+)?$", r"\0月")
    return pc.fill_null_forward(cells) if column.fill_down else cells


def _is_in_months(sheet: Sheet, header: Header, column: ColumnHeaders) -> bool:
    """Whether the header itself says so: a bare 18 under 月龄 is a child of one year and a half."""
    named = sheet.cells.column(header.columns[column.name]).slice(header.first_row, header.height)
    return any("月龄" in compact(text) for text in named.to_pylist())


def _from_1900(word: str | None) -> str | None:
    is_day = word is not None and re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", word)
    return number_text(float(word) + DAYS_TO_1904) if word and is_day else word


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
