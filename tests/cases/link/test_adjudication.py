"""What reviewers decide holds: through a new model, a re-run, a correction; the newest decision, and what follows from it."""

from __future__ import annotations

import itertools
from typing import Literal

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ddk_surveillance import link
from ddk_surveillance.link.adjudication import Decision, DecisionRefused, decide, fingerprint, reverse
from ddk_surveillance.link.declaration import Declaration
from ddk_surveillance.settings import resource
from ddk_surveillance.warehouse import Warehouse
from tests.cases.link.drawn import drawn, everything, incidents, linked, receive, warehouse, withdraw

# Three reports of which the model joins the first two, and one of another child.
REPORTS = """
    record source    id name day        born       mechanism
    a      hospital  A  a    2024-03-05 2014-06-01 fall
    b      school    A  a    2024-03-05 2014-06-01 fall
    c      police    C  c    2024-03-05 2009-02-01 sharp_force
    d      community D  d    2024-07-01 2011-09-01 burn_scald
"""


def test_the_model_alone() -> None:
    assert incidents(linked(REPORTS)) == ["a b", "c", "d"]


def test_a_decision_takes_effect_on_the_next_run() -> None:
    db = linked(REPORTS)
    review(db, "a", "b", "different")
    assert incidents(db) == ["a b", "c", "d"]
    link.run(db, "next")
    assert incidents(db) == ["a", "b", "c", "d"]


def test_a_decision_outlives_another_model() -> None:
    db = linked(REPORTS)
    review(db, "c", "a", "same")
    link.run(db, "decided")
    decided = everything(db)
    db.execute("UPDATE ops.meta SET value = 'another' WHERE name = 'linkage_model'")
    link.run(db, "new model")
    assert everything(db) == decided
    assert incident_of(db, "a") == incident_of(db, "c")


def test_a_decision_outlives_the_correction_of_a_record() -> None:
    db = linked(REPORTS)
    review(db, "a", "b", "different")
    receive(db, drawn(REPORTS.replace("fall", "burn_scald")))
    link.run(db, "corrected")
    assert incidents(db) == ["a", "b", "c", "d"]


def test_a_decision_waits_while_its_record_is_withdrawn() -> None:
    db = linked(REPORTS)
    review(db, "a", "b", "different")
    withdraw(db, "b")
    link.run(db, "withdrawn")
    receive(db, drawn(REPORTS))
    link.run(db, "sent again")
    assert incidents(db) == ["a", "b", "c", "d"]


def test_a_decision_that_is_taken_back_leaves_the_pair_to_the_model_and_stays_on_record() -> None:
    db = linked(REPORTS)
    before = everything(db)
    review(db, "a", "b", "different")
    link.run(db, "decided")
    reverse(db, 1, "李四", "看错了卡片")
    link.run(db, "taken back")
    assert everything(db) == before
    assert db.rows("SELECT adjudication_id, decision, decided_by, reason FROM link.adjudication ORDER BY 1") == [
        (1, "different", "张三", "核对过卡片"),
        (2, "open", "李四", "看错了卡片"),
    ]


def test_after_a_reversal_the_pair_can_be_decided_anew_and_the_newest_holds() -> None:
    db = linked(REPORTS)
    review(db, "a", "c", "different")
    reverse(db, 1, "李四", "看错了卡片")
    review(db, "a", "c", "same")
    assert db.rows("FROM link.decision") == [("a", "c", "same")]


def test_the_same_as_the_same_is_the_same_whatever_the_model_says() -> None:
    db = linked(REPORTS)
    review(db, "a", "c", "same")
    review(db, "c", "d", "same")
    link.run(db, "decided")
    assert incident_of(db, "a") == incident_of(db, "c") == incident_of(db, "d")


def test_different_from_one_is_different_from_all_that_are_the_same() -> None:
    db = linked(REPORTS)
    review(db, "c", "d", "same")
    review(db, "a", "c", "different")
    assert ("a", "d", "different") in db.rows("FROM link.decision")


