"""The truth of an invented district: its children, and what happened to them.

Every weight below is a published share where one exists (NISS 2006-2015, Jiangsu 2015-2021, Jiaxing 2009-2019,
student surveys of 2014-2018), otherwise an assumption scaled to the expected yearly counts of a district with
63,000 children. Nothing here comes from a real person.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from faker.providers.person.zh_CN import Provider as ChineseNames

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

SEXES = ("male", "female")
MECHANISMS = (
    "motor_vehicle_crash", "nonmotor_vehicle_crash", "fall", "blunt_force", "firearm", "sharp_force", "burn_scald",
    "suffocation_hanging", "drowning", "poisoning", "animal", "sexual_assault", "other", "unknown",
)  # fmt: skip
PLACES = (
    "home", "residential_institution", "school_public", "sports_area", "street_highway", "trade_service",
    "industrial_construction", "farm", "other", "unknown",
)  # fmt: skip
NATURES = (
    "fracture", "sprain_strain", "open_wound_bite", "contusion_abrasion", "burn", "brain_injury", "internal_organ",
    "other", "unknown",
)  # fmt: skip
BODY_PARTS = ("head", "upper_limb", "lower_limb", "trunk", "multiple", "systemic", "other", "unknown")
ACTIVITIES = (
    "paid_work", "housework", "study", "sport", "leisure", "vital", "riding_vehicle", "walking", "other", "unknown",
)  # fmt: skip
INTENTS = ("unintentional", "self_harm", "assault", "undetermined")
SEVERITIES = ("minor", "moderate", "severe")
OUTCOMES = ("treated_released", "observation", "transferred", "hospitalised", "other", "died")
VIOLENCE_TYPES = ("physical", "sexual", "psychological", "neglect", "bullying", "other", "unknown")
PERPETRATORS = (
    "parent_guardian", "other_family", "peer_student", "teacher_staff", "nursery_caregiver", "acquaintance",
    "intimate_partner", "stranger", "official", "unknown",
)  # fmt: skip

AGE5_LOWER_BOUNDS = (1, 5, 10, 15)  # <1, 1-4, 5-9, 10-14, 15-17
ADULT_AGE_YEARS = 18
DAYS_PER_YEAR = 365.25
CLOSE_REPEAT_DAYS = 12
FASHIONABLE_NAMES, FASHIONABLE_NAME_SHARE = 10, 0.3  # so many children of a year share so few given names
TOWNSHIPS = {
    "500104001": 5.0, "500104002": 5.0, "500104003": 8.0, "500104004": 8.0, "500104005": 14.0, "500104101": 38.0,
    "500104102": 10.0, "500104103": 12.0,
}  # fmt: skip
BIRTHS_BY_YEAR = (
    (2005, 3.07), (2007, 3.36), (2012, 3.72), (2017, 3.80), (2021, 3.20), (2022, 2.90), (2023, 2.70), (2024, 2.80),
    (2025, 2.50),
)  # from this year on, in thousands, for 63,000 children  # fmt: skip

INTENT_BY_AGE = (
    (0.971, 0.0, 0.017, 0.012),
    (0.975, 0.0, 0.015, 0.010),
    (0.9575, 0.0005, 0.031, 0.011),
    (0.936, 0.015, 0.037, 0.012),
    (0.894, 0.034, 0.060, 0.012),
)
UNINTENTIONAL_MECHANISM_BY_AGE = (
    (20, 10, 500, 50, 0.2, 30, 160, 60, 2, 30, 60, 0, 70, 10),
    (40, 30, 420, 90, 0.2, 60, 140, 30, 4, 50, 110, 0, 50, 10),
    (70, 70, 380, 130, 0.5, 90, 40, 8, 4, 12, 140, 0, 50, 10),
    (70, 90, 360, 170, 0.5, 100, 30, 4, 5, 8, 110, 0, 50, 10),
    (100, 100, 300, 180, 0.5, 120, 30, 3, 4, 10, 90, 0, 50, 10),
)
INTENDED_MECHANISM = (
    (0, 0, 220, 20, 0, 270, 10, 70, 20, 360, 0, 0, 20, 10),  # self-harm
    (5, 2, 60, 640, 3, 100, 25, 8, 1, 6, 5, 95, 40, 10),  # assault
    (30, 20, 300, 100, 2, 100, 20, 40, 20, 180, 10, 0, 60, 118),  # undetermined
)
TRAFFIC_PLACE = (3, 10, 20, 2, 940, 15, 2, 5, 2, 1)
DROWNING_PLACE = (150, 20, 20, 180, 5, 20, 10, 160, 430, 5)
PLACE_BY_AGE = (
    (850, 50, 30, 2, 30, 30, 1, 2, 4, 1),
    (650, 70, 130, 10, 60, 60, 2, 5, 8, 5),
    (430, 70, 290, 50, 70, 60, 3, 10, 12, 5),
    (280, 70, 360, 100, 90, 70, 5, 10, 10, 5),
    (250, 80, 350, 110, 90, 80, 15, 10, 10, 5),
)
NATURE_BY_MECHANISM = (
    (280, 60, 130, 330, 0, 120, 50, 20, 10), (200, 100, 150, 450, 0, 70, 10, 15, 5), (230, 120, 140, 410, 0, 70, 10,
     15, 5), (110, 80, 160, 560, 0, 60, 10, 15, 5), (20, 0, 600, 80, 200, 20, 50, 20, 10), (5, 10, 930, 40, 0, 0, 10,
     3, 2), (0, 0, 10, 10, 970, 0, 0, 8, 2), (5, 5, 10, 30, 0, 20, 30, 850, 50), (0, 0, 5, 10, 0, 10, 60, 865, 50),
    (0, 0, 0, 2, 5, 0, 20, 953, 20), (3, 2, 950, 40, 0, 0, 0, 3, 2), (0, 0, 100, 350, 0, 0, 20, 430, 100), (50, 120,
     200, 300, 20, 10, 10, 270, 20), (60, 80, 150, 300, 20, 20, 20, 200, 150),
)  # fmt: skip
BODY_BY_MECHANISM = (
    (300, 150, 250, 80, 190, 20, 5, 5), (250, 250, 350, 50, 90, 2, 5, 3), (370, 330, 220, 40, 30, 2, 5, 3), (430, 250,
     170, 90, 45, 2, 8, 5), (350, 350, 80, 120, 80, 10, 5, 5), (110, 630, 210, 30, 12, 1, 5, 2), (160, 350, 290, 80,
     100, 10, 5, 5), (350, 5, 5, 60, 20, 500, 50, 10), (30, 2, 2, 30, 20, 880, 26, 10), (10, 3, 2, 40, 5, 880, 50, 10),
    (120, 430, 380, 40, 22, 1, 5, 2), (30, 30, 40, 700, 80, 30, 70, 20), (300, 300, 180, 120, 40, 20, 30, 10), (250,
     220, 180, 100, 60, 30, 60, 100),
)  # fmt: skip
SEVERITY_BY_MECHANISM = (
    (640, 270, 90), (790, 180, 30), (800, 180, 20), (840, 145, 15), (500, 350, 150), (840, 145, 15), (690, 270, 40),
    (550, 300, 150), (250, 350, 400), (620, 310, 70), (910, 85, 5), (500, 400, 100), (830, 150, 20), (750, 220, 30),
)  # fmt: skip
OUTCOME_BY_SEVERITY = ((945, 25, 7, 15, 8), (600, 130, 35, 225, 10), (30, 60, 160, 740, 10))
LETHALITY_BY_MECHANISM = (8, 2, 2, 0.3, 5, 0.5, 1, 30, 90, 4, 0.2, 0.2, 0.5, 1)
VIOLENCE_BY_SETTING = ((560, 0, 60, 0, 340, 20, 20), (640, 0, 120, 190, 0, 20, 30), (880, 0, 60, 0, 0, 30, 30))
PERPETRATOR_BY_SETTING = (
    (0, 0, 860, 60, 20, 20, 10, 10, 0, 20),  # school
    (640, 180, 10, 0, 0, 90, 20, 10, 0, 50),  # home
    (30, 20, 230, 5, 0, 180, 60, 380, 5, 90),  # elsewhere
)
UNINTENTIONAL_BY_MONTH = (80, 62, 88, 95, 102, 104, 108, 120, 126, 118, 95, 82)
VIOLENCE_BY_MONTH = (90, 55, 110, 115, 115, 105, 65, 60, 115, 115, 110, 100)
MINUTES_WEIGHT_BY_HOUR = (6, 4, 3, 3, 3, 4, 10, 30, 50, 65, 80, 75, 62, 55, 65, 80, 95, 100, 90, 80, 65, 45, 25, 12)


@dataclass(frozen=True)
class Plan:
    """How large, how long and how dangerous the invented district is."""

    children: int
    first_day: date
    last_day: date
    townships: tuple[str, ...] = tuple(TOWNSHIPS)
    township_weights: tuple[float, ...] = tuple(TOWNSHIPS.values())
    incidents_per_100_children_year: float = 5.8
    intentional_factor: float = 1.0
    deaths_per_100k_children_year: tuple[float, float, float, float] = (5.2, 0.9, 0.2, 0.2)  # by INTENTS
    close_repeat_share: float = 0.03
    several_victims_share: float = 0.02
    non_resident_share: float = 0.04

    @property
    def years(self) -> float:
        """Length of the observed time in years."""
        return ((self.last_day - self.first_day).days + 1) / DAYS_PER_YEAR


@dataclass(frozen=True)
class District:
    """True children and true victim-incidents; `incidents.child` is the row position in `children`."""

    plan: Plan
    children: pd.DataFrame
    incidents: pd.DataFrame


def day_number(day: date) -> int:
    """Days since 1970-01-01."""
    return int((np.datetime64(day, "D") - np.datetime64("1970-01-01", "D")).astype(int))


def pick(rng: np.random.Generator, weights: object, rows: Ints) -> Ints:
    """One column of the weight table for each wanted row of it, at random."""
    table = np.asarray(weights, dtype=float)
    cumulated = np.cumsum(table / table.sum(axis=1, keepdims=True), axis=1)
    chosen = np.zeros(len(rows), dtype=np.int64)
    draw = rng.random(len(rows))
    for column in range(table.shape[1] - 1):  # a column at a time: no rows x columns array at a million rows
        chosen += draw > cumulated[rows, column]
    return chosen


def pick_one(rng: np.random.Generator, weights: object, size: int) -> Ints:
    """A position of one weight list, `size` times."""
    table = np.asarray(weights, dtype=float)
    return np.searchsorted(np.cumsum(table / table.sum())[:-1], rng.random(size), side="right").astype(np.int64)


def coded(codes: Ints, labels: tuple[str, ...]) -> pd.Categorical[str]:
    """Positions as the words they stand for; -1 is missing."""
    return pd.Categorical.from_codes(codes, categories=pd.Index(list(labels)))


def age_group(age_years: Ints) -> Ints:
    """Position among <1, 1-4, 5-9, 10-14, 15-17."""
    return np.searchsorted(AGE5_LOWER_BOUNDS, age_years, side="right").astype(np.int64)


def completed_years(birth_day: Ints, day: Ints) -> Ints:
    """Completed years of age (born on 29 February: a year older on 1 March)."""
    born_month, born_on = month_and_day(birth_day)
    then_month, then_on = month_and_day(day)
    return (then_month - born_month - (then_on < born_on)) // 12


def month_and_day(day: Ints) -> tuple[Ints, Ints]:
    """Months since January 1970 and days since the first of the month."""
    month = day.astype("datetime64[D]").astype("datetime64[M]")
    return month.astype(np.int64), day - first_day(month.astype(np.int64))


def first_day(month: Ints) -> Ints:
    """Day number of the first of a month, counted from January 1970."""
    return month.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)


def timestamps(day: Ints) -> npt.NDArray[np.datetime64]:
    """Day numbers as midnights that pandas and DuckDB know."""
    return day.astype("datetime64[D]").astype("datetime64[s]")


def build(plan: Plan, seed: int) -> District:
    """Children first, then what happened to them; the same seed gives the same district."""
    children = make_children(plan, np.random.default_rng([seed, 1]))
    incidents = make_incidents(plan, children, np.random.default_rng([seed, 2]))
    return District(plan, children, incidents)


def make_children(plan: Plan, rng: np.random.Generator) -> pd.DataFrame:
    """One row per child: birth_day, sex, township, family, twin (row of the twin or -1), is_resident."""
    count = _children_ever(plan)
    birth_day = _birth_days(plan, count, rng)
    sex = (rng.random(count) < 0.48).astype(np.int64)
    family = _families(birth_day, rng)
    twin = _make_twins(birth_day, sex, family, rng)
    families = int(family.max()) + 1
    township = pick_one(rng, plan.township_weights, families)[family]
    resident = (rng.random(families) >= plan.non_resident_share)[family]
    frame = pd.DataFrame({"birth_day": birth_day, "sex": sex, "township": township, "family": family, "twin": twin})
    return frame.assign(is_resident=resident, name=_names(sex, family, rng))


def _births_per_year(year: int) -> float:
    return next((births for first, births in reversed(BIRTHS_BY_YEAR) if year >= first), BIRTHS_BY_YEAR[0][1])


def _children_ever(plan: Plan) -> int:
    """Children born in any year that matters, so that `plan.children` residents are under 18 at mid-time."""
    first, last = plan.first_day.year - ADULT_AGE_YEARS, plan.last_day.year
    middle = (first + ADULT_AGE_YEARS + last) / 2
    births = {year: _births_per_year(year) for year in range(first, last + 1)}
    # at mid-year the cohort of this year is half born and the one of 18 years ago half grown up
    alive = sum(n * np.clip(middle + 0.5 - y, 0, 1) * np.clip(y + 18.5 - middle, 0, 1) for y, n in births.items())
    return round(plan.children / (1 - plan.non_resident_share) * sum(births.values()) / float(alive))


def _birth_days(plan: Plan, count: int, rng: np.random.Generator) -> Ints:
    years = np.arange(plan.first_day.year - ADULT_AGE_YEARS, plan.last_day.year + 1)
    year = years[pick_one(rng, [_births_per_year(int(y)) for y in years], count)]
    start = (year - 1970).astype("datetime64[Y]").astype("datetime64[D]").astype(np.int64)
    return np.asarray(start + rng.integers(0, 365, count), dtype=np.int64)


def _families(birth_day: Ints, rng: np.random.Generator) -> Ints:
    """Family number of each child; about two fifths have a brother or sister, never born within ten months."""
    count = len(birth_day)
    family = np.repeat(np.arange(count), 1 + pick_one(rng, (0.72, 0.25, 0.03), count))[:count]
    starts = np.diff(family, prepend=-1) > 0
    starts[1:] |= np.abs(np.diff(birth_day)) < 300
    starts[2:] |= np.abs(birth_day[2:] - birth_day[:-2]) < 300
    return (np.cumsum(starts) - 1).astype(np.int64)


def _make_twins(birth_day: Ints, sex: Ints, family: Ints, rng: np.random.Generator) -> Ints:
    """Turns 1.8 % of the children into pairs of twins, in place; the row of each one's twin, or -1."""
    twin = np.full(len(birth_day), -1, dtype=np.int64)
    chosen = rng.permutation(len(birth_day))[: round(0.018 * len(birth_day)) // 2 * 2]
    elder, younger = chosen[::2], chosen[1::2]
    birth_day[younger], family[younger] = birth_day[elder], family[elder]
    sex[younger] = np.where(rng.random(len(elder)) < 0.65, sex[elder], sex[younger])
    twin[elder], twin[younger] = younger, elder
    return twin


def _names(sex: Ints, family: Ints, rng: np.random.Generator) -> Ints:
    """A number for each full name: the family's surname, one or two popular characters; many children share one."""
    surname_weights = tuple(ChineseNames.last_names.values())
    surname = pick_one(rng, surname_weights, int(family.max()) + 1)[family]
    characters = max(len(ChineseNames.first_names_male), len(ChineseNames.first_names_female)) + 1
    popularity = 1 / (np.arange(characters - 1) + 3)
    first, second = (1 + pick_one(rng, popularity, len(sex)) for _ in range(2))
    second[rng.random(len(sex)) < 0.2] = 0
    in_fashion = rng.random(len(sex)) < FASHIONABLE_NAME_SHARE
    first = np.where(in_fashion, 1 + rng.integers(0, FASHIONABLE_NAMES, len(sex)), first)
    second = np.where(in_fashion, first, second)
    return ((surname * characters + first) * characters + second) * 2 + sex


def make_incidents(plan: Plan, children: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One row per child and event, in order of day, with the true value of everything a record may state."""
    events = _draw_events(plan, children, rng)
    events = pd.concat([events, _close_repeats(plan, events, children, rng)], ignore_index=True)
    events["group"] = np.arange(len(events))
    events = pd.concat([events, _further_victims(plan, events, children, rng)], ignore_index=True)
    events = _within_observation(plan, events, children)
    events = _draw_injury(plan, events, rng)
    events = _draw_violence(events, rng)
    return _labelled(_draw_deaths(plan, events, rng).sort_values(["day", "child"], kind="stable", ignore_index=True))


def _draw_events(plan: Plan, children: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    # a child's own liability (log-normal) makes repeats; boys are hurt 1.6 times as often as girls
    risk = np.exp(0.5 * rng.standard_normal(len(children))) * np.where(children["sex"] == 0, 1.5, 1.0)
    extra = 1 + plan.close_repeat_share + plan.several_victims_share
    wanted = len(children) * plan.years * plan.incidents_per_100_children_year / 100 / extra
    child = np.repeat(np.arange(len(children)), rng.poisson(risk / risk.sum() * wanted))
    days = np.arange(day_number(plan.first_day), day_number(plan.last_day) + 1)
    day = days[pick_one(rng, _month_weights(days, UNINTENTIONAL_BY_MONTH), len(child))]
    is_child = _is_child(children, child, day)  # the others were not born yet, or had grown up
    events = pd.DataFrame({"child": child[is_child], "day": day[is_child]})
    return _draw_kind(plan, events.assign(repeat=False), children, rng)


def _month_weights(days: Ints, weights: tuple[int, ...]) -> Floats:
    table: Floats = np.asarray(weights, dtype=float)
    return table[month_and_day(days)[0] % 12]


def _is_child(children: pd.DataFrame, child: Ints, day: Ints) -> npt.NDArray[np.bool_]:
    birth_day = children["birth_day"].to_numpy()[child]
    return np.asarray((day >= birth_day) & (completed_years(birth_day, day) < ADULT_AGE_YEARS))


def _draw_kind(plan: Plan, events: pd.DataFrame, children: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Adds age, intent, mechanism, place and hour."""
    age = completed_years(children["birth_day"].to_numpy()[events["child"]], events["day"].to_numpy())
    group = age_group(age)
    by_age = np.array(INTENT_BY_AGE)
    by_age[:, 1:3] *= plan.intentional_factor
    intent = pick(rng, by_age, group)
    quiet_month = _month_weights(events["day"].to_numpy(), VIOLENCE_BY_MONTH) < 115 * rng.random(len(events))
    intent = np.where((intent == 2) & quiet_month & (rng.random(len(events)) < 0.8), 0, intent)
    mechanism = pick(rng, UNINTENTIONAL_MECHANISM_BY_AGE + INTENDED_MECHANISM, np.where(intent == 0, group, 4 + intent))
    place_row = np.select([mechanism <= 1, mechanism == 8], [0, 1], 2 + group)
    place = pick(rng, (TRAFFIC_PLACE, DROWNING_PLACE, *PLACE_BY_AGE), place_row)
    hour = pick_one(rng, MINUTES_WEIGHT_BY_HOUR, len(events))
    return events.assign(age_years=age, intent=intent, mechanism=mechanism, place=place, hour=hour)


def _close_repeats(plan: Plan, events: pd.DataFrame, children: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Another event of the same child within days, half of them alike: the hardest thing to tell apart."""
    first = events[rng.random(len(events)) < plan.close_repeat_share]
    again = first.assign(day=first["day"] + rng.integers(1, CLOSE_REPEAT_DAYS + 1, len(first)), repeat=True)
    again["hour"] = pick_one(rng, MINUTES_WEIGHT_BY_HOUR, len(again))
    other = _draw_kind(plan, again[["child", "day", "repeat"]], children, rng)
    return again.where(pd.Series(rng.random(len(again)) < 0.5, index=again.index), other)


def _further_victims(
    plan: Plan, events: pd.DataFrame, children: pd.DataFrame, rng: np.random.Generator
) -> pd.DataFrame:
    """Other children hurt in the same incident: a twin (22 %), or one to four of like age in the same township."""
    twin = children["twin"].to_numpy()[events["child"]]
    with_twin = events[(twin >= 0) & (rng.random(len(events)) < 0.22)]
    with_twin = with_twin.assign(child=twin[with_twin.index])
    first = events[rng.random(len(events)) < plan.several_victims_share / 1.6]
    more = first.loc[np.repeat(first.index, 1 + pick_one(rng, (0.6, 0.25, 0.1, 0.05), len(first)))]
    place_and_age = children["township"].to_numpy() * 2**20 + children["birth_day"].to_numpy()
    by_age = np.argsort(place_and_age, kind="stable")
    own = np.searchsorted(place_and_age[by_age], place_and_age[more["child"]])
    position = own + rng.integers(1, 40, len(more))
    more = more.assign(child=by_age[np.minimum(position, len(by_age) - 1)])
    return pd.concat([with_twin, more], ignore_index=True).drop_duplicates(["group", "child"])


def _within_observation(plan: Plan, events: pd.DataFrame, children: pd.DataFrame) -> pd.DataFrame:
    child, day = events["child"].to_numpy(), events["day"].to_numpy()
    events = events[_is_child(children, child, day) & (day <= day_number(plan.last_day))]
    events = events.drop_duplicates(["group", "child"], ignore_index=True)
    age = completed_years(children["birth_day"].to_numpy()[events["child"]], events["day"].to_numpy())
    return events.assign(age_years=age)


def _draw_injury(plan: Plan, events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Each victim has its own injury, also where several were hurt together."""
    mechanism = events["mechanism"].to_numpy()
    severity = pick(rng, SEVERITY_BY_MECHANISM, mechanism)
    nature, body_part = pick(rng, NATURE_BY_MECHANISM, mechanism), pick(rng, BODY_BY_MECHANISM, mechanism)
    return events.assign(
        nature=nature,
        body_part=np.where(nature == NATURES.index("brain_injury"), BODY_PARTS.index("head"), body_part),
        severity=severity,
        outcome=pick(rng, OUTCOME_BY_SEVERITY, severity),
        activity=_activity(events, rng),
    )


def _activity(events: pd.DataFrame, rng: np.random.Generator) -> Ints:
    on_the_road = (0, 0, 5, 5, 60, 0, 620, 290, 15, 5)
    at_school = (0, 10, 150, 260, 520, 20, 0, 30, 5, 5)
    elsewhere = (3, 30, 20, 60, 680, 130, 5, 50, 12, 10)
    row = np.select([events["mechanism"] <= 1, events["place"] == 2], [0, 1], 2)
    return pick(rng, (on_the_road, at_school, elsewhere), row)


def _draw_violence(events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Violence type and perpetrator of assaults; a fifth of those at home are chronic: one episode of many days."""
    assault = events["intent"].to_numpy() == 2
    setting = np.select([events["place"] == 2, events["place"] == 0], [0, 1], 2)
    kind = pick(rng, VIOLENCE_BY_SETTING, setting)
    kind = np.where((kind == 4) & (events["age_years"] < 6), 0, kind)  # bullying is a word for pupils
    kind = np.where(events["mechanism"] == 11, 1, kind)
    chronic = assault & (setting == 1) & (rng.random(len(events)) < 0.2)
    return events.assign(
        violence_type=np.where(assault, kind, -1),
        perpetrator_relation=np.where(assault, pick(rng, PERPETRATOR_BY_SETTING, setting), -1),
        episode_days=np.where(chronic, rng.integers(20, 120, len(events)), 0),
    )


def _draw_deaths(plan: Plan, events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A Poisson number of deaths per intent, on the most lethal mechanisms; the dead suffer nothing later."""
    exposed = plan.children / (1 - plan.non_resident_share) * plan.years / 1e5
    lethality = np.asarray(LETHALITY_BY_MECHANISM)[events["mechanism"].to_numpy()]
    lethality = lethality * np.where(events["severity"] == 2, 10, 1)
    dead: list[Ints] = []
    for intent, rate in enumerate(plan.deaths_per_100k_children_year):
        of_intent = np.flatnonzero(events["intent"] == intent)
        number = min(int(rng.poisson(rate * exposed)), len(of_intent))
        weights = lethality[of_intent] / max(lethality[of_intent].sum(), 1)
        dead.append(rng.choice(of_intent, number, replace=False, p=weights) if number else of_intent[:0])
    died = np.zeros(len(events), dtype=bool)
    died[np.concatenate(dead)] = True
    survival_days = np.where(rng.random(len(events)) < 0.7, 0, rng.integers(1, 21, len(events)))
    events = events.assign(is_death=died, death_day=np.where(died, events["day"] + survival_days, -1))
    events["severity"] = events["severity"].mask(died, SEVERITIES.index("severe"))
    events["outcome"] = events["outcome"].mask(died, OUTCOMES.index("died"))
    last_day = events["day"].where(died).groupby(events["child"]).transform("min")
    return events[last_day.isna() | (events["day"] < last_day) | (died & (events["day"] == last_day))]


def _labelled(events: pd.DataFrame) -> pd.DataFrame:
    words = {
        "intent": INTENTS, "mechanism": MECHANISMS, "place": PLACES, "nature": NATURES, "body_part": BODY_PARTS,
        "severity": SEVERITIES, "outcome": OUTCOMES, "activity": ACTIVITIES, "violence_type": VIOLENCE_TYPES,
        "perpetrator_relation": PERPETRATORS,
    }  # fmt: skip
    return events.assign(**{name: coded(events[name].to_numpy(), labels) for name, labels in words.items()})
