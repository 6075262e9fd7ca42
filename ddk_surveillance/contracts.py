"""What a declaration under schemas/ may say: frozen models in which an unknown key is an error."""

import datetime
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Literal, Self

import pyarrow
import pyarrow.compute
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from ddk_surveillance.errors import Text
from ddk_surveillance.text.spelling import folded, plain


def _as_text(value: object) -> object:
    if isinstance(value, (bool, float, datetime.date)):
        raise ValueError(f"YAML reads this word as {value!r}: write it in quotes")
    return str(value) if isinstance(value, int) else value


# YAML reads 1 as a number, but every code and header of an office is a word.
Word = Annotated[str, BeforeValidator(_as_text)]
Identifier = Annotated[Word, Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=48)]


def require(names: Iterable[str | None], known: Iterable[str], where: str) -> None:
    """Raise ValueError naming what is not among the known names, and those."""
    known = set(known)
    missing = sorted(str(name) for name in set(names) - known)
    if missing:
        raise ValueError(f"not among the {where}: {', '.join(missing)} (there are: {', '.join(sorted(known))})")


def repeated(names: Iterable[str]) -> list[str]:
    """Those that are given more than once, in order."""
    return sorted(name for name, times in Counter(names).items() if times > 1)


class Declared(BaseModel):
    """Base of every declaration: frozen, and a misspelt key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @model_validator(mode="before")
    @classmethod
    def _known_keys(cls, given: object) -> object:
        require(map(str, given) if isinstance(given, dict) else (), cls.model_fields, "keys")
        return given


class Bilingual(Declared):
    zh: str
    en: str

    @property
    def text(self) -> Text:
        return Text(self.zh, self.en)


# ---------------------------------------------------------------------------------------------------------- tables


class TableColumn(Declared):
    type: Literal["VARCHAR", "INTEGER", "BIGINT", "DOUBLE", "BOOLEAN", "DATE", "TIMESTAMP"]
    comment: Bilingual
    key: bool = False
    required: bool = False
    codelist: Identifier | None = None
    renamed_from: Identifier | None = None  # its name in warehouses of an earlier time


class Table(Declared):
    """One warehouse table: DDL, comments and the data dictionary all come from here.

    `versions_of` names the table of whose rows this one keeps every version: it has the columns of that one and its own,
    of which the last two say from when to when a row stood. `view`: it is not stored, only read from another. `derived`: all
    of it is computed from other tables, so that a changed declaration may empty it. `retired`: columns of an earlier time that may be dropped for good.
    """

    table: Annotated[str, Field(pattern=r"^[a-z]+\.[a-z][a-z0-9_]*$")]
    versions_of: str | None = None
    view: bool = False
    derived: bool = False
    retired: tuple[Identifier, ...] = ()
    comment: Bilingual
    columns: dict[Identifier, TableColumn]

    @property
    def schema_name(self) -> str:
        return self.table.split(".")[0]


# --------------------------------------------------------------------------------------------------------- sources

# identifier: an institution's own number for a thing, kept as it is
Kind = Literal["text", "number", "code", "date", "hour", "age", "icd10", "token", "township", "identifier"]


# Names that SQL or a table of received rows has taken.
TAKEN = frozenset(re.findall(r"\w+", """
    all analyse analyze and anti any array as asc asof asymmetric at authorization binary both by case cast check collate collation
    column columns concurrently constraint create cross default deferrable desc describe distinct do else end except false fetch
    for foreign freeze from full generated glob group having ilike in initially inner intersect into is isnull join lambda lateral
    leading left like limit map natural not notnull null offset on only or order outer overlaps pivot pivot_longer pivot_wider
    placing positional primary qualify references returning right select semi show similar some struct summarize symmetric table
    tablesample then to trailing true try_cast tuple union unique unpack unpivot using variadic verbose when where window with
    batch_id sheet row_number victim_number title_year title_month victims victims_agree victims_place victims_places
    """))  # fmt: skip

# What the guard leaves of a cell in a token column that is no token: it may be raw data.
NOT_A_TOKEN = "?"
# What it leaves of a cell that seems to be a name and is no word of the column.
NOT_KEPT = Text("（疑似姓名，未保存）", "(looks like a name, not kept)")


class SourceColumn(Declared):
    """How one column of a received file becomes one of our columns.

    `combine` puts the texts of other columns together with `-`; an empty one stays empty (2024-5-), unless all are.
    `rewrite` says how a text of a notation of the source's own is to be read: the first regular expression that fits the
    whole text is replaced by its right side, in which \\1 is the first group, and which is empty for a text that says nothing.
    """

    headers: tuple[Word, ...] = ()
    combine: tuple[Identifier, ...] = ()
    kind: Kind
    to: Identifier | None = None
    required: bool = False  # the header must be there
    filled: Literal["error", "warning"] | None = None  # every cell must hold something
    unreadable: Literal["error", "warning"] = "error"
    codelist: Identifier | None = None
    dictionary: Identifier | None = None
    dictionary_by_institution: dict[Word, Identifier] = {}
    terms: dict[Word, Word] = {}
    rewrite: dict[Word, Word] = {}
    minimum: float = 0  # there are not -9 persons: that is how an office writes that it does not know
    maximum: float = 1e15
    unit_column: Identifier | None = None
    fill_down: bool = False
    several_codes: bool = False

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if bool(self.headers) == bool(self.combine):
            raise ValueError("give either headers (as they stand in files) or combine (other columns of this file)")
        if self.kind == "code" and not (self.codelist or self.terms):
            raise ValueError("a code column needs a codelist or terms")
        if self.rewrite and self.kind in ("text", "token", "identifier"):
            raise ValueError(f"a column of the kind {self.kind} is kept as it is and cannot be rewritten")
        for pattern, written in self.rewrite.items():
            _check_pattern(pattern, written)
        return self

    def rewritten(self, text: str) -> str:
        """A text of the source's own notation in one that is read everywhere; any other as it is."""
        written = ((re.fullmatch(pattern, plain(text)), written) for pattern, written in self.rewrite.items())
        return next((found.expand(written) for found, written in written if found), text)


