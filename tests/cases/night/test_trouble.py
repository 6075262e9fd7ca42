"""Trouble from outside: kills, a full or read-only disk, files that vanish or change, a clock set back, a file held open.

Whatever happened, one night afterwards brings the state of undisturbed nights: nothing lost, nothing twice, no stale lock.
`python -m benchmarks.kill` kills at random moments.
"""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ddk_surveillance import intake, landing, notice, status, tokens
from ddk_surveillance.backup import back_up, restore
from ddk_surveillance.cli import main
from ddk_surveillance.console import Voice
from ddk_surveillance.doctor import EXAMINATIONS
from ddk_surveillance.errors import BusyError, ConfigurationError
from ddk_surveillance.settings import PROJECT
from ddk_surveillance.warehouse import Warehouse, open_warehouse
from ddk_surveillance.writing import workbook
from tests.cases.night.test_arrivals import FIRST, LATE, TABLES, state
from tests.conftest import Home, copy_of, take_in

# In the order of a night, each killed where the one before had to leave it.
PLACES = {
    "a file is claimed and not yet known": ("ddk_surveillance.intake", "register"),
    "a copy is about to be put away": ("ddk_surveillance.landing", "_put_away"),
    "a file is about to be read": ("ddk_surveillance.intake", "read"),
    "rows are about to be stored": ("ddk_surveillance.guard", "_rekeyed"),
    "inside the transaction that loads": ("ddk_surveillance.load", "_settle"),
    "inside the transaction that links": ("ddk_surveillance.link", "_replace_members"),
    "the figures are replaced, the verdicts about to be": ("ddk_surveillance.indicators", "_replace_by"),
    "the analyst file is about to be built": ("ddk_surveillance.publish", "_build"),
    "the release is recorded, analysts still see the old one": ("ddk_surveillance.publish", "_point_to"),
}


