"""Odd data: what a hostile statistician would put into the warehouse, and the figures that must come out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ddk_surveillance import indicators
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import Warehouse, connect
from tests.cases.figures.conftest import LIBRARY, add_reports_and_population
from tests.cases.figures.test_definitions import MADE_UP, add, declared

TOTAL = "(sex, age_group, township_code) = ('all', 'all', 'all')"
# A night of New Year: the injury in one year, the death in the next; a child whose death two offices date otherwise; children
# without sex, age or township; one who is 18; twins hurt in one event; one child with two acts at both ends of a year.
INCIDENTS = """
n1 a 9  unintentional drowning    resident event_date=2023-12-31,death_date=2024-01-01,is_death=true,sex=male
n2 b 9  unintentional drowning    resident event_date=2024-12-31,death_date=2024-12-31,is_death=true,sex=female
n3 b 9  unintentional drowning    resident event_date=2024-12-31,death_date=2025-01-01,is_death=true,sex=female
n4 c 16 self_harm     poisoning   resident event_date=2024-01-01,sex=male
n5 c 16 self_harm     poisoning   resident event_date=2024-12-31,sex=male
n6 c 16 self_harm     poisoning   resident event_date=2025-01-01,sex=male
n7 d 15 self_harm     fall        resident event_date=2024-05-01,sex=female
n8 d 15 self_harm     fall        resident event_date=2024-05-02,death_date=2024-05-02,is_death=true
n9 e 18 self_harm     fall        resident event_date=2024-06-01,sex=male
m1 f 6  assault       blunt_force resident event_date=2024-02-29,township_code=500104001
m2 g 6  assault       blunt_force resident event_date=2024-02-29,township_code=500104001,sex=male
m3 h 6  assault       blunt_force resident event_date=2024-02-29,township_code=999999999,sex=other
"""
YEARS = (2023, 2024, 2025)


def figures(
    db: Warehouse, code: str, where: str = f"period_type = 'year' AND {TOTAL}", columns: str = "period, numerator"
) -> Any:
    return db.rows(
        f"SELECT {columns} FROM mart.indicator_rate WHERE indicator_code = ? AND numerator > 0 AND {where} ORDER BY ALL",
        [code],
    )


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Any:
    db = connect(load({}, tmp_path_factory.mktemp("odd")), LIBRARY)
    add(db, "\n".join(f"{line} ·" for line in INCIDENTS.strip().splitlines()))
    db.execute("UPDATE core.incident_version SET age_years = NULL WHERE incident_id = 'm2'")
    add_reports_and_population(db, YEARS, "2026-08-01")
    indicators.run(db, "night")
    yield db
    db.connection.close()


def test_a_death_belongs_to_the_year_of_the_death_and_to_one_only(odd: Warehouse) -> None:
    assert figures(odd, "19") == [("2024", 2)]  # a, hurt in 2023; b, whose second date of death adds nothing to 2025
    assert figures(odd, "19", f"period_type = 'month' AND {TOTAL}") == [("2024-01", 1), ("2024-12", 1)]


def test_acts_at_both_ends_of_a_year_are_one_child_and_the_next_day_is_another_year(odd: Warehouse) -> None:
    assert figures(odd, "18") == [("2024", 2), ("2025", 1)]  # c and d; c again
    assert figures(odd, "18d") == [("2024", 4), ("2025", 1)]
    windows = dict(figures(odd, "18", f"period_type = 'rolling_12_months' AND {TOTAL}"))
    assert (windows["2024-12"], windows["2025-01"], windows["2025-12"]) == (2, 2, 1)


def test_a_child_that_is_18_is_counted_nowhere(odd: Warehouse) -> None:
    assert odd.rows("FROM mart.counted WHERE incident_id = 'n9'") == []


def test_what_is_unknown_is_counted_as_unknown_and_the_parts_still_add_up(odd: Warehouse) -> None:
    by_sex = figures(
        odd,
        "20",
        "period_type = 'year' AND sex <> 'all' AND (age_group, township_code) = ('all', 'all')",
        "sex, numerator",
    )
    assert by_sex == [("male", 1), ("unknown", 2)]  # a sex that no list knows is unknown
    by_age = figures(odd, "20", "period_type = 'year' AND sex = 'all' AND age_group <> 'all'", "age_group, numerator")
    assert by_age == [("5-9", 2), ("unknown", 1)]
    by_township = figures(
        odd, "20", "period_type = 'year' AND township_code <> 'all'", "township_code, numerator, reason"
    )
    assert by_township == [("500104001", 2, None), ("unknown", 1, "not_applicable")]
    assert figures(odd, "20") == [("2024", 3)]


def test_the_sex_of_a_child_that_is_given_once_only(odd: Warehouse) -> None:
    """d's death is told without its sex: the fatal act stands for the child, so it is of unknown sex, once."""
    by_sex = figures(
        odd,
        "18",
        "period = '2024' AND sex <> 'all' AND (age_group, township_code) = ('all', 'all')",
        "sex, numerator, children",
    )
    assert by_sex == [("male", 1, 1), ("unknown", 1, 1)]


