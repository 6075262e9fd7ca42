"""The files of the invented district are what Chinese offices send, identify nobody, and their truth is known."""

from __future__ import annotations

import csv
import datetime
import io
import json
import re
from pathlib import Path

import pandas as pd
import pytest
from python_calamine import CalamineWorkbook

from ddk_surveillance.library import Library
from ddk_surveillance.synthesis import Summary, synthesise
from ddk_surveillance.synthesis.files import OFFICES
from ddk_surveillance.synthesis.offices import MISTAKES

SEED, CHILDREN = 3, 8_000
FIRST, LAST = datetime.date(2023, 1, 1), datetime.date(2025, 12, 1)
Sheet = list[list[str]]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Summary]:
    out = tmp_path_factory.mktemp("district")
    return out, synthesise(out, SEED, CHILDREN, FIRST, LAST)


@pytest.fixture(scope="module")
def out(sent: tuple[Path, Summary]) -> Path:
    return sent[0]


@pytest.fixture(scope="module")
def sheets(out: Path) -> dict[tuple[str, str], Sheet]:
    """(file, sheet) → rows of text cells as they stand; row 1 of JSON is made of the keys."""
    found = {}
    for path in files_in(out):
        for sheet, rows in read(path).items():
            found[path.relative_to(out / "landing").as_posix(), sheet] = rows
    return found


@pytest.fixture(scope="module")
def truth(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "truth" / "record_truth.csv.gz", keep_default_na=False)


@pytest.fixture(scope="module")
def counts(out: Path) -> pd.DataFrame:
    return pd.read_csv(out / "truth" / "indicator_counts.csv", dtype={"indicator_code": str})


def files_in(out: Path) -> list[Path]:
    return sorted(path for path in (out / "landing").rglob("*") if path.is_file())


def read(path: Path) -> dict[str, Sheet]:
    if path.suffix == ".xlsx":
        book = CalamineWorkbook.from_path(path)
        return {
            name: [list(map(str, row)) for row in book.get_sheet_by_name(name).to_python()] for name in book.sheet_names
        }
    text = decoded(path)
    if path.suffix == ".csv":
        return {"": list(csv.reader(io.StringIO(text)))}
    records = json.loads(text) if path.suffix == ".json" else [json.loads(line) for line in text.splitlines()]
    return {"": [["(keys)"], *([*record.values()] for record in records)]}


def decoded(path: Path) -> str:
    data = path.read_bytes()
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("gb18030")


def test_one_seed_one_set_of_bytes(tmp_path: Path) -> None:
    """tests/cases/synthesis/test_sample_data.py compares the whole sample with what another machine made."""
    one, other = tmp_path / "one", tmp_path / "other"
    for out in (one, other):
        synthesise(out, SEED, 1_500, FIRST, datetime.date(2023, 3, 1))
    assert contents(one) == contents(other)
    assert {path.name: path.stat().st_mtime for path in files_in(one)} == {
        path.name: path.stat().st_mtime for path in files_in(other)
    }


def test_a_second_run_replaces_only_what_the_first_wrote(tmp_path: Path) -> None:
    quarter = datetime.date(2023, 3, 1)
    synthesise(tmp_path, 1, 1_500, FIRST, quarter)
    first = {path.name for path in files_in(tmp_path)}
    other = tmp_path / "landing" / "population" / "other.csv"
    other.write_text("not ours", encoding="utf-8")
    synthesise(tmp_path, 2, 1_500, FIRST, quarter)
    listed = (tmp_path / "truth" / "files.txt").read_text(encoding="utf-8").splitlines()
    assert {path.name for path in files_in(tmp_path)} == {Path(name).name for name in listed} | {"other.csv"}
    assert not first <= {path.name for path in files_in(tmp_path)}


def test_the_smallest_district_can_be_made(tmp_path: Path) -> None:
    summary = synthesise(tmp_path, 1, 100, FIRST, FIRST)
    assert summary.children >= 100
    assert summary.files == len(files_in(tmp_path))


def contents(out: Path) -> dict[str, bytes]:
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in sorted(out.rglob("*")) if path.is_file()}


