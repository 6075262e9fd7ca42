"""Every quirk of office files, F1 to F18, has a test of its own that one finds by its number."""

import re
from pathlib import Path

QUIRKS = {
    1: "formats; several, hidden and empty sheets",
    2: "encodings, line ends, trailing commas",
    3: "titles above the table, headers of two rows, year and month of the title",
    4: "totals, signatures, blank lines, repeated headers",
    5: "merged cells of the body",
    6: "numbers as text, codes as 1.0",
    7: "long digits as floats, lost zeros, apostrophes",
    8: "full-width, odd blanks, words for nothing",
    9: "several codes glued into one cell",
    10: "other, with or without its remark",
    11: "synonyms of headers",
    12: "a file sent again, corrected or overlapping",
    13: "zero reports",
    14: "formulas, error values, comments",
    15: "tables of counts",
    16: "ages in years, months and days",
    17: "grades and classes",
    18: "passwords and the formats of WPS",
}


def test_every_quirk_has_a_test_of_its_number() -> None:
    tests = [path.read_text(encoding="utf-8") for path in Path(__file__).parent.parent.rglob("test_*.py")]
    named = {
        int(number)
        for text in tests
        for name in re.findall(r"def test((?:_f\d+)+)_", text)
        for number in re.findall(r"\d+", name)
    }
    assert named == set(QUIRKS)
    assert len(QUIRKS) == 18
