"""Reads an Excel or OpenDocument workbook into text cells; also a program of its own, run confined on doubtful files.

Imports nothing of ours, so that the confined process starts in 20 ms: data on stdin, marshalled answer on stdout.
"""

import datetime as dt
import io
import marshal
import sys
from collections.abc import Sequence
from typing import TypeAlias

from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

Value: TypeAlias = "int | float | str | bool | dt.time | dt.date | dt.datetime | dt.timedelta"
Columns: TypeAlias = "list[list[str | None]]"
Merged: TypeAlias = "list[tuple[int, int, int]]"
Found: TypeAlias = "tuple[list[tuple[str, bool, Columns, Merged]], list[str]]"
MOST_ROWS = 1 << 20  # of Excel
# Excel keeps 15 digits: of a longer number typed into a cell the last digits are already wrong.
EXACT_BELOW = 10**15


class Unreadable(Exception):
    """The workbook cannot be read; the only argument is the reason's code."""


def read_workbook(data: bytes, sheets: int, cells: int) -> Found:
    """Sheets as (name, whether it is visible, columns of text, merged cells), and the names of empty or chart sheets.

    Merged cells are (first row, last row, column) from 0, where they span rows; OpenDocument files do not tell theirs.
    At most so many sheets and cells. Formulas are not evaluated: cells hold the values Excel last saved; error values
    (#REF!) are blank.
    """
    try:
        return _read(CalamineWorkbook.from_filelike(io.BytesIO(data)), sheets, cells)
    except PasswordError:
        raise Unreadable("password_protected") from None
    except MemoryError:
        raise Unreadable("too_demanding") from None
    except (Unreadable, KeyboardInterrupt, SystemExit):
        raise
    except BaseException:  # a panic in the reader's Rust code is no Exception
        raise Unreadable("truncated_or_damaged") from None


def _read(book: CalamineWorkbook, sheets: int, cells: int) -> Found:
    if len(book.sheets_metadata) > sheets:
        raise Unreadable("too_many_sheets")
    # No program writes a name twice; of two such sheets the reader gives the first twice.
    if len(set(book.sheet_names)) < len(book.sheet_names):
        raise Unreadable("truncated_or_damaged")
    read, skipped = [], []
    for number, about in enumerate(book.sheets_metadata):
        sheet = book.get_sheet_by_index(number) if about.typ == SheetTypeEnum.WorkSheet else None
        if sheet is None or sheet.end is None:
            skipped.append(about.name)
            continue
        area = (sheet.end[0] + 1) * (sheet.end[1] + 1)
        cells -= area
        if cells < 0 or sheet.end[0] >= MOST_ROWS:
            raise Unreadable("too_many_cells")
        rows = sheet.to_python(skip_empty_area=False)
        is_visible = about.visible == SheetVisibleEnum.Visible
        merged = [(top, bottom, left) for (top, left), (bottom, _) in sheet.merged_cell_ranges or () if bottom > top]
        if sum(bottom - top for top, bottom, _ in merged) > area:  # they overlap, as no spreadsheet lets them
            raise Unreadable("too_demanding")
        read.append((about.name, is_visible, [column_texts(column) for column in zip(*rows, strict=True)], merged))
    return read, skipped


def column_texts(column: Sequence[Value]) -> list[str | None]:
    """The cells as text, None where blank."""
    return [(cell or None) if type(cell) is str else cell_text(cell) for cell in column]


def cell_text(cell: Value) -> str:
    """The text a person sees in the cell: ISO dates, whole numbers without .0, true/false."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, (int, float)):
        return number_text(cell)
    if isinstance(cell, dt.timedelta):
        minutes, seconds = divmod(round(cell.total_seconds()), 60)
        return f"{minutes // 60}:{minutes % 60:02}" + (f":{seconds:02}" if seconds else "")
    if isinstance(cell, dt.datetime):
        return _moment_text(cell)
    if isinstance(cell, dt.time):
        return cell.isoformat("seconds").removesuffix(":00")
    return str(cell)


def number_text(number: int | float) -> str:
    """Whole numbers as digits, others at full precision; 5.00104199001011E+17 where digits would be invented (F7)."""
    if isinstance(number, int) or (number.is_integer() and abs(number) < EXACT_BELOW):
        return str(int(number))
    return repr(number) if abs(number) < EXACT_BELOW else f"{number:.14E}"


def _moment_text(moment: dt.datetime) -> str:
    """2024-03-05 at midnight, else 2024-03-05 14:30, with seconds if there are any; Excel's fractions are rounded."""
    whole = (moment + dt.timedelta(microseconds=500_000)).replace(microsecond=0)
    text = whole.isoformat(" ").removesuffix(":00")
    return text.removesuffix(" 00:00")


def confine(memory_bytes: int) -> None:
    """Cap this process's memory, where the system can."""
    if sys.platform != "win32":
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))


def main() -> None:
    """python workbook.py MEMORY_BYTES SHEETS CELLS < workbook > answer"""
    memory, sheets, cells = map(int, sys.argv[1:])
    confine(memory)
    try:
        answer = _answer(sys.stdin.buffer.read(), sheets, cells)
    except MemoryError:
        answer = marshal.dumps("too_demanding")
    sys.stdout.buffer.write(answer)


def _answer(data: bytes, sheets: int, cells: int) -> bytes:
    """What was read, or the reason's code; version 2 does not look for repeated objects: twice as fast."""
    try:
        return marshal.dumps(read_workbook(data, sheets, cells), 2)
    except Unreadable as error:
        return marshal.dumps(str(error))


if __name__ == "__main__":
    main()
