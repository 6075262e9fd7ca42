"""What is counted in which tier, sub-measure and sensitivity analysis, and by which version of a definition."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import scipy

from ddk_surveillance import indicators
from ddk_surveillance.errors import DeclarationError
from ddk_surveillance.library import Library
from ddk_surveillance.settings import load, resource
from ddk_surveillance.warehouse import Warehouse, connect
from tests.cases.figures.conftest import add_reports_and_population, empty_warehouse

SHIPPED = resource("schemas")
# incident child age intent        mechanism       residence    other columns → tier of 20, or none
VIOLENCE = """
v01 a 12 assault       blunt_force     resident     care_level=outpatient                                               A1
v02 a 12 assault       blunt_force     resident     offence=adm_assault                                                 A3
v03 b 13 unintentional sexual_assault  resident     ·                                                                   A2
v04 c 13 assault       other           resident     offence=indecent_child,mechanism=other                              A2
v05 d 1  unintentional fall            resident     has_maltreatment_diagnosis=true                                     A4t
v06 d 1  unintentional fall            resident     has_maltreatment_diagnosis=true,case_status=suspected               A4t
v07 e 4  assault       other           resident     violence_type=neglect                                               A4
v08 e 4  assault       other           resident     violence_type=neglect,case_status=suspected                         B2
v09 f 13 assault       other           resident     violence_type=bullying,bullying_form=verbal                         B1
v10 f 13 assault       other           resident     violence_type=bullying,bullying_form=verbal,care_level=onsite       A5
v11 g 14 assault       other           resident     violence_type=psychological,offence=adm_threat_insult               B2p
v12 g 14 assault       other           resident     violence_type=psychological,offence=adm_threat_insult,nature=burn   A1
v13 h 15 assault       blunt_force     resident     bullying_level=not_bullying                                         X
v14 h 15 assault       blunt_force     resident     bullying_level=not_bullying,care_level=onsite                       A1
v15 i 15 assault       blunt_force     resident     ·                                                                   A1r
v16 j 15 assault       blunt_force     resident     case_status=excluded                                                none
v17 k 15 assault       blunt_force     resident     hukou=foreign                                                       none
v18 l 15 assault       blunt_force     unknown      care_level=outpatient,hukou=local_county                            none
v19 m 15 undetermined  blunt_force     resident     ·                                                                   none
v20 n 15 assault       blunt_force     non_resident hukou=local_county,care_level=inpatient                             none
"""


def add(db: Warehouse, table: str) -> None:
    for line in table.strip().splitlines():
        identity, child, age, intent, mechanism, residence, other, *_ = line.split()
        values = {"incident_id": identity, "child_id": child, "age_years": age, "intent": intent, "mechanism": mechanism,
                  "residence": residence, "event_date": "2024-05-01", "event_year": "2024", "records": "2",
                  "sources": "hospital", "is_death": "false", "members": "", "known_from": "2025-01-01"}  # fmt: skip
        values |= dict(pair.split("=") for pair in other.split(",")) if other != "·" else {}
        selected = ", ".join(f"'{value}' AS {name}" for name, value in values.items())
        db.execute(f"INSERT INTO core.incident_version BY NAME SELECT {selected}")


@pytest.fixture(scope="module")
def violence(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    db = empty_warehouse(str(tmp_path_factory.mktemp("violence")))
    add(db, VIOLENCE)
    db.execute(
        "UPDATE core.incident_version SET residence = NULL WHERE residence = 'unknown'"
    )  # as the linkage leaves it
    add_reports_and_population(db, (2024,))
    indicators.run(db, "night")
    yield db
    db.connection.close()


def test_every_case_falls_into_its_tier(violence: Warehouse) -> None:
    expected = {line.split()[0]: line.split()[-1] for line in VIOLENCE.strip().splitlines()}
    counted = {name for name, tier in expected.items() if tier.startswith("A")}
    assert {
        row for (row,) in violence.rows("SELECT incident_id FROM mart.counted WHERE indicator_code = '20'")
    } == counted
    tiers = violence.rows("""SELECT category, incidents FROM mart.indicator_cube
        WHERE indicator_code = '20' AND period_type = 'year' AND sex = 'all' AND dimension = 'tier' AND incidents > 0""")
    left_out = violence.rows(
        "SELECT category, events FROM mart.indicator_statistic WHERE statistic = 'left_out' AND events > 0"
    )
    found = {str(tier): int(number) for tier, number in [*tiers, *left_out]}
    assert found == {tier: list(expected.values()).count(tier) for tier in set(expected.values()) - {"none"}}


def test_bullying_is_shown_apart_with_what_20_leaves_out(violence: Warehouse) -> None:
    bullied = violence.rows("SELECT incident_id FROM mart.counted WHERE indicator_code = '20c' ORDER BY 1")
    assert bullied == [("v09",), ("v10",)]


def test_each_sensitivity_analysis_changes_one_thing(violence: Warehouse) -> None:
    events = dict(
        violence.rows(
            "SELECT category, events FROM mart.indicator_statistic WHERE indicator_code = '20' AND statistic = 'sensitivity'"
        )
    )
    assert events == {  # 11 as adopted
        "SA1": 12,  # and v19
        "SA2": 12,  # and v18
        "SA3": 2,  # v18 and v20: registered here, wherever they live
        "SA4": 1,  # v01: treated in a hospital; nobody has found anything about the others
        "SA5": 11,  # all from a hospital
        "SA6": 22,  # two records each
    }


MADE_UP = """
indicator: falls
version: {version}
valid_from: "{year}-01-01"
title: {{zh: 跌倒, en: falls}}
definition: {{zh: 跌倒, en: falls}}
unit: incidents
numerator: {{column: mechanism, among: [{mechanisms}]}}
"""


def declared(folder: Path, **files: str) -> Library:
    (folder / "indicators").mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / "indicators" / f"{name}.yaml").write_text(text, encoding="utf-8")
    return Library((SHIPPED, folder))


def test_a_new_version_counts_from_its_year_on_and_old_figures_keep_theirs(tmp_path: Path) -> None:
    first = MADE_UP.format(version=1, year=2021, mechanisms="fall")
    second = MADE_UP.format(version=2, year=2024, mechanisms="fall, blunt_force")
    db = connect(load({}, tmp_path), declared(tmp_path, falls=first, falls_v2=second))
    for year in ("2022", "2023", "2024"):
        add(db, f"f{year} a 5 unintentional fall resident event_date={year}-03-01\n"
                f"b{year} b 5 unintentional blunt_force resident event_date={year}-03-01")  # fmt: skip
    add_reports_and_population(db, (2022, 2023, 2024))
    indicators.run(db, "night")
    figures = db.rows("""SELECT period, definition_version, numerator FROM mart.indicator_rate WHERE indicator_code = 'falls'
        AND period_type = 'year' AND (sex, age_group, township_code) = ('all', 'all', 'all') ORDER BY 1""")
    assert figures == [("2022", 1, 1), ("2023", 1, 1), ("2024", 2, 2)]
    db.connection.close()


@pytest.mark.parametrize(("unit", "adopted"), [("incidents", [(1,)]), ("records", [])])
def test_what_is_adopted_of_the_linkage_is_the_figure_itself(
    tmp_path: Path, unit: str, adopted: list[tuple[int]]
) -> None:
    """Records are as many however they are linked, so that there is nothing to compare."""
    text = MADE_UP.format(version=1, year=2021, mechanisms="fall").replace("unit: incidents", f"unit: {unit}")
    db = connect(load({}, tmp_path), declared(tmp_path, falls=text))
    add(db, "f a 5 unintentional fall resident ·")
    db.execute("INSERT INTO link.incident_bound VALUES ('f', 2, 'f')")
    add_reports_and_population(db, (2024,))
    indicators.run(db, "night")
    assert adopted == db.rows("""SELECT events FROM mart.indicator_statistic
        WHERE indicator_code = 'falls' AND statistic = 'linkage_bound' AND category = 'adopted'""")
    db.connection.close()


DECLINE = "target: {kind: decline, year: 2030, attribute: 预期性}\n"


@pytest.mark.parametrize(
    ("baseline_year", "expected"),
    [
        (2023, ["before_baseline", "baseline", "level"]),
        (2015, ["baseline_missing", "baseline_missing", "baseline_missing"]),
        (None, ["baseline", "level", "level"]),
    ],
)
def test_only_the_baseline_year_is_called_so(tmp_path: Path, baseline_year: int | None, expected: list[str]) -> None:
    target = DECLINE.replace("2030,", f"2030, baseline_year: {baseline_year},") if baseline_year else DECLINE
    db = connect(
        load({}, tmp_path),
        declared(tmp_path, falls=MADE_UP.format(version=1, year=2021, mechanisms="fall") + target),
    )
    add_reports_and_population(db, (2022, 2023, 2024))
    indicators.run(db, "night")
    verdicts = db.rows("SELECT verdict FROM mart.indicator_verdict WHERE indicator_code = 'falls' ORDER BY year")
    assert [verdict for (verdict,) in verdicts] == expected
    db.connection.close()


def test_a_decline_is_fewer_events_than_in_the_baseline_year_and_by_the_same_definition(tmp_path: Path) -> None:
    """As many among as many children are no decline, though 12 of 28,800 per 1000 is no number that a computer can hold."""
    first, second = (
        MADE_UP.format(version=one, year=year, mechanisms="fall") + DECLINE for one, year in ((1, 2021), (2, 2024))
    )
    add_falls = "\n".join(f"f{n} c{n} 5 unintentional fall resident event_date=2023-03-01 ·" for n in range(12))
    projected = {}
    for name, files in {"one": {"falls": first}, "two": {"falls": first, "falls_v2": second}}.items():
        db = connect(load({}, tmp_path / name), declared(tmp_path / name, **files))
        add(db, add_falls)
        add_reports_and_population(db, (2023, 2024) if name == "two" else (2023,))
        indicators.run(db, "night")
        [projected[name]] = db.rows("""SELECT p_value, reason FROM mart.indicator_statistic
            WHERE indicator_code = 'falls' AND statistic = 'projection' AND category <> 'log_linear'""")
        db.connection.close()
    assert projected["one"] == (pytest.approx(scipy.stats.nbinom(12.5, 0.5).cdf(11)), None)
    assert projected["two"] == (None, "too_early")  # the baseline year was counted by another definition


def test_a_rate_of_some_ages_is_over_the_children_of_these_ages(tmp_path: Path) -> None:
    """100 children live in every township, sex and year of age: 800 girls of one age. Of other ages no rate exists, not one of 0."""
    young = MADE_UP.format(version=1, year=2021, mechanisms="fall") + "ages: {from_years: 0, to_years: 12}\n"
    library = declared(
        tmp_path, falls=young, all=young.replace("falls", "all").replace("12}", "12, over_all_children: true}")
    )
    db = connect(load({}, tmp_path), library)
    add(db, "a a 12 unintentional fall resident sex=female\nb b 13 unintentional fall resident sex=female")
    add_reports_and_population(db, (2021, 2022, 2023, 2024))
    indicators.run(db, "night")
    figures = """SELECT age_group, denominator, numerator, rate_per_1000 IS NULL, reason FROM mart.indicator_rate
        WHERE (period, sex, township_code) = ('2024', 'female', 'all') AND indicator_code = '{}' ORDER BY ALL"""
    assert db.rows(figures.format("falls")) == [
        ("0", 800, 0, False, None), ("1-4", 3200, 0, False, None), ("10-14", 2400, 1, False, None),
        ("15-17", None, 0, True, "not_applicable"), ("5-9", 4000, 0, False, None), ("all", 10400, 1, False, None),
    ]  # fmt: skip
    over_all = {row[0]: row[1:] for row in db.rows(figures.format("all"))}
    assert over_all["all"] == (14400, 1, False, None) and over_all["15-17"] == (2400, 0, True, "not_applicable")
    assert over_all["10-14"] == (4000, 1, False, None)
    pooled = "SELECT category FROM mart.indicator_statistic WHERE (indicator_code, statistic, period) = ('all', 'pooled_rate', '2021-2023')"
    assert sorted(db.column(pooled)) == ["0", "1-4", "10-14", "5-9", "all", "female", "male"]
    db.connection.close()


def test_codes_of_icd_10_are_named_by_ranges(tmp_path: Path) -> None:
    text = MADE_UP.format(version=1, year=2021, mechanisms="fall").replace(
        "{column: mechanism, among: [fall]}", "{column: icd10_external, among: [W65-W74, V02-V04.19, X71, Y20.0]}"
    )
    db = connect(load({}, tmp_path), declared(tmp_path, falls=text))
    counted = ["W65", "W74.9", "V03.1", "X71", "X71.3", "Y20.0"]
    for code in (*counted, *["W64.9", "W75", "V03.2", "V03", "V05.1", "X70", "Y20", "Y20.1", "·"]):
        add(db, f"{code} {code} 5 unintentional other resident " + (f"icd10_external={code}" if code != "·" else "·"))
    add_reports_and_population(db, (2024,))
    indicators.run(db, "night")
    found = db.rows("SELECT incident_id FROM mart.counted WHERE indicator_code = 'falls'")
    assert {code for (code,) in found} == set(counted)
    db.connection.close()


@pytest.mark.parametrize(
    "mistake",
    [
        ("mechanisms", "fal"),
        ("among: [fall]", "amongst: [fall]"),
        ("column: mechanism", "column: mechanisms"),
        ("unit: incidents", "unit: events"),
        ("unit: incidents", "unit: incidents\nresidence: [residents]"),
        ("unit: incidents", "unit: incidents\ndepends_on: [hospitals]"),
        ("unit: incidents", "unit: incidents\nsensitivity: [SA7]"),
        ("unit: incidents", "unit: incidents\nexcluded: {column: icd10_external, among: [W74-W65]}"),
        ("unit: incidents", "unit: incidents\ncounted_tiers: [A1]"),
        ("unit: incidents", "unit: incidents\nages: {from_years: 0, to_years: 18}"),
        ("unit: incidents", "unit: incidents\nexcluded: {column: is_death, among: [yes please]}"),
        ("unit: incidents", "unit: incidents\nexcluded: {column: sources, among: [hospitals]}"),
        ("unit: incidents", "unit: incidents\nmeasures: {a: {title: {zh: a, en: a}, only: {column: intent, among: [selfharm]}}}"),
    ],
)  # fmt: skip
def test_a_typing_error_is_an_error_and_not_a_zero(tmp_path: Path, mistake: tuple[str, str]) -> None:
    right, wrong = mistake
    text = MADE_UP.format(version=1, year=2021, mechanisms=wrong if right == "mechanisms" else "fall")
    with pytest.raises(DeclarationError) as error:
        declared(tmp_path, falls=text.replace(right, wrong)).check()
    assert "falls.yaml" in error.value.text.zh


def test_two_versions_of_one_year_are_an_error(tmp_path: Path) -> None:
    one = MADE_UP.format(version=1, year=2021, mechanisms="fall")
    with pytest.raises(DeclarationError):
        declared(tmp_path, falls=one, again=MADE_UP.format(version=2, year=2021, mechanisms="animal")).check()
