"""Every text of the vector files is judged as written there; hits and false alarms are counted."""

import random
from pathlib import Path

import pyarrow as pa
import pytest

from ddk_surveillance.contracts import Source
from ddk_surveillance.guard import guarded
from ddk_surveillance.guard.headers import header_kind, identifying_headers, kind_title
from ddk_surveillance.guard.identifiers import _FEW_BYTES, Finding, GuardedColumn, _hits, find_identifiers, scan_text
from ddk_surveillance.guard.patterns import RULES
from ddk_surveillance.library import Library
from ddk_surveillance.settings import csv_rows
from ddk_surveillance.tokens import resident_check_character

VECTORS = Path(__file__).parent / "vectors"
# Names of the reference list for our kinds, where they differ.
KINDS = {
    "id18": "resident_id",
    "id15": "resident_id",
    "hukou": "household_register",
    "record_no": "medical_record",
    "student_no": "student_number",
    "name_context": "name",
}
HEX_TOKEN = "5f99010420150307001a13812345678b" * 2


@pytest.fixture
def police() -> Source:
    return Library().sources["police"]


def rows_of(name: str) -> list[dict[str, str]]:
    return csv_rows(VECTORS / name)


def findings(*cells: str | None, name: str = "备注", kind: str = "text", header: str = "") -> tuple[Finding, ...]:
    """What is found in one column of cells whose rows are numbered from 4 on, as under a title and a header."""
    numbers = range(4, 4 + len(cells))
    table = pa.table({name: pa.array(cells, pa.string()), "row_number": pa.array(numbers, pa.int64())})
    return find_identifiers(table, [GuardedColumn(name, kind, header)])


# ------------------------------------------------------------------------------------------------- single texts


def test_reference_vectors_are_all_judged_as_expected() -> None:
    rows = rows_of("pii_detection_vectors.csv")
    for row in rows:
        expected = (KINDS.get(row["entity"], row["entity"]),) if row["expect_detect"] == "1" else ()
        assert scan_text(row["text"]) == expected, row["text"]
    assert (len(rows), sum(row["expect_detect"] == "1" for row in rows)) == (43, 29)


def test_identifying_texts_are_all_found() -> None:
    rows = rows_of("identifying_texts.csv")
    assert [row for row in rows if scan_text(row["text"]) != (row["kind"],)] == []
    assert len(rows) == 356


def test_innocent_texts_raise_no_alarm() -> None:
    rows = rows_of("innocent_texts.csv")
    assert [row["text"] for row in rows if scan_text(row["text"])] == []
    assert len(rows) == 1254


PEOPLE = ("王小明", "李思雨", "张伟", "刘洋", "陈静怡")


@pytest.mark.parametrize("kind", ["text", "identifier", "token"])
@pytest.mark.parametrize("written", ["{}", "20130512{}", "２０１３{}", "\u200b{}-001", " {} "])
def test_a_list_of_names_is_one_whatever_stands_above_it(kind: str, written: str) -> None:
    cells = [written.format(name) for name in PEOPLE]
    assert [(one.kind, one.count) for one in findings(*cells, kind=kind)] == [("name", 5)]
    assert findings(*cells[:4], kind=kind) == ()  # two characters alone are no evidence
    assert findings(*cells, kind="code") == ()


def test_other_words_and_numbers_are_no_list_of_names() -> None:
    lists = (
        [row["text"] for row in rows_of("innocent_texts.csv")],
        [f"石油{number:03d}" for number in range(50)],
        ["石桥铺", "柏树林", "马王坪", "李家沱", "陈家湾", "杨家坪", "跃进村", "八桥", "茄子溪"],
        ["汉族", "苗族", "土家族", "白族", "回族", "蒙古族"],
        ["骨科", "外科", "急诊", "儿科", "康复科", "皮肤科"],
    )
    assert [words[0] for words in lists if findings(*words)] == []


def test_every_rule_finds_a_text_that_no_other_rule_of_its_kind_finds() -> None:
    """So no rule is superfluous, and none can be broken unnoticed."""
    texts = [row["text"] for row in rows_of("identifying_texts.csv")]
    firing = [{rule for rule, _ in _hits(pa.array([text]))} for text in texts]
    assert [rule.core for rule in RULES if {rule} not in firing] == []
    assert len(RULES) == 39


