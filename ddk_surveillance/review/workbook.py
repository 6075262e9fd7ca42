"""The review as an xlsx round trip: a form to fill in or print, and what comes back.

Every pair carries its record ids, the fingerprint of their content and that of the lines above it in a hidden column, so
that a decision is taken only for the pair that was shown with it, if that is what it was when it was written.
"""

import hashlib
import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import python_calamine

from ddk_surveillance.errors import ConfigurationError, DdkError, Text
from ddk_surveillance.link import adjudication
from ddk_surveillance.link.adjudication import Decision, DecisionRefused
from ddk_surveillance.review.cases import Case, Line, signed
from ddk_surveillance.settings import now
from ddk_surveillance.warehouse import Warehouse
from ddk_surveillance.writing import FONT, neutralise_formula, set_up_page, workbook

SHEET, TITLE, MARK = "复核", "大渡口区儿童伤害监测 记录对复核单", "ddk-review-2"
WIDTHS = (17, 29, 29, 21, 7)  # characters; together the width of an A4 page
LAST, HIDDEN = len(WIDTHS) - 1, len(WIDTHS)
HEADINGS = ("项目", "记录甲", "记录乙", "比较", "比特")
CHOICES = {"同一事件": "same", "不同事件": "different", "暂不决定": None}
REVIEWER, DECISION, REASON = "复核人", "裁定", "理由"
Check = Callable[[str], str]  # cleans a name or a reason, or raises DecisionRefused
KEY = re.compile(r"^([0-9a-f]+) ([0-9a-f]+) ([0-9a-f]{16}) ([0-9a-f]{16})$")
GRID = {"border": 1, "border_color": "#BFBFBF"}
INPUT = GRID | {"bg_color": "#FFF2CC", "locked": False}
STYLES: dict[str, dict[str, Any]] = {
    "title": {"font_size": 15, "bold": True, "font_color": "#1F3864", "text_wrap": False},
    "note": {"font_color": "#595959"},
    "pair": {"bold": True, "font_color": "#FFFFFF", "bg_color": "#1F3864", "text_wrap": False},
    "heading": GRID | {"bold": True, "bg_color": "#D9E1F2"},
    "cell": GRID,
    "for": GRID | {"align": "right", "font_color": "#375623"},
    "against": GRID | {"align": "right", "font_color": "#9C0006"},
    "sentence": GRID | {"bg_color": "#F2F2F2"},
    "label": GRID | {"bold": True, "bg_color": "#FFF2CC"},
    "input": INPUT,
}
NOTE = (
    "每对请在“裁定”格选“同一事件”或“不同事件”并写明理由，拿不准的可留空。只填黄色格，不要增删行列。理由中不要写姓名、号码、住址。"
    "比特：正数支持、负数反对同一事件。填好后运行 ddk review --import 本文件，下次夜间运行生效。"
)


@dataclass(frozen=True)
class Taken:
    """What became of the rows of a form: how many were new, known before or left open, and (row, why) of the refused."""

    new: int
    known: int
    open: int
    refused: tuple[tuple[int, Text], ...]


def write_form(cases: list[Case], warehouse_id: str, path: Path) -> None:
    """Write a workbook for these pairs that only the owner can read; never over a file, it may be a filled-in form."""
    if path.suffix.lower() != ".xlsx":
        raise ConfigurationError(f"{path} 应以 .xlsx 结尾。", f"The name {path} must end in .xlsx.")
    try:
        path.touch(mode=0o600, exist_ok=False)
    except OSError:
        raise ConfigurationError(
            f"{path} 已存在，或该处不能写入。请另取文件名。",
            f"{path} is there already, or cannot be written. Choose another.",
        ) from None
    with workbook(path) as book:
        book.set_properties({"title": TITLE, "created": now()})
        styles = {
            name: book.add_format(FONT | {"font_size": 9, "text_wrap": True} | style) for name, style in STYLES.items()
        }
        sheet = book.add_worksheet(SHEET)
        for column, width in enumerate(WIDTHS):
            sheet.set_column(column, column, width)
        sheet.set_column(HIDDEN, HIDDEN, None, None, {"hidden": True})
        row, breaks = _write_top(sheet, styles, len(cases), warehouse_id), []
        for number, case in enumerate(cases):
            if number:
                breaks.append(row)  # a page for each pair
            row = _write_case(sheet, styles, case, number + 1, row)
        sheet.set_h_pagebreaks(breaks)
        # No password: against slips, not against people.
        sheet.protect("", {"format_columns": True, "format_rows": True})
        sheet.set_print_scale(95)  # fitting to the page would void the page breaks
        set_up_page(sheet, row, LAST, "&L含个案信息，仅限复核人员使用，用后销毁&R第 &P 页 共 &N 页")


