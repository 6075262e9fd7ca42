"""The code lists as data: no word or digit means two things, and whatever tables and checks name exists.

That a code stands once, and that feeds and indicators name codes there are, is asked whenever they are read.
"""

import functools
import re
import unicodedata

import pytest

from ddk_surveillance.library import Library
from ddk_surveillance.normalise.codes import CodeList
from ddk_surveillance.settings import csv_rows, resource

FOLDER = resource("schemas") / "codelists"
LIBRARY = Library()
# Rule tables that happen to be kept beside the lists; they have tests of their own.
OTHER_TABLES = {"identifying_headers", "icd10_external_causes"}
CODES_OF_LIST = {
    "activity": 11, "age_group": 13, "alcohol": 3, "body_part": 12, "bullying_form": 5, "bullying_level": 7,
    "care_level": 6, "case_status": 4, "change_cause": 10, "date_precision": 6, "death_place": 6, "education": 8, "hukou": 5,
    "injury_grade": 10, "intent": 6, "kindergarten_event": 19, "mandatory_report_situation": 9, "mechanism": 14, "missing_reason": 5,
    "nature": 9, "nursery_event": 18, "occupation": 12, "offence": 38, "outcome": 6, "perpetrator_relation": 11,
    "place": 10, "plan_cause": 9, "population_method": 4, "population_type": 2, "report_status": 5, "residence": 3,
    "school_event": 24, "school_stage": 7, "severity": 3, "sex": 3, "statistic": 26, "township": 8, "violence_type": 7, "yes_no": 3,
}  # fmt: skip
NO_DICTIONARY = {"code", "zh", "en", "aliases", "from_years", "to_years", "grouping", "card_mechanism", "icd10_pattern"}
# (list, dictionary) → its digits, first to last: a card on paper numbers its boxes without a gap.
DIGITS = {
    ("mechanism", "card_a"): (1, 14), ("mechanism", "card_b"): (1, 13), ("mechanism", "community"): (1, 10),
    ("place", "card_a"): (1, 10), ("place", "card_b"): (1, 9),
    ("activity", "card_a"): (1, 10), ("activity", "card_b"): (1, 9), ("activity", "shanghai"): (1, 7),
    ("intent", "card_a"): (1, 5), ("intent", "card_b"): (1, 4),
    ("nature", "card_a"): (1, 9), ("nature", "card_b"): (1, 8),
    ("body_part", "card_a"): (1, 8), ("body_part", "card_b"): (1, 7), ("body_part", "shanghai"): (1, 13),
    ("severity", "card"): (1, 3), ("outcome", "card"): (1, 6), ("hukou", "card"): (1, 4),
    ("education", "card"): (1, 7), ("occupation", "card"): (1, 12), ("alcohol", "card"): (1, 3),
}  # fmt: skip
UNGAPPED_ELSEWHERE = {
    ("sex", "gb"): {"0", "1", "2", "9"},
    ("death_place", "certificate"): {"0", "1", "2", "3", "4", "9"},
}

