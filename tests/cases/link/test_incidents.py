"""Which records are one incident, and which incidents one child: small tables in, groups of records out.

Each story ends in the groups that must come out, separated by bars.
"""

from __future__ import annotations

import pytest

from tests.cases.link.drawn import children, drawn, incidents, linked, receive, warehouse

STORIES = {
    "a hospital and a school saw the same child on the same day → h1 s1": """
        record source   id name
        h1     hospital A  a
        s1     school   A  a
    """,
    "one gave the resident ID, the other the name, and all else agrees → h1 s1": """
        record source   id name
        h1     hospital A  ·
        s1     school   ·  a
    """,
    "no token, but birth month, township, day, mechanism and body part agree → h1 s1 | h2 | s2": """
        record source   id name body_part mechanism day        sex
        h1     hospital ·  ·    head      animal    2024-03-05 male
        s1     school   ·  ·    head      animal    2024-03-05 male
        h2     hospital B  b    trunk     fall      2024-01-09 female
        s2     school   C  c    head      fall      2024-02-09 male
    """,
    "sent on to another hospital the next day → h1 h2": """
        record source   institution id name day        outcome
        h1     hospital H1          A  ·    2024-03-05 transferred
        h2     hospital H2          A  ·    2024-03-06 hospitalised
    """,
    "two case numbers for one dead child of whom one of them says little → p1 p2": """
        record source institution case id name is_death died       mechanism born       town
        p1     police P1          K1   A  a    true     2024-03-05 drowning  2014-06-01 500104101
        p2     police P1          K2   ·  ·    true     2024-03-05 drowning  ·          500104101
    """,
    "a follow-up visit dated by the visit → h1 h2": """
        record source   institution id name day
        h1     hospital H1          A  a    2024-03-05
        h2     hospital H1          A  a    2024-03-14
    """,
    "the community knows the month only → c1 h1": """
        record source    id name day
        h1     hospital  A  a    2024-03-05
        c1     community A  a    2024-03
    """,
    "the police dated it three days later → h1 p1": """
        record source   id name mechanism           place          day
        h1     hospital A  a    motor_vehicle_crash street_highway 2024-03-05
        p1     police   A  a    motor_vehicle_crash street_highway 2024-03-08
    """,
    "an undated report of the month → h1 s1": """
        record source   id name day        reported
        h1     hospital A  a    2024-03-05 2024-03-06
        s1     school   A  a    ?          2024-03-20
    """,
    "on the first of a month, told that very day, and otherwise on the seventeenth → h1 | p1": """
        record source   id name day        reported   mechanism body_part nature   severity place          intent
        h1     hospital A  a    2024-02-01 2024-02-01 fall      head      fracture moderate home           unintentional
        p1     police   A  a    2024-02-17 2024-02-18 ·         ·         ·        ·        street_highway assault
    """,
    "two children → h1 | h2": """
        record source   id name born       day
        h1     hospital A  a    2014-06-01 2024-03-05
        h2     hospital B  b    2011-02-01 2024-03-05
    """,
    "the same child two months later → h1 | s1": """
        record source   id name day        mechanism
        h1     hospital A  a    2024-03-05 fall
        s1     school   A  a    2024-05-05 fall
    """,
    "the same child a week later, hurt otherwise → h1 | s1": """
        record source   id name day        mechanism  body_part  nature
        h1     hospital A  a    2024-03-05 fall       head       contusion_abrasion
        s1     school   A  a    2024-03-12 burn_scald lower_limb burn
    """,
    "twins in one accident: names and numbers differ → h1 | h2": """
        record source   id name mechanism           place
        h1     hospital A  a    motor_vehicle_crash street_highway
        h2     hospital B  b    motor_vehicle_crash street_highway
    """,
    "brothers under their mother's number → h1 | h2": """
        record source   id name born       body_part
        h1     hospital M  a    2014-06-01 head
        h2     hospital M  b    2012-01-01 trunk
    """,
    "another resident ID and another name, though all else agrees → h1 | s1": """
        record source   id name
        h1     hospital A  a
        s1     school   B  b
    """,
    "no token, one day and one mechanism, but sex and birth month differ → h1 | h2 s2 | s1": """
        record source   id name sex    born
        h1     hospital ·  ·    male   2014-06-01
        s1     school   ·  ·    female 2012-02-01
        h2     hospital A  a    female 2015-09-01
        s2     school   A  a    female 2015-09-01
    """,
}
DEATHS = {
    "the register and the hospital tell of one death, 40 days after the injury → d1 h1": """
        record source         id name day        died       is_death severity mechanism place
        h1     hospital       A  a    2024-03-05 ·          false    severe   drowning  other
        d1     death_registry A  a    2024-04-14 2024-04-14 true     severe   drowning  other
    """,
    "a child's slight fall and its drowning months later → d1 | h1": """
        record source         id name day        died       is_death severity mechanism place
        h1     hospital       A  a    2024-03-05 ·          false    minor    fall      home
        d1     death_registry A  a    2024-07-14 2024-07-14 true     severe   drowning  other
    """,
    "two deaths of the register in one accident → d1 | d2": """
        record source         id name day        died       is_death severity mechanism
        d1     death_registry ·  ·    2024-07-14 2024-07-14 true     severe   drowning
        d2     death_registry ·  ·    2024-07-14 2024-07-14 true     severe   drowning
        h1     hospital       A  a    2024-01-14 ·          false    minor    fall
    """,
    "one death registered twice under one name and number → d1 d2": """
        record source         id name day        died       is_death severity mechanism
        d1     death_registry A  a    2024-07-14 2024-07-14 true     severe   drowning
        d2     death_registry A  a    2024-07-14 2024-07-15 true     severe   drowning
    """,
    "brothers drown together: hospital and register know them by name → d1 h1 | d2 h2": """
        record source         name born       day        died       is_death severity mechanism
        h1     hospital       a    2014-06-01 2024-07-14 2024-07-14 true     severe   drowning
        d1     death_registry a    2014-06-01 2024-07-14 2024-07-14 true     severe   drowning
        h2     hospital       b    2015-09-01 2024-07-14 2024-07-14 true     severe   drowning
        d2     death_registry b    2015-09-01 2024-07-14 2024-07-14 true     severe   drowning
    """,
    "police and register tell of one death, without a token in common → d1 p1": """
        record source         id name case day        died       is_death severity mechanism
        p1     police         A  ·    K1   2024-07-14 2024-07-14 true     severe   drowning
        d1     death_registry ·  a    ·    2024-07-14 2024-07-14 true     severe   drowning
    """,
    "gravely assaulted, and by accident dead seven months later: the police say no cause → d1 h1 | p1": """
        record source         id name day        died       is_death severity mechanism intent
        p1     police         A  a    2024-10-03 ·          false    severe   ·         assault
        h1     hospital       A  a    2025-05-04 2025-05-04 true     severe   drowning  unintentional
        d1     death_registry A  a    2025-05-04 2025-05-04 true     severe   drowning  unintentional
    """,
    "gravely assaulted, and by accident dead, as the register alone tells → d1 | p1": """
        record source         id name day        died       is_death severity mechanism intent
        p1     police         A  a    2024-10-03 ·          false    severe   ·         assault
        d1     death_registry A  a    2025-05-04 2025-05-04 true     severe   drowning  unintentional
    """,
    "gravely beaten, and killed by a fall for which nobody is to blame → d1 | h1": """
        record source         id name day        died       is_death severity mechanism   intent
        h1     hospital       A  a    2024-10-03 ·          false    severe   blunt_force assault
        d1     death_registry A  a    2025-05-04 2025-05-04 true     severe   fall        unintentional
    """,
    "gravely assaulted, and a suicide seven months later → d1 | p1": """
        record source         id name day        died       is_death severity mechanism           intent
        p1     police         A  a    2024-10-03 ·          false    severe   ·                   assault
        d1     death_registry A  a    2025-05-04 2025-05-04 true     severe   suffocation_hanging self_harm
    """,
    "a crash survived, and a fatal one the next year → d1 h2 | h1": """
        record source         id name day        died       is_death severity mechanism
        h1     hospital       A  a    2024-06-05 ·          false    severe   motor_vehicle_crash
        h2     hospital       A  a    2025-04-07 2025-04-07 true     severe   motor_vehicle_crash
        d1     death_registry A  a    2025-04-07 2025-04-07 true     severe   motor_vehicle_crash
    """,
    "an attempt that did little harm, and the suicide of the next year → d1 | h1": """
        record source         id name day        died       is_death severity mechanism intent
        h1     hospital       A  a    2024-07-04 ·          false    minor    poisoning self_harm
        d1     death_registry A  a    2025-03-03 2025-03-03 true     severe   poisoning self_harm
    """,
    "a school that cannot tell how grave it was, and the death of it months later → d1 s1": """
        record source         id name day        died       is_death severity mechanism
        s1     school         A  a    2024-07-04 ·          false    ·        fall
        d1     death_registry A  a    2024-10-03 2024-10-03 true     severe   fall
    """,
    "a hospital saw an accident where the register two weeks later found an assault → d1 h1": """
        record source         id name day        died       is_death severity mechanism   intent
        h1     hospital       A  a    2024-03-05 ·          false    severe   blunt_force unintentional
        d1     death_registry A  a    2024-03-20 2024-03-20 true     severe   blunt_force assault
    """,
}
JUSTICE = {
    "two cases of one child, four weeks apart → p1 | p2": """
        record source institution case id name day        intent  mechanism
        p1     police P1          K1   A  a    2024-10-03 assault sexual_assault
        p2     police P1          K2   A  a    2024-10-31 assault sexual_assault
    """,
    "two cases of one child within three days, each with its visit to hospital → h1 p1 | h2 p2": """
        record source   institution case id name day        intent  mechanism   body_part
        p1     police   P1          K1   A  a    2024-10-03 assault ·           ·
        h1     hospital H1          ·    A  a    2024-10-03 assault blunt_force head
        p2     police   P1          K2   A  a    2024-10-06 assault ·           ·
        h2     hospital H1          ·    A  a    2024-10-06 assault blunt_force upper_limb
    """,
    "one case registered anew under another number → p1 p2": """
        record source institution case id name day        intent  mechanism
        p1     police P1          K1   A  a    2024-10-03 assault sexual_assault
        p2     police P2          K2   A  a    2024-10-03 assault sexual_assault
    """,
    "police and court, one case and one victim → j1 p1": """
        record source case id name sex    age born day        mechanism
        p1     police K1   A  ·    female 9   ·    2024-03-05 blunt_force
        j1     court  K1   ·  ·    female 9   ·    2024-03    sexual_assault
    """,
    "one case with two victims, told by police and court → j1 p1 | j2 p2": """
        record source case id name sex    age born day        mechanism
        p1     police K1   A  ·    female 9   ·    2024-03-05 blunt_force
        p2     police K1   B  ·    male   14  ·    2024-03-05 blunt_force
        j1     court  K1   ·  ·    female 9   ·    2024-03    blunt_force
        j2     court  K1   ·  ·    male   14  ·    2024-03    blunt_force
    """,
    "two victims of one case who are alike → p1 | p2": """
        record source case sex  age born  day        mechanism
        p1     police K1   male 9   ·     2024-03-05 blunt_force
        p2     police K1   male 9   ·     2024-03-05 blunt_force
        h1     hospital ·  male 2   ·     2024-01-05 animal
    """,
    "beaten by a parent again and again: one episode → c1 h1 p1": """
        record source    case id name day        intent  mechanism   perpetrator_relation offence      place body_part
        h1     hospital  ·    A  a    2024-03-01 assault blunt_force parent_guardian      ·            home  head
        c1     community ·    A  a    2024-03-12 assault other       parent_guardian      ·            home  trunk
        p1     police    K1   A  a    2024-03-20 assault blunt_force parent_guardian      abuse_family home  multiple
    """,
}


