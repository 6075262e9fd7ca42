"""The catalogue of checks: complete, each judged by Great Expectations on an example, each with its page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import duckdb
import pyarrow
import pytest

from ddk_surveillance import quality
from ddk_surveillance.different import select_different
from ddk_surveillance.library import Library
from ddk_surveillance.quality.catalogue import markdown, write_catalogue
from ddk_surveillance.quality.evaluation import Verdict, evaluate
from ddk_surveillance.quality.rules import Rule, rules_across, rules_of

LIBRARY = Library()
# Q11 (其他 without its text) cannot be judged: free text is never stored.
NUMBERS = {*range(1, 7), 10, *range(12, 17), *range(20, 29), *range(30, 42), *range(50, 55)}

# For every check of rows what breaks it and what does not, in the columns it looks at.
EXAMPLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "Q10I": ({"institution_id": "育才小学"}, {"institution_id": "S0001"}),
    "Q13": ({"icd10_external": "S06.0"}, {"icd10_external": "W19.9"}),
    "Q13D": ({"icd10_external": "C91.0"}, {"icd10_external": "X70"}),
    "Q13X": ({"icd10_external": "E88.0"}, {"icd10_external": "W13.0"}),
    "Q14": ({"icd10_external": "W19.9"}, {"icd10_external": "W01.0"}),
    "Q14T": ({"icd10_diagnosis": "T14.9"}, {"icd10_diagnosis": "S06.0"}),
    "Q14X": ({"icd10_diagnosis": "W13.0"}, {"icd10_diagnosis": "S52.5"}),
    "Q15": ({"residence": "unknown"}, {"residence": "non_resident"}),
    "Q16": ({"sex": None}, {"sex": "female"}),
    "Q20": ({"age_years": 18}, {"age_years": 17}),
    "Q20U": ({"age_years": None}, {"age_years": 3}),
    "Q21": ({"days_from_event_to_visit": -1}, {"days_from_event_to_visit": 0}),
    "Q21D": ({"days_from_event_to_death": -1}, {"days_from_event_to_death": 0}),
    "Q21R": ({"days_from_death_to_report": -1}, {"days_from_death_to_report": 0}),
    "Q22": ({"days_from_event_to_report": -1}, {"days_from_event_to_report": 0}),
    "Q22A": ({"days_from_event_to_arrival": 14_611}, {"days_from_event_to_arrival": 14_610}),
    "Q22B": ({"days_from_birth_month_to_event": -1}, {"days_from_birth_month_to_event": 0}),
    "Q22C": ({"days_from_event_to_arrival": -1}, {"days_from_event_to_arrival": 0}),
    "Q23": ({"age_difference_years": -2}, {"age_difference_years": 1}),
    "Q24": ({"report_delay_days": 61}, {"report_delay_days": 60}),
    "Q24D": ({"days_from_death_to_report": 16}, {"days_from_death_to_report": 15}),
    "Q24H": ({"report_delay_days": 31}, {"report_delay_days": 30}),
    "Q25": ({"visit_delay_days": 181}, {"visit_delay_days": 180}),
    "Q26": ({"date_precision": "month"}, {"date_precision": "day"}),
    "Q27": ({"age_years": 3, "education": "junior"}, {"age_years": 6, "education": "primary"}),
    "Q27M": ({"age_years": 12, "education": None}, {"age_years": 7, "education": None}),
    "Q28": ({"occupation": "retired"}, {"occupation": "student"}),
    "Q30": ({"mechanism": "sexual_assault", "intent": "unintentional"}, {"mechanism": "fall", "intent": "unintentional"}),
    "Q31U": ({"icd10_external": "X70", "intent": "unintentional"}, {"icd10_external": "X59", "intent": "unintentional"}),
    "Q31S": ({"icd10_external": "W19.9", "intent": "self_harm"}, {"icd10_external": "X84", "intent": "self_harm"}),
    "Q31A": ({"icd10_external": "W50", "intent": "assault"}, {"icd10_external": "Y04.0", "intent": "assault"}),
    "Q33": ({"severity": "minor", "outcome": "died"}, {"severity": "minor", "outcome": "observation"}),
    "Q33B": ({"severity": "severe", "outcome": "treated_released"}, {"severity": "severe", "outcome": "hospitalised"}),
    "Q33G": ({"injury_grade": "light_2", "is_death": True}, {"injury_grade": "light_2", "is_death": False}),
    "Q34": ({"age_years": 9, "intent": "self_harm"}, {"age_years": 10, "intent": "self_harm"}),
    "Q35": ({"age_years": 4, "intent": "self_harm"}, {"age_years": 5, "intent": "self_harm"}),
    "Q36": ({"mechanism": "drowning", "place": "home", "age_years": 5},
            {"mechanism": "drowning", "place": "home", "age_years": 1}),
    "Q37A": ({"mechanism": "animal", "nature": "fracture"}, {"mechanism": "fall", "nature": "fracture"}),
    "Q37B": ({"mechanism": "burn_scald", "nature": "fracture"}, {"mechanism": "burn_scald", "nature": "burn"}),
    "Q38": ({"mandatory_report": "mr1_genital_injury", "violence_type": None},
            {"mandatory_report": "mr8_begging", "violence_type": "other"}),
    "Q39": ({"intent": "assault", "mandatory_report": None}, {"intent": "assault", "mandatory_report": "mr9_other"}),
    "Q40K": ({"age_years": 8}, {"age_years": 2}),
    "Q40N": ({"age_years": 3}, {"age_years": 2}),
    "Q40S": ({"age_years": 4}, {"age_years": 5}),
    "Q41": ({"violence_type": "bullying", "age_years": 4}, {"violence_type": "physical", "age_years": 4}),
}  # fmt: skip


def test_holds_every_check_that_can_be_judged() -> None:
    assert {int(re.findall(r"\d+", code)[0]) for code in LIBRARY.checks} == NUMBERS
    assert len(LIBRARY.checks) == 64


def _rules() -> dict[str, Rule]:
    found = (rule for source in LIBRARY.sources.values() for rule in rules_of(LIBRARY, source))
    return {rule.code: rule for rule in found if rule.code in LIBRARY.checks}


def test_every_check_of_rows_applies_to_some_feed_and_has_an_example() -> None:
    assert set(_rules()) == {code for code, check in LIBRARY.checks.items() if check.needs} == set(EXAMPLES)


def test_great_expectations_tells_the_example_from_what_is_right(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(quality.rules, "COMPARED", {})  # the examples give the difference itself
    rules = [_rules()[code] for code in EXAMPLES]
    with duckdb.connect() as connection:
        for code, (bad, good) in EXAMPLES.items():
            connection.register(code, pyarrow.Table.from_pylist([good | {"is_bad": False}, bad | {"is_bad": True}]))
        verdicts = evaluate(
            rules,
            [connection.sql(select_different(rule.code, rule.question)).to_arrow_table() for rule in rules],
        ).verdicts
        wrong = {
            verdict.rule.code
            for verdict in verdicts
            if not verdict.is_evaluated or _found(connection, verdict) != [(True,)]
        }
    assert wrong == set()


def _found(connection: duckdb.DuckDBPyConnection, verdict: Verdict) -> list[Any]:
    """Which of the two examples hold a failing value."""
    connection.register("failing", verdict.failing)
    sql = f"SELECT c.is_bad FROM {verdict.rule.code} c JOIN failing ON {verdict.rule.holds_failing}"
    return connection.sql(sql).fetchall()


def test_a_check_that_cannot_be_evaluated_is_not_believed() -> None:
    [rule] = [rule for code, rule in _rules().items() if code == "Q20"]
    age = pyarrow.table({"Q20_age_years": ["seven"]})
    assert [verdict.is_evaluated for verdict in evaluate([rule], [age]).verdicts] == [False]


def test_checks_across_files_and_feeds() -> None:
    assert sorted(rule.code for _, rule in rules_across(LIBRARY)) == [
        "Q01", "Q02", "Q03", "Q04", "Q05", "Q06", "Q32", "Q50", "Q51", "Q52", "Q52D", "Q53", "Q54"]  # fmt: skip


def test_every_check_has_a_page_that_needs_no_network(tmp_path: Path) -> None:
    write_catalogue(tmp_path, LIBRARY)
    pages = {page.stem: page.read_text(encoding="utf-8") for page in (tmp_path / "checks").glob("*.html")}
    assert set(pages) == {*LIBRARY.checks, "index"}
    assert not any("http" in page for page in pages.values())
    for code, check in LIBRARY.checks.items():
        assert check.remedy.zh in pages[code] and f'href="{code}.html"' in pages["index"]


def test_the_document_says_what_the_declarations_say() -> None:
    """Run `python -m ddk_surveillance.quality.catalogue > docs/checks.md` when this fails."""
    document = Path(__file__).parents[3] / "docs" / "checks.md"
    assert document.read_text(encoding="utf-8") == markdown(LIBRARY)
