"""The only module that opens DuckDB: one writer, declared tables, transactions, errors without values."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb

from ddk_surveillance import migration, turn
from ddk_surveillance.contracts import Table
from ddk_surveillance.errors import BusyError, ConfigurationError, WarehouseError
from ddk_surveillance.library import Library, library_of
from ddk_surveillance.settings import TIME_ZONE, Settings, now, resource
from ddk_surveillance.text.icd10_ranges import ICD10_COLUMN, within_sql
from ddk_surveillance.unguarded import Unguarded
from ddk_surveillance.writing import written_whole

if TYPE_CHECKING:  # half a second, which not every command needs
    import numpy.typing
    import pandas
    import pyarrow

SPARING_MEMORY_GB = 0.7
HOLDS_ERASED = "holds_erased"  # in ops.meta: the file is to be written anew before anything else
KEEP_BACKUPS = 2  # copies from before a change of declarations
Parameters = Mapping[str, object] | Sequence[object]
# SELECTs that are cheap enough to stay views; every other file under warehouse/ fills a declared table.
VIEWS = ("core.record", "link.decision", "ref.population", "ops.open_quarantine", "ops.active_change", "ops.erased_batch",
         "mart.drill")  # fmt: skip
# SELECTs with parameters, for analysts: a table macro and its parameters.
MACROS = {
    "core.incident_as_of": "moment",
    "out.indicator_rate_as_of": "moment",
    "out.indicator_verdict_as_of": "moment",
    "out.indicator_statistic_as_of": "moment",
    "out.indicator_cube_as_of": "moment",
    "out.indicator_rate_of_edition": "edition",
}
SCHEMAS = ("received", "core", "link", "mart", "out", "ops", "ref")


@dataclass(frozen=True)
class Outcome:
    """What a stage did with the rows it was given; counts only, safe to show and to store anywhere."""

    rows_in: int = 0
    rows_out: int = 0
    rows_refused: int = 0


class Warehouse:
    """A DuckDB connection that knows the declarations and never lets a row value out through an error."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, settings: Settings, library: Library) -> None:
        self.connection = connection
        self.settings = settings
        self.library = library
        self._depth = 0
        self._has_failed = False
        self.unguarded: dict[str, Unguarded] = {}  # by batch, until the guard has looked at it

    def execute(self, sql: str, parameters: Parameters = ()) -> None:
        """Run one or more statements for their effect."""
        with _without_values():
            self.connection.execute(sql, parameters).fetchall()

    def rows(self, sql: str, parameters: Parameters = ()) -> list[tuple[Any, ...]]:
        with _without_values():
            return self.connection.execute(sql, parameters).fetchall()

    def column(self, sql: str, parameters: Parameters = ()) -> list[Any]:
        """The values of a query of one column."""
        return [value for (value,) in self.rows(sql, parameters)]

    def value(self, sql: str, parameters: Parameters = ()) -> Any:
        """The single value of a query that yields one row of one column."""
        [value] = self.column(sql, parameters)
        return value

    def frame(self, sql: str, parameters: Parameters = ()) -> pandas.DataFrame:
        with _without_values():
            return self.connection.execute(sql, parameters).df()

    def arrays(self, sql: str) -> list[numpy.typing.NDArray[Any]]:
        """The columns of a query of numbers that are all known; of millions a frame would take many times as long."""
        with _without_values():
            columns: dict[str, Any] = self.connection.execute(sql).fetchnumpy()
        return list(columns.values())

    def arrow(self, sql: str, parameters: Parameters = ()) -> pyarrow.Table:
        with _without_values():
            return self.connection.sql(sql, params=parameters).to_arrow_table()

    def records(self, sql: str, parameters: Parameters = ()) -> list[dict[str, Any]]:
        """Rows by the names of their columns."""
        records: list[dict[str, Any]] = self.arrow(sql, parameters).to_pylist()
        return records

    def stream(self, sql: str) -> pyarrow.RecordBatchReader:
        """The rows of a query piece by piece, for another database; nothing else may be asked here meanwhile."""
        with _without_values():
            return self.connection.sql(sql).to_arrow_reader()

    @contextlib.contextmanager
    def offering(self, **tables: pyarrow.Table | pyarrow.RecordBatchReader | pandas.DataFrame) -> Iterator[None]:
        """Let SQL inside the block read these frames by name."""
        for name, table in tables.items():
            self.connection.register(name, table)
        try:
            yield
        finally:
            with contextlib.suppress(duckdb.TransactionException):  # after a failed statement, whose error matters
                for name in tables:
                    self.connection.unregister(name)

    @contextlib.contextmanager
    def transaction(self, is_rehearsal: bool = False) -> Iterator[None]:
        """All or nothing: one inside another joins it, and what fails inside fails the whole, caught or not.

        Of a rehearsal nothing stays, though everything in it is real.
        """
        self._depth += 1
        try:
            if self._depth > 1:
                yield
                return
            self._has_failed = False
            self.execute("BEGIN")
            yield
            if self._has_failed:
                raise WarehouseError(
                    "事务中有一步失败，已全部撤回。", "A step of a transaction failed: all of it is undone."
                )
        except BaseException:
            self._has_failed = True
            if self._depth == 1:
                with contextlib.suppress(WarehouseError):  # a full disk has ended it already; the reason matters more
                    self.execute("ROLLBACK")
            raise
        finally:
            self._depth -= 1
        self.execute("ROLLBACK" if is_rehearsal else "COMMIT")

    @contextlib.contextmanager
    def sparing(self) -> Iterator[None]:
        """Inside, rows without ORDER BY come in any order and the engine keeps to so much memory: no core waits for another."""
        memory_gb = min(SPARING_MEMORY_GB, self.settings.memory_limit_gb)
        self.execute(f"SET preserve_insertion_order = false; SET memory_limit = '{memory_gb}GB'")
        try:
            yield
        finally:
            with contextlib.suppress(WarehouseError):  # after a failed statement, whose error matters
                self.execute(
                    f"SET preserve_insertion_order = true; SET memory_limit = '{self.settings.memory_limit_gb}GB'"
                )

    def insert(self, table: str, row: Mapping[str, object], *computed: str) -> None:
        """Add a row by the names of its columns, some of which SQL computes (now()::TIMESTAMP AS made_at)."""
        columns = ", ".join([*(f"${name} AS {name}" for name in row), *computed])
        self.execute(f"INSERT INTO {table} BY NAME SELECT {columns}", row)

    def remember(self, name: str, value: str) -> None:
        """Keep a fact about the warehouse itself."""
        self.execute("DELETE FROM ops.meta WHERE name = ?", [name])
        self.insert("ops.meta", {"name": name, "value": value})

    def remembered(self, name: str) -> str | None:
        rows = self.rows("SELECT value FROM ops.meta WHERE name = ?", [name])
        return str(rows[0][0]) if rows else None

    def statement(self, table: str) -> str:
        """The one SELECT that makes a table, from warehouse/<schema>/<table>.sql."""
        return resource("warehouse").joinpath(*table.split(".")).with_suffix(".sql").read_text(encoding="utf-8")

    def rebuild(self, table: str, select: str = "") -> None:
        """Replace the whole content of a table by that of a SELECT, its own if none is given."""
        columns = ", ".join(self.library.tables[table].columns)
        with self.transaction():
            self.execute(f"DELETE FROM {table}")
            self.execute(f"INSERT INTO {table} BY NAME SELECT {columns} FROM ({select or self.statement(table)})")

    def digest(self, relation: str) -> str:
        """Depends on every row of a table or subquery, not on their order; to be compared by the same version of DuckDB only."""
        rows, total = self.rows(f"SELECT count(*), sum(hash(t)) FROM {relation} t")[0]
        return f"{rows}-{int(total or 0):x}"

    def ensure(self, *tables: Table) -> None:
        """Create declared tables, or bring those of an earlier declaration to today's; all or nothing."""
        with self.transaction():
            for statement in migration.plan(tables, self.stored_columns()).statements:
                self.execute(statement)
            for table in tables:
                if table.view:
                    self.create_view(table.table)
            if self.value("SELECT current_database()") != "memory":  # there nobody reads comments; they are slow
                for table in tables:
                    self.comment(table)

    def ensure_once(self, table: Table) -> None:
        """Like `ensure`, but of a table that was last made from this very declaration nothing is looked at."""
        declaration = hashlib.sha256(table.model_dump_json().encode()).hexdigest()[:16]
        if self.remembered(table.table) != declaration:
            with self.transaction():
                self.ensure(table)
                self.remember(table.table, declaration)

    def create_view(self, name: str) -> None:
        self.execute(f"CREATE OR REPLACE VIEW {name} AS {self.statement(name)}")

    def create_macro(self, name: str) -> None:
        """Make a SELECT with parameters callable: FROM <schema>.<name>(…)."""
        self.execute(f"CREATE OR REPLACE MACRO {name}({MACROS[name]}) AS TABLE {self.statement(name)}")

    def stored_columns(self) -> dict[str, dict[str, str]]:
        """Table → column → type, as they are in the file."""
        stored: dict[str, dict[str, str]] = {}
        for table, column, type_ in self.rows(
            "SELECT schema_name || '.' || table_name, column_name, data_type FROM duckdb_columns() SEMI JOIN duckdb_tables()"
            " USING (database_name, schema_name, table_name) WHERE database_name = current_database() AND NOT internal"
            " ORDER BY column_index"
        ):
            stored.setdefault(table, {})[column] = type_
        return stored

    def comment(self, table: Table) -> None:
        """Write the bilingual comments of a table and its columns into the database itself."""
        kind = "VIEW" if table.view else "TABLE"
        statements = [f"COMMENT ON {kind} {table.table} IS {literal(f'{table.comment.zh} | {table.comment.en}')}"]
        statements += [
            f"COMMENT ON COLUMN {table.table}.{column} IS {literal(f'{declared.comment.zh} | {declared.comment.en}')}"
            for column, declared in table.columns.items()
        ]
        self.execute("; ".join(statements))


