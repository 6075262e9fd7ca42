"""From a figure to the rows of the files: whatever is found adds up to the figure."""

from __future__ import annotations

import json

import pytest

from ddk_surveillance.console import Voice
from ddk_surveillance.drill import show_drill
from ddk_surveillance.errors import ConfigurationError
from tests.cases.history.conftest import Told
from tests.cases.history.story import TOLD_OF


def test_the_rows_of_a_figure_add_up_to_it(told: Told) -> None:
    """For every yearly figure, whether children, deaths or incidents are counted."""
    drilled = told.story.db.rows(
        "SELECT indicator_code || ' ' || year, sum(numerator)::INTEGER FROM mart.drill"
        f" WHERE {TOLD_OF} GROUP BY ALL ORDER BY 1"
    )
    published = [(name, figure) for name, figure in told.story.figures().items() if figure]
    assert drilled == published
    assert {name.split()[0] for name, _ in drilled} == {"18", "19", "20", "bites", "burns"}


def test_a_child_with_two_acts_counts_once_and_both_are_shown(told: Told) -> None:
    acts = told.story.db.rows(
        "SELECT numerator, record_id FROM mart.drill WHERE indicator_code = '18' AND record_id IN ('h10', 'h11') ORDER BY ALL DESC"
    )
    assert acts == [(1, "h10"), (0, "h11")]


def test_every_row_names_its_file_and_place(told: Told, capsys: pytest.CaptureFixture[str]) -> None:
    show_drill(told.story.settings, Voice("en"), "20", 2024, "json")
    rows = json.loads(capsys.readouterr().out)
    found = [
        (row["record_id"], row["file_name"], row["row_number"], len(row["sha256"])) for row in rows if row["numerator"]
    ]
    assert sorted(found) == [
        ("h5", "first-hospital.csv", 5, 32),
        ("h9", "late-hospital.csv", 1, 32),
        ("p1", "first-police.csv", 1, 32),
        ("s1", "schools-school.csv", 1, 32),
    ]
    assert {row["golden_rules"] for row in rows if row["record_id"] == "p2"} == {
        "age_years=8 (source_priority), event_date=2024-03-21 (earliest), sex=female (source_priority)"
    }


def test_a_figure_on_the_screen(told: Told, capfd: pytest.CaptureFixture[str]) -> None:
    show_drill(told.story.settings, Voice("zh"), "20", 2024, "table")
    said, _, *lines = capfd.readouterr().out.splitlines()
    assert said == "指标 20 2024 年：分子 4；事件 4 起、儿童 4 名、记录 5 条；定义第 1 版。"
    assert [line.split()[3] for line in lines] == ["公安", "医疗机构", "公安", "医疗机构", "学校"]
    assert lines[1].endswith("周岁 8（来源次序）；事件日期 2024-03-21（取最早）；性别 女（来源次序）")


def test_an_unknown_figure_is_refused_with_those_that_exist(told: Told) -> None:
    with pytest.raises(ConfigurationError) as error:
        show_drill(told.story.settings, Voice("zh"), "21", 2024, "table")
    assert all(f" {code}," in error.value.text.zh for code in ("19", "20", "bites"))
