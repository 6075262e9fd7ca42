"""The yearly figures of one indicator as statistics need them, and how a statistic becomes a row."""

import math
from dataclasses import dataclass
from typing import Any

from ddk_surveillance.contracts import Indicator, Plan
from ddk_surveillance.errors import Text
from ddk_surveillance.rates.checked import Refusal
from ddk_surveillance.rates.intervals import crude_rates
from ddk_surveillance.rates.periods import Annual

Row = dict[str, Any]
EXACT_OR_BYAR = "exact Poisson below 10 events, Byar from 10 on (PHE)"


@dataclass(frozen=True)
class Series:
    """An indicator's cells by year; `final` are the years that may be judged and compared: final, complete, one definition."""

    indicator: Indicator
    plan: Plan
    totals: dict[str, list[Row]]  # the district by year, of the indicator ("") and of each of its analyses
    # (year, dimension): cells by sex and category, known ones with a population
    parts: dict[tuple[int, str], list[Row]]
    final: tuple[Annual, ...]

    @classmethod
    def of(cls, indicator: Indicator, plan: Plan, cells: list[Row]) -> "Series":
        """`cells`: those of whole years, in order of the rules and years."""
        totals: dict[str, list[Row]] = {"": []}
        parts: dict[tuple[int, str], list[Row]] = {}
        for row in (row for row in cells if row["indicator_code"] == indicator.indicator):
            if row["dimension"] != "all" and row["denominator"] > 0 and "unknown" not in (row["sex"], row["category"]):
                parts.setdefault((row["year"], row["dimension"]), []).append(row)
            elif row["sex"] == row["dimension"] == "all":
                totals.setdefault(row["analysis"], []).append(row)
        final = tuple(
            Annual(int(year["year"]), int(year["numerator"]), float(year["denominator"]))
            for year in totals[""]
            if is_known(year) and year["status"] == "F" and year["definition_version"] == indicator.version
        )
        return cls(indicator, plan, totals, parts, final)

    @property
    def years(self) -> list[int]:
        return [int(year["year"]) for year in self.totals[""]]

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

    def crude_rate(self, statistic: str, period: object, count: int, person_years: float, **values: Any) -> Row:
        """A rate that is no cell of the cubes."""
        rate = crude_rates(count, person_years)
        return self.row(statistic, period, EXACT_OR_BYAR, value=float(rate.rate_per_1000), low=float(rate.lower),
                        high=float(rate.upper), events=float(count), person_years=person_years, **values)  # fmt: skip

    def refused(self, statistic: str, period: object, method: str, refusal: Refusal, **values: Any) -> Row:
        """A statistic that is deliberately not given, and why."""
        return self.row(statistic, period, method, reason=refusal.code, **noted(refusal.text), **values)


def noted(text: Text) -> Row:
    return {"note_zh": text.zh, "note_en": text.en}


def is_known(row: Row) -> bool:
    """Whether a cell has a rate."""
    return not isinstance(row["reason"], str)
