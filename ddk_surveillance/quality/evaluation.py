"""Great Expectations judges distinct values; here its answers are believed only if they are complete.

A rule looks at one or two columns, and a million rows hold a few hundred different values of them. So every rule is
given a table of the different values it will meet, and the rows that hold a failing one are found afterwards in SQL:
Great Expectations judges every value there is, at a cost that hardly depends on the number of rows.
"""

import contextlib
import functools
import importlib
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from types import ModuleType
from typing import Any

import numpy
import pandas
import pyarrow

from ddk_surveillance.errors import DeclarationError
from ddk_surveillance.importing import importing
from ddk_surveillance.quality.rules import Rule

# For a test of distributions and a chart that nobody asks for: two fifths of the time that Great Expectations is imported in.
NEVER_ASKED_FOR = ("scipy.stats", "altair")
NOT_MISSED = "sqlalchemy"  # Great Expectations does without it if it is not there; we show it frames only
SEVERITIES = {"error": "critical", "out_of_scope": "critical", "warning": "warning", "information": "info"}


@dataclass(frozen=True)
class Verdict:
    """A rule and those of the values it was shown that broke it."""

    rule: Rule
    failing: pyarrow.Table
    is_evaluated: bool


@dataclass(frozen=True)
class Evaluation:
    """The verdict on every rule, and Great Expectations' own report, each result with the numbers of its rules in meta['rules']."""

    verdicts: tuple[Verdict, ...]
    report: Any


@dataclass(frozen=True)
class _Question:
    """What Great Expectations is asked at once: one rule, or all rules that ask the same of one column each.

    It costs as much for a column of ten values as for one of a thousand, and every column of a feed brings two rules.
    """

    rule: Rule
    table: pyarrow.Table
    origin: tuple[tuple[int, int], ...]  # for every row of the table the number of its rule and its place there


def evaluate(rules: Sequence[Rule], shown: Sequence[pyarrow.Table]) -> Evaluation:
    """Judge every rule on the table of values shown to it; the tables' column names must differ from rule to rule."""
    questions = tuple(_questions(rules, shown))
    report, results = _validated(questions) if questions else (None, {})
    answers = [_answer(question, results.get(number)) for number, question in enumerate(questions)]
    failing: dict[int, list[int]] = {}
    for question, answer in zip(questions, answers, strict=True):
        for position in answer or ():
            number, place = question.origin[position]
            failing.setdefault(number, []).append(place)
    doubtful = {number for question, answer in zip(questions, answers, strict=True) if answer is None
                for number, _ in question.origin}  # fmt: skip
    verdicts = (
        Verdict(rule, table.take(pyarrow.array(failing.get(number, []), pyarrow.int64())), number not in doubtful)
        for number, (rule, table) in enumerate(zip(rules, shown, strict=True))
    )
    return Evaluation(tuple(verdicts), report)


def _questions(rules: Sequence[Rule], shown: Sequence[pyarrow.Table]) -> Iterator[_Question]:
    alike: dict[object, list[int]] = {}
    for number, (rule, table) in enumerate(zip(rules, shown, strict=True)):
        if len(table):
            alike.setdefault(_sameness(rule, table) or number, []).append(number)
    for numbers in alike.values():
        origin = tuple((number, place) for number in numbers for place in range(len(shown[number])))
        first = rules[numbers[0]]
        if len(numbers) == 1:
            yield _Question(first, shown[numbers[0]], origin)
            continue
        name = f"{first.code}_{first.severity}"
        together = pyarrow.concat_tables([shown[number].rename_columns([name]) for number in numbers])
        columns = "、".join(rules[number].column for number in numbers)
        yield _Question(replace(first, column=columns, arguments={**first.arguments, "column": name}), together, origin)


def _sameness(rule: Rule, table: pyarrow.Table) -> object:
    """Equal for rules that ask the same of one column each; None for a rule that must be asked alone."""
    if len(rule.looks_at) > 1 or "column" not in rule.arguments:
        return None
    arguments = repr(sorted((name, value) for name, value in rule.arguments.items() if name != "column"))
    return rule.code, rule.severity, rule.expectation, arguments, str(table.schema.types)


def _validated(questions: Sequence[_Question]) -> tuple[Any, dict[int, Any]]:
    """Great Expectations' report, and its results by the number of the question."""
    frame = _in_one_frame([question.table for question in questions])
    batch = _whole_frame().get_batch(batch_parameters={"dataframe": frame})
    asked = [_expectation(question.rule, number) for number, question in enumerate(questions)]
    report, results = _judged(batch, asked, "BOOLEAN_ONLY")
    for number, result in results.items():
        result.meta["rules"] = sorted({rule for rule, _ in questions[number].origin})
    broken = [asked[number] for number, result in results.items() if not result.success]
    if broken:  # to be told which values fail costs twice as much as to be told that none does
        results |= _judged(batch, broken, "COMPLETE")[1]
    return report, results


