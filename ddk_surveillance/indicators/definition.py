"""Declared definitions as rules: conditions in SQL, sub-measures and sensitivity analyses spelled out."""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from ddk_surveillance.contracts import Condition, Indicator, Variant
from ddk_surveillance.library import Library
from ddk_surveillance.warehouse import among_sql

FOREVER = 9999
SEVERE = "severe"
UNDETERMINED = "SA1"
OTHER_INTENTS = "other_intents"  # deaths of the other known intents, over which those of unknown intent are spread
KNOWN_INTENTS = ("unintentional", "self_harm", "assault")


@dataclass(frozen=True)
class Rule:
    """One thing to be counted: an indicator (`analysis` is empty) or one analysis of it, in the years its version holds."""

    definition: Indicator
    analysis: str
    first_year: int
    last_year: int
    is_measure: bool = False

    @property
    def code(self) -> str:
        return self.definition.indicator


def rules_of(library: Library) -> tuple[Rule, ...]:
    """Every indicator, sub-measure and analysis of every version; the oldest version also holds for the years before it."""
    rules: list[Rule] = []
    for _, versions in itertools.groupby(library.definitions, key=lambda one: one.indicator):
        held = list(versions)
        starts = [0, *(one.valid_from.year for one in held[1:]), FOREVER + 1]
        for version, first, following in zip(held, starts, starts[1:], strict=False):
            rules += _rules_of_version(library, version, first, following - 1)
    return tuple(rules)


def _rules_of_version(library: Library, one: Indicator, first: int, last: int) -> Iterator[Rule]:
    yield Rule(one, "", first, last)
    for code, variant in one.measures.items():
        yield Rule(one.varied(code, variant), "", first, last, is_measure=True)
    for analysis, variant in analyses_of(library, one).items():
        yield Rule(one.varied(one.indicator, variant), analysis, first, last)
    if UNDETERMINED in one.sensitivity and one.unit == "deaths":
        other = Condition(all=(Condition(column="intent", among=KNOWN_INTENTS), Condition(none=(one.numerator,))))
        yield Rule(one.model_copy(update={"numerator": other, "target": None}), OTHER_INTENTS, first, last)


def analyses_of(library: Library, one: Indicator) -> dict[str, Variant]:
    """The sensitivity analyses an indicator names; with a target also its severe cases and each tier that is left out."""
    analyses = {code: library.sensitivity[code] for code in one.sensitivity}
    left_out = [name for name in one.tiers if name not in one.tiers_counted]
    if one.target:
        severe = library.plan.severe
        analyses[SEVERE] = Variant(title=library.plan.severe_title, only=severe)
        analyses |= {f"tier_{name}": Variant(title=one.tiers[name].title, tiers=(name,)) for name in left_out}
    return analyses


def counted_sql(one: Indicator, tier: str = "") -> list[str]:
    """Who is counted: all of these conditions over core.incident and the column of its tier; unknown is never true."""
    tiers = ", ".join(f"'{name}'" for name in one.tiers_counted)
    case = condition_sql(one.numerator) + (f" AND coalesce({tier} IN ({tiers}), false)" if tier else "")
    terms = [f"({case} OR {condition_sql(one.also)})" if one.also else f"({case})"]
    terms += [f"(age_years IS NULL OR age_years BETWEEN {one.ages.from_years} AND {one.ages.to_years})"]
    terms += [condition_sql(Condition(column="residence", among=one.residence))] if one.residence else []
    terms += [f"NOT {condition_sql(one.excluded)}"] if one.excluded else []
    terms += [condition_sql(one.only)] if one.only else []
    terms += ["is_death"] if one.only_deaths or one.unit == "deaths" else []
    return terms


def tier_sql(one: Indicator) -> str:
    """The first tier whose condition fits, or NULL."""
    cases = " ".join(f"WHEN {condition_sql(tier.when)} THEN '{name}'" for name, tier in one.tiers.items())
    return f"CASE {cases} END" if cases else "NULL"


def condition_sql(condition: Condition) -> str:
    """A declared condition as SQL over core.incident, where unknown is NULL; it is true only where it is asked for."""
    if condition.column:
        if condition.column == "sources":
            return f"list_has_any(string_split(sources, ','), {list(map(str, condition.among))})"
        asked = f"coalesce({condition.column}, 'unknown')" if "unknown" in condition.among else condition.column
        return f"coalesce({among_sql(asked, condition.among)}, false)"
    if condition.none:
        return f"NOT ({' OR '.join(map(condition_sql, condition.none))})"
    joint = " AND " if condition.all else " OR "
    return "(" + joint.join(map(condition_sql, condition.all or condition.any)) + ")"
