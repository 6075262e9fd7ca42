"""What the command line tells after a night: its files, what could not be taken, the figures."""

import datetime
from collections.abc import Mapping, Sequence
from pathlib import Path

from ddk_surveillance import landing, nights
from ddk_surveillance.console import Voice, show_files, show_indicators
from ddk_surveillance.errors import ExitCode
from ddk_surveillance.guard.kept import names_somebody
from ddk_surveillance.settings import Settings
from ddk_surveillance.warehouse import Warehouse, open_warehouse
from ddk_surveillance.writing import printable

QUERIES = (
    "SELECT indicator_code, period, numerator, rate_per_1000 FROM out.indicator_rate WHERE period_type='year' AND sex='all'"
    " AND age_group='all' AND township_code='all' ORDER BY 1, 2",
    "SELECT age_group, sex, numerator, rate_per_1000 FROM out.indicator_rate WHERE indicator_code='20' AND period='2025'"
    " AND township_code='all' AND sex<>'all' AND age_group<>'all' ORDER BY 1, 2",
    "SELECT mechanism, count(*) AS incidents FROM out.incident GROUP BY 1 ORDER BY 2 DESC LIMIT 5",
)

LISTED = 20
# How many files some nights took, and how many of these somebody has to mend.
FILES = """
    SELECT count(*), count(*) FILTER (b.status IN ('refused', 'unreadable', 'held') OR l.quarantined + l.unreadable > 0
        OR b.batch_id IN (SELECT batch_id FROM ops.quarantine WHERE disposition = 'file'))
    FROM ops.batch b JOIN ops.ledger l USING (batch_id) WHERE list_contains(?, b.night_id)"""


def tell_night(
    settings: Settings, voice: Voice, needs_attention: bool, names: Mapping[tuple[str, int, datetime.datetime], str]
) -> int:
    """The files of the last night, by these names, and whether it published; returns the exit code."""
    with open_warehouse(settings) as db:
        night_id = _last_night(db)
        answered_for = nights.answered_for(db, night_id)
        taken, to_mend = db.rows(FILES, [answered_for])[0]
        if taken:
            show_files(voice, db, answered_for, names)
        else:
            voice.say("没有新文件。", "Nothing new has arrived.")
        odd = landing.left_behind(db)
        say_left_behind(voice, settings.landing, odd)
        for text in nights.newcomers(db, answered_for):
            voice.say(*text)
        _say_outcome(voice, db, night_id)
    return ExitCode.DATA_PROBLEMS if needs_attention or to_mend or odd else ExitCode.GOOD


def say_left_behind(voice: Voice, folder: Path, odd: Sequence[Path]) -> None:
    """What no night can take, by its name: on this screen alone."""
    for path in odd[:LISTED]:
        name = "…" if names_somebody(path.name) else printable(str(path.relative_to(folder)))
        voice.say(f"! landing/{name}：不能处理（文件夹、快捷方式，或不在来源目录里）。请把文件本身放入 landing/<来源>/。",
                  f"! landing/{name}: cannot be taken (a folder, a link, or in no feed's folder). Put the file itself into landing/<feed>/.")  # fmt: skip
    if len(odd) > LISTED:
        voice.say(f"! 共 {len(odd)} 项不能处理。", f"! {len(odd)} things cannot be taken.")


def tell_release(settings: Settings, voice: Voice) -> int:
    """Whether the last run published; returns the exit code."""
    with open_warehouse(settings) as db:
        _say_outcome(voice, db, _last_night(db))
    return ExitCode.GOOD


def tell_demo(settings: Settings, voice: Voice) -> None:
    """The three indicators, where the analyst file is, and queries to try."""
    with open_warehouse(settings) as db:
        voice.say("", "")
        show_indicators(voice, db)
    voice.say("\n以上为合成数据，不是任何真实儿童。", "\nThis is a synthetic district; no real child is in it.")
    voice.say(f"分析文件：{settings.analyst_file}", f"Analyst file: {settings.analyst_file}")
    voice.say("可以试试：", "Queries to try:")
    for query in QUERIES:
        voice.say(f'  ddk sql "{query}"', f'  ddk sql "{query}"')


def _last_night(db: Warehouse) -> str:
    return str(db.value(f"SELECT night_id FROM {nights.NEWEST}"))


def _say_outcome(voice: Voice, db: Warehouse, night_id: str) -> None:
    [(zh, en)] = db.rows("SELECT message_zh, message_en FROM ops.night WHERE night_id = ?", [night_id])
    voice.say(zh or "", en or "")
