"""What each release said can be asked for ever after: its figures, its definitions, and what was known of an incident."""

from __future__ import annotations

import datetime
from typing import Any

import pytest

from ddk_surveillance.errors import DeclarationError
from ddk_surveillance.publish.record import FOLLOWED, keep_definitions
from tests.cases.history.conftest import Told


def test_the_story(told: Told) -> None:
    """The figures of 2024 as they were published, one after the other."""
    codes = ("18", "19", "20", "bites")
    assert [tuple(figures[f"{code} 2024"] for code in codes) for figures in told.published.values()] == [
        (1, 1, 4, 1),  # the first release
        (1, 1, 5, 1),  # a late record
        (1, 1, 4, 1),  # a correction
        (1, 1, 5, 1),  # a new source
        (1, 1, 5, 1),  # a new population
        (1, 1, 4, 1),  # a withdrawn file
        (1, 1, 5, 1),  # the file put back
        (1, 1, 5, 2),  # another definition
        (1, 1, 5, 2),  # another indicator
        (1, 1, 4, 2),  # two incidents are one
        (2, 1, 4, 2),  # a child of last month
        (2, 1, 4, 2),  # its second act counts no second time
        (2, 1, 4, 2),  # the year is final
    ]


def test_every_release_can_be_asked_for_as_it_was(told: Told) -> None:
    for chapter, moment in told.moments.items():
        assert told.story.figures_as_of(moment) == told.published[chapter]


def test_before_the_first_release_nothing_was_published(told: Told) -> None:
    before = told.moments["the first release"] - datetime.timedelta(seconds=1)
    assert told.story.published(f"FROM out.indicator_rate_as_of(TIMESTAMP '{before}')") == []


def test_figures_of_then_keep_the_definition_of_then(told: Told) -> None:
    def definition(chapter: str) -> Any:
        return told.story.published(
            f"SELECT DISTINCT definition_version, definition_zh FROM out.indicator_rate_as_of(TIMESTAMP '{told.moments[chapter]}')"
            " WHERE indicator_code = 'bites'"
        )

    assert definition("a withdrawn file") == [(1, "第1版")]
    assert definition("another definition") == [(2, "第2版")]


def test_only_what_changed_has_a_new_version(told: Told) -> None:
    """Of thirteen releases two touched the deaths of 2024: the new population, and the year's becoming final."""
    versions = told.story.published(
        "SELECT numerator, denominator, status, valid_to IS NULL FROM out.indicator_rate_version WHERE indicator_code = '19'"
        " AND period = '2024' AND (sex, age_group, township_code) = ('all', 'all', 'all') ORDER BY valid_from"
    )
    assert versions == [(1, 36000.0, "P", False), (1, 45000.0, "P", False), (1, 45000.0, "F", True)]


def test_what_was_known_of_an_incident_on_a_day(told: Told) -> None:
    """Of a's incident: assault until the correction, unintentional since."""

    def known(chapter: str) -> list[Any]:
        return told.story.db.rows(
            f"SELECT intent FROM core.incident_as_of(TIMESTAMP '{told.moments[chapter]}') WHERE members LIKE 'h1:%'"
        )

    assert [known(chapter) for chapter in ("the first release", "a late record", "a correction")] == [
        [("assault",)],
        [("assault",)],
        [("unintentional",)],
    ]
    [(versions,)] = told.story.db.rows("SELECT count(*) FROM core.incident_version WHERE members LIKE 'h2:%'")
    assert versions == 1


def test_the_versions_that_still_stand_are_the_incidents_of_today(told: Told) -> None:
    columns = ", ".join(told.story.db.library.tables["core.incident"].columns)
    standing = f"SELECT {columns} FROM core.incident_version WHERE known_to IS NULL ORDER BY ALL"
    assert told.story.db.rows(standing) == told.story.db.rows("FROM core.incident ORDER BY ALL")


def test_a_definition_may_not_change_under_the_same_version(told: Told) -> None:
    told.story.define("bites", 2, "animal")
    with pytest.raises(DeclarationError) as error:
        told.story.night()
    assert "bites" in error.value.text.zh
    told.story.define("bites", 2, "animal, burn_scald")
    assert told.story.night() == told.moments["the year is final"]


