"""`ddk explain`: the account of an incident, and a score taken apart."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddk_surveillance.library import Library
from ddk_surveillance.link import model_in_use
from ddk_surveillance.link.adjudication import Decision, decide, fingerprint
from ddk_surveillance.link.explanation import explain
from ddk_surveillance.review import words
from ddk_surveillance.warehouse import open_warehouse
from tests.cases.link.drawn import withdraw
from tests.cases.review.conftest import DOUBTFUL, Terminal, night
from tests.conftest import Home

MODEL = model_in_use(Library())
WORDS = words.load(Library())
CONTRADICTING = """
    record source   id day        body_part nature   intent        born       sex
    ea     hospital E  2024-10-05 head      fracture assault       2009-06-01 female
    eb     school   E  2024-10-05 trunk     fracture unintentional 2009-06-01 female
"""
PATTERNS = st.tuples(*(st.integers(0, radix - 1) for radix in MODEL.declaration.radices[2:])).map(
    lambda digits: int(np.dot((0, 14, *digits), np.cumprod((1, *MODEL.declaration.radices[:-1]))))
)


@given(PATTERNS)
def test_what_the_fields_add_is_the_whole_score(pattern: int) -> None:
    explained = explain(MODEL, pattern)
    assert sum(one.bits for one in explained.contributions) == pytest.approx(explained.model_bits, abs=1e-6)
    assert explained.bits == pytest.approx(explained.model_bits, abs=0.0051)
    assert sum(explained.otherwise.values()) == pytest.approx(1)


def test_a_field_of_which_nothing_is_known_adds_nothing() -> None:
    nothing_known = 14 * MODEL.declaration.radices[0]
    assert [one.bits for one in explain(MODEL, nothing_known).contributions[1:]] == [0.0] * 15


def test_every_name_of_the_declaration_has_a_word() -> None:
    """Reviewers read words; a new field, level or rule needs one in schemas/linkage_words.yaml."""
    declaration = MODEL.declaration
    assert list(WORDS.fields) == [field.field for field in declaration.fields]
    assert list(WORDS.rules) == [rule.rule for rule in declaration.safety]
    one_of_each = [
        words.Contribution(field.field, level.level, level.given, 0.0)
        for field in declaration.fields
        for level in field.levels
    ]
    unnamed = [one for one in one_of_each if "_" in WORDS.comparison(one).zh or WORDS.comparison(one).zh.isascii()]
    assert unnamed == []
    assert set(WORDS.classes) == {"unrelated", "same_child", "same_incident"}


def test_an_incident_is_explained_from_its_records_to_its_values(terminal: Terminal, doubtful: Home) -> None:
    with open_warehouse(doubtful.settings) as db:
        night(db, CONTRADICTING, "night2")
    told = terminal("explain", incident_of(doubtful, "ea")).text
    lines = {line.split()[0]: line.split()[1:] for line in told.splitlines() if line.strip()}
    assert "由 2 条记录合成" in told
    assert lines["1"][:2] == ["医疗机构", "hospital-1"]
    assert lines["2"][:2] == ["学校", "school-1"]
    assert lines["部位"] == ["头部", "躯干（1", "份：学校）", "来源次序"]
    assert "故意(暴力、攻击)" in lines["意图"] and "非故意(意外事故)（1" in " ".join(lines["意图"])
    assert "模型得分" in told
    assert "合并从严" in told and "合并从宽" in told


def test_a_record_or_a_retired_id_leads_to_the_incident(terminal: Terminal, doubtful: Home) -> None:
    old = incident_of(doubtful, "da")
    with open_warehouse(doubtful.settings) as db:
        earlier = "record source id day born sex reported\n d0 police D 2024-09-05 2010-06-01 female 2024-09-01"
        night(db, earlier, "night2")
    new = incident_of(doubtful, "da")
    assert f"事件号 {old} 已停用，其记录现属 {new}" in terminal("explain", old).text
    told = terminal("explain", "db").text
    assert f"事件 {new}" in told
    assert f"night2  da    {old}" in told and "更名" in told


def test_an_incident_whose_records_were_withdrawn_says_so(terminal: Terminal, doubtful: Home) -> None:
    old = incident_of(doubtful, "da")
    with open_warehouse(doubtful.settings) as db:
        withdraw(db, "da", "db")
        night(db, DOUBTFUL.replace("da ", "ea ").replace("db ", "eb "), "night2")
    told = terminal("explain", old).text
    assert f"事件号 {old} 已停用，其记录均已撤回" in told
    assert "记录撤回" in told


def test_decisions_about_its_records_are_told(terminal: Terminal, doubtful: Home) -> None:
    with open_warehouse(doubtful.settings) as db:
        decide(db, Decision(("da", "aa"), "same", "王敏", "家长证实", fingerprint(db, ("da", "aa"))))
        night(db, DOUBTFUL, "night2")
    told = terminal("explain", "da").text
    assert "裁定 1 号" in told and "王敏" in told and "家长证实" in told
    assert "人工裁定：同一事件" in told


def test_incidents_of_one_case_name_each_other(terminal: Terminal, doubtful: Home) -> None:
    with open_warehouse(doubtful.settings) as db:
        night(
            db,
            "record source case id name sex born\n p1 police K A a male 2014-01-01\n p2 police K B b female 2011-01-01",
        )
    assert f"其他儿童的事件 {incident_of(doubtful, 'p2')}" in terminal("explain", "p1").text


def test_an_id_that_never_was_is_an_error(terminal: Terminal) -> None:
    assert "没有这个事件号" in terminal("explain", "0123456789abcdef").text


def incident_of(home: Home, record_id: str) -> str:
    [incident_id] = home.column(f"SELECT incident_id FROM link.member WHERE record_id = '{record_id}'")
    return str(incident_id)
