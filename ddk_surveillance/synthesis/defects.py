"""How often each source gets each thing wrong: the tables beside this module, scenarios, and the dice."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from ddk_surveillance.arrays import Flags, Floats, Ints
from ddk_surveillance.settings import csv_rows

SOURCES = (
    "hospital", "death_registry", "school", "kindergarten", "nursery", "community", "police", "procuratorate", "court",
)  # fmt: skip

CASE_SOURCES = ("police", "procuratorate", "court")
TABLES = Path(__file__).with_name("tables")


@dataclass(frozen=True)
class Scenario:
    """One way in which reality may be kinder or harder than the reference."""

    token_shift: float = 0.0
    lost_tokens: tuple[str, ...] = ()
    density: float = 1.0
    error_factor: float = 1.0
    birth_missing: float | None = None


SCENARIOS = {
    "reference": Scenario(),
    "tokens_missing_minus_20": Scenario(token_shift=-0.20),
    "tokens_missing_plus_20": Scenario(token_shift=0.20),
    "no_id_token": Scenario(lost_tokens=("id_token",)),
    "no_tokens": Scenario(lost_tokens=("id_token", "name_token", "phone_token", "case_token")),
    "density_3": Scenario(density=3.0),
    "errors_2": Scenario(error_factor=2.0),
    "birth_month_half_missing": Scenario(birth_missing=0.5),
    "birth_month_missing": Scenario(birth_missing=1.0),
}
TOKEN_RATES = ("id_missing", "name_missing", "phone_missing")
ERROR_RATES = ("mechanism_wrong", "body_wrong", "date_off", "township_wrong", "place_wrong", "nature_wrong")


def table(name: str) -> list[dict[str, str]]:
    """One of the tables of what offices write."""
    return csv_rows(TABLES / f"{name}.csv")


def read_rates(name: Literal["district", "linkage"]) -> pd.DataFrame:
    """Defect names x sources, in the order of SOURCES: of the invented district, or of the test bed of the linkage.

    Shares of records, except lag_days (median) and lag_limit_days (how far back an undated record may reach). The
    district's last seven rows make rows that no check may let pass, or pairs of identical rows.
    """
    rates = pd.read_csv(TABLES / f"{name}_rates.txt", sep=r"\s+")
    return rates[list(SOURCES)].astype(float)


def scenario_rates(rates: pd.DataFrame, scenario: Scenario) -> pd.DataFrame:
    """The reference rates, shifted as the scenario says."""
    rates = rates.copy()
    rates.loc[list(TOKEN_RATES)] = (rates.loc[list(TOKEN_RATES)] + scenario.token_shift).clip(0, 1)
    rates.loc[list(ERROR_RATES)] = (rates.loc[list(ERROR_RATES)] * scenario.error_factor).clip(0, 1)
    if scenario.birth_missing is not None:
        rates.loc["birth_missing"] = scenario.birth_missing
    return rates


def holds(frame: pd.DataFrame, condition: str) -> Flags:
    """Where a condition on the columns is true; a missing value makes it false."""
    return np.asarray(pd.Series(frame.eval(condition)).astype("boolean").fillna(False), dtype=bool)


class Draw:
    """Bernoulli draws at each record's own source's rate."""

    def __init__(self, rates: pd.DataFrame, source: Ints, rng: np.random.Generator) -> None:
        self._rates, self._source, self.rng, self.size = rates, source, rng, len(source)

    def value(self, name: str) -> Floats:
        """The source's figure for every record."""
        return self._rates.loc[name].to_numpy()[self._source]

    def hit(self, name: str) -> Flags:
        """Which records suffer the defect; a defect the table does not name never happens."""
        if name not in self._rates.index:
            return np.zeros(self.size, dtype=bool)
        return np.asarray(self.rng.random(self.size) < self.value(name))

    def share(self, share: float) -> Flags:
        """Which records belong to this share of all."""
        return np.asarray(self.rng.random(self.size) < share)
