"""The invented district must be as large, as dangerous and as awkward as a real one is expected to be."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddk_surveillance.synthesis import truth
from ddk_surveillance.synthesis.district import District, Plan, build, completed_years, day_number

PLAN = Plan(63_000, datetime.date(2023, 1, 1), datetime.date(2025, 12, 31))
YEARS = 3


@pytest.fixture(scope="module")
def districts() -> list[District]:
    return [build(PLAN, seed) for seed in range(1, 6)]


@pytest.fixture(scope="module")
def town(districts: list[District]) -> District:
    return districts[0]


def residents_hurt(town: District) -> pd.DataFrame:
    return town.incidents[town.children["is_resident"].to_numpy()[town.incidents["child"]]]


# What happens in a year to 63,000 children: lowest and highest plausible mean of five districts.
YEARLY = {
    "any injury": ("age_years >= 0", 3_300, 3_900),
    "assault": ("intent == 'assault'", 90, 130),
    "self-harm": ("intent == 'self_harm'", 25, 40),
    "death by injury": ("is_death", 3, 6),
    "death by unintentional injury": ("is_death and intent == 'unintentional'", 2, 5),
    "suicide": ("is_death and intent == 'self_harm'", 0, 1),
    "chronic abuse": ("episode_days > 0", 2, 20),
}


@pytest.mark.parametrize("what", YEARLY)
def test_a_year_has_about_as_many_as_expected(districts: list[District], what: str) -> None:
    condition, low, high = YEARLY[what]
    counts = [residents_hurt(town).eval(condition).sum() / YEARS for town in districts]
    assert low <= np.mean(counts) <= high


# Shares among all incidents, with the published value in the middle.
SHARES = {
    "boys": ("sex == 0", 0.58, 0.66),
    "falls": ("mechanism == 'fall'", 0.32, 0.44),
    "at home": ("place == 'home'", 0.33, 0.42),
    "at school": ("place == 'school_public'", 0.19, 0.27),
    "head": ("body_part == 'head'", 0.28, 0.38),
    "minor": ("severity == 'minor'", 0.75, 0.83),
    "treated and released": ("outcome == 'treated_released'", 0.80, 0.88),
    "violence outside the holidays": ("intent == 'assault' and month in (3, 4, 5, 6, 9, 10, 11, 12)", 0.015, 0.035),
}


@pytest.mark.parametrize("what", SHARES)
def test_injuries_look_like_published_ones(districts: list[District], what: str) -> None:
    condition, low, high = SHARES[what]
    assert low <= np.mean([described(town).eval(condition).mean() for town in districts]) <= high


def described(town: District) -> pd.DataFrame:
    day = town.incidents["day"].to_numpy().astype("datetime64[D]")
    sex = town.children["sex"].to_numpy()[town.incidents["child"]]
    return town.incidents.assign(sex=sex, month=pd.DatetimeIndex(day).month)


def test_violence_is_rare_in_february_and_the_summer_holidays(districts: list[District]) -> None:
    months = pd.concat([described(town).query("intent == 'assault'")["month"] for town in districts]).value_counts()
    assert months[[2, 7, 8]].mean() < 0.75 * months.drop([2, 7, 8]).mean()


def test_only_living_children_are_hurt(town: District) -> None:
    incidents = town.incidents
    assert incidents["age_years"].between(0, 17).all()
    assert (incidents["day"].to_numpy() >= town.children["birth_day"].to_numpy()[incidents["child"]]).all()
    death = incidents[incidents["is_death"]].groupby("child")["day"].min()
    later = incidents[incidents["child"].isin(death.index) & ~incidents["is_death"]]
    assert (later["day"] < later["child"].map(death)).all()


def test_siblings_are_ten_months_apart_and_twins_none(town: District) -> None:
    children = town.children
    twins = children[children["twin"] >= 0]
    assert 0.015 <= len(twins) / len(children) <= 0.02
    other = children.loc[twins["twin"]]
    assert (twins["birth_day"].to_numpy() == other["birth_day"].to_numpy()).all()
    assert (twins["family"].to_numpy() == other["family"].to_numpy()).all()
    single = children[children["twin"] < 0].sort_values(["family", "birth_day"])
    gap = single["birth_day"].diff()[single["family"].diff() == 0]
    assert len(gap) > 10_000
    assert (gap.abs() >= 300).all()


def test_close_repeats_and_several_victims_occur(town: District) -> None:
    incidents = town.incidents.sort_values(["child", "day"])
    close = (incidents["child"].diff() == 0) & (incidents["day"].diff() <= 12)
    assert 0.02 <= close.mean() <= 0.05
    victims = town.incidents.groupby("group").size()
    assert 0.01 <= (victims > 1).mean() <= 0.04
    assert victims.max() <= 7


def test_the_population_is_the_generated_children(town: District) -> None:
    cells = truth.population(town)
    assert len(cells) == YEARS * 8 * 2 * 18
    assert cells.groupby("year")["value"].sum().mean() == pytest.approx(63_000, rel=0.02)
    boys = cells[cells["sex"] == "male"]["value"].sum() / cells["value"].sum()
    assert boys == pytest.approx(0.52, abs=0.01)


def test_population_counts_the_under_18_of_mid_year() -> None:
    town = build(Plan(500, datetime.date(2024, 1, 1), datetime.date(2024, 12, 31), non_resident_share=0.0), 1)
    midyear = np.full(len(town.children), day_number(datetime.date(2024, 7, 1)))
    birth = town.children["birth_day"].to_numpy()
    alive = ~town.children.index.isin(town.incidents.loc[town.incidents["is_death"], "child"])
    expected = ((birth <= midyear) & (completed_years(birth, midyear) < 18) & alive).sum()
    assert truth.population(town)["value"].sum() == expected


days = st.dates(datetime.date(1999, 1, 1), datetime.date(2030, 12, 31))


@given(days, days)
def test_completed_years_are_birthdays_passed(birth: datetime.date, day: datetime.date) -> None:
    had_birthday = (day.month, day.day) >= (birth.month, birth.day)
    computed = completed_years(np.array([day_number(birth)]), np.array([day_number(day)]))
    assert computed[0] == day.year - birth.year - (not had_birthday)


def test_one_seed_one_district() -> None:
    plan = Plan(2_000, datetime.date(2023, 1, 1), datetime.date(2023, 12, 31))
    first, again, other = build(plan, 7), build(plan, 7), build(plan, 8)
    pd.testing.assert_frame_equal(first.children, again.children)
    pd.testing.assert_frame_equal(first.incidents, again.incidents)
    assert not first.incidents["day"].equals(other.incidents["day"])
