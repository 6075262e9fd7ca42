"""Values as offices type them: code digits or labels, Chinese dates, ages in months, full-width digits, 不详."""

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
from faker.providers.company.zh_CN import Provider as CompanyNames

from ddk_surveillance.contracts import Source, SourceColumn
from ddk_surveillance.library import Library
from ddk_surveillance.settings import csv_rows

Cell = str | float | pd.Timestamp | None  # a Timestamp is a real date of a spreadsheet

DATE_FORMS = {
    "iso": ("{0}-{1:02d}-{2:02d}", "{0}-{1:02d}"),
    "slash": ("{0}/{1}/{2}", "{0}/{1}"),
    "chinese": ("{0}年{1}月{2}日", "{0}年{1}月"),
    "dots": ("{0}.{1}.{2}", "{0}.{1:02d}"),
    "compact": ("{0}{1:02d}{2:02d}", "{0}年{1:02d}月"),
    "excel": ("{0}-{1:02d}-{2:02d}", "{0}-{1:02d}"),
}
TEN_DAYS = {1: "上旬", 11: "中旬", 21: "下旬"}
FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")
PRODUCT_HEADER = "涉及产品"
PRODUCTS = ("滑板车", "自行车", "电动车", "热水瓶", "插线板", "玩具车", "婴儿床", "轮滑鞋")
ELSEWHERE = ("九龙坡区", "沙坪坝区", "外区")
UNKNOWN_LABEL, UNKNOWN_DIGIT = "见病历", "88"


@dataclass(frozen=True)
class Style:
    """The habits of one office."""

    format: Literal["xlsx", "csv", "json", "ndjson"] = "xlsx"
    encoding: str = "utf-8"
    codes: Literal["label", "digit", "number"] = "label"  # number: the digit as a spreadsheet keeps it, 1.0
    dates: str = "iso"
    ages: Literal["number", "text", "months"] = "number"
    header: int = 0  # which of the declared headers
    omits: tuple[str, ...] = ()  # optional columns that this office does not keep
    missing: tuple[str, ...] = ("",)
    alias_share: float = 0.1
    full_width_share: float = 0.0
    has_title: bool = False
    has_monthly_sheets: bool = False
    groups_institutions: bool = False  # sorted, each institution's code in its first row only, as merged cells read
    has_products: bool = False  # a column that no contract declares


class Stated(NamedTuple):
    """What a record says about the time of its event."""

    day: pd.Timestamp
    precision: str
    hour: int
    reported: pd.Timestamp
    defect: str


def is_missing(value: object) -> bool:
    """Whether a value of a data frame stands for nothing: None, NA, NaT or NaN."""
    return value is None or value is pd.NA or value is pd.NaT or value != value


@functools.cache
def code_words(path: Path) -> dict[str, dict[str, str]]:
    """Code → its row in a code list."""
    return {row["code"]: row for row in csv_rows(path)}


