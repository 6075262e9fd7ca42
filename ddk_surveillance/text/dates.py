"""Dates and hours as offices write them → the days they may mean, and how exactly that was said."""

import calendar
import re
from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import NamedTuple

from ddk_surveillance.problems import Problem
from ddk_surveillance.text.clock import CHINA_MINUTES_AHEAD, PARTS_OF_DAY, Clock, parse_clock
from ddk_surveillance.text.spelling import plain, with_arabic_numerals

YEARS = range(1900, 2100)
LEAP_YEAR = 2000  # in which every day and month there is has a date
EXCEL_DAY_ZERO = datetime(1899, 12, 30)  # of the 1900 system
EPOCH_IN_CHINA = datetime(1970, 1, 1, 8)  # from which programs count milliseconds
EXCEL_SERIALS = range(36526, 54789)  # 2000-01-01 to 2049-12-31: other numbers of five digits are no dates
MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
IMPOSSIBLE, AMBIGUOUS = Problem("impossible_date"), Problem("ambiguous_date")

NEEDLESS_BLANK = re.compile(r" (?=[-/.年月日号旬时点分秒:~至到])|(?<=[-/.年月日号旬时点分秒:~至到]) ")
FLOAT_ENDING = re.compile(r"(?<=\d)(?<!\.\d)(?<!\.\d\d)\.0+(?=-|$)")  # 2024.0-3.0 of numeric columns put together
EMPTY_ENDING = re.compile(r"(\d{4}(?:-\d{1,2})?)-{1,2}")  # 2024-5- of columns put together, the last one empty
_CLOCK = r"(?:[日号]|(?=\D)|$)[t, ]?(?P<clock>.*)"
_TIME = r"(?:[t ](?P<clock>.*))?"
_NAME, _GAP, _TH = r"(?P<name>[a-z]{3,9})\.?", r"[-/., ]*", r"(?:st|nd|rd|th)?"
FORMS = tuple(
    re.compile(form, re.ASCII)
    for form in (
        # a day
        rf"(?P<year>\d{{4}})(?P<mark>[-/.])(?P<month>\d{{1,2}})(?P=mark)(?P<day>\d{{1,2}}){_CLOCK}",
        rf"(?:(?P<year>\d{{4}}|\d\d)年)?(?P<month>\d{{1,2}})月份?(?P<day>\d{{1,2}}){_CLOCK}",
        rf"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d){_CLOCK}",
        r"(?P<year>(?:19|20)\d\d)(?P<month>\d\d)(?P<day>\d\d)[t ]?(?P<compact>\d{4}|\d{6})",
        r"(?P<month>\d{1,2})[-/.](?P<day>\d{1,2})",
        r"(?P<day>\d{1,2})[日号](?P<clock>.*)",
        rf"(?P<year>\d\d)\.(?P<month>\d{{1,2}})\.(?P<day>\d{{1,2}}){_CLOCK}",
        rf"(?P<a>\d{{1,2}})(?P<mark>[-/.])(?P<b>\d{{1,2}})(?P=mark)(?P<c>\d{{4}}|\d{{1,2}}){_CLOCK}",
        rf"(?P<day>\d{{1,2}}){_TH}{_GAP}{_NAME}(?:{_GAP}(?P<year>\d{{4}}|\d\d))?{_TIME}",
        rf"{_NAME}[-. ]*(?P<day_or_year>\d\d)",
        rf"{_NAME}[-. ]*(?P<day>\d{{1,2}}){_TH}(?:[, ]+(?P<year>\d{{4}}))?{_TIME}",
        rf"(?P<year>\d{{4}}){_GAP}{_NAME}{_GAP}(?P<day>\d{{1,2}}){_TIME}",
        # a third of a month
        r"(?:(?P<year>\d{4}|\d\d)年)?(?P<month>\d{1,2})月份?(?P<third>[上中下]旬|[初中底末])",
        r"(?P<year>\d{4})[-/.](?P<month>\d{1,2})(?P<third>[上中下]旬)",
        # a month
        r"(?:(?P<year>\d{4}|\d\d)年)?(?P<month>\d{1,2})月份?",
        r"(?P<year>\d{4})\.1(?P<day_or_year>)",  # January, or October that lost its zero in Excel
        r"(?P<year>\d{4})[-/.年](?P<month>\d{1,2})月?",
        r"(?P<month>\d{1,2})[-/.](?P<year>\d{4})",
        r"(?P<year>(?:19|20)\d\d)(?P<month>0[1-9]|1[0-2])",
        rf"{_NAME}(?:{_GAP}(?P<year>\d{{4}}))?",
        rf"(?P<year>\d{{4}}){_GAP}{_NAME}",
        # a year
        r"(?P<year>(?:19|20)\d\d)年?",
    )
)
Parts = Mapping[str, str | None]


