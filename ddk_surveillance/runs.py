"""Running a night from the command line, with progress, the list of files and the figures at the end."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import importlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ddk_surveillance import landing, nights, tokens
from ddk_surveillance.console import Voice, show_files, show_indicators
from ddk_surveillance.errors import ExitCode, Text
from ddk_surveillance.importing import importing
from ddk_surveillance.safe_text import printable
from ddk_surveillance.settings import Settings, resource
from ddk_surveillance.warehouse import Warehouse, open_warehouse

STAGE_WORDS = {
    "intake": Text("读取文件", "reading files"),
    "guard": Text("检查个人信息", "guarding against identifiers"),
    "normalise": Text("统一编码", "recoding"),
    "quality": Text("质量检查", "checking quality"),
    "load": Text("入库", "loading"),
    "receipts": Text("出具回执", "writing receipts"),
    "link": Text("识别同一事件", "linking records to incidents"),
    "measure": Text("自测连接质量", "measuring the linkage"),
    "arrivals": Text("检查应到未到", "watching what should have arrived"),
    "across": Text("跨来源检查", "checking across sources"),
    "indicators": Text("计算指标", "computing indicators"),
    "publish": Text("发布", "publishing"),
    "replay": Text("重放过去一夜", "replaying a past night"),
}
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


def run_night(settings: Settings, voice: Voice) -> int:
    """One night under Prefect; returns the exit code that the shell shall see."""
    names = {key: name for key, name in landing.names_waiting(settings).items() if not _identifies(name)}
    needs_attention = _under_prefect(settings, voice, "nightly")
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


def _identifies(name: str) -> bool:
    from ddk_surveillance.guard.kept import names_somebody

    return names_somebody(name)


def say_left_behind(voice: Voice, folder: Path, odd: Sequence[Path]) -> None:
    """What no night can take, by its name: on this screen alone."""
    for path in odd[:LISTED]:
        name = "…" if _identifies(path.name) else printable(str(path.relative_to(folder)))
        voice.say(f"! landing/{name}：不能处理（文件夹、快捷方式，或不在来源目录里）。请把文件本身放入 landing/<来源>/。",
                  f"! landing/{name}: cannot be taken (a folder, a link, or in no feed's folder). Put the file itself into landing/<feed>/.")  # fmt: skip
    if len(odd) > LISTED:
        voice.say(f"! 共 {len(odd)} 项不能处理。", f"! {len(odd)} things cannot be taken.")


def run_release(settings: Settings, voice: Voice) -> int:
    """The figures computed and published again, without taking in any file; under Prefect too."""
    _under_prefect(settings, voice, "release")
    with open_warehouse(settings) as db:
        _say_outcome(voice, db, _last_night(db))
    return ExitCode.GOOD


def run_demo(settings: Settings, voice: Voice) -> int:
    """The sample data of the synthetic district through the same night, then the three indicators."""
    os.umask(0o077)
    settings.make_folders()
    if settings.key_file is None:
        os.environ["DDK_KEY_FILE"] = str(_throw_away_key(settings))
        settings = _with_key(settings)
    _lay_out_samples(settings)
    code = run_night(settings, voice)
    if code not in (ExitCode.GOOD, ExitCode.DATA_PROBLEMS):
        return code
    with open_warehouse(settings) as db:
        voice.say("", "")
        show_indicators(voice, db)
    voice.say("\n以上为合成数据，不是任何真实儿童。", "\nThis is a synthetic district; no real child is in it.")
    voice.say(f"分析文件：{settings.analyst_file}", f"Analyst file: {settings.analyst_file}")
    voice.say("可以试试：", "Queries to try:")
    for query in QUERIES:
        voice.say(f'  ddk sql "{query}"', f'  ddk sql "{query}"')
    return ExitCode.GOOD


def run_replay(settings: Settings, voice: Voice, date: datetime.date | None, night_id: str | None) -> int:
    """Recompute a past night and say whether it is what was published."""
    from ddk_surveillance.replay import find, replay

    _require_key(settings)
    with open_warehouse(settings) as db:
        status, text = replay(db, find(db, date, night_id))
    voice.say(*text)
    return ExitCode.DEFECT if status == "differs" else ExitCode.USAGE if status == "impossible" else ExitCode.GOOD


def _require_key(settings: Settings) -> None:
    """Fail before a server is started, not after."""
    from ddk_surveillance.guard import configured_key

    configured_key(settings)


def _under_prefect(settings: Settings, voice: Voice, name: str) -> bool:
    """Run flows.<name>.<name>; whether files or rows await correction."""
    from flows.server import orchestration

    os.umask(0o077)
    settings.make_folders()
    _require_key(settings)

    with _progress(voice) as show:
        show(Text("启动运行环境", "starting"))
        with orchestration(settings.home, lambda: _make_ready(settings, name)):
            from flows.stage import watched_by

            flow = getattr(importlib.import_module(f"flows.{name}"), name)
            with watched_by(lambda stage, key: show(_step(stage, key))):
                return bool(flow())


def _make_ready(settings: Settings, name: str) -> None:
    """Import what the run needs while the server starts on another core; the slowest, if files wait, beside the run itself."""
    with importing():
        importlib.import_module(f"flows.{name}")
    if any(settings.landing.glob("*/*")):
        threading.Thread(target=_import_the_slowest, daemon=True).start()


def _import_the_slowest() -> None:
    from ddk_surveillance.quality import evaluation

    with importing():
        importlib.import_module("scipy.stats")
    evaluation.library()


def _step(stage: str, key: str) -> Text:
    known = STAGE_WORDS.get(stage, Text(stage, stage))
    is_source = not key.isalnum() or key.isalpha()
    return Text(f"{known.zh}（{key}）", f"{known.en} ({key})") if is_source else known


@contextlib.contextmanager
def _progress(voice: Voice) -> Iterator[Callable[[Text], None]]:
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=voice.err, transient=True) as progress:
        task = progress.add_task("")
        yield lambda text: progress.update(task, description=voice.pick(text))


def _last_night(db: Warehouse) -> str:
    return str(db.value(f"SELECT night_id FROM {nights.NEWEST}"))


def _say_outcome(voice: Voice, db: Warehouse, night_id: str) -> None:
    [(zh, en)] = db.rows("SELECT message_zh, message_en FROM ops.night WHERE night_id = ?", [night_id])
    voice.say(zh or "", en or "")


def _throw_away_key(settings: Settings) -> Path:
    """A key for synthetic data only, one for each data home, outside every repository."""
    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "ddk"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = state / f"demo-{hashlib.sha256(str(settings.home).encode()).hexdigest()[:12]}.key"
    if not path.exists():
        tokens.make_key(path)
    return path


def _with_key(settings: Settings) -> Settings:
    from ddk_surveillance.settings import load

    return load(os.environ, settings.home, settings.language)


def _lay_out_samples(settings: Settings) -> None:
    """Copy those sample files into landing/ that this home has not seen yet."""
    with open_warehouse(settings) as db:
        seen = {sha for (sha,) in db.rows("SELECT sha256 FROM ops.batch")}
    samples = resource("sample_data") / "landing"
    for sample in sorted(path for path in samples.glob("*/*") if path.is_file()):
        if hashlib.sha256(sample.read_bytes()).hexdigest() not in seen:
            target = settings.landing / sample.relative_to(samples)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(sample, target)  # it arrives now, whatever time a checkout gave it
