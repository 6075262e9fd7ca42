"""How the published figures differ between two moments, and why."""

import datetime

import pandas

from ddk_surveillance.warehouse import Warehouse

MONTHS = {"month": 1, "quarter": 3, "year": 12}


def compare(db: Warehouse, from_at: datetime.datetime, to_at: datetime.datetime) -> None:
    """Make the temporary table `difference` of every figure and cause, by mart.difference."""
    moments = {"from_at": from_at, "to_at": to_at}
    differ = " OR ".join(f"b.{name} IS DISTINCT FROM n.{name}" for name in _asked_for(db))
    db.execute(
        f"""CREATE OR REPLACE TEMP TABLE decisive_change AS
        WITH before AS (FROM core.incident_version WHERE known_from <= $from_at AND known_to > $from_at AND known_to <= $to_at),
        now AS (FROM core.incident_version WHERE known_from > $from_at AND known_from <= $to_at AND (known_to IS NULL OR known_to > $to_at))
        SELECT DISTINCT incident_id FROM before b FULL JOIN now n USING (incident_id) WHERE {differ}""",
        moments,
    )
    with db.offering(timeliness=_timeliness(db), defined=_units(db)):
        for name in ("record_change", "difference"):
            db.execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {db.statement(f'mart.{name}')}", moments)


def _timeliness(db: Warehouse) -> pandas.DataFrame:
    """When a feed has to report."""
    return pandas.DataFrame(
        [
            (name, one.timeliness.every, MONTHS[one.timeliness.every], one.timeliness.due_days)
            for name, one in db.library.sources.items()
            if one.timeliness
        ],
        columns=["source_code", "every", "months", "due_days"],
    ).astype({"months": "int32", "due_days": "int32"})


def _units(db: Warehouse) -> pandas.DataFrame:
    """What an indicator or sub-indicator counts."""
    whole = db.library.indicators.values()
    parts = [one.varied(code, variant) for one in whole for code, variant in one.measures.items()]
    return pandas.DataFrame(
        [(one.indicator, one.unit) for one in (*whole, *parts)], columns=["indicator_code", "unit"], dtype="str"
    )


def _asked_for(db: Warehouse) -> list[str]:
    """The columns of an incident that decide whether, when and for whom it counts."""
    asked = {"child_id", "event_date", "death_date", "is_death", "age_years", "residence"}
    for indicator in db.library.definitions:
        asked |= {column for condition in indicator.conditions() for column, _ in condition.leaves()}
        asked |= {column for one in indicator.measures.values() if one.only for column, _ in one.only.leaves()}
    return sorted(asked)
