"""The READMEs show today's commands and output; `DDK_UPDATE_README=1 make test` writes them anew after a change."""

from __future__ import annotations

import os
import re
from collections.abc import Callable

import pytest

from ddk_surveillance.settings import PROJECT
from tests.demo.conftest import Demo

QUERIES = (
    "SELECT period, numerator, round(rate_per_1000, 3) AS rate, round(ci_low, 3) AS low, round(ci_high, 3) AS high, status\n"
    "         FROM out.indicator_rate WHERE indicator_code = '19' AND period_type = 'year' AND sex = 'all'\n"
    "         AND age_group = 'all' AND township_code = 'all' ORDER BY period",
    "SELECT age_group, sex, numerator, round(rate_per_1000, 3) AS rate, unstable FROM out.indicator_rate\n"
    "         WHERE indicator_code = '20' AND period = '2025' AND township_code = 'all' AND sex IN ('male', 'female')\n"
    "         AND age_group IN ('5-9', '10-14', '15-17') ORDER BY 1, 2",
    "SELECT mechanism, count(*) AS incidents FROM out.incident GROUP BY 1 ORDER BY 2 DESC LIMIT 5",
)
READMES = {"README.md": "en", "README.zh-CN.md": "zh"}


def demo_block(demo: Demo, language: str) -> str:
    """The indicators, from their heading to the line that says they are synthetic."""
    output = (demo.first if language == "zh" else demo.again).output
    start = output.index("indicator " if language == "en" else "指标 ")
    end = output.index("Analyst file" if language == "en" else "分析文件")
    return f"$ {'DDK_LANG=en ' if language == 'en' else ''}make demo\n…\n{output[start:end].rstrip()}\n"


def status_block(demo: Demo, language: str) -> str:
    """What stays the same from one machine to the next: the table of sources."""
    lines = demo.ddk("--lang", language, "status").output.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(("source ", "来源 ")))
    table = [line for line in lines[start:] if not line.startswith(("!", "Rows", "待更正"))]
    return "\n".join([f"$ ddk {'--lang en ' if language == 'en' else ''}status", "…", *table, "…"]) + "\n"


def sql_block(demo: Demo, _: str) -> str:
    return "\n".join(f'$ ddk sql "{query}"\n{demo.ddk("sql", query).output}' for query in QUERIES)


BLOCKS: dict[str, Callable[[Demo, str], str]] = {"demo": demo_block, "status": status_block, "sql": sql_block}


@pytest.mark.parametrize(("readme", "language"), READMES.items())
@pytest.mark.parametrize("name", BLOCKS)
def test_a_block_shows_what_the_command_prints(demo: Demo, readme: str, language: str, name: str) -> None:
    path = PROJECT / readme
    text = path.read_text(encoding="utf-8")
    place = re.compile(rf"(<!-- {name}:{language} -->\n)(```console\n.*?```\n)?", re.DOTALL)
    assert len(place.findall(text)) == 1
    block = f"```console\n{BLOCKS[name](demo, language)}```\n"
    if os.environ.get("DDK_UPDATE_README"):
        path.write_text(place.sub(lambda found: found[1] + block, text), encoding="utf-8")
    else:
        assert block in text, f"{readme}: the block {name} is out of date; run DDK_UPDATE_README=1 make test"


@pytest.mark.parametrize("readme", READMES)
def test_every_command_that_a_readme_names_exists(demo: Demo, readme: str) -> None:
    text = (PROJECT / readme).read_text(encoding="utf-8")
    commands = set(re.findall(r"`?ddk ([a-z]+)", text))
    assert len(commands) >= 6
    for name in sorted(commands):
        assert demo.ddk(name, "--help").exit_code == 0, name
    targets = set(re.findall(r"(?:^|`|DDK_LANG=en )make ([a-z-]+)", text, re.MULTILINE))
    makefile = (PROJECT / "Makefile").read_text(encoding="utf-8")
    assert targets and not [target for target in targets if f"\n{target}:" not in makefile]


@pytest.mark.parametrize("readme", READMES)
def test_every_file_that_a_readme_links_to_exists(readme: str) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", (PROJECT / readme).read_text(encoding="utf-8"))
    assert links and not [link for link in links if not (PROJECT / link).exists()]
