"""One page for every check, made from its declaration: what it says, why, an example, what to do.

`python -m ddk_surveillance.quality.catalogue > docs/checks.md` writes them all into one document.
"""

import html
from pathlib import Path

from ddk_surveillance.contracts import Check
from ddk_surveillance.errors import Text, listed
from ddk_surveillance.library import Library
from ddk_surveillance.quality.docs import STYLE, replace

SEVERITIES = {
    "error": Text("隔离待更正", "error: the row waits for correction"),
    "warning": Text("提示", "warning: the row passes with a flag"),
    "information": Text("只计数", "information: counted only"),
    "out_of_scope": Text("不计入", "out of scope: the row is not counted"),
}
DIMENSIONS = {
    "completeness": Text("完整性", "completeness"),
    "conformance": Text("规范性", "conformance"),
    "plausibility": Text("合理性", "plausibility"),
    "consistency": Text("一致性", "consistency"),
    "timeliness": Text("及时性", "timeliness"),
    "eligibility": Text("统计范围", "eligibility"),
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


def _said(check: Check, library: Library) -> dict[tuple[str, str], Text]:
    return {
        ("级别", "severity"): SEVERITIES[check.severity],
        ("方面", "dimension"): DIMENSIONS[check.dimension],
        ("谁处理", "owner"): check.owner.text,
        ("查什么", "looks at"): _place(check, library),
        ("为什么", "why"): check.why.text,
        ("例如", "example"): check.example.text,
        ("怎么办", "what to do"): check.remedy.text,
    }


def _place(check: Check, library: Library) -> Text:
    if check.over:
        table = library.tables[check.over].comment
        return Text(f"{table.zh}（{check.over}.{check.column}）", f"{table.en} ({check.over}.{check.column})")
    named = [library.sources[name].title.text for name in check.sources if name in library.sources]
    sources = listed(named or [Text("凡有此项的来源", "every feed that has it")])
    return Text(f"{sources.zh}的 {check.column}", f"{check.column} of {sources.en}")


def _page(title: str, body: str) -> str:
    back = '<p><a href="index.html">检查目录 / catalogue</a> · <a href="../index.html">质量检查 / quality</a></p>'
    return f"<!doctype html>{STYLE}<title>{html.escape(title)}</title><h1>{html.escape(title)}</h1>{body}{back}"


if __name__ == "__main__":
    print(markdown(Library()), end="")