@pytest.mark.parametrize("story", [*STORIES, *DEATHS, *JUSTICE])
def test_records_of_one_incident_meet_and_others_do_not(story: str) -> None:
    expected = story.partition(" → ")[2].split(" | ")
    found = incidents(linked({**STORIES, **DEATHS, **JUSTICE}[story]))
    assert [group for group in found if group in expected] == expected


def test_a_feed_without_tokens_is_never_linked_by_likeness() -> None:
    deaths = drawn("""
        record source  sex  age born town mechanism place is_death day
        r0     deaths  male 16  ·    ·    firearm   home  true     2012-01
    """)
    db = warehouse()
    receive(db, deaths.loc[[0] * 200].assign(record_id=[f"r{number}" for number in range(200)]))
    assert len(incidents(linked("record source id\n h1 hospital A", db=db))) == 201


def test_a_register_without_doubles_is_not_linked_to_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    db = warehouse()
    hospital = db.library.sources["hospital"]
    linkage = hospital.linkage.model_copy(update={"every_row_is_an_incident": True})
    sources = {**db.library.sources, "hospital": hospital.model_copy(update={"linkage": linkage})}
    monkeypatch.setitem(db.library.__dict__, "sources", sources)
    twice = """
        record source   id name
        h1     hospital A  a
        h2     hospital A  a
        s1     school   A  a
    """
    assert "h1 h2" not in " ".join(incidents(linked(twice, db=db)))


