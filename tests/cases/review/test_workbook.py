"""The review as an xlsx round trip: the form, what is taken from it, what is refused and where."""

from __future__ import annotations

import re
import stat
import zipfile
from pathlib import Path
from typing import Any

import pytest
import python_calamine
import xlsxwriter

from ddk_surveillance import review
from ddk_surveillance.link import adjudication
from ddk_surveillance.review import workbook
from ddk_surveillance.warehouse import Warehouse, open_warehouse
from tests.cases.review.conftest import DOUBTFUL, Terminal, night
from tests.conftest import Home

Cells = list[list[str]]


@pytest.fixture
def form(terminal: Terminal, tmp_path: Path) -> Path:
    file = tmp_path / "form.xlsx"
    assert "待复核 3 对中最值得看的 3 对" in terminal("review", "--export", file).text
    return file


def test_the_form_holds_what_a_reviewer_needs_and_nothing_else(form: Path, doubtful: Home) -> None:
    assert stat.S_IMODE(form.stat().st_mode) == 0o600
    cells = read(form)
    assert [row[1:4] for row in cells if row[0] == "部位"] == [["头部", "躯干", "不同（原因相同）"]] * 3
    text = zipfile.ZipFile(form).read("xl/sharedStrings.xml").decode()
    for name in ("id_token", "incident_id", "child_id"):
        table = "core.record" if name == "id_token" else "link.member"
        for (value,) in doubtful.query(f"SELECT DISTINCT {name} FROM {table}"):
            assert f">{value}<" not in text


def test_a_form_that_is_not_there_or_no_xlsx_is_said(terminal: Terminal, tmp_path: Path) -> None:
    assert "没有文件" in terminal("review", "--import", tmp_path / "missing.xlsx").text
    assert "应以 .xlsx 结尾" in terminal("review", "--export", tmp_path / "form.csv").text


def test_a_form_is_never_written_over_a_file(terminal: Terminal, form: Path, tmp_path: Path) -> None:
    before = form.read_bytes()
    assert "已存在" in terminal("review", "--export", form).text
    assert form.read_bytes() == before
    assert "不能写入" in terminal("review", "--export", tmp_path / "nowhere" / "form.xlsx").text


def test_the_form_can_be_filled_in_from_a_list_and_printed(form: Path) -> None:
    sheet = zipfile.ZipFile(form).read("xl/worksheets/sheet1.xml").decode()
    assert sheet.count('<dataValidation type="list"') == 3
    assert '"同一事件,不同事件,暂不决定"' in sheet
    assert re.search(r'<pageSetup paperSize="9"', sheet)
    assert re.search(r'<col min="6" max="6"[^>]*hidden="1"', sheet)
    assert "<rowBreaks" in sheet and "<sheetProtection" in sheet


def test_a_record_number_that_looks_like_a_formula_stays_text(
    terminal: Terminal, doubtful: Home, tmp_path: Path
) -> None:
    with open_warehouse(doubtful.settings) as db:
        db.execute("UPDATE core.record_version SET source_record_number = '=1+1' WHERE record_id = 'ba'")
    terminal("review", "--export", tmp_path / "form.xlsx")
    assert any("'=1+1" in row for row in read(tmp_path / "form.xlsx"))


def test_what_is_filled_in_is_taken_once(terminal: Terminal, doubtful: Home, form: Path) -> None:
    fill(form, ("不同事件", "卡片核对"), ("同一事件", "家长证实"), ("暂不决定", ""))
    done = terminal("review", "--import", form)
    assert (done.code, "新裁定 2 对" in done.text, "暂不决定 1 对" in done.text) == (0, True, True)
    kept = doubtful.query("SELECT decision, decided_by, reason FROM link.adjudication ORDER BY adjudication_id")
    assert kept == [("different", "王敏", "卡片核对"), ("same", "王敏", "家长证实")]
    again = terminal("review", "--import", form)
    assert "新裁定 0 对；此前已有相同裁定 2 对" in again.text
    assert len(doubtful.query("FROM link.adjudication")) == 2


