"""An identifier is found wherever in a file it stands, and nothing of it is kept or said."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
import xlsxwriter

from tests.cases.intake.conftest import as_xls
from tests.cases.intake.written import as_ods
from tests.conftest import HOSPITAL, csv_of

MOBILE = "13812345678"
GOOD = [line.split(",") for line in csv_of(HOSPITAL).splitlines()]
Change = Callable[[xlsxwriter.Workbook, Any], object]


def workbook(change: Change = lambda book, sheet: None, rows: list[list[str]] = GOOD) -> bytes:
    stream = io.BytesIO()
    with xlsxwriter.Workbook(stream) as book:
        sheet = book.add_worksheet("3月")
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        change(book, sheet)
    return stream.getvalue()


def edited(workbook: bytes, part: str, old: str, new: str) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook)) as before, zipfile.ZipFile(content, "w") as after:
        for name in before.namelist():
            text = before.read(name).decode()
            after.writestr(name, text.replace(old, new, 1) if name == part else text)
    return content.getvalue()


def noted(workbook: bytes) -> bytes:
    """With a remark on the archive that a workbook is."""
    content = io.BytesIO(workbook)
    with zipfile.ZipFile(content, "a") as archive:
        archive.comment = MOBILE.encode()
    return content.getvalue()


def text_file(*lines: list[str]) -> bytes:
    return "".join(",".join(line) + "\n" for line in lines).encode()


def records(extra: dict[str, str] | None = None) -> list[dict[str, str]]:
    return [dict(zip(GOOD[0], row, strict=True)) | (extra or {}) for row in GOOD[1:]]


def parquet(metadata: dict[str, str]) -> bytes:
    stream = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(records()).replace_schema_metadata(metadata), stream)
    return stream.getvalue()


def hidden(book: xlsxwriter.Workbook, name: str, *columns: list[str]) -> None:
    sheet = book.add_worksheet(name)
    for number, column in enumerate(columns):
        sheet.write_column(0, number, column)
    sheet.hide()


def filtered(_: xlsxwriter.Workbook, sheet: Any) -> None:
    sheet.autofilter("A1:C3")
    sheet.filter_column_list("A", [MOBILE])


def linked(_: xlsxwriter.Workbook, sheet: Any) -> None:
    sheet.write_url("Z1", f"https://example.org/?p={MOBILE}", string="链接")


IN_WORKBOOKS: dict[str, Change] = {
    "a cell far from the table": lambda book, sheet: sheet.write_string("Z40", MOBILE),
    "a number in a cell": lambda book, sheet: sheet.write_number("Z3", int(MOBILE)),
    "a line below the table": lambda book, sheet: sheet.write_string("A9", f"填表人:甲 {MOBILE}"),
    "a cell of several fonts": lambda book, sheet: sheet.write_rich_string("Z2", "138", book.add_format({"bold": True}), "12345678"),
    "a comment": lambda book, sheet: sheet.write_comment("A2", f"家长 {MOBILE}"),
    "the page header": lambda book, sheet: sheet.set_header(f"&L{MOBILE}"),
    "the page footer": lambda book, sheet: sheet.set_footer(f"&R{MOBILE}"),
    "a text box": lambda book, sheet: sheet.insert_textbox("Z1", MOBILE),
    "a defined name": lambda book, sheet: book.define_name("父亲", f'="{MOBILE}"'),
    "the title of the document": lambda book, sheet: book.set_properties({"title": MOBILE}),
    "a number of who wrote it": lambda book, sheet: book.set_properties({"author": MOBILE}),
    "the remarks of the document": lambda book, sheet: book.set_properties({"comments": MOBILE}),
    "a property of the document": lambda book, sheet: book.set_custom_property("经办", MOBILE),
    "a list of allowed entries": lambda book, sheet: sheet.data_validation("Z1", {"validate": "list", "source": [MOBILE]}),
    "the hint beside a cell": lambda book, sheet: sheet.data_validation("Z1", {"validate": "any", "input_message": MOBILE}),
    "a link": linked,
    "a link within the workbook": lambda book, sheet: sheet.write_url("Z1", f"internal:'{MOBILE}'!A1", string="见"),
    "what the table is filtered by": filtered,
    "the name of a sheet": lambda book, sheet: book.add_worksheet(MOBILE),
    "the name of a hidden sheet": lambda book, sheet: hidden(book, MOBILE, ["甲"]),
    "a hidden sheet": lambda book, sheet: hidden(book, "原表", ["电话", MOBILE]),
    "a column of names in a hidden sheet": lambda book, sheet: hidden(book, "原表", ["名单", "姓名", "王小明"]),
    "a hidden row": lambda book, sheet: (sheet.write_string("Z3", MOBILE), sheet.set_row(2, None, None, {"hidden": True})),
    "a hidden column": lambda book, sheet: (sheet.write_string("Z3", MOBILE), sheet.set_column("Z:Z", None, None, {"hidden": True})),
    "a formula": lambda book, sheet: sheet.write_formula("Z3", f'=IF(A1="{MOBILE}",1,2)', None, 2),
    "the format of a number": lambda book, sheet: sheet.write_number("Z3", 1, book.add_format({"num_format": f'"{MOBILE}"'})),
}  # fmt: skip
GUIDE = f'<rPh sb="0" eb="1"><t>{MOBILE}</t></rPh>'
IN_PARTS = {
    "a phonetic guide": ("xl/sharedStrings.xml", "</t></si>", f"</t>{GUIDE}</si>"),
    "the phonetic guide of a cell with a text of its own": (
        "xl/worksheets/sheet1.xml", "</row>", f'<c r="Z1" t="inlineStr"><is><t>x</t>{GUIDE}</is></c></row>'),
    "a text that no cell uses any more": ("xl/sharedStrings.xml", "</sst>", f"<si><t>{MOBILE}</t></si></sst>"),
    "the alternative text of a drawing": ("xl/worksheets/sheet1.xml", "<pageMargins", f'<legacy alt="{MOBILE}"/><pageMargins'),
    "a scenario": ("xl/worksheets/sheet1.xml", "<pageMargins", f'<inputCells r="Z1" val="{MOBILE}"/><pageMargins'),
    "a word of its own for a part that no program knows": (
        "xl/worksheets/sheet1.xml", "<pageMargins", f"<case parent='{MOBILE}'/><pageMargins"),
    "a note to programs": ("xl/workbook.xml", "<calcPr", f"<!-- {MOBILE} --><calcPr"),
    "a note to programs between the cells": ("xl/worksheets/sheet1.xml", "</row>", f"<!-- {MOBILE} --></row>"),
    "a text marked as plain": ("docProps/app.xml", "</Properties>", f"<Manager><![CDATA[{MOBILE}]]></Manager></Properties>"),
    "the remark of a defined name": ("xl/workbook.xml", "<calcPr", f'<definedName comment="{MOBILE}"/><calcPr'),
    "such a text in several fonts": (
        "xl/sharedStrings.xml", "</sst>", "<si><r><t>138</t></r><r><t>12345678</t></r></si></sst>"),
}  # fmt: skip
PARAGRAPH = f"<text:p>家长 {MOBILE}</text:p>"
IN_OPEN_DOCUMENTS: dict[str, dict[str, str]] = {
    "a comment": {"in_first_cell": f"<office:annotation>{PARAGRAPH}</office:annotation>"},
    "a comment of several fonts": {
        "in_first_cell": "<office:annotation><text:p>138<text:span>12345678</text:span></text:p></office:annotation>"
    },
    "a text box": {"before_tables": f"<table:shapes><draw:frame>{PARAGRAPH}</draw:frame></table:shapes>"},
    "a change that was recorded": {
        "before_tables": f"<table:tracked-changes><table:change-track-table-cell>{PARAGRAPH}</table:change-track-table-cell>"
        "</table:tracked-changes>"
    },
    "the hint beside a cell": {"before_tables": f"<table:help-message>{PARAGRAPH}</table:help-message>"},
    "a defined name": {"before_tables": f'<table:named-expression table:expression="{MOBILE}"/>'},
    "the page header": {"styles": f"<style:header>{PARAGRAPH}</style:header>"},
}
RESIDENT = ["990104", "201503070010"]
IN_OTHERS: dict[str, tuple[str, bytes]] = {
    "the name of the file": (f"病例{MOBILE}.csv", text_file(*GOOD)),
    "a remark on a workbook as an archive": ("a.xlsx", noted(workbook())),
    "a child in the name of the file": ("王小明受伤.csv", text_file(*GOOD)),
    "a header": ("a.csv", text_file([*GOOD[0], MOBILE], *([*row, ""] for row in GOOD[1:]))),
    "a title": ("a.csv", text_file([f"联系电话{MOBILE}"], *GOOD)),
    "a row that is too long": ("a.csv", text_file(*GOOD, [*GOOD[1], MOBILE])),
    "two neighbouring cells": ("a.csv", text_file([*GOOD[0], "x", "y"], *([*row, *RESIDENT] for row in GOOD[1:]))),
    "a digit in each cell": (
        "a.csv",
        text_file([*GOOD[0], *"x" * 18], *([*row, *"".join(RESIDENT)] for row in GOOD[1:])),
    ),
    "a key of a json record": ("a.json", json.dumps(records({MOBILE: "x"})).encode()),
    "a value of a json record": ("a.ndjson", "\n".join(json.dumps(one) for one in records({"备注": MOBILE})).encode()),
    "beside the records": ("a.json", json.dumps({"报送": {"联系": [MOBILE]}, "数据": records()}).encode()),
    "the name of the list of records": ("a.json", json.dumps({MOBILE: records()}).encode()),
    "the notes of a parquet file": ("a.parquet", parquet({"owner": MOBILE})),
}


@pytest.mark.parametrize("place", IN_WORKBOOKS)
def test_an_identifier_in_a_workbook_is_found_in(place: str, fate: Callable[..., Any]) -> None:
    status, message, notes = fate("a.xlsx", workbook(IN_WORKBOOKS[place]))
    assert status == "refused" and notes == ""
    assert MOBILE not in message and "王小明" not in message


@pytest.mark.parametrize("place", IN_PARTS)
def test_an_identifier_in_a_part_of_a_workbook_is_found_in(place: str, fate: Callable[..., Any]) -> None:
    status, message, notes = fate("a.xlsx", edited(workbook(), *IN_PARTS[place]))
    assert status == "refused" and notes == ""
    assert MOBILE not in message


def test_no_sheet_hides_behind_the_name_of_another(fate: Callable[..., Any]) -> None:
    book = workbook(IN_WORKBOOKS["a column of names in a hidden sheet"])
    assert fate("a.xlsx", edited(book, "xl/workbook.xml", 'name="原表"', 'name="3月"'))[0] == "unreadable"


@pytest.mark.parametrize(("name", "written"), [("a.xlsx", lambda rows: workbook(rows=rows)), ("a.xls", as_xls)])
def test_a_text_of_a_cell_is_judged_by_its_column_alone(
    name: str, written: Callable[[list[list[str]]], bytes], fate: Callable[..., Any]
) -> None:
    """A series of record numbers may look like permits."""
    rows = [[row[0], f"H{20124031 + number}", *row[2:]] for number, row in enumerate(GOOD[1:])]
    assert fate(name, written([GOOD[0], *rows]))[0] == "guarded"


@pytest.mark.parametrize("place", IN_OPEN_DOCUMENTS)
def test_an_identifier_in_an_open_document_is_found_in(place: str, fate: Callable[..., Any]) -> None:
    status, message, notes = fate("a.ods", as_ods(GOOD, **IN_OPEN_DOCUMENTS[place]))
    assert status == "refused" and notes == ""
    assert MOBILE not in message
    assert fate("a.ods", as_ods(GOOD, "<office:annotation><text:p>请核对</text:p></office:annotation>"))[0] == "guarded"


@pytest.mark.parametrize("place", IN_OTHERS)
def test_an_identifier_in_another_file_is_found_in(place: str, fate: Callable[..., Any]) -> None:
    status, message, notes = fate(*IN_OTHERS[place])
    assert status == "refused" and notes == ""
    assert MOBILE not in message and RESIDENT[1] not in message


def test_there_are_so_many_places() -> None:
    assert (len(IN_WORKBOOKS), len(IN_PARTS), len(IN_OPEN_DOCUMENTS), len(IN_OTHERS)) == (26, 11, 7, 13)


def decorated(book: xlsxwriter.Workbook, sheet: Any) -> None:
    sheet.write_comment("A2", "请核对", {"author": "zhang@example.org"})
    sheet.set_header("&C儿童伤害监测&P/&N")
    sheet.data_validation("Z1", {"validate": "list", "source": ["男", "女"]})
    book.set_properties({"author": "张三", "company": "某医院", "title": "2024年3月登记表"})
    hidden(book, "字典", ["学校名称", "八桥小学"], ["代码", "500104001"])
    book.define_name("镇街", "=字典!$A$2:$A$2")
    sheet.insert_textbox("Z5", "填写说明:每行一例")
    sheet.write_formula("Z9", '=IF(MOD(MID(B2,17,1),2)=1,"男","女")', None, "男")
    sheet.write_number("Z10", 45356, book.add_format({"num_format": '[$-804]yyyy"年"m"月"d"日";@'}))


def test_what_offices_put_around_their_tables_raises_no_alarm(fate: Callable[..., Any]) -> None:
    saved_in = '<x15ac:absPath url="C:\\Users\\zhang\\WeChat Files\\wxid_a1b2c3d4e5f622\\File\\"/><calcPr'
    status, message, notes = fate("a.xlsx", edited(workbook(decorated), "xl/workbook.xml", "<calcPr", saved_in))
    assert (status, message) == ("guarded", "")
    assert "未读的工作表：字典" in notes


def test_neighbouring_numbers_that_happen_to_be_18_digits_raise_no_alarm(fate: Callable[..., Any]) -> None:
    rows = [[*line, "500104", f"20240305{number:04d}"] for number, line in enumerate(GOOD[1:] * 40)]
    assert fate("a.csv", text_file([*GOOD[0], "x", "y"], *rows))[0] == "guarded"


def test_the_message_names_sheet_column_and_row(fate: Callable[..., Any]) -> None:
    def second_sheet(book: xlsxwriter.Workbook, _: Any) -> None:
        sheet = book.add_worksheet("附表")
        for number, row in enumerate([*GOOD, [MOBILE, *GOOD[1][1:]]]):
            sheet.write_row(number, 0, row)

    _, message, _ = fate("a.xlsx", workbook(second_sheet))
    assert "工作表“附表”“监测医院编号”列第 5 行" in message


def test_the_receipt_lists_what_was_left_aside(fate: Callable[..., Any]) -> None:
    lines = [
        ["2024年3月登记表"],
        [*GOOD[0], "爱好"],
        *([*row, "足球"] for row in GOOD[1:]),
        GOOD[1][:3],
        ["合计", "3"],
        ["填表人:甲"],
    ]
    status, _, notes = fate("a.csv", text_file(*lines))
    assert status == "guarded"
    assert notes.startswith("不作数据行的行：合计 1、表尾说明 1。未采用的列：爱好。没有的列：姓名令牌、")
