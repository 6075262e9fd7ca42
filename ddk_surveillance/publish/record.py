"""What is kept of every release: its figures, its definitions, what it counted, and what moved since the editions."""

import datetime
import json
from typing import Any

import pandas

from ddk_surveillance import history
from ddk_surveillance.contracts import Indicator
from ddk_surveillance.errors import DeclarationError
from ddk_surveillance.publish.difference import compare
from ddk_surveillance.warehouse import Warehouse

# Tables of versions, and which rows they follow where not all: a running year moves every cube every night.
FOLLOWED = {
    "out.indicator_rate_version": "",
    "out.indicator_verdict_version": "",
    "out.indicator_statistic_version": "",
    "out.indicator_cube_version": "FROM mart.indicator_cube WHERE period_type = 'year' AND period::INTEGER < {year}",
    "mart.counted_version": "",
}


def record(db: Warehouse, release: dict[str, object]) -> None:
    """Write a release and its history, inside the transaction of the caller; `release` is a row of ops.release but its time."""
    # The clock may have been set back: releases follow each other all the same.
    after_the_last = "max(published_at) + INTERVAL 1 MICROSECOND"
    published_at = db.value(f"SELECT greatest(now()::TIMESTAMP, {after_the_last}) FROM ops.release")
    db.insert("ops.release", release | {"published_at": published_at})
    keep_definitions(db)
    year = db.value("SELECT year($as_of::TIMESTAMP)", {"as_of": release["data_as_of"]})
    for versions, rows in FOLLOWED.items():
        history.keep(db, versions, published_at, rows.format(year=year))
    _restate(db, published_at)


def keep_definitions(db: Warehouse) -> None:
    """Keep every definition that is used for the first time; one that was used may change as a new version only."""
    measures = [one.varied(code, variant) for one in db.library.definitions for code, variant in one.measures.items()]
    rows = [_definition(one) for one in (*db.library.definitions, *measures)]
    with db.offering(definition=pandas.DataFrame(rows)):
        differing = db.rows("""
            SELECT d.indicator_code, d.declaration, v.declaration FROM definition d
            JOIN ref.definition_version v USING (indicator_code, definition_version)
            WHERE d.declaration <> v.declaration ORDER BY 1""")
        if changed := [code for code, now, before in differing if _decisive(now) != _decisive(before)]:
            names = ", ".join(changed)
            raise DeclarationError(
                f"指标 {'、'.join(changed)} 的定义改了，版本号却没有变。已发布的数字须保留当时的定义：请在 schemas/indicators/ 中把 version 加一。",
                f"The definition of indicator {names} has changed but its version has not. Published figures keep the definition "
                "they had: raise its version in schemas/indicators/.",
            )
        db.execute("""
            INSERT INTO ref.definition_version BY NAME
            FROM definition ANTI JOIN ref.definition_version USING (indicator_code, definition_version) ORDER BY ALL""")


def _decisive(declaration: str) -> dict[str, Any]:
    """What is kept of a definition without the titles of its tiers, which may be reworded too.

    Until 2026-11 no definition said over whom a rate of some ages is: all were over all children.
    """
    content: dict[str, Any] = json.loads(declaration)
    for tier in content.get("tiers", {}).values():
        del tier["title"]
    if "ages" in content:
        content["ages"].setdefault("over_all_children", True)
    return content


# What may be reworded or added without another version: it moves no figure of the indicator itself.
NOT_DECISIVE = {"title", "definition", "responsible_units", "measures", "sensitivity", "completeness"}


def _definition(one: Indicator) -> dict[str, object]:
    return {
        "indicator_code": one.indicator,
        "definition_version": one.version,
        "title_zh": one.title.zh,
        "title_en": one.title.en,
        "definition_zh": one.definition.zh,
        "definition_en": one.definition.en,
        "declaration": one.model_dump_json(exclude_defaults=True, exclude=NOT_DECISIVE),
    }


def _restate(db: Warehouse, published_at: datetime.datetime) -> None:
    """Write out.restatement: how the figures of every edition differ from those of today."""
    db.execute("DELETE FROM out.restatement")
    columns = ", ".join(name for name in db.library.tables["out.restatement"].columns if name != "edition_id")
    for edition, year, frozen_at in db.rows(
        "SELECT edition_id, year, published_at FROM ops.edition JOIN ops.release USING (release_id) ORDER BY ALL"
    ):
        compare(db, frozen_at, published_at)
        db.execute(
            f"INSERT INTO out.restatement BY NAME SELECT ? AS edition_id, {columns} FROM difference WHERE left(period, 4) = ?",
            [edition, str(year)],
        )
