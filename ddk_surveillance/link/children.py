"""Which incidents belong to one child, and which to one case.

Two records are of one child when they are of one incident or share a token that no other fact contradicts; children are
the connected components of that. The rule looks at two records at a time, so every new record can only join.
"""

import numpy as np
import pandas
import pyarrow

from ddk_surveillance.arrays import Ints
from ddk_surveillance.link import cluster
from ddk_surveillance.link.declaration import Declaration
from ddk_surveillance.link.incidents import BY_SENIORITY, integers, named
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
    record_id = db.arrow("SELECT record_id FROM link_touched ORDER BY number")["record_id"]
    kin = _kin_sql(declaration, "link_touched", "link_touched", "a.number < b.number")
    left, right = integers(db, " UNION ALL ".join(f"SELECT a.number, b.number {one}" for one in kin))
    incident, name = integers(
        db,
        f"""SELECT CAST(concat('0x', incident_id) AS UBIGINT), coalesce({WHOLE_CHILD}, -1 - number)
        FROM link_touched ORDER BY number""",
    )
    everyone, of_incident = np.arange(len(incident)), _firsts(incident)
    anchor = cluster.components(
        len(everyone), np.concatenate([left, everyone, everyone]), np.concatenate([right, of_incident, _firsts(name)])
    )
    child, child_id = named(db, record_id, anchor, "child")
    columns = {
        "number": everyone,
        "records": np.bincount(of_incident)[of_incident].astype(np.int32) if len(everyone) else everyone,
        "child_id": child_id.take(child),
    }
    with db.offering(link_child=pyarrow.table(columns)):
        db.execute(f"""
            CREATE OR REPLACE TEMP TABLE link_kept AS
            SELECT t.number, key, record_id, incident_id, {BINDING}, records, child_id
            FROM link_touched AS t JOIN link_child AS c ON c.number = t.number""")


def _firsts(value: Ints) -> Ints:
    """For each row the first row with the same value."""
    code, found = pandas.factorize(value)
    first, row = np.empty(len(found), dtype=np.int64), np.arange(len(value))
    first[code[::-1]] = row[::-1]  # of several writers the last, here the first row, stays
    return first[code]


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
    group, group_id = named(db, records["record_id"], cluster.components(records.num_rows, left, right), "group")
    with db.offering(link_group=records.append_column("event_group_id", group_id.take(group))):
        db.execute("""
            CREATE OR REPLACE TEMP TABLE link_new_group AS
            WITH several AS (SELECT event_group_id FROM link_group GROUP BY ALL HAVING count(DISTINCT child_id) > 1)
            SELECT DISTINCT incident_id, event_group_id FROM link_group SEMI JOIN several USING (event_group_id)""")
