"""`ddk changes --from R1 --to R2`: how the yearly figures of two releases differ, in parts that add up."""

from __future__ import annotations

import datetime
from typing import Any

from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError, ExitCode, Text
from ddk_surveillance.settings import Settings
from ddk_surveillance.warehouse import Warehouse, open_warehouse

COLUMNS = {
    "indicator_code": Text("指标", "indicator"),
    "year": Text("年份", "year"),
    "numerator_from": Text("原分子", "numerator before"),
    "numerator_to": Text("现分子", "now"),
    "rate_from": Text("原率(‰)", "rate (‰) before"),
    "rate_to": Text("现率(‰)", "now"),
    "cause": Text("其中因", "of which for"),
    "numerator_change": Text("分子增减", "numerator"),
    "rate_change": Text("率增减(‰)", "rate (‰)"),
    "records": Text("记录数", "records"),
    "sources": Text("来源", "sources"),
}


def show_differences(settings: Settings, voice: Voice, old: str, new: str | None, form: str) -> int:
    """Print one row per figure and cause; of a figure that did not change there is none."""
    with open_warehouse(settings) as db:
        old_id, from_at = release(db, old)
        new_id, to_at = release(db, new)
        if from_at >= to_at:
            raise ConfigurationError(
                f"{old_id} 不早于 {new_id}。请把较早的发布写在 --from。",
                f"{old_id} is not earlier than {new_id}: give the earlier release to --from.",
            )
        rows = differences(db, from_at, to_at)
        if form != "table":
            voice.rows(form, list(COLUMNS), rows)
        elif rows:
            voice.table(list(COLUMNS.values()), [_shown(voice, db, row) for row in rows])
        else:
            voice.say(f"{old_id} 与 {new_id} 的年度数字相同。", f"{old_id} and {new_id} have the same yearly figures.")
    return ExitCode.GOOD


def differences(db: Warehouse, from_at: datetime.datetime, to_at: datetime.datetime) -> list[tuple[Any, ...]]:
    """The rows of mart.difference between two moments, in the order of COLUMNS."""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE compared AS"
        " SELECT '' AS comparison, $from_at::TIMESTAMP AS from_at, $to_at::TIMESTAMP AS to_at",
        {"from_at": from_at, "to_at": to_at},
    )
    return db.rows(f"SELECT {', '.join(COLUMNS)} FROM ({db.statement('mart.difference')})")


def release(db: Warehouse, name: str | None) -> tuple[str, datetime.datetime]:
    """A release by its name, R3 or R000003, and when it was published; the newest without one."""
    digits = (name or "").removeprefix("R").removeprefix("r")
    wanted = f"R{int(digits):06d}" if digits.isdecimal() else name
    rows = db.rows("SELECT release_id, published_at FROM ops.release WHERE release_id = coalesce($wanted, release_id)"
                   " ORDER BY published_at DESC LIMIT 1", {"wanted": wanted})  # fmt: skip
    if not rows:
        known = db.rows("SELECT min(release_id), max(release_id) FROM ops.release")[0]
        raise ConfigurationError(
            f"没有这一次发布:{name or '—'}。现有 {known[0] or '—'} 至 {known[1] or '—'}。",
            f"There is no release {name or '—'}; there are {known[0] or '—'} to {known[1] or '—'}.",
        )
    return rows[0]


def cause_words(db: Warehouse, cause: str) -> Text:
    """A cause in words."""
    return {code: Text(zh, en) for code, zh, en in db.library.code_labels("change_cause")}[cause]


def number(value: int | None) -> str:
    return "—" if value is None else str(value)


def rate(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}"


def _shown(voice: Voice, db: Warehouse, row: tuple[Any, ...]) -> list[str]:
    code, year, old, new, old_rate, new_rate, cause, change, rate_change, records, sources = row
    return [code, str(year), number(old), number(new), rate(old_rate), rate(new_rate),
            voice.pick(cause_words(db, cause)), f"{change:+d}", f"{rate_change:+.3f}", str(records), sources or ""]  # fmt: skip
