"""Publish release after release while analysts read: no error, no mixture of releases, no empty table, ever.

    python -m benchmarks.readers --minutes 10 --readers 4

The publisher changes one figure and publishes, back to back, keeping two files so that readers' files are deleted under
them. Readers open the link as analysts do, in processes of their own: some anew for every query, some for a long while.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import tempfile
import time
from collections import Counter
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

import duckdb

from ddk_surveillance import nights, publish, tokens
from ddk_surveillance.settings import Settings, load
from ddk_surveillance.warehouse import open_warehouse

TABLES = ("out.indicator_rate", "out.indicator_verdict", "ref.code", "ops.ledger", "ref.data_dictionary")
# Every row of the figures carries its release, and the marked figure says which one it is.
CONSISTENT = "SELECT count(DISTINCT release_id), min(release_id), max(numerator) FILTER (period = '1999') FROM out.indicator_rate"


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--minutes", type=float, default=10)
    options.add_argument("--readers", type=int, default=4)
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(run(Path(folder), chosen.minutes * 60, chosen.readers)))


def run(folder: Path, seconds: float, readers: int) -> dict[str, Any]:
    tokens.make_key(folder / "key")
    os.environ.update({"DDK_KEY_FILE": str(folder / "key"), "DDK_QUIET_SECONDS": "0", "DDK_KEEP_RELEASES": "2"})
    settings = load(os.environ, folder / "home")
    _seed(settings)
    context = multiprocessing.get_context("spawn")
    stop, results = context.Event(), context.Queue()
    processes = [
        context.Process(target=read, args=(settings.analyst_file, stop, results, 1 if number % 2 else 50))
        for number in range(readers)
    ]
    for process in processes:
        process.start()
    published = _publish_until(settings, time.monotonic() + seconds)
    stop.set()
    found: Counter[str] = Counter()
    for _ in processes:
        found.update(results.get())
    for process in processes:
        process.join()
    return {"seconds": seconds, "releases": published, "readers": readers, **found}


def _seed(settings: Settings) -> None:
    """The least of a district: a few loaded lines and figures, so that no table is ever rightly empty."""
    from ddk_surveillance.cli import main as ddk

    samples = Path(__file__).resolve().parents[1] / "sample_data" / "landing"
    for source in ("population", "death_registry"):
        for file in (samples / source).iterdir():
            target = settings.landing / source / file.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(file.read_bytes())
    try:
        ddk(["--home", str(settings.home), "nightly"])
    except SystemExit as end:
        assert end.code in (0, 3), end.code


def _publish_until(settings: Settings, end: float) -> int:
    releases = 0
    with open_warehouse(settings) as db:
        while time.monotonic() < end:
            releases += 1
            db.execute("DELETE FROM mart.indicator_rate WHERE period = '1999'")
            db.execute(
                "INSERT INTO mart.indicator_rate BY NAME SELECT * REPLACE ('1999' AS period, ? AS numerator)"
                " FROM mart.indicator_rate WHERE numerator IS NOT NULL LIMIT 1",
                [releases],
            )
            nights.begin(db, f"n{releases}")
            publish.run(db, f"n{releases}")
    return releases


def read(link: Path, stop: Event, results: Any, queries_per_connection: int) -> None:
    """Count what one analyst sees."""
    seen: Counter[str] = Counter(connections=0, queries=0, errors=0, mixtures=0, empty_tables=0, went_back=0)
    newest = ""
    while not stop.is_set():
        try:
            with duckdb.connect(str(link.resolve()), read_only=True) as reader:
                seen["connections"] += 1
                first = None
                for _ in range(queries_per_connection):
                    [answer] = reader.execute(CONSISTENT).fetchall()
                    first = first or answer
                    seen["mixtures"] += answer[0] != 1 or answer != first
                    seen["empty_tables"] += sum(
                        reader.execute(f"SELECT count(*) FROM {name}").fetchall()[0][0] == 0 for name in TABLES
                    )
                    seen["queries"] += 1 + len(TABLES)
                assert first
                seen["went_back"] += first[1] < newest
                newest = first[1]
        except duckdb.Error as error:
            seen["errors"] += 1
            seen[f"error {type(error).__name__}"] += 1
    results.put(seen)


if __name__ == "__main__":
    main()
