"""Tells the rows of a table from what offices put between and below them: totals, signatures, repeated headers."""

import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from ddk_surveillance.arrays import Flags, Ints
from ddk_surveillance.intake.cleaning import compact
from ddk_surveillance.intake.headers import ColumnHeaders, Header, Row, header_in
from ddk_surveillance.intake.sheets import Sheet

Kind: TypeAlias = Literal["blank", "repeated_header", "total", "footer", "zero_report", "example", "ragged", "cut_off",
                          "other_header", "beneath_other_header", "title"]  # fmt: skip
HEADERS = ("repeated_header", "other_header")
FIRST_CELLS = 4
FEWEST_NUMBERED = 5

TOTAL = re.compile(
    r"^.{0,20}?(?P<label>合计|小计|总计|共计|累计|总数|共(?=(发生|上报|报告|登记|有)?\d))(\(.*?\)|发生|上报|报告|登记|有)?:?"
    r"(?P<stated>\d+)?[人例件个起条次]?([,;。(]?其中.*)?[。.]?$"
)
NUMBER = re.compile(r"(\d+)(\.0+)?[人例件个起条次]?")
QUANTITY = re.compile(r"[\d.,%\-—/人例件个起条次元天岁]*")
FOOTER = re.compile(
    r"^(单位|主要|分管|科室)?(填表|填报|填卡|制表|审核|复核|审批|经办|统计|报告|报送|上报|负责|联系|领导|盖章|签字|签章|单位)"
    r"(人|者|员|单位|部门|机构|日期|时间|电话|领导|医师|医生|意见)?(签字|签名|签章|盖章)?(\(.*?\))?(:|$)"
    r"|^(填表)?(说明|备注|附注|注)\d*([:.]|$)|^第\d+页|^共\d+页"
)
LONE_DATE = re.compile(r"20\d\d[-./年]\d{1,2}[-./月]\d{1,2}日?")
EXAMPLE = re.compile(r"^\(?(填写|填报|填表)?(示例|样例|范例|示范|例)(行|数据|\d{1,2})?\)?([:.]|$)")
ZERO_REPORT = re.compile(
    r"^20\d\d年\d{1,2}月份?(无|没有|未发生|0例)(伤害|事件|事故|案件|病例|报告)*[。.]?$"
    r"|零报告|零上报|本(年度?|季度?|月份?|周|周期|期|学期)[^,;。]{0,4}(无|未发生|没有|未出现|0例|零)"
    r"|^无(伤害|事件|事故|病例|个案|暴力|此类|上报|相关|新增|数据|记录|儿童|学生)"
    r"|(未发生|没有|未出现|无)(任何|儿童|学生|幼儿|婴幼儿|未成年人|新增|此类|相关|上述|意外|非故意)*"
    r"(伤害|暴力|欺凌|事件|事故|案件|病例|死亡)|^无[。.!]?$"
)
# 本月无漏报 speaks of reporting; 如本月无事件,请填零报告 is the form's instruction.
NOT_ZERO = re.compile(r"[漏迟瞒错]报|遗漏|[如若须需]|应当?填|请(填|报|写|注明|在)")
# What the first, quick look keeps: white space only, or a character of the words above.
HINT = r"^[\s\pZ\p{Cf}]*$|计|共|总数|填|制表|审|复核|经办|统计|报|责|分管|联系|科室|盖章|签|说明|注|页|无|未|没有"


@dataclass(frozen=True)
class Total:
    """A 合计 or 小计 line: the number it states, and how many rows stand above it, since the last of that name and in all."""

    row_number: int
    label: str
    stated: int | None
    counted: int
    above: int

    @property
    def is_wrong(self) -> bool:
        return self.stated not in (None, self.counted, self.above)


def classify(sheet: Sheet, header: Header, columns: Sequence[ColumnHeaders]) -> dict[int, Kind]:
    """Row number → kind, for every row below the header that is not a row of the table."""
    body = sheet.cells.slice(header.end)
    if not body.num_rows:
        return {}
    filled = _filled_cells(body)
    declared = _filled_cells(body.select(sorted(header.columns.values())))
    says_nothing = (filled == 0) | ((declared == 0) & (filled == 1))  # a line that was only numbered
    kinds: dict[int, Kind] = {int(position) + header.end + 1: "blank" for position in np.flatnonzero(says_nothing)}
    above: dict[tuple[str, ...], Kind] = dict.fromkeys(
        map(_squeezed, rows_of(sheet.cells.slice(0, header.end))), "title"
    )
    named = sheet.cells.slice(header.first_row, header.height)
    above |= dict.fromkeys(map(_squeezed, rows_of(named)), "repeated_header")
    words = [*(word for column in columns for word in column.headers), *filter(None, itertools.chain(*rows_of(named)))]
    suspects = np.flatnonzero(_suspects(sheet, body, header, filled, words))
    for position, row in zip(suspects, rows_of(body.take(pa.array(suspects))), strict=True):
        kind = _kind(row, above, few_cells(header)) or _other_header(row, header, columns)
        if kind:
            kinds[int(position) + header.end + 1] = kind
    if _explains_columns(rows_of(body.slice(0, 1))[0]):
        kinds[header.end + 1] = "repeated_header"
    kinds |= dict.fromkeys(_dates_at_the_foot(sheet, kinds, header.end), "footer")
    kinds |= dict.fromkeys(_titles_between(sheet, kinds, header.end), "title")
    ragged = [number for number in _ragged_rows(sheet, body, header) if number not in kinds]
    ragged += [number for number in _cut_rows(sheet, body, header, ragged) if number not in kinds]
    unreadable: dict[int, Kind] = dict.fromkeys(ragged, "ragged")
    last = sheet.cells.num_rows
    if sheet.is_open_ended and last in unreadable and sheet.odd_widths.get(last, 0) <= sheet.width:
        unreadable[last] = "cut_off"
    return unreadable | kinds | _beneath(kinds, last)


