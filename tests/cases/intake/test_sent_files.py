"""Whole files from reading to loading: good rows come through as they were written, bad ones are named, none is lost."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.cases.intake.conftest import Desk
from tests.cases.intake.written import WRITERS, Rows, as_csv
from tests.conftest import HOSPITAL, TOKEN_A

HEADER: list[str | None] = ["机构编号", "登记编号", "身份令牌", "性别", "年龄", "居住镇街", "发生日期", "伤害类型", "就医情况", "填报日期"]  # fmt: skip
NUMBER, TOKEN, SEX, AGE, TOWNSHIP, DAY, EVENT, CARE, REPORTED = range(1, 10)
SEXES, EVENTS = {"男": "male", "女": "female"}, {"跌倒伤": "fall", "烧烫伤": "burn_scald", "溺水": "drowning"}
TOWNSHIPS = {"八桥镇": "500104101", "新山村街道": "500104001"}


@dataclass(frozen=True)
class Child:
    """What one good row of a nursery's file says."""

    sex: str
    months: int
    township: str
    day: dt.date
    event: str

    def row(self, number: str) -> list[str | None]:
        return ["N0001", number, TOKEN_A, self.sex, f"{self.months}月龄", self.township, f"{self.day:%Y年%m月%d日}",
                self.event, "门急诊", "2024-12-31"]  # fmt: skip

    def said(self) -> dict[str, object]:
        return {"sex": SEXES[self.sex], "age_months": self.months, "age_years": self.months // 12,
                "township_code": TOWNSHIPS[self.township], "event_date_from": self.day, "mechanism": EVENTS[self.event],
                "institution_id": "N0001", "care_level": "outpatient", "reported_date": dt.date(2024, 12, 31)}  # fmt: skip


CHILDREN = st.builds(
    Child, st.sampled_from(sorted(SEXES)), st.integers(1, 35), st.sampled_from(sorted(TOWNSHIPS)),
    st.dates(dt.date(2024, 1, 1), dt.date(2024, 12, 20)), st.sampled_from(sorted(EVENTS)),
)  # fmt: skip
# What may happen to a row; it is then rejected, never read as something else.
DAMAGES = {
    "an impossible day": {DAY: "2024-02-30"},
    "a day in words": {DAY: "上个月"},
    "no day": {DAY: None},
    "an unknown event": {EVENT: "见病历"},
    "an age of 20": {AGE: "20岁"},
    "no age": {AGE: "不详"},
    "no number": {NUMBER: "无"},
    "a number without its last digits": {NUMBER: "2.02403E+11"},
    "no token": {TOKEN: "x"},
    "sex and event exchanged": {SEX: "跌倒伤", EVENT: "男"},
    "reported before it happened": {REPORTED: "2023-01-01"},
}
ROWS = st.lists(
    st.tuples(CHILDREN, st.none() | st.sampled_from([*DAMAGES, "shifted", "twice"])), min_size=1, max_size=9
)


def written(mixture: list[tuple[Child, str | None]]) -> tuple[Rows, dict[str, dict[str, object]], int]:
    """The table, what its good rows say by number, and how many rows are damaged."""
    rows: Rows = [HEADER]
    for number, (child, fate) in enumerate(mixture):
        row = child.row(f"E{number}")
        if fate == "shifted":
            row = [*row[:TOKEN], None, *row[TOKEN:-1]]
        rows.append([DAMAGES.get(fate or "", {}).get(place, cell) for place, cell in enumerate(row)])
        rows += [row] if fate == "twice" else []
    good = {f"E{n}": child.said() for n, (child, fate) in enumerate(mixture) if fate in (None, "twice")}
    return rows, good, len(mixture) - len(good)


def loaded(desk: Desk, *files: tuple[str, bytes]) -> dict[str, dict[str, object]]:
    """What the loaded records of a nursery's files say, by number."""
    wanted = Child("男", 1, "八桥镇", dt.date(2024, 1, 1), "溺水").said()
    records: dict[str, dict[str, object]] = {}
    for fate in desk.judge("nursery", *files):
        assert fate.books["is_balanced"]
        records |= {number: {name: record[name] for name in wanted} for number, record in fate.records.items()}
    return records


