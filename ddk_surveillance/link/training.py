"""Learning the model from unlabelled pairs: expectation–maximisation (Dempster, Laird and Rubin 1977) on pattern counts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ddk_surveillance.link.declaration import ComparedField, Declaration
from ddk_surveillance.link.model import (
    CLASSES,
    MATCH,
    PAIR_TYPE,
    SAME_CHILD,
    SAME_INCIDENT,
    UNRELATED,
    Floats,
    Ints,
    Model,
)

ROUNDS = 60
PRIOR_PAIRS = 30.0  # weight of the first guess against the data, in pairs: keeps rare levels from 0 and from drifting
FIRST_SHARES = (0.4, 0.1, 0.05)  # of the candidates: match, same child, same incident


@dataclass(frozen=True)
class Evidence:
    """What the model learns from: patterns of the candidate pairs and of random pairs, and how many pairs exist."""

    patterns: Ints
    counts: Ints
    random_patterns: Ints
    random_counts: Ints
    pairs_by_type: Floats  # all pairs of each pair type, candidates or not
    like_patterns: Ints
    like_counts: Ints


def train(declaration: Declaration, evidence: Evidence, trained_on: dict[str, Any]) -> Model:
    """Fit the four classes; the same evidence gives the same model."""
    model = _first_guess(declaration, evidence, trained_on)
    digits = model.digits(evidence.patterns)
    for _ in range(ROUNDS):
        weights = _memberships(model, evidence.patterns) * evidence.counts[:, None]
        model = replace(model, priors=_priors(evidence, digits, weights), shares=_shares(model, digits, weights))
    return model


def _memberships(model: Model, patterns: Ints) -> Floats:
    """Probability of each class given the pattern."""
    joint = model.log2_joint(patterns)
    return np.asarray(np.exp2(joint - np.logaddexp2.reduce(joint, axis=1)[:, None]))


def _first_guess(declaration: Declaration, evidence: Evidence, trained_on: dict[str, Any]) -> Model:
    fields = declaration.fields[PAIR_TYPE:]
    blank = tuple(np.ones((len(field.levels) + 1, len(CLASSES))) for field in fields)
    model = Model(declaration, np.ones((declaration.radices[PAIR_TYPE], len(CLASSES))), blank, trained_on)
    digits = model.digits(evidence.random_patterns)[PAIR_TYPE + 1 :]
    shares = []
    like = model.digits(evidence.like_patterns)[PAIR_TYPE + 1 :]
    for field, digit, ldigit in zip(fields, digits, like, strict=True):
        table = np.ones((len(field.levels) + 1, len(CLASSES)))
        if field.about == "event" and field.field != "date":
            digit, counts = ldigit, evidence.like_counts
        else:
            counts = evidence.random_counts
        table[1:, UNRELATED] = _unrelated(field, digit, counts)
        for column, start in zip((MATCH, SAME_CHILD, SAME_INCIDENT), range(3), strict=True):
            table[1:, column] = [level.start[start] for level in field.levels if level.start]
        shares.append(table)
    candidates = np.bincount(
        model.digits(evidence.patterns)[PAIR_TYPE], evidence.counts, declaration.radices[PAIR_TYPE]
    )
    return replace(model, priors=_prior_table(np.outer(candidates, FIRST_SHARES), evidence), shares=tuple(shares))


def _unrelated(field: ComparedField, digit: Ints, counts: Ints) -> Floats:
    """Shares among random pairs; of an identifier its declared rate of chance agreement."""
    if field.unrelated is not None:
        return np.array([field.unrelated, 1 - field.unrelated])
    found = np.bincount(digit, counts, len(field.levels) + 1)[1:] + 0.5
    return np.asarray(found / found.sum())


def _prior_table(related: Floats, evidence: Evidence) -> Floats:
    """Shares among all pairs of each type, from the numbers of related pairs (types, 3)."""
    shares = (related + 0.5) / (evidence.pairs_by_type[:, None] + 100)
    return np.column_stack([shares[:, 0], np.maximum(1 - shares.sum(axis=1), 1e-3), shares[:, 1], shares[:, 2]])


def _priors(evidence: Evidence, digits: list[Ints], weights: Floats) -> Floats:
    types = len(evidence.pairs_by_type)
    related = [np.bincount(digits[PAIR_TYPE], weights[:, k], types) for k in (MATCH, SAME_CHILD, SAME_INCIDENT)]
    return _prior_table(np.column_stack(related), evidence)


def _shares(model: Model, digits: list[Ints], weights: Floats) -> tuple[Floats, ...]:
    fields = model.declaration.fields[PAIR_TYPE:]
    return tuple(
        _field_shares(field, digit, weights, old)
        for field, digit, old in zip(fields, digits[PAIR_TYPE + 1 :], model.shares, strict=True)
    )


def _field_shares(field: ComparedField, digit: Ints, weights: Floats, old: Floats) -> Floats:
    """Person fields are learnt from matches and same-child pairs together, event fields from those of one incident."""
    levels = len(field.levels) + 1
    found = np.stack([np.bincount(digit, weights[:, k], levels)[1:] for k in range(len(CLASSES))], axis=1)
    if field.about == "person":
        found[:, MATCH] = found[:, SAME_CHILD] = found[:, MATCH] + found[:, SAME_CHILD]
    elif not field.own_in_group:
        found[:, MATCH] = found[:, SAME_INCIDENT] = found[:, MATCH] + found[:, SAME_INCIDENT]
    new = old.copy()
    for k, start in ((MATCH, 0), (SAME_CHILD, 1), (SAME_INCIDENT, 2)):
        if k == SAME_INCIDENT and field.fixed_in_group:
            continue
        guess = PRIOR_PAIRS * np.array([level.start[start] for level in field.levels if level.start])
        new[1:, k] = (found[:, k] + guess) / (found[:, k] + guess).sum()
    return new
