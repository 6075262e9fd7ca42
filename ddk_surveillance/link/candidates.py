"""Which pairs of records are compared at all, and with what pattern; everything inside DuckDB.

Works on the temporary tables link_linkable (warehouse/link/linkable.sql) and link_decision. Only pairs with at least
one dirty record are made, so that a night costs what is new and not what is known.
"""

from __future__ import annotations

from ddk_surveillance.link.declaration import BlockingRule, Declaration
from ddk_surveillance.warehouse import Warehouse

BUCKET_DAYS = 8

# One row per record and 8-day bucket that its possible event days touch: makes the date overlap an equi-join, so that
# the work does not grow with the years of history.
BUCKETED = f"""
    SELECT key, is_dirty, birth_month, age, sex, township, district, mechanism, body_part, place, near_from, near_to,
        unnest(range(near_from // {BUCKET_DAYS}, near_to // {BUCKET_DAYS} + 1)) AS bucket
    FROM link_linkable WHERE NOT needs_token
"""
# Each pair is found in one bucket only: the first that both touch.
IN_FIRST_COMMON_BUCKET = f"""a.bucket = b.bucket AND a.bucket = greatest(a.near_from, b.near_from) // {BUCKET_DAYS}
    AND a.near_from <= b.near_to AND b.near_from <= a.near_to"""
IN_WINDOW = "a.reach_from - {days} <= b.day_to AND b.reach_from - {days} <= a.day_to"


def make_candidates(db: Warehouse, declaration: Declaration) -> None:
    """Fill link_candidate(left_key, right_key) with every pair that a blocking rule or a reviewer names."""
    db.execute(f"CREATE OR REPLACE TEMP TABLE link_bucketed AS {BUCKETED}")
    db.execute("CREATE OR REPLACE TEMP TABLE link_death AS SELECT * FROM link_linkable WHERE is_death AND NOT needs_token")
    rules = [blocking_sql(rule, declaration) for rule in declaration.blocking]
    decided = """SELECT j.left_key, j.right_key FROM link_decision AS j
        JOIN link_linkable AS a ON a.key = j.left_key JOIN link_linkable AS b ON b.key = j.right_key
        WHERE a.is_dirty OR b.is_dirty"""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE link_candidate AS SELECT DISTINCT left_key, right_key FROM ("
        + "\nUNION ALL ".join([*rules, decided])
        + ") AS pair(left_key, right_key)"
    )
    db.execute("DROP TABLE link_bucketed; DROP TABLE link_death")


def blocking_sql(rule: BlockingRule, declaration: Declaration) -> str:
    """The pairs of one rule as (left_key, right_key) with left_key < right_key."""
    table = {"quasi": "link_bucketed", "death": "link_death", "token": "link_linkable"}[rule.family]
    dates = IN_FIRST_COMMON_BUCKET if rule.family == "quasi" else "TRUE"
    if rule.window_days is not None:
        dates = IN_WINDOW.format(days=rule.window_days)
    where = declaration.condition(rule.where)
    equal = " AND ".join(f"a.{column} = b.{column}" for column in rule.equal)
    return f"""SELECT least(a.key, b.key), greatest(a.key, b.key)
        FROM (SELECT * FROM {table} WHERE is_dirty) AS a JOIN {table} AS b ON {equal}
        AND a.key <> b.key AND (a.key < b.key OR NOT b.is_dirty) AND {dates} AND ({where})"""


def patterns_sql(declaration: Declaration, pairs: str) -> str:
    """left_key, right_key and pattern of every pair in a table of (left_key, right_key)."""
    return f"""SELECT p.left_key, p.right_key, {declaration.pattern_sql} AS pattern
        FROM {pairs} AS p
        JOIN link_linkable AS a ON a.key = p.left_key
        JOIN link_linkable AS b ON b.key = p.right_key
        LEFT JOIN link_decision AS j ON j.left_key = p.left_key AND j.right_key = p.right_key"""