@settings(max_examples=8, phases=[Phase.generate], suppress_health_check=list(HealthCheck))
@given(ROWS, st.lists(st.sampled_from(sorted(WRITERS)), min_size=3, max_size=3, unique=True))
def test_any_mixture_in_any_format_is_accepted_rejected_or_a_duplicate_to_the_row(
    desk: Desk, mixture: list[tuple[Child, str | None]], formats: list[str]
) -> None:
    rows, good, damaged = written(mixture)
    fates = desk.judge("nursery", *((name, WRITERS[name](rows)) for name in formats))
    assert {fate.status for fate in fates} <= {"loaded", "held"}
    for fate in fates:
        books = fate.books
        rejected = books["quarantined"] + books["out_of_scope"] + books["held"] + books["unreadable"]
        assert books["rows_received"] == len(rows) - 1 == books["loaded"] + books["duplicate"] + rejected
        assert rejected == (damaged if fate.status == "loaded" else len(rows) - 1)
        assert {row for row, _, _ in fate.failures} == {
            place
            for place, row in enumerate(rows[1:], 2)
            if row not in (child.row(number) for number, child in _whole(mixture))
        }
    accepted = {number: record for fate in fates for number, record in fate.records.items()}
    assert set(accepted) == (set() if fates[0].status == "held" else set(good))
    assert all(accepted[number].items() >= good[number].items() for number in accepted)


def _whole(mixture: list[tuple[Child, str | None]]) -> list[tuple[str, Child]]:
    return [(f"E{n}", child) for n, (child, fate) in enumerate(mixture) if fate in (None, "twice")]


# ------------------------------------------------------------------------------------- damage to the bytes of a csv

GOOD = [Child("男", 5 + n, "八桥镇", dt.date(2024, 3, 1 + n), "跌倒伤") for n in range(9)]
TEXT = as_csv([HEADER, *(child.row(f"E{n}") for n, child in enumerate(GOOD))])
LINE = TEXT.splitlines()[5]  # of E4
HALVES = TEXT[: TEXT.index(LINE)], TEXT[TEXT.index(LINE) :]
# Bytes, and the numbers of the records that must come through; None where the whole file may be refused instead.
HURT: dict[str, tuple[bytes, set[str] | None]] = {
    "a comma too many": (TEXT.replace(LINE, LINE.replace(",", ",,", 1)).encode(), {"E4"}),
    "a comma too few": (TEXT.replace(LINE, LINE.replace(",男", "男")).encode("gb18030"), {"E4"}),
    "broken in the middle": (TEXT.replace(LINE, LINE[:40] + "\r\n" + LINE[40:]).encode(), {"E4"}),
    "two rows in one line": (TEXT.replace(LINE + "\r\n", LINE).encode("utf-8-sig"), {"E4", "E5"}),
    "cut off": (TEXT.encode("gb18030")[:-30], {"E8"}),
    "another delimiter from here on": ((HALVES[0] + HALVES[1].replace(",", ";")).encode(), {f"E{n}" for n in range(4, 9)}),
    "another encoding from here on": (HALVES[0].encode() + HALVES[1].encode("gb18030"), None),
    "one line in another encoding": (TEXT.encode().replace(LINE.encode(), LINE.encode("gb18030")), None),
    "garbled and saved again": (TEXT.replace(LINE, LINE.encode("gb18030").decode("latin-1")).encode(), {"E4"}),
    "zero bytes": (TEXT.replace(LINE, "\0" + LINE).encode(), None),
}  # fmt: skip


