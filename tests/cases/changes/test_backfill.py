"""A period is corrected: the plan shows what will move and moves nothing, applying does that, an undo takes it back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ddk_surveillance import changes, status
from ddk_surveillance.changes import backfill
from ddk_surveillance.changes.backfill import NotAdmitted, Plan, Request, WorldMoved
from ddk_surveillance.errors import ConfigurationError
from ddk_surveillance.settings import resource
from ddk_surveillance.warehouse import open_warehouse
from tests.cases.changes.acts import LATE, MARCH, derived, figure, in_one_night, undo, withdraw
from tests.conftest import HOSPITAL, Home, copy_of, csv_of

# C1 of March lies beside the period; C2 is no violence after all; C3, C8 and C9 are not there; C10 is new.
TRUTH = csv_of(HOSPITAL, C2_是否故意="非故意", C2_报告日期="2024-04-20", C3_卡片编号="C10")
VIOLENCE = """
indicator: violence
version: 1
valid_from: "2024-01-01"
title: {zh: 暴力, en: violence}
definition: {zh: 医院所见暴力, en: violence seen by hospitals}
unit: incidents
numerator: {column: intent, among: [assault]}
"""
FALLS_ARE_DOUBTFUL = "  - {when: {mechanism: [fall]}, set: {intent: undetermined}, overrides: true, reason: 试}\n"


@pytest.fixture(scope="module")
def past(make_shared_home: Callable[..., Home]) -> Home:
    """Two files: C1 to C3 of March to May, C7 to C9 of February to May."""
    home = make_shared_home()
    (home.settings.home / "schemas" / "indicators").mkdir(parents=True)
    (home.settings.home / "schemas" / "indicators" / "violence.yaml").write_text(VIOLENCE, encoding="utf-8")
    return in_one_night(home, march=MARCH, late=LATE)


@pytest.fixture
def history(past: Home, tmp_path: Path) -> Home:
    return copy_of(past, tmp_path / "home")


@pytest.fixture
def truth(tmp_path: Path) -> Path:
    path = tmp_path / "truth.csv"
    path.write_text(TRUTH, encoding="utf-8")
    return path


@pytest.fixture
def whatever_was_agreed(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of which seeing a plan first is no part."""
    monkeypatch.setattr(backfill, "_check_agreed", lambda *_: None)


def request(*files: Path, first: date = date(2024, 4, 1), last: date = date(2024, 5, 31), **more: Any) -> Request:
    return Request("hospital", first, last, "更正四、五月", "张三", files=files, **more)


def plan(home: Home, asked: Request) -> Plan:
    with open_warehouse(home.settings) as db:
        return backfill.plan(db, asked)


def apply(home: Home, asked: Request, agreed: str) -> Plan:
    with open_warehouse(home.settings) as db:
        return backfill.apply(db, asked, agreed)


def everything(home: Home) -> dict[str, bytes]:
    """Every file of the data home except the database and the folder of plans."""
    kept = (path for path in sorted(home.settings.home.rglob("*")) if path.is_file())
    return {
        str(path.relative_to(home.settings.home)): path.read_bytes()
        for path in kept
        if path.parent != home.settings.home and home.settings.plans not in path.parents
    }


def test_given_files_are_the_truth_of_their_period(history: Home, truth: Path) -> None:
    before, disk = derived(history), everything(history)
    assert figure(history, "violence", "2024") == 1

    with open_warehouse(history.settings) as db:
        db.execute(
            "INSERT INTO ops.edition BY NAME SELECT '2024-1' AS edition_id, 2024 AS year, 1 AS number, 'R000001' AS release_id,"
            " false AS is_provisional, now()::TIMESTAMP AS frozen_at, '王五' AS frozen_by"
        )
    seen = plan(history, request(truth))
    assert seen.effect.editions == ("2024-1",)
    assert (derived(history), everything(history)) == (before, disk)
    assert history.query("FROM ops.change") == []
    [file] = seen.files
    assert (file.received, file.taken, file.beside) == (3, 2, 1)
    counts = seen.effect.counts
    assert (counts["records_added"], counts["records_changed"], counts["records_withdrawn"]) == (1, 1, 3)
    assert ("mart.indicator_rate", "violence", "year 2024 all all all", "numerator", "1", "0") in seen.effect.figures

    assert apply(history, request(truth), seen.plan_id) == seen
    assert history.column("SELECT source_record_number FROM core.record ORDER BY 1") == ["C1", "C10", "C2", "C7"]
    assert figure(history, "violence", "2024") == 0
    assert history.ledger("hospital") == {"rows_received": 9, "withdrawn": 5, "loaded": 4}
    assert [path.name for path in history.settings.archive.glob("hospital/*/truth.csv")] == ["truth.csv"]

    # Two changes, of which the first is undone first: what is left is the second alone.
    later, _ = withdraw(history, "late.csv")
    undo(history, seen.change_id)
    second_alone = derived(history)
    undo(history, later)
    assert derived(history) == before
    withdraw(history, "late.csv")
    assert derived(history) == second_alone


