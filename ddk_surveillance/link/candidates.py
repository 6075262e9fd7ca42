"""Which pairs of records are compared at all, and with what pattern; everything inside DuckDB.

Only pairs with at least one dirty record are made, so that a night costs what is new and not what is known.
"""

from __future__ import annotations

from ddk_surveillance.link.declaration import BlockingRule, Declaration
from ddk_surveillance.link.preparation import Night
from ddk_surveillance.warehouse import Warehouse

BUCKET_DAYS = 8
COLUMNS = """key, source_code, institution_id, sex, birth_month, age, township, district, mechanism, body_part, place,
    exact_day, near_from, near_to"""
# One row per record and bucket that its possible event days touch: this makes an equi-join of the overlap of dates, so
# that the work does not grow with the years of history. Each pair is found once, in the first bucket that both touch.
BUCKETED = f"""SELECT {COLUMNS}, CAST(unnest(range(near_from // {BUCKET_DAYS}, near_to // {BUCKET_DAYS} + 1)) AS INTEGER) AS bucket
    FROM link_coded WHERE NOT needs_token"""
FIRST_COMMON_BUCKET = f"a.bucket = b.bucket AND a.bucket = greatest(a.near_from, b.near_from) // {BUCKET_DAYS}"
CLOSE_AGE = "(SELECT r.*, r.age + s.step AS near_age FROM {} AS r CROSS JOIN (VALUES (-1), (0), (1)) AS s (step))"
OVERLAP = "a.near_from <= b.near_to AND b.near_from <= a.near_to"
WITHIN = "a.reach_from - {days} <= b.day_to AND b.reach_from - {days} <= a.day_to"


def make_candidates(db: Warehouse, declaration: Declaration, night: Night) -> None:
    """Fill link_candidate(left_key, right_key) with every pair that a blocking rule or a reviewer names."""
    if night.everything:
        db.execute(f"CREATE OR REPLACE TEMP TABLE link_bucketed AS {BUCKETED}")
    dirty = f"SELECT key FROM {night.dirty_records}"
    finding = [sql for rule in declaration.blocking for sql in blocking_sql(rule, declaration, night)]
    finding += [
        f"""SELECT left_key, right_key FROM link_decision
        WHERE left_key IN ({dirty}) OR right_key IN ({dirty})"""
    ]
    if night.is_large:  # one after the other: side by side they would not fit into memory
        db.execute("CREATE OR REPLACE TEMP TABLE link_found (left_key BIGINT, right_key BIGINT)")
        for sql in finding:
            db.execute(f"INSERT INTO link_found {sql}")
        finding = ["FROM link_found"]
    found = " UNION ALL ".join(finding)
    db.execute(f"CREATE OR REPLACE TEMP TABLE link_candidate AS SELECT DISTINCT left_key, right_key FROM ({found})")
    db.execute("DROP TABLE IF EXISTS link_found; DROP TABLE IF EXISTS link_bucketed")


def blocking_sql(rule: BlockingRule, declaration: Declaration, night: Night) -> list[str]:
    """The SELECTs that find the pairs (left_key < right_key) of one rule with at least one dirty record."""
    every, dirty = night.records, night.dirty_records
    if rule.dates == "overlap" and night.everything:
        every = dirty = "link_bucketed"
    sides = [(dirty, every)]
    if rule.one and not night.everything:  # the few that meet the condition look for all, and all for those few
        sides += [(every, dirty)]
    return [_join(rule, declaration, night, left, right) for left, right in sides]


def _join(rule: BlockingRule, declaration: Declaration, night: Night, left: str, right: str) -> str:
    conditions = [f"a.{column} = b.{column}" for column in rule.equal]
    conditions += ["a.near_age = b.age"] if rule.close_age else []
    conditions += ["a.key < b.key" if night.everything and not rule.one else "a.key <> b.key"]
    conditions += [f"({declaration.condition(rule.where)})", rule.one or "TRUE"]
    if rule.dates == "overlap":
        conditions += [OVERLAP, *([FIRST_COMMON_BUCKET] if night.everything else [])]
    elif rule.dates != "any":
        conditions += [WITHIN.format(days=rule.dates)]
    if not rule.uses_token and left != "link_bucketed":
        conditions += ["NOT a.needs_token AND NOT b.needs_token"]
    return f"""SELECT least(a.key, b.key) AS left_key, greatest(a.key, b.key) AS right_key
        FROM {CLOSE_AGE.format(left) if rule.close_age else left} AS a JOIN {right} AS b ON {" AND ".join(conditions)}"""


def patterns_sql(declaration: Declaration, night: Night, pairs: str, kept: str = "left_key, right_key") -> str:
    """Every row of a table of pairs (left_key, right_key, …) with the pattern of the pair."""
    records = night.records if night.everything else "needed"
    joins = f"""FROM {pairs} AS p
        JOIN {records} AS a ON a.key = p.left_key
        JOIN {records} AS b ON b.key = p.right_key
        LEFT JOIN link_decision AS j ON j.left_key = p.left_key AND j.right_key = p.right_key"""
    compared = declaration.comparison_sql.format(kept=", ".join(f"p.{one}" for one in kept.split(", ")), joins=joins)
    keys = f"SELECT left_key FROM {pairs} UNION ALL SELECT right_key FROM {pairs}"
    needed = (
        f"WITH needed AS MATERIALIZED (SELECT * FROM {night.records} WHERE key IN ({keys}))"  # of all few, read once
    )
    return f"""{"" if night.everything else needed}
        SELECT {kept}, {declaration.pattern_sql} AS pattern FROM ({compared}) AS pair"""
