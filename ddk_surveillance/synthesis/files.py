"""Records become files as each institution sends them, into `landing/<source>/`."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from faker import Faker
from faker.providers.company.zh_CN import Provider as CompanyNames

from ddk_surveillance.arrays import Ints
from ddk_surveillance.library import Library
from ddk_surveillance.synthesis.cells import Cell, Style, Typist
from ddk_surveillance.synthesis.formats import Table, first_row, to_bytes
from ddk_surveillance.synthesis.offices import is_acceptable


@dataclass(frozen=True)
class Office:
    """Who sends what: one institution, or an authority that collects for several."""

    source: str
    sender: str  # {word} becomes a made-up name
    kind: str  # what the form is called
    style: Style
    institutions: tuple[str, ...] = ()  # empty: all the others of this source
    months_per_file: int = 3
    silent_last_months: int = 0
    sends_zero_reports: bool = False
    corrects_period: int | None = None  # this file is sent again as 修改版
    repeats_period: int | None = None  # this file is sent twice, byte for byte
    late_month: int | None = None  # this month is missing from its file and follows as 补报


# What schools, nurseries and offices of the law are asked for since the sample's years.
NEWER = ("mandatory_report", "perpetrator_relation")
WORKBOOK = Style(format="xlsx", dates="iso", has_title=True)
OFFICES = (
    Office("hospital", "{word}医院", "伤害监测报告卡",
           replace(WORKBOOK, dates="chinese", missing=("", "不详"), has_monthly_sheets=True),
           ("H0001",), corrects_period=5, late_month=19),
    Office("hospital", "{word}医院", "伤害监测",
           Style("csv", "gb18030", "digit", "slash", header=1, omits=("phone_token",), has_products=True, missing=("", "—")),
           ("H0002",), corrects_period=8, repeats_period=3),
    Office("hospital", "{word}医院", "儿童伤害病例",
           replace(WORKBOOK, codes="number", dates="excel", ages="text", missing=("", "/")),
           ("H0003",), months_per_file=6),
    Office("hospital", "{word}医院", "HIS导出",
           Style("json", dates="compact", ages="text", omits=("phone_token", "age_unit")),
           ("H0004",), months_per_file=6, silent_last_months=5),
    Office("school", "区教委", "学生伤害事故登记表",
           replace(WORKBOOK, dates="dots", ages="text", groups_institutions=True, missing=("", "无"), omits=NEWER),
           months_per_file=6, repeats_period=2),
    Office("nursery", "{word}托育园", "托育机构伤害登记", Style("csv", "utf-8-sig", ages="months", omits=NEWER),
           ("N0007",), months_per_file=1, silent_last_months=30, sends_zero_reports=True),
    Office("nursery", "区卫生健康委", "托育机构伤害登记表",
           replace(WORKBOOK, ages="months", dates="chinese", full_width_share=0.2, missing=("", "不详"), omits=NEWER),
           months_per_file=6, sends_zero_reports=True),
    Office("police", "区公安分局", "涉未成年人案件", replace(WORKBOOK, dates="chinese", missing=("", "不详"), omits=NEWER[:1]),
           corrects_period=6),
    Office("kindergarten", "区教委学前科", "幼儿园安全事故登记表", replace(WORKBOOK, dates="slash", ages="text", omits=NEWER),
           months_per_file=6),
    Office("community", "区民政局", "儿童伤害线索登记表",
           replace(WORKBOOK, dates="chinese", ages="text", full_width_share=0.3, missing=("", "不清楚")),
           months_per_file=6),
    Office("death_registry", "区疾控中心", "居民死亡医学证明登记",
           replace(WORKBOOK, codes="digit", dates="compact", omits=("injury_date", "education", "place")),  # the certificate has no box for it
           months_per_file=12, sends_zero_reports=True),
    Office("procuratorate", "区检察院", "涉未成年被害人案件", Style("ndjson", omits=NEWER[:1]), months_per_file=12),
    Office("court", "区法院", "涉未成年被害人生效裁判", replace(WORKBOOK, dates="chinese", omits=NEWER[:1]), months_per_file=12,
           sends_zero_reports=True),
)  # fmt: skip


class Clerk:
    """Sends the files of one office, period by period, and notes which incident every row is about."""

    def __init__(self, office: Office, library: Library, out: Path, seed: Sequence[int]) -> None:
        self.office, self.source, self.out = office, library.sources[office.source], out
        self.rng = np.random.default_rng(seed)
        self.typist = Typist(library, self.source, office.style, self.rng)
        words = Faker("zh_CN")
        words.seed_instance(int(self.rng.integers(2**32)))
        short = [name for name in CompanyNames.company_prefixes if len(name) == 2]
        self.name = office.sender.format(word=words.random_element(short))
        self.truth: list[pd.DataFrame] = []
        self.files: list[str] = []

    def send(self, rows: pd.DataFrame, first_month: pd.Period, last_month: pd.Period) -> None:
        """Write every file of the months."""
        rows = rows.sort_values(["reported_date", "record_id"], ignore_index=True)
        month = rows["reported_date"].dt.to_period("M")
        open_until = last_month - self.office.silent_last_months
        late = first_month + self.office.late_month if self.office.late_month is not None else None
        for number, months in enumerate(self._periods(first_month, last_month)):
            if months[0] > open_until:
                break
            part = rows[month.isin(months) & (month <= open_until) & (month != late)]
            before = month.isin([one - len(months) for one in months]) & (month != late)
            self._send_period(number, months, pd.concat([part, rows[before & rows["is_resent"]]]))
        if late is not None and late <= open_until:
            self._write([late], rows[month == late], "_补报", days_late=75)

    def _periods(self, first: pd.Period, last: pd.Period) -> list[list[pd.Period]]:
        """Months in runs as long as this office's reporting period, on the calendar's boundaries."""
        runs: dict[tuple[int, int], list[pd.Period]] = {}
        for month in pd.period_range(first, last, freq="M"):
            runs.setdefault((month.year, (month.month - 1) // self.office.months_per_file), []).append(month)
        return list(runs.values())

    def _send_period(self, number: int, months: list[pd.Period], rows: pd.DataFrame) -> None:
        if rows.empty and not self.office.sends_zero_reports:
            return
        if number != self.office.corrects_period:
            written = self._write(months, rows)
        else:
            state = self.rng.bit_generator.state
            self._write(months, _as_first_sent(rows))
            self.rng.bit_generator.state = state  # all that was right is typed the same again
            written = self._write(months, rows, "_修改版", days_late=30)
        if number == self.office.repeats_period:
            self._repeat(written)

    def _write(self, months: list[pd.Period], rows: pd.DataFrame, suffix: str = "", days_late: int = 0) -> Path:
        period = _period_name(months)
        sheet = rows["reported_date"].dt.to_period("M").where(lambda month: month >= months[0], months[0])
        groups = [(f"{one.month}月", rows[sheet == one]) for one in months]
        if not self.office.style.has_monthly_sheets:
            groups = [(self.office.kind if self.office.style.format == "xlsx" else "", rows)]
        tables = [self._table(name, period, part) for name, part in groups]
        file_name = f"{self.name}_{self.office.kind}_{period}{suffix}.{self.office.style.format}"
        path = self.out / "landing" / self.office.source / file_name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(to_bytes(tables, self.name, self.office.style))
        _arrive(path, months[-1], 9 + days_late)
        self.files.append(f"{self.office.source}/{file_name}")
        self.truth += [one.truth.assign(file=self.files[-1], sheet=one.name) for one in tables]
        return path

    def _repeat(self, path: Path) -> None:
        """The same bytes again under another name, as when an e-mail is sent twice."""
        copy = path.with_name(f"{path.stem} (1){path.suffix}")
        copy.write_bytes(path.read_bytes())
        os.utime(copy, (path.stat().st_mtime + 3600,) * 2)
        sent = [one for one in self.truth if one["file"].eq(self.files[-1]).any()]
        self.files.append(f"{self.office.source}/{copy.name}")
        self.truth += [one.assign(file=self.files[-1]) for one in sent]

    def _table(self, name: str, period: str, rows: pd.DataFrame) -> Table:
        if self.office.style.groups_institutions:
            rows = rows.sort_values("institution_id", kind="stable")
        typed = self.typist.typed(rows)
        truth = rows[["record_id", "true_incident_id", "true_child_id", "defect"]].assign(victim_number=1)
        truth["is_acceptable"] = is_acceptable(rows)
        cells = list(typed.itertuples(index=False, name=None))
        row = np.arange(len(cells))
        if self.source.victims:
            cells, row, truth = _as_cases(typed, rows, truth, self.source.victims.columns)
        elif rows["is_typed_twice"].any():
            row = np.repeat(row, 1 + rows["is_typed_twice"].to_numpy())
            cells, truth = [cells[place] for place in row], truth.iloc[row]
            row = np.arange(len(cells))
        truth = truth.assign(row_number=row + first_row(self.office.style))
        headers = self.typist.headers()
        title = f"大渡口区{period}{self.office.kind}"
        return Table(name, title, tuple(headers.values()), cells, truth)


def _as_first_sent(rows: pd.DataFrame) -> pd.DataFrame:
    """The version before its correction: a day off, the part of the body unknown."""
    wrong = rows["is_correction"]
    earlier = rows["event_date_from"] - pd.Timedelta(days=1)
    parts = rows["body_part"].where(~wrong, "unknown")
    day = rows["event_date_from"].mask(wrong, earlier)
    return rows.assign(event_date_from=day, body_part=parts)


def _as_cases(
    typed: pd.DataFrame, rows: pd.DataFrame, truth: pd.DataFrame, victim_columns: Sequence[str]
) -> tuple[list[tuple[Cell, ...]], Ints, pd.DataFrame]:
    """One row per case: the facts of the case once, one part per victim in each victim column."""
    number = pd.factorize(rows["case_token"].fillna(rows["record_id"]))[0]
    victims: list[list[tuple[Cell, ...]]] = [[] for _ in range(number.max() + 1 if len(number) else 0)]
    for case, row in zip(number.tolist(), typed.itertuples(index=False, name=None), strict=True):
        victims[case].append(row)
    joined = [name in victim_columns for name in typed.columns]
    cells = [tuple(map(_joined, zip(*rows_of_case, strict=True), joined)) for rows_of_case in victims]
    seat = truth.groupby(number).cumcount() + 1
    return cells, number.astype(np.int64), truth.assign(victim_number=seat)


def _joined(parts: tuple[Cell, ...], is_victims: bool) -> Cell:
    """The first cell, which holds for the whole case, or one part per victim (an unknown part stays empty)."""
    if len(parts) == 1 or not is_victims or not any(parts):
        return parts[0]
    return "；".join("" if part is None else str(part) for part in parts)


def _period_name(months: Sequence[pd.Period]) -> str:
    first, count = months[0], len(months)
    if count == 1:
        return f"{first.year}年{first.month}月"
    if count == 3 and first.month % 3 == 1:
        return f"{first.year}年第{first.month // 3 + 1}季度"
    if count == 6 and first.month % 6 == 1:
        return f"{first.year}年{'上' if first.month == 1 else '下'}半年"
    return f"{first.year}年" if count == 12 else f"{first.year}年{first.month}-{months[-1].month}月"


def _arrive(path: Path, last_month: pd.Period, days_after: int) -> None:
    """Date the file as it would have been dated on the day it was sent."""
    moment = (last_month.end_time + pd.Timedelta(days=days_after)).floor("D") + pd.Timedelta(hours=9)
    os.utime(path, (moment.tz_localize("Asia/Shanghai").timestamp(),) * 2)


# Columns of the truth that no form asks for.
DONE_WITH = ("true_day", "true_hour", "true_m", "true_p", "true_n", "true_b", "true_s", "true_o", "true_a", "stated_")


@dataclass(frozen=True)
class Sent:
    """The files below landing/, and which incident every row of them is about."""

    files: tuple[str, ...]
    truth: pd.DataFrame


def write_files(
    rows: pd.DataFrame, out: Path, library: Library, first_month: pd.Period, last_month: pd.Period, seed: int
) -> Sent:
    """Write the files of every office whose feed is declared."""
    rows = rows.drop(columns=[name for name in rows if str(name).startswith(DONE_WITH)])
    words = rows.select_dtypes(["category", "string"]).columns
    rows = rows.astype(dict.fromkeys(words, object))  # the many small slices below are then quick
    clerks = []
    for number, office in enumerate(OFFICES):
        if office.source in library.sources:
            clerks.append(Clerk(office, library, out, [seed, 5, number]))
            clerks[-1].send(_of_office(rows, office), first_month, last_month)
    truth = [part for clerk in clerks for part in clerk.truth]
    return Sent(tuple(name for clerk in clerks for name in clerk.files), pd.concat(truth, ignore_index=True))


def _of_office(rows: pd.DataFrame, office: Office) -> pd.DataFrame:
    others = [name for one in OFFICES if one.source == office.source for name in one.institutions]
    of_source = rows[rows["source_code"] == office.source]
    named = of_source["institution_id"].isin(office.institutions or others)
    return of_source[named if office.institutions else ~named]


def write_population(cells: pd.DataFrame, out: Path, library: Library, last_month: pd.Period) -> str:
    """`landing/population/…csv`: the mid-year counts of the invented children, marked as such."""
    source = library.sources["population"]
    typist = Typist(library, source, Style("csv", "utf-8-sig", alias_share=0.0), np.random.default_rng(0))
    given = cells.assign(population_type="resident", source="合成数据(synthetic)", method="assumed")
    given = given.assign(
        as_of=last_month.end_time.floor("D"), child_is_resident=True, age_months=1, age_days=30, defect=""
    )
    table = Table("", "", tuple(typist.headers().values()), list(typist.typed(given).itertuples(False, None)), cells)
    folder = out / "landing" / "population"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"区统计局_儿童人口_{cells['year'].min()}-{cells['year'].max()}.csv"
    path.write_bytes(to_bytes([table], "", typist.style))
    _arrive(path, last_month, 9)
    return f"population/{path.name}"
