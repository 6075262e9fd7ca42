"""`ddk deidentify`: the institution's tool – a raw table with names and numbers in, the clean submission out.

Only the columns that the feed declares are written. Of the child's resident number, name, guardian's phone and case
number only tokens under the exchange key remain; birth month and age are taken from the number where they are missing.
"""

import datetime
import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow

from ddk_surveillance.console import Voice
from ddk_surveillance.contracts import Source
from ddk_surveillance.errors import ConfigurationError, ExitCode, FileRefused, Text, listed
from ddk_surveillance.guard import guarded
from ddk_surveillance.guard.headers import header_kind, kind_title
from ddk_surveillance.guard.identifiers import find_identifiers, scan_text
from ddk_surveillance.guard.kept import without_names
from ddk_surveillance.guard.names import is_title_of_a_person
from ddk_surveillance.guard.patterns import is_date
from ddk_surveillance.intake.headers import HEADER_SEARCH_ROWS, ColumnHeaders, find_header
from ddk_surveillance.intake.reading import read_sheets
from ddk_surveillance.intake.recognise import Recognised, recognise_all
from ddk_surveillance.intake.rows import rows_of
from ddk_surveillance.intake.sheets import Sheet
from ddk_surveillance.library import Library
from ddk_surveillance.normalise.codes import CodeList
from ddk_surveillance.settings import Settings
from ddk_surveillance.text.dates import ParsedDate, parse_date
from ddk_surveillance.text.missing import is_missing
from ddk_surveillance.tokens import (
    Key,
    institution_token,
    load_key,
    name_with_birth,
    normalise_resident_id,
    resident_check_character,
)
from ddk_surveillance.writing import neutralise_formula, workbook

# Whose name and number they are must be the child's; whose telephone, anybody's who is not the suspect.
ANOTHER_PERSON = re.compile("监护|家长|家属|父|母|联系人|嫌疑|被告|加害|报案|证人")
SUSPECT = re.compile("嫌疑|被告|加害")
CASE_NUMBER = re.compile("案号|案件(编)?号|立案(编)?号|^案件$")
BIRTH_DATE = re.compile("出生日期|出生年月日|出生时间|生日")
TOKENS = {"id": "id_token", "name": "name_token", "phone": "phone_token", "case": "case_token"}
TREATED = {
    "id": Text("转为身份令牌", "becomes a token"),
    "name": Text("转为姓名令牌", "becomes a token"),
    "phone": Text("转为电话令牌", "becomes a token"),
    "case": Text("转为案件令牌", "becomes a token"),
    "birth": Text("只保留年月", "month and year kept"),
}
REMOVED = Text("删除", "removed")
WITHOUT_TOKEN = {
    "id": Text(
        "“{}”列有 {} 个号码不是有效的居民身份证号（位数、出生日期或校验码不对），已删除，没有生成身份令牌。请对照证件核对原表。",
        "Of the column “{}” {} numbers are no valid resident numbers (length, date of birth or check character): they were removed "
        "and have no token. Compare them with the documents.",
    ),
    "name": Text(
        "“{}”列有 {} 个姓名已删除，没有生成姓名令牌：姓名令牌要用到日的出生日期和性别（取自有效的身份证号，或出生日期列和性别列），姓名也不能有遮盖（王某）。"
        "请在原表中补上后重做。",
        "Of the column “{}” {} names were removed and have no token: a token needs the date of birth to the day and the sex (of a valid "
        "resident number, or in columns of their own) and a name that is not masked. Add them to the raw table and start again.",
    ),
}
SUFFIX = "_去标识"
MASKED = r"[某*＊×○〇●]|^\s*.\s*$"  # 张**, 李某, a surname alone: many children are called so
NOTHING = "本月无伤害事件"
Row = dict[str, str | None]


@dataclass(frozen=True)
class RawColumn:
    """A column of the raw file that no declared column claims: its header, and what it is needed for, if anything."""

    name: str
    header: str
    role: str | None


@dataclass(frozen=True)
class Child:
    """What a row's raw cells say about one child."""

    number: str | None
    birth_date: datetime.date | None
    sex: Literal["male", "female"] | None


