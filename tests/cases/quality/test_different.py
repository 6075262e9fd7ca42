"""What a million rows hold is asked of the database, what a few hold is fetched: both ways find the same."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from ddk_surveillance import different
from ddk_surveillance.library import Library
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import Warehouse

CARDS = """
    VALUES ('男', DATE '2024-05-17', 3, 'fall'), ('女', NULL, 3, NULL), ('男', DATE '2024-05-17', NULL, 'fall'), (NULL, NULL, 4, 'fall')"""
QUESTIONS = [
    ({"sex": "c.sex"}, "true"),
    ({"sex": "c.sex", "event_date": "c.event_date"}, "c.sex IS NOT NULL"),
    ({"next_age": "c.age + 1"}, "c.cause = 'fall'"),  # nor who says no cause
    ({"age": "c.age"}, "c.age > 17"),
]


@pytest.mark.parametrize("few_rows", [0, 100])
def test_finds_every_value_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, few_rows: int) -> None:
    monkeypatch.setattr(different, "FEW_ROWS", few_rows)
    with duckdb.connect() as connection:
        db = Warehouse(connection, load({}, tmp_path), Library())
        db.execute(f"CREATE TABLE card AS FROM ({CARDS}) t(sex, event_date, age, cause)")
        found = different.different(db, "card", QUESTIONS)
    assert [sorted(map(str, rows.to_pylist())) for rows in found] == [
        ["{'sex': '女'}", "{'sex': '男'}", "{'sex': None}"],
        ["{'sex': '女', 'event_date': None}", "{'sex': '男', 'event_date': datetime.date(2024, 5, 17)}"],
        ["{'next_age': 4}", "{'next_age': 5}", "{'next_age': None}"],
        [],
    ]
