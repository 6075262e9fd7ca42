"""The receipt as a sheet of paper: one A4 landscape workbook, the failing cells in red."""

import math
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ddk_surveillance.errors import Text
from ddk_surveillance.receipts.content import COUNTS, LISTED, Line, Receipt
from ddk_surveillance.writing import FONT, neutralise_formula, set_up_page, workbook

HEADINGS = {Text("工作表", "sheet"): 14, Text("行", "row"): 11, Text("列", "column"): 18, Text("单元格内容", "content"): 22,
            Text("检查内容", "what is checked"): 28, Text("处理", "treatment"): 9, Text("怎么改", "what to do"): 52}  # fmt: skip
WIDTHS = tuple(HEADINGS.values())
LAST = len(HEADINGS) - 1
NAMELESS = Text("（未存文件名）", "(its name is not stored)")
VALUE_CHARACTERS = 200
LINE_POINTS = 16
STYLES: dict[str, dict[str, Any]] = {
    "title": {"font_size": 16, "bold": True, "font_color": "#1F3864", "text_wrap": False},
    "label": {"font_color": "#595959", "text_wrap": False},
    "text": {"text_wrap": True},
    "number": {"bold": True, "align": "right", "num_format": "#,##0"},
    "good": {"bold": True, "bg_color": "#E2EFDA", "font_size": 11},
    "attention": {"bold": True, "bg_color": "#FCE4D6", "font_size": 11},
    "heading": {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3864", "border": 1, "border_color": "#BFBFBF"},
    "cell": {"border": 1, "border_color": "#BFBFBF"},
    "failing": {"border": 1, "border_color": "#BFBFBF", "bg_color": "#FFC7CE", "font_color": "#9C0006"},
}


def write_page(receipt: Receipt, path: Path) -> None:
    """Write the workbook; the same receipt gives the same bytes."""
    with workbook(path) as book:
        book.set_properties(
            {"title": Text("数据回执", "receipt").said(receipt.language), "created": receipt.received_at}
        )
        styles = {name: book.add_format(FONT | {"text_wrap": True} | style) for name, style in STYLES.items()}
        sheet = book.add_worksheet(Text("回执", "receipt").said(receipt.language))
        for number, width in enumerate(WIDTHS):
            sheet.set_column(number, number, width)
        row = _write_counts(sheet, styles, receipt, _write_top(sheet, styles, receipt))
        if receipt.lines:
            row = _write_lines(sheet, styles, receipt, row + 1)
        sheet.set_landscape()
        sheet.fit_to_pages(1, 0)
        footer = Text(
            "&L含原始内容，仅限报送单位使用&R第 &P 页 共 &N 页", "&LContent as sent, for its sender only&RPage &P of &N"
        )
        set_up_page(sheet, row, LAST, footer.said(receipt.language))


def _write_top(sheet: Any, styles: dict[str, Any], receipt: Receipt) -> int:
    """Title, verdict and which file it is about; returns the next row."""
    sheet.set_row(0, 30)
    word = receipt.outcome.word
    title = Text(
        f"大渡口区儿童伤害监测 数据回执：{word.zh}", f"Child-injury surveillance of Dadukou, receipt: {word.en}"
    )
    sheet.write_string(0, 0, title.said(receipt.language), styles["title"])
    sheet.set_row(1, _height(receipt.message, sum(WIDTHS)) + 8)
    sheet.merge_range(1, 0, 1, LAST, receipt.message, styles["good" if receipt.is_clean else "attention"])
    facts = (
        (Text("来源", "feed"), receipt.source_title),
        (Text("文件", "file"), neutralise_formula(receipt.file_name or NAMELESS.said(receipt.language))),
        (Text("收到", "received"), f"{receipt.received_at:%Y-%m-%d %H:%M}"),
        (Text("批次", "batch"), receipt.batch_id),
        *([(Text("另注", "note"), receipt.note)] if receipt.note else []),
    )
    for number, (label, text) in enumerate(facts, start=2):
        sheet.set_row(number, _height(text, sum(WIDTHS[1:])))
        sheet.write_string(number, 0, label.said(receipt.language), styles["label"])
        sheet.merge_range(number, 1, number, LAST, text, styles["text"])
    return 2 + len(facts)


def _write_counts(sheet: Any, styles: dict[str, Any], receipt: Receipt, row: int) -> int:
    """What became of the rows; only what there is, but always how many came and how many are in."""
    of_victims = Text("行（一案多人按人计）", "rows, one for every victim of a case")
    counts = [(Text("收到", "received"), receipt.received, of_victims)]
    counts += [(word, receipt.counts[name], Text(f"行：{meaning.zh}", f"rows {meaning.en}")) for name, (word, meaning) in COUNTS.items()
               if receipt.counts[name] or name == "accepted"]  # fmt: skip
    for label, count, meaning in counts:
        row += 1
        sheet.write_string(row, 0, label.said(receipt.language), styles["label"])
        sheet.write_number(row, 1, count, styles["number"])
        sheet.merge_range(row, 2, row, LAST, meaning.said(receipt.language), styles["text"])
    return row + 1


def _write_lines(sheet: Any, styles: dict[str, Any], receipt: Receipt, row: int) -> int:
    for number, heading in enumerate(HEADINGS):
        sheet.write_string(row, number, heading.said(receipt.language), styles["heading"])
    sheet.repeat_rows(row)
    for line in receipt.lines:
        row += 1
        texts = tuple(_texts(line, receipt.language))
        sheet.set_row(row, max(_height(text, width) for text, width in zip(texts, WIDTHS, strict=True)))
        for number, text in enumerate(texts):
            sheet.write_string(row, number, text, styles["failing" if number == 3 else "cell"])
    if receipt.findings > LISTED:
        row += 1
        note = Text(
            f"只列出前 {LISTED} 处，另有 {receipt.findings - LISTED} 处未列出；同类问题请一并更正。",
            f"The first {LISTED} are listed, {receipt.findings - LISTED} more are not: mend all of their kind.",
        )
        sheet.merge_range(row, 0, row, LAST, note.said(receipt.language), styles["attention"])
    return row + 1


def _texts(line: Line, language: str) -> Iterator[str]:
    value = line.value if len(line.value) <= VALUE_CHARACTERS else f"{line.value[:VALUE_CHARACTERS]}…"
    victim = Text(f"（第{line.victim}人）", f" (victim {line.victim})").said(language) if line.victim > 1 else ""
    row = f"{line.row}{victim}"
    for text in (line.sheet, row, line.column, value, line.title, line.treatment, line.remedy):
        yield neutralise_formula(text)


def _height(text: str, width: float) -> float:
    """Points for the lines a text takes in a column of so many characters; Chinese ones are twice as wide."""
    breadth = sum(2 if unicodedata.east_asian_width(character) in "FWA" else 1 for character in text)
    return LINE_POINTS * max(1, math.ceil(breadth / (width - 1)))
