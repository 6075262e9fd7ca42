"""Stage 4: Great Expectations decides which rows may go on and which batches are held.

The suite is generated from the contract (can every cell be read, is every needed cell filled) and from checks.yaml.
It judges the different values that all waiting batches of a source hold; SQL finds the rows that hold a failing one.
Cell values never leave this module except into ops.quarantine.
"""

import pandas

from ddk_surveillance.contracts import Correction, Source
from ddk_surveillance.different import different
from ddk_surveillance.library import POSITION, Library
from ddk_surveillance.quality.docs import write_page
from ddk_surveillance.quality.evaluation import Evaluation, Verdict, counts_only, evaluate
from ddk_surveillance.quality.rules import rules_of
from ddk_surveillance.warehouse import Outcome, Warehouse, literal

HOLD_FROM_ROWS = 3  # one bad row in a nursery's file of two is a bad row, not a bad file
DISPOSITIONS = {"error": "quarantined", "out_of_scope": "out_of_scope", "warning": "warning", "information": None}
MENDED_FROM_ROWS = 30  # that many rows of whom a correction is for, and none that needs it
NOT_EVALUATED = "check_not_evaluated"
ROWS = ", ".join(f"c.{name}" for name in POSITION)


def run(db: Warehouse, key: str) -> Outcome:
    """Check all recoded batches of the source `key`; fills ops.quarantine and ops.check_result, sets batch states."""
    source = db.library.sources[key]
    rules = tuple(rules_of(db.library, source))
    evaluation = evaluate(rules, different(db, "recoded", [rule.question for rule in rules]))
    with db.transaction():
        _find_failures(db, evaluation.verdicts)
        refused = _record(db, source, evaluation.verdicts)
        _count_rows(db, evaluation)
    rows = int(db.value("SELECT count(*) FROM recoded"))
    if evaluation.report is not None:
        write_page(db.settings.quality_docs, source, evaluation.report)
    db.execute("DROP TABLE failure; DROP TABLE failed")
    return Outcome(rows, rows - refused, refused)


def _find_failures(db: Warehouse, verdicts: tuple[Verdict, ...]) -> None:
    """The tables failure, one line per failing row and rule that somebody is told of, and failed, their numbers by batch."""
    # Declared, not selected from: within a transaction DuckDB 2.0.0 takes a table that a SELECT of no rows made for empty
    # in every join, if the first INSERT into it is of 122,880 rows or more.
    db.execute("CREATE OR REPLACE TEMP TABLE failure"
               " (batch_id VARCHAR, sheet VARCHAR, row_number INTEGER, victim_number INTEGER, number INTEGER);"
               "CREATE OR REPLACE TEMP TABLE failed (batch_id VARCHAR, number INTEGER, rows_failed BIGINT)")  # fmt: skip
    for number, verdict in enumerate(verdicts):
        if len(verdict.failing):
            is_told = DISPOSITIONS[verdict.rule.severity] is not None
            failing = f"FROM recoded c JOIN failing ON {verdict.rule.holds_failing}"
            with db.offering(failing=verdict.failing):
                db.execute(
                    f"INSERT INTO failure SELECT {ROWS}, {number} {failing}"
                    if is_told
                    else f"INSERT INTO failed SELECT c.batch_id, {number}, count(*) {failing} GROUP BY ALL"
                )
    db.execute("INSERT INTO failed SELECT batch_id, number, count(*) FROM failure GROUP BY ALL")


def _record(db: Warehouse, source: Source, verdicts: tuple[Verdict, ...]) -> int:
    """Write quarantine, counts and batch states; returns how many rows await correction."""
    waiting = "SELECT DISTINCT batch_id FROM recoded"
    db.execute(f"DELETE FROM ops.check_result WHERE batch_id IN ({waiting})")
    db.execute(
        f"DELETE FROM ops.quarantine WHERE batch_id IN ({waiting}) AND disposition NOT IN ('unreadable', 'file')"
    )
    with db.offering(rules=_described(verdicts)):
        db.execute(
            "INSERT INTO ops.quarantine BY NAME "
            f"SELECT f.* EXCLUDE (number), rules.rule, rules.column_name, rules.disposition, {_problem(source, db.library)} AS problem,"
            f" {_value(source)} AS value, {_record_id(source)} AS record_id FROM failure f JOIN rules USING (number)"
            f" JOIN recoded c USING (batch_id, sheet, row_number, victim_number)"
            f" JOIN received.{source.source} r USING (batch_id, sheet, row_number)"
        )
        db.execute(
            "INSERT INTO ops.check_result BY NAME "
            "SELECT batch_id, rule, column_name, severity, expectation, rows_checked, coalesce(rows_failed, 0) AS rows_failed"
            " FROM (SELECT batch_id, count(*) AS rows_checked FROM recoded GROUP BY 1) CROSS JOIN rules"
            " LEFT JOIN failed USING (batch_id, number)"
        )
    _set_states(db, source, [verdict for verdict in verdicts if not verdict.is_evaluated])
    held = "(SELECT batch_id FROM ops.batch WHERE status = 'held')"
    return int(
        db.value(
            f"SELECT (SELECT count(*) FROM recoded WHERE batch_id IN {held}) + (SELECT count(*) FROM"
            " (SELECT DISTINCT batch_id, sheet, row_number, victim_number FROM ops.quarantine"
            f" WHERE disposition = 'quarantined' AND batch_id IN ({waiting}) AND batch_id NOT IN {held}))"
        )
    )


