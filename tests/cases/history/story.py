"""Tell a story of nights: which files came or were taken back, and what each night then knew and published.

Records are drawn as in tests/cases/link/drawn.py, with `child` for all that tells one child from another. A file has the
day on which it came; nights follow one another in real time, for only the order of releases matters.
"""

from __future__ import annotations

import datetime
from pathlib import Path
from typing import Any

import duckdb
import pandas

from ddk_surveillance import indicators, link, nights, publish
from ddk_surveillance.library import Library
from ddk_surveillance.load import keep_books
from ddk_surveillance.publish.difference import compare
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import Warehouse, connect
from tests.cases.link.drawn import drawn

MADE_UP = """
indicator: {code}
version: {version}
valid_from: "2021-01-01"
title: {{zh: 自拟, en: {code}}}
definition: {{zh: 第{version}版, en: version {version}}}
unit: incidents
numerator: {{column: mechanism, among: [{mechanisms}]}}
depends_on: [hospital]
"""
TOLD_OF = "indicator_code IN ('18', '19', '20', 'bites', 'burns')"
HEADLINE = f"{TOLD_OF} AND period_type = 'year' AND (sex, age_group, township_code) = ('all', 'all', 'all')"


def headline_changes(db: Warehouse, from_at: datetime.datetime, to_at: datetime.datetime) -> list[tuple[Any, ...]]:
    """(indicator, cause, change of the numerator, change of the rate) of the yearly figures told of."""
    compare(db, from_at, to_at)
    return db.rows(
        f"SELECT indicator_code, cause, numerator_change, rate_change FROM difference WHERE {HEADLINE} ORDER BY ALL"
    )