def test_a_few_texts_and_many_are_judged_alike() -> None:
    """Python judges a few kilobytes, RE2 anything larger."""
    files = ("identifying_texts.csv", "innocent_texts.csv", "pii_detection_vectors.csv")
    texts = [row["text"] for name in files for row in rows_of(name)]
    many = {(rule, text) for rule, hit in _hits(pa.array(texts * 10)) for text in hit.to_pylist()}
    halves = pa.array(texts[::2]), pa.array(texts[1::2])
    few = {(rule, text) for half in halves for rule, hit in _hits(half) for text in hit.to_pylist()}
    assert many == few
    assert pa.array(texts * 10).nbytes > 2 * _FEW_BYTES > 2 * max(half.nbytes for half in halves)


def test_check_characters_of_resident_numbers() -> None:
    rows = rows_of("cn_id_checkdigit.csv")
    for row in rows:
        assert resident_check_character(row["first17"]) == row["check_digit"]
        assert scan_text(row["id18"]) == ("resident_id",)
    assert len(rows) == 9


def test_an_x_at_the_end_need_not_be_the_right_check_character() -> None:
    assert scan_text("99010420150307001X") == scan_text("99010420150307001x") == ("resident_id",)
    assert scan_text("99010420151307001X") == ()  # no date


@pytest.mark.parametrize("wrong", "123456789")
def test_a_wrong_check_digit_needs_the_word_beside_it(wrong: str) -> None:
    number = f"99010420150307001{wrong}"
    assert scan_text(number) == ()
    assert scan_text(f"编号{number}") == ()
    assert scan_text(f"身份证号:{number}") == ("resident_id",)


@pytest.mark.parametrize(
    "text",
    [
        "990104\u200b20150307\u200b0010",  # zero-width space
        "990104\ufeff201503070010",
        "\u202a990104201503070010\u202c",  # direction marks
        "990104\u00ad20150307\u00ad0010",  # soft hyphens
        "990104\u3000２０１５０３０７\u3000００１０",
        "990104\n20150307\r\n0010",
        "990104\u00a020150307—0010",
        "9\u20e39\ufe0f\u20e30104201503070010",  # keycaps
        "9901042015030700①⓪",
        "٩٩٠١٠٤٢٠١٥٠٣٠٧٠٠١٠",
        "其兄990104201503070010其妹",
        "990104201503070011、990104201503070010",
        "'990104201503070010",
        "9.9010420150307e+17",
    ],
)
def test_disguised_resident_numbers_are_found(text: str) -> None:
    assert scan_text(text) == ("resident_id",)


def test_two_kinds_in_one_text() -> None:
    assert scan_text("患儿张三,电话13812345678") == ("mobile", "name")


# ------------------------------------------------------------------------------------------------------- columns


def test_finding_tells_place_and_number_but_not_the_value() -> None:
    (finding,) = findings("跌倒", "990104201503070010", None, *["990104201229002", "990104201502280016"] * 5)
    assert finding == Finding("resident_id", "备注", (5, 7, 8, 9, 10), 11)


def test_a_resident_number_is_found_in_any_kind_of_column() -> None:
    for kind in ("text", "number", "code", "date", "hour", "age", "icd10", "token", "township", "identifier"):
        assert [one.kind for one in findings(HEX_TOKEN, "990104201503070010", kind=kind)] == ["resident_id"]


def test_a_code_of_a_list_is_nobodys_number() -> None:
    """Regions of England are written like passports; in a column of other texts they would still be one."""
    table = pa.table({"where": ["E06000001", "E06000002", "E12345678"], "row_number": [2, 3, 4]})
    words = frozenset({"e06000001", "e06000002"})
    [found] = find_identifiers(table, [GuardedColumn("where", "township")], words)
    assert (found.kind, found.row_numbers, found.count) == ("passport", (4,), 1)
    assert find_identifiers(table.slice(0, 2), [GuardedColumn("where", "township")], words) == ()
    assert find_identifiers(table, [GuardedColumn("where", "text")], words)[0].count == 3


