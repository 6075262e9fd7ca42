"""Kill nights at random moments, then let one finish: is everything as if nothing had happened?

    python -m benchmarks.kill --kills 200 --seed 1 [--scheduler]

The files of a district arrive in three waves. One home takes each wave in with one undisturbed night; in the other every
night is killed (SIGKILL, the whole process group) at a random moment, again and again, before one is left alone. After
each wave both must agree: hashes of all tables without run times, files in archive, receipts and inbox, the release that
analysts see. With --scheduler each night is `ddk nightly` under Prefect, without it the same stages in the same order.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from ddk_surveillance import tokens
from ddk_surveillance.settings import PROJECT, Settings, load, resource

# Reports, then corrections of them, repeated files and months that come late.
WAVES = (
    ("hospital/*2023年第1季度*", "hospital/*HIS*2023*", "police/*2023年第[12]*", "death_registry/*2023*", "population/*",
     "nursery/*2023年[12]月*", "school/*2023年上半年*"),
    ("hospital/*2025年第1季度*", "police/*2024年第3季度*", "court/*", "procuratorate/*2023*", "school/*2024年上半年*"),
    ("hospital/*补报*", "death_registry/*2024*", "kindergarten/*2023年上半年*", "community/*2023年上半年*"),
)  # fmt: skip
# Times and ids of runs, and how much each run had to do: all else must be the same.
OF_RUNS = {
    "night_id",
    "run_id",
    "changed_by",
    "published_at",
    "valid_from",
    "valid_to",
    "known_from",
    "known_to",
    "dirty_records",
    "compared_pairs",
}
ABOUT_RUNS = ("ops.night", "ops.meta", "ops.linkage_quality")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--kills", type=int, default=30)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--scheduler", action="store_true")
    options.add_argument("--keep", type=Path, help="an empty folder in which both homes stay, to look at")
    options.add_argument("--night", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.night:
        one_night(chosen.night)
    elif chosen.keep:
        chosen.keep.mkdir(parents=True)
        harness(chosen.keep.absolute(), chosen.kills, random.Random(chosen.seed), chosen.scheduler)
    else:
        with tempfile.TemporaryDirectory() as folder:
            harness(Path(folder), chosen.kills, random.Random(chosen.seed), chosen.scheduler)


def harness(folder: Path, kills: int, chance: random.Random, scheduler: bool) -> None:
    tokens.make_key(folder / "key")
    os.environ.update({"DDK_KEY_FILE": str(folder / "key"), "DDK_QUIET_SECONDS": "0"})
    calm, killed = (load(os.environ, folder / name) for name in ("calm", "killed"))
    alive = 0
    for number, wave in enumerate(WAVES):
        for settings in (calm, killed):
            deliver(settings, wave)
        seconds = finish(start(calm, scheduler))
        for _ in range(kills // len(WAVES) + (number < kills % len(WAVES))):
            alive += not kill(start(killed, scheduler), chance.uniform(0, 1.1 * seconds))
        finish(start(killed, scheduler))
        expected, found = state(calm), state(killed)
        wrong = sorted(name for name in expected | found if expected.get(name) != found.get(name))
        print(
            json.dumps(
                {"wave": number + 1, "night_seconds": round(seconds, 1), "compared": len(expected), "differ": wrong}
            ),
            flush=True,
        )
        if wrong:
            sys.exit(1)
    print(json.dumps({"kills": kills - alive, "ended_before_the_kill": alive, "scheduler": scheduler, "differ": []}))


def deliver(settings: Settings, patterns: tuple[str, ...]) -> None:
    """Put sample files into landing, with the same times in every home."""
    samples = resource("sample_data") / "landing"
    for sample in sorted(path for pattern in patterns for path in samples.glob(pattern)):
        target = settings.landing / sample.relative_to(samples)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sample, target)
        os.utime(target, (1_750_000_000 + len(sample.name), 1_750_000_000 + len(sample.name)))


def start(settings: Settings, scheduler: bool) -> subprocess.Popen[str]:
    """Begin a night in a process group of its own; returns when its work begins, imports done."""
    alone = ["-m", "benchmarks.kill", "--night", str(settings.home)]
    command = ["-m", "ddk_surveillance.cli", "--home", str(settings.home), "nightly"]
    process = subprocess.Popen([sys.executable, *(command if scheduler else alone)], cwd=PROJECT, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)  # fmt: skip
    if not scheduler:
        assert process.stdout
        process.stdout.readline()
    return process


def finish(process: subprocess.Popen[str]) -> float:
    begun = time.monotonic()
    out, _ = process.communicate()
    if process.returncode not in (0, 3):
        sys.exit(f"a night that nobody disturbed ended with {process.returncode}: {out}")
    return time.monotonic() - begun


def kill(process: subprocess.Popen[str], seconds: float) -> bool:
    """Whether it was still running when its time had come."""
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return True
    process.communicate()
    return False


def one_night(home: Path) -> None:
    """All stages in the order of the flows, without the scheduler."""
    from ddk_surveillance.warehouse import open_warehouse
    from flows.ingest import STAGES as OF_A_SOURCE
    from flows.nightly import LATER
    from flows.stage import STAGES

    print("ready", flush=True)
    night = f"{time.time_ns():x}"
    with open_warehouse(load(os.environ, home)) as db:
        for source in STAGES["discover"](db, night):
            for stage in OF_A_SOURCE:
                STAGES[stage](db, source)
        for stage in LATER:
            STAGES[stage](db, night)


def state(settings: Settings) -> dict[str, Any]:
    """Everything that must not depend on how often a night was begun."""
    from ddk_surveillance.warehouse import open_warehouse

    with open_warehouse(settings) as db:
        found: dict[str, Any] = {
            name: db.fingerprint(f"(SELECT {', '.join(sorted(set(table.columns) - OF_RUNS))} FROM {name})")
            for name, table in db.library.tables.items()
            if name not in ABOUT_RUNS
        }
        found["unbalanced"] = db.value("SELECT count(*) FROM ops.ledger WHERE NOT is_balanced")
    for folder in ("landing", "inbox", "archive", "refused", "receipts", "analyst"):
        base = settings.home / folder
        found[folder] = sorted(
            str(path.relative_to(base)) for path in base.rglob("*") if path.is_file() or path.is_symlink()
        )
    found["analysts see"] = os.readlink(settings.analyst_file)
    return found


if __name__ == "__main__":
    main()
