"""Scored pairs and the incidents they make, for the touched part of the records only.

A touched part is made of whole components, old and new, so recomputing it alone gives what recomputing everything would.
"""

from __future__ import annotations

import numpy as np
import pyarrow

from ddk_surveillance.link import cluster
from ddk_surveillance.link.candidates import make_candidates, patterns_sql
from ddk_surveillance.link.model import SAFETY, Ints, Model
from ddk_surveillance.warehouse import Warehouse


def compare(db: Warehouse, model: Model) -> int:
    """Replace in link.pair the pairs of all dirty and gone records; returns how many pairs were compared."""
    db.execute("""
        CREATE OR REPLACE TEMP TABLE link_stale AS
        SELECT key FROM link_linkable WHERE is_dirty UNION ALL SELECT record_key FROM link_gone""")
    db.execute("""DELETE FROM link.pair WHERE left_key IN (SELECT key FROM link_stale)
        OR right_key IN (SELECT key FROM link_stale)""")
    make_candidates(db, model.declaration)
    left, right, pattern = _columns(db, patterns_sql(model.declaration, "link_candidate"))
    score = _scores(model, pattern)
    keep = score >= model.declaration.thresholds.centibits[-1]
    with db.offering(link_scored=_scored_table(model, left[keep], right[keep], pattern[keep], score[keep])):
        db.execute("INSERT INTO link.pair BY NAME SELECT *, ? AS model_version FROM link_scored", [model.version])
    return len(score)


def make_clusters(db: Warehouse, model: Model) -> None:
    """Fill link_clustered: for every record of a touched component its component, incidents and strongest tie."""
    _mark_affected(db)
    left, right, score = _columns(
        db,
        """
        SELECT p.left_key, p.right_key, p.score_centibits FROM link.pair AS p JOIN link_affected AS a ON a.key = p.left_key""",
    )
    names, columns = ("key", "component"), cluster.components(left, right)
    components = pyarrow.table(dict(zip(names, columns, strict=True)))
    nodes, part = cluster.parts(left, right, score)
    pairs = _all_pairs(db, model, nodes, part, left, right, score)
    groups = cluster.partition(nodes, part, *pairs, model.declaration.thresholds.centibits)
    table = pyarrow.table(dict(zip(("key", "strict", "adopted", "loose"), (nodes, *groups), strict=True)))
    ties = _ties(nodes, groups[1], left, right, score)
    with db.offering(link_component=components, link_group=table, link_tie=ties):
        db.execute(f"CREATE OR REPLACE TEMP TABLE link_clustered AS {db.statement('link.clustered')}")


def _columns(db: Warehouse, sql: str) -> tuple[Ints, ...]:
    return tuple(column.to_numpy().astype(np.int64) for column in db.arrow(sql).columns)


def _scores(model: Model, patterns: Ints) -> Ints:
    """A few hundred thousand patterns stand for millions of pairs."""
    found, position = np.unique(patterns, return_inverse=True)
    return model.centibits(found)[position]


def _scored_table(model: Model, left: Ints, right: Ints, pattern: Ints, score: Ints) -> pyarrow.Table:
    names = [None, *(rule.rule for rule in model.declaration.safety)]
    digit = (pattern % model.declaration.radices[SAFETY]).astype(np.int8)
    rule = pyarrow.DictionaryArray.from_arrays(pyarrow.array(digit), pyarrow.array(names, pyarrow.string()))
    return pyarrow.table(
        {
            "left_key": left,
            "right_key": right,
            "pattern": pattern,
            "score_centibits": score.astype(np.int32),
            "rule": rule,
        }
    )


def _mark_affected(db: Warehouse) -> None:
    """Fill link_affected: dirty records, and all of every old component that lost or gained a pair."""
    db.execute("""
        CREATE OR REPLACE TEMP TABLE link_affected AS
        WITH near AS (
            SELECT key FROM link_stale
            UNION SELECT right_key FROM link.pair JOIN link_stale ON key = left_key
            UNION SELECT left_key FROM link.pair JOIN link_stale ON key = right_key
        ),
        touched AS (SELECT DISTINCT component_key FROM link.member JOIN near ON near.key = record_key)
        SELECT key FROM link_linkable WHERE is_dirty
        UNION SELECT record_key FROM link.member JOIN touched USING (component_key)
        EXCEPT SELECT record_key FROM link_gone""")


def _all_pairs(
    db: Warehouse, model: Model, nodes: Ints, part: Ints, left: Ints, right: Ints, score: Ints
) -> tuple[Ints, Ints, Ints]:
    """Every pair inside the parts with its score: the mean counts those too that blocking or the floor left out."""
    with db.offering(link_part=pyarrow.table({"key": nodes, "part": part})):
        db.execute("""
            CREATE OR REPLACE TEMP TABLE link_inside AS
            SELECT a.key AS left_key, b.key AS right_key
            FROM link_part AS a JOIN link_part AS b ON a.part = b.part AND a.key < b.key
            ANTI JOIN link.pair AS p ON p.left_key = a.key AND p.right_key = b.key""")
    new_left, new_right, pattern = _columns(db, patterns_sql(model.declaration, "link_inside"))
    of_left, of_right = cluster.lookup(nodes, part, left), cluster.lookup(nodes, part, right)
    inside = of_left == of_right
    known = (left[inside], right[inside], score[inside])
    new = (new_left, new_right, _scores(model, pattern))
    return tuple(np.concatenate(both) for both in zip(known, new, strict=True))  # type: ignore[return-value]


def _ties(nodes: Ints, group: Ints, left: Ints, right: Ints, score: Ints) -> pyarrow.Table:
    """For every record its best-scoring partner of the same incident; of equals the one with the smaller key."""
    same = cluster.lookup(nodes, group, left) == cluster.lookup(nodes, group, right)
    key = np.concatenate([left[same], right[same]])
    partner = np.concatenate([right[same], left[same]])
    value = np.concatenate([score[same], score[same]])
    order = np.lexsort((partner, -value, key))
    key, first = np.unique(key[order], return_index=True)
    return pyarrow.table({"key": key, "tie_key": partner[order][first], "tie_centibits": value[order][first]})
