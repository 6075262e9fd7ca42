"""ICD-10 as Chinese files write it, and what each external cause means (NCHS external-cause matrix)."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddk_surveillance.normalise.icd10 import classify, expanded, external_causes, parse_icd10, violence_type
from ddk_surveillance.problems import Problem
from ddk_surveillance.settings import csv_rows, resource

CAUSES = resource("schemas") / "codelists" / "icd10_external_causes.csv"

# the code we keep ← how files write it
SPELLINGS = {
    "W19": ["W19", "W19.x", "W19.-", "W19."],
    "W19.9": [
        "W19.9", "w19.9", "W199", "W19.901", "w19901", "W19.900x001", "Ｗ１９．９", "W19。9", "W19·9", "W19. 9", "W19 .9", " W19.9 ", "(W19.9)",
        "W19.9 跌倒", "W19.9跌倒", "W19.9 跌倒/坠落", "W19.9(跌倒)", "W19.9;", "W19.9,W199",
    ],
    "Y04.0": ["Y04.000x001"],
    "X60": ["X60.x00", "X60.X00"],
    "I10": ["I10.x02"],
    "W13.0": ["W13.0x00", "W13.0 从3楼坠落"],
    "S52.5": ["S52.5x01"],
    "S06.0": ["S06.00", "S06.000x001", "S06.0†", "S06.0*", "S06.0+"],
}  # fmt: skip
UNREADABLE = [
    "X6O.0", "19.9", "跌倒", "", "W1", "W1.9", "WI9.9", "W 19.9", "W19,9", "W19-9", "W19..9", "W19.9XXA", "W19.90123", "W13.0000", "S52.5J", "跌倒 W19.9",
    "W19.9,X6O.0", "W19.9 19.9", "5.00104E+17", "١٩.٩", "W١٩.٩",
]  # fmt: skip
TWO_CODES = [
    "W19.9,S06.0",
    "W19.9;S06.0",
    "W19.9；S06.0",
    "W19.9、S06.0",
    "W19.9/S06.0",
    "W19.9|S06.0",
    "W19.9 S06.0",
    "W19.9\nS06.0",
    "W19.9†S06.0*",
]

# code → intent by the matrix, cause of the report card
MEANINGS = {
    "W19.9": ("unintentional", "fall"), "W26.0": ("unintentional", "sharp_force"), "W67.0": ("unintentional", "drowning"),
    "W84.9": ("unintentional", "suffocation_hanging"), "X00.0": ("unintentional", "burn_scald"), "X12.0": ("unintentional", "burn_scald"),
    "W86.0": ("unintentional", "burn_scald"), "W54.4": ("unintentional", "animal"), "W64.0": ("unintentional", "other"),
    "X44.0": ("unintentional", "poisoning"), "V03.1": ("unintentional", "motor_vehicle_crash"), "V03.0": ("unintentional", "nonmotor_vehicle_crash"),
    "V18.4": ("unintentional", "nonmotor_vehicle_crash"), "V43.5": ("unintentional", "motor_vehicle_crash"),
    "V89.2": ("unintentional", "motor_vehicle_crash"), "V90.3": ("unintentional", "drowning"),  # the matrix says transport, the card says drowning
    "X59.9": ("unintentional", "unknown"), "X60.0": ("self_harm", "poisoning"), "X70.0": ("self_harm", "suffocation_hanging"),
    "X80.0": ("self_harm", "fall"), "X84.9": ("self_harm", "unknown"), "X85.0": ("assault", "poisoning"), "X99.4": ("assault", "sharp_force"),
    "Y04.2": ("assault", "blunt_force"), "Y05.0": ("assault", "sexual_assault"), "Y06.1": ("assault", "other"), "Y09.9": ("assault", "unknown"),
    "Y30.0": ("undetermined", "fall"), "Y34.9": ("undetermined", "unknown"), "Y35.0": ("legal_war", "firearm"),
    "Y62.0": ("medical_complication", "other"), "Y95.0": ("supplementary", "other"),
}  # fmt: skip
UNASSIGNED = {"V07", "V08", "W47", "W48", "Y37", "Y38", "Y39"}  # ICD-10 has no such categories
TERRORISM = {"U01", "U02", "U03"}  # added by NCHS in 2003: assault, its sequelae, self-harm (U03.0 and U03.9 alone)
# Four-character codes per intent, ten for each category but Y87 (one self-harm, one assault, eight undetermined), Y89 and U03.
CODES_PER_INTENT = {
    "unintentional": 2570, "self_harm": 253, "assault": 271, "undetermined": 266, "legal_war": 22, "medical_complication": 460, "supplementary": 90,
}  # fmt: skip


@pytest.mark.parametrize(("text", "code"), [(text, code) for code, texts in SPELLINGS.items() for text in texts])
def test_every_spelling(text: str, code: str) -> None:
    assert parse_icd10(text) == (code,)


@pytest.mark.parametrize("text", UNREADABLE)
def test_nothing_is_guessed(text: str) -> None:
    assert parse_icd10(text) == parse_icd10(text, several=True) == Problem("unreadable_icd10")


def test_an_external_cause_of_icd_9_is_not_taken_for_a_disease() -> None:
    assert {parse_icd10(text) for text in ("E880", "e999", "E880 跌倒")} == {Problem("icd9_or_icd10")}
    assert parse_icd10("E88.0") == parse_icd10("E88.0 代谢病") != Problem("icd9_or_icd10")
    assert not isinstance(parse_icd10("E109"), Problem)  # diabetes: no external cause of ICD-9


@pytest.mark.parametrize("text", TWO_CODES)
def test_two_codes_in_a_cell_stand_only_where_several_are_allowed(text: str) -> None:
    assert parse_icd10(text) == Problem("several_codes")
    assert parse_icd10(text, several=True) == ("W19.9", "S06.0")


@given(
    letter=st.sampled_from("STVWXY"), category=st.integers(0, 99), fourth=st.integers(0, 9),
    shape=st.sampled_from(["{l}{c}.{f}", "{l}{c}{f}", "{l}{c}.{f}01", "{l}{c}.{f}00x001", "{l}{c}。{f}", "{l}{c} . {f}", "{l}{c}.{f}†", "{l}{c}.{f}跌倒"]),
    lower=st.booleans(), wide=st.booleans(),
)  # fmt: skip
def test_a_code_in_any_spelling_reads_back(
    letter: str, category: int, fourth: int, shape: str, lower: bool, wide: bool
) -> None:
    text = shape.format(l=letter, c=f"{category:02d}", f=fourth)
    text = text.lower() if lower else text
    text = "".join(chr(ord(mark) + 0xFEE0) if "!" <= mark <= "~" else mark for mark in text) if wide else text
    assert parse_icd10(text) == (f"{letter}{category:02d}.{fourth}",)


@given(text=st.text(alphabet="WXYSTO0123456789.xX ,;/跌倒†-", max_size=16))
def test_any_text_gives_codes_or_a_known_problem(text: str) -> None:
    parsed = parse_icd10(text, several=True)
    if not isinstance(parsed, Problem):
        assert all(re.fullmatch(r"[A-Z]\d\d(\.\d)?", code) for code in parsed)


def test_every_code_from_v01_to_y98_and_of_terrorism_is_classified_exactly_once() -> None:
    numbers = {"V": range(1, 100), "W": range(100), "X": range(100), "Y": range(99)}
    categories = {f"{letter}{number:02d}" for letter in numbers for number in numbers[letter]} - UNASSIGNED | TERRORISM
    fourths = {f"{category}.{fourth}" for category in categories - {"U03"} for fourth in range(10)} | {"U03.0", "U03.9"}
    assert set(external_causes()) == categories | fourths
    assert (len(categories), len(fourths), len(external_causes())) == (394, 3932, 4326)
    assert Counter(cause.intent for code, cause in external_causes().items() if code in fourths) == CODES_PER_INTENT


MECHANISMS = {
    "Cut/pierce": "cut_pierce", "Drowning": "drowning", "Fall": "fall", "Fire/flame": "fire_flame", "Hot object/substance": "hot_object",
    "Firearm": "firearm", "Machinery": "machinery", "All transport": "transport", "Natural/environmental": "natural_environmental",
    "Overexertion": "overexertion", "Poisoning": "poisoning", "Struck by or against": "struck_by_against", "Suffocation": "suffocation",
    "Other specified, classifiable": "other_specified_classifiable", "Other specified, not elsewhere classified": "other_specified_nec",
    "Unspecified": "unspecified",
}  # fmt: skip
DETAILS = {
    "Motor vehicle traffic: Occupant": "mvt_occupant", "Motor vehicle traffic: Motorcyclist": "mvt_motorcyclist",
    "Motor vehicle traffic: Pedal cyclist": "mvt_pedal_cyclist", "Motor vehicle traffic: Pedestrian": "mvt_pedestrian",
    "Motor vehicle traffic: Other": "mvt_other", "Motor vehicle traffic: Unspecified": "mvt_unspecified", "Pedal cyclist, other": "pedal_cyclist_other",
    "Pedestrian, other": "pedestrian_other", "Other land transport": "other_land", "Other transport": "other_nonland",
}  # fmt: skip
INTENTS = {"Unintentional": "unintentional", "Suicide": "self_harm", "Homicide": "assault", "Undetermined": "undetermined",
           "Legal intervention/war": "legal_war"}  # fmt: skip


def codes_of(ranges: str) -> Iterator[str]:
    """Every four-character code of `V02-V04[.1,.9],V09.2`, as NCHS writes it."""
    for first, last, fourths in re.findall(r"([A-Z]\d\d)(?:-[A-Z](\d\d))?(\.\d|\[[^]]*])?", ranges):
        numbers = re.findall(r"\.(\d)(?:-\.(\d))?", fourths) or [("0", "9")]
        allowed = [fourth for low, high in numbers for fourth in range(int(low), int(high or low) + 1)]
        for category in range(int(first[1:]), int(last or first[1:]) + 1):
            yield from (f"{first[0]}{category:02d}.{fourth}" for fourth in allowed)


def test_the_matrix_as_nchs_and_a_health_department_print_it() -> None:
    """NCHS, External Cause of Injury Mortality Matrix for ICD-10 (2002; terrorism added 2003), as in the code set definitions of the
    Washington State Department of Health; W46 (needles) is cut/pierce in later prints (Michigan), here left out."""
    rows = csv_rows(Path(__file__).parent / "nchs_matrix.csv")
    declared = {code: row for row in csv_rows(CAUSES) for code in expanded(row["code"])}
    seen = {}
    for row in rows:
        for code in set(codes_of(row["codes"])) - {f"{one}.{fourth}" for one in ("V07", "V08") for fourth in range(10)}:
            ours = declared[code]
            assert ours["intent"] == INTENTS[row["intent"]], code
            assert MECHANISMS.get(row["mechanism"], DETAILS.get(row["mechanism"])) in (
                ours["mechanism"],
                ours["detail"],
            ), code
            seen[code] = ours["intent"]
    assert (len(rows), len(seen)) == (82, 3355)


@pytest.mark.parametrize(("code", "expected"), MEANINGS.items())
def test_meaning_of_a_code(code: str, expected: tuple[str, str]) -> None:
    assert classify(code) == expected


def test_sequelae_belong_to_their_intent() -> None:
    intents = {"Y85.0": "unintentional", "Y86.9": "unintentional", "Y87.0": "self_harm", "Y87.1": "assault", "Y87.2": "undetermined",
               "Y88.0": "medical_complication", "Y89.0": "legal_war", "Y89.1": "legal_war", "Y89.9": "undetermined"}  # fmt: skip
    assert {code: external_causes()[code].intent for code in intents} == intents


def test_three_characters_say_only_what_all_their_codes_share() -> None:
    intents = defaultdict(set)
    for code, cause in external_causes().items():
        intents[code[:3]] |= {cause.intent} if "." in code else set()
    assert {category for category, different in intents.items() if len(different) > 1} == {"Y87", "Y89"}
    meanings = {"Y87": "undetermined", "Y89": "undetermined", "V03": "unintentional", "W19": "unintentional"}
    assert {code: external_causes()[code].intent for code in meanings} == meanings
    assert [external_causes()[code].mechanism for code in ("V03", "W19")] == ["unknown", "fall"]


def test_what_is_no_external_cause_is_not_classified() -> None:
    assert [classify(code) for code in ("S06.0", "T74.1", "W47", "Y99.0", "U07.1", "", "W19.99")] == [None] * 7


def test_what_maltreatment_a_diagnosis_names() -> None:
    named = {"T74.0": "neglect", "T74.1": "physical", "T74.2": "sexual", "T74.3": "psychological", "T74.8": "other", "T74.9": "unknown",
             "T74": "unknown", "S06.0": None, "W19.9": None}  # fmt: skip
    assert {code: violence_type(code) for code in named} == named