def _check_pattern(pattern: str, written: str) -> None:
    """Raise ValueError for a regular expression that is none, or a right side that names a group it has not."""
    try:
        found = re.compile(rf"(?:{pattern})?").fullmatch("")
        assert found
        found.expand(written)
    except re.error as error:
        raise ValueError(f"rewrite {pattern} → {written}: {error}") from None


class Victims(Declared):
    """One row per case: these columns hold one part per victim, separated like this.

    Of a column that combines others each of those is a part. `each`: our columns that are told by the place of the part.
    """

    columns: tuple[Identifier, ...]
    separator: str = r"[;；、/]"
    each: dict[Identifier, tuple[Word, ...]] = {}

    @model_validator(mode="after")
    def _separates(self) -> Self:
        try:
            found = re.finditer(self.separator, "甲；a; 1")
            if any(match[0] == "" for match in found):  # which never comes to an end
                raise ValueError("separator: it must not fit where nothing stands")
            pyarrow.compute.match_substring_regex(pyarrow.array([""]), self.separator)  # knows no (?<=…)
        except (re.error, pyarrow.ArrowInvalid) as error:
            raise ValueError(f"separator: {error}") from None
        return self


class Rule(Declared):
    """When all conditions hold, set these columns; `overrides` also replaces what the row said."""

    when: dict[Identifier, tuple[Word, ...]] = {}
    set: dict[Identifier, Word] = {}
    from_attributes: Identifier | None = None  # take intent, mechanism … from this code's attributes in its list
    overrides: bool = False
    reason: str


class Correction(Declared):
    """A mistake that a source is known to make: where its text is this, read that; the text stays in received.<source>.

    Once the source has mended itself, or after the day it expires, the file is held until the correction is taken out.
    """

    institutions: tuple[Word, ...] = ()  # empty: all
    when: dict[Identifier, tuple[Word, ...]] = Field(min_length=1)
    set: dict[Identifier, Word] = Field(min_length=1)
    expires: datetime.date
    reason: str


class Timeliness(Declared):
    """How often an institution reports and how many days after the period its file may take."""

    every: Literal["month", "quarter", "year"]
    due_days: int = Field(ge=0)
    # institution: first month without it
    closed: dict[Word, Annotated[str, Field(pattern=r"^20\d\d-(0[1-9]|1[0-2])$")]] = {}

    @property
    def months(self) -> int:
        return {"month": 1, "quarter": 3, "year": 12}[self.every]


