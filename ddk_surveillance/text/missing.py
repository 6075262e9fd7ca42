"""Words and marks that stand in a cell in the place of nothing."""

import re

from ddk_surveillance.text.spelling import plain

# A cell of nothing but these says nothing, whatever the column.
MARKS = re.compile(r"[-_/\\|.。…·*?~、,;:\"'“”\s]*")
EMPTY = re.compile(
    r"n\.?/?a\.?|nan|nat|null|nil|missing|blank|empty"
    r"|#(n/a|ref!|value!|div/0!|name\?|num!|null!|spill!|calc!|getting_data)"
    r"|[(\[]?(空|空白|空值|缺失|缺|漏填|未填|未填写|未填报|未录入|未录|未采集)[)\]]?"
)
# Words that a code list may well have an answer for; elsewhere they say nothing either.
UNKNOWN = re.compile(
    r"[(\[]?(不详|不祥|详情不明|不清|不清楚|不明|不明确|未知|不知|不知道|记不清|无|暂无|没有|未提供|未说明|未注明|未记录|未记载|未登记|未报告"
    r"|待查|待补|待补充|无法获知|无法提供|拒答|拒绝回答|none|unknown|unspecified|not (known|stated|given|available))[)\]]?"
)
ZERO = re.compile(r"0+(\.0+)?|(0000|1900)[-/](0?0|0?1)[-/]0?0( 0?0:00(:00)?)?")  # also Excel's day 0
KINDS_WITHOUT_ZERO = frozenset({"date", "icd10", "township"})


def is_missing(text: str, kind: str) -> bool:
    """Whether the cell says nothing; in a coded column 不详 or 无 may be an answer, so the code list decides.

    Zero is an answer for an hour, an age, a number and a code, and nothing where no such thing exists.
    """
    written = plain(text).casefold()
    if MARKS.fullmatch(written) or EMPTY.fullmatch(written):
        return True
    if kind in KINDS_WITHOUT_ZERO and ZERO.fullmatch(written):
        return True
    return kind != "code" and bool(UNKNOWN.fullmatch(written))
