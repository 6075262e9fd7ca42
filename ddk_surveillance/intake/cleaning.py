"""Cells without the typography of offices: full-width forms, odd spaces and invisible characters."""

import functools
import re
import unicodedata

import pyarrow as pa
import pyarrow.compute as pc

from ddk_surveillance.intake.sheets import blank_as_null, is_ascii, map_distinct

# Control characters but tab and line ends, soft hyphen, zero-width characters, marks of writing direction and of bytes.
INVISIBLE = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u00ad\u180e\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u206f\ufeff"
TEXT_MARKS = (("'", "(?s)^'(.*?)'?$", r"\1"), ('="', '^="(.*)"$', r"\1"))
INVISIBLE_PATTERN = re.compile(f"[{INVISIBLE}]")


def clean(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The cells in NFKC, without invisible characters, surrounding white space and text marks; null where empty.

    Text marks are the apostrophe of '0012 or '0012' and the formula ="0012", by which offices make Excel keep the zeros (F7).
    """
    if is_ascii(column):
        return blank_as_null(_without_marks(pc.ascii_trim_whitespace(column)))
    return map_distinct(column, _clean_words)


def _clean_words(words: pa.Array) -> pa.Array:
    visible = pc.replace_substring_regex(words, f"[{INVISIBLE}]", "")
    return blank_as_null(_without_marks(pc.utf8_trim_whitespace(pc.utf8_normalize(visible, form="NFKC"))))


def _without_marks(cells: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    for start, mark, text in TEXT_MARKS:
        if pc.any(pc.starts_with(cells, start)).as_py():
            cells = pc.replace_substring_regex(cells, mark, text)
    return cells


@functools.lru_cache(maxsize=8192)
def compact(text: str | None) -> str:
    """One cell for comparison with known words: NFKC, no white space at all."""
    return "".join(INVISIBLE_PATTERN.sub("", unicodedata.normalize("NFKC", text or "")).split())