OCCASIONAL = Timeliness(every="year", due_days=365_000)  # of a source that declares no rhythm: it is never late


class Linkage(Declared):
    """How far the dates of this source stray, and whether its rows may be the same incident as others."""

    date_window_days: int = Field(default=1, ge=0)
    every_row_is_an_incident: bool = False  # a register without doubles: two rows are never one incident, even if equal


class Source(Declared):
    """One feed: what its files look like and how they become records."""

    source: Identifier
    title: Bilingual
    owner: Bilingual
    # in the titles and names of its files, where another feed's columns are called the same
    named: tuple[Word, ...] = ()
    target: Literal["record", "population"] = "record"
    version: int = Field(ge=1)
    undeclared_columns: Literal["drop", "refuse"] = "drop"
    record_key: tuple[Identifier, ...] = ()
    institution: Identifier | None = None
    columns: dict[Identifier, SourceColumn]
    constants: dict[Identifier, Word] = {}
    victims: Victims | None = None
    rules: tuple[Rule, ...] = ()
    corrections: dict[Identifier, Correction] = {}
    checks: dict[Word, Annotated[Literal["error", "warning", "out_of_scope", "off"], BeforeValidator(_as_text)]] = {}
    hold_above_share: float = Field(default=0.2, ge=0, le=1)
    timeliness: Timeliness | None = None
    linkage: Linkage = Linkage()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        known = set(self.columns)
        if taken := known & TAKEN:
            raise ValueError(f"call these columns otherwise, the word is taken: {', '.join(sorted(taken))}")
        _check_unique("headers", [name for one in self.columns.values() for name in {*map(folded, one.headers)}])
        each = self.victims.each if self.victims else {}
        _check_unique("targets", [*each, *(one.to or name for name, one in self.columns.items())])
        for column in self.columns.values():
            require(set(column.combine) | ({column.unit_column} - {None}), known, "columns")
        require(set(self.record_key), known, "columns")
        require({self.institution} - {None}, known, "columns")
        for correction in self.corrections.values():
            require({*correction.when, *correction.set}, self.physical_columns, "columns")
            if correction.institutions and not self.institution:
                raise ValueError("a correction names institutions, but the source has none")
        require(set(self.victims.columns) if self.victims else set(), known, "columns")
        sizes = {*map(len, self.beside_each_other.values())}
        if len(sizes) > 1 or {*map(len, each.values())} - sizes:
            raise ValueError("victims: columns that combine others and what stands in each have one part per victim")
        return self

    @property
    def rhythm(self) -> Timeliness:
        return self.timeliness or OCCASIONAL

    @property
    def physical_columns(self) -> dict[str, SourceColumn]:
        """The columns that stand in files; the others are combined from them."""
        return {name: column for name, column in self.columns.items() if column.headers}

    @property
    def beside_each_other(self) -> dict[str, tuple[str, ...]]:
        """Columns of the victims, and which columns of the file hold that of each."""
        victims = self.victims.columns if self.victims else ()
        return {name: self.columns[name].combine for name in victims if self.columns[name].combine}

    @property
    def age_column(self) -> str:
        """Where a receipt shows what is wrong with an age: its column, else that of the birth."""
        return self._filling("age_years") or self.birth_column or "row"

    @property
    def birth_column(self) -> str | None:
        return self._filling("birth_month")

    @property
    def needed(self) -> set[str]:
        """Columns that must be filled if nothing else is said.

        An unknown age would make a child of everybody, and without its only date a row would be counted in no year.
        """
        dates = {self._filling("event_date"), self._filling("death_date")} - {None}
        ages = set() if self.birth_column else {self._filling("age_years")}
        return {name for name in ages | (dates if len(dates) == 1 else set()) if name}

    def _filling(self, target: str) -> str | None:
        return next((name for name, column in self.columns.items() if (column.to or name) == target), None)

    @property
    def numbered_by(self) -> tuple[str, ...]:
        """Our columns that hold the source's own number for a record; empty if it has none."""
        return tuple(self.columns[name].to or name for name in self.record_key)

    @property
    def parsed_columns(self) -> tuple[str, ...]:
        """What may turn out unreadable.

        `row`: cells of other columns; `victims`: parts that do not match; `record_key`: one number, two contents.
        """
        parsed = [*self.columns, "row", *(["victims"] if self.victims else [])]
        return (*parsed, "record_key") if self.record_key else tuple(parsed)

    @property
    def helpers(self) -> set[str]:
        """Columns that only help to read others: parts of a date, the unit of an age, a code that decides."""
        parts = {part for column in self.columns.values() for part in (*column.combine, column.unit_column)}
        rules = {name for rule in self.rules for name in (*rule.when, rule.from_attributes)}
        return {name for name in parts | rules if name in self.columns}

    @property
    def targets(self) -> set[str]:
        """Our columns that this feed fills in one way or another."""
        fed = {column.to or name for name, column in self.columns.items()}
        ruled = {target for rule in self.rules for target in rule.set}
        return fed | ruled | set(self.constants) | set(self.victims.each if self.victims else ())