def test_archived_files_are_read_again_by_todays_declarations_for_the_period_alone(history: Home) -> None:
    before = derived(history)
    local = history.settings.home / "schemas" / "sources"
    local.mkdir(parents=True)
    shutil.copy(resource("schemas") / "sources" / "hospital.yaml", local)
    with (local / "hospital.yaml").open("a", encoding="utf-8") as contract:
        contract.write(FALLS_ARE_DOUBTFUL)

    asked = request(first=date(2024, 3, 1), last=date(2024, 3, 31))
    seen = plan(history, asked)
    assert seen.effect.counts["records_changed"] == 1
    assert [row[3:] for row in seen.effect.incidents] == [("intent", "unintentional", "undetermined")]
    apply(history, asked, seen.plan_id)
    assert history.query("SELECT source_record_number, intent FROM core.record WHERE mechanism = 'fall' ORDER BY 1") == [
        ("C1", "undetermined"), ("C7", "unintentional")
    ]  # fmt: skip
    with open_warehouse(history.settings) as db:
        [hospital] = status.gather(db)["sources"]
        assert changes._batch_in_use(db, "march.csv")  # the name still means one file, though it has two batches
    assert (hospital["files"], hospital["rows_received"], hospital["rows_loaded"], hospital["rows_withdrawn"]) == (
        2,
        6,
        6,
        0,
    )  # read twice, received once
    undo(history, seen.change_id)
    assert derived(history) == before


def test_an_archived_file_that_somebody_has_changed_is_not_read_again(history: Home) -> None:
    """Opened and saved in a spreadsheet, say; what that keeps beside it meanwhile does no harm."""
    [march] = history.settings.archive.glob("hospital/*/march.csv")
    (march.parent / "~$march.csv").write_bytes(b"")
    plan(history, request())
    march.write_text(MARCH.replace("C2", "C22"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="or was changed there"):
        plan(history, request())


@pytest.mark.usefixtures("whatever_was_agreed")
def test_a_change_of_nothing_is_none(history: Home) -> None:
    asked = request(first=date(2024, 3, 1), last=date(2024, 3, 31))
    assert apply(history, asked, "").effect.is_none
    assert history.query("FROM ops.change") == []


class PowerFailure(BaseException):
    """Nothing catches this, as nothing catches a kill."""


@pytest.mark.usefixtures("whatever_was_agreed")
def test_a_kill_leaves_before_or_after_and_never_half(
    history: Home, truth: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dies(*_: object) -> None:
        raise PowerFailure

    before, asked = derived(history), request(truth)
    for module, function in ((backfill, "_archive"), (changes, "make_public")):
        with monkeypatch.context() as patched, pytest.raises(PowerFailure):
            patched.setattr(backfill if function == "make_public" else module, function, dies)
            apply(history, asked, "")
        if function == "_archive":
            assert derived(history) == before and history.query("FROM ops.change") == []
    (history.settings.scratch / "plan").mkdir(parents=True)  # a kill leaves it, copies of files and all
    history.night()
    assert not history.settings.scratch.exists()
    assert figure(history, "violence", "2024") == 0
    assert history.column("SELECT status FROM ops.night WHERE night_id = 'night101'") == ["published"]


def test_what_cannot_be_done_is_said_and_changes_nothing(history: Home, truth: Path, tmp_path: Path) -> None:
    before = derived(history)
    with pytest.raises(WorldMoved, match="moved since plan"):
        apply(history, request(truth), "000000000000")
    bad = tmp_path / "bad.csv"
    bad.write_text(TRUTH.replace("5岁", "不详").replace(",16,", ",无,").replace(",15,", ",无,"), encoding="utf-8")
    with pytest.raises(NotAdmitted, match="1 files"):
        plan(history, request(bad))
    for asked, word in (
        (request(first=date(2030, 1, 1), last=date(2030, 1, 31)), "no file of this period"),
        (request(first=date(2024, 6, 1)), "later than"),
        (Request("hospitals", date(2024, 1, 1), date(2024, 1, 31), "x", "x"), "no source hospitals"),
        (request(tmp_path / "none.csv"), "cannot be read"),
        (Request("hospital", date(2024, 1, 1), date(2024, 1, 31), "x", "x", "H9999"), "no record of institution H9999"),
    ):
        with pytest.raises(ConfigurationError, match=word):
            plan(history, asked)
    assert derived(history) == before
