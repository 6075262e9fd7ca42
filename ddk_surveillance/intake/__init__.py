"""Stage 1: claim new files, read each to text cells with row numbers, find the declared columns.

Nothing of a file's content reaches the disk here: all stays in memory, because the guard has not yet seen it.
"""

import shutil
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pyarrow

from ddk_surveillance import nights
from ddk_surveillance.contracts import Source
from ddk_surveillance.errors import FileRefused, Text
from ddk_surveillance.intake.belonging import columns_of, recognise_own
from ddk_surveillance.intake.headers import HEADER_SEARCH_ROWS, ColumnHeaders, Header, Row, find_header
from ddk_surveillance.intake.notes import notes_of
from ddk_surveillance.intake.reading import Texts, read_file
from ddk_surveillance.intake.recognise import Others, Recognised
from ddk_surveillance.intake.refusals import refused
from ddk_surveillance.intake.rows import rows_of
from ddk_surveillance.intake.sheets import Sheet, Workbook
from ddk_surveillance.landing import (
    Claim,
    archived_and_unknown,
    claim_new_files,
    claims,
    date_rightly,
    forget_missing,
    left_behind,
    put_back,
    tidy,
    turn_out_strays,
    written_at,
)
from ddk_surveillance.unguarded import SHEET_NAME, Amiss, Heading, Unguarded, UnguardedSheet
from ddk_surveillance.warehouse import Outcome, Warehouse

REPEATED_BY_NONE = ("identical", "refused", "unreadable", "withdrawn")  # a copy of such a file is a file of its own
UNFINISHED = ("taken", "guarded", "recoded", "checked")


def discover(db: Warehouse, night_id: str) -> list[str]:
    """Claim what waits in landing/ and name the sources that have work, left-overs of a killed run included."""
    nights.begin(db, night_id)
    db.library.check()  # before anything moves: a misspelt declaration is an error, not a zero
    shutil.rmtree(db.settings.scratch, ignore_errors=True)
    turn_out_strays(db.settings)
    tidy(db)
    forget_missing(db)
    claim_new_files(db)
    _report_left_behind(db, night_id)
    with db.transaction():
        for claim in claims(db):
            register(db, claim, night_id)
        _date_by_oldest_copy(db, night_id)
    tidy(db)
    waiting = db.column(
        f"SELECT DISTINCT source_code FROM ops.batch WHERE night_id = $night OR status IN {UNFINISHED} OR status = 'held'"
        " OR batch_id NOT IN (SELECT batch_id FROM ops.ledger) ORDER BY source_code",
        {"night": night_id},
    )
    return [source for source in waiting if source in db.library.sources]


def run(db: Warehouse, key: str) -> Outcome:
    """Read every claimed file of the source `key` into memory; files that cannot be read are refused."""
    source = db.library.sources[key]
    waiting = dict(db.rows("SELECT batch_id, sha256 FROM ops.batch WHERE source_code = ? AND status = 'taken'", [key]))
    ours = [claim for claim in claims(db) if claim.batch_id in waiting]
    with db.transaction():
        is_read = {claim: read(db, source, claim) for claim in ours}
    changed = [claim for claim in ours if claim.sha256() != waiting[claim.batch_id]]
    for claim in changed:
        put_back(db, claim)
    refused = sum(not is_read[claim] for claim in ours if claim not in changed)
    tidy(db)
    return Outcome(len(waiting), len(waiting) - refused, refused)


def _report_left_behind(db: Warehouse, night_id: str) -> None:
    """What lies in the data home and nobody deals with; each night says so, without names."""
    said = [text.format(count=count) for text, count in
            ((LEFT_BEHIND, len(left_behind(db))), (NOT_IN_THE_BOOKS, len(archived_and_unknown(db)))) if count]  # fmt: skip
    if said:
        zh, en = "".join(text.zh for text in said), " ".join(text.en for text in said)
        db.execute("UPDATE ops.night SET notice_zh = ?, notice_en = ? WHERE night_id = ?", [zh, en, night_id])


