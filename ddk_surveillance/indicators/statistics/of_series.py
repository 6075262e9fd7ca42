"""Statistics that need the yearly totals alone."""

from collections.abc import Iterator
from fractions import Fraction
from typing import Literal

import pandas

from ddk_surveillance.errors import Text
from ddk_surveillance.indicators.definition import OTHER_INTENTS, SEVERE, UNDETERMINED
from ddk_surveillance.indicators.statistics.series import EXACT_OR_BYAR, Row, Series, is_known, noted
from ddk_surveillance.indicators.verdicts import baseline_of
from ddk_surveillance.rates import checked, comparison, intervals, projection, sensitivity, standardised, targets, trend
from ddk_surveillance.rates.checked import Refusal
from ddk_surveillance.rates.periods import Annual, Pool, period_pools, pooled

DOBSON, FAY_FEUER = "direct, Dobson et al. 1991", "direct, Fay & Feuer 1997"
STANDARDISED: dict[Literal["dobson", "fay_feuer"], tuple[str, str]] = {
    "dobson": ("standardised_rate", DOBSON),
    "fay_feuer": ("standardised_rate_gamma", FAY_FEUER),
}
EXACT_RATIO = "exact conditional, central p (Fay 2010)"
WITHOUT_SEXES = Refusal(
    "denominator_missing",
    Text("人口数未分性别，不计算标准化率", "not standardised: the population is not given by sex"),
)
TOO_FEW_YEARS = Refusal("too_early", Text("没有足够的已定稿年份", "not enough final years"))
DEPENDS = Text(
    "对意图未定者的归类敏感：计入与否，达标与否不同",
    "sensitive to undetermined intent: counting it changes the verdict",
)


def statistics(series: Series) -> Iterator[Row]:
    yield from _in_own_unit(series)
    yield from _standardised(series)
    yield from _against_baseline(series)
    yield from _trend(series)
    yield from _pooled(series)
    yield from _pooled_by_part(series)
    yield from _analyses(series)
    yield from _undetermined(series)
    yield from _single_years_on_target(series)
    yield from _projected(series)


def _in_own_unit(series: Series) -> Iterator[Row]:
    """The rate in the unit of its definition, where that is not per 1000."""
    factor = series.indicator.per / intervals.PER
    for year in series.totals[""] if factor != 1 else ():
        statistic = f"rate_per_{series.indicator.per}"
        yield series.row(statistic, year["year"], EXACT_OR_BYAR, **_figures(year, factor), **_base(year))


def _figures(year: Row, factor: float = 1) -> Row:
    """A cell's rate and interval, or why it has none."""
    if not is_known(year):
        return {"reason": year["reason"]}
    return {name: year[column] * factor for name, column in _RATE.items()}


_RATE = {"value": "rate_per_1000", "low": "ci_low", "high": "ci_high"}


def _base(year: Row) -> Row:
    known = pandas.notna(year["numerator"])
    return {"events": float(year["numerator"]) if known else None, "person_years": year["denominator"]}


def _standardised(series: Series) -> Iterator[Row]:
    """By age and sex to the standard population of plan.yaml: comparable over the years though the district ages."""
    for year in series.totals[""]:
        for name, (statistic, method) in STANDARDISED.items():
            if not is_known(year):
                yield series.row(statistic, year["year"], method, reason=year["reason"])
                continue
            strata = _strata(series, int(year["year"]))
            rate = standardised.direct_rate(*strata, method=name) if strata[0] else WITHOUT_SEXES
            if isinstance(rate, Refusal):
                yield series.refused(statistic, year["year"], method, rate, **_base(year))
            else:
                yield series.row(statistic, year["year"], method, value=rate.rate_per_1000, low=rate.lower, high=rate.upper,
                                 events=float(rate.count), person_years=year["denominator"])  # fmt: skip


def _strata(series: Series, year: int) -> tuple[list[float], list[float], list[float]]:
    parts = [part for part in series.parts.get((year, "age5"), []) if part["sex"] != "all"]
    standard = [float(series.plan.standard.get(part["sex"], {}).get(part["category"], 0)) for part in parts]
    return [float(part["numerator"]) for part in parts], [part["denominator"] for part in parts], standard


