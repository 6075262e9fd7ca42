"""Every format and encoding that offices send comes out as the same text cells (F1, F2, F6, F7, F14)."""

import csv
import datetime as dt
import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
import xlsxwriter
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ddk_surveillance.errors import FileRefused
from ddk_surveillance.intake import reading
from ddk_surveillance.intake.reading import read_file, read_sheets
from ddk_surveillance.intake.sheets import Sheet
from tests.cases.intake.written import Rows, as_csv, as_json_lines, as_parquet, as_records, as_xlsx, quoted

TABLE: Rows = [
    ["学校名称", "性别", "备注"],
    ["一小", "男", "摔伤，轻"],
    ["二小", "女", None],
    ["三小", None, 'a "b",\nc'],
]
Xls = Callable[..., bytes]


def cells(sheet: Sheet) -> Rows:
    return [list(row) for row in zip(*(column.to_pylist() for column in sheet.cells.columns), strict=True)]


def read(content: bytes, name: str, folder: Path) -> Sheet:
    path = folder / name
    path.write_bytes(content)
    (sheet,) = read_sheets(path)
    return sheet


# ------------------------------------------------------------------------------------------------ formats, encodings

ENCODINGS = ["utf-8", "utf-8-sig", "gb18030", "utf-16"]
FORMATS: dict[str, Callable[[Rows], bytes]] = {
    "table.xlsx": as_xlsx,
    "table.parquet": as_parquet,
    "table.json": lambda rows: json.dumps(as_records(rows), ensure_ascii=False).encode(),
    "wrapped.json": lambda rows: json.dumps({"month": "2024-03", "data": as_records(rows)}).encode(),
    "as many programs answer.json": lambda rows: json.dumps(
        {"code": 0, "data": {"total": 2, "list": as_records(rows)}}
    ).encode(),
    "table.ndjson": lambda rows: as_json_lines(rows).encode(),
    "by column.json": lambda rows: json.dumps({name: cells for name, *cells in zip(*rows, strict=True)}).encode(),
    "by column and row.json": lambda rows: json.dumps(
        {name: dict(enumerate(cells)) for name, *cells in zip(*rows, strict=True)}
    ).encode(),
    "by number.json": lambda rows: json.dumps({f"N{n}": one for n, one in enumerate(as_records(rows))}).encode(),
    "lines.json": lambda rows: as_json_lines(rows).encode(),
    "json in disguise.csv": lambda rows: json.dumps(as_records(rows)).encode("gb18030"),
    "xlsx in disguise.csv": as_xlsx,
    "table.tsv": lambda rows: as_csv(rows, "\t").encode(),
    "table.txt": lambda rows: as_csv(rows, "|").encode("gb18030"),
    "semicolons.csv": lambda rows: as_csv(rows, ";").encode("gb18030"),
    "unix.csv": lambda rows: as_csv(rows, line_end="\n").encode(),
    "csv in disguise.xls": lambda rows: as_csv(rows, "\t").encode("gb18030"),
    **{f"{code}.csv": lambda rows, code=code: as_csv(rows).encode(code) for code in ENCODINGS},  # type: ignore[misc]
}


@pytest.mark.parametrize("name", FORMATS)
def test_f1_f2_the_same_table_comes_out_of_every_format_and_encoding(name: str, tmp_path: Path) -> None:
    assert cells(read(FORMATS[name](TABLE), name, tmp_path)) == TABLE


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_f2_utf16_without_mark_is_read_where_only_one_byte_order_makes_sense(encoding: str, tmp_path: Path) -> None:
    assert cells(read(as_csv(TABLE).encode(encoding), "a.csv", tmp_path)) == TABLE


def test_f1_xls_is_read(xls: Xls, tmp_path: Path) -> None:
    content = xls([["编号", "性别"], [1.0, "男"], [5.00104199001011e17, ""]])
    assert cells(read(content, "a.xls", tmp_path)) == [["编号", "性别"], ["1", "男"], ["5.00104199001011E+17", None]]


