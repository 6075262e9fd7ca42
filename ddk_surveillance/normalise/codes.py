"""A code list: the words and digits of offices → our code. A label beats a digit; nothing is guessed."""

import csv
import functools
import itertools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ddk_surveillance.errors import DeclarationError
from ddk_surveillance.library import LABEL_COLUMNS
from ddk_surveillance.problems import Problem
from ddk_surveillance.text.missing import is_missing
from ddk_surveillance.text.spelling import folded, plain, whole_number

NUMBERED = re.compile(r"[(\[]?[0-9]{1,3}(?:\.0{1,3})?[)\]]?[\s.、,:-]*(?P<label>.*[^\s0-9].*)")  # 3.跌倒
NUMBER_LAST = re.compile(r"(?P<label>.*[^\s0-9(\[.、,:-])[\s.、,:-]*[(\[]?[0-9]{1,3}(?:\.0{1,3})?[)\]]?")  # 跌倒(3)
SIDE = re.compile(r"^(左|右|双)侧?(?=\D)")  # 左手 is a hand
SEPARATORS = re.compile(r"[,;、/|+&\s()\[\]:]+")
OTHER_WORDS = ("其他", "其它", "other")


@dataclass(frozen=True)
class CodeList:
    """Labels hold in every file; words and digits of a dictionary only in files that declare this dictionary."""

    labels: Mapping[str, str]
    dictionaries: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    @classmethod
    def load(cls, path: Path) -> "CodeList":
        """Read `code,zh,en,aliases`, skip `attribute_*`, and take every other column as a dictionary."""
        return _parsed(path.name, path.read_text(encoding="utf-8-sig"))

    def decode(self, text: str, dictionary: str | None = None) -> str | Problem | None:
        """Our code for a cell, None if the cell says nothing."""
        words = self.dictionaries.get(dictionary or "", {})
        code = self._code(text, words)
        if code is not None:
            return code
        if is_missing(text, "text") or (words and whole_number(text) == "0"):
            return None  # the card has no code 0: the box was left empty
        return self._several(text, words)

    def knows(self, text: str) -> bool:
        """Whether a cell is a word of this list and of little else: neither a digit nor 其他."""
        key = key_of(text)
        return key in self.labels and not key.isdigit() and key not in OTHER_WORDS

    def _code(self, text: str, words: Mapping[str, str]) -> str | None:
        """The code of the text as it stands, else of its label without the number beside it."""
        keys = (key_of(written) for written in (text, *_labels_within(plain(text)), SIDE.sub("", plain(text))))
        return next((code for key in keys if (code := words.get(key) or self.labels.get(key))), None)

    def _several(self, text: str, words: Mapping[str, str]) -> str | Problem:
        """Two spellings of one code are that code, 其他 may have a remark; two codes are one too many."""
        parts = [part for part in SEPARATORS.split(plain(text)) if part]
        found = [self._code(part, words) for part in parts]
        codes = {code for code in found if code}
        has_remark = parts[:1] and parts[0].casefold() in OTHER_WORDS and found[0]
        if len(codes) == 1 and (None not in found or has_remark):
            return codes.pop()
        if len(codes) > 1 or _is_glued(whole_number(text), words):
            return Problem("several_codes")
        return Problem("unknown_code")


def key_of(text: str) -> str:
    """Punctuation does not matter in words, but 1,3 is not 13 and 1-4 is not 14."""
    key = whole_number(text) or folded(text)
    return plain(text) if key.isdigit() and whole_number(text) is None else key


@functools.lru_cache(maxsize=64)
def _parsed(name: str, text: str) -> CodeList:
    """What a text lists; every column of every feed with this list asks for it."""
    rows = list(csv.DictReader(text.splitlines()))
    columns = [column for column in rows[0] if column not in LABEL_COLUMNS and not column.startswith("attribute_")]
    return CodeList(_index(name, rows, LABEL_COLUMNS), {column: _index(name, rows, (column,)) for column in columns})


def _index(name: str, rows: Iterable[Mapping[str, str]], columns: Iterable[str]) -> dict[str, str]:
    """Spelling → code; one spelling for two codes is a mistake of the list."""
    index: dict[str, str] = {}
    for row, column in itertools.product(rows, columns):
        for word in filter(None, (row[column] or "").split("|")):
            code = index.setdefault(key_of(word), row["code"])
            if code != row["code"]:
                raise DeclarationError(
                    f"代码表 {name} 中“{word}”同时属于 {code} 和 {row['code']}。请删去其中一处。",
                    f"In the code list {name} {word} stands for both {code} and {row['code']}. Keep one.",
                )
    return index


def _labels_within(text: str) -> list[str]:
    found = (NUMBERED.fullmatch(text), NUMBER_LAST.fullmatch(text))
    return [match["label"] for match in found if match]


def _is_glued(digits: str | None, words: Mapping[str, str]) -> bool:
    """Whether digits such as 135 are several different codes of the dictionary written together."""

    def rest_is_codes(rest: str, used: frozenset[str]) -> bool:
        return not rest or any(
            rest[:size] in words and rest[:size] not in used and rest_is_codes(rest[size:], used | {rest[:size]})
            for size in (1, 2)
            if size <= len(rest)
        )

    return digits is not None and len(digits) <= 20 and rest_is_codes(digits, frozenset())
