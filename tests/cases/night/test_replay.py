"""A past night computed again from the archive is what was published that night; once a week a night does it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from unittest.mock import ANY

import pytest

from ddk_surveillance import changes, intake, replay
from ddk_surveillance.changes import backfill
from ddk_surveillance.errors import ConfigurationError
from ddk_surveillance.warehouse import Warehouse, open_warehouse
from tests.cases.night.test_arrivals import CORRECTED, FIRST, LATE
from tests.conftest import NIGHT_STAGES, Home, copy_of


@pytest.fixture(scope="module")
def three_nights(first_night: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """Reports, a correction with a file of rubbish beside it and the first file again, then a month that comes late."""
    home = copy_of(first_night, tmp_path_factory.mktemp("three") / "home", first=2)
    home.drop("hospital", "rubbish.csv", b"")
    home.drop("hospital", "again.csv", FIRST)
    home.drop("hospital", "corrected.csv", CORRECTED)
    home.night()
    home.drop("hospital", "late.csv", LATE)
    home.night()
    return home


@pytest.fixture
def db(three_nights: Home) -> Iterator[Warehouse]:
    """What a test writes is rolled back, so that all can share the nights."""
    with open_warehouse(three_nights.settings) as db, db.transaction(is_rehearsal=True):
        yield db


def test_a_night_in_the_past_is_what_was_published(db: Warehouse) -> None:
    for night, release in (("night001", "R000001"), ("night002", "R000002")):
        found = replay.find(db, None, night)
        assert found.release_id == release
    assert replay.replay(db, found)[0] == "same"
    assert db.rows("SELECT count(*), count(DISTINCT table_name) FROM ops.release_table") == [(39, 13)]
    assert not (db.settings.scratch / "replay").exists()


def test_a_night_after_changes_is_replayed_with_them(
    three_nights: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = copy_of(three_nights, tmp_path / "home")
    (tmp_path / "march.csv").write_text(FIRST, encoding="utf-8")
    asked = backfill.Request(
        "hospital", date(2024, 3, 1), date(2024, 3, 31), "复核三月", "张三", files=(tmp_path / "march.csv",)
    )
    monkeypatch.setattr(backfill, "_check_agreed", lambda *_: None)  # a plan is no part of this
    with open_warehouse(home.settings) as db:
        backfill.apply(db, asked, "")
        changes.withdraw(db, "late.csv", "误报", "张三")
        found = replay.find(db, None, "C000002")
        assert replay.replay(db, found) == ("same", ANY)


def test_nights_since_an_erasure_are_replayed_and_earlier_ones_say_why_not(three_nights: Home, tmp_path: Path) -> None:
    home = copy_of(three_nights, tmp_path / "home")
    with open_warehouse(home.settings) as db:
        changes.erase(db, "late.csv", "含个人信息", "张三")
        assert replay.replay(db, replay.find(db, None, "C000001")) == ("same", ANY)
        status, text = replay.replay(db, replay.find(db, None, "night003"))
        assert status == "impossible" and "其中 1 份是后来抹除的" in text.zh
        assert replay.replay(db, replay.find(db, None, "night002"))[0] == "same"


def test_a_file_sent_again_after_it_was_withdrawn_is_replayed_whatever_became_of_that(
    three_nights: Home, tmp_path: Path
) -> None:
    home = copy_of(three_nights, tmp_path / "home")
    with open_warehouse(home.settings) as db:
        changes.withdraw(db, "late.csv", "误报", "张三")
    home.drop("hospital", "another_name.csv", LATE)
    home.night()
    with open_warehouse(home.settings) as db:
        again = replay.find(db, None, str(db.value("SELECT night_id FROM ops.night ORDER BY rowid DESC LIMIT 1")))
        assert replay.replay(db, again) == ("same", ANY)
        changes.undo(db, "C000001", "撤销", "张三")
        assert replay.replay(db, again) == ("same", ANY)


def test_a_night_that_published_nothing_is_replayed_too(three_nights: Home, tmp_path: Path) -> None:
    """First the same file again, then a month without any."""
    home = copy_of(three_nights, tmp_path / "home")
    home.drop("hospital", "again.csv", LATE)
    home.night()

    def a_month_later(db: Warehouse, night_id: str) -> None:
        intake.discover(db, night_id)
        db.execute("UPDATE ops.night SET started_at = started_at + INTERVAL 1 MONTH WHERE night_id = ?", [night_id])
        for stage in NIGHT_STAGES:
            stage.run(db, night_id)

    home.night(a_month_later)
    with open_warehouse(home.settings) as db:
        assert db.column("SELECT status FROM ops.night ORDER BY rowid")[-2:] == ["unchanged", "published"]
        for night in ("night102", "night103"):
            assert replay.replay(db, replay.find(db, None, night)) == ("same", ANY)


def test_what_differs_is_named(db: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    db.execute("UPDATE ops.release_table SET fingerprint = 'other' WHERE table_name = 'out.indicator_rate'")
    status, text = replay.replay(db, replay.find(db, None, "night002"))
    assert status == "differs" and "out.indicator_rate" in text.zh
    monkeypatch.setattr(replay, "_differing", lambda *_: ["out.indicator_rate"])
    db.execute("UPDATE ops.night SET declarations = 'of an earlier time' WHERE night_id = 'night001'")
    status, text = replay.replay(db, replay.find(db, None, "night002"))
    assert status == "changed" and "不说明当夜有错" in text.zh
    assert db.rows("SELECT status, tables_differing FROM ops.replay ORDER BY rowid") == [
        ("differs", "out.indicator_rate"),
        ("changed", "out.indicator_rate"),
    ]


def test_once_a_night_since_an_upgrade_was_replayed_the_same_what_differs_is_a_defect_again(
    db: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    db.execute("UPDATE ops.night SET declarations = 'of an earlier time' WHERE night_id = 'night001'")
    differing: dict[str, list[str]] = {"night002": [], "night003": ["out.indicator_rate"]}
    monkeypatch.setattr(replay, "_differing", lambda _, night: differing[night.night_id])
    statuses = [replay.replay(db, replay.find(db, None, night))[0] for night in ("night003", "night002", "night003")]
    assert statuses == ["changed", "same", "differs"]


def test_without_its_files_a_night_cannot_be_replayed(db: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "archived", lambda *_: None)
    status, text = replay.replay(db, replay.find(db, None, "night002"))
    assert status == "impossible" and "2 files" in text.en


def test_there_is_no_such_night(db: Warehouse) -> None:
    with pytest.raises(ConfigurationError):
        replay.find(db, None, "night009")


def test_once_a_week_one_earlier_night_is_drawn(db: Warehouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(replay, "_differing", lambda *_: [])
    assert replay.run(db, "night003").rows_in == 0  # the first night is not a week old
    db.execute("UPDATE ops.night SET started_at = started_at - INTERVAL 8 DAY WHERE night_id <> 'night003'")
    assert replay.run(db, "night003").rows_out == 1
    assert db.rows("SELECT night_id IN ('night001', 'night002'), status FROM ops.replay") == [(True, "same")]
    assert replay.run(db, "night003").rows_in == 0