def _write_top(sheet: Any, styles: dict[str, Any], count: int, warehouse_id: str) -> int:
    sheet.set_row(0, 26)
    sheet.write_string(0, 0, TITLE, styles["title"])
    sheet.write_string(0, HIDDEN, f"{MARK} {warehouse_id}")
    sheet.set_row(1, 44)
    sheet.merge_range(1, 0, 1, LAST, NOTE, styles["note"])
    sheet.write_string(2, 0, REVIEWER, styles["label"])
    sheet.write_blank(2, 1, None, styles["input"])
    sheet.merge_range(2, 2, 2, LAST, f"{now():%Y-%m-%d} 导出，共 {count} 对", styles["note"])
    return 4


def _write_case(sheet: Any, styles: dict[str, Any], case: Case, number: int, row: int) -> int:
    """One pair from `row` on; returns the row after it."""
    grave = " · 涉及暴力、自伤或死亡" if case.is_grave else ""
    sheet.merge_range(row, 0, row, LAST, f"第 {number} 对{grave}", styles["pair"])
    for column, heading in enumerate(HEADINGS):
        sheet.write_string(row + 1, column, heading, styles["heading"])
    row += 2
    for line in case.lines:
        _write_line(sheet, styles, line, row)
        row += 1
    sheet.set_row(row, 40)
    sheet.merge_range(row, 0, row, LAST, neutralise_formula(case.hesitation.zh), styles["sentence"])
    row += 1
    sheet.set_row(row, 20)
    sheet.write_string(row, 0, DECISION, styles["label"])
    sheet.write_blank(row, 1, None, styles["input"])
    sheet.data_validation(row, 1, row, 1, {"validate": "list", "source": list(CHOICES), "error_title": DECISION,
                                           "error_message": f"请从列表中选：{'、'.join(CHOICES)}。"})  # fmt: skip
    shown = _fingerprint([neutralise_formula(text) for text in _texts(line)] for line in case.lines)
    sheet.write_string(row, HIDDEN, " ".join((*case.record_ids, case.seen_hash, shown)))
    sheet.set_row(row + 1, 30)
    sheet.write_string(row + 1, 0, REASON, styles["label"])
    sheet.merge_range(row + 1, 1, row + 1, LAST, "", styles["input"])
    return row + 3


def _texts(line: Line) -> tuple[str, ...]:
    return line.title.zh, line.left.zh, line.right.zh, line.comparison.zh


