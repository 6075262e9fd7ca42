"""What each office writes besides the common facts: its own kinds of event, offences, grades, codes and numbers."""

import numpy as np
import pandas as pd

from ddk_surveillance.synthesis import district, frequencies
from ddk_surveillance.synthesis.defects import CASE_SOURCES, Draw, holds, table

EVENT_TYPES = ("school", "kindergarten", "nursery")  # which have kinds of event of their own
CHOSEN = (
    "offence", "injury_grade", "care_level", "case_status", "bullying_form", "bullying_level", "hukou",
)  # fmt: skip
MISTAKES = ("unknown_code", "report_before_event", "adult_age", "birth_clash", "impossible_date", "future_date")
REFUSED_MISTAKES = tuple(name for name in MISTAKES if name != "birth_clash")
CASE_FACTS = (
    "institution_id", "reported_date", "event_date_from", "event_date_to", "date_precision", "event_hour", "place",
    "offence", "case_status", "defect",
)  # fmt: skip
CRIMINAL_OFFENCES = (
    "homicide", "rape", "indecent_child", "indecent_assault", "abandonment", "abuse_family", "intentional_injury",
    "picking_quarrels",
)  # fmt: skip


def add_office_columns(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Source-specific columns and gross mistakes; a row that its office has no word for is left out."""
    of_child = rows["true_child_id"].to_numpy() * 2_654_435_761 % 2**32 / 2**32  # one number in all records of a child
    rows = rows.assign(dice=draw.rng.random(len(rows)), child_dice=of_child)
    rows = rows.assign(
        event_type=_event_types(rows),
        **{name: choose(rows, name) for name in CHOSEN},
        activity=rows["true_activity"],
        icd10_diagnosis=_diagnoses(rows),
        icd10_external=_external_causes(rows),
        death_date=pd.Series(district.timestamps(rows["true_death_day"].to_numpy())).where(rows["is_death"]),
        source_record_number=_record_numbers(rows),
        is_correction=draw.hit("correction"),
        is_resent=draw.hit("resend"),
        is_typed_twice=draw.hit("same_row_twice"),
    )
    rows = _add_gross_mistakes(rows, draw)
    return rows[_expressible(rows)].reset_index(drop=True)


def _add_gross_mistakes(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """At most one per row; those of codes and dates are made when the cell is typed."""
    defect = np.full(draw.size, "", dtype=object)
    for name in MISTAKES:
        defect[draw.hit(name)] = name
    rows = _one_case_one_story(rows.assign(defect=defect))
    defect = rows["defect"].to_numpy()
    months = district.completed_months(rows["child_birth_day"].to_numpy(), rows["visit_day"].to_numpy())
    nominal = rows["age_years"].fillna(0) - months // 12
    adult = pd.Series(draw.rng.integers(18, 46, draw.size), index=rows.index, dtype="Int64")
    older = rows["birth_month"] - pd.DateOffset(years=4)
    return rows.assign(
        age_months=months + 12 * nominal.clip(0, 1),
        age_days=rows["visit_day"] - rows["child_birth_day"],
        age_years=rows["age_years"].mask(defect == "adult_age", adult),
        birth_month=rows["birth_month"].mask(defect == "birth_clash", older),
    )


def _one_case_one_story(rows: pd.DataFrame) -> pd.DataFrame:
    """All victims of a case share its facts; those of a survivor, because a dead victim is told by its injury."""
    cases = rows[rows["case_token"].notna()].sort_values("is_death", kind="stable")
    told = cases.groupby(["source_code", "case_token"], observed=True).head(1)
    keys = ["source_code", "case_token"]
    shared = cases[keys].merge(told[[*keys, *CASE_FACTS]], on=keys, how="left").set_axis(cases.index)
    return rows.assign(
        **{name: shared[name].reindex(rows.index).where(rows["case_token"].notna(), rows[name]) for name in CASE_FACTS}
    )


def is_acceptable(rows: pd.DataFrame) -> pd.Series:
    """Whether the row can be counted as it was written: no mistake that any careful reader would have to refuse."""
    legible = ~rows["defect"].isin(REFUSED_MISTAKES) & (rows["date_precision"] != "unknown")
    possible = ~(rows["birth_month"] > rows["event_date_to"])
    has_age = rows["age_years"].notna() | rows["birth_month"].notna()
    is_child = rows["age_years"].fillna(0) < frequencies.ADULT_AGE_YEARS
    is_numbered = rows["case_token"].notna() | ~rows["source_code"].isin(CASE_SOURCES)
    return legible & possible & has_age & is_child & is_numbered


def choose(rows: pd.DataFrame, name: str) -> pd.Series:
    """The code of the first line of the table of choices that holds; an empty condition always does."""
    codes = np.full(len(rows), None, dtype=object)
    for line in reversed([line for line in table("choices") if line["column"] == name]):
        codes[holds(rows, line["condition"]) if line["condition"] else slice(None)] = line["code"]
    return pd.Series(codes, index=rows.index)


def _event_types(rows: pd.DataFrame) -> pd.Series:
    codes = pd.Series(None, index=rows.index, dtype=object)
    for source in EVENT_TYPES:
        codes = codes.mask(rows["source_code"] == source, choose(rows, f"event_type_{source}"))
    return codes


def _expressible(rows: pd.DataFrame) -> pd.Series:
    court = rows["source_code"].isin(["procuratorate", "court"])
    police = rows["source_code"] == "police"
    return ~((police & rows["offence"].isna()) | (court & ~rows["offence"].isin(CRIMINAL_OFFENCES)))


def _diagnoses(rows: pd.DataFrame) -> pd.Series:
    """The S/T code of the injury: its nature decides, then the part of the body."""
    codes = {line.pop("nature"): [*line.values()] for line in table("diagnoses")}
    part = rows["body_part"].cat.codes.clip(0, 4)
    return pd.Series([codes[n][p] for n, p in zip(rows["nature"], part, strict=True)], index=rows.index)


def _external_causes(rows: pd.DataFrame) -> pd.Series:
    codes = {line.pop("mechanism"): [*line.values()] for line in table("external_causes")}
    intent = np.where(rows["intent"].isna(), 3, rows["intent"].cat.codes)
    return pd.Series([codes[m][i] for m, i in zip(rows["mechanism"], intent, strict=True)], index=rows.index)


def _record_numbers(rows: pd.DataFrame) -> pd.Series:
    """Running numbers per institution and year of report, in order of report."""
    order = rows.sort_values(["reported_date", "record_id"])
    year = order["reported_date"].dt.year
    running = order.groupby(["institution_id", year], observed=True).cumcount() + 1
    words = [f"{y}-{n:05d}" for y, n in zip(year, running, strict=True)]
    return pd.Series(words, index=order.index).reindex(rows.index)
