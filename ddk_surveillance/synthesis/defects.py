"""What each source learns and how often it gets each thing wrong: tables of rates, scenarios, and the dice."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from ddk_surveillance.synthesis.district import Floats, Ints

Flags = npt.NDArray[np.bool_]

SOURCES = (
    "hospital", "death_registry", "school", "kindergarten", "nursery", "community", "police", "procuratorate", "court",
)  # fmt: skip

CASE_SOURCES = ("police", "procuratorate", "court")

# When a source learns of an incident: the last line that applies gives the probability.
REACH: dict[str, tuple[tuple[str, float], ...]] = {
    "hospital": (
        ("severity == 'minor'", 0.74),
        ("severity == 'moderate'", 0.90),
        ("severity == 'severe'", 0.97),
        ("intent == 'self_harm' and severity == 'minor'", 0.60),
        ("violence_type in ('psychological', 'neglect')", 0.30),
        ("is_death", 0.80),
    ),
    "death_registry": (("is_death", 1.0),),
    "school": (
        ("age_years >= 6", 0.22),
        ("age_years >= 6 and place == 'school_public'", 0.90),
        ("age_years >= 6 and place == 'sports_area'", 0.30),
        ("age_years >= 6 and is_death", 0.80),
    ),
    "kindergarten": (
        ("age_years >= 3 and age_years < 6", 0.20),
        ("age_years >= 3 and age_years < 6 and place == 'school_public'", 0.90),
    ),
    "nursery": (("age_years < 3", 0.05), ("age_years < 3 and place == 'school_public'", 0.90)),
    "community": (
        ("severity == 'minor'", 0.14),
        ("severity != 'minor'", 0.35),
        ("place in ('home', 'residential_institution') and severity != 'minor'", 0.50),
        ("intent == 'assault' and place == 'home'", 0.60),
        ("is_death", 0.85),
    ),
    "police": (
        ("intent == 'undetermined'", 0.15),
        ("mechanism in ('motor_vehicle_crash', 'nonmotor_vehicle_crash')", 0.50),
        ("intent == 'self_harm'", 0.25),
        ("intent == 'assault'", 0.45),
        ("violence_type == 'sexual' or (intent == 'assault' and severity != 'minor')", 0.85),
        ("is_death", 0.95),
    ),
    "procuratorate": (
        ("intent == 'assault'", 0.06),
        ("violence_type == 'sexual' or (intent == 'assault' and severity == 'severe')", 0.50),
    ),
    "court": (
        ("intent == 'assault'", 0.03),
        ("violence_type == 'sexual' or (intent == 'assault' and severity == 'severe')", 0.30),
        ("intent == 'assault' and is_death", 0.70),
    ),
}
CONFUSED_MECHANISMS = {
    "motor_vehicle_crash": ("nonmotor_vehicle_crash", "fall", "other"),
    "nonmotor_vehicle_crash": ("motor_vehicle_crash", "fall", "fall"),
    "fall": ("blunt_force", "nonmotor_vehicle_crash", "other"),
    "blunt_force": ("fall", "other", "sharp_force"),
    "firearm": ("burn_scald", "other", "other"),
    "sharp_force": ("blunt_force", "animal", "other"),
    "burn_scald": ("other", "other", "poisoning"),
    "suffocation_hanging": ("other", "other", "drowning"),
    "drowning": ("suffocation_hanging", "other", "fall"),
    "poisoning": ("other", "other", "suffocation_hanging"),
    "animal": ("sharp_force", "other", "other"),
    "sexual_assault": ("blunt_force", "other", "other"),
    "other": ("fall", "blunt_force", "sharp_force"),
    "unknown": ("fall", "blunt_force", "other"),
}

# The invented district. Shares of records, except lag_days (median) and lag_limit_days (how far back an undated record
# may reach). The last seven rows make rows that no check may let pass, or pairs of identical rows.
DISTRICT_RATES = """
                     hospital  death_registry  school  kindergarten  nursery  community  police  procuratorate  court
