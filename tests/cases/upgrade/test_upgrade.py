"""A warehouse of an earlier time is brought to today's declarations, or left as it is with a remedy."""

from __future__ import annotations

import hashlib
from pathlib import Path

import duckdb
import pytest

from ddk_surveillance.contracts import Bilingual, Table, TableColumn
from ddk_surveillance.errors import ConfigurationError
from ddk_surveillance.migration import plan
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import open_warehouse
from tests.conftest import HOSPITAL, Home, csv_of

OLD = Path(__file__).with_name("warehouse_5d14082.sql")
WORDS = Bilingual(zh="", en="")


@pytest.fixture
def old_home(tmp_path: Path) -> Home:
    """What an earlier commit of this project left behind, with the key it was made with."""
    key = tmp_path / "key"
    key.write_bytes(hashlib.sha256(b"a key for tests only").digest())
    key.chmod(0o600)
    settings = load({"DDK_KEY_FILE": str(key), "DDK_QUIET_SECONDS": "0"}, tmp_path / "home")
    settings.make_folders()
    with duckdb.connect(str(settings.warehouse_file)) as old:
        old.execute(OLD.read_text(encoding="utf-8"))
    return Home(settings)


def test_a_warehouse_of_an_earlier_commit_goes_on(old_home: Home) -> None:
    """Its records, files and releases stay; what is computed is computed anew, and a night goes on from there."""
    old = old_home.query("SELECT record_id, content_hash FROM core.record ORDER BY ALL")
    assert len(old) == 3
    old_home.drop("hospital", "c.csv", csv_of(HOSPITAL, C3_卡片编号="C9"))
    old_home.night()
    assert set(old) < set(old_home.query("SELECT record_id, content_hash FROM core.record_version"))
    assert {record for record, _ in old} < set(old_home.column("SELECT record_id FROM core.record"))
    # card C9 tells of the same fall as C3
    assert old_home.query("SELECT count(*), sum(records) FROM core.incident") == [(3, 4)]
    assert old_home.column("SELECT release_id FROM ops.release ORDER BY 1")[-1] > "R000002"
    assert old_home.query("SELECT bool_and(is_balanced) FROM ops.ledger") == [(True,)]
    with open_warehouse(old_home.settings) as db:
        stored = db.stored_columns()
        for name, table in db.library.tables.items():
            if table.view:
                assert name not in stored and db.rows(f"FROM {name} LIMIT 1")
                continue
            assert stored[name] == {column: declared.type for column, declared in table.columns.items()}, name


def test_the_file_is_copied_first_and_only_when_its_tables_change(old_home: Home) -> None:
    old_home.settings.backups.mkdir()
    (old_home.settings.backups / ".ddk-20260101T020000.duckdb.partial").write_text("an opening was killed here")
    for _ in range(2):
        with open_warehouse(old_home.settings):
            pass
    [copy] = old_home.settings.backups.iterdir()
    assert copy.stat().st_mode & 0o077 == 0
    with duckdb.connect(str(copy), read_only=True) as before:
        assert before.execute("SELECT count(*) FROM core.record").fetchall() == [(3,)]
        assert not before.execute("FROM duckdb_tables() WHERE table_name = 'arrival'").fetchall()


def test_a_new_warehouse_needs_no_copy(home: Home) -> None:
    home.night()
    assert not home.settings.backups.exists()


def test_what_cannot_be_kept_is_refused_and_nothing_changes(old_home: Home) -> None:
    with duckdb.connect(str(old_home.settings.warehouse_file)) as old:
        old.execute("ALTER TABLE ops.batch ADD COLUMN of_the_future INTEGER")
    before = old_home.settings.warehouse_file.read_bytes()
    with pytest.raises(ConfigurationError, match=r"ops\.batch\.of_the_future"), open_warehouse(old_home.settings):
        pass
    assert old_home.settings.warehouse_file.read_bytes() == before
    assert not old_home.settings.backups.exists()