@pytest.fixture(scope="module")
def first(first_night: Home, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One night is done, the second file waits, twice, byte for byte."""
    home = copy_of(first_night, tmp_path_factory.mktemp("trouble") / "home")
    home.drop("hospital", "late.csv", LATE)
    home.drop("hospital", "late (1).csv", LATE)
    return home


@pytest.fixture(scope="module")
def calm(first: Home) -> dict[str, Any]:
    """What two undisturbed nights leave."""
    home = copy_of(first, first.settings.home.with_name("calm"))
    home.night()
    return left_by(home)


@pytest.fixture
def waiting(first: Home, tmp_path: Path) -> Home:
    return copy_of(first, tmp_path / "waiting")


def left_by(home: Home) -> dict[str, Any]:
    """Records, incidents and figures, the books, the releases, and every file."""
    folders = {
        folder: sorted(
            str(path.relative_to(home.settings.home / folder))
            for path in (home.settings.home / folder).rglob("*")
            if path.is_file()
        )
        for folder in ("archive", "inbox", "analyst", "receipts")
    }
    return {
        **state(home),
        "books": home.ledger("hospital"),
        "releases": home.query("SELECT release_id, content_hash FROM ops.release ORDER BY ALL"),
        "analysts see": os.readlink(home.settings.analyst_file),
        **folders,
    }


def killed(home: Home, module: str, function: str) -> int:
    """Begin a night in a fork, which is killed as it reaches a function; the signal that ended it."""
    child = os.fork()
    if child == 0:
        signal.alarm(120)  # whatever a fork may wait for, it does not wait for ever
        setattr(import_module(module), function, lambda *_, **__: os.kill(os.getpid(), signal.SIGKILL))
        with contextlib.suppress(BaseException):
            home.night()
        os._exit(0)
    return os.WTERMSIG(os.waitpid(child, 0)[1])


def test_killed_nine_times(calm: dict[str, Any], waiting: Home) -> None:
    assert [killed(waiting, *place) for place in PLACES.values()] == [signal.SIGKILL] * 9
    waiting.night()
    assert left_by(waiting) == calm


def test_a_file_found_unreadable_by_a_run_that_was_killed_then_stands_in_the_books_and_the_notice(
    waiting: Home,
) -> None:
    def killed_after_intake(db: Warehouse, night: str) -> None:
        for source in intake.discover(db, night):
            intake.run(db, source)

    waiting.drop("police", "案件.xlsx", b"PK\x03\x04 cut off")
    waiting.night(killed_after_intake)
    waiting.night()
    assert waiting.query("SELECT count(*) FROM ops.batch ANTI JOIN ops.ledger USING (batch_id)") == [(0,)]
    assert waiting.column("SELECT status FROM ops.night ORDER BY rowid")[-1] == "published"
    with open_warehouse(waiting.settings) as db:
        said = [line.zh for line in notice.news(status.gather(db), None)]
    assert said[:2] == ["上一次运行被中断，本次已接着做完。", "1 份文件被拒收、暂扣或不可读。"]


@contextlib.contextmanager
def full_disk(home: Home, room_bytes: int = 40_000) -> Iterator[None]:
    """No file grows beyond so many bytes, as on a full disk; the signal that says so is an error instead."""
    before, handler = resource.getrlimit(resource.RLIMIT_FSIZE), signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
        signal.signal(signal.SIGXFSZ, handler)


@contextlib.contextmanager
def analyst_holds_it_open(home: Home) -> Iterator[None]:
    """Another process reads the warehouse file itself."""
    held = "import duckdb, sys; held = duckdb.connect(sys.argv[1], read_only=True); print('held', flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", held, str(home.settings.warehouse_file)], stdin=subprocess.PIPE,
                          stdout=subprocess.PIPE) as holder:  # fmt: skip
        assert holder.stdout and holder.stdout.readline() == b"held\n"
        yield
        holder.communicate()


@contextlib.contextmanager
def read_only_disk(home: Home) -> Iterator[None]:
    folder = str(home.settings.home)
    if subprocess.run(["mount", "--bind", folder, folder], capture_output=True, check=False).returncode:
        pytest.skip("this user cannot mount a disk")
    try:
        subprocess.run(["mount", "-o", "remount,ro,bind", folder], check=True)
        yield
    finally:
        subprocess.run(["umount", folder], check=True)


Trouble = Callable[[Home], contextlib.AbstractContextManager[None]]
TROUBLES: dict[str, tuple[Trouble, type[Exception], str]] = {
    "no room at all": (lambda home: full_disk(home, 0), ConfigurationError, "disk space"),
    "no room after a while": (full_disk, Exception, "File too large|disk space"),
    "held open": (analyst_holds_it_open, BusyError, "open in another program"),
}


def test_each_night_in_trouble_says_so_and_the_one_after_them_makes_up_for_it(
    calm: dict[str, Any], waiting: Home
) -> None:
    for trouble, error, words in TROUBLES.values():
        with trouble(waiting), pytest.raises(error, match=words):
            waiting.night()
    waiting.night()
    assert left_by(waiting) == calm


def test_the_look_tells_a_run_from_an_analyst_who_holds_the_warehouse_open(waiting: Home) -> None:
    with open_warehouse(waiting.settings) as db:
        status.keep(waiting.settings, status.gather(db))
    with analyst_holds_it_open(waiting):
        said = status.sentences(status.look(waiting.settings))
    assert said[0].zh.startswith(
        "数据仓库文件正被另一个程序打开（例如分析员直接打开了 ddk.duckdb）。请关闭后重试。以下为 "
    )


def test_a_disk_that_is_read_only(calm: dict[str, Any], waiting: Home) -> None:
    with read_only_disk(waiting), pytest.raises(OSError, match="Read-only"):
        waiting.night()
    waiting.night()
    assert left_by(waiting) == calm


def test_a_command_says_in_one_line_that_the_disk_refuses(
    waiting: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DDK_KEY_FILE", str(waiting.settings.key_file))
    with read_only_disk(waiting), pytest.raises(SystemExit) as ended:
        main(["--home", str(waiting.settings.home), "nightly"])
    said = "系统拒绝读写文件（Read-only file system）。请检查磁盘空间和文件夹权限（ddk doctor）。\n"
    assert (ended.value.code, capsys.readouterr().err) == (2, said)


def test_a_workbook_without_room_is_no_defect_of_ours_and_leaves_nothing(waiting: Home, tmp_path: Path) -> None:
    receipt = tmp_path / "receipts" / "回执.xlsx"
    receipt.parent.mkdir()
    with full_disk(waiting, 1000), pytest.raises(OSError, match="File too large"), workbook(receipt) as book:
        book.add_worksheet("回执")
    assert list(receipt.parent.iterdir()) == []


def test_the_doctor_sees_the_key_of_another_warehouse(first: Home, tmp_path: Path) -> None:
    tokens.make_key(tmp_path / "other")
    right, wrong = first.settings, replace(first.settings, key_file=tmp_path / "other")
    look = {name.en: look for name, look in EXAMINATIONS}["warehouse"]
    assert look(right) is None
    with pytest.raises(ConfigurationError, match="wrong key"):
        look(wrong)


def test_no_run_begins_with_the_key_of_another_warehouse_even_if_no_file_waits(
    first: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from flows import stage

    tokens.make_key(tmp_path / "other")
    monkeypatch.setenv("DDK_HOME", str(first.settings.home))
    monkeypatch.setenv("DDK_KEY_FILE", str(tmp_path / "other"))
    monkeypatch.setattr(stage, "concurrency", lambda *_, **__: contextlib.nullcontext())
    with pytest.raises(ConfigurationError, match="wrong key"), stage.writing():
        pytest.fail("it began")


def test_a_missing_file_is_a_defect_of_ours_and_not_of_the_disk(
    waiting: Home, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def look_for(*_: object) -> None:
        (waiting.settings.home / "no such file").read_text()

    monkeypatch.setenv("DDK_HOME", str(waiting.settings.home))
    monkeypatch.setattr("ddk_surveillance.status.look", look_for)
    with pytest.raises(SystemExit) as ended:
        main(["status"])
    said = capsys.readouterr().err
    assert ended.value.code == 1 and said.startswith("程序缺陷（FileNotFoundError）")
    assert [log.suffix for log in waiting.settings.logs.iterdir()] == [".log"]


def test_files_that_vanish_or_are_half_copied(
    calm: dict[str, Any], waiting: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    half_copied = (".late.csv.swp", "half.csv.part", "~$half.xlsx", "half.csv.filepart")
    for name in half_copied:
        waiting.drop("hospital", name, FIRST[:100])
    fleeting = waiting.drop("hospital", "fleeting.csv", FIRST)
    settled = landing._settled

    def vanishes(paths: list[Path], quiet_seconds: float) -> list[Path]:
        found = settled(paths, quiet_seconds)
        fleeting.unlink(missing_ok=True)
        return found

    monkeypatch.setattr(landing, "_settled", vanishes)
    waiting.night()
    assert left_by(waiting) == calm
    assert {path.name for path in (waiting.settings.landing / "hospital").iterdir()} == set(half_copied)


def test_what_somebody_does_in_the_inbox_after_a_run_was_killed_stops_no_night(
    calm: dict[str, Any], waiting: Home
) -> None:
    """Folders and files are put there, which belong into landing, and a file is put back to where it came from."""
    waiting.night(intake.discover)
    [batch] = waiting.settings.inbox.glob("hospital/*/")
    (batch / "新建文件夹").mkdir()
    (batch / "~$late.csv").write_text("Excel has it open")
    (batch / "another.csv").write_text("")
    (waiting.settings.inbox / "hospital" / "by_hand.csv").write_text("")
    (waiting.settings.inbox / "hospital" / "2024").mkdir()
    waiting.night()
    assert {path.name for path in (waiting.settings.landing / "hospital").iterdir()} == {"新建文件夹", "2024"}
    assert waiting.column("SELECT count(*) FROM ops.batch WHERE status = 'unreadable'") == [1]
    found = left_by(waiting)
    assert {name: found[name] for name in ("core.record", "inbox")} == {
        name: calm[name] for name in ("core.record", "inbox")
    }


def test_a_file_that_somebody_has_taken_out_of_the_inbox_is_not_waited_for(calm: dict[str, Any], waiting: Home) -> None:
    waiting.night(intake.discover)
    [claimed] = waiting.settings.inbox.glob("hospital/*/*")
    claimed.rename(waiting.settings.landing / "hospital" / claimed.name)
    waiting.night()
    assert {table: calm[table] for table in TABLES} == state(waiting)


def test_a_warehouse_that_is_gone_is_not_begun_anew(waiting: Home) -> None:
    """Analysts would see a district without a child."""
    waiting.settings.warehouse_file.rename(waiting.settings.home / "moved")
    with (
        pytest.raises(ConfigurationError, match="is gone, though figures were published"),
        open_warehouse(waiting.settings),
    ):
        pass


def test_after_an_older_warehouse_was_put_back_the_newer_files_are_told_of_and_can_come_again(
    calm: dict[str, Any], waiting: Home
) -> None:
    older = waiting.settings.home / "older"
    shutil.copy2(waiting.settings.warehouse_file, older)
    waiting.night()
    older.rename(waiting.settings.warehouse_file)
    waiting.night()
    [notice] = waiting.column("SELECT notice_zh FROM ops.night ORDER BY rowid DESC LIMIT 1")
    assert notice.startswith("archive/ 中有 1 份文件，数据仓库并不知道")
    [batch] = set(waiting.settings.archive.glob("hospital/*")) - {
        waiting.settings.archive / "hospital" / known for known in waiting.column("SELECT batch_id FROM ops.batch")
    }
    with pytest.raises(ConfigurationError, match=f"1 archived files: hospital/{batch.name}"):
        {name.en: look for name, look in EXAMINATIONS}["warehouse"](waiting.settings)
    (batch / "late.csv").rename(waiting.settings.landing / "hospital" / "late.csv")
    waiting.night()
    assert {table: calm[table] for table in TABLES} == state(waiting)
    assert waiting.column("SELECT notice_zh FROM ops.night ORDER BY rowid DESC LIMIT 1") == [None]


def test_landing_on_another_disk_is_told(waiting: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def between_disks(*_: object) -> None:
        raise OSError(errno.EXDEV, "Invalid cross-device link")

    monkeypatch.setattr(landing.os, "rename", between_disks)
    with pytest.raises(ConfigurationError, match="landing/hospital/ lies on another disk"):
        waiting.night()


def test_a_name_in_the_characters_of_windows_is_read_in_them(used: Home, tmp_path: Path) -> None:
    """As an archive made there brings it: to this system it is no text."""
    name = os.fsdecode("补报.csv".encode("gb18030"))
    used.drop("hospital", name, LATE)
    assert list(landing.names_waiting(used.settings).values()) == ["补报.csv"]
    back_up(used.settings, Voice("zh"), tmp_path / "backup")
    assert (
        restore(replace(used.settings, home=tmp_path / "again"), Voice("zh"), tmp_path / "backup", replace=False) == 0
    )
    used.night(take_in)
    assert used.column("SELECT file_name FROM ops.batch ORDER BY 1") == ["first.csv", "补报.csv"]
    assert landing.name_of(Path(os.fsdecode(("长" * 120 + ".csv").encode("gb18030")))) == "长" * 80 + ".csv"


def test_a_copy_that_has_stalled_waits_until_it_is_closed(waiting: Home) -> None:
    half = waiting.drop("hospital", "half.csv", FIRST[:200])
    with half.open("a") as copy:
        assert landing._settled([half], 0) == []
        copy.write(FIRST[200:])
    assert landing._settled([half], 0) == [half]


def test_a_file_that_still_grows_waits(waiting: Home) -> None:
    growing = waiting.drop("hospital", "growing.csv", FIRST[:200])
    done = threading.Event()

    def grow() -> None:
        while not done.wait(0.01):
            with growing.open("a") as stream:
                stream.write("x")

    writer = threading.Thread(target=grow)
    writer.start()
    try:
        assert growing not in landing._settled([growing], 0.1)
    finally:
        done.set()
        writer.join()


def test_a_file_that_changes_after_its_fingerprint_was_taken(
    calm: dict[str, Any], waiting: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody still writes to the file that was claimed: it goes back to landing and is taken when it is whole."""
    late = LATE.encode()
    for name in ("late.csv", "late (1).csv"):
        waiting.drop("hospital", name, late[:-20])
    read = intake.read

    def changed(db: object, source: object, claim: landing.Claim) -> bool:
        claim.path.write_bytes(late)
        return bool(read(db, source, claim))  # type: ignore[arg-type]

    with monkeypatch.context() as patched:
        patched.setattr(intake, "read", changed)
        waiting.night()
    assert waiting.column("SELECT count(*) FROM ops.batch") == [2]  # the first file, and the copy that was half as well
    [back] = (waiting.settings.landing / "hospital").iterdir()
    assert back.read_bytes() == late


def test_a_clock_that_was_set_back(calm: dict[str, Any], waiting: Home) -> None:
    with open_warehouse(waiting.settings) as db:
        db.execute("UPDATE ops.night SET started_at = started_at + INTERVAL 1 YEAR")
        db.execute("UPDATE ops.release SET published_at = published_at + INTERVAL 1 YEAR")
    waiting.night()
    assert left_by(waiting) == calm
    assert waiting.column("SELECT release_id FROM ops.release ORDER BY published_at") == ["R000001", "R000002"]


# Opens the warehouse, says so, and lets it go when told; without a second word it refuses to wait.
WRITER = """
import sys; from pathlib import Path
from ddk_surveillance.settings import load; from ddk_surveillance.warehouse import open_warehouse
with open_warehouse(load({"DDK_NO_WAIT": sys.argv[2]} if sys.argv[2:] else {}, Path(sys.argv[1]))):
    print("writing", flush=True); sys.stdin.readline()
"""


def writer(home: Home, *no_wait: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(home.settings.home), *no_wait], cwd=PROJECT, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def test_of_two_that_start_at_once_one_writes_and_the_other_waits_with_a_message(home: Home) -> None:
    both = [writer(home), writer(home)]
    heard: dict[int, str] = {}
    readers = [
        threading.Thread(target=lambda n=n, p=p: heard.update({n: p.stderr.readline()})) for n, p in enumerate(both)
    ]  # type: ignore[misc, union-attr]
    for reader in readers:
        reader.start()
    end = time.monotonic() + 60
    while not heard and time.monotonic() < end:
        time.sleep(0.02)
    [(second, message)] = heard.items()
    assert "另一个运行正在使用数据仓库" in message and "--no-wait" in message
    refused = writer(home, "1")
    assert "BusyError" in refused.communicate(timeout=60)[1] and refused.returncode != 0
    for number in (1 - second, second):  # the second gets its turn when the first has ended
        assert both[number].communicate("\n", timeout=60)[0] == "writing\n"
    for reader in readers:
        reader.join()


def test_there_are_so_many() -> None:
    assert (len(PLACES), len(TROUBLES)) == (9, 3)