def test_the_titles_of_tiers_may_be_reworded(told: Told) -> None:
    """As if an earlier wording had been published; the condition of a tier may not change."""
    before = "SELECT declaration FROM ref.definition_version WHERE indicator_code = '20'"
    [(declaration,)] = told.story.db.rows(before)
    tier = next(iter(told.story.db.library.indicators["20"].tiers.values()))
    replace = "UPDATE ref.definition_version SET declaration = replace(declaration, ?, ?) WHERE indicator_code = '20'"
    told.story.db.execute(replace, [tier.title.zh, "旧称"])
    assert told.story.db.rows(before) != [(declaration,)]
    keep_definitions(told.story.db)
    told.story.db.execute(replace, ["旧称", tier.title.zh])
    told.story.db.execute(replace, ['"counted":true', '"counted":false'])
    with pytest.raises(DeclarationError, match="20"):
        keep_definitions(told.story.db)
    told.story.db.execute(
        "UPDATE ref.definition_version SET declaration = ? WHERE indicator_code = '20'", [declaration]
    )


def test_a_definition_of_before_ages_could_be_those_of_the_denominator_is_todays_over_all_children(told: Told) -> None:
    where = "FROM ref.definition_version WHERE indicator_code = '18'"
    [(declaration,)] = told.story.db.rows(f"SELECT declaration {where}")
    replace = "UPDATE ref.definition_version SET declaration = replace(declaration, ?, ?) WHERE indicator_code = '18'"
    told.story.db.execute(replace, [',"over_all_children":true', ""])
    assert told.story.db.rows(f"SELECT declaration {where}") != [(declaration,)]
    keep_definitions(told.story.db)
    told.story.db.execute(replace, ['"from_years":5', '"from_years":5,"over_all_children":false'])
    with pytest.raises(DeclarationError, match="18"):
        keep_definitions(told.story.db)
    told.story.db.execute(replace, ['"over_all_children":false', '"over_all_children":true'])


@pytest.mark.parametrize("kept", ["verdict", "statistic", "cube"])
def test_verdicts_statistics_and_cubes_can_be_asked_for_as_they_were(told: Told, kept: str) -> None:
    """The newest moment gives what stands now; of the cubes the years that are over."""
    whole = {"cube": "period_type = 'year' AND period < '2025'"}.get(kept, "true")
    now = told.story.db.rows(f"FROM mart.indicator_{kept} WHERE {whole} ORDER BY ALL")
    as_of = f"SELECT * EXCLUDE (valid_from, valid_to) FROM out.indicator_{kept}_as_of(TIMESTAMP '{{}}') ORDER BY ALL"
    latest = told.story.published(as_of.format(told.moments["the year is final"]))
    assert latest == now and len(now) >= 3
    assert told.story.published(as_of.format(told.moments["the first release"])) not in ([], now)


def test_the_figures_by_dimension_of_a_year_as_they_were(told: Told) -> None:
    """The assaults of 2024 by mechanism, before and after h1 was corrected to an accident."""

    def by_mechanism(chapter: str) -> list[Any]:
        return told.story.published(
            f"SELECT category, numerator FROM out.indicator_cube_as_of(TIMESTAMP '{told.moments[chapter]}') WHERE indicator_code = '20'"
            " AND period = '2024' AND sex = 'all' AND dimension = 'mechanism' AND numerator > 0 ORDER BY 1"
        )

    assert by_mechanism("a late record") == [("blunt_force", 2), ("fall", 1), ("other", 2)]
    assert by_mechanism("a correction") == [("blunt_force", 1), ("fall", 1), ("other", 2)]


def test_what_did_not_change_adds_no_version(told: Told) -> None:
    """Every kept row has other content than the version that it follows, and a release of the same content adds none."""
    for versions in FOLLOWED:
        *content, _, _ = told.story.db.library.tables[versions].columns
        again = told.story.db.rows(
            f"SELECT count(*) FROM {versions} a JOIN {versions} b ON a.valid_to = b.valid_from AND"
            f" {' AND '.join(f'a.{name} IS NOT DISTINCT FROM b.{name}' for name in content)}"
        )
        assert again == [(0,)], versions
    touched = told.story.db.rows(
        "SELECT count(*) FROM out.indicator_cube_version WHERE valid_from = ?", [told.moments["another indicator"]]
    )
    assert (
        0
        < touched[0][0]
        == told.story.db.value(
            "SELECT count(*) FROM out.indicator_cube_version WHERE indicator_code = 'burns' AND valid_from = ?",
            [told.moments["another indicator"]],
        )
    )