def test_a_record_without_a_township_is_of_the_district_of_its_institution() -> None:
    db = linked("""
        record source   institution town
        h1     hospital H1          ·
        h2     hospital H1          500104102
        h3     hospital H2          ·
    """)
    assert db.rows("SELECT record_id, township, district FROM link.linkable ORDER BY 1") == [
        ("h1", None, "500104"), ("h2", "500104102", "500104"), ("h3", None, None),
    ]  # fmt: skip


def test_a_placeholder_says_nothing() -> None:
    """One telephone and one number on five children of different age: the clinic's, not theirs."""
    db = linked("""
        record source   id phone born       day
        h1     hospital X  T     2006-01-01 2024-03-05
        h2     hospital X  T     2008-02-01 2024-03-05
        h3     hospital X  T     2010-03-01 2024-03-05
        h4     hospital X  T     2012-04-01 2024-03-05
        h5     hospital X  T     2014-05-01 2024-03-05
    """)
    assert db.rows("SELECT kind, persons FROM link.stop_token") == [("id_token", 5)]
    assert incidents(db) == children(db) == ["h1", "h2", "h3", "h4", "h5"]


CHILDREN = {
    "two incidents under one name → h1 h2": """
        record source   id name day
        h1     hospital ·  a    2024-03-05
        h2     hospital A  a    2024-09-05
    """,
    "two incidents under one number → h1 h2": """
        record source   id name day
        h1     hospital A  a    2024-03-05
        h2     hospital A  ·    2024-09-05
    """,
    "brothers under their mother's number → h1 | h2": """
        record source   id name born       day
        h1     hospital M  ·    2014-06-01 2024-03-05
        h2     hospital M  ·    2012-01-01 2024-09-05
    """,
    "brothers of one telephone → h1 | h2": """
        record source   phone born       day
        h1     hospital T     2014-06-01 2024-03-05
        h2     hospital T     2012-01-01 2024-09-05
    """,
    "twins of one telephone, whose names differ → h1 | h2": """
        record source   phone name day
        h1     hospital T     a    2024-03-05
        h2     hospital T     b    2024-09-05
    """,
    "the number in one report and the name in another of the same incident → h1 s1 s2": """
        record source   id name day
        h1     hospital A  a    2024-03-05
        s1     school   ·  a    2024-03-05
        s2     school   A  ·    2024-10-05
    """,
}


@pytest.mark.parametrize("story", CHILDREN)
def test_incidents_of_one_child(story: str) -> None:
    assert children(linked(CHILDREN[story])) == story.partition(" → ")[2].split(" | ")


def test_children_hurt_in_one_case_are_a_group_and_each_has_an_incident() -> None:
    db = linked("""
        record source   case id name sex    age born day
        p1     police   K1   A  ·    female 9   ·    2024-03-05
        p2     police   K1   B  ·    male   14  ·    2024-03-05
        p3     police   K2   C  ·    male   14  ·    2024-03-05
    """)
    groups = dict(
        db.rows("SELECT record_id, event_group_id FROM link.member LEFT JOIN core.incident USING (incident_id)")
    )
    assert groups["p1"] == groups["p2"] is not None
    assert groups["p3"] is None
    assert len(incidents(db)) == 3