unreported           0.08      0.03            0.35    0.30          0.30     0.60       0.20    0.30           0.30
lag_days             2         9               5       5             6        16         6       70             160
lag_limit_days       30        60              45      30            30       60         60      400            500
late                 0.02      0.10            0.02    0.02          0.02     0.05       0.03    0.05           0.05
id_missing           0.06      0.01            0.15    0.25          0.25     0.40       0.05    0.05           0.05
name_missing         0.06      0.01            0.12    0.20          0.20     0.35       0.05    0.05           0.05
phone_missing        0.30      0.60            0.40    0.35          0.35     0.60       0.80    0.90           0.95
case_missing         0         0               0       0             0        0          0.01    0.02           0.02
birth_missing        0.05      0.00            0.06    0.06          0.04     0.20       0.06    0.10           0.10
parent_id            0.015     0.0             0.005   0.010         0.020    0.020      0.003   0.0            0.0
placeholder          0.002     0.0             0.002   0.002         0.002    0.002      0.002   0.002          0.002
name_variant         0.010     0.005           0.010   0.015         0.020    0.045      0.005   0.005          0.005
january_birth        0.008     0.002           0.005   0.005         0.005    0.020      0.005   0.005          0.005
birth_wrong          0.005     0.002           0.005   0.005         0.005    0.010      0.005   0.005          0.005
date_missing         0.003     0.0             0.005   0.005         0.005    0.020      0.005   0.005          0.005
date_off             0.05      0.03            0.07    0.07          0.07     0.14       0.06    0.08           0.08
month_only           0.0       0.0             0.02    0.02          0.02     0.20       0.05    0.05           0.05
hour_missing         0.12      0.05            0.30    0.30          0.30     0.70       0.25    0.40           0.40
mechanism_wrong      0.04      0.03            0.05    0.05          0.05     0.08       0.04    0.04           0.04
place_wrong          0.03      0.03            0.03    0.03          0.03     0.05       0.03    0.03           0.03
nature_wrong         0.03      0.03            0.04    0.04          0.04     0.06       0.05    0.05           0.05
body_wrong           0.03      0.03            0.04    0.04          0.04     0.06       0.05    0.05           0.05
place_missing        0.02      0.10            0.02    0.02          0.02     0.05       0.05    0.10           0.10
nature_missing       0.01      0.05            0.05    0.05          0.05     0.30       0.30    0.30           0.30
body_missing         0.01      0.05            0.05    0.05          0.05     0.30       0.30    0.30           0.30
intent_missing       0.012     0.02            0.05    0.10          0.10     0.15       0.01    0.01           0.0
intent_wrong         0.02      0.01            0.03    0.03          0.03     0.03       0.01    0.0            0.0
severity_missing     0.01      0.0             0.05    0.05          0.05     0.20       0.10    0.10           0.10
township_wrong       0.02      0.01            0.02    0.02          0.02     0.02       0.04    0.04           0.04
township_missing     0.04      0.01            0.10    0.05          0.05     0.0        0.15    0.15           0.15
age_missing          0.002     0.0             0.004   0.004         0.004    0.010      0.004   0.004          0.004
age_nominal          0.02      0.005           0.02    0.02          0.01     0.08       0.03    0.03           0.03
sex_wrong            0.003     0.001           0.003   0.003         0.003    0.005      0.003   0.003          0.003
sex_missing          0.001     0.0             0.001   0.001         0.001    0.005      0.002   0.002          0.002
transfer             0.010     0.0             0.0     0.0           0.0      0.0        0.0     0.0            0.0
follow_up            0.04      0.0             0.005   0.005         0.005    0.01       0.0     0.0            0.0
double_entry         0.005     0.002           0.005   0.005         0.005    0.01       0.005   0.005          0.005
correction           0.05      0.02            0.05    0.05          0.05     0.05       0.05    0.05           0.05
resend               0.01      0.0             0.01    0.01          0.01     0.01       0.01    0.01           0.01
same_row_twice       0.010     0.002           0.005   0.005         0.005    0.010      0.005   0.005          0.005
unknown_code         0.012     0.003           0.012   0.012         0.012    0.020      0.010   0.010          0.010
report_before_event  0.008     0.002           0.010   0.010         0.010    0.020      0.010   0.010          0.010
adult_age            0.006     0.001           0.002   0.002         0.002    0.006      0.004   0.004          0.004
birth_clash          0.006     0.002           0.003   0.003         0.003    0.010      0.004   0.004          0.004
impossible_date      0.003     0.0             0.004   0.004         0.004    0.006      0.003   0.003          0.003
future_date          0.001     0.0             0.001   0.001         0.001    0.002      0.001   0.001          0.001
"""

# The linkage test bed. Shares of records, as above.
LINKAGE_RATES = """
                  hospital  death_registry  school  kindergarten  nursery  community  police  procuratorate  court