def _fingerprint(lines: Iterable[Sequence[str]]) -> str:
    """16 hexadecimal digits of the lines of a pair as they are read back."""
    text = "\n".join("\t".join(cell.strip() for cell in line) for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _write_line(sheet: Any, styles: dict[str, Any], line: Line, row: int) -> None:
    texts = _texts(line)
    if any(len(text) * 2 > width for text, width in zip(texts, WIDTHS, strict=False)):
        sheet.set_row(row, 26)
    for column, text in enumerate(texts):
        sheet.write_string(row, column, neutralise_formula(text), styles["cell"])
    bits = "" if line.bits is None else signed(line.bits)
    sheet.write_string(row, LAST, bits, styles["against" if bits.startswith("−") else "for"])


def take_form(db: Warehouse, path: Path, warehouse_id: str, checked: Check) -> Taken:
    """Keep the decisions of a filled-in form in one step; the rows that cannot be taken leave the others alone."""
    rows = _rows(path, warehouse_id)
    decided_by = _reviewer(rows, checked)
    with db.transaction():
        results = [
            (number, _take(db, shown, row, following, decided_by, checked))
            for number, shown, row, following in _decisions(rows)
        ]
    refused = tuple((number, result) for number, result in results if isinstance(result, Text))
    counted = [result for _, result in results]
    return Taken(counted.count("new"), counted.count("known"), counted.count("open"), refused)


def _rows(path: Path, warehouse_id: str) -> list[list[str]]:
    """The cells of the form as text; ConfigurationError if it is none of ours or of another warehouse."""
    if not path.is_file():
        raise ConfigurationError(f"没有文件 {path}。", f"There is no file {path}.")
    try:
        book = python_calamine.CalamineWorkbook.from_path(str(path))
        cells = book.get_sheet_by_name(SHEET).to_python(skip_empty_area=False) if SHEET in book.sheet_names else []
    except (python_calamine.CalamineError, OSError):
        cells = []
    rows = [[str(cell).strip() for cell in row] + [""] * (HIDDEN + 1 - len(row)) for row in cells]
    mark, _, origin = rows[0][HIDDEN].partition(" ") if rows else ("", "", "")
    if mark != MARK:
        raise ConfigurationError(
            "这不是 ddk review --export 生成的复核单，或首行、隐藏列已被改动。请用原文件填写。",
            "This is no form made by ddk review --export, or its first row or hidden column was changed. Fill in the original.",
        )
    if origin != warehouse_id:
        raise ConfigurationError(
            "这份复核单是从另一个数据仓库导出的，不能在这里导入。",
            "This form was made by another warehouse and cannot be taken here.",
        )
    return rows


def _reviewer(rows: list[list[str]], checked: Check) -> str:
    for number, row in enumerate(rows, 1):
        if row[0] == REVIEWER:
            try:
                return str(checked(row[1]))
            except DdkError as problem:
                raise ConfigurationError(
                    f"第 {number} 行“{REVIEWER}”：{problem.text.zh}", f"Row {number}, the reviewer: {problem.text.en}"
                ) from None
    raise ConfigurationError(f"复核单中没有“{REVIEWER}”一行。", "The form has lost the row that names its reviewer.")


def _decisions(rows: list[list[str]]) -> Iterator[tuple[int, str, list[str], list[str]]]:
    """Of each row with a decision to make its number in the sheet, the fingerprint of the lines above it, the row and the next."""
    lines: list[list[str]] = []
    for number, (row, following) in enumerate(itertools.pairwise([*rows, [""] * (HIDDEN + 1)]), 1):
        if row[0] == DECISION or KEY.match(row[HIDDEN]):
            yield number, _fingerprint(line[:LAST] for line in lines[:-1]), row, following  # the last is the sentence
        lines = [] if row[0] == HEADINGS[0] else [*lines, row]


def _take(
    db: Warehouse, shown: str, row: list[str], following: list[str], decided_by: str, checked: Check
) -> str | Text:
    """`new`, `known` or `open`, or why this row is refused."""
    word, key = row[1], KEY.match(row[HIDDEN])
    if word and word not in CHOICES:
        return Text(f"“裁定”请选：{'、'.join(CHOICES)}。", "The decision must be one of the words in the list.")
    decision = CHOICES.get(word)
    if decision is None:
        return "open"
    if not key or key[4] != shown or following[0] != REASON:
        return Text(
            "这一对的内容、隐藏列中的记录号或“理由”一行缺失、被改动或移了位置。请重新导出复核单。",
            "What is shown of this pair, its ids in the hidden column or the row with the reason are missing, changed or elsewhere. Export the form anew.",
        )
    try:
        pair = (key[1], key[2])
        is_new = adjudication.decide(db, Decision(pair, decision, decided_by, checked(following[1]), key[3]))  # type: ignore[arg-type]
    except DecisionRefused as problem:
        return problem.text
    return "new" if is_new else "known"
