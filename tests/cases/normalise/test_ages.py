"""Ages as written in cards, registers and nurseries → completed years (and months, days where given)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddk_surveillance.normalise.ages import ParsedAge, parse_age
from ddk_surveillance.problems import Problem

AGES: dict[str, tuple[int, int | None, int | None]] = {
    "12歲": (12, None, None),
    "3岁": (3, None, None), "３岁": (3, None, None), "3": (3, None, None), "3.0": (3, None, None), "3Y": (3, None, None), "3 y": (3, None, None),
    "15周岁": (15, None, None), "满15周岁": (15, None, None), "15足岁": (15, None, None), "十五岁": (15, None, None), "3 years old": (3, None, None),
    "约5岁": (5, None, None), "5岁左右": (5, None, None), "0": (0, None, None), "0岁": (0, None, None), "不满1岁": (0, None, None),
    "17岁11个月": (17, 215, None), "1岁2月": (1, 14, None), "1岁6个月": (1, 18, None), "1岁零6个月": (1, 18, None), "1Y6M": (1, 18, None),
    "1岁半": (1, 18, None), "一岁半": (1, 18, None), "半岁": (0, 6, None), "2.5岁": (2, 30, None), "2.5": (2, 30, None), "2.9岁": (2, 34, None),
    "8月": (0, 8, None), "8个月": (0, 8, None), "8M": (0, 8, None), "18月龄": (1, 18, None), "十八个月": (1, 18, None), "8个半月": (0, 8, None),
    "36月": (3, 36, None), "3天": (0, 0, 3), "3日龄": (0, 0, 3), "3D": (0, 0, 3), "45天": (0, 1, 45), "365天": (1, 12, 365),
    "6周龄": (0, 1, 42), "60 weeks": (1, 13, 420), "5小时": (0, 0, 0), "30分钟": (0, 0, 0), "3天5小时": (0, 0, 3),
    "新生儿": (0, None, None), "未满月": (0, None, None), "2月5天": (0, 2, None), "120": (120, None, None), "15岁（周岁）": (15, None, None),
}  # fmt: skip
WITH_UNIT: list[tuple[str, str | None, tuple[int, int | None, int | None]]] = [
    ("3", "岁", (3, None, None)), ("3", "周岁", (3, None, None)), ("3", "Y", (3, None, None)), ("3", None, (3, None, None)),
    ("3", "不详", (3, None, None)), ("3", "/", (3, None, None)), ("8", "月", (0, 8, None)), ("8.0", "个月", (0, 8, None)), ("8", "M", (0, 8, None)),
    ("3", "天", (0, 0, 3)), ("3", "日", (0, 0, 3)), ("3", "D", (0, 0, 3)), ("6", "weeks", (0, 1, 42)), ("36", "小时", (0, 0, 1)),
    ("8月", "岁", (0, 8, None)),  # what the cell itself says wins over the unit column, which programs fill by default
]  # fmt: skip
REFUSED = {
    "nominal_age": ["虚岁5", "5虚岁", "虚5岁"],
    "impossible_age": ["-1", "-1岁", "121", "121岁", "1500月", "99999天"],
    "unreadable_age": ["", "小学", "3周", "3-5", "3岁-5岁", "1岁20月", "3/12", "nan", "1e5", "成人", "3岁(大班)", "1234567", "3零", "3零天"],
}  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), AGES.items())
def test_f16_ages(text: str, expected: tuple[int, int | None, int | None]) -> None:
    assert parse_age(text) == ParsedAge(*expected)


@pytest.mark.parametrize(("text", "unit", "expected"), WITH_UNIT)
def test_a_unit_in_its_own_column(text: str, unit: str | None, expected: tuple[int, int | None, int | None]) -> None:
    assert parse_age(text, unit) == ParsedAge(*expected)


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in REFUSED.items() for text in texts])
def test_what_is_not_an_age_in_completed_years_is_refused(code: str, text: str) -> None:
    parsed = parse_age(text)
    assert isinstance(parsed, Problem) and parsed.code == code


def test_an_unknown_unit_or_a_nominal_one_is_refused() -> None:
    assert parse_age("3", "个") == Problem("unreadable_age")
    assert parse_age("3", "虚岁") == Problem("nominal_age")


@given(years=st.integers(0, 119), months=st.integers(0, 11))
def test_years_and_months_add_up(years: int, months: int) -> None:
    for text in (
        f"{years}岁{months}个月",
        f"{years}Y{months}M",
        f"{years}岁零{months}月",
        f"{12 * years + months}月龄",
    ):
        assert parse_age(text) == ParsedAge(years, 12 * years + months)


@given(days=st.integers(0, 3000))
def test_months_from_days_never_exceed_the_calendar_by_more_than_a_day(days: int) -> None:
    parsed = parse_age(f"{days}天")
    assert isinstance(parsed, ParsedAge) and parsed.months is not None and parsed.days == days
    assert parsed.years == parsed.months // 12
    assert parsed.months * 365 / 12 <= days < (parsed.months + 1) * 365 / 12


@given(
    text=st.text(alphabet="0123456789.-岁月天日个半零YMD 虚周约", max_size=12),
    unit=st.sampled_from([None, "岁", "月", "天", "x"]),
)
def test_any_text_gives_a_human_age_or_a_known_problem(text: str, unit: str | None) -> None:
    parsed = parse_age(text, unit)
    if not isinstance(parsed, Problem):
        assert 0 <= parsed.years <= 120
        assert parsed.months is None or parsed.months // 12 == parsed.years
