"""One transaction inside another joins it; a rehearsal leaves nothing behind."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest

from ddk_surveillance.errors import WarehouseError
from ddk_surveillance.library import Library
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import Warehouse, connect


class Failure(Exception):
    pass


@pytest.fixture
def db() -> Warehouse:
    return connect(load({"DDK_THREADS": "1"}, Path("unused")), Library())


def names(db: Warehouse) -> list[str]:
    return [name for (name,) in db.rows("SELECT name FROM ops.meta WHERE name IN ('a', 'b', 'c') ORDER BY 1")]


def test_the_inner_is_kept_with_the_outer(db: Warehouse) -> None:
    with db.transaction():
        db.remember("a", "1")
        with db.transaction():
            db.remember("b", "1")
    assert names(db) == ["a", "b"]


def test_the_inner_goes_with_the_outer(db: Warehouse) -> None:
    with pytest.raises(Failure), db.transaction():
        with db.transaction():
            db.remember("a", "1")
        raise Failure
    assert names(db) == []


def test_what_fails_inside_fails_the_whole_even_if_caught(db: Warehouse) -> None:
    with pytest.raises(WarehouseError), db.transaction():
        db.remember("a", "1")
        with contextlib.suppress(Failure), db.transaction():
            raise Failure
        db.remember("b", "1")
    assert names(db) == []
    with db.transaction():
        db.remember("c", "1")
    assert names(db) == ["c"]


def test_of_a_rehearsal_nothing_stays(db: Warehouse) -> None:
    with db.transaction(is_rehearsal=True):
        with db.transaction():
            db.remember("a", "1")
        db.execute("CREATE TABLE received.nothing (a INTEGER); CREATE TEMP TABLE t AS SELECT 1 AS a")
        assert names(db) == ["a"]
    assert names(db) == []
    assert db.rows("SELECT table_name FROM duckdb_tables() WHERE table_name IN ('nothing', 't')") == []
