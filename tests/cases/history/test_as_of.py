"""One story of ten releases: what each of them said can be asked for ever after, and every difference has its cause."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.cases.history.story import Story

FIRST = """
source         child record day        intent        mechanism   place          is_death died
hospital       a     h1     2024-03-05 assault       blunt_force home           false    ·
hospital       b     h2     2024-03-06 self_harm     poisoning   home           false    ·
police         c     p1     2024-03-20 assault       blunt_force street_highway false    ·
death_registry d     d1     2024-03-09 unintentional drowning    other          true     2024-03-09
hospital       e     h3     2024-03-11 unintentional animal      home           false    ·
hospital       f     h4     2024-03-12 unintentional burn_scald  home           false    ·
hospital       g     h5     2024-03-21 assault       other       home           false    ·
police         h     p2     2024-03-22 assault       other       home           false    ·
"""
# Each chapter is one release: its name, what happened before it, and how the figures of 2024 then differ, and why.
CHAPTERS = {
    "a late record": [("20", "late_record", 1)],
    "a correction": [("20", "correction", -1)],
    "a new source": [("20", "new_source", 1)],
    "a new population": [],
    "a withdrawn file": [("20", "withdrawn", -1)],
    "another definition": [("bites", "definition", 1)],
    "two incidents are one": [("20", "linkage", -1)],
    "a child of last month": [("18", "new_event", 1)],
    "a second act of that child": [],
}


@dataclass
class Told:
    """The story with what was published at every release."""

    story: Story
    moments: dict[str, datetime.datetime] = field(default_factory=dict)
    published: dict[str, dict[str, Any]] = field(default_factory=dict)

    def night(self, chapter: str) -> None:
        self.moments[chapter] = self.story.night()
        self.published[chapter] = self.story.figures()


def happen(story: Story, chapter: str) -> None:
    if chapter == "a late record":
        story.file("late", "2024-09-01", "source child record day intent place\nhospital i h9 2024-03-25 assault other")
    if chapter == "a correction":
        story.file("corrected", "2024-09-02", "source child record day intent mechanism place\n"
                   "hospital a h1 2024-03-05 unintentional blunt_force home")  # fmt: skip
    if chapter == "a new source":
        story.file(
            "schools",
            "2024-09-03",
            "source child record day intent place\nschool j s1 2024-03-26 assault school_public",
        )
    if chapter == "a new population":
        story.population("census", "2025-02-05", 1250, 2024)
    if chapter == "a withdrawn file":
        story.withdraw("late-hospital")
    if chapter == "another definition":
        story.define(2, "animal, burn_scald")
    if chapter == "two incidents are one":
        story.decide("h5", "p2", "same")
    if chapter == "a child of last month":
        story.file("monthly", "2024-11-05", "source child record day intent\nhospital k h10 2024-10-03 self_harm")
    if chapter == "a second act of that child":
        story.file("again", "2024-11-06", "source child record day intent\nhospital k h11 2024-10-01 self_harm")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    story = Story(tmp_path_factory.mktemp("story"))
    story.define(1, "animal")
    story.population("estimate", "2025-01-05", 1000, 2024)
    story.file("first", "2024-04-05", FIRST)
    told = Told(story)
    told.night("the first release")
    for chapter in CHAPTERS:
        happen(story, chapter)
        told.night(chapter)
    yield told
    story.db.connection.close()


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
        (1, 1, 4, 2),  # another definition
        (1, 1, 3, 2),  # two incidents are one
        (2, 1, 3, 2),  # a child of last month
        (2, 1, 3, 2),  # its second act counts no second time
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
    """The deaths of 2024 stood in two versions only: over the old population and over the new."""
    versions = told.story.published(
        "SELECT numerator, denominator, valid_to IS NULL FROM out.indicator_rate_version WHERE indicator_code = '19'"
        " AND period = '2024' AND (sex, age_group, township_code) = ('all', 'all', 'all') ORDER BY valid_from"
    )
    assert versions == [(1, 36000.0, False), (1, 45000.0, True)]


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


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_every_difference_has_its_cause(told: Told, chapter: str) -> None:
    moved = told.story.db.rows(
        "SELECT indicator_code, cause, numerator_change FROM mart.figure_change JOIN ops.release USING (release_id)"
        " WHERE published_at = ? AND year = 2024 ORDER BY ALL",
        [told.moments[chapter]],
    )
    assert moved == CHAPTERS[chapter]


def test_a_definition_may_not_change_under_the_same_version(told: Told) -> None:
    from ddk_surveillance.errors import DeclarationError

    told.story.define(2, "animal")
    told.story.population("third", "2025-03-05", 1251, 2024)
    with pytest.raises(DeclarationError) as error:
        told.story.night()
    assert "bites" in error.value.text.zh
