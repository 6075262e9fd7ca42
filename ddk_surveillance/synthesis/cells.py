"""Values as offices type them: code digits or labels, Chinese dates, ages in months, full-width digits, 不详."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from ddk_surveillance.contracts import SourceColumn
from ddk_surveillance.library import Library

DateForm = Literal["iso", "slash", "chinese", "dots", "compact", "excel"]
Cell = object  # str, float, pandas.Timestamp (a real date of a spreadsheet) or None

DATE_FORMS: dict[str, str] = {
    "iso": "{0}-{1:02d}-{2:02d}",
    "slash": "{0}/{1}/{2}",
    "chinese": "{0}年{1}月{2}日",
    "dots": "{0}.{1}.{2}",
    "compact": "{0}{1:02d}{2:02d}",
    "excel": "{0}-{1:02d}-{2:02d}",
}
MONTH_FORMS = {"iso": "{0}-{1:02d}", "slash": "{0}/{1}", "chinese": "{0}年{1}月", "dots": "{0}.{1}", "compact": "{0}-{1:02d}"}
TEN_DAYS = ("上旬", "中旬", "下旬")
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
UNKNOWN_WORD, UNKNOWN_DIGIT = "见病历", "88"


@dataclass(frozen=True)
class Style:
    """The habits of one office."""

    format: Literal["xlsx", "csv", "json", "ndjson"] = "xlsx"
    encoding: str = "utf-8"
    codes: Literal["label", "digit", "float"] = "label"
    dates: DateForm = "iso"
    ages: Literal["number", "text", "months"] = "number"
    header_alias: int = 0
    missing: tuple[str, ...] = ("",)
    full_width_share: float = 0.0
    monthly_sheets: bool = False
    has_title: bool = False
    has_total: bool = False


class Codebook:
    """Words and digits of the declared code lists."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._rows: dict[str, list[dict[str, str]]] = {}

    def words(self, codelist: str, dictionary: str | None, style: Style) -> dict[str, str]:
        """Code → what this office writes for it; a digit only where the source declares whose digits it uses."""
        column = dictionary if dictionary and style.codes != "label" else "zh"
        return {row["code"]: (row.get(column) or row["zh"]).split("|")[0] for row in self._rows_of(codelist)}

    def aliases(self, codelist: str) -> dict[str, list[str]]:
        """Code → other spellings of its label."""
        return {row["code"]: row["aliases"].split("|") for row in self._rows_of(codelist) if row["aliases"]}

    def _rows_of(self, codelist: str) -> list[dict[str, str]]:
        if codelist not in self._rows:
            self._rows[codelist] = _read(self._library.codelist_path(codelist))
        return self._rows[codelist]


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))
