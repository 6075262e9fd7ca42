"""Running a night from the command line, with progress: what it needs is imported while Prefect's server starts."""

import contextlib
import datetime
import hashlib
import importlib
import os
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ExitCode, Text
from ddk_surveillance.importing import importing
from ddk_surveillance.settings import Settings, load, resource
from ddk_surveillance.usage import fail

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

Names = dict[tuple[str, int, datetime.datetime], str]


def run_night(settings: Settings, voice: Voice) -> int:
    """One night under Prefect; returns the exit code that the shell shall see."""
    needs_attention, names = _under_prefect(settings, voice, "nightly")
    from ddk_surveillance.outcome import tell_night

    return tell_night(settings, voice, needs_attention, names)


def run_release(settings: Settings, voice: Voice) -> int:
    """The figures computed and published again, without taking in any file; under Prefect too."""
    _under_prefect(settings, voice, "release")
    from ddk_surveillance.outcome import tell_release

    return tell_release(settings, voice)


def run_demo(settings: Settings, voice: Voice) -> int:
    """The sample data of the synthetic district through the same night, then the three indicators."""
    settings.make_folders()
    if settings.key_file is None:
        os.environ["DDK_KEY_FILE"] = str(_throw_away_key(settings))
        settings = load(os.environ, settings.home, settings.language)
    _lay_out_samples(settings)
    code = run_night(settings, voice)
    if code in (ExitCode.GOOD, ExitCode.DATA_PROBLEMS):
        from ddk_surveillance.outcome import tell_demo

        tell_demo(settings, voice)
        return ExitCode.GOOD
    return code


def run_replay(settings: Settings, voice: Voice, day: datetime.datetime | None, night_id: str | None) -> int:
    """Recompute a past night, named by its day or its id, and say whether it is what was published."""
    if (day is None) == (night_id is None):
        fail("请给出 --date 或 --night 之一。", "Give either --date or --night.")
    from ddk_surveillance.guard import configured_key
    from ddk_surveillance.replay import find, replay
    from ddk_surveillance.warehouse import open_warehouse

    configured_key(settings)
    with open_warehouse(settings) as db:
        status, text = replay(db, find(db, day.date() if day else None, night_id))
    voice.say(*text)
    return ExitCode.DEFECT if status == "differs" else ExitCode.USAGE if status == "impossible" else ExitCode.GOOD


def _under_prefect(settings: Settings, voice: Voice, name: str) -> tuple[bool, Names]:
    """Run flows.<name>.<name>; whether files or rows await correction, and what the files that waited are called."""
    from flows.server import orchestration

    settings.make_folders()
    names: Names = {}
    with _progress(voice) as show:
        show(Text("启动运行环境", "starting"))
        with orchestration(settings.home, lambda: names.update(_make_ready(settings, name))):
            from flows.stage import watched_by

            flow = getattr(importlib.import_module(f"flows.{name}"), name)

            def watch(stage: str, key: str) -> None:
                if stage == "link":  # the database works, and leaves Python to others
                    _beside(_import_statistics)
                show(_step(stage, key))

            with watched_by(watch):
                return bool(flow()), names


def _make_ready(settings: Settings, name: str) -> Names:
    """Import what the run needs while the server starts on another core; the slowest, if files wait, beside the run itself."""
    from ddk_surveillance.guard import configured_key
    from ddk_surveillance.library import Library

    configured_key(settings)
    Library(settings.declarations).check()
    with importing():
        importlib.import_module(f"flows.{name}")
    names = _names_waiting(settings)
    if names:
        _beside(_import_great_expectations)
    return names


def _beside(work: Callable[[], object]) -> None:
    threading.Thread(target=work, daemon=True).start()


def _names_waiting(settings: Settings) -> Names:
    """What the files are called that a night may take; a name that tells of somebody is not shown."""
    from ddk_surveillance.guard.kept import names_somebody
    from ddk_surveillance.landing import names_waiting

    return {key: name for key, name in names_waiting(settings).items() if not names_somebody(name)}


def _import_great_expectations() -> None:
    from ddk_surveillance.quality import evaluation

    evaluation.library()


def _import_statistics() -> None:
    with importing():
        from scipy.stats import nbinom  # noqa: F401  (by name, or what stands in for the module while nobody asks is found)


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


def _throw_away_key(settings: Settings) -> Path:
    """A key for synthetic data only, one for each data home, outside every repository."""
    from ddk_surveillance import tokens

    state = Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "ddk"
    state.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = state / f"demo-{hashlib.sha256(str(settings.home).encode()).hexdigest()[:12]}.key"
    if not path.exists():
        tokens.make_key(path)
    return path


def _lay_out_samples(settings: Settings) -> None:
    """Copy those sample files into landing/ that this home has not seen yet."""
    from ddk_surveillance.warehouse import open_warehouse

    with open_warehouse(settings) as db:
        seen = set(db.column("SELECT sha256 FROM ops.batch"))
    samples = resource("sample_data") / "landing"
    for sample in sorted(path for path in samples.glob("*/*") if path.is_file()):
        if hashlib.sha256(sample.read_bytes()).hexdigest() not in seen:
            target = settings.landing / sample.relative_to(samples)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(sample, target)  # it arrives now, whatever time a checkout gave it
