"""What the lines above a table say about its period."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from ddk_surveillance.intake.cleaning import compact
from ddk_surveillance.intake.headers import Row

# The day on which somebody filled in the form is not the period of the table.
FILLING_DATE = re.compile(r"(填报|填表|填卡|报送|上报|报告|制表|统计|打印|导出)(日期|时间)|截[至止]")
# 2023-2024, 1—6月, 一至三月, 2024年1月至2024年3月: no single year or month.
RANGE = re.compile(
    r"20\d\d(年度?|学年)?[-—–~至到]20\d\d(年度?|学年)?(?!年?\d{1,2}月)"
    r"|(\d{1,2}|[一二三四五六七八九十]{1,3})月?[-—–~至到、](20\d\d年)?(\d{1,2}|[一二三四五六七八九十]{1,3})月"
)
YEAR = re.compile(r"(?<!\d)(20\d\d)(?:年|[-./](?:0?[1-9]|1[0-2])(?![-./\d]))")
MONTH = re.compile(r"20\d\d[-./](0?[1-9]|1[0-2])(?![-./\d])|(?<!\d)(0?[1-9]|1[0-2])月(?!龄)")
CHINESE_YEAR = re.compile(r"二[〇零○]([〇零○一二三四五六七八九]{2})年")
CHINESE_MONTH = re.compile(r"(?<![一二三四五六七八九十])(十[一二]?|[一二三四五六七八九])月(?!龄)")
DIGITS = {character: str(number % 10) for number, character in enumerate("〇一二三四五六七八九零")} | {"○": "0"}


class Period(NamedTuple):
    """Year and month, each None unless exactly one is named."""

    year: int | None
    month: int | None


def period_of(rows: Iterable[Row], sheet_name: str) -> Period:
    """The period in the lines above the table, else in the name of the sheet; dates of filling-in do not count."""
    title = _period(" ".join(_without_filling_dates(rows)))
    name = _period(compact(sheet_name))
    return Period(title.year or name.year, title.month or name.month)


def title_lines(rows: Iterable[Row]) -> tuple[str, ...]:
    """The text above the table, line by line."""
    lines = (" ".join(filter(None, row)) for row in rows)
    return tuple(line for line in lines if line)


def _without_filling_dates(rows: Iterable[Row]) -> Iterable[str]:
    """The cells up to such a label; where the label stands alone, the next cell is its date and is left out too."""
    for row in rows:
        awaits_date = False
        for cell in filter(None, map(compact, row)):
            label = FILLING_DATE.search(cell)
            if label or not awaits_date:
                yield cell[: label.start()] if label else cell
            awaits_date = label is not None and not re.search(r"\d", cell[label.end() :])


def _period(text: str) -> Period:
    text = RANGE.sub(" ", text)
    chinese = ("20" + "".join(map(DIGITS.__getitem__, year)) for year in CHINESE_YEAR.findall(text))
    years = {int(year) for year in [*YEAR.findall(text), *chinese]}
    months = {int(one or other) for one, other in MONTH.findall(text)} | set(map(_chinese, CHINESE_MONTH.findall(text)))
    return Period(_only(years), _only(months))


def _chinese(month: str) -> int:
    """十一 → 11."""
    return 10 + int(DIGITS.get(month[1:], "0")) if month.startswith("十") else int(DIGITS[month])


def _only(numbers: set[int]) -> int | None:
    return numbers.pop() if len(numbers) == 1 else None
