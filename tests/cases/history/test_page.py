"""The queries of docs/history.md run as they stand."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.cases.history.conftest import Told

PAGE = (Path(__file__).parents[3] / "docs" / "history.md").read_text(encoding="utf-8")
QUERIES = re.findall(r"```sql\n(.*?);\n```", PAGE, re.DOTALL)


@pytest.mark.parametrize("query", QUERIES, ids=range(len(QUERIES)))
def test_every_query_of_the_page_runs(told: Told, query: str) -> None:
    told.story.published(query.replace("2026-07-01", "2100-01-01"))


def test_the_page_has_queries_and_names_every_cause(told: Told) -> None:
    assert len(QUERIES) == 5
    causes = set(told.story.db.library.code_labels("change_cause")) - {"unexplained"}
    assert causes == set(re.findall(r"^\| `(\w+)`", PAGE, re.MULTILINE))
