"""A child's single name, typed where a code belongs, refuses no file and is kept nowhere; words of the lists are never taken for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import xlsxwriter
from python_calamine import CalamineWorkbook

from ddk_surveillance.contracts import NOT_KEPT
from ddk_surveillance.guard.names import is_lone_name
from ddk_surveillance.library import Library
from ddk_surveillance.normalise.clock import PARTS_OF_DAY
from ddk_surveillance.normalise.townships import OTHER_DISTRICTS, PROVINCES
from ddk_surveillance.settings import resource
from ddk_surveillance.text.spelling import folded
from ddk_surveillance.warehouse import Warehouse
from tests.conftest import HOSPITAL, Home, csv_of, take_in

NAMES = {"C1_性别": "王小明", "C1_是否故意": "李浩", "C1_现住镇街": "赵婉儿", "C2_年龄": "陈 思 雨", "C2_伤害发生日期": "欧阳雨晴",
         "C2_报告日期": "阿依古丽·买买提", "C3_伤害发生地点": "黄诗琪（转学）", "C3_伤害结局": "刘家豪不小心", "C3_监测医院编号": "何宇轩",
         "C3_卡片编号": "20130512方子涵"}  # fmt: skip
SAID = ("王小明", "李浩", "赵婉儿", "思", "欧阳", "买买提", "诗琪", "家豪", "宇轩", "子涵")


def stored_texts(home: Home) -> str:
    """Every row of every table."""
    tables = home.column("SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name <> 'ref'")
    return "\n".join(str(home.query(f"FROM {table}")) for table in tables)


def test_a_single_name_in_any_column_is_kept_neither_in_the_warehouse_nor_on_the_receipt(home: Home) -> None:
    home.drop("hospital", "王小明(1).csv", csv_of(HOSPITAL, **NAMES))
    home.night(take_in)
    [receipt] = home.settings.receipts.rglob("*.xlsx")
    rows = CalamineWorkbook.from_path(str(receipt)).get_sheet_by_index(0).to_python()
    stored = stored_texts(home) + receipt.name + str(rows)
    assert [name for name in SAID if name in stored] == []
    told = [(row[1], row[2]) for row in rows if row[3] == NOT_KEPT.zh]
    assert {("2", "性别"), ("2", "是否故意"), ("3", "年龄"), ("4", "卡片编号"), ("4", "监测医院编号")} <= set(told)
    assert all(row[6] for row in rows if row[3] == NOT_KEPT.zh)
    assert [path.name for path in home.settings.archive.rglob("*.*")] == ["file.csv"]


def test_a_sheet_called_like_a_child_gets_a_number(fate: Callable[..., Any], db: Warehouse, tmp_path: Path) -> None:
    header, *rows = [line.split(",") for line in csv_of(HOSPITAL).splitlines()]
    with xlsxwriter.Workbook(tmp_path / "sheets.xlsx") as book:
        for number, name in enumerate(("三月", "王小明", "陈思雨")):
            sheet = book.add_worksheet(name)
            for line, row in enumerate([header, rows[number]] if number < 2 else []):
                sheet.write_row(line, 0, row)
    status, _, note = fate("a.xlsx", (tmp_path / "sheets.xlsx").read_bytes())
    sheets = {sheet for (sheet,) in db.rows("SELECT sheet FROM received.hospital")}
    assert status == "guarded" and "王小明" not in str(sheets) + note and "陈思雨" not in note
    assert "三月" in sheets and len(sheets) == 2


def test_no_word_of_any_list_and_no_place_is_masked() -> None:
    library = Library((resource("schemas"),))
    known = set().union(*(library.words(source) for source in library.sources.values()))
    assert len(known) > 2_000 and folded("跌倒/坠落") in known
    places = [
        f"{name}{kind}"
        for name in (*OTHER_DISTRICTS.split("|"), *PROVINCES.split("|"))
        for kind in ("", "人", "区", "县", "市", "南部")
    ]
    assert [word for word in (*places, *PARTS_OF_DAY) if is_lone_name(word)] == []


def test_an_institution_may_be_named_and_a_number_may_begin_with_a_place(home: Home) -> None:
    rows = {f"C{row}_监测医院编号": "金太阳" for row in (1, 2, 3)} | {
        f"C{row}_卡片编号": f"石桥2024-00{row}" for row in (1, 2, 3)
    }
    home.drop("hospital", "a.csv", csv_of(HOSPITAL, **rows))
    home.night(take_in)
    assert home.query("SELECT DISTINCT institution_id, source_record_number FROM core.record ORDER BY 2") == [
        ("金太阳", f"石桥2024-00{row}") for row in (1, 2, 3)
    ]
