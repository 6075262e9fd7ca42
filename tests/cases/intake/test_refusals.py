"""Every reason for which a file is refused is reached by a file that deserves it, and says in Chinese what to do."""

import base64
import io
import json
import os
import random
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet
import pytest
import xlsxwriter

from ddk_surveillance.errors import FileRefused
from ddk_surveillance.intake.headers import ColumnHeaders
from ddk_surveillance.intake.reading import read_sheets
from ddk_surveillance.intake.recognise import recognise
from ddk_surveillance.intake.refusals import REFUSALS
from ddk_surveillance.intake.sheets import MEGABYTE, Limits
from tests.cases.intake.written import as_xlsx

COLUMNS = tuple(ColumnHeaders(name, (name,), required=True) for name in ("性别", "年龄", "地点"))
SMALL = Limits(
    file_bytes=3 * MEGABYTE,
    json_bytes=MEGABYTE,
    around_bytes=MEGABYTE,
    sheets=3,
    columns=50,
    cells=1000,
    memory_bytes=256 * MEGABYTE,
)


def xlsx(sheets: int = 1, row: int = 0, column: int = 0, is_hidden: bool = False) -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        if is_hidden:
            book.add_worksheet("空白")
        for _ in range(sheets):
            sheet = book.add_worksheet()
            sheet.write_string(0, 0, "性别")
            sheet.write_string(row, column, "男")
            if is_hidden:
                sheet.hide()
    return content.getvalue()


def parquet(column: pa.Array) -> bytes:
    content = io.BytesIO()
    pa.parquet.write_table(pa.table({"a": column}), content)
    return content.getvalue()


