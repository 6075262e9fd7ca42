"""A backup brings the same home back, to the byte; a damaged one is refused; what is kept has limits."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from ddk_surveillance import backup, retention
from ddk_surveillance.console import Voice
from ddk_surveillance.errors import BusyError, ConfigurationError
from ddk_surveillance.warehouse import open_warehouse, writer_lock
from tests.cases.night.test_arrivals import LATE, send, state
from tests.conftest import Home

VOICE = Voice("zh")


def test_a_round_trip_brings_everything_back_and_the_next_night_goes_on(
    used: Home, make_home: Callable[..., Home], tmp_path: Path
) -> None:
    used.settings.models.mkdir()
    (used.settings.models / "the_one_before.json").write_text("{}")
    backup.back_up(used.settings, VOICE, tmp_path / "copy")
    other = make_home("other")
    backup.restore(other.settings, VOICE, tmp_path / "copy", replace=False)
    assert contents(other) == contents(used)
    assert "models/the_one_before.json" in contents(other)
    assert state(other) == state(used)
    assert state(send(other, LATE)) == state(send(used, LATE))


def contents(home: Home) -> dict[str, bytes | str]:
    paths = [
        path for name in backup.KEPT for path in [home.settings.home / name, *(home.settings.home / name).rglob("*")]
    ]
    return {
        str(path.relative_to(home.settings.home)): os.readlink(path) if path.is_symlink() else path.read_bytes()
        for path in paths
        if path.is_file()
    }


def test_a_home_that_holds_data_is_replaced_only_when_told_so(used: Home, tmp_path: Path) -> None:
    backup.back_up(used.settings, VOICE, tmp_path / "copy")
    before = state(used)
    send(used, LATE)
    with pytest.raises(ConfigurationError, match="--replace"):
        backup.restore(used.settings, VOICE, tmp_path / "copy", replace=False)
    backup.restore(used.settings, VOICE, tmp_path / "copy", replace=True)
    assert state(used) == before
    [aside] = used.settings.home.glob("before-restore-*")
    assert (aside / "ddk.duckdb").exists()


def test_a_restore_that_was_cut_short_leaves_no_home_until_it_is_done_again(
    used: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    backup.back_up(used.settings, VOICE, tmp_path / "copy")
    before = contents(used)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(backup.shutil, "copy2", one_copy_then_killed())
        backup.restore(used.settings, VOICE, tmp_path / "copy", replace=True)
    with pytest.raises(ConfigurationError, match="did not come to its end"), open_warehouse(used.settings):
        pass
    backup.restore(used.settings, VOICE, tmp_path / "copy", replace=True)
    assert contents(used) == before
    state(used)
    asides = sorted(path.name for path in used.settings.home.glob("before-restore-*"))
    assert len(asides) == 2 and f"的 {'、'.join(asides)}。" in capsys.readouterr().out


def one_copy_then_killed() -> Callable[[Path, Path], Path]:
    copies = iter([shutil.copy2])

    def copy(source: Path, target: Path) -> Path:
        for real in copies:
            return Path(real(source, target))
        raise KeyboardInterrupt

    return copy


def test_a_damaged_or_unfinished_backup_restores_nothing(
    used: Home, make_home: Callable[..., Home], tmp_path: Path
) -> None:
    copy = tmp_path / "copy"
    backup.back_up(used.settings, VOICE, copy)
    [archived] = [path for path in (copy / "archive").rglob("*") if path.is_file()]
    archived.write_bytes(archived.read_bytes() + b" ")
    other = make_home("other")
    with pytest.raises(ConfigurationError, match="1 files"):
        backup.restore(other.settings, VOICE, copy, replace=False)
    (copy / backup.MANIFEST).unlink()
    with pytest.raises(ConfigurationError, match="not a whole backup"):
        backup.restore(other.settings, VOICE, copy, replace=False)
    (copy / backup.MANIFEST).write_text("[]")
    with pytest.raises(ConfigurationError, match="not a whole backup"):
        backup.restore(other.settings, VOICE, copy, replace=False)
    assert not other.settings.warehouse_file.exists()


def test_nothing_is_backed_up_while_a_run_writes_or_into_a_folder_in_use(used: Home, tmp_path: Path) -> None:
    with writer_lock(used.settings), pytest.raises(BusyError):
        backup.back_up(used.settings, VOICE, tmp_path / "copy")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("")
    with pytest.raises(ConfigurationError, match="not empty"):
        backup.back_up(used.settings, VOICE, tmp_path / "full")
    with pytest.raises(ConfigurationError, match="within the data home"):
        backup.back_up(used.settings, VOICE, used.settings.home / "copy")
    for place in ("full/x/copy", "a disk that is not mounted/copy"):
        with pytest.raises(ConfigurationError, match="cannot be written"):
            backup.back_up(used.settings, VOICE, tmp_path / place)


def test_what_is_older_than_its_limit_goes_and_nothing_else(used: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    (used.settings.logs / "old.log").write_text("")
    for days, left in ((89, 1), (91, 0)):
        later = os.stat(used.settings.logs / "old.log").st_ctime + days * retention.DAY_SECONDS
        monkeypatch.setattr("time.time", lambda later=later: later)
        retention.sweep(used.settings)
        assert len(list(used.settings.logs.glob("*"))) == left
    assert [path for path in used.settings.archive.rglob("*") if path.is_file()]  # kept for ever
    retention.sweep(replace(used.settings, keep_archive_days=30))
    assert not [path for path in used.settings.archive.rglob("*") if path.is_file()]
    assert [path for path in used.settings.receipts.rglob("*") if path.is_file()]


def test_as_many_releases_stay_as_are_wanted(used: Home) -> None:
    used.settings = replace(used.settings, keep_releases=1)
    (used.settings.analyst / "ddk_analyst_R000007.duckdb").touch()  # made before an older warehouse was put back
    send(used, LATE)
    assert (
        used.settings.analyst_file.resolve().name == "ddk_analyst_R000002.duckdb"
        and used.settings.analyst_file.exists()
    )
    names = {path.name for path in used.settings.analyst.glob("ddk_analyst_R*")}
    assert names == {"ddk_analyst_R000002.duckdb", "ddk_analyst_R000007.duckdb"}
