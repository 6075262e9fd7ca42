"""The truth of an invented district: its children, and what happened to them. Nothing comes from a real person."""

from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt
import pandas as pd
from faker.providers.person.zh_CN import Provider as ChineseNames

from ddk_surveillance.arrays import Flags, Floats, Ints
from ddk_surveillance.synthesis import frequencies


@dataclass(frozen=True)
class Plan:
    """How large, how long and how dangerous the invented district is."""

    children: int
    first_day: date
    last_day: date
    townships: tuple[str, ...] = tuple(frequencies.TOWNSHIPS)
    township_weights: tuple[float, ...] = tuple(frequencies.TOWNSHIPS.values())
    incidents_per_100_children_year: float = 5.8
    intentional_factor: float = 1.0
    deaths_per_100k_children_year: tuple[float, float, float, float] = (5.2, 0.9, 0.2, 0.2)  # by INTENTS
    close_repeat_share: float = 0.03
    several_victims_share: float = 0.02
    longest_episode_days: int = 119  # of chronic abuse
    non_resident_share: float = 0.04

    @property
    def years(self) -> float:
        """Length of the observed time in years."""
        return ((self.last_day - self.first_day).days + 1) / frequencies.DAYS_PER_YEAR


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


def coded(codes: Ints, labels: tuple[str, ...]) -> "pd.Categorical[str]":
    """Positions as the words they stand for; -1 is missing."""
    return pd.Categorical.from_codes(codes, categories=pd.Index(list(labels)))


def age_group(age_years: Ints) -> Ints:
    """Position among <1, 1-4, 5-9, 10-14, 15-17."""
    return np.searchsorted(frequencies.AGE5_LOWER_BOUNDS, age_years, side="right").astype(np.int64)


def completed_months(birth_day: Ints, day: Ints) -> Ints:
    """Completed months of age (born on 29 February: a month older on 1 March)."""
    born_month, born_on = month_and_day(birth_day)
    then_month, then_on = month_and_day(day)
    return then_month - born_month - (then_on < born_on)


def completed_years(birth_day: Ints, day: Ints) -> Ints:
    return completed_months(birth_day, day) // 12


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
    return next(
        (births for first, births in reversed(frequencies.BIRTHS_BY_YEAR) if year >= first),
        frequencies.BIRTHS_BY_YEAR[0][1],
    )


def _children_ever(plan: Plan) -> int:
    """Children born in any year that matters, so that `plan.children` residents are under 18 at mid-time."""
    first, last = plan.first_day.year - frequencies.ADULT_AGE_YEARS, plan.last_day.year
    middle = (first + frequencies.ADULT_AGE_YEARS + last) / 2
    births = {year: _births_per_year(year) for year in range(first, last + 1)}
    # at mid-year the cohort of this year is half born and the one of 18 years ago half grown up
    alive = sum(n * np.clip(middle + 0.5 - y, 0, 1) * np.clip(y + 18.5 - middle, 0, 1) for y, n in births.items())
    return round(plan.children / (1 - plan.non_resident_share) * sum(births.values()) / float(alive))


def _birth_days(plan: Plan, count: int, rng: np.random.Generator) -> Ints:
    years = np.arange(plan.first_day.year - frequencies.ADULT_AGE_YEARS, plan.last_day.year + 1)
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
    in_fashion = rng.random(len(sex)) < frequencies.FASHIONABLE_NAME_SHARE
    first = np.where(in_fashion, 1 + rng.integers(0, frequencies.FASHIONABLE_NAMES, len(sex)), first)
    second = np.where(in_fashion, first, second)
    return ((surname * characters + first) * characters + second) * 2 + sex


