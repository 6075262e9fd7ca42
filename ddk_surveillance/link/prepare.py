"""What a run starts from: the records as the comparison needs them, and which of them are new, changed or gone."""

from __future__ import annotations

import pyarrow

from ddk_surveillance.link.declaration import Declaration
from ddk_surveillance.warehouse import Warehouse

CODED = {
    name: name
    for name in (
        "source_code",
        "institution_id",
        "sex",
        "mechanism",
        "place",
        "nature",
        "body_part",
        "intent",
        "severity",
    )
} | {"township": "township_code", "district": "substr(township_code, 1, 6)"}


def prepare(db: Warehouse, declaration: Declaration) -> tuple[int, int]:
    """Fill link_linkable and link_gone; returns the numbers of dirty records and of records that are gone."""
    with db.offering(link_source=_sources(db)):
        _replace_stop_tokens(db, declaration)
        db.execute(
            f"CREATE OR REPLACE TEMP TABLE link_linkable AS {_with_small_codes(db, db.statement('link.linkable'))}",
            {"minimum_token_share": declaration.minimum_token_share},
        )
    db.execute("""
        CREATE OR REPLACE TEMP TABLE link_decision AS
        SELECT least(a.key, b.key) AS left_key, greatest(a.key, b.key) AS right_key, j.decision
        FROM link.decision AS j
        JOIN link_linkable AS a ON a.record_id = j.left_record_id
        JOIN link_linkable AS b ON b.record_id = j.right_record_id""")
    db.execute("""
        CREATE OR REPLACE TEMP TABLE link_gone AS SELECT record_id, record_key FROM link.member
        WHERE NOT EXISTS (SELECT 1 FROM link_linkable AS l WHERE l.record_id = member.record_id)""")
    dirty = int(db.value("SELECT count(*) FROM link_linkable WHERE is_dirty"))
    return dirty, int(db.value("SELECT count(*) FROM link_gone"))


def _with_small_codes(db: Warehouse, statement: str) -> str:
    """The statement with its coded columns as enumerations: comparing millions of pairs takes half the time."""
    for column, stated in CODED.items():
        db.execute(f"""CREATE OR REPLACE TEMP TYPE link_{column} AS ENUM (
            SELECT '' UNION SELECT DISTINCT {stated} FROM core.record WHERE {stated} IS NOT NULL ORDER BY 1)""")
    casts = ", ".join(f"CAST({column} AS link_{column}) AS {column}" for column in CODED)
    return f"SELECT * REPLACE ({casts}) FROM ({statement})"


def _sources(db: Warehouse) -> pyarrow.Table:
    """What the contracts say about the dates and the doubles of each feed."""
    known = {name: source.linkage for name, source in db.library.sources.items()}
    return pyarrow.table(
        {
            "source_code": pyarrow.array(known, pyarrow.string()),
            "window_days": pyarrow.array([one.date_window_days for one in known.values()], pyarrow.int32()),
            "has_no_doubles": pyarrow.array([one.every_row_is_an_incident for one in known.values()], pyarrow.bool_()),
        }
    )


def _replace_stop_tokens(db: Warehouse, declaration: Declaration) -> None:
    db.execute("DELETE FROM link.stop_token")
    db.execute(
        f"INSERT INTO link.stop_token BY NAME {db.statement('link.stop_token')}", dict(declaration.stop_token_persons)
    )
