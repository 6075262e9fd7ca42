"""What an office writes → which days it may mean. Period titles: a file headed 2024年3月."""

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddk_surveillance.problems import Problem
from ddk_surveillance.text.dates import ParsedDate, parse_date, parse_hour

DAY = [
    "2024。3。5", "2024、3、5", "2024-03-05", "2024-3-5", "2024/3/5", "2024.3.5", "2024.03.05", "20240305", "20240305.0", "24.3.5", "24/3/5", "24-03-05",
    "2024年3月5日", "2024年03月05日", "2024 年 3 月 5 日", "2024年3月5号", "2024年3月5", "24年3月5日", "２０２４年３月５日", "2024-3-5日",
    "二〇二四年三月五日", "二零二四年三月五日", "二○二四年三月五日", "二O二四年三月五日", "2024年三月五日",
    "45356", "45356.0", "2024-03-05 00:00:00", "2024-03-05T00:00:00", "2024-03-05T00:00:00+08:00", "2024-03-04T16:00:00.000Z",
    "2024-03-05 00:00:00.0", "2024/3/5 0:00", "2024—03—05", "2024-03-05(周二)", "2024年3月5日 星期二", "2024年3月5日下午",
    "5 Mar 2024", "5 March 2024", "5th March, 2024", "Mar 5, 2024", "March 5 2024", "2024-Mar-05", "05-Mar-24", "5-MAR-2024",
    "'2024-03-05", " 2024-03-05 ", "2024\u200b-03-05", "2024.0-3.0-5.0", "2024年-3月-5日", "2024-03-05至2024-03-05",
]  # fmt: skip
EXACT = {
    "2024年3月5日14时": ("hour", 14), "2024年3月5日14点": ("hour", 14), "2024-3-5 下午3点": ("hour", 15), "2024-03-05 约15时": ("hour", 15),
    "2024年3月5日上午10时许": ("hour", 10), "2024年3月5日凌晨零点": ("hour", 0), "2024-03-05 8": ("hour", 8), "2024年3月5日夜里2点": ("hour", 2),
    "2024年3月5日中午12点": ("hour", 12), "2024-03-05 3pm": ("hour", 15), "2024-03-05 0时": ("hour", 0),
    "2024/3/5 14:30:00": ("minute", 14), "2024-03-05T14:30:00": ("minute", 14), "2024-03-05 14:30:59.123": ("minute", 14),
    "2024-03-05T14:30:00+08:00": ("minute", 14), "2024-03-05T06:30:00Z": ("minute", 14), "2024-03-05T06:30:00+0000": ("minute", 14),
    "2024年3月5日14时30分": ("minute", 14), "2024年3月5日(星期二)下午3点半": ("minute", 15), "2024-03-05 3:30 PM": ("minute", 15),
    "2024-03-05 下午3:30": ("minute", 15), "202403051430": ("minute", 14), "20240305143000": ("minute", 14), "20240305 14:30": ("minute", 14),
    "2024-03-05 14:30:00+08": ("minute", 14), "2024-03-05 01:30:00-05:00": ("minute", 14), "2024-03-04T22:30:00.000-0800": ("minute", 14),
    "1709620200000": ("minute", 14), "45356.604166667": ("minute", 14), "2024年3月5日二十二时十五分": ("minute", 22), "2024/03/05 14：30": ("minute", 14),
}  # fmt: skip
INTERVAL = {
    "2024年3月上旬": ("2024-03-01", "2024-03-10", "ten_days"), "2024年3月中旬": ("2024-03-11", "2024-03-20", "ten_days"),
    "2024年2月下旬": ("2024-02-21", "2024-02-29", "ten_days"), "2023年2月下旬": ("2023-02-21", "2023-02-28", "ten_days"),
    "2024-03上旬": ("2024-03-01", "2024-03-10", "ten_days"), "二〇二四年三月上旬": ("2024-03-01", "2024-03-10", "ten_days"),
    "2024年3月初": ("2024-03-01", "2024-03-10", "ten_days"), "2024年3月底": ("2024-03-21", "2024-03-31", "ten_days"),
    "2024年2月": ("2024-02-01", "2024-02-29", "month"), "2023年2月份": ("2023-02-01", "2023-02-28", "month"),
    "202402": ("2024-02-01", "2024-02-29", "month"), "2024-02": ("2024-02-01", "2024-02-29", "month"),
    "2024/2": ("2024-02-01", "2024-02-29", "month"), "2024.10": ("2024-10-01", "2024-10-31", "month"),
    "2/2024": ("2024-02-01", "2024-02-29", "month"), "Jan 2012": ("2012-01-01", "2012-01-31", "month"),
    "2012-Jan": ("2012-01-01", "2012-01-31", "month"), "January 2012": ("2012-01-01", "2012-01-31", "month"),
    "Sept. 2012": ("2012-09-01", "2012-09-30", "month"), "2012.0-1.0": ("2012-01-01", "2012-01-31", "month"),
    "2012": ("2012-01-01", "2012-12-31", "year"), "2012年": ("2012-01-01", "2012-12-31", "year"),
    "2024-03-05至2024-03-08": ("2024-03-05", "2024-03-08", "ten_days"), "2024-03-05-2024-03-08": ("2024-03-05", "2024-03-08", "ten_days"),
    "2024年3月5日至8日": ("2024-03-05", "2024-03-08", "ten_days"), "2024.3.5-8": ("2024-03-05", "2024-03-08", "ten_days"),
    "2024.3.5～3.8": ("2024-03-05", "2024-03-08", "ten_days"), "2024年3月5日到4月2日": ("2024-03-05", "2024-04-02", "month"),
    "2024年3-5月": ("2024-03-01", "2024-05-31", "year"), "2023年12月30日至2024年1月2日": ("2023-12-30", "2024-01-02", "ten_days"),
    "2024年3月5日14时至16时": ("2024-03-05", "2024-03-05", "day"), "2024-03-05 08:00-09:00": ("2024-03-05", "2024-03-05", "day"),
    "2024-03-05 08:00:00-09:00:00": ("2024-03-05", "2024-03-05", "day"), "1709568000000": ("2024-03-05", "2024-03-05", "day"),
    "2024年3月5日8-9时": ("2024-03-05", "2024-03-05", "day"), "2024年3月5日14时至3月6日9时": ("2024-03-05", "2024-03-06", "ten_days"),
}  # fmt: skip
COMPLETED_BY_TITLE = {
    "3月5日": ("2024-03-05", "2024-03-05", "day"), "三月五日": ("2024-03-05", "2024-03-05", "day"), "3-5": ("2024-03-05", "2024-03-05", "day"),
    "3/5": ("2024-03-05", "2024-03-05", "day"), "3.5": ("2024-03-05", "2024-03-05", "day"), "4月2日": ("2024-04-02", "2024-04-02", "day"),
    "5日": ("2024-03-05", "2024-03-05", "day"), "5号": ("2024-03-05", "2024-03-05", "day"), "5 Mar": ("2024-03-05", "2024-03-05", "day"),
    "5日14时": ("2024-03-05", "2024-03-05", "hour"), "3月5日-8日": ("2024-03-05", "2024-03-08", "ten_days"),
    "3月上旬": ("2024-03-01", "2024-03-10", "ten_days"), "3月底": ("2024-03-21", "2024-03-31", "ten_days"),
    "3月": ("2024-03-01", "2024-03-31", "month"), "Jan": ("2024-01-01", "2024-01-31", "month"),
}  # fmt: skip
REFUSED = {
    "impossible_date": [
        "2025-02-30", "2023-2-29", "2024-13-01", "2024-00-05", "2024-03-00", "20241301", "2024年13月", "31/31/2024", "2204-03-05",
        "2024-03-05 24:00", "2024-03-05 25:10", "2024-03-05 14:75", "2024-03-08至2024-03-05",
    ],
    "ambiguous_date": ["03/05/2024", "3/5/2024", "3-5-2024", "5.3.2024", "03/05/24", "3/5/24", "03-05-24", "Mar-24", "2024.1"],
    "unreadable_date": [
        "", "今天", "abc", "2024年三月初五", "2024-W10", "去年3月", "14:30", "5日", "5", "12345", "99999", "0",
        "2024-3-123", "2024-03-05 上课", "2024年3月5日晚上12点", "10000101", "May be", "2024-03-05,2024-03-09", "5.00104E+17",
        "42024-03-05", "2024/03-05", "202403-05", "5 Mar 20-24", "2024年3月5日至", "至2024年3月5日",
    ],
}  # fmt: skip
HOURS: dict[str, int | str] = {
    "14": 14, "14.0": 14, "14时": 14, "14点": 14, "14:30": 14, "14:30:00": 14, "14：30": 14, "１４": 14, "0": 0, "08": 8, "23": 23, "约15时": 15,
    "下午3点": 15, "下午3:30": 15, "3pm": 15, "中午12点": 12, "凌晨12点": 0, "早上8点半": 8, "晚上9点": 21, "半夜11点": 23, "十四时": 14, "15点左右": 15,
    "24": "impossible_hour", "24:00": "impossible_hour", "25时": "impossible_hour", "14:75": "impossible_hour",
    "": "unreadable_hour", "下午": "unreadable_hour", "晚上12点": "unreadable_hour", "晚上1点": "unreadable_hour", "-1": "unreadable_hour",
    "14-15时": "unreadable_hour", "14.5": "unreadable_hour", "1430": "unreadable_hour", "课间": "unreadable_hour",
}  # fmt: skip


