"""A time of day as offices write it → hour and minute."""

import re
from typing import NamedTuple

from ddk_surveillance.problems import Problem

CHINA_MINUTES_AHEAD = 8 * 60
NIGHT = (18, 19, 20, 21, 22, 23, 0, 1, 2, 3, 4, 5)
# Which hours a word for a part of the day can mean; 下午3点 is the one of 3 and 15 that lies inside.
PARTS_OF_DAY = {
    "凌晨": range(0, 7), "清晨": range(3, 12), "早晨": range(3, 12), "早上": range(3, 12), "早": range(3, 12),
    "上午": range(1, 13), "中午": range(10, 15), "下午": range(12, 24), "午后": range(12, 19), "傍晚": range(16, 21),
    "晚上": range(16, 24), "晚间": range(16, 24), "晚": range(16, 24), "夜间": NIGHT, "夜里": NIGHT, "深夜": NIGHT,
    "半夜": NIGHT, "am": range(0, 12), "pm": range(12, 24),
}  # fmt: skip
CLOCK = re.compile(
    rf"(?P<part>{'|'.join(PARTS_OF_DAY)})? ?(?P<hour>\d{{1,2}})"
    # a zone to the west only after seconds: 08:00-09:00 is a time of an hour
    r"(?::(?P<minute>\d\d)(?::\d\d(?:[.,]\d+)?(?P<west>-(?:0\d|1[0-2])(?::?\d\d)?)?)?"
    r"|(?:时|点钟?|h)(?:(?P<minutes>\d{1,2})分?(?:\d{1,2}秒)?|(?P<half>半)|(?P<quarters>[123])刻)?)?"
    r" ?(?P<meridiem>am|pm)? ?(?P<zone>z|utc|gmt|\+\d\d(?::?\d\d)?)?",
    re.ASCII,
)


class Clock(NamedTuple):
    """Hour 0–23, minute if given, and how many minutes the clock is ahead of universal time."""

    hour: int
    minute: int | None
    minutes_ahead: int


def parse_clock(text: str) -> Clock | Problem | None:
    """A time in lower case without blanks around separators; None for anything else, a Problem for 24 o'clock."""
    found = CLOCK.fullmatch(text)
    if not found:
        return None
    minute = _minute(found)
    hour = _hour(found["part"] or found["meridiem"], int(found["hour"]))
    if hour is None:
        return None
    if hour > 23 or (minute or 0) > 59:
        return Problem("impossible_hour")
    return Clock(hour, minute, _minutes_ahead(found["zone"] or found["west"]))


def _hour(part: str | None, hour: int) -> int | None:
    """None where the word and the number fit together in no way or in two."""
    if part is None:
        return hour
    meant = {hour % 12, hour % 12 + 12} if 1 <= hour <= 12 else {hour}
    fitting = meant & set(PARTS_OF_DAY[part])
    return fitting.pop() if len(fitting) == 1 else None


def _minute(found: re.Match[str]) -> int | None:
    if found["half"]:
        return 30
    if found["quarters"]:
        return 15 * int(found["quarters"])
    minutes = found["minute"] or found["minutes"]
    return int(minutes) if minutes else None


def _minutes_ahead(zone: str | None) -> int:
    if zone is None:
        return CHINA_MINUTES_AHEAD
    digits = zone.strip("+-").replace(":", "").ljust(4, "0")
    minutes = int(digits[:2]) * 60 + int(digits[2:]) if digits.isdigit() else 0
    return -minutes if zone.startswith("-") else minutes