def test_damage_to_a_row_costs_that_row_or_refuses_the_file(desk: Desk) -> None:
    """Each file is another institution's, so that none repeats another's records."""
    sent = [content.replace(b"N0001", b"N%04d" % n) for n, (content, _) in enumerate(HURT.values())]
    fates = desk.judge("nursery", *((f"{n}.csv", content) for n, content in enumerate(sent)))
    for number, (kind, (_, lost), fate) in enumerate(zip(HURT, HURT.values(), fates, strict=True)):
        assert fate.books["is_balanced"], kind
        if fate.status != "loaded":
            assert (fate.reason == "too_many_bad_rows" or lost is None) and not fate.records, kind
            continue
        whole = {f"E{n}": child.said() for n, child in enumerate(GOOD) if f"E{n}" not in (lost or ())}
        assert fate.records.keys() == whole.keys(), kind
        for record, said in whole.items():
            assert fate.records[record].items() >= (said | {"institution_id": f"N{number:04}"}).items(), kind
    assert [fate.status for fate in fates].count("loaded") == 7


def test_there_are_so_many_kinds_of_damage() -> None:
    assert (len(DAMAGES), len(HURT), len(WRITERS)) == (11, 10, 11)


# ------------------------------------------------------------------------------------------- numbers and tokens


def test_f7_numbers_that_look_alike_merge_no_two_records(desk: Desk) -> None:
    """Excel's 2.02403E+11 stands for many numbers, and 不详 for none: in two files they are not the same record."""
    march, april = (
        as_csv([HEADER, child.row("2.02403E+11"), child.row("不详"), child.row("E1"), child.row("E2"), child.row("E3")])
        for child in GOOD[:2]
    )
    fates = desk.judge("nursery", ("march.csv", march.encode()), ("april.csv", april.encode()))
    problems = [(2, "event_no", "digits_lost"), (3, "event_no", "filled")]
    assert [[one for one in fate.failures if one[1] == "event_no"] for fate in fates] == [problems, problems]


def test_what_is_too_long_or_garbled_is_no_number(desk: Desk) -> None:
    wrong = {"E" * 65: "too_long", "1" * 32_767: "too_long", 'E"4': "garbled_number", "E\n5": "garbled_number",
             "E\ufffd6": "garbled_number"}  # fmt: skip
    right = ["E" * 64, *(f"E{n}" for n in range(10, 30))]
    lines = [HEADER, *(GOOD[0].row(number) for number in [*wrong, *right])]
    [fate] = desk.judge("nursery", ("a.csv", as_csv(lines).encode()))
    assert fate.records.keys() == set(right)
    assert fate.failures == [(row, "event_no", problem) for row, problem in enumerate(wrong.values(), start=2)]


def test_f6_a_number_is_the_same_with_and_without_point_zero(desk: Desk) -> None:
    files = [(f"{number}.csv", as_csv([HEADER, GOOD[0].row(number)]).encode()) for number in ("1024", "1024.0")]
    assert [fate.books["loaded"] + fate.books["duplicate"] for fate in desk.judge("nursery", *files)] == [1, 1]
    assert loaded(desk, *files).keys() == {"1024"}


def test_a_token_that_says_nothing_is_none(desk: Desk) -> None:
    """Cases hold several tokens in a cell: an empty one would be one and the same for all victims without."""
    lines = [["办案单位代码", "案件令牌", "被害人姓名令牌", "被害人性别", "被害人年龄", "案发时间", "案由", "立案时间"]]
    for case, token in (("c" * 26, "不详"), ("d" * 26, "无"), ("e" * 26, "不详;不详")):
        lines.append(["P1", case, token, "男", "9", "2024-03-05", "故意伤害", "2024-03-06"])
    [fate] = desk.judge("police", ("a.csv", as_csv(lines).encode()))  # type: ignore[arg-type]
    assert fate.books["loaded"] == 4
    assert desk.db.rows("SELECT DISTINCT name_token FROM core.record_version") == [(None,)]


