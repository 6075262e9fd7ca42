"""Events and person-time of years, and pools of several years."""

from collections.abc import Iterable
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


def period_pools(series: Iterable[Annual], width_years: int, first_year: int) -> tuple[Pool, ...]:
    """Non-overlapping pools of `width_years` from `first_year` on; a pool with a missing year is left out.

    Overlapping windows would give single years away by subtraction.
    """
    by_year = {row.year: row for row in checked_series(series)}
    if width_years < 1:
        raise ValueError("width_years must be 1 or more")
    starts = range(first_year, max(by_year, default=first_year) + 1, width_years)
    windows = [[by_year.get(year) for year in range(start, start + width_years)] for start in starts]
    return tuple(pooled([row for row in window if row]) for window in windows if all(window))


def pooled(rows: list[Annual]) -> Pool:
    """Some years together."""
    return Pool(rows[0].year, rows[-1].year, sum(r.events for r in rows), sum(r.person_years for r in rows))


def checked_series(series: Iterable[Annual]) -> tuple[Annual, ...]:
    """The rows by year; ValueError on a year given twice, a wrong count or wrong person-time."""
    rows = tuple(sorted(series))
    if len({row.year for row in rows}) < len(rows):
        raise ValueError("a year is given twice")
    checked.counts([row.events for row in rows])
    checked.positive([row.person_years for row in rows])
    return rows