@pytest.mark.parametrize(
    "written", ["{:04}-{:02}", "{:04}{:02}", "{:04}/{:02}", "{:04}.{}", "{:04}年{}月", "{:04}-{:02}-15"]
)
def test_births_of_several_victims_in_a_row_are_no_number(police: Source, written: str) -> None:
    """Of four in a row one cell in six has a date and the right check character where a resident number has them."""
    chance = random.Random(5)
    births = [
        "；".join(written.format(chance.randint(2006, 2014), chance.randint(1, 12)) for _ in range(5))
        for _ in range(300)
    ]
    table = pa.table({"birth_month": births, "row_number": range(300)})
    assert find_identifiers(table, [guarded(police, "birth_month", "birth_month", "被害人出生年月")]) == ()
    if written == "{:04}-{:02}":
        assert find_identifiers(table, [GuardedColumn("birth_month", "date")]) != ()


def test_a_number_among_the_births_of_victims_is_found(police: Source) -> None:
    table = pa.table({"birth_month": ["2009-01；2012-05", "2009-01；500104201503071231"], "row_number": [4, 5]})
    assert find_identifiers(table, [guarded(police, "birth_month", "birth_month", "被害人出生年月")]) == (
        Finding("resident_id", "birth_month", (5,), 1),
    )


def test_findings_follow_the_order_of_columns_then_of_kinds() -> None:
    table = pa.table({"b": ["13812345678 a@b.cn"], "a": ["渝A12345"], "row_number": [2]})
    found = find_identifiers(table, [GuardedColumn("b"), GuardedColumn("a")])
    assert [(one.column, one.kind) for one in found] == [("b", "email"), ("b", "mobile"), ("a", "plate")]


def test_cells_of_numbers_are_read_as_text() -> None:
    table = pa.table({"编号": [9.90104201503070e17, 13812345678.0], "row_number": [2, 3]})
    assert [one.kind for one in find_identifiers(table, [GuardedColumn("编号")])] == ["mobile", "resident_id"]


def test_tables_without_rows_or_values_hold_nothing() -> None:
    assert findings() == findings(None, "") == ()
    empty = pa.table({"姓名": pa.nulls(2), "row_number": [2, 3]})
    assert find_identifiers(empty, [GuardedColumn("姓名")]) == ()


def test_a_large_column_without_repetition_is_read_like_a_small_one() -> None:
    cells = [f"H0001-{number:07d}" for number in range(20_000)]
    cells[15_000] = cells[19_999] = "990104201503070010"
    assert findings(*cells, kind="identifier") == (Finding("resident_id", "备注", (15_004, 20_003), 2),)


SERIES = {
    "10 to 22 digits": [str(10**digits + number) for digits in range(9, 22) for number in range(200)],
    "15 digits, 1 in 27 like a date": [str(500000000000000 + 137_913 * number) for number in range(2_000)],
    "16 digits, 1 in 10 with a Luhn digit": [f"62{number:014d}" for number in range(200)],
    "police numbers": [f"A500104202403{day:02d}{number:04d}" for day in range(1, 29) for number in range(40)],
    "district, day and counter": [
        f"500104202403{day:02d}{number:04d}" for day in range(1, 29) for number in range(1, 5)
    ],
    "district, day and counter of a small month": [f"50010420240305{number:04d}" for number in range(1, 10)],
    "case numbers": [f"(2024)渝0104刑初{number}号" for number in range(500)],
    "letter and 8 digits": [f"H{12_340_000 + number}" for number in range(200)],
    "letter and 8 digits of a small month": ["C00109989", "C00109991", "C00110003"],
}


@pytest.mark.parametrize("series", SERIES)
def test_long_series_of_numbers_raise_no_alarm(series: str) -> None:
    assert findings(*SERIES[series], kind="identifier") == ()


def test_a_column_of_cards_or_old_numbers_is_no_series() -> None:
    cards = [f"62220212345678901{number:02d}" for number in range(10, 99)]
    with_luhn_digit = [card for card in cards if scan_text(card)]
    assert [one.kind for one in findings(*with_luhn_digit * 3)] == ["bank_card"]
    old_numbers = [f"9901048503{day:02d}{number:03d}" for day in range(1, 29) for number in range(3)]
    assert [(one.kind, one.count) for one in findings(*old_numbers)] == [("resident_id", 84)]


def test_a_resident_number_among_numbers_of_district_day_and_counter_is_found() -> None:
    """It begins otherwise; and where most have the right check character they are resident numbers, however alike they begin."""
    counters = SERIES["district, day and counter"]
    assert findings(*counters, "990104201503070010", kind="identifier")[0].row_numbers == (4 + len(counters),)
    class_mates = [
        f"99010420150307{number:04d}" for number in range(1, 999) if scan_text(f"99010420150307{number:04d}")
    ]
    assert [one.count for one in findings(*class_mates, *class_mates[:9], "990104201503079991")] == [
        len(class_mates) + 9
    ]


