"""ICD-10 codes in every spelling of Chinese files; what an external cause or a diagnosis means."""

import functools
import re
from collections.abc import Mapping
from typing import NamedTuple

from ddk_surveillance.problems import Problem
from ddk_surveillance.settings import csv_rows, resource
from ddk_surveillance.text.spelling import plain

# Letter and two digits, a fourth character (x = left out), then a WHO fifth digit or the national two- and three-digit
# extensions: W19, W19.9, W199, W19.901, W19.900x001, W13.0x00, X60.x00.
CODE = re.compile(r"([A-Z][0-9]{2})(?:\.?([0-9X])([0-9]{2}(?:X[0-9]{3})?|X[0-9]{2}|[0-9])?)?")
ICD_9 = re.compile(r"E[89][0-9]{2}")  # E880 was a fall; without its point E88.0, a metabolic disorder, looks the same
STARTS_LIKE_A_CODE = re.compile(r"[(\[]?[A-Z][0-9]")
RUN = re.compile(r"[0-9A-Z.]*[0-9][0-9A-Z.]*")
HAN = "\u4e00-\u9fff"
SMALL_NUMBER_IN_WORDS = re.compile(rf"(?<=[{HAN}])[0-9.]{{1,3}}|(?<![0-9A-Z.])[0-9.]{{1,3}}(?=[{HAN}])")  # 3楼坠落

VIOLENCE_OF_T74 = {"0": "neglect", "1": "physical", "2": "sexual", "3": "psychological", "8": "other", "9": "unknown"}


class ExternalCause(NamedTuple):
    """What a code of V01–Y98 or U01–U03 says of an event: its intent by the ICD-10 external-cause matrix, its cause by the report card."""

    intent: str
    mechanism: str


def parse_icd10(text: str, several: bool = False) -> tuple[str, ...] | Problem:
    """The codes of a cell in their order, without extensions; words around them are left out, nothing is guessed."""
    written = plain(text).upper().translate(str.maketrans("。·", ".."))
    written = re.sub(r"\s*\.\s*", ".", written)
    if not STARTS_LIKE_A_CODE.match(written):
        return Problem("unreadable_icd10")
    found = [CODE.fullmatch(run.strip(".")) for run in RUN.findall(SMALL_NUMBER_IN_WORDS.sub("", written))]
    if any(code and ICD_9.fullmatch(code[0]) for code in found):
        return Problem("icd9_or_icd10")
    codes = dict.fromkeys(_code(*code.groups()) for code in found if code)
    if None in found or not codes:
        return Problem("unreadable_icd10")
    return tuple(code for code, _ in codes) if several or len(codes) == 1 else Problem("several_codes")


def _code(category: str, fourth: str | None, extension: str | None) -> tuple[str, str | None]:
    return category if fourth in (None, "X") else f"{category}.{fourth}", extension


def classify(code: str) -> ExternalCause | None:
    """Intent and cause of an external cause; None for any other code."""
    return external_causes().get(code)


@functools.cache
def external_causes() -> Mapping[str, ExternalCause]:
    """Every three- and four-character code from V01 to Y98, and of terrorism (U01–U03) → its meaning.

    Source: NCHS external cause of injury mortality matrix for ICD-10 (November 2002, terrorism August 2003), sequelae by their intent.
    """
    rules = csv_rows(resource("schemas") / "codelists" / "icd10_external_causes.csv")
    causes = {
        code: ExternalCause(row["intent"], row["card_mechanism"]) for row in rules for code in expanded(row["code"])
    }
    of_category: dict[str, list[ExternalCause]] = {}
    for code, cause in causes.items():
        of_category.setdefault(code[:3], []).append(cause)
    return causes | {category: _without_fourth(found) for category, found in of_category.items()}


def expanded(ranges: str) -> list[str]:
    """All four-character codes of `V02-V04.19 V09.2`: categories, and after the dot the fourth characters meant."""
    codes = []
    for item in ranges.split():
        categories, _, fourths = item.partition(".")
        first, _, last = categories.partition("-")
        numbers = range(int(first[1:]), int((last or first)[1:]) + 1)
        codes += [f"{first[0]}{number:02d}.{fourth}" for number in numbers for fourth in fourths or "0123456789"]
    return codes


def _without_fourth(causes: list[ExternalCause]) -> ExternalCause:
    """What all codes of a category have in common; where they differ, the code does not say."""
    intents, mechanisms = map(set, zip(*causes, strict=True))
    return ExternalCause(_common(intents, "undetermined"), _common(mechanisms, "unknown"))


def _common(values: set[str], otherwise: str) -> str:
    return values.pop() if len(values) == 1 else otherwise


def violence_type(code: str) -> str | None:
    """The violence that a diagnosis of maltreatment (T74) names; None for any other."""
    return VIOLENCE_OF_T74.get(code[4:], "unknown") if code.startswith("T74") else None
