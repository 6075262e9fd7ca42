"""What should have arrived, and what a month means in which nothing did."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from ddk_surveillance import arrivals, indicators, nights
from ddk_surveillance.arrivals.expectation import expect, season
from ddk_surveillance.library import Library
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import Warehouse, connect

# Records a month, January 2023 to December 2024: two hospitals of which one is small, the police, a yearly register.
TWO_YEARS = {"large": [60] * 24, "small": [4] * 24, "station": [20] * 24, "register": [2] + [0] * 11 + [1] + [0] * 11}
SOURCE_OF = {"large": "hospital", "small": "hospital", "station": "police", "register": "death_registry"}


@pytest.fixture
def look(tmp_path: Path) -> Iterator[Callable[..., Warehouse]]:
    """Make a warehouse in which these institutions have sent so many records a month, and watch it on a day."""
    opened = []

    def make(today: str = "2025-01-12", **counts: list[int]) -> Warehouse:
        db = connect(load({}, tmp_path), Library())
        opened.append(db)
        for institution, months in {**TWO_YEARS, **counts}.items():
            for number, count in enumerate(months):
                db.execute(
                    "INSERT INTO core.record_version BY NAME SELECT ? || n AS record_id, 'b' AS batch_id, '' AS sheet,"
                    " 1 AS row_number, 1 AS victim_number, 'loaded' AS disposition, '' AS content_hash, ? AS source_code,"
                    " ? AS institution_id, ?::DATE AS event_date_from FROM range(?) r(n)",
                    [f"{institution}{number}-", SOURCE_OF[institution], institution,
                     datetime.date(2023 + number // 12, number % 12 + 1, 9), count])  # fmt: skip
        nights.begin(db, "night")
        db.execute("UPDATE ops.night SET started_at = ?", [today])
        arrivals.run(db, "night")
        return db

    yield make
    for db in opened:
        db.connection.close()


def statuses(db: Warehouse, institution: str, source: str = "hospital", year: int = 2024) -> str:
    """The twelve months of a year, by the first letters of their status."""
    rows = db.rows(
        "SELECT status FROM ops.arrival WHERE (source_code, institution_id, year(month)) = (?, ?, ?) ORDER BY month",
        [source, institution, year],
    )
    return " ".join(status[:3] for (status,) in rows)


def test_a_correction_between_two_nights_sees_the_day_of_the_last_night(look: Callable[..., Warehouse]) -> None:
    db = look(station=[20] * 20 + [0] * 4)
    before = db.rows("FROM ops.arrival ORDER BY ALL")
    db.execute("DELETE FROM ops.meta WHERE name = 'arrivals'")
    assert arrivals.run(db, "C000001").rows_out == len(before)
    assert db.rows("FROM ops.arrival ORDER BY ALL") == before


def test_who_reports_every_month_is_not_noticed(look: Callable[..., Warehouse]) -> None:
    db = look()
    for institution, source in [("all", "hospital"), *SOURCE_OF.items()]:
        assert set(statuses(db, institution, source).split()) <= {"rep", "qui"}, institution
    assert db.rows("SELECT count(*) FROM ops.arrival WHERE year(month) < 2025 AND NOT is_reported") == [(0,)]


def test_a_small_institution_that_falls_silent_raises_an_alarm_and_blanks_nothing(
    look: Callable[..., Warehouse],
) -> None:
    db = look(small=[4] * 20 + [0] * 4)
    assert statuses(db, "small") == "rep rep rep rep rep rep rep rep sil sil sil lat"
    assert statuses(db, "all") == " ".join(["rep"] * 12)
    assert is_reported(db, "2024-11", "2024Q4", "2024") == [True, True, True]


def test_a_large_institution_that_falls_silent_blanks_its_months(look: Callable[..., Warehouse]) -> None:
    db = look(large=[60] * 22 + [0] * 2)
    assert statuses(db, "all") == "rep rep rep rep rep rep rep rep rep rep par par"
    assert is_reported(db, "2024-10", "2024-11", "2024Q3", "2024Q4", "2024", "2023") == [
        True,
        False,
        True,
        False,
        False,
        True,
    ]


def test_a_whole_source_that_falls_silent_blanks_its_months_and_says_since_when(look: Callable[..., Warehouse]) -> None:
    db = look("2025-01-25", station=[20] * 21 + [0] * 3)
    assert statuses(db, "all", "police") == "rep rep rep rep rep rep rep rep rep sil sil lat"
    assert statuses(db, "station", "police") == statuses(db, "all", "police")
    assert is_reported(db, "2024-09", "2024-10", "2024") == [True, False, False]


def test_a_month_is_late_only_after_its_due_day(look: Callable[..., Warehouse]) -> None:
    """Hospitals report by the 10th: on the 10th December is awaited, on the 11th it is late; not reported in both."""
    for today, status in (("2025-01-10", "awa"), ("2025-01-11", "lat")):
        db = look(today, large=[60] * 23 + [0], small=[4] * 23 + [0])
        assert statuses(db, "all").split()[-1] == status
        assert is_reported(db, "2024-12") == [False]


def test_shrinkage_and_swelling_are_noticed_and_stay_reported(look: Callable[..., Warehouse]) -> None:
    db = look(large=[60] * 21 + [25, 60, 130])
    assert statuses(db, "large") == "rep rep rep rep rep rep rep rep rep shr rep swo"
    assert is_reported(db, "2024-10", "2024-12") == [True, True]


def test_an_empty_month_of_a_rare_reporter_is_no_alarm(look: Callable[..., Warehouse]) -> None:
    db = look(small=[1, 0, 0, 2, 1, 0] * 4)
    assert set(statuses(db, "small").split()) == {"rep", "qui"}


def test_a_yearly_register_has_reported_its_year_with_its_first_death(look: Callable[..., Warehouse]) -> None:
    db = look("2025-02-01")
    assert statuses(db, "all", "death_registry") == " ".join(["rep"] * 12)
    assert statuses(db, "all", "death_registry", 2025) == " ".join(["awa"] * 12)


def test_a_year_of_which_nothing_is_due_yet_is_not_reported_either(look: Callable[..., Warehouse]) -> None:
    db = look("2025-02-01")
    assert db.rows(
        "SELECT DISTINCT is_reported FROM ops.arrival WHERE year(month) = 2025 AND institution_id = 'all'"
    ) == [(False,)]


def test_a_young_source_is_trusted_with_its_years(look: Callable[..., Warehouse]) -> None:
    """Of five months of history nobody can say what is missing: the year in which they lie counts as reported."""
    db = look(station=[0] * 12 + [0] * 4 + [20] * 5 + [0] * 3)
    rows = db.rows(
        "SELECT DISTINCT year(month), is_reported FROM ops.arrival WHERE source_code = 'police'"
        " AND institution_id = 'all' AND month < '2025-01-01' ORDER BY ALL"
    )
    assert rows == [(2024, True)]


def test_an_institution_that_has_closed_is_no_longer_expected(
    look: Callable[..., Warehouse], monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library()
    hospital = library.sources["hospital"]
    rhythm = hospital.rhythm.model_copy(update={"closed": {"large": "2024-11"}})
    monkeypatch.setattr(
        Library, "sources", {**library.sources, "hospital": hospital.model_copy(update={"timeliness": rhythm})}
    )
    db = look(large=[60] * 22 + [0] * 2)
    assert statuses(db, "large") == " ".join(["rep"] * 10)
    assert statuses(db, "all") == " ".join(["rep"] * 10 + ["shr"] * 2)
    assert is_reported(db, "2024-12") == [True]


def is_reported(db: Warehouse, *periods: str) -> list[bool]:
    """Whether indicator 20, which depends on hospitals and police, is computed for these periods of the district."""
    db.execute("INSERT INTO ops.batch BY NAME SELECT 'p' AS batch_id, 'population' AS source_code, '' AS sha256, 0 AS size_bytes,"
               " TIMESTAMP '2025-01-01' AS received_at, 'loaded' AS status")  # fmt: skip
    db.execute("DELETE FROM ref.population_version")
    db.execute("INSERT INTO ref.population_version BY NAME SELECT 'p' AS batch_id, '' AS sheet, 1 AS row_number, 1 AS victim_number,"
               " 'loaded' AS disposition, y AS year, sex, age AS age_years, 'resident' AS population_type, 1000 AS value"
               " FROM (VALUES (2023), (2024)) v(y), (VALUES ('male'), ('female')) s(sex), range(18) a(age)")  # fmt: skip
    indicators.run(db, "night")
    reasons: dict[str, Any] = dict(db.rows(
        "SELECT period, reason FROM mart.indicator_rate WHERE indicator_code = '20'"
        " AND (sex, age_group, township_code) = ('all', 'all', 'all')"))  # fmt: skip
    assert set(reasons.values()) <= {None, "not_reported"}
    return [reasons[period] is None for period in periods]


def test_an_undisturbed_district_raises_few_false_alarms() -> None:
    """100 institutions of very different size over ten years with a season: fewer than one month in 500 is called out."""
    rng = np.random.default_rng(1)
    rates = np.geomspace(0.2, 100, 100)[:, None]
    shape = 1 + 0.4 * np.sin(np.arange(120) / 12 * 2 * np.pi)
    counts = rng.poisson(rates * shape).astype(float)
    counts[:, [0, -1]] = np.maximum(counts[:, [0, -1]], 1)
    span = np.ones_like(counts, dtype=bool)
    found = expect(counts, season(counts.sum(axis=0), span[0]), span, span, span)
    alarms = found.is_gap | ((counts > 0) & (counts < found.low)) | (counts > found.high)
    assert alarms.mean() < 0.004
    assert found.is_gap.mean() < 0.002