def test_the_order_of_decisions_does_not_matter() -> None:
    one = linked(REPORTS)
    review(one, "a", "c", "same")
    review(one, "b", "d", "different")
    link.run(one, "decided")
    expected = everything(one)
    other = linked(REPORTS)
    review(other, "d", "b", "different")
    review(other, "c", "a", "same")
    link.run(other, "decided")
    assert everything(other) == expected


def test_deciding_the_same_again_adds_nothing() -> None:
    db = linked(REPORTS)
    assert review(db, "a", "c", "same")
    assert not review(db, "c", "a", "same")
    assert db.value("SELECT count(*) FROM link.adjudication") == 1


def test_a_contradiction_is_refused_with_the_decisions_it_contradicts() -> None:
    db = linked(REPORTS)
    review(db, "a", "c", "same")
    review(db, "b", "d", "different")
    review(db, "c", "d", "same")
    with pytest.raises(DecisionRefused, match="decision 1、3"):
        review(db, "a", "d", "different")


def test_a_record_that_was_corrected_meanwhile_has_to_be_looked_at_again() -> None:
    db = linked(REPORTS)
    seen = fingerprint(db, ("a", "c"))
    receive(db, drawn(REPORTS.replace("sharp_force", "fall")))
    with pytest.raises(DecisionRefused, match="corrected since"):
        decide(db, Decision(("a", "c"), "same", "张三", "核对过卡片", seen))


def test_records_that_are_not_there_cannot_be_decided() -> None:
    with pytest.raises(DecisionRefused, match="not in this warehouse"):
        fingerprint(linked(REPORTS), ("a", "of another warehouse"))


@pytest.mark.parametrize("number", [1, 3, 9])
def test_only_a_decision_that_holds_can_be_taken_back(number: int) -> None:
    db = linked(REPORTS)
    review(db, "a", "c", "same")  # 1
    reverse(db, 1, "李四", "看错了卡片")  # 2
    with pytest.raises(DecisionRefused, match=f"no decision {number}"):
        reverse(db, number, "李四", "看错了卡片")


def test_no_declaration_can_leave_the_decisions_out() -> None:
    content = yaml.safe_load((resource("schemas") / "linkage.yaml").read_text(encoding="utf-8"))
    Declaration.model_validate(content)
    for safety in (content["safety"][1:], content["safety"][::-1]):
        with pytest.raises(ValidationError, match="must be those of reviewers"):
            Declaration.model_validate(content | {"safety": safety})


def review(db: Warehouse, left: str, right: str, decision: Literal["same", "different"]) -> bool:
    pair = (left, right)
    return decide(db, Decision(pair, decision, "张三", "核对过卡片", fingerprint(db, pair)))


Acts = st.lists(
    st.tuples(st.sampled_from("abcde"), st.sampled_from("abcde"), st.sampled_from(["same", "different", "open"])),
    max_size=8,
)


@settings(max_examples=40, derandomize=True)
@given(Acts)
def test_what_follows_from_decisions(acts: list[tuple[str, str, str]]) -> None:
    """Against the plainest reading: groups of the same, and a different pair parts its two groups."""
    acts = [act for act in acts if act[0] != act[1]]
    db = warehouse()
    for number, (left, right, decision) in enumerate(acts):
        row = [number, min(left, right), max(left, right), decision]
        db.execute("INSERT INTO link.adjudication VALUES (?, ?, ?, ?, 'x', TIMESTAMP '2024-04-01', 'x', NULL)", row)
    newest = {frozenset(act[:2]): act[2] for act in acts}
    group = {record: record for record in "abcde"}
    for pair in [pair for pair, decision in newest.items() if decision == "same"]:
        one, other = (group[record] for record in pair)
        group = {record: one if name == other else name for record, name in group.items()}
    apart = {
        frozenset(group[record] for record in pair) for pair, decision in newest.items() if decision == "different"
    }
    expected = []
    for left, right in itertools.combinations("abcde", 2):
        if frozenset((group[left], group[right])) in apart:
            expected.append((left, right, "different"))
        elif group[left] == group[right]:
            expected.append((left, right, "same"))
    assert db.rows("FROM link.decision ORDER BY ALL") == expected


def incident_of(db: Warehouse, record_id: str) -> str:
    return str(db.value("SELECT incident_id FROM link.member WHERE record_id = ?", [record_id]))
