"""What offices write around their tables, and what of it is a row (quirks F1–F18 of Chinese office files)."""

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from ddk_surveillance.errors import FileRefused
from ddk_surveillance.intake.headers import ColumnHeaders, header_in
from ddk_surveillance.intake.reading import read_sheets
from ddk_surveillance.intake.recognise import Others, Recognised, recognise, recognise_all
from ddk_surveillance.intake.rows import Total
from ddk_surveillance.intake.sheets import Sheet

COLUMNS = (
    ColumnHeaders("school", ("学校名称",), required=True, fill_down=True),
    ColumnHeaders("sex", ("性别",), required=True),
    ColumnHeaders("age", ("年龄", "周岁"), required=True),
    ColumnHeaders("event_date", ("伤害发生日期", "受伤时间"), required=False),
    ColumnHeaders("event_hour", ("伤害发生时",), required=False),
    ColumnHeaders("remark", ("情况", "经过"), required=False),
)
HEADER = "学校名称|性别|年龄|伤害发生日期|伤害发生时|情况"
TITLE = "大渡口区2024年3月学生伤害登记表"


def sheet(*lines: str, name: str = "Sheet1") -> Sheet:
    """A sheet from lines of cells parted by |; a blank cell is a blank cell."""
    rows = [line.split("|") for line in lines]
    width = max(map(len, rows))
    columns = [[row[i] or None if i < len(row) else None for row in rows] for i in range(width)]
    return Sheet(
        name, pa.table([pa.array(c, pa.string()) for c in columns], names=[f"c{i}" for i in range(width)]), width
    )


def found(*lines: str, name: str = "Sheet1") -> Recognised:
    return recognise(sheet(*lines, name=name), COLUMNS)


def values(recognised: Recognised, column: str) -> list[str | None]:
    return recognised.body[column].to_pylist()


def rows(recognised: Recognised) -> list[int]:
    return recognised.body["row_number"].to_pylist()


def reason(*lines: str) -> str:
    with pytest.raises(FileRefused) as refusal:
        found(*lines)
    return refusal.value.reason


# ----------------------------------------------------------------------------------------------- F3: titles, headers


def test_f3_rows_keep_their_number_below_a_title_and_a_line_of_the_unit() -> None:
    table = found(TITLE, "填报单位:一小|||填报日期:2024年4月2日", "", HEADER, "一小|男|8", "一小|女|9")
    assert rows(table) == [5, 6]
    assert values(table, "age") == ["8", "9"]
    assert table.title == (TITLE, "填报单位:一小 填报日期:2024年4月2日")


def test_f3_a_header_of_two_rows_is_read_as_one() -> None:
    table = found(TITLE, "学校名称|性别|年龄|伤害发生时间||情况", "|||日期|时|", "一小|男|8|2024-03-05|14|跌倒")
    assert values(table, "event_date") == ["2024-03-05"]
    assert values(table, "event_hour") == ["14"]
    assert values(table, "remark") == ["跌倒"]


@pytest.mark.parametrize(
    ("title", "year", "month"),
    [
        ("大渡口区2024年3月伤害登记表", 2024, 3),
        ("大渡口区２０２４年１２月统计表", 2024, 12),
        ("二〇二四年十一月登记表", 2024, 11),
        ("2024-03 登记", 2024, 3),
        ("2024年第一季度", 2024, None),
        ("2024年1—6月", 2024, None),
        ("2024年一至三月", 2024, None),
        ("2023-2024学年伤害登记", None, None),
        ("填报日期:2024年4月2日", None, None),
        ("3月统计|填报日期|2024年4月2日", None, 3),
        ("0-36月龄婴幼儿伤害登记", None, None),
    ],
)
def test_f3_the_title_gives_year_and_month_only_where_it_names_one(
    title: str, year: int | None, month: int | None
) -> None:
    table = found(title, HEADER, "一小|男|8")
    assert (table.title_year, table.title_month) == (year, month)


def test_the_name_of_a_monthly_sheet_gives_the_month_where_the_title_does_not() -> None:
    table = found("2024年登记表", HEADER, "一小|男|8", name="3月")
    assert (table.title_year, table.title_month) == (2024, 3)


# --------------------------------------------------------------------------------------- F4: what stands between rows


