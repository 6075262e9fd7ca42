"""Person-time of full, partial and rolling years, and pools of several years."""

from __future__ import annotations

from calendar import isleap
from collections.abc import Iterable, Mapping
from datetime import date
from typing import NamedTuple

from ddk_surveillance.rates import checked


class Annual(NamedTuple):
    """Events and person-years of one calendar year (or of its reported part)."""

    year: int
    events: int
    person_years: float


class Pool(NamedTuple):
    """Events and person-years of several years together, both ends included."""

    first_year: int
    last_year: int
    events: int
    person_years: float


def mean_population(start_of_year: float, end_of_year: float) -> float:
    """Average population of a year from its two ends, for years without a mid-year figure."""
    ends = checked.positive([start_of_year, end_of_year], "population")
    return float(ends.mean())


def person_years(population: Mapping[int, float], first_day: date, last_day: date) -> float:
    """Person-years lived from `first_day` to `last_day`, both included.

    `population` holds the mid-year (or mean) population by year. A whole year counts 1, a part of it its days over
    365 or 366. ValueError when a year has no population or the days are in the wrong order.
    """
    if last_day < first_day:
        raise ValueError("last_day lies before first_day")
    years = range(first_day.year, last_day.year + 1)
    missing = [year for year in years if year not in population]
    if missing:
        raise ValueError(f"no population for {missing}; import it before computing rates")
    checked.positive([population[year] for year in years], "population")
    return sum(population[year] * _share_of_year(year, first_day, last_day) for year in years)


def _share_of_year(year: int, first_day: date, last_day: date) -> float:
    first, last = max(first_day, date(year, 1, 1)), min(last_day, date(year, 12, 31))
    return ((last - first).days + 1) / (366 if isleap(year) else 365)


def period_pools(series: Iterable[Annual], width_years: int, first_year: int) -> tuple[Pool, ...]:
    """Non-overlapping pools of `width_years` from `first_year` on; a pool with a missing year is left out.

    Overlapping windows would give single years away by subtraction.
    """
    by_year = {row.year: row for row in checked_series(series)}
    if width_years < 1:
        raise ValueError("width_years must be 1 or more")
    starts = range(first_year, max(by_year, default=first_year) + 1, width_years)
    windows = [[by_year.get(year) for year in range(start, start + width_years)] for start in starts]
    return tuple(_pool([row for row in window if row]) for window in windows if all(window))


def _pool(rows: list[Annual]) -> Pool:
    return Pool(rows[0].year, rows[-1].year, sum(r.events for r in rows), sum(r.person_years for r in rows))


def checked_series(series: Iterable[Annual]) -> tuple[Annual, ...]:
    """The rows by year; ValueError on a year given twice, a wrong count or wrong person-time."""
    rows = tuple(sorted(series))
    if len({row.year for row in rows}) < len(rows):
        raise ValueError("a year is given twice")
    checked.counts([row.events for row in rows])
    checked.positive([row.person_years for row in rows])
    return rows
