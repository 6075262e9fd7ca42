"""Why there is no figure: each of the five reasons, from a few incidents to the cells that are empty because of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from ddk_surveillance import indicators
from ddk_surveillance.publish.difference import compare
from ddk_surveillance.publish.record import record
from ddk_surveillance.warehouse import Warehouse
from tests.cases.figures.conftest import empty_warehouse
from tests.cases.figures.test_definitions import add

NEWEST_FILE = "2026-05-10"
INCIDENTS = """
i1 a 16 self_harm     poisoning resident event_date=2024-02-01,sex=female
i2 b 16 self_harm     poisoning resident event_date=2025-06-01,sex=female
i3 c 15 self_harm     poisoning resident event_date=2025-07-01
i4 d 15 self_harm     poisoning resident event_date=2026-03-01,sex=male
"""
# The hospitals have reported every year, the registry of deaths two; the population of 2024 is missing, that of 2027 is there already.
REPORTED = {"hospital": (2024, 2025, 2026), "death_registry": (2024, 2025, 2026), "police": (2025, 2026)}
POPULATION = (2025, 2026, 2027)
# indicator period-type period sex → numerator, reason
EXPECTED = """
18 year              2024    all     1 denominator_missing
18 year              2025    all     2 ·
18 year              2025    female  1 ·
18 year              2025    unknown 1 not_applicable
18 year              2026    all     1 ·
18 year              2027    all     · too_early
18 quarter           2026Q2  all     0 ·
18 quarter           2026Q3  all     · too_early
18 month             2026-05 all     0 ·
18 month             2026-06 all     · too_early
18 rolling_12_months 2026-04 all     3 ·
18 rolling_12_months 2026-05 all     · too_early
20 year              2024    all     · not_reported
20 year              2025    all     0 ·
20 month             2024-06 all     · not_reported
20 rolling_12_months 2025-06 all     · not_reported
20 year              2027    all     · too_early
"""


def came(db: Warehouse, batch: str, day: str) -> None:
    db.execute(
        "INSERT INTO ops.batch BY NAME SELECT ? AS batch_id, 'hospital' AS source_code, '' AS sha256, 0 AS size_bytes,"
        " ?::TIMESTAMP AS received_at, 'loaded' AS status",
        [batch, day],
    )


@pytest.fixture(scope="module")
def reasons(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    db = empty_warehouse(str(tmp_path_factory.mktemp("reasons")))
    add(db, "\n".join(f"{line} ·" for line in INCIDENTS.strip().splitlines()))
    came(db, "b", NEWEST_FILE)
    for source, years in REPORTED.items():
        db.execute(
            "INSERT INTO core.record_version BY NAME SELECT $source || year AS record_id, 'b' AS batch_id, '' AS sheet, 1 AS row_number,"
            " 1 AS victim_number, 'loaded' AS disposition, '' AS content_hash, $source AS source_code,"
            " make_date(year, 1, 1) AS event_date_from FROM (SELECT unnest($years)::INTEGER AS year)",
            {"source": source, "years": list(years)},
        )
    db.execute(
        "INSERT INTO ref.population_version BY NAME SELECT 'b' AS batch_id, '' AS sheet, 1 AS row_number, 1 AS victim_number,"
        " 'loaded' AS disposition, year, sex, age AS age_years, 'resident' AS population_type, 1000 AS value"
        " FROM (SELECT unnest(?)::INTEGER AS year), range(18) r(age), (VALUES ('male'), ('female')) s(sex)",
        [list(POPULATION)],
    )
    indicators.run(db, "night")
    yield db
    db.connection.close()


def test_every_empty_figure_says_why(reasons: Warehouse) -> None:
    found = []
    for line in EXPECTED.strip().splitlines():
        code, period_type, period, sex, *_ = line.split()
        [(numerator, rate, reason)] = reasons.rows(
            "SELECT numerator, rate_per_1000, reason FROM mart.indicator_rate WHERE (indicator_code, period_type, period, sex) = (?, ?, ?, ?)"
            " AND (age_group, township_code) = ('all', 'all')",
            [code, period_type, period, sex],
        )
        assert (rate is None) == (reason is not None)
        found.append([code, period_type, period, sex, "·" if numerator is None else str(numerator), reason or "·"])
    assert found == [line.split() for line in EXPECTED.strip().splitlines()]


def test_a_statistic_of_too_few_events_is_not_given(reasons: Warehouse) -> None:
    rows: list[tuple[Any, ...]] = reasons.rows("""SELECT period, events, value, reason FROM mart.indicator_statistic
        WHERE indicator_code = '18' AND statistic = 'standardised_rate' AND category = 'all' ORDER BY 1""")
    assert rows == [
        ("2024", None, None, "denominator_missing"),
        ("2025", 2, None, "too_few"),
        ("2026", 1, None, "too_few"),
        ("2027", None, None, "too_early"),
    ]


def test_there_are_these_reasons_and_no_others(reasons: Warehouse) -> None:
    tables = ("rate", "cube", "statistic")
    union = " UNION ".join(f"SELECT reason FROM mart.indicator_{name} WHERE reason IS NOT NULL" for name in tables)
    assert reasons.rows(f"{union} ORDER BY 1") == [
        ("denominator_missing",),
        ("not_applicable",),
        ("not_reported",),
        ("too_early",),
        ("too_few",),
    ]


def test_a_figure_whose_time_has_come_is_told_as_such(reasons: Warehouse) -> None:
    """A month later the twelve months to May are complete: nothing new happened, and the figure appears."""
    release = {"data_as_of": NEWEST_FILE, "content_hash": "", "file_name": ""}
    record(reasons, release | {"release_id": "R000001"})
    came(reasons, "c", "2026-06-01")
    indicators.run(reasons, "night")
    record(reasons, release | {"release_id": "R000002"})
    compare(reasons, *reasons.rows("SELECT min(published_at), max(published_at) FROM ops.release")[0])
    moved = reasons.rows("""SELECT period_type, period, numerator_from, numerator_to, cause, numerator_change FROM difference
        WHERE indicator_code = '18' AND numerator_change <> 0""")
    assert moved == [("rolling_12_months", "2026-05", None, 3, "period_complete", 3)]
