"""One rate against another: exact rate ratios, declines, and the smallest decline that could be shown."""

import math
from dataclasses import dataclass

import scipy

from ddk_surveillance.errors import Text
from ddk_surveillance.rates import checked
from ddk_surveillance.rates.verdicts import Change, Evidence


@dataclass(frozen=True)
class RateRatio:
    """Current over baseline rate; the two-sided p is below 1 - confidence exactly when the interval excludes 1."""

    ratio: float
    lower: float
    upper: float
    p_value: float
    p_decline: float
    p_increase: float


@dataclass(frozen=True)
class DeclineVerdict:
    """Whether the rate fell, and whether that is more than chance; as confidential as the counts it was made from."""

    change: Change
    evidence: Evidence
    rate_ratio: RateRatio
    most_showing_decline: int | None
    least_showing_rise: int

    @property
    def text(self) -> Text:
        """The verdict in words."""
        change, evidence = self.change.value, self.evidence.value
        if self.change is Change.LEVEL:
            return change
        if self.evidence is Evidence.SHOWN:
            return Text(f"{change.zh}（{evidence.zh}）", f"{change.en} ({evidence.en})")
        return Text(f"点估计{change.zh}、{evidence.zh}", f"point value {change.en}, {evidence.en}")


def rate_ratio(
    count: int, person_years: float, baseline_count: int, baseline_person_years: float, confidence: float = 0.95
) -> RateRatio:
    """Exact conditional comparison of two Poisson rates with the central p-value (Fay 2010, rateratio.test).

    The ratio is infinite over a baseline of 0 events and not a number when neither has events.
    """
    tail = checked.tail(confidence)
    checked.counts([count, baseline_count])
    checked.positive([person_years, baseline_person_years])
    time_ratio, total = baseline_person_years / person_years, count + baseline_count
    share = person_years / (person_years + baseline_person_years)
    p_decline = float(scipy.stats.binom.cdf(count, total, share))
    p_increase = float(scipy.stats.binom.sf(count - 1, total, share))
    return RateRatio(
        ratio=_divide(count, baseline_count) * time_ratio,
        lower=_odds_limit(count, baseline_count + 1, tail) * time_ratio,
        upper=_odds_limit(count + 1, baseline_count, 1 - tail) * time_ratio,
        p_value=min(1.0, 2 * min(p_decline, p_increase)),
        p_decline=p_decline,
        p_increase=p_increase,
    )


def _divide(count: int, baseline_count: int) -> float:
    if baseline_count:
        return count / baseline_count
    return math.inf if count else math.nan


def _odds_limit(first: int, second: int, probability: float) -> float:
    # Clopper-Pearson limit of the odds; the F quantile spares the cancellation of beta / (1 - beta)
    if first == 0:
        return 0.0
    if second == 0:
        return math.inf
    return float(first / second * scipy.stats.f.ppf(probability, 2 * first, 2 * second))


def decline_verdict(
    count: int, person_years: float, baseline_count: int, baseline_person_years: float, confidence: float = 0.95
) -> DeclineVerdict:
    """Change against the baseline by exact arithmetic, and its evidence by `rate_ratio`.

    "Too few" means that not even 0 events now would have shown a decline.
    """
    ratio = rate_ratio(count, person_years, baseline_count, baseline_person_years, confidence)
    tail = checked.tail(confidence)
    most = most_showing_decline(person_years, baseline_count, baseline_person_years, tail)
    least = least_showing_rise(person_years, baseline_count, baseline_person_years, tail)
    now, then = count * checked.exact(baseline_person_years), baseline_count * checked.exact(person_years)
    change = Change.LEVEL if now == then else Change.FELL if now < then else Change.ROSE
    return DeclineVerdict(change, Evidence.of(count, most, least), ratio, most, least)


def most_showing_decline(
    person_years: float, baseline_count: int, baseline_person_years: float, tail: float = 0.025
) -> int | None:
    """Largest count whose one-sided exact p of a decline is below `tail`; None when even 0 events is not.

    0.025 matches a two-sided 5 % test, 0.05 a one-sided one. Closed form: given the baseline count, the binomial
    tail of the conditional test equals a negative binomial one.
    """
    if baseline_count == 0:
        return None
    share = baseline_person_years / (person_years + baseline_person_years)
    count = int(scipy.stats.nbinom.ppf(tail, baseline_count, share)) - 1
    return count if count >= 0 else None


def least_showing_rise(
    person_years: float, baseline_count: int, baseline_person_years: float, tail: float = 0.025
) -> int:
    """Smallest count whose one-sided exact p of a rise is at most `tail`."""
    share = baseline_person_years / (person_years + baseline_person_years)
    return int(scipy.stats.nbinom.isf(tail, baseline_count + 1, share)) + 1
