"""Rates made comparable across populations of different age and sex."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import scipy
from numpy.typing import ArrayLike

from ddk_surveillance.arrays import Floats
from ddk_surveillance.errors import Text
from ddk_surveillance.rates import checked
from ddk_surveillance.rates.checked import Refusal
from ddk_surveillance.rates.intervals import PER, byar_interval, count_interval

LEAST_COUNT = 10
TOO_FEW = Refusal(
    "too_few", Text(f"事件少于 {LEAST_COUNT} 例，不计算标准化率", f"not standardised: fewer than {LEAST_COUNT} events")
)


@dataclass(frozen=True)
class StandardisedRate:
    """A directly standardised rate per 1000."""

    count: int
    rate_per_1000: float
    lower: float
    upper: float


@dataclass(frozen=True)
class StandardisedRatio:
    """Observed over expected events, 1 = as in the reference population."""

    observed: int
    expected: float
    ratio: float
    lower: float
    upper: float


class _Weighted(NamedTuple):
    events: int
    rate: float
    variance: float
    largest_weight: float


def direct_rate(
    count: ArrayLike,
    person_years: ArrayLike,
    standard: ArrayLike,
    method: Literal["dobson", "fay_feuer"] = "dobson",
    confidence: float = 0.95,
) -> StandardisedRate | Refusal:
    """Directly standardised rate of strata (three vectors of one length; `standard` is the standard population).

    "dobson": Dobson et al. 1991 with Byar limits, as PHEindicatormethods::calculate_dsr; refused below 10 events.
    "fay_feuer": gamma limits of Fay & Feuer 1997, wider and meant for thin strata; given for any number of events.
    """
    weighted = _weigh(checked.counts(count), checked.positive(person_years), np.asarray(standard, dtype=np.float64))
    if method == "dobson" and weighted.events < LEAST_COUNT:
        return TOO_FEW
    limits = _dobson if method == "dobson" else _fay_feuer
    lower, upper = limits(weighted, confidence)
    return StandardisedRate(weighted.events, PER * weighted.rate, PER * lower, PER * upper)


def _weigh(events: Floats, time: Floats, standard: Floats) -> _Weighted:
    if not events.shape == time.shape == standard.shape or events.ndim != 1:
        raise ValueError("count, person_years and standard must be vectors of one length")
    if not (np.isfinite(standard).all() and (standard >= 0).all() and standard.sum() > 0):
        raise ValueError("standard populations must be 0 or more, with a sum above 0")
    weight = standard / standard.sum() / time
    variance = float((weight**2 * events).sum())
    return _Weighted(int(events.sum()), float((weight * events).sum()), variance, float(weight.max()))


def _dobson(weighted: _Weighted, confidence: float) -> tuple[float, float]:
    limits = byar_interval(weighted.events, confidence)
    scale = np.sqrt(weighted.variance / weighted.events)
    lower, upper = (weighted.rate + scale * (limit - weighted.events) for limit in limits)
    return float(lower), float(upper)


def _fay_feuer(weighted: _Weighted, confidence: float) -> tuple[float, float]:
    tail, rate, variance = checked.tail(confidence), weighted.rate, weighted.variance
    lower = variance / rate * scipy.special.gammaincinv(rate**2 / variance, tail) if rate else 0.0
    # one more event in the stratum with the largest weight
    mean, spread = rate + weighted.largest_weight, variance + weighted.largest_weight**2
    return float(lower), float(spread / mean * scipy.special.gammainccinv(mean**2 / spread, tail))


def indirect_ratio(
    count: ArrayLike,
    person_years: ArrayLike,
    reference_count: ArrayLike,
    reference_person_years: ArrayLike,
    confidence: float = 0.95,
) -> StandardisedRatio:
    """Observed over expected events at the reference's stratum rates (four vectors of one length).

    Interval of the observed count as in `crude_rates`; source: PHEindicatormethods::calculate_ISRatio.
    ValueError when nothing is expected, for then no ratio exists.
    """
    reference_rate = checked.counts(reference_count) / checked.positive(reference_person_years)
    observed = int(checked.counts(count).sum())
    expected = float((reference_rate * checked.positive(person_years)).sum())
    checked.positive(expected, "expected events")
    lower, upper = (float(limit) / expected for limit in count_interval(observed, confidence))
    return StandardisedRatio(observed, expected, observed / expected, lower, upper)