class ParsedDate(NamedTuple):
    """First and last possible day; how exactly that was said (minute hour day ten_days month year); hour if given."""

    first: date
    last: date
    precision: str
    hour: int | None = None

    @property
    def in_months(self) -> str | None:
        """2015-03 of days within one month, 2015 of a year."""
        is_month = self.first.replace(day=1) == self.last.replace(day=1)
        return f"{self.first:%Y-%m}" if is_month else str(self.first.year) if self.precision == "year" else None


def parse_date(text: str, default_year: int | None = None, default_month: int | None = None) -> ParsedDate | Problem:
    """The days a text may mean; year and month of the file's title complete texts such as 3月5日 or 5日."""
    written = _tidied(text)
    if re.fullmatch(r"[0-9]{5}(\.[0-9]+)?", written):
        return _of_serial(float(written)) or Problem("unreadable_date")
    if re.fullmatch(r"1[0-9]{12}", written):  # 2001 to 2033
        return _of_moment(EPOCH_IN_CHINA + timedelta(milliseconds=int(written)))
    parsed = _single(written, default_year, default_month)
    if parsed is None:
        parsed = _period(written, default_year, default_month)
    if parsed is None and default_year is None and isinstance(parse_date(text, LEAP_YEAR, default_month), ParsedDate):
        return Problem("date_without_year")
    return Problem("unreadable_date") if parsed is None else parsed


def parse_hour(text: str) -> int | Problem:
    """The hour of the day, 0–23: 14, 14时, 14:30, 下午3点."""
    clock = parse_clock(_tidied(text))
    if isinstance(clock, Clock):
        return clock.hour
    return clock or Problem("unreadable_hour")


def _tidied(text: str) -> str:
    """Without weekdays, words for 'about', and blanks that separate nothing."""
    written = plain(text).lower()
    if not written.isascii():
        written = re.sub(r"[(\[]?(星期|周|礼拜)[一二三四五六日天末][)\]]?", " ", written)
        written = re.sub(r"^(\d{4})[。、](\d{1,2})[。、](?=\d)", r"\1.\2.", written)  # typed in the Chinese mode
        written = re.sub(r"大约|约|左右|前后|许$|整$", "", with_arabic_numerals(written))
        written = re.sub(r"(?<=年)-|(?<=月)-(?=\d+[日号])", "", written)  # 2024年-3月-5日 of columns put together
    written = FLOAT_ENDING.sub("", written)
    written = NEEDLESS_BLANK.sub("", written)
    written = found[1] if (found := EMPTY_ENDING.fullmatch(written)) else written
    return written.strip(" .,;。")


def _single(written: str, year: int | None, month: int | None) -> ParsedDate | Problem | None:
    """One date, in the first form whose parts make sense."""
    for form in FORMS:
        found = form.fullmatch(written)
        parsed = _of_parts(found.groupdict(), year, month) if found else None
        if parsed is not None:
            return parsed
    return None


def _of_serial(serial: float) -> ParsedDate | None:
    if int(serial) not in EXCEL_SERIALS:
        return None
    return _of_moment(EXCEL_DAY_ZERO + timedelta(minutes=round(serial * 24 * 60)))


def _of_moment(moment: datetime) -> ParsedDate:
    """To the minute; midnight is how a program writes a day without a time."""
    day = moment.date()
    return ParsedDate(day, day, "day") if moment.time() == time(0) else ParsedDate(day, day, "minute", moment.hour)


def _of_parts(parts: Parts, default_year: int | None, default_month: int | None) -> ParsedDate | Problem | None:
    """The date of named parts; None if something is lacking or a word is no month."""
    if "a" in parts:
        return _of_disputed_order(str(parts["a"]), str(parts["b"]), str(parts["c"]), parts)
    month = _month(parts, default_month)
    if "day_or_year" in parts:
        return AMBIGUOUS if month or "name" not in parts else None
    written_year = parts.get("year")
    year = _full_year(written_year) if written_year else default_year
    if year is None:
        return None
    if year not in YEARS:
        return IMPOSSIBLE
    if not parts.keys() & {"month", "name", "day"}:
        return ParsedDate(date(year, 1, 1), date(year, 12, 31), "year")
    return None if month is None else _in_month(year, month, parts)


