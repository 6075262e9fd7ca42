"""Learning the model from unlabelled records: expectation–maximisation (Dempster, Laird and Rubin 1977) on pattern counts.

No pair is labelled. What unrelated pairs look like is measured on random pairs and held; the other three classes are
found among the candidate pairs. The same records and seed give the same model, byte for byte.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow

from ddk_surveillance.arrays import Floats, Ints
from ddk_surveillance.link.candidates import make_candidates, patterns_sql
from ddk_surveillance.link.declaration import ComparedField, Declaration
from ddk_surveillance.link.model import (
    CLASSES,
    MATCH,
    PAIR_TYPE,
    SAME_CHILD,
    SAME_INCIDENT,
    UNRELATED,
    Model,
)
from ddk_surveillance.link.preparation import Night, prepare
from ddk_surveillance.warehouse import Warehouse

ROUNDS = 60
RANDOM_PAIRS = 2_000_000
GUESS_PAIRS = 30.0  # weight of the first guess against the data, in pairs: keeps rare levels from 0 and from drifting
RELATED = ((MATCH, 0), (SAME_CHILD, 1), (SAME_INCIDENT, 2))  # class and its place in a level's `start`
FIRST_SHARES = (0.4, 0.1, 0.05)  # of the candidates, in the same order


@dataclass(frozen=True)
class Sample:
    """Distinct patterns of a set of pairs and how often each occurs."""

    patterns: Ints
    counts: Ints


@dataclass(frozen=True)
class Evidence:
    """What the model learns from; `all_pairs` counts the pairs that exist among the records."""

    candidates: Sample
    random: Sample
    random_of_one_age: Sample
    all_pairs: int


def train(db: Warehouse, declaration: Declaration, seed: int) -> Model:
    """Fit a model to the records of a warehouse in which nothing is linked yet."""
    night = prepare(db, declaration)
    make_candidates(db, declaration, night)
    evidence = _evidence(db, declaration, night, np.random.default_rng(seed))
    compared = int(evidence.candidates.counts.sum())
    return fit(
        declaration, evidence, {"records": night.dirty, "candidate_pairs": compared, "rounds": ROUNDS, "seed": seed}
    )


def fit(declaration: Declaration, evidence: Evidence, trained_on: dict[str, Any]) -> Model:
    """Expectation–maximisation from the declared first guess."""
    model = _first_guess(declaration, evidence, trained_on)
    digits = model.digits(evidence.candidates.patterns)
    for _ in range(ROUNDS):
        weights = _memberships(model, evidence.candidates.patterns) * evidence.candidates.counts[:, None]
        model = replace(model, priors=_priors(model, evidence, weights), shares=_shares(model, digits, weights))
    return model


def _evidence(db: Warehouse, declaration: Declaration, night: Night, rng: np.random.Generator) -> Evidence:
    people = db.arrow("SELECT key, age, sex FROM link.linkable ORDER BY key").to_pandas()
    keys, records = people["key"].to_numpy(), len(people)
    left = rng.integers(0, records, RANDOM_PAIRS)
    right = (left + rng.integers(1, records, RANDOM_PAIRS)) % records
    group = people.groupby(["age", "sex"], dropna=False).ngroup().to_numpy()
    neighbours = [_neighbours(group, rng) for _ in range(1 + RANDOM_PAIRS // 2 // records)]
    one_age = np.concatenate(neighbours, axis=1)
    return Evidence(
        _sample(db, declaration, night, "link_candidate"),
        _sample_of(db, declaration, night, keys[left], keys[right]),
        _sample_of(db, declaration, night, keys[one_age[0]], keys[one_age[1]]),
        records * (records - 1) // 2,
    )


def _neighbours(group: Ints, rng: np.random.Generator) -> Ints:
    """Random pairs inside groups: shuffle, sort by group, take neighbours; shape (2, pairs)."""
    order = np.lexsort((rng.random(len(group)), group))
    same = group[order[1:]] == group[order[:-1]]
    return np.stack([order[:-1][same], order[1:][same]])


def _sample_of(db: Warehouse, declaration: Declaration, night: Night, left: Ints, right: Ints) -> Sample:
    with db.offering(link_random=pyarrow.table({"left_key": left, "right_key": right})):
        return _sample(db, declaration, night, "link_random")


def _sample(db: Warehouse, declaration: Declaration, night: Night, pairs: str) -> Sample:
    table = db.arrow(
        f"SELECT pattern, count(*) AS pairs FROM ({patterns_sql(declaration, night, pairs)}) GROUP BY pattern ORDER BY pattern"
    )
    return Sample(*(column.to_numpy().astype(np.int64) for column in table.columns))


def _memberships(model: Model, patterns: Ints) -> Floats:
    """Probability of each class given the pattern."""
    joint = model.log2_joint(patterns)
    return np.asarray(np.exp2(joint - np.logaddexp2.reduce(joint, axis=1)[:, None]))


def _first_guess(declaration: Declaration, evidence: Evidence, trained_on: dict[str, Any]) -> Model:
    fields = declaration.fields[PAIR_TYPE:]
    blank = tuple(np.ones((len(field.levels) + 1, len(CLASSES))) for field in fields)
    model = Model(declaration, np.ones((declaration.radices[PAIR_TYPE], len(CLASSES))), blank, trained_on)
    random, one_age = (
        model.digits(one.patterns)[PAIR_TYPE + 1 :] for one in (evidence.random, evidence.random_of_one_age)
    )
    for table, field, digit, like in zip(blank, fields, random, one_age, strict=True):
        measured = (like, evidence.random_of_one_age) if field.age_dependent else (digit, evidence.random)
        table[1:, UNRELATED] = _unrelated(field, measured[0], measured[1].counts)
        for kind, start in RELATED:
            table[1:, kind] = [level.start[start] for level in field.levels if level.start]
        if field.new_each_time:
            table[1:, SAME_CHILD] = table[1:, UNRELATED]
    types = np.bincount(
        model.digits(evidence.candidates.patterns)[PAIR_TYPE], evidence.candidates.counts, len(model.priors)
    )
    return replace(model, priors=_prior_table(model, evidence, np.outer(types, FIRST_SHARES)))


def _unrelated(field: ComparedField, digit: Ints, counts: Ints) -> Floats:
    """Shares among random pairs; of an identifier its declared rate of chance agreement."""
    if field.unrelated is not None:
        return np.array([field.unrelated, 1 - field.unrelated])
    found = np.bincount(digit, counts, len(field.levels) + 1).astype(np.float64)
    return _shares_of(field, found[1:] + 0.5)


def _shares_of(field: ComparedField, found: Floats) -> Floats:
    """Share of each level among the pairs of its circumstance: what implies another field's agreement counts once."""
    _, circumstance = np.unique([level.given for level in field.levels], return_inverse=True)
    return np.asarray(found / np.bincount(circumstance, found)[circumstance], dtype=np.float64)


