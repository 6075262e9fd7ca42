"""How many events no source saw, by capture-recapture of linked events: a data-quality figure, never an indicator."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
import scipy

from ddk_surveillance.arrays import Floats
from ddk_surveillance.errors import Text
from ddk_surveillance.rates import checked
from ddk_surveillance.rates.checked import Refusal

History = tuple[int, int, int]
Interaction = tuple[int, int]

LEAST_OBSERVED = 30
LEAST_OVERLAP = 5
HISTORIES: tuple[History, ...] = tuple((a, b, c) for a, b, c in product((1, 0), repeat=3) if a + b + c)
PAIRS: tuple[Interaction, ...] = ((0, 1), (0, 2), (1, 2))
ASSUMPTIONS = Text(
    "前提：事件封闭、关联无误、各来源相互独立（或其相关已入模型）、每例被捕获的机会相近；来源正相关时低估。不得加入指标。",
    "Assumes a closed set of events, faultless linkage, independent sources (or modelled dependence) and like chances "
    "of capture; sources that call each other in make it too low. Never to be added to an indicator.",
)


@dataclass(frozen=True)
class Completeness:
    """Estimated total of events and the share of it that the sources together observed."""

    observed: int
    total: float
    lower: float
    upper: float
    caveat: Text = ASSUMPTIONS

    @property
    def share_observed(self) -> float:
        """Observed events over estimated total, not a number when both are 0."""
        return self.observed / self.total if self.total else math.nan


@dataclass(frozen=True)
class LogLinearModel(Completeness):
    """One log-linear model of three sources; `interactions` are pairs of sources 0, 1, 2 that depend on each other."""

    interactions: tuple[Interaction, ...] = ()
    bic: float = math.nan


@dataclass(frozen=True)
class CompletenessRefusal(Refusal):
    """Why no total is given, with what can still be said: the observed events and a lower bound of the total."""

    observed: int
    lower_bound: float


def two_sources(first: int, second: int, both: int, confidence: float = 0.95) -> Completeness | CompletenessRefusal:
    """`chapman`, refused below 30 observed events or 5 in both sources."""
    estimate = chapman(first, second, both, confidence)
    lower_bound = chao_lower_bound(first + second - 2 * both, both, estimate.observed, sources=2)
    return _refusal(estimate.observed, both, lower_bound) or estimate


def chapman(first: int, second: int, both: int, confidence: float = 0.95) -> Completeness:
    """Total from two sources (Chapman 1951) with the transformed-logit interval of Sadinle 2009.

    `first` and `second` count the events of each source, `both` those seen by both of them.
    """
    only_first, only_second = first - both, second - both
    checked.counts([both, only_first, only_second], "events in both, only the first, only the second source")
    total = (first + 1) * (second + 1) / (both + 1) - 1
    a, b, c = both + 0.5, only_first + 0.5, only_second + 0.5
    factor = math.exp(_z(confidence) * math.sqrt(1 / a + 1 / b + 1 / c + a / (b * c)))
    observed, unseen = first + second - both, b * c / a
    lower, upper = observed - 0.5 + unseen / factor, observed - 0.5 + unseen * factor
    return Completeness(observed, total, lower, upper)


def three_sources(events: Mapping[History, int], confidence: float = 0.95) -> LogLinearModel | CompletenessRefusal:
    """The log-linear model of lowest BIC; refused below 30 observed events, with any two sources sharing fewer than 5
    events, or when no model is identifiable.

    `events` gives the count of each capture history, e.g. (1, 0, 1) = seen by the first and third source only.
    """
    counts = _histories(events)
    observed = sum(counts.values())
    overlap = min(sum(n for history, n in counts.items() if history[i] and history[j]) for i, j in PAIRS)
    once, twice = (sum(n for history, n in counts.items() if sum(history) == times) for times in (1, 2))
    lower_bound = chao_lower_bound(once, twice, observed, sources=3)
    if refusal := _refusal(observed, overlap, lower_bound):
        return refusal
    models = log_linear_models(counts, confidence)
    if not models:
        text = Text("没有可识别的模型，不估计", "not estimated: no model is identifiable")
        return CompletenessRefusal("not_identifiable", text, observed, lower_bound)
    return min(models, key=lambda model: (model.bic, model.interactions))


def log_linear_models(events: Mapping[History, int], confidence: float = 0.95) -> tuple[LogLinearModel, ...]:
    """The hierarchical models of three sources without the three-way term (Fienberg 1972), by Poisson GLM.

    Eight of them, less those whose likelihood has no maximum because of zero cells: their totals would be infinite.
    """
    counts = _histories(events)
    checked.positive(sum(counts.values()), "observed events")
    subsets = (subset for size in range(len(PAIRS) + 1) for subset in combinations(PAIRS, size))
    return tuple(model for subset in subsets if (model := _fit(counts, subset, confidence)))


def _fit(counts: dict[History, int], interactions: tuple[Interaction, ...], confidence: float) -> LogLinearModel | None:
    design = np.array([[1, *history, *(history[i] * history[j] for i, j in interactions)] for history in counts], float)
    frequency, observed = np.array(list(counts.values()), float), sum(counts.values())
    if not _has_maximum(frequency, design):
        return None
    coefficients = _maximum_likelihood(frequency, design)
    fitted = np.exp(design @ coefficients)
    covariance = np.linalg.inv(design.T @ (fitted[:, None] * design))
    unseen, error = math.exp(coefficients[0]), math.sqrt(covariance[0, 0])  # the intercept: seen by no source
    factor = math.exp(_z(confidence) * error)
    log_likelihood = float(
        (scipy.special.xlogy(frequency, fitted) - fitted - scipy.special.gammaln(frequency + 1)).sum()
    )
    return LogLinearModel(
        observed=observed,
        total=observed + unseen,
        lower=observed + unseen / factor,
        upper=observed + unseen * factor,
        interactions=interactions,
        bic=-2 * log_likelihood + design.shape[1] * math.log(observed),
    )


def _maximum_likelihood(frequency: Floats, design: Floats) -> Floats:
    # the IRLS of statsmodels 0.15 fails, at times without an error, on very uneven counts; this problem is convex
    def mean(coefficients: Floats) -> Floats:
        return np.exp(design @ coefficients)

    best = scipy.optimize.minimize(
        lambda b: (mean(b).sum() - frequency @ design @ b) / frequency.sum(),
        x0=np.linalg.lstsq(design, np.log(frequency + 0.5))[0],
        jac=lambda b: design.T @ (mean(b) - frequency) / frequency.sum(),
        hess=lambda b: design.T @ (mean(b)[:, None] * design) / frequency.sum(),
        method="trust-exact",
        options={"gtol": 1e-12},
    )
    return np.asarray(best.x)


def _has_maximum(frequency: Floats, design: Floats) -> bool:
    """Whether some table without a zero has the observed margins (Haberman 1974); maximises its smallest cell."""
    cells = len(frequency)
    best = scipy.optimize.linprog(
        c=[0] * cells + [-1],
        A_ub=np.column_stack([-np.eye(cells), np.ones(cells)]),
        b_ub=np.zeros(cells),
        A_eq=np.column_stack([design.T, np.zeros(design.shape[1])]),
        b_eq=design.T @ frequency,
    )
    return bool(best.x[-1] > 1e-3)


def chao_lower_bound(once: int, twice: int, observed: int, sources: float) -> float:
    """Lower bound of the total from events seen once and twice (Chao 1987, with its (t-1)/t for t sources).

    Without events seen twice the bias-corrected form is used.
    """
    unseen = once**2 / (2 * twice) if twice else once * (once - 1) / 2
    return observed + (1 - 1 / sources) * unseen


def _refusal(observed: int, overlap: int, lower_bound: float) -> CompletenessRefusal | None:
    if observed >= LEAST_OBSERVED and overlap >= LEAST_OVERLAP:
        return None
    text = Text(
        f"样本不足，不估计：至少需观察到 {LEAST_OBSERVED} 例，且任两来源共有 {LEAST_OVERLAP} 例以上",
        f"not estimated: needs {LEAST_OBSERVED} observed events and {LEAST_OVERLAP} shared by any two sources",
    )
    return CompletenessRefusal("too_few", text, observed, lower_bound)


def _histories(events: Mapping[History, int]) -> dict[History, int]:
    unknown = set(events) - set(HISTORIES)
    if unknown:
        raise ValueError(f"{len(unknown)} capture histories are not three digits 0 or 1 with at least one 1")
    counts = {history: events.get(history, 0) for history in HISTORIES}
    checked.counts(list(counts.values()))
    return counts


def _z(confidence: float) -> float:
    return float(-scipy.special.ndtri(checked.tail(confidence)))
