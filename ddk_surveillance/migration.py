"""From the tables of an older warehouse to the declarations of today: added, widened and renamed columns, or a refusal.

What is only computed from other tables (`derived`) is emptied and computed anew by the next night.
"""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from ddk_surveillance.contracts import Table
from ddk_surveillance.errors import ConfigurationError

Columns = Mapping[str, str]  # name → type
WIDER = {
    "INTEGER": ("BIGINT", "DOUBLE", "VARCHAR"),
    "BIGINT": ("VARCHAR",),
    "DOUBLE": ("VARCHAR",),
    "BOOLEAN": ("VARCHAR",),
    "DATE": ("TIMESTAMP", "VARCHAR"),
    "TIMESTAMP": ("VARCHAR",),
}
OF_SOURCES = ("received",)  # what a source's declaration no longer names simply stays empty from then on


class Migration(NamedTuple):
    """Statements in their order, and whether they touch a table that was there before."""

    statements: list[str]
    touches: bool


def plan(tables: Iterable[Table], stored: Mapping[str, Columns]) -> Migration:
    """How to get there; raises ConfigurationError naming every column that stands in the way."""
    new, changes, obstacles, empties = [], [], [], False
    declared = list(tables)
    views = {table.table for table in declared if table.view}
    for table in declared:
        known = stored.get(table.table)
        if table.view:
            changes += [f"DROP TABLE {table.table}"] if known else []  # which it was until it became a view
            empties |= bool(known)
        elif known is None:
            new.append(_create(table))
        elif table.derived:
            empties |= known != {name: column.type for name, column in table.columns.items()}
        else:
            obstacles += _obstacles(table, known)
            changes += (changed := _changes(table, known))
            empties |= bool(changed) and table.versions_of in views
    if obstacles:
        raise _refusal(obstacles)
    if empties:
        for table in declared:
            if table.derived and table.table in stored:
                changes += [f"DROP TABLE {table.table}", _create(table)]
        changes.append("DELETE FROM ops.meta WHERE name = 'linkage_model'")  # so that everything is linked again
    return Migration(new + changes, bool(changes))


def _create(table: Table) -> str:
    columns = (f"{name} {one.type}{' NOT NULL' if one.required else ''}" for name, one in table.columns.items())
    return f"CREATE TABLE {table.table} ({', '.join(columns)})"


def _changes(table: Table, known: Columns) -> list[str]:
    """Renaming, then widening, then adding; a column that is required since is filled from now on."""
    alter = f"ALTER TABLE {table.table}"
    renamed = _renamed(table, known)
    types = {new: known[old] for new, old in renamed.items()} | dict(known)
    statements = [f"{alter} RENAME COLUMN {old} TO {new}" for new, old in renamed.items()]
    statements += [f"{alter} DROP COLUMN {name}" for name in table.retired if name in known]
    for name, column in table.columns.items():
        if name not in types:
            statements.append(f"{alter} ADD COLUMN {name} {column.type}")
        elif types[name] != column.type:
            statements.append(f"{alter} ALTER COLUMN {name} TYPE {column.type}")
    return statements


def _renamed(table: Table, known: Columns) -> dict[str, str]:
    """New name → old name, where the old one is still there."""
    return {
        name: column.renamed_from
        for name, column in table.columns.items()
        if column.renamed_from in known and name not in known and column.renamed_from
    }


def _obstacles(table: Table, known: Columns) -> list[str]:
    renamed = _renamed(table, known)
    gone = set(known) - set(table.columns) - set(table.retired) - set(renamed.values())
    found = [] if table.schema_name in OF_SOURCES else [f"{table.table}.{name}" for name in sorted(gone)]
    for name, column in table.columns.items():
        old = known.get(renamed.get(name, name), column.type)
        if old != column.type and column.type not in WIDER.get(old, ()):
            found.append(f"{table.table}.{name} ({old} → {column.type})")
    return found


def _refusal(obstacles: list[str]) -> ConfigurationError:
    places = ", ".join(obstacles)
    return ConfigurationError(
        f"数据仓库中有现行声明放不下的列：{places}。没有改动任何内容。若仓库是较新版本的程序写的，请装回该版本；若列改了名，在 "
        "schemas/tables/ 中写 renamed_from；若确定不再需要，写入该表的 retired；类型只能放宽。",
        f"The warehouse has columns for which today's declarations have no room: {places}. Nothing was changed. If a newer "
        "program wrote it, install that one again; if a column has a new name, write renamed_from in schemas/tables/; if it "
        "is surely no longer needed, name it under retired of its table; a type can only be widened.",
    )
