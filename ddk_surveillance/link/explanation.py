"""Why a pair of records has its score: what each compared field adds to it, in bits, and what the pair is if not a match."""

from dataclasses import dataclass

import numpy as np
import pyarrow

from ddk_surveillance.errors import ConfigurationError
from ddk_surveillance.link import model_in_use
from ddk_surveillance.link.candidates import patterns_sql
from ddk_surveillance.link.declaration import CENTIBITS
from ddk_surveillance.link.model import CLASSES, MATCH, PAIR_TYPE, SAFETY, UNRELATED, Model
from ddk_surveillance.link.preparation import Night, find_decisions
from ddk_surveillance.warehouse import Warehouse

AS_LINKED = Night(dirty=0, gone=0, everything=False)  # nothing to do: records are read as they were linked last


@dataclass(frozen=True)
class Contribution:
    """The level at which a field agrees and the bits that it adds; no level: nothing known."""

    field: str
    level: str | None
    circumstance: str
    bits: float


@dataclass(frozen=True)
class Explanation:
    """A score taken apart: the bits of all contributions add up to `model_bits`.

    `bits` is what counts, after a safety `rule`; `otherwise` says how likely each other class is if it is no match.
    """

    bits: float
    rule: str | None
    model_bits: float
    contributions: tuple[Contribution, ...]
    otherwise: dict[str, float]

    @property
    def probability(self) -> float:
        """That the two are one incident, as far as the model goes."""
        return float(1 / (1 + np.exp2(-self.model_bits)))


def explain(model: Model, pattern: int) -> Explanation:
    """Take the score of an agreement pattern apart.

    The score is log P(match) − log Σ P(other classes). With r the shares of the other classes given the pattern, the
    second term is Σ r·log P + H(r) exactly, so a field adds log P(level | match) − Σ r·log P(level | other class); the
    entropy H goes to the first contribution, that of the pair's type, with the priors.
    """
    patterns = np.array([pattern])
    joint = model.log2_joint(patterns)[0]
    others = joint[UNRELATED:] - np.logaddexp2.reduce(joint[UNRELATED:])
    share = np.exp2(others)
    versus = np.array([1.0, *(-share)])  # a row of log2 probabilities times this is what the row adds
    digits = [int(digit[0]) for digit in model.digits(patterns)]
    rows = [model.priors[digits[PAIR_TYPE]]]
    rows += [table[digit] for table, digit in zip(model.shares, digits[PAIR_TYPE + 1 :], strict=True)]
    bits = [float(np.log2(row) @ versus) for row in rows]
    bits[0] += float(share @ others)
    rules = model.declaration.safety
    return Explanation(
        int(model.centibits(patterns)[0]) / CENTIBITS,
        rules[digits[SAFETY] - 1].rule if digits[SAFETY] else None,
        float(joint[MATCH] - np.logaddexp2.reduce(joint[UNRELATED:])),
        tuple(_contribution(model, place, digit, bits[place]) for place, digit in enumerate(digits[PAIR_TYPE:])),
        dict(zip(CLASSES[UNRELATED:], share.tolist(), strict=True)),
    )


def _contribution(model: Model, place: int, digit: int, bits: float) -> Contribution:
    field = model.declaration.fields[place]
    if not digit:
        return Contribution(field.field, None, "", bits)
    level = field.levels[digit - 1]
    return Contribution(field.field, level.level, level.given, bits)


def linked_model(db: Warehouse) -> Model:
    """The model that the links in this warehouse were made with; ConfigurationError if it has been replaced since."""
    model = model_in_use(db.library)
    if db.remembered("linkage_model") != model.version:
        raise ConfigurationError(
            "记录尚未连接，或连接模型已更换。请先运行 ddk nightly。",
            "Nothing is linked yet, or the linkage model was replaced. Run ddk nightly first.",
        )
    return model


def explain_pairs(db: Warehouse, model: Model, pairs: list[tuple[str, str]]) -> list[Explanation]:
    """The explanation of each pair of record ids, whether a blocking rule finds the pair or not; changes nothing."""
    left, right = zip(*pairs, strict=True) if pairs else ((), ())
    asked = pyarrow.table(
        {"number": range(len(pairs)), "a": pyarrow.array(left, "string"), "b": pyarrow.array(right, "string")}
    )
    with db.offering(link_asked=asked):
        find_decisions(db)
        db.execute("""
            CREATE OR REPLACE TEMP TABLE link_pair_asked AS
            SELECT number, least(a.key, b.key) AS left_key, greatest(a.key, b.key) AS right_key
            FROM link_asked AS p JOIN link.linkable AS a ON a.record_id = p.a JOIN link.linkable AS b ON b.record_id = p.b""")
    patterns = patterns_sql(model.declaration, AS_LINKED, "link_pair_asked", "number")
    found = db.rows(f"SELECT pattern FROM ({patterns}) ORDER BY number")
    return [explain(model, pattern) for (pattern,) in found]