def deidentify_file(settings: Settings, voice: Voice, file: Path, source: str, key_file: Path, out: Path | None) -> int:
    """Write the clean submission and say what was removed; raises DdkError and writes nothing if it would identify."""
    library = Library(settings.declarations)
    declared = library.source(source)
    key = load_key(key_file)
    target = out or file.with_name(f"{file.stem}{SUFFIX}.xlsx")
    if target.suffix.lower() != ".xlsx":
        raise ConfigurationError(
            "写出的是 Excel 工作簿，--out 请以 .xlsx 结尾。", "It writes a workbook: let --out end in .xlsx."
        )
    if target.exists():
        raise ConfigurationError(f"{target} 已存在。请用 --out 另选。", f"{target} exists. Choose another with --out.")
    sheets = read_sheets(file)
    raw = _raw_columns(declared, sheets)
    undeclared = [
        ColumnHeaders(one.name, (one.header,), False, kind="date" if one.role == "birth" else "text") for one in raw
    ]
    recognised, _ = recognise_all(sheets, [*_declared_columns(declared, raw), *undeclared])
    sexes = CodeList.load(library.codelist_path("sex"))
    cleaners = [Cleaner(declared, raw, key, sexes, one) for one in recognised]
    tables = [_as_table(library, declared, cleaner.rows()) for cleaner in cleaners]
    _refuse_identifying(declared, target, tables)
    cleaned = [table.drop_columns("row_number").to_pylist() for table in tables]
    _write(target, declared, recognised, cleaned)
    lost = sum((one.lost for one in cleaners), Counter[str]())
    useless = {role for role in lost if not any(one.made[role] for one in cleaners)}
    _preview(voice, raw, recognised, useless, lost)
    if wrong := sum(cleaner.wrong_dates for cleaner in cleaners):
        voice.say(
            f"有 {wrong} 个出生日期看不出是哪年哪月，已清空。",
            f"{wrong} birth dates could not be read and were cleared.",
        )
    count = sum(map(len, cleaned))
    voice.say(
        f"已写入 {target}：{count} 行。请核对后报送。", f"Written to {target}: {count} rows. Look at it, then send it."
    )
    return ExitCode.DATA_PROBLEMS if useless else ExitCode.GOOD


def _raw_columns(source: Source, sheets: tuple[Sheet, ...]) -> tuple[RawColumn, ...]:
    """Every header that the feed does not declare, with the role of the first column that can play it."""
    columns = [ColumnHeaders(name, one.headers, False) for name, one in source.physical_columns.items()]
    found = [find_header(rows_of(sheet.cells.slice(0, HEADER_SEARCH_ROWS + 1)), columns) for sheet in sheets]
    texts = dict.fromkeys(text for header in found if header for text in header.undeclared.values())
    free = {role for role, column in TOKENS.items() if column in source.physical_columns} | {"id", "birth"}
    raw = []
    for number, text in enumerate(texts):
        role = _role(text)
        raw.append(RawColumn(f"raw_{number}", text, role if role in free else None))
        free -= {role or ""}
    return tuple(raw)


def _role(header: str) -> str | None:
    kind = header_kind(header)
    if kind in ("mobile", "landline"):
        return None if SUSPECT.search(header) else "phone"
    if ANOTHER_PERSON.search(header):
        return None
    if kind in ("resident_id", "name", "person"):
        return "id" if kind == "resident_id" else "name"
    return "case" if CASE_NUMBER.search(header) else "birth" if BIRTH_DATE.search(header) else None


def _declared_columns(source: Source, raw: tuple[RawColumn, ...]) -> Iterator[ColumnHeaders]:
    """The feed's columns; what we make ourselves need not be there."""
    roles = {one.role for one in raw}
    for name, column in source.physical_columns.items():
        made = column.kind == "token" or ("id" in roles and (column.to or name) in ("age_years", "birth_month", "sex"))
        yield ColumnHeaders(name, column.headers, column.required and not made, column.fill_down, column.kind)


