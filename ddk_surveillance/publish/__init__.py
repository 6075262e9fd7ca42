"""Stage 8: check the books, build a new immutable analyst file beside the old ones, and swap a symbolic link.

A reader that holds the old file keeps it; whoever opens the link later gets the new one. Nothing is published when the
books do not balance, and no new file is made when no figure has changed.
"""

import hashlib
import os
from pathlib import Path

import pyarrow

from ddk_surveillance import nights
from ddk_surveillance.contracts import Bilingual, Table
from ddk_surveillance.errors import BooksDoNotBalance, Text
from ddk_surveillance.publish.record import record
from ddk_surveillance.warehouse import MACROS, Outcome, Warehouse, new_file
from ddk_surveillance.writing import written_whole

STORAGE_VERSION = "v1.0.0"  # so that the DuckDB 1.x clients of analysts can open the file too
COPIED = ("out.completeness", "out.timeliness", "out.coverage", "out.indicator_rate_version", "out.indicator_verdict_version",
          "out.indicator_statistic_version", "out.indicator_cube_version", "out.restatement", "ref.age_group",
          "ref.definition_version", "ref.population_version", "ops.release", "ops.edition", "ops.ledger", "ops.check_result",
          "ops.linkage_quality")  # fmt: skip
POPULATION = "ref.population"
IN_USE = Bilingual(zh="在用的人口数：每格最新的一个", en="the population figures in use: the newest of every cell")
ALIKE = "out.incident_alike"  # out.incident is a view of it, with three times as many rows
FROM_MART = ("out.indicator_cube", "out.indicator_statistic")  # published as they stand in mart
PUBLISHED = ("out.indicator_rate", "out.indicator_verdict", ALIKE, "out.incident", "ref.data_dictionary", "ref.code", *FROM_MART,
             *COPIED, POPULATION)  # fmt: skip
# A function of the files and decisions known; the others tell when something was published.
REPLAYED = ("out.indicator_rate", "out.indicator_verdict", "out.incident", "ref.code", "ref.data_dictionary",
            "ref.population_version", "ops.ledger", "ops.check_result", "out.completeness", "out.timeliness",
            "out.coverage", *FROM_MART)  # fmt: skip


def run(db: Warehouse, key: str) -> Outcome:
    """Publish the present figures as a new release unless they are those of the last; closes the night `key`."""
    try:
        check_books(db)
    except BooksDoNotBalance as error:
        nights.close(db, key, "not_published", error.text)
        raise
    fingerprint = _fingerprint(db)
    last = db.rows("SELECT release_id, content_hash, file_name FROM ops.release ORDER BY release_id DESC LIMIT 1")
    if last and last[0][1] == fingerprint and (db.settings.analyst / last[0][2]).exists():
        _point_to(db, last[0][2])
        text = Text(f"数字无变化，仍为 {last[0][0]}。", f"No figure changed; still {last[0][0]}.")
        nights.close(db, key, "unchanged", text, last[0][0])
        return Outcome()
    release_id = f"R{1 + int(last[0][0][1:]) if last else 1:06d}"
    rows = _release(db, release_id, fingerprint)
    nights.close(db, key, "published", _told(db, release_id), release_id)
    return Outcome(rows, rows)


def _told(db: Warehouse, release_id: str) -> Text:
    text = Text(f"已发布 {release_id}。", f"Published {release_id}.")
    restated = db.value(
        "SELECT count(DISTINCT (edition_id, indicator_code)) FROM out.restatement WHERE list_contains(?, indicator_code)"
        " AND period_type = 'year' AND (sex, age_group, township_code) = ('all', 'all', 'all')",
        [list(db.library.indicators)],  # not their sub-measures
    )
    if not restated:
        return text
    return Text(
        f"{text.zh}定稿之后有变动的年度数字：{restated} 个（ddk edition list）。",
        f"{text.en} Yearly figures that moved after their edition: {restated} (ddk edition list).",
    )


