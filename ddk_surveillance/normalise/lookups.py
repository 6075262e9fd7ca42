"""Distinct texts of a column → parsed values, as a small table to be joined back."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pyarrow

from ddk_surveillance.contracts import NOT_KEPT, Source, SourceColumn
from ddk_surveillance.different import Question, different
from ddk_surveillance.library import Library
from ddk_surveillance.normalise.ages import parse_age
from ddk_surveillance.normalise.codes import CodeList, key_of
from ddk_surveillance.normalise.icd10 import classify, parse_icd10, violence_type
from ddk_surveillance.normalise.townships import DISTRICT, ELSEWHERE, Townships
from ddk_surveillance.problems import Problem
from ddk_surveillance.text.dates import parse_date, parse_hour
from ddk_surveillance.text.missing import is_missing
from ddk_surveillance.warehouse import Warehouse

NUMBER = re.compile(r"[+-]?(\d{1,15}|\d{1,3}(,\d{3}){1,4})(\.\d{1,15})?", re.ASCII)
# Problems that say no more than "not one of these", and what tells cells of other kinds at a glance.
NOT_UNDERSTOOD = frozenset({"unknown_code", "unknown_township", "unreadable_date", "date_without_year", "unreadable_hour", "unreadable_age",
                            "unreadable_icd10"})  # fmt: skip
SHAPES = {
    "date": re.compile(r"20\d\d[-/.年]\d{1,2}([-/.月]\d{1,2}日?([ T].*)?|月)"),
    "age": re.compile(r"\d{1,2}(周?岁|个月|月龄)"),
    "icd10": re.compile(r"[A-Z]\d\d\.[0-9x]\S*"),
}
LONGEST_WORD = 24
Parser = Callable[..., Any]  # a value, several in a tuple, or a Problem

# A place without a township: somewhere in the district, or elsewhere.
RESIDENCE: dict[str, tuple[str | None, str]] = {ELSEWHERE: (None, "non_resident"), DISTRICT: (None, "resident")}
# What an external cause or a diagnosis of maltreatment says besides the code itself.
IMPLIED_BY_ICD10 = ("intent", "mechanism", "violence_type")
WHOLE, DAY, WORD = pyarrow.int32(), pyarrow.date32(), pyarrow.string()
FIELDS: dict[str, dict[str, pyarrow.DataType]] = {
    "number": {"value": pyarrow.float64()},
    "code": {"value": WORD},
    "date": {"first": DAY, "last": DAY, "precision": WORD, "hour": WHOLE},
    "hour": {"value": WHOLE},
    "age": {"years": WHOLE, "months": WHOLE},
    "icd10": dict.fromkeys(("value", *IMPLIED_BY_ICD10), WORD),
    "township": {"value": WORD, "residence": WORD},
}


@dataclass(frozen=True)
class Lookup:
    """One column's answers: key columns k0…, value columns v_…, and the problem where there is no answer."""

    column: str
    keys: tuple[str, ...]  # expressions over the exploded rows
    table: pyarrow.Table

    @property
    def name(self) -> str:
        return f"lookup_{self.column}"

    @property
    def is_understood(self) -> bool:
        """Whether no text of the column is a problem."""
        return "problem" in self.table.column_names and self.table["problem"].null_count == len(self.table)


def lookups_of(db: Warehouse, source: Source) -> tuple[Lookup, ...]:
    """One lookup for every column whose text has to be understood; the others are taken as they are."""
    others = Others(db.library, source)
    columns = {name: one for name, one in source.columns.items() if one.kind in (*FIELDS, "identifier")}
    questions = [_question(source, name, column) for name, column in columns.items()]
    answers = different(db, "exploded", questions)
    return tuple(
        _lookup(db, name, tuple(keys.values()), column, asked, others)
        for (name, column), (keys, _), asked in zip(columns.items(), questions, answers, strict=True)
    )


def _question(source: Source, name: str, column: SourceColumn) -> Question:
    """Which texts stand in a column, with what besides decides their meaning; of identifiers only those that are no number."""
    keys = {f"k{place}": key for place, key in enumerate((name, *_context(source, column)))}
    is_identifier = column.kind == "identifier"
    return keys, f"NOT regexp_matches({name}, '[0-9]')" if is_identifier else f"{name} IS NOT NULL"


def _no_numbers(name: str, asked: pyarrow.Table) -> Lookup:
    """What stands in the place of an institution's own number: two records without one are not the same record."""
    missing = [text for text in asked["k0"].to_pylist() if text == NOT_KEPT.zh or is_missing(text, "identifier")]
    return Lookup(name, (name,), pyarrow.table({"k0": pyarrow.array(missing, pyarrow.string())}))


class Others:
    """Tells of a text that its own column cannot read whether it plainly belongs in another column of the feed."""

    def __init__(self, library: Library, source: Source) -> None:
        columns = source.columns.values()
        self.lists = {
            name: CodeList.load(library.codelist_path(name))
            for name in sorted({column.codelist for column in columns if column.codelist})
        }
        self.terms = frozenset(term for column in columns for term in column.terms)
        self.kinds = {column.kind for column in columns}

    def claim(self, text: str, kind: str) -> bool:
        """Whether a text is a word of some column, or has the look of a kind other than its own."""
        if len(text) > LONGEST_WORD or is_missing(text, "text"):
            return False
        if text in self.terms or any(codes.knows(text) for codes in self.lists.values()):
            return True
        shapes = (shape for other, shape in SHAPES.items() if other in self.kinds - {kind})
        return any(shape.fullmatch(text) for shape in shapes)