def test_f4_totals_signatures_blank_lines_and_repeated_headers_are_dropped_and_counted() -> None:
    table = found(
        TITLE, HEADER,
        "一小|男|8|2024-03-05", "小计|1", "",
        TITLE, HEADER,
        "二小|女|9|2024-03-06", "二小|男|7|2024-03-07", "小计|2", "合 计|3",
        "填表人:甲|审核人:乙", "备注:以上为本校数据",
    )  # fmt: skip
    assert rows(table) == [3, 8, 9]
    assert table.dropped == {"total": 3, "blank": 1, "title": 1, "repeated_header": 1, "footer": 2}


@pytest.mark.parametrize(("second", "month"), [("2024年3月学生伤害登记表(续)", 3), ("2024年4月学生伤害登记表", None)])
def test_a_title_between_two_tables_is_no_row_and_may_leave_the_month_open(second: str, month: int | None) -> None:
    table = found(TITLE, HEADER, "一小|男|8", "", second, "", HEADER, "一小|女|9")
    assert (rows(table), table.title_year, table.title_month) == ([3, 8], 2024, month)
    assert table.dropped == {"blank": 2, "title": 1, "repeated_header": 1}


def test_f4_a_date_below_the_table_a_total_in_words_and_an_example_are_no_rows() -> None:
    table = found(
        HEADER,
        "示范:一小|男|8",
        "|||2024-03-02",
        "一小|男|8",
        "本月共计2例，其中男1例，女1例",
        "审核人:某",
        "|||2024年4月2日",
        "",
    )
    assert rows(table) == [3, 4]
    assert table.dropped == {"example": 1, "total": 1, "footer": 2, "blank": 1}
    assert table.totals == (Total(5, "共计", 2, 2, 2),)


def test_rows_below_another_header_are_never_read_under_the_first() -> None:
    other = "周岁*|性别|学校名称|受伤时间|伤害发生时|情况"
    table = found(
        TITLE,
        HEADER,
        "一小|男|8",
        other,
        "9|女|二小",
        TITLE,
        "9|女|二小",
        HEADER.replace("年龄", "周岁(岁)"),
        "三小|女|7",
        "合计|3",
    )
    assert (rows(table), values(table, "school")) == ([3, 9], ["一小", "三小"])
    assert table.unreadable == dict.fromkeys((5, 7), "beneath_other_header")
    assert table.dropped == {"other_header": 1, "title": 1, "repeated_header": 1, "total": 1}
    assert table.totals == (Total(10, "合计", 3, 4, 4),)


def test_f4_a_total_can_be_compared_with_the_rows_it_covers() -> None:
    table = found(HEADER, "一小|男|8", "小计|1", "二小|男|8", "二小|女|9", "小计||3人", "总计:4例")
    assert table.totals == (Total(3, "小计", 1, 1, 1), Total(6, "小计", 3, 2, 3), Total(7, "总计", 4, 3, 3))
    assert [total.is_wrong for total in table.totals] == [False, False, True]


@pytest.mark.parametrize("line", ["一小|男|8|2024-03-05||合计摔伤两处", "合计小学|男|8", "|男|8||| 说明见附件"])
def test_f4_a_row_that_only_mentions_such_a_word_stays_a_row(line: str) -> None:
    assert rows(found(HEADER, line)) == [2]