def test_f1_every_visible_sheet_is_read_and_the_others_are_known(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        for name in ("1月", "2月", "隐藏", "空白"):
            sheet = book.add_worksheet(name)
            if name != "空白":
                sheet.write_string("B2", name)
            if name == "隐藏":
                sheet.hide()
    book_read = read_file(tmp_path / "a.xlsx")
    assert [(sheet.name, cells(sheet)) for sheet in book_read.sheets] == [
        ("1月", [[None, None], [None, "1月"]]),
        ("2月", [[None, None], [None, "2月"]]),
    ]
    assert [(sheet.name, cells(sheet)) for sheet in book_read.hidden] == [("隐藏", [[None, None], [None, "隐藏"]])]
    assert book_read.empty == ("空白",)


# ------------------------------------------------------------------------------------------------- F6, F7, F14: cells


def excel_cell(value: object, tmp_path: Path, number_format: str | None = None) -> str | None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx", {"remove_timezone": True}) as book:
        sheet = book.add_worksheet()
        sheet.write_string(0, 0, "header")
        sheet.write(1, 0, value, book.add_format({"num_format": number_format} if number_format else {}))
        sheet.write_string(1, 1, "x")
    return cells(read_sheets(tmp_path / "a.xlsx")[0])[1][0]


@pytest.mark.parametrize(
    ("value", "number_format", "text"),
    [
        (1.0, None, "1"),
        (36.5, None, "36.5"),
        (-3, None, "-3"),
        (0, None, "0"),
        (500104001, None, "500104001"),
        (999_999_999_999_999, None, "999999999999999"),
        (500104199001011234, None, "5.00104199001011E+17"),
        (6222021234567890, None, "6.22202123456789E+15"),
        (True, None, "true"),
        (45356, None, "45356"),
        (dt.date(2024, 3, 5), "yyyy/m/d", "2024-03-05"),
        (dt.datetime(2024, 3, 5, 14, 30), 'yyyy"年"m"月"d"日" h:mm', "2024-03-05 14:30"),
        (dt.datetime(2024, 3, 5, 14, 30, 7), "yyyy-mm-dd hh:mm:ss", "2024-03-05 14:30:07"),
        (dt.datetime(2024, 3, 5), "yyyy-mm-dd hh:mm", "2024-03-05"),
        (dt.time(14, 30), "hh:mm", "14:30"),
        ("0012", None, "0012"),
        ("=SUM(", "@", "=SUM("),
    ],
)
def test_f6_f7_an_excel_cell_is_the_text_a_person_means(
    value: object, number_format: str | None, text: str, tmp_path: Path
) -> None:
    if value == "=SUM(":
        sheet = read(as_xlsx([["h", "x"], ["=SUM(", "x"]]), "a.xlsx", tmp_path)
        assert cells(sheet)[1][0] == text
    else:
        assert excel_cell(value, tmp_path, number_format) == text


def test_f6_a_workbook_that_counts_days_from_1904_says_so(xls: Xls, tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx", {"date_1904": True}) as book:
        book.add_worksheet().write_row(0, 0, ["h", "x"])
    assert read_sheets(tmp_path / "a.xlsx")[0].counts_from_1904
    assert not read(as_xlsx([["h", "x"]]), "b.xlsx", tmp_path).counts_from_1904
    assert not read(xls([["h", "x"]]), "b.xls", tmp_path).counts_from_1904


def test_f14_formulas_keep_their_saved_value_and_errors_are_blank(tmp_path: Path) -> None:
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        sheet = book.add_worksheet()
        sheet.write_formula(0, 0, "=VLOOKUP(1,B:C,2)", None, "男")
        sheet.write_formula(0, 1, "=1+1", None, 2)
        sheet.write_formula(0, 2, "=B9", None, "#REF!")
        sheet.write_string(0, 3, "x")
    assert cells(read_sheets(tmp_path / "a.xlsx")[0]) == [["男", "2", None, "x"]]


def test_objects_within_a_json_record_are_columns_and_short_lists_are_cells(tmp_path: Path) -> None:
    text = '{"meta": {"n": 1}, "results": [{"id": 1, "patient": {"age": {"value": 3}, "sex": "M"}, "parts": ["a", "b"], "more": []}]}'
    expected = [["id", "patient.age.value", "patient.sex", "parts", "more"], ["1", "3", "M", "a;b", None]]
    assert cells(read(text.encode(), "a.json", tmp_path)) == expected


def test_a_single_record_is_read_from_a_json_file_too(tmp_path: Path) -> None:
    assert cells(read(b'{"a": 1, "b": {"c": "x"}}', "a.json", tmp_path)) == [["a", "b.c"], ["1", "x"]]
    persons = b'{"victim": {"age": 5}, "suspect": {"age": 30}}'
    assert cells(read(persons, "a.json", tmp_path)) == [["victim.age", "suspect.age"], ["5", "30"]]


def test_json_and_parquet_values_keep_their_text(tmp_path: Path) -> None:
    text = '[{"a": 1.0, "b": 1E400, "c": 123456789012345678901, "d": true, "e": null, "f": "", "g": -0}, {"h": "x"}]'
    expected = [["a", "b", "c", "d", "e", "f", "g", "h"]]
    expected += [["1.0", "1E400", "123456789012345678901", "true", None, None, "-0", None], [None] * 7 + ["x"]]
    assert cells(read(text.encode(), "a.json", tmp_path)) == expected
    moment = dt.datetime(2024, 3, 5, 6, 30)
    table = pa.table(
        {
            "whole": [2**60], "float": [5.00104199001011e17], "missing": [float("nan")], "day": [moment.date()],
            "local": [moment], "zoned": pa.array([moment], pa.timestamp("ms", "UTC")), "bytes": ["男".encode()],
        }
    )  # fmt: skip
    pa.parquet.write_table(table, tmp_path / "a.parquet")
    row = [str(2**60), "5.00104199001011E+17", None, "2024-03-05", "2024-03-05 06:30", "2024-03-05 14:30", "男"]
    assert cells(read_sheets(tmp_path / "a.parquet")[0])[1] == row


# --------------------------------------------------------------------------------------------- csv: rows and their width


def test_a_csv_row_number_is_that_of_the_record_and_odd_widths_are_known(tmp_path: Path) -> None:
    sheet = read(b'title\na,b,c\n1,"x\ny",2\n\n1,2\n1,2,3,4\n', "a.csv", tmp_path)
    assert cells(sheet)[1:5] == [["a", "b", "c", None], ["1", "x\ny", "2", None], [None] * 4, ["1", "2", None, None]]
    assert sheet.width == 3
    assert sheet.odd_widths == {1: 1, 4: 0, 5: 2, 6: 4}


CSV_TEXT = st.text(alphabet='ab男", \n\r', max_size=30)


def test_a_bar_that_is_half_of_a_character_parts_no_cells(tmp_path: Path) -> None:
    assert "倈".encode("gb18030").endswith(b"|")
    sheet = read("编号|性别\n1|男\n倈".encode("gb18030"), "a.txt", tmp_path)
    assert cells(sheet) == [["编号", "性别"], ["1", "男"], ["倈", None]]
    assert sheet.odd_widths == {3: 1}


def test_a_tab_behind_every_cell_parts_no_cells(tmp_path: Path) -> None:
    """Web sites write one so that Excel leaves long numbers alone."""
    sheet = read("编号\t,性别\t\n1\t,男\t\n".encode(), "a.csv", tmp_path)
    assert cells(sheet) == [["编号\t", "性别\t"], ["1\t", "男\t"]]


def test_remarks_of_several_lines_with_commas_are_no_swallowed_rows(tmp_path: Path) -> None:
    rows: Rows = [["a", "b"], ["1", "x, y,\nz, w"], ["2", "v"]]
    assert cells(read(as_csv(rows).encode(), "a.csv", tmp_path)) == rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(CSV_TEXT, st.sampled_from(["utf-8", "gb18030"]))
def test_any_csv_is_read_as_the_strict_csv_module_reads_it_or_refused(tmp_path: Path, text: str, code: str) -> None:
    try:
        expected = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error:
        expected = None
    try:
        sheet = read(text.encode(code), "a.csv", tmp_path)
    except FileRefused as refusal:
        holds_rows = any("\n" in cell for row in expected or () for cell in row)
        assert refusal.reason == "empty_file" if not text.strip() else expected is None or holds_rows
    else:
        assert expected is not None
        width = max(map(len, expected))
        assert cells(sheet) == [[cell or None for cell in row] + [None] * (width - len(row)) for row in expected]
        widths = {number: len(row) for number, row in enumerate(expected, 1) if len(row) != sheet.width}
        assert {number: width for number, width in sheet.odd_widths.items() if width} == {
            number: width for number, width in widths.items() if width
        }


def test_the_quick_and_the_exact_csv_reader_agree_on_a_long_file(tmp_path: Path) -> None:
    rows: Rows = [
        ["编号", "性别", "备注"],
        *([str(i), random.Random(i).choice("男女"), f"第{i}行" if i % 9 else None] for i in range(60_000)),
    ]
    regular = read(as_csv(rows).encode("gb18030"), "a.csv", tmp_path)
    exact = read(as_csv([*rows, ["1"]]).encode(), "b.csv", tmp_path)
    assert exact.odd_widths == {60_002: 1}
    assert regular.cells.equals(exact.cells.slice(0, 60_001).combine_chunks())


# ---------------------------------------------------------------------------------------- any table, damage, confinement

# Control characters and halves of pairs have no place in a table; XML cannot even hold them.
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufeff\ufffe\uffff"), max_size=8)
HEADERS = st.lists(TEXT.filter(bool), min_size=1, max_size=4, unique=True)
TABLES = HEADERS.flatmap(
    lambda header: st.lists(
        st.lists(st.none() | TEXT.filter(bool), min_size=len(header), max_size=len(header)).filter(any),
        min_size=1,
        max_size=5,
    ).map(lambda rows: [header, *rows])
)
WRITERS: dict[str, Callable[[Rows], bytes]] = {
    "a.xlsx": as_xlsx,
    "a.parquet": as_parquet,
    "a.json": lambda rows: json.dumps(as_records(rows)).encode(),
    "a.ndjson": lambda rows: as_json_lines(rows).encode(),
    **{f"{code}.csv": lambda rows, code=code: quoted(rows).encode(code) for code in ENCODINGS},  # type: ignore[misc]
}


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TABLES, st.sampled_from(sorted(WRITERS)))
def test_any_table_reads_back_as_it_was_written(tmp_path: Path, rows: Rows, name: str) -> None:
    width = max(len(row) for row in rows)
    assert cells(read(WRITERS[name](rows), name, tmp_path)) == [row[:width] for row in rows]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.sampled_from([*WRITERS, "a.xls"]),
    st.lists(st.tuples(st.floats(0, 1), st.sampled_from(["flip", "cut", "insert"]), st.binary(min_size=1, max_size=4))),
)
def test_damage_never_gives_more_than_a_refusal(
    xls: Xls, tmp_path: Path, name: str, damages: list[tuple[float, str, bytes]]
) -> None:
    data = bytearray(xls([["编号", "性别"], [1.0, "男"]]) if name == "a.xls" else WRITERS[name](TABLE))
    for place, kind, junk in damages:
        start = int(place * len(data))
        end = {"flip": start + len(junk), "cut": len(data), "insert": start}[kind]
        data[start:end] = junk if kind != "cut" else b""
    (tmp_path / name).write_bytes(data)
    try:
        sheets = read_sheets(tmp_path / name)
    except FileRefused:
        return
    assert all(column.type == pa.string() for sheet in sheets for column in sheet.cells.columns)


