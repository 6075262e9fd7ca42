"""What must hold for any counts: intervals hold the rate, p and interval never disagree, turning points turn."""

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ddk_surveillance.rates import (
    comparison,
    completeness,
    intervals,
    periods,
    projection,
    standardised,
    targets,
    trend,
)
from ddk_surveillance.rates.verdicts import Change, Evidence, TargetStatus

repeatable = settings(max_examples=100, derandomize=True)
slow = settings(repeatable, max_examples=20)

few = st.integers(0, 60)
counts = st.one_of(few, st.integers(0, 10**12))
person_years = st.floats(1e-3, 1e9)
populations = st.integers(500, 400_000)
confidences = st.floats(0.01, 0.9999)


@repeatable
@given(counts, person_years, confidences)
def test_the_interval_holds_the_rate(count: int, time: float, confidence: float) -> None:
    rates = intervals.crude_rates(count, time, confidence)
    assert 0 <= rates.lower <= rates.rate_per_1000 <= rates.upper < math.inf
    assert (rates.lower == 0) == (count == 0)


@repeatable
@given(counts, confidences)
def test_one_more_event_moves_both_limits_up(count: int, confidence: float) -> None:
    less, more = (intervals.count_interval(number, confidence) for number in (count, count + 1))
    assert less.lower < more.lower and less.upper < more.upper


@repeatable
@given(counts, confidences, confidences)
def test_more_confidence_is_a_wider_interval(count: int, one: float, other: float) -> None:
    narrow, wide = (intervals.count_interval(count, confidence) for confidence in sorted((one, other)))
    assert wide.lower <= narrow.lower and narrow.upper <= wide.upper


@repeatable
@given(st.lists(st.tuples(counts, person_years), max_size=20))
def test_many_cells_at_once_equal_each_alone(cells: list[tuple[int, float]]) -> None:
    together = intervals.crude_rates([count for count, _ in cells], [time for _, time in cells])
    alone = [intervals.crude_rates(*cell) for cell in cells]
    for column, values in zip(together, zip(*alone, strict=True), strict=False):
        assert column.tolist() == [value.item() for value in values]


@repeatable
@given(few, populations, few, populations)
def test_p_and_interval_of_a_rate_ratio_never_disagree(now: int, time: int, then: int, time_then: int) -> None:
    ratio = comparison.rate_ratio(now, time, then, time_then)
    assert (ratio.p_value < 0.05) == (not ratio.lower <= 1 <= ratio.upper)
    verdict = comparison.decline_verdict(now, time, then, time_then)
    assert (verdict.evidence is Evidence.SHOWN) == (ratio.p_value < 0.05)
    point = Fraction(now, time) - Fraction(then, time_then)
    assert verdict.change is (Change.FELL if point < 0 else Change.ROSE if point > 0 else Change.LEVEL)


@repeatable
@given(st.integers(1, 60), populations, st.integers(1, 60), populations)
def test_a_rate_ratio_turned_round_is_its_inverse(now: int, time: int, then: int, time_then: int) -> None:
    there, back = comparison.rate_ratio(now, time, then, time_then), comparison.rate_ratio(then, time_then, now, time)
    inverse = (1 / back.ratio, 1 / back.upper, 1 / back.lower, back.p_value)
    assert (there.ratio, there.lower, there.upper, there.p_value) == pytest.approx(inverse, rel=1e-9)


@repeatable
@given(populations, few, populations, st.sampled_from([0.005, 0.025, 0.05]))
def test_turning_points_of_a_decline(time: int, then: int, time_then: int, tail: float) -> None:
    most = comparison.most_showing_decline(time, then, time_then, tail)
    least = comparison.least_showing_rise(time, then, time_then, tail)

    def p_decline(now: int) -> float:
        return comparison.rate_ratio(now, time, then, time_then).p_decline

    assert most is None or p_decline(most) < tail
    assert p_decline(0 if most is None else most + 1) >= tail
    assert comparison.rate_ratio(least, time, then, time_then).p_increase <= tail
    assert comparison.rate_ratio(least - 1, time, then, time_then).p_increase > tail


@repeatable
@given(few, populations, st.sampled_from(["0.1", "0.05", "0.123", "1"]))
def test_a_target_verdict_turns_where_it_says(count: int, time: int, target: str) -> None:
    verdict = targets.target_verdict(count, time, target)
    assert (verdict.status is TargetStatus.MET) == (1000 * count < Fraction(target) * time)
    shown = verdict.p_below <= 0.05 or verdict.p_above <= 0.05
    assert (verdict.evidence is Evidence.SHOWN) == shown
    assert (verdict.evidence is Evidence.TOO_FEW) == (not shown and math.exp(-time * float(target) / 1000) > 0.05)
    for field, step in (("status", verdict.events_to_change_status), ("evidence", verdict.events_to_change_evidence)):
        nearer = step - int(math.copysign(1, step))
        assert getattr(targets.target_verdict(count + step, time, target), field) is not getattr(verdict, field)
        assert getattr(targets.target_verdict(count + nearer, time, target), field) is getattr(verdict, field)


@repeatable
@given(few, populations)
def test_more_events_make_the_target_less_likely(count: int, time: int) -> None:
    assert targets.probability_below(count + 1, time, "0.1") <= targets.probability_below(count, time, "0.1")


@st.composite
def annual_series(draw: st.DrawFn, least: int = 3) -> tuple[periods.Annual, ...]:
    events = draw(st.lists(few, min_size=least, max_size=10).filter(any))
    return tuple(periods.Annual(2016 + i, n, draw(st.integers(20_000, 70_000))) for i, n in enumerate(events))


