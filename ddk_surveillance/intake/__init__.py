"""Stage 1: claim new files, read each to text cells with row numbers, find the declared columns.

Nothing of a file's content reaches the disk here: cells go to temporary tables in memory, because the guard has not yet
seen them.
"""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import pyarrow

from ddk_surveillance import nights
from ddk_surveillance.contracts import Source
from ddk_surveillance.errors import FileRefused, Text
from ddk_surveillance.intake.headers import HEADER_SEARCH_ROWS, ColumnHeaders, find_header
from ddk_surveillance.intake.reading import read_file
from ddk_surveillance.intake.recognise import Recognised, recognise_all
from ddk_surveillance.intake.rows import rows_of
from ddk_surveillance.intake.sheets import Sheet
from ddk_surveillance.landing import Claim, claim_new_files, claims, left_behind, tidy
from ddk_surveillance.settings import TIME_ZONE
from ddk_surveillance.warehouse import Outcome, Warehouse

UNFINISHED = ("taken", "guarded", "recoded", "checked")


def discover(db: Warehouse, night_id: str) -> list[str]:
    """Claim what waits in landing/ and name the sources that have work, left-overs of a killed run included."""
    nights.begin(db, night_id)
    db.library.check()  # before anything moves: a misspelt declaration is an error, not a zero
    tidy(db)
    claim_new_files(db)
    _report_left_behind(db, night_id)
    for claim in claims(db):
        register(db, claim, night_id)
    tidy(db)
    states = ", ".join(f"'{state}'" for state in UNFINISHED)
    return [source for (source,) in db.rows(
        f"SELECT DISTINCT source_code FROM ops.batch WHERE night_id = $night OR status IN ({states}) OR status = 'held' "
        "ORDER BY source_code", {"night": night_id}) if source in db.library.sources]  # fmt: skip


def run(db: Warehouse, key: str) -> Outcome:
    """Read every claimed file of the source `key` into temporary tables; files that cannot be read are refused."""
    source = db.library.sources[key]
    waiting = {
        batch
        for (batch,) in db.rows("SELECT batch_id FROM ops.batch WHERE source_code = ? AND status = 'taken'", [key])
    }
    refused = 0
    for claim in claims(db):
        if claim.batch_id in waiting:
            refused += not read(db, source, claim)
    tidy(db)
    return Outcome(len(waiting), len(waiting) - refused, refused)


def _report_left_behind(db: Warehouse, night_id: str) -> None:
    """Folders, links and files outside the source folders cannot be taken; each night says so, without their names."""
    count = len(left_behind(db))
    if count:
        db.execute(
            "UPDATE ops.night SET notice_zh = $zh, notice_en = $en WHERE night_id = $night",
            {
                "night": night_id,
                "zh": f"landing/ 中有 {count} 项不能处理(文件夹、快捷方式,或没有放在来源目录里)。请把文件直接放入 landing/<来源>/。",
                "en": f"{count} things in landing/ cannot be taken (folders, links, or not in a source's folder). "
                "Put files straight into landing/<source>/.",
            },
        )


def register(db: Warehouse, claim: Claim, night_id: str) -> None:
    """A line in ops.batch; a file that came before, byte for byte, is only counted."""
    status = claim.path.stat()
    sha256 = claim.sha256()
    earlier = db.rows(
        "SELECT rows_received FROM ops.batch WHERE source_code = ? AND sha256 = ? AND batch_id <> ? "
        "AND status NOT IN ('refused', 'unreadable', 'withdrawn') ORDER BY received_at LIMIT 1",
        [claim.source, sha256, claim.batch_id],
    )
    received = datetime.datetime.fromtimestamp(status.st_mtime, ZoneInfo(TIME_ZONE)).replace(tzinfo=None)
    db.execute("DELETE FROM ops.batch WHERE batch_id = ?", [claim.batch_id])
    db.execute(
        "INSERT INTO ops.batch BY NAME SELECT $batch AS batch_id, $source AS source_code, $sha AS sha256, $size AS size_bytes,"
        " $received AS received_at, $status AS status, $rows AS rows_received, $night AS night_id",
        {
            "batch": claim.batch_id, "source": claim.source, "sha": sha256, "size": status.st_size, "received": received,
            "status": "identical" if earlier else "taken", "rows": earlier[0][0] if earlier else None, "night": night_id,
        },
    )  # fmt: skip


@dataclass(frozen=True)
class Incoming:
    """A file that has been read: its rows under declared names, all its cells for the guard, and texts around them."""

    recognised: tuple[Recognised, ...]
    sheets: tuple[Sheet, ...]


def read(db: Warehouse, source: Source, claim: Claim) -> bool:
    """Whether the file could be read; its rows then wait in temporary tables."""
    columns = [
        ColumnHeaders(name, column.headers, column.required, column.fill_down)
        for name, column in source.physical_columns.items()
    ]
    try:
        sheets = read_file(claim.path).sheets
        recognised, _ = recognise_all(sheets, columns)
    except FileRefused as refusal:
        _set_unreadable(db, claim, refusal)
        return False
    _keep(db, claim, Incoming(recognised, sheets), columns)
    return True


