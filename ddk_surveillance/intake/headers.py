"""Finds the header of a sheet: which row or pair of rows names most of the declared columns, and where each stands."""

import functools
import itertools
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from ddk_surveillance.intake.cleaning import compact

Row: TypeAlias = "Sequence[str | None]"
HEADER_SEARCH_ROWS = 20
NUMBERING = re.compile(r"^\(?\d{1,2}(\.\d{1,2})*[.、)]+")
PUNCTUATION = re.compile(r"[*:_\-—/\\·.,、;?='\"]")
NOTE = re.compile(r"[(\[<【〔《](.{0,100}?)[)\]>】〕》]")  # bounded: a cell of 100,000 brackets took minutes
# A unit in brackets makes another column of it: 年龄(月) is no 年龄. Years are what ages are in unless said otherwise.
OTHER_UNITS = frozenset(["月", "个月", "月龄", "周", "天", "日", "日龄", "时", "小时", "点", "分", "分钟", "虚岁",
                         "month", "months", "week", "weeks", "day", "days", "hour", "hours", "minute", "minutes"])  # fmt: skip
AGGREGATE = re.compile(
    r"(人数|例数|件数|起数|次数|人次|死亡数|发生数|病例数|合计|小计|总计|占比|构成比|百分比|发生率"
    r"|(?i:deaths|cases|persons)[0-9]*|(?i:counts?|totals?|rate(per[0-9,]+)?|percent(age)?))$"
)
# How many cases a row stands for; the 死亡人数 of one incident is no such column.
COUNT = re.compile(r"例数|病例数|发生数|频数|(?i:(numberof)?(deaths|cases)|count|frequency)")


@dataclass(frozen=True)
class ColumnHeaders:
    """What a column may be called in files; `fill_down` where offices merge equal cells; its kind where that matters."""

    name: str
    headers: tuple[str, ...]
    required: bool
    fill_down: bool = False
    kind: str = "text"


@dataclass(frozen=True)
class Header:
    """Where the header stands and what it names; rows and columns count from 0.

    `columns` maps declared names to positions; `repeats` holds further positions of the same header text, `undeclared`
    the positions and texts of headers that no declared column claims.
    """

    first_row: int
    height: int
    columns: Mapping[str, int]
    repeats: Mapping[str, tuple[int, ...]]
    undeclared: Mapping[int, str]

    @property
    def end(self) -> int:
        return self.first_row + self.height


def find_header(rows: Sequence[Row], columns: Sequence[ColumnHeaders]) -> Header | None:
    """The best of all single rows and pairs of rows; None where fewer than two declared columns (one of one) stand."""
    aliases = _aliases(columns)
    found = [_match(number, 1, [(cell,) for cell in row], aliases) for number, row in enumerate(rows)]
    pairs = itertools.pairwise(rows)
    found += [_match(number, 2, _joined(upper, lower), aliases) for number, (upper, lower) in enumerate(pairs)]
    best = max(found, key=lambda header: len(header.columns), default=None)  # of equals the first: single, topmost
    needed = min(2, len(columns))
    return best if best is not None and len(best.columns) >= needed else None


def header_in(row: Row, columns: Sequence[ColumnHeaders]) -> Header:
    """What one row names, if it were a header."""
    return _match(0, 1, [(cell,) for cell in row], _aliases(columns))


def is_aggregated(rows: Iterable[Row]) -> bool:
    """Whether some row names several counts, as the header of a table of numbers per unit does."""
    return any(sum(bool(AGGREGATE.search(NOTE.sub("", compact(cell)))) for cell in row) >= 2 for row in rows)


def is_count(header: str) -> bool:
    """Whether a column says how many cases a row stands for."""
    return bool(COUNT.fullmatch(NOTE.sub("", header)))


@functools.lru_cache(maxsize=8192)
def header_key(text: str | None) -> str:
    """A header without its number, punctuation and white space, in lower case."""
    return PUNCTUATION.sub("", NUMBERING.sub("", compact(text))).casefold()


def _aliases(columns: Sequence[ColumnHeaders]) -> dict[str, tuple[str, int, str]]:
    """Header key → the column it names, its rank among that column's headers and how it is declared."""
    aliases: dict[str, tuple[str, int, str]] = {}
    for column in columns:
        for rank, header in enumerate(column.headers):
            aliases.setdefault(header_key(header), (column.name, rank, compact(header)))
    return aliases


@functools.lru_cache(maxsize=8192)
def _keys(text: str | None) -> tuple[str, ...]:
    """The header as it stands, then without a note in brackets such as (必填) or (岁)."""
    plain = NOTE.sub("", compact(text))
    notes = NOTE.findall(compact(text))
    if any(note.casefold() in OTHER_UNITS and not _says_unit(plain, note) for note in notes):
        return (header_key(text),)
    return header_key(text), header_key(plain)


def _says_unit(plain: str, unit: str) -> bool:
    """Whether the unit is said twice: 月龄(月), 发生时(时); but 发生时间(时) is an hour where 发生时间 is a date."""
    return unit in plain[-2:] and not plain.endswith("时间")


def _joined(upper: Row, lower: Row) -> list[tuple[str | None, ...]]:
    """What a pair of rows may name: 伤害发生时间 over 日期 is 伤害发生时间日期, 伤害发生日期 or 日期."""
    group = ""
    joined: list[tuple[str | None, ...]] = []
    for above, below in zip(upper, lower, strict=True):
        group = compact(above) or group
        if below is None:
            joined.append((above,))
        elif group:
            joined.append((group + below, group.removesuffix("时间").removesuffix("日期") + below, below))
        else:
            joined.append((below,))
    return joined


def _match(
    row: int, height: int, texts: Sequence[tuple[str | None, ...]], aliases: Mapping[str, tuple[str, int, str]]
) -> Header:
    """Which declared column each position names: the best-ranked header wins, the others are undeclared.

    Of AGE and age beside each other that one wins which is written as it was declared.
    """
    claims: dict[str, list[tuple[int, int]]] = defaultdict(list)
    undeclared = {}
    for position, variants in enumerate(texts):
        named = [(text, *aliases[key]) for text in variants for key in _keys(text) if key in aliases]
        if named:
            text, name, rank, declared = named[0]
            is_other_case = compact(text) != declared and compact(text).casefold() == declared.casefold()
            claims[name].append((2 * rank + is_other_case, position))
        elif text := compact("".join(filter(None, variants[:1]))):
            undeclared[position] = text
    columns, repeats = {}, {}
    for name, claimed in claims.items():
        (rank, columns[name]), *others = sorted(claimed)
        repeats[name] = tuple(position for other, position in others if other == rank)
        undeclared |= {position: compact(texts[position][0]) for other, position in others if other != rank}
    return Header(row, height, columns, repeats, undeclared)
