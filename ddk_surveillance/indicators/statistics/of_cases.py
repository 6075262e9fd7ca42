"""Statistics that need the single cases: how they were linked, who reported them, and who was hurt more than once."""

from collections.abc import Iterator
from typing import Any

from ddk_surveillance.errors import Text
from ddk_surveillance.indicators.statistics.of_series import DOBSON
from ddk_surveillance.indicators.statistics.series import Row, Series, is_known, noted
from ddk_surveillance.rates import completeness, intervals, standardised
from ddk_surveillance.rates.checked import Refusal
from ddk_surveillance.warehouse import Warehouse

REPEATS = "Poisson numbers of children by their events, weighted (Dobson et al. 1991)"
CHAPMAN, LOG_LINEAR = "Chapman 1951, interval of Sadinle 2009", "log-linear model of lowest BIC (Fienberg 1972)"
INDIRECT = "indirect, at the district's rates by age and sex (PHE)"
NOTHING_EXPECTED = Refusal("too_few", Text("全区没有事件，无从比较", "no events in the district to compare with"))
LINKAGE = Text(
    "从严时合并不成立的各自计数，故为上限；从宽为下限",
    "strictly linked each part counts, an upper bound; loosely, a lower",
)


def statistics(db: Warehouse, series: Series) -> Iterator[Row]:
    known = {int(year["year"]): year for year in series.totals[""] if is_known(year)}
    if not known:  # without a population there is no figure to stand beside, and nothing need be asked
        return
    if series.indicator.unit != "records":  # these stay as many however they are linked
        yield from _linkage_bounds(db, series, known)
    yield from _repeats(db, series, known)
    yield from _sources(db, series, known)
    yield from _constant_sources(db, series, known)
    yield from _townships(db, series, known)
    if series.indicator.completeness:
        yield from _completeness(db, series, known)


def gather(db: Warehouse) -> None:
    """The cases of every indicator by year, and how many more or fewer they were if linked more strictly or more loosely.

    Only the incidents that are several by the one or one with others by the other need be looked at.
    """
    db.execute("""
        CREATE OR REPLACE TEMP TABLE case_by_threshold AS
        WITH uncertain AS (
            FROM link.incident_bound WHERE strict_incidents > 1 OR loose_incident_id IN (
                SELECT loose_incident_id FROM link.incident_bound WHERE loose_incident_id <> incident_id)
        ), bound AS (
            SELECT indicator_code, year, sum(strict_incidents - 1) AS more, count(*) - count(DISTINCT loose_incident_id) AS fewer
            FROM mart.counted JOIN uncertain USING (incident_id) WHERE is_in_numerator GROUP BY ALL
        ), adopted AS (
            SELECT indicator_code, year, sum(cases) AS cases FROM case_count JOIN rule USING (rule) GROUP BY ALL
        )
        SELECT indicator_code, year, cases + coalesce(more, 0) AS strict, cases AS adopted, cases - coalesce(fewer, 0) AS loose
        FROM adopted LEFT JOIN bound USING (indicator_code, year)""")


BY_SOURCES = "(FROM case_count JOIN rule USING (rule) WHERE indicator_code = ?)"


def _known(db: Warehouse, series: Series, known: dict[int, Row], sql: str, *asked: object) -> Iterator[tuple[Any, ...]]:
    """The rows of a query about the indicator that are of a year with a figure; a year stands first."""
    yield from (row for row in db.rows(sql, [series.indicator.indicator, *asked]) if row[0] in known)


def _linkage_bounds(db: Warehouse, series: Series, known: dict[int, Row]) -> Iterator[Row]:
    """The numerator if records had been linked more strictly or more loosely than they were."""
    sql = "SELECT year, strict, adopted, loose FROM case_by_threshold WHERE indicator_code = ? ORDER BY year"
    for year, *counts in _known(db, series, known, sql):
        time = known[year]["denominator"]
        for category, count in zip(("strict", "adopted", "loose"), counts, strict=True):
            yield series.row("linkage_bound", year, "thresholds of schemas/linkage.yaml", category=category,
                             value=1000 * float(count) / time, events=float(count), person_years=time, **noted(LINKAGE))  # fmt: skip


