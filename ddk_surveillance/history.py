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
    standing = f"FROM {versions} WHERE {end} IS NULL AND {scope}"
    rows = rows or f"FROM {table.versions_of}"
    if not db.rows(f"{standing} LIMIT 1"):
        added = f"INSERT INTO {versions} BY NAME SELECT *, $moment AS {begin} FROM ({rows})"
        return int(db.value(added, {"moment": moment}))
    # Rows are compared by 64 bits: of a million, one that is new looks like an old one less often than a disk errs.
    look = f"hash({', '.join(content)})"
    columns = ", ".join(f"{name} {table.columns[name].type}" for name in content)  # a hash depends on the type
    db.execute(f"CREATE OR REPLACE TEMP TABLE present ({columns})")
    db.execute(f"INSERT INTO present BY NAME {rows}")
    db.execute(
        f"UPDATE {versions} SET {end} = $moment WHERE {end} IS NULL AND {scope} AND {look} NOT IN (SELECT {look} FROM present)",
        {"moment": moment},
    )
    added = db.value(
        f"INSERT INTO {versions} BY NAME SELECT *, $moment AS {begin} FROM present WHERE {look} NOT IN (SELECT {look} {standing})",
        {"moment": moment},
    )
    db.execute("DROP TABLE present")
    return int(added)
