"""A raw table with names and numbers becomes a submission that the guard takes and that identifies nobody."""

from __future__ import annotations

import datetime
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from click.testing import CliRunner
from python_calamine import CalamineWorkbook

from ddk_surveillance.cli import ddk
from ddk_surveillance.errors import DdkError, ExitCode
from ddk_surveillance.intake.headers import ColumnHeaders, find_header
from ddk_surveillance.intake.reading import read_sheets
from ddk_surveillance.intake.rows import rows_of
from ddk_surveillance.library import Library
from ddk_surveillance.settings import PROJECT
from ddk_surveillance.tokens import institution_token, load_key, name_with_birth, resident_check_character
from tests.conftest import Home

NUMBER = "99010420150307001" + resident_check_character("99010420150307001")
RAW = f"""大渡口某医院 2024 年伤害病例
监测医院编号,卡片编号,患者姓名,身份证号,监护人姓名,监护人电话,家庭住址,性别,年龄,现住镇街,伤害发生日期,患者就诊日期,伤害发生原因,是否故意,伤害结局,报告日期
H0001,C1,王小明,{NUMBER},王大明,13912345678,某某路12号3单元501,男,,八桥镇,2024-03-05,2024-03-05,跌倒/坠落,非故意,处理后离院,2024-03-08
H0001,C2,李小红,无,李大红,无,,女,9,建胜镇,2024-04-05,2024-04-05,跌倒/坠落,非故意,处理后离院,2024-04-08
"""
SECRETS = (NUMBER, "王小明", "李小红", "王大明", "13912345678", "某某路")


def run(home: Home, *arguments: str) -> tuple[int, str]:
    environment = {"DDK_HOME": str(home.settings.home), "DDK_LANG": "zh"}  # put back as it was afterwards
    result = CliRunner(env=environment).invoke(
        ddk, ["--home", str(home.settings.home), *arguments], standalone_mode=False
    )
    if isinstance(result.exception, DdkError):
        return result.exception.exit_code, result.exception.text.zh
    assert result.exception is None, result.exception
    return int(result.return_value), result.output


def deidentified(
    home: Home, folder: Path, raw: str, out: str = "clean.xlsx", source: str = "hospital"
) -> tuple[int, str, Path]:
    (folder / "raw.csv").write_text(raw, encoding="utf-8")
    target = folder / out
    code, said = run(home, "deidentify", str(folder / "raw.csv"), "--source", source,
                     "--key-file", str(home.settings.key_file), "--out", str(target))  # fmt: skip
    return code, said, target


def records(path: Path) -> list[dict[str, str]]:
    header, *rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
    return [dict(zip(map(str, header), map(str, row), strict=True)) for row in rows]


def test_writes_tokens_birth_month_and_age_and_says_what_it_removed(home: Home, tmp_path: Path) -> None:
    code, shown, target = deidentified(home, tmp_path, RAW)
    assert code == ExitCode.GOOD and target.stat().st_mode & 0o777 == 0o600
    first, second = records(target)
    assert home.settings.key_file is not None
    key = load_key(home.settings.key_file)
    named = name_with_birth("王小明", datetime.date(2015, 3, 7), "male")
    assert first["身份令牌"] == institution_token(key, "id", NUMBER)
    assert first["姓名令牌"] == institution_token(key, "name", named)
    assert first["电话令牌"] == institution_token(key, "phone", "139 1234 5678")
    assert (first["出生年月"], first["年龄"], second["年龄"]) == ("2015-03", "8岁", "9")
    assert (second["身份令牌"], second["姓名令牌"], second["电话令牌"]) == ("", "", "")
    assert "监护人姓名" in shown and "家庭住址" in shown
    for secret in SECRETS:
        assert secret not in shown and secret not in str(records(target))


def test_the_guard_takes_the_result_and_check_says_so(home: Home, tmp_path: Path) -> None:
    _, _, target = deidentified(home, tmp_path, RAW)
    assert run(home, "check", str(target), "--source", "hospital")[0] == ExitCode.GOOD
    assert run(home, "check", str(tmp_path / "raw.csv"), "--source", "hospital")[0] == ExitCode.DATA_PROBLEMS
    assert target.exists() and not list(home.settings.home.rglob("*.duckdb"))


def test_writes_nothing_that_would_still_identify(home: Home, tmp_path: Path) -> None:
    code, said, target = deidentified(home, tmp_path, RAW.replace("C2,", "13812345678,"))
    assert code == ExitCode.DATA_PROBLEMS and "卡片编号" in said and "13812345678" not in said
    assert not target.exists()
    assert deidentified(home, tmp_path, RAW, out=f"{NUMBER}.xlsx")[0] == ExitCode.DATA_PROBLEMS
    code, said, target = deidentified(home, tmp_path, RAW, out="clean.csv")  # which Excel would not open
    assert code == ExitCode.USAGE and ".xlsx" in said and not target.exists()


