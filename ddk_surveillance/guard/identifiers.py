"""Finds cells that identify a person; says kind, column, rows and number, never the value."""

import functools
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

import pyarrow as pa
import pyarrow.compute as pc

from ddk_surveillance.guard.headers import header_kind, revealing_cells
from ddk_surveillance.guard.names import HAN, NAME, is_name
from ddk_surveillance.guard.patterns import (
    FLOAT_TEXT,
    HAN_DIGITS,
    RESIDENT_ID,
    RULES,
    SPELT_OUT,
    Rule,
    any_hint,
    any_rule,
)
from ddk_surveillance.side_by_side import side_by_side
from ddk_surveillance.text.spelling import folded

ROWS_SHOWN = 5
_SAMPLE = 10_000
_FEW_BYTES = 32_768
# Anything but ASCII, Chinese characters and their punctuation is normalised before matching.
_NOT_PLAIN = "[^\\x09\\x0a\\x0d\\x20-\\x7e、。一-鿿]"
_INVISIBLE = r"[\p{Cf}\p{Mn}\p{Me}\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"
_DECIMAL = r"^\s*[+-]?[0-9]{1,5}\.[0-9]+\s*$"
# Kinds without check digit whose shape an institution's own numbering may share (H00120345).
_CODED_KINDS = frozenset({"code", "township"})
_NUMBERED_KINDS = frozenset({"identifier", "code"})
_NUMBER_LIKE = frozenset({"passport", "travel_permit"})
_SERIES = 20
_AREA_AND_YEAR = 10
_SAME_START = 4  # H001…, of a clinic that saw three children
_HEADER_ROWS = 20
_DATE = r"\s*(?:(?:19|20)[0-9]{2}[-./\x{5E74}]?[01]?[0-9]\x{6708}?(?:[-./]?[0-3]?[0-9]\x{65E5}?)?)?\s*"  # year, month, day in Chinese
_MAY_HOLD_NAMES = frozenset({"text", "identifier", "token"})
_NAME_ALONE = re.compile(f"[\\s0-9A-Za-z_.#-]*({NAME})[\\s0-9A-Za-z_.#-]*")
_A_FEW_PEOPLE = 5


@dataclass(frozen=True)
class GuardedColumn:
    """A column to be guarded: its name in the table, its declared kind, its header where that differs, and what parts victims."""

    name: str
    kind: str = "text"
    header: str = ""
    separator: str = ""


@dataclass(frozen=True)
class Finding:
    """So many cells of a column hold this kind of identifier; the first few row numbers help to find them."""

    kind: str
    column: str
    row_numbers: tuple[int, ...]
    count: int


def find_identifiers(
    table: pa.Table, columns: Sequence[GuardedColumn], words: frozenset[str] = frozenset()
) -> tuple[Finding, ...]:
    """Direct identifiers in the cells of a received file.

    `table` holds text cells and an integer column `row_number`; the answer is in the order of `columns`, then of kinds.
    Coded cells that are one of the folded `words` are nobody's: a region may be E06000001, like a passport.
    """
    found = side_by_side(len(table), lambda column: tuple(_findings(table, column, words)), columns)
    return tuple(itertools.chain.from_iterable(found))


def find_announced(table: pa.Table) -> tuple[Finding, ...]:
    """What stands below the words that announce an identifier (姓名 …) in a sheet whose header nobody knows."""
    return tuple(finding for name in table.column_names[:-1] for finding in _announced(table, name))


def _announced(table: pa.Table, name: str) -> Iterator[Finding]:
    top = table[name].slice(0, _HEADER_ROWS).to_pylist()
    place = next((place for place, cell in enumerate(top) if cell and header_kind(cell)), None)
    if place is not None:
        below = table.slice(place + 1)
        yield from (one for one in _findings(below, GuardedColumn(name, "text", top[place])))


