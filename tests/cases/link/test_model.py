"""The frozen model, its declaration and its training."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import yaml

from ddk_surveillance.library import Library
from ddk_surveillance.link import model_in_use, training
from ddk_surveillance.link.candidates import blocking_sql, patterns_sql
from ddk_surveillance.link.declaration import NEVER, Declaration
from ddk_surveillance.link.evaluation import accuracy, evaluate, synthetic_file, synthetic_warehouse
from ddk_surveillance.link.model import CLASSES, Model, load
from ddk_surveillance.link.preparation import Night
from ddk_surveillance.link.training import train
from ddk_surveillance.settings import resource
from tests.cases.link.drawn import linked

SCHEMAS = resource("schemas")


@pytest.fixture(scope="module")
def model() -> Model:
    return model_in_use(Library())


def test_the_model_in_use_knows_every_field_and_level(model: Model) -> None:
    assert len(model.declaration.fields) == 16
    for field, share in zip(model.declaration.fields[1:], model.shares, strict=True):
        circumstances = np.array([level.given for level in field.levels])
        for circumstance in np.unique(circumstances):
            assert share[1:][circumstances == circumstance].sum(axis=0) == pytest.approx(
                np.ones(len(CLASSES)), abs=1e-4
            )


def test_a_model_survives_being_written(model: Model, tmp_path: Path) -> None:
    file = tmp_path / "model.json"
    file.write_text(model.to_json())
    assert load(file, model.declaration).version == model.version
    assert set(json.loads(model.to_json())["trained_on"]) == {"records", "candidate_pairs", "rounds", "seed"}


def test_any_weight_or_threshold_makes_another_version(model: Model) -> None:
    lower = model.declaration.thresholds.model_copy(update={"adopted_bits": -4})
    others = [
        replace(model, priors=model.priors * 1.001),
        replace(model, declaration=model.declaration.model_copy(update={"thresholds": lower})),
    ]
    assert len({model.version, *(other.version for other in others)}) == 3


def test_a_pattern_is_read_back_digit_by_digit(model: Model) -> None:
    radices = model.declaration.radices
    weights = np.cumprod([1, *radices[:-1]])
    digits = [radix - 1 for radix in radices]
    assert [int(digit[0]) for digit in model.digits(np.array([np.dot(weights, digits)]))] == digits


def test_a_pair_of_which_nothing_is_known_scores_its_prior(model: Model) -> None:
    cross_source = len(model.declaration.fields[0].levels)
    [score] = model.centibits(np.array([cross_source * model.declaration.radices[0]]))
    match, *others = model.priors[cross_source]
    assert score == round(100 * np.log2(match / sum(others)))


def test_a_veto_is_beyond_any_sum_of_scores(model: Model) -> None:
    names = [rule.rule for rule in model.declaration.safety]
    assert model.centibits(np.array([1 + names.index("other_child")])).tolist() == [NEVER]


def test_every_safety_rule_can_be_told_from_the_model() -> None:
    """Names that reviewers see; a new rule must be known here and in the documentation."""
    declaration = Declaration.model_validate(yaml.safe_load((SCHEMAS / "linkage.yaml").read_text()))
    assert [rule.rule for rule in declaration.safety] == [
        "decided_different", "decided_same", "register_without_doubles", "no_shared_token", "other_child", "other_birth",
        "two_deaths_of_one_register", "two_victims_of_one_case", "two_cases_of_one_source",
        "two_cases_of_one_child", "long_apart", "a_child_dies_once", "same_death", "death_after_injury", "same_case", "abuse_episode",
    ]  # fmt: skip


def test_the_sql_of_blocking_and_comparison_is_portable(model: Model) -> None:
    """The same text is to run on another engine, edge for edge: no engine hash, no lists, no indexing, casts in full."""
    declaration = model.declaration
    nights = [Night(dirty=1, gone=0, everything=everything) for everything in (True, False)]
    files = ("feed", "home", "said", "linkable", "stop_token")
    texts = [(resource("warehouse") / "link" / f"{name}.sql").read_text() for name in files]
    texts += [patterns_sql(declaration, night, "pairs") for night in nights]
    texts += [sql for night in nights for _, sql in blocking_sql(declaration, night)]
    assert len(texts) == 43
    for text in texts:
        code = "\n".join(line.partition("--")[0] for line in text.splitlines())
        assert not re.search(r"\bhash\(|\bunnest\(|\brange\(|\blist_|\barray_|\bstruct_|::|\[|\]|\{", code), code


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return synthetic_file(tmp_path_factory.mktemp("synthetic"), 5, 4000, "reference")


def test_training_is_reproducible_and_finds_what_it_was_not_told(
    records: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training, "RANDOM_PAIRS", 100_000)
    declaration = model_in_use(Library()).declaration
    folders = [tmp_path / "one", tmp_path / "two"]
    for folder in folders:
        folder.mkdir()
    trained = [train(synthetic_warehouse(folder, records), declaration, seed=1) for folder in folders]
    assert trained[0].to_json() == trained[1].to_json()
    shares = dict(zip([field.field for field in declaration.fields[1:]], trained[0].shares, strict=True))
    agree, differ = 1, 2
    assert shares["sex"][agree, CLASSES.index("match")] > 0.97
    assert shares["id_token"][differ, CLASSES.index("match")] < 0.1
    # else, of many records, "other incident of the child" takes in the matches that few tokens and many errors make vague
    new_each_time = [shares[field.field] for field in declaration.fields if field.new_each_time]
    assert len(new_each_time) == 5
    for share in new_each_time:
        assert share[:, CLASSES.index("same_child")].tolist() == share[:, CLASSES.index("unrelated")].tolist()


def test_the_model_in_use_counts_right() -> None:
    found = evaluate(seed=6, records=6000)
    assert abs(found["bias_percent"]) < 2
    assert found["f1"] > 0.9


def test_a_model_learnt_from_badly_reported_records_counts_right_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(training, "RANDOM_PAIRS", 100_000)
    found = evaluate(seed=6, records=4000, scenario="errors_2")
    assert abs(found["bias_percent"]) < 2
    assert found["f1"] > 0.89


def test_accuracy_is_measured_against_the_truth() -> None:
    db = linked("""
        record source   id
        h1     hospital A
        s1     school   A
        p1     police   A
    """)
    db.execute("""CREATE OR REPLACE TEMP TABLE truth AS
        SELECT * FROM (VALUES ('h1', 1, 1), ('s1', 1, 1), ('p1', 2, 1)) AS t (record_id, true_incident_id, true_child_id)""")
    found = accuracy(db)
    assert (found["true_incidents"], found["found_incidents"], found["bias_percent"]) == (2, 1, -50.0)
    assert (found["precision"], found["recall"], found["f1"]) == (round(1 / 3, 4), 1.0, 0.5)
