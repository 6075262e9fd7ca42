"""Denominators: mid-year figures, year ends, parts of a year; and what is wrong with a population file as a whole."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ddk_surveillance import population
from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ExitCode
from ddk_surveillance.warehouse import Warehouse
from tests.cases.figures.conftest import LIBRARY, TOWNSHIPS, empty_warehouse
from tests.cases.rates.test_oracles import every_row_of
from tests.conftest import Home

NAMES = {code: said.zh for code, said in LIBRARY.code_labels("township").items()}


def people(
    year: int, persons: float = 100, townships: tuple[str | None, ...] = tuple(TOWNSHIPS), as_of: str | None = None
) -> pd.DataFrame:
    rows = [
        (year, town, sex, age, "resident", persons)
        for town in townships
        for sex in ("male", "female")
        for age in range(18)
    ]
    frame = pd.DataFrame(rows, columns=["year", "township_code", "sex", "age_years", "population_type", "value"])
    return frame.assign(
        as_of=pd.Timestamp(as_of or f"{year}-07-01"), township_code=frame["township_code"].astype(object)
    )


def district(year: int, persons: float, as_of: str | None = None) -> pd.DataFrame:
    """So many children in all, of whose townships nothing is known."""
    return people(year, persons / 36, townships=(None,), as_of=as_of)


# How each case of tests/oracles/person_time.csv is said: populations, the period, and the day on which it is asked.
PERSON_TIME = {
    "full_year_mean_pop": ([district(2024, 60000, "2024-12-31"), district(2025, 60600, "2025-12-31")], "2025", "2030-01-01"),
    "mid_year": ([district(2025, 60310)], "2025", "2030-01-01"),
    "partial_181_of_365": ([district(2025, 60200)], "2025", "2025-06-30"),
    "leap_91_of_366": ([district(2024, 60000)], "2024Q1", "2030-01-01"),
    "quarterly_weighted": ([district(2025, 60250)], "2025", "2030-01-01"),
}  # fmt: skip


@pytest.fixture
def db(tmp_path: Path) -> Iterator[Warehouse]:
    warehouse = empty_warehouse(str(tmp_path))
    warehouse.execute("INSERT INTO ref.age_group VALUES ('age5', '0', 0, 0), ('age5', '1-4', 1, 4)")
    yield warehouse
    warehouse.connection.close()


def person_years(db: Warehouse, frame: pd.DataFrame, as_of: str = "2030-01-01") -> dict[str, float]:
    with db.offering(drawn=frame):
        db.execute("""DELETE FROM ref.population_version; INSERT INTO ref.population_version BY NAME
            SELECT 'b' AS batch_id, '' AS sheet, 1 AS row_number, 1 AS victim_number, 'loaded' AS disposition,
                * REPLACE (as_of::DATE AS as_of) FROM drawn""")
    db.execute(f"CREATE OR REPLACE TEMP TABLE period AS {db.statement('mart.period')}")
    db.execute("CREATE OR REPLACE TEMP TABLE rule AS SELECT 0 AS first_age, 17 AS last_age")
    lived = db.statement("mart.person_years")
    rows = db.rows("SELECT CASE WHEN starts_with(period_type, 'rolling') THEN 'to ' ELSE '' END || period, denominator"
                   f" FROM ({lived}) JOIN period USING (period_type, position) WHERE (sex, dimension) = ('all', 'all')",
                   {"as_of": datetime.date.fromisoformat(as_of), "townships": TOWNSHIPS})  # fmt: skip
    return {period: round(value, 3) for period, value in rows}


def test_a_year_counts_its_population_and_a_part_of_it_its_days(db: Warehouse) -> None:
    lived = person_years(db, people(2024))
    assert lived["2024"] == 28800
    assert lived["2024-02"] == round(28800 * 29 / 366, 3)
    assert lived["2024Q1"] == round(28800 * 91 / 366, 3)


@every_row_of("person_time")
def test_person_time_is_what_r_computed(db: Warehouse, row: dict[str, Any]) -> None:
    given, period, as_of = PERSON_TIME[row["case"]]
    assert person_years(db, pd.concat(given), as_of)[period] == pytest.approx(row["person_years"], abs=5e-4)


def test_a_rolling_year_takes_each_year_in_part(db: Warehouse) -> None:
    lived = person_years(db, pd.concat([district(2023, 36_500), district(2024, 36_600)]))
    assert lived["to 2024-06"] == 184 * 100 + 182 * 100
    assert lived["2024-02"] == 29 * 100


def test_a_year_that_is_not_over_counts_what_was_lived(db: Warehouse) -> None:
    assert person_years(db, people(2025), as_of="2025-06-30")["2025"] == round(28800 * 181 / 365, 3)


def test_two_year_ends_are_averaged_and_a_mid_year_figure_is_not(db: Warehouse) -> None:
    ends = pd.concat([people(2023, 90, as_of="2023-12-31"), people(2024, 110, as_of="2024-12-31")])
    assert person_years(db, ends)["2024"] == 28800
    assert person_years(db, pd.concat([people(2023, 90), people(2024, 110)]))["2024"] == 31680


def test_the_district_as_a_whole_is_not_added_to_its_townships(db: Warehouse) -> None:
    whole = people(2024, 800, townships=(None,))
    assert person_years(db, pd.concat([people(2024), whole]))["2024"] == 28800
    assert person_years(db, whole)["2024"] == 28800


@pytest.mark.parametrize(
    "lacking", [people(2024).iloc[1:], people(2024, townships=tuple(TOWNSHIPS[1:]))], ids=["a cell", "a township"]
)
def test_a_sum_that_lacks_a_cell_is_no_denominator(db: Warehouse, lacking: pd.DataFrame) -> None:
    """Seven of eight townships would make every rate of the district an eighth too high."""
    lived = person_years(db, pd.concat([people(2023), lacking]))
    assert "2023" in lived and "2024" not in lived and "2024-06" not in lived


def test_a_year_may_be_given_without_sexes(db: Warehouse) -> None:
    both = people(2024, townships=(None,))
    unsexed = both[both["sex"] == "male"].assign(sex=None)
    assert person_years(db, unsexed)["2024"] == 1800
    assert "2024" not in person_years(db, unsexed.iloc[1:])
    assert "2024" not in person_years(db, both[both["sex"] == "male"])


def test_a_township_begins_with_its_first_year(db: Warehouse) -> None:
    lived = person_years(db, pd.concat([people(2023, townships=tuple(TOWNSHIPS[1:])), people(2024)]))
    assert (lived["2023"], lived["2024"]) == (25200, 28800)


def test_a_window_that_reaches_into_a_year_without_population_has_none(db: Warehouse) -> None:
    lived = person_years(db, pd.concat([people(2022), people(2024)]))
    assert "2023" not in lived and "2024" in lived


@pytest.mark.parametrize(
    ("given", "held", "expected"),
    [
        (people(2024), people(2023), []),
        (people(2024).iloc[3:], people(2023), [("gap", 2024, TOWNSHIPS[0], 3)]),
        (people(2024, townships=tuple(TOWNSHIPS[1:])), people(2023), [("gap", 2024, TOWNSHIPS[0], 36), ("jump", 2024, "all", -12.5)]),
        (people(2024, 106), people(2023), [("jump", 2024, "all", 6)]),
        (people(2024, 105), people(2023), []),
        (people(2024), people(2022), [("missing_year", 2023, "all", 1)]),
        (pd.concat([people(2024), people(2024, 810, townships=(None,))]), people(2023), [("total", 2024, "all", 360)]),
    ],
)  # fmt: skip
def test_what_only_the_whole_file_shows(
    db: Warehouse, given: pd.DataFrame, held: pd.DataFrame, expected: list[Any]
) -> None:
    with db.offering(given=given, held=held):
        rows = db.rows(db.statement("ref.population_problem"), {"townships": TOWNSHIPS})
    assert [(kind, year, place, size) for kind, year, _, place, size in rows] == expected


def written(path: Path, frame: pd.DataFrame) -> Path:
    words = frame.assign(
        township_code=frame["township_code"].map(NAMES), sex=frame["sex"].map({"male": "男", "female": "女"})
    )
    columns = {"year": "年份", "township_code": "镇街", "sex": "性别", "age_years": "年龄", "value": "人数"}
    words[list(columns)].rename(columns=columns).to_csv(path, index=False)
    return path


def test_a_sound_file_is_sent_through_the_feed_and_another_is_not(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    nights: list[str] = []
    monkeypatch.setattr(population, "run_night", lambda *_: nights.append("night") or ExitCode.GOOD)
    voice, landing = Voice("zh"), home.settings.landing / "population"
    broken = written(tmp_path / "broken.csv", people(2024).iloc[3:])
    assert population.import_population(home.settings, voice, broken, False) == ExitCode.DATA_PROBLEMS
    assert "缺 3 格" in capfd.readouterr().out and not landing.exists() and not nights
    jump = written(tmp_path / "jump.csv", pd.concat([people(2023), people(2024, 200)]))
    assert population.import_population(home.settings, voice, jump, False) == ExitCode.DATA_PROBLEMS
    assert population.import_population(home.settings, voice, jump, True) == ExitCode.GOOD
    assert [path.name for path in landing.iterdir()] == ["jump.csv"] and nights == ["night"]