def find_split_numbers(table: pa.Table) -> tuple[Finding, ...]:
    """Resident numbers that stand in several neighbouring cells; `table` as for `find_identifiers`.

    One in eleven other digits has the right check character, so only where a quarter of such rows does.
    """
    names = table.column_names[:-1]
    digits = {name: pc.fill_null(pc.ascii_is_decimal(table[name]), False) for name in names}
    lengths = {name: pc.binary_length(table[name]) for name in names}
    longest = [pc.max(lengths[name]).as_py() or 0 for name in names]
    with_digits = [pc.any(digits[name]).as_py() for name in names]
    windows = ((start, start + width) for width in range(2, 19) for start in range(len(names) - width + 1))
    parts = [
        names[start:end] for start, end in windows if all(with_digits[start : end - 1]) and sum(longest[start:end]) > 17
    ]
    return tuple(finding for part in parts for finding in _split_numbers(table, part, digits, lengths))


def _split_numbers(
    table: pa.Table, names: Sequence[str], digits: Mapping[str, pa.ChunkedArray], lengths: Mapping[str, pa.ChunkedArray]
) -> Iterator[Finding]:
    length = functools.reduce(pc.add, (lengths[name] for name in names))
    likely = functools.reduce(pc.and_, (digits[name] for name in names[:-1]), pc.equal(length, 18))
    rows = table.select([*names, "row_number"]).filter(pc.fill_null(likely, False))
    joined = pc.binary_join_element_wise(*(rows[name] for name in names), "")
    hit = pa.array([RESIDENT_ID.found_in(text) for text in joined.to_pylist()], pa.bool_())
    numbers = rows["row_number"].filter(hit).to_pylist()
    if numbers and 4 * len(numbers) >= len(rows):
        yield Finding(RESIDENT_ID.kind, names[0], tuple(numbers[:ROWS_SHOWN]), len(numbers))


def scan_text(text: str) -> tuple[str, ...]:
    """Kinds of direct identifiers in a single text, such as a sheet title, a sheet or file name or a header."""
    return scan_texts([text])


def scan_texts(texts: Sequence[str]) -> tuple[str, ...]:
    """Kinds of direct identifiers in any of some texts."""
    return tuple(dict.fromkeys(rule.kind for rule, _ in _hits(pa.array(texts, pa.string()))))


def _findings(table: pa.Table, column: GuardedColumn, words: frozenset[str] = frozenset()) -> Iterator[Finding]:
    cells = table[column.name].cast(pa.string())
    if (
        column.separator and column.kind == "date"
    ):  # the births of several victims in a row: one in twenty looks like a number
        is_dates = pc.match_substring_regex(cells, f"^{_DATE}(?:(?:{column.separator}){_DATE})*$")
        cells = pc.if_else(is_dates, None, cells)
    coded = words if column.kind in _CODED_KINDS else frozenset()
    for kind, values in sorted(_identifying_values(cells, column).items()):
        values = values.filter(pa.array([folded(value) not in coded for value in values.to_pylist()], pa.bool_()))
        rows = table["row_number"].filter(pc.is_in(cells, value_set=values))
        if len(rows):
            yield Finding(kind, column.name, tuple(rows.slice(0, ROWS_SHOWN).to_pylist()), len(rows))


def _identifying_values(cells: pa.ChunkedArray, column: GuardedColumn) -> dict[str, pa.Array]:
    texts = distinct(cells).drop_null()
    found: dict[str, list[pa.Array]] = {}
    for rule, values in _hits(texts, _rules_for(column, texts)):
        values = _but_counters(values, texts) if rule is RESIDENT_ID else values
        if not 4 * len(values) < _length_of_series(rule, texts):
            found.setdefault(rule.kind, []).append(values)
    announced = header_kind(column.header or column.name)
    if announced:
        found.setdefault(announced, []).append(texts.filter(revealing_cells(announced, texts)))
    if column.kind in _MAY_HOLD_NAMES:
        found.setdefault("name", []).append(_names(texts))
    return {kind: values for kind, arrays in found.items() if len(values := pc.unique(pa.chunked_array(arrays)))}


def _but_counters(numbers: pa.Array, texts: pa.Array) -> pa.Array:
    """Without an institution's own numbers of district, date and counter (500104202403050012).

    Of those that begin alike one in eleven has the right check character by chance; of resident numbers nearly all have it.
    """
    digits = texts.filter(pc.match_substring_regex(texts, "^[0-9]{18}$"))
    alike, starts = (pc.utf8_slice_codeunits(these, 0, _AREA_AND_YEAR).to_pylist() for these in (digits, numbers))
    many, right = Counter(alike), Counter(starts)
    return numbers.filter(pa.array([4 * right[start] >= many[start] for start in starts], pa.bool_()))