def test_a_number_with_a_wrong_check_character_makes_no_token(home: Home, tmp_path: Path) -> None:
    wrong = NUMBER[:-1] + ("1" if NUMBER[-1] != "1" else "2")
    _, said, target = deidentified(home, tmp_path, RAW.replace(NUMBER, wrong))
    assert records(target)[0]["身份令牌"] == "" and records(target)[0]["出生年月"] == ""
    assert "“身份证号”列有 1 个号码不是有效的居民身份证号" in said and wrong not in said
    assert "有效的居民身份证号" not in deidentified(home, tmp_path, RAW, out="right.xlsx")[1]


def test_it_says_which_tokens_could_not_be_made_and_why(home: Home, tmp_path: Path) -> None:
    code, said, _ = deidentified(home, tmp_path, RAW)
    assert (
        code == ExitCode.GOOD and "“患者姓名”列有 1 个姓名已删除，没有生成姓名令牌" in said and "转为姓名令牌" in said
    )
    code, said, target = deidentified(home, tmp_path, RAW.replace(NUMBER, "不详"), out="none.xlsx")
    assert code == ExitCode.DATA_PROBLEMS and target.exists()
    assert "“患者姓名”列有 2 个姓名已删除，没有生成姓名令牌" in said and "转为姓名令牌" not in said


def test_every_victim_of_a_case_has_a_token_in_its_place(home: Home, tmp_path: Path) -> None:
    raw = f"""办案单位代码,案件编号,被害人姓名,被害人身份证号,被害人性别,被害人年龄,案发时间,案由,立案时间
P1,渝公大(刑)立字〔2024〕12号,张一、李二,{NUMBER}、无,男、女,8、9,2024-03-05,故意伤害罪,2024-03-06
"""
    _, said, target = deidentified(home, tmp_path, raw, source="police")
    [case] = records(target)
    assert home.settings.key_file is not None
    key = load_key(home.settings.key_file)
    assert case["被害人身份令牌"] == f"{institution_token(key, 'id', NUMBER)};"
    assert case["案件令牌"] == institution_token(key, "case", "渝公大(刑)立字[2024]12号")
    assert case["被害人年龄"] == "8、9" and "转为案件令牌" in said


BIRTHS = ["2015-03-07", "2015/3/7", "2015年3月7日", "20150307", "2015.3.7", "42070", "42070.5", "2015-03-07 08:30:00", "7 March 2015",
          "二〇一五年三月七日", "2015-03-07T00:00:00"]  # fmt: skip


def test_a_birth_date_in_any_form_is_cut_to_its_month_and_still_makes_the_token(home: Home, tmp_path: Path) -> None:
    header = "监测医院编号,卡片编号,姓名,出生年月,性别,年龄,现住镇街,伤害发生日期,患者就诊日期,伤害发生原因,是否故意,伤害结局,报告日期"
    rest = "女,9,八桥镇,2024-03-05,2024-03-05,跌倒/坠落,非故意,处理后离院,2024-03-08"
    names = ["黄诗琪", "黄诗琪（女）", "黄诗琪 (转学)", "黄 诗 琪", "黄诗琪1", "黄诗琪【借读】"]
    born = [*BIRTHS, "2015-03", "2015", "不详", "3/7/2015 前后"]
    rows = [f"H0001,C{number},{names[number % 6]},{date},{rest}" for number, date in enumerate(born)]
    code, said, target = deidentified(home, tmp_path, "\n".join([header, *rows]))
    assert code == ExitCode.GOOD and "有 1 个出生日期看不出" in said
    clean = records(target)
    assert [row["出生年月"] for row in clean] == ["2015-03"] * (len(BIRTHS) + 1) + ["2015", "不详", ""]
    assert home.settings.key_file is not None
    token = institution_token(
        load_key(home.settings.key_file), "name", name_with_birth("黄诗琪", datetime.date(2015, 3, 7), "female")
    )
    assert [row["姓名令牌"] for row in clean] == [token] * len(BIRTHS) + [""] * 4


def test_days_left_as_plain_numbers_are_not_shifted_where_the_workbook_counts_from_1904(
    home: Home, tmp_path: Path
) -> None:
    _, *lines = [line.split(",") for line in RAW.splitlines()]
    with xlsxwriter.Workbook(tmp_path / "raw.xlsx", {"date_1904": True}) as book:
        sheet = book.add_worksheet()
        for number, line in enumerate(lines):
            sheet.write_row(number, 0, line)
        sheet.write_number(1, lines[0].index("伤害发生日期"), 43894)
    code, _ = run(home, "deidentify", str(tmp_path / "raw.xlsx"), "--source", "hospital",
                  "--key-file", str(home.settings.key_file), "--out", str(tmp_path / "clean.xlsx"))  # fmt: skip
    assert code == ExitCode.GOOD
    assert [row["伤害发生日期"] for row in records(tmp_path / "clean.xlsx")] == ["45356", "2024-04-05"]


