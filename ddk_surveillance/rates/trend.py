"""Trends over the years: an exact test that holds for few events, and the yearly percent change."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
import scipy

from ddk_surveillance.arrays import Floats
from ddk_surveillance.errors import Text
from ddk_surveillance.rates import checked
from ddk_surveillance.rates.checked import Refusal
from ddk_surveillance.rates.periods import Annual, checked_series

LEAST_YEARS = 3
QUASI_ABOVE_DISPERSION = 1.5
EXACT_UP_TO_SUPPORT = 20_000  # beyond it the normal limit is as good and the convolution takes a second

TOO_FEW_YEARS = Refusal(
    "too_early", Text(f"不足 {LEAST_YEARS} 年，不估计趋势", f"no trend: fewer than {LEAST_YEARS} years")
)
NO_EVENTS = Refusal("too_few", Text("没有事件，不估计趋势", "no trend: no events"))
ONE_END = Refusal(
    "too_few", Text("事件全部在首年或末年，年度变化无法估计", "no slope: all events lie in the first or the last year")
)


@dataclass(frozen=True)
class ExactTrend:
    """p-values of the conditional trend test; `exact` is false where its normal limit stood in."""

    score: int
    p_decline: float
    p_increase: float
    p_value: float
    exact: bool


@dataclass(frozen=True)
class PoissonTrend:
    """Log-linear trend; `quasi` tells that the spread was too large for Poisson and the errors were widened."""

    slope: float
    p_value: float
    annual_percent_change: float
    lower: float
    upper: float
    dispersion: float
    quasi: bool


@dataclass(frozen=True)
class LogLinearFit:
    """Poisson regression of counts on years since the first, with log person-years as offset."""

    first_year: int
    intercept: float
    slope: float
    covariance: Floats
    dispersion: float
    residual_years: int


def exact_trend(series: Iterable[Annual]) -> ExactTrend | Refusal:
    """Exact conditional test of a trend: the sum of event years, given their number, is a multinomial score.

    Source: the Poisson trend test of Cox & Lewis 1966 made exact by convolution; two-sided p = twice the smaller tail.
    """
    rows = checked_series(series)
    if refusal := _too_little(rows):
        return refusal
    time, count, share = _columns(rows)
    score, total = int(time @ count), int(count.sum())
    exact = total * int(time.max()) <= EXACT_UP_TO_SUPPORT
    below, above = (_exact_tails if exact else _normal_tails)(time, share, score, total)
    return ExactTrend(score, below, above, min(1.0, 2 * min(below, above)), exact)


def _too_little(rows: tuple[Annual, ...]) -> Refusal | None:
    if len(rows) < LEAST_YEARS:
        return TOO_FEW_YEARS
    return None if any(row.events for row in rows) else NO_EVENTS


def _columns(rows: tuple[Annual, ...]) -> tuple[Floats, Floats, Floats]:
    years, counts, person_years = (np.asarray(column, dtype=np.float64) for column in zip(*rows, strict=True))
    return years - years[0], counts, person_years / person_years.sum()


def _exact_tails(time: Floats, share: Floats, score: int, total: int) -> tuple[float, float]:
    one_event = np.zeros(int(time.max()) + 1)
    one_event[time.astype(int)] = share
    distribution = _sum_of(one_event, total)
    return min(1.0, float(distribution[: score + 1].sum())), min(1.0, float(distribution[score:].sum()))


def _sum_of(distribution: Floats, times: int) -> Floats:
    # repeated squaring; direct convolution of positive terms keeps small tails accurate, an FFT would not
    result = np.ones(1)
    while times:
        if times & 1:
            result = np.convolve(result, distribution)
        times >>= 1
        if times:
            distribution = np.convolve(distribution, distribution)
    return result


def _normal_tails(time: Floats, share: Floats, score: int, total: int) -> tuple[float, float]:
    mean = float(share @ time)
    limit = scipy.stats.norm(total * mean, math.sqrt(total * float(share @ (time - mean) ** 2)))
    return float(limit.cdf(score + 0.5)), float(limit.sf(score - 0.5))


def poisson_trend(
    series: Iterable[Annual], confidence: float = 0.95, quasi_above: float = QUASI_ABOVE_DISPERSION
) -> PoissonTrend | Refusal:
    """Annual percent change of a log-linear Poisson model, with Wald interval (percent) and p-value.

    Where Pearson chi2 / df exceeds `quasi_above`, quasi-Poisson errors with t quantiles instead (McCullagh & Nelder
    1989). Below some 30 events trust `exact_trend` for the p-value.
    """
    tail, rows = checked.tail(confidence), checked_series(series)
    if refusal := slope_refusal(rows):
        return refusal
    fit = fit_log_linear(rows)
    quasi = fit.dispersion > quasi_above
    error = math.sqrt(fit.covariance[1, 1] * (fit.dispersion if quasi else 1))
    standardised = scipy.stats.t(fit.residual_years) if quasi else scipy.stats.norm()
    margin, p_value = float(standardised.isf(tail)) * error, float(2 * standardised.sf(abs(fit.slope) / error))
    change, lower, upper = (100 * math.expm1(slope) for slope in (fit.slope, fit.slope - margin, fit.slope + margin))
    return PoissonTrend(fit.slope, p_value, change, lower, upper, fit.dispersion, quasi)


def slope_refusal(rows: tuple[Annual, ...]) -> Refusal | None:
    """Why no slope can be fitted to the rows, or None."""
    if refusal := _too_little(rows):
        return refusal
    total = sum(row.events for row in rows)
    return ONE_END if total in (rows[0].events, rows[-1].events) else None


def fit_log_linear(rows: tuple[Annual, ...]) -> LogLinearFit:
    """Maximum-likelihood fit to rows that `slope_refusal` lets pass.

    Given the total, the counts are multinomial and the slope the only unknown of a monotone equation. Solved so because
    the IRLS of statsmodels 0.15 runs away, without an error, on series with a steep end.
    """
    time, count, share = _columns(rows)
    total, log_share = float(count.sum()), np.log(share)

    def missing_years(slope: float) -> float:
        return float(time @ (count / total - scipy.special.softmax(log_share + slope * time)))

    slope = _root(missing_years)
    fitted = scipy.special.softmax(log_share + slope * time)
    mean, square = float(fitted @ time), float(fitted @ time**2)
    all_years = sum(row.person_years for row in rows)
    return LogLinearFit(
        first_year=rows[0].year,
        intercept=math.log(total / all_years) - float(scipy.special.logsumexp(log_share + slope * time)),
        slope=slope,
        covariance=np.array([[square, -mean], [-mean, 1]]) / (total * float(fitted @ (time - mean) ** 2)),
        dispersion=float(((count - total * fitted) ** 2 / (total * fitted)).sum()) / (len(rows) - 2),
        residual_years=len(rows) - 2,
    )


def _root(falling: Callable[[float], float]) -> float:
    end = 1.0
    while falling(-end) < 0 or falling(end) > 0:
        end *= 2
    return float(scipy.optimize.brentq(falling, -end, end, xtol=1e-14))
