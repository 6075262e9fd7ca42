"""Counts and person-years → rates with intervals, status, and the reason where there is no figure."""

import datetime

import pandas

from ddk_surveillance.contracts import Plan
from ddk_surveillance.rates.intervals import crude_rates
from ddk_surveillance.warehouse import Warehouse

STATUS = {True: "F", False: "P"}


def make_figures(db: Warehouse, as_of: datetime.date) -> None:
    """Make `figure` from cell_count, `reported` and person_years, with data as of a day."""
    with db.offering(year_status=_statuses(db, as_of)):
        db.execute(f"CREATE OR REPLACE TEMP TABLE span AS {db.statement('mart.span')}", {"as_of": as_of})
    db.execute(f"CREATE OR REPLACE TEMP TABLE cell AS {db.statement('mart.cell')}")
    with db.offering(rates=_rates(db)):
        db.execute("CREATE OR REPLACE TEMP TABLE rate AS FROM rates")
    db.execute(f"CREATE OR REPLACE TEMP VIEW figure AS {db.statement('mart.figure')}")


def _rates(db: Warehouse) -> pandas.DataFrame:
    """Of every numerator on every denominator that occurs: many cells have the same."""
    pairs = db.frame("SELECT DISTINCT numerator::DOUBLE AS numerator, denominator FROM cell WHERE denominator > 0")
    rates = crude_rates(pairs["numerator"].to_numpy(), pairs["denominator"].to_numpy())
    return pairs.assign(
        rate_per_1000=rates.rate_per_1000, ci_low=rates.lower, ci_high=rates.upper, unstable=rates.unstable
    )


def _statuses(db: Warehouse, as_of: datetime.date) -> pandas.DataFrame:
    years = [year for (year,) in db.rows("SELECT DISTINCT year(last_day) FROM period")]
    statuses = [STATUS[is_final(year, db.library.plan, as_of)] for year in years]
    return pandas.DataFrame({"year": pandas.array(years, dtype="int64"), "status": pandas.array(statuses, dtype="str")})


def final_from(year: int, plan: Plan) -> datetime.date:
    """The day from which the figures of a year are final."""
    return datetime.date(year + 1, plan.freeze_month, plan.freeze_day)


def is_final(year: int, plan: Plan, data_as_of: datetime.date) -> bool:
    """Whether the figures of a year were frozen when the newest file came in."""
    return data_as_of >= final_from(year, plan)