def _lookup(
    db: Warehouse, name: str, keys: tuple[str, ...], column: SourceColumn, asked: pyarrow.Table, others: Others
) -> Lookup:
    if column.kind == "identifier":
        return _no_numbers(name, asked)
    parse = _parser(db, column)
    texts, *contexts = (item.to_pylist() for item in asked)
    rows = zip(map(column.rewritten, texts), *contexts, strict=True)
    answers = [_answer(parse, column.kind, row, others) for row in rows]
    return Lookup(name, keys, _with_answers(asked, column.kind, answers))


def _context(source: Source, column: SourceColumn) -> tuple[str, ...]:
    """What besides the text itself decides its meaning."""
    if column.kind == "date":
        return ("title_year", "title_month")
    if column.kind == "age" and column.unit_column:
        return (column.unit_column,)
    if column.dictionary_by_institution and source.institution:
        cases = " ".join(f"WHEN '{name}' THEN '{used}'" for name, used in column.dictionary_by_institution.items())
        otherwise = f"'{column.dictionary}'" if column.dictionary else "NULL"
        return (f"CASE {source.institution} {cases} ELSE {otherwise} END",)
    return ()


def _answer(parse: Parser, kind: str, row: tuple[Any, ...], others: Others) -> tuple[Any, ...]:
    """(problem code or None, values …) for one distinct text; a missing-word is neither."""
    nothing = (None,) * len(FIELDS[kind])
    if is_missing(row[0], kind):
        return (None, *nothing)
    parsed = parse(*row)
    if not isinstance(parsed, Problem):
        values = parsed if isinstance(parsed, tuple) else (parsed,)
        return (None, *values[: len(nothing)])  # the days of an age are not kept
    is_stray = parsed.code in NOT_UNDERSTOOD and others.claim(row[0], kind)
    return ("of_another_column" if is_stray else parsed.code, *nothing)


def _with_answers(asked: pyarrow.Table, kind: str, answers: list[tuple[Any, ...]]) -> pyarrow.Table:
    columns = list(zip(*answers, strict=True)) or [()] * (1 + len(FIELDS[kind]))
    asked = asked.append_column("problem", pyarrow.array(columns[0], pyarrow.string()))
    for (field, arrow_type), values in zip(FIELDS[kind].items(), columns[1:], strict=True):
        asked = asked.append_column(f"v_{field}", pyarrow.array(values, arrow_type))
    return asked


def _parser(db: Warehouse, column: SourceColumn) -> Parser:
    if column.kind == "code":
        return _code_parser(db, column)
    if column.kind == "township":
        return _township_parser(db)
    if column.kind == "number":
        return lambda text: _number(text, column.minimum, column.maximum)
    parsers: dict[str, Parser] = {"date": parse_date, "hour": parse_hour, "age": parse_age, "icd10": _icd10(column)}
    return parsers[column.kind]


def _code_parser(db: Warehouse, column: SourceColumn) -> Parser:
    codes = CodeList.load(db.library.codelist_path(column.codelist)) if column.codelist else None
    terms = {key_of(term): code for term, code in column.terms.items()}

    def parse(text: str, dictionary: str | None = column.dictionary) -> str | Problem | None:
        if (key := key_of(text)) in terms:
            return terms[key]
        return codes.decode(text, dictionary) if codes else Problem("unknown_code")

    return parse


def _township_parser(db: Warehouse) -> Parser:
    townships = Townships.load(db.library.codelist_path("township"))

    def parse(text: str) -> tuple[Any, ...] | Problem:
        code = townships.parse(text)
        if isinstance(code, Problem):
            return code
        return RESIDENCE.get(code, (code, "resident"))

    return parse


def _icd10(column: SourceColumn) -> Parser:
    def parse(text: str) -> tuple[Any, ...] | Problem:
        parsed = parse_icd10(text, several=column.several_codes)
        if isinstance(parsed, Problem):
            return parsed
        # of several diagnoses maltreatment is the one that decides what is counted
        code = next(filter(violence_type, parsed), parsed[0])
        return (code, *_implied(code))

    return parse


def _implied(code: str) -> tuple[str | None, str | None, str | None]:
    cause = classify(code)
    return (*cause, None) if cause else (None, None, violence_type(code))


def _number(text: str, low: float, high: float) -> float | Problem:
    if not NUMBER.fullmatch(text):
        return Problem("unreadable_number")
    number = float(text.replace(",", ""))
    return number if low <= number <= high else Problem("number_out_of_range")


def attribute_tables(library: Library, source: Source) -> dict[str, pyarrow.Table]:
    """For every code list that decides other columns: code → what it implies, as attribute_<list>."""
    names = {str(source.columns[rule.from_attributes].codelist) for rule in source.rules if rule.from_attributes}
    return {f"attribute_{name}": _attribute_table(library.attributes(name)) for name in sorted(names)}


def _attribute_table(attributes: dict[str, dict[str, str]]) -> pyarrow.Table:
    codes = sorted({code for values in attributes.values() for code in values})
    columns = {name: [values.get(code) or None for code in codes] for name, values in attributes.items()}
    schema = pyarrow.schema([(name, pyarrow.string()) for name in ("code", *columns)])
    return pyarrow.table({"code": codes, **columns}, schema=schema)
