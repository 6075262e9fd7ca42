"""One story of thirteen releases, told once for all tests of this folder."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from ddk_surveillance import editions
from ddk_surveillance.console import Voice
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
    "the file put back": [("20", "withdrawn", 1)],
    "another definition": [("bites", "definition", 1)],
    "another indicator": [("burns", "definition", 1)],
    "two incidents are one": [("20", "linkage", -1)],
    "a child of last month": [("18", "new_event", 1)],
    "a second act of that child": [],
    "the year is final": [],
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
    if chapter == "the file put back":
        story.put_back("late-hospital")
    if chapter == "another definition":
        story.define("bites", 2, "animal, burn_scald")
    if chapter == "another indicator":
        story.define("burns", 1, "burn_scald")
    if chapter == "two incidents are one":
        story.decide("h5", "p2", "same")
    if chapter == "a child of last month":
        story.file("monthly", "2024-11-05", "source child record day intent\nhospital k h10 2024-10-03 self_harm")
    if chapter == "a second act of that child":
        story.file(
            "again",
            "2024-11-06",
            "source child record day intent mechanism\nhospital k h11 2024-10-25 self_harm poisoning",
        )
    if chapter == "the year is final":
        story.population("final", "2025-07-01", 1250, 2024)


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    story = Story(tmp_path_factory.mktemp("story"))
    story.define("bites", 1, "animal")
    story.population("estimate", "2025-01-05", 1000, 2024)
    story.file("first", "2024-04-05", FIRST)
    told = Told(story)
    told.night("the first release")
    editions.freeze(story.settings, Voice("en"), 2024, "tester", "yearbook", is_forced=True)
    for chapter in CHAPTERS:
        happen(story, chapter)
        told.night(chapter)
    yield told
    story.db.connection.close()
