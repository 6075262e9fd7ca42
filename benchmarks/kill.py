"""Kill nights, corrections, undos, an edition and an erasure at random moments, or fill their disk: is then all as if nothing had happened?

    python -m benchmarks.kill --kills 200 --disks 30 --seed 1 [--scheduler]

One home takes every step undisturbed, and a night after it. In the other the step is killed (SIGKILL, the whole process
group) at a random moment, and what is left of it again and again, until it comes to its end; a night follows. Then both must
agree: hashes of all tables without run times, files in archive, receipts and inbox, the release that analysts see. From the
state before the step all begins anew until the step has been killed as often as it should. Of --disks (by root alone) each is
a file system in memory with a random amount of room, on which the step runs once; then it is given room. With --scheduler each night is
`ddk nightly` under Prefect, without it the same stages in the same order in a process forked for each.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import date
from importlib import import_module
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

from ddk_surveillance import changes, editions, tokens
from ddk_surveillance.changes import backfill
from ddk_surveillance.console import Voice
from ddk_surveillance.settings import Settings, load, resource
from ddk_surveillance.warehouse import Warehouse, open_warehouse
from flows.ingest import STAGES as OF_A_SOURCE
from flows.nightly import LATER
from flows.stage import STAGES

# Reports, then corrections of them, repeated files and months that come late; with each wave come `troublesome` files, too.
WAVES = {
    "night 1": ("hospital/思优*2023年第[14]季度*", "police/*2023年第1季度*", "death_registry/*2023*", "population/*"),
    "night 2": ("hospital/思优*2025年第1季度*", "police/*2024年第3季度*", "court/*2023*"),
    "night 3": ("hospital/*补报*", "death_registry/*2024*", "nursery/*2023年[12]月*"),
}
# Times and ids of runs, and how much each run had to do: all else must be the same.
OF_RUNS = {
    "night_id",
    "run_id",
    "changed_by",
    "made_at",
    "published_at",
    "valid_from",
    "valid_to",
    "known_from",
    "known_to",
    "decided_at",
    "frozen_at",
    "erased_at",
    "dirty_records",
    "compared_pairs",
}
OF_RELEASES = OF_RUNS | {"content_hash"}  # in which the time of an edition counts
ABOUT_RUNS = ("ops.night", "ops.meta", "ops.linkage_quality")
PAGE_BYTES = 4096
Step = Callable[[Settings], Any]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--kills", type=int, default=30)
    options.add_argument("--disks", type=int, default=0)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--scheduler", action="store_true")
    options.add_argument("--keep", type=Path, help="an empty folder in which both homes stay, to look at")
    chosen = options.parse_args()
    import_module("great_expectations")  # once, not in every night
    with tempfile.TemporaryDirectory() as scratch:
        folder = (chosen.keep or Path(scratch)).absolute()
        folder.mkdir(parents=True, exist_ok=True)
        harness(folder, chosen.kills, chosen.disks, random.Random(chosen.seed), chosen.scheduler)


def harness(folder: Path, kills: int, disks: int, chance: random.Random, scheduler: bool) -> None:
    tokens.make_key(folder / "key")
    os.environ.update({"DDK_KEY_FILE": str(folder / "key"), "DDK_QUIET_SECONDS": "0"})
    calm, killed, before = (load(os.environ, folder / name) for name in ("calm", "killed", "before"))
    for number, (name, step) in enumerate(STEPS.items()):
        deliver(calm, name)
        copy(calm, before)
        seconds = finish(begin(calm, step, scheduler))
        finish(begin(calm, night, scheduler))
        expected, left, rounds = state(calm), share(kills, number), 0
        if state(before) == expected:
            sys.exit(f"{name} changed nothing")
        while left:
            copy(before, killed)
            rounds += 1
            while left and kill(begin(killed, step, scheduler), chance.uniform(0, seconds)):
                left -= 1
            compare(name, expected, state_after(killed, step, scheduler))
        shutil.rmtree(killed.home, ignore_errors=True)
        full = 0
        for _ in range(share(disks, number)):
            with small_disk(killed.home, size(before.home) + int(chance.random() ** 3 * size(calm.home))) as give_room:
                copy(before, killed)
                full += not ends_well(begin(killed, step, scheduler))
                give_room()
                compare(name, expected, state_after(killed, step, scheduler))
        report = {"step": name, "seconds": round(seconds, 1), "rounds": rounds, "full disks": full,
                  "compared": len(expected), "differ": []}  # fmt: skip
        print(json.dumps(report), flush=True)
    print(json.dumps({"kills": kills, "disks": disks, "scheduler": scheduler, "differ": []}))


def share(total: int, number: int) -> int:
    """Of a total what falls to the step of this number."""
    return total // len(STEPS) + (number < total % len(STEPS))


def state_after(settings: Settings, step: Step, scheduler: bool) -> dict[str, Any]:
    """What is found when the step and a night have come to their end."""
    for again in (step, night):
        finish(begin(settings, again, scheduler))
    return state(settings)


def copy(source: Settings, target: Settings) -> None:
    shutil.rmtree(target.home, ignore_errors=True)
    shutil.copytree(source.home, target.home, symlinks=True, dirs_exist_ok=True)


def size(folder: Path) -> int:
    """Bytes of all files, in whole pages, and of their folders."""
    return sum(PAGE_BYTES * (1 + path.lstat().st_size // PAGE_BYTES) for path in folder.rglob("*"))


@contextlib.contextmanager
def small_disk(folder: Path, room_bytes: int) -> Iterator[Callable[[], object]]:
    """A disk of its own for a folder, with so much room and, when the yielded function is called, with plenty."""
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={room_bytes}", "tmpfs", folder], check=True)
    try:
        yield lambda: subprocess.run(["mount", "-o", "remount,size=4g", folder], check=True)
    finally:
        subprocess.run(["umount", folder], check=True)
        folder.rmdir()


def compare(step: str, expected: dict[str, Any], found: dict[str, Any]) -> None:
    """End the harness at the first difference."""
    wrong = sorted(one for one in expected | found if expected.get(one) != found.get(one))
    if wrong:
        print(json.dumps({"step": step, "differ": wrong}))
        sys.exit(1)


def deliver(settings: Settings, step: str) -> None:
    """Put the files of a step into landing, with the same times in every home."""
    samples = resource("sample_data") / "landing"
    wave = sorted(path for pattern in WAVES.get(step, ()) for path in samples.glob(pattern))
    files = {str(path.relative_to(samples)): path.read_bytes() for path in wave}
    if step in WAVES:
        files |= troublesome(samples, int(step.split()[1]))
    for name, content in files.items():
        target = settings.landing / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        os.utime(target, (1_750_000_000 + len(target.name), 1_750_000_000 + len(target.name)))


def troublesome(samples: Path, wave: int) -> dict[str, bytes]:
    """Files that cannot be taken, or not as they are; those of the earlier waves come again, byte for byte, and one is mended."""
    quarter = (samples / f"hospital/思优医院_伤害监测_2023年第{wave + 1}季度.csv").read_bytes()
    cases = (samples / f"police/区公安分局_涉未成年人案件_2023年第{wave + 1}季度.xlsx").read_bytes()
    found = troublesome(samples, wave - 1) if wave > 1 else {}
    found = {name.replace("/", f"/再报{wave}_"): content for name, content in found.items()}
    if wave > 1:
        found["hospital/暂扣_修改版.csv"] = (
            samples / f"hospital/思优医院_伤害监测_2023年第{wave}季度.csv"
        ).read_bytes()
    return found | {
        f"police/截断_{wave}.xlsx": cases[: len(cases) // 2],  # unreadable
        f"school/放错_{wave}.xlsx": cases,  # of another feed
        f"hospital/空_{wave}.csv": b"",
        f"hospital/身份_{wave}.csv": quarter.replace(b",,,", b",11010519491231002X,,", 1),  # refused
        f"hospital/暂扣_{wave}.csv": quarter.replace(b"/", b"?"),  # held
        f"hospital/暂扣_{wave}_副本.csv": quarter.replace(b"/", b"?"),
        f"kindergarten/空表_{wave}.csv": b"\xef\xbb\xbf",
    }


def begin(settings: Settings, step: Step, scheduler: bool) -> BaseProcess:
    """Start a step in a process group of its own."""
    process = multiprocessing.get_context("fork").Process(target=_run, args=(settings, step, scheduler))
    process.start()
    return process


def _run(settings: Settings, step: Step, scheduler: bool) -> None:
    os.setsid()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if scheduler and step is night:
        os.execv(
            sys.executable, [sys.executable, "-m", "ddk_surveillance.cli", "--home", str(settings.home), "nightly"]
        )
    step(settings)


def ends_well(process: BaseProcess) -> bool:
    process.join()
    return process.exitcode in (0, 3)


def finish(process: BaseProcess) -> float:
    """Seconds that an undisturbed step took."""
    begun = time.monotonic()
    if not ends_well(process):
        sys.exit(f"a step that nobody disturbed ended with {process.exitcode}")
    return time.monotonic() - begun


def kill(process: BaseProcess, seconds: float) -> bool:
    """Whether it was still running when its time had come."""
    end = time.monotonic() + seconds
    # Not by join, which waits for the end of a process that became another program.
    while process.is_alive() and time.monotonic() < end:
        time.sleep(0.01)
    if not process.is_alive():
        return False
    with contextlib.suppress(ProcessLookupError):  # it has not even made its group
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.kill()
    process.join()
    return True


def night(settings: Settings) -> None:
    """All stages in the order of the flows, without the scheduler."""
    name = f"{time.time_ns():x}"
    with open_warehouse(settings) as db:
        for source in STAGES["discover"](db, name):
            for stage in OF_A_SOURCE:
                STAGES[stage](db, source)
        for stage in LATER:
            STAGES[stage](db, name)


def act(number: int, do: Callable[[Warehouse], object]) -> Step:
    """The change of this number; if a killed attempt has got so far already, nothing."""

    def step(settings: Settings) -> None:
        with open_warehouse(settings) as db:
            if db.value("SELECT count(*) FROM ops.change") < number:
                do(db)

    return step


def correct(db: Warehouse) -> None:
    """A hospital sends a quarter again, with a few cases fewer."""
    quarter = resource("sample_data") / "landing/hospital/思优医院_伤害监测_2023年第1季度.csv"
    given = db.settings.home / "复核.csv"
    given.write_bytes(b"".join(quarter.read_bytes().splitlines(keepends=True)[:-9]))
    os.utime(given, (1_750_000_000, 1_750_000_000))
    asked = backfill.Request("hospital", date(2023, 1, 1), date(2023, 3, 31), "复核", "officer", "H0002", (given,))
    backfill.apply(db, asked, backfill.plan(db, asked).plan_id)


def freeze(settings: Settings) -> None:
    with open_warehouse(settings) as db:
        is_done = db.value("SELECT count(*) FROM ops.edition")
    if not is_done:
        editions.freeze(settings, Voice("zh"), 2023, "officer", "年报", is_forced=True)


STEPS: dict[str, Step] = {
    **dict.fromkeys(WAVES, night),
    "backfill": act(1, correct),
    "withdraw": act(2, lambda db: changes.withdraw(db, "区公安分局_涉未成年人案件_2024年第3季度_修改版.xlsx", "误报", "officer")),
    "undo": act(3, lambda db: changes.undo(db, "C000001", "撤销", "officer")),
    "freeze": freeze,
    "erase": act(4, lambda db: changes.erase(db, "思优医院_伤害监测_2023年第1季度.csv", "含个人信息", "officer")),
}  # fmt: skip


def state(settings: Settings) -> dict[str, Any]:
    """Everything that must not depend on how often a step was begun."""
    with open_warehouse(settings) as db:
        found: dict[str, Any] = {
            name: db.digest(f"(SELECT {', '.join(sorted(set(table.columns) - left_out))} FROM {name})")
            for name, table in db.library.tables.items()
            for left_out in [OF_RELEASES if name == "ops.release" else OF_RUNS]
            if name not in ABOUT_RUNS
        }
        found["unbalanced"] = db.value("SELECT count(*) FROM ops.ledger WHERE NOT is_balanced")
    for folder in ("landing", "inbox", "archive", "refused", "receipts", "analyst", "plans", "scratch"):
        base = settings.home / folder
        found[folder] = sorted(
            str(path.relative_to(base)) for path in base.rglob("*") if path.is_file() or path.is_symlink()
        )
    found["analysts see"] = os.path.lexists(settings.analyst_file) and os.readlink(settings.analyst_file)
    return found


if __name__ == "__main__":
    main()
