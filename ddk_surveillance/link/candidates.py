"""Which pairs of records are compared at all, and with what pattern; everything inside DuckDB.

Works on the temporary tables link_linkable (warehouse/link/linkable.sql) and link_decision. Only pairs with at least
one dirty record are made, so that a night costs what is new and not what is known.
"""

from __future__ import annotations

from ddk_surveillance.link.declaration import BlockingRule, Declaration
from ddk_surveillance.warehouse import Warehouse

BUCKET_DAYS = 8
COLUMNS = """key, is_dirty, is_death, death_from, death_to, needs_token, source_code, institution_id, id_token, name_token, phone_token, case_token,
    sex, birth_month, age, township, district, mechanism, body_part, place, exact_day, day_to, reach_from, near_from, near_to"""
# One row per record and bucket that its possible event days touch: this makes an equi-join of the overlap of dates, so
# that the work does not grow with the years of history. Each pair is found once, in the first bucket that both touch.
BUCKETED = f"""SELECT {COLUMNS}, unnest(range(near_from // {BUCKET_DAYS}, near_to // {BUCKET_DAYS} + 1)) AS bucket
    FROM link_linkable WHERE NOT needs_token"""
OVERLAP = f"""a.bucket = b.bucket AND a.bucket = greatest(a.near_from, b.near_from) // {BUCKET_DAYS}
    AND a.near_from <= b.near_to AND b.near_from <= a.near_to"""
WITHIN = "a.reach_from - {days} <= b.day_to AND b.reach_from - {days} <= a.day_to"
DECIDED = """SELECT j.left_key, j.right_key FROM link_decision AS j
    JOIN link_linkable AS a ON a.key = j.left_key JOIN link_linkable AS b ON b.key = j.right_key
    WHERE a.is_dirty OR b.is_dirty"""


def make_candidates(db: Warehouse, declaration: Declaration) -> None:
    """Fill link_candidate(left_key, right_key) with every pair that a blocking rule or a reviewer names."""
    db.execute(f"CREATE OR REPLACE TEMP TABLE link_bucketed AS {BUCKETED}")
    db.execute("CREATE OR REPLACE TEMP TABLE link_found (left_key BIGINT, right_key BIGINT)")
    for rule in declaration.blocking:
        for sql in blocking_sql(rule, declaration):
            db.execute(f"INSERT INTO link_found {sql}")
    db.execute(f"INSERT INTO link_found {DECIDED}")
    db.execute("CREATE OR REPLACE TEMP TABLE link_candidate AS SELECT DISTINCT left_key, right_key FROM link_found")
    db.execute("DROP TABLE link_bucketed; DROP TABLE link_found")


def blocking_sql(rule: BlockingRule, declaration: Declaration) -> list[str]:
    """The SELECTs that find the pairs (left_key < right_key) of one rule with at least one dirty record."""
    dirty, clean = "is_dirty", "NOT is_dirty"
    where = "" if rule.needs_token else " AND NOT needs_token"
    one = "TRUE" if rule.one is None else rule.one.replace("a.", "")
    steps = (-1, 0, 1) if rule.close_age else (None,)
    if rule.one is None:  # every dirty record with all; of two dirty ones the smaller looks for the greater
        sides = [(f"{dirty}{where}", f"TRUE{where}", "(a.key < b.key OR NOT b.is_dirty)")]
    else:  # the few that meet the condition with all, once each way
        sides = [
            (f"{one} AND {dirty}{where}", f"TRUE{where}", "TRUE"),
            (f"{one} AND {clean}{where}", f"{dirty}{where}", "TRUE"),
        ]
    return [_join(rule, declaration, step, *side) for step in steps for side in sides]


def _join(rule: BlockingRule, declaration: Declaration, step: int | None, left: str, right: str, once: str) -> str:
    table = "link_bucketed" if rule.dates == "overlap" else "link_linkable"
    equal = [f"a.{column} = b.{column}" for column in rule.equal]
    equal += [] if step is None else [f"a.age + {step} = b.age"]
    dates = OVERLAP if rule.dates == "overlap" else "TRUE" if rule.dates == "any" else WITHIN.format(days=rule.dates)
    return f"""SELECT least(a.key, b.key), greatest(a.key, b.key)
        FROM (SELECT * FROM {table} WHERE {left}) AS a
        JOIN (SELECT * FROM {table} WHERE {right}) AS b ON {" AND ".join(equal)}
        AND a.key <> b.key AND {once} AND {dates} AND {declaration.condition(rule.where)}"""


def patterns_sql(declaration: Declaration, pairs: str) -> str:
    """left_key, right_key and pattern of every pair in a table of (left_key, right_key)."""
    return f"""SELECT p.left_key, p.right_key, {declaration.pattern_sql} AS pattern
        FROM {pairs} AS p
        JOIN link_linkable AS a ON a.key = p.left_key
        JOIN link_linkable AS b ON b.key = p.right_key
        LEFT JOIN link_decision AS j ON j.left_key = p.left_key AND j.right_key = p.right_key"""
