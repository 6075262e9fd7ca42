"""`ddk evaluate`, `ddk linkage train`, `ddk linkage use`: what is measured, and no model replaces another silently."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ddk_surveillance import link
from ddk_surveillance.cli import ddk
from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError, DeclarationError
from ddk_surveillance.library import Library
from ddk_surveillance.link import commands, model_in_use, training
from ddk_surveillance.link import model as models
from ddk_surveillance.settings import resource
from ddk_surveillance.synthesis.defects import SCENARIOS
from ddk_surveillance.synthesis.reports import linkage_records
from ddk_surveillance.warehouse import open_warehouse
from tests.cases.link.drawn import receive
from tests.conftest import Home

VOICE = Voice("en")
SHIPPED = model_in_use(Library())


def test_evaluate_prints_one_object_with_these_figures(capsys: pytest.CaptureFixture[str]) -> None:
    assert ddk(["evaluate", "--seed", "3", "--records", "500", "--json"], standalone_mode=False) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == [
        "records", "true_incidents", "found_incidents", "bias_percent", "precision", "recall", "f1",
        "bias_percent_by_stratum", "seconds", "peak_mb",
    ]  # fmt: skip
    assert list(found["bias_percent_by_stratum"]) == ["violence", "fatal", "under_6", "severe"]
    assert found["records"] == 500 and found["f1"] > 0.8


def test_evaluate_shows_people_every_figure_in_their_language(capsys: pytest.CaptureFixture[str]) -> None:
    assert ddk(["--lang", "zh", "evaluate", "--seed", "3", "--records", "500"], standalone_mode=False) == 0
    heading, *lines = capsys.readouterr().out.splitlines()
    assert heading.split() == ["指标", "值"]
    assert [line.rsplit(maxsplit=1)[0] for line in lines] == [title.zh for title in commands.TITLES.values()]
    assert lines[0].split() == ["记录数", "500"]


def test_there_are_nine_scenarios_and_a_wrong_name_lists_them() -> None:
    assert len(SCENARIOS) == 9
    with pytest.raises(ConfigurationError, match="no_tokens"):
        ddk(["evaluate", "--seed", "1", "--records", "500", "--scenario", "no_such"], standalone_mode=False)


@pytest.fixture
def linked_home(home: Home, monkeypatch: pytest.MonkeyPatch) -> Home:
    monkeypatch.setattr(commands, "FEWEST_RECORDS", 400)
    monkeypatch.setattr(training, "RANDOM_PAIRS", 20_000)
    records = linkage_records(3, 400).astype(object)
    with open_warehouse(home.settings) as db:
        receive(db, records.where(records.notna(), None))
        link.run(db, "first")
    return home


def version_of_the_next_run(home: Home) -> str:
    with open_warehouse(home.settings) as db:
        link.run(db, "next")
        return str(db.value("SELECT model_version FROM link.run ORDER BY run_id = 'next' DESC LIMIT 1"))


def test_a_trained_model_is_kept_with_its_summary_and_not_used(linked_home: Home) -> None:
    pairs = linked_home.query("SELECT count(*), sum(score_centibits) FROM link.pair")
    commands.train_model(linked_home.settings, VOICE, seed=1)
    [file] = linked_home.settings.models.glob("*.json")
    trained = models.load(file, SHIPPED.declaration)
    assert file.stem == trained.version != SHIPPED.version
    assert trained.trained_on["records"] == 400
    assert linked_home.query("SELECT count(*), sum(score_centibits) FROM link.pair") == pairs
    assert version_of_the_next_run(linked_home) == SHIPPED.version


def test_a_model_is_used_from_the_next_run_on_and_the_way_back_is_open(linked_home: Home) -> None:
    commands.train_model(linked_home.settings, VOICE, seed=1)
    [file] = linked_home.settings.models.glob("*.json")
    commands.use_model(linked_home.settings, VOICE, file.stem)
    assert version_of_the_next_run(linked_home) == file.stem
    commands.use_model(linked_home.settings, VOICE, SHIPPED.version)
    assert version_of_the_next_run(linked_home) == SHIPPED.version


def test_a_declaration_with_a_new_level_is_trained_and_used_though_the_model_in_use_does_not_know_it(
    linked_home: Home,
) -> None:
    text = (resource("schemas") / "linkage.yaml").read_text(encoding="utf-8")
    known = "      - {level: same_age, given: others,"
    new = '      - {level: same_day_of_birth, given: others, when: "a.birth_month = b.birth_month AND a.age = b.age", start: [0.9, 0.9, 0.1]}'
    local = linked_home.settings.home / "schemas"
    local.mkdir()
    (local / "linkage.yaml").write_text(text.replace(known, f"{new}\n{known}"), encoding="utf-8")
    with pytest.raises(DeclarationError, match="same_day_of_birth"):
        version_of_the_next_run(linked_home)
    settings = linked_home.settings
    commands.train_model(settings, VOICE, seed=1)
    [file] = settings.models.glob("*.json")
    commands.use_model(settings, VOICE, file.stem)
    assert version_of_the_next_run(linked_home) == file.stem
    (local / "linkage.yaml").unlink()
    commands.use_model(settings, VOICE, SHIPPED.version)
    assert version_of_the_next_run(linked_home) == SHIPPED.version


def test_training_on_a_handful_is_refused(home: Home) -> None:
    with pytest.raises(ConfigurationError, match="Fewer than 2000"):
        commands.train_model(home.settings, VOICE, seed=1)


def test_an_unknown_version_is_refused(home: Home) -> None:
    with pytest.raises(ConfigurationError, match="no model 0123"):
        commands.use_model(home.settings, VOICE, "0123")


def test_a_model_of_another_declaration_is_refused(tmp_path: Path) -> None:
    content = json.loads(SHIPPED.to_json())
    del content["fields"]["sex"]
    (tmp_path / "model.json").write_text(json.dumps(content))
    with pytest.raises(DeclarationError, match="ddk linkage train"):
        models.load(tmp_path / "model.json", SHIPPED.declaration)