def _set_unreadable(db: Warehouse, claim: Claim, refusal: FileRefused) -> None:
    db.execute(
        "UPDATE ops.batch SET status = 'unreadable', reason = ?, message_zh = ?, message_en = ? WHERE batch_id = ?",
        [refusal.reason, refusal.text.zh, refusal.text.en, claim.batch_id],
    )


def _keep(db: Warehouse, claim: Claim, incoming: Incoming, columns: Sequence[ColumnHeaders]) -> None:
    batch = claim.batch_id
    rows = pyarrow.concat_tables([_with_place(one) for one in incoming.recognised])
    with db.offering(rows=rows):
        db.execute(f"CREATE OR REPLACE TEMP TABLE incoming_{batch} AS FROM rows")
    texts = [(Text("文件名", "file name"), claim.path.name)]
    texts += [(Text("工作表名", "sheet name"), sheet.name) for sheet in incoming.sheets]
    headers: list[tuple[int, str, str, str | None]] = []
    for number, sheet in enumerate(incoming.sheets):
        above, heads = _keep_cells(db, batch, number, sheet, columns)
        texts += above
        headers += [(number, *head) for head in heads]
    _keep_around(db, batch, texts, headers)
    unreadable = sum(len(one.unreadable) for one in incoming.recognised)
    first = incoming.recognised[0]
    db.execute(
        "UPDATE ops.batch SET rows_received = ?, rows_unreadable = ?, is_zero_report = ?, declared_total = ?, title_year = ?,"
        " title_month = ? WHERE batch_id = ?",
        [len(rows) + unreadable, unreadable, all(one.is_zero_report for one in incoming.recognised),
         _declared_total(incoming.recognised), first.title_year, first.title_month, batch],
    )  # fmt: skip


def _with_place(one: Recognised) -> pyarrow.Table:
    """The rows with where they stood and the period that the title named."""
    size = one.body.num_rows
    return one.body.append_column("sheet", pyarrow.array([one.sheet] * size, pyarrow.string())).append_column(
        "title_year", pyarrow.array([one.title_year] * size, pyarrow.int32())
    ).append_column("title_month", pyarrow.array([one.title_month] * size, pyarrow.int32()))  # fmt: skip


def _declared_total(recognised: Sequence[Recognised]) -> int | None:
    stated = [total.stated for one in recognised for total in one.totals if total.stated is not None]
    return stated[-1] if len(stated) == 1 else None


def _keep_around(
    db: Warehouse, batch: str, texts: Sequence[tuple[Text, str]], headers: Sequence[tuple[int, str, str, str | None]]
) -> None:
    """What stands around the rows, for the guard: names, titles, and each column's header with the name it was given."""
    around = pyarrow.table({
        "place_zh": [place.zh for place, _ in texts],
        "place_en": [place.en for place, _ in texts],
        "text": pyarrow.array([text for _, text in texts], pyarrow.string()),
    })  # fmt: skip
    named = pyarrow.table({
        "sheet_number": pyarrow.array([number for number, *_ in headers], pyarrow.int32()),
        "cell": [cell for _, cell, *_ in headers],
        "header": [header for *_, header, _ in headers],
        "name": pyarrow.array([name for *_, name in headers], pyarrow.string()),
    })  # fmt: skip
    with db.offering(around=around, named=named):
        db.execute(f"CREATE OR REPLACE TEMP TABLE incoming_text_{batch} AS FROM around")
        db.execute(f"CREATE OR REPLACE TEMP TABLE incoming_header_{batch} AS FROM named")


def _keep_cells(
    db: Warehouse, batch: str, number: int, sheet: Sheet, columns: Sequence[ColumnHeaders]
) -> tuple[list[tuple[Text, str]], list[tuple[str, str, str | None]]]:
    """All cells below the header go to a temporary table for the guard; the texts above and the headers are returned."""
    top = rows_of(sheet.cells.slice(0, HEADER_SEARCH_ROWS + 1))
    header = find_header(top, columns)
    end = header.end if header else 0
    body = sheet.cells.slice(end)
    cells = body.append_column("row_number", pyarrow.array(range(end + 1, end + 1 + len(body)), pyarrow.int32()))
    with db.offering(cells=cells):
        db.execute(f"CREATE OR REPLACE TEMP TABLE incoming_cells_{batch}_{number} AS FROM cells")
    names = {position: name for name, position in header.columns.items()} if header else {}
    heads = [(f"c{place}", _heading(top[:end], place), names.get(place)) for place in range(len(body.columns))]
    return [
        (Text(f"第 {row} 行", f"row {row}"), cell) for row, line in enumerate(top[:end], 1) for cell in line if cell
    ], heads


def _heading(top: Sequence[Sequence[str | None]], place: int) -> str:
    """The lowest text above a column."""
    return next((line[place] for line in reversed(top) if line[place]), "") or ""
