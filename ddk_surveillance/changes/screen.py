"""What a person sees of a change: what it moves, in counts and for the figures of the whole district, and the book."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ddk_surveillance.changes.effect import Effect, Row
from ddk_surveillance.console import Voice
from ddk_surveillance.differences import cell_words
from ddk_surveillance.errors import Text
from ddk_surveillance.library import Library
from ddk_surveillance.review.words import Labels

KINDS = {
    "withdraw": Text("撤回文件", "withdrawal"),
    "erase": Text("抹除文件", "erasure"),
    "backfill": Text("更正时期", "backfill"),
    "undo": Text("撤销", "undo"),
}
BOOK = {
    "change_id": Text("更正号", "change"),
    "made_at": Text("时间", "when"),
    "made_by": Text("经办人", "who"),
    "kind": Text("种类", "kind"),
    "source_code": Text("来源", "source"),
    "about": Text("对象", "what"),
    "records": Text("记录 +/~/−", "records +/~/−"),
    "figures_moved": Text("变动数字", "figures moved"),
    "undone_by": Text("已被撤销", "undone by"),
    "reason": Text("理由", "why"),
}
FIGURES = (Text("指标", "indicator"), Text("期间与范围", "cell"), Text("项目", "measure"), Text("原", "before"), Text("新", "after"))  # fmt: skip
EFFECTS = (
    Text(
        "记录：新增 {records_added}，变更 {records_changed}，撤回 {records_withdrawn}",
        "records: {records_added} added, {records_changed} changed, {records_withdrawn} withdrawn",
    ),
    Text(
        "事件：新增 {incidents_added}，消失 {incidents_gone}，合并 {incidents_merged}，拆分 {incidents_split}，"
        "类别改变 {incidents_class}",
        "incidents: {incidents_added} added, {incidents_gone} gone, {incidents_merged} merged, {incidents_split} split,"
        " {incidents_class} of another class",
    ),
    Text(
        "数字：{figures_moved} 个变动，其中判定改变 {verdicts_changed} 个",
        "figures: {figures_moved} move, {verdicts_changed} verdicts change",
    ),
    Text(
        "隐现：{reasons_changed} 个数字由有变无或由无变有；分析员可见的事件组新出现 {classes_shown} 个，不再出现 {classes_hidden} 个",
        "shown or not: {reasons_changed} figures come or go; of the classes in which analysts see incidents"
        " {classes_shown} appear, {classes_hidden} vanish",
    ),
)
EDITIONS = Text(
    "涉及已定稿的年份：{names}。定稿本身不变，差异将列为重述。",
    "frozen editions touched: {names}. They stay as they are; the difference will be told as a restatement.",
)
SHOWN = ("numerator", "denominator", "rate_per_1000", "reason", "status")
DISTRICT = " all all all"


def show_effect(voice: Voice, library: Library, moved: Effect) -> None:
    """Counts, then every yearly figure and verdict of the whole district that moves; the rest is in the workbook."""
    for text in counted(moved):
        voice.say(*text)
    rows = [row for row in moved.figures if _is_of_district(row, voice.language)]
    if rows:
        voice.table(FIGURES, list(figure_lines(voice, library, rows)))


def counted(moved: Effect) -> list[Text]:
    """The effect in sentences of counts."""
    if moved.is_none:
        return [Text("记录、事件和数字都没有变化。", "No record, incident or figure moves.")]
    sentences = [text.format(**moved.counts) for text in EFFECTS]
    if moved.editions:
        sentences.append(EDITIONS.format(names=", ".join(moved.editions)))
    return sentences


def figure_lines(voice: Voice, library: Library, rows: Iterable[Row]) -> Iterator[list[str]]:
    """Moved figures in words: indicator, cell, measure, before, after."""
    labels = Labels(library)
    for table, indicator, cell, measure, *values in rows:
        declared = library.indicators.get(indicator)
        title = f"{indicator} {voice.pick(declared.title.text)}" if declared else indicator
        where = " ".join(cell_words(voice, labels, *cell.split())) if table == "mart.indicator_rate" else cell
        name = voice.pick(library.tables[table].columns[measure].comment.text)
        yield [title, where, name, *(_shown(voice, labels, measure, value) for value in values)]


def show_book(voice: Voice, rows: Sequence[dict[str, Any]], form: str) -> None:
    """Who did what, when and why."""
    if form != "table":
        voice.rows(form, list(rows[0]) if rows else [], [tuple(row.values()) for row in rows])
    elif not rows:
        voice.say("还没有任何更正。", "Nothing has been changed yet.")
    else:
        voice.table(list(BOOK.values()), [[_book_cell(voice, row, name) for name in BOOK] for row in rows])


def _book_cell(voice: Voice, row: dict[str, Any], name: str) -> Any:
    if name == "kind":
        return voice.pick(KINDS[row["kind"]])
    if name == "about":
        period = f"{str(row['period_from'])[:7]}–{str(row['period_to'])[:7]}" if row["period_from"] else None
        parts = (row["undoes"], row["file_name"] or row["batch_id"], period, row["institution_id"])
        return " ".join(part for part in parts if part)
    if name == "records":
        return f"+{row['records_added']} ~{row['records_changed']} −{row['records_withdrawn']}"
    return row[name]


def _is_of_district(row: Row, language: str) -> bool:
    table, _, cell, measure, *_ = row
    if table == "mart.indicator_verdict":
        return bool(measure == f"verdict_{language}")
    return bool(cell.startswith("year ") and cell.endswith(DISTRICT) and measure in SHOWN)


def _shown(voice: Voice, labels: Labels, measure: str, value: str | None) -> str:
    if value is None:
        return "—"
    if measure == "reason":
        return voice.pick(labels.codes("missing_reason")[value])
    if value in ("true", "false"):
        return voice.pick(labels.cell(measure, value == "true"))
    return f"{float(value):.3f}" if measure in ("rate_per_1000", "ci_low", "ci_high") else value
