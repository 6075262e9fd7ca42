"""The frozen linkage model: what an agreement pattern says about a pair of records, as integer centibits.

Four kinds of pairs (classes), because two would mistake a child's other incident, or another child of the same
incident, for a match: Fellegi and Sunter, J Am Stat Assoc 1969, extended by latent classes as in Larsen and Rubin,
J Am Stat Assoc 2001. Given the class the fields are taken as independent. The score of a pattern is the log odds, base
2, of class MATCH against all others, rounded to centibits so that every engine and order of summation agrees.
"""

import functools
import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ddk_surveillance.arrays import Flags, Floats, Ints
from ddk_surveillance.errors import DeclarationError
from ddk_surveillance.link.declaration import ALWAYS, CENTIBITS, NEVER, Declaration

CLASSES = ("match", "unrelated", "same_child", "same_incident")
MATCH, UNRELATED, SAME_CHILD, SAME_INCIDENT = range(4)
SAFETY, PAIR_TYPE = 0, 1  # digits of a pattern before those of the compared fields


@dataclass(frozen=True)
class Model:
    """Share of each class among all pairs of a type, and of each level among the pairs of a class."""

    declaration: Declaration
    priors: Floats  # (pair types + 1, 4); row 0 is never used
    shares: tuple[Floats, ...]  # per compared field (levels + 1, 4); row 0, nothing known, is 1
    trained_on: dict[str, Any]

    @functools.cached_property
    def version(self) -> str:
        """16 hexadecimal digits that change with any weight, field, level, rule or threshold."""
        return hashlib.sha256(self.to_json().encode() + self.declaration.model_dump_json().encode()).hexdigest()[:16]

    def digits(self, patterns: Ints) -> list[Ints]:
        """The outcome of the safety rules and of every field, one array each."""
        digits, rest = [], patterns
        for radix in self.declaration.radices:
            above = rest // radix  # by a constant, which is much faster than divmod
            digits.append(rest - above * radix)
            rest = above
        return digits

    def log2_joint(self, patterns: Ints) -> Floats:
        """log2 of (share of the class × probability of the pattern in it), shape (patterns, 4)."""
        digits = self.digits(patterns)
        total = np.log2(self.priors).take(digits[PAIR_TYPE], axis=0)
        for digit, share in zip(digits[PAIR_TYPE + 1 :], self.shares, strict=True):
            total += np.log2(share).take(digit, axis=0)
        return np.asarray(total)

    def centibits(self, patterns: Ints) -> Ints:
        """The score of each pattern after the safety rules."""
        joint = self.log2_joint(patterns)
        others = np.logaddexp2.reduce(joint[:, UNRELATED:], axis=1)
        score = np.rint((joint[:, MATCH] - others) * CENTIBITS).astype(np.int64)
        return self._after_safety(score, patterns % self.declaration.radices[SAFETY])

    def is_certain(self, patterns: Ints) -> Flags:
        """Which pairs a safety rule decided, or lifted."""
        return np.asarray(patterns % self.declaration.radices[SAFETY] > 0)

    def is_of_known_child(self, patterns: Ints) -> Flags:
        """Which pairs agree on a token of the child: the first level of a field that names it."""
        naming = [place for place, field in enumerate(self.declaration.fields, PAIR_TYPE) if field.names_child]
        return np.asarray(np.logical_or.reduce([self._digit(patterns, place) == 1 for place in naming]))

    def is_of_two_deaths(self, patterns: Ints) -> Flags:
        """Which pairs are of the first type: both records tell of a death."""
        return np.asarray(self._digit(patterns, PAIR_TYPE) == 1)

    def _digit(self, patterns: Ints, place: int) -> Ints:
        return patterns // math.prod(self.declaration.radices[:place]) % self.declaration.radices[place]

    def _after_safety(self, score: Ints, digit: Ints) -> Ints:
        for number, rule in enumerate(self.declaration.safety, 1):
            hit = digit == number
            if rule.effect == "at_least":
                score[hit] = np.maximum(score[hit], rule.bits * CENTIBITS)
            else:
                score[hit] = NEVER if rule.effect == "never" else ALWAYS
        return score

    def to_json(self) -> str:
        """A text for people and for version control: shares with 6 significant digits."""
        pair_type, *fields = self.declaration.fields
        content = {
            "classes": CLASSES,
            "trained_on": self.trained_on,
            "priors": _labelled(self.priors, [level.level for level in pair_type.levels]),
            "fields": {
                field.field: _labelled(share, [level.level for level in field.levels])
                for field, share in zip(fields, self.shares, strict=True)
            },
        }
        return json.dumps(content, indent=1)


def _labelled(table: Floats, names: list[str]) -> dict[str, list[float]]:
    return {name: [float(f"{value:.6g}") for value in row] for name, row in zip(names, table[1:], strict=True)}


def load(path: Path, declaration: Declaration) -> Model:
    """Read a frozen model; it must know exactly the fields and levels of the declaration."""
    content = json.loads(path.read_text(encoding="utf-8"))
    pair_type, *fields = declaration.fields
    try:
        priors = _table(content["priors"], [level.level for level in pair_type.levels])
        shares = tuple(_table(content["fields"][f.field], [level.level for level in f.levels]) for f in fields)
    except KeyError as error:
        raise DeclarationError(
            f"{path} 中的模型不含 linkage.yaml 所声明的 {error}。请用 ddk linkage train 重新训练。",
            f"The model in {path} does not know {error}, which linkage.yaml declares. Train another: ddk linkage train.",
        ) from None
    return Model(declaration, priors, shares, content["trained_on"])


def _table(labelled: dict[str, list[float]], names: list[str]) -> Floats:
    return np.array([[1.0] * len(CLASSES), *(labelled[name] for name in names)])