def _repeats(db: Warehouse, series: Series, known: dict[int, Row]) -> Iterator[Row]:
    """An interval that allows for children hurt several times: their events are not independent of each other."""
    sql = "SELECT year, events, squares, children FROM child_count JOIN rule USING (rule) WHERE indicator_code = ? ORDER BY year"
    for year, events, squares, children in _known(db, series, known, sql):
        time = known[year]["denominator"]
        low, high = intervals.repeat_adjusted_interval(int(events), int(squares))
        yield series.row("repeat_adjusted_rate", year, REPEATS, value=1000 * float(events) / time, low=1000 * low / time,
                         high=1000 * high / time, events=float(events), person_years=time)  # fmt: skip
        yield series.row("events_per_child", year, "events over children who had one", value=float(events) / children,
                         events=float(events))  # fmt: skip


def _sources(db: Warehouse, series: Series, known: dict[int, Row]) -> Iterator[Row]:
    """How many feeds reported cases, and the share of cases that more than one reported: better reporting looks like more."""
    sql = f"""SELECT year, string_agg(sources, ','), sum(cases) FILTER (contains(sources, ',')), sum(cases)
        FROM {BY_SOURCES} GROUP BY year ORDER BY year"""
    for year, sources, several, cases in _known(db, series, known, sql):
        several, feeds = several or 0, len(set(sources.split(",")))
        low, high = intervals.wilson_interval(int(several), int(cases))
        yield series.row(
            "sources_reporting", year, "count of feeds with cases", value=float(feeds), events=float(cases)
        )
        yield series.row("share_with_several_sources", year, "Wilson 1927", value=float(several / cases), low=low, high=high,
                         events=float(several))  # fmt: skip


def _constant_sources(db: Warehouse, series: Series, known: dict[int, Row]) -> Iterator[Row]:
    """The same feeds in every year: a feed that joined or fell silent cannot move this series."""
    constant = _reporting_every_year(db, sorted(known))
    if not constant:
        return
    rows = dict(
        db.rows(
            f"""SELECT year, sum(events) FROM {BY_SOURCES} WHERE list_has_any(string_split(sources, ','), ?) GROUP BY year""",
            [series.indicator.indicator, constant],
        )
    )
    note = Text(f"来源：{'、'.join(constant)}", f"feeds: {', '.join(constant)}")
    for year, total in known.items():
        count = int(rows.get(year, 0))
        yield series.crude_rate("constant_sources", year, count, total["denominator"], **noted(note))


def _reporting_every_year(db: Warehouse, years: list[int]) -> list[str]:
    reported = db.rows("SELECT position, sources FROM reported WHERE period_type = 'year'")
    lists = [set(sources) for year, sources in reported if year in years]
    return sorted(set.intersection(*lists)) if lists else []


def _townships(db: Warehouse, series: Series, known: dict[int, Row]) -> Iterator[Row]:
    """Townships made comparable: their own rates on the standard population, and the district's rates on their children."""
    sql = f"""WITH event AS (
            SELECT year, township_code, age_group, sex, count(*) AS events FROM mart.counted
            WHERE indicator_code = ? AND is_in_numerator GROUP BY ALL
        ), cell AS (
            SELECT p.position AS year, split_part(category, '|', 1) AS township_code, split_part(category, '|', 2) AS age_group,
                   p.sex, p.denominator, coalesce(e.events, 0) AS events
            FROM person_years p LEFT JOIN event e
              ON e.year = p.position AND e.sex = p.sex AND e.township_code || '|' || e.age_group = p.category
            WHERE p.period_type = 'year' AND p.dimension = 'township_age5' AND p.population_type = ? AND p.denominator > 0
              AND (p.first_age, p.last_age) = (?, ?)
              AND p.sex IN ('male', 'female') AND NOT starts_with(p.category, 'unknown|')
        ), beside AS (
            SELECT *, sum(events) OVER stratum AS all_events, sum(denominator) OVER stratum AS all_person_years
            FROM cell WINDOW stratum AS (  -- in a fixed order: of a year that runs the sum would differ in its last digit
                PARTITION BY year, age_group, sex ORDER BY township_code
                ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
        )
        SELECT year, township_code, {", ".join(f"list({one} ORDER BY sex, age_group)" for one in _STRATUM)}
        FROM beside GROUP BY ALL ORDER BY ALL"""
    asked = (series.indicator.denominator, *series.indicator.ages.of_denominator)
    for year, township, *strata in _known(db, series, known, sql, *asked):
        yield from _township(series, year, township, *strata)


