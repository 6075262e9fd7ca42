"""Lanes of stages that run beside each other: none may read or write what another one writes."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from itertools import permutations
from typing import Any

import pytest

from ddk_surveillance.errors import ConfigurationError
from ddk_surveillance.warehouse import Warehouse, open_warehouse
from tests.conftest import Home

Uses = dict[str, set[str]]


@pytest.fixture
def db(used: Home) -> Iterator[Warehouse]:
    with open_warehouse(used.settings) as opened:
        yield opened


def test_no_stage_uses_what_a_stage_beside_it_writes(db: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    from flows.nightly import LANES
    from flows.stage import STAGES

    db.execute("DELETE FROM ops.meta WHERE name IN ('measure', 'arrivals', 'across', 'indicators')")
    statements = {
        stage: _said(STAGES[stage], db, monkeypatch)
        for lanes in LANES
        if len(lanes) > 1
        for lane in lanes
        for stage in lane
    }
    written = {stage: _tables(db, said, r"(?:INSERT INTO|DELETE FROM|UPDATE)\s+") for stage, said in statements.items()}
    mentioned = {stage: _tables(db, said, "") for stage, said in statements.items()}
    assert {"ops.arrival", "ops.alert", "ops.linkage_quality", "mart.indicator_rate"} <= set().union(*written.values())
    pairs = [
        (one, other)
        for lanes in LANES
        for left, right in permutations(lanes, 2)
        for one in left
        for other in right
        if written[one] & mentioned[other]
    ]
    assert pairs == []


def _said(run: Any, db: Warehouse, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every statement of a stage on this warehouse."""
    said: list[str] = []
    with monkeypatch.context() as patch:
        for name in ("execute", "rows", "frame", "arrow", "stream"):
            patch.setattr(Warehouse, name, _listening(getattr(Warehouse, name), db, said))
        run(db, "night")
    return said


def _listening(method: Any, db: Warehouse, said: list[str]) -> Any:
    def call(self: Warehouse, sql: str, *parameters: Any) -> Any:
        said.extend([sql] if self is db else [])
        return method(self, sql, *parameters)

    return call


def _tables(db: Warehouse, said: list[str], before: str) -> set[str]:
    """Declared tables named in the statements, views as what they show; each stage has rows of its own in ops.meta."""
    shown = {"core.record": "core.record_version", "core.incident": "core.incident_version"}
    named = {name for sql in said for name in re.findall(rf"{before}\b([a-z]+\.[a-z_]+)\b", sql)}
    return {shown.get(name, name) for name in named & set(db.library.tables)} - {"ops.meta"}


def test_a_lane_keeps_its_order_and_the_lanes_run_beside_each_other(db: Warehouse) -> None:
    met = threading.Barrier(2, timeout=60)
    said: list[str] = []

    def step(connection: Warehouse, name: str) -> None:
        if name.startswith("first"):
            met.wait()
        said.append(name)
        connection.execute(f"CREATE OR REPLACE TEMP TABLE own AS SELECT '{name}' AS name")

    db.in_lanes((("first of a", "second of a"), ("first of b", "second of b")), step)
    assert [name for name in said if name.endswith("a")] == ["first of a", "second of a"]
    assert [name for name in said if name.endswith("b")] == ["first of b", "second of b"]
    assert db.rows("FROM own") == [("second of a",)]


def test_what_fails_in_a_lane_is_raised_when_all_have_ended(db: Warehouse) -> None:
    done: list[str] = []

    def step(connection: Warehouse, name: str) -> None:
        if name == "fails":
            raise ConfigurationError("坏", "bad")
        done.append(str(connection.value("SELECT current_setting('TimeZone')")))

    with pytest.raises(ConfigurationError):
        db.in_lanes((("works", "works"), ("fails", "never")), step)
    assert done == ["Asia/Shanghai"] * 2
