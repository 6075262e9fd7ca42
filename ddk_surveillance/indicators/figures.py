"""Counts and person-years → rates with intervals, status, and the reason where there is no figure."""

from __future__ import annotations

import datetime

import numpy
import pandas

from ddk_surveillance.contracts import Plan
from ddk_surveillance.rates.intervals import crude_rates

STATUS = {True: "F", False: "P"}
COUNTS = ("records", "incidents", "children", "numerator")


def with_rates(cells: pandas.DataFrame, plan: Plan, data_as_of: datetime.date) -> pandas.DataFrame:
    """The cells with rate, interval, stability, status and reason; counts are emptied where nobody can know them."""
    cells["reason"] = _reasons(cells)
    known = (cells["denominator"] > 0) & cells["is_reported"] & ~cells["is_too_early"]
    rates = crude_rates(cells.loc[known, "numerator"].to_numpy(float), cells.loc[known, "denominator"].to_numpy(float))
    for name, values in (("rate_per_1000", rates.rate_per_1000), ("ci_low", rates.lower), ("ci_high", rates.upper)):
        cells.loc[known, name] = values
    cells["unstable"] = pandas.array([None] * len(cells), dtype="boolean")
    cells.loc[known, "unstable"] = rates.unstable
    unknowable = ~cells["is_reported"] | cells["is_too_early"]
    for name in COUNTS:
        cells[name] = cells[name].astype("Int64").mask(unknowable)
    final = {year: STATUS[is_final(int(year), plan, data_as_of)] for year in cells["year"].unique()}
    cells["status"] = cells["year"].map(final)
    return cells


def _reasons(cells: pandas.DataFrame) -> pandas.Series:
    unknown = (cells["sex"] == "unknown") | (cells["category"] == "unknown") & cells["is_populated"]
    reasons = numpy.select(
        [cells["is_too_early"], ~cells["is_reported"], unknown, ~(cells["denominator"] > 0)],
        ["too_early", "not_reported", "not_applicable", "denominator_missing"],
        default="",
    )
    return pandas.Series(reasons, index=cells.index).replace("", None)


def final_from(year: int, plan: Plan) -> datetime.date:
    """The day from which the figures of a year are final."""
    return datetime.date(year + 1, plan.freeze_month, plan.freeze_day)


def is_final(year: int, plan: Plan, data_as_of: datetime.date) -> bool:
    """Whether the figures of a year were frozen when the newest file came in."""
    return data_as_of >= final_from(year, plan)