_STRATUM = ("events", "denominator", "all_events", "all_person_years", "sex", "age_group")


def _township(
    series: Series, year: int, township: str, events: list[int], time: list[float], all_events: list[int],
    all_time: list[float], sexes: list[str], ages: list[str],
) -> Iterator[Row]:  # fmt: skip
    base = {"category": township, "events": float(sum(events)), "person_years": sum(time)}
    standard = [series.plan.standard.get(sex, {}).get(age, 0) for sex, age in zip(sexes, ages, strict=True)]
    rate = standardised.direct_rate(events, time, standard)
    if isinstance(rate, Refusal):
        yield series.refused("standardised_rate", year, DOBSON, rate, **base)
    else:
        yield series.row("standardised_rate", year, DOBSON, value=rate.rate_per_1000, low=rate.lower, high=rate.upper, **base)  # fmt: skip
    if not sum(all_events):
        yield series.refused("standardised_ratio", year, INDIRECT, NOTHING_EXPECTED, **base)
        return
    ratio = standardised.indirect_ratio(events, time, all_events, all_time)
    yield series.row("standardised_ratio", year, INDIRECT, value=ratio.ratio, low=ratio.lower, high=ratio.upper, **base)


def _completeness(db: Warehouse, series: Series, known: dict[int, Row]) -> Iterator[Row]:
    """How many cases no source saw, by year and for all final years together."""
    first, second, third = (*series.indicator.completeness, "")[:3]
    rows = db.rows(
        f"""SELECT year, list_contains(s, ?)::INTEGER, list_contains(s, ?)::INTEGER, list_contains(s, ?)::INTEGER, sum(cases)::BIGINT
        FROM (SELECT year, string_split(sources, ',') AS s, cases FROM {BY_SOURCES}) GROUP BY ALL""",
        [first, second, third, series.indicator.indicator],
    )
    periods = {str(year): [year] for year in known}
    if len(series.final) > 1:
        periods[series.span] = [row.year for row in series.final]
    for period, years in periods.items():
        histories: dict[completeness.History, int] = {}
        for year, a, b, c, count in rows:
            if year in years and a + b + c:
                histories[(a, b, c)] = histories.get((a, b, c), 0) + count
        yield from _estimates(series, period, histories)


def _estimates(series: Series, period: str, histories: dict[completeness.History, int]) -> Iterator[Row]:
    sources = series.indicator.completeness
    one = sum(n for history, n in histories.items() if history[0])
    other = sum(n for history, n in histories.items() if history[1])
    both = sum(n for history, n in histories.items() if history[0] and history[1])
    pair = completeness.two_sources(one, other, both)
    yield _estimate(series, period, "completeness_two_sources", CHAPMAN, f"{sources[0]},{sources[1]}", pair)
    if len(sources) > 2:
        three = completeness.three_sources(histories)
        yield _estimate(series, period, "completeness_three_sources", LOG_LINEAR, ",".join(sources), three)


def _estimate(
    series: Series, period: str, statistic: str, method: str, category: str, result: completeness.Completeness | Refusal
) -> Row:
    """The estimated total and the share of it observed; or why not, with the lower bound of the total."""
    if isinstance(result, completeness.CompletenessRefusal):
        return series.refused(
            statistic, period, method, result, category=category, low=result.lower_bound, events=float(result.observed)
        )
    assert isinstance(result, completeness.Completeness)
    return series.row(statistic, period, method, category=category, value=result.total, low=result.lower, high=result.upper,
                      p_value=result.share_observed, events=float(result.observed), **noted(result.caveat))  # fmt: skip