def connect(settings: Settings, library: Library, file: Path | None = None) -> Warehouse:
    """Open a file, or memory without one, with every declared table in place; takes no lock.

    A file of earlier declarations is copied to backups/ and then brought to today's, or refused as it is.
    """
    warehouse = _open(settings, library, file)
    try:
        if _stored_fingerprint(warehouse) == library.tables_fingerprint:
            return warehouse
        if file and migration.plan(library.tables.values(), warehouse.stored_columns()).touches:
            warehouse.connection.close()  # the copy is of a file that nobody has open
            _back_up(settings, file)
            warehouse = _open(settings, library, file)
        _create_tables(warehouse)
    except BaseException:
        warehouse.connection.close()
        raise
    return warehouse


def _open(settings: Settings, library: Library, file: Path | None) -> Warehouse:
    with _without_values():
        connection = duckdb.connect(str(file) if file else ":memory:", config=_configuration(settings))
    warehouse = Warehouse(connection, settings, library)
    warehouse.execute(f"SET TimeZone = '{TIME_ZONE}'")
    return warehouse


def _back_up(settings: Settings, file: Path) -> None:
    """Copy the file as it is before its tables change; the newest KEEP_BACKUPS stay."""
    settings.backups.mkdir(mode=0o700, exist_ok=True)
    for leftover in settings.backups.glob("*.partial"):  # of an opening that was killed
        leftover.unlink()
    if shutil.disk_usage(settings.backups).free < 2 * file.stat().st_size:
        raise ConfigurationError(
            "升级数据仓库前要先备份，磁盘空间不足（需要数据仓库文件的两倍）。",
            "Before the warehouse is brought to today's declarations it is copied, and the disk has no room (twice its size is needed).",
        )
    copy = settings.backups / f"ddk-{now():%Y%m%dT%H%M%S}.duckdb"
    with written_whole(copy) as working:
        shutil.copyfile(file, working)
    for old in sorted(settings.backups.glob("ddk-*.duckdb"))[:-KEEP_BACKUPS]:
        old.unlink()


