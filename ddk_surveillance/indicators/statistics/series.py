"""The yearly figures of one indicator as statistics need them, and how a statistic becomes a row."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import pandas

from ddk_surveillance.contracts import Indicator, Plan
from ddk_surveillance.errors import Text
from ddk_surveillance.rates.checked import Refusal
from ddk_surveillance.rates.periods import Annual

Row = dict[str, Any]


@dataclass(frozen=True)
class Series:
    """An indicator's cells by year; `final` are the years that may be judged and compared: final, complete, one definition."""

    indicator: Indicator
    plan: Plan
    cells: pandas.DataFrame
    totals: dict[str, list[Row]]  # the district by year, of the indicator ("") and of each of its analyses
    final: tuple[Annual, ...]

    @classmethod
    def of(cls, indicator: Indicator, plan: Plan, cells: pandas.DataFrame) -> Series:
        mine = cells[cells["indicator_code"] == indicator.indicator]
        district = mine[(mine["sex"] == "all") & (mine["dimension"] == "all")].sort_values("year")
        totals: dict[str, list[Row]] = {"": []}
        for row in district.to_dict("records"):
            totals.setdefault(row["analysis"], []).append({str(name): value for name, value in row.items()})
        final = tuple(
            Annual(int(year["year"]), int(year["numerator"]), float(year["denominator"]))
            for year in totals[""]
            if is_known(year) and year["status"] == "F" and year["definition_version"] == indicator.version
        )
        return cls(indicator, plan, mine, totals, final)

    @property
    def years(self) -> list[int]:
        return [int(year["year"]) for year in self.totals[""]]

    def parts(self, year: int, dimension: str) -> pandas.DataFrame:
        """The cells of a year by sex and the categories of a dimension, known ones only."""
        cells = self.cells
        chosen = (cells["analysis"] == "") & (cells["year"] == year) & (cells["dimension"] == dimension)
        return cells[chosen & (cells["sex"] != "unknown") & (cells["category"] != "unknown")]

    @property
    def span(self) -> str:
        """The final years, first to last."""
        return f"{self.final[0].year}-{self.final[-1].year}" if self.final else "-"

    def row(self, statistic: str, period: object, method: str, **values: Any) -> Row:
        """One statistic; numbers that do not exist become empty."""
        row = {"indicator_code": self.indicator.indicator, "statistic": statistic, "period": str(period), "category": "all",
               "method": method, **values}  # fmt: skip
        return {
            name: None if isinstance(value, float) and not math.isfinite(value) else value
            for name, value in row.items()
        }

    def refused(self, statistic: str, period: object, method: str, refusal: Refusal, **values: Any) -> Row:
        """A statistic that is deliberately not given, and why."""
        return self.row(statistic, period, method, reason=refusal.code, **noted(refusal.text), **values)


def noted(text: Text) -> Row:
    return {"note_zh": text.zh, "note_en": text.en}


def is_known(row: Row) -> bool:
    """Whether a cell has a rate."""
    return not isinstance(row["reason"], str)
