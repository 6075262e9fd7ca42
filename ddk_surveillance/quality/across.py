"""Checks across files and feeds, judged at the end of a night: what no single file can show.

First the tables of data quality (completeness, timeliness, coverage), which analysts get too; then Great Expectations
judges them, and what has come and what has not, by the checks of checks.yaml that stand `over` a table.
"""

from collections.abc import Sequence

import pandas

from ddk_surveillance.different import select_different
from ddk_surveillance.library import Library
from ddk_surveillance.quality.catalogue import write_catalogue
from ddk_surveillance.quality.evaluation import Verdict, evaluate
from ddk_surveillance.quality.rules import Rule, rules_across
from ddk_surveillance.unchanged import LINKED, unless_unchanged
from ddk_surveillance.warehouse import Outcome, Warehouse, literal

MEASURED = ("out.completeness", "out.timeliness", "out.coverage")
ALL = "all"  # in the place of one batch or of one institution
# While a whole source is silent, nothing is said of its institutions.
SAID_OF_THE_WHOLE = """
    DELETE FROM ops.alert a WHERE institution_id <> ? AND EXISTS (
        FROM ops.alert w WHERE (w.rule, w.source_code, w.period) = (a.rule, a.source_code, a.period) AND w.institution_id = ?)"""


def run(db: Warehouse, key: str) -> Outcome:
    """Rebuild out.completeness, out.timeliness, out.coverage and ops.alert; `key` is the night."""
    del key
    rules = tuple(rules_across(db.library))
    looked_at = {table for table, _ in rules} - set(MEASURED)
    made_from = (*LINKED, *sorted({"ops.arrival", *looked_at}))
    return unless_unchanged(db, "across", made_from, lambda: _judge(db, rules))


def _judge(db: Warehouse, rules: Sequence[tuple[str, Rule]]) -> Outcome:
    measure(db)
    shown = [db.arrow(select_different(table, rule.question)) for table, rule in rules]
    verdicts = evaluate([rule for _, rule in rules], shown).verdicts
    db.execute("DELETE FROM ops.alert")
    db.execute("DELETE FROM ops.check_result WHERE batch_id = ?", [ALL])
    for (table, _), verdict in zip(rules, verdicts, strict=True):
        _record(db, table, verdict)
    db.execute(SAID_OF_THE_WHOLE, [ALL, ALL])
    write_catalogue(db.settings.quality_docs, db.library)
    return Outcome(len(rules), int(db.value("SELECT count(*) FROM ops.alert")))


def measure(db: Warehouse) -> None:
    """The tables of data quality, by source and month or year."""
    with db.offering(fed=_fed(db.library), rhythm=_rhythm(db.library)):
        for table in MEASURED:
            db.rebuild(table)


def _record(db: Warehouse, table: str, verdict: Verdict) -> None:
    """Every failing row of the table as an alert, and one line of counts."""
    rule = verdict.rule
    known = db.library.tables[table].columns
    period = "period" if "period" in known else "month"
    told = {"source_code": "source_code", "institution_id": "institution_id", "batch_id": "batch_id", period: "period"}
    columns = "".join(f", c.{own}::VARCHAR AS {name}" for own, name in told.items() if own in known)
    column = "c.column_name" if "column_name" in known else literal(rule.column)
    if len(verdict.failing):
        with db.offering(failing=verdict.failing):
            db.execute(
                f"INSERT INTO ops.alert BY NAME SELECT $rule AS rule, $severity AS severity, {column} AS column_name {columns}"
                f" FROM {table} c JOIN failing ON {rule.holds_failing}",
                {"rule": rule.code, "severity": rule.severity},
            )
    code = rule.code if verdict.is_evaluated else "check_not_evaluated"
    about = {"batch_id": ALL, "rule": code, "column_name": rule.column, "severity": rule.severity, "expectation": rule.expectation}  # fmt: skip
    failed = f"(SELECT count(*) FROM ops.alert WHERE rule = {literal(rule.code)}) AS rows_failed"
    db.insert("ops.check_result", about, f"(SELECT count(*) FROM {table}) AS rows_checked", failed)


def _fed(library: Library) -> pandas.DataFrame:
    """Which columns of the record a source can fill at all: the others are not missing."""
    pairs = [
        (source.source, name) for source in library.sources.values() if source.target == "record"
        for name in sorted(library.fed(source))
    ]  # fmt: skip
    return pandas.DataFrame(pairs, columns=["source_code", "column_name"])


def _rhythm(library: Library) -> pandas.DataFrame:
    """How many months a report covers and how many days after them it is due."""
    rows = [(source.source, source.rhythm.months, source.rhythm.due_days) for source in library.sources.values()]
    return pandas.DataFrame(rows, columns=["source_code", "months", "due_days"])