# What the plan's three indicators rest on, code by code.
MECHANISMS = """
    code                    zh            card_a  card_b  community
    motor_vehicle_crash     机动车车祸     1       1       1
    nonmotor_vehicle_crash  非机动车车祸   2       2       -
    fall                    跌倒/坠落      3       3       2
    blunt_force             钝器伤         4       4       3
    firearm                 火器伤         5       5       4
    sharp_force             刀/锐器伤      6       6       5
    burn_scald              烧烫伤         7       7       6
    suffocation_hanging     窒息/悬吊      8       8       7
    drowning                溺水           9       9       8
    poisoning               中毒           10      10      9
    animal                  动物伤         11      11      10
    sexual_assault          性侵犯         12      12      -
    other                   其他           13      -       -
    unknown                 不清楚         14      13      -
"""
INTENTS = """
    code                  zh                  card_a  card_b
    unintentional         非故意(意外事故)     1       1
    self_harm             自残/自杀            2       2
    assault               故意(暴力、攻击)     3       3
    undetermined          意图不确定           4|5     4
    legal_war             依法处置/作战        -       -
    medical_complication  医疗并发症           -       -
"""
OFFENCES = """
    code                        zh                           intent         violence_type  mechanism           is_death
    homicide                    故意杀人                     assault        physical       -                   true
    attempted_homicide          故意杀人(未遂)               assault        physical       -                   -
    intentional_injury          故意伤害                     assault        physical       -                   -
    intentional_injury_death    故意伤害致人死亡             assault        physical       -                   true
    negligent_death             过失致人死亡                 unintentional  -              -                   true
    negligent_injury            过失致人重伤                 unintentional  -              -                   -
    rape                        强奸                         assault        sexual         sexual_assault      -
    indecent_child              猥亵儿童                     assault        sexual         sexual_assault      -
    indecent_assault            强制猥亵、侮辱               assault        sexual         sexual_assault      -
    carer_sexual                负有照护职责人员性侵         assault        sexual         sexual_assault      -
    abuse_family                虐待                         assault        physical       -                   -
    abuse_caregiver             虐待被监护、看护人           assault        physical       -                   -
    abandonment                 遗弃                         assault        neglect        -                   -
    trafficking                 拐卖妇女、儿童               -              other          -                   -
    buying                      收买被拐卖的妇女、儿童       -              other          -                   -
    abduction_child             拐骗儿童                     -              other          -                   -
    kidnap                      绑架                         assault        physical       -                   -
    unlawful_detention          非法拘禁                     assault        physical       -                   -
    robbery                     抢劫                         assault        physical       -                   -
    affray                      聚众斗殴                     assault        physical       -                   -
    picking_quarrels            寻衅滋事                     assault        physical       -                   -
    forced_prostitution         强迫卖淫                     assault        sexual         sexual_assault      -
    lure_girl                   引诱幼女卖淫                 assault        sexual         sexual_assault      -
    organise_minors             组织未成年人违反治安管理活动 -              other          -                   -
    organise_begging            组织乞讨                     -              other          -                   -
    child_labour                雇用童工从事危重劳动         -              other          -                   -
    traffic_crime               交通肇事                     unintentional  -              motor_vehicle_crash -
    traffic_accident            道路交通事故                 unintentional  -              motor_vehicle_crash -
    adm_assault                 殴打他人                     assault        physical       -                   -
    adm_indecent                猥亵                         assault        sexual         sexual_assault      -
    adm_abuse                   虐待家庭成员                 assault        physical       -                   -
    adm_abandon                 遗弃(治安)                   assault        neglect        -                   -
    adm_threat_insult           威胁人身安全、侮辱、诽谤     assault        psychological  -                   -
    adm_dog                     动物伤人                     unintentional  -              animal              -
    abnormal_death_suicide      非正常死亡-自杀              self_harm      -              -                   true
    abnormal_death_accident     非正常死亡-意外              unintentional  -              -                   true
    abnormal_death_undetermined 非正常死亡-原因不明          undetermined   -              -                   true
    suicide_attempt             自杀未遂                     self_harm      -              -                   -
"""


@functools.cache
def rows_of(codelist: str) -> tuple[dict[str, str], ...]:
    return tuple(csv_rows(FOLDER / f"{codelist}.csv"))


def columns_of(codelist: str) -> list[str]:
    return list(rows_of(codelist)[0])


def dictionaries_of(codelist: str) -> list[str]:
    return [name for name in columns_of(codelist) if name not in NO_DICTIONARY and not name.startswith("attribute_")]


def words(cell: str) -> list[str]:
    return [word for word in cell.split("|") if word]


def plain(text: str) -> str:
    """As a cell of an office is compared: width, case, spaces and punctuation say nothing."""
    text = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[^\w√✓×✗<]|_", "", text)


def labels_of(row: dict[str, str]) -> list[str]:
    return [row["code"], row["zh"], row["en"], *words(row["aliases"])]


def meanings(codelist: str, dictionary: str | None) -> dict[str, set[str]]:
    """Plain word → the codes it stands for where this dictionary is declared."""
    found: dict[str, set[str]] = {}
    for row in rows_of(codelist):
        for word in labels_of(row) + (words(row[dictionary]) if dictionary else []):
            found.setdefault(plain(word), set()).add(row["code"])
    return found


