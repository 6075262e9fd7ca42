"""Stage 2: refuse files that identify a child, keep only declared columns, re-key tokens.

What comes out of here is the first that is written to disk by us. Nothing of a refused file is stored or logged except
where, what kind and how many.
"""

from collections.abc import Iterator, Sequence

import pyarrow
import pyarrow.compute

from ddk_surveillance.contracts import NOT_A_TOKEN, Source
from ddk_surveillance.errors import ConfigurationError, Text
from ddk_surveillance.guard.headers import kind_title
from ddk_surveillance.guard.identifiers import (
    Finding,
    GuardedColumn,
    find_announced,
    find_identifiers,
    find_split_numbers,
    scan_text,
    scan_texts,
)
from ddk_surveillance.guard.kept import Kept, kept
from ddk_surveillance.landing import tidy
from ddk_surveillance.settings import Settings
from ddk_surveillance.side_by_side import side_by_side
from ddk_surveillance.text.missing import is_missing
from ddk_surveillance.tokens import Key, derive, load_key, rekey, token_shaped
from ddk_surveillance.unguarded import SHEET_NAME, Unguarded, UnguardedSheet
from ddk_surveillance.warehouse import Outcome, Warehouse

UNPRINTABLE = r"[\p{C}\p{Zl}\p{Zp}]"  # in the name of a file it would command whoever's terminal shows it
LAYER = "layer:record"
REMOVE_FROM_CELLS = Text("请用 ddk deidentify 去标识后重新报送。", "Remove this with ddk deidentify and send it again.")
REMOVE_AROUND = Text("请更改名称或清除这些内容后重新报送。", "Rename or clear this and send the file again.")
ROWS_AT_ONCE = 500_000  # stored in one statement, unless one file has more
ROWS_IN_A_GROUP = 122_880  # of DuckDB: given in such pieces, a million rows are written in two thirds of the time
TAKEN = "SELECT batch_id FROM ops.batch WHERE source_code = ? AND status = 'taken' ORDER BY batch_id"


def run(db: Warehouse, key: str) -> Outcome:
    """Guard every batch of the source `key` that intake has read; the rest waits in received.<source>."""
    source = db.library.sources[key]
    batches = db.column(TAKEN, [key])
    secret = record_key(db) if batches else None
    db.ensure_once(db.library.received_table(source))
    outcome = guard_batches(db, source, batches, secret) if secret else Outcome()
    tidy(db)
    return outcome


def configured_key(settings: Settings) -> Key:
    """The key that DDK_KEY_FILE names; without a proper one nothing runs."""
    if settings.key_file is None:
        raise ConfigurationError(
            "没有密钥，拒绝运行。请让保管人把密钥文件路径写入环境变量 DDK_KEY_FILE（ddk doctor 有说明）。",
            "There is no key, so nothing runs: set DDK_KEY_FILE to the key file (see ddk doctor).",
        )
    return load_key(settings.key_file)


def record_key(db: Warehouse) -> Key:
    """The key of this layer; a warehouse once made with one key never sees another."""
    secret = checked_key(db)
    if db.remembered("key_id") is None:
        db.remember("key_id", secret.id)
    return derive(secret, LAYER)


def checked_key(db: Warehouse) -> Key:
    """The key that DDK_KEY_FILE names; ConfigurationError if the warehouse was made with another."""
    secret, known = configured_key(db.settings), db.remembered("key_id")
    if known not in (None, secret.id):
        raise ConfigurationError(
            f"密钥不对：本仓库用的是密钥 {known}，DDK_KEY_FILE 是 {secret.id}。请换回原密钥。",
            f"The wrong key: this warehouse was made with {known}, DDK_KEY_FILE holds {secret.id}. Use the former.",
        )
    return secret


def guard_batches(db: Warehouse, source: Source, batches: Sequence[str], secret: Key) -> Outcome:
    """Refuse or accept batches that intake has read; the layer's key."""
    rows_in = rows_out = rows_refused = 0
    passed: dict[str, Kept] = {}
    for batch in batches:
        file = db.unguarded.pop(batch)
        rows_in += len(file.rows)
        if not _passes(db, source, batch, file):
            rows_refused += max(len(file.rows), 1)
            continue
        rows_out += len(file.rows)
        passed[batch] = kept(db.library, source, file)
        if sum(len(one.rows) for one in passed.values()) > ROWS_AT_ONCE:
            _accept(db, source, passed, secret)
            passed = {}
    if passed:
        _accept(db, source, passed, secret)
    return Outcome(rows_in, rows_out, rows_refused)


