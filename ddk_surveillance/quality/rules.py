"""Which rules a source is held to: its own columns' (can it be read, is it filled) and those of checks.yaml."""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from ddk_surveillance.contracts import Bilingual, Check, Source
from ddk_surveillance.different import Question
from ddk_surveillance.library import Library
from ddk_surveillance.problems import FILLED, READABLE

# What the checks compare besides the columns of the record itself. Differences take far fewer values than pairs of dates.
COMPARED = {
    "age_difference_years": "c.age_years - date_diff('month', c.birth_month, c.event_date_from) // 12",
    "days_from_birth_month_to_event": "c.event_date_to - c.birth_month",
    "days_from_event_to_visit": "c.visit_date - c.event_date_from",
    "days_from_event_to_report": "c.reported_date - c.event_date_from",
    "days_from_event_to_death": "c.death_date - c.event_date_from",
    "days_from_death_to_report": "c.reported_date - c.death_date",
    "days_from_event_to_arrival": "(SELECT received_at::DATE FROM ops.batch b WHERE b.batch_id = c.batch_id) - c.event_date_from",
    "visit_delay_days": "c.visit_date - c.event_date_to",
    "report_delay_days": "c.reported_date - c.event_date_to",
}
COLUMN_ARGUMENTS = ("column", "column_A", "column_B")


@dataclass(frozen=True)
class Rule:
    """One expectation with what we need to know when it fails."""

    code: str
    column: str  # the column of the file or of the record that the receipt will name
    severity: str
    title: Bilingual
    expectation: str
    arguments: dict[str, Any]
    looks_at: dict[str, str]  # column shown to the expectation, named for this rule alone → how it is made of a row c
    where: str = "true"  # which rows c it is asked of

    @property
    def question(self) -> Question:
        """Which values it meets in the rows of a table."""
        return self.looks_at, self.where

    @property
    def holds_failing(self) -> str:
        """Whether a row c is asked and holds the values of a row of the table `failing`."""
        held = (f"{sql} IS NOT DISTINCT FROM failing.{name}" for name, sql in self.looks_at.items())
        return " AND ".join((f"({self.where})", *held))


def rules_of(library: Library, source: Source) -> Iterator[Rule]:
    """Every rule that this source can be held to."""
    table = library.recoded_columns(source)
    for name, column in source.columns.items():
        yield _empty("readable", name, f"problem_{name}", column.unreadable, READABLE)
        if filled := column.filled or ("error" if name in source.needed else None):
            target = f"code_{name}" if f"code_{name}" in table else column.to or name
            yield _filled(name, target, filled)
    for name in sorted(set(source.parsed_columns) - set(source.columns)):
        yield _empty("readable", name, f"problem_{name}", "error", READABLE)
    for name, correction in source.corrections.items():
        title = Bilingual(zh=correction.reason, en=f"rows changed by the correction {name}")
        yield _empty("correction", name, f"corrected_{name}", "information", title)
    fed = library.fed(source)
    for code, check in library.checks.items():
        severity = source.checks.get(code, check.severity)
        is_asked = not check.sources or source.source in check.sources or code in source.checks
        applies = check.needs and is_asked
        if applies and severity != "off" and source.target == "record" and set(check.needs) <= fed:
            yield _catalogued(code, check, severity)


def rules_across(library: Library) -> Iterator[tuple[str, Rule]]:
    """Table and rule for every check that is judged across files and feeds."""
    for code, check in library.checks.items():
        if check.over:
            yield check.over, _catalogued(code, check, check.severity, library.tables[check.over].columns)


def _empty(code: str, name: str, column: str, severity: str, title: Bilingual) -> Rule:
    """A column of the recoded rows holds nothing: no problem of a cell; no correction, of which the rows are counted."""
    looks_at = {column: f"c.{column}"}
    return Rule(code, name, severity, title, "ExpectColumnValuesToBeNull", {"column": column}, looks_at)


def _filled(name: str, target: str, severity: str) -> Rule:
    """An unreadable cell is reported as such and is not an empty one."""
    filled = f"c.{'event_date_from' if target == 'event_date' else target} IS NOT NULL"
    column = f"filled_{name}"
    looks_at = {column: f"nullif({filled} OR c.problem_{name} IS NOT NULL, false)"}
    return Rule("filled", name, severity, FILLED, "ExpectColumnValuesToNotBeNull", {"column": column}, looks_at)


def _catalogued(code: str, check: Check, severity: str, columns: Collection[str] = ()) -> Rule:
    judged = {str(check.arguments[name]) for name in COLUMN_ARGUMENTS if name in check.arguments}
    own = {name: f"{code}_{name}" for name in sorted(judged)}
    arguments = {
        name: own[str(value)] if name in COLUMN_ARGUMENTS else value for name, value in check.arguments.items()
    }
    looks_at = {own[name]: _of_row(name) for name in own}
    known = set(check.needs) or set(columns)
    where = re.sub(r"[a-z_][a-z0-9_]*", lambda word: _of_row(word[0]) if word[0] in known else word[0], check.where)
    return Rule(code, check.column, severity, check.title, str(check.expect), arguments, looks_at, where)


def _of_row(name: str) -> str:
    """The SQL of what a check calls by this name, for a row c."""
    return COMPARED.get(name, f"c.{name}")
