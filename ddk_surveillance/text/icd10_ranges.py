"""ICD-10 codes and ranges as declarations write them: W65-W74, X71, V02-V04.19 (after the point the fourth characters meant)."""

import re
from collections.abc import Iterable

RANGE = re.compile(r"([A-Z][0-9]{2})(?:-([A-Z][0-9]{2}))?(?:\.([0-9]+))?")
ICD10_COLUMN = "icd10_external"  # whose values declarations may name by ranges


def check_ranges(column: str, ranges: Iterable[str]) -> None:
    """Raise ValueError for a text that is no code or range, or one whose end is before its beginning."""
    for text in ranges if column == ICD10_COLUMN else ():
        found = RANGE.fullmatch(text)
        if not found or found[1] > (found[2] or found[1]):
            raise ValueError(f"{column}: {text} is no code or range of ICD-10; write W65-W74, X71 or V02-V04.19")


def within_sql(ranges: Iterable[str]) -> str:
    """Whether the external cause lies in one of the ranges, in SQL."""
    return " OR ".join(_within(*found.groups()) for found in map(RANGE.fullmatch, ranges) if found)


def _within(first: str, last: str | None, fourths: str | None) -> str:
    categories = f"left({ICD10_COLUMN}, 3) BETWEEN '{first}' AND '{last or first}'"
    return (
        f"({categories} AND substr({ICD10_COLUMN}, 5, 1) IN ({', '.join(map(repr, fourths))}))"
        if fourths
        else categories
    )
