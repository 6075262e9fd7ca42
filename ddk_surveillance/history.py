"""Tables that keep every version of the rows of another table: what was known, and what was published, at any moment.

A row is added when it is first seen as it is, and its end is written once, when it is seen so no more. Nothing else ever
changes, so that the cost of a night follows what has changed.
"""

from __future__ import annotations

import datetime

from ddk_surveillance.warehouse import Warehouse


def keep(db: Warehouse, versions: str, moment: datetime.datetime, rows: str = "", scope: str = "true") -> int:
    """Bring a table of versions up to `moment`; returns the number of versions added.

    `rows` is the SELECT of the present rows (by default all of the table that is followed), `scope` the condition on the
    versions that they are compared with.
    """
    table = db.library.tables[versions]
    *content, begin, end = table.columns
    same = " AND ".join(f"v.{name} IS NOT DISTINCT FROM p.{name}" for name in content)
    standing = f"FROM {versions} WHERE {end} IS NULL AND {scope}"
    rows = rows or f"FROM {table.versions_of}"
    if not db.rows(f"{standing} LIMIT 1"):
        added = f"INSERT INTO {versions} BY NAME SELECT *, $moment AS {begin} FROM ({rows})"
        return int(db.value(added, {"moment": moment}))
    db.execute(f"CREATE OR REPLACE TEMP TABLE present AS {rows}")
    db.execute(f"CREATE OR REPLACE TEMP TABLE standing AS SELECT rowid AS version, * {standing}")
    db.execute(
        f"UPDATE {versions} SET {end} = $moment WHERE rowid IN (SELECT version FROM standing v ANTI JOIN present p ON {same})",
        {"moment": moment},
    )
    added = db.value(
        f"INSERT INTO {versions} BY NAME SELECT p.*, $moment AS {begin} FROM present p ANTI JOIN standing v ON {same}",
        {"moment": moment},
    )
    db.execute("DROP TABLE present; DROP TABLE standing")
    return int(added)
