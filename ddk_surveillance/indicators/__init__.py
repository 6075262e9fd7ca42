"""Stage 7: incidents → numerators, denominators, rates per 1000, verdicts and statistics for every declared indicator.

Whatever cannot be known is empty with a reason, never 0: a source on which the indicator depends was silent
(`not_reported`), the time has not come (`too_early`), the population is missing (`denominator_missing`) or the category
has none (`not_applicable`), there is too little to go by (`too_few`).
"""

from __future__ import annotations

import datetime

import pandas

from ddk_surveillance.indicators.counting import count
from ddk_surveillance.indicators.definition import rules_of
from ddk_surveillance.indicators.figures import with_rates
from ddk_surveillance.indicators.statistics import statistics_of
from ddk_surveillance.indicators.verdicts import verdicts_of
from ddk_surveillance.warehouse import Outcome, Warehouse


def run(db: Warehouse, key: str) -> Outcome:
    """Recompute mart.* from core.incident and ref.population; `key` names the run and decides nothing."""
    del key
    rules = rules_of(db.library)
    with db.transaction():
        count(db, rules)
        db.execute(f"CREATE OR REPLACE TEMP TABLE reported AS {db.statement('mart.reported')}")
        cells = _cells(db)
        main = cells[cells["analysis"] == ""]
        _replace(db, "mart.indicator_rate", _rates(main))
        _replace(db, "mart.indicator_cube", main[~main["is_measure"]])
        _replace(db, "mart.indicator_verdict", verdicts_of(db.library, _totals(main)))
        _replace(db, "mart.indicator_statistic", statistics_of(db, cells))
    return Outcome(int(db.value("SELECT count(*) FROM mart.counted")), len(main))


def _cells(db: Warehouse) -> pandas.DataFrame:
    """Every figure with its rate, interval, status and reason."""
    as_of = _data_as_of(db)
    townships = [code for code, _, _ in db.library.code_labels("township")]
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE person_years AS {db.statement('mart.person_years')}",
        {"as_of": as_of, "townships": townships},
    )
    return with_rates(db.frame(db.statement("mart.cell"), {"as_of": as_of}), db.library.plan, as_of)


def _data_as_of(db: Warehouse) -> datetime.date:
    """The day of the newest file in use; before the first file nothing is final."""
    day: datetime.date = db.value(
        "SELECT coalesce(max(received_at)::DATE, DATE '1900-01-01') FROM ops.batch WHERE status = 'loaded'"
    )
    return day


def _rates(cells: pandas.DataFrame) -> pandas.DataFrame:
    """The cells of the rate table: years by sex and age, years by township, and the district by every period."""
    is_year, is_district = cells["period_type"] == "year", cells["dimension"] == "all"
    by_age, by_township = cells["dimension"] == "age5", (cells["dimension"] == "township") & (cells["sex"] == "all")
    rates = cells[is_district | is_year & (by_age | by_township)]
    age_group = rates["category"].where(rates["dimension"] == "age5", "all")
    return rates.assign(
        age_group=age_group, township_code=rates["category"].where(rates["dimension"] == "township", "all")
    )


def _totals(cells: pandas.DataFrame) -> pandas.DataFrame:
    """The district by year, in order."""
    return cells[
        (cells["period_type"] == "year") & (cells["sex"] == "all") & (cells["dimension"] == "all")
    ].sort_values("year")


def _replace(db: Warehouse, table: str, frame: pandas.DataFrame) -> None:
    columns = ", ".join(db.library.tables[table].columns)
    with db.offering(frame=frame):
        db.execute(f"DELETE FROM {table}")
        db.execute(f"INSERT INTO {table} BY NAME SELECT {columns} FROM frame ORDER BY ALL")
