"""Reviewers' decisions whether two records are one incident: rows that are only ever added, the newest of a pair holds.

They take effect on the next run, stand above the model (link.decision, safety rules `decided_…`) and name records, not
versions: neither a new model nor a corrected record undoes them.
"""

from dataclasses import dataclass
from typing import Literal

from ddk_surveillance.errors import DdkError, ExitCode
from ddk_surveillance.warehouse import Warehouse


class DecisionRefused(DdkError):
    """The reviewer has to look again."""

    exit_code = ExitCode.USAGE


@dataclass(frozen=True)
class Decision:
    """What a reviewer decided about two records; `seen_hash` is the `fingerprint` of what was looked at."""

    record_ids: tuple[str, str]
    decision: Literal["same", "different"]
    decided_by: str
    reason: str
    seen_hash: str


# The fingerprint of the records of a decision `a` as they are now.
PRESENT_HASH = """SELECT substr(md5(string_agg(content_hash, '|' ORDER BY record_id)), 1, 16) FROM core.record
    WHERE record_id IN (a.left_record_id, a.right_record_id)"""


def fingerprint(db: Warehouse, record_ids: tuple[str, str]) -> str:
    """Changes when either record is corrected; DecisionRefused when one of them is not there (any more)."""
    left, right = sorted(record_ids)
    if db.value("SELECT count(*) FROM core.record WHERE record_id IN (?, ?)", [left, right]) < 2:
        raise DecisionRefused(
            "这对记录不在本库中，或其中一条已撤回。不能裁定。",
            "These records are not in this warehouse, or one of them was withdrawn: nothing to decide.",
        )
    return str(
        db.value(f"SELECT ({PRESENT_HASH}) FROM (SELECT ? AS left_record_id, ? AS right_record_id) AS a", [left, right])
    )


def decide(db: Warehouse, decision: Decision) -> bool:
    """Keep a decision; False if the same was known before, DecisionRefused if it is stale or contradicts others."""
    if fingerprint(db, decision.record_ids) != decision.seen_hash:
        raise DecisionRefused(
            "其中一条记录在您查看之后有更正。请重新查看后再裁定。",
            "One of the records was corrected since you looked at it. Look again before you decide.",
        )
    pair = sorted(decision.record_ids)
    known = db.rows("SELECT decision FROM link.decision WHERE left_record_id = ? AND right_record_id = ?", pair)
    if known and known[0][0] != decision.decision:
        numbers = "、".join(map(str, _behind(db, pair)))
        raise DecisionRefused(
            f"与已有裁定矛盾（第 {numbers} 号）。如要改判，请先撤销：ddk review --reverse 裁定号。",
            f"This contradicts decision {numbers}. To change it, take that back first: ddk review --reverse NUMBER.",
        )
    words = [decision.decision, decision.decided_by, decision.reason, decision.seen_hash]
    if not known and db.value(f"SELECT count(*) FROM link.adjudication WHERE {_SAID}", [*pair, *words]):
        raise DecisionRefused(
            "同样的裁定作过，后来被撤销了（可能是旧的复核单又导入了一次）。如仍要这样裁定，请写明新的理由。",
            "The very same decision was made and taken back (an old form handed in again?). To make it again, give a new reason.",
        )
    if not known:
        _add(db, pair, *words)
    return not known


_SAID = "(left_record_id, right_record_id, decision, decided_by, reason, seen_hash) = (?, ?, ?, ?, ?, ?)"


def reverse(db: Warehouse, adjudication_id: int, decided_by: str, reason: str) -> None:
    """Take a decision back by a new row: from the next run on the model decides about the pair again."""
    held = db.rows(
        f"SELECT left_record_id, right_record_id FROM ({HOLDING}) WHERE adjudication_id = ?", [adjudication_id]
    )
    if not held:
        raise DecisionRefused(
            f"没有第 {adjudication_id} 号裁定，或它已不再有效。请用 ddk review --list 查看。",
            f"There is no decision {adjudication_id}, or it holds no longer. See ddk review --list.",
        )
    _add(db, list(held[0]), "open", decided_by, reason, None)


# The decisions that hold as they were made, without what follows from them.
HOLDING = """SELECT * FROM link.adjudication WHERE decision <> 'open' AND adjudication_id IN
    (SELECT max(adjudication_id) FROM link.adjudication GROUP BY left_record_id, right_record_id)"""


def _behind(db: Warehouse, pair: list[str]) -> list[int]:
    """Numbers of the holding decisions from which the present answer about a pair follows, or may follow."""
    rows = db.rows(
        f"""
        WITH near AS (
            SELECT unnest([$left, $right]) AS record_id
            UNION SELECT right_record_id FROM link.decision WHERE decision = 'same' AND left_record_id IN ($left, $right)
            UNION SELECT left_record_id FROM link.decision WHERE decision = 'same' AND right_record_id IN ($left, $right)
        )
        SELECT adjudication_id FROM ({HOLDING})
        WHERE left_record_id IN (FROM near) AND right_record_id IN (FROM near) ORDER BY adjudication_id""",
        {"left": pair[0], "right": pair[1]},
    )
    return [number for (number,) in rows]


def _add(db: Warehouse, pair: list[str], decision: str, by: str, reason: str, seen_hash: str | None) -> None:
    row = {"left_record_id": pair[0], "right_record_id": pair[1], "decision": decision, "decided_by": by, "reason": reason, "seen_hash": seen_hash}  # fmt: skip
    number = "(SELECT coalesce(max(adjudication_id), 0) + 1 FROM link.adjudication) AS adjudication_id"
    db.insert("link.adjudication", row, number, "now()::TIMESTAMP AS decided_at")
