"""The service: it registers what prefect.yaml declares, runs what is due and what a person asks for in the browser, and
leaves the schedule alone when it stops. The tests are one story of one service, in their order."""

from __future__ import annotations

import json
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from ddk_surveillance.settings import resource
from flows.server import orchestration

from .chromium import CHROMIUM, page
from .conftest import Script, ask, copy_of_database, stored, wait_until

DEPLOYMENTS = ("nightly", "backfill", "release")
FIELDS = ["来源", "起始月份", "截止月份", "机构代码", "文件夹", "经办人", "理由", "执行"]
SAMPLE = "思优医院_伤害监测_2024年第1季度.csv"
FORM = {
    "来源": "hospital 医疗机构",
    "起始月份": "2024-01",
    "截止月份": "2024-03",
    "经办人": "zhang",
    "理由": "医院补报",
}
TIMES_OF_COMING_NIGHTS = (
    "SELECT DISTINCT substr(expected_start_time, 12, 8) FROM flow_run WHERE state_type = 'SCHEDULED'"
)
Service = tuple[Script, str]


def test_the_schedule_is_declared_once_as_two_in_the_morning_in_shanghai() -> None:
    declared = yaml.safe_load(resource("prefect.yaml").read_text(encoding="utf-8"))
    assert [(one["name"], one["schedules"]) for one in declared["deployments"]] == [
        ("nightly", [{"cron": "0 2 * * *", "timezone": "Asia/Shanghai"}]),
        ("backfill", []),
        ("release", []),
    ]


@pytest.fixture(scope="module")
def service(
    night: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory, start: Callable[..., Script]
) -> Iterator[Service]:
    """The service on a data home that missed three nights and where a file waits, and its address."""
    home = copy_of_database(night[0], tmp_path_factory.mktemp("service") / "home")
    (home / "landing" / "hospital").mkdir(parents=True)
    (home / "landing" / "hospital" / SAMPLE).write_bytes(
        (resource("sample_data") / "landing" / "hospital" / SAMPLE).read_bytes()
    )
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environment = {"PREFECT_SERVER_API_PORT": str(port), "DDK_QUIET_SECONDS": "0"}
    yield start(home, "-m", "flows.serve", **environment), f"http://127.0.0.1:{port}"


def test_after_downtime_one_night_is_caught_up(service: Service) -> None:
    script, address = service
    expected = [("CANCELLED", 2), ("COMPLETED", 1), ("SCHEDULED", 3)]
    wait_until(lambda: script.process.poll() is not None or nights(script.home) == expected)
    assert nights(script.home) == expected
    assert stored(script.home, TIMES_OF_COMING_NIGHTS) == [("18:00:00",)]  # UTC: two in the morning in Shanghai

    with orchestration(script.home) as joined:
        assert joined == f"{address}/api"
    deployments = ask(f"{address}/api", "/deployments/filter", {})
    assert {(one["name"], one["paused"]) for one in deployments} == {(name, False) for name in DEPLOYMENTS}
    form = next(one for one in deployments if one["name"] == "backfill")["parameter_openapi_schema"]
    assert [field["title"] for field in form["definitions"]["Correction"]["properties"].values()] == FIELDS


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine; DDK_CHROMIUM may name one")
def test_a_backfill_is_asked_for_in_the_browser(service: Service, tmp_path: Path) -> None:
    """A form that names a phone starts nothing; one that does not brings a plan, and nothing typed or read but ids."""
    script, address = service
    [backfill] = [one for one in ask(f"{address}/api", "/deployments/filter", {}) if one["name"] == "backfill"]
    with page(tmp_path) as browser:
        browser.go(f"{address}/deployments/deployment/{backfill['id']}/run")
        for label in FIELDS:
            browser.wait_for_text(label)
        for label, value in (FORM | {"理由": "家长电话13800138000"}).items():
            browser.fill(label, value)
        browser.submit()
        browser.wait_for_text("Validation failed for field 'form.reason'")
        browser.fill("理由", FORM["理由"])
        browser.submit()
        browser.wait_for("location.pathname.split('/').pop() != 'run'")
        [run] = ask(f"{address}/api", "/flow_runs/filter", {"flow_runs": {"deployment_id": {"any_": [backfill["id"]]}}})
        assert run["parameters"]["form"]["source"] == FORM["来源"] and not run["parameters"]["form"].get("apply")
        browser.go(f"{address}/runs/flow-run/{run['id']}")
        browser.wait_for_text("Planned")
    [(stored_artifact,)] = stored(script.home, "SELECT data FROM artifact WHERE key = 'backfill'")
    artifact = json.loads(stored_artifact)
    assert "方案" in artifact and "什么都没有改变" in artifact and SAMPLE not in artifact
    assert len(list((script.home / "plans").glob("hospital_202401-202403_*.xlsx"))) == 1


def test_the_schedule_survives_the_stop(service: Service) -> None:
    script, _ = service
    script.process.send_signal(signal.SIGTERM)
    assert script.process.wait(timeout=180) == 0
    assert stored(script.home, "SELECT DISTINCT paused FROM deployment") == [(0,)]
    assert stored(script.home, "SELECT active FROM deployment_schedule") == [(1,)]


def nights(home: Path) -> list[tuple[str, int]]:
    """How many nights of the schedule are in which state."""
    return stored(home, "SELECT state_type, count(*) FROM flow_run WHERE auto_scheduled GROUP BY 1 ORDER BY 1")