def _against_baseline(series: Series) -> Iterator[Row]:
    """Each final year over the baseline year, and how few events would have shown a decline."""
    first = _baseline(series)
    for year in (row for row in series.final if first and row.year > first.year):
        assert first is not None
        verdict = comparison.decline_verdict(year.events, year.person_years, first.events, first.person_years)
        ratio, period = verdict.rate_ratio, f"{first.year}-{year.year}"
        base = {"events": float(year.events), "person_years": year.person_years}
        yield series.row("rate_ratio", period, EXACT_RATIO, value=ratio.ratio, low=ratio.lower, high=ratio.upper,
                         p_value=ratio.p_value, reason=None if first.events else "too_few", verdict=f"{verdict.change.name}_{verdict.evidence.name}".lower(),
                         **base, **noted(verdict.text))  # fmt: skip
        most = verdict.most_showing_decline
        note = Text("至多这么多例才能显示下降", "at most so many events would show a decline")
        yield series.row("most_events_showing_decline", period, EXACT_RATIO, value=None if most is None else float(most),
                         reason="too_few" if most is None else None, **base, **noted(note))  # fmt: skip


def _baseline(series: Series) -> Annual | None:
    """The baseline year, if others may be compared with it: one that was counted by another definition may not."""
    target = series.indicator.target
    baseline = baseline_of(target, series.totals[""]) if target else None
    return next((row for row in series.final if baseline and row.year == baseline["year"]), None)


def _trend(series: Series) -> Iterator[Row]:
    exact, slope = trend.exact_trend(series.final), trend.poisson_trend(series.final)
    method = "exact conditional (Cox & Lewis 1966, by convolution)"
    if isinstance(exact, Refusal):
        yield series.refused("trend_exact", series.span, method, exact)
    else:
        direction = "decline" if exact.p_decline < exact.p_increase else "increase"
        yield series.row("trend_exact", series.span, method, value=min(exact.p_decline, exact.p_increase), p_value=exact.p_value,
                         verdict=direction, **noted(Text("value 为所示方向的单侧 p", "value is the one-sided p of the direction shown")))  # fmt: skip
    method = "log-linear Poisson, percent a year (McCullagh & Nelder 1989)"
    if isinstance(slope, Refusal):
        yield series.refused("annual_percent_change", series.span, method, slope)
        return
    note = Text("波动大于泊松，已放宽" if slope.quasi else "", "overdispersed: errors widened" if slope.quasi else "")
    yield series.row("annual_percent_change", series.span, method, value=slope.annual_percent_change, low=slope.lower,
                     high=slope.upper, p_value=slope.p_value, **noted(note))  # fmt: skip
    yield series.row(
        "dispersion", series.span, "Pearson chi2 / df; above 1.5 errors are widened", value=slope.dispersion
    )


def _pooled(series: Series) -> Iterator[Row]:
    """Three and five final years together, to every last year, of the district only."""
    by_year = {row.year: row for row in series.final}
    for width in series.plan.pool_years:
        for last in series.years:
            period = f"{last - width + 1}-{last}"
            window = [by_year[year] for year in range(last - width + 1, last + 1) if year in by_year]
            if len(window) < width:
                yield series.refused("pooled_rate", period, EXACT_OR_BYAR, TOO_FEW_YEARS)
                continue
            pool = pooled(window)
            yield _pool(series, pool, "all")
            yield from _on_target(series, period, pool.events, pool.person_years)


def _pooled_by_part(series: Series) -> Iterator[Row]:
    """The same by sex and age, in windows that do not overlap: overlapping ones give single years away by subtraction."""
    for width in series.plan.pool_years:
        for dimension in ("sex", "age5"):
            parts: dict[str, list[Annual]] = {}
            for year in (row.year for row in series.final):
                for part in (
                    one for one in series.parts.get((year, dimension), []) if one["sex"] == "all" and is_known(one)
                ):
                    annual = Annual(year, int(part["numerator"]), float(part["denominator"]))
                    parts.setdefault(str(part["category"]), []).append(annual)
            for category, years in parts.items():
                for pool in period_pools(years, width, series.plan.first_year):
                    yield _pool(series, pool, category)


def _pool(series: Series, pool: Pool, category: str) -> Row:
    period = f"{pool.first_year}-{pool.last_year}"
    return series.crude_rate("pooled_rate", period, pool.events, pool.person_years, category=category)


def _analyses(series: Series) -> Iterator[Row]:
    """Every sensitivity analysis by year; severe cases and the tiers that are left out, each under a name of its own."""
    for analysis in sorted(set(series.totals) - {"", OTHER_INTENTS}):
        statistic = (
            "left_out" if analysis.startswith("tier_") else "severe_only" if analysis == SEVERE else "sensitivity"
        )
        for year in series.totals[analysis]:
            category = analysis.removeprefix("tier_") if statistic != "severe_only" else "all"
            yield series.row(statistic, year["year"], EXACT_OR_BYAR, category=category, **_figures(year), **_base(year))


