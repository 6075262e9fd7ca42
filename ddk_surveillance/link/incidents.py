"""Scored pairs and the incidents they make, for the touched part of the records only.

A touched part is made of whole components, old and new, so recomputing it alone gives what recomputing everything would.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import pandas
import pyarrow

from ddk_surveillance.arrays import Flags, Ints
from ddk_surveillance.link import cluster
from ddk_surveillance.link.candidates import make_candidates, patterns_sql
from ddk_surveillance.link.cluster import Batch
from ddk_surveillance.link.declaration import CENTIBITS
from ddk_surveillance.link.model import SAFETY, Model
from ddk_surveillance.link.preparation import Night
from ddk_surveillance.warehouse import Warehouse

# Incidents and children are named after their senior record: the first reported, of those the smallest record id.
BY_SENIORITY = "row_number() OVER (ORDER BY l.reported_date NULLS LAST, l.record_id) - 1"  # l: the table of records


class Pairs(NamedTuple):
    """Pairs of records by their keys or numbers."""

    left: Ints
    right: Ints
    score: Ints
    pattern: Ints

    @property
    def scored(self) -> tuple[Ints, Ints, Ints]:
        return self[:3]

    def of(self, chosen: Ints | Flags) -> "Pairs":
        return Pairs(*(column[chosen] for column in self))


def compare(db: Warehouse, model: Model, night: Night) -> int:
    """Replace in link.pair the pairs of all dirty and gone records; returns how many pairs were compared."""
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE link_stale AS
        SELECT key FROM {night.dirty_records} UNION ALL SELECT key FROM link_gone""")
    stale = "left_key IN (SELECT key FROM link_stale) OR right_key IN (SELECT key FROM link_stale)"
    db.execute(f"DELETE FROM link.pair WHERE {'TRUE' if night.everything else stale}")
    make_candidates(db, model.declaration, night)
    left, right, pattern = integers(db, patterns_sql(model.declaration, night, "link_candidate"))
    score = _scores(model, pattern)
    kept = Pairs(left, right, score, pattern).of(score >= model.declaration.thresholds.centibits[-1])
    with db.offering(link_scored=_scored_table(model, kept)):
        db.execute("INSERT INTO link.pair BY NAME SELECT *, ? AS model_version FROM link_scored", [model.version])
    return len(score)


def make_clusters(db: Warehouse, model: Model, night: Night) -> None:
    """Fill link_clustered and link_bound: every record of a touched component with its incident, and the incidents' bounds."""
    _number_affected(db, night)
    records = db.arrow("SELECT record_id, key FROM link_affected ORDER BY number")
    pairs = Pairs(*integers(
        db,
        """
        SELECT a.number, b.number, p.score_centibits, p.pattern
        FROM link.pair AS p JOIN link_affected AS a ON a.key = p.left_key JOIN link_affected AS b ON b.key = p.right_key""",
    ))  # fmt: skip
    component = cluster.components(records.num_rows, pairs.left, pairs.right)
    part = cluster.parts(component, *pairs.scored)
    every = _all_pairs(db, model, night, records["key"], part, pairs)
    batches = list(cluster.batched(part, every.left, every.right))
    thresholds = model.declaration.thresholds.centibits
    strict, adopted, loose = cluster.partition(len(part), batches, _fits(model, batches, every), thresholds)
    incident, incident_id = named(db, records["record_id"], adopted)
    best = cluster.strongest(adopted, *pairs.scored)
    columns = {
        "number": np.arange(records.num_rows),
        **dict(zip(records.column_names, records.columns, strict=True)),
        "component_key": records["key"].take(component),
        "incident_id": incident_id.take(incident),
        **_ties(model, records["key"], best, pairs),
    }
    bounds = _bounds(incident, incident_id, strict, adopted, loose)
    with db.offering(link_grouped=pyarrow.table(columns), link_bounds=bounds):
        db.execute("CREATE OR REPLACE TEMP TABLE link_clustered AS FROM link_grouped")
        db.execute("CREATE OR REPLACE TEMP TABLE link_bound AS FROM link_bounds")


def named(db: Warehouse, record_id: pyarrow.ChunkedArray, group: Ints, kind: str = "") -> tuple[Ints, pyarrow.Array]:
    """For each record the place of its group in the second array: the groups' names, after the first record of each.

    That one was reported first (then has the smallest id): neither the order of arrival nor a later report can rename it.
    """
    is_anchor = group == np.arange(len(group))
    anchor = record_id.take(np.flatnonzero(is_anchor))
    with db.offering(link_anchor=pyarrow.table({"place": np.arange(len(anchor)), "anchor": anchor})):
        name = db.arrow(f"SELECT substr(sha256(concat('{kind}', anchor)), 1, 16) FROM link_anchor ORDER BY place")
    return (np.cumsum(is_anchor) - 1)[group], name.column(0).combine_chunks()


def integers(db: Warehouse, sql: str) -> tuple[Ints, ...]:
    """The columns of a query as integer arrays."""
    return tuple(column.astype(np.int64, copy=False) for column in db.arrays(sql))


def _scores(model: Model, patterns: Ints) -> Ints:
    """A few hundred thousand patterns stand for millions of pairs."""
    position, found = pandas.factorize(patterns)
    return model.centibits(found)[position]


