"""The only bridge between Prefect and the stages: keys go in, counts come out, no value of a row ever crosses.

Prefect stores parameters, results, names, logs and the texts of errors. So an error passes only if its text is known to
be safe (DdkError); of any other only the kind passes, and its traceback goes to a file that the owner alone can read.
"""

import contextlib
import functools
import os
import traceback
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from prefect import Task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.concurrency.sync import concurrency
from prefect.logging import get_run_logger
from prefect.states import Failed

from ddk_surveillance import (
    arrivals,
    guard,
    indicators,
    intake,
    link,
    load,
    nights,
    normalise,
    notice,
    publish,
    quality,
    receipts,
    replay,
    retention,
    settings,
    status,
)
from ddk_surveillance.console import Voice
from ddk_surveillance.errors import DdkError, ExitCode
from ddk_surveillance.link import measurement
from ddk_surveillance.quality import across
from ddk_surveillance.warehouse import Outcome, Warehouse, open_warehouse
from flows.server import WRITER_LIMIT, private_file

STAGES: dict[str, Callable[[Warehouse, str], Any]] = {
    "discover": intake.discover,
    "intake": intake.run,
    "guard": guard.run,
    "normalise": normalise.run,
    "quality": quality.run,
    "load": load.run,
    "receipts": receipts.run,
    "link": link.run,
    "measure": measurement.run,
    "arrivals": arrivals.run,
    "across": across.run,
    "indicators": indicators.run,
    "publish": publish.run,
    "replay": replay.run,
}
OUTSIDE = ("discover", "intake")  # touch the landing folder; all else computes, and would only fail again
RETRY_AFTER_SECONDS = [5.0, 30.0]
LEASE_SECONDS = 60.0  # how long the next run waits when this one is killed; renewed while it lives

T = TypeVar("T")
_warehouse: ContextVar[Warehouse] = ContextVar("_warehouse")
_watcher: ContextVar[Callable[[str, str], None]] = ContextVar("_watcher", default=lambda stage, key: None)


class StageDefect(DdkError):
    """A stage failed in a way that nobody foresaw."""

    exit_code = ExitCode.DEFECT


class OutsideError(DdkError):
    """The operating system refused a file or ran out of room; it may work the next time."""


@contextlib.contextmanager
def writing() -> Iterator[None]:
    """Hold the warehouse open for the stages that run inside; waits for its turn among the flows of this server.

    ConfigurationError if the key is not the one that it was made with, even if no file waits.
    """
    with (
        concurrency(WRITER_LIMIT, strict=True, lease_duration=LEASE_SECONDS),
        open_warehouse(settings.load(os.environ)) as opened,
    ):
        guard.checked_key(opened)
        token = _warehouse.set(opened)
        try:
            yield
        finally:
            _warehouse.reset(token)


def warehouse() -> Warehouse:
    """The warehouse that the flow holds."""
    return _warehouse.get()


@contextlib.contextmanager
def recorded(night: str) -> Iterator[None]:
    """See that ops.night and status.json say how this night went, whatever ends it."""
    db = warehouse()
    if last_look() is None:  # for whoever asks while it runs; else the last run has left it
        status.keep(db.settings, status.gather(db))
    try:
        yield
    except BaseException as reason:
        nights.close_early(db, night, reason)
        with contextlib.suppress(DdkError, OSError):  # the reason itself matters more
            status.keep(db.settings, status.gather(db))
        raise
    retention.sweep(db.settings)
    status.keep(db.settings, status.gather(db))


def report(night: str, before: status.Facts | None, end: Any) -> None:
    """One look for Prefect, and a notice to the operator if somebody is needed; a failing notice fails nothing."""
    here = settings.load(os.environ)
    facts = status.last_snapshot(here)
    if facts is None or (facts["last_night"] or {}).get("night_id") != night:  # it could not even begin
        if isinstance(end, State) and isinstance(end.data, DdkError):
            notice.send(here, night, [end.data.text])
        return
    create_markdown_artifact(key="night", markdown=status.markdown(facts, Voice(here.language)))
    said = notice.news(facts, before)
    facts["notice"] = notice.send(here, night, said) if said else None
    with contextlib.suppress(OSError):  # a full disk: that is why the night ended, and it has said so
        status.keep(here, facts)
    if facts["notice"]:
        get_run_logger().warning("the notice was not sent: %s", facts["notice"])


def last_look() -> status.Facts | None:
    """What the last night left in status.json."""
    return status.last_snapshot(settings.load(os.environ))


@contextlib.contextmanager
def watched_by(watcher: Callable[[str, str], None]) -> Iterator[None]:
    """Have `watcher(stage, key)` called as each stage starts, for a display of progress."""
    token = _watcher.set(watcher)
    try:
        yield
    finally:
        _watcher.reset(token)


def run_stage(stage: str, key: str) -> Any:
    """What a stage returns for a key, run as a task of the current flow; raises DdkError and nothing else."""
    _watcher.get()(stage, key)
    state: State[Any] = _task(stage)(key, return_state=True)
    return state.result()


@functools.cache
def _task(stage: str) -> Task[[str], Any]:
    def step(key: str) -> Any:
        return safely(stage, key, lambda: _call(stage, key))

    return Task(
        step,
        name=stage,
        task_run_name=f"{stage}-{{key}}",
        cache_policy=NO_CACHE,
        persist_result=False,
        retries=len(RETRY_AFTER_SECONDS) if stage in OUTSIDE else 0,
        retry_delay_seconds=RETRY_AFTER_SECONDS,
        retry_condition_fn=_may_work_next_time,
    )


def safely(step: str, key: str, call: Callable[[], T]) -> T | State[Any]:
    """The result of a call, or a failed state: of an exception that it sees, Prefect stores all that led to it."""
    problem: DdkError
    try:
        return call()
    except DdkError as error:
        problem = error
    except Exception as error:
        problem = _hidden(error, step, key)
    problem.__cause__ = problem.__context__ = problem.__traceback__ = None
    return Failed(message=" ".join(problem.text), data=problem)


def _call(stage: str, key: str) -> Any:
    outcome = STAGES[stage](_warehouse.get(), key)
    if isinstance(outcome, Outcome):
        counts = (outcome.rows_in, outcome.rows_out, outcome.rows_refused)
        get_run_logger().info("rows in %d, out %d, refused %d", *counts)
    return outcome


def _hidden(error: Exception, step: str, key: str) -> DdkError:
    kind = type(error).__name__
    if isinstance(error, OSError):
        return OutsideError(
            f"步骤 {step}（{key}）：系统拒绝读写文件（{kind}）。请检查磁盘空间和文件夹权限（ddk doctor）。",
            f"Step {step} ({key}): the system refused a file ({kind}). Check disk space and permissions (ddk doctor).",
        )
    log = _keep_traceback(step, key)
    return StageDefect(
        f"步骤 {step}（{key}）出现程序缺陷（{kind}）。详情见 {log}（仅限本机所有者查看），请联系维护人员。",
        f"Step {step} ({key}) has a defect ({kind}). Details in {log}, for the owner's eyes only; tell the maintainer.",
    )


def _keep_traceback(step: str, key: str) -> Path:
    folder = settings.load(os.environ).logs
    log = folder / f"{datetime.now():%Y%m%dT%H%M%S}-{step}-{key}.log"
    with contextlib.suppress(OSError), open(log, "a", encoding="utf-8", opener=private_file) as stream:
        stream.write(traceback.format_exc())
    return log


def _may_work_next_time(_: Task[[str], Any], __: TaskRun, state: State[Any]) -> bool:
    return isinstance(state.data, OutsideError)
