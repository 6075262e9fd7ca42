"""What grows in a data home, and how long it is kept; each limit is one DDK_KEEP_… variable, 0 keeps for ever."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from ddk_surveillance.errors import Text
from ddk_surveillance.settings import Settings

DAY_SECONDS = 86400.0


class Growing(NamedTuple):
    """A folder that grows, the variable that limits it, and its present limit in days (of `analyst`: in releases)."""

    folder: str
    title: Text
    variable: str | None
    limit: int


def growing(settings: Settings) -> tuple[Growing, ...]:
    """All of them; the warehouse itself keeps every version of every record for ever."""
    return (
        Growing("analyst", Text("分析文件", "analyst files"), "DDK_KEEP_RELEASES", settings.keep_releases),
        Growing("archive", Text("原始文件存档", "archive of received files"), "DDK_KEEP_ARCHIVE_DAYS", settings.keep_archive_days),
        Growing("receipts", Text("回执", "receipts"), "DDK_KEEP_RECEIPT_DAYS", settings.keep_receipt_days),
        Growing("logs", Text("日志", "logs"), "DDK_KEEP_LOG_DAYS", settings.keep_log_days),
        Growing("refused", Text("拒收的文件（ddk refused purge）", "refused files (ddk refused purge)"), None, 0),
        Growing("prefect", Text("运行历史", "history of runs"), None, 0),
        Growing("backups", Text("升级前的备份", "copies from before an upgrade"), None, 0),
    )  # fmt: skip


def sweep(settings: Settings) -> int:
    """Delete what is older than its limit; how many files. Analyst files are pruned as a new one is published."""
    limited = [one for one in growing(settings) if one.limit and one.folder != "analyst"]
    old = [
        path for one in limited for path in _files(settings.home / one.folder)
        if path.stat().st_ctime < time.time() - one.limit * DAY_SECONDS  # when it was put here, not what its own time claims
    ]  # fmt: skip
    for path in old:
        path.unlink()
        if not any(path.parent.iterdir()):
            path.parent.rmdir()
    return len(old)


def sizes(settings: Settings) -> Iterator[tuple[Growing, int, int]]:
    """Each with its number of files and bytes."""
    for one in growing(settings):
        files = [path.stat().st_size for path in _files(settings.home / one.folder)]
        yield one, len(files), sum(files)


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
