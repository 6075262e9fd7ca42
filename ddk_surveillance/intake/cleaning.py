"""Cells without the typography of offices: full-width forms, odd spaces and invisible characters."""

from __future__ import annotations

import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

from ddk_surveillance.intake.sheets import blank_as_null, is_ascii, map_distinct

# Soft hyphen, zero-width characters, marks of writing direction, byte-order mark.
INVISIBLE = "\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
INVISIBLE_PATTERN = re.compile(f"[{INVISIBLE}]")


def clean(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The cells in NFKC, without invisible characters and surrounding white space; null where nothing remains."""
    if is_ascii(column):
        return blank_as_null(pc.ascii_trim_whitespace(column))
    return map_distinct(column, _clean_words)


def _clean_words(words: pa.Array) -> pa.Array:
    visible = pc.replace_substring_regex(words, f"[{INVISIBLE}]", "")
    return blank_as_null(pc.utf8_trim_whitespace(pc.utf8_normalize(visible, form="NFKC")))


def compact(text: str | None) -> str:
    """One cell for comparison with known words: NFKC, no white space at all."""
    return "".join(INVISIBLE_PATTERN.sub("", unicodedata.normalize("NFKC", text or "")).split())
