"""The Prefect server as a child process: loopback only, no way out, nothing lost when it stops.

Started by `flows.server`, never by hand: `python -m flows.loopback <listening socket> <parent> <private|shared>`.
"""

import asyncio
import contextlib
import ctypes
import gc
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from typing import Any

SET_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG in prctl(2)
PATIENCE_SECONDS = 20


def main(arguments: list[str]) -> None:
    """Serve on the socket that the parent listens on until the parent ends or says so (SIGTERM)."""
    descriptor, parent, kind = int(arguments[0]), int(arguments[1]), arguments[2]
    _die_with(parent)
    gc.disable()  # nothing that starting up makes is garbage; saves 2 s of a first start, 0.6 s of every other
    import uvicorn

    configuration = uvicorn.Config(
        _application(private=kind == "private"), log_level="error", lifespan="on", timeout_graceful_shutdown=10
    )
    uvicorn.Server(configuration).run(sockets=[socket.socket(fileno=descriptor)])


def _die_with(parent: int) -> None:
    """Have the kernel send SIGTERM when the parent ends, however it ends: even then the queue is written first."""
    ctypes.CDLL(None).prctl(SET_DEATH_SIGNAL, signal.SIGTERM)
    if os.getppid() != parent:
        sys.exit("the parent ended first")


def _application(private: bool) -> Any:
    """Prefect's server; the private one has neither user interface nor scheduler ("ephemeral" in Prefect's words)."""
    from prefect.server.api.server import create_app

    application = create_app(ephemeral=private)
    inner = application.router.lifespan_context

    @contextlib.asynccontextmanager
    async def lifespan(app: Any) -> AsyncIterator[None]:
        async with inner(app):
            gc.freeze()
            gc.enable()
            yield
            await _queue_taken_up()  # the server has closed its connections, the recorder still runs

    application.router.lifespan_context = lifespan
    return application


async def _queue_taken_up() -> None:
    """Wait until each service has taken up every event received; Prefect itself drops the rest when it stops.

    What a service has taken up it writes when it stops. Gives up only when nothing has moved for PATIENCE_SECONDS.
    """
    from prefect.server.utilities.messaging.memory import METRICS

    clock = asyncio.get_running_loop().time
    waiting, since = -1, clock()
    while waiting != 0 and clock() - since < PATIENCE_SECONDS:
        before, waiting = waiting, METRICS["events"]["published"] - METRICS["events"]["consumed"]
        since = clock() if waiting != before else since
        await asyncio.sleep(0.02)


if __name__ == "__main__":
    main(sys.argv[1:])
