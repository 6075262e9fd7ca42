"""A night that is killed while it publishes leaves no trace in the history; the next one writes it once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from ddk_surveillance import publish
from ddk_surveillance.publish.record import FOLLOWED
from tests.cases.history.conftest import FIRST
from tests.cases.history.story import Story, headline_changes

HISTORY = tuple(FOLLOWED)


class PowerFailure(BaseException):
    """Nothing catches this, as nothing catches a kill."""


def dies(*_: object) -> None:
    raise PowerFailure


def kept(story: Story) -> list[list[Any]]:
    return [story.db.rows(f"FROM {name} ORDER BY ALL") for name in HISTORY]


def test_a_killed_release_is_as_if_it_had_not_begun(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Killed at one place and then, where that had to leave it, at the next."""
    story = Story(tmp_path)
    story.population("estimate", "2025-01-05", 1000, 2024)
    story.file("first", "2024-04-05", FIRST)
    story.night()
    story.file("late", "2024-09-01", "source child record day intent place\nhospital i h9 2024-03-25 assault other")
    before = kept(story)
    for place in ("_build", "_point_to"):
        with monkeypatch.context() as patched, pytest.raises(PowerFailure):
            patched.setattr(publish, place, dies)
            story.night()
        # Until the file is whole, nothing of the release is recorded.
        assert (kept(story) == before) == (place == "_build")
    story.night()
    assert story.db.rows("SELECT release_id FROM ops.release ORDER BY 1") == [("R000001",), ("R000002",)]
    between = story.db.rows("SELECT min(published_at), max(published_at) FROM ops.release")[0]
    moved = [row[:3] for row in headline_changes(story.db, *between)]
    assert moved == [("20", "late_record", 1)]
    assert story.figures()["20 2024"] == 5
