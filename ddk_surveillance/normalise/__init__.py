"""Stage 3: each source's words become our words; nothing is guessed and nothing is judged yet.

Every distinct text of a column is parsed once in Python, and the small table of answers is joined back in SQL: a
million rows hold a few thousand distinct dates, ages and codes.
"""

from ddk_surveillance.contracts import Source
from ddk_surveillance.different import FEW_ROWS
from ddk_surveillance.normalise.lookups import Lookup, attribute_tables, lookups_of
from ddk_surveillance.normalise.recode import base_select, cells_given_twice, recoded_select, reused_numbers
from ddk_surveillance.warehouse import Outcome, Warehouse

RECODED = "status = 'recoded', reason = NULL, message_zh = NULL, message_en = NULL, contract_fingerprint = ?"
# Also what an interrupted run left half-way, and what was held before its declarations were mended.
WAITING = """SELECT batch_id FROM ops.batch WHERE source_code = $source AND (status IN ('guarded', 'recoded', 'checked')
             OR (status = 'held' AND contract_fingerprint <> $fingerprint))"""


def run(db: Warehouse, key: str) -> Outcome:
    """Recode all batches of the source `key` that passed the guard into the temporary table recoded."""
    source = db.library.sources[key]
    asked = {"source": key, "fingerprint": db.library.fingerprint(source)}
    db.execute(f"CREATE OR REPLACE TEMP TABLE waiting AS {WAITING}", asked)
    rows_in = int(db.value(f"SELECT count(*) FROM received.{key} WHERE batch_id IN (FROM waiting)"))
    kind = "TABLE" if source.victims else "VIEW"  # rows that are only looked up need not be copied
    db.execute(f"CREATE OR REPLACE TEMP {kind} exploded AS {base_select(source)}")
    lookups = lookups_of(db, source)
    tables = {lookup.name: lookup.table for lookup in lookups if len(lookup.table)}
    tables |= attribute_tables(db.library, source)
    with db.offering(**tables), db.transaction():
        rows_out = _write(db, source, lookups, is_small=rows_in < FEW_ROWS)
        db.execute(f"UPDATE ops.batch SET {RECODED} WHERE batch_id IN (FROM waiting)", [asked["fingerprint"]])
    db.execute(f"DROP {kind} exploded; DROP TABLE waiting")
    return Outcome(rows_in, rows_out)


def _write(db: Warehouse, source: Source, lookups: tuple[Lookup, ...], is_small: bool) -> int:
    columns = db.library.recoded_columns(source)
    empty = {f"problem_{lookup.column}" for lookup in lookups if lookup.is_understood}
    if any(lookup.column == source.birth_column and len(lookup.table) for lookup in lookups):
        empty.discard(f"problem_{source.age_column}")  # an age may be at odds with the birth
    # To store nothing a million times takes as long as anything else.
    declared = (f"{name} {kind}{' AS (NULL)' if name in empty else ''}" for name, kind in columns.items())
    db.execute(f"CREATE OR REPLACE TEMP TABLE recoded ({', '.join(declared)})")
    stored = ", ".join(name for name in columns if name not in empty and name != "problem_record_key")
    db.execute(
        f"INSERT INTO recoded BY NAME SELECT {stored} FROM ({recoded_select(db.library, source, lookups, is_small)})"
    )
    if source.target == "population":
        db.execute(cells_given_twice())
    elif source.record_key:
        db.execute(reused_numbers(source))
    return int(db.value("SELECT count(*) FROM recoded"))
