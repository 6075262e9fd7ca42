"""What each office writes besides the common facts: its own kinds of event, offences, grades, codes and numbers.

Each table is read from the top: the first condition that holds for a record gives the code.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from ddk_surveillance.synthesis import district, frequencies
from ddk_surveillance.synthesis.defects import CASE_SOURCES, Draw, holds
from ddk_surveillance.synthesis.district import Ints

Choice = tuple[tuple[str, str], ...]

ROAD = "mechanism in ('motor_vehicle_crash', 'nonmotor_vehicle_crash')"
OF_THE_SMALL: Choice = (
    ("suspected_abuse", "intent == 'assault'"),
    ("suffocation", "mechanism == 'suffocation_hanging'"),
    ("fall", "mechanism == 'fall'"),
    ("burn_scald", "mechanism == 'burn_scald'"),
    ("drowning", "mechanism == 'drowning'"),
    ("poisoning", "mechanism == 'poisoning'"),
    ("road_traffic", ROAD),
    ("animal", "mechanism == 'animal'"),
    ("sharp", "mechanism == 'sharp_force'"),
    ("peer_bite_scratch", "mechanism == 'blunt_force' and dice < 0.3"),
)
EVENT_TYPES: dict[str, Choice] = {
    "school": (
        ("suicide_death", "intent == 'self_harm' and is_death"),
        ("self_harm", "intent == 'self_harm'"),
        ("sexual", "violence_type == 'sexual'"),
        ("bullying", "violence_type == 'bullying'"),
        ("corporal_punishment", "intent == 'assault' and perpetrator_relation == 'teacher_staff'"),
        ("fight", "intent == 'assault'"),
        ("traffic", ROAD),
        ("drowning", "mechanism == 'drowning'"),
        ("burn", "mechanism == 'burn_scald'"),
        ("food_poisoning", "mechanism == 'poisoning'"),
        ("animal", "mechanism == 'animal'"),
        ("sport_injury", "place == 'sports_area'"),
        ("sharp", "mechanism == 'sharp_force'"),
        ("suffocation", "mechanism == 'suffocation_hanging'"),
        ("fall", "mechanism == 'fall'"),
        ("collision", "mechanism == 'blunt_force'"),
        ("other", ""),
    ),
    "kindergarten": (
        ("suspected_sexual_abuse", "violence_type == 'sexual'"),
        *OF_THE_SMALL,
        ("collision", "mechanism == 'blunt_force'"),
        ("pinch", "mechanism == 'other' and dice < 0.3"),
        ("foreign_body", "mechanism == 'other' and dice < 0.6"),
        ("other", ""),
    ),
    "nursery": (
        *OF_THE_SMALL,
        ("blunt", "mechanism == 'blunt_force'"),
        ("foreign_body", "mechanism == 'other' and dice < 0.5"),
        ("other", ""),
    ),
}
GIRL_UNDER_14 = "sex == 'female' and age_years < 14"
OFFENCES: Choice = (
    ("abnormal_death_suicide", "intent == 'self_harm' and is_death"),
    ("suicide_attempt", "intent == 'self_harm'"),
    ("homicide", "intent == 'assault' and is_death"),
    ("traffic_crime", f"{ROAD} and intent != 'assault' and dice < 0.15"),
    ("traffic_accident", f"{ROAD} and intent != 'assault' and not is_death"),
    ("abnormal_death_undetermined", "is_death and intent == 'undetermined'"),
    ("abnormal_death_accident", "is_death"),
    ("rape", f"violence_type == 'sexual' and {GIRL_UNDER_14} and dice < 0.5"),
    ("indecent_child", "violence_type == 'sexual' and age_years < 14"),
    ("indecent_assault", "violence_type == 'sexual' and dice < 0.6"),
    ("rape", "violence_type == 'sexual'"),
    ("abandonment", "violence_type == 'neglect'"),
    ("adm_threat_insult", "violence_type == 'psychological'"),
    ("abuse_family", "intent == 'assault' and perpetrator_relation in ('parent_guardian', 'other_family')"),
    ("intentional_injury", "intent == 'assault' and severity in ('moderate', 'severe')"),
    ("picking_quarrels", "intent == 'assault' and dice < 0.25"),
    ("adm_assault", "intent == 'assault'"),
    ("adm_dog", "mechanism == 'animal'"),
)
INJURY_GRADES: Choice = (
    ("death", "is_death"),
    ("grave_1", "severity == 'severe' and dice < 0.3"),
    ("grave_2", "severity == 'severe'"),
    ("light_1", "severity == 'moderate' and dice < 0.25"),
    ("light_2", "severity == 'moderate'"),
    ("slight", "severity == 'minor' and dice < 0.6"),
    ("below", "severity == 'minor' and dice < 0.75"),
    ("not_assessed", ""),
)
CARE_LEVELS: Choice = (
    ("death", "is_death"),
    ("inpatient", "true_outcome == 'hospitalised'"),
    ("observation", "true_outcome == 'observation'"),
    ("onsite", "true_severity == 'minor' and dice < 0.5"),
    ("none", "true_severity == 'minor' and dice < 0.6"),
    ("outpatient", ""),
)
CASE_STATUSES: Choice = (
    ("confirmed", "source_code == 'court'"),
    ("suspected", "source_code == 'community' and dice < 0.8"),
    ("probable", "dice < 0.25"),
    ("confirmed", ""),
)
BULLYING_FORMS: Choice = (
    ("physical", "violence_type == 'bullying' and dice < 0.7"),
    ("verbal", "violence_type == 'bullying' and dice < 0.85"),
    ("social", "violence_type == 'bullying' and dice < 0.92"),
    ("cyber", "violence_type == 'bullying'"),
)
BULLYING_LEVELS: Choice = (
    ("unlawful", "violence_type == 'bullying' and severity == 'severe'"),
    ("serious", "violence_type == 'bullying' and severity == 'moderate'"),
    ("minor", "violence_type == 'bullying'"),
    ("not_bullying", "intent == 'assault' and age_years >= 6 and dice < 0.3"),
)
HUKOU: Choice = (
    ("local_county", "child_dice < 0.82"),
    ("same_province", "child_dice < 0.93"),
    ("other_province", "child_dice < 0.998"),
    ("foreign", ""),
)
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
# The S/T code of the injury: its nature decides, then the part of the body (head, arm, leg, trunk, elsewhere).
DIAGNOSES = {
    "fracture": ("S02.9", "S52.5", "S82.2", "S22.3", "T02.9"),
    "sprain_strain": ("S13.4", "S63.5", "S93.4", "S33.5", "T03.9"),
    "open_wound_bite": ("S01.8", "S61.9", "S81.9", "S21.9", "T01.9"),
    "contusion_abrasion": ("S00.8", "S50.0", "S80.0", "S20.2", "T00.9"),
    "burn": ("T20.2", "T22.2", "T24.2", "T21.2", "T29.2"),
    "brain_injury": ("S06.0",) * 5,
    "internal_organ": ("S27.3", "S27.3", "S36.1", "S36.1", "S36.9"),
    "other": ("T17.9", "T65.9", "T65.9", "T75.1", "T50.9"),
    "unknown": ("T14.9",) * 5,
}
# External cause by mechanism: unintentional, self-harm, assault, undetermined.
EXTERNAL_CAUSES = {
    "motor_vehicle_crash": ("V03.1", "X82.4", "Y03.4", "Y32.4"),
    "nonmotor_vehicle_crash": ("V13.4", "X82.4", "Y03.4", "Y32.4"),
    "fall": ("W13.0", "X80.0", "Y01.0", "Y30.0"),
    "blunt_force": ("W20.8", "X79.0", "Y04.0", "Y29.0"),
    "firearm": ("W34.0", "X74.0", "X95.0", "Y24.0"),
    "sharp_force": ("W25.0", "X78.0", "X99.0", "Y28.0"),
    "burn_scald": ("X11.0", "X76.0", "X98.0", "Y27.0"),
    "suffocation_hanging": ("W79.0", "X70.0", "X91.0", "Y20.0"),
    "drowning": ("W69.8", "X71.8", "X92.8", "Y21.8"),
    "poisoning": ("X44.0", "X64.0", "X85.0", "Y14.0"),
    "animal": ("W54.0", "X83.0", "Y08.0", "Y33.0"),
    "sexual_assault": ("Y05.9", "X83.0", "Y05.9", "Y05.9"),
    "other": ("X58.9", "X83.9", "Y08.9", "Y33.9"),
    "unknown": ("X59.9", "X84.9", "Y09.9", "Y34.9"),
}


def add_office_columns(rows: pd.DataFrame, draw: Draw) -> pd.DataFrame:
    """Source-specific columns and gross mistakes; a row that its office has no word for is left out."""
    rows = rows.assign(dice=draw.rng.random(len(rows)), child_dice=_child_dice(rows["true_child_id"].to_numpy()))
    rows = rows.assign(
        event_type=_event_types(rows),
        offence=choose(rows, OFFENCES),
        injury_grade=choose(rows, INJURY_GRADES),
        care_level=choose(rows, CARE_LEVELS),
        case_status=choose(rows, CASE_STATUSES),
        bullying_form=choose(rows, BULLYING_FORMS),
        bullying_level=choose(rows, BULLYING_LEVELS),
        hukou=choose(rows, HUKOU),
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
    months = _completed_months(rows["child_birth_day"].to_numpy(), rows["visit_day"].to_numpy())
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


def _completed_months(birth_day: Ints, day: Ints) -> Ints:
    (born, born_on), (then, then_on) = district.month_and_day(birth_day), district.month_and_day(day)
    return then - born - (then_on < born_on)


def choose(rows: pd.DataFrame, choice: Choice) -> pd.Series:
    """The code of the first condition that holds; an empty condition always holds."""
    codes = np.full(len(rows), None, dtype=object)
    for code, condition in reversed(choice):
        codes[holds(rows, condition) if condition else slice(None)] = code
    return pd.Series(codes, index=rows.index)


def _event_types(rows: pd.DataFrame) -> pd.Series:
    codes = pd.Series(None, index=rows.index, dtype=object)
    for source, choice in EVENT_TYPES.items():
        of_source = rows["source_code"] == source
        codes = codes.mask(of_source, choose(rows, choice))
    return codes


def _expressible(rows: pd.DataFrame) -> pd.Series:
    court = rows["source_code"].isin(["procuratorate", "court"])
    police = rows["source_code"] == "police"
    return ~((police & rows["offence"].isna()) | (court & ~rows["offence"].isin(CRIMINAL_OFFENCES)))


def _child_dice(child: Ints) -> np.ndarray:
    """A number in [0, 1) that is the same in every record of a child."""
    return np.asarray((child * 2_654_435_761 % 2**32) / 2**32)


def _diagnoses(rows: pd.DataFrame) -> pd.Series:
    part = rows["body_part"].cat.codes.clip(0, 4)
    return pd.Series([DIAGNOSES[n][p] for n, p in zip(rows["nature"], part, strict=True)], index=rows.index)


def _external_causes(rows: pd.DataFrame) -> pd.Series:
    intent = np.where(rows["intent"].isna(), 3, rows["intent"].cat.codes)
    return pd.Series([EXTERNAL_CAUSES[m][i] for m, i in zip(rows["mechanism"], intent, strict=True)], index=rows.index)


def _record_numbers(rows: pd.DataFrame) -> pd.Series:
    """Running numbers per institution and year of report, in order of report."""
    order = rows.sort_values(["reported_date", "record_id"])
    year = order["reported_date"].dt.year
    running = order.groupby(["institution_id", year], observed=True).cumcount() + 1
    words = [f"{y}-{n:05d}" for y, n in zip(year, running, strict=True)]
    return pd.Series(words, index=order.index).reindex(rows.index)
