"""Stage 5: replace the checked batches in core.record_version, exactly once, and keep the books.

A record's versions are ordered by what they say of themselves (day of the report), then by when the file was written;
so the order in which files happen to be processed decides nothing. The version that holds is `loaded`; a later row
with the same content is a `duplicate`, and any other content is `superseded`. What people took back is `withdrawn`.
"""

from dataclasses import dataclass

from ddk_surveillance.contracts import Source
from ddk_surveillance.library import BOOKKEEPING
from ddk_surveillance.warehouse import Outcome, Warehouse

CHECKED = "SELECT batch_id FROM ops.batch WHERE source_code = $source AND status = 'checked'"
# Of them an older copy has come: what they say is weighed anew.
DATED_EARLIER = "SELECT batch_id FROM ops.batch WHERE source_code = $source AND status = 'loaded' AND batch_id NOT IN (SELECT batch_id FROM ops.ledger)"
POSITION = "batch_id, sheet, row_number, victim_number"
PASSING = f"""
    FROM recoded ANTI JOIN (FROM ops.quarantine WHERE disposition IN ('quarantined', 'out_of_scope') AND batch_id IN ({CHECKED})) USING ({POSITION})
    WHERE batch_id IN ({CHECKED})"""


def run(db: Warehouse, key: str) -> Outcome:
    """Load all checked batches of the source `key`; all or nothing."""
    source = db.library.sources[key]
    with db.transaction():
        rows_in = int(db.value(f"SELECT count(*) FROM recoded WHERE batch_id IN ({CHECKED})", {"source": key}))
        rows_out = _load(db, source)
        db.execute(f"UPDATE ops.batch SET status = 'loaded' WHERE batch_id IN ({CHECKED})", {"source": key})
        db.execute("DROP TABLE recoded")
        keep_books(db, key)
    return Outcome(rows_in, rows_out)


def settle_all(db: Warehouse, key: str) -> None:
    """Decide again for everything of the source `key` which versions hold, after people changed what counts."""
    book = BOOKS[db.library.sources[key].target]
    of_source = f"SELECT batch_id FROM ops.batch WHERE source_code = '{key}'"
    with db.transaction():
        _settle(db, book, f"SELECT {book.identity} FROM {book.table} v WHERE batch_id IN ({of_source})")
        keep_books(db, key)


def keep_books(db: Warehouse, key: str) -> None:
    """Count again, in ops.ledger, what became of every row that the source `key` has sent."""
    with db.transaction():
        db.execute("DELETE FROM ops.ledger WHERE source_code = ?", [key])
        db.execute(f"INSERT INTO ops.ledger BY NAME {db.statement('ops.ledger')}", {"source": key})


@dataclass(frozen=True)
class Book:
    """How the versions in a table are told apart and ordered, in SQL over a version v and its batch b."""

    table: str
    identity: str
    of_source: str  # which versions one source's may stand beside: one record is never told of by two
    day: str  # by which a version belongs to a period
    institution: str
    content: str  # versions of the same content repeat each other
    said: str  # what of it anybody would notice
    age: str  # what the version itself says of how new it is


BOOKS = {
    "record": Book(
        "core.record_version",
        identity="v.record_id",
        of_source="v.source_code = '{source}'",
        day="coalesce(v.event_date_from, v.reported_date)",
        institution="v.institution_id",
        content="v.content_hash",
        said="v.content_hash",
        age="v.reported_date",
    ),
    # The newest figure of every cell holds; the others are superseded, whatever they say.
    "population": Book(
        "ref.population_version",
        identity="(v.year, v.township_code, v.sex, v.age_years, v.population_type)::VARCHAR",
        of_source="true",
        day="make_date(v.year, 1, 1)",
        institution="NULL::VARCHAR",
        content="concat_ws('|', v.batch_id, v.sheet, v.row_number)",
        said="v.value::VARCHAR",
        age="v.as_of",
    ),
}


