"""What schemas/linkage.yaml declares (how records are paired and compared) and the SQL that it stands for."""

import functools
import re
from collections.abc import Iterator, Mapping
from typing import Literal, Self

from pydantic import Field, model_validator

from ddk_surveillance.contracts import Declared, Identifier
from ddk_surveillance.library import Library

NEVER, ALWAYS = -(10**9), 10**8  # centibits that no sum of honest scores outweighs; a veto outweighs everything
CENTIBITS = 100


class BlockingRule(Declared):
    """Records with these columns equal and near dates are compared."""

    rule: Identifier
    equal: tuple[Identifier, ...]
    dates: Literal["overlap", "any"] | int = "any"
    close_age: bool = False
    one: str | None = None
    where: str = "TRUE"

    @property
    def uses_token(self) -> bool:
        """Whether the rule pairs by a token, which also records that must not be linked without one may do."""
        return any(column.endswith("_token") for column in self.equal)


class SafetyRule(Declared):
    """A certainty that overrules the model."""

    rule: Identifier
    effect: Literal["never", "always", "at_least"]
    bits: int = 0
    when: str


class Level(Declared):
    """One outcome of comparing a field, and the first guess of its share in the three related kinds of pairs."""

    level: Identifier
    when: str
    given: str = ""
    start: tuple[float, float, float] | None = None


class ComparedField(Declared):
    """A field of the comparison; level 0 (nothing known) is implied."""

    field: Identifier
    about: Literal["pair", "person", "event"]
    age_dependent: bool = False
    own_in_group: bool = False
    fixed_in_group: bool = False
    names_child: bool = False
    new_each_time: bool = False
    unrelated: float | None = None
    unless: str = "FALSE"
    levels: tuple[Level, ...]


class Thresholds(Declared):
    """Bits of the average pair above which two groups of records are one incident."""

    strict_bits: float
    adopted_bits: float
    loose_bits: float
    more_of_a_known_child_bits: float
    less_of_two_deaths_bits: float

    @property
    def centibits(self) -> tuple[int, int, int]:
        return tuple(round(bits * CENTIBITS) for bits in (self.strict_bits, self.adopted_bits, self.loose_bits))  # type: ignore[return-value]


class GoldenRule(Declared):
    """How one field of an incident is chosen."""

    rule: Literal["most_reports", "authority", "highest"]
    of_a_death: bool = False
    ascending: tuple[str, ...] = ()


class Golden(Declared):
    """How the values of an incident are chosen among its records."""

    source_order: tuple[Identifier, ...]
    authority_order: tuple[Identifier, ...]
    fields: dict[Identifier, GoldenRule]


class Declaration(Declared):
    """schemas/linkage.yaml."""

    version: int
    stop_token_persons: dict[Identifier, int]
    minimum_token_share: float = Field(ge=0, le=1)
    thresholds: Thresholds
    blocking: tuple[BlockingRule, ...]
    measures: dict[Identifier, str]
    terms: dict[Identifier, str]
    safety: tuple[SafetyRule, ...]
    fields: tuple[ComparedField, ...]
    golden: Golden

    @model_validator(mode="after")
    def _conditions_can_be_filled(self) -> Self:
        self.pattern_sql  # noqa: B018
        return self

    @model_validator(mode="after")
    def _decisions_come_first(self) -> Self:
        first = tuple((rule.rule, rule.effect) for rule in self.safety[:2])
        if first != (("decided_different", "never"), ("decided_same", "always")):
            raise ValueError("the first safety rules must be those of reviewers: decided_different, decided_same")
        return self

    @functools.cached_property
    def named(self) -> dict[str, str]:
        """What each name in braces stands for. A term is true or false: what meets a missing value does not hold.

        Written as CASE its parts are looked at only for the pairs for which those before them hold.
        """
        terms = {name: f"(CASE WHEN {text} THEN TRUE ELSE FALSE END)" for name, text in self.terms.items()}
        return {name: f"({text})" for name, text in self.measures.items()} | terms

    @functools.cached_property
    def radices(self) -> tuple[int, ...]:
        """Number of outcomes of the safety rules and then of each field: the digits of a pattern, lowest first."""
        return (len(self.safety) + 1, *(len(field.levels) + 1 for field in self.fields))

    @functools.cached_property
    def pattern_sql(self) -> str:
        """The pattern of a pair as one BIGINT expression over the columns of `comparison_sql`."""
        digits = [("FALSE", [rule.when for rule in self.safety])]
        digits += [(field.unless, [level.when for level in field.levels]) for field in self.fields]
        parts, weight = [], 1
        for (unless, conditions), radix in zip(digits, self.radices, strict=True):
            case = _first_true(_over_columns(unless), [_over_columns(one) for one in conditions])
            parts.append(f"CAST({case} AS BIGINT) * {weight}")
            weight *= radix
        if weight >= 2**63:
            raise ValueError("the fields have too many levels for one integer pattern")
        return "\n  + ".join(parts)

    @functools.cached_property
    def comparison_sql(self) -> str:
        """What compares records `a` and `b`: a SELECT of {kept} and of all that is named, for str.format with {kept} and {joins}.

        Terms are columns of nested SELECTs: written out wherever they occur they would be planned and computed each time.
        """
        used = " ".join([self.pattern_sql, *map(_over_columns, self.named.values())])
        read = ", ".join(f"{one[0]}.{one[2:]} AS {one}" for one in sorted(set(re.findall(r"\b[abj]_\w+", used))))
        sql = f"SELECT {{kept}}, {read}\n{{joins}}"
        for layer in _layers(self.named):
            columns = ", ".join(f"{_over_columns(self.named[name])} AS term_{name}" for name in layer)
            sql = f"SELECT *, {columns}\nFROM ({sql}) AS pair"
        return sql

    def condition(self, text: str) -> str:
        """A condition with its {terms} replaced by what they stand for."""
        while "{" in text:
            text = text.format(**self.named)
        return text


def _over_columns(condition: str) -> str:
    """The condition over the columns of a pair: a.sex is a_sex there, {person} is term_person."""
    return re.sub(r"\{(\w+)\}", r"term_\1", re.sub(r"\b([abj])\.(?=\w)", r"\1_", condition))


def _layers(terms: Mapping[str, str]) -> Iterator[list[str]]:
    """The terms in such an order that each needs those of earlier layers only."""
    needs = {name: set(re.findall(r"\{(\w+)\}", text)) for name, text in terms.items()}
    known: set[str] = set()
    while len(known) < len(terms):
        layer = [name for name, needed in needs.items() if name not in known and needed <= known]
        if not layer:
            raise ValueError("terms that need each other, or one that is not declared")
        yield layer
        known.update(layer)


def _first_true(unless: str, conditions: list[str]) -> str:
    cases = " ".join(f"WHEN {condition} THEN {number}" for number, condition in enumerate(conditions, 1))
    if unless != "FALSE":
        cases = f"WHEN {unless} THEN 0 {cases}"
    return f"CASE {cases} ELSE 0 END"


def load(library: Library) -> Declaration:
    """How records are paired and compared, whether a model knows it already or not."""
    return library.declared("linkage.yaml", Declaration)
