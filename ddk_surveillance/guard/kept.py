"""What is stored of a file that passed: not the single name that somebody typed where something else belongs.

The guard refuses no file for two characters that may be a word. The institution has its own file; the place, the rule
and the advice tell it enough.
"""

import re
from collections.abc import Iterator
from pathlib import PurePath
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from ddk_surveillance.contracts import NOT_KEPT, Source
from ddk_surveillance.errors import Text
from ddk_surveillance.guard.identifiers import distinct, matching, normalised, scan_text
from ddk_surveillance.guard.names import HAN, MAY_HOLD_NAME, holds_name, is_title_of_a_person
from ddk_surveillance.library import Library
from ddk_surveillance.side_by_side import side_by_side
from ddk_surveillance.text.dates import ParsedDate, parse_date
from ddk_surveillance.text.spelling import folded
from ddk_surveillance.unguarded import SHEET_NAME, Amiss, Unguarded

_SEVERAL = re.compile(r"[、,，;；/|]+")


class Kept(NamedTuple):
    """What may be stored of a file; the type tells it from one that nobody has looked at."""

    file_name: str | None
    rows: pa.Table
    note: Text
    amiss: tuple[Amiss, ...]


def kept(library: Library, source: Source, file: Unguarded) -> Kept:
    """The part of a file that passed which may be stored."""
    rows = born_in_months(source, without_names(library, source, file.rows))
    amiss, note = file.amiss, file.note
    for name, title in _renamed_columns(file):
        note = Text(note.zh.replace(name, title.zh), note.en.replace(name, title.en))
    for name, title in _renamed_sheets(file):
        sheets = pc.if_else(pc.equal(rows["sheet"], name), title.zh, rows["sheet"])
        rows = rows.set_column(rows.column_names.index("sheet"), "sheet", sheets)
        amiss = tuple(one._replace(sheet=title.zh if one.sheet == name else one.sheet) for one in amiss)
        note = Text(note.zh.replace(name, title.zh), note.en.replace(name, title.en))
    return Kept(None if names_somebody(file.file_name) else file.file_name, rows, note, amiss)


def names_somebody(file_name: str) -> bool:
    """Whether the name of a file is neither to be stored nor shown."""
    return bool(scan_text(file_name)) or is_title_of_a_person(PurePath(file_name).stem)


def _renamed_sheets(file: Unguarded) -> Iterator[tuple[str, Text]]:
    """The sheets that are called like somebody, and what they are called instead."""
    for number, name in enumerate((text for place, text in file.texts if place == SHEET_NAME), start=1):
        if is_title_of_a_person(name):
            yield name, Text(f"第 {number} 个工作表", f"sheet {number}")


def _renamed_columns(file: Unguarded) -> Iterator[tuple[str, Text]]:
    """The columns not taken that are called like somebody, and what they are called instead."""
    for heading in (heading for sheet in file.sheets for heading in sheet.headings):
        if heading.column is None and is_title_of_a_person(heading.text):
            number = int(heading.cell[1:]) + 1
            yield "".join(heading.text.split()), Text(f"第 {number} 列", f"column {number}")


def born_in_months(source: Source, rows: pa.Table) -> pa.Table:
    """The rows with every date of birth that can be read cut to its month."""
    name = source.birth_column
    if name not in rows.column_names:  # it has none, or puts it together of several
        return rows
    cells = rows[name].combine_chunks().dictionary_encode()
    separator = source.victims.separator if source.victims else r"\0"
    months = pa.array([_in_months(text, separator) for text in cells.dictionary.to_pylist()], pa.string())
    return rows.set_column(rows.column_names.index(name), name, months.take(cells.indices))


def _in_months(cell: str, separator: str) -> str:
    """The cell as it was written if it says no day."""
    parts = re.split(separator, cell)
    dates = [date if isinstance(date := parse_date(part), ParsedDate) else None for part in parts]
    if not any(date and date.precision not in ("month", "year") for date in dates):
        return cell
    return ";".join((date and date.in_months) or part for date, part in zip(dates, parts, strict=True))


def without_names(library: Library, source: Source, rows: pa.Table) -> pa.Table:
    """The rows with NOT_KEPT in the place of every cell that seems to be a name and is no word that any code list knows."""
    known = library.words(source)
    cells = {name: rows[name] for name, column in source.physical_columns.items() if column.kind != "token"}
    names = [name for name, column in cells.items() if column.null_count < len(column)]
    found = side_by_side(len(rows), lambda name: _names_in(source, name, cells[name], known), names)
    for name, values in zip(names, found, strict=True):
        if len(values):
            masked = pc.if_else(pc.is_in(cells[name], value_set=values), NOT_KEPT.zh, cells[name])
            rows = rows.set_column(rows.column_names.index(name), name, masked)
    return rows


def _names_in(source: Source, name: str, column: pa.ChunkedArray, known: frozenset[str]) -> pa.Array:
    """The different cells of a column that seem to be names."""
    cells = distinct(column).drop_null()
    texts = normalised(cells)
    likely = matching(texts, MAY_HOLD_NAME)
    pairs = zip(cells.filter(likely).to_pylist(), texts.filter(likely).to_pylist(), strict=True)
    names = [cell for cell, text in pairs if _is_somebody(text, known)]
    if names and name == source.institution and 2 * pc.sum(matching(texts, f"[{HAN}]")).as_py() > len(texts):
        names = [cell for cell in names if not re.fullmatch(f"[{HAN}]{{2,4}}", cell)]  # institutions by their names
    return pa.array(names, pa.string())


def _is_somebody(text: str, known: frozenset[str]) -> bool:
    """Any part of a cell that nobody knows: of several victims each is named apart."""
    return folded(text) not in known and any(
        holds_name(part) and folded(part) not in known for part in _SEVERAL.split(text)
    )
