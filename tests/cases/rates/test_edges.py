"""Where figures end: zero, missing and absurd input, and every refusal with its reason."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from ddk_surveillance.rates import (
    checked,
    comparison,
    completeness,
    intervals,
    periods,
    projection,
    sensitivity,
    standardised,
    targets,
    trend,
)
from ddk_surveillance.rates.periods import Annual

NAN, INF = math.nan, math.inf
BAD_COUNTS = [-1, 1.5, NAN, INF]
BAD_PERSON_YEARS = [0, -1, NAN, INF]
BAD_CONFIDENCES = [0, 1, -0.5, 1.5, 95, NAN]
RISING = [Annual(2018 + i, 20 + 10 * i, 60_000) for i in range(6)]
CALLS: dict[str, Callable[[Any, Any, Any], Any]] = {
    "crude rate": intervals.crude_rates,
    "direct rate": lambda n, py, c: standardised.direct_rate([n, 20], [py, 1], [1, 1], confidence=c),
    "indirect ratio": lambda n, py, c: standardised.indirect_ratio([n, 20], [py, 1], [1, 1], [1, 1], c),
    "rate ratio": lambda n, py, c: comparison.rate_ratio(n, py, 5, 60_000, c),
    "rate ratio, baseline": lambda n, py, c: comparison.rate_ratio(5, 60_000, n, py, c),
    "decline": lambda n, py, c: comparison.decline_verdict(n, py, 5, 60_000, c),
    "undetermined": lambda n, py, c: sensitivity.undetermined_bounds(n, 2, 1, py, c),
    "flat forecast": lambda n, py, c: projection.flat_forecast(n, py, 60_000, "0.1", c),
    "Poisson trend": lambda n, py, c: trend.poisson_trend([Annual(2000, n, py), *RISING], c),
    "log-linear forecast": lambda n, py, c: projection.log_linear_forecast(
        [Annual(2000, n, py), *RISING], 2030, 60_000, "0.1", c
    ),
}
# the refusal of a wrong confidence does not hang on counts; the target has a fixed one
NO_CONFIDENCE: dict[str, Callable[[Any, Any], Any]] = {
    "target": lambda n, py: targets.target_verdict(n, py, "0.1"),
    "probability below": lambda n, py: targets.probability_below(n, py, "0.1"),
    "exact trend": lambda n, py: trend.exact_trend([Annual(2000, n, py), *RISING]),
}


@pytest.mark.parametrize("name", CALLS)
def test_a_wrong_input_is_an_error(name: str) -> None:
    call = CALLS[name]
    call(3, 1000, 0.95)
    wrong = [(n, 1000, 0.95) for n in BAD_COUNTS] + [(3, py, 0.95) for py in BAD_PERSON_YEARS]
    wrong += [(3, 1000, confidence) for confidence in BAD_CONFIDENCES]
    for arguments in wrong:
        with pytest.raises(ValueError):
            call(*arguments)


@pytest.mark.parametrize("name", NO_CONFIDENCE)
def test_a_wrong_input_is_an_error_here_too(name: str) -> None:
    call = NO_CONFIDENCE[name]
    call(3, 1000)
    for arguments in [(n, 1000) for n in BAD_COUNTS] + [(3, py) for py in BAD_PERSON_YEARS]:
        with pytest.raises(ValueError):
            call(*arguments)


@pytest.mark.parametrize(
    "call",
    [
        lambda: intervals.wilson_interval(5, 4),
        lambda: intervals.wilson_interval(0, 0),
        lambda: intervals.wilson_interval(-1, 4),
        lambda: standardised.direct_rate([1, 2], [1, 1], [1]),
        lambda: standardised.direct_rate([1, 2], [1, 1], [0, 0]),
        lambda: standardised.direct_rate([1, 2], [1, 1], [-1, 2]),
        lambda: standardised.direct_rate([1, 2], [1, 1], [NAN, 2]),
        lambda: standardised.indirect_ratio([1], [1], [0], [1]),
        lambda: targets.target_verdict(1, 60_000, 0),
        lambda: targets.target_verdict(1, 60_000, "-0.1"),
        lambda: periods.period_pools(RISING, 0, 2018),
        lambda: trend.exact_trend([*RISING, RISING[0]]),
        lambda: projection.project(RISING, 2023, 60_000, "0.1"),
        lambda: projection.project([], 2023, 60_000, "0.1"),
        lambda: completeness.chapman(5, 5, 6),
        lambda: completeness.three_sources({(0, 0, 0): 4}),
        lambda: completeness.three_sources({(1, 0, 0): -4}),
        lambda: completeness.log_linear_models({(1, 0, 0): 0}),
    ],
)
def test_what_has_no_answer_is_an_error(call: Callable[[], Any]) -> None:
    with pytest.raises(ValueError):
        call()


def test_the_error_counts_the_bad_cells_and_shows_none() -> None:
    with pytest.raises(ValueError, match=r"person_years: 2 of 3 values must be finite and above 0") as caught:
        intervals.crude_rates(1, [0, 765432.1, -987654.3])
    assert "987654" not in str(caught.value)


# two decimals as printed in the tables of Poisson confidence factors (Pearson & Hartley, Biometrika Tables, no. 40)
GARWOOD = {0: (0.00, 3.69), 1: (0.03, 5.57), 2: (0.24, 7.22), 5: (1.62, 11.67), 10: (4.80, 18.39), 50: (37.11, 65.92)}


@pytest.mark.parametrize("count", GARWOOD)
def test_published_poisson_limits(count: int) -> None:
    lower, upper = intervals.exact_interval(count)
    assert (round(lower.item(), 2), round(upper.item(), 2)) == GARWOOD[count]


def test_huge_counts_keep_their_digits() -> None:
    for count in (10**7, 10**9, 10**12):
        exact, byar = intervals.exact_interval(count), intervals.byar_interval(count)
        assert np.ravel(exact) == pytest.approx(np.ravel(byar), rel=1e-9)
        assert byar.lower < count < byar.upper


def test_rates_take_single_values_lists_and_grids() -> None:
    assert intervals.crude_rates(3, 60_000).rate_per_1000 == 0.05
    grid = intervals.crude_rates(np.arange(6).reshape(2, 3), [1000, 2000, 4000])
    assert grid.rate_per_1000.tolist() == [[0, 0.5, 0.5], [3, 2, 1.25]]
    assert [column.shape for column in intervals.crude_rates([], [])] == [(0,)] * 4


def test_fewer_than_twenty_events_are_unstable() -> None:
    assert intervals.unstable([0, 19, 20, 21]).tolist() == [True, True, False, False]


def test_a_pool_with_a_missing_year_is_left_out() -> None:
    series = [Annual(year, 2, 10.0) for year in (2016, 2017, 2018, 2019, 2021)]
    assert periods.period_pools(series, 3, 2016) == (periods.Pool(2016, 2018, 6, 30.0),)
    assert periods.period_pools([], 3, 2016) == ()


def test_rate_ratio_without_events() -> None:
    neither, none_before, none_now = (comparison.rate_ratio(n, 1, m, 1) for n, m in ((0, 0), (5, 0), (0, 5)))
    assert math.isnan(neither.ratio) and (neither.lower, neither.upper, neither.p_value) == (0, INF, 1)
    assert (none_before.ratio, none_before.upper) == (INF, INF) and none_before.lower > 0
    assert (none_now.ratio, none_now.lower) == (0, 0) and none_now.upper < INF


@pytest.mark.parametrize(
    ("now", "then", "words"),
    [
        (28, 47, "下降（有统计学证据）"),
        (29, 47, "点估计下降、证据不足"),
        (1, 3, "点估计下降、事件太少无法判断"),
        (47, 47, "持平"),
        (50, 47, "点估计上升、证据不足"),
        (90, 47, "上升（有统计学证据）"),
        (0, 0, "持平"),
        (1, 0, "点估计上升、事件太少无法判断"),
    ],
)
def test_words_of_a_change(now: int, then: int, words: str) -> None:
    assert comparison.decline_verdict(now, 60_000, then, 60_000).text.zh == words


@pytest.mark.parametrize(
    ("count", "person_years", "status", "evidence", "to_status", "to_evidence"),
    [
        (0, 60_000, "达标", "有统计学证据", 6, 2),
        (1, 60_000, "达标", "有统计学证据", 5, 1),
        (2, 60_000, "达标", "证据不足", 4, -1),
        (5, 60_000, "达标", "证据不足", 1, -4),
        (6, 60_000, "未达标", "证据不足", -1, -5),
        (6, 60_001, "达标", "证据不足", 1, -5),
        (7, 60_000, "未达标", "证据不足", -2, 4),
        (11, 60_000, "未达标", "有统计学证据", -6, -1),
        (0, 20_000, "达标", "事件太少无法判断", 2, 6),
        (2, 20_000, "未达标", "事件太少无法判断", -1, 4),
        (6, 20_000, "未达标", "有统计学证据", -5, -1),
    ],
)
def test_words_of_a_target(
    count: int, person_years: int, status: str, evidence: str, to_status: int, to_evidence: int
) -> None:
    verdict = targets.target_verdict(count, person_years, 0.1)
    assert (verdict.status.value.zh, verdict.evidence.value.zh) == (status, evidence)
    assert (verdict.events_to_change_status, verdict.events_to_change_evidence) == (to_status, to_evidence)


def test_a_target_says_what_would_change_it() -> None:
    text = targets.target_verdict(2, 60_000, "0.1").text
    assert text.zh == "达标；证据不足。多 4 例，达标与否即改变；少 1 例，证据判断即改变。"
    assert text.en == "target met; not enough evidence. 4 more would change the status, 1 fewer the evidence."


def test_the_target_is_taken_as_written() -> None:
    """6 deaths among 60 000 are exactly 0.1 per 1000, which is not below 0.1; the binary 0.1 is a little more."""
    assert {targets.target_verdict(6, 60_000, target).status.name for target in (0.1, "0.1", "1/10")} == {"MISSED"}


def refusal_code(answer: object) -> str:
    assert isinstance(answer, checked.Refusal) and answer.text.zh and answer.text.en
    return answer.code


def test_every_refusal_has_its_reason() -> None:
    years = [Annual(2020 + i, 0, 60_000) for i in range(6)]
    last_only = [*years, Annual(2026, 5, 60_000)]
    assert refusal_code(standardised.direct_rate([4, 5], [1, 1], [1, 1])) == "too_few"
    assert refusal_code(trend.exact_trend(RISING[:2])) == refusal_code(trend.poisson_trend(RISING[:2])) == "too_early"
    assert refusal_code(trend.exact_trend(years)) == refusal_code(trend.poisson_trend(years)) == "too_few"
    assert refusal_code(trend.poisson_trend(last_only)) == "too_few"
    assert refusal_code(projection.log_linear_forecast(RISING[:5], 2030, 60_000, "0.1")) == "too_early"
    assert refusal_code(projection.log_linear_forecast(last_only, 2030, 60_000, "0.1")) == "too_few"
    assert refusal_code(completeness.two_sources(20, 20, 4)) == "too_few"
    assert refusal_code(completeness.three_sources({(1, 1, 1): 5, (1, 0, 0): 10})) == "too_few"
    assert refusal_code(completeness.three_sources({(1, 1, 1): 40})) == "not_identifiable"


def test_a_refused_total_still_says_what_is_known() -> None:
    refused = completeness.two_sources(14, 9, 5)
    assert isinstance(refused, completeness.CompletenessRefusal)
    assert (refused.observed, refused.lower_bound) == (18, 18 + 0.5 * 13**2 / 10)
    nothing_shared = completeness.two_sources(6, 5, 0)
    assert isinstance(nothing_shared, completeness.CompletenessRefusal)
    assert nothing_shared.lower_bound == 11 + 0.5 * 11 * 10 / 2


def test_an_estimated_total_carries_its_assumptions() -> None:
    estimate = completeness.two_sources(120, 90, 60)
    assert isinstance(estimate, completeness.Completeness) and "不得加入指标" in estimate.caveat.zh


def test_the_model_follows_the_trend_only_when_there_is_one() -> None:
    flat = [Annual(2018 + i, 20, 60_000) for i in range(6)]
    assert projection.project(flat, 2030, 60_000, "0.1").headline == "flat"
    assert projection.project(RISING, 2026, 60_000, "0.1").headline == "log_linear"
    assert projection.project(RISING[:4], 2026, 60_000, "0.1").headline == "flat"


def test_a_rise_far_ahead_is_said_to_be_conditional() -> None:
    near, far = (projection.log_linear_forecast(RISING, year, 60_000, "0.1") for year in (2028, 2029))
    assert isinstance(near, projection.Forecast) and isinstance(far, projection.Forecast)
    assert near.caveat is None and far.caveat is not None and far.caveat.zh == "若趋势不变"


def test_overdispersion_widens_the_forecast() -> None:
    smooth = [Annual(2016 + i, 150, 60_000) for i in range(10)]
    rough = [Annual(2016 + i, 150 + 60 * (-1) ** i, 60_000) for i in range(10)]
    narrow, wide = (projection.log_linear_forecast(rows, 2027, 60_000, "0.1") for rows in (smooth, rough))
    assert isinstance(narrow, projection.Forecast) and isinstance(wide, projection.Forecast)
    assert wide.count_lower < narrow.count_lower < narrow.count_upper < wide.count_upper


def test_undetermined_without_any_known_intent_has_no_proportional_share() -> None:
    bounds = sensitivity.undetermined_bounds(0, 3, 0, 60_000)
    assert bounds.rate_proportional is None and (bounds.rate_none, bounds.rate_all, bounds.lower) == (0, 0.05, 0)
