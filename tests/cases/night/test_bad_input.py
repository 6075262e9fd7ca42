"""Every wrong file gets one clear line, and the good files of the same night still go through."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest

from ddk_surveillance import nights
from ddk_surveillance.console import Voice, show_files
from ddk_surveillance.landing import names_waiting
from ddk_surveillance.outcome import say_left_behind
from ddk_surveillance.tokens import resident_check_character
from ddk_surveillance.warehouse import open_warehouse
from tests.cases.intake.written import as_xlsx
from tests.conftest import HOSPITAL, Home, csv_of, take_in

GOOD = csv_of(HOSPITAL)
RESIDENT_ID = "99010420150307001" + resident_check_character("99010420150307001")


def rows_of(table: str) -> list[list[str]]:
    return [line.split(",") for line in table.strip().splitlines()]


FILES = {
    "an empty file": ("a.csv", b"", "empty_file"),
    "a header without rows": ("a.csv", GOOD.splitlines()[0].encode() + b"\n", "no_rows"),
    "a file of another feed": ("a.csv", "学校代码,事件编号,性别\nS1,E1,男\n".encode(), "header_not_found"),
    "latin-1 rubbish": ("a.csv", GOOD.encode().decode("latin-1").encode(), "encoding"),
    "a truncated xlsx": ("a.xlsx", as_xlsx(rows_of(GOOD))[:1500], "truncated_or_damaged"),
    "a 0-byte json": ("a.json", b"", "empty_file"),
    # read for minutes by a search that looks for the end of every bracket anew
    "a wall of brackets": ("a.csv", b"[" * 100_000, "cell_too_long"),
    "a picture": ("a.xlsx", b"\x89PNG\r\n\x1a\n" + b"0" * 50, "unknown_format"),
    "a table of counts": ("a.csv", "医院,受伤人数,死亡人数\n甲,10,0\n乙,12,1\n".encode(), "aggregated_table"),
    "a column too few": ("a.csv", GOOD.replace("伤害结局", "无关").encode(), "required_column_missing"),
    "a resident ID in a cell": ("a.csv", csv_of(HOSPITAL, C2_伤害发生地点=RESIDENT_ID).encode(), "identifies_a_person"),
    "a name column": (
        "a.csv",
        GOOD.replace("身份令牌", "患者姓名").replace("a" * 26, "王小明").encode(),
        "identifies_a_person",
    ),
}


def source_of(name: str) -> str:
    """Two empty files in one folder would be copies of each other."""
    return "school" if name.endswith(".json") else "hospital"


@pytest.fixture(scope="module")
def all_at_once(make_shared_home: Callable[..., Home]) -> Home:
    """Every bad file and a good one in the same night, beside a folder and a file of no source."""
    home = make_shared_home()
    for number, (name, content, _) in enumerate(FILES.values()):
        home.drop(source_of(name), f"{number}{name}", content)
    home.drop("hospital", "good.csv", GOOD)
    (home.settings.landing / "hospital" / "folder").mkdir()
    (home.settings.landing / "stray.csv").write_text("x")
    home.night()
    return home


@pytest.mark.parametrize(("name", "content", "reason"), FILES.values(), ids=FILES.keys())
def test_is_refused_with_one_clear_line(all_at_once: Home, name: str, content: bytes, reason: str) -> None:
    [(found, line, file_name)] = all_at_once.query(
        "SELECT reason, message_zh, file_name FROM ops.batch WHERE status IN ('refused', 'unreadable')"
        f" AND (source_code, sha256) = ('{source_of(name)}', '{hashlib.sha256(content).hexdigest()}')"
    )
    assert found == reason and line.endswith("。") and file_name is None


def test_bad_files_stop_nobody_and_wait_where_only_the_owner_can_read_them(all_at_once: Home) -> None:
    assert all_at_once.column("SELECT file_name FROM ops.batch WHERE status = 'loaded'") == ["good.csv"]
    assert all_at_once.ledger("hospital")["loaded"] == 3
    kept = [path for path in all_at_once.settings.refused.rglob("*") if path.is_file()]
    assert len(kept) == len(FILES) and {path.stat().st_mode & 0o777 for path in kept} == {0o600}


def test_a_folder_is_left_where_it_is_and_said(all_at_once: Home) -> None:
    [(notice,)] = all_at_once.query("SELECT notice_zh FROM ops.night")
    assert "2 项" in notice
    assert (all_at_once.settings.landing / "hospital" / "folder").is_dir()


def test_there_are_so_many_kinds_of_bad_file() -> None:
    assert len(FILES) == 12


def test_nothing_of_an_identified_file_is_stored(home: Home) -> None:
    home.drop("hospital", f"{RESIDENT_ID}.csv", csv_of(HOSPITAL, C2_伤害发生地点=RESIDENT_ID))
    home.night()
    for path in home.settings.home.rglob("*"):
        if path.is_file() and home.settings.refused not in path.parents:
            assert RESIDENT_ID.encode() not in path.read_bytes(), path.name
        assert RESIDENT_ID not in path.name


ROWS: dict[str, tuple[dict[str, str], str, str, dict[str, int]]] = {
    "30 February": ({"C1_伤害发生日期": "2025-02-30"}, "readable", "impossible_date", {"quarantined": 1, "loaded": 2}),
    "an 18-year-old": ({"C1_年龄": "18"}, "Q20", "", {"out_of_scope": 1, "loaded": 2}),
    "an unknown code": ({"C1_伤害发生原因": "99"}, "readable", "unknown_code", {"quarantined": 1, "loaded": 2}),
    "a missing age": ({"C1_年龄": "不详"}, "filled", "", {"quarantined": 1, "loaded": 2}),
    "hurt after the visit": ({"C1_伤害发生日期": "2024-03-06"}, "Q21", "", {"quarantined": 1, "loaded": 2}),
    "reported before it happened": ({"C1_报告日期": "2024-03-01"}, "Q22", "", {"quarantined": 1, "loaded": 2}),
    "self-harm at the age of 3": ({"C3_年龄": "3岁"}, "Q35", "", {"quarantined": 1, "loaded": 2}),
    "no token in a token column": ({"C1_身份令牌": "12345678"}, "readable", "not_a_token", {"quarantined": 1, "loaded": 2}),
    "a negative age": ({"C1_年龄": "-1"}, "readable", "impossible_age", {"quarantined": 1, "loaded": 2}),
}  # fmt: skip


@pytest.fixture(scope="module")
def bad_rows(make_shared_home: Callable[..., Home]) -> Home:
    """A file for every kind of bad row, each with card numbers of its own."""
    home = make_shared_home()
    for number, (changed, *_) in enumerate(ROWS.values()):
        content = csv_of(HOSPITAL, **changed)
        home.drop("hospital", f"{number}.csv", re.sub(r",C([123]),", rf",K{number}\1,", content))
    home.night(take_in)
    return home


@pytest.mark.parametrize("name", ROWS)
def test_a_bad_row_is_named_and_the_others_pass(bad_rows: Home, name: str) -> None:
    changed, rule, problem, books = ROWS[name]
    file_name = f"{list(ROWS).index(name)}.csv"
    named = bad_rows.query(
        "SELECT rule, coalesce(problem, ''), row_number FROM ops.quarantine JOIN ops.batch USING (batch_id)"
        f" WHERE disposition <> 'warning' AND file_name = '{file_name}'"
    )
    row = 4 if "C3_年龄" in changed else 2
    assert (rule, problem, row) in named
    assert bad_rows.ledger("hospital", file_name) == {"rows_received": 3, **books}


def test_there_are_so_many_kinds_of_bad_row() -> None:
    assert len(ROWS) == 9


def test_too_many_bad_rows_hold_the_file_and_change_nothing(first_night: Home, used: Home) -> None:
    used.drop("hospital", "b.csv", csv_of(HOSPITAL, C1_年龄="无", C2_年龄="无", C3_年龄="无"))
    used.night(take_in)
    everything = "SELECT * FROM core.record ORDER BY record_id"
    assert used.query(everything) == first_night.query(everything)
    assert used.column("SELECT reason FROM ops.batch WHERE status = 'held'") == ["too_many_bad_rows"]
    assert used.ledger("hospital") == {"rows_received": 6, "held": 3, "loaded": 3}


def test_the_name_of_a_file_cannot_command_a_terminal(home: Home) -> None:
    for number, name in enumerate(("\x1b[31mred.csv", "line\nbreak.csv", "\u202evsc.csv", "长" * 83 + ".csv")):
        home.drop("hospital", name, GOOD.replace(",C", f",K{number}"))
    home.night(take_in)
    names = home.column("SELECT file_name FROM ops.batch WHERE status = 'loaded' ORDER BY 1")
    assert names == ["_[31mred.csv", "_vsc.csv", "line_break.csv", "长" * 83 + ".csv"]
    assert len(list(home.settings.receipts.rglob("*.xlsx"))) == 4


def test_the_list_of_the_night_names_what_was_not_taken_and_who_is_new(
    used: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    used.drop("hospital", "三月.csv", b"")
    used.drop("hospital", "新.csv", GOOD.replace("H0001,C", "H0009,D"))
    names = names_waiting(used.settings)
    used.night(take_in)
    with open_warehouse(used.settings) as db:
        [(night,)] = db.rows("SELECT night_id FROM ops.night ORDER BY rowid DESC LIMIT 1")
        show_files(Voice("zh"), db, [night], names)
        [(batch,)] = db.rows("SELECT batch_id FROM ops.batch WHERE status = 'unreadable'")
        newcomers = [text.zh for text in nights.newcomers(db, [night])]
        assert nights.newcomers(db, ["night001", night]) == []  # of a feed's first night all are new
    said = capsys.readouterr().out
    assert f"! 三月.csv ({batch})：文件是空的" in said
    assert [one.startswith("! hospital 首次出现机构 H0009。") for one in newcomers] == [True]


def test_many_new_institutions_are_told_in_one_line(used: Home) -> None:
    """As when the numbers of the cards stand in the column of the institutions."""
    header, row, *_ = GOOD.splitlines()
    rows = [row.replace("H0001,C", f"K000{number},E{number}") for number in range(6)]
    used.drop("hospital", "错列.csv", "\n".join([header, *rows]))
    used.night(take_in)
    with open_warehouse(used.settings) as db:
        newest = db.column("SELECT night_id FROM ops.night ORDER BY rowid DESC LIMIT 1")
        [told] = nights.newcomers(db, newest)
    assert told.zh.startswith("! hospital 首次出现 6 个机构。") and "K000" not in told.zh


def test_no_file_is_called_like_another_of_the_same_size_and_time(home: Home) -> None:
    """As the reports of nothing of several hospitals are, unpacked together."""
    for name in ("一院.csv", "二院.csv", "三院.csv"):
        os.utime(home.drop("hospital", name, "本月无" + "。" * (name == "三院.csv")), (1_700_000_000,) * 2)
    assert list(names_waiting(home.settings).values()) == ["三院.csv"]


def test_what_no_night_can_take_is_named_on_the_screen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    odd = [tmp_path / "hospital" / "2024\x1b年", tmp_path / "13896123457.csv", *(tmp_path / str(n) for n in range(20))]
    say_left_behind(Voice("en"), tmp_path, odd)
    said = capsys.readouterr().out
    assert "! landing/hospital/2024_年: cannot be taken" in said
    assert "13896123457" not in said
    assert said.endswith("! 22 things cannot be taken.\n")


def test_a_file_that_grows_is_left_for_the_next_night(
    make_home: Callable[..., Home], monkeypatch: pytest.MonkeyPatch
) -> None:
    home = make_home(DDK_QUIET_SECONDS="30")
    path = home.drop("hospital", "a.csv", GOOD)

    def another_line_arrives(_: float) -> None:
        with path.open("a") as stream:
            stream.write("H0001")

    monkeypatch.setattr("time.sleep", another_line_arrives)
    home.night(take_in)
    assert path.exists() and home.query("FROM ops.batch") == []


def test_ragged_rows_are_unreadable_rows(home: Home) -> None:
    home.drop("hospital", "a.csv", GOOD + "H0001,C4,男\n")
    home.night(take_in)
    assert home.ledger("hospital") == {"rows_received": 4, "unreadable": 1, "loaded": 3}


def test_columns_nobody_declared_are_not_kept(home: Home) -> None:
    lines = GOOD.splitlines()
    home.drop("hospital", "a.csv", "\n".join([lines[0] + ",爱好", *(line + ",足球" for line in lines[1:])]) + "\n")
    home.night(take_in)
    assert home.ledger("hospital")["loaded"] == 3
    columns = home.column("SELECT column_name FROM duckdb_columns() WHERE schema_name = 'received'")
    assert "爱好" not in columns
    assert "足球".encode() not in home.settings.warehouse_file.read_bytes()


def test_a_file_with_a_date_that_cannot_be_right_came_today(home: Home) -> None:
    """One that seemed to come from the future would stand above every later correction."""
    files = {
        dated: GOOD.replace(",C", f",{dated}") for dated in ("1970-01-01", "1980-01-01", "2020-12-31", "2099-01-01")
    }
    for dated, content in files.items():
        path = home.drop("hospital", f"{dated}.csv", content)
        os.utime(path, (datetime.fromisoformat(dated).timestamp(),) * 2)
    home.night(take_in)
    assert home.column("SELECT now()::TIMESTAMP - received_at < INTERVAL 1 HOUR FROM ops.batch") == [True] * 4
    for dated, content in files.items():
        home.drop("hospital", f"{dated}(修改版).csv", content.replace("跌倒/坠落", "溺水"))
    home.night(take_in)
    drowned = "SELECT left(source_record_number, 10) FROM core.record WHERE mechanism = 'drowning' ORDER BY 1"
    assert home.column(drowned) == list(files)


def test_a_file_of_the_year_1601_or_without_permission_does_not_stop_the_night(home: Home) -> None:
    odd = home.drop("hospital", "odd.csv", csv_of(HOSPITAL, C1_卡片编号="C9"))
    os.utime(odd, (0, 0))
    home.drop("hospital", "good.csv", GOOD)
    home.night(take_in)
    assert home.ledger("hospital")["rows_received"] == 6
