"""What no single file can show: who is silent, who leaves what empty, how late, how much is missed."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path

import pytest

from ddk_surveillance import arrivals, nights
from ddk_surveillance.library import Library
from ddk_surveillance.quality import across
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import Warehouse, connect


@pytest.fixture(scope="module")
def db(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """Two years of a hospital and a school; in 2024 the school leaves the sex empty, and from November nothing comes of it."""
    folder: Path = tmp_path_factory.mktemp("across")
    db = connect(load({}, folder), Library())
    db.settings.make_folders()
    for month in range(24):
        day = datetime.date(2023 + month // 12, month % 12 + 1, 9)
        _records(db, "hospital", "H1", day, 40, "male", "unknown" if month == 5 else "fall")
        if month < 22:
            _records(db, "school", "S1", day, 35, "female" if month < 12 else None, "fall")
    _files(db)
    _incidents(db)
    nights.begin(db, "night")
    db.execute("UPDATE ops.night SET started_at = TIMESTAMP '2025-01-20'")
    arrivals.run(db, "night")
    across.run(db, "night")
    yield db
    db.connection.close()


def _records(
    db: Warehouse, source: str, institution: str, day: datetime.date, count: int, sex: str | None, mechanism: str
) -> None:
    db.execute(
        "INSERT INTO core.record_version BY NAME SELECT $name || n AS record_id, 'b' AS batch_id, '' AS sheet, 1 AS row_number,"
        " 1 AS victim_number, 'loaded' AS disposition, '' AS content_hash, $source AS source_code, $institution AS institution_id,"
        " $day::DATE AS event_date_from, $day::DATE AS event_date_to, $sex AS sex, $mechanism AS mechanism, 9 AS age_years,"
        " 'resident' AS residence, 'unintentional' AS intent, $day::DATE + (n % 20)::INTEGER AS reported_date,"
        " CASE WHEN $source = 'school' THEN 8 ELSE n % 24 END AS event_hour FROM range($count) r(n)",
        {"name": f"{institution}{day}", "source": source, "institution": institution, "day": day, "sex": sex,
         "mechanism": mechanism, "count": count})  # fmt: skip


def _files(db: Warehouse) -> None:
    """Each file with what is wrong about it."""
    for batch, status, reason, total, rows in (
        ("good", "loaded", None, 3, 3), ("no_total", "loaded", None, None, 3), ("total", "loaded", None, 4, 3),
        ("twice", "identical", None, None, 3), ("person", "refused", "identifies_a_person", None, None),
        ("coding", "unreadable", "encoding", None, None), ("column", "unreadable", "required_column_missing", None, None),
    ):  # fmt: skip
        db.execute(
            "INSERT INTO ops.batch BY NAME SELECT ? AS batch_id, 'hospital' AS source_code, '' AS sha256, 0 AS size_bytes,"
            " TIMESTAMP '2025-01-02' AS received_at, ? AS status, ? AS reason, ? AS declared_total, ? AS rows_received",
            [batch, status, reason, total, rows])  # fmt: skip


def _incidents(db: Warehouse) -> None:
    """100 treated injuries, of every ninth nobody knows where the child lives, of which hospitals and schools both know 30, and
    one death without a certificate."""
    db.execute(
        "INSERT INTO core.incident_version BY NAME SELECT n::VARCHAR AS incident_id, '' AS child_id, 1 AS records, '' AS members,"
        " CASE WHEN n < 30 THEN 'hospital,school' WHEN n < 40 THEN 'school' WHEN n < 100 THEN 'hospital' ELSE 'police' END AS sources,"
        " 2024 AS event_year, CASE WHEN n % 9 > 0 THEN 'resident' END AS residence, CASE WHEN n = 100 THEN 'death' ELSE 'outpatient' END AS care_level,"
        " n = 100 AS is_death, CASE WHEN n = 100 THEN DATE '2024-05-05' END AS death_date, false AS has_conflict,"
        " TIMESTAMP '2025-01-01' AS known_from FROM range(101) r(n)")  # fmt: skip


@pytest.mark.parametrize(("rule", "batches"), {
    "Q01": ["column"], "Q02": ["coding"], "Q03": ["total"], "Q04": ["person"], "Q06": ["twice"],
}.items())  # fmt: skip
def test_what_is_wrong_about_a_file(db: Warehouse, rule: str, batches: list[str]) -> None:
    assert [batch for (batch,) in db.rows("SELECT batch_id FROM ops.alert WHERE rule = ?", [rule])] == batches


@pytest.mark.parametrize(("rule", "told"), {
    "Q05": [("school", "all", "2024-11-01"), ("school", "all", "2024-12-01")],
    "Q51": [("hospital", None, "2023-06")],
    "Q32": [("death_registry", None, "2024")],
    "Q54": [("hospital", None, "2024")],
    "Q50": [],
    "Q52D": [],
}.items())  # fmt: skip
def test_what_is_told_of_whom_and_when(db: Warehouse, rule: str, told: list[tuple[str, str | None, str]]) -> None:
    asked = "SELECT source_code, institution_id, period FROM ops.alert WHERE rule = ? ORDER BY ALL"
    assert db.rows(asked, [rule]) == told


def test_a_column_left_empty_is_named(db: Warehouse) -> None:
    asked = "SELECT source_code, column_name, min(period), max(period), count(*) FROM ops.alert WHERE rule = 'Q53' GROUP BY ALL"
    assert db.rows(asked) == [("school", "sex", "2024-01", "2024-10", 10)]


def test_hours_that_are_always_eight_are_no_hours(db: Warehouse) -> None:
    assert db.rows("SELECT DISTINCT source_code FROM ops.alert WHERE rule = 'Q52'") == [("school",)]


def test_a_month_that_was_not_reported_is_empty_with_a_reason(db: Warehouse) -> None:
    for table in ("completeness", "timeliness"):
        asked = f"SELECT DISTINCT records, reason FROM out.{table} WHERE source_code = 'school' AND period = ?"
        assert db.rows(asked, ["2024-10"]) == [(35, None)]
        assert db.rows(asked, ["2024-12"]) == [(None, "not_reported")]


def test_delays_are_those_of_the_reports(db: Warehouse) -> None:
    asked = "SELECT median_delay_days, p90_delay_days, on_time_share FROM out.timeliness WHERE source_code = 'hospital' AND period = '2024-06'"
    # Reported 0 to 19 days after the 9th, all before 11 July.
    assert db.rows(asked) == [(9.5, 17.0, 1.0)]


def test_how_much_others_know_that_hospitals_do_not(db: Warehouse) -> None:
    [row] = db.rows("SELECT seen, seen_by_others, seen_by_both, missed, round(estimated_total, 2), missed_share FROM out.coverage"
                    " WHERE source_code = 'hospital'")  # fmt: skip
    assert row == (90, 40, 30, 10, round(91 * 41 / 31 - 1, 2), 0.25)


def test_every_check_across_has_its_line_of_counts(db: Warehouse) -> None:
    lines = dict(db.rows("SELECT rule, rows_failed FROM ops.check_result WHERE batch_id = 'all'"))
    assert len(lines) == 13 and lines["Q53"] == 10 and lines["Q50"] == 0