def _undetermined(series: Series) -> Iterator[Row]:
    """None, all, and for deaths a proportional share of the events of undetermined intent; limits around all of them."""
    others = {row["year"]: row for row in series.totals.get(OTHER_INTENTS, [])}
    definite_of = {row["year"]: row for row in series.totals[""]}
    for with_all in filter(is_known, series.totals.get(UNDETERMINED, [])):
        year = with_all["year"]
        definite, time = int(definite_of[year]["numerator"]), float(with_all["denominator"])
        # A child of whom two deaths are told may stand in another year once the undetermined count too: they are then none here.
        undetermined = max(0, int(with_all["numerator"]) - definite)
        other = int(others[year]["numerator"]) if year in others else 0
        bounds = sensitivity.undetermined_bounds(definite, undetermined, other, time)
        shares: dict[str, float | None] = {"none": bounds.rate_none, "all": bounds.rate_all}
        shares |= {"proportional": bounds.rate_proportional} if year in others else {}
        depends = _depends(series, definite, undetermined, time)
        for category, value in shares.items():
            yield series.row("undetermined_intent", year, "envelope of exact Poisson limits", category=category, value=value,
                             low=bounds.lower, high=bounds.upper, events=float(undetermined), person_years=time,
                             verdict="depends" if depends else None, **(noted(DEPENDS) if depends else {}))  # fmt: skip


def _depends(series: Series, definite: int, undetermined: int, person_years: float) -> bool:
    """Whether counting the undetermined would change the verdict on the target."""
    target = series.indicator.target
    if target is None or target.kind != "below":
        return False
    return sensitivity.verdict_depends_on_undetermined(definite, undetermined, person_years, target.limit_per_1000)


def _single_years_on_target(series: Series) -> Iterator[Row]:
    for year in series.final:
        yield from _on_target(series, str(year.year), year.events, year.person_years)


def _on_target(series: Series, period: str, events: int, person_years: float) -> Iterator[Row]:
    """Status and evidence of a "below" target, what would change them, and the chance that the rate is below."""
    target = series.indicator.target
    if target is None or target.kind != "below":
        return
    verdict = targets.target_verdict(events, person_years, target.limit_per_1000)
    base = {"events": float(events), "person_years": person_years}
    yield series.row("target", period, "status by exact integers; evidence by the one-sided exact Poisson test at 5 %",
                     value=1000 * events / person_years, p_value=min(verdict.p_below, verdict.p_above),
                     verdict=f"{verdict.status.name}_{verdict.evidence.name}".lower(), **base, **noted(verdict.text))  # fmt: skip
    changes = (("status", verdict.events_to_change_status), ("evidence", verdict.events_to_change_evidence))
    for category, change in changes:
        yield series.row("events_to_change", period, "exact integers", category=category, value=float(change), **base)
    below = targets.probability_below(events, person_years, target.limit_per_1000)
    yield series.row(
        "probability_below_target", period, "gamma posterior, Jeffreys prior", value=below, p_value=below, **base
    )


def _projected(series: Series) -> Iterator[Row]:
    """The target year by two models side by side; p_value is the chance that its count meets the target.

    For a decline the target is the baseline rate. The population is that of the last year that has one.
    """
    target = series.indicator.target
    if target is None:
        return
    limit = target.limit_per_1000 or _rate(_baseline(series))
    if not series.final or limit is None or series.final[-1].year >= target.year:
        yield series.refused("projection", target.year, "flat gamma-Poisson; log-linear Poisson", TOO_FEW_YEARS)
        return
    time = series.final[-1].person_years
    if not checked.exact(limit):
        refusal = Refusal("too_few", Text("基准年没有事件，无从下降", "the baseline year has no events to fall from"))
        yield series.refused("projection", target.year, "flat gamma-Poisson; log-linear Poisson", refusal)
        return
    projected = projection.project(series.final, target.year, time, limit)
    methods = {"flat": "gamma-Poisson, last five years (BDA 2.6)", "log_linear": "log-linear Poisson, normal log rate"}
    for category, model in (("flat", projected.flat), ("log_linear", projected.log_linear)):
        if isinstance(model, Refusal):
            yield series.refused("projection", target.year, methods[category], model, category=category)
            continue
        per = intervals.PER / time
        yield series.row("projection", target.year, methods[category], category=category, value=model.expected_rate_per_1000,
                         low=model.count_lower * per, high=model.count_upper * per, p_value=model.probability_met,
                         events=model.expected_count, person_years=time,
                         verdict="headline" if projected.headline == category else None,
                         **(noted(model.caveat) if model.caveat else {}))  # fmt: skip


def _rate(year: Annual | None) -> Fraction | None:
    """The rate per 1000 as an exact fraction: rounded, as many events as in the baseline year might pass for fewer."""
    return intervals.PER * checked.exact(year.events) / checked.exact(year.person_years) if year else None