def test_a_row_whose_cells_stand_one_column_too_far_is_quarantined_whole(desk: Desk) -> None:
    """Also where each of its cells alone would pass with a warning."""
    header = [*HEADER[:7], "伤害类型", "伤害性质", "伤害部位", "严重程度", "就医情况", "填报日期"]
    whole = [*GOOD[0].row("E0")[:7], "跌倒伤", "骨折", "头部", "轻度", "门急诊", "2024-03-20"]
    shifted = [*GOOD[1].row("E1")[:7], "跌倒伤", "头部", "轻度", "门急诊", "2024-03-20", None]
    [fate] = desk.judge("nursery", ("a.csv", as_csv([header, whole, shifted]).encode()))
    assert fate.records.keys() == {"E0"}
    assert fate.failures == [(3, "row", "cells_out_of_place")]


# ------------------------------------------------------------------------------------------------ title, zero report


def test_f3_year_and_month_of_the_title_complete_the_dates_of_a_csv(desk: Desk) -> None:
    rows = [child.row(f"E{n}") for n, child in enumerate(GOOD[:2])]
    rows[0][DAY], rows[1][DAY] = "3月1日", "2日"
    text = as_csv([["2024年3月托育机构伤害登记表"], ["填报日期:2025年1月2日"], HEADER, *rows])
    days = [record["event_date_from"] for record in loaded(desk, ("a.csv", text.encode("gb18030"))).values()]
    assert days == [dt.date(2024, 3, 1), dt.date(2024, 3, 2)]


def test_f13_a_zero_report_in_csv_is_of_the_month_in_its_title(desk: Desk) -> None:
    text = as_csv([["2024年3月托育机构伤害登记表"], HEADER, ["本月无伤害事件"]])
    [fate] = desk.judge("nursery", ("a.csv", text.encode("gb18030")))
    assert (fate.status, fate.books["rows_received"], fate.records) == ("loaded", 0, {})
    assert desk.db.rows("SELECT is_zero_report, title_year, title_month FROM ops.batch") == [(True, 2024, 3)]


@pytest.mark.parametrize(
    ("lines", "month"),
    [
        ([HEADER, ["2024年3月托育机构伤害登记 本月无伤害事件"]], (2024, 3)),
        ([["本月无伤害事件"]], None),
        ([["3月"], HEADER, ["本月无伤害事件"]], None),
        ([["2024年"], HEADER, ["本月无伤害事件"]], None),
        ([["填报日期：2024年4月2日"], HEADER, ["本月无伤害事件"]], None),
    ],
)
def test_f13_a_zero_report_of_no_month_is_sent_back(
    desk: Desk, lines: list[list[str]], month: tuple[int, int] | None
) -> None:
    [fate] = desk.judge("nursery", ("a.csv", as_csv(lines).encode()))
    assert fate.reason == (None if month else "zero_report_without_month")
    assert month is None or desk.db.rows("SELECT title_year, title_month FROM ops.batch") == [month]


def test_f12_the_same_rows_in_another_file_are_duplicates_and_a_correction_replaces(desk: Desk) -> None:
    first = as_csv([HEADER, *(child.row(f"E{n}") for n, child in enumerate(GOOD[:3]))])
    second = first.replace("2024年03月02日", "2024年03月12日").replace("2024-12-31", "2025-01-02", 2)
    fates = desk.judge("nursery", ("3月.csv", first.encode()), ("3月(最终版).csv", second.encode("gb18030")))
    assert sum(fate.books["loaded"] for fate in fates) == 3
    assert sum(fate.books["duplicate"] + fate.books["superseded"] for fate in fates) == 3
    days = {number: record["event_date_from"] for fate in fates for number, record in fate.records.items()}
    assert days["E1"] == dt.date(2024, 3, 12)


def test_f4_what_is_no_row_is_said_in_the_receipt(desk: Desk) -> None:
    rows = [["登记表"], HEADER, GOOD[0].row("E0"), [], HEADER, GOOD[1].row("E1"), ["合计", "2"], ["填表人:略"]]
    [fate] = desk.judge("nursery", ("a.csv", as_csv(rows).encode()))
    assert fate.note.startswith("不作数据行的行：合计 1、表尾说明 1、重复表头 1、空行 1。")


