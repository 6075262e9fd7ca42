"""Which incidents belong to one child, and which to one case.

Two records are of one child when they are of one incident or share a token that no other fact contradicts; children are
the connected components of that. The rule looks at two records at a time, so every new record can only join.
"""

from __future__ import annotations

import numpy as np
import pyarrow

from ddk_surveillance.link import cluster
from ddk_surveillance.link.declaration import Declaration
from ddk_surveillance.warehouse import Warehouse

SAME_TOKEN = {
    "name_token": "TRUE",  # name, birth date and sex in one
    "id_token": "a.sex = b.sex AND {person} AND NOT {name_differs}",  # but a parent's own number on brothers
    "phone_token": "a.sex = b.sex AND a.birth_month = b.birth_month AND NOT {name_differs} AND NOT {id_differs}",
}


SENIORITY = "concat(coalesce(CAST(reported_date AS VARCHAR), '9999-12-31'), record_id)"


def make_children(db: Warehouse, declaration: Declaration) -> None:
    """Fill link_kept(key, record_id, incident_id, child_id) with the records of every touched child."""
    _mark_touched(db, declaration)
    kin = _kin_sql(declaration, "link_touched", "link_touched", "a.key < b.key")
    one_incident = "SELECT key, min(key) OVER (PARTITION BY incident_id) AS first FROM link_touched"
    edges = db.arrow(f"{kin} UNION ALL SELECT key, first FROM ({one_incident}) WHERE key <> first")
    nodes, child = cluster.components(*(column.to_numpy().astype(np.int64) for column in edges.columns))
    with db.offering(link_child=pyarrow.table({"key": nodes, "child": child})):
        db.execute(f"""
            CREATE OR REPLACE TEMP TABLE link_kept AS
            WITH record AS (
                SELECT t.*, coalesce(c.child, t.key) AS child FROM link_touched AS t LEFT JOIN link_child AS c ON c.key = t.key
            ),
            anchor AS (SELECT child, substr(min({SENIORITY}), 11) AS anchor FROM record GROUP BY child)
            SELECT key, record_id, incident_id, substr(sha256(concat('child', anchor)), 1, 16) AS child_id
            FROM record JOIN anchor USING (child)""")


def _mark_touched(db: Warehouse, declaration: Declaration) -> None:
    """Fill link_touched with all records of each child that lost, gained or changed a record, and their incidents."""
    kin = _kin_sql(declaration, "(SELECT * FROM link_linkable WHERE is_dirty)", "link_linkable", "NOT b.is_dirty")
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE link_touched AS
        WITH near AS (
            SELECT record_key AS key FROM link_gone
            UNION SELECT key FROM link_clustered
            UNION SELECT right_key FROM ({kin})
        ),
        child AS (SELECT DISTINCT child_id FROM link.member JOIN near ON near.key = record_key),
        touched AS (
            SELECT key FROM link_clustered
            UNION SELECT record_key FROM link.member JOIN child USING (child_id)
        )
        SELECT l.*, coalesce(c.incident_id, m.incident_id) AS incident_id
        FROM touched AS t JOIN link_linkable AS l ON l.key = t.key
        LEFT JOIN link_clustered AS c ON c.key = t.key
        LEFT JOIN link.member AS m ON m.record_key = t.key""")


def _kin_sql(declaration: Declaration, left: str, right: str, condition: str) -> str:
    """Pairs of records (left_key, right_key) that share a token of the same child."""
    return " UNION ALL ".join(
        f"SELECT a.key AS left_key, b.key AS right_key FROM {left} AS a JOIN {right} AS b ON a.{token} = b.{token}"
        f" AND a.key <> b.key AND {condition} AND {declaration.condition(unless)}"
        for token, unless in SAME_TOKEN.items()
    )


def make_groups(db: Warehouse) -> None:
    """Fill link_new_group(incident_id, event_group_id): incidents of several children in one case."""
    edges = db.arrow("""
        WITH record AS (
            SELECT l.key, m.incident_id, l.case_token
            FROM link_linkable AS l JOIN link.member AS m ON m.record_key = l.key WHERE l.case_token IS NOT NULL
        )
        SELECT key, min(key) OVER (PARTITION BY case_token) FROM record
        UNION ALL SELECT key, min(key) OVER (PARTITION BY incident_id) FROM record""")
    nodes, group = cluster.components(*(column.to_numpy().astype(np.int64) for column in edges.columns))
    with db.offering(link_case=pyarrow.table({"key": nodes, "group_key": group})):
        db.execute(f"""
            CREATE OR REPLACE TEMP TABLE link_new_group AS
            WITH record AS (
                SELECT c.group_key, m.incident_id, m.child_id, l.reported_date, l.record_id
                FROM link_case AS c JOIN link_linkable AS l ON l.key = c.key JOIN link.member AS m ON m.record_key = c.key
            ),
            several AS (
                SELECT group_key, substr(min({SENIORITY}), 11) AS anchor FROM record
                GROUP BY group_key HAVING count(DISTINCT child_id) > 1
            )
            SELECT DISTINCT incident_id, substr(sha256(concat('group', anchor)), 1, 16) AS event_group_id
            FROM record JOIN several USING (group_key)""")
