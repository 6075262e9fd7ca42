"""Columns whose header announces an identifier, and which of their cells really hold one."""

import functools
import re
import unicodedata
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ddk_surveillance.errors import Text
from ddk_surveillance.guard.names import HAN, NAME_SHAPED
from ddk_surveillance.settings import csv_rows, resource
from ddk_surveillance.tokens import TOKEN_SHAPE

_BLANK = r"|[-—–/\\.*＊×\s]*|无|不详|未知|未填|保密|略|已脱敏|已删除|(?i:n/?a|null|none|nan)"
# 张**, 王某某: what an institution leaves when it has taken the name out.
_MASKED_NAME = rf"[{HAN}]{{0,2}}[某*＊×○〇●■xX]{{1,3}}[{HAN}]?"
_TOWNSHIP_AT_MOST = rf"[{HAN}]*(?:省|市|县|街道|镇|乡|[^社小园]区)|[0-9]{{6,12}}"
_ANONYMOUS = {"name": _MASKED_NAME, "address": _TOWNSHIP_AT_MOST}
_REVEALING = {"person": NAME_SHAPED, "location": r"\.[0-9]{4,}"}

# 备注(请勿填写姓名), but not 备注(患儿姓名,请勿外传)
ASKS_FOR_NONE = re.compile(r"\([^()]{0,50}(?:(?:勿|禁止|不得|不要)[填写录含]|[已请]删)[^()]{0,50}\)")


@dataclass(frozen=True)
class IdentifyingHeader:
    """One row of codelists/identifying_headers.csv."""

    kind: str
    title: Text
    names: frozenset[str]
    contains: tuple[str, ...]
    unless: tuple[str, ...]

    def announces(self, header: str, bare_header: str) -> bool:
        if any(word in header for word in self.unless):
            return False
        own = bare_header.rpartition(".")[2]  # of patient.name
        return not self.names.isdisjoint({bare_header, own}) or any(word in header for word in self.contains)


@functools.cache
def identifying_headers() -> tuple[IdentifyingHeader, ...]:
    return tuple(map(_identifying_header, csv_rows(resource("schemas") / "codelists" / "identifying_headers.csv")))


def _identifying_header(row: dict[str, str]) -> IdentifyingHeader:
    names, contains, unless = (_words(row[column]) for column in ("aliases", "contains", "unless"))
    return IdentifyingHeader(
        row["code"], Text(row["zh"], row["en"]), frozenset((row["zh"].lower(), *names)), contains, unless
    )


def _words(cell: str) -> tuple[str, ...]:
    return tuple(cell.split("|")) if cell else ()


@functools.lru_cache(maxsize=8192)
def header_kind(header: str) -> str | None:
    """Kind of identifier that a header announces (姓名 → name), or None; 姓名令牌 announces a token."""
    plain = re.sub(r"\s", "", unicodedata.normalize("NFKC", header)).lower()
    plain = ASKS_FOR_NONE.sub("", plain)
    bare = re.sub(r"\(.{0,500}?\)|^[0-9*]+[.、]?|\*", "", plain)
    return next((one.kind for one in identifying_headers() if one.announces(plain, bare)), None)


def kind_title(kind: str) -> Text:
    """The name of a kind of identifier for receipts."""
    return next(one.title for one in identifying_headers() if one.kind == kind)


def revealing_cells(kind: str, texts: pa.Array) -> pa.Array:
    """Boolean mask of the cells that identify under such a header.

    An empty, masked or tokenised column passes: clearing the cells and leaving the national form's header is how
    institutions make a file anonymous.
    """
    if kind in _REVEALING:
        return pc.match_substring_regex(texts, _REVEALING[kind])
    harmless = f"^\\s*(?:{_BLANK}|{_ANONYMOUS.get(kind, '')}|{TOKEN_SHAPE})\\s*$"
    return pc.invert(pc.match_substring_regex(texts, harmless))
