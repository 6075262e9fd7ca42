"""A plan as a workbook for the owner's eyes: what it is about, the figures, the records and the incidents that move."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from ddk_surveillance.changes.backfill import Plan, Request
from ddk_surveillance.changes.screen import FIGURES, counted, figure_lines
from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError, Text
from ddk_surveillance.library import Library
from ddk_surveillance.settings import Settings
from ddk_surveillance.writing import FONT, neutralise_formula, workbook

LISTED = 100_000  # rows of a sheet; the counts on the first sheet are of all
HEAD = FONT | {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3864"}
WHAT = {
    "added": Text("新增", "added"),
    "changed": Text("变更", "changed"),
    "withdrawn": Text("撤回", "withdrawn"),
    "gone": Text("消失", "gone"),
    "merged": Text("合并", "merged"),
    "split": Text("拆分", "split"),
    "class": Text("类别改变", "another class"),
    "shown": Text("新出现", "appears"),
    "hidden": Text("不再出现", "vanishes"),
}
RECORDS = (
    Text("变化", "what"), Text("机构", "institution"), Text("原日期", "day before"), Text("新日期", "day after"),
    Text("原文件", "file before"), Text("行", "row"), Text("新文件", "file after"), Text("行", "row"),
)  # fmt: skip
INCIDENTS = (
    Text("变化", "what"), Text("原事件", "incident before"), Text("新事件", "incident after"), Text("字段", "field"),
    Text("原", "before"), Text("新", "after"),
)  # fmt: skip
CLASSES = (
    Text("变化", "what"), Text("领域", "domain"), Text("年份", "year"), Text("年龄组", "age group"), Text("性别", "sex"),
)  # fmt: skip
FILES = (
    Text("文件", "file"), Text("收到行", "rows"), Text("采用", "taken"), Text("时期之外、未采用", "beside the period"),
    Text("隔离", "quarantined"), Text("范围外", "out of scope"),
)  # fmt: skip


def write(settings: Settings, voice: Voice, library: Library, plan: Plan) -> Path:
    """plans/<source>_<from>-<to>_<question>_<plan>.xlsx; returns where it lies."""
    path = settings.plans / f"{_stem(plan.request)}_{plan.plan_id}.xlsx"
    with workbook(path) as book:
        head, cell = book.add_format(HEAD), book.add_format(FONT)
        _write_summary(book, voice, library, plan, head, cell)
        moved = plan.effect
        records, incidents, classes = ([[voice.pick(WHAT[row[0]]), *row[1:]] for row in rows[:LISTED]]
                                       for rows in (moved.records, moved.incidents, moved.classes))  # fmt: skip
        for title, headings, rows in (
            (Text("数字", "figures"), FIGURES, figure_lines(voice, library, moved.figures)),
            (Text("记录", "records"), RECORDS, records),
            (Text("事件", "incidents"), INCIDENTS, incidents),
            (Text("分析员可见的事件组", "classes analysts see"), CLASSES, classes),
        ):
            _write_table(book.add_worksheet(voice.pick(title)), 0, voice, headings, rows, head, cell)
    return path


def last_shown(settings: Settings, request: Request) -> str:
    """The id of the newest plan for the same question; ConfigurationError if none was made."""
    pages = sorted(settings.plans.glob(f"{_stem(request)}_*.xlsx"), key=lambda path: path.stat().st_mtime)
    if not pages:
        raise ConfigurationError(
            "这次更正还没有方案。请先不带 --apply 运行，看过方案再执行。",
            "There is no plan for this yet: run it without --apply first, and look at what would move.",
        )
    return pages[-1].stem.rpartition("_")[2]


def _stem(request: Request) -> str:
    return f"{request.source}_{request.first:%Y%m}-{request.last:%Y%m}_{request.fingerprint}"


def _write_summary(book: Any, voice: Voice, library: Library, plan: Plan, head: Any, cell: Any) -> None:
    asked = plan.request
    sheet = book.add_worksheet(voice.pick(Text("方案", "plan")))
    how = Text("以所给文件为准", "the given files are the truth") if asked.files else Text("重读存档文件", "archived files read again")  # fmt: skip
    facts = [
        (Text("方案号", "plan"), plan.plan_id),
        (Text("来源", "source"), voice.pick(library.sources[asked.source].title.text)),
        (Text("机构", "institution"), asked.institution or voice.pick(Text("全部", "all"))),
        (Text("事件时期", "period of events"), f"{asked.first} – {asked.last}"),
        (Text("方式", "how"), voice.pick(how)),
        (Text("经办人", "who"), asked.made_by),
        (Text("理由", "why"), asked.reason),
        *((Text("变化", "effect"), voice.pick(text)) for text in counted(plan.effect)),
    ]
    for number, (label, text) in enumerate(facts):
        sheet.write_string(number, 0, voice.pick(label), cell)
        sheet.write_string(number, 1, neutralise_formula(str(text)), cell)
    files = ((one.name, one.received, one.taken, one.beside, one.quarantined, one.out_of_scope) for one in plan.files)
    _write_table(sheet, len(facts) + 1, voice, FILES, files, head, cell)


def _write_table(
    sheet: Any, top: int, voice: Voice, headings: Sequence[Text], rows: Iterable[Sequence[Any]], head: Any, cell: Any
) -> None:
    for place, heading in enumerate(headings):
        sheet.write_string(top, place, voice.pick(heading), head)
    for number, row in zip(range(top + 1, top + 1 + LISTED), rows, strict=False):
        for place, value in enumerate(row):
            if isinstance(value, int):
                sheet.write_number(number, place, value, cell)
            elif value is not None:
                sheet.write_string(number, place, neutralise_formula(str(value)), cell)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, len(headings) - 1, 22)
    if top == 0:
        sheet.freeze_panes(1, 0)
