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
    years: tuple[int, ...]
    final: tuple[Annual, ...]

    @classmethod
    def of(cls, indicator: Indicator, plan: Plan, cells: pandas.DataFrame) -> Series:
        mine = cells[(cells["indicator_code"] == indicator.indicator) & (cells["period_type"] == "year")]
        total = _district(mine).sort_values("year")
        usable = total[
            total["reason"].isna() & (total["status"] == "F") & (total["definition_version"] == indicator.version)
        ]
        final = tuple(
            Annual(int(year), int(count), float(time))
            for year, count, time in zip(usable["year"], usable["numerator"], usable["denominator"], strict=True)
        )
        return cls(indicator, plan, mine, tuple(map(int, total["year"])), final)

    def totals(self, analysis: str = "") -> list[Row]:
        """The district by year, of the indicator or of one of its analyses."""
        rows = _district(self.cells, analysis).sort_values("year").to_dict("records")
        return [{str(name): value for name, value in row.items()} for row in rows]

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


def _district(cells: pandas.DataFrame, analysis: str = "") -> pandas.DataFrame:
    return cells[(cells["analysis"] == analysis) & (cells["sex"] == "all") & (cells["dimension"] == "all")]


def noted(text: Text) -> Row:
    return {"note_zh": text.zh, "note_en": text.en}


def is_known(row: Row) -> bool:
    """Whether a cell has a rate."""
    return not isinstance(row["reason"], str)
