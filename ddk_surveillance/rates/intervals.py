"""Crude rates per 1000 and proportions, with their confidence intervals."""

from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ddk_surveillance.arrays import Flags, Floats
from ddk_surveillance.rates import checked

PER = 1000
BYAR_FROM_COUNT = 10
UNSTABLE_BELOW_COUNT = 20


class Interval(NamedTuple):
    """Lower and upper confidence limits, arrays of one shape."""

    lower: Floats
    upper: Floats


class Rates(NamedTuple):
    """Rates per 1000 person-years of many cells at once; arrays of one shape (none for a single cell)."""

    rate_per_1000: Floats
    lower: Floats
    upper: Floats
    unstable: Flags


def crude_rates(count: ArrayLike, person_years: ArrayLike, confidence: float = 0.95) -> Rates:
    """Crude rates with the interval rule of PHE Fingertips: exact below 10 events, Byar from 10 on.

    `count` and `person_years` broadcast. ValueError on missing, negative or fractional counts and on person-time
    that is missing or not above 0. Source: PHEindicatormethods::phe_rate.
    """
    events, time = np.broadcast_arrays(checked.counts(count), checked.positive(person_years))
    limits = count_interval(events, confidence)
    scale = PER / time
    return Rates(events * scale, limits.lower * scale, limits.upper * scale, unstable(events))


def unstable(count: ArrayLike) -> Flags:
    """Whether a rate rests on fewer than 20 events (CDC WISQARS calls such rates unstable)."""
    return np.asarray(checked.counts(count) < UNSTABLE_BELOW_COUNT)


def count_interval(count: ArrayLike, confidence: float = 0.95) -> Interval:
    """Limits of the expected count: exact below 10 events, Byar from 10 on (PHE Fingertips)."""
    events = checked.counts(count)
    # each formula only sees the counts it serves: the exact one is slow and loses digits on huge counts
    few = events < BYAR_FROM_COUNT
    exact = exact_interval(np.where(few, events, 0), confidence)
    byar = byar_interval(np.where(few, BYAR_FROM_COUNT, events), confidence)
    return Interval(np.where(few, exact.lower, byar.lower), np.where(few, exact.upper, byar.upper))


def exact_interval(count: ArrayLike, confidence: float = 0.95) -> Interval:
    """Exact limits of a Poisson mean (Garwood 1936), by gamma quantiles; the lower limit of 0 events is 0."""
    events, tail = checked.counts(count), checked.tail(confidence)
    lower = np.where(events == 0, 0.0, scipy.special.gammaincinv(np.maximum(events, 1), tail))
    return Interval(lower, np.asarray(scipy.special.gammainccinv(events + 1, tail)))


def byar_interval(count: ArrayLike, confidence: float = 0.95) -> Interval:
    """Byar's approximate limits of a Poisson mean (Breslow & Day 1987, vol. II, p. 69); made for 10 events or more.

    Below that the lower limit may not exist and is then not a number; for 10 and more it exists at any confidence.
    """
    events, z = checked.counts(count), -scipy.special.ndtri(checked.tail(confidence))
    return Interval(_byar_limit(np.where(events == 0, np.nan, events), -z), _byar_limit(events + 1, z))


def _byar_limit(events: Floats, z: float) -> Floats:
    root = 1 - 1 / (9 * events) + z / (3 * np.sqrt(events))
    return np.asarray(events * np.where(root > 0, root, np.nan) ** 3)


def repeat_adjusted_interval(count: int, sum_of_squares: int, confidence: float = 0.95) -> tuple[float, float]:
    """Limits of an expected count of events that come several to a child.

    `sum_of_squares` adds up the squared numbers of events of every child. The children with k events are a Poisson count
    of weight k, so that the count is a weighted sum with that variance (Dobson et al. 1991). Without repeats the limits are
    those of `count_interval`; ValueError unless count <= sum_of_squares.
    """
    checked.counts([count, sum_of_squares - count])
    limits = count_interval(count, confidence)
    spread = np.sqrt(sum_of_squares / count) if count else 1.0
    return float(count + spread * (limits.lower - count)), float(count + spread * (limits.upper - count))


def wilson_interval(count: int, total: int, confidence: float = 0.95) -> tuple[float, float]:
    """Score limits of a proportion, as fractions of 1 (Wilson 1927); ValueError unless 0 <= count <= total > 0."""
    checked.counts([count, total])
    checked.positive(total, "total")
    checked.tail(confidence)
    limits = scipy.stats.binomtest(int(count), int(total)).proportion_ci(confidence, method="wilson")
    return float(limits.low), float(limits.high)