def table(text: str) -> list[dict[str, str]]:
    """A small table of a test: words in columns, - for an empty cell."""
    header, *lines = (line.split() for line in text.strip().splitlines())
    return [dict(zip(header, ("" if cell == "-" else cell for cell in line), strict=True)) for line in lines]


def codelist_of(column: str) -> str | None:
    return LIBRARY.tables["core.record_version"].columns[column].codelist


# ------------------------------------------------------------------------------------------------- each list in itself


def test_the_lists_and_how_many_codes_each_has() -> None:
    found = {path.stem for path in FOLDER.glob("*.csv")} - OTHER_TABLES
    assert {name: len(rows_of(name)) for name in found} == CODES_OF_LIST
    assert (len(CODES_OF_LIST), sum(CODES_OF_LIST.values())) == (39, 367)


@pytest.mark.parametrize("codelist", CODES_OF_LIST)
def test_the_file_is_plain_and_complete(codelist: str) -> None:
    content = (FOLDER / f"{codelist}.csv").read_bytes().decode("utf-8")
    assert content.startswith("code,zh,en,aliases") and content.endswith("\n") and "\r" not in content
    for row in rows_of(codelist):
        assert None not in row and None not in row.values()
        assert row["zh"] and row["en"] and re.fullmatch(r"[a-z0-9_-]{1,48}", row["code"])
        assert all(word == word.strip() != "" for cell in row.values() if cell for word in cell.split("|"))


@pytest.mark.parametrize(
    ("codelist", "dictionary"), [(name, one) for name in CODES_OF_LIST for one in (None, *dictionaries_of(name))]
)
def test_no_word_or_digit_means_two_codes(codelist: str, dictionary: str | None) -> None:
    assert {word: codes for word, codes in meanings(codelist, dictionary).items() if len(codes) > 1} == {}


@pytest.mark.parametrize("codelist", sorted(set(CODES_OF_LIST) - {"age_group"}))  # groups are never read from cells
def test_the_reader_of_cells_finds_every_label_and_digit(codelist: str) -> None:
    codes = CodeList.load(FOLDER / f"{codelist}.csv")
    for row in rows_of(codelist):
        assert {codes.decode(label) for label in labels_of(row)} == {row["code"]}
        for one in dictionaries_of(codelist):
            assert {codes.decode(digit, one) for digit in words(row[one])} <= {row["code"]}


@pytest.mark.parametrize("codelist", CODES_OF_LIST)
def test_no_word_stands_twice_for_the_same_code(codelist: str) -> None:
    for row in rows_of(codelist):
        written = [plain(word) for word in [row["zh"], row["en"], *words(row["aliases"])]]
        assert len(written) == len(set(written))


def test_digits_belong_to_a_dictionary() -> None:
    """A bare number is a label only where every office numbers alike: the national standard of sex."""
    numbered = {
        name for name in CODES_OF_LIST for row in rows_of(name) for word in words(row["aliases"]) if word.isdigit()
    }
    assert numbered == {"sex"}


def test_every_dictionary_numbers_all_boxes_of_its_card() -> None:
    expected = {key: {str(digit) for digit in range(first, last + 1)} for key, (first, last) in DIGITS.items()}
    found = {
        (name, one): {digit for row in rows_of(name) for digit in words(row[one])}
        for name in CODES_OF_LIST
        for one in dictionaries_of(name)
    }
    assert found == expected | UNGAPPED_ELSEWHERE


def test_every_attribute_is_a_column_and_its_value_a_code_of_that_column() -> None:
    columns = LIBRARY.tables["core.record_version"].columns
    checked = 0
    for codelist in CODES_OF_LIST:
        for attribute in (name for name in columns_of(codelist) if name.startswith("attribute_")):
            column = attribute.removeprefix("attribute_")
            allowed = LIBRARY.codes[str(columns[column].codelist)] if columns[column].codelist else {"true"}
            values = {row[attribute] for row in rows_of(codelist)} - {""}
            assert values and values <= allowed, (codelist, attribute)
            checked += 1
    assert checked == 35


