"""What a receipt says: how the file fared, what became of its rows, and every cell that has to be looked at."""

import datetime
import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from ddk_surveillance.contracts import NOT_KEPT, Source
from ddk_surveillance.errors import Text, listed
from ddk_surveillance.library import Library
from ddk_surveillance.problems import FILL_IF_KNOWN, FILL_IT, FILLED, READABLE
from ddk_surveillance.warehouse import Warehouse

LISTED = 2_000  # nobody mends more from one page, and a page of a million lines opens nowhere

# What may become of a row, as the ledger counts it: word and meaning.
COUNTS = {
    "accepted": (Text("入库", "loaded"), Text("已进入数据库", "are in the database")),
    "duplicate": (Text("重复", "repeated"), Text("与已报送的记录内容相同，只计一次，无需处理", "say what was reported before and count once: nothing to do")),
    "superseded": (Text("被取代", "replaced"), Text("同一记录已有更新的版本，以新版本为准，无需处理", "have a newer version, which holds: nothing to do")),
    "out_of_scope": (Text("不属范围", "out of scope"), Text("不属统计范围，不计入，一般无需处理", "are not what is counted: as a rule nothing to do")),
    "quarantined": (Text("待更正", "to mend"), Text("未入库，请按下表更正后重新报送整个文件", "are not loaded: mend them as listed, send the file again")),
    "held": (Text("暂扣", "held"), Text("随整个文件暂不入库", "are held back with the whole file")),
    "unreadable": (Text("不可读", "unreadable"), Text("未能读取，请按下表更正后重新报送整个文件", "could not be read: mend them as listed, send it all again")),
    "refused": (Text("拒收", "refused"), Text("随整个文件拒收，未存储", "are refused with the whole file and not stored")),
}  # fmt: skip


class Outcome(NamedTuple):
    """What became of a file: the word on top and the sentence when the file itself has no message."""

    word: Text
    sentence: Text


OUTCOMES = {
    "loaded": Outcome(Text("已接收", "received"), Text("文件已接收。", "The file has been received.")),
    "held": Outcome(Text("暂扣", "held"), Text("整个文件暂扣，原有数据不变。请按下表更正后重新报送。",
                    "The whole file is held and earlier data stand. Mend it as listed and send it again.")),
    "refused": Outcome(Text("拒收", "refused"), Text("整个文件拒收，未存储。", "The whole file is refused and not stored.")),
    "unreadable": Outcome(Text("无法读取", "unreadable"), Text("文件无法读取。", "The file cannot be read.")),
    "identical": Outcome(Text("重复文件", "sent before"), Text("与先前报送的文件完全相同，不再处理，无需重报。",
                         "It is the very file that was sent before: nothing to do.")),
    "withdrawn": Outcome(Text("已撤回", "withdrawn"), Text("文件已撤回，其中的记录不再计入。",
                         "The file has been withdrawn and its records do not count any more.")),
}  # fmt: skip
TREATMENTS = {
    "quarantined": COUNTS["quarantined"][0],
    "unreadable": COUNTS["quarantined"][0],
    "file": COUNTS["quarantined"][0],
    "out_of_scope": Text("不计入", "not counted"),
    "warning": Text("提示", "notice"),
}


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
    """One file's receipt in one language; `counts` by the names of COUNTS, `findings` of which at most LISTED stand in `lines`."""

    language: str
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
    to_mend_in_file: int
    findings: int
    lines: tuple[Line, ...]

    @property
    def is_clean(self) -> bool:
        """Whether the institution need not do anything."""
        return self.outcome in (OUTCOMES["loaded"], OUTCOMES["identical"], OUTCOMES["withdrawn"]) and not (
            self.counts["quarantined"] or self.counts["unreadable"] or self.to_mend_in_file
        )


# The name of a copy was never looked at by the guard; that of the file it repeats was.
HEADS = """
    SELECT b.batch_id, b.source_code, coalesce(b.file_name, first.file_name), b.received_at, b.status, b.message_{language},
           coalesce(b.note_{language}, ''), b.is_zero_report, coalesce(found.in_file, 0), coalesce(found.findings, 0),
           rows_received + exploded, loaded, duplicate,
           superseded + withdrawn, out_of_scope, quarantined, held, unreadable, refused
    FROM (SELECT * EXCLUDE (rows_received) FROM ops.batch WHERE list_contains($batches, batch_id)) b
    JOIN ops.ledger l USING (batch_id)
    LEFT JOIN (SELECT source_code, sha256, min(file_name) AS file_name FROM ops.batch GROUP BY ALL) first
        ON b.status = 'identical' AND (first.source_code, first.sha256) = (b.source_code, b.sha256)
    LEFT JOIN (SELECT batch_id, count(*) AS findings, count(*) FILTER (disposition = 'file') AS in_file
               FROM ops.quarantine WHERE list_contains($batches, batch_id) GROUP BY ALL) found
        USING (batch_id)
    ORDER BY b.batch_id"""


