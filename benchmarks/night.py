"""What a night costs on a long history: `ddk nightly`, Prefect and its server included, in a process of its own.

    python -m benchmarks.night 10000 1000000

On each history one night takes 20 files with some 1,000 rows, another one 200 small files of nine sources. Both histories
see the same files under the same declarations in one run of this program, so that the ratios hold on any machine. A million
records come from many more children than a district has: they live in 222 townships where a district has 8, and every
night computes the figures of all of them. Targets: 15 s and 60 s on 1e6 records, and no more than 1.5 times what it
takes on 1e4, which the last lines tell, on the clock and of the processor.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

from benchmarks.end_to_end import TOWNSHIPS, write_file
from ddk_surveillance import tokens
from ddk_surveillance.settings import PROJECT, load
from ddk_surveillance.settings import resource as shipped
from ddk_surveillance.synthesis import synthesise
from ddk_surveillance.warehouse import open_warehouse

TOWNSHIP_CODES = Path("schemas") / "codelists" / TOWNSHIPS


def main(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        tokens.make_key(folder / "key")
        os.environ.update({"DDK_KEY_FILE": str(folder / "key"), "DDK_QUIET_SECONDS": "0"})
        waves = {"20 files": files(folder / "few", 20, 1, 16_000), "200 files": files(folder / "many", 200, 3, 4_000)}
        homes = {size: folder / f"home_{size}" for size in sizes}
        for size, home in homes.items():
            write_history(home, size)
        nights: dict[str, list[dict[str, Any]]] = {}
        codes = (homes[max(sizes)] / TOWNSHIP_CODES).read_text(encoding="utf-8")
        for size, home in homes.items():
            (home / TOWNSHIP_CODES).write_text(codes, encoding="utf-8")  # nothing differs but the length of the history
            history = night(home)
            if history["records"] < 0.9 * size:
                sys.exit("the history was not loaded")
            report(size, "history", history)
            nights.setdefault("nothing new", []).append(report(size, "nothing new", night(home)))
            for wave, sent in waves.items():
                for file in sent:
                    target = home / "landing" / file.parent.name / file.name
                    target.parent.mkdir(exist_ok=True)
                    shutil.copy(file, target)
                nights.setdefault(wave, []).append(report(size, wave, night(home)))
        for wave, found in nights.items():
            ratios = {name: round(found[-1][name] / found[0][name], 2) for name in ("seconds", "cpu_seconds")}
            print(json.dumps({"night": wave, "history": f"{sizes[-1]} over {sizes[0]}", **ratios}), flush=True)


def write_history(home: Path, records: int) -> None:
    """One file of so many rows in the landing folder, and the townships it names beside the shipped ones."""
    hospital, codes = home / "landing" / "hospital", home / TOWNSHIP_CODES
    for folder in (hospital, codes.parent):
        folder.mkdir(parents=True)
    write_file(hospital / "history.csv", records)
    usual = shipped("schemas").joinpath(*TOWNSHIP_CODES.parts[1:]).read_text(encoding="utf-8")
    named = (hospital / TOWNSHIPS).read_text(encoding="utf-8").splitlines(keepends=True)
    further = [line for line in named if line.split(",")[0] not in usual]
    codes.write_text(usual + "".join(further), encoding="utf-8")
    (hospital / TOWNSHIPS).unlink()


def files(folder: Path, number: int, districts: int, children: int) -> list[Path]:
    """So many files of every source but the population, evenly chosen among those of some synthetic districts."""
    for seed in range(districts):
        synthesise(folder / str(seed), 7 + seed, children, date(2023, 1, 1), date(2025, 12, 1))
    found = sorted(path for path in folder.glob("*/landing/*/*") if path.parent.name != "population")
    chosen = [found[place * len(found) // number] for place in range(number)]
    renamed = [path.with_name(f"{place:03d}_{path.name}") for place, path in enumerate(chosen)]
    return [path.rename(name) for path, name in zip(chosen, renamed, strict=True)]


def night(home: Path) -> dict[str, Any]:
    """Seconds on the clock and of the processor, and what came in."""
    command = [sys.executable, "-m", "ddk_surveillance.cli", "--home", str(home), "nightly"]
    with _processor() as spent:
        begun = time.monotonic()
        done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.DEVNULL, check=False)
        seconds = time.monotonic() - begun
    if done.returncode not in (0, 3):
        sys.exit(f"the night ended with {done.returncode}")
    with open_warehouse(load(os.environ, home)) as db:
        newest = "(SELECT night_id FROM ops.night ORDER BY rowid DESC LIMIT 1)"
        came = db.rows(
            f"SELECT count(*), sum(rows_received), count(DISTINCT source_code) FROM ops.batch WHERE night_id = {newest}"
        )
        stages = db.rows("SELECT count(*) FROM core.record")
    return {"seconds": round(seconds, 1), "cpu_seconds": round(spent[0], 1), "came": came[0], "records": stages[0][0]}


@contextlib.contextmanager
def _processor() -> Iterator[list[float]]:
    """The processor time of the child processes that ended inside."""
    before, spent = resource.getrusage(resource.RUSAGE_CHILDREN), [0.0]
    yield spent
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    spent[0] = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def report(size: int, wave: str, found: dict[str, Any]) -> dict[str, Any]:
    files_came, rows, sources = found.pop("came")
    print(json.dumps({"history": size, "night": wave, **found, "files": files_came, "rows": int(rows or 0), "sources": sources}),
          flush=True)  # fmt: skip
    return found


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [10_000, 1_000_000])
