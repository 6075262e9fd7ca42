"""Every difference between two releases has its causes, and they add up; what was frozen says what moved since."""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from typing import Any

import pytest

from ddk_surveillance import editions
from ddk_surveillance.console import Voice
from ddk_surveillance.differences import differences, show_differences
from ddk_surveillance.errors import ConfigurationError
from tests.cases.history.conftest import CHAPTERS, Told
from tests.cases.history.story import HEADLINE, TOLD_OF


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_release_knows_what_moved_its_figures(told: Told, chapter: str) -> None:
    moved = told.story.db.rows(
        "SELECT indicator_code, cause, numerator_change FROM mart.figure_change JOIN ops.release USING (release_id)"
        " WHERE published_at = ? AND year = 2024"
        f" AND {TOLD_OF} ORDER BY ALL",
        [told.moments[chapter]],
    )
    assert moved == CHAPTERS[chapter]


def test_the_parts_add_up_between_any_two_releases(told: Told) -> None:
    pairs = list(itertools.combinations(told.moments.values(), 2))
    assert len(pairs) == 78
    for from_at, to_at in pairs:
        parts: dict[tuple[Any, ...], list[tuple[int, float]]] = defaultdict(list)
        for code, year, *figures, _, change, rate_change, _, _ in differences(told.story.db, from_at, to_at):
            parts[code, year, *figures].append((change, rate_change))
        for (*_, old, new, old_rate, new_rate), changes in parts.items():
            assert sum(change for change, _ in changes) == (new or 0) - (old or 0)
            assert sum(rate for _, rate in changes) == pytest.approx((new_rate or 0) - (old_rate or 0), abs=1e-12)


def test_a_figure_without_parts_is_the_same_in_both_releases(told: Told) -> None:
    for from_at, to_at in itertools.pairwise(told.moments.values()):
        moved = {f"{code} {year}" for code, year, *_ in differences(told.story.db, from_at, to_at)}
        before, after = told.story.figures_as_of(from_at), told.story.figures_as_of(to_at)
        assert {name for name, figure in after.items() if figure != before.get(name)} <= moved


def test_a_new_population_moves_rates_and_no_count(told: Told) -> None:
    from_at, to_at = told.moments["a new source"], told.moments["a new population"]
    rows = [
        (code, cause, change, round(rate, 6))
        for code, _, *_, cause, change, rate, _, _ in differences(told.story.db, from_at, to_at)
        if code in ("18", "19", "20", "bites", "burns")
    ]
    assert rows == [  # 36 000 children become 45 000: every rate falls by a fifth
        ("18", "population", 0, -0.005556),
        ("19", "population", 0, -0.005556),
        ("20", "population", 0, -0.027778),
        ("bites", "population", 0, -0.005556),
    ]


def test_what_came_and_went_again_makes_no_difference(told: Told) -> None:
    """The late record's file was withdrawn: between the releases around both nothing of it is left."""
    around = told.moments["the first release"], told.moments["a withdrawn file"]
    causes = [cause for code, _, *_, cause, _, _, _, _ in differences(told.story.db, *around) if code == "20"]
    assert causes == ["correction", "new_source", "population"]


def test_changes_on_the_screen(told: Told, capfd: pytest.CaptureFixture[str]) -> None:
    show_differences(told.story.settings, Voice("zh"), "R1", "R000002", "table")
    assert capfd.readouterr().out.splitlines()[1].split() == [
        "20", "2024", "4", "5", "0.111", "0.139", "迟报", "+1", "+0.028", "1", "hospital"]  # fmt: skip
    show_differences(told.story.settings, Voice("zh"), "R11", "R12", "table")
    assert capfd.readouterr().out == "R000011 与 R000012 的年度数字相同。\n"
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
        "Restated: edition 2024-1, indicator 18 of 2024, 1 → 2, 0.028 → 0.044 ‰: new events +1 (records: 1); population -0.006 ‰.",
        "Restated: edition 2024-1, indicator 19 of 2024, 1 → 1, 0.028 → 0.022 ‰: population -0.006 ‰.",
        "Restated: edition 2024-1, indicator 20 of 2024, 4 → 4, 0.111 → 0.089 ‰: corrections -1 (records: 1);"
        " late records +1 (records: 1); new sources +1 (records: 1); population -0.028 ‰; linkage -1 (records: 1).",
        "Restated: edition 2024-1, indicator bites of 2024, 1 → 2, 0.028 → 0.044 ‰: definition +1; population -0.006 ‰.",
        "Restated: edition 2024-1, indicator burns of 2024, — → 1, — → 0.022 ‰: definition +1.",
    }
    analysts = "SELECT numerator_from, numerator_to, sum(numerator_change) FROM out.restatement WHERE indicator_code = '20' GROUP BY 1, 2"
    assert told.story.published(analysts) == [(4, 4, 0)]


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
        editions.freeze(settings, Voice("en"), 2023, None, None, is_forced=False)
    assert "2023" in error.value.text.en
    editions.freeze(settings, Voice("en"), 2024, None, None, is_forced=False)  # final by now: its second edition
    frozen = told.story.db.rows("SELECT edition_id, is_provisional, frozen_by, reason FROM ops.edition ORDER BY number")
    assert [frozen[0], frozen[1][:2]] == [("2024-1", True, "tester", "yearbook"), ("2024-2", False)]
    told.story.db.execute("DELETE FROM ops.edition WHERE edition_id = '2024-2'")
