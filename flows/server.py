"""Where the history of a run is kept: the operator's Prefect server, a running `make serve`, or a private one.

Prefect's own way of running without a server loses most task runs (measured: it kept 9 to 18 of 500), so a private
server on loopback is started where no other is to be had.
"""

import contextlib
import fcntl
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from http.client import HTTPException
from pathlib import Path
from typing import IO, NamedTuple

from ddk_surveillance import turn
from ddk_surveillance.errors import ConfigurationError
from ddk_surveillance.settings import load

LOOPBACK = "127.0.0.1"
NOWHERE = f"http://{LOOPBACK}:9"  # the discard port, on which nothing listens
NO_WAY_OUT = {"http_proxy": NOWHERE, "https_proxy": NOWHERE, "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "WARNING"}
WRITER_LIMIT = "ddk-writer"
ANSWER_SECONDS = 10
START_SECONDS = 180  # a first start makes Prefect's database: 10 s here, more on a slow disk
STOP_SECONDS = 60
UNFINISHED = {"state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}}


@contextlib.contextmanager
def orchestration(home: Path, meanwhile: Callable[[], object] = lambda: None) -> Iterator[str]:
    """The address of a Prefect server that is ready, in force while the block runs; `meanwhile` one is starting.

    PREFECT_API_URL wins, and must answer (ConfigurationError): another server instead would scatter the history.
    Else the server that `make serve` runs on this data home, else a private one that ends with the block.
    While another run has its private server here it waits, or raises BusyError if told not to.
    """
    with environment(prefect_settings(home)), _chosen_server(home, meanwhile) as address:
        try:
            yield address
        finally:
            _hand_over()


class OwnServer(NamedTuple):
    """A server that is our child."""

    address: str
    process: subprocess.Popen[bytes]


@contextlib.contextmanager
def own_server(
    home: Path, lock: IO[str], port: int = 0, *, private: bool = True, meanwhile: Callable[[], object] = lambda: None
) -> Iterator[OwnServer]:
    """Start a server as a child and stop it afterwards, its address in force meanwhile; the child holds the lock till it ends."""
    with _listening(port) as listening:
        address = f"http://{LOOPBACK}:{listening.getsockname()[1]}/api"
        process = _start(home, listening, lock, private)
    try:
        if not private:
            print(address, end="", file=lock, flush=True)
        with environment({"PREFECT_API_URL": address}):  # before Prefect is loaded: to look again takes it a while
            meanwhile()
            _ask(address, START_SECONDS, _not_started(home))
            _prepare(alone=True)
            yield OwnServer(address, process)
    finally:
        _stop(process)


@contextlib.contextmanager
def server_lock(home: Path) -> Iterator[tuple[IO[str], bool]]:
    """The file that says who runs a server on this data home, and whether that is us."""
    folder = home / "prefect"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "server.lock").open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield lock, False
        else:
            lock.truncate(0)
            yield lock, True


@contextlib.contextmanager
def environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables while the block runs, and have Prefect look again if it is loaded."""
    before = {name: os.environ.get(name) for name in values}
    _set_variables(values)
    try:
        yield
    finally:
        _set_variables(before)


def prefect_settings(home: Path) -> dict[str, str]:
    """Prefect's own settings: all under the data home, no call to the outside, a quiet terminal."""
    folder = home / "prefect"
    return {
        "DDK_HOME": str(home),
        "PREFECT_HOME": str(folder),
        "PREFECT_PROFILES_PATH": str(folder / "profiles.toml"),
        "PREFECT_UI_STATIC_DIRECTORY": str(folder / "ui"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "1",  # the second channel of telemetry, in the client
        "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
        "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
        "PREFECT_SERVER_REGISTER_BLOCKS_ON_START": "false",
        "PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED": "false",  # only a label, and quarrels with itself over the database
        # One transaction every few seconds, not one for each event; so large that the last, at the stop, holds all.
        "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "1000",
        "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "1000",
        "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30",
        "PREFECT_LOGGING_HANDLERS_CONSOLE_LEVEL": "CRITICAL",
        "no_proxy": ",".join(filter(None, [os.environ.get("no_proxy", os.environ.get("NO_PROXY")), LOOPBACK])),
    }


@contextlib.contextmanager
def _chosen_server(home: Path, meanwhile: Callable[[], object]) -> Iterator[str]:
    if configured := os.environ.get("PREFECT_API_URL"):
        with _joined(configured, ANSWER_SECONDS):
            yield configured
        return
    with server_lock(home) as (lock, ours):
        # a private server ends with its run, and then it is our turn
        if ours or turn.take(lock, load(os.environ), has_other_way=lambda: bool(_address_in(lock))):
            with own_server(home, lock, meanwhile=meanwhile) as server, _without_heartbeats():
                yield server.address
        else:
            with _joined(_address_in(lock), START_SECONDS) as address:
                yield address


@contextlib.contextmanager
def _without_heartbeats() -> Iterator[None]:
    """A private server ends with its run, so nobody waits for signs of life; half a second passes until they have stopped."""
    from prefect.settings import PREFECT_FLOWS_HEARTBEAT_FREQUENCY, temporary_settings

    with temporary_settings({PREFECT_FLOWS_HEARTBEAT_FREQUENCY: None}):
        yield


def _address_in(lock: IO[str]) -> str:
    lock.seek(0)
    return lock.read()


@contextlib.contextmanager
def _joined(address: str, patience_seconds: float) -> Iterator[str]:
    _ask(address, patience_seconds, _not_answering(address))
    with environment({"PREFECT_API_URL": address}):
        _prepare(alone=False)
        yield address


def _ask(address: str, patience_seconds: float, otherwise: ConfigurationError) -> None:
    """Return when the server says that it is ready."""
    try:
        urllib.request.urlopen(f"{address}/health", timeout=patience_seconds).close()
    except (OSError, ValueError, HTTPException):
        raise otherwise from None


def _listening(port: int) -> socket.socket:
    """A socket on loopback; port 0 takes any that is free."""
    try:
        return socket.create_server((LOOPBACK, port))
    except OSError:
        raise ConfigurationError(
            f"端口 {port} 已被占用。请停止占用它的程序，或用环境变量 PREFECT_SERVER_API_PORT 另选端口。",
            f"Port {port} is taken. Stop what uses it, or choose another with PREFECT_SERVER_API_PORT.",
        ) from None


def _start(home: Path, listening: socket.socket, lock: IO[str], private: bool) -> subprocess.Popen[bytes]:
    """The child inherits the listening socket: nobody else can take the port, and requests wait till it is up."""
    kept = (listening.fileno(), lock.fileno())
    kind = "private" if private else "shared"
    command = [sys.executable, "-m", "flows.loopback", str(kept[0]), str(os.getpid()), kind]
    logs = home / "logs"
    logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    with open(logs / "prefect-server.log", "wb", opener=private_file) as log:
        return subprocess.Popen(
            command,
            pass_fds=kept,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            umask=0o077,
            start_new_session=True,  # Ctrl-C is for the run, which then tells the server how it ended
            env=os.environ | NO_WAY_OUT,
        )


def private_file(path: str, flags: int) -> int:
    """An opener that lets only the owner read."""
    return os.open(path, flags, 0o600)


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _prepare(alone: bool) -> None:
    """See that the writer's limit exists, without which flows refuse to run.

    A server that is alone on its database also cleans up after earlier ones: no run in it can still be alive.
    """
    from prefect.client.orchestration import get_client
    from prefect.client.schemas.actions import GlobalConcurrencyLimitUpdate
    from prefect.client.schemas.filters import FlowRunFilter
    from prefect.exceptions import ObjectNotFound
    from prefect.states import Crashed

    with get_client(sync_client=True) as client:
        if not alone:
            client.upsert_global_concurrency_limit_by_name(WRITER_LIMIT, 1)
            return
        try:
            client.update_global_concurrency_limit(WRITER_LIMIT, GlobalConcurrencyLimitUpdate(limit=1, active_slots=0))
        except ObjectNotFound:  # its first start
            client.upsert_global_concurrency_limit_by_name(WRITER_LIMIT, 1)
        for run in client.read_flow_runs(flow_run_filter=FlowRunFilter.model_validate(UNFINISHED)):
            client.set_flow_run_state(run.id, Crashed(message="Its process or its server was killed."), force=True)


def _hand_over() -> None:
    """Send what Prefect still has in memory to the server."""
    from prefect.events.worker import EventsWorker
    from prefect.logging.handlers import APILogWorker

    EventsWorker.drain_all(timeout=STOP_SECONDS)
    APILogWorker.drain_all(timeout=STOP_SECONDS)


def _set_variables(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value
    if "prefect" in sys.modules:
        from prefect.context import refresh_global_settings_context

        refresh_global_settings_context()


def _not_answering(address: str) -> ConfigurationError:
    return ConfigurationError(
        f"Prefect 服务器 {address} 没有应答。请启动它，或取消环境变量 PREFECT_API_URL。",
        f"The Prefect server {address} does not answer. Start it, or unset PREFECT_API_URL.",
    )


def _not_started(home: Path) -> ConfigurationError:
    log = home / "logs" / "prefect-server.log"
    return ConfigurationError(
        f"Prefect 服务器未能启动。请检查磁盘空间和文件夹权限；详情见 {log}。",
        f"The Prefect server did not start. Check disk space and permissions; details in {log}.",
    )
