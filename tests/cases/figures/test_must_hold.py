"""What no figure may break, and the same figures computed a second time in pandas by somebody who read the definitions."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from tests.cases.figures.conftest import YEARS, District

HEADLINES = ("18", "19", "19n", "20", "injury")
DISJOINT = (
    "age5", "stage", "legal", "township", "mechanism", "plan_cause", "place", "intent", "severity", "sex",
    "activity", "care_level", "violence_type", "hukou",
)  # fmt: skip
VIOLENT_OR_INJURED = ["onsite", "outpatient", "observation", "inpatient", "death"]


def by_hand(incidents: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Who is counted, in plain pandas: incidents with the day they count for."""
    rows = incidents[
        (incidents["residence"] == "resident")
        & (incidents["case_status"] != "excluded")
        & (incidents["hukou"] != "foreign")
    ]
    died = rows[rows["is_death"]].assign(day=lambda some: some["death_date"])
    rows = rows.assign(day=rows["event_date"])
    harm = rows[(rows["intent"] == "self_harm") & ((rows["age_years"] >= 5) | rows["age_years"].isna())]
    is_t74 = rows["has_maltreatment_diagnosis"] == True  # noqa: E712
    is_violence = (
        (rows["intent"] == "assault")
        | (rows["mechanism"] == "sexual_assault")
        | rows["violence_type"].isin(["sexual", "neglect"])
        | is_t74
    )
    is_sexual = (rows["mechanism"] == "sexual_assault") | (rows["violence_type"] == "sexual")
    is_injured = rows["care_level"].isin(VIOLENT_OR_INJURED) | rows["is_death"]
    is_mere_words = rows["violence_type"].isin(["bullying", "psychological"]) & ~is_injured
    tier_a = is_t74 | (rows["case_status"] != "suspected") & (
        is_sexual | (rows["violence_type"] == "neglect") | ~is_mere_words & (is_injured | (rows["intent"] == "assault"))
    )
    return {
        "18": harm,
        "19": died[died["intent"] == "unintentional"],
        "19n": died[died["intent"].isin(["unintentional", "self_harm", "assault", "undetermined"])],
        "20": rows[is_violence & tier_a],
        "injury": rows,
    }


def age_group_of(age: Any) -> str:
    for low, high, name in ((0, 0, "0"), (1, 4, "1-4"), (5, 9, "5-9"), (10, 14, "10-14"), (15, 17, "15-17")):
        if not pd.isna(age) and low <= age <= high:
            return name
    return "unknown"


def counted_by_hand(district: District, code: str) -> pd.DataFrame:
    """Who is counted, and which rows enter the numerator: of a child's acts in a year one, of its deaths one."""
    rows = by_hand(district.incidents)[code]
    rows = rows.assign(
        year=rows["day"].dt.year, sex=rows["sex"].fillna("unknown"), age_group=rows["age_years"].map(age_group_of)
    )
    if code in ("20", "injury"):
        return rows.assign(stands=True)
    order = rows.sort_values(["is_death", "day", "incident_id"], ascending=[False, True, True])
    again = order.duplicated(["child_id", "year"] if code == "18" else ["child_id"])
    return rows.assign(stands=~again)


def figures(rows: pd.DataFrame, by: list[str]) -> dict[tuple[Any, ...], tuple[int, ...]]:
    """Records, incidents, children and numerator of every cell."""
    cells = rows.groupby(by).agg({"records": "sum", "incident_id": "size", "child_id": "nunique", "stands": "sum"})
    return {key: tuple(map(int, row)) for key, *row in cells.itertuples(name=None)}


@pytest.mark.parametrize("code", HEADLINES)
def test_two_ways_of_computing_every_headline_agree(district: District, code: str) -> None:
    """Of every year, sex and age group."""
    counted = counted_by_hand(district, code)
    expected: dict[tuple[Any, ...], tuple[int, ...]] = {}
    for all_of in ({}, {"sex": "all"}, {"age_group": "all"}, {"sex": "all", "age_group": "all"}):
        expected |= figures(counted.assign(**all_of), ["year", "sex", "age_group"])
    found = district.rows(f"""
        SELECT period::INTEGER, sex, age_group, records, incidents, children, numerator FROM mart.indicator_rate
        WHERE indicator_code = '{code}' AND period_type = 'year' AND township_code = 'all' AND incidents > 0""")
    assert {tuple(row[:3]): tuple(row[3:]) for row in found} == expected
    assert len(expected) > (10 if code in ("19", "19n") else 40)


@pytest.mark.parametrize("code", HEADLINES)
@pytest.mark.parametrize(("period_type", "part"), [("quarter", "Q"), ("month", "M"), ("year", "Y")])
def test_two_ways_agree_on_quarters_months_and_townships(
    district: District, code: str, period_type: str, part: str
) -> None:
    counted = counted_by_hand(district, code)
    periods = counted["day"].dt.to_period(part).astype(str)
    places = counted["township_code"].fillna("unknown") if period_type == "year" else "all"
    expected = figures(counted.assign(period=periods, place=places), ["period", "place"])
    found = district.rows(f"""
        SELECT period, township_code, records, incidents, children, numerator FROM mart.indicator_rate
        WHERE indicator_code = '{code}' AND period_type = '{period_type}' AND (sex, age_group) = ('all', 'all') AND incidents > 0
            AND (township_code <> 'all') = {period_type == "year"}""")
    assert {tuple(row[:2]): tuple(row[2:]) for row in found} == expected and len(expected) > 10


