"""Whatever surrounds or separates an identifier it is found, and no token ever raises an alarm."""

import base64
import datetime

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from ddk_surveillance.guard.identifiers import GuardedColumn, find_identifiers, scan_text
from ddk_surveillance.tokens import resident_check_character

# The first text pays for compiling the patterns.
FULL_WIDTH = str.maketrans("0123456789Xx", "０１２３４５６７８９Ｘｘ")
SEPARATORS = ["", " ", "-", "－", "—", ".", "·", "/", "_", "\n", "\u3000", "\u00a0", "\u200b", " - ", "'", ",", "、"]
CHINESE_TEXT = st.text(st.sampled_from("患儿跌倒于家中的身高体重一三五编号:，。（）\n 渝"), max_size=12)


@st.composite
def resident_numbers(draw: st.DrawFn) -> str:
    """Made-up numbers of the unallocated area 99."""
    area = draw(st.integers(0, 9999))
    born = draw(st.dates(datetime.date(1930, 1, 1), datetime.date(2029, 12, 31)))
    first_17 = f"99{area:04d}{born:%Y%m%d}{draw(st.integers(0, 999)):03d}"
    return first_17 + resident_check_character(first_17)


@st.composite
def written(draw: st.DrawFn, numbers: st.SearchStrategy[str]) -> str:
    """A number as somebody may type it: other width, other case, separators anywhere."""
    number = draw(numbers)
    number = number.lower() if draw(st.booleans()) else number
    number = number.translate(FULL_WIDTH) if draw(st.booleans()) else number
    separators = draw(st.lists(st.sampled_from(SEPARATORS), min_size=len(number), max_size=len(number)))
    return "".join(map("".join, zip(number, [*separators[:-1], ""], strict=True)))


@given(CHINESE_TEXT, written(resident_numbers()), CHINESE_TEXT)
def test_a_resident_number_is_found_in_any_spelling_inside_any_text(before: str, number: str, after: str) -> None:
    assert "resident_id" in scan_text(before + number + after)


@given(
    st.integers(3, 9), st.integers(0, 10**9 - 1), CHINESE_TEXT, CHINESE_TEXT, st.sampled_from([" ", "-", "", "\u200b"])
)
def test_a_mobile_number_is_found_in_usual_groupings(
    second: int, rest: int, before: str, after: str, separator: str
) -> None:
    number = f"1{second}{rest:09d}"
    assert "mobile" in scan_text(before + separator.join((number[:3], number[3:7], number[7:])) + after)


PIECES = st.sampled_from(
    ["患儿", "王小明", "姓名:", "138", "12345678", "990104", "20150307", "0010", "-", " ", "，", "男", "8岁", "E1234567", "渝A", "12345",
     "栋", "单元", "@", "qq.com", "5.0010", "E+17", "一三八", "\u200b", "Ａ", "路", "号", "QQ", "转802", "跌倒", "2024-03-05", "W19.9"]
)  # fmt: skip
CELLS = st.lists(PIECES, max_size=6).map("".join)


@settings(max_examples=15)
@given(st.lists(CELLS, min_size=1, max_size=15, unique=True))
def test_a_long_column_is_judged_cell_by_cell_like_its_single_texts(cells: list[str]) -> None:
    """RE2 on a long array of distinct values, Python on a single text: one definition, 15 values being no series."""
    padding = [f"跌倒于教学楼楼梯拐角处,膝部擦伤,第{number}次观察" for number in range(800)]
    table = pa.table({"备注": [*cells, *padding], "row_number": range(len(cells) + len(padding))})
    found = {(one.kind, one.count) for one in find_identifiers(table, [GuardedColumn("备注")])}
    kinds = [kind for cell in cells for kind in scan_text(cell)]
    assert found == {(kind, kinds.count(kind)) for kind in kinds}


HEX_TOKENS = st.binary(min_size=16, max_size=64).map(bytes.hex)
BASE32_TOKENS = st.binary(min_size=17, max_size=17).map(lambda part: base64.b32encode(part).decode().lower()[:26])
TOKENS = st.one_of(HEX_TOKENS, HEX_TOKENS.map(str.upper), BASE32_TOKENS, BASE32_TOKENS.map("13812345.".__add__))


@given(st.lists(TOKENS, min_size=1, max_size=4), st.sampled_from([";", "；", "、", " ", "\n", "|"]))
def test_tokens_never_raise_an_alarm(tokens: list[str], separator: str) -> None:
    assert scan_text(separator.join(tokens)) == ()


@given(st.uuids())
def test_uuids_never_raise_an_alarm(identifier: object) -> None:
    assert scan_text(str(identifier)) == ()


@given(st.lists(resident_numbers(), min_size=1, max_size=30, unique=True), st.sampled_from(["备注", "身份证号"]))
def test_findings_count_every_cell_and_hold_no_value(numbers: list[str], header: str) -> None:
    table = pa.table({header: numbers, "row_number": range(len(numbers))})
    (finding,) = find_identifiers(table, [GuardedColumn(header)])
    assert finding.count == len(numbers)
    assert not any(number[6:14] in repr(finding) for number in numbers)