class Story:
    """A data home that is open all the time; commands may be run on it in between."""

    def __init__(self, home: Path) -> None:
        self.settings = load({}, home)
        self.settings.make_folders()
        self.db: Warehouse = connect(self.settings, Library(self.settings.declarations), self.settings.warehouse_file)
        self.nights = 0

    def define(self, code: str, version: int, mechanisms: str) -> None:
        """A made-up indicator, or another version of one: incidents with one of these mechanisms."""
        file = self.settings.home / "schemas" / "indicators" / f"{code}.yaml"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(MADE_UP.format(code=code, version=version, mechanisms=mechanisms), encoding="utf-8")
        self.db.library = Library(self.settings.declarations)

    def file(self, batch: str, came: str, table: str) -> None:
        """Records come as one file for each source named in the table."""
        records = _with_children(drawn(table))
        for source, rows in records.groupby("source_code"):
            self._batch(f"{batch}-{source}", str(source), came, len(rows))
            self._store(f"{batch}-{source}", rows)
        self._settle()

    def population(self, batch: str, came: str, persons: int, *years: int) -> None:
        """So many children of each sex and age in each of these years."""
        self.db.execute("UPDATE ref.population_version SET disposition = 'superseded'")
        self._batch(batch, "population", came, 36 * len(years))
        self.db.execute(
            "INSERT INTO ref.population_version BY NAME SELECT $batch AS batch_id, '' AS sheet, row_number() OVER () AS row_number,"
            " 1 AS victim_number, 'loaded' AS disposition, year, sex, age AS age_years, 'resident' AS population_type, $persons AS value"
            " FROM range(18) a(age), (VALUES ('male'), ('female')) s(sex), (SELECT unnest($years) AS year)",
            {"batch": batch, "persons": persons, "years": list(years)},
        )

    def withdraw(self, batch: str) -> None:
        self.db.execute("UPDATE ops.batch SET status = 'withdrawn' WHERE batch_id = ?", [batch])
        self._settle()

    def put_back(self, batch: str) -> None:
        """The withdrawal is undone."""
        self.db.execute("UPDATE ops.batch SET status = 'loaded' WHERE batch_id = ?", [batch])
        self.db.execute("INSERT INTO ops.change BY NAME SELECT 'c2' AS change_id, 'undo' AS kind, 'hospital' AS source_code,"
                        " now()::TIMESTAMP AS made_at, 'tester' AS made_by, 'a mistake' AS reason")  # fmt: skip
        self._settle()

    def decide(self, left: str, right: str, decision: str) -> None:
        """A reviewer decides whether two records are one incident."""
        self.db.execute(
            "INSERT INTO link.adjudication BY NAME SELECT 1 AS adjudication_id, ? AS left_record_id, ? AS right_record_id, ? AS decision,"
            " 'tester' AS decided_by, now()::TIMESTAMP AS decided_at, 'seen' AS reason",
            [left, right, decision],
        )

    def night(self) -> datetime.datetime:
        """Link, count and publish; returns the moment of the newest release."""
        self.nights += 1
        night = f"night{self.nights}"
        nights.begin(self.db, night)
        for (source,) in self.db.rows("SELECT DISTINCT source_code FROM ops.batch"):
            keep_books(self.db, source)
        for stage in (link, indicators, publish):
            stage.run(self.db, night)
        moment: datetime.datetime = self.db.value("SELECT max(published_at) FROM ops.release")
        return moment

    def figures(self) -> dict[str, Any]:
        """What is published now: {'20 2024': 3}."""
        return self._figures("FROM out.indicator_rate")

    def figures_as_of(self, moment: datetime.datetime) -> dict[str, Any]:
        return self._figures(f"FROM out.indicator_rate_as_of(TIMESTAMP '{moment}')")

    def _figures(self, relation: str) -> dict[str, Any]:
        rows = self.published(
            f"SELECT indicator_code || ' ' || period, numerator {relation} WHERE {HEADLINE} ORDER BY ALL"
        )
        return dict(rows)

    def published(self, sql: str) -> list[Any]:
        """Ask the newest analyst file."""
        with duckdb.connect(str(self.settings.analyst_file.resolve()), read_only=True) as analyst:
            return analyst.execute(sql).fetchall()

    def _batch(self, batch: str, source: str, came: str, rows: int) -> None:
        self.db.execute(
            "INSERT INTO ops.batch BY NAME SELECT ? AS batch_id, ? AS source_code, ? AS received_at, ? AS rows_received,"
            " 'loaded' AS status, md5(batch_id) AS sha256, batch_id || '.csv' AS file_name, 1 AS size_bytes",
            [batch, source, came, rows],
        )

    def _store(self, batch: str, rows: pandas.DataFrame) -> None:
        columns = self.db.library.tables["core.record_version"].columns
        said = [name for name in columns if name in rows]
        cells = ", ".join(f"CAST({name} AS {columns[name].type}) AS {name}" for name in said)
        content = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '')" for name in said)
        with self.db.offering(arriving=rows):
            self.db.execute(
                f"INSERT INTO core.record_version BY NAME SELECT {cells}, md5(concat_ws('|', {content})) AS content_hash,"
                " $batch AS batch_id, '' AS sheet, row_number() OVER ()::INTEGER AS row_number, 1 AS victim_number,"
                " 'new' AS disposition FROM arriving",
                {"batch": batch},
            )

    def _settle(self) -> None:
        """The last version that was not withdrawn holds."""
        self.db.execute("""
            UPDATE core.record_version v SET disposition = s.disposition
            FROM (SELECT batch_id, record_id, CASE WHEN status = 'withdrawn' THEN 'withdrawn'
                      WHEN row_number() OVER (PARTITION BY record_id, status ORDER BY received_at DESC) = 1 THEN 'loaded'
                      ELSE 'superseded' END AS disposition
                  FROM core.record_version JOIN ops.batch USING (batch_id)) s
            WHERE (v.batch_id, v.record_id) = (s.batch_id, s.record_id)""")


def _with_children(records: pandas.DataFrame) -> pandas.DataFrame:
    """Every child has tokens, a birth month and a sex of its own."""
    number = records["child"].map(lambda letter: ord(letter) - ord("a"))
    return records.assign(
        id_token=records["child"],
        name_token=records["child"],
        birth_month=[f"{2009 + one % 7}-{1 + one % 12:02d}-01" for one in number],
        age_years=[14 - one % 7 for one in number],
        sex=["male" if one % 2 else "female" for one in number],
    )
