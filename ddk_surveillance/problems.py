"""Why a text could not be understood: a stable code, and a sentence that helps the institution mend it."""

from __future__ import annotations

from typing import NamedTuple

from ddk_surveillance.contracts import Bilingual
from ddk_surveillance.errors import Text

# The two rules that every declared column brings with it; the others stand in checks.yaml.
READABLE = Bilingual(zh="读不懂", en="cannot be read")
FILLED = Bilingual(zh="必填项空缺", en="left empty")
FILL_IT = Text("此项必填。请补填后重新报送。", "This must be given. Fill it in and send the file again.")
FILL_IF_KNOWN = Text("此项应填。如能查明，请补填。", "This should be given. Fill it in where it is known.")

PROBLEMS: dict[str, Text] = {
    "unknown_code": Text(
        "不是该代码表中的词，也不是所声明版本的代码。请改用代码表中的名称。",
        "Neither a word of this code list nor a code of its declared version. Write a name of the list.",
    ),
    "several_codes": Text(
        "一个单元格里有多个代码，而此项只能选一个。请只保留最主要的一个。",
        "Several codes in one cell where only one may stand. Keep the main one.",
    ),
    "unreadable_date": Text(
        "看不出是哪一天。请按“2024-03-05”填写；只知道月份时填“2024-03”。",
        "Not a date we can read. Write it as 2024-03-05, or 2024-03 when only the month is known.",
    ),
    "ambiguous_date": Text(
        "日期有两种读法（月、日先后不明）。请按“2024-03-05”填写。",
        "This date can be read in two ways (which is the month?). Write it as 2024-03-05.",
    ),
    "impossible_date": Text(
        "日历上没有这个日期或时刻。请核对年、月、日、时。",
        "There is no such date or time. Check year, month, day and hour.",
    ),
    "unreadable_hour": Text(
        "看不出是几点。请填 0–23 的整数，或“14:30”。",
        "Not an hour we can read. Write a whole number from 0 to 23, or 14:30.",
    ),
    "impossible_hour": Text(
        "一天只有 0–23 时；午夜请填 0，并核对日期。",
        "A day has the hours 0 to 23; write 0 for midnight and check the date.",
    ),
    "unreadable_age": Text(
        "看不出年龄。请填周岁整数；一岁以下填“8月”或“3天”。",
        "Not an age we can read. Write completed years; below one year write 8月 or 3天.",
    ),
    "nominal_age": Text(
        "填的是虚岁。请改填周岁。",
        "This is a nominal age (虚岁). Give completed years (周岁).",
    ),
    "impossible_age": Text(
        "年龄不能小于 0 或大于 120 岁。请核对年龄和单位。",
        "An age cannot be below 0 or above 120 years. Check the age and its unit.",
    ),
    "age_undecided": Text(
        "没有年龄，而按出生年（月）算，事发时可能不满也可能已满 18 周岁，无法判定。请补填周岁或出生年月。",
        "Without an age: by the birth as given it was 17 or 18 years, so nobody can tell. Give the age or the month of birth.",
    ),
    "age_contradicts_birth": Text(
        "年龄与出生年月矛盾：一个是儿童，一个已满 18 周岁。请核对年龄和出生年月。",
        "The age and the birth contradict each other: by one it is a child, by the other not. Check both.",
    ),
    "unreadable_icd10": Text(
        "不是 ICD-10 编码的写法。请填“W19.9”这样的编码，注意字母 O 与数字 0。",
        "Not written as an ICD-10 code. Write it like W19.9; mind the letter O and the digit 0.",
    ),
    "icd9_or_icd10": Text(
        "E800–E999 是 ICD-9 的外部原因，而 ICD-10 的 E88.0 等省去小数点也这样写，分不清。请改填 ICD-10 编码，带小数点。",
        "E800–E999 are external causes of ICD-9, and E88.0 of ICD-10 looks the same without its point. Write the ICD-10 code, with its point.",
    ),
    "unknown_township": Text(
        "不是本区现行镇街的名称或代码，也认不出是外区。请填八个镇街之一，外区填“外区”。",
        "Neither a township of this district nor a place outside it. Name one of the townships, or write 外区.",
    ),
    "unreadable_number": Text(
        "不是数字。请只填数字，不带单位和文字。",
        "Not a number. Write digits only, without unit or words.",
    ),
    "number_out_of_range": Text(
        "数字超出此项允许的范围。请核对。",
        "The number is outside the range of this column. Check it.",
    ),
    "victims_do_not_match": Text(
        "同一案件各被害人列的人数不一致。请让每列的人数相同，顺序一致。",
        "The victim columns of this case name different numbers of victims. Give each column one part per victim.",
    ),
    "victims_not_parted": Text(
        "看似把多名被害人写在一格而没有分开。请用“；”把各人分开，各列人数相同，顺序一致。",
        "This seems to name several victims without parting them. Part them with ；, in every column alike and in the same order.",
    ),
    "case_in_two_rows": Text(
        "同一案件令牌出现在两行而内容不同。一案只写一行：多名被害人写在同一行，各列用“；”分开；不是同一案件的，请核对案件令牌。",
        "One case stands in two rows with different content. Give a case one row and part its victims with ；; if these are two cases, "
        "check the token.",
    ),
    "not_a_token": Text(
        "不是令牌，可能是未去标识的原始信息，原值未入数据库。请用 ddk deidentify 生成令牌。",
        "Not a token, perhaps raw data, so it was not stored. Make tokens with ddk deidentify.",
    ),
    "looks_like_a_name": Text(
        "像是姓名，不是编号，原值未入数据库。请改填编号；姓名不得报送。",
        "It looks like a name and is no number, so it was not stored. Enter the number; names must not be sent.",
    ),
    "of_another_column": Text(
        "这是另一列的内容，可能填错了列，或整行单元格错位。请核对这一行。",
        "This belongs in another column: a cell in the wrong place, or a whole row shifted. Check the row.",
    ),
    "cells_out_of_place": Text(
        "这一行有单元格填在别的列里，或必填项随之空缺，可能整行错位。请对照表头核对这一行。",
        "Cells of this row stand in other columns, or left a required one empty: the row may be shifted. Check it.",
    ),
    "digits_lost": Text(
        "编号被表格软件改成了科学计数（如 2.02E+11），后面的数字已丢失。请把该列设为文本格式，重新填写编号。",
        "A spreadsheet turned this number into 2.02E+11 and lost its last digits. Format the column as text, enter it again.",
    ),
    "garbled_number": Text(
        "编号中有英文引号、换行或乱码，可能是文件损坏或引号未成对。请核对并重新填写编号。",
        "The number holds a quotation mark, a line break or a lost character: the file may be damaged. Enter it again.",
    ),
    "too_long": Text(
        "内容过长，不像编号或名称，可能是单元格引号未闭合，或整段文字贴错了列。请核对。",
        "Too long for a number or a name: a cell whose quotation mark is not closed, or a text in the wrong column. Check it.",
    ),
    "date_without_year": Text(
        "只有月、日，没有年份。请按“2024-03-05”填写，或在表格标题中写明年份。",
        "Month and day without a year. Write it as 2024-03-05, or give the year in the title of the table.",
    ),
    "ragged": Text(
        "这一行的单元格比表头多或少，分不清哪格属于哪列，未读取。请核对分隔符、引号和列数。",
        "This row has more or fewer cells than the header, so that it was not read. Check separators, quotation marks, columns.",
    ),
    "cut_off": Text(
        "文件似乎在这里中断：最后一行不完整，后面的行可能没有传到。请重新导出，把完整的文件重新报送。",
        "The file seems to be cut off here: its last row is not whole and more may be missing. Export it again, send it whole.",
    ),
    "formula_without_value": Text(
        "这一行有公式没有保存计算结果，读出来是空格。请用 Excel/WPS 打开文件，把公式粘贴为数值，保存后重新报送。",
        "A formula in this row has no saved value and reads as blank. Open the file in Excel or WPS, paste values, save and send it again.",
    ),
    "headless": Text(
        "这一行看似数据，但上方没有本来源的表头，未读取。请把表头加在它上面，或把它移到第一张表的表头下面。",
        "This looks like a row of data but no header stands above it, so it was not read. Put the header above it, or move it "
        "below that of the first table.",
    ),
    "beneath_other_header": Text(
        "这一行上方另有一个表头，列的位置与第一个表头不同，故未读取。请按第一个表头的列序调整，或连同表头移到另一个工作表。",
        "Above this row stands another header, whose columns stand elsewhere than in the first, so the row was not read. Arrange it "
        "as the first, or move both to another sheet.",
    ),
    "record_number_reused": Text(
        "同一编号在本文件中出现两次而内容不同。请为每条记录使用唯一编号。",
        "One record number stands twice in this file with different content. Give every record its own number.",
    ),
}


class Problem(NamedTuple):
    """A text that was not understood; it never holds the text itself."""

    code: str
    text: Text

    @classmethod
    def of(cls, code: str) -> Problem:
        return cls(code, PROBLEMS[code])
