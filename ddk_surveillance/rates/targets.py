"""Targets of the form "rate below so many per 1000": official status, evidence, and what would change them."""

import math
from dataclasses import dataclass

import scipy

from ddk_surveillance.errors import Text
from ddk_surveillance.rates import checked
from ddk_surveillance.rates.intervals import PER
from ddk_surveillance.rates.verdicts import Evidence, TargetStatus

ALPHA = 0.05
JEFFREYS_SHAPE = 0.5


@dataclass(frozen=True)
class CriticalCounts:
    """The counts at which a verdict turns."""

    most_meeting: int
    most_showing_met: int | None
    least_showing_missed: int


@dataclass(frozen=True)
class TargetVerdict:
    """Status and evidence of one period; as confidential as the count it was made from.

    `p_below` is the exact one-sided p of "the rate is not below the target", `p_above` of "it is not above".
    """

    count: int
    status: TargetStatus
    evidence: Evidence
    p_below: float
    p_above: float
    critical: CriticalCounts

    @property
    def events_to_change_status(self) -> int:
        """How many events more (or, negative, fewer) would turn the status."""
        turning_point = self.critical.most_meeting + (self.status is TargetStatus.MET)
        return turning_point - self.count

    @property
    def events_to_change_evidence(self) -> int:
        """How many events more (or, negative, fewer) would at least turn the evidence; fewer wins a tie."""
        low, high = self.critical.most_showing_met, self.critical.least_showing_missed
        if self.evidence is Evidence.SHOWN:
            return (high - 1 if self.count >= high or low is None else low + 1) - self.count
        steps = [high - self.count] if low is None else [low - self.count, high - self.count]
        return min(steps, key=abs)

    @property
    def text(self) -> Text:
        """The verdict in words, with what would change it."""
        status, evidence = self.status.value, self.evidence.value
        more_zh, more_en = _steps(self.events_to_change_status)
        also_zh, also_en = _steps(self.events_to_change_evidence)
        return Text(
            f"{status.zh}；{evidence.zh}。{more_zh}，达标与否即改变；{also_zh}，证据判断即改变。",
            f"{status.en}; {evidence.en}. {more_en} would change the status, {also_en} the evidence.",
        )


def _steps(events: int) -> tuple[str, str]:
    return (f"多 {events} 例", f"{events} more") if events > 0 else (f"少 {-events} 例", f"{-events} fewer")


def target_verdict(count: int, person_years: object, target_per_1000: object) -> TargetVerdict:
    """Verdict on "rate < target", the target itself being a miss.

    The status compares exact fractions of the numbers as written, never rounded rates. The evidence is the exact
    one-sided Poisson test at 5 %; "too few" means that not even 0 events would have shown the target to be met.
    """
    checked.counts(count)
    critical = critical_counts(person_years, target_per_1000)
    status = TargetStatus.MET if count <= critical.most_meeting else TargetStatus.MISSED
    evidence = Evidence.of(count, critical.most_showing_met, critical.least_showing_missed)
    expected = expected_at_target(person_years, target_per_1000)
    p_below, p_above = scipy.stats.poisson.cdf(count, expected), scipy.stats.poisson.sf(count - 1, expected)
    return TargetVerdict(count, status, evidence, float(p_below), float(p_above), critical)


def critical_counts(person_years: object, target_per_1000: object) -> CriticalCounts:
    """The counts at which status and evidence turn, known before any event is counted."""
    expected = expected_at_target(person_years, target_per_1000)
    most_meeting = math.ceil(checked.exact(person_years) * checked.exact(target_per_1000) / PER) - 1
    most_showing_met = int(scipy.stats.poisson.ppf(ALPHA, expected)) - 1
    least_showing_missed = int(scipy.stats.poisson.isf(ALPHA, expected)) + 1
    return CriticalCounts(most_meeting, most_showing_met if most_showing_met >= 0 else None, least_showing_missed)


def probability_below(count: int, person_years: float, target_per_1000: object) -> float:
    """Posterior probability that the underlying rate is below the target (gamma prior of Jeffreys)."""
    checked.counts(count)
    return float(scipy.special.gammainc(count + JEFFREYS_SHAPE, expected_at_target(person_years, target_per_1000)))


def expected_at_target(person_years: object, target_per_1000: object) -> float:
    """Events expected if the rate were exactly the target; ValueError unless both are above 0."""
    numbers = float(checked.exact(person_years)), float(checked.exact(target_per_1000))
    checked.positive(numbers, "person_years and target_per_1000")
    return float(checked.exact(person_years) * checked.exact(target_per_1000) / PER)
