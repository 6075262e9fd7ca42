"""One look: what it says, that it can be had while a night runs, and the notice that goes out when somebody is needed."""

from __future__ import annotations

import json
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any, ClassVar

import pytest

from ddk_surveillance import nights, notice, status
from ddk_surveillance.console import Voice
from ddk_surveillance.errors import BusyError, Text, WarehouseError
from ddk_surveillance.warehouse import open_warehouse, writer_lock
from tests.conftest import HOSPITAL, Home, csv_of


@pytest.fixture(scope="module")
def night(make_shared_home: Callable[..., Home]) -> Home:
    """One good file, one that is held and one that is refused; only to be looked at."""
    home = make_shared_home()
    home.drop("hospital", "good.csv", csv_of(HOSPITAL))
    home.drop("hospital", "张三.csv", b"")
    home.drop("hospital", "held.csv", csv_of(HOSPITAL.replace("202", "203")))
    home.night()
    return home


@pytest.fixture(scope="module")
def seen(night: Home) -> status.Facts:
    """What a look says."""
    with open_warehouse(night.settings) as db:
        facts = status.gather(db)
    status.keep(night.settings, facts)
    return facts


def test_it_says_what_came_and_what_is_to_be_done(seen: status.Facts) -> None:
    assert seen["last_night"]["status"] == "published" and seen["release"]["release_id"] == "R000001"
    assert (seen["last_night"]["files"], seen["last_night"]["files_to_mend"]) == (3, 2)
    [hospital] = seen["sources"]
    assert (hospital["source"], hospital["files"], hospital["files_held"], hospital["files_refused"]) == (
        "hospital",
        3,
        1,
        1,
    )
    rows = {name: count for name, count in hospital.items() if name.startswith("rows_") and count}
    assert rows == {"rows_received": 6, "rows_loaded": 3, "rows_held": 3}
    assert (len(seen["files_to_mend"]), seen["more_files_to_mend"]) == (2, 0)
    assert set(seen["never_sent"]) >= {"police", "death_registry"} and "population" not in seen["never_sent"]
    assert json.loads(json.dumps(seen)) == seen


def test_it_can_be_had_while_a_run_holds_the_warehouse(night: Home, seen: status.Facts) -> None:
    with writer_lock(night.settings):
        looked = status.look(night.settings)
    assert looked == {**seen, "in_use": True, "held_by": looked["held_by"]}
    assert status.sentences(looked)[0].zh.startswith("另一个运行正在使用数据仓库。")
    assert status.look(night.settings)["in_use"] is False
    assert stat.S_IMODE(night.settings.snapshot_file.stat().st_mode) == 0o600


def test_without_a_snapshot_one_is_told_to_wait(used: Home) -> None:
    with writer_lock(used.settings), pytest.raises(BusyError):
        status.look(used.settings)


def test_the_page_for_prefect_names_no_file(seen: status.Facts) -> None:
    for language, feed in (("zh", "医疗机构"), ("en", "hospital")):
        page = status.markdown(seen, Voice(language))
        assert f"| {feed} | 6 | 3 | 0 | 0 | 0 | 3 |" in page and "R000001" in page
        assert "good" not in page and "张三" not in page and "csv" not in page


def test_of_many_silent_institutions_the_page_shows_some_and_says_how_many_more(seen: status.Facts) -> None:
    silent = {"source": "hospital", "status": "silent", "since": "2024-01", "months": 2, "expected": 40, "received": 0}
    facts = {**seen, "alarms": [{**silent, "institution": f"H{number}"} for number in range(status.LISTED + 7)]}
    page = status.markdown(facts, Voice("en"))
    assert page.count("! hospital H") == status.LISTED
    assert "! hospital: 7 more of its institutions or months; see ops.arrival." in page
    assert sum("! hospital H" in line.en for line in notice.news(facts, before=seen)) == status.LISTED + 7


def test_a_quiet_night_is_no_news(seen: status.Facts) -> None:
    quiet = {**seen, "last_night": {**seen["last_night"], "files_to_mend": 0}}
    assert notice.news(quiet, before=seen) == []


def test_what_is_news(night: Home, seen: status.Facts) -> None:
    with open_warehouse(night.settings) as db, db.transaction(is_rehearsal=True):
        nights.begin(db, "n1")
        nights.begin(db, "n2")
        nights.close_early(db, "n2", WarehouseError("数据库操作失败。", "A database statement failed."))
        facts = status.gather(db)
    alarm = {"source": "police", "institution": "all", "status": "silent", "since": "2024-01", "months": 2, "expected": 40, "received": 0}  # fmt: skip
    said = [line.en for line in notice.news({**facts, "alarms": [alarm]}, before=seen)]
    assert said == [
        "a defect of ours, nothing published. A database statement failed.",
        "The run before it was cut short; this one went on from there.",
        "! police: 2 months of the last year missing, from 2024-01 (usually about 40 records)",
    ]


class Receiver(BaseHTTPRequestHandler):
    """A group robot on loopback that keeps what it is told."""

    heard: ClassVar[list[Any]] = []
    answer = 200

    def do_POST(self) -> None:
        Receiver.heard.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(Receiver.answer)
        self.end_headers()

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[str]:
    server = HTTPServer(("127.0.0.1", 0), Receiver)
    Thread(target=server.serve_forever, daemon=True).start()
    Receiver.heard, Receiver.answer = [], 200
    yield f"http://127.0.0.1:{server.server_port}/robot"
    server.shutdown()


NEWS = [Text("未发布", "not published")]


def test_a_webhook_is_told(home: Home, receiver: str) -> None:
    assert notice.send(replace(home.settings, notice_url=receiver), "n1", NEWS) is None
    assert Receiver.heard == [{"msgtype": "text", "text": {"content": "DDK n1\n未发布"}, "night_id": "n1"}]


def test_a_command_reads_it(home: Home, tmp_path: Path) -> None:
    heard = tmp_path / "heard"
    command = f"{sys.executable} -c \"import sys; open('{heard}', 'w').write(sys.stdin.read())\""
    assert notice.send(replace(home.settings, notice_command=command, language="en"), "n1", NEWS) is None
    assert heard.read_text() == "DDK n1\nnot published"


def test_a_notice_that_fails_is_said_and_fails_nothing(home: Home, receiver: str) -> None:
    Receiver.answer = 500
    settings = replace(home.settings, notice_url=receiver, notice_command="no-such-command")
    assert notice.send(settings, "n1", NEWS) == "DDK_NOTICE_URL (500); DDK_NOTICE_COMMAND (FileNotFoundError)"
    nowhere = replace(home.settings, notice_url="http://127.0.0.1:9/")
    assert notice.send(nowhere, "n1", NEWS) == "DDK_NOTICE_URL (URLError)"


def test_without_any_address_nothing_is_sent(home: Home) -> None:
    assert notice.send(home.settings, "n1", NEWS) is None


def test_what_another_version_of_the_program_left_is_not_read(home: Home) -> None:
    status.keep(home.settings, {"last_night": None})
    assert status.last_snapshot(home.settings) is None
    status.keep(home.settings, {"form": status.FORM})
    assert status.last_snapshot(home.settings) == {"form": status.FORM}
    home.settings.snapshot_file.write_text("")  # the power failed before it was on the disk
    assert status.last_snapshot(home.settings) is None
