"""Great Expectations judges distinct values; here its answers are believed only if they are complete.

A rule looks at one or two columns, and a million rows hold a few hundred different values of them. So every rule is
given a table of the different values it will meet, and the rows that hold a failing one are found afterwards in SQL:
Great Expectations judges every value there is, at a cost that hardly depends on the number of rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy
import pandas
import pyarrow

from ddk_surveillance.errors import DeclarationError
from ddk_surveillance.quality.rules import Rule


@dataclass(frozen=True)
class Verdict:
    """A rule and those of the values it was shown that broke it."""

    rule: Rule
    failing: pyarrow.Table
    is_evaluated: bool


@dataclass(frozen=True)
class Evaluation:
    """The verdict on every rule, and Great Expectations' own report with its results in the order of the verdicts."""

    verdicts: tuple[Verdict, ...]
    report: Any


def evaluate(rules: Sequence[Rule], shown: Sequence[pyarrow.Table]) -> Evaluation:
    """Judge every rule on the table of values shown to it; the tables' column names must differ from rule to rule."""
    height = max(map(len, shown), default=0)
    if height == 0:
        empty = (Verdict(rule, table, True) for rule, table in zip(rules, shown, strict=True))
        return Evaluation(tuple(empty), None)
    frame = pandas.concat([_repeated(table, height) for table in shown], axis=1)
    report, results = _validated(frame, rules)
    verdicts = (
        _verdict(rule, table, results.get(number))
        for number, (rule, table) in enumerate(zip(rules, shown, strict=True))
    )
    return Evaluation(tuple(verdicts), report)


def _repeated(table: pyarrow.Table, height: int) -> pandas.DataFrame:
    """The table over and over to a common height, so that all stand side by side in one frame; repeating adds nothing."""
    frame: pandas.DataFrame = table.to_pandas(date_as_object=False)
    return frame.take(numpy.arange(height) % len(frame)).reset_index(drop=True)


def _validated(frame: pandas.DataFrame, rules: Sequence[Rule]) -> tuple[Any, dict[int, Any]]:
    import great_expectations
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context = great_expectations.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("recoded").add_dataframe_asset("values")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(batch_parameters={"dataframe": frame})
    suite = great_expectations.ExpectationSuite(name="rules")
    for number, rule in enumerate(rules):
        suite.add_expectation(_expectation(rule, number))
    # Without names of key columns the keys are positions in the frame.
    report = batch.validate(suite, result_format={"result_format": "COMPLETE", "return_unexpected_index_query": False})
    configured = [(result.expectation_config, result) for result in report.results]
    return report, {configuration.meta["number"]: result for configuration, result in configured if configuration}


def _expectation(rule: Rule, number: int) -> Any:
    import great_expectations.expectations as expectations

    severity = "warning" if rule.severity == "warning" else "critical"
    kind = getattr(expectations, rule.expectation, None)
    if kind is None:
        raise DeclarationError(
            f"检查 {rule.code} 使用了不存在的期望 {rule.expectation},请改正 checks.yaml。",
            f"The check {rule.code} uses the expectation {rule.expectation}, which does not exist: mend checks.yaml.",
        )
    notes = {"format": "markdown", "content": [f"{rule.code} {rule.column}:{rule.title.zh} ({rule.title.en})"]}
    return kind(**rule.arguments, severity=severity, meta={"number": number, "notes": notes})


def _verdict(rule: Rule, table: pyarrow.Table, result: Any) -> Verdict:
    """A rule is believed only if it was evaluated and the list of keys is as long as its count."""
    none = table.slice(0, 0)
    if result is None or result.exception_info.get("raised_exception", True):
        return Verdict(rule, none, False)
    if result.success:
        return Verdict(rule, none, True)
    keys = result.result.get("unexpected_index_list") or ()
    failing = table.take(sorted({key % len(table) for key in keys}))
    return Verdict(rule, failing, bool(keys) and len(keys) == result.result["unexpected_count"])


def counts_only(result: Any, values_checked: int, failed: int) -> None:
    """Leave in a result no value of a row, and counts of rows in place of counts of values."""
    percent = 100 * failed / values_checked if values_checked else 0.0
    result.result = {"element_count": values_checked, "unexpected_count": failed, "unexpected_percent": percent}
