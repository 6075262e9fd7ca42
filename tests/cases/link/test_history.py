"""Nights, corrections, withdrawals and decisions: the result is a function of what holds now, not of how it came."""

from __future__ import annotations

from dataclasses import replace

import pandas
import pytest

from ddk_surveillance import link
from ddk_surveillance.link import preparation
from ddk_surveillance.synthesis.reports import linkage_records
from ddk_surveillance.warehouse import Warehouse
from tests.cases.link.drawn import drawn, everything, incidents, linked, receive, warehouse, withdraw

FIRST = """
    record source   id name reported
    h1     hospital A  a    2024-03-06
"""
LATER = """
    record source   id name reported
    s1     school   A  a    2024-03-20
"""


def test_a_later_report_joins_the_incident_and_does_not_rename_it() -> None:
    before = linked(FIRST).rows("SELECT incident_id, child_id FROM link.member")
    db = linked(FIRST, LATER)
    assert incidents(db) == ["h1 s1"]
    assert db.rows("SELECT DISTINCT incident_id, child_id FROM link.member") == before
    assert db.rows("FROM link.incident_change") == []


def test_the_order_of_arrival_does_not_matter() -> None:
    assert (
        everything(linked(FIRST, LATER)) == everything(linked(LATER, FIRST)) == everything(linked(FIRST + _rows(LATER)))
    )


def test_an_earlier_report_that_comes_late_renames_the_incident_and_leaves_an_alias() -> None:
    db = linked(LATER)
    [(old,)] = db.rows("SELECT incident_id FROM core.incident")
    linked(FIRST, db=db)
    [(new,)] = db.rows("SELECT incident_id FROM core.incident")
    assert db.rows("SELECT retired_incident_id, incident_id FROM link.incident_alias") == [(old, new)]
    assert db.rows("SELECT record_id, old_incident_id, new_incident_id, cause FROM link.incident_change") == [
        ("s1", old, new, "rename")
    ]


def test_one_child_more_makes_a_placeholder_of_a_number_and_one_less_a_number_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(preparation, "REBUILD_ABOVE_SHARE", 2.0)  # no night links everything anew
    four = """
        record source   id born       day
        h1     hospital X  2006-01-01 2024-03-05
        h2     hospital X  2006-01-01 2024-03-06
        h3     hospital X  2008-02-01 2024-03-05
        h4     hospital X  2010-03-01 2024-03-05
        h5     hospital X  2012-04-01 2024-03-05
    """
    fifth = """
        record source   id born       day
        h6     hospital X  2014-05-01 2024-03-05
    """
    of_four, of_five = everything(linked(four)), everything(linked(four + _rows(fifth)))
    assert of_four["link.stop_token"] == [] != of_five["link.stop_token"]
    db = linked(four, fifth)
    link.run(db, "nothing new")
    assert everything(db) == of_five
    withdraw(db, "h6")
    link.run(db, "withdrawn")
    assert everything(db) == of_four


MOST_OF_ANOTHER_DISTRICT = ("district", """
    record source   institution town
    h1     hospital H1          500104101
    h2     hospital H1          ·
""", """
    record source   institution town
    h3     hospital H1          500105101
    h4     hospital H1          500105101
""")  # fmt: skip
TOO_FEW_TOKENS = ("needs_token", """
    record source    name
    c1     community A
    c2     community ·
""", """
    record source    name
    c3     community ·
    c4     community ·
    c5     community ·
    c6     community ·
""")  # fmt: skip


@pytest.mark.parametrize(("column", "first", "later"), [MOST_OF_ANOTHER_DISTRICT, TOO_FEW_TOKENS])
def test_what_others_say_may_change_how_a_record_is_compared(
    column: str, first: str, later: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preparation, "REBUILD_ABOVE_SHARE", 2.0)  # no night links everything anew
    seen = f"SELECT {column} FROM link.linkable WHERE record_id LIKE '_2'"
    alone = everything(db := linked(first))
    before = db.value(seen)
    at_once = everything(linked(first + _rows(later)))
    db = linked(first, later)
    assert everything(db) == at_once
    assert db.value(seen) != before
    withdraw(db, *drawn(later)["record_id"])
    link.run(db, "withdrawn")
    assert everything(db) == alone


def test_sending_again_changes_nothing() -> None:
    db = linked(FIRST, LATER)
    before, runs = everything(db), db.rows("FROM link.run ORDER BY ALL")
    linked(FIRST, LATER, db=db)
    assert everything(db) == before
    assert db.rows("FROM link.run ORDER BY ALL") == runs


def test_a_correction_is_as_if_the_right_record_had_come_first() -> None:
    wrong = LATER.replace("A  a", "B  b")
    assert incidents(linked(FIRST, wrong)) == ["h1", "s1"]
    assert everything(linked(FIRST, wrong, LATER)) == everything(linked(FIRST, LATER))


def test_a_withdrawn_record_was_never_there() -> None:
    db = linked(FIRST, LATER)
    withdraw(db, "s1")
    link.run(db, "after")
    assert db.rows("SELECT record_id, new_incident_id, cause FROM link.incident_change") == [("s1", None, "withdrawn")]
    assert everything(db) == everything_of(FIRST)


def test_the_last_record_can_go() -> None:
    db = linked(FIRST)
    withdraw(db, "h1")
    link.run(db, "after")
    assert all(not rows for rows in everything(db).values())