def test_f5_the_value_of_merged_cells_holds_for_each_of_their_rows_and_for_no_other(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page = book.add_worksheet()
        page.merge_range("A1:D1", TITLE)
        for column, name in enumerate(["学校名称", "性别", "年龄", "受伤时间"]):
            page.merge_range(1, column, 2, column, name)
        for row, age in ((3, "8"), (4, "9"), (5, "7"), (6, "6")):
            page.write_row(row, 0, ["一小", "男", age])
        page.merge_range("B5:B6", "女")
        page.merge_range("D4:D6", "2024-03-05")
        page.merge_range("F5:G8", None)  # beside the table
    [table] = (recognise(sheet, COLUMNS) for sheet in read_sheets(tmp_path / "a.xlsx"))
    assert rows(table) == [4, 5, 6, 7]
    assert values(table, "sex") == ["男", "女", "女", "男"]
    assert values(table, "event_date") == ["2024-03-05"] * 3 + [None]


def test_f5_merged_cells_are_filled_down_only_in_the_declared_columns() -> None:
    table = found(HEADER, "一小|男|8|2024-03-05", "||9|", "小计|2", "二小|女|7|2024-03-06", "|女|6")
    assert values(table, "school") == ["一小", "一小", "二小", "二小"]
    assert values(table, "sex") == ["男", None, "女", "女"]


# -------------------------------------------------------------------------------------- F8, F11: spelling of headers


@pytest.mark.parametrize(
    "header",
    [
        "性别",
        "性 别",
        "性\n别",
        "性\u3000别",
        "性别（必填）",
        "*性别",
        "性别：",
        "3.性别",
        "2、性别",
        "\u200b性别\ufeff",
        "【性别】性别",
    ],
)
def test_f11_a_header_is_known_in_every_spelling(header: str) -> None:
    assert values(found(f"学校名称|{header}|年龄", "一小|男|8"), "sex") == ["男"]


@pytest.mark.parametrize(
    ("header", "is_age"), [("年龄(岁)", True), ("年龄[周岁]", True), ("年龄(月)", False), ("年龄（天）", False)]
)
def test_a_unit_in_brackets_that_changes_the_meaning_makes_another_column(header: str, is_age: bool) -> None:
    lines = f"学校名称|性别|{header}", "一小|男|8"
    if is_age:
        assert values(found(*lines), "age") == ["8"]
    else:
        assert reason(*lines) == "required_column_missing"


@pytest.mark.parametrize(
    ("header", "is_hour"), [("伤害发生时(时)", True), ("伤害发生时（24小时制）", True), ("受伤时间(时)", False)]
)
def test_a_unit_said_twice_changes_nothing(header: str, is_hour: bool) -> None:
    table = found(f"学校名称|性别|年龄|{header}", "一小|男|8|14")
    assert values(table, "event_hour") == ["14" if is_hour else None]
    assert values(table, "event_date") == [None]


def test_of_two_synonyms_the_first_declared_wins_and_the_other_is_listed() -> None:
    table = found("学校名称|性别|周岁|年龄|班级|", "一小|男|8|9|二班|x")
    assert values(table, "age") == ["9"]
    assert table.undeclared == ("周岁", "班级", "第 6 列")
    assert table.absent == ("event_date", "event_hour", "remark")
    assert values(table, "remark") == [None]


def test_a_header_twice_is_harmless_over_equal_cells_and_else_refused() -> None:
    assert values(found("学校名称|性别|年龄|性别", "一小|男|8|男"), "sex") == ["男"]
    assert reason("学校名称|性别|年龄|性别", "一小|男|8|女") == "duplicate_header"


def test_of_two_headers_that_differ_by_case_the_declared_one_is_read() -> None:
    """Statistical programs keep IDADE as it came and add an idade of their own."""
    columns = [ColumnHeaders("age", ("IDADE",), True), ColumnHeaders("sex", ("sex",), True)]
    assert header_in(["idade", "SEX", "IDADE"], columns).columns == {"age": 2, "sex": 1}
    assert header_in(["idade", "SEX", "Sex"], columns).repeats["sex"] == (2,)


def test_f8_cells_are_half_width_trimmed_and_null_where_nothing_is_left() -> None:
    table = found(HEADER, "一小|\u3000男\u00a0|８岁|２０２４年３月５日|\u200b|ＩＣＤ\uff1aＷ１９．９", "二小| |\t9 ")
    assert values(table, "sex") == ["男", None]
    assert values(table, "age") == ["8岁", "9"]
    assert values(table, "event_date") == ["2024年3月5日", None]
    assert values(table, "event_hour") == [None, None]
    assert values(table, "remark") == ["ICD:W19.9", None]


def test_f7_the_marks_by_which_excel_keeps_zeros_are_no_part_of_the_text() -> None:
    table = found(HEADER, "一小|男|'008|=\"0012\"||５'", "二小|女|008||'九|")
    assert values(table, "age") == ["008", "008"]
    assert values(table, "event_date") == ["0012", None]
    assert values(table, "event_hour") == [None, "九"]
    assert values(table, "remark") == ["5'", None]


def test_f7_a_program_may_put_such_marks_around_every_cell() -> None:
    assert values(found("'学校名称'|'性别'|'年龄'", "'一小'|'男'|'8'"), "age") == ["8"]
    assert values(found('="学校名称"|="性别"|="年龄"', '="一小"|="男"|="8"'), "age") == ["8"]


def test_f6_days_left_as_plain_numbers_are_counted_from_1904_where_the_workbook_does() -> None:
    columns = [replace(column, kind="date" if column.name == "event_date" else "text") for column in COLUMNS]
    late = replace(sheet(HEADER, "43894|男|8|43894|14", "一小|男|8|2024-03-05|"), counts_from_1904=True)
    table = recognise(late, columns)
    assert values(table, "event_date") == ["45356", "2024-03-05"]
    assert values(table, "school") == ["43894", "一小"]


# ---------------------------------------------------------------------------------------- F13, F15: no list of cases


ZERO_WORDS = ["本月无伤害事件", "本月无", "零报告", "本季度未发生学生伤害", "本 月 无 欺 凌 事 件"]


@pytest.mark.parametrize(
    "lines",
    [(HEADER, "无")]
    + [lines for word in ZERO_WORDS for lines in ((HEADER, word), (f"{TITLE} {word}", HEADER), (TITLE, word))],
)
def test_f13_a_zero_report_is_a_submission_without_rows(lines: tuple[str, ...]) -> None:
    table = found(*lines)
    assert table.is_zero_report
    assert table.body.num_rows == 0


@pytest.mark.parametrize("note", ["本月无漏报", "说明:如本月无伤害事件,请填零报告", "无意伤害登记"])
def test_f13_words_about_reporting_make_no_zero_report(note: str) -> None:
    assert reason(note, HEADER) == "no_rows"


def test_f13_a_zero_note_beside_rows_is_no_zero_report() -> None:
    table = found(HEADER, "一小|男|8", "二小|本月无伤害事件")
    assert not table.is_zero_report
    assert (rows(table), table.dropped) == ([2], {"zero_report": 1})


def test_a_record_with_few_cells_is_never_taken_for_a_zero_report() -> None:
    assert rows(found(HEADER, "一小|男|8|||无伤害", "一小|女|9|||无")) == [2, 3]


def test_a_record_of_a_wide_table_is_no_zero_report_either() -> None:
    more = tuple(ColumnHeaders(f"x{n}", (f"列{n}",), required=False) for n in range(9))
    header = "|".join([HEADER, *(f"列{n}" for n in range(9))])
    assert rows(recognise(sheet(header, "一小|男|8|||无伤害"), (*COLUMNS, *more))) == [2]


def test_a_table_without_header_is_no_zero_report_whatever_its_cells_say() -> None:
    assert reason("一小|男|8|未发生伤害", "一小|女|9|跌倒") == "header_not_found"


def test_a_header_without_rows_is_no_zero_report() -> None:
    assert reason(TITLE, HEADER, "", "填表人:甲") == "no_rows"


def test_f15_a_table_of_counts_is_refused_as_such() -> None:
    assert reason("学校名称|学生人数|伤害人数|跌倒人数|合计", "一小|500|3|2|3") == "aggregated_table"
    assert reason("Country|Year|Cause|Sex|Deaths1|Deaths2", "1400|2019|X59|1|34|2") == "aggregated_table"


def test_a_row_that_stands_for_several_cases_is_none() -> None:
    assert reason(f"{HEADER}|Number of deaths", "一小|男|8|||跌倒|1", "一小|女|9|||跌倒|12") == "aggregated_table"
    assert rows(found(f"{HEADER}|Number of deaths", "一小|男|8|||跌倒|1", "一小|女|9|||跌倒|1.0")) == [2, 3]


def test_an_age_in_other_units_is_another_column() -> None:
    assert reason(HEADER.replace("年龄", "年龄(months)"), "一小|男|8|||跌倒") == "required_column_missing"


def test_one_known_header_makes_no_table_even_if_nothing_is_required() -> None:
    optional = tuple(ColumnHeaders(column.name, column.headers, required=False) for column in COLUMNS)
    with pytest.raises(FileRefused) as refusal:
        recognise(sheet("案件编号|案由|性别", "1|2|男"), optional)
    assert refusal.value.reason == "header_not_found"


def test_another_sources_file_and_a_missing_column_are_told_apart() -> None:
    assert reason("案件编号|案由|案发时间", "1|2|3") == "header_not_found"
    with pytest.raises(FileRefused, match="年龄") as refusal:
        found("学校名称|性别|情况", "一小|男|跌倒")
    assert refusal.value.reason == "required_column_missing"


def test_f1_sheets_without_the_table_are_passed_over_and_named() -> None:
    march, april = sheet(HEADER, "一小|男|8", name="3月"), sheet(HEADER, name="4月")
    notes = sheet("填表说明", "性别:填男或女", name="说明")
    tables, others = recognise_all([notes, march, april], COLUMNS)
    assert [table.sheet for table in tables] == ["3月"]
    assert others == Others({}, ("说明", "4月"))
    with pytest.raises(FileRefused) as refusal:
        recognise_all([notes, april], COLUMNS)
    assert refusal.value.reason == "no_rows"


def test_f4_the_example_of_the_form_and_lines_that_are_only_numbered_are_no_rows() -> None:
    numbered = f"序号|{HEADER}"
    table = found(
        TITLE,
        numbered,
        "例|一小|男|8|2024-03-01||跌倒",
        "1|一小|男|8|2024-03-05||跌倒",
        "2||||||",
        "3|||9|||",
        "4||||||",
    )
    assert (rows(table), table.dropped) == ([4, 6], {"example": 1, "blank": 2})
    table = found(HEADER, "示例:一小|男|8", "例外小学|男|8", "一小|男|8", "填报人签字:||")
    assert (rows(table), table.dropped) == ([3, 4], {"example": 1, "footer": 1})


def test_f4_a_line_below_the_header_that_numbers_the_columns_is_no_row() -> None:
    for numbers in ("甲|乙|1|2|3|4|5", "(1)|(2)|(3)|(4)|(5)|(6)"):
        header = HEADER + "|班级" if "甲" in numbers else HEADER
        table = found(TITLE, header, numbers, "一小|男|8|2024-03-05|1|跌倒")
        assert (rows(table), table.dropped) == ([4], {"repeated_header": 1})
    assert rows(found(HEADER, "1|2|3|5|6|7")) == [2]
    assert rows(found(HEADER, "||(岁)|(年-月-日)|(时)|", "一小|男|8|2024-03-05|1|跌倒")) == [3]


@pytest.mark.parametrize(
    ("header", "age"), [("月龄", "18月"), ("月龄(月)", "18月"), ("幼儿月龄", "18月"), ("年龄", "18")]
)
def test_f16_a_bare_number_under_a_header_of_months_is_one_of_months(header: str, age: str) -> None:
    columns = [
        ColumnHeaders("sex", ("性别",), True),
        ColumnHeaders("age", ("年龄", "月龄", "幼儿月龄"), True, kind="age"),
    ]
    table = recognise(sheet(f"性别|{header}", "男|18", "女|2岁", "女|8个月"), columns)
    assert values(table, "age") == [age, "2岁", "8个月"]


RECORDS = ("一小|男|8|2024-03-05|14|跌倒", "二小|女|9|2024-03-06||烫伤", "三小|女|7|2024-3-7|9|跌倒")


def test_rows_that_stand_under_no_header_are_received_and_unreadable() -> None:
    first = sheet(TITLE, HEADER, *RECORDS)
    going_on = sheet("四小|女|11|2024-04-05|8|跌倒", "|4月||||", "1|五小|男|8|2024-04-06|9|跌倒", name="续")
    codes = sheet("性别|代码|地点|代码|原因|代码", "男|1|家中|1|跌倒|2", name="代码")
    counts = sheet("学校|1月|2月|3月|4月|5月", "一小|1|0|0|2|1", name="各校")
    tables, others = recognise_all([first, going_on, codes, counts], COLUMNS)
    assert [rows(table) for table in tables] == [[3, 4, 5]]
    assert others == Others({"续": (1, 3)}, ("代码", "各校"))

    above = found(TITLE, RECORDS[0], "", HEADER, *RECORDS[1:])
    assert (above.unreadable, rows(above), above.title) == ({2: "headless"}, [5, 6], (TITLE,))


def test_a_wide_sheet_beside_a_zero_report_is_not_left_unread() -> None:
    with pytest.raises(FileRefused) as refusal:
        recognise_all([sheet("2024年3月", "本月无"), sheet(*RECORDS)], COLUMNS)
    assert refusal.value.reason == "header_not_found"


def test_a_refusal_says_on_which_of_several_sheets() -> None:
    with pytest.raises(FileRefused, match=r"Sheet 2: .*性别"):
        recognise_all([sheet(HEADER, "一小|男|8"), sheet("学校名称|年龄|情况", "一小|8|跌倒")], COLUMNS)


def test_a_sheet_that_lacks_a_column_refuses_the_file_even_beside_a_good_one() -> None:
    with pytest.raises(FileRefused, match="性别"):
        recognise_all([sheet(HEADER, "一小|男|8"), sheet("学校名称|年龄|情况", "一小|8|跌倒")], COLUMNS)


# ------------------------------------------------------------------------------------------------------- ragged rows


def delimited(text: str, folder: Path) -> Sheet:
    (folder / "a.csv").write_text(text, encoding="utf-8")
    return read_sheets(folder / "a.csv")[0]


def test_a_ragged_row_is_unreadable_and_named_while_the_others_go_on(tmp_path: Path) -> None:
    text = "2024年登记表\n学校名称,性别,年龄\n一小,男,8\n一小,男\n一小,女,9,多\n\n一小,女,7,\n合计,3\n填表人:甲\n一小,男,6\n"
    table = recognise(delimited(text, tmp_path), COLUMNS)
    assert table.unreadable == {4: "ragged", 5: "ragged"}
    assert rows(table) == [3, 7, 10]
    assert table.dropped == {"blank": 1, "total": 1, "footer": 1}
    assert table.totals == (Total(8, "合计", 3, 4, 4),)


def test_commas_after_the_last_column_are_harmless_and_an_unnamed_cell_is_not(tmp_path: Path) -> None:
    harmless = recognise(delimited("学校名称,性别,年龄\n一小,男,8,\n一小,女,9,\n一小,女,7,\n", tmp_path), COLUMNS)
    assert (rows(harmless), harmless.unreadable) == ([2, 3, 4], {})
    shifted = recognise(delimited("学校名称,性别,年龄\n一,小,男,8\n一,小,女,9\n一小,女,7\n", tmp_path), COLUMNS)
    assert (rows(shifted), list(shifted.unreadable)) == ([4], [2, 3])
    short = recognise(delimited("学校名称,性别,年龄,\n一小,男,8\n一小,女,9\n", tmp_path), COLUMNS)
    assert (rows(short), short.unreadable) == ([2, 3], {})


# ------------------------------------------------------------------------------------------------------ nothing lost

WORDS = st.text(alphabet="男女甲乙8９ 无计\u3000\u200b填合本月:", max_size=4)


@given(st.lists(st.lists(WORDS, min_size=6, max_size=6), max_size=12))
def test_every_row_is_a_row_or_counted_once_as_something_else(cells: list[list[str]]) -> None:
    lines = [*("|".join(row) for row in cells), "一小|男|8"]
    table = found(HEADER, *lines)
    assert table.body.num_rows + len(table.unreadable) + sum(table.dropped.values()) == len(lines)
    assert rows(table) == sorted(set(rows(table)))
    assert rows(table)[-1] == len(lines) + 1


@given(st.lists(st.sampled_from([HEADER, "", "小计|1", "填表人:甲", "零报告", TITLE, "一小|男|8"]), max_size=12))
def test_records_survive_any_mixture_of_lines_around_them(lines: list[str]) -> None:
    table = found(TITLE, HEADER, *lines, "一小|男|8")
    assert rows(table) == [number for number, line in enumerate([*lines, "一小|男|8"], 3) if line == "一小|男|8"]


# ---------------------------------------------------------------------------------------------------------- cut cells

CUT_TABLE = "学校名称,性别,年龄,受伤时间\n一小,男,8,2024-03-05\n二小,女,9,2024-03-06\n三小,女,7,2024-03-07\n"


@pytest.mark.parametrize("lost", range(1, 11))
def test_the_last_row_of_a_file_that_breaks_off_is_unreadable(lost: int, tmp_path: Path) -> None:
    table = recognise(delimited(CUT_TABLE[: -1 - lost], tmp_path), COLUMNS)
    assert (rows(table), table.unreadable) == ([2, 3], {4: "cut_off"})


def test_a_file_without_the_last_line_end_is_whole(tmp_path: Path) -> None:
    assert rows(recognise(delimited(CUT_TABLE.rstrip(), tmp_path), COLUMNS)) == [2, 3, 4]
    assert rows(recognise(delimited("学校名称,性别,年龄\n一小,男,8", tmp_path), COLUMNS)) == [2]


@pytest.mark.parametrize("place", range(35, 51))
def test_a_line_break_inside_a_row_spoils_no_value(place: int, tmp_path: Path) -> None:
    """At every place of the second record, 二小,女,9,2024-03-06: its halves are unreadable, its neighbours are not."""
    table = recognise(delimited(CUT_TABLE[:place] + "\n" + CUT_TABLE[place:], tmp_path), COLUMNS)
    assert [row for row in rows(table) if row not in (2, 5)] == []
    assert set(values(table, "event_date")) <= {"2024-03-05", "2024-03-06", "2024-03-07"}
    assert set(values(table, "school")) <= {"一小", "二小", "三小"}
