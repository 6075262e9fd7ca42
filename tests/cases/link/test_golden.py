"""One value per field out of what the reports say, and who lost: one incident each, drawn as its records."""

from __future__ import annotations

from typing import Any

import pytest

from ddk_surveillance.warehouse import Warehouse
from tests.cases.link.drawn import golden, incidents, linked

VALUES: dict[str, tuple[str, str, Any, str]] = {
    "two against one": (
        """
        record source   id body_part
        h1     hospital A  head
        s1     school   A  trunk
        p1     police   A  trunk
        """, "body_part", "trunk", "most_reports"),
    "one against one: the hospital knows the body better than the school": (
        """
        record source   id body_part
        h1     hospital A  head
        s1     school   A  trunk
        """, "body_part", "head", "source_priority"),
    "one against one of the same source: the earlier report": (
        """
        record source   id body_part reported
        h2     hospital A  head      2024-03-08
        h1     hospital A  trunk     2024-03-06
        """, "body_part", "trunk", "earliest"),
    "unknown is no claim": (
        """
        record source   id place
        h1     hospital A  unknown
        s1     school   A  school_public
        """, "place", "school_public", ""),
    "police over two hospitals on intent": (
        """
        record source   id intent
        h1     hospital A  assault
        h2     hospital A  assault
        p1     police   A  self_harm
        """, "intent", "self_harm", "authority"),
    "violence is not overwritten by unintentional, whoever says so": (
        """
        record source   id intent
        s1     school   A  assault
        h1     hospital A  unintentional
        p1     police   A  unintentional
        """, "intent", "assault", "violence_kept"),
    "unless the report of violence was found to be unfounded": (
        """
        record source    id intent        case_status
        c1     community A  assault       excluded
        h1     hospital  A  unintentional ·
        """, "intent", "unintentional", "authority"),
    "unclear gives way to whoever knows": (
        """
        record source    id intent
        h1     hospital  A  undetermined
        s1     school    A  unintentional
        """, "intent", "unintentional", "authority"),
    "the highest level of care": (
        """
        record source   id care_level
        h1     hospital A  outpatient
        h2     hospital A  inpatient
        h3     hospital A  outpatient
        """, "care_level", "inpatient", "highest"),
    "a court's word ends the matter": (
        """
        record source case id intent  case_status
        p1     police K1   A  assault confirmed
        j1     court  K1   A  assault excluded
        """, "case_status", "excluded", "highest"),
    "a hospital's own finding outweighs a suspicion": (
        """
        record source    id intent  case_status
        c1     community A  assault suspected
        h1     hospital  A  assault ·
        """, "case_status", "probable", "highest"),
    "of a death the register decides the mechanism": (
        """
        record source         id is_death died       mechanism
        h1     hospital       A  true     2024-03-05 fall
        p1     police         A  true     2024-03-05 fall
        d1     death_registry A  true     2024-03-05 drowning
        """, "mechanism", "drowning", "authority"),
    "the earliest of equally supported days": (
        """
        record source   id day
        h1     hospital A  2024-03-05
        s1     school   A  2024-03-06
        """, "CAST(event_date AS VARCHAR)", "2024-03-05", "earliest"),
    "a day outweighs a month": (
        """
        record source    id day
        c1     community A  2024-03
        h1     hospital  A  2024-03-09
        """, "CAST(event_date AS VARCHAR)", "2024-03-09", ""),
}  # fmt: skip


@pytest.mark.parametrize("story", VALUES)
def test_the_value_that_wins_and_why(story: str) -> None:
    table, column, value, rule = VALUES[story]
    db = linked(table)
    assert len(incidents(db)) == 1
    assert golden(db, column) == value
    field = "event_date" if "event_date" in column else column
    why = {one for (one,) in db.rows("SELECT DISTINCT rule FROM link.golden_field WHERE field = ?", [field])}
    assert why == ({rule} if rule else set())


def test_every_value_that_lost_is_kept() -> None:
    db = linked("""
        record source   id body_part severity
        h1     hospital A  head      moderate
        s1     school   A  trunk     minor
        p1     police   A  trunk     moderate
    """)
    assert losers(db) == [("body_part", "head", 1, "hospital"), ("severity", "minor", 1, "school")]
    assert golden(db, "has_conflict", "records", "sources") == (True, 3, "hospital,police,school")


def losers(db: Warehouse) -> list[tuple[Any, ...]]:
    return db.rows("SELECT field, value, reports, sources FROM link.golden_field WHERE NOT is_chosen ORDER BY ALL")


def test_a_single_report_is_the_incident() -> None:
    db = linked("""
        record source    id day     age intent  mechanism   perpetrator_relation
        c1     community A  2024-03 9   assault blunt_force unknown
    """)
    assert golden(db, "records", "sources", "has_conflict", "intent", "perpetrator_relation", "age_years") == (
        1, "community", False, "assault", None, 9,
    )  # fmt: skip
    assert golden(db, "CAST(event_date AS VARCHAR)", "event_year", "date_precision") == ("2024-03-01", 2024, "month")


def test_records_add_up_over_incidents() -> None:
    db = linked("""
        record source   id day        born
        h1     hospital A  2024-03-05 2014-06-01
        s1     school   A  2024-03-05 2014-06-01
        h2     hospital A  2024-08-05 2014-06-01
        h3     hospital B  2024-03-05 2011-01-01
    """)
    assert db.value("SELECT sum(records) FROM core.incident") == 4
    assert len(incidents(db)) == 3
