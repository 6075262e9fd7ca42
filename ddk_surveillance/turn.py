"""One writer at a time: whoever comes second waits for its turn, and is told what it waits for."""

import fcntl
import sys
import time
from collections.abc import Callable
from typing import IO, Any

from ddk_surveillance.errors import BusyError, Text
from ddk_surveillance.settings import Settings

POLL_SECONDS = 0.2
WAITING = Text(
    "另一个运行正在使用数据仓库，等它结束后自动继续（Ctrl-C 放弃；--no-wait 不等）…",
    "Another run is using the warehouse; this one goes on when it ends (Ctrl-C gives up; --no-wait does not wait) …",
)


def take(stream: IO[Any], settings: Settings, has_other_way: Callable[[], bool] = lambda: False) -> bool:
    """Hold the lock of an open file, which the system releases however we end; False if there is another way.

    BusyError if somebody else holds it and we are not to wait.
    """
    is_told = False
    while not _is_ours(stream):
        if has_other_way():
            return False
        if not settings.waits:
            raise BusyError(
                "另一个运行正在使用数据仓库。请等它结束后再试。",
                "Another run is using the warehouse. Try again when it has finished.",
            )
        if not is_told:
            print(WAITING.said(settings.language), file=sys.stderr, flush=True)
            is_told = True
        time.sleep(POLL_SECONDS)
    return True


def _is_ours(stream: IO[Any]) -> bool:
    try:
        fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
