"""Every reference value, row by row, as R computed it (PHEindicatormethods, rateratio.test, glm, Rcapture ...)."""

import csv
import math
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy import optimize, special, stats

from ddk_surveillance.rates import (
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

ORACLES = Path(__file__).parents[2] / "oracles"
ROWS_OF_FILE = {
    "rate_ci": 207,
    "proportion_wilson": 16,
    "dsr_inputs": 41,
    "dsr_ci": 8,
    "isr": 3,
    "person_time": 5,
    "target_tests": 23,
    "target_critical_counts": 12,
    "target_operating_characteristics": 21,
    "rate_ratio": 11,
    "min_detectable_decline_equal_py": 11,
    "trend_inputs": 59,
    "trend_tests": 7,
    "projection_poisson": 20,
    "poisson_prediction_interval": 24,
    "undetermined_bounds": 3,
    "capture_recapture_2source": 5,
    "capture_recapture_3source_inputs": 21,
    "capture_recapture_loglinear_glm": 24,
    "capture_recapture_Rcapture_closedpMS": 24,
    "capture_recapture_chao": 3,
}
# Columns that no test reads: what only labels a row, and what our methods, chosen for one question each, do not give.
UNREAD = {
    "rate_ci": {"midp_lo", "midp_hi", "blaker_lo", "blaker_hi", "epitools_pois.byar_lo", "epitools_pois.byar_hi"},  # exact and Byar are ours
    "dsr_ci": {"dsrTest_gamma_midp_lo", "dsrTest_gamma_midp_hi", "dsrTest_tcz_lo", "dsrTest_tcz_hi", "dsrTest_beta_lo", "dsrTest_beta_hi"},
    "dsr_inputs": {"age_group"},
    "isr": {"method"},
    "person_time": {"case", "pop_start", "pop_end", "mid_year", "days", "year_days"},  # said in populations in test_population.py
    "target_critical_counts": {"py"},
    "rate_ratio": {"poisson.test_p_minlike", "minlike_lo", "minlike_hi", "midp_lo", "midp_hi", "midp_p",
                   "wald_glm_lo", "wald_glm_hi", "wald_glm_p"},  # ours is the central p, which never contradicts its interval
    "poisson_prediction_interval": {"cond_binom_lo", "cond_binom_hi"},  # ours is Jeffreys'
    "target_tests": {"post_prob_below_0.1_gamma1"},  # ours is Jeffreys'
    "trend_tests": {"se", "quasi_se"},  # the limits and p made of them are read
    "projection_poisson": {"p_rate_lt_0.1_normal", "sim_p_rate_lt_0.1"},  # ours is the chance of the count
    "capture_recapture_2source": {"lincoln_petersen", "chapman_se", "chapman_var", "wald_lo", "wald_hi"},  # Chapman's and the limits of Sadinle are ours
    "capture_recapture_chao": {"chao_bc"},
    "capture_recapture_loglinear_glm": {"BIC_nobs", "se_log_unseen"},  # Rcapture's is ours
    "capture_recapture_Rcapture_closedpMS": {"infoFit", "stderr"},
}  # fmt: skip
PRECISE = {"rel": 1e-9, "abs": 1e-12, "nan_ok": True}
FITTED = {"rel": 1e-5, "abs": 1e-9}
# R's glm takes its standard errors from the last but one iteration: off by 2e-5 for a series of 6 events
ERROR_OF_R = {"rel": 2e-5}
PERCENT_OF_R = {"rel": 2e-5, "abs": 2e-3}
P_OF_R = {"rel": 2e-4, "abs": 1e-9}


def rows_of(name: str) -> list[dict[str, Any]]:
    with (ORACLES / f"{name}.csv").open(encoding="utf-8") as file:
        return [{key: _value(cell) for key, cell in row.items()} for row in csv.DictReader(file)]


def _value(cell: str) -> Any:
    try:
        return math.nan if cell in ("NA", "") else float(cell)
    except ValueError:
        return cell


def every_row_of(name: str) -> Any:
    return pytest.mark.parametrize("row", rows_of(name))


def series_of(name: str) -> tuple[periods.Annual, ...]:
    rows = [row for row in rows_of("trend_inputs") if row["series"] == name]
    return tuple(periods.Annual(int(row["year"]), int(row["x"]), row["person_years"]) for row in rows)


def strata_of(name: str) -> tuple[list[float], list[float], list[float]]:
    rows = [row for row in rows_of("dsr_inputs") if row["scenario"] == name]
    return [r["x"] for r in rows], [r["n"] for r in rows], [r["std"] for r in rows]


def histories_of(name: str) -> dict[completeness.History, int]:
    rows = [row for row in rows_of("capture_recapture_3source_inputs") if row["set"] == name]
    return {(int(r["H"]), int(r["P"]), int(r["S"])): int(r["freq"]) for r in rows}


def test_every_file_is_here_and_whole() -> None:
    assert {path.stem: len(rows_of(path.stem)) for path in ORACLES.glob("*.csv")} == ROWS_OF_FILE


def test_every_column_is_read_but_those_named() -> None:
    read = set(
        re.findall(
            r'"([^"\n]+)"',
            re.sub(r"UNREAD = \{.*?\n\}", "", Path(__file__).read_text(encoding="utf-8"), flags=re.DOTALL),
        )
    )
    unread = {path.stem: set(rows_of(path.stem)[0]) - read for path in ORACLES.glob("*.csv")}
    assert {name: columns for name, columns in unread.items() if columns} == UNREAD


@every_row_of("rate_ci")
def test_crude_rate_and_its_intervals(row: dict[str, Any]) -> None:
    scale = 1000 / row["person_years"]
    rates = intervals.crude_rates(row["x"], row["person_years"], row["conf"])
    exact = intervals.exact_interval(row["x"], row["conf"])
    byar = intervals.byar_interval(row["x"], row["conf"])
    assert rates.rate_per_1000 == pytest.approx(row["rate_per_1000"], **PRECISE)
    assert (rates.lower, rates.upper) == pytest.approx((row["phe_rate_lo"], row["phe_rate_hi"]), **PRECISE)
    assert [limit * scale for limit in exact] == pytest.approx([row["exact_lo"], row["exact_hi"]], **PRECISE)
    assert [limit * scale for limit in byar] == pytest.approx([row["byar_lo"], row["byar_hi"]], **PRECISE)
    assert (row["phe_rate_method"] == "Exact") == (row["x"] < intervals.BYAR_FROM_COUNT)
    if not math.isnan(row["epitools_exact_lo"]):  # found by search, to some 1e-6
        by_search = (row["epitools_exact_lo"], row["epitools_exact_hi"])
        assert [limit * scale for limit in exact] == pytest.approx(by_search, rel=2e-3, abs=2e-6 * scale)


@every_row_of("proportion_wilson")
def test_proportion(row: dict[str, Any]) -> None:
    limits = intervals.wilson_interval(int(row["x"]), int(row["n"]))
    assert 100 * row["x"] / row["n"] == pytest.approx(row["pct"], **PRECISE)
    assert [100 * limit for limit in limits] == pytest.approx([row["wilson_lo"], row["wilson_hi"]], **PRECISE)


@every_row_of("dsr_ci")
def test_direct_standardisation(row: dict[str, Any]) -> None:
    strata = strata_of(row["scenario"])
    gamma = standardised.direct_rate(*strata, method="fay_feuer")
    assert isinstance(gamma, standardised.StandardisedRate)
    assert gamma.rate_per_1000 == pytest.approx(row["dsr"], **PRECISE)
    assert (gamma.lower, gamma.upper) == pytest.approx((row["dsrTest_gamma_lo"], row["dsrTest_gamma_hi"]), **PRECISE)
    assert gamma.upper == pytest.approx(row["epitools_FayFeuer_hi"], **PRECISE)
    assert gamma.lower == pytest.approx(row["epitools_FayFeuer_lo"] if gamma.count else 0, **PRECISE)
    crude = intervals.crude_rates(row["total_x"], row["total_n"]).rate_per_1000
    assert (gamma.count, crude) == (row["total_x"], pytest.approx(row["crude"], **PRECISE))
    dobson = standardised.direct_rate(*strata)
    if row["total_x"] < 10:
        assert dobson is standardised.TOO_FEW and math.isnan(row["phe_value"])
    else:
        assert isinstance(dobson, standardised.StandardisedRate)
        assert dobson.rate_per_1000 == pytest.approx(row["phe_value"], **PRECISE)
        assert (dobson.lower, dobson.upper) == pytest.approx((row["phe_lo"], row["phe_hi"]), **PRECISE)
        # the same variance with exact limits in place of Byar's
        byar, exact = intervals.byar_interval(dobson.count), intervals.exact_interval(dobson.count)
        per_event = (dobson.upper - dobson.lower) / float(byar.upper - byar.lower)
        limits = [dobson.rate_per_1000 + per_event * float(limit - dobson.count) for limit in exact]
        assert limits == pytest.approx((row["dsrTest_dobson_exact_lo"], row["dsrTest_dobson_exact_hi"]), rel=1e-6)


@every_row_of("isr")
def test_indirect_standardisation(row: dict[str, Any]) -> None:
    count, person_years, _ = strata_of(row["scenario"])
    reference_count, reference_person_years, _ = strata_of(row["ref"])
    ratio = standardised.indirect_ratio(count, person_years, reference_count, reference_person_years)
    expected = (row["observed"], row["expected"], row["ratio"], row["lo"], row["hi"])
    assert (ratio.observed, ratio.expected, ratio.ratio, ratio.lower, ratio.upper) == pytest.approx(expected, **PRECISE)


@every_row_of("person_time")
def test_rate_of_person_time(row: dict[str, Any]) -> None:
    """tests/cases/figures/test_population.py computes the person-time itself."""
    rate = intervals.crude_rates(row["events"], row["person_years"]).rate_per_1000
    limits = [limit * 1000 / row["person_years"] for limit in intervals.exact_interval(row["events"])]
    assert [rate, *limits] == pytest.approx([row["rate_per_1000"], row["lo"], row["hi"]], **PRECISE)


@every_row_of("target_tests")
def test_target(row: dict[str, Any]) -> None:
    count, person_years = int(row["x"]), row["person_years"]
    verdict = targets.target_verdict(count, person_years, "0.1")
    assert verdict.p_below == pytest.approx(row["p_exact_H0_rate_ge_0.1permille"], **PRECISE)
    assert verdict.p_above == pytest.approx(row["p_exact_H0_rate_le_0.1permille"], **PRECISE)
    lower, upper = (limit * 1000 / person_years for limit in intervals.exact_interval(count, 0.90))
    assert (lower, upper) == pytest.approx((row["onesided95_lower"], row["onesided95_upper"]), **PRECISE)
    below = targets.probability_below(count, person_years, "0.1")
    assert below == pytest.approx(row["post_prob_below_0.1_jeffreys"], **PRECISE)


@every_row_of("target_critical_counts")
def test_critical_counts(row: dict[str, Any]) -> None:
    assert targets.critical_counts(row["py_total"], "0.1") == targets.CriticalCounts(
        most_meeting=row["point_max_x_strictly_below"],
        most_showing_met=row["max_x_upper95_below_target"],
        least_showing_missed=row["min_x_lower95_above_target"],
    )


@every_row_of("target_operating_characteristics")
def test_how_often_the_target_looks_met(row: dict[str, Any]) -> None:
    person_years = 60_000 * row["years"]
    critical = targets.critical_counts(person_years, "0.1")
    events = stats.poisson(person_years * row["true_rate"] / 1000)
    assert critical.most_showing_met is not None
    assert events.cdf(critical.most_meeting) == pytest.approx(row["p_point_below"], **PRECISE)
    assert events.cdf(critical.most_showing_met) == pytest.approx(row["p_conclusive"], **PRECISE)


@every_row_of("rate_ratio")
def test_rate_ratio(row: dict[str, Any]) -> None:
    ratio = comparison.rate_ratio(int(row["x1"]), row["n1"], int(row["x0"]), row["n0"])
    limits = (row["rateratio.test_lo"], row["rateratio.test_hi"])
    assert ratio.ratio == pytest.approx(row["rr"], **PRECISE)
    assert (ratio.lower, ratio.upper) == pytest.approx(limits, rel=1e-8)
    assert ratio.p_value == pytest.approx(row["central_p"], **PRECISE)
    assert ratio.p_value == pytest.approx(row["rateratio.test_p_central"], rel=1e-8)
    assert ratio.p_decline == pytest.approx(row["poisson.test_p_less"], **PRECISE)
    assert (ratio.lower, ratio.upper) == pytest.approx((row["poisson.test_lo"], row["poisson.test_hi"]), rel=1e-8)


@every_row_of("min_detectable_decline_equal_py")
def test_smallest_decline_that_could_be_shown(row: dict[str, Any]) -> None:
    def most(tail: float) -> float:
        count = comparison.most_showing_decline(60_000, int(row["baseline_count"]), 60_000, tail)
        return math.nan if count is None else count

    two_sided, one_sided = "max_current_count_two_sided_central_p<0.05", "max_current_count_one_sided_p<0.05"
    assert (most(0.025), most(0.05)) == pytest.approx((row[two_sided], row[one_sided]), abs=0, nan_ok=True)
    falls = [100 * (1 - most(tail) / row["baseline_count"]) for tail in (0.025, 0.05)]
    assert falls == pytest.approx((row["percent_fall"], row["percent_fall_one_sided"]), abs=0.05, nan_ok=True)


@every_row_of("trend_tests")
def test_exact_trend(row: dict[str, Any]) -> None:
    test = trend.exact_trend(series_of(row["series"]))
    assert isinstance(test, trend.ExactTrend) and test.exact
    assert test.score == row["exact_S"]
    expected = (row["exact_p_decline"], row["exact_p_increase"], row["exact_p_two"])
    assert (test.p_decline, test.p_increase, test.p_value) == pytest.approx(expected, rel=1e-10, abs=1e-16)


@every_row_of("trend_tests")
def test_poisson_trend(row: dict[str, Any]) -> None:
    poisson = trend.poisson_trend(series_of(row["series"]), quasi_above=math.inf)
    assert isinstance(poisson, trend.PoissonTrend) and not poisson.quasi
    assert poisson.slope == pytest.approx(row["slope"], rel=1e-8)
    assert poisson.dispersion == pytest.approx(row["pearson_disp"], **FITTED)
    assert poisson.annual_percent_change == pytest.approx(row["apc_pct"], rel=1e-8)
    assert poisson.p_value == pytest.approx(row["p_wald"], **P_OF_R)
    limits = (row["apc_lo_wald"], row["apc_hi_wald"])
    assert (poisson.lower, poisson.upper) == pytest.approx(limits, **PERCENT_OF_R)


def _fitted(series: str) -> tuple[Any, ...]:
    """The fit of a series, with its years since the first, events and person-years."""
    rows = series_of(series)
    fit = trend.fit_log_linear(rows)
    columns = zip(*((one.year - fit.first_year, one.events, one.person_years) for one in rows), strict=True)
    return fit, *map(np.array, columns)


@every_row_of("trend_tests")
def test_the_fit_of_the_poisson_trend(row: dict[str, Any]) -> None:
    """Its likelihood: deviances of the fit and of no trend, and what glm says of them."""
    fit, time, counts, person_years = _fitted(row["series"])
    fitted = person_years * np.exp(fit.intercept + fit.slope * time)
    level = person_years * counts.sum() / person_years.sum()
    deviance, without = (2 * special.kl_div(counts, mean).sum() for mean in (fitted, level))
    assert (len(counts), counts.sum(), fit.residual_years) == (row["n_years"], row["total"], row["df"])
    assert (fit.intercept, deviance) == pytest.approx((row["intercept"], row["deviance"]), rel=1e-7)
    assert fit.slope / math.sqrt(fit.covariance[1, 1]) == pytest.approx(row["z"], **ERROR_OF_R)
    assert stats.chi2.sf(without - deviance, 1) == pytest.approx(row["p_lrt"], rel=1e-6)
    assert stats.chi2.sf(fit.dispersion * fit.residual_years, row["df"]) == pytest.approx(
        row["disp_test_chisq_p"], **FITTED
    )
    if row["nb_theta"] > 1e4:  # no more spread than Poisson: the negative binomial slope is the same
        assert fit.slope == pytest.approx(row["nb_slope"], rel=1e-4)


@every_row_of("trend_tests")
def test_profile_limits_of_the_annual_change(row: dict[str, Any]) -> None:
    """What we publish are Wald limits; those of the profile likelihood lie where the deviance has risen by 3.84."""
    fit, time, counts, person_years = _fitted(row["series"])

    def risen(slope: float) -> float:
        fitted = counts.sum() * special.softmax(np.log(person_years) + slope * time)
        best = counts.sum() * special.softmax(np.log(person_years) + fit.slope * time)
        return float(
            2 * (special.kl_div(counts, fitted) - special.kl_div(counts, best)).sum() - stats.chi2.isf(0.05, 1)
        )

    limits = [100 * math.expm1(optimize.brentq(risen, fit.slope, fit.slope + side)) for side in (-3, 3)]
    assert limits == pytest.approx((row["apc_lo_profile"], row["apc_hi_profile"]), rel=2e-3, abs=2e-3)


@every_row_of("trend_tests")
def test_quasi_poisson_trend(row: dict[str, Any]) -> None:
    quasi = trend.poisson_trend(series_of(row["series"]), quasi_above=0)
    assert isinstance(quasi, trend.PoissonTrend) and quasi.quasi
    assert quasi.p_value == pytest.approx(row["quasi_p_t"], **P_OF_R)


@every_row_of("trend_tests")
def test_only_overdispersed_series_are_widened(row: dict[str, Any]) -> None:
    chosen = trend.poisson_trend(series_of(row["series"]))
    assert isinstance(chosen, trend.PoissonTrend)
    assert chosen.quasi == (row["pearson_disp"] > 1.5) == (row["series"] == "violence_over")


@every_row_of("projection_poisson")
def test_log_linear_forecast(row: dict[str, Any]) -> None:
    series, year, person_years = series_of(row["series"]), int(row["target_year"]), row["pop"]
    forecast = projection.log_linear_forecast(series, year, person_years, "0.1")
    assert isinstance(forecast, projection.Forecast)
    assert forecast.expected_count == pytest.approx(row["mu"], **FITTED)
    assert forecast.expected_rate_per_1000 == pytest.approx(row["rate"], **FITTED)
    # the reference drew 200 000 times; ours integrates
    assert (forecast.count_lower, forecast.count_upper) == pytest.approx((row["sim_pi_lo"], row["sim_pi_hi"]), abs=1)
    assert forecast.probability_met == pytest.approx(row["sim_p_count_lt_6"], abs=0.005)


@every_row_of("projection_poisson")
def test_interval_of_the_extrapolated_rate(row: dict[str, Any]) -> None:
    log_rate, error = projection.extrapolate(trend.fit_log_linear(series_of(row["series"])), int(row["target_year"]))
    limits = [1000 * math.exp(log_rate + sign * stats.norm.isf(0.025) * error) for sign in (-1, 1)]
    assert error == pytest.approx(row["se_eta"], **FITTED)
    assert limits == pytest.approx([row["mean_lo"], row["mean_hi"]], **FITTED)


def test_a_trend_within_the_noise_of_an_overdispersed_series_does_not_lead() -> None:
    """The exact p of this series is 3e-5, yet its quasi-Poisson p is 0.09."""
    shown = projection.project(series_of("violence_over"), 2030, 60_000, "1")
    assert shown.headline == "flat" and shown.flat.caveat is projection.TOO_NARROW
    calm = projection.project(series_of("deaths_decline"), 2030, 60_000, "0.1")
    assert calm.headline == "log_linear" and calm.flat.caveat is None


@every_row_of("poisson_prediction_interval")
def test_flat_forecast(row: dict[str, Any]) -> None:
    forecast = projection.flat_forecast(int(row["total_past"]), 60_000 * row["n_past"], 60_000 * row["n_future"], "0.1")
    assert (forecast.count_lower, forecast.count_upper) == (row["jeffreys_nb_lo"], row["jeffreys_nb_hi"])
    assert forecast.probability_met == pytest.approx(row["p_future_lt6_jeffreys"], **PRECISE)


@every_row_of("undetermined_bounds")
def test_undetermined_intent(row: dict[str, Any]) -> None:
    definite, undetermined = int(row["definite_accident"]), int(row["undetermined"])
    other = int(row["definite_selfharm"] + row["definite_assault"])
    bounds = sensitivity.undetermined_bounds(definite, undetermined, other, row["pop"])
    rates = (bounds.rate_none, bounds.rate_all, bounds.rate_proportional)
    assert rates == pytest.approx((row["acc_min"], row["acc_max"], row["acc_prop"]), **PRECISE)
    assert (bounds.lower, bounds.upper) == pytest.approx((row["env_lo"], row["env_hi"]), **PRECISE)
    depends = sensitivity.verdict_depends_on_undetermined(definite, undetermined, row["pop"], "0.1")
    assert depends == (row["meets_target_all"] != row["meets_target_any"])


@every_row_of("capture_recapture_2source")
def test_two_sources(row: dict[str, Any]) -> None:
    counts = int(row["n1"]), int(row["n2"]), int(row["m"])
    estimate = completeness.chapman(*counts)
    assert estimate.observed == row["observed_union"]
    assert estimate.total == pytest.approx(row["chapman"], **PRECISE)
    assert (estimate.lower, estimate.upper) == pytest.approx((row["sadinle_lo"], row["sadinle_hi"]), **PRECISE)
    assert estimate.share_observed == pytest.approx(row["completeness_union"], **PRECISE)
    too_few = row["observed_union"] < 30 or row["m"] < 5
    assert isinstance(completeness.two_sources(*counts), completeness.CompletenessRefusal) == too_few


INTERACTIONS = {"HP": (0, 1), "HS": (0, 2), "PS": (1, 2)}
CONFIDENCE_AT_1_96 = 1 - 2 * stats.norm.sf(1.96)  # the file rounds the quantile
RUNAWAY = {"HP_HS", "HS_PS", "saturated"}  # of the sparse set: totals of 1e9 to 1e21


@every_row_of("capture_recapture_loglinear_glm")
def test_three_sources(row: dict[str, Any]) -> None:
    terms = "HP_HS_PS" if row["model"] == "saturated" else row["model"]
    wanted = tuple(INTERACTIONS[term] for term in terms.split("_") if term in INTERACTIONS)
    models = completeness.log_linear_models(histories_of(row["set"]), CONFIDENCE_AT_1_96)
    model = next((model for model in models if model.interactions == wanted), None)
    assert (model is None) == (row["set"] == "sparse" and row["model"] in RUNAWAY)
    if model:
        expected = (row["n_obs"], row["N_hat"], row["ci_lo"], row["ci_hi"])
        assert (model.observed, model.total, model.lower, model.upper) == pytest.approx(expected, **FITTED)
        assert model.total - model.observed == pytest.approx(row["unseen"], **FITTED)
        parameters = 4 + len(model.interactions)
        assert 7 - parameters == row["df"]
        assert model.bic + parameters * (2 - math.log(model.observed)) == pytest.approx(row["AIC"], **FITTED)


@every_row_of("capture_recapture_Rcapture_closedpMS")
def test_three_sources_against_rcapture(row: dict[str, Any]) -> None:
    pairs = {"12": (0, 1), "13": (0, 2), "23": (1, 2)}
    wanted = tuple(pairs[term] for term in row["model"].strip("[]").split(",") if term in pairs)
    models = completeness.log_linear_models(histories_of(row["set"]))
    model = next((model for model in models if model.interactions == wanted), None)
    assert (model is None) == (row["abundance"] > 1e6)
    if model:
        assert (model.total, model.bic) == pytest.approx((row["abundance"], row["BIC"]), **FITTED)


@every_row_of("capture_recapture_chao")
def test_lower_bound(row: dict[str, Any]) -> None:
    observed, once, twice = sum(histories_of(row["set"]).values()), int(row["f1"]), int(row["f2"])
    assert completeness.chao_lower_bound(once, twice, observed, math.inf) == pytest.approx(row["chao"], **PRECISE)
    assert completeness.chao_lower_bound(once, twice, observed, 3) == pytest.approx(row["chao_mt_t3"], **PRECISE)


@pytest.mark.parametrize(("set_name", "lowest_bic"), [("violence", ()), ("selfharm", ()), ("sparse", None)])
def test_model_of_lowest_bic_or_a_refusal(
    set_name: str, lowest_bic: tuple[completeness.Interaction, ...] | None
) -> None:
    estimate = completeness.three_sources(histories_of(set_name))
    if lowest_bic is None:
        assert isinstance(estimate, completeness.CompletenessRefusal) and estimate.code == "too_few"
    else:
        assert isinstance(estimate, completeness.LogLinearModel) and estimate.interactions == lowest_bic
