"""Which incidents belong to one child, and which to one case.

Two records are of one child when they are of one incident or share a token that no other fact contradicts; children are
the connected components of that. The rule looks at two records at a time, so every new record can only join.
"""

from __future__ import annotations

import numpy as np
import pyarrow

from ddk_surveillance.link import cluster
from ddk_surveillance.link.cluster import Ints
from ddk_surveillance.link.declaration import Declaration
from ddk_surveillance.link.incidents import BY_SENIORITY, integers
from ddk_surveillance.link.preparation import Night
from ddk_surveillance.warehouse import Warehouse

WHOLE_CHILD = "name_token"  # name, birth date and sex in one
SAME_TOKEN = {
    "id_token": "a.sex = b.sex AND {person} AND NOT {name_differs}",  # but a parent's own number on brothers
    "phone_token": "a.sex = b.sex AND a.birth_month = b.birth_month AND NOT {name_differs} AND NOT {id_differs}",
}


# Why a record is in its incident, as in link.member: anew where its component was touched, else as it was.
BINDING = "component_key, tie_key, tie_centibits, tie_rule"


def make_children(db: Warehouse, declaration: Declaration, night: Night) -> None:
    """Fill link_kept with the records of every touched child: what binds them, how many records their incident has, the child."""
    _number_touched(db, declaration, night)
    db.execute("DROP TABLE link_affected; DROP TABLE link_clustered; DROP TABLE IF EXISTS link_coded")
    records = db.arrow(f"SELECT record_id, incident_id, {WHOLE_CHILD} FROM link_touched ORDER BY number")
    kin = _kin_sql(declaration, "link_touched", "link_touched", "a.number < b.number")
    left, right = integers(db, " UNION ALL ".join(f"SELECT a.number, b.number {one}" for one in kin))
    everyone = np.arange(records.num_rows)
    of_incident, of_name = _firsts(records["incident_id"]), _firsts(records[WHOLE_CHILD])
    child = cluster.components(
        len(everyone), np.concatenate([left, everyone, everyone]), np.concatenate([right, of_incident, of_name])
    )
    columns = {
        "number": everyone,
        "records": np.bincount(of_incident)[of_incident].astype(np.int32) if len(everyone) else everyone,
        "anchor": records["record_id"].take(child),
    }
    with db.offering(link_child=pyarrow.table(columns)):
        db.execute(f"""
            CREATE OR REPLACE TEMP TABLE link_kept AS
            SELECT t.number, key, record_id, incident_id, {BINDING}, records, substr(sha256(concat('child', anchor)), 1, 16) AS child_id
            FROM link_touched AS t JOIN link_child AS c ON c.number = t.number""")


def _firsts(column: pyarrow.ChunkedArray) -> Ints:
    """For each row the first row with the same value; a row without one stands for itself."""
    coded = column.combine_chunks().dictionary_encode()
    value, row = coded.indices.fill_null(len(coded.dictionary)).to_numpy(), np.arange(len(coded))
    first = np.empty(len(coded.dictionary) + 1, dtype=np.int64)
    first[value[::-1]] = row[::-1]  # of several writers the last, here the first row, stays
    return np.where(coded.is_null(), row, first[value])


def _number_touched(db: Warehouse, declaration: Declaration, night: Night) -> None:
    """Fill link_touched with all records of each child that lost, gained or changed a record, by seniority."""
    if not night.everything:
        kin = [*_kin_sql(declaration, "link_dirty", "link.linkable", "TRUE"),
               f"FROM link_dirty AS a JOIN link.linkable AS b ON a.{WHOLE_CHILD} = b.{WHOLE_CHILD}"]  # fmt: skip
        near = " ".join(f"UNION ALL SELECT b.key {one}" for one in kin)
        db.execute(f"""
            CREATE OR REPLACE TEMP TABLE link_near AS
            WITH near AS (SELECT key FROM link_gone UNION ALL SELECT key FROM link_clustered {near}),
            child AS (SELECT DISTINCT child_id FROM link.member JOIN near ON near.key = record_key)
            SELECT record_key AS key FROM link.member JOIN child USING (child_id)
            UNION SELECT key FROM link_clustered""")
    bound = f"incident_id, {BINDING}"
    number, touched = ("c.number", "link_clustered") if night.everything else (BY_SENIORITY, f"""(
            SELECT key, {bound} FROM link_clustered
            UNION ALL SELECT record_key, {bound} FROM link.member
            WHERE record_key IN (SELECT key FROM link_near EXCEPT SELECT key FROM link_clustered)
        )""")  # fmt: skip
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE link_touched AS
        SELECT {number} AS number, l.key, {bound}, l.record_id, l.id_token, l.name_token, l.phone_token, l.sex, l.birth_month, l.age
        FROM {touched} AS c JOIN {night.records} AS l ON l.key = c.key""")


def _kin_sql(declaration: Declaration, left: str, right: str, condition: str) -> list[str]:
    """For each other token what follows SELECT … to get pairs of records that share it and are of one child."""
    return [
        f"FROM {left} AS a JOIN {right} AS b ON a.{token} = b.{token} AND {condition} AND {declaration.condition(unless)}"
        for token, unless in SAME_TOKEN.items()
    ]


def make_groups(db: Warehouse) -> None:
    """Fill link_new_group(incident_id, event_group_id): incidents of several children in one case."""
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE link_case AS
        SELECT {BY_SENIORITY} AS number, l.record_id, l.case_token, m.incident_id, m.child_id
        FROM link.linkable AS l JOIN link.member AS m ON m.record_key = l.key WHERE l.case_token IS NOT NULL""")
    records = db.arrow("SELECT record_id, incident_id, child_id FROM link_case ORDER BY number")
    left, right = integers(
        db,
        """
        SELECT number, min(number) OVER (PARTITION BY case_token) FROM link_case
        UNION ALL SELECT number, min(number) OVER (PARTITION BY incident_id) FROM link_case""",
    )
    anchor = records["record_id"].take(cluster.components(records.num_rows, left, right))
    with db.offering(link_group=records.append_column("anchor", anchor)):
        db.execute("""
            CREATE OR REPLACE TEMP TABLE link_new_group AS
            WITH several AS (SELECT anchor FROM link_group GROUP BY anchor HAVING count(DISTINCT child_id) > 1)
            SELECT DISTINCT incident_id, substr(sha256(concat('group', anchor)), 1, 16) AS event_group_id
            FROM link_group JOIN several USING (anchor)""")