def test_the_hospital_card_reads_alike_from_every_format(desk: Desk) -> None:
    table: Rows = [list(line.split()) for line in HOSPITAL.strip().splitlines()]
    fates = desk.judge("hospital", *((name, write(table)) for name, write in WRITERS.items()))
    assert {(fate.status, fate.reason) for fate in fates} == {("loaded", None)}
    assert sum(fate.books["loaded"] for fate in fates) == 3
    assert sum(fate.books["duplicate"] for fate in fates) == 3 * (len(WRITERS) - 1)


def test_f17_grades_and_classes_are_not_kept_however_they_are_written(desk: Desk) -> None:
    grades = ["初二", "八年级", "8.3班", "2022级3班", None]
    rows = [[*child.row(f"E{n}"), grade] for n, (child, grade) in enumerate(zip(GOOD, grades, strict=False))]
    [fate] = desk.judge("nursery", ("a.csv", as_csv([[*HEADER, "年级班级"], *rows]).encode()))
    assert len(fate.records) == len(grades)
    assert "未采用的列：年级班级" in fate.note


def test_f18_the_formats_of_wps_are_read_like_excels(desk: Desk) -> None:
    rows: Rows = [HEADER, GOOD[0].row("E0")]
    fates = desk.judge("nursery", ("a.et", WRITERS["a.xls"](rows)), ("b.ods", WRITERS["a.ods"](rows)))
    assert sum(fate.books["loaded"] + fate.books["duplicate"] for fate in fates) == 2


@pytest.mark.parametrize("note", ["联系人:王小明".encode("utf-16-le"), b"tel 13800138000"])
def test_f14_what_an_old_excel_file_notes_beside_its_cells_is_looked_at(desk: Desk, note: bytes) -> None:
    """The record NOTE, header or footer keeps its text behind its length, in one byte a character or in two."""
    content = WRITERS["a.xls"]([HEADER, GOOD[0].row("E0")])
    empty = content.rindex(b"\0" * 64)
    noted = content[: empty + 10] + note + content[empty + 10 + len(note) :]
    assert [fate.status for fate in desk.judge("nursery", ("a.xls", content), ("b.xls", noted))] == [
        "loaded",
        "refused",
    ]


# ----------------------------------------------------------------------------------------- who may be a child or none

OF_AGE = {  # birth, age, day of the event: its age, or why it is sent back or not counted
    ("2006", None, "2024-05-10"): "age_undecided",
    ("2006-05", None, "2024-05-10"): "age_undecided",
    ("2006-06", None, "2024-05-10"): 17,
    ("2006-04", None, "2024-05-10"): "Q20",
    ("2005", None, "2024-01-01"): "Q20",
    ("2007", None, "2024-12-31"): 17,
    ("2006-05", None, "2024"): "age_undecided",
    ("2006-12", None, "2024-05"): 17,
    ("2009", None, "2024-03-05"): 14,  # born in the middle of the year
    ("2009", None, "2024-09-05"): 15,
    ("2006-05", "17", "2024-05-10"): 17,
    ("2006-05", "18", "2024-05-10"): "Q20",
    ("2007-05", "18", "2024-05-10"): "Q20",  # a year is a slip
    ("2019-05", "40", "2024-05-10"): "age_contradicts_birth",
    ("1984-05", "5", "2024-05-10"): "age_contradicts_birth",
    ("2014-05", "5", "2024-05-10"): 5,
    ("2025", None, "2024-05-10"): "impossible_age",
}


