"""A pair of records as a reviewer needs it: side by side, with what each comparison adds and why the model hesitates."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from ddk_surveillance.errors import ConfigurationError, Text
from ddk_surveillance.link import adjudication
from ddk_surveillance.link.explanation import Explanation, explain, explain_pairs, linked_model
from ddk_surveillance.review import words
from ddk_surveillance.review.words import NOTHING, Labels, LinkageWords
from ddk_surveillance.warehouse import Warehouse

DOUBT_BITS = 4.0  # beyond it nine in ten decisions would only confirm the model
MOST_DOUBTFUL_BITS = -0.5  # where a decision corrects the most wrong links for its effort
NAMED_BITS = 0.5  # what adds less is not worth a word
UNCOMPARED = Text("", "")
# Not shown: what places a record in the warehouse, and what only the pipeline reads.
HIDDEN = ("record_id", "batch_id", "sheet", "row_number", "victim_number", "disposition", "content_hash", "flags")

DOUBTFUL = """
    SELECT l.record_id AS left_id, r.record_id AS right_id, p.pattern,
        a.is_death OR b.is_death OR a.intent IN ('assault', 'self_harm') OR b.intent IN ('assault', 'self_harm') AS is_grave
    FROM link.pair AS p
    JOIN link.member AS l ON l.record_key = p.left_key JOIN core.record AS a ON a.record_id = l.record_id
    JOIN link.member AS r ON r.record_key = p.right_key JOIN core.record AS b ON b.record_id = r.record_id
    ANTI JOIN link.decision AS d
        ON d.left_record_id = least(l.record_id, r.record_id) AND d.right_record_id = greatest(l.record_id, r.record_id)
    WHERE p.rule IS NULL AND abs(p.score_centibits) <= $doubt
    ORDER BY coalesce(is_grave, FALSE) DESC, abs(p.score_centibits - $most_doubtful), left_id, right_id"""


@dataclass(frozen=True)
class Line:
    """One thing about both records; `bits` None where it is not compared."""

    title: Text
    left: Text
    right: Text
    comparison: Text
    bits: float | None


@dataclass(frozen=True)
class Case:
    """Two records to be decided about."""

    record_ids: tuple[str, str]
    seen_hash: str
    is_grave: bool
    lines: tuple[Line, ...]
    hesitation: Text


def waiting(db: Warehouse) -> int:
    """How many doubtful pairs nobody has decided about."""
    return int(db.value(f"SELECT count(*) FROM ({DOUBTFUL})", _bounds()))


def most_valuable(db: Warehouse, limit: int) -> list[Case]:
    """The doubtful pairs worth a reviewer's time first: violence, self-harm and deaths, then the most uncertain."""
    model = linked_model(db)
    rows = db.rows(f"{DOUBTFUL} LIMIT {limit}", _bounds())
    records = records_by_id(db, {one for left, right, *_ in rows for one in (left, right)})
    return [_case(db, records[left], records[right], explain(model, pattern)) for left, right, pattern, _ in rows]


def of_pair(db: Warehouse, record_ids: tuple[str, str]) -> Case:
    """Two records that somebody names, whatever the linkage makes of them; ConfigurationError if they are not two that hold."""
    records = records_by_id(db, record_ids)
    if len(records) != 2:
        raise ConfigurationError(
            "这不是两条现行记录的记录号。记录号见 ddk explain 事件号。",
            "These are not the ids of two records that hold. ddk explain INCIDENT tells the ids of its records.",
        )
    [explained] = explain_pairs(db, linked_model(db), [record_ids])
    return _case(db, records[record_ids[0]], records[record_ids[1]], explained)


def _case(db: Warehouse, one: dict[str, Any], other: dict[str, Any], explained: Explanation) -> Case:
    """The record reported first on the left."""
    is_grave = any(record["is_death"] or record["intent"] in ("assault", "self_harm") for record in (one, other))
    left, right = sorted((one, other), key=lambda record: (str(record["reported_date"]), record["record_id"]))
    record_ids = (left["record_id"], right["record_id"])
    seen = adjudication.fingerprint(db, record_ids)
    lines = side_by_side(db, left, right, explained)
    return Case(record_ids, seen, is_grave, lines, hesitation(words.load(db.library), explained))