@pytest.mark.parametrize("name", ["张**", "李某某", "（转学）", "—", "王"])
def test_what_is_no_name_makes_no_token(name: str, home: Home, tmp_path: Path) -> None:
    _, _, target = deidentified(home, tmp_path, RAW.replace("王小明", name))
    assert records(target)[0]["姓名令牌"] == "" != records(target)[0]["身份令牌"]


def test_nothing_else_of_a_child_remains_in_the_clean_file(home: Home, tmp_path: Path) -> None:
    raw = RAW.replace("男,,八桥镇", "王小明,,八桥镇").replace("建胜镇,2024-04-05", "李小红,2024-04-05")
    _, _, target = deidentified(home, tmp_path, raw)
    with zipfile.ZipFile(target) as archive:
        parts = "".join(archive.read(name).decode() for name in archive.namelist())
    assert [secret for secret in SECRETS if secret in parts] == []
    assert "<dc:creator></dc:creator>" in parts and "comments" not in parts
    assert deidentified(home, tmp_path, RAW, out="王小明_去标识.xlsx")[0] == ExitCode.DATA_PROBLEMS


LIBRARY = Library()
FEEDS = [name for name, source in LIBRARY.sources.items() if source.target == "record"]
PRIVATE = {"id_token": "身份证号", "name_token": "姓名", "phone_token": "监护人电话", "case_token": "案件编号"}


def raw_sample(feed: str, path: Path) -> None:
    """Three rows of the sample as the office itself has them: numbers and names where the tokens were, and remarks."""
    columns = {name: column.headers for name, column in LIBRARY.sources[feed].physical_columns.items()}
    searched = [ColumnHeaders(name, headers, False) for name, headers in columns.items()]
    for file in sorted((PROJECT / "sample_data" / "landing" / feed).iterdir()):
        rows = rows_of(read_sheets(file)[0].cells.slice(0, 7))
        header = find_header(rows, searched)
        if header and len(list(filter(None, rows[header.end]))) > len(header.columns) // 2:
            break
    assert header is not None
    person = {
        "id_token": NUMBER,
        "name_token": "王小明",
        "phone_token": "13912345678",
        "case_token": "渝公(刑)立字[2024]12号",
    }
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        for line, row in enumerate(rows[header.end - 1 : header.end + 3]):
            cells = list(row)
            for name, place in header.columns.items():
                cells[place] = (
                    (cells[place] if name not in PRIVATE else person[name]) if line else PRIVATE.get(name, cells[place])
                )
            sheet.write_row(line, 0, [*cells, "患儿王小明在某某路12号摔伤" if line else "备注"])


@pytest.mark.parametrize("feed", FEEDS)
def test_the_raw_table_of_every_feed_becomes_one_that_the_guard_takes(
    feed: str, home: Home, tmp_path: Path, fate: Callable[..., tuple[str, str, str]]
) -> None:
    raw, clean = tmp_path / "raw.xlsx", tmp_path / "clean.xlsx"
    raw_sample(feed, raw)
    assert fate("sent.xlsx", raw.read_bytes(), feed)[0] in ("refused", "unreadable")
    arguments = ["--source", feed, "--key-file", str(home.settings.key_file), "--out", str(clean)]
    assert run(home, "deidentify", str(raw), *arguments)[0] == ExitCode.GOOD
    assert fate("sent.xlsx", clean.read_bytes(), feed)[0] == "guarded"
    assert all(any("." in cell and len(cell) == 35 for cell in record.values()) for record in records(clean))


def test_there_are_nine_feeds() -> None:
    assert len(FEEDS) == 9


def test_check_says_of_a_file_that_cannot_be_read_what_the_receipt_would(home: Home, tmp_path: Path) -> None:
    (tmp_path / "raw.csv").write_text(RAW, encoding="utf-8")
    code, said = run(home, "check", str(tmp_path / "raw.csv"), "--source", "police")
    assert code == ExitCode.DATA_PROBLEMS and "这是“医疗机构（hospital）”的文件" in said


def test_refused_purge_deletes_the_refused_files_and_counts_them(home: Home) -> None:
    folder = home.settings.refused / "hospital" / "0123456789abcdef"
    folder.mkdir(parents=True)
    (folder / "file.csv").write_text(RAW, encoding="utf-8")
    code, said = run(home, "refused", "purge")
    assert code == ExitCode.GOOD and "删除 1 个文件" in said
    assert not list(home.settings.refused.iterdir())