def _check_unique(what: str, names: list[str]) -> None:
    if twice := repeated(names):
        raise ValueError(f"two columns have the same {what}: {', '.join(twice)}")


# ---------------------------------------------------------------------------------------------------------- checks


class Check(Declared):
    """One quality rule, evaluated by Great Expectations on the rows of a feed or, `over` a table, across files and feeds.

    A check of `problems` has no expectation of its own: it is what makes a cell unreadable.
    """

    title: Bilingual
    severity: Literal["error", "warning", "information", "out_of_scope"]  # information: counted, told to nobody
    dimension: Literal["completeness", "conformance", "plausibility", "consistency", "timeliness", "eligibility"]
    owner: Bilingual
    over: str | None = None
    column: Identifier
    needs: tuple[Identifier, ...] = ()
    sources: tuple[Identifier, ...] = ()
    problems: tuple[Identifier, ...] = ()
    expect: str | None = None
    arguments: dict[str, Any] = {}
    where: str = "true"  # SQL over the columns of the row: which rows the check is asked of
    why: Bilingual
    example: Bilingual
    remedy: Bilingual

    @model_validator(mode="after")
    def _judged_somehow(self) -> Self:
        if bool(self.expect) == bool(self.problems):
            raise ValueError("give either expect or the problems of a cell that this check stands for")
        if bool(self.needs) != bool(self.expect and not self.over):
            raise ValueError("a check of rows names the columns it needs, and no other does")
        return self


# ------------------------------------------------------------------------------------------------------ indicators


class Condition(Declared):
    """A test on incidents: columns and their allowed codes, joined by all/any/not."""

    all: tuple["Condition", ...] = ()
    any: tuple["Condition", ...] = ()
    none: tuple["Condition", ...] = ()
    column: Identifier | None = None
    among: tuple[Word | bool, ...] = ()

    @model_validator(mode="after")
    def _one_thing(self) -> Self:
        if sum(map(bool, (self.all, self.any, self.none, self.column))) != 1 or bool(self.column) != bool(self.among):
            raise ValueError("a condition is one of all, any, none, or column with among")
        return self

    def leaves(self) -> Iterator[tuple[str, tuple[str | bool, ...]]]:
        """Every (column, codes) pair inside, for checking against the code lists."""
        if self.column:
            yield self.column, self.among
        for part in (*self.all, *self.any, *self.none):
            yield from part.leaves()


class Target(Declared):
    """What the plan demands by `year`: a rate below a limit, or a decline against the baseline year."""

    kind: Literal["below", "decline"]
    year: int
    limit_per_1000: Annotated[str, Field(pattern=r"^\d+(\.\d+)?$")] | None = None
    baseline_year: int | None = None
    attribute: Literal["约束性", "预期性"]

    @model_validator(mode="after")
    def _has_a_limit(self) -> Self:
        if (self.kind == "below") != bool(self.limit_per_1000):
            raise ValueError("a target below something has a limit_per_1000, and no other has")
        if self.limit_per_1000 and not float(self.limit_per_1000):
            raise ValueError("limit_per_1000 must be above 0: no rate is below it")
        return self


class Tier(Declared):
    """One class of cases; the first whose condition fits holds, and only classes that count enter the numerator."""

    title: Bilingual
    counted: bool
    when: Condition