@repeatable
@given(annual_series())
def test_a_trend_read_backwards_changes_its_sign(series: tuple[periods.Annual, ...]) -> None:
    mirrored = [periods.Annual(-row.year, row.events, row.person_years) for row in series]
    there, back = trend.exact_trend(series), trend.exact_trend(mirrored)
    assert isinstance(there, trend.ExactTrend) and isinstance(back, trend.ExactTrend)
    assert (there.p_decline, there.p_increase) == pytest.approx((back.p_increase, back.p_decline), rel=1e-9, abs=1e-15)
    assert there.p_decline + there.p_increase > 1 - 1e-12  # both tails hold the observed score
    forth, again = trend.poisson_trend(series), trend.poisson_trend(mirrored)
    if isinstance(forth, trend.PoissonTrend):
        assert isinstance(again, trend.PoissonTrend) and forth.slope == pytest.approx(-again.slope, rel=1e-6, abs=1e-9)
        assert (forth.p_value < 0.05) == (not forth.lower <= 0 <= forth.upper)
    else:
        assert again is forth


def test_the_normal_limit_takes_over_where_it_is_as_good() -> None:
    series = [periods.Annual(2016 + i, 250 + 7 * i % 30, 60_000 + 50 * i) for i in range(9)]
    exact = trend.exact_trend(series)
    doubled = trend.exact_trend([*series, periods.Annual(2025, 250, 60_450)])
    assert isinstance(exact, trend.ExactTrend) and exact.exact
    assert isinstance(doubled, trend.ExactTrend) and not doubled.exact
    time, _, share = trend._columns(tuple(series))
    normal = trend._normal_tails(time, share, exact.score, sum(row.events for row in series))
    assert normal == pytest.approx((exact.p_decline, exact.p_increase), abs=3e-4)


@repeatable
@given(st.lists(st.tuples(few, populations), min_size=1, max_size=6), st.floats(0.1, 10))
def test_standardised_to_itself_is_the_crude_rate(strata: list[tuple[int, int]], scale: float) -> None:
    events, time = [n for n, _ in strata], [t for _, t in strata]
    assume(sum(events) >= 10)
    own = standardised.direct_rate(events, time, [scale * t for t in time])
    gamma = standardised.direct_rate(events, time, time, method="fay_feuer")
    crude = intervals.crude_rates(sum(events), sum(time))
    assert isinstance(own, standardised.StandardisedRate) and isinstance(gamma, standardised.StandardisedRate)
    assert (own.rate_per_1000, own.lower, own.upper) == pytest.approx((*crude[:3],), rel=1e-9)
    assert gamma.lower < own.rate_per_1000 < gamma.upper
    ratio = standardised.indirect_ratio(events, time, events, time)
    assert ratio.ratio == pytest.approx(1) and ratio.lower < 1 < ratio.upper


@slow
@given(annual_series(least=6), st.sampled_from(["0.02", "0.1", "0.6"]))
def test_a_projection_is_a_distribution(series: tuple[periods.Annual, ...], target: str) -> None:
    shown = projection.project(series, 2030, 60_000, target)
    looser = projection.project(series, 2030, 60_000, Fraction(target) * 2)
    for forecast, easier in ((shown.flat, looser.flat), (shown.log_linear, looser.log_linear)):
        if isinstance(forecast, projection.Forecast) and isinstance(easier, projection.Forecast):
            assert 0 <= forecast.count_lower <= forecast.count_upper
            assert 0 <= forecast.probability_met <= easier.probability_met <= 1 + 1e-12


@repeatable
@given(few, few, few)
def test_two_sources_may_be_swapped(only_first: int, only_second: int, both: int) -> None:
    there = completeness.chapman(only_first + both, only_second + both, both)
    back = completeness.chapman(only_second + both, only_first + both, both)
    assert (there.total, there.lower, there.upper) == pytest.approx((back.total, back.lower, back.upper))
    assert there.observed <= there.total + 1e-9 and there.lower <= there.upper


@slow
@given(st.tuples(*[st.integers(1, 60)] * 7), st.permutations([0, 1, 2]))
def test_three_sources_may_be_renamed(events: tuple[int, ...], order: list[int]) -> None:
    seen = dict(zip(completeness.HISTORIES, events, strict=True))
    renamed = {(history[order[0]], history[order[1]], history[order[2]]): n for history, n in seen.items()}
    there, back = completeness.three_sources(seen), completeness.three_sources(renamed)
    assert type(there) is type(back)
    if isinstance(there, completeness.LogLinearModel) and isinstance(back, completeness.LogLinearModel):
        assert there.bic == pytest.approx(back.bic) and there.lower < there.total < there.upper


@repeatable
@given(st.integers(0, 5000), st.integers(1, 5000), confidences)
def test_wilson_limits_hold_the_proportion(count: int, total: int, confidence: float) -> None:
    assume(count <= total)
    lower, upper = intervals.wilson_interval(count, total, confidence)
    assert 0 <= lower <= count / total + 1e-12 and count / total - 1e-12 <= upper <= 1


@repeatable
@given(annual_series(), st.integers(1, 5))
def test_pools_do_not_overlap_and_lose_no_event(series: tuple[periods.Annual, ...], width: int) -> None:
    pools = periods.period_pools(series, width, 2016)
    whole = series[: len(series) // width * width]
    assert [pool.first_year for pool in pools] == [row.year for row in whole[::width]]
    assert all(pool.last_year - pool.first_year == width - 1 for pool in pools)
    assert sum(pool.events for pool in pools) == sum(row.events for row in whole)
    assert np.isclose(sum(pool.person_years for pool in pools), sum(row.person_years for row in whole))
