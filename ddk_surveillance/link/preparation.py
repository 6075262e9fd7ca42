"""What a run starts from: the records as the comparison needs them, and which of them are new, changed or gone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow

from ddk_surveillance.link.declaration import Declaration
from ddk_surveillance.warehouse import Parameters, Warehouse

REBUILD_ABOVE_SHARE = 0.1  # of records dirty: then everything is linked anew, which takes no longer
# Compared as enumerations when everything is compared: it takes half the time.
CODED = {
    **{name: name for name in ("source_code", "institution_id", "sex", "mechanism", "place", "nature", "body_part", "intent",
                               "severity")},
    "township": "township_code", "district": "substr(township_code, 1, 6)",
}  # fmt: skip


# What link.state adds to a record.
STATE = "s.voided, s.window_days, s.has_no_doubles, s.needs_token, s.home_district, s.link_hash"
CODED_ABOVE_RECORDS = 20_000  # of fewer it takes longer to find the words than to compare them


@dataclass(frozen=True)
class Night:
    """How much there is to do, and where the records for it lie."""

    dirty: int
    gone: int
    everything: bool

    @property
    def is_large(self) -> bool:
        """Whether words are worth being made small numbers (enumerations) first."""
        return self.everything and self.dirty > CODED_ABOVE_RECORDS

    @property
    def records(self) -> str:
        """The table of all records."""
        return "link_coded" if self.everything else "link.linkable"

    @property
    def dirty_records(self) -> str:
        """The table of the records whose pairs are to be found anew."""
        return "link_coded" if self.everything else "link_dirty"


def prepare(db: Warehouse, declaration: Declaration) -> Night:
    """Bring link.linkable up to date; fills link_gone, link_decision, and link_dirty or link_coded."""
    db.execute("CREATE OR REPLACE TEMP TABLE link_decided AS FROM link.decision")
    share = {"minimum_token_share": declaration.minimum_token_share}
    with db.offering(link_source=_sources(db)):
        night = _find_changes(db, share)
        if _renew_stop_tokens(db, declaration.stop_token_persons, night):
            night = _find_changes(db, share)
        _renew_linkable(db, night, share)
    _find_decided_pairs(db)
    return night


def find_decisions(db: Warehouse) -> None:
    """Fill link_decision with what reviewers decided about pairs of linkable records."""
    db.execute("CREATE OR REPLACE TEMP TABLE link_decided AS FROM link.decision")
    _find_decided_pairs(db)


def _find_decided_pairs(db: Warehouse) -> None:
    db.execute("""
        CREATE OR REPLACE TEMP TABLE link_decision AS
        SELECT least(a.key, b.key) AS left_key, greatest(a.key, b.key) AS right_key, j.decision
        FROM link_decided AS j
        JOIN link.linkable AS a ON a.record_id = j.left_record_id
        JOIN link.linkable AS b ON b.record_id = j.right_record_id""")


def _find_changes(db: Warehouse, share: Parameters) -> Night:
    """Fill link_changed, where anything was linked before, and link_gone."""
    records, known = (int(db.value(f"SELECT count(*) FROM {table}")) for table in ("core.record", "link.linkable"))
    dirty = new = records
    if known:
        db.execute(
            f"""CREATE OR REPLACE TEMP TABLE link_changed AS
            SELECT s.record_id, s.id_token, s.name_token, s.phone_token, s.case_token, {STATE}, l.key IS NULL AS is_new
            FROM ({db.statement("link.state")}) AS s LEFT JOIN link.linkable AS l ON l.record_id = s.record_id
            WHERE l.link_hash IS DISTINCT FROM s.link_hash""",
            share,
        )
        [(dirty, new)] = db.rows("SELECT count(*), count(*) FILTER (is_new) FROM link_changed")
    gone = known + new - records
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE link_gone AS
        SELECT record_id, key FROM link.linkable ANTI JOIN core.record USING (record_id) WHERE {gone > 0}""")
    return Night(dirty, gone, not known or dirty > REBUILD_ABOVE_SHARE * records)


def _renew_linkable(db: Warehouse, night: Night, share: Parameters) -> None:
    if night.everything:
        statement = _linkable_of(db, db.statement("link.state"))
        coded = _with_small_codes(db, statement) if night.is_large else statement
        db.execute(f"CREATE OR REPLACE TEMP TABLE link_coded AS {coded}", share)
        db.execute("DELETE FROM link.linkable; INSERT INTO link.linkable BY NAME FROM link_coded")
        return
    changed = f"SELECT r.*, {STATE} FROM core.record AS r JOIN link_changed AS s ON s.record_id = r.record_id"
    db.execute(f"CREATE OR REPLACE TEMP TABLE link_dirty AS {_linkable_of(db, changed)}")
    for stale in ("link_dirty", "link_gone"):
        db.execute(f"DELETE FROM link.linkable WHERE record_id IN (SELECT record_id FROM {stale})")
    db.execute("INSERT INTO link.linkable BY NAME FROM link_dirty")


def _linkable_of(db: Warehouse, state: str) -> str:
    return f"WITH link_state AS ({state}) SELECT * FROM ({db.statement('link.linkable')})"


def _with_small_codes(db: Warehouse, statement: str) -> str:
    casts = ", ".join(f"{coded(db, column, stated)} AS {column}" for column, stated in CODED.items())
    return f"SELECT * REPLACE ({casts}) FROM ({statement})"


def coded(db: Warehouse, column: str, stated: str) -> str:
    """A cast of the column to an enumeration of all words that the records state (an expression over core.record)."""
    db.execute(f"""CREATE OR REPLACE TEMP TYPE link_{column} AS ENUM (
        SELECT '' UNION SELECT DISTINCT {stated} FROM core.record AS r WHERE {stated} IS NOT NULL ORDER BY 1)""")
    return f"CAST({column} AS link_{column})"


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


def _renew_stop_tokens(db: Warehouse, persons: Mapping[str, int], night: Night) -> bool:
    """Count again the people of the tokens that may be stop tokens; returns whether there are others than before.

    Those are the present ones and the tokens of new or changed records, for no other can have come to more people.
    """
    suspects = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, {kind} AS token FROM core.record GROUP BY {kind} HAVING count(*) > {most}"
        if night.everything else f"SELECT '{kind}' AS kind, {kind} AS token FROM link_changed"
        for kind, most in persons.items()
    )  # fmt: skip
    db.execute(
        f"CREATE OR REPLACE TEMP TABLE link_suspect AS SELECT kind, token FROM link.stop_token UNION ALL {suspects}"
    )
    known = "SELECT kind, token FROM link.stop_token ORDER BY kind, token"
    before = db.rows(known)
    db.execute("DELETE FROM link.stop_token")
    db.execute(f"INSERT INTO link.stop_token BY NAME {db.statement('link.stop_token')}", persons)
    return db.rows(known) != before