unreported        0.28      0.03            0.15    0.15          0.15     0.15       0.15    1.00           0.10
lag_days          2         9               5       5             6        16         6       70             160
lag_limit_days    30        60              30      30            30       60         45      400            500
late              0.03      0.12            0.03    0.03          0.03     0.06       0.04    0.05           0.05
id_missing        0.35      0.30            0.42    0.50          0.55     0.60       0.32    0.38           0.38
name_missing      0.31      0.30            0.35    0.42          0.48     0.52       0.38    0.42           0.42
phone_missing     0.70      0.90            0.75    0.75          0.75     0.80       0.90    0.97           0.98
case_missing      0         0               0       0             0        0          0.10    0.10           0.10
birth_missing     0.08      0.03            0.12    0.14          0.12     0.30       0.12    0.20           0.20
parent_id         0.030     0.0             0.010   0.020         0.040    0.040      0.005   0.0            0.0
placeholder       0.003     0.003           0.003   0.003         0.003    0.003      0.003   0.003          0.003
name_variant      0.020     0.010           0.020   0.030         0.040    0.090      0.010   0.010          0.010
january_birth     0.030     0.005           0.020   0.020         0.020    0.060      0.020   0.020          0.020
birth_wrong       0.010     0.003           0.010   0.010         0.010    0.020      0.010   0.010          0.010
date_missing      0.06      0.06            0.10    0.10          0.10     0.22       0.08    0.10           0.10
date_off          0.10      0.08            0.15    0.15          0.15     0.28       0.12    0.15           0.15
month_only        0.02      0.01            0.05    0.05          0.05     0.15       0.04    0.05           0.05
hour_missing      0.12      0.05            0.30    0.30          0.30     0.70       0.25    0.40           0.40
mechanism_wrong   0.06      0.06            0.08    0.08          0.08     0.10       0.07    0.08           0.08
place_wrong       0.04      0.04            0.05    0.05          0.05     0.06       0.05    0.05           0.05
nature_wrong      0.04      0.04            0.06    0.06          0.06     0.08       0.08    0.08           0.08
body_wrong        0.05      0.06            0.07    0.07          0.07     0.10       0.08    0.08           0.08
place_missing     0.06      0.20            0.05    0.05          0.05     0.15       0.10    0.20           0.20
nature_missing    0.05      0.10            0.15    0.15          0.15     0.50       0.50    0.60           0.60
body_missing      0.05      0.10            0.15    0.20          0.20     0.45       0.50    0.60           0.60
intent_missing    0.02      0.02            0.05    0.10          0.10     0.15       0.01    0.01           0.0
intent_wrong      0.05      0.02            0.06    0.06          0.06     0.06       0.03    0.01           0.0
severity_missing  0.03      0.0             0.10    0.10          0.10     0.25       0.20    0.20           0.20
township_wrong    0.04      0.03            0.06    0.06          0.06     0.08       0.10    0.10           0.10
township_missing  0.04      0.01            0.05    0.05          0.05     0.01       0.10    0.15           0.15
age_missing       0.02      0.01            0.06    0.06          0.04     0.05       0.05    0.05           0.05
age_nominal       0.04      0.02            0.05    0.05          0.03     0.12       0.06    0.06           0.06
sex_wrong         0.006     0.002           0.006   0.006         0.006    0.010      0.006   0.006          0.006
sex_missing       0.002     0.001           0.003   0.003         0.003    0.010      0.005   0.005          0.005
transfer          0.03      0.0             0.0     0.0           0.0      0.0        0.0     0.0            0.0
follow_up         0.100     0.0             0.01    0.01          0.01     0.02       0.0     0.0            0.0
double_entry      0.035      0.01            0.02    0.02          0.02     0.02       0.02    0.02           0.02
correction        0.05      0.02            0.05    0.05          0.05     0.05       0.05    0.05           0.05
resend            0.03      0.0             0.03    0.03          0.03     0.03       0.03    0.03           0.03
"""


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


def read_rates(table: str) -> pd.DataFrame:
    """Defect names x sources, in the order of SOURCES."""
    return pd.read_csv(io.StringIO(table), sep=r"\s+")[list(SOURCES)].astype(float)


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
