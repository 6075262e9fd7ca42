"""Files that come twice, late, corrected or in another order."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ddk_surveillance import intake, load
from ddk_surveillance.errors import BooksDoNotBalance
from tests.conftest import HOSPITAL, TOKEN_A, Home, copy_of, csv_of, take_in

FIRST = csv_of(HOSPITAL)
CORRECTED = csv_of(HOSPITAL, C1_伤害严重程度="重度", C1_报告日期="2024-03-20")
LATE = csv_of(HOSPITAL, C1_卡片编号="C7", C1_伤害发生日期="2024-02-01", C1_患者就诊日期="2024-02-02", C1_报告日期="2024-06-01",
              C2_卡片编号="C8", C2_身份令牌=TOKEN_A, C3_卡片编号="C9")  # fmt: skip
DAY_ZERO = 1_750_000_000
TABLES = {
    "core.record": "record_id",
    "core.incident": "incident_id",
    "mart.indicator_rate": "ALL",
}


def state(home: Home) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that matters to anybody, run times and batch numbers aside."""
    return {
        table: home.query(
            f"SELECT * {'EXCLUDE (batch_id)' if table == 'core.record' else ''} FROM {table} ORDER BY {order}"
        )
        for table, order in TABLES.items()
    }


def send(home: Home, *files: str) -> Home:
    """Each file in a night of its own."""
    for number, content in enumerate(files):
        home.drop("hospital", f"{number}.csv", content)
        home.night()
    return home


def test_the_same_file_again_changes_nothing(first_night: Home, used: Home) -> None:
    send(used, FIRST)
    assert state(used) == state(first_night)
    assert used.ledger("hospital") == {"rows_received": 6, "duplicate": 3, "loaded": 3}
    assert used.column("SELECT release_id FROM ops.release") == ["R000001"]


def test_the_same_rows_in_another_file_are_duplicates(used: Home) -> None:
    used.drop("hospital", "b.csv", FIRST + "\n")
    used.night(take_in)
    assert used.ledger("hospital") == {"rows_received": 6, "duplicate": 3, "loaded": 3}


@pytest.fixture(scope="module")
def corrected(first_night: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The first file, and one night later its correction; only to be looked at."""
    return send(copy_of(first_night, tmp_path_factory.mktemp("corrected") / "home"), CORRECTED)


def test_a_correction_equals_having_sent_the_right_record_first(home: Home, corrected: Home) -> None:
    assert state(corrected) == state(send(home, CORRECTED))
    assert corrected.ledger("hospital") == {"rows_received": 6, "duplicate": 2, "superseded": 1, "loaded": 3}


def test_the_order_of_arrival_decides_nothing(make_home: Callable[..., Home], corrected: Home, tmp_path: Path) -> None:
    one_night = make_home("one")
    for number, content in enumerate((FIRST, CORRECTED, LATE)):
        one_night.drop("hospital", f"{number}.csv", content)
    one_night.night()
    assert state(send(copy_of(corrected, tmp_path / "home"), LATE)) == state(one_night)
    assert state(send(make_home("another"), LATE, CORRECTED, FIRST)) == state(one_night)


CHANGED = csv_of(
    HOSPITAL, C1_伤害严重程度="重度"
)  # on the day of the first report, so that the times of the files decide
WRITTEN = {"old copy": (FIRST, 1), "changed": (CHANGED, 2), "first": (FIRST, 3)}
ORDERS = {
    "the copy comes last": ["first", "changed", "old copy"],
    "the copy comes first": ["old copy", "changed", "first"],
    "both in one night, which is killed once": ["first+old copy", "changed"],
    "all in one night": ["first+old copy+changed"],
}


@pytest.mark.parametrize("nights", ORDERS.values(), ids=ORDERS)
def test_a_file_counts_from_its_oldest_copy_on_whichever_came_first(home: Home, nights: list[str]) -> None:
    for night in nights:
        for name in night.split("+"):
            content, day = WRITTEN[name]
            os.utime(home.drop("hospital", f"{name}.csv", content), (DAY_ZERO + day * 86400,) * 2)
        if "+" in night:
            home.night(intake.discover)
        home.night(take_in)
    assert home.query("SELECT severity, count(*) FROM core.record WHERE source_record_number = 'C1' GROUP BY 1") == [
        ("severe", 1)
    ]
    assert home.column("SELECT bool_and(is_balanced) FROM ops.ledger") == [True]


def test_one_number_for_two_different_rows_is_not_a_correction(home: Home) -> None:
    home.drop("hospital", "a.csv", csv_of(HOSPITAL, C2_卡片编号="C1"))
    home.night(take_in)
    assert home.column("SELECT DISTINCT problem FROM ops.quarantine WHERE problem IS NOT NULL") == [
        "record_number_reused"
    ]
    assert home.ledger("hospital") == {"rows_received": 3, "quarantined": 2, "loaded": 1}


def test_books_that_do_not_balance_are_not_published(used: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    before = used.settings.analyst_file.resolve()
    settle = load._settle

    def loses_a_row(db: Any, *others: Any) -> None:
        settle(db, *others)
        db.execute("DELETE FROM core.record_version WHERE source_record_number = 'C7'")

    monkeypatch.setattr(load, "_settle", loses_a_row)
    with pytest.raises(BooksDoNotBalance):
        send(used, LATE)
    assert used.settings.analyst_file.resolve() == before
    assert used.column("SELECT status FROM ops.night ORDER BY started_at DESC LIMIT 1") == ["not_published"]


def test_a_reader_keeps_the_release_it_opened(used: Home) -> None:
    with duckdb.connect(str(used.settings.analyst_file.resolve()), read_only=True) as reader:
        count = "SELECT count(*), min(release_id) FROM out.indicator_rate"
        before = reader.execute(count).fetchall()
        send(used, LATE)
        assert reader.execute(count).fetchall() == before
    with duckdb.connect(str(used.settings.analyst_file.resolve()), read_only=True) as later:
        assert later.execute("SELECT DISTINCT release_id FROM out.indicator_rate").fetchall() == [("R000002",)]


def test_every_table_and_column_of_the_analyst_file_is_explained_in_two_languages(first_night: Home) -> None:
    with duckdb.connect(str(first_night.settings.analyst_file.resolve()), read_only=True) as reader:
        tables = reader.execute(
            "SELECT schema_name || '.' || table_name, comment FROM duckdb_tables() UNION ALL "
            "SELECT schema_name || '.' || view_name, comment FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
        columns = reader.execute(
            "SELECT schema_name || '.' || table_name, column_name, comment FROM duckdb_columns() WHERE NOT internal"
        ).fetchall()
        listed = reader.execute("SELECT table_name, column_name FROM ref.data_dictionary").fetchall()
    assert len(tables) == 25
    assert all(" | " in str(comment) for *_, comment in [*tables, *columns])
    assert {(name, "") for name, _ in tables} | {(name, column) for name, column, _ in columns} == set(listed)


def test_only_the_owner_may_look(first_night: Home) -> None:
    for path in first_night.settings.home.rglob("*"):
        if not path.is_symlink():
            assert path.stat().st_mode & 0o077 == 0, path


def test_no_small_class_is_shown_to_analysts(first_night: Home) -> None:
    """Three incidents are fewer than five: none of them may stand alone in the analyst file."""
    with duckdb.connect(str(first_night.settings.analyst_file.resolve()), read_only=True) as reader:
        assert reader.execute("SELECT count(*) FROM out.incident_alike").fetchall() == [(0,)]
