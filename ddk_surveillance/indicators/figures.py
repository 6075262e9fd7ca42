"""Counts and person-years → rates with intervals, status, and the reason where there is no figure."""

import datetime

import pandas

from ddk_surveillance.contracts import Plan
from ddk_surveillance.rates.intervals import crude_rates
from ddk_surveillance.warehouse import Warehouse


def make_figures(db: Warehouse, as_of: datetime.date) -> None:
    """Make `figure` from cell_count, `reported` and person_years, with data as of a day."""
    asked = {"as_of": as_of, "month": db.library.plan.freeze_month, "day": db.library.plan.freeze_day}
    db.execute(f"CREATE OR REPLACE TEMP TABLE span AS {db.statement('mart.span')}", asked)
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


def final_from(year: int, plan: Plan) -> datetime.date:
    """The day from which the figures of a year are final."""
    return datetime.date(year + 1, plan.freeze_month, plan.freeze_day)