def make_incidents(plan: Plan, children: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One row per child and event, in order of day, with the true value of everything a record may state."""
    events = _draw_events(plan, children, rng)
    events = pd.concat([events, _close_repeats(plan, events, children, rng)], ignore_index=True)
    events["group"] = np.arange(len(events))
    events = pd.concat([events, _further_victims(plan, events, children, rng)], ignore_index=True)
    events = _within_observation(plan, events, children)
    events = _draw_injury(events, rng)
    events = _draw_violence(plan, events, rng)
    return _labelled(_draw_deaths(plan, events, rng).sort_values(["day", "child"], kind="stable", ignore_index=True))


def _draw_events(plan: Plan, children: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    # a child's own liability (log-normal) makes repeats; boys are hurt 1.6 times as often as girls
    risk = np.exp(0.5 * rng.standard_normal(len(children))) * np.where(children["sex"] == 0, 1.5, 1.0)
    extra = 1 + plan.close_repeat_share + plan.several_victims_share
    wanted = len(children) * plan.years * plan.incidents_per_100_children_year / 100 / extra
    child = np.repeat(np.arange(len(children)), rng.poisson(risk / risk.sum() * wanted))
    days = np.arange(day_number(plan.first_day), day_number(plan.last_day) + 1)
    day = days[pick_one(rng, _month_weights(days, frequencies.UNINTENTIONAL_BY_MONTH), len(child))]
    is_child = _is_child(children, child, day)  # the others were not born yet, or had grown up
    events = pd.DataFrame({"child": child[is_child], "day": day[is_child]})
    return _draw_kind(plan, events.assign(repeat=False), children, rng)


def _month_weights(days: Ints, weights: tuple[int, ...]) -> Floats:
    table: Floats = np.asarray(weights, dtype=float)
    return table[month_and_day(days)[0] % 12]


def _is_child(children: pd.DataFrame, child: Ints, day: Ints) -> Flags:
    birth_day = children["birth_day"].to_numpy()[child]
    return np.asarray((day >= birth_day) & (completed_years(birth_day, day) < frequencies.ADULT_AGE_YEARS))


def _draw_kind(plan: Plan, events: pd.DataFrame, children: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Adds age, intent, mechanism, place and hour."""
    age = completed_years(children["birth_day"].to_numpy()[events["child"]], events["day"].to_numpy())
    group = age_group(age)
    by_age = np.array(frequencies.INTENT_BY_AGE)
    by_age[:, 1:3] *= plan.intentional_factor
    intent = pick(rng, by_age, group)
    quiet_month = _month_weights(events["day"].to_numpy(), frequencies.VIOLENCE_BY_MONTH) < 115 * rng.random(
        len(events)
    )
    intent = np.where((intent == 2) & quiet_month & (rng.random(len(events)) < 0.8), 0, intent)
    mechanism = pick(
        rng,
        frequencies.UNINTENTIONAL_MECHANISM_BY_AGE + frequencies.INTENDED_MECHANISM,
        np.where(intent == 0, group, 4 + intent),
    )
    place_row = np.select([mechanism <= 1, mechanism == 8], [0, 1], 2 + group)
    place = pick(rng, (frequencies.TRAFFIC_PLACE, frequencies.DROWNING_PLACE, *frequencies.PLACE_BY_AGE), place_row)
    hour = pick_one(rng, frequencies.BY_HOUR, len(events))
    return events.assign(age_years=age, intent=intent, mechanism=mechanism, place=place, hour=hour)


def _close_repeats(plan: Plan, events: pd.DataFrame, children: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Another event of the same child within days, half of them alike: the hardest thing to tell apart."""
    first = events[rng.random(len(events)) < plan.close_repeat_share]
    again = first.assign(day=first["day"] + rng.integers(1, frequencies.CLOSE_REPEAT_DAYS + 1, len(first)), repeat=True)
    again["hour"] = pick_one(rng, frequencies.BY_HOUR, len(again))
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


def _draw_injury(events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Each victim has its own injury, also where several were hurt together."""
    mechanism = events["mechanism"].to_numpy()
    severity = pick(rng, frequencies.SEVERITY_BY_MECHANISM, mechanism)
    nature, body_part = (
        pick(rng, frequencies.NATURE_BY_MECHANISM, mechanism),
        pick(rng, frequencies.BODY_BY_MECHANISM, mechanism),
    )
    return events.assign(
        nature=nature,
        body_part=np.where(
            nature == frequencies.NATURES.index("brain_injury"), frequencies.BODY_PARTS.index("head"), body_part
        ),
        severity=severity,
        outcome=pick(rng, frequencies.OUTCOME_BY_SEVERITY, severity),
        activity=_activity(events, rng),
    )


def _activity(events: pd.DataFrame, rng: np.random.Generator) -> Ints:
    on_the_road = (0, 0, 5, 5, 60, 0, 620, 290, 15, 5)
    at_school = (0, 10, 150, 260, 520, 20, 0, 30, 5, 5)
    elsewhere = (3, 30, 20, 60, 680, 130, 5, 50, 12, 10)
    row = np.select([events["mechanism"] <= 1, events["place"] == 2], [0, 1], 2)
    return pick(rng, (on_the_road, at_school, elsewhere), row)


def _draw_violence(plan: Plan, events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Violence type and perpetrator of assaults; a fifth of those at home are chronic: one episode of many days."""
    assault = events["intent"].to_numpy() == 2
    setting = np.select([events["place"] == 2, events["place"] == 0], [0, 1], 2)
    kind = pick(rng, frequencies.VIOLENCE_BY_SETTING, setting)
    kind = np.where((kind == 4) & (events["age_years"] < 6), 0, kind)  # bullying is a word for pupils
    kind = np.where(events["mechanism"] == 11, 1, kind)
    chronic = assault & (setting == 1) & (rng.random(len(events)) < 0.2)
    return events.assign(
        violence_type=np.where(assault, kind, -1),
        perpetrator_relation=np.where(assault, pick(rng, frequencies.PERPETRATOR_BY_SETTING, setting), -1),
        episode_days=np.where(chronic, rng.integers(20, plan.longest_episode_days + 1, len(events)), 0),
    )


def _draw_deaths(plan: Plan, events: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """A Poisson number of deaths per intent, on the most lethal mechanisms; the dead suffer nothing later."""
    exposed = plan.children / (1 - plan.non_resident_share) * plan.years / 1e5
    lethality = np.asarray(frequencies.LETHALITY_BY_MECHANISM)[events["mechanism"].to_numpy()]
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
    events["severity"] = events["severity"].mask(died, frequencies.SEVERITIES.index("severe"))
    events["outcome"] = events["outcome"].mask(died, frequencies.OUTCOMES.index("died"))
    last_day = events["day"].where(died).groupby(events["child"]).transform("min")
    return events[last_day.isna() | (events["day"] < last_day) | (died & (events["day"] == last_day))]


def _labelled(events: pd.DataFrame) -> pd.DataFrame:
    words = {
        "intent": frequencies.INTENTS,
        "mechanism": frequencies.MECHANISMS,
        "place": frequencies.PLACES,
        "nature": frequencies.NATURES,
        "body_part": frequencies.BODY_PARTS,
        "severity": frequencies.SEVERITIES,
        "outcome": frequencies.OUTCOMES,
        "activity": frequencies.ACTIVITIES,
        "violence_type": frequencies.VIOLENCE_TYPES,
        "perpetrator_relation": frequencies.PERPETRATORS,
    }
    return events.assign(**{name: coded(events[name].to_numpy(), labels) for name, labels in words.items()})