def _release(db: Warehouse, release_id: str, fingerprint: str) -> int:
    """The file first, then the record of it, then the link: whatever kills us in between, the next night repeats it."""
    file_name = f"ddk_analyst_{release_id}.duckdb"
    release = {"release_id": release_id, "data_as_of": db.value(_DATA_AS_OF), "content_hash": fingerprint}
    with db.transaction():
        record(db, {**release, "file_name": file_name})
        rows = _build(db, release_id, db.settings.analyst / file_name)
    _point_to(db, file_name)
    _prune(db, file_name)
    return rows


_DATA_AS_OF = "SELECT coalesce(max(received_at), TIMESTAMP '1900-01-01') FROM ops.batch WHERE status = 'loaded'"


def check_books(db: Warehouse) -> None:
    """Every batch adds up, and every loaded record stands in exactly one incident."""
    unbalanced = db.value("SELECT count(*) FROM ops.ledger WHERE NOT is_balanced")
    missing = db.value("SELECT count(*) FROM ops.batch ANTI JOIN ops.ledger USING (batch_id)")
    loaded = db.value("SELECT count(*) FROM core.record")
    booked = db.value(
        "SELECT coalesce(sum(loaded), 0) FROM ops.ledger WHERE batch_id NOT IN (SELECT batch_id FROM ref.population_version)"
    )
    counted = db.value("SELECT coalesce(sum(records), 0) FROM core.incident")
    if unbalanced or missing or not loaded == booked == counted:
        raise BooksDoNotBalance(
            f"账不平，本次不发布：{unbalanced + missing} 个批次不平衡；在用记录 {loaded} 条，账本 {booked} 条，事件中 {counted} 条。"
            "分析员仍用上一版。请查询 ops.ledger 并联系维护人员。",
            f"The books do not balance, nothing is published: {unbalanced + missing} batches; {loaded} records in use, {booked} in "
            f"the ledger, {counted} in incidents. Analysts keep the last release. See ops.ledger and call the maintainer.",
        )


def _fingerprint(db: Warehouse) -> str:
    """Depends on every figure, incident, code and rule result, not on their order."""
    # A file sent again adds its own line to the ledger but tells nobody anything new.
    ledger = "(FROM ops.ledger SEMI JOIN (FROM ops.batch WHERE status <> 'identical') USING (batch_id))"
    figures = ("mart.indicator_rate", "mart.indicator_cube", "mart.indicator_verdict", "mart.indicator_statistic")
    quality = ("out.completeness", "out.timeliness", "out.coverage")  # of which a day may move what moves no figure
    tables = (*figures, *quality, "core.incident", "ref.population", "ops.edition", ledger)
    return hashlib.md5(";".join(map(db.digest, tables)).encode(), usedforsecurity=False).hexdigest()


def _build(db: Warehouse, release_id: str, file: Path) -> int:
    for leftover in db.settings.analyst.glob("*.partial*"):
        leftover.unlink()
    with written_whole(file) as working:
        working.write_bytes(_empty_file(db, working))
        with new_file(db.settings, db.library, working, STORAGE_VERSION) as analyst, analyst.transaction():
            return _fill(db, analyst, release_id)


_EMPTY_FILES: dict[str, bytes] = {}


def _empty_file(db: Warehouse, working: Path) -> bytes:
    """An analyst file without rows; made once in a process, for its comments cost as much as what it will hold."""
    kind = db.library.tables_fingerprint
    if kind not in _EMPTY_FILES:
        # A transaction, for else every comment would be a commit of its own.
        with new_file(db.settings, db.library, working, STORAGE_VERSION) as analyst, analyst.transaction():
            for schema in sorted({name.split(".")[0] for name in PUBLISHED}):
                analyst.execute(f"CREATE SCHEMA {schema}")
            analyst.ensure(*(_declared(db, name) for name in PUBLISHED))
            for macro in (name for name in MACROS if name.startswith("out.")):
                analyst.create_macro(macro)
        _EMPTY_FILES[kind] = working.read_bytes()
    return _EMPTY_FILES[kind]


