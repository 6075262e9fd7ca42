"""`ddk edition`: the figures of a year as they were frozen, and what has moved since."""

from typing import Any

from ddk_surveillance.console import Voice
from ddk_surveillance.differences import number, rate, release
from ddk_surveillance.errors import ConfigurationError, ExitCode, Text, listed
from ddk_surveillance.review import checked
from ddk_surveillance.settings import Settings
from ddk_surveillance.warehouse import Warehouse, open_warehouse

HEADLINE = """FROM out.indicator_rate_version WHERE valid_to IS NULL AND period_type = 'year' AND period = $year
    AND (sex, age_group, township_code) = ('all', 'all', 'all')"""
RESTATED = """
    SELECT edition_id, indicator_code, period, numerator_from, numerator_to, rate_from, rate_to,
           list((cause, numerator_change, rate_change, records) ORDER BY abs(rate_change) DESC, cause) AS causes
    FROM out.restatement WHERE period_type = 'year' AND (sex, age_group, township_code) = ('all', 'all', 'all')
    GROUP BY ALL ORDER BY edition_id, indicator_code"""


def freeze(settings: Settings, voice: Voice, year: int, by: str, reason: str | None, is_forced: bool) -> int:
    """Freeze the published figures of a year as its next edition; figures that are not final only if forced."""
    by, reason = checked(by), checked(reason) if reason else None  # analysts read them
    with open_warehouse(settings) as db:
        release_id, _ = release(db, None)
        provisional = _not_final(db, year)
        if provisional and not is_forced:
            names = ", ".join(provisional)
            raise ConfigurationError(
                f"{year} 年的指标 {names} 还是初步数或没有数字，未定稿。请等数字成为最终（F）再定稿；确要现在定稿，加 --force。",
                f"Indicators {names} of {year} are provisional or have no figure; nothing was frozen. "
                "Wait until they are final (F), or add --force.",
            )
        edition_id = _add(db, year, release_id, bool(provisional), by, reason)
    voice.say(
        f"已定稿 {edition_id}：{year} 年的数字按 {release_id}。以后变动的数字见 ddk edition list 和 out.restatement。",
        f"Frozen as {edition_id}: the figures of {year} as in {release_id}. What moves later: ddk edition list, out.restatement.",
    )
    return ExitCode.GOOD


def show_editions(settings: Settings, voice: Voice) -> int:
    """Print every edition, then what has moved since each of them."""
    with open_warehouse(settings) as db:
        rows = db.rows("SELECT edition_id, release_id, left(frozen_at::VARCHAR, 16), frozen_by, is_provisional, reason FROM ops.edition"
                       " ORDER BY year, number")  # fmt: skip
        if not rows:
            voice.say(
                "还没有定稿。用 ddk edition freeze <年份>。", "There is no edition yet: ddk edition freeze <year>."
            )
            return ExitCode.GOOD
        provisional = voice.pick(Text("初步", "provisional")), voice.pick(Text("最终", "final"))
        headings = [Text("定稿", "edition"), Text("发布", "release"), Text("时间", "when"), Text("经办人", "by"),
                    Text("状态", "status"), Text("理由", "reason")]  # fmt: skip
        voice.table(headings, [[*row[:4], provisional[0 if row[4] else 1], row[5]] for row in rows])
        for text in restatements(db):
            voice.say(*text)
    return ExitCode.GOOD


def restatements(db: Warehouse) -> list[Text]:
    """One sentence for every indicator that moved after its edition, from what to what and why; all other figures are in SQL."""
    return [_sentence(db, *row) for row in db.rows(RESTATED) if row[1] in db.library.indicators]


def _not_final(db: Warehouse, year: int) -> list[str]:
    """The indicators whose yearly figure is provisional or missing."""
    rows = db.rows(
        f"SELECT indicator_code, numerator IS NULL OR status <> 'F' {HEADLINE} ORDER BY 1", {"year": str(year)}
    )
    if not rows:
        raise ConfigurationError(
            f"{year} 年还没有发布过数字，不能定稿。",
            f"No figure of {year} has been published; there is nothing to freeze.",
        )
    return [code for code, is_open in rows if is_open]


def _add(db: Warehouse, year: int, release_id: str, is_provisional: bool, by: str, reason: str | None) -> str:
    count = int(db.value("SELECT 1 + count(*) FROM ops.edition WHERE year = ?", [year]))
    edition = {"edition_id": f"{year}-{count}", "year": year, "number": count, "release_id": release_id,
               "is_provisional": is_provisional, "frozen_by": by, "reason": reason}  # fmt: skip
    db.insert("ops.edition", edition, "now()::TIMESTAMP AS frozen_at")
    return f"{year}-{count}"


def _sentence(db: Warehouse, edition: str, code: str, year: str, old: int | None, new: int | None,
              old_rate: float | None, new_rate: float | None, causes: list[tuple[Any, ...]]) -> Text:  # fmt: skip
    words = db.library.code_labels("change_cause")
    parts = listed((_part(words[cause], *change) for cause, *change in causes), "；", "; ")
    moved = f"{number(old)} → {number(new)}, {rate(old_rate)} → {rate(new_rate)} ‰"
    return Text(
        f"重述：定稿 {edition} 的指标 {code}（{year} 年）{moved}：{parts.zh}。",
        f"Restated: edition {edition}, indicator {code} of {year}, {moved}: {parts.en}.",
    )


def _part(cause: Text, change: int, rate_change: float, records: int) -> Text:
    moved = f"{change:+d}" if change else f"{rate_change:+.3f} ‰"
    told = Text(f"（记录 {records} 条）", f" (records: {records})") if records else Text("", "")
    return Text(f"{cause.zh} {moved}{told.zh}", f"{cause.en} {moved}{told.en}")
