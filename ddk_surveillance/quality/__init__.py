"""Stage 4: Great Expectations decides which rows may go on and which batches are held.

The suite is generated from the contract (can every cell be read, is every needed cell filled) and from checks.yaml.
It runs on a pandas frame of all waiting batches of a source at once, first for verdicts only; keys of failing rows
are asked for only where something failed, which is three times cheaper. Cell values never leave this module except
into ops.quarantine.
"""

from __future__ import annotations

import re

import pandas

from ddk_surveillance.contracts import Source
from ddk_surveillance.library import POSITION, Library
from ddk_surveillance.quality.docs import write_page
from ddk_surveillance.quality.evaluation import Verdict, evaluate
from ddk_surveillance.quality.rules import RowRule, rules_of
from ddk_surveillance.warehouse import Outcome, Warehouse

HOLD_FROM_ROWS = 3  # one bad row in a nursery's file of two is a bad row, not a bad file
DISPOSITIONS = {"error": "quarantined", "out_of_scope": "out_of_scope", "warning": "warning"}
NOT_EVALUATED = "check_not_evaluated"


def run(db: Warehouse, key: str) -> Outcome:
    """Check all recoded batches of the source `key`; fills ops.quarantine and ops.check_result, sets batch states."""
    source = db.library.sources[key]
    rules = tuple(rules_of(db.library, source))
    frame = _frame(db, source, rules)
    evaluation = evaluate(frame, rules)
    with db.transaction():
        refused = _record(db, source, frame, evaluation.verdicts)
    if evaluation.report is not None:
        write_page(db.settings.quality_docs, source, evaluation.report)
    return Outcome(len(frame), len(frame) - refused, refused)


def _frame(db: Warehouse, source: Source, rules: tuple[RowRule, ...]) -> pandas.DataFrame:
    """The rows of the waiting batches with no more columns than the rules look at: some rules copy them all."""
    looked_at = {name: sql for rule in rules for name, sql in rule.looks_at.items()}
    selected = [f"c.{name}" for name in POSITION] + [f"{sql} AS {name}" for name, sql in sorted(looked_at.items())]
    return db.frame(
        f"SELECT {', '.join(selected)} FROM recoded.{source.source} c JOIN ops.batch b USING (batch_id) "
        "ORDER BY batch_id, sheet, row_number, victim_number"
    )


def _record(db: Warehouse, source: Source, frame: pandas.DataFrame, verdicts: tuple[Verdict, ...]) -> int:
    """Write quarantine, counts and batch states; returns how many rows await correction."""
    waiting = f"SELECT DISTINCT batch_id FROM recoded.{source.source}"
    for table in ("ops.quarantine", "ops.check_result"):
        db.execute(f"DELETE FROM {table} WHERE batch_id IN ({waiting})")
    failures = _failures(frame, verdicts)
    with db.offering(failures=failures, results=_results(frame, verdicts)):
        db.execute(
            "INSERT INTO ops.quarantine BY NAME "
            f"SELECT f.*, {_problem(source, db.library)} AS problem, {_value(source)} AS value "
            f"FROM failures f JOIN recoded.{source.source} c USING (batch_id, sheet, row_number, victim_number) "
            f"JOIN received.{source.source} r USING (batch_id, sheet, row_number)"
        )
        db.execute("INSERT INTO ops.check_result BY NAME SELECT * FROM results")
    _set_states(db, source, [verdict for verdict in verdicts if not verdict.is_evaluated])
    return int(
        db.value(
            f"SELECT count(*) FROM recoded.{source.source} c JOIN ops.batch b USING (batch_id) WHERE b.status = 'held' OR EXISTS "
            "(FROM ops.quarantine q WHERE q.disposition = 'quarantined' AND (q.batch_id, q.sheet, q.row_number, q.victim_number)"
            " = (c.batch_id, c.sheet, c.row_number, c.victim_number))"
        )
    )


def _failures(frame: pandas.DataFrame, verdicts: tuple[Verdict, ...]) -> pandas.DataFrame:
    """One line per failing row and rule."""
    position = list(POSITION)
    parts = [
        frame.loc[list(verdict.failed_rows), position].assign(
            rule=verdict.rule.code,
            column_name=verdict.rule.column,
            disposition=DISPOSITIONS[verdict.rule.severity],
        )
        for verdict in verdicts
        if verdict.failed_rows
    ]
    empty = frame.loc[[], position].assign(rule="", column_name="", disposition="")
    return pandas.concat([empty, *parts]).drop_duplicates([*POSITION, "rule", "column_name"])