def test_of_an_import_that_is_cut_short_nothing_stays(
    terminal: Terminal, doubtful: Home, form: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(form, ("不同事件", "卡片核对"), ("同一事件", "家长证实"), ("暂不决定", ""))
    add = adjudication._add

    def cut_short(db: Warehouse, pair: list[str], decision: str, *words: Any) -> None:
        if decision == "same":
            raise KeyboardInterrupt
        add(db, pair, decision, *words)

    monkeypatch.setattr(adjudication, "_add", cut_short)
    with pytest.raises(KeyboardInterrupt), open_warehouse(doubtful.settings) as db:
        workbook.take_form(db, form, review._warehouse_id(db), review.checked)
    assert doubtful.query("FROM link.adjudication") == []


def test_each_wrong_row_is_named_and_leaves_the_others_alone(terminal: Terminal, doubtful: Home, form: Path) -> None:
    rows = fill(form, ("也许", "卡片核对"), ("同一事件", ""), ("不同事件", "家长证实"))
    done = terminal("review", "--import", form)
    assert done.code == 3
    assert f"第 {rows[0]} 行未采用：“裁定”请选：同一事件、不同事件、暂不决定" in done.text
    assert f"第 {rows[1]} 行未采用：请写明经办人和理由" in done.text
    assert "新裁定 1 对" in done.text and "未采用 2 对" in done.text
    assert doubtful.column("SELECT reason FROM link.adjudication") == ["家长证实"]


def test_a_pair_that_was_corrected_since_is_refused(terminal: Terminal, doubtful: Home, form: Path) -> None:
    rows = fill(form, ("同一事件", "家长证实"))
    with open_warehouse(doubtful.settings) as db:
        night(db, DOUBTFUL.replace("assault", "self_harm"), "night2")
    done = terminal("review", "--import", form)
    assert f"第 {rows[0]} 行未采用：其中一条记录在您查看之后有更正" in done.text
    assert doubtful.query("FROM link.adjudication") == []


def test_a_pair_that_was_decided_otherwise_since_is_refused(terminal: Terminal, form: Path) -> None:
    rows = fill(form, ("同一事件", "家长证实"))
    terminal("review", "--by", "李强", "--limit", "1", typed=("d", "卡片核对"))
    assert f"第 {rows[0]} 行未采用：与已有裁定矛盾（第 1 号）" in terminal("review", "--import", form).text


def test_a_decision_that_was_taken_back_is_not_made_again_by_the_old_form(
    terminal: Terminal, doubtful: Home, form: Path
) -> None:
    rows = fill(form, ("同一事件", "家长证实"))
    terminal("review", "--import", form)
    terminal("review", "--reverse", "1", "--by", "李强", "--reason", "看错了卡片")
    done = terminal("review", "--import", form)
    assert done.code == 3 and f"第 {rows[0]} 行未采用：同样的裁定作过，后来被撤销了" in done.text
    assert doubtful.query("FROM link.decision") == []


def test_a_changed_hidden_column_is_refused(terminal: Terminal, form: Path) -> None:
    shown = read(form)[fill(form)[0] - 1][5].split()[3]
    rows = fill(form, ("同一事件", "家长证实"), hidden=f"0123 4567 0123456789abcdef {shown}")
    assert f"第 {rows[0]} 行未采用：这对记录不在本库中" in terminal("review", "--import", form).text
    rows = fill(form, ("同一事件", "家长证实"), hidden="")
    assert f"第 {rows[0]} 行未采用：这一对的内容、隐藏列中的记录号" in terminal("review", "--import", form).text


def test_a_decision_is_never_taken_for_another_pair_than_the_one_above_it(
    terminal: Terminal, doubtful: Home, form: Path
) -> None:
    rows = fill(form, ("同一事件", "家长证实"), ("不同事件", "两次就诊"), ("不同事件", "两次就诊"))
    cells = read(form)
    cells[rows[0] - 1][5], cells[rows[1] - 1][5] = cells[rows[1] - 1][5], cells[rows[0] - 1][5]
    assert cells[rows[2] - 5][2]
    cells[rows[2] - 5][2] += "?"
    write(form, cells)
    done = terminal("review", "--import", form)
    assert done.code == 3 and done.text.count("行未采用：这一对的内容") == 3
    assert doubtful.query("FROM link.adjudication") == []


def test_a_form_without_a_reviewer_is_refused_whole(terminal: Terminal, doubtful: Home, form: Path) -> None:
    fill(form, ("同一事件", "家长证实"), reviewer="")
    assert "第 3 行“复核人”：请写明经办人" in terminal("review", "--import", form).text
    assert doubtful.query("FROM link.adjudication") == []


def test_a_form_of_another_warehouse_is_refused(terminal: Terminal, doubtful: Home, form: Path) -> None:
    with open_warehouse(doubtful.settings) as db:
        db.remember("key_id", "another")
    assert "从另一个数据仓库导出" in terminal("review", "--import", form).text


@pytest.mark.parametrize("content", [b"", b"PK no workbook", "病例，日期\n".encode()])
def test_what_is_no_form_is_refused(terminal: Terminal, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other.xlsx"
    file.write_bytes(content)
    assert "不是 ddk review --export 生成的复核单" in terminal("review", "--import", file).text


def test_any_other_workbook_is_refused(terminal: Terminal, tmp_path: Path) -> None:
    write(tmp_path / "other.xlsx", [["复核人", "王敏"], ["裁定", "同一事件"]])
    assert "不是 ddk review --export 生成的复核单" in terminal("review", "--import", tmp_path / "other.xlsx").text


def fill(form: Path, *answers: tuple[str, str], reviewer: str = "王敏", hidden: str | None = None) -> list[int]:
    """Fill in a form as a spreadsheet would and save it; returns the row of each decision."""
    cells = read(form)
    rows = [number for number, row in enumerate(cells) if row[0] == "裁定"]
    for number, (decision, reason) in zip(rows, answers, strict=False):
        cells[number][1], cells[number + 1][1] = decision, reason
        if hidden is not None:
            cells[number][5] = hidden
    cells[2][1] = reviewer
    write(form, cells)
    return [number + 1 for number in rows]


def read(form: Path) -> Cells:
    return (
        python_calamine.CalamineWorkbook.from_path(str(form)).get_sheet_by_name("复核").to_python(skip_empty_area=False)
    )


def write(form: Path, cells: Cells) -> None:
    with xlsxwriter.Workbook(str(form)) as book:
        sheet = book.add_worksheet("复核")
        for number, row in enumerate(cells):
            sheet.write_row(number, 0, row)
