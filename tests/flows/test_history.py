"""What a night leaves in Prefect's database: all of its history, and nothing else."""

from __future__ import annotations

import json
import stat
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ddk_surveillance.errors import ExitCode

from .conftest import SECRET, SOURCES, stored

Night = tuple[Path, dict[str, Any]]


def test_every_task_of_a_night_is_kept_with_its_end(night: Night) -> None:
    from flows.ingest import STAGES
    from flows.nightly import LATER

    home, _ = night
    # first night: source_07 stops at its 4th stage, source_09 at its 2nd, and a defect keeps the rest from running
    first = 1 + len(SOURCES) * len(STAGES) - 1 - 3
    # second night: discover, three sources of which source_09 stops at its 2nd stage, and the closing stages
    # and a release the closing stages alone
    second = 1 + 3 * len(STAGES) - 3 + 2 * len(LATER)
    assert dict(stored(home, "SELECT state_type, count(*) FROM task_run GROUP BY 1")) == {
        "COMPLETED": first + second - 3,
        "FAILED": 3,
    }
    # every one of them came through Pending and Running to its end
    assert stored(home, "SELECT count(*) FROM task_run_state") == [((first + second) * 3,)]


def test_nights_and_release_are_kept_with_their_ends(night: Night) -> None:
    ends = stored(night[0], "SELECT state_type, state_name FROM flow_run WHERE start_time > '' ORDER BY start_time")
    assert ends == [("FAILED", "Failed"), ("COMPLETED", "NeedsAttention"), ("COMPLETED", "Completed")]


def test_tasks_are_named_after_stage_and_source(night: Night) -> None:
    names = {name for (name,) in stored(night[0], "SELECT name FROM task_run")}
    assert {
        "intake-source_00",
        "guard-source_00",
        "normalise-source_00",
        "quality-source_19",
        "load-source_19",
    } <= names


def test_counts_are_shown_in_the_log(night: Night) -> None:
    messages = {message for (message,) in stored(night[0], "SELECT message FROM log")}
    assert {"rows in 5, out 5, refused 0", "rows in 5, out 4, refused 1"} <= messages


def test_no_value_of_a_row_reaches_prefect(night: Night) -> None:
    home, _ = night
    files = [path for path in (home / "prefect").rglob("*") if path.is_file()]
    assert any(path.name == "prefect.db" for path in files)
    for form in (SECRET, json.dumps(SECRET)[1:-1], SECRET[3:]):
        assert [path for path in files if form.encode() in path.read_bytes()] == []


def test_the_full_traceback_waits_in_a_file_for_the_owner_alone(night: Night) -> None:
    [log] = (night[0] / "logs").glob("*-quality-source_07.log")
    assert SECRET in log.read_text()
    assert stat.S_IMODE(log.stat().st_mode) == 0o600


def test_a_defect_in_one_source_reaches_the_caller_without_its_cause(night: Night) -> None:
    kind, text, exit_code, has_no_context = night[1]["complaint"]
    assert (kind, exit_code, has_no_context) == ("StageDefect", ExitCode.DEFECT, True)
    assert "quality (source_07)" in text
    assert "(ValueError)" in text
    assert SECRET not in text


def test_the_night_is_closed_with_its_defect_and_where_to_read_of_it(night: Night) -> None:
    with duckdb.connect(str(night[0] / "ddk.duckdb"), read_only=True) as warehouse:
        [(status, message), *_] = warehouse.execute("SELECT status, message_en FROM ops.night").fetchall()
    [log] = (night[0] / "logs").glob("*-quality-source_07.log")
    assert status == "defect" and str(log) in message and SECRET not in message


def test_one_look_at_the_night_is_kept_beside_its_run(night: Night) -> None:
    pages = stored(night[0], "SELECT key, data FROM artifact WHERE type = 'markdown'")
    assert [key for key, _ in pages] == ["night", "night"]
    assert "程序缺陷" in json.loads(pages[0][1]) and SECRET not in pages[0][1]


def test_a_defect_in_one_source_stops_no_other_source_but_the_publication(night: Night) -> None:
    runs = stored(
        night[0],
        "SELECT t.name FROM task_run t JOIN flow_run f ON f.id = t.flow_run_id WHERE f.state_type = 'FAILED'",
    )
    names = {name for (name,) in runs}
    assert {"load-source_06", "load-source_08", "load-source_19"} <= names
    assert not {name for name in names if name.startswith(("link-", "indicators-", "publish-", "load-source_07"))}


def test_a_refused_file_stops_neither_the_others_nor_the_publication(night: Night) -> None:
    assert night[1]["attention"] == ["source_03", "source_09"]


def test_only_keys_are_parameters(night: Night) -> None:
    """Flows have none; of a task's Prefect keeps the name, and which task the key came from."""
    assert stored(night[0], "SELECT DISTINCT parameters FROM flow_run") == [("{}",)]
    for (inputs,) in stored(night[0], "SELECT task_inputs FROM task_run"):
        [(name, origins)] = json.loads(inputs).items()
        assert name == "key"
        assert {origin["input_type"] for origin in origins} <= {"task_run"}


def test_no_result_is_stored(night: Night) -> None:
    assert not (night[0] / "prefect" / "storage").exists()
    data = {
        data for (data,) in stored(night[0], "SELECT data FROM task_run_state UNION SELECT data FROM flow_run_state")
    }
    assert data <= {None, "null"}


def test_the_private_server_is_gone_afterwards(night: Night) -> None:
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(f"{night[1]['address']}/health", timeout=2)


def test_only_the_owner_can_read_what_prefect_keeps(night: Night) -> None:
    assert stat.S_IMODE((night[0] / "prefect").stat().st_mode) == 0o700
