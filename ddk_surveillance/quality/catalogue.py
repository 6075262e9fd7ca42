"""One page for every check, made from its declaration: what it says, why, an example, what to do.

`python -m ddk_surveillance.quality.catalogue > docs/checks.md` writes them all into one document.
"""

from __future__ import annotations

import html
from pathlib import Path

from ddk_surveillance.contracts import Bilingual, Check
from ddk_surveillance.library import Library
from ddk_surveillance.quality.docs import STYLE, replace
from ddk_surveillance.settings import resource

SEVERITIES = {
    "error": Bilingual(zh="隔离待更正", en="error: the row waits for correction"),
    "warning": Bilingual(zh="提示", en="warning: the row passes with a flag"),
    "information": Bilingual(zh="只计数", en="information: counted only"),
    "out_of_scope": Bilingual(zh="不计入", en="out of scope: the row is not counted"),
}
DIMENSIONS = {
    "completeness": Bilingual(zh="完整性", en="completeness"),
    "conformance": Bilingual(zh="规范性", en="conformance"),
    "plausibility": Bilingual(zh="合理性", en="plausibility"),
    "consistency": Bilingual(zh="一致性", en="consistency"),
    "timeliness": Bilingual(zh="及时性", en="timeliness"),
    "eligibility": Bilingual(zh="统计范围", en="eligibility"),
}


def write_catalogue(folder: Path, library: Library) -> None:
    """quality_docs/checks/<code>.html, and an index of them."""
    pages = folder / "checks"
    pages.mkdir(parents=True, exist_ok=True, mode=0o700)
    for code, check in library.checks.items():
        lines = "".join(
            f"<tr><th>{zh}<br>{en}</th><td>{html.escape(said.zh)}<br>{html.escape(said.en)}</td></tr>"
            for (zh, en), said in _said(check, library).items()
        )
        replace(pages / f"{code}.html", _page(f"{code} {check.title.zh}", f"<table>{lines}</table>"))
    rows = "".join(
        f'<tr><td><a href="{code}.html">{code}</a></td><td>{html.escape(check.title.zh)}</td>'
        f"<td>{html.escape(check.title.en)}</td><td>{SEVERITIES[check.severity].zh}</td></tr>"
        for code, check in library.checks.items()
    )
    replace(pages / "index.html", _page("检查目录 / catalogue of checks", f"<table>{rows}</table>"))


def markdown(library: Library) -> str:
    """All of them as one document."""
    parts = [
        "# 检查目录 / Catalogue of checks\n\n由 `schemas/checks.yaml` 生成。Generated from `schemas/checks.yaml`.\n"
    ]
    for code, check in library.checks.items():
        parts.append(f"\n## {code} {check.title.zh}\n\n*{check.title.en}*\n\n| | |\n|---|---|\n")
        parts += [f"| {zh} {en} | {said.zh}<br>{said.en} |\n".replace("^[", "^\\[")
                  for (zh, en), said in _said(check, library).items()]  # fmt: skip
    return "".join(parts)


def _said(check: Check, library: Library) -> dict[tuple[str, str], Bilingual]:
    return {
        ("级别", "severity"): SEVERITIES[check.severity],
        ("方面", "dimension"): DIMENSIONS[check.dimension],
        ("谁处理", "owner"): check.owner,
        ("查什么", "looks at"): _place(check, library),
        ("为什么", "why"): check.why,
        ("例如", "example"): check.example,
        ("怎么办", "what to do"): check.remedy,
    }


def _place(check: Check, library: Library) -> Bilingual:
    if check.over:
        table = library.tables[check.over].comment
        return Bilingual(
            zh=f"{table.zh}（{check.over}.{check.column}）", en=f"{table.en} ({check.over}.{check.column})"
        )
    sources = [library.sources[name].title for name in check.sources if name in library.sources]
    zh = "、".join(title.zh for title in sources) or "凡有此项的来源"
    en = ", ".join(title.en for title in sources) or "every feed that has it"
    return Bilingual(zh=f"{zh}的 {check.column}", en=f"{check.column} of {en}")


def _page(title: str, body: str) -> str:
    back = '<p><a href="index.html">检查目录 / catalogue</a> · <a href="../index.html">质量检查 / quality</a></p>'
    return f"<!doctype html>{STYLE}<title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>{body}{back}"


if __name__ == "__main__":
    print(markdown(Library((resource("schemas"),))), end="")
