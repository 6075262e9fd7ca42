"""A count that goes on from the last one says what a count from scratch says, whatever has changed in between."""

from __future__ import annotations

import datetime
from pathlib import Path

import pytest

from ddk_surveillance import history, indicators
from ddk_surveillance.indicators import recount
from ddk_surveillance.indicators.counting import count
from ddk_surveillance.indicators.definition import rules_of
from ddk_surveillance.warehouse import Warehouse
from tests.cases.figures.conftest import YEARS, add_reports_and_population, drawn_incidents, empty_warehouse

MADE = ("mart.counted", "cell_count", "case_count", "child_count", "period")  # the figures follow from them
# One after the other, and whether the count could go on from the one before.
CHANGES = {
    "incidents become assaults, are of another child or of another year": ("""
        UPDATE incident SET intent = 'assault' WHERE incident_id LIKE '%7';
        UPDATE incident SET child_id = 'c00001' WHERE incident_id LIKE '%33';
        UPDATE incident SET event_date = event_date + INTERVAL 1 YEAR WHERE incident_id LIKE '%44' AND event_year < 2024""", True),
    "children go, others come": ("""
        DELETE FROM incident WHERE child_id LIKE '%5' AND child_id > 'c01200';
        INSERT INTO incident BY NAME FROM (SELECT * REPLACE ('n' || incident_id AS incident_id, 'n' || child_id AS child_id)
        FROM incident WHERE incident_id LIKE '%19')""", True),
    "nothing": ("", True),
    "a new year begins": ("UPDATE incident SET event_date = DATE '2025-01-02' WHERE incident_id LIKE '%00'", False),
    "what was known is lost": ("DELETE FROM core.incident_version; DELETE FROM incident WHERE child_id LIKE '%8'", False),
}  # fmt: skip


def test_what_has_changed_is_enough(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recount, "LARGE", 1)
    db = empty_warehouse(str(tmp_path))
    with db.offering(drawn=drawn_incidents().head(800)):
        db.execute("CREATE TEMP TABLE incident AS FROM core.incident; INSERT INTO incident BY NAME FROM drawn")
    add_reports_and_population(db, YEARS)
    keep_and_count(db, 0)
    for night, (statement, goes_on) in enumerate(CHANGES.values(), start=1):
        if statement:
            db.execute(statement)
        assert keep_and_count(db, night) is goes_on, list(CHANGES)[night - 1]
        counted = [db.digest(table) for table in MADE]
        db.execute("DELETE FROM ops.meta WHERE name = 'counted'")
        count(db, rules_of(db.library))
        assert counted == [db.digest(table) for table in MADE], list(CHANGES)[night - 1]
    db.connection.close()


def keep_and_count(db: Warehouse, night: int) -> bool:
    """What the linkage does after a change, then the count; whether it went on from those of before."""
    moment = datetime.datetime(2026, 1, 1) + datetime.timedelta(days=night)
    history.keep(db, "core.incident_version", moment, "SELECT *, '' AS members FROM incident")
    db.execute("CREATE OR REPLACE TEMP TABLE cell_count_now AS SELECT 'of the night before' AS told")
    count(db, rules_of(db.library))
    return "told" not in db.frame("FROM cell_count_now")


def test_no_figure_depends_on_the_order_in_which_rows_lie(tmp_path: Path) -> None:
    """Of a year that runs the person-years are no whole numbers, whose sum differs in its last digit."""
    said = set()
    for order in ("asc", "desc"):
        db = empty_warehouse(str(tmp_path))
        add_reports_and_population(db, YEARS, "2024-09-01")
        db.execute("UPDATE ref.population_version SET value = value + hash(township_code, sex, age_years) % 29")
        with db.offering(drawn=drawn_incidents().head(800)):
            rows = "*, '' AS members, TIMESTAMP '2025-01-01' AS known_from FROM drawn"
            db.execute(f"INSERT INTO core.incident_version BY NAME SELECT {rows} ORDER BY incident_id {order}")
        for table in ("ref.population_version", "core.record_version"):
            db.execute(
                f"CREATE OR REPLACE TEMP TABLE held AS FROM {table} ORDER BY hash({table.split('.')[1]}) {order}"
            )
            db.execute(f"DELETE FROM {table}; INSERT INTO {table} FROM held")
        indicators.run(db, "night")
        said.add(
            (db.digest("mart.indicator_rate"), db.digest("mart.indicator_cube"), db.digest("mart.indicator_statistic"))
        )
        db.connection.close()
    assert len(said) == 1