class Cleaner:
    """Makes the declared cells of one sheet."""

    def __init__(
        self, source: Source, raw: tuple[RawColumn, ...], key: Key, sexes: CodeList, recognised: Recognised
    ) -> None:
        self.source, self.key, self.sexes, self.recognised = source, key, sexes, recognised
        self.raw = {one.role: one.name for one in raw if one.role}
        self.by_target = {column.to or name: name for name, column in source.columns.items()}
        self.wrong_dates = 0
        self.made: Counter[str] = Counter()  # tokens by role, and cells that made none
        self.lost: Counter[str] = Counter()

    def rows(self) -> list[Row]:
        return [self._row(row) for row in self.recognised.body.to_pylist()]

    def _row(self, row: Mapping[str, Any]) -> Row:
        cleaned: Row = {name: row[name] for name in self.source.physical_columns}
        if (born := self.by_target.get("birth_month", "")) in cleaned and cleaned[born]:
            cleaned[born] = self._in_months(str(cleaned[born]))
        for name, value in self._made(row).items():
            if name in cleaned and (cleaned[name] is None or is_missing(str(cleaned[name]), "text")):
                cleaned[name] = value or cleaned[name]
        return cleaned

    def _in_months(self, cell: str) -> str | None:
        """A cell of birth dates to the month; what is no date that we can read might say the day, so it goes."""
        separator = self.source.victims.separator if self.source.victims else r"\0"
        parts = [_month(part) for part in re.split(separator, cell)]
        self.wrong_dates += parts.count(None)
        return _joined(parts)

    def _made(self, row: Mapping[str, Any]) -> Row:
        """Tokens, birth month, age and sex of the row; of several children of a case, in their order."""
        raw = {"birth": self.by_target.get("birth_month", "")} | self.raw
        parts = {role: self._parts(role, row.get(name)) for role, name in raw.items()}
        sexes = self._parts("sex", row.get(self.by_target.get("sex", "")))
        children = [self._child(*cells) for cells in itertools.zip_longest(
            parts.get("id", ()), parts.get("birth", ()), sexes)] or [Child(None, None, None)]  # fmt: skip
        event = self._event_date(row)
        names = [self._name_token(*pair) for pair in itertools.zip_longest(parts.get("name", ()), children)]
        return {
            TOKENS["id"]: _joined(institution_token(self.key, "id", one.number or "") for one in children),
            TOKENS["name"]: _joined(names),
            TOKENS["phone"]: _joined(institution_token(self.key, "phone", text) for text in parts.get("phone", ())),
            TOKENS["case"]: _joined(institution_token(self.key, "case", text) for text in parts.get("case", ())),
            self.by_target.get("birth_month", ""): _joined(
                one.birth_date and f"{one.birth_date:%Y-%m}" for one in children
            ),
            self.by_target.get("age_years", ""): _joined(_age(one.birth_date, event) for one in children),
            self.by_target.get("sex", ""): _joined(
                one.sex and {"male": "男", "female": "女"}[one.sex] for one in children
            ),
        }

    def _parts(self, role: str, cell: Any) -> list[str]:
        victims = self.source.victims
        column = TOKENS.get(role, {"birth": "birth_month"}.get(role, role))
        several = victims is not None and column in victims.columns
        parts = re.split(victims.separator, str(cell)) if cell and several and victims else [str(cell or "")]
        return ["" if is_missing(part, "text") else part for part in parts]

    def _child(self, number: str | None, birth: str | None, sex: str | None) -> Child:
        good = _resident_number(number or "")
        self._count("id", number, good)
        if good:
            born = datetime.date(int(good[6:10]), int(good[10:12]), int(good[12:14]))
            return Child(good, born, "male" if int(good[16]) % 2 else "female")
        date = parse_date(birth) if birth else None
        code = self.sexes.decode(sex) if sex else None
        known = isinstance(date, ParsedDate) and date.first == date.last
        return Child(None, date.first if known and isinstance(date, ParsedDate) else None,
                     "male" if code == "male" else "female" if code == "female" else None)  # fmt: skip

    def _name_token(self, name: str | None, child: Child | None) -> str | None:
        token = None
        if name and child and child.birth_date and child.sex and not re.search(MASKED, name):
            token = institution_token(self.key, "name", name_with_birth(name, child.birth_date, child.sex))
        self._count("name", name, token)
        return token

    def _count(self, role: str, given: str | None, made: str | None) -> None:
        if given:
            (self.made if made else self.lost)[role] += 1

    def _event_date(self, row: Mapping[str, Any]) -> datetime.date | None:
        name = self.by_target.get("event_date", "")
        if not name:
            return None
        column = self.source.columns[name]
        parts = [row[part] or "" for part in column.combine or (name,)]
        text = column.rewritten("-".join(parts)) if any(parts) else ""
        parsed = parse_date(text, self.recognised.title_year, self.recognised.title_month) if text else None
        return parsed.first if isinstance(parsed, ParsedDate) else None


def _month(text: str) -> str | None:
    """2015-03 of a date within one month, 2015 of a year, the text of a missing-word; else None."""
    if is_missing(text, "date"):
        return text
    parsed = parse_date(text)
    return parsed.in_months if isinstance(parsed, ParsedDate) else None