def _scored_table(model: Model, pairs: Pairs) -> pyarrow.Table:
    rule = _rule_names(model, pairs.pattern % model.declaration.radices[SAFETY])
    score = pairs.score.astype(np.int32)
    return pyarrow.table(
        {
            "left_key": pairs.left,
            "right_key": pairs.right,
            "pattern": pairs.pattern,
            "score_centibits": score,
            "rule": rule,
        }
    )


def _rule_names(model: Model, digit: Ints) -> pyarrow.DictionaryArray:
    names = [None, *(rule.rule for rule in model.declaration.safety)]
    return pyarrow.DictionaryArray.from_arrays(digit.astype(np.int8), pyarrow.array(names, pyarrow.string()))


def _number_affected(db: Warehouse, night: Night) -> None:
    """Fill link_affected: dirty records, and all of every old component that lost or gained a pair, by seniority."""
    if not night.everything:
        db.execute("""
            CREATE OR REPLACE TEMP TABLE link_near AS
            WITH near AS (
                SELECT key FROM link_stale
                UNION ALL SELECT right_key FROM link.pair JOIN link_stale ON key = left_key
                UNION ALL SELECT left_key FROM link.pair JOIN link_stale ON key = right_key
            ),
            touched AS (SELECT DISTINCT component_key FROM link.member JOIN near ON near.key = record_key)
            SELECT record_key AS key FROM link.member JOIN touched USING (component_key)
            UNION SELECT key FROM link_dirty""")
    touched = "TRUE" if night.everything else "l.key IN (SELECT key FROM link_near)"
    db.execute(f"""
        CREATE OR REPLACE TEMP TABLE link_affected AS
        SELECT {BY_SENIORITY} AS number, key, record_id FROM {night.records} AS l WHERE {touched}""")


def _all_pairs(
    db: Warehouse, model: Model, night: Night, keys: pyarrow.ChunkedArray, part: Ints, pairs: Pairs
) -> Pairs:
    """Every pair inside the parts with its score and pattern: the mean counts those too that blocking or the floor left out."""
    crowd = np.flatnonzero(np.bincount(part, minlength=len(part))[part] > 2)
    with db.offering(link_part=pyarrow.table({"number": crowd, "part": part[crowd], "key": keys.take(crowd)})):
        db.execute("""
            CREATE OR REPLACE TEMP TABLE link_inside AS
            SELECT a.number AS first, b.number AS second, least(a.key, b.key) AS left_key, greatest(a.key, b.key) AS right_key
            FROM link_part AS a JOIN link_part AS b ON a.part = b.part AND a.number < b.number
            ANTI JOIN link.pair AS p ON p.left_key = least(a.key, b.key) AND p.right_key = greatest(a.key, b.key)""")
    inside = pairs.of(part[pairs.left] == part[pairs.right])
    if not db.rows("FROM link_inside LIMIT 1"):
        return inside
    left, right, pattern = integers(db, patterns_sql(model.declaration, night, "link_inside", "first, second"))
    more = Pairs(left, right, _scores(model, pattern), pattern)
    return Pairs(*map(np.concatenate, zip(inside, more, strict=True)))


def _fits(model: Model, batches: Sequence[Batch], pairs: Pairs) -> Ints:
    """What clusters are made by: the score of each pair, rivals set off, less or more what is asked of such a pair."""
    is_certain, asked = model.is_certain(pairs.pattern), model.declaration.thresholds
    more = asked.more_of_a_known_child_bits * model.is_of_known_child(pairs.pattern)
    less = asked.less_of_two_deaths_bits * model.is_of_two_deaths(pairs.pattern)
    fit = cluster.without_rivals(batches, pairs.score, is_certain)
    return fit - np.where(is_certain, 0, np.rint((more - less) * CENTIBITS).astype(np.int64))


def _bounds(incident: Ints, incident_id: pyarrow.Array, strict: Ints, adopted: Ints, loose: Ints) -> pyarrow.Table:
    """Into how many each incident falls if linked strictly, and of which it is a part if linked loosely."""
    everyone = np.arange(len(adopted))
    anchor = np.flatnonzero(adopted == everyone)
    inside = np.bincount(adopted[strict == everyone], minlength=len(adopted))
    return pyarrow.table(
        {
            "incident_id": incident_id,
            "strict_incidents": inside[anchor].astype(np.int32),
            "loose_incident_id": incident_id.take(incident[loose[anchor]]),
        }
    )


def _ties(model: Model, keys: pyarrow.ChunkedArray, best: Ints, pairs: Pairs) -> dict[str, pyarrow.Array]:
    """The partner, score and rule of each record's strongest pair; empty for a record that stands alone."""
    alone = best < 0
    if not len(pairs.left):
        nothing = pyarrow.nulls(len(best), pyarrow.int64())
        return {"tie_key": nothing, "tie_centibits": nothing, "tie_rule": pyarrow.nulls(len(best), pyarrow.string())}
    tie = pairs.of(best)
    partner = np.where(tie.left == np.arange(len(best)), tie.right, tie.left)
    return {
        "tie_key": keys.take(pyarrow.array(partner, mask=alone)),
        "tie_centibits": pyarrow.array(tie.score, mask=alone),
        "tie_rule": _rule_names(model, np.where(alone, 0, tie.pattern % model.declaration.radices[SAFETY])),
    }
