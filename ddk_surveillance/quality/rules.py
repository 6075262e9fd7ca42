"""Which rules a source is held to: its own columns' (can it be read, is it filled) and those of checks.yaml."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ddk_surveillance.contracts import Bilingual, Check, Source
from ddk_surveillance.library import Library
from ddk_surveillance.problems import FILLED, READABLE

# What the checks compare besides the columns of the record itself.
COMPARED = {
    "age_difference_years": "c.age_years - date_diff('month', c.birth_month, c.event_date_from) // 12",
    "report_delay_days": "date_diff('day', c.event_date_to, c.reported_date)",
    "death_report_delay_days": "date_diff('day', c.death_date, c.reported_date)",
    "visit_delay_days": "date_diff('day', c.event_date_to, c.visit_date)",
    "received_date": "b.received_at::DATE",
}
COLUMN_ARGUMENTS = ("column", "column_A", "column_B")


@dataclass(frozen=True)
class RowRule:
    """One expectation with what we need to know when it fails."""

    code: str
    column: str  # the column of the file or of the record that the receipt will name
    severity: str
    title: Bilingual
    expectation: str
    arguments: dict[str, Any]
    looks_at: dict[str, str]  # column of the checked frame → how it is made of a recoded row c and its batch b


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
    column = f"problem_{name}"
    looks_at = {column: f"c.{column}"}
    return RowRule("readable", name, severity, READABLE, "ExpectColumnValuesToBeNull", {"column": column}, looks_at)


def _filled(name: str, target: str, severity: str, is_parsed: bool) -> RowRule:
    """An unreadable cell is reported as such and is not an empty one."""
    value = f"c.{'event_date_from' if target == 'event_date' else target}::VARCHAR"
    column = f"filled_{name}"
    looks_at = {column: f"coalesce({value}, c.problem_{name})" if is_parsed else value}
    return RowRule("filled", name, severity, FILLED, "ExpectColumnValuesToNotBeNull", {"column": column}, looks_at)


def _catalogued(code: str, check: Check, severity: str) -> RowRule:
    arguments = dict(check.arguments)
    if check.where:
        arguments |= {"row_condition": check.where, "condition_parser": "pandas"}
    columns = {str(value) for name, value in check.arguments.items() if name in COLUMN_ARGUMENTS}
    columns |= set(re.findall(r"[a-z_]+", check.where or "")) & set(check.needs)
    looks_at = {name: COMPARED.get(name, f"c.{name}") for name in sorted(columns)}
    return RowRule(code, check.column, severity, check.title, check.expect, arguments, looks_at)
