"""Great Expectations' Data Docs as pages that need no network: what its renderer makes, without what it would fetch."""

import functools
import re
from pathlib import Path
from typing import Any

from ddk_surveillance.contracts import Source
from ddk_surveillance.writing import written_whole

# Its pages load a dozen scripts and styles from elsewhere, and a logo whose address tells who looks.
FETCHED = re.compile(
    r"<script\b.*?</script>|<link\b[^>]*>|<img\b[^>]*>|<iframe\b.*?</iframe>|<a\b[^>]*href=\"https?:[^>]*>.*?</a>",
    re.DOTALL,
)
FETCHED_BY_STYLE = re.compile(r"url\(['\"]?https?:[^)]*\)")
STYLE = """<meta charset="utf-8"><style>
body { font-family: "Noto Sans CJK SC", "Source Han Sans SC", "Microsoft YaHei", "PingFang SC", sans-serif; margin: 2rem; }
table { border-collapse: collapse; } td, th { border: 1px solid #ccc; padding: .3rem .6rem; text-align: left; vertical-align: top; }
.fa-check-circle::before { content: "✓"; color: #080; } .fa-times::before, .fa-exclamation-triangle::before { content: "✗"; color: #b00; }
.modal, nav, #ge-cta-footer, .navbar { display: none; }
</style>"""


def write_page(folder: Path, source: Source, report: Any) -> None:
    """quality_docs/<source>.html: every rule, whether it held, and how many rows broke it; never a value."""
    import great_expectations.render.renderer as renderer

    report.meta.setdefault("run_id", {"run_name": source.title.zh, "run_time": "1970-01-01T00:00:00+00:00"})
    report.suite_name = f"{source.title.zh} {source.source}"
    page = _view().render(renderer.ValidationResultsPageRenderer().render(report))  # type: ignore[attr-defined]
    offline = FETCHED_BY_STYLE.sub("none", FETCHED.sub("", page)).replace("<head>", f"<head>{STYLE}", 1)
    replace(folder / f"{source.source}.html", offline)
    links = "".join(
        f'<li><a href="{path.name}">{path.stem}</a></li>'
        for path in sorted(folder.glob("*.html"))
        if path.stem != "index"
    )
    replace(
        folder / "index.html",
        f"<!doctype html>{STYLE}<title>质量检查</title><h1>质量检查 / quality</h1><ul>{links}</ul>"
        '<p><a href="checks/index.html">检查目录 / catalogue of checks</a></p>',
    )


@functools.cache
def _view() -> Any:
    """Great Expectations' page; its templates are compiled once, which costs more than to draw a page."""
    import great_expectations.render.view as view

    return view.DefaultJinjaPageView()  # type: ignore[attr-defined]


def replace(path: Path, text: str) -> None:
    """Write a page whole or not at all, and not again if it says so already."""
    if path.exists() and path.read_text(encoding="utf-8") == text:
        return
    with written_whole(path) as working:
        working.write_text(text, encoding="utf-8")