def _load(db: Warehouse, source: Source) -> int:
    """Add the rows that passed as versions; returns how many."""
    book = BOOKS[source.target]
    asked = {"source": source.source}
    added = [name for name in db.library.tables[book.table].columns if name not in BOOKKEEPING]
    flags = ["flags"] if source.target == "record" else []
    db.execute(f"DELETE FROM {book.table} WHERE batch_id IN ({CHECKED})", asked)
    db.execute(
        f"INSERT INTO {book.table} BY NAME SELECT {', '.join(added + flags)}, 'loaded' AS disposition "
        f"FROM (SELECT * {PASSING}) LEFT JOIN ({_FLAGS}) USING ({POSITION})",
        asked,
    )
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE incoming AS SELECT {book.identity} AS identity FROM {book.table} v"
        f" WHERE batch_id IN ({CHECKED} UNION ALL {DATED_EARLIER})",
        asked,
    )
    # Of a record with a single version there is nothing to decide, and that is nearly every one.
    is_ours = book.of_source.format(source=source.source)
    contested = f"SELECT {book.identity} FROM {book.table} v WHERE {is_ours} AND {book.identity} IN (FROM incoming)"
    _settle(db, book, f"{contested} GROUP BY 1 HAVING count(*) > 1")
    rows = int(db.value("SELECT count(*) FROM incoming"))
    db.execute("DROP TABLE incoming")
    return rows


_FLAGS = f"""
    SELECT {POSITION}, string_agg(rule || ':' || column_name, ',' ORDER BY rule, column_name) AS flags
    FROM ops.quarantine WHERE disposition = 'warning' AND batch_id IN ({CHECKED}) GROUP BY ALL"""


def _settle(db: Warehouse, book: Book, touched: str) -> None:
    """Decide again for every record that `touched` selects which of its versions holds."""
    db.execute(f"CREATE OR REPLACE TEMP TABLE version AS {_versions(db, book, touched)}")
    db.execute(f"CREATE OR REPLACE TEMP TABLE settled AS {db.statement('core.settled')}")
    db.execute(f"""
        UPDATE {book.table} v SET disposition = s.disposition FROM settled s
        WHERE v.batch_id = s.batch_id AND v.sheet = s.sheet AND v.row_number = s.row_number
          AND v.victim_number = s.victim_number AND v.disposition <> s.disposition""")
    db.execute("DROP TABLE settled; DROP TABLE version")


def _versions(db: Warehouse, book: Book, touched: str) -> str:
    """All versions of the touched records, and with them what other readings of their rows say."""
    columns = f"""
        v.batch_id, v.sheet, v.row_number, v.victim_number, {book.identity} AS identity, {book.content} AS content,
        {book.day} AS day, {book.institution} AS institution_id, {book.age} AS age, b.received_at, b.sha256,
        coalesce(b.rereads, b.batch_id) AS root, b.rereads IS NOT NULL AS is_reread, b.change_id,
        b.status = 'withdrawn' OR coalesce(o.status = 'withdrawn', false) AS is_out"""
    tables = f"{book.table} v JOIN ops.batch b USING (batch_id) LEFT JOIN ops.batch o ON o.batch_id = b.rereads"
    versions = f"SELECT {columns}, true AS is_touched FROM {tables} WHERE {book.identity} IN ({touched})"
    if not db.value("SELECT count(*) FROM ops.batch WHERE rereads IS NOT NULL"):
        return versions
    return f"""
        WITH touched AS ({versions})
        FROM touched UNION ALL
        SELECT {columns}, false AS is_touched FROM {tables}
        WHERE (coalesce(b.rereads, b.batch_id), v.sheet, v.row_number, v.victim_number) IN (
                SELECT (root, sheet, row_number, victim_number) FROM touched WHERE root IN (SELECT rereads FROM ops.batch))
          AND (v.batch_id, v.sheet, v.row_number, v.victim_number) NOT IN (
                SELECT (batch_id, sheet, row_number, victim_number) FROM touched)"""
