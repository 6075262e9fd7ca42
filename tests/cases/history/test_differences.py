"""Every difference between two releases has its causes, and they add up; what was frozen says what moved since."""

from __future__ import annotations

import itertools
import re
from datetime import datetime
from pathlib import Path

import pytest

from ddk_surveillance import editions
from ddk_surveillance.console import Voice
from ddk_surveillance.differences import FIGURE, show_differences
from ddk_surveillance.errors import ConfigurationError
from ddk_surveillance.link.adjudication import DecisionRefused
from ddk_surveillance.publish.difference import compare
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import Warehouse
from tests.cases.figures.conftest import empty_warehouse
from tests.cases.history.conftest import CHAPTERS, Told
from tests.cases.history.story import HEADLINE, headline_changes

COUNTED = "SELECT indicator_code, cause, numerator_change FROM difference WHERE numerator_change <> 0"
NOT_ADDING_UP = f"""
    SELECT {", ".join(FIGURE)} FROM difference GROUP BY ALL
    HAVING sum(numerator_change) <> any_value(coalesce(numerator_to, 0) - coalesce(numerator_from, 0))
        OR abs(sum(rate_change) - any_value(coalesce(rate_to, 0) - coalesce(rate_from, 0))) > 1e-12"""
MOVED_UNSAID = f"""
    SELECT {", ".join(FIGURE)} FROM out.indicator_rate_as_of($from_at) b FULL JOIN out.indicator_rate_as_of($to_at) n USING ({", ".join(FIGURE)})
    ANTI JOIN difference USING ({", ".join(FIGURE)})
    WHERE coalesce(b.numerator, 0) <> coalesce(n.numerator, 0)
        OR abs(coalesce(b.rate_per_1000, 0) - coalesce(n.rate_per_1000, 0)) > 1e-9"""


def compared(told: Told, earlier: str, later: str) -> Warehouse:
    compare(told.story.db, told.moments[earlier], told.moments[later])
    return told.story.db


@pytest.mark.parametrize(("earlier", "chapter"), list(itertools.pairwise(["the first release", *CHAPTERS])))
def test_every_release_knows_what_moved_its_figures(told: Told, earlier: str, chapter: str) -> None:
    assert compared(told, earlier, chapter).rows(f"{COUNTED} AND {HEADLINE} ORDER BY ALL") == CHAPTERS[chapter]


@pytest.mark.parametrize("earlier", ["the first release", "a correction", "another definition"])
def test_the_parts_of_every_figure_add_up_between_any_two_releases(told: Told, earlier: str) -> None:
    """Of years, quarters, months, 12 months, sexes, ages and townships; and no figure moves without being named."""
    later = list(told.moments)[1 + list(told.moments).index(earlier) :: 2]
    kinds = set()
    for chapter in later:
        db = compared(told, earlier, chapter)
        moments = {"from_at": told.moments[earlier], "to_at": told.moments[chapter]}
        assert db.rows(NOT_ADDING_UP) == []
        assert db.rows(MOVED_UNSAID, moments) == []
        assert db.rows("FROM difference WHERE cause = 'unexplained'") == []
        kinds |= set(
            db.rows("SELECT period_type, sex <> 'all', age_group <> 'all', township_code <> 'all' FROM difference")
        )
    assert len(kinds) == 8


def test_one_late_record_moves_every_figure_in_which_its_child_counts(told: Told) -> None:
    """The record of a girl of 13, of March 2024."""
    moved = compared(told, "the first release", "a late record").rows(
        "SELECT period_type, period, sex, age_group, township_code, cause, numerator_change, record_ids FROM difference"
        " WHERE indicator_code = '20' ORDER BY ALL"
    )
    place, because = ("all", "all", "all"), ("late_record", 1, "h9")
    assert moved == [
        ("month", "2024-03", *place, *because),
        ("quarter", "2024Q1", *place, *because),
        ("rolling_12_months", "2024-12", *place, *because),
        ("year", "2024", "all", "10-14", "all", *because),
        ("year", "2024", "all", "all", "500104101", *because),
        ("year", "2024", "all", "all", "all", *because),
        ("year", "2024", "female", "10-14", "all", *because),
        ("year", "2024", "female", "all", "all", *because),
    ]


def test_a_new_population_moves_rates_and_no_count(told: Told) -> None:
    rows = headline_changes(told.story.db, told.moments["a new source"], told.moments["a new population"])
    # 36 000 children become 45 000: every rate falls by a fifth
    assert [(*row[:3], round(row[3], 6)) for row in rows] == [
        ("18", "population", 0, -0.005556),
        ("19", "population", 0, -0.005556),
        ("20", "population", 0, -0.027778),
        ("bites", "population", 0, -0.005556),
    ]


def test_what_came_and_went_again_makes_no_difference(told: Told) -> None:
    """The late record's file was withdrawn: between the releases around both nothing of it is left."""
    around = told.moments["the first release"], told.moments["a withdrawn file"]
    causes = [cause for code, cause, *_ in headline_changes(told.story.db, *around) if code == "20"]
    assert causes == ["correction", "new_source", "population"]