@pytest.mark.parametrize("codelist", ["school_event", "kindergarten_event", "nursery_event", "offence", "injury_grade"])
def test_a_death_is_a_death_in_every_column(codelist: str) -> None:
    for row in rows_of(codelist):
        told = [row.get(f"attribute_{name}", "") for name in ("is_death", "outcome", "care_level")]
        assert told in (["true", "died", "death"], ["", "", ""])


# ---------------------------------------------------------------------------------------------- what the plan rests on


@pytest.mark.parametrize(
    ("codelist", "expected"), [("mechanism", MECHANISMS), ("intent", INTENTS), ("offence", OFFENCES)]
)
def test_the_lists_the_indicators_rest_on_row_by_row(codelist: str, expected: str) -> None:
    wanted = table(expected)
    found = [{name: row.get(name, row.get(f"attribute_{name}", "")) for name in wanted[0]} for row in rows_of(codelist)]
    assert found == wanted


def test_the_same_digit_is_another_cause_on_the_community_questionnaire() -> None:
    card, community = meanings("mechanism", "card_a"), meanings("mechanism", "community")
    differing = [digit for digit in range(2, 11) if card[str(digit)].isdisjoint(community[str(digit)])]
    assert differing == list(range(2, 11))
    assert "11" not in community  # not known what it counts as the eleventh: an error, never a guess


@pytest.mark.parametrize("codelist", ["mechanism", "place", "activity", "nature", "body_part"])
def test_a_merged_box_other_or_unclear_says_nothing(codelist: str) -> None:
    """Card B has one box for 其他 and 不清楚: whoever ticks it has not said that it was something else."""
    last = DIGITS[codelist, "card_b"][1]
    assert meanings(codelist, "card_b")[str(last)] == {"unknown"}


@pytest.mark.parametrize("label", ["轻伤", "轻微伤", "轻伤一级", "轻伤二级", "重伤", "重伤一级", "重伤二级"])
def test_a_forensic_grade_is_no_clinical_severity(label: str) -> None:
    assert plain(label) not in meanings("severity", "card")


@pytest.mark.parametrize(
    ("grade", "severity"),
    [
        ("grave_1", "severe"), ("grave_2", "severe"), ("grave", "severe"), ("light_1", "moderate"),
        ("light_2", "moderate"), ("light", "moderate"), ("slight", "minor"), ("below", "minor"), ("death", "severe"),
        ("not_assessed", ""),
    ],
)  # fmt: skip
def test_the_severity_of_a_forensic_grade(grade: str, severity: str) -> None:
    assert {row["code"]: row["attribute_severity"] for row in rows_of("injury_grade")}[grade] == severity


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ("故意杀人（未遂）", "attempted_homicide"), ("故意伤害(致死)", "intentional_injury_death"),
        ("故意伤害", "intentional_injury"), ("自杀未遂", "suicide_attempt"), ("自杀死亡", "abnormal_death_suicide"),
        ("猥亵", "adm_indecent"), ("猥亵儿童罪", "indecent_child"), ("虐待罪", "abuse_family"),
        ("奸淫幼女", "rape"), ("危险驾驶", "traffic_crime"),
    ],
)  # fmt: skip
def test_charges_that_are_easily_confused(label: str, code: str) -> None:
    assert meanings("offence", None)[plain(label)] == {code}


@pytest.mark.parametrize("label", ["自杀", "其他", "盗窃", "家庭暴力"])
def test_charges_that_nobody_may_decide_by_the_word_alone(label: str) -> None:
    assert plain(label) not in meanings("offence", None)


def test_the_act_of_suicide_is_a_death_only_where_the_word_says_so() -> None:
    deaths = {row["code"] for row in rows_of("school_event") if row["attribute_is_death"]}
    assert deaths == {"suicide_death"} and meanings("school_event", None)["自杀"] == {"suicide"}