def _judged(batch: Any, asked: Sequence[Any], detail: str) -> tuple[Any, dict[int, Any]]:
    suite = library().ExpectationSuite(name="rules", expectations=asked)
    # Without names of key columns the keys are positions in the frame.
    with _made_once():
        report = batch.validate(suite, result_format={"result_format": detail, "return_unexpected_index_query": False})
    return report, {_number(result): result for result in report.results if result.expectation_config}


@contextlib.contextmanager
def _made_once() -> Iterator[None]:
    """Inside, a configuration is made of an expectation once, and the reverse: Great Expectations does so dozens of times for each."""
    expectation = library().expectations.Expectation
    configuration = importlib.import_module(f"{expectation.__module__}_configuration").ExpectationConfiguration
    before = expectation.configuration, configuration.to_domain_obj
    expectation.configuration, configuration.to_domain_obj = property(_once(before[0].fget)), _once(before[1])
    try:
        yield
    finally:
        expectation.configuration, configuration.to_domain_obj = before


def _once(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function, with its first answer for each object ever after; of an object that is kept the id stays its own."""
    answers: dict[int, tuple[Any, Any]] = {}

    def answer(asked: Any) -> Any:
        if id(asked) not in answers:
            answers[id(asked)] = (asked, function(asked))
        return answers[id(asked)][1]

    return answer


class _WhenAsked(ModuleType):
    """A module that is imported when something of it is first asked for."""

    def __getattr__(self, name: str) -> Any:
        if sys.modules.get(self.__name__) is self:
            del sys.modules[self.__name__]
        return getattr(importlib.import_module(self.__name__), name)


@contextlib.contextmanager
def _missing(name: str) -> Iterator[None]:
    """Inside, a module that nobody has imported yet is as if it were not installed."""
    if is_ours := name not in sys.modules:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if is_ours:
            del sys.modules[name]


@functools.cache
def library() -> Any:
    """Great Expectations, imported when it is needed: it takes a second."""
    for name in NEVER_ASKED_FOR:
        sys.modules.setdefault(name, _WhenAsked(name))
    with importing(), _missing(NOT_MISSED):
        found = importlib.import_module("great_expectations")
    for name in [one for one in logging.root.manager.loggerDict if one.startswith(found.__name__)]:
        logging.getLogger(name).setLevel(logging.WARNING)  # its temporary folders are nothing for an operator
    return found


@functools.cache
def _whole_frame() -> Any:
    """Great Expectations' definition of a batch that is a frame as a whole: one serves for all frames of a process."""
    context = library().get_context(mode="ephemeral")
    from great_expectations.data_context.types.base import ProgressBarsConfig

    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    asset = context.data_sources.add_pandas("recoded").add_dataframe_asset("values")
    return asset.add_batch_definition_whole_dataframe("all")


def _number(result: Any) -> int:
    return int(result.expectation_config.meta["number"])


def _in_one_frame(tables: Sequence[pyarrow.Table]) -> pandas.DataFrame:
    """All tables beside each other, each over and over to the height of the highest; repeating adds nothing."""
    places = numpy.arange(max(map(len, tables)))
    repeated = [table.take(pyarrow.array(places % len(table))) for table in tables]
    columns = {
        name: column for table in repeated for name, column in zip(table.column_names, table.columns, strict=True)
    }
    frame: pandas.DataFrame = pyarrow.table(columns).to_pandas(date_as_object=False)
    return frame


def _expectation(rule: Rule, number: int) -> Any:
    severity = SEVERITIES[rule.severity]
    kind = getattr(library().expectations, rule.expectation, None)
    if kind is None:
        raise DeclarationError(
            f"检查 {rule.code} 使用了不存在的期望 {rule.expectation}，请改正 checks.yaml。",
            f"The check {rule.code} uses the expectation {rule.expectation}, which does not exist: mend checks.yaml.",
        )
    notes = {"format": "markdown", "content": [f"{rule.code} {rule.column}：{rule.title.zh} ({rule.title.en})"]}
    return kind(**rule.arguments, severity=severity, meta={"number": number, "notes": notes})


def _answer(question: _Question, result: Any) -> list[int] | None:
    """Positions of the failing rows of its table; None unless it was evaluated and its keys are as many as it counted."""
    if result is None or result.exception_info.get("raised_exception", True):
        return None
    if result.success:
        return []
    keys = result.result.get("unexpected_index_list") or ()
    if not keys or len(keys) != result.result["unexpected_count"]:
        return None
    return sorted({key % len(question.table) for key in keys})


def counts_only(result: Any, values_checked: int, failed: int) -> None:
    """Leave in a result no value of a row, and counts of rows in place of counts of values."""
    percent = 100 * failed / values_checked if values_checked else 0.0
    result.result = {"element_count": values_checked, "unexpected_count": failed, "unexpected_percent": percent}