def interval(text: str, *title: int) -> tuple[str, str, str] | str:
    parsed = parse_date(text, *title)
    if isinstance(parsed, Problem):
        return parsed.code
    return parsed.first.isoformat(), parsed.last.isoformat(), parsed.precision


@pytest.mark.parametrize("text", DAY)
def test_every_way_to_write_one_day(text: str) -> None:
    assert parse_date(text) == ParsedDate(date(2024, 3, 5), date(2024, 3, 5), "day", None)


@pytest.mark.parametrize(("text", "expected"), EXACT.items())
def test_a_time_of_day_is_kept_with_its_precision(text: str, expected: tuple[str, int]) -> None:
    assert parse_date(text) == ParsedDate(date(2024, 3, 5), date(2024, 3, 5), *expected)


@pytest.mark.parametrize(("text", "expected"), INTERVAL.items())
def test_what_is_known_only_roughly_becomes_an_interval(text: str, expected: tuple[str, str, str]) -> None:
    assert interval(text) == expected


@pytest.mark.parametrize(("text", "expected"), COMPLETED_BY_TITLE.items())
def test_the_title_of_the_file_completes_a_date(text: str, expected: tuple[str, str, str]) -> None:
    assert interval(text, 2024, 3) == expected


def test_the_title_never_replaces_what_the_cell_says() -> None:
    assert interval("2019年12月31日", 2024, 3) == ("2019-12-31", "2019-12-31", "day")
    assert interval("4月2日", 2024, 3) == ("2024-04-02", "2024-04-02", "day")
    assert interval("5日", 2024) == "unreadable_date"


