"""What a receipt says: how the file fared, what became of its rows, and every cell that has to be looked at."""

from __future__ import annotations

import datetime
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ddk_surveillance.contracts import Source
from ddk_surveillance.library import Library
from ddk_surveillance.problems import FILL_IF_KNOWN, FILL_IT, FILLED, PROBLEMS, READABLE
from ddk_surveillance.warehouse import Warehouse

LISTED = 2_000  # nobody mends more from one page, and a page of a million lines opens nowhere

# What may become of a row, as the ledger counts it: word and meaning.
COUNTS = {
    "accepted": ("入库", "已进入数据库"),
    "duplicate": ("重复", "与已报送的记录内容相同，只计一次，无需处理"),
    "superseded": ("被取代", "同一记录已有更新的版本，以新版本为准，无需处理"),
    "out_of_scope": ("不属范围", "不属统计范围，不计入，一般无需处理"),
    "quarantined": ("待更正", "未入库，请按下表更正后重新报送整个文件"),
    "held": ("暂扣", "随整个文件暂不入库"),
    "unreadable": ("不可读", "该行单元格错位，无法辨认，请核对分隔符和列数"),
    "refused": ("拒收", "随整个文件拒收，未存储"),
}


class Outcome(NamedTuple):
    """What became of a file: the word on top and the sentence when the file itself has no message."""

    word: str
    sentence: str


OUTCOMES = {
    "loaded": Outcome("已接收", "文件已接收。"),
    "held": Outcome("暂扣", "整个文件暂扣，原有数据不变。请按下表更正后重新报送。"),
    "refused": Outcome("拒收", "整个文件拒收，未存储。"),
    "unreadable": Outcome("无法读取", "文件无法读取。"),
    "identical": Outcome("重复文件", "与先前报送的文件完全相同，不再处理，无需重报。"),
    "withdrawn": Outcome("已撤回", "文件已撤回，其中的记录不再计入。"),
}
TREATMENTS = {"quarantined": "待更正", "out_of_scope": "不计入", "warning": "提示"}


@dataclass(frozen=True)
class Line:
    """One cell to look at; `value` may be shown on the receipt and nowhere else."""

    sheet: str
    row: int
    victim: int
    column: str
    value: str
    title: str
    treatment: str
    remedy: str


@dataclass(frozen=True)
class Receipt:
    """One file's receipt; `counts` by the names of COUNTS, `findings` of which at most LISTED stand in `lines`."""

    batch_id: str
    source: str
    source_title: str
    file_name: str | None
    received_at: datetime.datetime
    outcome: Outcome
    message: str
    note: str
    received: int
    counts: dict[str, int]
    findings: int
    lines: tuple[Line, ...]

    @property
    def is_clean(self) -> bool:
        """Whether the institution need not do anything."""
        return self.outcome in (OUTCOMES["loaded"], OUTCOMES["identical"], OUTCOMES["withdrawn"]) and not (
            self.counts["quarantined"] or self.counts["unreadable"]
        )


# The name of a copy was never looked at by the guard; that of the file it repeats was.
HEADS = """
    SELECT b.batch_id, b.source_code, coalesce(b.file_name, first.file_name), b.received_at, b.status, b.message_zh,
           coalesce(b.note_zh, ''), b.is_zero_report, coalesce(found.findings, 0), rows_received + exploded, loaded, duplicate,
           superseded + withdrawn, out_of_scope, quarantined, held, unreadable, refused
    FROM (SELECT * EXCLUDE (rows_received) FROM ops.batch WHERE list_contains($batches, batch_id)) b
    JOIN ops.ledger l USING (batch_id)
    LEFT JOIN (SELECT source_code, sha256, min(file_name) AS file_name FROM ops.batch GROUP BY ALL) first
        ON b.status = 'identical' AND (first.source_code, first.sha256) = (b.source_code, b.sha256)
    LEFT JOIN (SELECT batch_id, count(*) AS findings FROM ops.quarantine WHERE list_contains($batches, batch_id) GROUP BY ALL) found
        USING (batch_id)
    ORDER BY b.batch_id"""


