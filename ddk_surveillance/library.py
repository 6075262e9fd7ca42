"""All declarations under schemas/, read from one or more folders and checked against each other."""

import contextlib
import functools
import hashlib
import re
from collections.abc import Callable, Iterator, Mapping
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import ValidationError

from ddk_surveillance.contracts import (
    Bilingual,
    Check,
    Condition,
    Declared,
    Indicator,
    Plan,
    Rule,
    Source,
    SourceColumn,
    Table,
    TableColumn,
    Variant,
    repeated,
    require,
)
from ddk_surveillance.errors import ConfigurationError, DeclarationError, Text
from ddk_surveillance.settings import csv_rows, resource
from ddk_surveillance.text.icd10_ranges import check_ranges
from ddk_surveillance.text.spelling import folded

Model = TypeVar("Model", bound=Declared)
# Targets that stand for several columns: a date becomes an interval with a precision.
COMPOSITE_TARGETS = {"event_date": ("event_date_from", "event_date_to", "date_precision", "event_hour")}
# What the kinds of columns may become; the others become text.
TYPES_OF_KINDS = {
    "code": ("VARCHAR", "BOOLEAN"),
    "number": ("INTEGER", "BIGINT", "DOUBLE"),
    "date": ("DATE",),
    "hour": ("INTEGER",),
    "age": ("INTEGER",),
}
LABEL_COLUMNS = ("code", "zh", "en", "aliases")  # of every list that reads cells
POSITION = ("batch_id", "sheet", "row_number", "victim_number")
# Columns of a record that the load stage writes, not the contract.
BOOKKEEPING = ("disposition", "flags")
NOT_FED = {*BOOKKEEPING, *POSITION, "record_id", "content_hash", "source_code"}