def _priors(model: Model, evidence: Evidence, weights: Floats) -> Floats:
    digit = model.digits(evidence.candidates.patterns)[PAIR_TYPE]
    related = [np.bincount(digit, weights[:, kind], len(model.priors)) for kind, _ in RELATED]
    return _prior_table(model, evidence, np.column_stack(related))


def _prior_table(model: Model, evidence: Evidence, related: Floats) -> Floats:
    """Shares among all pairs of each type, candidates or not, from the numbers of related pairs (types, 3)."""
    random = np.bincount(model.digits(evidence.random.patterns)[PAIR_TYPE], evidence.random.counts, len(model.priors))
    pairs = np.maximum(random / random.sum() * evidence.all_pairs, related.sum(axis=1)) + 100
    shares = (related + 0.5) / pairs[:, None]
    match, same_child, same_incident = shares.T
    return np.column_stack([match, np.maximum(1 - shares.sum(axis=1), 1e-3), same_child, same_incident])


def _shares(model: Model, digits: list[Ints], weights: Floats) -> tuple[Floats, ...]:
    fields = zip(model.declaration.fields[PAIR_TYPE:], digits[PAIR_TYPE + 1 :], model.shares, strict=True)
    return tuple(_field_shares(field, digit, weights, old) for field, digit, old in fields)


def _field_shares(field: ComparedField, digit: Ints, weights: Floats, old: Floats) -> Floats:
    """Person fields are learnt from matches and same-child pairs together, event fields from those of one incident.

    Of a child's other incident some are not learnt at all but as unlike as a stranger's: free, that kind would in the end
    take in whatever matches are badly reported (of tokens missing in half the records, two in five of all matches).
    """
    levels = len(field.levels) + 1
    found = np.stack([np.bincount(digit, weights[:, kind], levels)[1:] for kind in range(len(CLASSES))], axis=1)
    if field.about == "person":
        found[:, MATCH] = found[:, SAME_CHILD] = found[:, MATCH] + found[:, SAME_CHILD]
    elif not field.own_in_group:
        found[:, MATCH] = found[:, SAME_INCIDENT] = found[:, MATCH] + found[:, SAME_INCIDENT]
    new = old.copy()
    for kind, start in RELATED:
        if (kind == SAME_INCIDENT and field.fixed_in_group) or (kind == SAME_CHILD and field.new_each_time):
            continue
        guess = GUESS_PAIRS * np.array([level.start[start] for level in field.levels if level.start])
        new[1:, kind] = _shares_of(field, found[:, kind] + guess)
    return new
