"""What a run starts from: the records as the comparison needs them, and which of them are new, changed or gone."""

from collections.abc import Mapping
from dataclasses import dataclass

import pyarrow

from ddk_surveillance.link.declaration import Declaration
from ddk_surveillance.warehouse import Warehouse

REBUILD_ABOVE_SHARE = 0.1  # of records dirty: then everything is linked anew, which takes no longer
# Compared as enumerations when everything is compared: it takes half the time.
CODED = {
    **{name: name for name in ("source_code", "institution_id", "sex", "mechanism", "place", "nature", "body_part", "intent",
                               "severity")},
    "township": "township_code", "district": "substr(township_code, 1, 6)",
}  # fmt: skip
CODED_LATER = ("source_group", "mechanism_group")  # whose words no record states
CODED_ABOVE_RECORDS = 20_000  # of fewer it takes longer to find the words than to compare them
# Tells only whether a record is still the one that was linked, by 63 bits: of a million, one that is new looks like an old
# one less often than a disk errs. Another version of the engine may see all records as new, and links everything anew.
LOOK = "CAST(hash(record_id, content_hash) >> 1 AS BIGINT)"
TOKENS = ("id_token", "name_token", "phone_token", "case_token")
# Records as linked whose content may be the same but not what their feed, their institution, a reviewer or the number of
# people with their token says of them.
IN_OTHER_LIGHT = f"""
    SELECT record_id FROM link.linkable WHERE source_code IN (SELECT source_code FROM (
        SELECT DISTINCT source_code, window_days, has_no_doubles, needs_token FROM link.linkable EXCEPT FROM link_feed))
    UNION SELECT record_id FROM link.linkable AS l LEFT JOIN link_home AS h ON h.institution_id = l.institution_id
    WHERE l.township IS NULL AND l.district IS DISTINCT FROM h.district
    UNION SELECT record_id FROM (
        SELECT l.record_id, l.decisions FROM link.linkable AS l WHERE l.decisions IS NOT NULL EXCEPT FROM link_said)
    UNION SELECT record_id FROM (
        FROM link_said EXCEPT SELECT l.record_id, l.decisions FROM link.linkable AS l WHERE l.decisions IS NOT NULL)
    {" ".join(f"UNION SELECT record_id FROM core.record JOIN link_turned ON kind = '{one}' AND token = {one}" for one in TOKENS)}"""


@dataclass(frozen=True)
class Night:
    """How much there is to do, and where the records for it lie."""

    dirty: int
    gone: int
    everything: bool
    table: str = ""  # of which all records are compared with all, if not those of the warehouse

    @property
    def is_large(self) -> bool:
        """Whether words are worth being made small numbers (enumerations) first."""
        return self.everything and self.dirty > CODED_ABOVE_RECORDS

    @property
    def records(self) -> str:
        """The table of all records."""
        return self.table or ("link_coded" if self.everything else "link.linkable")

    @property
    def dirty_records(self) -> str:
        """The table of the records whose pairs are to be found anew."""
        return self.table or ("link_coded" if self.everything else "link_dirty")


def prepare(db: Warehouse, declaration: Declaration) -> Night:
    """Bring link.linkable up to date; fills link_gone, link_decision, and link_dirty or link_coded."""
    db.execute("CREATE OR REPLACE TEMP TABLE link_decided AS FROM link.decision")
    db.execute(f"CREATE OR REPLACE TEMP TABLE link_said AS {db.statement('link.said')}")
    db.execute(f"CREATE OR REPLACE TEMP TABLE link_home AS {db.statement('link.home')}")
    with db.offering(link_source=_sources(db)):
        share = {"minimum_token_share": declaration.minimum_token_share}
        db.execute(f"CREATE OR REPLACE TEMP TABLE link_feed AS {db.statement('link.feed')}", share)
    night = _find_changes(db, declaration.stop_token_persons)
    _renew_linkable(db, night)
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