class Library:
    """The declarations of one data home, by default those shipped; a later folder adds to and overrides an earlier one."""

    def __init__(self, folders: tuple[Path, ...] = ()) -> None:
        self.folders = folders or (resource("schemas"),)

    @functools.cached_property
    def tables(self) -> Mapping[str, Table]:
        declared = {table.table: table for table in self._models("tables", Table)}
        return {name: _with_followed_columns(table, declared) for name, table in declared.items()}

    @functools.cached_property
    def tables_fingerprint(self) -> str:
        """Changes whenever any table declaration changes."""
        text = "".join(table.model_dump_json() for table in self.tables.values())
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @functools.cached_property
    def everything_fingerprint(self) -> str:
        """Changes whenever any declaration, the linkage model, a statement or the program changes."""
        digest = hashlib.sha256(_program())
        for folder in (*self.folders, resource("warehouse")):
            for path in sorted(path for path in folder.rglob("*") if path.suffix in (".yaml", ".csv", ".json", ".sql")):
                digest.update(f"\0{path.name}\0".encode() + path.read_bytes())
        return digest.hexdigest()[:16]

    @functools.cached_property
    def codes(self) -> Mapping[str, frozenset[str]]:
        """List name → its codes."""
        return {name: _codes(path) for name, path in self._codelist_paths.items()}

    @functools.cached_property
    def sources(self) -> Mapping[str, Source]:
        sources = {source.source: source for source in self._models("sources", Source)}
        for path in self._files("sources", "*.yaml"):
            with _blaming(f"sources/{path.name}"):
                if path.stem not in sources:
                    raise ValueError("the file must have the name of the source that it declares")
        for source in sources.values():
            with _blaming(f"sources/{source.source}.yaml"):
                self._check_source(source)
        return sources

    def source(self, name: str) -> Source:
        """The declaration of a feed; ConfigurationError names those there are."""
        if name not in self.sources:
            known = sorted(self.sources)
            raise ConfigurationError(
                f"没有来源 {name}；可选：{'、'.join(known)}。",
                f"There is no source {name}; there are: {', '.join(known)}.",
            )
        return self.sources[name]

    @functools.cached_property
    def problems(self) -> Mapping[str, Bilingual]:
        """What to do about a text that could not be understood, by the code of its problem."""
        return self._entries("problems.yaml", Bilingual)

    @functools.cached_property
    def checks(self) -> Mapping[str, Check]:
        def check_itself(check: Check) -> None:
            require({check.over} - {None}, self.tables, "tables")
            require(check.problems, self.problems, "problems")

        return self._entries("checks.yaml", Check, check_itself)

    @functools.cached_property
    def indicators(self) -> Mapping[str, Indicator]:
        """Indicator → its newest definition."""
        return {one.indicator: one for one in self.definitions}

    @functools.cached_property
    def definitions(self) -> tuple[Indicator, ...]:
        """Every version of every indicator, by indicator and the year from which it holds."""
        found = self._models("indicators", Indicator)
        for one in found:
            with _blaming(f"indicators/{one.indicator}.yaml"):
                self._check_indicator(one, found)
        return tuple(sorted(found, key=lambda one: (one.indicator, one.valid_from.year)))

    @functools.cached_property
    def sensitivity(self) -> Mapping[str, Variant]:
        """The sensitivity analyses that indicators may name."""
        return self._entries("sensitivity.yaml", Variant, self._check_variant)

    @functools.cached_property
    def plan(self) -> Plan:
        plan = self.declared("plan.yaml", Plan)
        with _blaming("plan.yaml"):
            self._check_condition(plan.severe)
            require(plan.standard, self.codes["sex"], "codes of sex")
            for persons in plan.standard.values():
                require(persons, self.codes["age_group"], "codes of age_group")
        return plan

    def check(self) -> None:
        """Read everything now; raises DeclarationError for the first file that is wrong."""
        for folder in self.folders:
            for path in folder.rglob("*.*"):
                self._check_place(path.relative_to(folder))
        for declared in (self.tables, self.codes, self.sources, self.checks, self.indicators, self.sensitivity):
            len(declared)
        self.plan  # noqa: B018

    def _check_place(self, path: Path) -> None:
        """Raise DeclarationError for a file that nobody would read: of another ending, or where no shipped one stands."""
        shipped = self.folders[0]
        if path.suffix == ".yml":
            raise _declaration_error(str(path), "its name must end in .yaml")
        if path.suffix in (".yaml", ".csv") and not (shipped / (path.parent if path.parent.name else path)).exists():
            places = sorted(f"{one.name}/" if one.is_dir() else one.name for one in shipped.iterdir())
            raise _declaration_error(str(path), f"nothing is read there; it belongs to one of {', '.join(places)}")

    def declared(self, name: str, model: type[Model]) -> Model:
        """A declaration that is one file, such as linkage_quality.yaml."""
        with _blaming(name):
            return model.model_validate(_read_yaml(self.file(name)))

    def file(self, name: str) -> Path:
        """A file that stands by itself; the later folder's replaces the earlier's."""
        return self._files(".", name)[-1]

    def codelist_path(self, name: str) -> Path:
        """The file of a code list; the later folder wins."""
        return self._codelist_paths[name]

    @functools.cached_property
    def _codelist_paths(self) -> dict[str, Path]:
        return {path.stem: path for path in self._files("codelists", "*.csv")}

    def target_table(self, source: Source) -> Table:
        """The declared table whose columns this feed's columns become."""
        return self.tables["core.record_version" if source.target == "record" else "ref.population_version"]

    def received_table(self, source: Source) -> Table:
        """received.<source>: the declared columns as text, where they stood, and the period its title named."""
        columns = {name: _column("VARCHAR", name) for name in ("batch_id", "sheet")}
        columns |= {name: _column("INTEGER", name) for name in ("row_number", "title_year", "title_month")}
        columns |= {name: _column("VARCHAR", column.headers[0]) for name, column in source.physical_columns.items()}
        comment = Bilingual(zh=f"{source.title.zh}：原文（已去标识）", en=f"{source.title.en}: as it came, re-keyed")
        return Table(table=f"received.{source.source}", comment=comment, columns=columns)

    def recoded_columns(self, source: Source) -> dict[str, str]:
        """Column → type: the target's columns plus one problem column for everything that may be unreadable."""
        target = self.target_table(source).columns
        columns = {"batch_id": "VARCHAR", "sheet": "VARCHAR", "row_number": "INTEGER", "victim_number": "INTEGER"}
        columns |= {
            name: column.type for name, column in target.items() if name not in BOOKKEEPING and name not in POSITION
        }
        more = [f"code_{name}" for name in self.extra_codes(source)]
        more += [f"problem_{name}" for name in source.parsed_columns]
        more += [f"corrected_{name}" for name in source.corrections]
        return columns | dict.fromkeys(more, "VARCHAR")

    def extra_codes(self, source: Source) -> list[str]:
        """Coded columns that are no column of the target but decide others, such as a school's kind of event."""
        target = self.target_table(source).columns
        return [
            name
            for name, column in source.columns.items()
            if column.kind == "code" and (column.to or name) not in target
        ]

    def fed(self, source: Source) -> set[str]:
        """Columns of the record that this source can fill at all; a check that needs others does not apply."""
        fed = set(source.targets)
        for target, columns in COMPOSITE_TARGETS.items():
            fed |= set(columns) if target in fed else set()
        for column in source.columns.values():
            if column.kind == "code" and column.codelist:
                fed |= set(self.attributes(column.codelist))
        return fed | {"residence", "is_death", "reported_date"}

    def attributes(self, codelist: str) -> dict[str, dict[str, str]]:
        """Attribute name → code → what that code implies; only attributes that are columns of a record."""
        columns = self.tables["core.record_version"].columns
        implied: dict[str, dict[str, str]] = {}
        for row in self.code_rows(codelist):
            for name, value in row.items():
                attribute = name.removeprefix("attribute_")
                if attribute != name and attribute in columns:
                    implied.setdefault(attribute, {})[row["code"]] = value
        return implied

    def code_labels(self, codelist: str) -> dict[str, Text]:
        """Code → what it is called."""
        return {row["code"]: Text(row["zh"], row["en"]) for row in self.code_rows(codelist) if "zh" in row}

    def words(self, source: Source) -> frozenset[str]:
        """Every word, folded, that a code list or the declaration of this source knows."""
        declared = [term for column in source.columns.values() for term in (*column.terms, *column.rewrite)]
        declared += [text for one in source.corrections.values() for texts in one.when.values() for text in texts]
        return self._listed_words | frozenset(map(folded, declared))

    @functools.cached_property
    def _listed_words(self) -> frozenset[str]:
        cells = {cell for name in self.codes for row in self.code_rows(name) for cell in row.values() if cell}
        return frozenset(folded(word) for cell in cells for word in cell.split("|"))

    def fingerprint(self, source: Source) -> str:
        """Changes whenever anything that decides how this source is read and judged changes."""
        parts = [source.model_dump_json(), *(check.model_dump_json() for check in self.checks.values())]
        parts += [path.read_text(encoding="utf-8") for path in self._files("codelists", "*.csv")]
        return hashlib.sha256("".join(parts).encode()).hexdigest()[:12]

    def code_rows(self, codelist: str) -> list[dict[str, str]]:
        """The lines of a code list."""
        return csv_rows(self.codelist_path(codelist))

    def _check_source(self, source: Source) -> None:
        table = self.target_table(source)
        require(source.checks, self.checks, "checks")
        advice = "combine several into one that becomes source_record_number"
        require(source.numbered_by, table.columns, f"columns of {table.table}, for record_key, {advice}")
        institutions = [name for name, one in source.columns.items() if (one.to or name) == "institution_id"]
        require({source.institution} - {None}, institutions, "columns that become institution_id, for institution")
        _check_says_enough(source)
        for name, column in source.columns.items():
            self._check_column(table, name, column, is_helper=name in source.helpers)
        for name, value in source.constants.items():
            self._check_value(table, name, value, "constants")
        for name, values in source.victims.each.items() if source.victims else ():
            for value in values:
                self._check_value(table, name, value, "victims.each")
        for number, rule in enumerate(source.rules, start=1):
            self._check_rule(source, table, rule, f"rule {number}")

    def _check_column(self, table: Table, name: str, column: SourceColumn, is_helper: bool) -> None:
        target = column.to or name
        if column.to or not is_helper:
            fed = {*table.columns, *COMPOSITE_TARGETS} - NOT_FED
            require({target}, fed, f"columns of {table.table} that a feed may fill, for columns.{name}")
        require({column.codelist} - {None}, self.codes, f"code lists, for columns.{name}")
        if target in table.columns or column.to:
            _check_kind(table, name, column.kind, target)
            for code in column.terms.values():
                self._check_value(table, target, code, f"columns.{name}.terms")
        if column.codelist:
            used = {*LABEL_COLUMNS, column.dictionary, *column.dictionary_by_institution.values()} - {None}
            first = next(iter(self.code_rows(column.codelist)), {})
            require(used, first, f"columns of {column.codelist}.csv, for columns.{name}")
            require(
                column.terms.values(), self.codes[column.codelist], f"codes of {column.codelist}, for columns.{name}"
            )

    def _check_rule(self, source: Source, table: Table, rule: Rule, where: str) -> None:
        for name, value in rule.set.items():
            self._check_value(table, name, value, where)
        for name, values in rule.when.items():
            check_ranges(name, values)
            require(values, self._codes_of(source, table, name) or values, f"codes of {name}, for {where}")
        if rule.from_attributes:
            listed = {name for name, one in source.columns.items() if one.codelist and self.attributes(one.codelist)}
            require({rule.from_attributes}, listed, f"columns whose code list has attributes, for {where}")

    def _codes_of(self, source: Source, table: Table, name: str) -> frozenset[str]:
        """What a rule may find in a column: it decides by codes, never by what stands in the file; empty if anything."""
        column = source.columns.get(name)
        if column and column.kind == "code":
            return self.codes[column.codelist] if column.codelist else frozenset(column.terms.values())
        require({name}, table.columns, "coded columns of the feed and columns of the record")
        codelist = table.columns[name].codelist
        return self.codes[codelist] if codelist else frozenset()

    def _check_value(self, table: Table, name: str, value: str, where: str) -> None:
        require({name}, table.columns.keys() - NOT_FED, f"columns of {table.table}, for {where}")
        if table.columns[name].type == "BOOLEAN":
            require({value}, {"true", "false"}, f"values of the yes-no column {name}, for {where}")
        self._check_code(table, name, value, where)

    def _check_code(self, table: Table, name: str, value: str | bool, where: str = "") -> None:
        codelist = table.columns[name].codelist
        if codelist:
            require({str(value)}, self.codes[codelist], f"codes of {codelist}{where and f', for {where}'}")

    def _check_indicator(self, one: Indicator, found: list[Indicator]) -> None:
        versions = [other for other in found if other.indicator == one.indicator]
        years = [version.valid_from.year for version in versions]
        if len({version.version for version in versions}) < len(versions) or len(set(years)) < len(years):
            raise ValueError("two versions of an indicator need different numbers and different first years")
        for condition in one.conditions():
            self._check_condition(condition)
        require(one.residence, self.codes["residence"], "codes of residence")
        require({*one.depends_on, *one.completeness}, self.sources, "sources")
        require(one.sensitivity, self.sensitivity, "analyses of sensitivity.yaml")
        for code, variant in one.measures.items():
            self._check_variant(variant)
            others = [other.indicator for other in found]
            others += [name for other in found if other.indicator != one.indicator for name in other.measures]
            if code in others:
                raise ValueError(f"measures: {code} is the code of another figure")

    def _check_variant(self, variant: Variant) -> None:
        require(variant.residence or (), self.codes["residence"], "codes of residence")
        for condition in filter(None, (variant.only, variant.also)):
            self._check_condition(condition)

    def _check_condition(self, condition: Condition) -> None:
        incident = self.tables["core.incident"]
        for column, values in condition.leaves():
            require({column}, incident.columns, "columns of core.incident")
            check_ranges(column, map(str, values))
            kind = incident.columns[column].type
            if kind == "BOOLEAN":
                require(map(str, values), {"True", "False"}, "values of a yes-no column (true, false)")
            elif kind != "VARCHAR" and not (kind == "INTEGER" and all(str(value).isdecimal() for value in values)):
                raise ValueError(f"{column}: a condition asks for codes, whole numbers, true or false")
            for value in values:
                self._check_code(incident, column, value)
            if column == "sources":
                require(map(str, values), self.sources, "sources")

    def _entries(
        self, name: str, model: type[Model], check: Callable[[Model], None] = lambda _: None
    ) -> dict[str, Model]:
        """Declarations by their codes, all in one file."""
        entries = {}
        for path in self._files(".", name):
            for code, content in _read_yaml(path).items():
                with _blaming(f"{name}: {code}"):
                    entries[code] = model.model_validate(content)
                    check(entries[code])
        return entries

    def _models(self, folder: str, model: type[Model]) -> list[Model]:
        models = {}
        for path in self._files(folder, "*.yaml"):
            with _blaming(f"{folder}/{path.name}"):
                models[path.stem] = model.model_validate(_read_yaml(path))
        return list(models.values())

    def _files(self, folder: str, pattern: str) -> list[Path]:
        return [path for base in self.folders for path in sorted((base / folder).glob(pattern))]


