"""What the linkage measures of itself: on sound records nothing alarms, on sabotaged ones something does."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from ddk_surveillance import link
from ddk_surveillance.contracts import Bilingual
from ddk_surveillance.library import Library
from ddk_surveillance.link import measurement, twins
from ddk_surveillance.link.evaluation import synthetic_file, synthetic_warehouse
from ddk_surveillance.link.measurement import Figure, Measure, QualityDeclaration
from ddk_surveillance.settings import load, resource
from ddk_surveillance.status import gather, warnings
from ddk_surveillance.warehouse import Warehouse, connect, open_warehouse
from tests.cases.link.drawn import everything, linked
from tests.conftest import Home

RECORDS = 5000
DECLARED = Library().declared("linkage_quality.yaml", QualityDeclaration)


@pytest.fixture(scope="module")
def measured_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Synthetic records, linked and measured for one night, to be copied."""
    folder = tmp_path_factory.mktemp("synthetic")
    db = synthetic_warehouse(folder, synthetic_file(folder, 5, RECORDS, "reference"))
    link.run(db, "night1")
    measurement.run(db, "night1")
    db.connection.close()
    return folder / "evaluation.duckdb"


@pytest.fixture
def healthy(measured_once: Path, tmp_path: Path) -> Iterator[Warehouse]:
    shutil.copyfile(measured_once, tmp_path / "copy.duckdb")
    chosen = load({}, tmp_path)
    db = connect(chosen, Library(chosen.declarations), tmp_path / "copy.duckdb")
    yield db
    db.connection.close()


def test_sound_records_raise_no_alarm_and_every_measure_is_taken(healthy: Warehouse) -> None:
    assert alarms(healthy) == set()
    assert set(figures(healthy)) == set(DECLARED.measures) - {"reviewed_calibration"}  # nobody has decided anything
    assert len(DECLARED.measures) == 12


def test_the_estimates_are_near_the_truth(healthy: Warehouse) -> None:
    """Of all true pairs the blocking rules miss 4 in 100, and the model finds 95 in 100."""
    found = figures(healthy)
    assert found["blocking_recall"] == pytest.approx(0.96, abs=0.03)
    assert found["twins_found"] == pytest.approx(0.95, abs=0.05)


def test_measuring_leaves_no_trace_and_can_be_repeated_figure_for_figure(healthy: Warehouse) -> None:
    linked_before = everything(healthy)
    held = healthy.rows("SELECT count(*), md5(string_agg(content_hash ORDER BY record_id)) FROM core.record_version")
    first = figures(healthy)
    healthy.execute("DELETE FROM ops.meta WHERE name = 'measure'")  # for else nothing is to be measured again
    assert measurement.run(healthy, "night2").rows_out
    assert figures(healthy) == first
    assert everything(healthy) == linked_before
    assert held == healthy.rows(
        "SELECT count(*), md5(string_agg(content_hash ORDER BY record_id)) FROM core.record_version"
    )


def test_measuring_a_night_again_replaces_its_figures(healthy: Warehouse) -> None:
    before = healthy.value("SELECT count(*) FROM ops.linkage_quality")
    healthy.execute("DELETE FROM ops.meta WHERE name = 'measure'")
    assert measurement.run(healthy, "night1").rows_out
    assert healthy.value("SELECT count(*) FROM ops.linkage_quality") == before


def test_scrambled_tokens_are_noticed(healthy: Warehouse) -> None:
    """As if every institution had been given a key of its own."""
    healthy.execute("""
        UPDATE core.record_version SET content_hash = content_hash || '!', id_token = md5(id_token || source_code || institution_id),
            name_token = md5(name_token || source_code || institution_id), phone_token = md5(phone_token || source_code || institution_id)""")
    assert "token_recall" in after_a_night(healthy)


def test_a_feed_that_loses_its_tokens_is_noticed_by_its_link_rate(healthy: Warehouse) -> None:
    healthy.execute("""
        UPDATE core.record_version SET content_hash = content_hash || '!', id_token = NULL, name_token = NULL, phone_token = NULL
        WHERE source_code = 'school'""")
    after_a_night(healthy)
    assert ("link_rate", "school") in alarm_parts(healthy)
    assert ("link_rate", "police") not in alarm_parts(healthy)


