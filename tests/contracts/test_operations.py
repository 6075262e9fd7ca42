"""docs/operations.md: its commands exist with their options, and its blocks show what the program says today.

The commands of the blocks are really given; what they act on is made up, so that no night is needed.
"""

from __future__ import annotations

import contextlib
import re
import shlex
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner

from ddk_surveillance import changes
from ddk_surveillance.changes import commands
from ddk_surveillance.changes.backfill import FileLine, Plan
from ddk_surveillance.changes.effect import Effect
from ddk_surveillance.cli import ddk
from ddk_surveillance.library import Library
from ddk_surveillance.settings import PROJECT

TEXT = (PROJECT / "docs" / "operations.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```console\n\$ (ddk .*?)\n(.*?)```\n", TEXT, re.DOTALL)
EFFECT = Effect(
    records=(("withdrawn",),) * 9,
    incidents=tuple(("gone", f"i{number}", None, None, None, None) for number in range(9)),
    figures=tuple(("mart.indicator_rate", "20", f"year 2024 all {age} all", "numerator", "2", "1")
                  for age in ("0", "1-4", "5-9", "10-14")),
    classes=(),
    editions=("2024-1",),
)  # fmt: skip
BOOK = [
    {"change_id": "C000002", "made_at": "2026-11-26 16:59:00", "made_by": "张三", "kind": "backfill", "source_code": "hospital",
     "period_from": "2024-01-01", "period_to": "2024-03-31", "institution_id": "H0002", "records_withdrawn": 9, "figures_moved": 4,
     "undone_by": "C000003", "reason": "医院复核一季度"},
    {"change_id": "C000003", "made_at": "2026-11-26 16:59:30", "made_by": "李四", "kind": "undo", "source_code": "hospital",
     "undoes": "C000002", "records_added": 9, "figures_moved": 4, "reason": "复核件有误"},
    {"change_id": "C000004", "made_at": "2026-11-26 16:59:44", "made_by": "张三", "kind": "withdraw", "source_code": "police",
     "file_name": "区公安分局_涉未成年人案件_2023年第1季度.xlsx", "records_withdrawn": 45, "figures_moved": 108, "reason": "报错了季度"},
]  # fmt: skip
UNSAID = dict.fromkeys(("period_from", "institution_id", "undoes", "file_name", "batch_id", "undone_by"))
UNSAID |= dict.fromkeys(("records_added", "records_changed", "records_withdrawn"), 0)


@pytest.mark.parametrize(("command", "output"), BLOCKS)
def test_a_block_shows_what_its_command_prints(
    command: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = Library()
    arguments = shlex.split(command)[1:]
    for folder in ("复核", "second"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "a.csv").touch()
    [name] = re.findall(r"^! (\S+?\.csv)", output, re.MULTILINE)[:1] or [""]
    path, plan_id = (re.findall(pattern, output) or [""] for pattern in (r"\S+\.xlsx(?=\n)", r"(?:方案|plan) (\w{12})"))

    def planned(db: Any, voice: Any, request: Any, is_applied: bool) -> tuple[Plan, str]:
        line = FileLine(name, "loaded", 10, 0, 6, 4, 0, None, None)
        return Plan(plan_id[0], request, "", replace(EFFECT), (line,)), re.split("[:：]", path[0])[-1]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(commands, "open_warehouse", lambda _: contextlib.nullcontext(SimpleNamespace(library=library)))
    monkeypatch.setattr(commands, "plan_or_apply", planned)
    monkeypatch.setattr(changes, "book", lambda _: [{**UNSAID, **row} for row in BOOK])
    said = CliRunner().invoke(ddk, ["--home", str(tmp_path), *arguments], env={"COLUMNS": "200"})
    assert said.output == output


def test_the_blocks_are_three() -> None:
    assert [shlex.split(command)[1:2] for command, _ in BLOCKS] == [["backfill"], ["changes"], ["--lang"]]


def test_every_command_and_option_exists() -> None:
    given = set(re.findall(r"(?<![\w/])ddk ((?:--lang en )?[a-z][^`\n]*)(?=`|\n)", TEXT))
    assert len(given) >= 15
    for line in sorted(given):
        command: click.Command = ddk
        for word in line.removeprefix("--lang en ").split():
            if isinstance(command, click.Group) and word in command.commands:
                command = command.commands[word]
        assert command is not ddk, line
        known = {option for one in command.params for option in one.opts}
        assert set(re.findall(r"(?<= )--[a-z-]+", line.removeprefix("--lang en"))) <= known | {"--lang"}, line
