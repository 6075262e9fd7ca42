"""What analysts are shown of single incidents: each of them once, and none in a class of fewer than five children."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from tests.cases.figures.conftest import District, empty_warehouse
from tests.cases.figures.test_definitions import add

UNCHANGED = ["domain", "mechanism", "place", "severity", "residence", "records"]  # whatever is merged


@pytest.fixture
def shown(district: District) -> Iterator[pd.DataFrame]:
    db = district.db
    with db.transaction(is_rehearsal=True):
        db.execute(f"INSERT INTO out.incident_alike BY NAME {db.statement('out.incident_alike')}")
        db.create_view("out.incident")
        yield db.frame("FROM out.incident")


def test_every_incident_is_shown_once(district: District, shown: pd.DataFrame) -> None:
    domain = district.incidents["intent"].where(
        district.incidents["intent"].isin(["self_harm", "assault", "unintentional"]), "other"
    )
    incidents = district.incidents.assign(domain=domain.mask(district.incidents["is_death"], "death"))
    assert counted(shown) == counted(incidents)


def counted(rows: pd.DataFrame) -> Counter[tuple[object, ...]]:
    rows = rows.assign(mechanism=rows["mechanism"].replace("sexual_assault", None))  # not always shown
    return Counter(rows[UNCHANGED].astype(object).fillna("").itertuples(index=False, name=None))


def test_every_shown_class_holds_five(shown: pd.DataFrame) -> None:
    classes = shown.groupby(["domain", "event_year", "age_group", "sex"], dropna=False).size()
    assert classes.min() >= 5
    assert set(shown[shown["domain"] == "death"]["age_group"]) == {"all"}, "so few deaths are not told apart by age"
    assert {"0", "1-4", "unknown"} <= set(shown[shown["domain"] == "unintentional"]["age_group"])


def test_a_type_of_violence_is_shown_only_beside_others(shown: pd.DataFrame) -> None:
    types = shown.groupby(["domain", "event_year", "age_group", "sex"], dropna=False)["violence_type"].nunique()
    assert set(types) - {0} and 1 not in set(types)


def test_five_incidents_of_one_child_are_that_child(tmp_path: Path) -> None:
    """Who knows the girl of 16 who hurt herself in 2024 would read all her acts: five children, and not five acts, are a class."""
    db = empty_warehouse(str(tmp_path))
    db.execute("INSERT INTO ref.age_group VALUES ('age5', '10-14', 10, 14), ('age5', '15-17', 15, 17)")
    acts = [(2024, 16, n, "girl") for n in range(6)] + [(2024, 12, n, f"other{n % 5}") for n in range(6)]
    acts += [(2025, 12, n, f"other{n % 4}") for n in range(6)]
    for year, age, number, child in acts:
        add(db, f"{child}{year}{number} {child} {age} self_harm poisoning resident event_year={year},sex=female ·")
    by_class = f"SELECT event_year, age_group, sex, sum(alike) FROM ({db.statement('out.incident_alike')}) GROUP BY ALL"
    assert db.rows(by_class) == [(None, "all", "all", 18)]  # 2025 holds four children, so that no year is told apart
    db.execute("UPDATE core.incident_version SET child_id = 'other4' WHERE incident_id = 'other120251'")
    assert sorted(db.rows(by_class)) == [(2024, "all", "female", 12), (2025, "10-14", "female", 6)]
    db.connection.close()


def test_where_all_are_of_one_type_the_mechanism_does_not_tell_it(tmp_path: Path) -> None:
    """Who knows one of five girls, all sexually assaulted, learns what happened to her from no column."""
    db = empty_warehouse(str(tmp_path))
    for number in range(5):
        add(db, f"i{number} c{number} 12 assault sexual_assault resident sex=female,violence_type=sexual ·")
    told = f"SELECT mechanism, violence_type, sum(alike) FROM ({db.statement('out.incident_alike')}) GROUP BY ALL ORDER BY ALL"
    assert db.rows(told) == [(None, None, 5)]
    add(db, "i9 c9 12 assault sexual_assault resident sex=female,violence_type=unknown ·")  # unknown is no other type
    assert db.rows(told) == [(None, None, 6)]
    db.execute("DELETE FROM core.incident_version WHERE incident_id = 'i9'")
    add(db, "i5 c5 12 assault blunt_force resident sex=female,violence_type=physical ·")
    assert db.rows(told) == [("blunt_force", "physical", 1), ("sexual_assault", "sexual", 5)]
    db.execute("UPDATE core.incident_version SET event_year = NULL WHERE incident_id IN ('i4', 'i5')")
    assert db.rows(told) == []  # four of a known year are no class: those of no year are not shown and do not fill it
    db.connection.close()
