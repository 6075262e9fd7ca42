"""Whatever happens to the incidents between two releases, every figure that moves is explained, in parts that add up."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest

from ddk_surveillance import history, indicators
from ddk_surveillance.publish.difference import compare
from ddk_surveillance.publish.record import record
from ddk_surveillance.warehouse import Warehouse
from tests.cases.figures.conftest import YEARS, add_reports_and_population, drawn_incidents, empty_warehouse
from tests.cases.history.test_differences import MOVED_UNSAID, NOT_ADDING_UP

CAME_IN = pd.Timestamp("2026-01-01")


def changed(incidents: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Each kind of change happens to a few dozen of the incidents; many of them meet in one child."""
    random, rows = np.random.default_rng(seed), incidents.copy()

    def some() -> pd.Index:
        return rows.index[random.random(len(rows)) < 0.06]

    rows.loc[some(), "sex"] = None
    rows.loc[some(), "township_code"] = "500104103"
    rows.loc[some(), "age_years"] = 17
    rows.loc[some(), "intent"] = "self_harm"
    rows.loc[some(), "case_status"] = "excluded"
    moved = some()
    rows.loc[moved, "event_date"] += pd.to_timedelta(random.integers(-400, 400, len(moved)), unit="D")
    rows = rows[(rows["event_date"] >= "2021-01-01") & (rows["event_date"] < "2025-01-01")]
    rows["event_year"] = rows["event_date"].dt.year
    rows.loc[some(), "child_id"] = "c00001"  # several children turn out to be one
    rows = rows.drop(some())
    new = rows.sample(40, random_state=seed)
    return pd.concat([rows, new.assign(incident_id="n" + new["incident_id"])])


def publish(db: Warehouse, incidents: pd.DataFrame, release_id: str) -> datetime.datetime:
    """Every incident is one record of a hospital, whose content is all that is said of it."""
    moment = db.value("SELECT now()::TIMESTAMP")
    with db.offering(drawn=incidents.assign(records=1)):
        db.execute(
            "CREATE OR REPLACE TEMP TABLE told AS FROM core.incident LIMIT 0; INSERT INTO told BY NAME FROM drawn"
        )
    rows = "SELECT t.*, incident_id || ':' || left(md5(t::VARCHAR), 8) AS members FROM told t"
    history.keep(db, "core.incident_version", moment, rows)
    db.execute(
        "DELETE FROM link.incident_bound; INSERT INTO link.incident_bound SELECT incident_id, 1, incident_id FROM core.incident"
    )
    db.execute(
        "INSERT INTO core.record_version BY NAME SELECT incident_id AS record_id, 'b' AS batch_id, '' AS sheet, 1 AS row_number,"
        " 1 AS victim_number, 'duplicate' AS disposition, split_part(members, ':', 2) AS content_hash, 'hospital' AS source_code,"
        " event_date AS event_date_from, event_date AS event_date_to FROM core.incident_version WHERE known_to IS NULL"
    )
    indicators.run(db, "night")
    record(db, {"release_id": release_id, "data_as_of": CAME_IN, "content_hash": "", "file_name": ""})
    published_at: datetime.datetime = db.value("SELECT max(published_at) FROM ops.release")
    return published_at


@pytest.mark.parametrize("seed", [1, 3])
def test_every_figure_that_moves_is_explained(tmp_path_factory: pytest.TempPathFactory, seed: int) -> None:
    db = empty_warehouse(str(tmp_path_factory.mktemp("changed")))
    add_reports_and_population(db, YEARS)
    before = drawn_incidents(seed).sample(1500, random_state=seed)
    from_at = publish(db, before, "R000001")
    db.execute("UPDATE ref.population_version SET value = 110 WHERE year = 2022")
    to_at = publish(db, changed(before, seed), "R000002")
    compare(db, from_at, to_at)
    assert db.rows(NOT_ADDING_UP) == []
    assert db.rows(MOVED_UNSAID, {"from_at": from_at, "to_at": to_at}) == []
    assert db.rows("FROM difference WHERE cause = 'unexplained'") == []
    causes = {cause for (cause,) in db.rows("SELECT DISTINCT cause FROM difference")}
    assert causes == {"correction", "withdrawn", "late_record", "population"}
    unknown = "indicator_code = 'injury' AND period = '2023' AND sex = 'unknown' AND age_group = 'all'"
    assert db.rows(f"SELECT cause, numerator_change > 0 FROM difference WHERE {unknown} ORDER BY ALL") == [
        ("correction", True),
        ("late_record", True),
    ]
    assert (
        int(
            db.value(
                "SELECT count(DISTINCT (indicator_code, period_type, period, sex, age_group, township_code)) FROM difference"
            )
        )
        > 1000
    )
    said = db.digest("difference")
    compare(db, from_at, to_at)
    assert db.digest("difference") == said
    db.connection.close()
