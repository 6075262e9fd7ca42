"""Tables that keep every version of the rows of another table: what was known, and what was published, at any moment.

A row is added when it is first seen as it is, and its end is written once, when it is seen so no more. Nothing else ever
changes, so that the cost of a night follows what has changed.
"""

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
    if not db.rows(f"{standing} LIMIT 1"):
        added = (
            f"INSERT INTO {versions} BY NAME SELECT *, $moment AS {begin} FROM ({rows or f'FROM {table.versions_of}'})"
        )
        return int(db.value(added, {"moment": moment}))
    # Rows are compared by 64 bits: of a million, one that is new looks like an old one less often than a disk errs.
    look = f"hash({', '.join(content)}) AS look"
    present = "present" if rows else table.versions_of
    if rows:
        columns = ", ".join(f"{name} {table.columns[name].type}" for name in content)  # a hash depends on the type
        db.execute(f"CREATE OR REPLACE TEMP TABLE present ({columns}); INSERT INTO present BY NAME {rows}")
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE moved AS
        SELECT ended, added FROM (SELECT rowid AS ended, {look} {standing})
        FULL JOIN (SELECT rowid AS added, {look} FROM {present}) USING (look) WHERE ended IS NULL OR added IS NULL""")
    db.execute(
        f"UPDATE {versions} SET {end} = $moment WHERE rowid IN (SELECT ended FROM moved WHERE ended IS NOT NULL)",
        {"moment": moment},
    )
    added = db.value(
        f"INSERT INTO {versions} BY NAME SELECT {', '.join(content)}, $moment AS {begin} FROM {present}"
        " WHERE rowid IN (SELECT added FROM moved WHERE added IS NOT NULL)",
        {"moment": moment},
    )
    db.execute("DROP TABLE IF EXISTS present; DROP TABLE moved")
    return int(added)