@contextlib.contextmanager
def new_file(settings: Settings, library: Library, file: Path, storage_version: str) -> Iterator[Warehouse]:
    """An empty database file to be filled: by a connection of its own, since one transaction writes to one file only."""
    database = _open(settings, library, None)
    with contextlib.closing(database.connection):
        database.execute("SET disabled_compression_methods = 'fsst'")  # takes a fifth of the time and saves no room
        database.execute("SET checkpoint_threshold = '1KB'")  # rows go into the file at once, not into a log before
        database.execute(f"ATTACH {literal(str(file))} AS new_file (STORAGE_VERSION '{storage_version}'); USE new_file")
        yield database
        database.execute("USE memory; DETACH new_file")


@contextlib.contextmanager
def open_warehouse(settings: Settings) -> Iterator[Warehouse]:
    """The warehouse for writing; nobody else may hold it meanwhile: waits, or BusyError if told not to."""
    os.umask(0o077)
    settings.make_folders()
    with writer_lock(settings):
        if settings.restoring_file.exists():
            raise ConfigurationError(
                "上一次恢复没有做完，这里的数据不完整。请再运行一次 ddk restore，并加 --replace。",
                "The last restore did not come to its end, so the data here are not whole. Run ddk restore again, with --replace.",
            )
        if is_lost(settings):
            raise ConfigurationError(
                f"{settings.warehouse_file} 不见了，而这里发布过数据。请把它移回，或用 ddk restore 恢复备份。没有备份而要重新开始：先把 analyst/ "
                "移到别处，把 archive/ 中的文件放回 landing/<来源>/，再运行 ddk nightly。",
                f"{settings.warehouse_file} is gone, though figures were published here. Move it back, or bring back a backup with ddk "
                "restore. To begin anew without one, move analyst/ elsewhere, put the files of archive/ into landing/<source>/ again, and "
                "run ddk nightly.",
            )
        library = library_of(settings.declarations)
        warehouse = connect(settings, library, settings.warehouse_file)
        if warehouse.remembered(HOLDS_ERASED):
            warehouse.connection.close()
            _rewrite(settings)
            warehouse = connect(settings, library, settings.warehouse_file)
        with contextlib.closing(warehouse.connection):
            yield warehouse