def library_of(folders: tuple[Path, ...]) -> Library:
    """The declarations in these folders; those that came with the program are read once in a process."""
    return Library(folders) if len(folders) > 1 else _shipped()


@functools.cache
def _shipped() -> Library:
    return Library()


def _check_says_enough(source: Source) -> None:
    """Who, when and whose: without one of these nothing would be counted, or grown-ups would, or people twice, as in totals."""
    if source.target == "population":
        filled = {column.to or name for name, column in source.columns.items() if column.filled == "error"}
        filled |= set(source.victims.each if source.victims else ())
        return require(
            {"year", "sex", "age_years", "value"} & source.targets | {"value"}, filled, "columns filled: error"
        )
    for any_of in (("event_date", "death_date"), ("age_years", "birth_month"), ("township_code", "residence")):
        if source.targets.isdisjoint(any_of):
            raise ValueError(f"no column, constant or rule gives {' or '.join(any_of)}")


def _check_kind(table: Table, name: str, kind: str, target: str) -> None:
    """Raise ValueError if what a column of this kind becomes is no value of its target."""
    fixed = {"age": "age_years", "township": "township_code"}.get(kind, target)
    kinds = TYPES_OF_KINDS.get(kind, ("VARCHAR",))
    parts = COMPOSITE_TARGETS["event_date"][:3]
    given = "DATE" if target in COMPOSITE_TARGETS else table.columns[target].type
    if target != fixed or given not in kinds or target in parts:
        right = (
            fixed if target != fixed else "event_date" if target in parts else f"a column of type {' or '.join(kinds)}"
        )
        raise ValueError(f"columns.{name}: the kind {kind} cannot become {target}; it becomes {right}")