def _bounds() -> dict[str, int]:
    return {"doubt": round(100 * DOUBT_BITS), "most_doubtful": round(100 * MOST_DOUBTFUL_BITS)}


def records_by_id(db: Warehouse, record_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """The records that hold, with the name of the file each came in."""
    found = db.records(
        """SELECT v.*, b.file_name FROM core.record_version AS v LEFT JOIN ops.batch AS b USING (batch_id)
        WHERE v.disposition = 'loaded' AND list_contains($wanted, v.record_id)""",
        {"wanted": sorted(record_ids)},
    )
    return {row["record_id"]: row for row in found}


def side_by_side(
    db: Warehouse, left: dict[str, Any], right: dict[str, Any], explained: Explanation
) -> tuple[Line, ...]:
    """First what is compared, in the model's order, then all else that either record says."""
    labels, known = Labels(db.library), words.load(db.library)
    lines, shown = [], set(HIDDEN)
    for one in explained.contributions:
        columns = known.columns(one.field)
        cells = labels.cells(columns, left), labels.cells(columns, right)
        shown |= set(columns)
        if one.level or cells != (NOTHING, NOTHING):
            lines.append(Line(known.of("fields", one.field), *cells, known.comparison(one), one.bits))
    for column in labels.columns:
        cells = labels.cell(column, left[column]), labels.cell(column, right[column])
        if column not in shown and cells != (NOTHING, NOTHING):
            lines.append(Line(labels.title(column), *cells, UNCOMPARED, None))
    return (*lines, Line(Text("出处", "found in"), whereabouts(left), whereabouts(right), UNCOMPARED, None))


def whereabouts(record: dict[str, Any]) -> Text:
    """File and row, so that the institution can be asked."""
    file, row = record["file_name"] or record["batch_id"], record["row_number"]
    return Text(f"{file} 第 {row} 行", f"{file}, row {row}")


def hesitation(known: LinkageWords, explained: Explanation) -> Text:
    """In a sentence or two: the odds, the likeliest alternative, what speaks for and what against."""
    other, share = max(explained.otherwise.items(), key=lambda item: item[1])
    kind = known.of("classes", other)
    odds = Text(
        f"得分 {signed(explained.bits)} 比特：约 {explained.probability:.0%} 是同一事件；若不是，多半是{kind.zh}（{share:.0%}）。",
        f"{signed(explained.bits)} bits: about {explained.probability:.0%} one incident; if not, most likely {kind.en}"
        f" ({share:.0%}).",
    )
    if explained.rule:
        rule = known.of("rules", explained.rule)
        odds = Text(
            f"规则“{rule.zh}”决定（模型自身 {signed(explained.model_bits)} 比特）。",
            f"Decided by a rule: {rule.en} (the model alone: {signed(explained.model_bits)} bits).",
        )
    return Text("".join((odds.zh, *_for_and_against(known, explained, 0))),
                "".join((odds.en, *_for_and_against(known, explained, 1))))  # fmt: skip


def _for_and_against(known: LinkageWords, explained: Explanation, language: int) -> Iterable[str]:
    ranked = sorted(explained.contributions, key=lambda one: -abs(one.bits))
    heads = (("支持：", " For: "), ("反对：", " Against: "))
    stop, comma, blank = (("。", "、", ""), (".", ", ", " "))[language]
    for head, sign in zip(heads, (1, -1), strict=True):
        named = [one for one in ranked if one.bits * sign >= NAMED_BITS][:4]
        parts = [
            f"{known.of('fields', one.field)[language]}{blank}{known.comparison(one)[language]} {signed(one.bits)}"
            for one in named
        ]
        if parts:
            yield f"{head[language]}{comma.join(parts)}{stop}"


def signed(bits: float) -> str:
    """With one decimal and a real minus."""
    return f"{bits:+.1f}".replace("-", "−") if abs(bits) >= 0.05 else "0.0"