LEFT_BEHIND = Text(
    "landing/ 中有 {count} 项不能处理（文件夹、快捷方式，或没有放在来源目录里）。请把文件直接放入 landing/<来源>/。",
    "{count} things in landing/ cannot be taken (folders, links, or not in a source's folder). Put files straight into landing/<source>/.",
)
NOT_IN_THE_BOOKS = Text(
    "archive/ 中有 {count} 份文件，数据仓库并不知道（放回过较早的 ddk.duckdb？）。ddk doctor 列出它们；请移回 landing/<来源>/ 再运行。",
    "archive/ holds {count} files of which the warehouse knows nothing (was an older ddk.duckdb put back?). ddk doctor lists them;"
    " move them back to landing/<source>/ and run again.",
)


def register(db: Warehouse, claim: Claim, night_id: str) -> None:
    """A line in ops.batch; a file that came before, byte for byte, is only counted."""
    date_rightly(claim.path)
    sha256, received = claim.sha256(), written_at(claim.path)
    earlier = db.rows(
        "SELECT rows_received FROM ops.batch WHERE source_code = ? AND sha256 = ? AND batch_id <> ? "
        f"AND status NOT IN {REPEATED_BY_NONE} AND change_id IS NULL ORDER BY received_at LIMIT 1",
        [claim.source, sha256, claim.batch_id],
    )
    # If a run was killed since, an older copy may be gone already.
    known = db.column("SELECT received_at FROM ops.batch WHERE batch_id = ?", [claim.batch_id])
    db.execute("DELETE FROM ops.batch WHERE batch_id = ?", [claim.batch_id])
    db.insert("ops.batch", {
        "batch_id": claim.batch_id, "source_code": claim.source, "sha256": sha256, "size_bytes": claim.path.stat().st_size,
        "received_at": min([received, *known]), "status": "identical" if earlier else "taken",
        "rows_received": earlier[0][0] if earlier else None, "night_id": night_id,
    })  # fmt: skip


def _date_by_oldest_copy(db: Warehouse, night_id: str) -> None:
    """Else the version that holds would depend on which copy came first; what is taken out of the books is weighed anew by load."""
    older = f"""
        SELECT b.batch_id, min(c.received_at) AS received_at
        FROM ops.batch c JOIN ops.batch first USING (source_code, sha256) JOIN ops.batch b ON first.batch_id IN (b.batch_id, b.rereads)
        WHERE c.night_id = ? AND c.status = 'identical' AND first.status NOT IN {REPEATED_BY_NONE} AND first.change_id IS NULL
          AND c.received_at < b.received_at GROUP BY 1"""
    for batch, received in db.rows(older, [night_id]):
        db.execute("UPDATE ops.batch SET received_at = ? WHERE batch_id = ?", [received, batch])
        db.execute("DELETE FROM ops.ledger WHERE batch_id = ?", [batch])


def read(db: Warehouse, source: Source, claim: Claim) -> bool:
    """Whether the file could be read; its rows and all its texts then wait for the guard."""
    try:
        file = read_file(claim.path)
        recognised, others = recognise_own(db.library.sources, source, file, claim.name)
        _check_month_of_nothing(source, recognised)
    except FileRefused as refusal:
        _set_unreadable(db, claim, refusal)
        return False
    passed_over = (*others.names, *(sheet.name for sheet in file.hidden), *file.empty)
    rows = pyarrow.concat_tables([_with_place(one) for one in recognised])
    note = notes_of(source, recognised, passed_over)
    amiss = tuple(_amiss(source, recognised, others))
    headers = {one.sheet: one.header for one in recognised if one.header.columns}
    sheets, texts = _looked_at(file, columns_of(source), headers)
    texts = ((Text("文件名", "file name"), claim.name), *file.texts, *texts)
    db.unguarded[claim.batch_id] = Unguarded(claim.name, rows, sheets, texts, note, amiss)
    _set_counts(db, claim.batch_id, recognised, sum(one.disposition == "unreadable" for one in amiss))
    return True