def test_every_declared_feed_is_sent(sent: tuple[Path, Summary]) -> None:
    out, summary = sent
    declared = set(Library().sources)
    assert {path.parent.name for path in files_in(out)} == declared
    assert declared - {"population"} <= {office.source for office in OFFICES}
    assert summary.files == len(files_in(out))
    assert 55 <= summary.files <= 150


def test_nobody_can_be_recognised(out: Path, sheets: dict[tuple[str, str], Sheet]) -> None:
    """Neither a resident number, a phone, nor a name: the only column about names holds tokens."""
    cells = [cell for rows in sheets.values() for row in rows for cell in row]
    assert len(cells) > 30_000
    assert not [
        cell
        for cell in cells
        if re.search(r"(?<![0-9a-z])([0-9]{15}|[0-9]{17}[0-9Xx]|1[3-9][0-9]{9})(?![0-9a-z])", cell)
    ]
    headers = {cell for cell in cells if "名" in cell}
    assert headers <= {"姓名令牌", "被害人姓名令牌", "罪名"}  # the last is the charge
    tokens = [cell for cell in cells if re.fullmatch("[a-z2-7]{26}", cell)]
    assert len(tokens) > 2_000
    assert not list(out.rglob("*key*"))


def test_the_truth_names_every_row_of_every_file(truth: pd.DataFrame, sheets: dict[tuple[str, str], Sheet]) -> None:
    for (file, sheet), rows in sheets.items():
        if file.startswith("population/"):
            continue
        known = truth[(truth["file"] == file) & (truth["sheet"] == sheet)]
        first = next(number for number, row in enumerate(rows, start=1) if is_header(row)) + 1
        data = [number for number in range(first, len(rows) + 1) if is_data(rows[number - 1])]
        assert sorted(set(known["row_number"])) == data, file


def is_header(row: list[str]) -> bool:
    return row[0] == "(keys)" or len([cell for cell in row if cell]) > 5


def is_data(row: list[str]) -> bool:
    return bool(row) and row[0] != "合计" and "本月无伤害事件" not in row[0]


def test_cases_with_several_victims_list_them_in_one_cell(
    truth: pd.DataFrame, sheets: dict[tuple[str, str], Sheet]
) -> None:
    several = truth[truth["file"].str.startswith("police/") & (truth["victim_number"] == 2)]
    assert len(several) > 0
    for row in several.itertuples():
        cells = sheets[str(row.file), str(row.sheet)][int(str(row.row_number)) - 1]
        assert any("；" in cell for cell in cells)


# What the awkward offices do, and a file or row that shows it.
QUIRKS = {
    "merged title and sender above the header": r"大渡口区2024年.+登记表",
    "the sender's line": "填报单位：.+",
    "a sum below the rows": "合计",
    "a report of nothing": ".*本月无伤害事件",
    "a Chinese date": "2024年[0-9]{1,2}月[0-9]{1,2}日",
    "a dotted date": r"2024\.[0-9]{1,2}\.[0-9]{1,2}",
    "a compact date": "2024[0-9]{4}",
    "full-width digits": "[０-９年月日]*[０-９][０-９年月日]*",
    "an impossible date": "202[345].2.30日?|202[345]-02-30",
    "a month instead of a day": "202[345]年[0-9]{1,2}月",
    "an age in months": "[0-9]{1,2}月龄",
    "an age in years and months": "[12]岁[0-9]{1,2}月",
    "a code as a spreadsheet number": r"11\.0",
    "an unknown word": "见病历",
    "a word for nothing": "不详",
    "a dash for nothing": "—",
    "another spelling of a township": "跳磴|八桥|新山村",
    "another district": "九龙坡区|沙坪坝区|外区",
    "a column that nobody declared": "涉及产品",
    "an adult": "(1[89]|2[0-9]|3[0-9]|4[0-5])岁?",
}


@pytest.mark.parametrize("quirk", QUIRKS)
def test_files_have_the_quirk(sheets: dict[tuple[str, str], Sheet], quirk: str) -> None:
    assert any(re.fullmatch(QUIRKS[quirk], cell) for rows in sheets.values() for row in rows for cell in row)


