"""The service: it registers what prefect.yaml declares, runs what is due, and leaves the schedule alone when it stops."""

from __future__ import annotations

import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml

from ddk_surveillance.settings import resource
from flows.server import orchestration

from .conftest import Script, ask, stored, wait_until

DEPLOYMENTS = ("nightly", "backfill", "release")
FIELDS = ["来源", "起始月份", "截止月份", "机构代码", "文件夹", "经办人", "理由", "执行"]
TIMES_OF_COMING_NIGHTS = (
    "SELECT DISTINCT substr(expected_start_time, 12, 8) FROM flow_run WHERE state_type = 'SCHEDULED'"
)


def test_the_schedule_is_declared_once_as_two_in_the_morning_in_shanghai() -> None:
    declared = yaml.safe_load(resource("prefect.yaml").read_text(encoding="utf-8"))
    assert [(one["name"], one["schedules"]) for one in declared["deployments"]] == [
        ("nightly", [{"cron": "0 2 * * *", "timezone": "Asia/Shanghai"}]),
        ("backfill", []),
        ("release", []),
    ]


@pytest.fixture
def service(used_home: Path, start: Callable[..., Script]) -> Iterator[tuple[Script, str]]:
    """The service on a data home that missed three nights, and its address."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    yield start(used_home, "-m", "flows.serve", PREFECT_SERVER_API_PORT=str(port)), f"http://127.0.0.1:{port}/api"


def test_after_downtime_one_night_is_caught_up_and_the_schedule_survives_the_stop(service: tuple[Script, str]) -> None:
    script, address = service
    expected = [("CANCELLED", 2), ("COMPLETED", 1), ("SCHEDULED", 3)]
    wait_until(lambda: script.process.poll() is not None or nights(script.home) == expected)
    assert nights(script.home) == expected
    assert stored(script.home, TIMES_OF_COMING_NIGHTS) == [("18:00:00",)]  # UTC: two in the morning in Shanghai

    with orchestration(script.home) as joined:
        assert joined == address
    deployments = ask(address, "/deployments/filter", {})
    assert {(one["name"], one["paused"]) for one in deployments} == {(name, False) for name in DEPLOYMENTS}
    form = next(one for one in deployments if one["name"] == "backfill")["parameter_openapi_schema"]
    assert [field["title"] for field in form["definitions"]["Correction"]["properties"].values()] == FIELDS

    script.process.send_signal(signal.SIGTERM)
    assert script.process.wait(timeout=60) == 0
    assert stored(script.home, "SELECT DISTINCT paused FROM deployment") == [(0,)]
    assert stored(script.home, "SELECT active FROM deployment_schedule") == [(1,)]


def nights(home: Path) -> list[tuple[str, int]]:
    """How many nights of the schedule are in which state."""
    return stored(home, "SELECT state_type, count(*) FROM flow_run WHERE auto_scheduled GROUP BY 1 ORDER BY 1")