def test_thresholds_that_keep_everything_apart_are_noticed(healthy: Warehouse, tmp_path: Path) -> None:
    apart = {"strict_bits": 20, "adopted_bits": 20, "loose_bits": -4, "more_of_a_known_child_bits": 0,
             "less_of_two_deaths_bits": 0}  # fmt: skip
    declare(healthy, tmp_path, thresholds=apart)
    assert "twins_found" in after_a_night(healthy)


def test_blocking_rules_that_find_nothing_are_noticed(healthy: Warehouse, tmp_path: Path) -> None:
    rules = shipped()["blocking"]
    for rule in rules:
        if not any(name.endswith("_token") for name in rule["equal"]):
            rule["where"] = "a.key < 0"
    declare(healthy, tmp_path, blocking=rules)
    assert "attribute_recall" in after_a_night(healthy)


def shipped() -> dict[str, Any]:
    declared: dict[str, Any] = yaml.safe_load((resource("schemas") / "linkage.yaml").read_text(encoding="utf-8"))
    return declared


def declare(db: Warehouse, folder: Path, **changed: object) -> None:
    """Let the home declare a linkage that differs from the shipped one like this."""
    (folder / "linkage.yaml").write_text(yaml.safe_dump({**shipped(), **changed}), encoding="utf-8")
    shutil.copyfile(resource("schemas") / "linkage_model.json", folder / "linkage_model.json")
    db.library = Library((resource("schemas"), folder))


TITLE = Bilingual(zh="某项", en="something")
BANDS = {
    "inside its fixed limits": (Measure(title=TITLE, low=0.8), 0.8, None, (0.8, None, False)),
    "below them": (Measure(title=TITLE, low=0.8), 0.79, None, (0.8, None, True)),
    "above them": (Measure(title=TITLE, high=0.1), 0.11, None, (None, 0.1, True)),
    "only recorded": (Measure(title=TITLE), 9, 1.0, (None, None, False)),
    "the first night knows no usual value": (Measure(title=TITLE, change=0.1), 9, None, (None, None, False)),
    "as usual": (Measure(title=TITLE, change=0.1), 0.45, 0.5, (0.4, 0.6, False)),
    "another than usual": (Measure(title=TITLE, change=0.1), 0.39, 0.5, (0.4, 0.6, True)),
    "the narrower of both": (Measure(title=TITLE, low=0.45, change=0.1), 0.44, 0.5, (0.45, 0.6, True)),
}


@pytest.mark.parametrize("story", BANDS)
def test_a_figure_is_judged_by_its_band(story: str) -> None:
    measure, value, usual, expected = BANDS[story]
    row = measurement._judged("night", Figure("calibration", value, 100), measure, usual)
    assert (row["band_low"], row["band_high"], row["is_alert"]) == expected


def test_reviewers_who_contradict_the_model_are_noticed(healthy: Warehouse) -> None:
    """They say no to forty pairs that the model is sure of."""
    healthy.execute("""
        INSERT INTO link.adjudication BY NAME
        SELECT row_number() OVER (ORDER BY l.record_id) AS adjudication_id, least(l.record_id, r.record_id) AS left_record_id,
            greatest(l.record_id, r.record_id) AS right_record_id, 'different' AS decision, 'x' AS decided_by,
            now()::TIMESTAMP AS decided_at, 'x' AS reason
        FROM link.pair JOIN link.member AS l ON l.record_key = left_key JOIN link.member AS r ON r.record_key = right_key
        WHERE score_centibits > 800 AND rule IS NULL LIMIT 40""")
    measurement.run(healthy, "night2")
    assert alarms(healthy) == {"reviewed_calibration"}
    assert figures(healthy)["reviewed_calibration"] < -0.9


def test_of_few_records_nothing_is_said() -> None:
    db = linked("record source id\n h1 hospital A\n s1 school A")
    assert measurement.run(db, "night1").rows_out == 0
    assert db.rows("FROM ops.linkage_quality") == []