def test_a_few_permits_of_different_people_are_no_numbering() -> None:
    assert [one.count for one in findings("H12345678", "H87654321", kind="identifier")] == [2]
    assert [one.count for one in findings("H12345678", kind="identifier")] == [1]


def test_permit_numbers_in_free_text_columns_are_found_however_many() -> None:
    assert [one.count for one in findings(*SERIES["letter and 8 digits"], kind="text")] == [200]


# ------------------------------------------------------------------------------------------------------- headers


@pytest.mark.parametrize(
    ("header", "kind"),
    [
        ("姓名", "name"), ("患者姓名", "name"), (" 姓 名 ", "name"), ("姓名(必填)", "name"), ("*学生姓名", "name"),
        ("2.被害人姓名", "name"), ("姓", "name"), ("监护人姓名", "name"), ("name", "name"), ("Name", "name"),
        ("联系电话", "mobile"), ("家长手机", "mobile"), ("监护人联系方式", None), ("联系方式", "mobile"),
        ("身份证号", "resident_id"), ("公民身份号码", "resident_id"), ("证件号码", "resident_id"), ("ＩＤ_ＮＯ", "resident_id"),
        ("家庭住址", "address"), ("现住址", "address"), ("户籍地址", "address"), ("微信号", "wechat"), ("QQ号", "qq"),
        ("住院号", "medical_record"), ("学籍号", "student_number"), ("经度", "location"), ("患儿", "person"),
        # Tokens, coarse places, reporters and offices may be named.
        ("姓名令牌", None), ("身份证号令牌", None), ("id_token", None), ("证件类别", None), ("现住址镇街", None),
        ("填报人姓名", None), ("填报单位电话", None), ("学校地址", None), ("卡号", None), ("卡片编号", None), ("性别", None),
        ("被害人年龄", None), ("学校名称", None), ("产品名称", None), ("户籍", None), ("出生年月", None), ("", None),
        ("patient.name", "name"), ("patient.姓名", "name"), ("patient.age.value", None),
        ("就诊流水号", "medical_record"), ("健康卡号", "medical_record"), ("备注(请勿填写姓名、身份证号)", None),
        ("姓名(请勿外传)", "name"), ("备注(患儿姓名,请勿外传)", "name"), ("备注(写姓名,勿删)", "name"), ("备注(姓名请删除)", None),
        ("是否有身份证", None), ("电话回访", None), ("车牌颜色", None),
    ],
)  # fmt: skip
def test_headers_that_announce_an_identifier(header: str, kind: str | None) -> None:
    assert header_kind(header) == kind


def test_every_kind_has_a_name_in_both_languages() -> None:
    kinds = {rule.kind for rule in RULES} | {one.kind for one in identifying_headers()}
    assert all(kind_title(kind).zh and kind_title(kind).en for kind in kinds)
    assert len(kinds) == 20


def test_a_name_column_is_found_by_its_header() -> None:
    assert findings("小明", "张三", None, name="姓名") == (Finding("name", "姓名", (4, 5), 2),)
    assert findings("小明", name="column_3", header="患者姓名") == (Finding("name", "column_3", (4,), 1),)


@pytest.mark.parametrize("cell", [None, "", " ", "—", "/", "无", "***", "张**", "王某某", "李某", HEX_TOKEN, "不详"])
def test_a_name_column_that_was_emptied_masked_or_tokenised_passes(cell: str | None) -> None:
    assert findings(cell, cell, name="姓名") == ()


@pytest.mark.parametrize(
    ("header", "harmless", "identifying"),
    [
        ("家庭住址", "重庆市大渡口区春晖路街道", "百花村老房子"),
        ("家庭住址", "500104005", "翠柏路社区"),
        ("联系电话", "—", "68901234"),
        ("联系电话", "********", "138****5678"),
        ("身份证号", "无", "50010420150307"),
        ("被害人", "张某", "张三"),
        ("监护人", "祖母", "王秀英"),
        ("经度", "106.48", "106.482137"),
    ],
)
def test_cells_under_an_identifying_header(header: str, harmless: str, identifying: str) -> None:
    assert findings(harmless, name=header) == ()
    assert [one.count for one in findings(harmless, identifying, name=header)] == [1]
