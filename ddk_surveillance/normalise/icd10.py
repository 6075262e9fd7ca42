"""ICD-10 codes in every spelling of Chinese files; what an external cause or a diagnosis means."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from ddk_surveillance.problems import Problem
from ddk_surveillance.settings import csv_rows, resource
from ddk_surveillance.text.spelling import plain

Value = TypeVar("Value")
# Letter and two digits, a fourth character (x = left out), then a WHO fifth digit or the national two- and three-digit
# extensions: W19, W19.9, W199, W19.901, W19.900x001, W13.0x00, X60.x00.
CODE = re.compile(r"([A-Z][0-9]{2})(?:\.?([0-9X])([0-9]{2}(?:X[0-9]{3})?|X[0-9]{2}|[0-9])?)?")
ICD_9 = re.compile(r"E[89][0-9]{2}")  # E880 was a fall; without its point E88.0, a metabolic disorder, looks the same
STARTS_LIKE_A_CODE = re.compile(r"[(\[]?[A-Z][0-9]")
RUN = re.compile(r"[0-9A-Z.]*[0-9][0-9A-Z.]*")
HAN = "\u4e00-\u9fff"
SMALL_NUMBER_IN_WORDS = re.compile(rf"(?<=[{HAN}])[0-9.]{{1,3}}|(?<![0-9A-Z.])[0-9.]{{1,3}}(?=[{HAN}])")  # 3楼坠落

PLACES = (
    "home", "residential_institution", "school_public", "sports_area", "street_highway", "trade_service",
    "industrial_construction", "farm", "other", "unknown",
)  # fmt: skip
WITHOUT_PLACE = frozenset({"X34", "X59", "Y06", "Y07"})  # their fourth character says something else
VIOLENCE_OF_T74 = {"0": "neglect", "1": "physical", "2": "sexual", "3": "psychological", "8": "other", "9": "unknown"}
UNRESOLVED = "unresolved"


class Icd10(NamedTuple):
    """One code: `code` is what we keep (W19.9, or W19 if no fourth character), the rest are its parts."""

    code: str
    category: str
    fourth: str | None
    extension: str | None


@dataclass(frozen=True)
class ExternalCause:
    """What a code of V01–Y98 or U01–U03 says: the ICD-10 external-cause matrix, and the cause and place of the report card."""

    intent: str
    mechanism: str
    detail: str | None
    card_mechanism: str
    is_sequela: bool
    is_ambiguous: bool = False  # without its fourth character the code leaves the intent open
    place: str | None = None


class Diagnosis(NamedTuple):
    """What a diagnosis code says: whether it is an injury, and the violence that T74 names."""

    is_injury: bool
    violence_type: str | None


def parse_icd10(text: str, several: bool = False) -> tuple[Icd10, ...] | Problem:
    """The codes of a cell, in order and once each; words around them are left out, nothing is guessed."""
    written = plain(text).upper().translate(str.maketrans("。·", ".."))
    written = re.sub(r"\s*\.\s*", ".", written)
    if not STARTS_LIKE_A_CODE.match(written):
        return Problem("unreadable_icd10")
    found = [CODE.fullmatch(run.strip(".")) for run in RUN.findall(SMALL_NUMBER_IN_WORDS.sub("", written))]
    if any(code and ICD_9.fullmatch(code[0]) for code in found):
        return Problem("icd9_or_icd10")
    codes = tuple(dict.fromkeys(_icd10(code) for code in found if code))
    if None in found or not codes:
        return Problem("unreadable_icd10")
    return codes if several or len(codes) == 1 else Problem("several_codes")


def _icd10(found: re.Match[str]) -> Icd10:
    category, fourth, extension = found.groups()
    fourth = None if fourth == "X" else fourth
    code = category if fourth is None else f"{category}.{fourth}"
    return Icd10(code, category, fourth, extension.lower() if extension else None)


def classify(code: str) -> ExternalCause | None:
    """Intent, mechanism, card cause and place of an external cause; None for any other code."""
    return external_causes().get(code)


@functools.cache
def external_causes() -> Mapping[str, ExternalCause]:
    """Every three- and four-character code from V01 to Y98, and of terrorism (U01–U03) → its meaning.

    Source: NCHS external cause of injury mortality matrix for ICD-10 (November 2002, terrorism August 2003), sequelae by their intent.
    """
    rules = csv_rows(resource("schemas") / "codelists" / "icd10_external_causes.csv")
    causes = {code: _cause(row, code) for row in rules for code in expanded(row["code"])}
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


def _cause(row: dict[str, str], code: str) -> ExternalCause:
    in_place_range = "W00" <= code[:3] <= "Y34" and code[:3] not in WITHOUT_PLACE
    return ExternalCause(
        intent=row["intent"],
        mechanism=row["mechanism"],
        detail=row["detail"] or None,
        card_mechanism=row["card_mechanism"],
        is_sequela="sequela" in row["mechanism"] + row["detail"],
        place=PLACES[int(code[-1])] if in_place_range else None,
    )


def _without_fourth(causes: list[ExternalCause]) -> ExternalCause:
    """What all codes of a category have in common; where they differ, the code does not say."""
    intents = {cause.intent for cause in causes}
    return ExternalCause(
        intent=_common(intents, "undetermined"),
        mechanism=_common({cause.mechanism for cause in causes}, "unspecified"),
        detail=_common({cause.detail for cause in causes}, UNRESOLVED),
        card_mechanism=_common({cause.card_mechanism for cause in causes}, "unknown"),
        is_sequela=all(cause.is_sequela for cause in causes),
        is_ambiguous=len(intents) > 1,
    )


def _common(values: set[Value], otherwise: Value) -> Value:
    return values.pop() if len(values) == 1 else otherwise


def diagnosis(code: str, external_cause: str | None = None) -> Diagnosis:
    """Whether a nature-of-injury code counts as an injury, and the violence type of T74 (maltreatment).

    Injuries are S00–T79 and T90–T98 without T98.3; allergy (T78.0–T78.4) counts only with an external cause V01–Y36,
    and poisoning by drugs (T36–T50) not with an adverse effect in therapeutic use (Y40–Y59).
    """
    category, cause = code[:3], (external_cause or "")[:3]
    is_injury = "S00" <= category <= "T79" or ("T90" <= category <= "T98" and code != "T98.3")
    if "T78.0" <= code <= "T78.4":
        is_injury = "V01" <= cause <= "Y36"
    if "T36" <= category <= "T50" and "Y40" <= cause <= "Y59":
        is_injury = False
    return Diagnosis(is_injury, VIOLENCE_OF_T74.get(code[4:], "unknown") if category == "T74" else None)
