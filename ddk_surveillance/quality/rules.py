"""Which rules a source is held to: its own columns' (can it be read, is it filled) and those of checks.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ddk_surveillance.contracts import Bilingual, Check, Source
from ddk_surveillance.library import Library

READABLE = Bilingual(zh="每个单元格都能读懂", en="every cell can be read")
FILLED = Bilingual(zh="必填项不为空", en="what must be given is given")


@dataclass(frozen=True)
class RowRule:
    """One expectation with what we need to know when it fails."""

    code: str
    column: str  # the column of the file or of the record that the receipt will name
    severity: str
    title: Bilingual
    expectation: str
    arguments: dict[str, Any]


def rules_of(library: Library, source: Source) -> Iterator[RowRule]:
    """Every rule that this source can be held to."""
    table = library.recoded_table(source).columns
    for name, column in source.columns.items():
        if f"problem_{name}" in table:
            yield _readable(name, column.unreadable)
        if column.filled:
            target = f"code_{name}" if f"code_{name}" in table else column.to or name
            yield _filled(name, target, column.filled, f"problem_{name}" in table)
    for name in sorted(set(source.parsed_columns) - set(source.columns)):
        yield _readable(name, "error")
    for code, check in library.checks.items():
        severity = source.checks.get(code, check.severity)
        applies = not check.sources or source.source in check.sources
        if applies and severity != "off" and source.target == "record" and set(check.needs) <= library.fed(source):
            yield _catalogued(code, check, severity)


def _readable(name: str, severity: str) -> RowRule:
    return RowRule("readable", name, severity, READABLE, "ExpectColumnValuesToBeNull", {"column": f"problem_{name}"})


def _filled(name: str, target: str, severity: str, is_parsed: bool) -> RowRule:
    column = "event_date_from" if target == "event_date" else target
    arguments: dict[str, Any] = {"column": column}
    if is_parsed:  # an unreadable cell is already reported as such
        arguments |= {"row_condition": f"problem_{name}.isnull()", "condition_parser": "pandas"}
    return RowRule("filled", name, severity, FILLED, "ExpectColumnValuesToNotBeNull", arguments)


def _catalogued(code: str, check: Check, severity: str) -> RowRule:
    arguments = dict(check.arguments)
    if check.where:
        arguments |= {"row_condition": check.where, "condition_parser": "pandas"}
    return RowRule(code, check.column, severity, check.title, check.expect, arguments)
