"""A drawn district in memory whose figures are computed once, for all tests of this folder that only read."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from ddk_surveillance import indicators
from ddk_surveillance.library import Library
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import Warehouse, connect

INCIDENTS, CHILDREN, YEARS = 6000, 2500, (2021, 2022, 2023, 2024)
LIBRARY = Library()
TOWNSHIPS = list(LIBRARY.code_labels("township"))


@dataclass
class District:
    db: Warehouse
    incidents: pd.DataFrame

    def rows(self, sql: str) -> list[tuple[object, ...]]:
        return self.db.rows(sql)


def drawn_incidents(seed: int = 1) -> pd.DataFrame:
    """Incidents with everything in them that a definition asks for, and everything that may be missing."""
    random = np.random.default_rng(seed)

    def drawn(**shares: float) -> np.ndarray:
        values = random.choice(np.array(list(shares), dtype=object), INCIDENTS, p=list(shares.values()))
        return np.where(values == "none", None, values)

    days = pd.to_datetime("2021-01-01") + pd.to_timedelta(random.integers(0, 1461, INCIDENTS), unit="D")
    child = random.integers(0, CHILDREN, INCIDENTS)
    is_death = random.random(INCIDENTS) < 0.01
    frame = pd.DataFrame(
        {
            "incident_id": [f"i{n:05d}" for n in range(INCIDENTS)],
            "child_id": [f"c{n:05d}" for n in child],
            "records": random.integers(1, 4, INCIDENTS),
            "sources": drawn(hospital=0.7, **{"hospital,police": 0.1, "hospital,police,school": 0.05, "school": 0.15}),
            "event_date": days,
            "age_years": pd.array(random.integers(0, 18, INCIDENTS), dtype="Int64"),
            "sex": drawn(male=0.55, female=0.43, none=0.02),
            "township_code": random.choice([*TOWNSHIPS, None], INCIDENTS),
            "residence": drawn(resident=0.9, non_resident=0.05, none=0.05),
            "hukou": drawn(local_county=0.8, foreign=0.02, none=0.18),
            "mechanism": drawn(fall=0.5, blunt_force=0.2, drowning=0.1, sexual_assault=0.02, poisoning=0.1, none=0.08),
            "place": drawn(home=0.6, school_public=0.3, none=0.1),
            "intent": drawn(unintentional=0.7, self_harm=0.1, assault=0.15, undetermined=0.05),
            "severity": drawn(minor=0.8, moderate=0.15, severe=0.05),
            "care_level": drawn(outpatient=0.7, inpatient=0.1, none=0.2),
            "violence_type": drawn(physical=0.1, sexual=0.02, bullying=0.05, psychological=0.03, none=0.8),
            "case_status": drawn(probable=0.2, confirmed=0.1, suspected=0.05, excluded=0.05, none=0.6),
            "has_maltreatment_diagnosis": np.where(random.random(INCIDENTS) < 0.01, True, None),
            "is_death": is_death,
            "death_date": np.where(
                is_death, days + pd.to_timedelta(random.integers(0, 60, INCIDENTS), unit="D"), pd.NaT
            ),
        }
    )
    frame.loc[frame.index[:50], "age_years"] = pd.NA
    frame["death_date"] = pd.to_datetime(frame["death_date"])
    return frame[frame["death_date"].isna() | (frame["death_date"] < "2025-01-01")].assign(
        event_year=lambda rows: rows["event_date"].dt.year
    )


def empty_warehouse(folder: str) -> Warehouse:
    from pathlib import Path

    return connect(load({}, Path(folder)), LIBRARY)


def add_reports_and_population(db: Warehouse, years: tuple[int, ...], received: str = "2026-01-01") -> None:
    """Every source has reported every year, and 100 children live in every cell of it."""
    db.execute(f"""
        INSERT INTO ops.batch BY NAME SELECT 'b' AS batch_id, 'population' AS source_code, '' AS sha256, 0 AS size_bytes,
            TIMESTAMP '{received}' AS received_at, 'loaded' AS status;
        INSERT INTO core.record_version BY NAME
        SELECT source_code || year AS record_id, 'b' AS batch_id, '' AS sheet, year::INTEGER AS row_number, 1 AS victim_number,
            'loaded' AS disposition, '' AS content_hash, source_code, make_date(year, 1, 1) AS event_date_from
        FROM (VALUES ('hospital'), ('death_registry'), ('police')) s(source_code), (SELECT unnest({list(years)}) AS year);
        INSERT INTO ref.population_version BY NAME
        SELECT 'b' AS batch_id, '' AS sheet, 1 AS row_number, 1 AS victim_number, 'loaded' AS disposition, year::INTEGER AS year,
            township_code, sex, age AS age_years, population_type, 100 AS value
        FROM (SELECT unnest({list(years)}) AS year), (SELECT unnest({TOWNSHIPS}) AS township_code),
            (VALUES ('male'), ('female')) s(sex), range(18) a(age), (VALUES ('resident'), ('hukou')) p(population_type)""")


@pytest.fixture(scope="session")
def district(tmp_path_factory: pytest.TempPathFactory) -> Iterator[District]:
    db = empty_warehouse(str(tmp_path_factory.mktemp("district")))
    incidents = drawn_incidents()
    with db.offering(drawn=incidents):
        db.execute(
            "INSERT INTO core.incident_version BY NAME SELECT *, '' AS members, TIMESTAMP '2025-01-01' AS known_from FROM drawn"
        )
    db.execute("INSERT INTO link.incident_bound SELECT incident_id, records, incident_id FROM core.incident")
    add_reports_and_population(db, YEARS)
    indicators.run(db, "night")
    yield District(db, incidents)
    db.connection.close()
