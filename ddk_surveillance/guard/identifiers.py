"""Finds cells that identify a person; says kind, column, rows and number, never the value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from ddk_surveillance.guard.headers import header_kind, revealing_cells
from ddk_surveillance.guard.patterns import FLOAT_TEXT, HAN_DIGITS, RULES, SPELT_OUT, Rule, any_hint, any_rule

ROWS_SHOWN = 5
_SAMPLE = 10_000
_FEW_BYTES = 32_768
# Anything but ASCII, Chinese characters and their punctuation is normalised before matching.
_NOT_PLAIN = "[^\\x09\\x0a\\x0d\\x20-\\x7e、。，：；（）一-鿿]"
_INVISIBLE = r"[\p{Cf}\p{Mn}\p{Me}\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_DECIMAL = r"^\s*[+-]?[0-9]{1,5}\.[0-9]+\s*$"
# Kinds without check digit whose shape an institution's own numbering may share (H00120345).
_NUMBERED_KINDS = frozenset({"identifier", "code"})
_SERIES = 20


@dataclass(frozen=True)
class GuardedColumn:
    """A column to be guarded: its name in the table, its declared kind, and its header where that differs."""

    name: str
    kind: str = "text"
    header: str = ""


@dataclass(frozen=True)
class Finding:
    """So many cells of a column hold this kind of identifier; the first few row numbers help to find them."""

    kind: str
    column: str
    row_numbers: tuple[int, ...]
    count: int


def find_identifiers(table: pa.Table, columns: Sequence[GuardedColumn]) -> tuple[Finding, ...]:
    """Direct identifiers in the cells of a received file.

    `table` holds text cells and an integer column `row_number`; the answer is in the order of `columns`, then of kinds.
    """
    return tuple(finding for column in columns for finding in _findings(table, column))


def scan_text(text: str) -> tuple[str, ...]:
    """Kinds of direct identifiers in a single text, such as a sheet title, a sheet or file name or a header."""
    return tuple(dict.fromkeys(rule.kind for rule, _ in _hits(pa.array([text], pa.string()))))


def _findings(table: pa.Table, column: GuardedColumn) -> Iterator[Finding]:
    cells = table[column.name].cast(pa.string())
    for kind, values in sorted(_identifying_values(cells, column).items()):
        rows = table["row_number"].filter(pc.is_in(cells, value_set=values))
        yield Finding(kind, column.name, tuple(rows.slice(0, ROWS_SHOWN).to_pylist()), len(rows))


def _identifying_values(cells: pa.ChunkedArray, column: GuardedColumn) -> dict[str, pa.Array]:
    parts = [part.drop_null() for part in _distinct_parts(cells)]
    hits = [hit for part in parts for hit in _hits(part)]
    found: dict[str, list[pa.Array]] = {}
    for rule in RULES:
        values = [value for hit_rule, value in hits if hit_rule is rule]
        if values and not _is_serial(rule, values, parts, column):
            found.setdefault(rule.kind, []).extend(values)
    announced = header_kind(column.header or column.name)
    if announced:
        found.setdefault(announced, []).extend(part.filter(revealing_cells(announced, part)) for part in parts)
    return {kind: values for kind, arrays in found.items() if len(values := pc.unique(pa.chunked_array(arrays)))}


def _distinct_parts(cells: pa.ChunkedArray) -> list[pa.Array]:
    """Distinct values where that saves work; cells that hardly repeat are read faster than they are compared."""
    sample = cells.slice(0, _SAMPLE)
    if len(cells) > _SAMPLE and pc.count_distinct(sample).as_py() > _SAMPLE // 2:
        return list(cells.chunks)
    return [pc.unique(cells)]


def _is_serial(rule: Rule, values: list[pa.Array], parts: list[pa.Array], column: GuardedColumn) -> bool:
    """True for a long series of numbers in which this rule hits no oftener than chance (Luhn 1/10, a date 1/27)."""
    if rule.serial is None:
        return False
    series = sum(pc.sum(pc.match_substring_regex(part, rule.serial)).as_py() or 0 for part in parts)
    own_numbers = rule.kind in ("passport", "travel_permit") and column.kind in _NUMBERED_KINDS
    return series >= _SERIES and (own_numbers or 4 * sum(map(len, values)) < series)


def _hits(values: pa.Array) -> Iterator[tuple[Rule, pa.Array]]:
    """Every rule that hits, with the values it hits."""
    originals, texts = _readings(values)
    for rule in RULES if len(texts) else ():
        hit = _hit_by(rule, texts)
        if pc.any(hit).as_py():
            yield rule, originals.filter(hit)


def _hit_by(rule: Rule, texts: pa.Array) -> pa.Array:
    if texts.nbytes <= _FEW_BYTES:
        return pa.array([rule.found_in(text) for text in texts.to_pylist()], pa.bool_())
    rough = pc.match_substring_regex(texts, rule.rough)
    if rule.accept is None:
        return rough
    exact = pa.array([rule.found_in(text) for text in texts.filter(rough).to_pylist()], pa.bool_())
    return pc.replace_with_mask(rough, rough, exact)


def _readings(values: pa.Array) -> tuple[pa.Array, pa.Array]:
    """The few values worth judging, and the texts to judge: normalised, and once more with digits spelt out."""
    texts = _normalised(values)
    worth = _matching(texts, any_hint() if texts.nbytes <= _FEW_BYTES else any_rule())
    values, texts = values.filter(worth), texts.filter(worth)
    plain = pc.invert(_matching(texts, _DECIMAL))
    spelt = _matching(texts, f"{SPELT_OUT}|{FLOAT_TEXT}")
    respelt = pa.array([_in_digits(text) for text in texts.filter(spelt).to_pylist()], pa.string())
    originals = pa.concat_arrays([values.filter(plain), values.filter(spelt)])
    return originals, pa.concat_arrays([texts.filter(plain), respelt])


def _matching(texts: pa.Array, pattern: str) -> pa.Array:
    if texts.nbytes > _FEW_BYTES:
        return pc.match_substring_regex(texts, pattern)
    search = re.compile(pattern, re.ASCII).search
    return pa.array([search(text) is not None for text in texts.to_pylist()], pa.bool_())


def _normalised(values: pa.Array) -> pa.Array:
    """Full-width forms made plain (NFKC), zero-width, combining and control characters removed."""
    odd = pc.match_substring_regex(values, _NOT_PLAIN)
    if not pc.any(odd).as_py():
        return values
    plain = pc.replace_substring_regex(pc.utf8_normalize(values.filter(odd), "NFKC"), _INVISIBLE, "")
    return pc.replace_with_mask(values, odd, plain)


def _in_digits(text: str) -> str:
    """一三八… or ١٣٨… as 138…, and 5.00104201503071E+17 as 500104201503071000."""
    if re.match(FLOAT_TEXT, text):
        return str(int(Decimal(text.strip().lstrip("'"))))
    return "".join(_digit(character) for character in text)


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return HAN_DIGITS.get(character, character if value is None else str(value))
