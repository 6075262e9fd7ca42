"""`ddk status`: did the last night work, and what is to be done if not – in one look."""

from __future__ import annotations

import json
import shutil
from typing import Any

from ddk_surveillance import nights
from ddk_surveillance.console import Voice, headings
from ddk_surveillance.errors import ConfigurationError, ExitCode
from ddk_surveillance.settings import Settings
from ddk_surveillance.warehouse import Warehouse, open_warehouse

PER_SOURCE = """
    SELECT b.source_code AS source, count(*) AS files, sum(l.rows_received + l.exploded)::BIGINT AS received,
           sum(l.loaded)::BIGINT AS loaded, sum(l.quarantined)::BIGINT AS quarantined, sum(l.out_of_scope)::BIGINT AS out_of_scope,
           sum(l.duplicate)::BIGINT AS duplicate, count(*) FILTER (b.status = 'held') AS held,
           count(*) FILTER (b.status IN ('refused', 'unreadable')) AS refused, max(b.received_at)::DATE::VARCHAR AS newest_file
    FROM ops.batch b JOIN ops.ledger l USING (batch_id) GROUP BY 1 ORDER BY 1"""
NIGHT = f"""
    SELECT night_id, started_at::VARCHAR AS started_at, finished_at::VARCHAR AS finished_at, status, message_zh, message_en,
           notice_zh, notice_en
    FROM {nights.NEWEST}"""
RELEASE = """
    SELECT release_id, published_at::VARCHAR AS published_at, data_as_of::VARCHAR AS data_as_of
    FROM ops.release ORDER BY release_id DESC LIMIT 1"""
OPEN_FILES = """
    SELECT coalesce(file_name, batch_id) AS file, source_code AS source, status, message_zh, message_en
    FROM ops.batch WHERE status IN ('held', 'refused', 'unreadable') ORDER BY received_at DESC, batch_id LIMIT 20"""


def show_status(settings: Settings, voice: Voice, as_json: bool) -> int:
    """Print the state of this data home; exit code 0 if the last night published or found nothing to change."""
    facts = gather(settings)
    if as_json:
        print(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        _tell(facts, voice)
    night = facts["last_night"]
    return ExitCode.NOT_PUBLISHED if night and night["status"] == "not_published" else ExitCode.GOOD


def gather(settings: Settings) -> dict[str, Any]:
    """Everything the operator needs, as plain values; no row of any child is read."""
    if not settings.warehouse_file.exists():
        raise ConfigurationError(
            f"{settings.home} 还没有运行过。请运行 ddk nightly(或 ddk demo)。",
            f"Nothing has run in {settings.home} yet. Run ddk nightly (or ddk demo).",
        )
    with open_warehouse(settings) as db:
        return {
            "home": str(settings.home),
            "key_id": db.remembered("key_id"),
            "last_night": _first(db, NIGHT),
            "release": _first(db, RELEASE),
            "sources": _all(db, PER_SOURCE),
            "files_to_mend": _all(db, OPEN_FILES),
            "open_quarantine_rows": db.value(
                "SELECT count(DISTINCT (batch_id, sheet, row_number, victim_number)) FROM ops.quarantine "
                "SEMI JOIN (FROM ops.batch WHERE status = 'loaded') USING (batch_id) WHERE disposition = 'quarantined'"
            ),
            "disk_free_gb": round(shutil.disk_usage(settings.home).free / 1e9, 1),
        }


def _all(db: Warehouse, sql: str) -> list[dict[str, Any]]:
    frame = db.arrow(sql)
    rows: list[dict[str, Any]] = frame.to_pylist()
    return rows


def _first(db: Warehouse, sql: str) -> dict[str, Any] | None:
    rows = _all(db, sql)
    return rows[0] if rows else None


WORDS = {
    "published": ("已发布", "published"),
    "unchanged": ("已完成,数字无变化", "done, no figure changed"),
    "not_published": ("未发布", "not published"),
    "running": ("没有做完(被中断);请再运行一次 ddk nightly", "did not finish (interrupted): run ddk nightly again"),
    "killed": ("被中断", "was cut short"),
    "defect": ("程序缺陷,未发布", "a defect of ours, nothing published"),
    "stopped": ("没有做完,未发布", "did not finish, nothing published"),
}


def _tell(facts: dict[str, Any], voice: Voice) -> None:
    night, release = facts["last_night"], facts["release"]
    if night:
        zh, en = WORDS[night["status"]]
        voice.say(f"上次运行 {night['started_at'][:16]}:{zh}", f"Last run {night['started_at'][:16]}: {en}")
        for kind in ("message", "notice"):
            if night[f"{kind}_zh"]:
                voice.say(f"  {night[f'{kind}_zh']}", f"  {night[f'{kind}_en']}")
    if release:
        voice.say(f"当前发布 {release['release_id']},数据截至 {release['data_as_of'][:16]}",
                  f"Current release {release['release_id']}, data as of {release['data_as_of'][:16]}")  # fmt: skip
    names = ("source", "received", "loaded", "quarantined", "out_of_scope", "duplicate")
    voice.table(headings(*names), [[row[name] for name in names] for row in facts["sources"]])
    for item in facts["files_to_mend"]:
        voice.say(
            f"! {item['source']} {item['file']}:{item['message_zh']}",
            f"! {item['source']} {item['file']}: {item['message_en']}",
        )
    voice.say(
        f"待更正的隔离行 {facts['open_quarantine_rows']};密钥 {facts['key_id'] or '—'};磁盘剩余 {facts['disk_free_gb']} GB",
        f"Rows in quarantine: {facts['open_quarantine_rows']}; key {facts['key_id'] or '—'}; disk free {facts['disk_free_gb']} GB",
    )
