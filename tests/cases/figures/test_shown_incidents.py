"""What analysts are shown of single incidents: each of them once, and none in a class of fewer than five."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pandas as pd
import pytest

from tests.cases.figures.conftest import District

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
    return Counter(rows[UNCHANGED].astype(object).fillna("").itertuples(index=False, name=None))


def test_every_shown_class_holds_five(shown: pd.DataFrame) -> None:
    classes = shown.groupby(["domain", "event_year", "age_group", "sex"], dropna=False).size()
    assert classes.min() >= 5
    assert set(shown[shown["domain"] == "death"]["age_group"]) == {"all"}, "so few deaths are not told apart by age"
    assert {"0", "1-4", "unknown"} <= set(shown[shown["domain"] == "unintentional"]["age_group"])


def test_a_type_of_violence_is_shown_only_beside_others(shown: pd.DataFrame) -> None:
    types = shown.groupby(["domain", "event_year", "age_group", "sex"], dropna=False)["violence_type"].nunique()
    assert set(types) - {0} and 1 not in set(types)
