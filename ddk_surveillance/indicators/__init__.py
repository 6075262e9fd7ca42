"""Stage 7: incidents → numerators, denominators, rates per 1000, verdicts and statistics for every declared indicator.

Whatever cannot be known is empty with a reason, never 0: a source on which the indicator depends was silent
(`not_reported`), the time has not come (`too_early`), the population is missing (`denominator_missing`) or the category
has none (`not_applicable`), there is too little to go by (`too_few`).
"""

import datetime
from typing import Any

import pandas

from ddk_surveillance.indicators.counting import count
from ddk_surveillance.indicators.definition import rules_of
from ddk_surveillance.indicators.figures import make_figures
from ddk_surveillance.indicators.statistics import statistics_of
from ddk_surveillance.indicators.statistics.series import Row
from ddk_surveillance.indicators.verdicts import verdicts_of
from ddk_surveillance.unchanged import LINKED, unless_unchanged
from ddk_surveillance.warehouse import Outcome, Warehouse

MADE_FROM = (
    *LINKED,
    "ref.population",
    "ops.arrival",
    "(SELECT source_code, received_at, title_year FROM ops.batch WHERE status = 'loaded')",
)
COUNTS = ("records", "incidents", "children", "numerator")
MAIN = "analysis = ''"
CUBE = f"SELECT * FROM figure WHERE {MAIN} AND NOT is_measure ORDER BY span, sex, category_order"
# The rate table: years by sex and age, years by township, and the district by every period.
RATES = f"""
    SELECT *, if(dimension = 'age5', category, 'all') AS age_group, if(dimension = 'township', category, 'all') AS township_code
    FROM figure
    WHERE {MAIN} AND (dimension = 'all' OR period_type = 'year' AND (dimension = 'age5' OR dimension = 'township' AND sex = 'all'))
    ORDER BY span, sex, age_group, township_code"""


def run(db: Warehouse, key: str) -> Outcome:
    """Recompute mart.* from core.incident and ref.population; `key` names the run and decides nothing."""
    del key
    return unless_unchanged(db, "indicators", MADE_FROM, lambda: _compute(db))


def _compute(db: Warehouse) -> Outcome:
    count(db, rules_of(db.library))
    db.execute(f"CREATE OR REPLACE TEMP TABLE reported AS {db.statement('mart.reported')}")
    _make_figures(db)
    db.rebuild("mart.indicator_rate", RATES)
    db.rebuild("mart.indicator_cube", CUBE)
    yearly = _yearly(db)
    _replace_by(db, "mart.indicator_verdict", verdicts_of(db.library, yearly))
    _replace_by(db, "mart.indicator_statistic", statistics_of(db, yearly))
    figures = int(db.value(f"SELECT count(*) FROM figure WHERE {MAIN}"))
    return Outcome(int(db.value("SELECT count(*) FROM mart.counted")), figures)


def _make_figures(db: Warehouse) -> None:
    """Every figure with its rate, interval, status and reason."""
    as_of = _data_as_of(db)
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE person_years AS {db.statement('mart.person_years')}",
        {"as_of": as_of, "townships": list(db.library.code_labels("township"))},
    )
    make_figures(db, as_of)


def _data_as_of(db: Warehouse) -> datetime.date:
    """The day of the newest file in use; before the first file nothing is final."""
    day: datetime.date = db.value(
        "SELECT coalesce(max(received_at)::DATE, DATE '1900-01-01') FROM ops.batch WHERE status = 'loaded'"
    )
    return day


def _yearly(db: Warehouse) -> list[Row]:
    """The years of the district, whole and by sex and age, analyses included."""
    yearly = db.frame(
        "FROM figure WHERE period_type = 'year' AND dimension IN ('all', 'sex', 'age5') ORDER BY rule, year, sex, category_number"
    )
    rows: list[Any] = yearly.astype(dict.fromkeys(COUNTS, "Int64")).to_dict("records")
    return rows


def _replace_by(db: Warehouse, table: str, frame: pandas.DataFrame) -> None:
    with db.offering(frame=frame):
        db.rebuild(table, "FROM frame ORDER BY ALL")
