"""Which pairs of records are compared at all, and with what pattern; everything inside DuckDB.

Only pairs with at least one dirty record are made, so that a night costs what is new and not what is known.
"""

import re

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
CLOSE_AGE = "(SELECT r.*, r.age + s.step AS near_age FROM {} AS r CROSS JOIN (VALUES {}) AS s (step))"
# Rules that have this in common are joined at once: few records share it with a new one (a township lies in one district).
COMMON = (("birth_month", "district"), ("district", "exact_day"))
OVERLAP = "a.near_from <= b.near_to AND b.near_from <= a.near_to"
WITHIN = "a.reach_from - {days} <= b.day_to AND b.reach_from - {days} <= a.day_to"


def make_candidates(db: Warehouse, declaration: Declaration, night: Night) -> None:
    """Fill link_candidate(left_key, right_key) with every pair that a blocking rule or a reviewer names."""
    if night.everything:
        db.execute(f"CREATE OR REPLACE TEMP TABLE link_bucketed AS {BUCKETED}")
    dirty = f"SELECT key FROM {night.dirty_records}"
    asked = "TRUE" if night.everything else f"left_key IN ({dirty}) OR right_key IN ({dirty})"
    finding = [sql for _, sql in blocking_sql(declaration, night)]
    finding += [f"SELECT left_key, right_key FROM link_decision WHERE {asked}"]
    if night.is_large:  # one after the other: side by side they would not fit into memory
        db.execute("CREATE OR REPLACE TEMP TABLE link_found (left_key BIGINT, right_key BIGINT)")
        for sql in finding:
            db.execute(f"INSERT INTO link_found {sql}")
        finding = ["FROM link_found"]
    found = " UNION ALL ".join(finding)
    db.execute(f"CREATE OR REPLACE TEMP TABLE link_candidate AS SELECT DISTINCT left_key, right_key FROM ({found})")
    db.execute("DROP TABLE IF EXISTS link_found; DROP TABLE IF EXISTS link_bucketed")


def blocking_sql(declaration: Declaration, night: Night) -> list[tuple[bool, str]]:
    """The SELECTs that find the pairs (left_key < right_key) with at least one dirty record, and whether it is by a token."""
    families: dict[tuple[str, ...], list[BlockingRule]] = {}
    for rule in declaration.blocking:
        families.setdefault(_common(rule, night) or (rule.rule,), []).append(rule)
    return [(rules[0].uses_token, _join(rules, declaration, night)) for rules in families.values()]


def _common(rule: BlockingRule, night: Night) -> tuple[str, ...] | None:
    """What the rule is joined by together with others; of everything that would be too many pairs, but in one bucket."""
    if rule.uses_token or (night.everything and rule.dates != "overlap"):
        return None
    known = {*rule.equal, *(["district"] if "township" in rule.equal else [])}
    return next((columns for columns in COMMON if known.issuperset(columns)), None)


def _join(rules: list[BlockingRule], declaration: Declaration, night: Night) -> str:
    first, common = rules[0], _common(rules[0], night)
    joined = common or first.equal
    left, right = night.dirty_records, night.records
    if first.dates == "overlap" and night.everything:
        left = right = "link_bucketed"
    conditions = [f"a.{column} = b.{column}" for column in joined]
    conditions += [FIRST_COMMON_BUCKET] if right == "link_bucketed" else []
    conditions += [] if first.uses_token or right == "link_bucketed" else ["NOT a.needs_token AND NOT b.needs_token"]
    of_either = common is not None or not night.everything  # else the few that meet a condition on one look for all
    once = night.everything and (of_either or not first.one)
    distinct = "a.key < b.key" if once else "a.key <> b.key"
    if first.close_age and not common:
        left = CLOSE_AGE.format(left, "(0), (1)" if once else "(-1), (0), (1)")
        conditions += ["a.near_age = b.age"]
        distinct = f"({distinct} OR a.near_age > a.age)" if once else distinct
    held = " OR ".join(_held(rule, declaration, joined, of_either) for rule in rules)
    return f"""SELECT least(a.key, b.key) AS left_key, greatest(a.key, b.key) AS right_key
        FROM {left} AS a JOIN {right} AS b ON {" AND ".join([*conditions, distinct])} AND ({held})"""


def _held(rule: BlockingRule, declaration: Declaration, joined: tuple[str, ...], of_either: bool) -> str:
    """What the rule asks besides what is joined by."""
    conditions = [f"a.{column} = b.{column}" for column in rule.equal if column not in joined]
    conditions += ["a.age - b.age BETWEEN -1 AND 1"] if rule.close_age and joined != rule.equal else []
    conditions += [f"({declaration.condition(rule.where)})", rule.one or "TRUE"]
    if rule.dates == "overlap":
        conditions += [OVERLAP]
    elif rule.dates != "any":
        conditions += [WITHIN.format(days=rule.dates)]
    asked = f"({' AND '.join(conditions)})"
    return f"{asked} OR {_of_the_other(asked)}" if rule.one and of_either else asked


def _of_the_other(condition: str) -> str:
    """The condition with the two records in each other's place."""
    return re.sub(r"\b[ab](?=\.)", lambda record: "b" if record[0] == "a" else "a", condition)


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