def _dates_at_the_foot(sheet: Sheet, kinds: Mapping[int, Kind], end: int) -> Iterator[int]:
    """Rows below the last of the table with a date and nothing else: the day on which somebody signed."""
    for number in range(sheet.cells.num_rows, end, -1):
        if number not in kinds:
            [row] = rows_of(sheet.cells.slice(number - 1, 1))
            texts = _squeezed(row)
            is_merged = any(top < number - 1 <= bottom for top, bottom, _ in sheet.merged)
            if len(texts) != 1 or not LONE_DATE.fullmatch(texts[0]) or is_merged:
                return
            yield number


def _titles_between(sheet: Sheet, kinds: Mapping[int, Kind], end: int) -> Iterator[int]:
    """The lines of one cell right above a further header."""
    for below in [number for number, kind in kinds.items() if kind in HEADERS]:
        for number in range(below - 1, end, -1):
            if number not in kinds and sum(map(bool, *rows_of(sheet.cells.slice(number - 1, 1)))) != 1:
                break
            if number not in kinds:
                yield number


def _other_header(row: Row, header: Header, columns: Sequence[ColumnHeaders]) -> Kind | None:
    """Whether a row is a header, and if so, whether the columns stand where they stood."""
    named = header_in(row, columns).columns
    if len(named) <= few_cells(header):
        return None
    return "repeated_header" if named == header.columns else "other_header"


def _explains_columns(row: Row) -> bool:
    """甲 乙 1 2 3 … or (1) (2) (3) … below the header, as printed forms have it, or notes and units: (月) (年-月-日)."""
    texts = _squeezed(row)
    numbers = [text.strip("()") for text in texts if text not in "甲乙丙丁"]
    is_numbered = len(numbers) >= FEWEST_NUMBERED and numbers == list(map(str, range(1, len(numbers) + 1)))
    return is_numbered or (len(texts) > 1 and all(re.fullmatch(r"\(.*\)", text) for text in texts))


def _beneath(kinds: Mapping[int, Kind], last: int) -> dict[int, Kind]:
    """The rows below another header, down to the next that is as the first: nothing is read under the wrong header."""
    headers = sorted(number for number, kind in kinds.items() if kind in HEADERS)
    beneath: dict[int, Kind] = {}
    for number, following in itertools.pairwise([*headers, last + 1]):
        if kinds[number] == "other_header":
            rows = (row for row in range(number + 1, following) if row not in kinds)
            beneath |= dict.fromkeys(rows, "beneath_other_header")
    return beneath


def few_cells(header: Header) -> int:
    """Up to how many filled cells a row looks unlike a record: half of the declared columns found."""
    return max(1, len(header.columns) // 2)


def totals_of(sheet: Sheet, kinds: Mapping[int, Kind], row_numbers: npt.NDArray[np.int32]) -> tuple[Total, ...]:
    """The lines of totals, each with the rows (of these ascending numbers) since the last line of the same name."""
    numbers = sorted(number for number, kind in kinds.items() if kind == "total")
    lines = rows_of(sheet.cells.take(pa.array([number - 1 for number in numbers], pa.int64())))
    totals: list[Total] = []
    rows_before: dict[str, int] = {}
    for number, row in zip(numbers, lines, strict=True):
        label, stated = total_of(row) or ("", None)
        rows = int(np.searchsorted(row_numbers, number))
        totals.append(Total(number, label, stated, rows - rows_before.get(label, 0), rows))
        rows_before[label] = rows
    return tuple(totals)


def rows_of(table: pa.Table) -> list[Row]:
    """The rows of a small table."""
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))


def is_zero_report(text: str) -> bool:
    """Whether compacted text says that nothing happened in the period."""
    return bool(ZERO_REPORT.search(text)) and not NOT_ZERO.search(text)