@pytest.mark.parametrize(
    "text", ["3月5日", "3月", "Jan", "4月18日", "4-18", "2月29日", "4月18日14时", "4月", "4月18日至20日"]
)
def test_a_date_without_its_year_is_told_as_such(text: str) -> None:
    assert interval(text) == "date_without_year"


@pytest.mark.parametrize(("code", "text"), [(code, text) for code, texts in REFUSED.items() for text in texts])
def test_what_cannot_be_a_date_or_could_be_two_is_refused(code: str, text: str) -> None:
    assert interval(text) == code


def test_an_american_date_is_read_when_only_one_order_is_possible() -> None:
    assert interval("13/05/2024") == ("2024-05-13", "2024-05-13", "day")
    assert interval("05/13/2024") == ("2024-05-13", "2024-05-13", "day")
    assert interval("05/05/2024") == ("2024-05-05", "2024-05-05", "day")
    assert interval("12-25-24") == ("2024-12-25", "2024-12-25", "day")


@pytest.mark.parametrize(("text", "expected"), HOURS.items())
def test_hours(text: str, expected: int | str) -> None:
    parsed = parse_hour(text)
    assert (parsed.code if isinstance(parsed, Problem) else parsed) == expected


def chinese(number: int) -> str:
    tens, ones = divmod(number, 10)
    digits = "〇一二三四五六七八九"
    return ("" if tens == 0 else "十" if tens == 1 else f"{digits[tens]}十") + (
        "" if number and not ones else digits[ones]
    )