@pytest.mark.parametrize("codelist", ["school_event", "kindergarten_event", "nursery_event"])
def test_illness_is_no_injury(codelist: str) -> None:
    excluded = {row["code"] for row in rows_of(codelist) if row["attribute_case_status"] == "excluded"}
    assert excluded == {"sudden_illness"} | ({"lost"} if codelist == "kindergarten_event" else set())


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("新山村街道", "500104001"), ("新山村", "500104001"), ("跃进村街道", "500104002"), ("跃进村", "500104002"),
        ("九宫庙街道", "500104003"), ("茄子溪街道", "500104004"), ("春晖路街道", "500104005"), ("八桥镇", "500104101"),
        ("八桥街道", "500104101"), ("建胜镇", "500104102"), ("建胜街道", "500104102"), ("跳磴镇", "500104103"),
        ("跳蹬镇", "500104103"),
    ],
)  # fmt: skip
def test_the_townships_and_their_name_traps(name: str, code: str) -> None:
    assert meanings("township", None)[name] == {code}


@pytest.mark.parametrize("name", ["大渡口街道", "双山", "百花村", "500104006"])
def test_old_names_and_invented_codes_are_no_township(name: str) -> None:
    assert name not in meanings("township", None)


@pytest.mark.parametrize("grouping", ["age5", "stage", "legal"])
def test_every_year_of_childhood_is_in_one_group(grouping: str) -> None:
    groups = [row for row in rows_of("age_group") if row["grouping"] == grouping]
    years = [year for row in groups for year in range(int(row["from_years"]), int(row["to_years"]) + 1)]
    assert years == list(range(18))


# ------------------------------------------------------------------------------------- what the declarations refer to

CODES_OF_A_RECORD = {
    "place": "home residential_institution school_public sports_area street_highway trade_service "
    "industrial_construction farm other unknown",
    "nature": "fracture sprain_strain open_wound_bite contusion_abrasion burn brain_injury internal_organ "
    "other unknown",
    "body_part": "head upper_limb lower_limb trunk multiple systemic other unknown",
    "severity": "minor moderate severe",
    "care_level": "none onsite outpatient observation inpatient death",
    "outcome": "treated_released observation transferred hospitalised died other",
    "violence_type": "physical sexual psychological neglect bullying other unknown",
    "case_status": "suspected probable confirmed excluded",
    "residence": "resident non_resident unknown",
    "date_precision": "minute hour day ten_days month unknown",
}


@pytest.mark.parametrize(("codelist", "codes"), CODES_OF_A_RECORD.items())
def test_a_record_may_hold_these_codes(codelist: str, codes: str) -> None:
    assert set(codes.split()) <= LIBRARY.codes[codelist]


def test_every_list_that_a_table_names_exists() -> None:
    columns = [column for one in LIBRARY.tables.values() for column in one.columns.values()]
    assert {column.codelist for column in columns if column.codelist} <= set(CODES_OF_LIST)


def test_a_list_with_dictionaries_is_never_read_without_one_where_digits_may_stand() -> None:
    """Hospitals fill in the card, whose boxes are numbered: each of their columns must say which numbers."""
    undeclared = {
        name
        for name, column in LIBRARY.sources["hospital"].columns.items()
        if column.codelist and column.codelist != "sex" and dictionaries_of(column.codelist) and not column.dictionary
    }
    assert undeclared == set()


def test_a_term_of_a_contract_does_not_contradict_the_list() -> None:
    for name, source in LIBRARY.sources.items():
        for column in (one for one in source.columns.values() if one.codelist):
            known = meanings(str(column.codelist), None)
            against = {term for term, code in column.terms.items() if known.get(plain(term), {code}) != {code}}
            assert against == set(), name


def test_every_value_of_a_check_is_in_its_list() -> None:
    asked = [
        (str(check.arguments["column"]), str(code))
        for check in LIBRARY.checks.values()
        if check.over is None  # else it judges a table that is no list of records
        for code in check.arguments.get("value_set", ())
        if codelist_of(str(check.arguments["column"]))
    ]
    assert asked
    assert [(column, code) for column, code in asked if code not in LIBRARY.codes[str(codelist_of(column))]] == []


def test_no_label_of_a_victim_column_holds_the_separator_of_victims() -> None:
    for source in (one for one in LIBRARY.sources.values() if one.victims):
        assert source.victims is not None
        for column in (source.columns[name] for name in source.victims.columns):
            labels = [label for row in rows_of(column.codelist) for label in labels_of(row)] if column.codelist else []
            assert [label for label in labels if re.search(source.victims.separator, label)] == []
