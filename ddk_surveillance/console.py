"""What people see in the terminal: tables and sentences in the language they read, never a cell of a file."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from ddk_surveillance.errors import Text
from ddk_surveillance.writing import neutralise_formula, printable

if TYPE_CHECKING:  # importing it takes longer than what `ddk sql` does
    from ddk_surveillance.warehouse import Warehouse

STATUS_WORDS = {
    "loaded": Text("入库", "loaded"),
    "held": Text("暂扣", "held"),
    "refused": Text("拒收", "refused"),
    "unreadable": Text("不可读", "unreadable"),
    "identical": Text("与先前文件相同", "identical to an earlier file"),
    "withdrawn": Text("已撤回", "withdrawn"),
}
HEADINGS = {
    "file": Text("文件", "file"),
    "source": Text("来源", "source"),
    "received": Text("收到", "received"),
    "loaded": Text("入库", "loaded"),
    "quarantined": Text("隔离", "quarantined"),
    "out_of_scope": Text("范围外", "out of scope"),
    "duplicate": Text("重复", "duplicate"),
    "superseded": Text("被更正", "superseded"),
    "withdrawn": Text("撤回", "withdrawn"),
    "held": Text("暂扣", "held"),
    "refused": Text("拒收", "refused"),
    "state": Text("状态", "state"),
    "indicator": Text("指标", "indicator"),
    "year": Text("年份", "year"),
    "numerator": Text("分子", "numerator"),
    "children": Text("儿童人口", "children"),
    "rate": Text("率（‰）", "rate (‰)"),
    "interval": Text("95% 置信区间", "95 % interval"),
    "target": Text("目标", "target"),
    "verdict": Text("判定", "verdict"),
}


class Voice:
    """Writes to the terminal in one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        width = None if sys.stdout.isatty() else 400  # into a file or a pipe nothing is folded
        self.out = Console(highlight=False, soft_wrap=False, width=width)
        self.err = Console(stderr=True, highlight=False, width=width)

    def pick(self, text: Text) -> str:
        return text.said(self.language)

    def say(self, zh: str, en: str) -> None:
        self.out.print(self.pick(Text(zh, en)), markup=False, soft_wrap=True)

    def complain(self, text: Text) -> None:
        self.err.print(self.pick(text), markup=False, soft_wrap=True)

    def table(self, headings: Sequence[Text | str], rows: Iterable[Sequence[Any]]) -> None:
        """A table with numbers to the right, words to the left; a heading that is no Text is written as it is."""
        table = Table(box=None, pad_edge=False)
        rows = [["" if cell is None else str(cell) for cell in row] for row in rows]
        for place, heading in enumerate(headings):
            numeric = bool(rows) and all(_is_number(row[place]) for row in rows)
            title = self.pick(heading) if isinstance(heading, Text) else heading
            table.add_column(title, justify="right" if numeric else "left", overflow="fold")
        for row in rows:
            table.add_row(*(cell.replace("[", "\\[") for cell in row))
        with self.out.capture() as capture:
            self.out.print(table)
        for line in capture.get().splitlines():
            self.out.file.write(line.rstrip() + "\n")

    def rows(self, form: str, names: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
        """Rows for a machine (json or csv) or, as a table, for people."""
        if form == "json":
            records = [dict(zip(names, row, strict=True)) for row in rows]
            print(json.dumps(records, ensure_ascii=False, default=str, indent=1))
        elif form == "csv":
            csv.writer(sys.stdout, lineterminator="\n").writerows([names, *(map(_csv_cell, row) for row in rows)])
        else:
            self.table(names, rows)


def _csv_cell(value: Any) -> Any:
    return neutralise_formula(value) if isinstance(value, str) else value


def headings(*names: str) -> list[Text]:
    """The headings of our own tables by their short names."""
    return [HEADINGS[name] for name in names]


def _is_number(text: str) -> bool:
    return text.replace(",", "").replace(".", "", 1).isdigit() or text == ""


# A refused file is named by its batch, for its name may identify somebody; a copy by the file that it repeats.
_NAME = """coalesce(b.file_name, '= ' || (SELECT min(o.file_name) FROM ops.batch o WHERE b.status = 'identical'
    AND o.source_code = b.source_code AND o.sha256 = b.sha256), b.batch_id)"""


def show_files(
    voice: Voice, db: Warehouse, night_ids: list[str], names: Mapping[tuple[str, int, datetime], str]
) -> None:
    """One line for each file that these nights took, then a sentence for each that needs somebody.

    `names` are those that the files had, by feed, size and time, as far as they may be shown: they stand beside the batch.
    """
    rows = db.rows(
        f"SELECT {_NAME}, b.source_code, b.status, b.is_zero_report, l.rows_received + l.exploded,"
        " l.loaded, l.quarantined + l.unreadable, l.out_of_scope, l.duplicate, l.superseded, b.message_zh, b.message_en,"
        " b.batch_id, b.size_bytes, b.received_at FROM ops.batch b JOIN ops.ledger l USING (batch_id) "
        "WHERE list_contains(?, b.night_id) ORDER BY b.source_code, 1, b.batch_id",
        [night_ids],
    )
    rows = [(_called(row, names), *row[1:]) for row in rows]
    shown = ("source", "file", "received", "loaded", "quarantined", "out_of_scope", "duplicate", "superseded", "state")
    voice.table(headings(*shown), [_file_line(voice, db, row) for row in rows])
    for row in rows:
        if row[10]:
            voice.say(f"! {row[0]}：{row[10]}", f"! {row[0]}: {row[11]}")


def _called(row: tuple[Any, ...], names: Mapping[tuple[str, int, datetime], str]) -> str:
    """What a file is called: one without a kept name by its batch, and by the name it had."""
    name, source, (batch, size, written) = row[0], row[1], row[-3:]
    had = names.get((source, size, written)) if name == batch else None
    return f"{printable(had)} ({batch})" if had else str(name)


def _file_line(voice: Voice, db: Warehouse, row: tuple[Any, ...]) -> list[Any]:
    name, source, status, is_zero_report, *counts = row[:10]
    title = db.library.sources[source].title.text if source in db.library.sources else Text(source, source)
    state = STATUS_WORDS.get(status, Text(status, status))
    if is_zero_report and status == "loaded":
        state = Text("零报告", "zero report")
    return [voice.pick(title), name, *counts, voice.pick(state)]


def show_indicators(voice: Voice, db: Warehouse) -> None:
    """The district's figures of every year for the indicators with a target, and its verdict."""
    rows = db.rows("""
        SELECT r.indicator_code, r.period, r.numerator, r.denominator, r.rate_per_1000, r.ci_low, r.ci_high, r.reason,
               r.unstable, v.verdict_zh, v.verdict_en
        FROM mart.indicator_rate r
        JOIN mart.indicator_verdict v ON v.indicator_code = r.indicator_code AND v.year::VARCHAR = r.period
        WHERE r.period_type = 'year' AND r.sex = 'all' AND r.age_group = 'all' AND r.township_code = 'all'
        ORDER BY r.indicator_code, r.period""")
    names = ("indicator", "year", "numerator", "children", "rate", "interval", "target", "verdict")
    voice.table(headings(*names), [_indicator_line(voice, db, row) for row in rows])


def _indicator_line(voice: Voice, db: Warehouse, row: tuple[Any, ...]) -> list[Any]:
    code, year, numerator, denominator, rate, low, high, reason, _, zh, en = row
    indicator = db.library.indicators[code]
    shown = [f"{rate:.3f}", f"{low:.3f}–{high:.3f}"] if rate is not None else ["—", str(reason)]
    children = "" if denominator is None else f"{denominator:,.0f}"
    return [f"{code} {voice.pick(indicator.title.text)}", year, numerator, children, *shown,
            voice.pick(target_words(indicator.target)), voice.pick(Text(zh or "", en or ""))]  # fmt: skip


def target_words(target: Any) -> Text:
    """The target in a few words."""
    if target is None:
        return Text("", "")
    if target.kind == "below":
        return Text(f"<{target.limit_per_1000}‰（{target.attribute}）", f"<{target.limit_per_1000}‰ (binding)")
    return Text(f"下降（{target.attribute}）", "decline (expected)")