def _resident_number(text: str) -> str | None:
    """The number in its one spelling if its check character and its date of birth are right."""
    number = normalise_resident_id(text)
    is_whole = re.fullmatch(r"[1-9][0-9]{16}[0-9X]", number) and resident_check_character(number[:17]) == number[17]
    return number if is_whole and is_date(number[6:14]) else None


def _age(born: datetime.date | None, event: datetime.date | None) -> str | None:
    """Completed years at the event; of infants months or days."""
    if born is None or event is None or event < born:
        return None
    months = (event.year - born.year) * 12 + event.month - born.month - (event.day < born.day)
    return f"{months // 12}岁" if months >= 12 else f"{months}月" if months else f"{(event - born).days}天"


def _joined(parts: Any) -> str | None:
    texts = [part or "" for part in parts]
    return ";".join(texts) if any(texts) else None


def _as_table(library: Library, source: Source, rows: list[Row]) -> pyarrow.Table:
    """The rows as the guard sees them, without what it would not keep."""
    schema = pyarrow.schema([(name, pyarrow.string()) for name in source.physical_columns])
    table = without_names(library, source, pyarrow.Table.from_pylist(rows, schema=schema))
    return table.append_column("row_number", pyarrow.array(range(2, 2 + len(rows)), pyarrow.int32()))


def _refuse_identifying(source: Source, target: Path, tables: list[pyarrow.Table]) -> None:
    """Raise FileRefused if our own guard would refuse the result; says column and kind, never the value."""
    kinds = ("name",) if is_title_of_a_person(target.stem.removesuffix(SUFFIX)) else scan_text(target.name)
    found = [(Text("文件名", "file name"), kind) for kind in kinds]
    for table in tables:
        columns = [guarded(source, name, name, one.headers[0]) for name, one in source.physical_columns.items()]
        for finding in find_identifiers(table, columns):
            header = source.columns[finding.column].headers[0]
            found.append(
                (Text(f"“{header}”列 {finding.count} 处", f"column “{header}”, {finding.count} cells"), finding.kind)
            )
    if found:
        zh, en = listed((listed((place, kind_title(kind)), "：", ": ") for place, kind in found), "；", "; ")
        raise FileRefused(
            "identifies_a_person",
            f"去标识后仍含可识别个人的信息，未写出：{zh}。请在原表中清除后再试（文件名可用 --out 更改）。",
            f"The result would still identify people, so nothing was written: {en}. Clear this in the raw table (or use --out).",
        )


def _write(target: Path, source: Source, recognised: tuple[Recognised, ...], cleaned: list[list[Row]]) -> None:
    with workbook(target) as book:
        for number, (one, rows) in enumerate(zip(recognised, cleaned, strict=True), start=1):
            sheet = book.add_worksheet(f"第{number}表{_period(one)}")
            lines: list[list[str | None]] = [[column.headers[0] for column in source.physical_columns.values()]]
            lines += [list(row.values()) for row in rows] if rows else [[NOTHING]]
            for place, line in enumerate(lines):
                for column, text in enumerate(line):
                    if text is not None:
                        sheet.write_string(place, column, neutralise_formula(text) if re.search(r"\w", text) else text)


def _period(one: Recognised) -> str:
    """The period of the lost title, where dates without a year find it again."""
    return (f"_{one.title_year}年" if one.title_year else "") + (f"{one.title_month}月" if one.title_month else "")


def _preview(
    voice: Voice, raw: tuple[RawColumn, ...], recognised: tuple[Recognised, ...], useless: set[str], lost: Counter[str]
) -> None:
    shown = {one.name: "（列名本身含个人信息）" if scan_text(one.header) else one.header for one in raw}
    rows = []
    for one in raw:
        filled = sum(len(part.body) - part.body[one.name].null_count for part in recognised)
        role = "" if one.role in useless else one.role or ""
        rows.append((shown[one.name], filled, voice.pick(TREATED.get(role, REMOVED))))
    if rows:
        voice.table([Text("原表的列", "column"), Text("有内容的单元格", "cells"), Text("处理", "what is done")], rows)
    for one in raw:
        if count := lost[one.role or ""]:
            why = WITHOUT_TOKEN[one.role or ""]
            voice.say(why.zh.format(shown[one.name], count), why.en.format(shown[one.name], count))
    nameless = sum(text.startswith("第 ") for part in recognised for text in part.undeclared)
    if nameless:
        voice.say(f"另有 {nameless} 个没有列名的列，已删除。", f"{nameless} columns without a header were removed.")