def _amiss(source: Source, recognised: Sequence[Recognised], others: Others) -> Iterator[Amiss]:
    """Rows that nobody can read, formulas without a value, and totals that do not agree with the rows; a case may count once for every victim."""
    for one in recognised:
        for row, problem in one.unreadable.items():
            yield Amiss(one.sheet, row, "unreadable", "readable", problem)
        for row in one.uncomputed:
            yield Amiss(one.sheet, row, "file", "readable", "formula_without_value")
        for total in one.totals if source.target == "record" and not source.victims else ():
            if total.is_wrong:
                yield Amiss(one.sheet, total.row_number, "file", "Q03", None)
    for sheet, rows in others.headless.items():
        yield from (Amiss(sheet, row, "unreadable", "readable", "headless") for row in rows)


def _check_month_of_nothing(source: Source, recognised: Sequence[Recognised]) -> None:
    """A report of nothing counts for the month it names; where reports cover several months, for those of its year."""
    is_known = recognised[0].title_year and (recognised[0].title_month or source.rhythm.months > 1)
    if source.target == "record" and not is_known and all(one.is_zero_report for one in recognised):
        raise refused("zero_report_without_month")


def _set_unreadable(db: Warehouse, claim: Claim, refusal: FileRefused) -> None:
    db.execute(
        "UPDATE ops.batch SET status = 'unreadable', reason = ?, message_zh = ?, message_en = ? WHERE batch_id = ?",
        [refusal.reason, refusal.text.zh, refusal.text.en, claim.batch_id],
    )


def _set_counts(db: Warehouse, batch: str, recognised: Sequence[Recognised], unreadable: int) -> None:
    received = sum(len(one.body) for one in recognised) + unreadable
    is_zero = not received and all(one.is_zero_report for one in recognised)
    db.execute(
        "UPDATE ops.batch SET rows_received = ?, rows_unreadable = ?, is_zero_report = ?, declared_total = ?, title_year = ?,"
        " title_month = ? WHERE batch_id = ?",
        [received, unreadable, is_zero, _declared_total(recognised), recognised[0].title_year, recognised[0].title_month,
         batch],
    )  # fmt: skip


def _looked_at(
    file: Workbook, columns: Sequence[ColumnHeaders], headers: Mapping[str, Header]
) -> tuple[tuple[UnguardedSheet, ...], Texts]:
    """Every cell of the file below a header, and its headers and titles, for the guard."""
    texts = [(SHEET_NAME, empty) for empty in file.empty]
    sheets = []
    for sheet in (*file.sheets, *file.hidden):
        top = rows_of(sheet.cells.slice(0, HEADER_SEARCH_ROWS + 1))
        above, unguarded = _parts(sheet, top, headers.get(sheet.name) or find_header(top, columns))
        texts += [(SHEET_NAME, sheet.name), *above]
        sheets.append(unguarded)
    return tuple(sheets), tuple(texts)


def _with_place(one: Recognised) -> pyarrow.Table:
    """The rows with where they stood and the period that the title named."""
    size = one.body.num_rows
    placed = one.body.append_column("sheet", pyarrow.repeat(one.sheet, size))
    for name, part in (("title_year", one.title_year), ("title_month", one.title_month)):
        placed = placed.append_column(name, pyarrow.repeat(pyarrow.scalar(part, pyarrow.int32()), size))
    return placed


def _declared_total(recognised: Sequence[Recognised]) -> int | None:
    stated = [total.stated for one in recognised for total in one.totals if total.stated is not None]
    return stated[-1] if len(stated) == 1 else None


def _parts(sheet: Sheet, top: Sequence[Row], header: Header | None) -> tuple[list[tuple[Text, str]], UnguardedSheet]:
    """The texts down to the header; the heading of every column, and all cells below it."""
    end = header.end if header else 0
    cells = sheet.cells.slice(end)
    numbers = pyarrow.array(np.arange(end + 1, end + 1 + len(cells), dtype=np.int32))
    names = {position: name for name, position in header.columns.items()} if header else {}
    headings = (Heading(f"c{at}", _heading(top[:end], at), names.get(at)) for at in range(cells.num_columns))
    above = [
        (Text(f"第 {row} 行", f"row {row}"), cell) for row, line in enumerate(top[:end], 1) for cell in line if cell
    ]
    return above, UnguardedSheet(sheet.name, tuple(headings), cells.append_column("row_number", numbers))


def _heading(top: Sequence[Sequence[str | None]], place: int) -> str:
    """The lowest text above a column."""
    return next((line[place] for line in reversed(top) if line[place]), "") or ""