def _described(verdicts: tuple[Verdict, ...]) -> pandas.DataFrame:
    """What the books say of every rule, by its number."""
    return pandas.DataFrame(
        {
            "number": number,
            "rule": verdict.rule.code if verdict.is_evaluated else NOT_EVALUATED,
            "column_name": verdict.rule.column,
            "severity": verdict.rule.severity,
            "disposition": DISPOSITIONS[verdict.rule.severity],
            "expectation": verdict.rule.expectation,
        }
        for number, verdict in enumerate(verdicts)
    )


def _count_rows(db: Warehouse, evaluation: Evaluation) -> None:
    """Let the report count rows where Great Expectations counted values, and nothing else."""
    if evaluation.report is None:
        return
    failed = dict(db.rows("SELECT number, sum(rows_failed)::BIGINT FROM failed GROUP BY 1"))
    rows = int(db.value("SELECT count(*) FROM recoded"))
    for result in evaluation.report.results:
        rules = result.meta["rules"]
        counts_only(result, rows * len(rules), sum(failed.get(number, 0) for number in rules))


def _record_id(source: Source) -> str:
    """By which a corrected row will be known again: only a number of its own does not change with its content."""
    if source.target != "record" or not source.numbered_by:
        return "NULL"
    return f"CASE WHEN {' AND '.join(f'c.{name} IS NOT NULL' for name in source.numbered_by)} THEN c.record_id END"


def _value(source: Source) -> str:
    """The cell as it came, for the receipt: the file's column behind the rule's column."""
    cases = [f"WHEN {literal(name)} THEN r.{name}" for name in source.physical_columns]
    cases += [
        f"WHEN {literal(name)} THEN concat_ws('-', {', '.join(f'r.{part}' for part in column.combine)})"
        for name, column in source.columns.items()
        if column.combine
    ]
    return f"CASE rules.column_name {' '.join(cases)} END"


def _problem(source: Source, library: Library) -> str:
    names = [name for name in library.recoded_columns(source) if name.startswith("problem_")]
    cases = [f"WHEN {literal(name.removeprefix('problem_'))} THEN c.{name}" for name in names]
    return f"CASE WHEN rules.rule = 'readable' THEN CASE rules.column_name {' '.join(cases)} END END"


def _set_states(db: Warehouse, source: Source, failed: list[Verdict]) -> None:
    """checked, or held: too large a share of bad rows, or a check that could not be evaluated."""
    waiting = "batch_id IN (SELECT DISTINCT batch_id FROM recoded)"
    passed = f"{waiting} OR source_code = ? AND status = 'recoded'"  # or a submission without rows: a zero report
    db.execute(f"UPDATE ops.batch SET status = 'checked' WHERE {passed}", [source.source])
    if failed:
        names = ", ".join(sorted({verdict.rule.code for verdict in failed}))
        _hold(db, waiting, NOT_EVALUATED, f"检查 {names} 未能执行，整批暂扣；请联系系统维护人员。",
              f"The checks {names} could not be evaluated, so the batch is held: ask whoever maintains the system.")  # fmt: skip
        return
    too_many = f"""
        batch_id IN (
            SELECT batch_id FROM recoded
            LEFT JOIN (SELECT DISTINCT batch_id, sheet, row_number, victim_number, true AS is_bad FROM ops.quarantine
                       WHERE disposition = 'quarantined' AND {waiting}) USING (batch_id, sheet, row_number, victim_number)
            GROUP BY batch_id
            HAVING count(is_bad) >= {HOLD_FROM_ROWS} AND count(is_bad) > {source.hold_above_share} * count(*))"""
    for name, correction in source.corrections.items():
        _hold_for_correction(db, name, correction)
    percent = f"{source.hold_above_share:.0%}"
    _hold(db, too_many, "too_many_bad_rows", f"不合格行超过 {percent}，整批暂扣，原有数据不变；请按回执更正后重新报送。",
          f"More than {percent} of the rows failed, so the batch is held and earlier data stay: correct it and send it again.")  # fmt: skip


def _hold_for_correction(db: Warehouse, name: str, correction: Correction) -> None:
    """A correction that nobody needs any more, or that was declared for a time now over, would change right values."""
    institutions = ", ".join(map(literal, correction.institutions))
    whose = f"WHERE institution_id IN ({institutions})" if institutions else ""
    of_batch = f"batch_id IN (SELECT batch_id FROM recoded {whose} GROUP BY batch_id HAVING "
    _hold(db, f"{of_batch} count(corrected_{name}) > 0) AND received_at::DATE > DATE '{correction.expires}'", "correction_expired",
          f"来源声明中的更正 {name} 已于 {correction.expires} 到期，而文件仍需要它，整批暂扣；请数据专员核实后延期或删除该更正。",
          f"The correction {name} expired on {correction.expires} but the file still needs it, so the batch is held: "
          "let a data officer prolong it or take it out.")  # fmt: skip
    _hold(db, f"{of_batch} count(*) >= {MENDED_FROM_ROWS} AND count(corrected_{name}) = 0)", "correction_not_needed",
          f"来源似已自行改正：文件中没有一行需要更正 {name}，整批暂扣；请数据专员从来源声明中删除该更正。",
          f"The source seems to have mended itself: no row needs the correction {name}, so the batch is held: "
          "let a data officer take it out of the declaration.")  # fmt: skip


def _hold(db: Warehouse, condition: str, reason: str, zh: str, en: str) -> None:
    db.execute(
        f"UPDATE ops.batch SET status = 'held', reason = $reason, message_zh = $zh, message_en = $en WHERE {condition}",
        {"reason": reason, "zh": zh, "en": en},
    )
