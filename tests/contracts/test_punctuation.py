"""Chinese sentences are punctuated in Chinese: everything that people read is looked at, and nothing escapes by being new."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from ddk_surveillance.settings import csv_rows

ROOT = Path(__file__).parents[2]
HALF_WIDTH = re.compile(r"[一-鿿”）][,;:?!()]|(?!^! )[,;:?!()] ?[一-鿿“（]")
READ_NOT_SAID = ("guard/headers.py", "guard/identifiers.py", "guard/names.py", "guard/patterns.py", "intake/headers.py", "intake/rows.py",
                 "intake/titles.py", "normalise/", "synthesis/", "text/", "deidentify.py")  # fmt: skip


def said_in_python() -> Iterator[tuple[str, str]]:
    """Strings of the code, a gap to be filled as a Chinese word; docstrings and what is only read are left out."""
    for path in (*sorted((ROOT / "ddk_surveillance").rglob("*.py")), *sorted((ROOT / "flows").glob("*.py"))):
        place = path.relative_to(ROOT).as_posix()
        if any(part in place for part in READ_NOT_SAID):
            continue
        tree = ast.parse(path.read_text("utf-8"))
        apart = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
        apart |= {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(tree):
            if isinstance(node, ast.JoinedStr):
                yield (
                    place,
                    "".join(str(part.value) if isinstance(part, ast.Constant) else "甲" for part in node.values),
                )
            elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in apart:
                yield place, re.sub(r"\{[^{}]*\}", "甲", node.value)


def said_in_declarations() -> Iterator[tuple[str, str]]:
    def chinese(node: object) -> Iterator[str]:
        if isinstance(node, dict):
            yield from (value for key, value in node.items() if key == "zh" and isinstance(value, str))
        if isinstance(node, dict | list):
            for part in node.values() if isinstance(node, dict) else node:
                yield from chinese(part)

    for path in sorted((ROOT / "schemas").rglob("*.yaml")):
        for text in chinese(yaml.safe_load(path.read_text("utf-8"))):
            yield path.relative_to(ROOT).as_posix(), re.sub(r"\{[^{}]*\}", "甲", text)
    for name in ("age_group.csv", "statistic.csv"):
        yield from ((name, row["zh"]) for row in csv_rows(ROOT / "schemas" / "codelists" / name))


def said_in_documents() -> Iterator[tuple[str, str]]:
    """Lines of prose outside code, output and addresses; documents that are made from declarations are left to those."""
    for path in (
        ROOT / "README.zh-CN.md",
        *(ROOT / "docs" / f"{name}.md" for name in ("cookbook", "history", "operations")),
    ):
        prose = re.sub(r"^```.*?^```", "", path.read_text("utf-8"), flags=re.S | re.M)
        for line in prose.splitlines():
            yield path.relative_to(ROOT).as_posix(), re.sub(r"`[^`]*`|<[^>]*>|\]\([^)]*\)", "甲", line)


@pytest.mark.parametrize(
    ("said", "least"), [(said_in_python, 500), (said_in_declarations, 800), (said_in_documents, 100)]
)
def test_what_is_said_in_chinese_is_punctuated_in_chinese(said, least) -> None:
    texts = [(place, text) for place, text in said() if is_chinese(text)]
    assert len(texts) >= least
    assert [(place, text) for place, text in texts if HALF_WIDTH.search(text)] == []


def is_chinese(text: str) -> bool:
    """Whether a text is a Chinese one: an English sentence may name a Chinese word, and code is no sentence."""
    chinese, latin = (len(re.findall(letters, text.replace("甲", ""))) for letters in ("[一-鿿]", "[A-Za-z]"))
    return chinese > 0 and latin <= 6 * chinese
