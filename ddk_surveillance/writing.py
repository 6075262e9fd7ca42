"""Files that we write: whole or not at all, for their owner alone; workbooks for A4 pages, and text that does no harm in them."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# What Excel, WPS or LibreOffice may take for the start of a formula, also after spaces and in full width.
_FORMULA_START = re.compile(r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]")
_NUMBER = re.compile(r"^[+-]?[0-9]+(\.[0-9]+)?%?$")
FONT = {"font_name": "微软雅黑", "font_size": 10, "valign": "vcenter"}


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """A working name beside a file, which takes its place once all is written: nobody ever sees half of it."""
    working = path.with_name(f".{path.name}.partial")
    try:
        yield working
    except BaseException:  # on a full disk it would keep the room that others need
        with contextlib.suppress(OSError):
            working.unlink()
        raise
    working.chmod(0o600)
    os.replace(working, path)


@contextlib.contextmanager
def workbook(path: Path) -> Iterator[Any]:
    """An xlsxwriter.Workbook; temporary files would leave cells lying about and take two thirds of the time of a small one."""
    import xlsxwriter

    try:
        with written_whole(path) as working, xlsxwriter.Workbook(str(working), {"in_memory": True}) as book:
            yield book
    except xlsxwriter.exceptions.FileCreateError as error:
        raise error.args[0] from None  # what the system said, a full disk for instance


def set_up_page(sheet: Any, rows: int, last_column: int, footer: str) -> None:
    """A4 as it is printed."""
    sheet.set_paper(9)
    sheet.set_margins(left=0.4, right=0.4, top=0.5, bottom=0.6)
    sheet.print_area(0, 0, rows, last_column)
    sheet.hide_gridlines(2)
    sheet.set_footer(footer)


def printable(text: str) -> str:
    """Without what would command a terminal."""
    return "".join(character if character.isprintable() else "_" for character in text)


def neutralise_formula(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would evaluate; a plain signed number stays as it is."""
    return f"'{text}" if _FORMULA_START.match(text) and not _NUMBER.match(text) else text