def total_of(row: Row) -> tuple[str, int | None] | None:
    """Label and number of a line of totals: 小计 | 3, 合计：5例, 12 | 合计 | 35; None if it is no such line."""
    texts = _squeezed(row)
    match = next(filter(None, map(TOTAL.match, texts[:2])), None)
    after = texts[texts.index(match.string) + 1 :] if match else []
    if match is None or not all(map(QUANTITY.fullmatch, after)):
        return None
    numbers = [number[1] for number in map(NUMBER.fullmatch, after) if number]
    stated = match["stated"] or next(iter(numbers), None)
    return match["label"], int(stated) if stated else None


def _filled_cells(body: pa.Table) -> npt.NDArray[np.int32]:
    """How many cells of every row hold something."""
    filled = np.zeros(body.num_rows, dtype=np.int32)
    for column in body.columns:
        filled += np.asarray(column.is_valid())
    return filled


def _suspects(
    sheet: Sheet, body: pa.Table, header: Header, filled: npt.NDArray[np.int32], words: Sequence[str]
) -> Flags:
    """Rows worth a closer look: hardly filled with a telling word, 计 in front, or a word of headers among the first cells."""
    suspects: Flags = (filled > 0) & (filled <= few_cells(header))
    sparse = np.flatnonzero(suspects)
    if len(sparse):
        joined, above = _joined(body.take(pa.array(sparse))), _joined(sheet.cells.slice(0, header.end))
        told = pc.or_(pc.match_substring_regex(joined, HINT), pc.is_in(joined, above.combine_chunks()))
        suspects[sparse] = np.asarray(told)
    front = sorted(header.columns.values())
    for position in {0, *front[:2]}:
        for word in "计例示":
            suspects |= _flags(pc.match_substring(body.column(position), word))
    for position in front[:FIRST_CELLS]:
        suspects |= _flags(pc.is_in(body.column(position), pa.array(words)))
    return suspects


def _kind(row: Row, above: Mapping[tuple[str, ...], Kind], few: int) -> Kind | None:
    texts = _squeezed(row)
    if not texts:
        return "blank"
    if repeated := above.get(texts):
        return repeated
    if total_of(row):
        return "total"
    if any(map(EXAMPLE.match, texts[:2])):
        return "example"
    if len(texts) <= min(3, few) and any(map(is_zero_report, texts)):
        return "zero_report"
    return "footer" if len(texts) <= few and FOOTER.match(texts[0]) else None


def _ragged_rows(sheet: Sheet, body: pa.Table, header: Header) -> list[int]:
    """Rows that lack cells under named headers, or hold something beyond the header's last cell."""
    if not sheet.odd_widths:
        return []
    needed = max([*header.columns.values(), *header.undeclared]) + 1
    there = max(sheet.odd_widths.get(number + 1, sheet.width) for number in range(header.first_row, header.end))
    widths = np.full(body.num_rows, sheet.width)
    for number, width in sheet.odd_widths.items():
        if number > header.end:
            widths[number - header.end - 1] = width
    ragged = (widths < needed) | (_filled_cells(body.select(range(there, body.num_columns))) > 0)
    return [int(position) + header.end + 1 for position in np.flatnonzero(ragged)]


def _cut_rows(sheet: Sheet, body: pa.Table, header: Header, ragged: Sequence[int]) -> Iterator[int]:
    """Rows that are whole but for the end of a cell: the file breaks off there, or a line break fell into the cell.

    What is left of the cell is shorter than every other cell of its column.
    """
    last = max(header.columns.values(), default=0)
    is_last_named = last >= max(header.undeclared, default=0)
    positions = np.array(ragged, dtype=np.int64) - header.end - 1
    alone = [position for position in positions.tolist() if sheet.odd_widths.get(position + header.end + 1) == 1]
    before = [position - 1 for position in alone if position > 0]
    before += [body.num_rows - 1] if sheet.is_open_ended else []
    after = [position + 1 for position in alone if position + 1 < body.num_rows]
    for column, suspects in ((last, before if is_last_named else []), (0, after)):
        if suspects:
            lengths = pc.fill_null(pc.utf8_length(body.column(column)), 0).to_numpy()
            yield from (one + header.end + 1 for one in suspects if _is_shortest(lengths, one, positions))


def _is_shortest(lengths: npt.NDArray[np.int32], position: int, ragged: Ints) -> bool:
    others = np.delete(lengths, [*ragged, position])
    others = others[others > 0]
    return others.size > 0 and bool(lengths[position] < others.min())


def _joined(table: pa.Table) -> pa.ChunkedArray:
    return pc.binary_join_element_wise(*table.columns, "\t", null_handling="skip")


def _flags(column: pa.ChunkedArray) -> Flags:
    return np.asarray(pc.fill_null(column, False))


def _squeezed(row: Row) -> tuple[str, ...]:
    """The filled cells, compacted."""
    return tuple(filter(None, map(compact, row)))