def _with_followed_columns(table: Table, declared: Mapping[str, Table]) -> Table:
    """A table of versions has all columns of the table that it follows."""
    if table.versions_of is None:
        return table
    with _blaming(f"tables/{table.table}.yaml"):
        require({table.versions_of}, declared, "tables")
    return table.model_copy(update={"columns": declared[table.versions_of].columns | table.columns})


class _StrictLoader(yaml.CSafeLoader):
    """YAML in which a key given twice is an error: silently keeping the last one hides a definition."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=True) for key, _ in node.value]
        if twice := repeated(map(str, keys)):
            raise ValueError(f"given twice: {', '.join(twice)}")
        return super().construct_mapping(node, deep=deep)

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        if re.match(r"[-+]?0[0-9_]", node.value):
            raise ValueError(f"{node.value}: write it in quotes, or YAML counts it in eights")
        return super().construct_yaml_int(node)


_StrictLoader.add_constructor("tag:yaml.org,2002:int", _StrictLoader.construct_yaml_int)


def _read_yaml(path: Path) -> dict[str, Any]:
    return _parsed(path.read_text(encoding="utf-8"))


@functools.lru_cache(maxsize=512)
def _parsed(text: str) -> dict[str, Any]:
    """What a text declares; to parse all of them takes longer than to open the warehouse."""
    content = yaml.load(text, Loader=_StrictLoader)  # a safe loader
    if not isinstance(content, dict):
        raise ValueError("not a mapping")
    return content


@functools.cache
def _program() -> bytes:
    """The engine, and all of our own code, which a version need not tell apart."""
    code = (path.read_bytes() for path in sorted(Path(__file__).parent.rglob("*.py")))
    return b"\0".join([metadata.version("duckdb").encode(), *code])


def _column(kind: Literal["VARCHAR", "INTEGER"], name: str) -> TableColumn:
    return TableColumn(type=kind, comment=Bilingual(zh=name, en=name))


def _codes(path: Path) -> frozenset[str]:
    with _blaming(f"codelists/{path.name}"):
        rows = csv_rows(path)
        require({"code"}, rows[0] if rows else (), "columns")
        codes = [row["code"] for row in rows]
        if twice := repeated(codes):
            raise ValueError(f"codes given twice: {', '.join(twice)}")
        return frozenset(codes)


@contextlib.contextmanager
def _blaming(name: str) -> Iterator[None]:
    """Turn whatever is wrong inside into one sentence that names the declaration."""
    try:
        yield
    except ValidationError as error:
        raise _declaration_error(name, "; ".join(_complaint(dict(item)) for item in error.errors())) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise _declaration_error(name, f"line {line}: {error.problem}") from None
    except UnicodeDecodeError:
        raise _declaration_error(name, "it is not saved as UTF-8") from None
    except (ValueError, yaml.YAMLError) as error:
        raise _declaration_error(name, str(error)) from None


def _complaint(item: dict[str, Any]) -> str:
    """The key and what is wrong with it."""
    mapping = "must be keys with values, as in {key: value}"
    said = {"tuple_type": "must be a list, as in [a, b]", "model_type": mapping, "dict_type": mapping}
    message = said.get(item["type"], item["msg"].removeprefix("Value error, "))
    return ": ".join(filter(None, (".".join(map(str, item["loc"])), message)))


def _declaration_error(name: str, what: str) -> DeclarationError:
    return DeclarationError(
        f"声明文件 schemas/{name} 有误：{what}。请改正后重新运行。",
        f"The declaration schemas/{name} is wrong: {what}. Mend it and run again.",
    )
