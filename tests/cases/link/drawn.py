"""Draw records as a small table, link them, and read which of them became one incident.

A column is one of core.record, or `record`, `source`, `institution`; `day` is the event: 2024-03-05, 2024-03 (month
known) or ? (only the report is dated). An empty cell is drawn ·, and what is not drawn is like in ORDINARY.
"""

from __future__ import annotations

import calendar
import datetime
import functools
from collections import defaultdict
from pathlib import Path
from typing import Any

import pandas

from ddk_surveillance import link
from ddk_surveillance.library import Library
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import Warehouse, connect

ORDINARY = {
    "sex": "male", "birth_month": "2014-06-01", "township_code": "500104101", "residence": "resident",
    "mechanism": "fall", "place": "school_public", "nature": "fracture", "body_part": "upper_limb",
    "intent": "unintentional", "severity": "moderate", "is_death": "false",
}  # fmt: skip
ALIASES = {"record": "record_id", "source": "source_code", "institution": "institution_id", "id": "id_token",
           "name": "name_token", "phone": "phone_token", "case": "case_token", "born": "birth_month",
           "town": "township_code", "reported": "reported_date", "age": "age_years", "died": "death_date"}  # fmt: skip


@functools.cache
def _warehouse(threads: int) -> Warehouse:
    settings = load({"DDK_THREADS": str(threads)}, Path("unused"))
    return connect(settings, Library())


def warehouse(threads: int = 1) -> Warehouse:
    """An empty warehouse in memory; always the same one, because to make its tables takes longer than to link."""
    db = _warehouse(threads)
    filled = [
        name
        for name in db.library.tables
        if name.startswith("link.") or name in ("core.incident_version", "core.record_version")
    ]
    db.execute("; ".join(f"DELETE FROM {name}" for name in filled))
    return db


def linked(*tables: str, db: Warehouse | None = None) -> Warehouse:
    """A warehouse that received the tables one night after the other."""
    db = db or warehouse()
    for night, table in enumerate(tables):
        receive(db, drawn(table))
        link.run(db, f"night{night}")
    return db


def drawn(table: str) -> pandas.DataFrame:
    """The records of a drawn table, with all columns of core.record that it or ORDINARY names."""
    header, *lines = (line.split() for line in table.strip().splitlines())
    rows = [dict(zip(header, line, strict=True)) for line in lines]
    return pandas.DataFrame([_record(row) for row in rows]).astype(object).where(lambda cells: cells.notna(), None)


def _record(row: dict[str, str]) -> dict[str, Any]:
    day = row.pop("day", "2024-03-05")
    said = {**ORDINARY, **{ALIASES.get(name, name): value for name, value in row.items()}}
    record = {name: None if value == "·" else value for name, value in said.items()}
    record.setdefault("institution_id", f"{record['source_code']}-1")
    return {**_dates(day, record.get("reported_date")), **record}


def _dates(day: str, reported: str | None) -> dict[str, str]:
    if day == "?":
        end = datetime.date.fromisoformat(reported or "2024-03-20")
        begin = end - datetime.timedelta(days=30)
        return {
            "reported_date": str(end),
            "event_date_from": str(begin),
            "event_date_to": str(end),
            "date_precision": "unknown",
        }
    if len(day) == 7:
        last = calendar.monthrange(int(day[:4]), int(day[5:]))[1]
        return {"reported_date": f"{day}-{last}", "event_date_from": f"{day}-01", "event_date_to": f"{day}-{last}",
                "date_precision": "month"}  # fmt: skip
    return {"reported_date": day, "event_date_from": day, "event_date_to": day, "date_precision": "day"}


def receive(db: Warehouse, records: pandas.DataFrame) -> None:
    """Let these records be the current versions of themselves, as the load stage would."""
    columns = db.library.tables["core.record_version"].columns
    said = [name for name in columns if name in records]
    cells = ", ".join(f"CAST({name} AS {columns[name].type}) AS {name}" for name in said)
    content = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '')" for name in said)
    with db.offering(arriving=records):
        db.execute("DELETE FROM core.record_version WHERE record_id IN (SELECT record_id FROM arriving)")
        db.execute(f"""
            INSERT INTO core.record_version BY NAME
            SELECT {cells}, md5(concat_ws('|', {content})) AS content_hash, 'batch' AS batch_id, '' AS sheet,
                1 AS row_number, 1 AS victim_number, 'loaded' AS disposition
            FROM arriving""")


def withdraw(db: Warehouse, *record_ids: str) -> None:
    """Let these records never have been sent."""
    db.execute("DELETE FROM core.record_version WHERE list_contains(?, record_id)", [list(record_ids)])


def incidents(db: Warehouse) -> list[str]:
    """Each incident as its records in order: ['h1 s1', 'h2']."""
    return _groups(db, "incident_id")


def children(db: Warehouse) -> list[str]:
    """Each child as its records in order."""
    return _groups(db, "child_id")


def _groups(db: Warehouse, column: str) -> list[str]:
    groups = defaultdict(list)
    for group, record in db.rows(f"SELECT {column}, record_id FROM link.member ORDER BY record_id"):
        groups[group].append(record)
    return sorted(" ".join(records) for records in groups.values())


def golden(db: Warehouse, *columns: str) -> Any:
    """What the only incident says in these columns."""
    [row] = db.rows(f"SELECT {', '.join(columns)} FROM core.incident")
    return row[0] if len(columns) == 1 else row


def everything(db: Warehouse) -> dict[str, list[str]]:
    """All that the stage derived, in a fixed order; what depends on history (runs, changes, aliases) left out."""
    tables = (*link.DERIVED, "link.stop_token")
    return {table: sorted(map(str, db.rows(f"SELECT * FROM {table}"))) for table in tables}