def _month(parts: Parts, default_month: int | None) -> int | None:
    if "name" in parts:
        return next((i for i, month in enumerate(MONTHS, 1) if parts["name"] in (month, month[:3], month[:4])), None)
    month = parts.get("month")
    return int(month) if month else default_month


def _full_year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _in_month(year: int, month: int, parts: Parts) -> ParsedDate | Problem | None:
    if not 1 <= month <= 12:
        return IMPOSSIBLE
    length = calendar.monthrange(year, month)[1]
    if "third" in parts:
        first = {"上": 1, "初": 1, "中": 11}.get(str(parts["third"])[0], 21)
        return ParsedDate(date(year, month, first), date(year, month, length if first == 21 else first + 9), "ten_days")
    if "day" not in parts:
        return ParsedDate(date(year, month, 1), date(year, month, length), "month")
    day = int(str(parts["day"]))
    return _at(date(year, month, day), parts) if 1 <= day <= length else IMPOSSIBLE


def _of_disputed_order(a: str, b: str, c: str, parts: Parts) -> ParsedDate | Problem | None:
    """Three numbers that do not plainly begin with the year: the only order that gives a date, if it is the only one.

    24/3/5 begins with the year, as Chinese files do, unless it may be month/day/year of an American Excel.
    """
    year_first = _day(f"20{a}", b, c) if len(a) == 2 and len(c) <= 2 else None
    month_first = _day(c, a, b) if len(c) > 1 else None
    day_first = _day(c, b, a) if len(c) > 1 and not year_first else None
    days = {day for day in (year_first, month_first, day_first) if day}
    return _at(days.pop(), parts) if len(days) == 1 else AMBIGUOUS if days else IMPOSSIBLE


def _day(year: str, month: str, day: str) -> date | None:
    try:
        return date(_full_year(year), int(month), int(day))
    except ValueError:
        return None


def _at(day: date, parts: Parts) -> ParsedDate | Problem | None:
    """The day with its time."""
    compact = parts.get("compact")
    text = f"{compact[:2]}:{compact[2:4]}" if compact else parts.get("clock") or ""
    if not text or text in PARTS_OF_DAY:
        return ParsedDate(day, day, "day")
    clock = parse_clock(text)
    if not isinstance(clock, Clock):
        return clock and IMPOSSIBLE
    moment = datetime.combine(day, time(clock.hour, clock.minute or 0))
    moment += timedelta(minutes=CHINA_MINUTES_AHEAD - clock.minutes_ahead)
    return (
        _of_moment(moment)
        if clock.minute is not None
        else ParsedDate(moment.date(), moment.date(), "hour", moment.hour)
    )


def _period(written: str, year: int | None, month: int | None) -> ParsedDate | Problem | None:
    """From one date to another: 3月5日至8日, 2024-03-05~2024-03-08, 3月5日14时-16时."""
    separators = [] if re.search(r"[a-z]{3}", written) else list(re.finditer(r"至|到|~|-+", written))
    for between in reversed(separators):
        start = _single(written[: between.start()], year, month)
        end = _end(written[between.end() :], start) if isinstance(start, ParsedDate) else None
        if isinstance(start, ParsedDate) and isinstance(end, ParsedDate) and _grain(start) == _grain(end):
            return _spanning(start.first, end.last)
    return None


def _end(written: str, start: ParsedDate) -> ParsedDate | Problem | None:
    """The end of a period, completed by its start; a bare number is a day, or an hour after an hour."""
    if start.hour is not None and isinstance(parse_clock(written), Clock):
        return ParsedDate(start.first, start.last, "day")
    if re.fullmatch(r"[0-9]{1,2}", written) and _grain(start) == "day":
        written += "日"
    return _single(written, start.first.year, start.first.month)


def _grain(parsed: ParsedDate) -> str:
    return "day" if parsed.precision in ("minute", "hour") else parsed.precision


def _spanning(first: date, last: date) -> ParsedDate | Problem:
    days = (last - first).days + 1
    if days < 1:
        return IMPOSSIBLE
    lengths = (("day", 1), ("ten_days", 11), ("month", 31))
    return ParsedDate(first, last, next((name for name, longest in lengths if days <= longest), "year"))