@pytest.mark.parametrize("code", HEADLINES)
def test_a_window_of_twelve_months_counts_a_child_once(district: District, code: str) -> None:
    counted = counted_by_hand(district, code)
    month = counted["day"].dt.year * 12 + counted["day"].dt.month - 1
    found = district.rows(f"""
        SELECT period, category, incidents, children, numerator FROM mart.indicator_cube
        WHERE indicator_code = '{code}' AND period_type = 'rolling_12_months' AND dimension = 'mechanism' AND incidents > 0
            AND period LIKE '%-06'""")
    assert len(found) >= 10
    for period, category, incidents, children, numerator in found:
        last = int(str(period)[:4]) * 12 + int(str(period)[5:]) - 1
        rows = counted[(month > last - 12) & (month <= last) & (counted["mechanism"].fillna("unknown") == category)]
        unit = rows["child_id"].nunique() if code == "18" else rows["stands"].sum()
        assert (incidents, children, numerator) == (len(rows), rows["child_id"].nunique(), unit)


@pytest.mark.parametrize("dimension", DISJOINT)
def test_every_margin_is_the_sum_of_its_parts(district: District, dimension: str) -> None:
    """Records, incidents and numerators; children may have several incidents of different kinds."""
    differing = district.rows(f"""
        SELECT t.indicator_code, t.period_type, t.period, t.sex FROM mart.indicator_cube t
        JOIN (SELECT indicator_code, period_type, period, sex, sum(records) AS records, sum(incidents) AS incidents,
                  sum(numerator) AS numerator, max(children) AS most, sum(children) AS children
              FROM mart.indicator_cube WHERE dimension = '{dimension}' GROUP BY ALL) p USING (indicator_code, period_type, period, sex)
        WHERE t.dimension = 'all' AND t.reason IS NULL AND NOT (
            (t.records, t.incidents) = (p.records, p.incidents) AND t.children BETWEEN p.most AND p.children
            AND (t.numerator = p.numerator OR t.period_type = 'rolling_12_months' AND t.numerator <= p.numerator))""")
    assert differing == []
    assert district.rows(f"SELECT count(*) > 50 FROM mart.indicator_cube WHERE dimension = '{dimension}'") == [(True,)]


def test_months_and_quarters_add_up_to_the_year(district: District) -> None:
    for part in ("month", "quarter"):
        differing = district.rows(f"""
            SELECT * FROM (SELECT indicator_code, left(period, 4) AS period, sum(records), sum(incidents), sum(numerator)
                  FROM mart.indicator_rate WHERE period_type = '{part}' GROUP BY ALL)
            EXCEPT SELECT indicator_code, period, records, incidents, numerator FROM mart.indicator_rate
            WHERE period_type = 'year' AND (sex, age_group, township_code) = ('all', 'all', 'all')""")
        assert differing == []


def test_no_numerator_exceeds_its_incidents_nor_they_their_records(district: District) -> None:
    for table in ("mart.indicator_rate", "mart.indicator_cube"):
        wrong = f"SELECT count(*), count(*) FILTER (numerator > incidents OR incidents > records OR children > incidents) FROM {table}"
        [(cells, broken)] = district.rows(wrong)
        assert cells > 1000 and broken == 0  # type: ignore[operator]


def test_a_death_is_counted_once_and_nobody_of_18(district: District) -> None:
    twice = """SELECT indicator_code, child_id FROM mart.counted
        WHERE is_in_numerator AND indicator_code IN ('19', '19n', '18a', '20d') GROUP BY ALL HAVING count(*) > 1"""
    assert district.rows(twice) == []
    with_of_age = "SELECT count(*) FROM mart.counted JOIN core.incident USING (incident_id) WHERE age_years > 17"
    assert district.rows(with_of_age) == [(0,)]


def test_sub_measures_lie_within_their_indicator(district: District) -> None:
    """20a–20d and 18a–18d count no incident that the indicator does not, but for 20c, which adds tier B."""
    outside = district.rows("""
        SELECT DISTINCT m.indicator_code FROM mart.counted m
        ANTI JOIN mart.counted h ON h.incident_id = m.incident_id AND h.indicator_code = left(m.indicator_code, 2)
        WHERE regexp_matches(m.indicator_code, '^(18|20)[a-d]')""")
    assert outside == [("20c",)]
    years = "period_type = 'year' AND (sex, age_group, township_code) = ('all', 'all', 'all') AND numerator > 0"
    assert district.rows(f"SELECT count(DISTINCT indicator_code) FROM mart.indicator_rate WHERE {years}") == [(15,)]


def test_every_empty_figure_has_its_reason_and_no_other(district: District) -> None:
    [(empty, known)] = district.rows("""
        SELECT count(*) FILTER (rate_per_1000 IS NULL AND reason IS NULL), count(*) FILTER (rate_per_1000 IS NOT NULL AND reason IS NOT NULL)
        FROM mart.indicator_cube""")
    assert (empty, known) == (0, 0)
    reasons = district.rows("SELECT DISTINCT reason FROM mart.indicator_cube WHERE reason IS NOT NULL ORDER BY 1")
    assert reasons == [("not_applicable",)]  # the unknown: nobody knows how many such children there are
    [(unexplained,)] = district.rows(
        "SELECT count(*) FROM mart.indicator_statistic WHERE value IS NULL AND reason IS NULL"
    )
    assert unexplained == 0


def test_the_years_are_those_drawn(district: District) -> None:
    years = district.rows(
        "SELECT DISTINCT period::INTEGER FROM mart.indicator_cube WHERE period_type = 'year' ORDER BY 1"
    )
    assert years == [(year,) for year in YEARS]
