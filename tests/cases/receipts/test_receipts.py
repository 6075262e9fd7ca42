"""Every file gets a receipt: what became of it, and which cell to mend; values stand there and nowhere else."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from python_calamine import CalamineWorkbook

from ddk_surveillance.receipts.content import receipts_of
from ddk_surveillance.receipts.page import write_page
from ddk_surveillance.warehouse import open_warehouse
from tests.conftest import HOSPITAL, TOKEN_C, Home, csv_of, take_in

RESIDENT_ID = "990104201503070010"


def receipts(home: Home) -> list[Path]:
    return sorted(home.settings.receipts.rglob("*.xlsx"))


def cells(path: Path) -> list[list[str]]:
    rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    return [[str(cell) for cell in row] for row in rows]


def table(path: Path) -> list[list[str]]:
    """The lines below the heading of what has to be looked at."""
    rows = cells(path)
    return rows[next(number for number, row in enumerate(rows) if row[0] == "工作表") + 1 :]


def text(path: Path) -> str:
    return "\n".join(" ".join(row) for row in cells(path))


FILES = {
    "to mend": csv_of(HOSPITAL, C2_伤害发生日期="上个月", C3_年龄="20", C3_性别="甲"),
    "all well": csv_of(HOSPITAL),
    "refused": csv_of(HOSPITAL, C2_伤害发生地点=RESIDENT_ID),
    "unreadable": "",
    "held": csv_of(HOSPITAL, C1_年龄="很小", C2_年龄="很小", C3_年龄="很小"),
    "formula": csv_of(HOSPITAL, C2_性别="=HYPERLINK(1)"),
    "a name for a token": csv_of(HOSPITAL, C3_身份令牌="张三丰李四"),
    "a wrong total": csv_of(HOSPITAL) + "合计,15" + 12 * "," + "\n",
    "cut off": csv_of(HOSPITAL)[:-40],
    "a row above the header": csv_of(HOSPITAL).splitlines()[1] + "\n" + csv_of(HOSPITAL),
}
NAMES = {"to mend": "三月.csv", "all well": "三月 (1).csv", "refused": f"{RESIDENT_ID}.csv"}


@dataclass(frozen=True)
class Given:
    """What became of one file of the night."""

    home: Home
    batch: str

    @property
    def path(self) -> Path:
        [path] = (path for path in receipts(self.home) if self.batch in path.name)
        return path

    def receipt(self, columns: str) -> tuple[Any, ...]:
        [row] = self.home.query(f"SELECT {columns} FROM ops.receipt WHERE batch_id = '{self.batch}'")
        return row


@pytest.fixture(scope="module")
def given(make_shared_home: Callable[..., Home]) -> dict[str, Given]:
    """All files in one night, each with card numbers of its own."""
    home, hashes = make_shared_home(), {}
    for number, (name, content) in enumerate(FILES.items()):
        path = home.drop(
            "hospital", NAMES.get(name, f"{number}.csv"), re.sub(r",C([123]),", rf",K{number}\1,", content)
        )
        hashes[hashlib.sha256(path.read_bytes()).hexdigest()] = name
    home.night(take_in)
    return {
        hashes[sha256]: Given(home, batch) for sha256, batch in home.query("SELECT sha256, batch_id FROM ops.batch")
    }


def test_names_sheet_row_column_rule_and_what_to_do(given: dict[str, Given]) -> None:
    date, *of_an_adult = table(given["to mend"].path)
    assert date[1:6] == ["3", "伤害发生日期", "上个月", "读不懂", "待更正"]
    assert date[6].startswith("看不出是哪一天。请按")
    in_the_row = [("年龄", "20", "不计入"), ("性别", "甲", "不计入"), ("性别", "甲", "提示")]
    assert [(line[2], line[3], line[5]) for line in of_an_adult] == in_the_row
    assert given["to mend"].receipt("received, accepted, out_of_scope, quarantined, findings") == (3, 1, 1, 1, 4)


@pytest.mark.parametrize(
    ("name", "row", "what", "loaded", "unreadable"),
    [
        ("a wrong total", "5", "Q03", 3, 0),
        ("cut off", "4", "中断", 2, 1),
        ("a row above the header", "1", "表头", 3, 1),
    ],
)
def test_says_what_is_to_mend_beside_the_cells(
    given: dict[str, Given], name: str, row: str, what: str, loaded: int, unreadable: int
) -> None:
    line = next(line for line in table(given[name].path) if line[5] == "待更正")
    assert (line[1], what in "".join(line)) == (row, True)
    assert given[name].receipt("received, accepted, unreadable") == (loaded + unreadable, loaded, unreadable)
    assert "无需更正" not in text(given[name].path)
    [(balanced, still_open)] = given[name].home.query(
        "SELECT is_balanced, (SELECT count(*) FROM ops.open_quarantine q WHERE q.batch_id = l.batch_id)"
        f" FROM ops.ledger l WHERE batch_id = '{given[name].batch}'"
    )
    assert (balanced, still_open) == (True, 1)


def test_lies_under_its_source_for_the_owner_alone(given: dict[str, Given]) -> None:
    file = given["all well"]
    assert file.path == file.home.settings.receipts / "hospital" / f"三月_(1)_{file.batch}.xlsx"
    assert file.path.stat().st_mode & 0o777 == 0o600 and file.path.parent.stat().st_mode & 0o777 == 0o700
    assert file.receipt("file") == (f"hospital/{file.path.name}",)
    assert "无需更正" in text(file.path)


@pytest.mark.parametrize("status", ["refused", "unreadable", "held"])
def test_is_given_for_a_file_that_was_not_taken(given: dict[str, Given], status: str) -> None:
    file = given[status]
    assert file.receipt("status") == (status,)
    [message] = file.home.column(f"SELECT message_zh FROM ops.batch WHERE batch_id = '{file.batch}'")
    assert message in text(file.path)
    assert RESIDENT_ID not in text(file.path) + file.path.name


def test_what_a_spreadsheet_would_evaluate_is_text(given: dict[str, Given]) -> None:
    [line, *_] = table(given["formula"].path)
    assert line[3] == "'=HYPERLINK(1)"


def test_no_token_of_ours_leaves_through_a_receipt(given: dict[str, Given]) -> None:
    home = given["a name for a token"].home
    said = "".join(map(text, receipts(home)))
    tokens = home.column("SELECT id_token FROM core.record_version WHERE id_token IS NOT NULL")
    assert tokens and "张三丰" not in said and TOKEN_C not in said and not any(token in said for token in tokens)


def test_speaks_english_where_the_settings_do(given: dict[str, Given], tmp_path: Path) -> None:
    home = given["refused"].home
    with open_warehouse(dataclasses.replace(home.settings, language="en")) as db:
        for receipt in receipts_of(db, [file.batch for file in given.values()]):
            write_page(receipt, tmp_path / f"{receipt.batch_id}.xlsx")
    pages = sorted(tmp_path.iterdir())
    assert len(pages) == len(FILES)
    lines = [line for page in pages for line in text(page).splitlines()]
    assert not [line for line in lines if re.search(r"[，。；：（）]", line)]
    labels = {row[0] for page in pages for row in cells(page)}
    assert {"feed", "file", "received", "batch", "note", "sheet", "loaded", "refused", "held"} <= labels
    assert not [label for label in labels if re.match(r"[一-鿿]", label)]


def test_is_given_once_and_again_when_the_fate_of_the_file_has_changed(home: Home) -> None:
    home.drop("hospital", "a.csv", csv_of(HOSPITAL, C1_年龄="很小", C2_年龄="很小", C3_年龄="很小"))
    home.night(take_in)
    home.night(take_in)
    assert home.column("SELECT night_id FROM ops.receipt") == ["night001"]
    schema = home.settings.home / "schemas" / "sources" / "hospital.yaml"
    schema.parent.mkdir(parents=True)
    source = (Path(__file__).parents[3] / "schemas" / "sources" / "hospital.yaml").read_text(encoding="utf-8")
    schema.write_text(source.replace("hold_above_share: 0.2", "hold_above_share: 1"), encoding="utf-8")
    home.night(take_in)
    assert home.query("SELECT night_id, status, quarantined FROM ops.receipt") == [("night003", "loaded", 3)]
    assert len(receipts(home)) == 1


def test_an_identical_file_has_a_receipt_that_says_so(home: Home) -> None:
    for _ in range(2):
        home.drop("hospital", "a.csv", csv_of(HOSPITAL))
        home.night(take_in)
    assert home.query("SELECT status, received, accepted, duplicate FROM ops.receipt ORDER BY night_id") == [
        ("loaded", 3, 3, 0),
        ("identical", 3, 0, 3),
    ]


def test_lists_a_limited_number_and_says_how_many_more(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("content", "page"):
        monkeypatch.setattr(f"ddk_surveillance.receipts.{module}.LISTED", 2)
    home.drop("hospital", "a.csv", csv_of(HOSPITAL, C1_年龄="很小", C2_年龄="很小", C3_年龄="很小"))
    home.night(take_in)
    [path] = receipts(home)
    [*lines, note] = table(path)
    more = home.column("SELECT findings FROM ops.receipt")[0] - 2
    assert len(lines) == 2 and f"另有 {more} 处" in note[0]


def test_the_same_file_gives_the_same_bytes(make_home: Callable[..., Home]) -> None:
    written = []
    for name in ("one", "two"):
        home = make_home(name)
        path = home.drop("hospital", "a.csv", csv_of(HOSPITAL, C2_年龄="很小"))
        os.utime(path, (1.7e9, 1.7e9))
        home.night(take_in)
        written.append(receipts(home)[0].read_bytes())
    assert written[0] == written[1]


def test_a_row_sent_again_corrected_is_no_longer_open(home: Home) -> None:
    """Of three open rows the first comes corrected, the second as wrong as before, the third not at all."""
    wrong = csv_of(HOSPITAL, C1_年龄="很小", C2_年龄="很小", C3_年龄="很小").splitlines()
    others = [line.replace("C3", f"D{number}").replace("很小", "7") for number in range(14) for line in wrong[3:4]]
    for name, arrived, lines in (
        ("三月.csv", 1.75e9, [*wrong, *others]),
        ("三月(修改版).csv", 1.76e9, [wrong[0], wrong[1].replace("很小", "5"), wrong[2], *others]),
    ):
        path = home.drop("hospital", name, "\n".join(lines))
        os.utime(path, (arrived, arrived))
        home.night(take_in)
    open_rows = "SELECT file_name, row_number FROM ops.open_quarantine WHERE column_name = 'age' ORDER BY ALL"
    assert home.query(open_rows) == [("三月(修改版).csv", 3), ("三月.csv", 4)]