def _passes(db: Warehouse, source: Source, batch_id: str, file: Unguarded) -> bool:
    """Whether a file may be stored; else it is refused."""
    headings = [heading for sheet in file.sheets for heading in sheet.headings]
    surplus = sum(heading.column is None and heading.text != "" for heading in headings)
    around, in_cells = _findings_around(file), _findings_in_cells(source, db.library.words(source), file)
    if around or in_cells:
        _refuse_identifying(db, batch_id, [*around, *in_cells], REMOVE_FROM_CELLS if in_cells else REMOVE_AROUND)
    elif source.undeclared_columns == "refuse" and surplus:
        _refuse(db, batch_id, "undeclared_columns",
                f"有 {surplus} 个未声明的列，本来源不接受多余的列。请删除后重新报送。",
                f"There are {surplus} columns that this feed does not declare. Remove them and send the file again.")  # fmt: skip
    else:
        return True
    return False


def _findings_in_cells(source: Source, words: frozenset[str], file: Unguarded) -> list[tuple[Text, str]]:
    """(place, kind) of everything that identifies somebody in the cells below a header."""
    found = []
    for number, sheet in enumerate(file.sheets):
        where = _sheet_title(number, sheet.name) if len(file.sheets) > 1 else Text("", "")
        for finding, titles in _findings_in_sheet(source, words, sheet):
            found.append((_place(where, finding, titles), finding.kind))
    return list(dict.fromkeys(found))


def _findings_around(file: Unguarded) -> list[tuple[Text, str]]:
    """The same in headers, titles, comments, names of sheets and file; sheets are also named elsewhere in a workbook."""
    if not scan_texts([text for _, text in file.texts]):
        return []
    sheets = {text for place, text in file.texts if place == SHEET_NAME}
    by_place: dict[Text, list[str]] = {}
    for place, text in sorted(file.texts):
        if place == SHEET_NAME or text not in sheets:
            by_place.setdefault(place, []).append(text)
    return [(place, kind) for place, words in by_place.items() for kind in scan_texts(words)]


def _findings_in_sheet(
    source: Source, words: frozenset[str], sheet: UnguardedSheet
) -> Iterator[tuple[Finding, dict[str, str]]]:
    """Findings in the cells of a sheet, with the header over each of its columns."""
    titles = {heading.cell: heading.text for heading in sheet.headings}
    cells = sheet.cells
    columns = [guarded(source, one.cell, one.column, one.text) for one in sheet.headings]
    found = [*find_identifiers(cells, columns, words)]
    found += find_split_numbers(cells)
    if not any(titles.values()):  # no table of this feed: its headers are still among the cells
        found += find_announced(cells)
    yield from ((finding, titles) for finding in found)


def guarded(source: Source, cell: str, column: str | None, header: str) -> GuardedColumn:
    """How the cells under a header are to be guarded, by the declared column they were taken for."""
    if column is None:
        return GuardedColumn(cell, "text", header)
    separator = source.victims.separator if source.victims and column in source.victims.columns else ""
    return GuardedColumn(cell, source.columns[column].kind, header, separator)


def _sheet_title(number: int, name: str) -> Text:
    """By its name, unless the name itself identifies somebody."""
    if scan_text(name):
        return Text(f"第 {number + 1} 个工作表", f"sheet {number + 1}, ")
    return Text(f"工作表“{name}”", f"sheet “{name}”, ")


def _place(sheet: Text, finding: Finding, titles: dict[str, str]) -> Text:
    """Where it stands: the column by its header, unless there is none or the header itself identifies somebody."""
    position = int(finding.column[1:]) + 1
    header = titles[finding.column]
    zh, en = (
        (f"“{header}”列", f"column “{header}”")
        if header and not scan_text(header)
        else (f"第 {position} 列", f"column {position}")
    )
    rows = "、".join(map(str, finding.row_numbers))
    more = finding.count > len(finding.row_numbers)
    return Text(
        f"{sheet.zh}{zh}第 {rows} 行{f'等共 {finding.count} 处' if more else ''}",
        f"{sheet.en}{en}, rows {rows.replace('、', ', ')}{f' and others, {finding.count} in all' if more else ''}",
    )


def _refuse_identifying(db: Warehouse, batch_id: str, findings: list[tuple[Text, str]], advice: Text) -> None:
    shown = findings[:5]
    zh = "；".join(f"{place.zh}：{kind_title(kind).zh}" for place, kind in shown)
    en = "; ".join(f"{place.en}: {kind_title(kind).en}" for place, kind in shown)
    more = len(findings) - len(shown)
    _refuse(db, batch_id, "identifies_a_person",
            f"含有可识别个人的信息，整个文件拒收且未存储：{zh}{f'（另有 {more} 类）' if more else ''}。{advice.zh}",
            f"The file identifies people, so it is refused as a whole and not stored: {en}{f' ({more} more)' if more else ''}. {advice.en}")  # fmt: skip


