"""Begin nights and kill each (SIGKILL) as it reaches a function: python killed_nights.py HOME MODULE FUNCTION …

One process imports everything once and forks for each night. Prints the signal that ended each.
"""

from __future__ import annotations

import os
import signal
import sys
from importlib import import_module
from pathlib import Path

from ddk_surveillance.settings import load
from tests.conftest import Home


def killed(home: str, module: str, function: str) -> int:
    """The signal that ended the night."""
    child = os.fork()
    if child == 0:
        setattr(import_module(module), function, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        Home(load(os.environ, Path(home))).night()
        os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


if __name__ == "__main__":
    import great_expectations  # noqa: F401, once and not in every night

    home, *places = sys.argv[1:]
    print(*(killed(home, *place) for place in zip(places[::2], places[1::2], strict=True)))