def _results(frame: pandas.DataFrame, verdicts: tuple[Verdict, ...]) -> pandas.DataFrame:
    checked = frame.groupby("batch_id", sort=True).size()
    parts = []
    for verdict in verdicts:
        failed = frame.loc[list(verdict.failed_rows), "batch_id"].value_counts()
        parts.append(pandas.DataFrame({
            "batch_id": checked.index,
            "rule": verdict.rule.code if verdict.is_evaluated else NOT_EVALUATED,
            "column_name": verdict.rule.column,
            "severity": verdict.rule.severity,
            "expectation": verdict.rule.expectation,
            "rows_checked": checked.to_numpy(),
            "rows_failed": failed.reindex(checked.index, fill_value=0).to_numpy(),
        }))  # fmt: skip
    return pandas.concat(parts) if parts else pandas.DataFrame()


def _value(source: Source) -> str:
    """The cell as it came, for the receipt: the file's column behind the rule's column."""
    cases = [f"WHEN {_literal(name)} THEN r.{name}" for name in source.physical_columns]
    cases += [
        f"WHEN {_literal(name)} THEN concat_ws('-', {', '.join(f'r.{part}' for part in column.combine)})"
        for name, column in source.columns.items()
        if column.combine
    ]
    return f"CASE f.column_name {' '.join(cases)} END"


def _problem(source: Source, library: Library) -> str:
    names = [name for name in library.recoded_table(source).columns if name.startswith("problem_")]
    cases = [f"WHEN {_literal(name.removeprefix('problem_'))} THEN c.{name}" for name in names]
    return f"CASE WHEN f.rule = 'readable' THEN CASE f.column_name {' '.join(cases)} END END"


def _set_states(db: Warehouse, source: Source, failed: list[Verdict]) -> None:
    """checked, or held: too large a share of bad rows, or a check that could not be evaluated."""
    waiting = f"batch_id IN (SELECT DISTINCT batch_id FROM recoded.{source.source})"
    db.execute(f"UPDATE ops.batch SET status = 'checked' WHERE {waiting} OR batch_id IN ({_empty(source)})")
    if failed:
        names = ", ".join(sorted({verdict.rule.code for verdict in failed}))
        _hold(db, waiting, NOT_EVALUATED, f"检查 {names} 未能执行,整批暂扣;请联系系统维护人员。",
              f"The checks {names} could not be evaluated, so the batch is held: ask whoever maintains the system.")  # fmt: skip
        return
    too_many = f"""
        batch_id IN (
            SELECT batch_id FROM recoded.{source.source}
            LEFT JOIN (SELECT DISTINCT batch_id, sheet, row_number, victim_number, true AS is_bad FROM ops.quarantine
                       WHERE disposition = 'quarantined') USING (batch_id, sheet, row_number, victim_number)
            GROUP BY batch_id
            HAVING count(is_bad) >= {HOLD_FROM_ROWS} AND count(is_bad) > {source.hold_above_share} * count(*))"""
    percent = f"{source.hold_above_share:.0%}"
    _hold(db, too_many, "too_many_bad_rows", f"不合格行超过 {percent},整批暂扣,原有数据不变;请按回执更正后重新报送。",
          f"More than {percent} of the rows failed, so the batch is held and earlier data stay: correct it and send it again.")  # fmt: skip


def _empty(source: Source) -> str:
    """Zero reports: batches that hold no row but are a submission all the same."""
    return f"SELECT batch_id FROM ops.batch WHERE source_code = {_literal(source.source)} AND status = 'recoded'"


def _hold(db: Warehouse, condition: str, reason: str, zh: str, en: str) -> None:
    db.execute(
        f"UPDATE ops.batch SET status = 'held', reason = $reason, message_zh = $zh, message_en = $en WHERE {condition}",
        {"reason": reason, "zh": zh, "en": en},
    )


def _literal(name: str) -> str:
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    return f"'{name}'"
