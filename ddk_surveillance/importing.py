"""Importing large libraries, nothing of which is ever garbage: to look through it all over and over took a tenth of a night."""

import atexit
import contextlib
import gc
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Inside, memory is not searched for garbage; what is there at the end, if anything was imported, never is."""
    known, is_looking = len(sys.modules), gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if len(sys.modules) > known:
            gc.freeze()
            atexit.register(gc.unfreeze)  # or DuckDB reports, on the terminal, what it takes for leaks
        if is_looking:
            gc.enable()