def is_lost(settings: Settings) -> bool:
    """An empty warehouse in its place would be published as if nothing had ever come."""
    return not settings.warehouse_file.exists() and os.path.lexists(settings.analyst_file)


@contextlib.contextmanager
def existing_warehouse(settings: Settings) -> Iterator[Warehouse]:
    """The same; ConfigurationError before the first night."""
    if not settings.warehouse_file.exists() and not is_lost(settings):
        raise ConfigurationError(
            f"{settings.home} 还没有运行过。请先运行 ddk nightly（或 ddk demo）。",
            f"Nothing has run in {settings.home} yet. Run ddk nightly (or ddk demo) first.",
        )
    with open_warehouse(settings) as warehouse:
        yield warehouse


def _rewrite(settings: Settings) -> None:
    """Write the warehouse file anew: rows that were deleted from it stay on the disk until something else takes their place."""
    old = settings.warehouse_file
    with _without_values(), written_whole(old) as new:
        for leftover in new.parent.glob(f"{new.name}*"):
            leftover.unlink()
        with duckdb.connect(config=_configuration(settings)) as connection:
            for place, name in ((old, "old"), (new, "new")):
                connection.execute(f"ATTACH {literal(str(place))} AS {name}")
            connection.execute("COPY FROM DATABASE old TO new")
            connection.execute("DELETE FROM new.ops.meta WHERE name = ?", [HOLDS_ERASED])


@contextlib.contextmanager
def writer_lock(settings: Settings) -> Iterator[None]:
    """A lock that the operating system releases however its holder dies, so that none is ever stale."""
    with (settings.home / ".writer.lock").open("w") as stream:
        turn.take(stream, settings)
        yield


def _create_tables(warehouse: Warehouse) -> None:
    with warehouse.transaction():
        for schema in SCHEMAS:
            warehouse.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}")
        warehouse.execute("DROP SCHEMA IF EXISTS recoded CASCADE")  # until 2026-11 the recoded rows were kept there
        warehouse.ensure(*warehouse.library.tables.values())
        for view in VIEWS:
            warehouse.create_view(view)
        for macro in MACROS:
            warehouse.create_macro(macro)
        warehouse.remember("declarations", warehouse.library.tables_fingerprint)


def _stored_fingerprint(warehouse: Warehouse) -> str | None:
    """Which declarations the tables were last made from: re-creating them at every start costs half a second."""
    exists = warehouse.value(
        "SELECT count(*) FROM duckdb_tables() WHERE database_name = current_database()"
        " AND schema_name = 'ops' AND table_name = 'meta'"
    )
    return warehouse.remembered("declarations") if exists else None


def _configuration(settings: Settings) -> dict[str, Any]:
    return {
        "memory_limit": f"{settings.memory_limit_gb}GB",
        "threads": settings.threads,
        "temp_directory": str(settings.home / "spill"),
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "preserve_insertion_order": True,
        "checkpoint_threshold": "256MB",  # what a night commits goes into the file once, when it is closed; before that into its log
    }


def literal(text: str) -> str:
    """A constant of a declaration, never a text from a row, as SQL."""
    return "'" + text.replace("'", "''") + "'"


def among_sql(column: str, values: Iterable[str | bool]) -> str:
    """Whether a column is one of these declared values; of external causes, within one of these ranges."""
    texts = [str(value).lower() if isinstance(value, bool) else value for value in values]
    return within_sql(texts) if column == ICD10_COLUMN else f"{column} IN ({', '.join(map(literal, texts))})"


@contextlib.contextmanager
def _without_values() -> Iterator[None]:
    """DuckDB quotes row values in its messages, so only the kind of the error may pass."""
    try:
        yield
    except duckdb.Error as error:
        kind, is_of_disk = type(error).__name__, isinstance(error, duckdb.IOException)
        if is_of_disk and "lock" in str(error).lower():
            raise BusyError(
                "数据仓库文件正被另一个程序打开（例如分析员直接打开了 ddk.duckdb）。请关闭后重试。",
                "The warehouse file is open in another program. Close it and try again.",
            ) from None
        if is_of_disk or "Could not write file" in str(error):  # of a commit DuckDB says it in another kind of error
            raise ConfigurationError(
                "无法读写数据仓库文件，请检查磁盘空间和文件夹权限（ddk doctor）。",
                "The warehouse file cannot be read or written: check disk space and permissions (ddk doctor).",
            ) from None
        raise WarehouseError(f"数据库操作失败（{kind}）。", f"A database statement failed ({kind}).") from None
