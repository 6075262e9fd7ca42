"""Count again only the children whose incidents have changed since the last count: every count is a sum over children.

What was counted is kept as a digest of each child's incidents. The incidents of before come from core.incident_version,
and count only if they are, by these digests, those that were counted. Whatever else may have changed means: from scratch.
"""

import json
from typing import NamedTuple

from ddk_surveillance.warehouse import Warehouse

LARGE = 50_000  # incidents; fewer are counted from scratch as quickly
FEW = 0.2  # of the children: if more have changed, all are counted
CHILD = "(hash(child_id) >> 1)::BIGINT"
DIGESTS = f"SELECT {CHILD} AS child, (bit_xor(hash(i)) >> 1)::BIGINT AS digest FROM {{}} AS i GROUP BY ALL"
OF_CHANGED_CHILD = "child IN (FROM changed_child)"
OF_CHANGED = f"{CHILD} IN (FROM changed_child)"
# What is kept of a count: its keys, and its sums over children, of which a row without the first is none.
KEPT = {
    "cell_count": (
        "rule, period_type, position, category_number, sex",
        ("incidents", "records", "children", "numerator"),
    ),
    "case_count": ("rule, year, sources", ("cases", "events")),
    "child_count": ("rule, year", ("children", "events", "squares")),
}


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


def set_aside(db: Warehouse) -> None:
    """What the changed children add now, while what they added before is counted."""
    for name in KEPT:
        db.execute(f"CREATE OR REPLACE TEMP TABLE {name}_now AS FROM {name}")


def merge(db: Warehouse) -> None:
    """Bring what is kept up to date, of which only the rows that the changed children touch are written."""
    for name, (keys, sums) in KEPT.items():
        added = ", ".join(f"sum({one})::BIGINT AS {one}" for one in sums)
        db.execute(f"""
            CREATE OR REPLACE TEMP TABLE changed AS
            SELECT {keys}, {added} FROM (
                FROM {name}_now UNION ALL BY NAME SELECT {keys}, {", ".join(f"-{one} AS {one}" for one in sums)} FROM {name}
            ) GROUP BY {keys} HAVING {" OR ".join(f"sum({one}) <> 0" for one in sums)};
            INSERT INTO changed BY NAME FROM mart.{name} SEMI JOIN (SELECT DISTINCT {keys} FROM changed) USING ({keys});
            DELETE FROM mart.{name} WHERE rowid IN (SELECT m.rowid FROM mart.{name} m SEMI JOIN changed USING ({keys}));
            INSERT INTO mart.{name} BY NAME SELECT {keys}, {added} FROM changed GROUP BY {keys} HAVING sum({sums[0]}) > 0;
            DROP TABLE changed;
            CREATE OR REPLACE TEMP TABLE {name} AS FROM mart.{name}""")
    db.execute(f"""
        DELETE FROM mart.counted_child WHERE {OF_CHANGED_CHILD};
        INSERT INTO mart.counted_child BY NAME FROM child_now WHERE {OF_CHANGED_CHILD}""")


def span(db: Warehouse) -> str:
    """First and last year of `period`."""
    return str(db.rows("SELECT min(first_day)::VARCHAR, max(last_day)::VARCHAR FROM period WHERE period_type = 'year'"))


def keep(db: Warehouse) -> None:
    """Keep a count from scratch for the next one to go on from; of few incidents nothing."""
    if db.rows("FROM duckdb_tables() WHERE table_name = 'child_now'"):
        for kept, counted in (("counted_child", "child_now"), *zip(KEPT, KEPT, strict=True)):
            db.execute(f"DELETE FROM mart.{kept}; INSERT INTO mart.{kept} BY NAME FROM {counted}")
        remember(db)


def remember(db: Warehouse) -> None:
    """How far the count that is kept goes."""
    moment = db.value(
        "SELECT coalesce(greatest(max(known_from), max(known_to)), TIMESTAMP '1900-01-01')::VARCHAR FROM core.incident_version"
    )
    db.remember("counted", json.dumps([db.library.everything_fingerprint, span(db), moment]))
