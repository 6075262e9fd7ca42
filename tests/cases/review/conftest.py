"""A data home with four pairs of reports, on three of which the model hesitates."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import click.testing
import pytest

from ddk_surveillance import link
from ddk_surveillance.cli import ddk
from ddk_surveillance.errors import DdkError
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import Warehouse, open_warehouse
from tests.cases.link.drawn import drawn, receive
from tests.conftest import Home

# aa–ab, ca–cb: one child, ten and seven days apart, another part of the body; ba–bb like them and of one nature, but one says assault
# and the other no severity; da–db beyond doubt.
DOUBTFUL = """
    record source   id day        body_part nature          intent        severity born       sex
    aa     hospital A  2024-03-05 head      fracture        unintentional moderate 2014-06-01 male
    ab     school   A  2024-03-15 trunk     open_wound_bite unintentional moderate 2014-06-01 male
    ba     hospital B  2024-03-05 head      fracture        assault       moderate 2012-06-01 female
    bb     school   B  2024-03-17 trunk     fracture        unintentional ·        2012-06-01 female
    ca     hospital C  2024-06-05 head      fracture        unintentional moderate 2011-06-01 female
    cb     school   C  2024-06-12 trunk     burn            unintentional moderate 2011-06-01 female
    da     hospital D  2024-09-05 head      fracture        unintentional moderate 2010-06-01 female
    db     school   D  2024-09-05 head      fracture        unintentional moderate 2010-06-01 female
"""


def night(db: Warehouse, table: str = DOUBTFUL, name: str = "night1") -> None:
    """These records arrive and are linked."""
    receive(db, drawn(table))
    link.run(db, name)


@pytest.fixture(scope="session")
def linked_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home after its first night, to be copied."""
    settings = load({}, tmp_path_factory.mktemp("linked") / "home")
    with open_warehouse(settings) as db:
        night(db)
    return settings.home


@pytest.fixture
def doubtful(linked_once: Path, make_home: Callable[..., Home]) -> Home:
    home = make_home()
    shutil.copytree(linked_once, home.settings.home, dirs_exist_ok=True)
    return home


class Answer(NamedTuple):
    """What a command printed, the sentence of its error included, and its exit code."""

    code: int
    text: str


Terminal = Callable[..., Answer]


@pytest.fixture
def terminal(doubtful: Home) -> Terminal:
    """`ddk …` in this home; `typed` is what the reviewer types, a line each."""

    def run(*arguments: str | Path, typed: tuple[str, ...] = (), home: Home = doubtful) -> Answer:
        words = ["--home", str(home.settings.home), *map(str, arguments)]
        runner = click.testing.CliRunner(env={"DDK_LANG": "zh"})
        result = runner.invoke(ddk, words, input="".join(f"{line}\n" for line in typed), standalone_mode=False)
        if isinstance(result.exception, DdkError):
            return Answer(result.exception.exit_code, result.output + result.exception.text.zh)
        if result.exception:
            raise result.exception
        return Answer(int(result.return_value), result.output)

    return run
