"""Tables become bytes: Excel workbooks, delimited text, JSON; the same table always gives the same bytes."""

import csv
import datetime
import io
import json
from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd
import xlsxwriter

from ddk_surveillance.synthesis.cells import Cell, Style

MADE_AT = datetime.datetime(2024, 1, 1)  # workbooks carry a creation time; a fixed one keeps their bytes the same
NOTHING = "本月无伤害事件"


@dataclass(frozen=True)
class Table:
    """One sheet: its name, the title above it, headers and typed rows, and the truth of every row."""

    name: str
    title: str
    headers: tuple[str, ...]
    cells: list[tuple[Cell, ...]]
    truth: pd.DataFrame


def to_bytes(tables: Sequence[Table], sender: str, style: Style) -> bytes:
    """The file of these sheets; formats without sheets take one table or put several behind one another."""
    if style.format == "xlsx":
        return _workbook(tables, sender)
    if style.format == "csv":
        return _delimited(tables).encode(style.encoding)
    return _json(tables, is_lines=style.format == "ndjson").encode()


def first_row(style: Style) -> int:
    """Row number of the first record: below title, sender and header, or below the header (or keys) alone."""
    return 4 if style.has_title else 2


def _workbook(tables: Sequence[Table], sender: str) -> bytes:
    """An Excel file: per sheet a merged title, the sender, a header, the rows and a 合计 line."""
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream, {"in_memory": True, "default_date_format": "yyyy-mm-dd"}) as book:
        book.set_properties({"created": MADE_AT})
        centred = book.add_format({"align": "center", "bold": True})
        for table in tables:
            sheet = book.add_worksheet(table.name)
            sheet.merge_range(0, 0, 0, len(table.headers) - 1, table.title, centred)
            sheet.write_string(1, 0, f"填报单位：{sender}")
            last = ("合计", float(len(table.cells))) if table.cells else (NOTHING,)
            for number, row in enumerate([table.headers, *table.cells, last], start=2):
                _write_row(sheet, number, row)
    return stream.getvalue()


def _write_row(sheet: xlsxwriter.worksheet.Worksheet, number: int, row: Sequence[Cell]) -> None:
    for column, cell in enumerate(row):
        if isinstance(cell, str):
            sheet.write_string(number, column, cell)
        elif isinstance(cell, float):
            sheet.write_number(number, column, cell)
        elif cell is not None:
            sheet.write_datetime(number, column, cell.to_pydatetime())


def _delimited(tables: Sequence[Table]) -> str:
    stream = io.StringIO(newline="")
    writer = csv.writer(stream)
    for table in tables:
        writer.writerow(table.headers)
        writer.writerows(table.cells or [(f"{table.title} {NOTHING}",)])  # else two months' files would be the same
    return stream.getvalue()


def _json(tables: Sequence[Table], is_lines: bool) -> str:
    records = [_record(table, row) for table in tables for row in table.cells]
    if is_lines:
        return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)
    return json.dumps(records, ensure_ascii=False, separators=(",\n", ":")) + "\n"


def _record(table: Table, row: tuple[Cell, ...]) -> dict[str, Cell]:
    return {header: cell for header, cell in zip(table.headers, row, strict=True) if cell is not None}
