"""The twenty queries of docs/cookbook.md on the analyst file of N incidents: milliseconds each, the median of five.

python -m benchmarks.cookbook 1000000
"""

from __future__ import annotations

import json
import re
import statistics
import sys
import tempfile
import time
from pathlib import Path
from unittest import mock

import duckdb

from benchmarks.cubes import fill
from ddk_surveillance import indicators, nights, publish
from ddk_surveillance.library import Library
from ddk_surveillance.settings import PROJECT, load
from ddk_surveillance.settings import resource as shipped
from ddk_surveillance.warehouse import connect

QUERY = re.compile(r"^## (\d+\. [^\n]+)\n\n```sql\n(.*?)```$", re.MULTILINE | re.DOTALL)


def published(folder: Path, incidents: int) -> Path:
    """The analyst file of a drawn district; its one made-up record stands for all, so the books are closed beforehand."""
    settings = load({}, folder)
    settings.make_folders()
    db = connect(settings, Library((shipped("schemas"),)))
    fill(db, incidents)
    nights.begin(db, "night")
    indicators.run(db, "night")
    with mock.patch.object(publish, "check_books"):
        publish.run(db, "night")
    db.connection.close()
    return settings.analyst_file.resolve()


def milliseconds(analyst: duckdb.DuckDBPyConnection, query: str) -> float:
    times = []
    for _ in range(5):
        start = time.perf_counter()
        analyst.execute(query).fetchall()
        times.append(1000 * (time.perf_counter() - start))
    return round(statistics.median(times), 1)


def main(incidents: int) -> None:
    queries = QUERY.findall((PROJECT / "docs" / "cookbook.md").read_text(encoding="utf-8"))
    with (
        tempfile.TemporaryDirectory() as folder,
        duckdb.connect(str(published(Path(folder), incidents)), read_only=True) as analyst,
    ):
        taken = {title: milliseconds(analyst, query) for title, query in queries}
        held = analyst.execute("SELECT count(*) FROM out.incident").fetchall()[0][0]
    print(json.dumps({"incidents": held, "queries": len(taken), "slowest_ms": max(taken.values()), "ms": taken},
                     ensure_ascii=False, indent=1))  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