def test_a_death_is_counted_once_though_the_definition_changes_in_between(tmp_path: Path) -> None:
    first, second = (
        MADE_UP.format(version=version, year=year, mechanisms="drowning").replace(
            "unit: incidents", "unit: deaths\ndate: death_date"
        )
        for version, year in ((1, 2021), (2, 2025))
    )
    db = connect(load({}, tmp_path), declared(tmp_path, falls=first, falls_v2=second))
    add(db, "\n".join(f"{line} ·" for line in INCIDENTS.strip().splitlines()))
    add_reports_and_population(db, YEARS, "2026-08-01")
    indicators.run(db, "night")
    assert figures(db, "falls") == [("2024", 2)]
    db.connection.close()


@pytest.mark.parametrize("unsaid", ["sex", "township_code"])
def test_a_population_without_sexes_or_townships_gives_the_district_its_rates(tmp_path: Path, unsaid: str) -> None:
    """Those of unknown sex or township have none: they are no part of a population of their own."""
    db = connect(load({}, tmp_path), LIBRARY)
    add(db, "\n".join(f"{line} ·" for line in INCIDENTS.strip().splitlines()))
    add_reports_and_population(db, YEARS, "2026-08-01")
    db.execute(f"DELETE FROM ref.population_version WHERE {unsaid} NOT IN ('male', '500104001')")
    db.execute(f"UPDATE ref.population_version SET {unsaid} = NULL")
    indicators.run(db, "night")
    of_unknown = figures(db, "20", f"{unsaid} = 'unknown'", "denominator, rate_per_1000, reason")
    assert of_unknown and set(of_unknown) == {(None, None, "not_applicable")}
    assert None not in figures(db, "20", columns="rate_per_1000")[0]
    standardised = db.rows("""SELECT DISTINCT statistic, reason FROM mart.indicator_statistic
        WHERE indicator_code = '20' AND starts_with(statistic, 'standardised') AND category = 'all' ORDER BY ALL""")
    assert (
        standardised
        == {
            "sex": [("standardised_rate", "denominator_missing"), ("standardised_rate_gamma", "denominator_missing")],
            "township_code": [("standardised_rate", "too_few"), ("standardised_rate_gamma", None)],
        }[unsaid]
    )
    db.connection.close()


def test_two_deaths_of_one_child_by_accident_and_of_unknown_intent(tmp_path: Path) -> None:
    """With the undetermined counted the earlier one stands: none is added to the year of the other, and none taken away."""
    db = connect(load({}, tmp_path), LIBRARY)
    add(
        db,
        """
k1 k 9 undetermined  fall     resident event_date=2023-05-01,death_date=2023-05-01,is_death=true ·
k2 k 9 unintentional drowning resident event_date=2024-05-01,death_date=2024-05-01,is_death=true ·""",
    )
    add_reports_and_population(db, YEARS, "2026-08-01")
    indicators.run(db, "night")
    assert figures(db, "19") == [("2024", 1)]
    undetermined = db.rows("""SELECT period, events FROM mart.indicator_statistic
        WHERE indicator_code = '19' AND statistic = 'undetermined_intent' AND category = 'all' ORDER BY 1""")
    assert undetermined == [("2023", 1), ("2024", 0), ("2025", 0)]
    db.connection.close()