class Ages(Declared):
    """Completed years at the event, both ends included; who has no known age is counted.

    The rate is over the children of these ages, unless it is `over_all_children`: said or not, a kept definition tells.
    """

    from_years: int = Field(default=0, ge=0)
    to_years: int = Field(default=17, le=17)
    over_all_children: Annotated[bool | None, Field(validate_default=True), AfterValidator(bool)] = None

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.from_years > self.to_years:
            raise ValueError("from_years is after to_years")
        return self

    @property
    def of_denominator(self) -> tuple[int, int]:
        """First and last year of age of the children over whom the rate is."""
        return (0, 17) if self.over_all_children else (self.from_years, self.to_years)


class Variant(Declared):
    """A definition made from another: what is named here replaces the other's, `only` narrows and `also` widens it."""

    title: Bilingual
    only: Condition | None = None
    also: Condition | None = None
    tiers: tuple[Word, ...] | None = None
    unit: Literal["children", "deaths", "incidents", "records"] | None = None
    residence: tuple[Word, ...] | None = None
    denominator: Literal["resident", "hukou"] | None = None


class Indicator(Declared):
    """One version of a definition: who is counted, over whom, by what unit; it holds from the year of `valid_from` on.

    `measures` are sub-indicators with codes of their own, `sensitivity` names analyses of schemas/sensitivity.yaml.
    """

    indicator: Annotated[str, Field(pattern=r"^[0-9A-Za-z_]+$"), BeforeValidator(_as_text)]
    version: int = Field(ge=1)
    valid_from: datetime.date
    title: Bilingual
    definition: Bilingual
    unit: Literal["children", "deaths", "incidents", "records"]
    numerator: Condition
    only: Condition | None = None
    also: Condition | None = None
    excluded: Condition | None = None
    tiers: dict[Word, Tier] = {}
    counted_tiers: tuple[Word, ...] = ()
    only_deaths: bool = False  # so stays what is made from a definition of deaths, whatever its unit
    residence: tuple[Word, ...] = ()
    ages: Ages = Ages()
    date: Literal["event_date", "death_date"] = "event_date"
    denominator: Literal["resident", "hukou"] = "resident"
    per: Literal[1000, 100000] = 1000
    depends_on: tuple[Identifier, ...] = ()
    completeness: tuple[Identifier, ...] = ()
    target: Target | None = None
    responsible_units: tuple[str, ...] = ()
    measures: dict[Word, Variant] = {}
    sensitivity: tuple[Word, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if len({*self.completeness}) != len(self.completeness) or len(self.completeness) not in (0, 2, 3):
            raise ValueError("completeness names two or three feeds: how many cases none saw is told by their overlap")
        named = {*self.counted_tiers, *(name for one in self.measures.values() for name in one.tiers or ())}
        require(named, self.tiers, "tiers")
        return self

    @property
    def tiers_counted(self) -> tuple[str, ...]:
        return self.counted_tiers or tuple(name for name, tier in self.tiers.items() if tier.counted)

    def varied(self, code: str, variant: Variant) -> "Indicator":
        """The definition that a variant makes of this one."""
        given = variant.model_dump(include={"unit", "residence", "denominator"}, exclude_none=True)
        changes = {"indicator": code, "title": variant.title, "only": variant.only, "also": variant.also, "target": None,
                   "measures": {}, "sensitivity": (), "completeness": (), "only_deaths": self.only_deaths or self.unit == "deaths"}  # fmt: skip
        return self.model_copy(update={**changes, **given, "counted_tiers": variant.tiers or self.counted_tiers})

    def conditions(self) -> Iterator[Condition]:
        """Every condition in it, for checking against the code lists."""
        stated = (self.numerator, self.only, self.also, self.excluded)
        yield from (condition for condition in stated if condition)
        yield from (tier.when for tier in self.tiers.values())


class Plan(Declared):
    """schemas/plan.yaml: what the children's plan and the duty office lay down for all indicators."""

    first_year: int
    freeze_month: int = Field(ge=1, le=12)
    freeze_day: int = Field(ge=1, le=31)
    pool_years: tuple[int, ...]
    standard: dict[Word, dict[Word, int]]  # sex → age group → persons of the standard population
    severe_title: Bilingual
    severe: Condition