def _fill(db: Warehouse, analyst: Warehouse, release_id: str) -> int:
    release = f"'{release_id}' AS release_id, ({_DATA_AS_OF}) AS data_as_of"
    selects = {
        # What stands in mart was put there in order.
        "out.indicator_rate": f"SELECT *, {release} FROM mart.indicator_rate",
        "out.indicator_verdict": "FROM mart.indicator_verdict",
        **{name: f"FROM {name.replace('out.', 'mart.')}" for name in FROM_MART},
        ALIKE: db.statement(ALIKE),
        "ref.data_dictionary": "FROM dictionary",
        "ref.code": "FROM codes",
        **{name: f"FROM {name} ORDER BY ALL" for name in COPIED},
    }
    with db.offering(dictionary=_dictionary(db), codes=_codes(db)):
        for name, select in selects.items():
            table = _declared(db, name)
            rows = db.stream(f"SELECT {', '.join(table.columns)} FROM ({select})")
            with analyst.offering(rows=rows):
                analyst.execute(f"INSERT INTO {name} FROM rows")
    for name in REPLAYED:
        _keep_fingerprint(db, analyst, release_id, _declared(db, name))
    return int(analyst.value("SELECT count(*) FROM out.indicator_rate"))


def _keep_fingerprint(db: Warehouse, analyst: Warehouse, release_id: str, table: Table) -> None:
    """What a replay of this release will be compared with; the id of the release itself is no part of it."""
    columns = ", ".join(name for name in table.columns if name != "release_id")
    look = analyst.digest(f"(SELECT {columns} FROM {table.table})")
    db.insert("ops.release_table", {"release_id": release_id, "table_name": table.table, "fingerprint": look})


def _dictionary(db: Warehouse) -> pyarrow.Table:
    """Every table and column of the analyst file in both languages."""
    rows = [row for name in PUBLISHED for row in _described(_declared(db, name))]
    names = db.library.tables["ref.data_dictionary"].columns
    return pyarrow.table(dict(zip(names, map(list, zip(*rows, strict=True)), strict=True)))


def _declared(db: Warehouse, name: str) -> Table:
    """The declaration of a published table: its own, or that of the mart table it is copied from; of a view, that of its table."""
    if name == "out.incident":
        alike = db.library.tables[ALIKE]
        columns = {column: one for column, one in alike.columns.items() if column != "alike"}
        return alike.model_copy(update={"table": name, "view": True, "columns": columns})
    if name == POPULATION:
        versions = db.library.tables[f"{POPULATION}_version"]
        shown = {column: versions.columns[column] for column in db.arrow(f"FROM {POPULATION} LIMIT 0").column_names}
        return versions.model_copy(update={"table": name, "view": True, "comment": IN_USE, "columns": shown})
    copied = name.replace("out.", "mart.") if name in FROM_MART else name
    return db.library.tables[copied].model_copy(update={"table": name})


def _described(table: Table) -> list[tuple[str, str, str | None, str, str]]:
    whole = (table.table, "", None, table.comment.zh, table.comment.en)
    return [whole] + [
        (table.table, name, column.type, column.comment.zh, column.comment.en) for name, column in table.columns.items()
    ]


def _codes(db: Warehouse) -> pyarrow.Table:
    rows = [
        (name, code, *said) for name in sorted(db.library.codes) for code, said in db.library.code_labels(name).items()
    ]
    return pyarrow.table(dict(zip(("codelist", "code", "zh", "en"), map(list, zip(*rows, strict=True)), strict=True)))


def _point_to(db: Warehouse, file_name: str) -> None:
    """Swap the link in one step: there is no moment without a file."""
    link = db.settings.analyst_file
    if link.is_symlink() and os.readlink(link) == file_name:
        return
    fresh = link.with_suffix(".link")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(file_name)
    os.replace(fresh, link)


def _prune(db: Warehouse, present: str) -> None:
    """Old files go; a reader that still holds one keeps reading it until it closes.

    After an older warehouse was put back the present file may have a lower number than some that are there.
    """
    files = sorted(db.settings.analyst.glob("ddk_analyst_R*.duckdb"))
    for old in files[: -db.settings.keep_releases]:
        if old.name != present:
            old.unlink()
