"""Words and digits of two report-card versions → our codes; card A has 13 = other, card B 13 = unknown."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddk_surveillance.errors import DeclarationError
from ddk_surveillance.normalise.codes import CodeList
from ddk_surveillance.problems import Problem
from ddk_surveillance.settings import resource

MECHANISM = """\
code,zh,en,aliases,attribute_intent,card_a,card_b,community
motor_vehicle_crash,机动车车祸,motor-vehicle crash,车祸|交通事故,,1,1,1
fall,跌倒/坠落,fall,跌倒|坠落|摔伤,,3,3,2
burn_scald,烧烫伤,burn or scald,烫伤,,7,7,6
sharp_force,刀/锐器伤,sharp force,,,6,6,5
other,其他,other,其它,,13,,
unknown,不清楚,unknown,不详,,14,13|不清楚/其他,
"""
SEX = "code,zh,en,aliases,gb\nmale,男,male,男性|男孩|M,1\nfemale,女,female,女性|F,2\nunknown,未知的性别,unknown,,0|9\n"
CARE = "code,zh,en,aliases\nnone,未就医,no care,无\ninpatient,住院,inpatient,\n"


@pytest.fixture(scope="module")
def lists(tmp_path_factory: pytest.TempPathFactory) -> dict[str, CodeList]:
    folder = tmp_path_factory.mktemp("codelists")
    texts = {"mechanism": MECHANISM, "sex": SEX, "care": CARE}
    for name, text in texts.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    return {name: CodeList.load(folder / f"{name}.csv") for name in texts}


def decoded(codes: CodeList, text: str, dictionary: str | None) -> str | None:
    code = codes.decode(text, dictionary)
    return f"? {code.code}" if isinstance(code, Problem) else code


LABELS = {
    "跌倒/坠落": "fall", "跌倒、坠落": "fall", "跌倒坠落": "fall", "跌倒 坠落": "fall", "跌倒／坠落": "fall", "坠落/跌倒": "fall",
    " 跌倒 ": "fall", "fall": "fall", "FALL": "fall", "ｆａｌｌ": "fall", "跌倒,摔伤": "fall", "motor_vehicle_crash": "motor_vehicle_crash",
    "Motor-vehicle crash": "motor_vehicle_crash",
    "3 跌倒/坠落": "fall", "3.跌倒": "fall", "3、跌倒": "fall", "3-跌倒": "fall", "(3)跌倒": "fall",
    "③跌倒": "fall", "03跌倒": "fall", "跌倒(3)": "fall", "3.0 跌倒": "fall",
    "1 跌倒": "fall",  # the label beats the digit
    "其他": "other", "其他(请注明)": "other", "其他:被门夹": "other", "其它": "other", "不清楚": "unknown",
    "跌倒 烫伤": "? several_codes", "跌倒、烧烫伤": "? several_codes", "3跌倒;7烧烫伤": "? several_codes", "其他(烫伤)": "? several_codes",
    "被狗追": "? unknown_code", "3 被狗追": "? unknown_code", "跌": "? unknown_code", "跌倒被狗追": "? unknown_code", "跌倒 被狗追": "? unknown_code",
    "()": "? unknown_code",
}  # fmt: skip


def test_common_words_are_in_the_lists_of_the_project_and_a_side_is_no_part_of_them() -> None:
    words = {
        "body_part": {
            "左手": "upper_limb",
            "右腿": "lower_limb",
            "双侧膝盖": "lower_limb",
            "左眼": "head",
            "门牙": "head",
            "左1": None,
        },
        "mechanism": {"高空坠落": "fall", "猫抓": "animal", "蜂蛰伤": "animal", "扭伤": None},
        "intent": {"非故意伤害": "unintentional", "自残或自杀": "self_harm", "被故意": None},
        "school_event": {
            "割腕": "self_harm",
            "教师体罚": "corporal_punishment",
            "高空坠落": "fall",
            "高空坠物": "facility",
            "狗咬": "animal",
        },
    }
    for name, expected in words.items():
        codes = CodeList.load(resource("schemas") / "codelists" / f"{name}.csv")
        for text, code in expected.items():
            assert decoded(codes, text, "card_a") == (code or "? unknown_code"), text


@pytest.mark.parametrize("dictionary", [None, "card_a", "card_b", "community", "not_in_this_list"])
@pytest.mark.parametrize(("text", "expected"), LABELS.items())
def test_labels_hold_in_every_dictionary(
    lists: dict[str, CodeList], text: str, expected: str, dictionary: str | None
) -> None:
    assert decoded(lists["mechanism"], text, dictionary) == expected


DIGITS = [
    # text, card A, card B, community, no dictionary
    ("1", "motor_vehicle_crash", "motor_vehicle_crash", "motor_vehicle_crash", "? unknown_code"),
    ("2", "? unknown_code", "? unknown_code", "fall", "? unknown_code"),
    ("3", "fall", "fall", "? unknown_code", "? unknown_code"),
    ("3.0", "fall", "fall", "? unknown_code", "? unknown_code"),
    ("03", "fall", "fall", "? unknown_code", "? unknown_code"),
    ("３", "fall", "fall", "? unknown_code", "? unknown_code"),
    ("13", "other", "unknown", "? unknown_code", "? unknown_code"),
    ("13.0", "other", "unknown", "? unknown_code", "? unknown_code"),
    ("14", "unknown", "? unknown_code", "? unknown_code", "? unknown_code"),
    ("1,3", "? several_codes", "? several_codes", "? unknown_code", "? unknown_code"),
    ("1、3", "? several_codes", "? several_codes", "? unknown_code", "? unknown_code"),
    ("3,3", "fall", "fall", "? unknown_code", "? unknown_code"),
    ("137", "? several_codes", "? several_codes", "? unknown_code", "? unknown_code"),
    ("99", "? unknown_code", "? unknown_code", "? unknown_code", "? unknown_code"),
    ("1.5", "? unknown_code", "? unknown_code", "? unknown_code", "? unknown_code"),
    ("-1", "? unknown_code", "? unknown_code", "? unknown_code", "? unknown_code"),
    ("0", None, None, None, "? unknown_code"),  # the card has no 0: an empty box; without a dictionary nobody knows
    ("不清楚/其他", "? several_codes", "unknown", "? several_codes", "? several_codes"),  # one answer of card B only
]


@pytest.mark.parametrize(("text", "card_a", "card_b", "community", "undeclared"), DIGITS)
def test_f9_digits_hold_only_in_the_declared_dictionary_and_glued_ones_are_never_parted(
    lists: dict[str, CodeList],
    text: str,
    card_a: str | None,
    card_b: str | None,
    community: str | None,
    undeclared: str | None,
) -> None:
    answers = [decoded(lists["mechanism"], text, dictionary) for dictionary in ("card_a", "card_b", "community", None)]
    assert answers == [card_a, card_b, community, undeclared]


@pytest.mark.parametrize(
    "text", ["", "/", "\\", "-", "—", "－", "N/A", "NULL", "未填", "空", "#N/A", "#REF!", "不祥", "待查"]
)
def test_words_for_nothing_are_nothing_unless_the_list_has_them(lists: dict[str, CodeList], text: str) -> None:
    assert decoded(lists["mechanism"], text, "card_a") is None


def test_a_word_for_nothing_may_be_an_answer_of_the_list(lists: dict[str, CodeList]) -> None:
    assert decoded(lists["mechanism"], "不详", "card_a") == "unknown"
    assert decoded(lists["care"], "无", None) == "none"
    assert decoded(lists["mechanism"], "无", None) is None
    assert decoded(lists["sex"], "0", "gb") == "unknown"


@pytest.mark.parametrize("text", ["其他", "其他(被风扇割伤)", "其它:被风扇割伤"])
def test_f10_other_is_other_with_and_without_its_remark(lists: dict[str, CodeList], text: str) -> None:
    assert decoded(lists["mechanism"], text, "card_a") == "other"


def test_two_meanings_of_one_word_are_a_mistake_of_the_list(tmp_path: Path) -> None:
    path = tmp_path / "broken.csv"
    path.write_text("code,zh,en,aliases,card\na,跌倒,a fall,,1\nb,坠落,b fall,跌倒,2\n", encoding="utf-8")
    with pytest.raises(DeclarationError, match="跌倒 stands for both a and b"):
        CodeList.load(path)


@given(label=st.sampled_from(["跌倒/坠落", "烧烫伤", "刀/锐器伤", "机动车车祸", "sharp force"]), number=st.integers(0, 99),
       shape=st.sampled_from(["{l}", "{n} {l}", "{n}.{l}", "{n}、{l}", "({n}){l}", "{n}-{l}", "{l}({n})", " {l} ", "【{l}】"]))  # fmt: skip
def test_a_label_wins_over_any_number_beside_it(
    lists: dict[str, CodeList], label: str, number: int, shape: str
) -> None:
    text = shape.format(l=label, n=number)
    for dictionary in (None, "card_a", "card_b"):
        assert lists["mechanism"].decode(text, dictionary) == lists["mechanism"].decode(label)


@given(text=st.text(alphabet="0123456789跌倒坠落烫伤其他不详,;、/.()（） -", max_size=16))
def test_any_text_gives_a_code_of_the_list_nothing_or_a_known_problem(lists: dict[str, CodeList], text: str) -> None:
    code = lists["mechanism"].decode(text, "card_a")
    if not isinstance(code, Problem):
        assert code is None or code in lists["mechanism"].labels.values()