DAY_SPELLINGS = {
    "iso": lambda day: day.isoformat(),
    "slashes": lambda day: f"{day.year}/{day.month}/{day.day}",
    "dots": lambda day: f"{day.year}.{day.month}.{day.day}",
    "two-digit year": lambda day: f"{day:%y}.{day.month}.{day.day}",
    "compact": lambda day: f"{day:%Y%m%d}",
    "Chinese": lambda day: f"{day.year}年{day.month}月{day.day}日",
    "Chinese numerals": lambda day: (
        "".join("〇一二三四五六七八九"[int(digit)] for digit in str(day.year))
        + f"年{chinese(day.month)}月{chinese(day.day)}日"
    ),
    "full width": lambda day: f"{day.year}年{day.month}月{day.day}日".translate(
        str.maketrans("0123456789", "０１２３４５６７８９")
    ),
    "timestamp": lambda day: f"{day} 00:00:00",
    "universal time": lambda day: f"{datetime(day.year, day.month, day.day) - timedelta(hours=8):%Y-%m-%dT%H:%M:%S}Z",
    "Excel serial": lambda day: str((day - date(1899, 12, 30)).days),
    "English": lambda day: f"{day.day} {day:%b} {day.year}",
    "English, month first": lambda day: f"{day:%B} {day.day}, {day.year}",
}


@pytest.mark.parametrize("spelling", DAY_SPELLINGS)
@given(day=st.dates(date(2000, 1, 1), date(2049, 12, 31)))
def test_a_day_in_any_form_reads_back(spelling: str, day: date) -> None:
    assert parse_date(DAY_SPELLINGS[spelling](day)) == ParsedDate(day, day, "day", None)


@given(moment=st.datetimes(datetime(2000, 1, 1), datetime(2049, 12, 31)))
def test_a_moment_keeps_its_day_and_hour(moment: datetime) -> None:
    parsed = parse_date(f"{moment:%Y/%m/%d} {moment.hour}时{moment.minute}分")
    assert isinstance(parsed, ParsedDate)
    assert parsed.first == parsed.last == moment.date()
    assert parsed.hour == (moment.hour if (moment.hour, moment.minute) != (0, 0) else None)


@given(
    first=st.dates(date(2000, 1, 1), date(2049, 12, 31)), days=st.integers(0, 400), between=st.sampled_from("至到~～-")
)
def test_a_period_keeps_its_ends(first: date, days: int, between: str) -> None:
    last = first + timedelta(days)
    assert interval(f"{first}{between}{last}")[:2] == (first.isoformat(), last.isoformat())


@given(day=st.integers(1, 12), month=st.integers(1, 12), year=st.integers(2000, 2049))
def test_day_and_month_are_never_guessed(day: int, month: int, year: int) -> None:
    expected = date(year, month, day).isoformat() if day == month else None
    parsed = interval(f"{day:02d}/{month:02d}/{year}")
    assert parsed == ("ambiguous_date" if expected is None else (expected, expected, "day"))


@given(
    text=st.text(alphabet="0123456789年月日时点分上下旬午初底半至到-/.: ~TZ十二〇JanMayAM", max_size=20),
    title=st.booleans(),
)
def test_any_text_gives_an_ordered_interval_or_a_known_problem(text: str, title: bool) -> None:
    parsed = parse_date(text, 2024 if title else None, 3 if title else None)
    if not isinstance(parsed, Problem):
        assert parsed.first <= parsed.last
        assert parsed.precision in ("minute", "hour", "day", "ten_days", "month", "year")
        assert (parsed.precision in ("minute", "hour")) == (parsed.hour is not None)
