"""Count again only the children whose incidents have changed since the last count: every count is a sum over children.

What was counted is kept as a digest of each child's incidents. The incidents of before come from core.incident_version,
and count only if they are, by these digests, those that were counted. Whatever else may have changed means: from scratch.
"""

from __future__ import annotations

import json
from typing import NamedTuple

from ddk_surveillance.warehouse import Warehouse

LARGE = 50_000  # incidents; fewer are counted from scratch as quickly
FEW = 0.2  # of the children: if more have changed, all are counted
CHILD = "(hash(child_id) >> 1)::BIGINT"
DIGESTS = f"SELECT {CHILD} AS child, (bit_xor(hash(i)) >> 1)::BIGINT AS digest FROM {{}} AS i GROUP BY ALL"
OF_CHANGED = f"{CHILD} IN (FROM changed_child)"
CELL = "rule, period_type, position, category_number, sex"
COUNTS = ("records", "incidents", "children", "numerator")
_SUMS = ", ".join(f"sum({name})::BIGINT AS {name}" for name in COUNTS)
# `cell_now` and `cell_count`: what the changed children add now, and added before. Only the cells they touch are written.
MERGE = f"""
    CREATE OR REPLACE TEMP TABLE cell_changed AS
    SELECT {CELL}, {_SUMS} FROM (
        FROM cell_now UNION ALL BY NAME SELECT {CELL}, {", ".join(f"-{name} AS {name}" for name in COUNTS)} FROM cell_count
    ) GROUP BY {CELL} HAVING {" OR ".join(f"sum({name}) <> 0" for name in COUNTS)};
    INSERT INTO cell_changed BY NAME FROM mart.cell_count SEMI JOIN (SELECT DISTINCT {CELL} FROM cell_changed) USING ({CELL});
    DELETE FROM mart.cell_count WHERE rowid IN (SELECT m.rowid FROM mart.cell_count m SEMI JOIN cell_changed USING ({CELL}));
    INSERT INTO mart.cell_count BY NAME SELECT {CELL}, {_SUMS} FROM cell_changed GROUP BY {CELL} HAVING sum(incidents) > 0;
    DROP TABLE cell_changed;
    CREATE OR REPLACE TEMP TABLE cell_count AS FROM mart.cell_count;
    DELETE FROM mart.counted_child WHERE child IN (FROM changed_child);
    INSERT INTO mart.counted_child BY NAME FROM child_now WHERE child IN (FROM changed_child)"""


class State(NamedTuple):
    """By which declarations the last count was made, over which years, and up to which moment of core.incident_version."""

    declarations: str
    span: str
    moment: str


def look(db: Warehouse) -> State | None:
    """Digest the incidents as they are, if they are many; the last count, if it can be gone on from."""
    db.execute("DROP TABLE IF EXISTS child_now")
    if db.value("SELECT count(*) FROM core.incident") < LARGE:
        return None
    db.execute(f"CREATE TEMP TABLE child_now AS {DIGESTS.format('core.incident')}")
    state = State(*json.loads(db.remembered("counted") or '["", "", ""]'))
    return state if state.declarations == db.library.everything_fingerprint else None


def find_changed(db: Warehouse, state: State) -> bool:
    """Fill `changed_child`, `incident_before` and `incident_now`; False if these are not known for certain, or too many."""
    db.execute("""
        CREATE OR REPLACE TEMP TABLE changed_child AS
        SELECT child FROM child_now n FULL JOIN mart.counted_child b USING (child) WHERE n.digest IS DISTINCT FROM b.digest""")
    if db.value("SELECT (SELECT count(*) FROM changed_child) > ? * (SELECT count(*) FROM child_now)", [FEW]):
        return False
    db.execute(f"CREATE OR REPLACE TEMP TABLE incident_now AS FROM core.incident WHERE {OF_CHANGED}")
    db.execute(
        f"""CREATE OR REPLACE TEMP TABLE incident_before AS
        SELECT {", ".join(db.library.tables["core.incident"].columns)} FROM core.incident_version
        WHERE known_from <= $moment AND (known_to IS NULL OR known_to > $moment) AND {OF_CHANGED}""",
        {"moment": state.moment},
    )
    return not db.rows(f"""
        FROM ({DIGESTS.format("incident_before")}) n FULL JOIN (FROM mart.counted_child SEMI JOIN changed_child USING (child)) b
        USING (child) WHERE n.digest IS DISTINCT FROM b.digest LIMIT 1""")


def span(db: Warehouse) -> str:
    """First and last year of `period`."""
    return str(db.rows("SELECT min(first_day)::VARCHAR, max(last_day)::VARCHAR FROM period WHERE period_type = 'year'"))


def keep(db: Warehouse) -> None:
    """Keep a count from scratch for the next one to go on from; of few incidents nothing."""
    if db.rows("FROM duckdb_tables() WHERE table_name = 'child_now'"):
        db.execute("DELETE FROM mart.counted_child; INSERT INTO mart.counted_child BY NAME FROM child_now")
        db.execute("DELETE FROM mart.cell_count; INSERT INTO mart.cell_count BY NAME FROM cell_count")
        remember(db)


def remember(db: Warehouse) -> None:
    """How far the count that is kept goes."""
    moment = db.value(
        "SELECT coalesce(greatest(max(known_from), max(known_to)), TIMESTAMP '1900-01-01')::VARCHAR FROM core.incident_version"
    )
    db.remember("counted", json.dumps([db.library.everything_fingerprint, span(db), moment]))
