"""Stage 5: replace the checked batches in core.record_version, exactly once, and keep the books.

A record's versions are ordered by what they say of themselves (day of the report), then by when the file was written;
so the order in which files happen to be processed decides nothing. The version that holds is `loaded`; a later row
with the same content is a `duplicate`, and any other content is `superseded`.
"""

from __future__ import annotations

from ddk_surveillance.contracts import Source
from ddk_surveillance.warehouse import Outcome, Warehouse

CHECKED = "SELECT batch_id FROM ops.batch WHERE source_code = $source AND status = 'checked'"
POSITION = "batch_id, sheet, row_number, victim_number"
VERSION = f"record_id, {POSITION}, content_hash, reported_date"  # what decides which version of a record holds
PASSING = f"""
    FROM recoded.{{source}} c
    WHERE batch_id IN ({CHECKED})
      AND NOT EXISTS (FROM ops.quarantine q WHERE q.disposition <> 'warning' AND (q.batch_id, q.sheet, q.row_number, q.victim_number)
                      = (c.batch_id, c.sheet, c.row_number, c.victim_number))"""


def run(db: Warehouse, key: str) -> Outcome:
    """Load all checked batches of the source `key`; all or nothing."""
    source = db.library.sources[key]
    with db.transaction():
        rows_in = int(db.value(f"SELECT count(*) FROM recoded.{key} WHERE batch_id IN ({CHECKED})", {"source": key}))
        rows_out = _load_records(db, source) if source.target == "record" else _load_population(db, source)
        db.execute(
            f"UPDATE ops.batch SET status = 'loaded' WHERE batch_id IN ({CHECKED})",
            {"source": key},
        )
        db.execute(f"DELETE FROM recoded.{key}")
        db.execute("DELETE FROM ops.ledger")
        db.execute(f"INSERT INTO ops.ledger BY NAME {db.statement('ops.ledger')}")
    return Outcome(rows_in, rows_out)


def _load_records(db: Warehouse, source: Source) -> int:
    columns = ", ".join(
        name for name in db.library.tables["core.record_version"].columns if name not in ("disposition", "flags")
    )
    passing = PASSING.format(source=source.source)
    asked = {"source": source.source}
    db.execute(f"DELETE FROM core.record_version WHERE batch_id IN ({CHECKED})", asked)
    db.execute(f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT {VERSION} {passing}", asked)
    _decide(db)
    db.execute(
        f"INSERT INTO core.record_version BY NAME SELECT {columns}, coalesce(s.disposition, 'loaded') AS disposition, flags "
        f"FROM (SELECT * {passing}) LEFT JOIN settled s USING ({POSITION}) LEFT JOIN ({_FLAGS}) USING ({POSITION})",
        asked,
    )
    _settle(db)
    rows = int(db.value("SELECT count(*) FROM incoming"))
    db.execute("DROP TABLE settled; DROP TABLE incoming")
    return rows


_FLAGS = f"""
    SELECT {POSITION}, string_agg(rule || ':' || column_name, ',' ORDER BY rule, column_name) AS flags
    FROM ops.quarantine WHERE disposition = 'warning' GROUP BY ALL"""


def _decide(db: Warehouse) -> None:
    """Decide for every record with more than one version, of which one is incoming, which of them holds."""
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE settled AS
        WITH contested AS (
            SELECT record_id FROM incoming GROUP BY 1 HAVING count(*) > 1
            UNION SELECT record_id FROM incoming SEMI JOIN core.record_version USING (record_id)),
        versions AS (
            SELECT v.* EXCLUDE (reported_date), b.status = 'withdrawn' AS is_withdrawn,
                   row_number() OVER (PARTITION BY v.record_id, b.status = 'withdrawn'
                       ORDER BY v.reported_date NULLS FIRST, b.received_at, v.batch_id, v.sheet, v.row_number) AS place
            FROM (FROM incoming UNION ALL SELECT {VERSION} FROM core.record_version) v
            SEMI JOIN contested USING (record_id) JOIN ops.batch b USING (batch_id)),
        latest AS (
            SELECT record_id, arg_max(content_hash, place) AS content_hash FROM versions WHERE NOT is_withdrawn GROUP BY 1),
        keeper AS (
            SELECT record_id, min(place) AS place FROM versions JOIN latest USING (record_id, content_hash)
            WHERE NOT is_withdrawn GROUP BY 1)
        SELECT v.batch_id, v.sheet, v.row_number, v.victim_number,
               CASE WHEN v.is_withdrawn THEN 'withdrawn' WHEN v.place = keeper.place THEN 'loaded'
                    WHEN v.content_hash = latest.content_hash THEN 'duplicate' ELSE 'superseded' END AS disposition
        FROM versions v LEFT JOIN latest USING (record_id) LEFT JOIN keeper USING (record_id)""")


def _settle(db: Warehouse) -> None:
    """Bring the versions that came before up to date."""
    db.execute("""
        UPDATE core.record_version v SET disposition = s.disposition FROM settled s
        WHERE v.batch_id = s.batch_id AND v.sheet = s.sheet AND v.row_number = s.row_number
          AND v.victim_number = s.victim_number AND v.disposition <> s.disposition""")


def _load_population(db: Warehouse, source: Source) -> int:
    """The newest figure of every cell (year, township, sex, age, type) holds; the older ones are superseded."""
    columns = ", ".join(name for name in db.library.tables["ref.population_version"].columns if name != "disposition")
    db.execute(f"DELETE FROM ref.population_version WHERE batch_id IN ({CHECKED})", {"source": source.source})
    db.execute(
        f"INSERT INTO ref.population_version BY NAME SELECT {columns}, 'new' AS disposition "
        f"FROM (SELECT * {PASSING.format(source=source.source)})",
        {"source": source.source},
    )
    rows = int(db.value("SELECT count(*) FROM ref.population_version WHERE disposition = 'new'"))
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE settled AS
        SELECT {POSITION}, row_number() OVER (
            PARTITION BY year, township_code, sex, age_years, population_type, b.status = 'withdrawn'
            ORDER BY as_of DESC NULLS LAST, b.received_at DESC, batch_id, sheet, row_number) AS place,
            b.status = 'withdrawn' AS is_withdrawn
        FROM ref.population_version JOIN ops.batch b USING (batch_id)""")
    db.execute("""
        UPDATE ref.population_version v
        SET disposition = CASE WHEN s.is_withdrawn THEN 'withdrawn' WHEN s.place = 1 THEN 'loaded' ELSE 'superseded' END
        FROM settled s WHERE (v.batch_id, v.sheet, v.row_number) = (s.batch_id, s.sheet, s.row_number)""")
    db.execute("DROP TABLE settled")
    return rows
