"""`make serve`: Prefect's server and user interface on loopback, and the worker that runs what prefect.yaml schedules."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ddk_surveillance.errors import BusyError, DdkError
from ddk_surveillance.settings import Settings, load, resource
from flows.server import environment, own_server, prefect_settings, server_lock

if TYPE_CHECKING:
    from prefect import Flow
    from prefect.client.orchestration import PrefectClient
    from prefect.deployments.runner import RunnerDeployment

PORT = 4200
HEARTBEAT = "prefect.flow-run.heartbeat"
ENDED = [f"prefect.flow-run.{end}" for end in ("Completed", "Failed", "Crashed", "Cancelled")]
SILENCE_SECONDS = 90  # three missed heartbeats
# Prefect marks a run as crashed that has neither ended nor sent a sign of life: its process was killed.
CRASH_WATCH: dict[str, Any] = {
    "name": "runs that fell silent have crashed",
    "trigger": {
        "type": "event",
        "posture": "Proactive",
        "after": [HEARTBEAT],
        "expect": [HEARTBEAT, *ENDED],
        "match": {"prefect.resource.id": "prefect.flow-run.*"},
        "for_each": ["prefect.resource.id"],
        "threshold": 1,
        "within": SILENCE_SECONDS,
    },
    "actions": [{"type": "change-flow-run-state", "state": "CRASHED", "message": "No sign of life: it was killed."}],
}


def main() -> int:
    """Serve until told to stop (SIGTERM, Ctrl-C); returns the exit code."""
    os.umask(0o077)
    settings = load(os.environ)
    try:
        return _serve(settings)
    except DdkError as problem:
        print(getattr(problem.text, settings.language), file=sys.stderr)
        return problem.exit_code


def _serve(settings: Settings) -> int:
    """Returns 0 when told to stop, 1 when the server or the worker ended by itself."""
    for_services = {
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "INFO",
        "PYTHONPATH": os.pathsep.join([str(Path(__file__).parents[1]), *filter(None, [os.environ.get("PYTHONPATH")])]),
    }
    with environment(prefect_settings(settings.home) | for_services), server_lock(settings.home) as (lock, ours):
        if not ours:
            raise BusyError("本数据目录已有一个服务在运行。", "A server is running on this data home already.")
        port = int(os.environ.get("PREFECT_SERVER_API_PORT", PORT))
        with own_server(
            settings.home, lock, port, private=False, meanwhile=lambda: import_module("flows.nightly")
        ) as server:
            return asyncio.run(_work(server.process))


async def _work(server: subprocess.Popen[bytes]) -> int:
    """Run one flow at a time, each in a process of its own, until told to stop or until the server is gone."""
    from prefect.client.orchestration import get_client
    from prefect.runner import Runner

    runner = Runner(name="ddk", limit=1, pause_on_shutdown=False)
    for deployment in deployments():
        await runner.aadd_deployment(deployment)
    async with get_client() as client:
        await _watch_for_crashes(client)
        await _keep_one_late_run_each(client)
    work = asyncio.create_task(runner.start())
    told = asyncio.Event()
    await asyncio.sleep(0)  # the runner has set its own handler for SIGTERM, which leaves the schedule
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    while not told.is_set() and not work.done() and server.poll() is None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(told.wait(), timeout=1)
    await runner.astop()
    await asyncio.wait([work])
    return 0 if told.is_set() else 1


def deployments() -> Iterator[RunnerDeployment]:
    """What prefect.yaml declares; a key that is not known here is an error, not a schedule that silently differs."""
    import yaml
    from prefect.deployments.runner import RunnerDeployment
    from prefect.schedules import Cron
    from prefect.types.entrypoint import EntrypointType

    declared = yaml.safe_load(resource("prefect.yaml").read_text(encoding="utf-8"))
    for one in declared["deployments"]:
        schedules = [Cron(schedule.pop("cron"), **schedule) for schedule in one.pop("schedules")]
        module, name = one.pop("entrypoint").rsplit(".", 1)
        flow: Flow[..., Any] = getattr(import_module(module), name)
        yield RunnerDeployment.from_flow(
            flow, one.pop("name"), schedules=schedules, entrypoint_type=EntrypointType.MODULE_PATH, **one
        )


async def _watch_for_crashes(client: PrefectClient) -> None:
    from prefect.events.schemas.automations import AutomationCore

    if not await client.read_automations_by_name(CRASH_WATCH["name"]):
        await client.create_automation(AutomationCore.model_validate(CRASH_WATCH))


async def _keep_one_late_run_each(client: PrefectClient) -> None:
    """Of the runs that downtime left behind keep the last of each deployment: it takes in what all would have."""
    from prefect.client.schemas.filters import FlowRunFilter
    from prefect.client.schemas.sorting import FlowRunSort
    from prefect.states import Cancelled
    from prefect.types import _datetime

    late = {"state": {"type": {"any_": ["SCHEDULED"]}}, "expected_start_time": {"before_": _datetime.now("UTC")}}
    kept = set()
    for run in await client.read_flow_runs(
        flow_run_filter=FlowRunFilter.model_validate(late), sort=FlowRunSort.EXPECTED_START_TIME_DESC
    ):
        if run.auto_scheduled and run.deployment_id in kept:
            await client.set_flow_run_state(run.id, Cancelled(message="A later run makes up for it."), force=True)
        kept.add(run.deployment_id)


if __name__ == "__main__":
    sys.exit(main())