@pytest.mark.parametrize(
    ("reason", "numerator", "cause"),
    [
        ("denominator_missing", 0, "population"),
        ("not_reported", None, "withdrawn"),
        ("not_applicable", 0, "definition"),
    ],
)
def test_a_rate_of_nought_that_is_no_longer_known_has_moved(
    tmp_path: Path, reason: str, numerator: int | None, cause: str
) -> None:
    """No death in 2024 was told; then the population or a report of that year was taken back, or the age was none that counts."""
    db = empty_warehouse(str(tmp_path))
    first, later = datetime(2026, 1, 1), datetime(2026, 2, 1)
    cell = dict(zip(FIGURE, ("19", "year", "2024", "all", "all", "all"), strict=True)) | {"definition_version": 1}
    for known, moment in (
        ({"numerator": 0, "denominator": 100.0, "rate_per_1000": 0.0, "valid_to": later}, first),
        ({"numerator": numerator, "reason": reason}, later),
    ):
        unsure = {"unstable": True, "status": "F", "valid_from": moment}
        db.insert("out.indicator_rate_version", cell | unsure | known)
    compare(db, first, later)
    moved = db.rows("SELECT indicator_code, numerator_from, numerator_to, rate_from, rate_to, cause FROM difference")
    assert moved == [("19", 0, numerator, 0.0, None, cause)]
    db.connection.close()


def test_changes_on_the_screen(told: Told, capfd: pytest.CaptureFixture[str]) -> None:
    show_differences(told.story.settings, Voice("zh"), "R1", "R000002", "table")
    lines = [line.split() for line in capfd.readouterr().out.splitlines()]
    assert lines[1] == ["20", "2024", "年", "全区", "4", "5", "0.111", "0.139", "迟报", "+1", "+0.028", "1", "医疗机构"]
    assert lines[-1] == [
        "injury",
        "2024-03",
        "全区",
        "8",
        "9",
        "2.624",
        "2.952",
        "迟报",
        "+1",
        "+0.328",
        "1",
        "医疗机构",
    ]
    show_differences(told.story.settings, Voice("zh"), "R11", "R12", "table")
    assert capfd.readouterr().out == "R000011 与 R000012 的数字相同。\n"
    with pytest.raises(ConfigurationError):
        show_differences(told.story.settings, Voice("zh"), "R2", "R1", "table")


def test_an_edition_keeps_the_figures_that_it_froze(told: Told) -> None:
    frozen = told.story.published(
        f"SELECT indicator_code, numerator FROM out.indicator_rate_of_edition('2024-1') WHERE {HEADLINE} ORDER BY 1"
    )
    assert frozen == [("18", 1), ("19", 1), ("20", 4), ("bites", 1)]


def test_what_moved_after_an_edition_is_said_with_its_causes(told: Told) -> None:
    said = {
        text.en
        for text in editions.restatements(told.story.db)
        if re.search("2024-1, indicator (18|19|20|bites|burns) ", text.en)
    }
    assert said == {
        "Restated: edition 2024-1, indicator 18 of 2024, 1 → 2, 0.028 → 0.044 ‰: new events +1 (records: 2); population -0.011 ‰.",
        "Restated: edition 2024-1, indicator 19 of 2024, 1 → 1, 0.028 → 0.022 ‰: population -0.006 ‰.",
        "Restated: edition 2024-1, indicator 20 of 2024, 4 → 4, 0.111 → 0.089 ‰: corrections -1 (records: 1);"
        " late records +1 (records: 1); linkage -1 (records: 1); new sources +1 (records: 1); population -0.022 ‰.",
        "Restated: edition 2024-1, indicator bites of 2024, 1 → 2, 0.028 → 0.044 ‰: definition +1; population -0.011 ‰.",
        "Restated: edition 2024-1, indicator burns of 2024, — → 1, — → 0.022 ‰: definition +1.",
    }
    analysts = f"SELECT numerator_from, numerator_to, sum(numerator_change) FROM out.restatement WHERE {HEADLINE} AND indicator_code = '20' GROUP BY 1, 2"
    assert told.story.published(analysts) == [(4, 4, 0)]
    by_sex = (
        "SELECT sex, numerator_from, numerator_to FROM out.restatement WHERE indicator_code = '18' AND period = '2024'"
    )
    assert told.story.published(f"{by_sex} AND age_group = 'all' AND sex <> 'all' AND cause = 'new_event'") == [
        ("female", 0, 1)
    ]


def test_every_later_night_says_how_many_frozen_figures_moved(told: Told) -> None:
    said = told.story.db.rows(
        "SELECT message_en FROM ops.night WHERE night_id IN ('night1', 'night2') ORDER BY night_id"
    )
    assert said == [
        ("Published R000001.",),
        ("Published R000002. Yearly figures that moved after their edition: 2 (ddk edition list).",),
    ]


def test_only_final_figures_are_frozen_unless_forced(told: Told) -> None:
    settings = told.story.settings
    with pytest.raises(ConfigurationError) as error:
        editions.freeze(settings, Voice("en"), 2023, "tester", None, is_forced=False)
    assert "2023" in error.value.text.en
    editions.freeze(settings, Voice("en"), 2024, "tester", None, is_forced=False)  # final by now: its second edition
    frozen = told.story.db.rows("SELECT edition_id, is_provisional, frozen_by, reason FROM ops.edition ORDER BY number")
    assert [frozen[0], frozen[1][:2]] == [("2024-1", True, "tester", "yearbook"), ("2024-2", False)]
    told.story.db.execute("DELETE FROM ops.edition WHERE edition_id = '2024-2'")


def test_a_reason_that_names_a_child_is_not_frozen(told: Told) -> None:
    """Analysts read the reason of an edition."""
    with pytest.raises(DecisionRefused, match="personal data"):
        editions.freeze(told.story.settings, Voice("en"), 2024, "tester", "患儿张小明的死亡已核实", is_forced=True)


def test_before_the_first_release_nothing_can_be_frozen(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="Nothing has been published yet"):
        editions.freeze(load({}, tmp_path), Voice("en"), 2024, "tester", None, is_forced=True)