def _refuse(db: Warehouse, batch_id: str, reason: str, zh: str, en: str) -> None:
    db.execute(
        "UPDATE ops.batch SET status = 'refused', reason = ?, message_zh = ?, message_en = ?, file_name = NULL WHERE batch_id = ?",
        [reason, zh, en, batch_id],
    )


def _accept(db: Warehouse, source: Source, files: dict[str, Kept], secret: Key) -> None:
    """Store the declared columns; from here on the names of the files may be kept."""
    rows = _joined(files)
    for name, tokens in _own_tokens(source, rows, secret):
        rows = rows.set_column(rows.column_names.index(name), name, tokens)
    rows = pyarrow.Table.from_batches(rows.to_batches(ROWS_IN_A_GROUP), rows.schema)
    with db.transaction(), db.offering(rows=rows, files=_described(files), amiss=_amiss(files)):
        for table in (f"received.{source.source}", "ops.quarantine"):
            db.execute(f"DELETE FROM {table} WHERE batch_id IN (SELECT batch_id FROM files)")
        db.execute("INSERT INTO ops.quarantine BY NAME SELECT *, 1 AS victim_number, 'row' AS column_name FROM amiss")
        db.execute(f"INSERT INTO received.{source.source} BY NAME FROM rows")
        db.execute(
            "UPDATE ops.batch b SET status = 'guarded', note_zh = f.zh, note_en = f.en,"
            f" file_name = regexp_replace(f.name, '{UNPRINTABLE}', '_', 'g') FROM files f WHERE f.batch_id = b.batch_id"
        )


def _joined(files: dict[str, Kept]) -> pyarrow.Table:
    """The rows of all files in one piece, with their batches."""
    parts = [one.rows.append_column("batch_id", pyarrow.repeat(batch, len(one.rows))) for batch, one in files.items()]
    return pyarrow.concat_tables(parts).combine_chunks()


def _described(files: dict[str, Kept]) -> pyarrow.Table:
    """What is kept of the files beside their rows."""
    lines = [(batch, one.file_name, one.note.zh, one.note.en) for batch, one in files.items()]
    texts = [(name, pyarrow.string()) for name in ("batch_id", "name", "zh", "en")]
    return pyarrow.table(list(map(list, zip(*lines, strict=True))), schema=pyarrow.schema(texts))


def _amiss(files: dict[str, Kept]) -> pyarrow.Table:
    """What intake found to be mended beside the cells, for the receipts."""
    lines = [{"batch_id": batch, **found._asdict()} for batch, one in files.items() for found in one.amiss]
    texts = [(name, pyarrow.string()) for name in ("batch_id", "sheet", "disposition", "rule", "problem")]
    return pyarrow.Table.from_pylist(lines, pyarrow.schema([*texts, ("row_number", pyarrow.int32())]))


def _own_tokens(source: Source, rows: pyarrow.Table, secret: Key) -> Iterator[tuple[str, pyarrow.Array]]:
    """Each column of tokens under our own key."""
    names = [name for name, column in source.physical_columns.items() if column.kind == "token"]
    several = dict.fromkeys(source.victims.columns, source.victims.separator) if source.victims else {}
    tokens = side_by_side(len(rows), lambda name: _rekeyed(rows[name], secret, several.get(name)), names)
    yield from zip(names, tokens, strict=True)


def _rekeyed(cells: pyarrow.ChunkedArray, secret: Key, separator: str | None) -> pyarrow.Array:
    """Each token under our own key; in a case each victim's token apart, in the same places."""
    array = pyarrow.array(cells.combine_chunks())
    if separator is None:
        return _rekeyed_singles(array, secret)
    parts = pyarrow.compute.split_pattern_regex(array, separator)
    single = _rekeyed_singles(parts.flatten(), secret).fill_null("")
    lists = pyarrow.ListArray.from_arrays(parts.offsets, single)
    joined = pyarrow.compute.binary_join(lists, ";")
    # an empty token would be everybody's
    return pyarrow.compute.if_else(pyarrow.compute.equal(joined, ""), None, joined)


def _rekeyed_singles(array: pyarrow.Array, secret: Key) -> pyarrow.Array:
    """Tokens re-keyed; missing-words empty; anything else marked, for it may be raw data."""
    compute = pyarrow.compute
    trimmed = compute.utf8_trim_whitespace(array)
    is_token = token_shaped(trimmed)
    others = compute.unique(trimmed.filter(compute.invert(is_token))).drop_null()
    missing = pyarrow.array([text for text in others.to_pylist() if is_missing(text, "token")], pyarrow.string())
    tokens = rekey(secret, compute.if_else(is_token, trimmed, None))
    is_blank = compute.is_in(trimmed, value_set=missing)
    marked = compute.if_else(is_blank, None, compute.if_else(is_token, tokens, NOT_A_TOKEN))
    return compute.if_else(trimmed.is_null(), None, marked)
