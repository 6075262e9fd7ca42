"""The environment, read once and frozen; nothing else looks at os.environ."""

import contextlib
import csv
import functools
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ddk_surveillance.errors import ConfigurationError

PACKAGE = Path(__file__).resolve().parent
PROJECT = PACKAGE.parent
TIME_ZONE = "Asia/Shanghai"
LANGUAGES = ("zh", "en")


def now() -> datetime:
    """The time in the district, as a clock on its wall shows it."""
    return datetime.now(ZoneInfo(TIME_ZONE)).replace(tzinfo=None)


def resource(name: str) -> Path:
    """Where a shipped file or folder lies: inside the wheel, or at the top of the checkout."""
    packed = PACKAGE / "_resources" / name
    return packed if packed.exists() else PROJECT / name


def csv_rows(path: Path) -> list[dict[str, str]]:
    """The lines of a code list by the names of its columns, also as Excel saves it (UTF-8 with a mark at its head)."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, restval=""))


class Place:
    """Where something lies in the data home."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __get__(self, settings: "Settings", _: type) -> Path:
        return settings.home / self.name


@dataclass(frozen=True)
class Settings:
    """Everything that differs between machines."""

    home: Path
    key_file: Path | None
    language: str
    memory_limit_gb: float
    threads: int
    quiet_seconds: float
    waits: bool
    notice_url: str | None
    notice_command: str | None
    keep_releases: int
    keep_archive_days: int
    keep_receipt_days: int
    keep_log_days: int

    landing = Place("landing")
    inbox = Place("inbox")  # files that this pipeline has claimed and not yet finished with
    archive = Place("archive")
    refused = Place("refused")
    receipts = Place("receipts")
    scratch = Place("scratch")  # homes of plans and replays; what a killed one leaves, the next night removes
    plans = Place("plans")  # what backfills would do, as workbooks
    quality_docs = Place("quality_docs")
    analyst = Place("analyst")
    models = Place("models")  # of the linkage, that were trained here, by version
    logs = Place("logs")
    backups = Place("backups")  # copies of the warehouse from before its declarations changed
    warehouse_file = Place("ddk.duckdb")
    # stands there while a backup is put back: what a killed restore leaves is no home
    restoring_file = Place(".restoring")
    # what the last night found, for whoever asks while the next one holds the warehouse
    snapshot_file = Place("status.json")
    analyst_file = Place("analyst/ddk_analyst.duckdb")  # the link that analysts open: to the newest complete release

    @property
    def declarations(self) -> tuple[Path, ...]:
        """Folders of declarations, the later one adding to and overriding the earlier."""
        local = self.home / "schemas"
        return (resource("schemas"), local) if local.is_dir() else (resource("schemas"),)

    @contextlib.contextmanager
    def scratch_home(self, name: str) -> Iterator["Settings"]:
        """A data home inside the data home, so that nothing leaves its disk; empty before, removed afterwards."""
        home = self.scratch / name
        shutil.rmtree(home, ignore_errors=True)
        try:
            settings = replace(self, home=home)
            settings.make_folders()
            yield settings
        finally:
            shutil.rmtree(home, ignore_errors=True)

    def make_folders(self) -> None:
        """Create the data home; only the owner may look inside."""
        for folder in (self.home, self.landing, self.inbox, self.archive, self.refused, self.receipts,
                       self.plans, self.quality_docs, self.analyst, self.logs):  # fmt: skip
            try:
                folder.mkdir(parents=True, exist_ok=True)
            except (FileExistsError, NotADirectoryError):
                raise ConfigurationError(
                    f"{folder} 不能用作文件夹：那里或其上层是一个文件。请移走它，或改 DDK_HOME（--home）。",
                    f"{folder} cannot be a folder: it or one above it is a file. Move that, or change DDK_HOME (--home).",
                ) from None
            folder.chmod(0o700)


def load(environ: Mapping[str, str], home: Path | None = None, language: str | None = None) -> Settings:
    """Settings from DDK_* variables; the two arguments are the command line's and win."""
    chosen = home or (Path(environ["DDK_HOME"]) if environ.get("DDK_HOME") else default_home())
    return Settings(
        home=chosen.expanduser().absolute(),
        key_file=Path(environ["DDK_KEY_FILE"]).expanduser() if environ.get("DDK_KEY_FILE") else None,
        language=_language(language or environ.get("DDK_LANG") or "zh"),
        memory_limit_gb=_number(environ, "DDK_MEMORY_GB", 3.0),
        threads=int(_number(environ, "DDK_THREADS", _processors())),
        quiet_seconds=_number(environ, "DDK_QUIET_SECONDS", 5.0),
        waits=not environ.get("DDK_NO_WAIT"),
        notice_url=environ.get("DDK_NOTICE_URL") or None,
        notice_command=environ.get("DDK_NOTICE_COMMAND") or None,
        keep_releases=max(1, int(_number(environ, "DDK_KEEP_RELEASES", 7))),
        keep_archive_days=int(_number(environ, "DDK_KEEP_ARCHIVE_DAYS", 0)),
        keep_receipt_days=int(_number(environ, "DDK_KEEP_RECEIPT_DAYS", 730)),
        keep_log_days=int(_number(environ, "DDK_KEEP_LOG_DAYS", 90)),
    )


def default_home() -> Path:
    """`warehouse/data/` of a checkout; of an installed wheel, `warehouse/data/` of the current folder."""
    base = Path.cwd() if (PACKAGE / "_resources").exists() else PROJECT
    return base / "warehouse" / "data"


def _language(word: str) -> str:
    if word not in LANGUAGES:
        raise ConfigurationError(
            "语言只能是 zh 或 en（--lang 或 DDK_LANG）。", "The language is zh or en (--lang or DDK_LANG)."
        )
    return word


def _number(environ: Mapping[str, str], name: str, default: float) -> float:
    text = environ.get(name) or str(default)
    try:
        number = float(text)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e6:
        raise ConfigurationError(f"环境变量 {name} 应为正数。", f"The variable {name} must be a positive number.")
    return number


@functools.cache
def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