def _find_changes(db: Warehouse, persons: Mapping[str, int]) -> Night:
    """Fill link_gone and, unless everything is linked anew, link_wanted with the new and changed records."""
    records, known = (int(db.value(f"SELECT count(*) FROM {table}")) for table in ("core.record", "link.linkable"))
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE link_moved AS
        SELECT r.record_id, l.key
        FROM (SELECT record_id, {LOOK} AS look FROM core.record WHERE {known > 0}) AS r
        FULL JOIN (SELECT key, look FROM link.linkable) AS l ON l.look = r.look WHERE r.look IS NULL OR l.look IS NULL;
        CREATE OR REPLACE TEMP TABLE link_gone AS
        SELECT record_id, key FROM link.linkable SEMI JOIN link_moved USING (key) ANTI JOIN link_moved USING (record_id)""")
    [(dirty, gone)] = db.rows("SELECT (SELECT count(record_id) FROM link_moved), (SELECT count(*) FROM link_gone)")
    most = REBUILD_ABOVE_SHARE * records
    if not known or dirty > most:
        _renew_stop_tokens(db, persons, "core.record", "HAVING count(*) > {persons}")
        return Night(dirty if known else records, gone, True)
    db.execute("CREATE OR REPLACE TEMP TABLE link_wanted AS FROM core.record SEMI JOIN link_moved USING (record_id)")
    _renew_stop_tokens(db, persons, "link_wanted", "")
    db.execute(f"""INSERT INTO link_wanted
        FROM core.record SEMI JOIN ({IN_OTHER_LIGHT}) USING (record_id) ANTI JOIN link_wanted USING (record_id)""")
    dirty = int(db.value("SELECT count(*) FROM link_wanted"))
    return Night(dirty, gone, dirty > most)


def _renew_linkable(db: Warehouse, night: Night) -> None:
    if night.everything:
        db.execute("DROP TABLE IF EXISTS link_wanted")
        statement = _linkable_of(db, "core.record")
        linkable = _with_small_codes(db, statement) if night.is_large else statement
        db.execute(f"CREATE OR REPLACE TEMP TABLE link_coded AS {linkable}")
        db.execute("DELETE FROM link.linkable; INSERT INTO link.linkable BY NAME FROM link_coded")
        for column in CODED_LATER if night.is_large else ():
            cast = coded(db, column, column, "link_coded")
            db.execute(f"ALTER TABLE link_coded ALTER {column} TYPE link_{column} USING {cast}")
        return
    db.execute(f"CREATE OR REPLACE TEMP TABLE link_dirty AS {_linkable_of(db, 'link_wanted')}")
    db.execute("""DELETE FROM link.linkable WHERE key IN (SELECT key FROM link_dirty UNION ALL SELECT key FROM link_gone);
        INSERT INTO link.linkable BY NAME FROM link_dirty; DROP TABLE link_wanted""")


def _linkable_of(db: Warehouse, records: str) -> str:
    return f"""WITH link_wanted AS (SELECT *, {LOOK} AS look FROM {records})
        SELECT * FROM ({db.statement("link.linkable")})"""


def _with_small_codes(db: Warehouse, statement: str) -> str:
    casts = ", ".join(f"{coded(db, column, stated)} AS {column}" for column, stated in CODED.items())
    return f"SELECT * REPLACE ({casts}) FROM ({statement})"


def coded(db: Warehouse, column: str, stated: str, records: str = "core.record") -> str:
    """A cast of the column to an enumeration of all words that the records state (an expression over them)."""
    db.execute(f"""CREATE OR REPLACE TEMP TYPE link_{column} AS ENUM (
        SELECT '' UNION SELECT coalesce({stated}, '') FROM {records} AS r ORDER BY 1)""")
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


def _renew_stop_tokens(db: Warehouse, persons: Mapping[str, int], records: str, having: str) -> None:
    """Count again the people of the tokens that may be stop tokens; fills link_turned with those that were or are one only now.

    Those are the present ones and the tokens of new or changed records, for no other can have come to more people.
    """
    suspects = " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, {kind} AS token FROM {records} GROUP BY {kind} {having.format(persons=most)}"
        for kind, most in persons.items()
    )
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE link_stopped AS SELECT kind, token FROM link.stop_token;
        CREATE OR REPLACE TEMP TABLE link_suspect AS FROM link_stopped UNION ALL {suspects};
        DELETE FROM link.stop_token""")
    db.execute(f"INSERT INTO link.stop_token BY NAME {db.statement('link.stop_token')}", persons)
    now = "SELECT kind, token FROM link.stop_token"
    db.execute(f"""CREATE OR REPLACE TEMP TABLE link_turned AS
        (FROM link_stopped EXCEPT {now}) UNION ALL ({now} EXCEPT FROM link_stopped)""")