def test_an_alarm_is_told_by_the_status_until_a_night_without(home: Home) -> None:
    with open_warehouse(home.settings) as db:
        note(db, "night1", value=0.4, is_alert=True)
        assert [text.zh for text in warnings(gather(db)) if "连接质量告警" in text.zh] == [
            "! 连接质量告警：合成的重复报告被认出的比例（school） 0.4，应在 0.85–。请核对近期文件的令牌，再查 ops.linkage_quality。"
        ]
        note(db, "night2", value=0.9, is_alert=False)
        assert not [text for text in warnings(gather(db)) if "连接质量告警" in text.zh]


def test_a_second_report_leaves_out_what_its_donor_leaves_out_and_tells_of_the_same_child() -> None:
    first = report(source_code="hospital", mechanism="fall", id_token="A", event_date_from="2024-03-05")
    donor = report(
        source_code="school", mechanism="unknown", id_token=None, event_date_from="2024-06-20", date_precision="month"
    )
    twin = twins.second_reports(first, donor, {}, np.random.default_rng(1)).iloc[0]
    assert (twin["source_code"], twin["mechanism"], twin["sex"]) == ("school", "unknown", "male")
    assert pd.isna(twin["id_token"]) and twin["name_token"] == "a"
    assert str(twin["event_date_from"])[:10] == "2024-03-01" and str(twin["event_date_to"])[:10] == "2024-03-31"
    assert twin["reported_date"] > twin["event_date_to"]


def test_near_twins_are_another_injury_or_another_child() -> None:
    first, other = report(mechanism="fall", body_part="head"), report(mechanism="animal", body_part="trunk")
    rng = np.random.default_rng(1)
    again, sibling = twins.other_injuries(first, other, rng).iloc[0], twins.siblings(first, other, rng).iloc[0]
    assert (again["id_token"], again["mechanism"]) == ("A", "animal")
    assert 8 <= (again["event_date_from"] - pd.Timestamp("2024-03-05")).days <= 56
    assert sibling["id_token"] != "A" and sibling["name_token"] != "a"
    assert (sibling["mechanism"], sibling["body_part"], sibling["phone_token"]) == ("fall", "trunk", "p")


def report(**said: Any) -> pd.DataFrame:
    ordinary = {
        "source_code": "hospital", "institution_id": "H1", "id_token": "A", "name_token": "a", "phone_token": "p", "case_token": None,
        "birth_month": "2014-06-01", "age_years": 9, "sex": "male", "township_code": "500104101", "residence": "resident",
        "mechanism": "fall", "place": "home", "nature": "fracture", "body_part": "head", "intent": "unintentional", "severity": "minor",
        "event_hour": 8, "outcome": None, "care_level": None, "date_precision": "day", "event_date_from": "2024-03-05",
    }  # fmt: skip
    row = {**ordinary, **said}
    begin = pd.Timestamp(row["event_date_from"])
    end = begin + pd.offsets.MonthEnd() if row["date_precision"] == "month" else begin
    return pd.DataFrame(
        [{**row, "event_date_from": begin, "event_date_to": end, "reported_date": end + pd.Timedelta(days=5)}]
    )


def after_a_night(db: Warehouse) -> set[str]:
    link.run(db, "night2")
    measurement.run(db, "night2")
    return alarms(db)


def figures(db: Warehouse) -> dict[str, Any]:
    """The newest figures, of those with parts the last part's."""
    return dict(db.rows(f"SELECT measure, value FROM ops.linkage_quality WHERE {NEWEST} ORDER BY measure, part"))


def alarms(db: Warehouse) -> set[str]:
    return {measure for measure, _ in alarm_parts(db)}


def alarm_parts(db: Warehouse) -> set[tuple[str, str]]:
    return set(db.rows(f"SELECT measure, part FROM ops.linkage_quality WHERE is_alert AND {NEWEST}"))


NEWEST = "night_id = (SELECT max(night_id) FROM ops.linkage_quality)"


def note(db: Warehouse, night: str, value: float, is_alert: bool) -> None:
    title = DECLARED.measures["twins_found"].title
    db.execute(
        "INSERT INTO ops.linkage_quality VALUES (?, 'twins_found', 'school', ?, 100, 0.85, NULL, ?, ?, ?)",
        [night, value, is_alert, title.zh, title.en],
    )
