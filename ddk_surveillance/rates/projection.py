"""Counts to be expected in a coming year, by two models that are always shown side by side."""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import scipy

from ddk_surveillance.arrays import Floats
from ddk_surveillance.errors import Text
from ddk_surveillance.rates import checked
from ddk_surveillance.rates.checked import Refusal
from ddk_surveillance.rates.intervals import PER
from ddk_surveillance.rates.periods import Annual, checked_series
from ddk_surveillance.rates.targets import JEFFREYS_SHAPE, critical_counts
from ddk_surveillance.rates.trend import (
    QUASI_ABOVE_DISPERSION,
    LogLinearFit,
    exact_trend,
    fit_log_linear,
    poisson_trend,
    slope_refusal,
)

LEAST_YEARS_LOG_LINEAR = 6
FLAT_YEARS = 5
RISE_TRUSTED_YEARS = 5
TOO_FEW_YEARS = Refusal(
    "too_early",
    Text(
        f"最终数据不足 {LEAST_YEARS_LOG_LINEAR} 年，不外推趋势",
        f"trend not extrapolated: fewer than {LEAST_YEARS_LOG_LINEAR} final years",
    ),
)
TOO_NARROW = Text(
    "年际波动大于泊松分布，区间偏窄", "years differ more than Poisson allows, so the interval is too narrow"
)
IF_RISE_GOES_ON = Text("若趋势不变", "if the trend goes on unchanged")


@dataclass(frozen=True)
class Forecast:
    """Prediction for one year: counts, and the chance of its count to meet the target."""

    expected_count: float
    expected_rate_per_1000: float
    count_lower: int
    count_upper: int
    probability_met: float
    caveat: Text | None = None


@dataclass(frozen=True)
class Projection:
    """Both models for one year and which of them to lead with."""

    year: int
    flat: Forecast
    log_linear: Forecast | Refusal
    headline: Literal["flat", "log_linear"]


def project(
    series: Iterable[Annual], year: int, person_years: float, target_per_1000: object, confidence: float = 0.95
) -> Projection:
    """Forecast of `year` from final years; the flat model (last five years) leads unless there is a trend.

    A trend is a two-sided p below 0.05: the exact one, or the quasi-Poisson one where the series is overdispersed.
    """
    rows = checked_series(series)
    if not rows or year <= rows[-1].year:
        raise ValueError("the year to project must come after the last year of the series")
    recent = rows[-FLAT_YEARS:]
    past_count, past_person_years = sum(row.events for row in recent), sum(row.person_years for row in recent)
    flat = flat_forecast(past_count, past_person_years, person_years, target_per_1000, confidence)
    log_linear = log_linear_forecast(rows, year, person_years, target_per_1000, confidence)
    fitted, exact = poisson_trend(rows), exact_trend(rows)
    if isinstance(log_linear, Refusal) or isinstance(fitted, Refusal) or isinstance(exact, Refusal):
        return Projection(year, flat, log_linear, "flat")
    if fitted.quasi:
        flat = replace(flat, caveat=TOO_NARROW)
    p_value = fitted.p_value if fitted.quasi else exact.p_value
    return Projection(year, flat, log_linear, "log_linear" if p_value < 0.05 else "flat")


def flat_forecast(
    past_count: int, past_person_years: float, person_years: float, target_per_1000: object, confidence: float = 0.95
) -> Forecast:
    """Forecast at an unchanging rate: gamma posterior (Jeffreys), hence a negative binomial count.

    Exact, needs no fit, and works with 0 events. Source: Gelman et al., Bayesian Data Analysis, 2.6.
    """
    checked.counts(past_count)
    checked.positive([past_person_years, person_years])
    tail, shape = checked.tail(confidence), past_count + JEFFREYS_SHAPE
    future = scipy.stats.nbinom(shape, past_person_years / (past_person_years + person_years))
    return Forecast(
        expected_count=shape / past_person_years * person_years,
        expected_rate_per_1000=PER * shape / past_person_years,
        count_lower=int(future.ppf(tail)),
        count_upper=int(future.ppf(1 - tail)),
        probability_met=float(future.cdf(critical_counts(person_years, target_per_1000).most_meeting)),
    )


def log_linear_forecast(
    series: Iterable[Annual], year: int, person_years: float, target_per_1000: object, confidence: float = 0.95
) -> Forecast | Refusal:
    """Forecast of a log-linear Poisson trend with normal uncertainty of the log rate, integrated numerically.

    Refused below six years and where no slope exists. An overdispersed series widens both the error of the
    rate and the spread of the count (negative binomial with variance = dispersion x mean).
    """
    rows, tail = checked_series(series), checked.tail(confidence)
    checked.positive(person_years)
    if len(rows) < LEAST_YEARS_LOG_LINEAR:
        return TOO_FEW_YEARS
    if refusal := slope_refusal(rows):
        return refusal
    fit = fit_log_linear(rows)
    log_rate, error = extrapolate(fit, year)
    predictive = _predictive(person_years * math.exp(log_rate), error, spread_of(fit))
    far_rise = fit.slope > 0 and year - rows[-1].year > RISE_TRUSTED_YEARS
    return Forecast(
        expected_count=person_years * math.exp(log_rate),
        expected_rate_per_1000=PER * math.exp(log_rate),
        count_lower=_quantile(predictive, tail),
        count_upper=_quantile(predictive, 1 - tail),
        probability_met=predictive(critical_counts(person_years, target_per_1000).most_meeting),
        caveat=IF_RISE_GOES_ON if far_rise else None,
    )


def spread_of(fit: LogLinearFit) -> float:
    """Variance over mean of the yearly counts: 1 (Poisson) unless the series is clearly overdispersed."""
    return fit.dispersion if fit.dispersion > QUASI_ABOVE_DISPERSION else 1.0


def extrapolate(fit: LogLinearFit, year: int) -> tuple[float, float]:
    """Log of the rate per person in `year` on the fitted line, and its standard error."""
    at = np.array([1.0, year - fit.first_year])
    error = math.sqrt(spread_of(fit) * float(at @ fit.covariance @ at))
    return fit.intercept + fit.slope * float(at[1]), error


def _predictive(mean: float, error: float, spread: float) -> Callable[[int], float]:
    """Cumulative distribution of a count whose log mean is normal; a fine grid makes it repeatable without draws."""
    z = np.linspace(-8, 8, 2001)
    weight: Floats = np.exp(-(z**2) / 2) / np.exp(-(z**2) / 2).sum()
    means = mean * np.exp(error * z)
    count = scipy.stats.poisson(means) if spread == 1 else scipy.stats.nbinom(means / (spread - 1), 1 / spread)
    return lambda at_most: float(weight @ count.cdf(at_most))


def _quantile(cumulative: Callable[[int], float], probability: float) -> int:
    end = 1
    while cumulative(end) < probability:
        end *= 2
    return bisect_left(range(end), probability, key=cumulative)