def test_the_confined_process_reads_what_this_one_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = as_xlsx(TABLE, TABLE[:2])
    (tmp_path / "a.xlsx").write_bytes(content)
    here = read_file(tmp_path / "a.xlsx")
    monkeypatch.setattr(reading, "HARMLESS_BYTES", 0)
    monkeypatch.setattr(reading.workbook, "read_workbook", None)
    confined = read_file(tmp_path / "a.xlsx")
    assert [(sheet.name, cells(sheet)) for sheet in confined.sheets] == [(s.name, cells(s)) for s in here.sheets]


def test_f14_rows_with_a_formula_whose_value_nobody_saved_are_known(tmp_path: Path) -> None:
    content = as_xlsx([["年龄"], ["8"], ["9"], ["7"]])
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        parts = {name: book.read(name) for name in book.namelist()}
    name = "xl/worksheets/sheet1.xml"
    for row, value in ((2, b"<v></v>"), (3, b"<v/>"), (4, b"<v>7</v>")):
        cell = re.compile(rb'<c r="A%d"[^>]*>.*?</c>' % row)
        parts[name] = cell.sub(b'<c r="A%d"><f>1+1</f>%b</c>' % (row, value), parts[name])
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as book:
        for part, data in parts.items():
            book.writestr(part, data)
    [sheet] = read_sheets(tmp_path / "a.xlsx")
    assert sheet.uncomputed == {2, 3}