def table(derived: bool = False, retired: tuple[str, ...] = (), **columns: str) -> Table:
    """`new="BIGINT < old"` has been renamed from old."""
    return Table(
        table="ops.thing", comment=WORDS, derived=derived, retired=retired,
        columns={name: TableColumn(type=words.split(" < ")[0], comment=WORDS, renamed_from=([*words.split(" < "), None])[1])
                 for name, words in columns.items()},
    )  # fmt: skip


STORED = {"ops.thing": {"one": "INTEGER", "two": "DATE"}}
CHANGES: dict[str, tuple[Table, list[str]]] = {
    "nothing": (table(one="INTEGER", two="DATE"), []),
    "a column more": (table(one="INTEGER", two="DATE", three="VARCHAR"), ["ADD COLUMN three VARCHAR"]),
    "a wider type": (table(one="BIGINT", two="TIMESTAMP"), ["ALTER COLUMN one TYPE BIGINT", "ALTER COLUMN two TYPE TIMESTAMP"]),
    "a new name": (table(uno="INTEGER < one", two="DATE"), ["RENAME COLUMN one TO uno"]),
    "a new name and a wider type": (table(uno="DOUBLE < one", two="DATE"), ["RENAME COLUMN one TO uno", "ALTER COLUMN uno TYPE DOUBLE"]),
    "a column retired": (table(retired=("one",), two="DATE"), ["DROP COLUMN one"]),
}  # fmt: skip


@pytest.mark.parametrize(("declared", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_what_can_be_done(declared: Table, expected: list[str]) -> None:
    migration = plan([declared], STORED)
    assert migration.statements == [f"ALTER TABLE ops.thing {change}" for change in expected]
    assert migration.touches == bool(expected)
    with duckdb.connect() as db:
        db.execute("CREATE SCHEMA ops; CREATE TABLE ops.thing (one INTEGER, two DATE); BEGIN")
        db.execute("INSERT INTO ops.thing VALUES (1, DATE '2024-01-02')")
        for statement in migration.statements:
            db.execute(statement)
        db.execute("COMMIT")
        found = dict(
            db.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = 'thing'").fetchall()
        )
        assert found == {name: column.type for name, column in declared.columns.items()}


OBSTACLES: dict[str, tuple[Table, str]] = {
    "a column gone": (table(one="INTEGER"), "ops.thing.two"),
    "a narrower type": (table(one="BOOLEAN", two="DATE"), "ops.thing.one (INTEGER → BOOLEAN)"),
    "a new name and a narrower type": (table(uno="DATE < one", two="DATE"), "ops.thing.uno (INTEGER → DATE)"),
}


@pytest.mark.parametrize(("declared", "place"), OBSTACLES.values(), ids=OBSTACLES.keys())
def test_what_is_refused(declared: Table, place: str) -> None:
    with pytest.raises(ConfigurationError) as refusal:
        plan([declared], STORED)
    assert place in refusal.value.text.zh and "renamed_from" in refusal.value.text.en


def test_a_table_that_is_only_computed_is_emptied_and_linked_again() -> None:
    assert plan([table(derived=True, three="DATE")], STORED).statements == [
        "DROP TABLE ops.thing",
        "CREATE TABLE ops.thing (three DATE)",
        LINKED_AGAIN,
    ]


LINKED_AGAIN = "DELETE FROM ops.meta WHERE name = 'linkage_model'"


def test_a_table_that_has_become_a_view_is_dropped_and_what_it_showed_is_computed_again() -> None:
    view = table(one="INTEGER").model_copy(update={"view": True})
    assert plan([view], STORED).statements == ["DROP TABLE ops.thing", LINKED_AGAIN]
    assert not plan([view], {}).touches
    versions = table(one="BIGINT", two="DATE").model_copy(update={"table": "ops.version", "versions_of": "ops.thing"})
    stored = {"ops.version": STORED["ops.thing"]}
    assert plan([view, versions], stored).statements == [
        "ALTER TABLE ops.version ALTER COLUMN one TYPE BIGINT", LINKED_AGAIN]  # fmt: skip


def test_there_are_so_many_kinds() -> None:
    assert (len(CHANGES), len(OBSTACLES)) == (6, 3)