def receipts_of(db: Warehouse, batches: Sequence[str]) -> Iterator[Receipt]:
    """The receipts of batches whose fate is decided, in the order of their numbers and the language of the settings."""
    language = db.settings.language
    for row in db.rows(HEADS.format(language=language), {"batches": batches}):
        batch_id, source, name, received_at, status, message, note, is_zero, in_file, findings, received, *counts = row
        declared = db.library.sources.get(source)
        outcome = OUTCOMES[status]
        counted = dict(zip(COUNTS, counts, strict=True))
        yield Receipt(
            language, batch_id, source, declared.title.text.said(language) if declared else source, name, received_at, outcome,
            message or _sentence(outcome, counted, in_file, bool(is_zero)).said(language), note, received, counted, in_file, findings,
            _lines(db, declared, batch_id) if declared and findings else (),
        )  # fmt: skip


def _sentence(outcome: Outcome, counts: dict[str, int], in_file: int, is_zero: bool) -> Text:
    if outcome is not OUTCOMES["loaded"]:
        return outcome.sentence
    if is_zero:
        return Text("零报告已登记，谢谢。", "Your report of no cases is registered, thank you.")
    to_mend = counts["quarantined"] + counts["unreadable"]
    if to_mend:
        return Text(
            f"文件已接收，其中 {to_mend} 行需要更正。", f"The file has been received; {to_mend} rows are to be mended."
        )
    if in_file:
        return Text(
            "文件已接收，各行已处理，但文件本身有需要核对更正之处，见下表。",
            "The file has been received and its rows are dealt with, but the file itself is to be mended as listed.",
        )
    return Text("文件已接收，无需更正，谢谢。", "The file has been received and nothing is to be mended, thank you.")


def _lines(db: Warehouse, source: Source, batch_id: str) -> tuple[Line, ...]:
    """What must be mended first, then the rest, each in the order of the file; in a row out of scope nothing must be."""
    rows = db.rows(
        "SELECT sheet, row_number, victim_number, column_name, value, rule, CASE WHEN disposition = 'quarantined'"
        " AND bool_or(disposition = 'out_of_scope') OVER (PARTITION BY sheet, row_number, victim_number)"
        " THEN 'out_of_scope' ELSE disposition END AS treatment, problem FROM ops.quarantine"
        " WHERE batch_id = ? ORDER BY list_position(['file', 'unreadable', 'quarantined', 'out_of_scope', 'warning'], treatment),"
        f" sheet, row_number, victim_number, column_name, rule LIMIT {LISTED}",
        [batch_id],
    )
    header = functools.cache(lambda column: _header(db.library, source, column))
    language = db.settings.language
    return tuple(
        Line(sheet, row, victim, header(column).said(language), _shown(source, column, value).said(language),
             *(text.said(language) for text in _title_and_remedy(db.library, rule, disposition, problem)))
        for sheet, row, victim, column, value, rule, disposition, problem in rows
    )  # fmt: skip


def _shown(source: Source, column: str, value: str | None) -> Text:
    """The cell as it came; a token has become one of our own by now, which nobody outside may see."""
    is_token = column in source.columns and source.columns[column].kind == "token"
    if is_token and value:
        return Text("（未存储）", "(not stored)")
    if value == NOT_KEPT.zh:
        return NOT_KEPT
    return Text(value, value) if value else Text("（空）", "(empty)")


def _title_and_remedy(library: Library, rule: str, disposition: str, problem: str | None) -> tuple[Text, Text, Text]:
    treatment = TREATMENTS[disposition]
    if rule == "readable" and (words := library.problems.get(problem or "")):
        return READABLE.text, treatment, words.text
    if rule == "filled":
        return FILLED.text, treatment, (FILL_IT if disposition == "quarantined" else FILL_IF_KNOWN)
    check = library.checks.get(rule)
    if check is None:
        return Text(rule, rule), treatment, Text("请核对此项。", "Check this.")
    return Text(f"{rule} {check.title.zh}", f"{rule} {check.title.en}"), treatment, check.remedy.text


def _header(library: Library, source: Source, name: str) -> Text:
    """The header over the cell in the file, or of the cells that make up this column."""
    if name == "record_key":
        return listed(_header(library, source, part) for part in source.record_key)
    if name == "victims" and source.victims:
        return Text("被害人各列", "the columns of the victims")
    if name == "row":
        return Text("整行", "the whole row")
    if name not in source.columns:
        name = next((own for own, column in source.columns.items() if column.to == name), name)
    column = source.columns.get(name)
    if column is None:
        target = library.target_table(source).columns.get(name)
        return target.comment.text if target else Text(name, name)
    if column.headers:
        return Text(column.headers[0], column.headers[0])
    return listed(_header(library, source, part) for part in column.combine)