def test_f16_an_age_is_never_guessed_where_it_decides_who_is_a_child(desk: Desk) -> None:
    header = ["学校代码", "事件编号", "出生年月", "性别", "年龄", "发生时间", "事件类型", "报告时间"]
    rows = [
        ["S1", f"E{n}", birth, "男", age, day, "跌倒摔伤", "2024-12-31"] for n, (birth, age, day) in enumerate(OF_AGE)
    ]
    good = [["S1", f"G{n}", "2014-05", "女", "9", "2024-05-10", "跌倒摔伤", "2024-12-31"] for n in range(20)]
    [fate] = desk.judge("school", ("a.csv", as_csv([header, *rows, *good]).encode()))
    found: list[object] = [fate.records.get(f"E{n}", {}).get("age_years") for n in range(len(OF_AGE))]
    for row, _, why in fate.failures:
        found[row - 2] = why
    assert dict(zip(OF_AGE, found, strict=True)) == OF_AGE
    assert (fate.status, fate.books["is_balanced"]) == ("loaded", True)
    assert fate.records["E8"]["birth_month"] is None
    assert fate.records["E2"]["birth_month"] == dt.date(2006, 6, 1)


# ------------------------------------------------------------------------------------------------- whose file it is

KINDERGARTEN = ["机构编号", *HEADER[1:]]
SCHOOL = ["学校代码", "事件编号", "性别", "年龄", "发生时间", "事件类型", "报告时间"]


@pytest.mark.parametrize(
    ("folder", "name", "top", "refused"),
    [
        ("kindergarten", "2024年3月.csv", [["XX托育园3月登记"], KINDERGARTEN], True),
        ("kindergarten", "托育机构_3月.csv", [KINDERGARTEN], True),
        ("kindergarten", "托育机构_3月.csv", [["2024年3月 本月无"]], True),
        ("nursery", "幼儿园_3月.csv", [HEADER], True),
        ("nursery", "一幼托班_3月.csv", [["XX幼儿园托班"], HEADER], False),
        ("nursery", "小学_3月.csv", [HEADER], False),  # its columns are none of a school's
        ("kindergarten", "3月.csv", [SCHOOL], True),
        ("school", "3月.csv", [["幼儿园编号", *SCHOOL[1:]]], True),
        ("school", "3月.csv", [["学校", *SCHOOL[1:]]], False),
    ],
)
def test_a_file_in_another_feeds_folder_is_sent_back(
    desk: Desk, folder: str, name: str, top: list[list[str]], refused: bool
) -> None:
    row = ["X1", "E1", *([None] * (len(top[-1]) - 2))]
    [fate] = desk.judge(folder, (name, as_csv([*top, *([row] if len(top[-1]) > 1 else [])]).encode()))
    assert (fate.reason == "of_another_feed") is refused


# ------------------------------------------------------------------------------------------------- several to a case

CASES = ["单位代码", "案件令牌", "被害人性别", "被害人年龄", "案发时间", "案由", "立案时间"]


@pytest.mark.parametrize(
    ("sexes", "ages", "fate"),
    [
        ("男；女", "8；9", {8, 9}),
        ("男，女", "8,9", {8, 9}),
        ("男\n女", "8、\n9", {8, 9}),
        ("男/女", "8/9", {"victims_not_parted"}),
        ("男", "8岁和9岁", {"victims_not_parted"}),
        ("男", "很小", {"unreadable_age"}),
        ("男；女", "8；9；10", {"victims_do_not_match"}),
    ],
)
def test_victims_are_parted_or_the_receipt_says_how(desk: Desk, sexes: str, ages: str, fate: set[object]) -> None:
    row = ["P1", TOKEN_A, sexes, ages, "2024-03-05", "故意伤害", "2024-03-06"]
    [found] = desk.judge("police", ("a.csv", as_csv([CASES, row]).encode()))
    loaded = {age for (age,) in desk.db.rows("SELECT age_years FROM core.record_version")}
    assert (loaded or {why for _, column, why in found.failures if column != "sex"} & fate) == fate


def test_one_case_in_two_rows_is_told_as_such(desk: Desk) -> None:
    rows = [["P1", TOKEN_A, "男", age, "2024-03-05", "故意伤害", "2024-03-06"] for age in ("8", "9")]
    [found] = desk.judge("police", ("a.csv", as_csv([CASES, *rows]).encode()))
    assert {why for *_, why in found.failures} == {"case_in_two_rows"}
