"""Which server a run uses, and that none is left behind."""

from __future__ import annotations

import os
import signal
import urllib.request
from collections.abc import Callable
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from uuid import uuid4

import pytest

from ddk_surveillance.errors import BusyError, ConfigurationError
from flows.server import orchestration, server_lock

from .conftest import Script, ask, stored, wait_until

ENDLESS_NIGHT = """
    with orchestration(Path(os.environ["DDK_HOME"])) as address:
        from flows.nightly import nightly
        stages = use(["hospital"])
        stages["load"] = lambda db, key: (print(address, flush=True), time.sleep(600))
        nightly()
"""


HEARD = {"prefect.resource.id": "test"}


def is_up(address: str) -> bool:
    try:
        urllib.request.urlopen(f"{address}/health", timeout=5).close()
    except OSError:
        return False
    return True


def is_free(home: Path) -> bool:
    with server_lock(home) as (_, ours):
        return ours


def test_a_killed_run_leaves_no_server_and_is_marked_by_the_next_which_loses_nothing(
    used_home: Path, program: Callable[..., Script]
) -> None:
    script = program(used_home, ENDLESS_NIGHT)
    address = next(script.lines()).strip()
    assert is_up(address)
    os.kill(script.process.pid, signal.SIGKILL)
    assert wait_until(lambda: not is_up(address))
    assert wait_until(lambda: is_free(used_home))
    assert stored(used_home, "SELECT count(*) FROM flow_run WHERE state_type = 'RUNNING'") == [(1,)]

    with orchestration(used_home) as next_address:
        assert seconds_between_signs_of_life() is None  # nobody listens for them
        assert stored(used_home, "SELECT state_type FROM flow_run ORDER BY start_time DESC LIMIT 1") == [("CRASHED",)]
        happenings = [
            {"event": "heard", "id": str(uuid4()), "occurred": datetime.now(UTC).isoformat(), "resource": HEARD}
            for _ in range(500)
        ]
        ask(next_address, "/events", happenings)
    # it was told to stop with all of this still in its queue, and wrote it first
    assert stored(used_home, "SELECT count(*) FROM events WHERE event = 'heard'") == [(500,)]
    assert is_free(used_home)


class Healthy(BaseHTTPRequestHandler):
    """As much of a Prefect server as is needed to be recognised."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


def test_the_operators_server_is_used_and_no_other_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    server = HTTPServer(("127.0.0.1", 0), Healthy)
    Thread(target=server.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}/api"
    monkeypatch.setenv("PREFECT_API_URL", address)
    monkeypatch.setattr("flows.server._prepare", lambda alone: None)
    monkeypatch.setattr("flows.server.own_server", own_server_is_forbidden)
    with orchestration(tmp_path) as used:
        assert used == os.environ["PREFECT_API_URL"] == address
        assert seconds_between_signs_of_life() == 30
    server.shutdown()


def seconds_between_signs_of_life() -> int | None:
    from prefect.settings import get_current_settings

    return get_current_settings().flows.heartbeat_frequency


def own_server_is_forbidden(*_: object, **__: object) -> None:
    raise AssertionError("a server was started although one is configured")


@pytest.mark.parametrize("address", ["http://127.0.0.1:9/api", "nonsense"])
def test_an_operators_server_that_does_not_answer_is_a_configuration_error(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PREFECT_API_URL", address)
    with pytest.raises(ConfigurationError, match="PREFECT_API_URL"), orchestration(tmp_path):
        pass


def test_a_second_run_on_the_same_data_home_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DDK_NO_WAIT", "1")
    with server_lock(tmp_path) as (_, ours):
        assert ours
        with pytest.raises(BusyError), orchestration(tmp_path):
            pass


def test_the_environment_is_as_before_afterwards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DDK_NO_WAIT", "1")
    before = dict(os.environ)
    with server_lock(tmp_path), pytest.raises(BusyError), orchestration(tmp_path):
        pass
    assert dict(os.environ) == before