def _names(texts: pa.Array) -> pa.Array:
    """The cells of a list of names, whatever stands above it: five people and half of what is Chinese, numbers beside them or not."""
    chinese = texts.filter(pc.match_substring_regex(texts, f"[{HAN}]"))
    cells = pc.unique(chinese.slice(0, _SAMPLE))
    plain = zip(cells.to_pylist(), normalised(cells).to_pylist(), strict=True)
    names = {cell: found[1] for cell, text in plain if (found := _NAME_ALONE.fullmatch(text)) and is_name(found[1])}
    is_list = len(set(names.values())) >= _A_FEW_PEOPLE and 2 * len(names) >= len(cells)
    return pa.array(names if is_list else (), pa.string())


def distinct(cells: pa.ChunkedArray) -> pa.Array:
    """Distinct values where that saves work; cells that hardly repeat are read faster than they are compared.

    In one piece, because pyarrow compiles every pattern anew for every piece.
    """
    sample = cells.slice(0, _SAMPLE)
    if len(cells) > _SAMPLE and pc.count_distinct(sample).as_py() > _SAMPLE // 2:
        return cells.combine_chunks()
    return pc.unique(cells)


def _rules_for(column: GuardedColumn, texts: pa.Array) -> tuple[Rule, ...]:
    """All rules but those that a column of an institution's own numbers is expected to match."""
    if column.kind not in _NUMBERED_KINDS:
        return RULES
    return tuple(rule for rule in RULES if rule.kind not in _NUMBER_LIKE or not _counts_records(rule, texts))


def _counts_records(rule: Rule, texts: pa.Array) -> bool:
    """Many numbers that look alike, or a few that all begin alike too."""
    if not rule.serial or len(texts) >= _SERIES:
        return bool(_length_of_series(rule, texts))
    few = texts.to_pylist()
    starts = {one[:_SAME_START] for one in few}
    return len(few) > 1 and len(starts) == 1 and all(re.match(rule.serial, one) for one in few)


def _length_of_series(rule: Rule, texts: pa.Array) -> int:
    """How many numbers look alike if there are many: chance makes one in 10 a card (Luhn), one in 27 hold a date."""
    length = (pc.sum(pc.match_substring_regex(texts, rule.serial)).as_py() or 0) if rule.serial else 0
    return length if length >= _SERIES else 0


def _hits(values: pa.Array, rules: tuple[Rule, ...] = RULES) -> Iterator[tuple[Rule, pa.Array]]:
    """Every rule that hits, with the values it hits."""
    originals, texts = _readings(values, rules)
    for rule in rules if len(texts) else ():
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


def _readings(values: pa.Array, rules: tuple[Rule, ...]) -> tuple[pa.Array, pa.Array]:
    """The few values worth judging, and the texts to judge: normalised, and once more with digits spelt out."""
    texts = normalised(values)
    patterns = (any_hint if texts.nbytes <= _FEW_BYTES else any_rule)(rules)
    worth = functools.reduce(pc.or_, (matching(texts, pattern) for pattern in patterns))
    values, texts = values.filter(worth), texts.filter(worth)
    if not len(texts):
        return values, texts
    plain = pc.invert(matching(texts, _DECIMAL))
    spelt = matching(texts, f"{SPELT_OUT}|{FLOAT_TEXT}")
    respelt = pa.array([_in_digits(text) for text in texts.filter(spelt).to_pylist()], pa.string())
    originals = pa.concat_arrays([values.filter(plain), values.filter(spelt)])
    return originals, pa.concat_arrays([texts.filter(plain), respelt])


def matching(texts: pa.Array, pattern: str) -> pa.Array:
    if texts.nbytes > _FEW_BYTES:
        return pc.match_substring_regex(texts, pattern)
    search = re.compile(pattern, re.ASCII).search
    return pa.array([search(text) is not None for text in texts.to_pylist()], pa.bool_())


def normalised(values: pa.Array) -> pa.Array:
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
