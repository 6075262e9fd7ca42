"""How far events of undetermined intent could move a rate and its verdict."""

from dataclasses import dataclass

from ddk_surveillance.rates import checked
from ddk_surveillance.rates.intervals import PER, exact_interval
from ddk_surveillance.rates.targets import critical_counts


@dataclass(frozen=True)
class UndeterminedBounds:
    """Rates per 1000 with none, all and a proportional share of the undetermined events.

    `lower` and `upper` reach from the exact lower limit of the first to the exact upper limit of the second. The
    proportional rate is None where no event has a known intent.
    """

    rate_none: float
    rate_all: float
    rate_proportional: float | None
    lower: float
    upper: float


def undetermined_bounds(
    definite: int, undetermined: int, definite_other: int, person_years: float, confidence: float = 0.95
) -> UndeterminedBounds:
    """Bounds of the rate of one intent; `definite_other` counts the events of all other known intents."""
    checked.counts([definite, undetermined, definite_other])
    checked.positive(person_years)
    scale, known, most = PER / person_years, definite + definite_other, definite + undetermined
    proportional = definite + undetermined * definite / known if known else None
    return UndeterminedBounds(
        rate_none=definite * scale,
        rate_all=most * scale,
        rate_proportional=None if proportional is None else proportional * scale,
        lower=float(exact_interval(definite, confidence).lower) * scale,
        upper=float(exact_interval(most, confidence).upper) * scale,
    )


def verdict_depends_on_undetermined(
    definite: int, undetermined: int, person_years: object, target_per_1000: object
) -> bool:
    """Whether the target is met without the undetermined events and missed with them."""
    checked.counts([definite, undetermined])
    most_meeting = critical_counts(person_years, target_per_1000).most_meeting
    return definite <= most_meeting < definite + undetermined
