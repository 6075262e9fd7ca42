"""How many records a month should bring, from an institution's own history, and what would be surprising.

An institution's rate times the season of its source gives the expected count; counts scatter about it as a negative
binomial whose dispersion is estimated from the same history (Pearson), widened for the length of that history.
"""

from typing import NamedTuple

import numpy as np
import scipy  # its parts are loaded when they are first used

from ddk_surveillance.arrays import Flags, Floats, Ints

WINDOW = 24  # months of its own history on which an expectation rests
ENOUGH = 6  # with fewer of them nothing is expected
SEASONED = 36  # months after which a source's seasons are known
KEPT = 0.92  # share of the months that dispersion is estimated from
MEAN_OF_KEPT = 0.672  # mean of the lowest 92 % of chi-squared with one degree of freedom
FALSE_ALARMS = 0.001  # chance that an undisturbed institution raises an alarm in one month, on each side


class Expectation(NamedTuple):
    """One row per series, one column per month; not a number where nothing can be expected."""

    expected: Floats
    low: Floats
    high: Floats
    is_gap: Flags  # part of a run of empty months too long to be chance


def season(counts: Floats, span: Flags) -> Floats:
    """What each calendar month of a source brings, as a multiple of the mean; `counts` starts in January.

    The median over the years, so that one odd year is not taken for a season, shrunk by one year without any.
    """
    place = np.arange(len(counts)) % 12
    if span.sum() < SEASONED or not counts[span].any():
        return np.ones(len(counts))
    mean = counts[span].mean()
    years = [counts[span & (place == month)] for month in range(12)]
    factors = [(len(year) * np.median(year) / mean + 1) / (len(year) + 1) for year in years]
    return np.asarray(factors)[place]


def expect(counts: Floats, seasons: Floats, span: Flags, watched: Flags, shown: Flags) -> Expectation:
    """Expectations of all series; `span`: from the first record to the last; `watched`: months in which a gap may lie;
    `shown`: months for which anybody asks how surprising a count is.

    Gaps found in a first pass do not lower the expectation in the second.
    """
    gap = np.zeros_like(span)
    for _ in range(2):
        expected, ratio = _predict(counts, seasons, span & ~gap, span)
        gap = _gaps(counts, watched, _log_chance_of_none(expected, ratio))
    low, high = np.full((2, *counts.shape), np.nan)
    low[shown], high[shown] = _limits(expected[shown], ratio[shown])
    return Expectation(expected, low, high, gap)


def _predict(counts: Floats, seasons: Floats, used: Flags, span: Flags) -> tuple[Floats, Floats]:
    """Expected counts, and their variance as a multiple of them."""
    months = np.arange(counts.shape[1])
    first = np.where(span.any(axis=1), span.argmax(axis=1), 0)[:, None]
    last = counts.shape[1] - 1 - span[:, ::-1].argmax(axis=1)[:, None]
    end = np.minimum(months, last + 1)  # after the last record its history stands still
    before = [_sums(part * used, end - WINDOW, end) for part in (np.ones_like(counts), counts, seasons)]
    start = [_sums(part * used, first, first + WINDOW) - part * used * (months < first + WINDOW)
             for part in (np.ones_like(counts), counts, seasons)]  # fmt: skip
    size, total, weight = (np.where(before[0] >= ENOUGH, b, s) for b, s in zip(before, start, strict=True))
    with np.errstate(divide="ignore", invalid="ignore"):
        expected = np.where(size >= ENOUGH, total / weight, np.nan) * seasons
        ratio = _dispersion(counts, seasons, used)[:, None] * (1 + seasons / weight)
    return expected, ratio


def _sums(values: Floats, start: Ints, end: Ints) -> Floats:
    """Sums over [start, end) of each row."""
    cumulated = np.concatenate([np.zeros((len(values), 1)), values.cumsum(axis=1)], axis=1)
    size = values.shape[1]
    at = [np.broadcast_to(np.clip(bound, 0, size), values.shape) for bound in (end, start)]
    upper, lower = (np.take_along_axis(cumulated, one, axis=1) for one in at)
    return np.asarray(upper - lower)


def _dispersion(counts: Floats, seasons: Floats, used: Flags) -> Floats:
    """Pearson's estimate for each series, at least 1, without the oddest months: they are what is looked for."""
    with np.errstate(divide="ignore", invalid="ignore"):
        mean = (counts * used).sum(axis=1) / (seasons * used).sum(axis=1)
        fitted = mean[:, None] * seasons
        squares = np.sort(np.where(used & (fitted > 0), (counts - fitted) ** 2 / fitted, np.nan), axis=1)
        kept = np.arange(squares.shape[1]) < np.floor(KEPT * (~np.isnan(squares)).sum(axis=1))[:, None]
        estimate = np.where(kept, squares, 0).sum(axis=1) / kept.sum(axis=1) / MEAN_OF_KEPT
    return np.asarray(np.fmax(estimate, 1.0))


def _log_chance_of_none(expected: Floats, ratio: Floats) -> Floats:
    """Logarithm of the chance of an empty month; 0 where nothing is expected."""
    excess = np.fmax(ratio - 1, 1e-9)
    return np.nan_to_num(-expected * np.log1p(excess) / excess, nan=0.0)


def _gaps(counts: Floats, watched: Flags, log_chance: Floats) -> Flags:
    """Runs of empty watched months whose chance together is below that of a false alarm."""
    apart = np.zeros((len(counts), 1), dtype=bool)
    empty = np.hstack([apart, watched & (counts == 0), apart]).ravel()
    starts, ends = np.flatnonzero(empty[1:] != empty[:-1]).reshape(-1, 2).T + 1
    chance = np.append(np.hstack([apart, log_chance, apart]).ravel(), 0.0)
    runs = np.add.reduceat(chance, np.column_stack([starts, ends]).ravel())[::2] if len(starts) else np.zeros(0)
    gap = np.repeat(runs < np.log(FALSE_ALARMS), ends - starts)
    whole = np.zeros(len(empty), dtype=bool)
    whole[empty] = gap
    return whole.reshape(len(counts), -1)[:, 1:-1]


def _limits(expected: Floats, ratio: Floats) -> tuple[Floats, Floats]:
    """Of many series, small ones above all, the same is expected: each quantile is computed once."""
    both = np.column_stack([expected, ratio]).view(complex).ravel()  # for these numpy sorts quickly
    pairs, place = np.unique(both, return_inverse=True, equal_nan=False)
    excess = np.fmax(pairs.imag - 1, 1e-9)
    with np.errstate(divide="ignore", invalid="ignore"):
        low, high = (
            scipy.stats.nbinom.ppf(tail, pairs.real / excess, 1 / (1 + excess))
            for tail in (FALSE_ALARMS, 1 - FALSE_ALARMS)
        )
    return low[place], high[place]