def test_a_bridge_that_comes_late_merges_two_incidents_and_its_withdrawal_splits_them() -> None:
    apart = """
        record source   id name phone mechanism   body_part nature             place
        h1     hospital A  ·    ·     fall        head      fracture           home
        s1     school   ·  a    ·     blunt_force trunk     contusion_abrasion school_public
    """
    bridge = """
        record source institution id name
        h2     hospital hospital-1 A  a
    """
    db = linked(apart, bridge)
    together = incidents(db)
    assert incidents(linked(apart)) != together
    db = linked(apart, bridge)
    withdraw(db, "h2")
    link.run(db, "after")
    assert everything(db) == everything_of(apart)


def test_a_token_that_turns_out_to_be_a_placeholder_lets_go_of_what_it_held() -> None:
    held = """
        record source   id phone mechanism day        body_part
        h1     hospital X  ·     fall      2024-03-05 head
        s1     school   X  ·     fall      2024-03-05 head
    """
    others = "record source id born day\n" + "\n".join(
        f"o{n} hospital X 200{n}-01-01 2023-0{n}-01" for n in range(1, 6)
    )
    db = linked(held, others)
    assert everything(db) == everything(linked(others, held))
    assert db.value("SELECT count(DISTINCT tie_centibits) FROM link.member WHERE record_id = 'h1'") == 1


def test_two_decisions_hold_against_the_model_and_can_be_taken_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(preparation, "REBUILD_ABOVE_SHARE", 2.0)  # no night links everything anew
    model_alone = incidents(linked(PAIRS))
    assert model_alone == ["h1 s1", "h2", "s2"]
    db = linked(PAIRS)
    decide(db, "h1", "s1", "different")
    decide(db, "h2", "s2", "same")
    link.run(db, "decided")
    assert incidents(db) == ["h1", "h2 s2", "s1"]
    assert db.rows("SELECT DISTINCT rule FROM link.pair WHERE rule LIKE 'decided%'") == [("decided_same",)]
    decide(db, "h1", "s1", "open")
    decide(db, "h2", "s2", "open")
    link.run(db, "undone")
    assert incidents(db) == model_alone


PAIRS = """
    record source   id name day        born
    h1     hospital A  a    2024-03-05 2014-06-01
    s1     school   A  a    2024-03-05 2014-06-01
    h2     hospital B  b    2024-07-05 2011-01-01
    s2     school   C  c    2024-07-05 2009-01-01
"""


def test_a_decision_made_before_the_records_come_waits_for_them() -> None:
    db = warehouse()
    decide(db, "h2", "s2", "same")
    assert "h2 s2" in incidents(linked(PAIRS, db=db))


def test_another_model_starts_from_nothing_and_says_so() -> None:
    db = linked(FIRST, LATER)
    before = everything(db)
    db.execute("UPDATE ops.meta SET value = 'another' WHERE name = 'linkage_model'")
    db.execute("UPDATE link.member SET incident_id = 'old'")
    link.run(db, "new model")
    assert everything(db) == before
    assert {cause for (cause,) in db.rows("SELECT cause FROM link.incident_change")} == {"model"}


def test_the_bounds_are_the_counts_of_linking_more_strictly_and_more_loosely() -> None:
    records = linkage_records(3, 800).astype(object)
    records = records.where(records.notna(), None)
    bounds = """SELECT sum(strict_incidents), count(*), count(DISTINCT loose_incident_id) FROM link.incident_bound"""
    [(strict, adopted, loose)] = _linked_at("adopted_bits", records).rows(bounds)
    assert strict > adopted > loose
    assert [_linked_at(bits, records).value("SELECT count(*) FROM core.incident")
            for bits in ("strict_bits", "adopted_bits", "loose_bits")] == [strict, adopted, loose]  # fmt: skip


def _linked_at(bits: str, records: pandas.DataFrame) -> Warehouse:
    """The records linked in two nights as if one of the thresholds were the adopted one."""
    db = warehouse()
    model = link.model_in_use(db.library)
    thresholds = model.declaration.thresholds
    chosen = thresholds.model_copy(update={"adopted_bits": getattr(thresholds, bits)})
    model = replace(model, declaration=model.declaration.model_copy(update={"thresholds": chosen}))
    for night, part in enumerate((records[30:], records[:30])):
        receive(db, part)
        link.link_by(model, db, f"night{night}")
    return db


def test_every_record_knows_what_ties_it_to_its_incident() -> None:
    db = linked(PAIRS)
    ties = db.rows("""
        SELECT m.record_id, other.record_id, m.tie_centibits > 0
        FROM link.member AS m LEFT JOIN link.member AS other ON other.record_key = m.tie_key ORDER BY 1""")
    assert ties == [("h1", "s1", True), ("h2", None, None), ("s1", "h1", True), ("s2", None, None)]


def decide(db: Warehouse, left: str, right: str, decision: str) -> None:
    db.execute(
        """INSERT INTO link.adjudication
        SELECT count(*) + 1, ?, ?, ?, 'reviewer', TIMESTAMP '2024-04-01', 'saw both cards', NULL FROM link.adjudication""",
        [left, right, decision],
    )


def everything_of(table: str) -> dict[str, list[str]]:
    db = warehouse()
    receive(db, drawn(table))
    link.run(db, "at once")
    return everything(db)


def _rows(table: str) -> str:
    """The lines of a drawn table without its header."""
    return "\n".join(table.strip().splitlines()[1:])
