"""A child's single name, typed where a code belongs, refuses no file and is kept nowhere; words of the lists are never taken for one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import xlsxwriter
from python_calamine import CalamineWorkbook

from ddk_surveillance.contracts import NOT_KEPT
from ddk_surveillance.guard.identifiers import matching, normalised
from ddk_surveillance.guard.kept import _in_months
from ddk_surveillance.guard.names import MAY_HOLD_NAME, holds_name
from ddk_surveillance.library import Library
from ddk_surveillance.normalise.townships import OTHER_DISTRICTS, PROVINCES
from ddk_surveillance.text.clock import PARTS_OF_DAY
from ddk_surveillance.text.spelling import folded
from ddk_surveillance.warehouse import Warehouse
from tests.conftest import HOSPITAL, Home, csv_of, take_in

NAMES = {"C1_性别": "王小明", "C1_是否故意": "李浩", "C1_现住镇街": "赵婉儿", "C2_年龄": "陈 思 雨", "C2_伤害发生日期": "欧阳雨晴",
         "C2_报告日期": "阿依古丽·买买提", "C3_伤害发生地点": "黄诗琪（转学）", "C3_伤害结局": "刘家豪不小心", "C3_监测医院编号": "何宇轩",
         "C3_卡片编号": "20130512方子涵"}  # fmt: skip
IN_WORDS = """男生李浩宇家楼下 其父王建国处 奶奶刘桂芳家 法定代理人王建国 姓名王子涵 孩子王子涵 班长李浩宇 女生张梓萱打伤 致王子涵骨折
    初二3班王子涵 骨折王子涵 李强故意伤害王子涵 学生李浩宇家 王小明（女） 李浩 赵婉儿 刘家豪不小心 阿依古丽·买买提"""
IN_NUMBERS = """王子涵-0 三年级2班王子涵1 202509李浩宇 王子涵001 ZY-李浩宇 S0001王子涵 育才小学李浩宇 八桥派出所李强 ２０１３方子涵"""
NO_NAMES = """石桥2024-01 育才小学2024-03-01 渝公（八桥）受案字〔2025〕12号 陶行知小学2024-03 金宝贝幼儿园 张家湾小学 马家岩 高峰期 车行道
    车棚 阳台 单杠 向阳路 林场 牛棚 冷库 云梯 安全岛 康复科 成都 常州 华岩 石坪桥 袁家岗 陈庹路 白桥 黄桥 水泡 金属 方桌 石阶 水池 万达
    田径 马路 高楼 平台 温泉 梅园 马场 游乐园 文化宫 班车 何处 全身 龙洲湾 杨家坪 谢家湾 毛线沟 刘家坝 钢花路 江南水岸 李家沱大桥"""
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


def test_of_a_date_of_birth_only_the_month_is_kept(home: Home) -> None:
    born = ["出生年月", "2015-03-17", "二〇一五年三月十七日", "2015年3月"]
    lines = [f"{line},{cell}" for line, cell in zip(csv_of(HOSPITAL).splitlines(), born, strict=True)]
    home.drop("hospital", "a.csv", "\n".join([*lines, ""]))
    home.night(take_in)
    assert home.column("SELECT birth_month FROM received.hospital ORDER BY ALL") == ["2015-03", "2015-03", "2015年3月"]
    assert _in_months("2012-07-05；2011年8月；不详", "[;；]") == "2012-07;2011-08;不详"


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


def test_a_file_or_column_called_like_a_child_is_so_called_no_more(fate: Callable[..., Any], db: Warehouse) -> None:
    header, *rows = csv_of(HOSPITAL).splitlines()
    table = "".join(f"{line}\n" for line in [f"{header},王子涵,班级", *(f"{row},√,三班" for row in rows)])
    status, _, note = fate("2025年9月王子涵.csv", table.encode())
    assert (status, db.rows("SELECT file_name FROM ops.batch")) == ("guarded", [(None,)])
    assert f"未采用的列：第 {len(header.split(',')) + 1} 列、班级。" in note and "子涵" not in note
    fate("2025年9月育才小学.csv", table.encode())
    assert db.rows("SELECT file_name FROM ops.batch") == [("2025年9月育才小学.csv",)]


def test_what_stands_around_the_cells_is_named_once_and_is_to_be_renamed(
    fate: Callable[..., Any], tmp_path: Path
) -> None:
    with xlsxwriter.Workbook(tmp_path / "sheets.xlsx") as book:
        sheet = book.add_worksheet("13812345678")
        for line, row in enumerate(csv_of(HOSPITAL).splitlines()):
            sheet.write_row(line, 0, row.split(","))
    _, message, _ = fate("a.xlsx", (tmp_path / "sheets.xlsx").read_bytes())
    assert message.endswith("未存储：工作表名：电话号码。请更改名称或清除这些内容后重新报送。")


def test_no_word_of_any_list_and_no_place_is_masked() -> None:
    library = Library()
    known = set().union(*(library.words(source) for source in library.sources.values()))
    assert len(known) > 2_000 and folded("跌倒/坠落") in known
    places = [
        f"{name}{kind}"
        for name in (*OTHER_DISTRICTS.split("|"), *PROVINCES.split("|"))
        for kind in ("", "人", "区", "县", "市", "南部")
    ]
    assert [word for word in (*places, *PARTS_OF_DAY) if holds_name(word)] == []


def test_a_name_is_known_within_words_and_beside_numbers_and_no_place_is_one() -> None:
    names = [*IN_WORDS.split(), *IN_NUMBERS.split(), "骨折 王子涵", "王\u3000小 明", "Wang Xiaoming"]
    texts = normalised(pa.array([*names, *NO_NAMES.split()]))
    found = [holds_name(text) for text in texts.to_pylist()]
    assert found == [True] * len(names) + [False] * len(NO_NAMES.split())
    assert pc.and_(matching(texts, MAY_HOLD_NAME), pa.array(found)).to_pylist() == found
    assert (found.count(True), found.count(False)) == (30, 53)


def test_a_name_beside_a_number_takes_its_row_into_quarantine_and_no_other(home: Home) -> None:
    numbers = {"C1_卡片编号": "王子涵-0", "C2_卡片编号": "王子涵-1", "C3_监测医院编号": "育才小学李浩宇"}
    home.drop("hospital", "a.csv", csv_of(HOSPITAL, **numbers))
    home.night(take_in)
    assert "子涵" not in (stored := stored_texts(home)) and "浩宇" not in stored
    told = home.query("SELECT row_number, column_name, rule, value FROM ops.quarantine ORDER BY 1")
    assert [row[:2] for row in told] == [(2, "card_no"), (3, "card_no"), (4, "facility_id")]
    assert {row[3] for row in told} == {NOT_KEPT.zh}


def test_an_institution_may_be_named_and_a_number_may_begin_with_a_place(home: Home) -> None:
    rows = {f"C{row}_监测医院编号": "金太阳" for row in (1, 2, 3)} | {
        f"C{row}_卡片编号": f"石桥2024-00{row}" for row in (1, 2, 3)
    }
    home.drop("hospital", "a.csv", csv_of(HOSPITAL, **rows))
    home.night(take_in)
    assert home.query("SELECT DISTINCT institution_id, source_record_number FROM core.record ORDER BY 2") == [
        ("金太阳", f"石桥2024-00{row}") for row in (1, 2, 3)
    ]