class Typist:
    """Writes the records of one feed into the columns of its contract, in the style of one office."""

    def __init__(self, library: Library, source: Source, style: Style, rng: np.random.Generator) -> None:
        self.library, self.source, self.style, self.rng = library, source, style, rng

    def headers(self) -> dict[str, str]:
        """Contract column → the header this office uses."""
        place = self.style.header
        headers = {name: column.headers[min(place, len(column.headers) - 1)] for name, column in self._columns()}
        return headers | ({PRODUCT_HEADER: PRODUCT_HEADER} if self.style.has_products else {})

    def typed(self, rows: pd.DataFrame) -> pd.DataFrame:
        """One column of cells (objects) for each physical column of the contract."""
        cells = {name: self._column(rows, name, column) for name, column in self._columns()}
        if self.style.has_products:
            cells[PRODUCT_HEADER] = [self._product() for _ in range(len(rows))]
        typed = pd.DataFrame(cells, index=rows.index, dtype=object)
        if self.style.groups_institutions:
            typed[self.source.institution] = typed[self.source.institution].mask(
                rows["institution_id"].duplicated(), None
            )
        return typed

    def _product(self) -> Cell:
        brand, product = self._any(CompanyNames.company_prefixes), self._any(PRODUCTS)
        return f"{brand}牌{product}" if self.rng.random() < 0.1 else None

    def _columns(self) -> list[tuple[str, SourceColumn]]:
        return [item for item in self.source.physical_columns.items() if item[0] not in self.style.omits]

    def _column(self, rows: pd.DataFrame, name: str, column: SourceColumn) -> Sequence[Cell]:
        target = column.to or name
        if column.kind == "code":
            return self._codes(rows, target, column, gross=self._is_main_code(name))
        if target == "event_date":
            return self._event_dates(rows)
        if column.kind == "date":
            return self._dates(rows, target)
        if column.kind == "age":
            return self._ages(rows, column.unit_column is not None)
        if column.kind == "township":
            return self._townships(rows)
        return self._plain(rows, target)

    def _is_main_code(self, name: str) -> bool:
        codes = [n for n, c in self.source.columns.items() if c.kind == "code" and c.filled and n != "sex"]
        return name == codes[0] if codes else False

    def _codes(self, rows: pd.DataFrame, target: str, column: SourceColumn, gross: bool) -> list[Cell]:
        if target not in rows:
            return [None] * len(rows)
        words = self._words(str(column.codelist))
        terms = {code: term for term, code in reversed(column.terms.items())}
        offices = rows["institution_id"] if "institution_id" in rows else [""] * len(rows)
        alias = self.rng.random(len(rows)) < self.style.alias_share
        cells = []
        for code, office, is_alias in zip(rows[target], offices, alias, strict=True):
            dictionary = column.dictionary_by_institution.get(office, column.dictionary)
            own_word = terms.get(code) if not is_alias else None
            cells.append(own_word or self._code(words, code, dictionary or "", bool(is_alias)))
        if not gross:
            return cells
        unknown = UNKNOWN_LABEL if self.style.codes == "label" or not column.dictionary else UNKNOWN_DIGIT
        return [unknown if wrong else cell for cell, wrong in zip(cells, rows["defect"] == "unknown_code", strict=True)]

    def _code(self, words: dict[str, dict[str, str]], code: object, dictionary: str, is_alias: bool) -> Cell:
        if is_missing(code):
            return self._blank()
        row = words[str(code)]
        digit = row.get(dictionary, "").split("|")[0] if self.style.codes != "label" else ""
        if digit:
            return float(digit) if self.style.codes == "number" else digit
        aliases = row["aliases"].split("|")
        return aliases[0] if is_alias and aliases[0] else row["zh"]

    def _words(self, codelist: str) -> dict[str, dict[str, str]]:
        return code_words(self.library.codelist_path(codelist))

    def _blank(self) -> Cell:
        return self._any(self.style.missing) or None

    def _event_dates(self, rows: pd.DataFrame) -> list[Cell]:
        has_hour_box = any((c.to or n) == "event_hour" for n, c in self.source.columns.items())
        columns = ("event_date_from", "date_precision", "event_hour", "reported_date", "defect")
        stated = (Stated(*parts) for parts in zip(*(rows[name] for name in columns), strict=True))
        return [self._event_date(one, has_hour_box) for one in stated]

    def _event_date(self, stated: Stated, has_hour_box: bool) -> Cell:
        """The day, or as much of it as is known; with the hour where the form has no box for it."""
        day = stated.day
        whole = DATE_FORMS[self.style.dates][0]
        if stated.precision == "unknown":
            return self._blank()
        if stated.defect == "impossible_date":
            return whole.format(day.year, 2, 30)
        if stated.defect == "future_date":
            return whole.format(day.year + 18, day.month, min(day.day, 28))
        if stated.precision in ("month", "ten_days"):
            return f"{day.year}年{day.month}月{TEN_DAYS[day.day] if stated.precision == 'ten_days' else ''}"
        if stated.defect == "report_before_event":
            day = stated.reported + pd.Timedelta(days=5)
        return (
            self._day(day) if has_hour_box or is_missing(stated.hour) else f"{self._day(day)}{self._hour(stated.hour)}"
        )

    def _hour(self, hour: int) -> str:
        return f"{hour}时" if self.style.dates == "chinese" else f" {hour:02d}:00"

    def _day(self, day: pd.Timestamp) -> Cell:
        if self.style.dates == "excel" and self.style.format == "xlsx":
            return day
        return self._digits(DATE_FORMS[self.style.dates][0].format(day.year, day.month, day.day))

    def _digits(self, text: str) -> str:
        wide = self.style.full_width_share and self.rng.random() < self.style.full_width_share
        return text.translate(FULL_WIDTH) if wide else text

    def _dates(self, rows: pd.DataFrame, target: str) -> list[Cell]:
        days = rows[target] if target in rows else pd.Series(pd.NaT, index=rows.index)
        if target == "birth_month":
            form = DATE_FORMS[self.style.dates][1]
            return [
                self._blank() if is_missing(day) else self._digits(form.format(day.year, day.month)) for day in days
            ]
        return [self._blank() if is_missing(day) else self._day(day) for day in days]

    def _ages(self, rows: pd.DataFrame, has_unit_box: bool) -> list[Cell]:
        ages = zip(rows["age_years"], rows["age_months"], rows["age_days"], strict=True)
        return [self._blank() if is_missing(y) else self._age(int(y), int(m), int(d), has_unit_box) for y, m, d in ages]

    def _age(self, years: int, months: int, days: int, has_unit_box: bool) -> Cell:
        if has_unit_box and self.style.ages == "number":
            return self._number(years or months or max(days, 1))
        if years == 0 and months == 0:
            return f"{max(days, 1)}天"
        if self.style.ages == "months" and years < 3:
            return f"{months}月龄" if months % 12 else f"{years}岁"
        if self.style.ages == "text":
            return self._digits(f"{years}岁" if years >= 3 else f"{years}岁{months % 12}月" if years else f"{months}月")
        return self._digits(str(years))

    def _number(self, number: int) -> Cell:
        return float(number) if self.style.format == "xlsx" else str(number)

    def _townships(self, rows: pd.DataFrame) -> list[Cell]:
        words = self._words("township")
        return [
            self._blank() if is_missing(code) else self._township(words[code]) if is_resident else self._any(ELSEWHERE)
            for code, is_resident in zip(rows["township_code"], rows["child_is_resident"], strict=True)
        ]

    def _township(self, row: dict[str, str]) -> str:
        others = row["aliases"].split("|")[:2]
        return self._any(others) if self.rng.random() < self.style.alias_share else row["zh"]

    def _any(self, words: Sequence[str]) -> str:
        return words[int(self.rng.integers(len(words)))]

    def _plain(self, rows: pd.DataFrame, target: str) -> list[Cell]:
        if target == "age_unit":
            ages = zip(rows["age_years"], rows["age_months"], strict=True)
            return ["岁" if is_missing(years) or years else "月" if months else "天" for years, months in ages]
        values = rows[target] if target in rows else [None] * len(rows)
        return [self._blank() if is_missing(value) else str(value) for value in values]