def test_formats_and_encodings(out: Path) -> None:
    assert {path.suffix for path in files_in(out)} >= {".xlsx", ".csv", ".json"}
    unreadable_as_utf8 = [path for path in files_in(out) if path.suffix == ".csv" and not is_utf8(path)]
    assert unreadable_as_utf8


def is_utf8(path: Path) -> bool:
    try:
        path.read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def test_the_sum_below_a_sheet_is_the_number_of_its_rows(sheets: dict[tuple[str, str], Sheet]) -> None:
    sums = [(rows, row) for rows in sheets.values() for row in rows if row and row[0] == "合计"]
    assert len(sums) > 20
    assert all(float(total[1]) == len(rows) - 4 for rows, total in sums)


def test_corrections_repetitions_late_months_and_silence(out: Path, truth: pd.DataFrame) -> None:
    names = [path.name for path in files_in(out)]
    corrected = [name for name in names if "_修改版" in name]
    assert len(corrected) >= 3
    assert all(name.replace("_修改版", "") in names for name in corrected)
    repeated = [path for path in files_in(out) if path.stem.endswith(" (1)")]
    assert len(repeated) >= 2
    for path in repeated:
        assert path.read_bytes() == path.with_name(path.name.replace(" (1)", "")).read_bytes()
    assert [name for name in names if "_补报" in name]
    silent = [path for path in files_in(out) if "HIS导出_2025年下半年" in path.name]
    text = "".join(decoded(path) for path in silent)
    assert not re.search('报告日期":"2025(08|09|1[0-2])', text)


def test_a_corrected_file_differs_only_where_it_was_wrong(sheets: dict[tuple[str, str], Sheet]) -> None:
    differing = compared = 0
    for (file, sheet), rows in sheets.items():
        if "_修改版" in file:
            first = sheets[file.replace("_修改版", ""), sheet]
            differing += sum(row != earlier for row, earlier in zip(rows, first, strict=True))
            compared += len(rows)
    assert 0 < differing < 0.1 * compared


def test_defects_come_at_their_rates(truth: pd.DataFrame) -> None:
    shares = truth["defect"].value_counts(normalize=True)
    assert 0.95 <= shares[""] <= 0.98
    assert len(MISTAKES) == 6
    assert {"unknown_code", "report_before_event", "adult_age"} <= set(shares.index) - {""} <= set(MISTAKES)
    rows = truth.groupby(["file", "sheet", "true_incident_id", "victim_number"]).size()
    assert 0 < (rows > 1).mean() < 0.1
    assert 0.93 <= (truth["is_acceptable"].astype(str) == "True").mean() <= 0.98


def test_true_counts_add_up(counts: pd.DataFrame) -> None:
    assert set(counts["basis"]) == {"all", "reported"}
    assert set(counts["indicator_code"]) == {"18", "19", "20"}
    by_sex = counts[(counts["age_group"] == "all")].groupby(["basis", "indicator_code", "year"])["numerator"]
    total = counts[(counts["age_group"] == "all") & (counts["sex"] == "all")]
    total = total.set_index(["basis", "indicator_code", "year"])["numerator"]
    assert (by_sex.sum() == 2 * total).all()
    all_true, reported = total["all"], total["reported"].reindex(total["all"].index, fill_value=0)
    assert (reported <= all_true).all()
    assert 0.5 <= reported["20"].sum() / all_true["20"].sum() < 1


def test_the_population_file_is_marked_synthetic(sheets: dict[tuple[str, str], Sheet]) -> None:
    rows = next(rows for (file, _), rows in sheets.items() if file.startswith("population/"))
    records = [dict(zip(rows[0], row, strict=True)) for row in rows[1:]]
    assert len(records) == 3 * 8 * 2 * 18
    assert {record["方法"] for record in records} == {"假定"}
    assert all("synthetic" in record["数据来源"] for record in records)
    per_year = sum(int(record["人数"]) for record in records) / 3
    assert per_year == pytest.approx(CHILDREN, rel=0.05)