def receipts_of(db: Warehouse, batches: Sequence[str]) -> Iterator[Receipt]:
    """The receipts of batches whose fate is decided, in the order of their numbers."""
    for batch_id, source, name, received_at, status, message, note, is_zero, findings, received, *counts in db.rows(
        HEADS, {"batches": batches}
    ):
        declared = db.library.sources.get(source)
        outcome = OUTCOMES[status]
        counted = dict(zip(COUNTS, counts, strict=True))
        yield Receipt(
            batch_id, source, declared.title.zh if declared else source, name, received_at, outcome,
            message or _sentence(outcome, counted, bool(is_zero)), note, received, counted, findings,
            _lines(db, declared, batch_id) if declared and findings else (),
        )  # fmt: skip


def _sentence(outcome: Outcome, counts: dict[str, int], is_zero: bool) -> str:
    if outcome is not OUTCOMES["loaded"]:
        return outcome.sentence
    if is_zero:
        return "零报告已登记，谢谢。"
    to_mend = counts["quarantined"] + counts["unreadable"]
    return f"文件已接收，其中 {to_mend} 行需要更正。" if to_mend else "文件已接收，无需更正，谢谢。"


def _lines(db: Warehouse, source: Source, batch_id: str) -> tuple[Line, ...]:
    """What must be mended first, then the rest, each in the order of the file; in a row out of scope nothing must be."""
    rows = db.rows(
        "SELECT sheet, row_number, victim_number, column_name, value, rule, CASE WHEN disposition = 'quarantined'"
        " AND bool_or(disposition = 'out_of_scope') OVER (PARTITION BY sheet, row_number, victim_number)"
        " THEN 'out_of_scope' ELSE disposition END AS treatment, problem FROM ops.quarantine"
        " WHERE batch_id = ? ORDER BY list_position(['quarantined', 'out_of_scope', 'warning'], treatment),"
        f" sheet, row_number, victim_number, column_name, rule LIMIT {LISTED}",
        [batch_id],
    )
    header = functools.cache(lambda column: _header(db.library, source, column))
    return tuple(
        Line(sheet, row, victim, header(column), _shown(source, column, value),
             *_title_and_remedy(db.library, rule, disposition, problem))
        for sheet, row, victim, column, value, rule, disposition, problem in rows
    )  # fmt: skip


def _shown(source: Source, column: str, value: str | None) -> str:
    """The cell as it came; a token has become one of our own by now, which nobody outside may see."""
    is_token = column in source.columns and source.columns[column].kind == "token"
    return "（未存储）" if is_token and value else value or "（空）"


def _title_and_remedy(library: Library, rule: str, disposition: str, problem: str | None) -> tuple[str, str, str]:
    treatment = TREATMENTS[disposition]
    if rule == "readable" and problem in PROBLEMS:
        return READABLE.zh, treatment, PROBLEMS[problem].zh
    if rule == "filled":
        return FILLED.zh, treatment, (FILL_IT if disposition == "quarantined" else FILL_IF_KNOWN).zh
    check = library.checks.get(rule)
    return (f"{rule} {check.title.zh}", treatment, check.remedy.zh) if check else (rule, treatment, "请核对此项。")


def _header(library: Library, source: Source, name: str) -> str:
    """The header over the cell in the file, or of the cells that make up this column."""
    if name == "record_key":
        return "、".join(_header(library, source, part) for part in source.record_key)
    if name == "victims" and source.victims:
        return "被害人各列"
    if name == "row":
        return "整行"
    if name not in source.columns:
        name = next((own for own, column in source.columns.items() if column.to == name), name)
    column = source.columns.get(name)
    if column is None:
        target = library.target_table(source).columns.get(name)
        return target.comment.zh if target else name
    return column.headers[0] if column.headers else "、".join(_header(library, source, part) for part in column.combine)
