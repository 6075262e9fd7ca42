"""Ages as offices write them → completed years, and months or days where they were given."""

import re
from fractions import Fraction
from typing import NamedTuple

from ddk_surveillance.problems import Problem
from ddk_surveillance.text.missing import is_missing
from ddk_surveillance.text.spelling import plain, with_arabic_numerals

OLDEST_YEARS = 120
UNITS = {
    "years": r"(?:周|足|实)?岁|y|yrs?|years?(?: old)?|y/?o",
    "months": r"个?月(?:龄|大)?|m|mos?|mths?|months?(?: old)?",
    "weeks": r"周龄|w|wks?|weeks?(?: old)?",  # 2周 may be two years
    "days": r"[天日](?:龄|大)?|d|days?(?: old)?",
    "hours": r"小时|h|hrs?|hours?(?: old)?",
    "minutes": r"分钟?|mins?|minutes?(?: old)?",
}
IN_DAYS = {"weeks": Fraction(7), "days": Fraction(1), "hours": Fraction(1, 24), "minutes": Fraction(1, 1440)}
NUMBER = r"([0-9]{1,6}(?:\.[0-9]{1,9})?)"
AGE = re.compile("已?满?" + "[零又, ]?".join(rf"(?:{NUMBER} ?(?:{unit}))?" for unit in UNITS.values()))
UNDER_ONE = re.compile(r"(<|不满|未满|不足) ?1 ?(周?岁|y)?|1周?岁(以下|以内|内)|新生儿|[未不]满1?个?月")
ABOUT = re.compile(r"^(大约|约)|(左右|上下)$")


class ParsedAge(NamedTuple):
    """Completed years; completed months in all if months or a part of a year were given; days if only days were."""

    years: int
    months: int | None = None
    days: int | None = None


def parse_age(text: str, unit: str | None = None) -> ParsedAge | Problem:
    """An age in completed years, months, days or a mixture; a bare number is in `unit`, else in years."""
    written = _tidied(text)
    if "虚" in written or "虚" in (unit or ""):
        return Problem("nominal_age")
    if UNDER_ONE.fullmatch(written):
        return ParsedAge(0)
    if re.fullmatch(rf"-{NUMBER}.*", written):
        return Problem("impossible_age")
    if re.fullmatch(NUMBER, written):
        measure = _measure(unit)
        return _age(**{measure: Fraction(written)}) if measure else Problem("unreadable_age")
    found = AGE.fullmatch(written)
    if not found or not any(found.groups()):
        return Problem("unreadable_age")
    given = {name: Fraction(part) for name, part in zip(UNITS, found.groups(), strict=True) if part}
    return _age(**given)


def _tidied(text: str) -> str:
    """2岁半, 半岁 and 8个半月 as fractions, Chinese numerals as digits."""
    written = with_arabic_numerals(plain(text).casefold().replace("歲", "岁"))
    written = re.sub(r"(?<=[0-9岁])\((周|足)?岁\)$", "", written)
    written = re.sub(r"([0-9]{1,6})(岁|个)半", r"\1.5\2", written)
    written = re.sub(r"^半(?=岁|周岁|个)", "0.5", written)
    return re.sub(r" ?([^\x00-\x7f]) ?", r"\1", ABOUT.sub("", written))


def _measure(unit: str | None) -> str | None:
    if unit is None or is_missing(unit, "text"):
        return "years"
    written = plain(unit).casefold()
    return next((measure for measure, words in UNITS.items() if re.fullmatch(words, written)), None)


def _age(years: Fraction | None = None, months: Fraction | None = None, **shorter: Fraction) -> ParsedAge | Problem:
    """Completed years and months; a year has 365 days and a month a twelfth of it."""
    if years is not None and (months or 0) >= 12:
        return Problem("unreadable_age")
    days = sum((number * IN_DAYS[unit] for unit, number in shorter.items()), Fraction(0))
    total = 12 * (years or 0) + (months or 0) + days * 12 / 365
    if total >= 12 * (OLDEST_YEARS + 1):
        return Problem("impossible_age")
    only_years = months is None and not shorter and total.denominator == 1 and total % 12 == 0
    only_days = years is None and months is None and bool(shorter)
    return ParsedAge(int(total) // 12, None if only_years else int(total), int(days) if only_days else None)
