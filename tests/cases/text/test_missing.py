"""Which cells say nothing, by kind of column."""

import re

import pytest

from ddk_surveillance.library import Library
from ddk_surveillance.settings import PACKAGE
from ddk_surveillance.text.missing import is_missing

KINDS = ("text", "number", "code", "date", "hour", "age", "icd10", "township", "identifier")
EMPTY_EVERYWHERE = [
    "", " ", "\u3000", "\u00a0", "\u200b", "-", "--", "—", "——", "－", "–", "−", "/", "／", "//", "\\", "＼", "、", "。", "…", "?", "？", "*",
    "N/A", "n/a", "Ｎ／Ａ",
    "NA", "N.A.", "NaN", "NULL", "null", "未填", "未填写", "未录入", "空", "(空)", "空白", "缺失",
    "#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#n/a",
]  # fmt: skip
UNKNOWN_WORDS = [
    "不详",
    "不祥",
    "不清楚",
    "不清",
    "不明",
    "未知",
    "无",
    "暂无",
    "没有",
    "(不详)",
    "待查",
    "未提供",
    "unknown",
    "Not known",
    "none",
]
SAYING_SOMETHING = [
    "跌倒",
    "1",
    "2024-03-05",
    "3岁",
    "W19.9",
    "八桥镇",
    "0.5",
    "-1",
    "N",
    "A",
    "无名指骨折",
    "不详细",
    "+",
]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", EMPTY_EVERYWHERE)
def test_marks_of_emptiness(text: str, kind: str) -> None:
    assert is_missing(text, kind)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", UNKNOWN_WORDS)
def test_words_for_unknown_are_left_to_the_code_list(text: str, kind: str) -> None:
    assert is_missing(text, kind) == (kind != "code")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", SAYING_SOMETHING)
def test_everything_else_says_something(text: str, kind: str) -> None:
    assert not is_missing(text, kind)


@pytest.mark.parametrize("text", ["0", "0.0", "00"])
def test_zero_is_an_hour_an_age_a_number_and_a_code_but_no_date(text: str) -> None:
    assert {kind for kind in KINDS if is_missing(text, kind)} == {"date", "icd10", "township"}


@pytest.mark.parametrize(
    "text", ["0000-00-00", "0000-00-00 00:00:00", "1900-01-00", "1900/1/0", "1900/1/0 0:00:00", "00000000"]
)
def test_the_zero_dates_of_databases_and_excel_are_empty(text: str) -> None:
    assert is_missing(text, "date")


def test_every_problem_says_in_both_languages_what_to_do() -> None:
    problems = Library().problems
    assert len(problems) == 35
    assert all(text.zh.endswith("。") and text.en.endswith(".") for text in problems.values())
    code = "".join(path.read_text("utf-8") for path in PACKAGE.rglob("*.py"))
    assert set(re.findall(r'Problem\("(\w+)"\)', code)) <= set(problems)
    assert [name for name in problems if not re.search(rf"['\"]{name}['\"]", code)] == []