def archive(entries: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, data in entries.items():
            zipped.writestr(name, data)
    return content.getvalue()


def merged_over_and_over() -> bytes:
    """Each column of the sheet is merged whole, eight times."""
    with zipfile.ZipFile(io.BytesIO(xlsx(row=9))) as zipped:
        entries = {name: zipped.read(name) for name in zipped.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    entries[sheet] = entries[sheet].replace(
        b"</sheetData>", b"</sheetData><mergeCells>" + 8 * b'<mergeCell ref="A1:A10"/>' + b"</mergeCells>"
    )
    return archive(entries)


def with_picture() -> bytes:
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        pixel = b"iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
        book.add_worksheet().insert_image(0, 0, "x.png", {"image_data": io.BytesIO(base64.b64decode(pixel))})
    return content.getvalue()


LINE = "编号,性别,地点名称\n"
GB_LINE, UTF8_LINE = LINE.encode("gb18030"), "一二三四,五六七八,九十甲乙\n".encode()
FILES: list[tuple[str, str, bytes]] = [
    ("too_many_cells", "a.xlsx", as_xlsx([["x"] * 51])),
    ("empty_file", "a.json", b""),
    ("cell_too_long", "a.csv", "性别,年龄\n男,1\n女,".encode() + b"1" * 32_768),
    ("cell_too_long", "a.json", json.dumps([{"性别": "男" * 32_768}]).encode()),
    ("empty_file", "a.csv", b"\xef\xbb\xbf \r\n\r\n"),
    ("empty_file", "a.csv", b"\xff\xfe"),
    ("too_large", "a.csv", b"a,b\n" * MEGABYTE),
    ("too_large", "a.json", b"[" + b" " * MEGABYTE + b"]"),
    ("truncated_or_damaged", "a.xlsx", xlsx()[:2000]),
    ("truncated_or_damaged", "a.xlsx", b"PK\x03\x04" + b"\0" * 100),
    ("truncated_or_damaged", "a.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600),
    ("truncated_or_damaged", "a.parquet", parquet(pa.array(["x"]))[:-9]),
    ("truncated_or_damaged", "a.csv", LINE.encode() + "1,男,学".encode()[:-1]),
    ("truncated_or_damaged", "a.csv", b"a,b\n1,2\n" + b"\0" * 50),
    ("unknown_format", "a.xlsx", b"%PDF-1.7 ..."),
    ("unknown_format", "a.xlsx", archive({"word/document.xml": b"<w/>"})),
    ("unknown_format", "a.sav", b"$FL2@(#) SPSS DATA FILE" + bytes(9)),
    ("unknown_format", "a.dta", b"<stata_dta><header>" + bytes(9)),
    ("unknown_format", "a.xlsb", archive({"xl/workbook.bin": b"\0"})),
    ("web_page", "a.xls", b"<html><table><tr><td>1</td></tr></table></html>"),
    ("web_page", "a.xls", b'\xef\xbb\xbf<?xml version="1.0"?><Workbook/>'),
    ("zip_bomb", "a.xlsx", archive({"xl/workbook.xml": b"x" * 11 * MEGABYTE})),
    ("zip_bomb", "a.parquet", parquet(pa.DictionaryArray.from_arrays([0] * 999, ["x" * 2 * MEGABYTE]))),
    ("too_demanding", "a.xlsx", xlsx(row=1_048_575, column=16_383)),
    ("too_demanding", "a.xlsx", merged_over_and_over()),
    ("too_many_sheets", "a.xlsx", xlsx(sheets=4)),
    ("too_many_cells", "a.xlsx", xlsx(row=1000)),
    ("too_many_cells", "a.csv", b"," * 51),
    ("too_many_cells", "a.csv", b"a,b\n" * 501),
    ("too_many_cells", "a.csv", b"a,b\n1\n" * 334),
    ("too_many_cells", "a.json", json.dumps([{f"k{n}": 1} for n in range(40)]).encode()),
    ("too_many_cells", "a.parquet", parquet(pa.array([1] * 1000))),
    ("no_visible_sheet", "a.xlsx", xlsx(is_hidden=True)),
    ("embedded_content", "a.xlsx", with_picture()),
    ("embedded_content", "a.xlsx", archive({"xl/workbook.xml": b"<a/>", "xl/model/item.data": b"x"})),
    ("embedded_content", "a.ods", archive({"content.xml": b"<a/>", "Pictures/1.png": b"x"})),
    ("too_demanding", "a.xlsx", archive({"xl/workbook.xml": b"<a/>", "xl/comments1.xml": random.Random(1).randbytes(2 * MEGABYTE)})),
    ("encoding", "a.csv", GB_LINE + UTF8_LINE + GB_LINE),
    ("encoding", "a.csv", LINE.encode() + GB_LINE),
    ("encoding", "a.csv", LINE.encode().decode("latin-1").encode()),
    ("encoding", "a.csv", "name,sex\nJos\u00e9s\u00e9s,M\u00e9n\nN\u00f1a\u00f3n,F\n".encode("latin-1")),
    ("encoding", "a.csv", GB_LINE + b"\xff\xff,1,2\n"),
    ("encoding", "a.json", b'[{"a": "\\ud800"}]'),
    ("csv_quotes", "a.csv", b'a,b\n1,"2\n3,4\n'),
    ("csv_quotes", "a.csv", b'a,b\n1,"2"x\n3,4\n'),
    ("csv_quotes", "a.csv", b'a,b,c,d\n1,"2,3,4\n1,2,3,4\n1",2,3,4\n1,2,3,4\n'),
    ("csv_quotes", "a.csv", b"a,b\n1," + b"x" * 200_000 + b"\n1\n"),
    ("json_malformed", "a.json", b'[{"a": 1},]'),
    ("json_malformed", "a.json", b'[{"a": NaN}]'),
    ("json_malformed", "a.json", b'{"a": 1}\n{"a": 2'),
    ("json_malformed", "a.ndjson", b'{"a": 1}\nx\n'),
    ("header_not_found", "a.json", b'{"a": 1}'),
    ("json_not_records", "a.json", b"[1, 2]"),
    ("json_not_records", "a.json", b'{"a": [{"b": 1}], "c": [{"d": 1}]}'),
    ("json_nested", "a.json", b'[{"a": [{"b": 1}]}]'),
    ("json_nested", "a.json", b"[" * 100_000),
    ("json_duplicate_key", "a.json", b'[{"a": 1, "a": 2}]'),
    ("parquet_type", "a.parquet", parquet(pa.array([[1]]))),
    ("parquet_type", "a.parquet", parquet(pa.array([b"\xff"]))),
    ("no_rows", "a.json", b"[]"),
    ("no_rows", "a.csv", "性别,年龄,地点\n".encode()),
    ("header_too_low", "a.csv", ("说明,,\n" * 24 + "性别,年龄,地点\n男,8,校内\n").encode()),
    ("header_not_found", "a.csv", "案由,案发时间,地点\n1,2,3\n".encode()),
    ("required_column_missing", "a.csv", "性别,年龄,班级\n男,8,二班\n".encode()),
    ("duplicate_header", "a.csv", "性别,年龄,地点,性别\n男,8,校内,女\n".encode()),
    ("aggregated_table", "a.csv", "地点,伤害人数,死亡人数\n校内,8,0\n".encode()),
]  # fmt: skip


def refusal_of(path: Path, limits: Limits = SMALL) -> FileRefused:
    with pytest.raises(FileRefused) as refused:
        recognise(read_sheets(path, limits)[0], COLUMNS)
    return refused.value


@pytest.mark.parametrize(
    ("reason", "name", "content"), FILES, ids=[f"{number}-{f[0]}" for number, f in enumerate(FILES)]
)
def test_a_bad_file_is_refused_for_its_reason(reason: str, name: str, content: bytes, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    assert refusal_of(tmp_path / name).reason == reason


def test_f18_every_kind_of_password_is_named_as_such(
    xls: Callable[..., bytes], compound_file: Callable[[str, bytes], bytes], tmp_path: Path
) -> None:
    manifest = b"<manifest:encryption-data/>"
    for name, content in {
        "a.xls": xls([["性别"]], is_locked=True),
        "a.et": xls([["性别"]], is_locked=True),
        "a.xlsx": compound_file("EncryptedPackage", b"..."),
        "a.ods": archive({"content.xml": b"\x12\x34", "META-INF/manifest.xml": manifest}),
    }.items():
        (tmp_path / name).write_bytes(content)
        assert refusal_of(tmp_path / name).reason == "password_protected"


def test_folders_links_and_pipes_are_refused_unopened(tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    (tmp_path / "real.csv").write_text("a,b\n1,2\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "real.csv")
    os.mkfifo(tmp_path / "pipe.csv")
    for name in ("folder.csv", "link.csv", "pipe.csv"):
        assert refusal_of(tmp_path / name).reason == "not_a_file"
    assert refusal_of(tmp_path / "gone.csv").reason == "cannot_open"


def test_a_row_below_the_last_one_of_excel_is_a_row_too_many(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(xlsx(row=(1 << 20) - 1))) as book:
        parts = {name: book.read(name).replace(b"1048576", b"1048577") for name in book.namelist()}
    (tmp_path / "a.xlsx").write_bytes(archive(parts))
    with pytest.raises(FileRefused, match="more than 50000000 cells"):
        read_sheets(tmp_path / "a.xlsx")


def test_every_reason_is_tested() -> None:
    elsewhere = {"password_protected", "not_a_file", "cannot_open", "zero_report_without_month", "of_another_feed"}
    assert {reason for reason, _, _ in FILES} | elsewhere == set(REFUSALS)
    assert len(REFUSALS) == 30


@pytest.mark.parametrize("reason", REFUSALS)
def test_every_refusal_tells_in_both_languages_what_to_do(reason: str) -> None:
    text = REFUSALS[reason]
    assert re.search(r"请.*。$", text.zh)
    assert not re.search("[\u4e00-\u9fff]", text.en.replace("本月无", ""))
    assert (
        re.findall(r"(?<!{){(\w+)}", text.zh) == re.findall(r"(?<!{){(\w+)}", text.en) or reason == "header_not_found"
    )


def test_a_refusal_never_quotes_a_cell(tmp_path: Path) -> None:
    secret = "机密"
    for name, text in {
        "a.csv": f'性别,年龄\n"{secret}',
        "b.json": f'[{{"性别": {secret}}}]',
        "c.csv": f"{secret},x\n1,2\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
        refusal = refusal_of(tmp_path / name)
        assert secret not in refusal.text.zh + refusal.text.en + str(refusal)
