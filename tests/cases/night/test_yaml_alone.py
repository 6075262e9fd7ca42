"""A feed, a population and an indicator are one YAML file each, and no code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ddk_surveillance import runs
from ddk_surveillance.contracts import (
    Ages,
    Condition,
    Correction,
    Indicator,
    Linkage,
    Rule,
    Source,
    SourceColumn,
    Target,
    Tier,
    Timeliness,
    Victims,
)
from ddk_surveillance.errors import DeclarationError
from ddk_surveillance.library import Library
from ddk_surveillance.link.preparation import Night
from ddk_surveillance.settings import resource
from tests.conftest import Home, take_in

GUIDE = (Path(__file__).parents[3] / "docs" / "feeds.md").read_text(encoding="utf-8")

SOURCE = """
source: summer_camp
title: {zh: 夏令营, en: summer camps}
owner: {zh: 团区委, en: Youth League}
version: 1
institution: camp
record_key: [number]
columns:
  camp:   {headers: [营地], kind: identifier, to: institution_id, required: true}
  number: {headers: [编号], kind: identifier, to: source_record_number, required: true, filled: error}
  year:   {headers: [年], kind: text, required: true}
  month:  {headers: [月], kind: text, required: true}
  event_date: {combine: [year, month], kind: date, filled: error}
  sex:    {headers: [性别], kind: code, codelist: sex, required: true}
  age:    {headers: [岁数], kind: age, to: age_years, required: true, filled: error}
  what:   {headers: [怎么伤的], kind: code, codelist: mechanism, to: mechanism, required: true, terms: {蜂蜇: animal}}
constants: {residence: resident, care_level: onsite}
rules:
  - {when: {mechanism: [animal, fall]}, set: {intent: unintentional}, reason: 意外}
linkage: {every_row_is_an_incident: true}
"""
POPULATION = """
source: population
title: {zh: 人口, en: population}
owner: {zh: 统计, en: statistics}
target: population
version: 1
columns:
  year:  {headers: [年], kind: number, required: true, filled: error}
  age:   {headers: [岁], kind: age, to: age_years, required: true, filled: error}
  sex:   {headers: [性别], kind: code, codelist: sex, required: true, filled: error}
  value: {headers: [人], kind: number, required: true, filled: error}
constants: {method: assumed}
"""
INDICATOR = """
indicator: stings
version: 1
valid_from: "2024-01-01"
title: {zh: 蜂蜇率, en: stings}
definition: {zh: 夏令营蜂蜇, en: stings at summer camps}
unit: incidents
numerator: {column: mechanism, among: [animal]}
depends_on: [summer_camp]
"""
ROWS = """营地,编号,年,月,性别,岁数,怎么伤的
A,1,2024,7,男,9,蜂蜇
A,2,2024,7,男,9,蜂蜇
A,3,2024,8,女,12,跌倒
A,4,2024,8,女,19,蜂蜇
A,5,2024,13,女,12,跌倒
"""
PEOPLE = "".join(
    f"2024,{age},{sex},{1000 if (age, sex) in ((9, '男'), (12, '女')) else 0}\n" for age in range(18) for sex in "男女"
)


def declare(home: Home, path: str, text: str) -> None:
    file = home.settings.home / "schemas" / path
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def test_a_new_feed_population_and_indicator(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Linked as 100,000 records are, none of which is intended and of none of which an office has found anything."""
    monkeypatch.setattr(Night, "is_large", True)
    declare(home, "sources/summer_camp.yaml", SOURCE)
    declare(home, "sources/population.yaml", POPULATION)
    declare(home, "indicators/stings.yaml", INDICATOR)
    home.drop("summer_camp", "camp.csv", ROWS)
    home.drop("population", "p.csv", "年,岁,性别,人\n" + PEOPLE)
    home.night()
    assert home.ledger("summer_camp") == {"rows_received": 5, "out_of_scope": 1, "quarantined": 1, "loaded": 3}
    [figure] = home.query(
        "SELECT records, incidents, numerator, denominator, round(rate_per_1000, 3), unstable, reason FROM mart.indicator_rate "
        "WHERE indicator_code = 'stings' AND period = '2024' AND (sex, age_group, township_code) = ('all', 'all', 'all')"
    )
    assert figure == (2, 2, 2, 2000.0, 1.0, True, None)


REGISTER = """CONTADOR;DTOBITO;ANO;MES;DIA;IDADE;SEXO;CAUSABAS
1;05032024;2024;3;4;412;1;X954
2;05032024;2024;2;99;311;2.0;W699
3;31122023;2023;12;;205;9;W84
4;31122023;;;;101;01;V031
5;05032024;2024;3;4;999;1;X954
6;05032024;2024;3;4;503;1;X954
7;05032024;2024;;4;412;1;X954
8;05032024;2024;3;4;412;1;I219
"""


def test_a_feed_with_a_notation_of_its_own(home: Home) -> None:
    """That of docs/feeds.md, and the indicator beside it, which is about the second row."""
    declared, _, indicator = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    declare(home, "indicators/drowning.yaml", indicator)
    declare(home, "sources/registry.yaml", declared.replace("linkage:", "hold_above_share: 0.5\nlinkage:"))
    home.drop("registry", "DO24.csv", REGISTER.encode("latin-1"))
    home.drop(
        "population",
        "p.csv",
        "年份,性别,年龄,人数\n" + "".join(f"2024,{s},{a},500\n" for a in range(18) for s in "男女"),
    )
    home.night()
    assert home.query(
        "SELECT value, events, person_years FROM mart.indicator_statistic WHERE (indicator_code, statistic, period)"
        " = ('drowning', 'rate_per_100000', '2024')"
    ) == [(pytest.approx(100000 / 15000), 1, 15000)]
    assert home.ledger("registry") == {"rows_received": 8, "out_of_scope": 2, "quarantined": 2, "loaded": 4}
    assert home.query(
        "SELECT source_record_number, age_years, age_months, sex, event_date_from::VARCHAR, event_date_to::VARCHAR,"
        " death_date::VARCHAR, icd10_external, intent FROM core.record ORDER BY 1"
    ) == [
        ("1", 12, None, "male", "2024-03-04", "2024-03-04", "2024-03-05", "X95.4", "assault"),
        ("2", 0, 11, "female", "2024-02-01", "2024-02-29", "2024-03-05", "W69.9", "unintentional"),
        ("3", 0, 0, None, "2023-12-01", "2023-12-31", "2023-12-31", "W84", "unintentional"),
        ("4", 0, 0, "male", "2023-12-31", "2023-12-31", "2023-12-31", "V03.1", "unintentional"),
    ]
    assert home.query(
        "SELECT row_number, column_name FROM ops.quarantine WHERE rule IN ('readable', 'filled') ORDER BY ALL"
    ) == [
        (6, "age"),
        (8, "event_date"),
    ]


def test_equal_rows_of_a_register_without_doubles_are_as_many_cases(home: Home) -> None:
    """Two victims of one crash may look alike; that a file brings the same two again adds nobody."""
    declare(
        home,
        "sources/summer_camp.yaml",
        SOURCE.replace("record_key: [number]\n", "").replace("filled: error}\n  year", "filled: warning}\n  year"),
    )
    alike = "营地,编号,年,月,性别,岁数,怎么伤的\nA,,2024,7,男,9,蜂蜇\nA,,2024,7,男,9,蜂蜇\n"
    home.drop("summer_camp", "july.csv", alike)
    home.night(take_in)
    home.drop("summer_camp", "august.csv", alike + "A,,2024,7,男,9,蜂蜇\nA,,2024,8,男,9,蜂蜇\n")
    home.night(take_in)
    assert home.ledger("summer_camp") == {"rows_received": 6, "duplicate": 2, "loaded": 4}


def test_a_file_comes_again_when_its_declaration_is_mended(home: Home) -> None:
    """The same bytes could not be read at first and can be now; the books hold both."""
    declare(home, "sources/summer_camp.yaml", SOURCE.replace("[怎么伤的]", "[原因]"))
    home.drop("summer_camp", "camp.csv", ROWS)
    home.night(take_in)
    assert home.ledger("summer_camp") == {}
    declare(home, "sources/summer_camp.yaml", SOURCE)
    home.drop("summer_camp", "camp.csv", ROWS)
    home.night(take_in)
    assert home.ledger("summer_camp") == {"rows_received": 5, "out_of_scope": 1, "quarantined": 1, "loaded": 3}
    assert home.query("SELECT is_balanced, rows_received FROM ops.ledger ORDER BY ALL") == [(True, 0), (True, 5)]


def test_without_age_or_date_nobody_is_counted_by_default(home: Home) -> None:
    """An unknown age made a child of everybody, and without a date a row was in use and in no year."""
    declare(home, "sources/summer_camp.yaml", SOURCE.replace(", filled: error}", "}") + "hold_above_share: 0.9\n")
    home.drop("summer_camp", "camp.csv", ROWS.replace("男,9", "男,").replace("2024,8", ","))
    home.night(take_in)
    assert home.query("SELECT row_number, column_name FROM ops.quarantine WHERE rule = 'filled' ORDER BY ALL") == [
        (2, "age"),
        (3, "age"),
        (4, "event_date"),
        (5, "event_date"),
    ]


def test_rows_of_both_sexes_are_no_population(home: Home) -> None:
    declare(home, "sources/population.yaml", POPULATION + "hold_above_share: 0.5\n")
    home.drop("population", "p.csv", "年,岁,性别,人\n2024,9,男,10\n2024,9,女,11\n2024,9,不详,21\n")
    home.night(take_in)
    assert home.query("SELECT sum(value) FROM ref.population") == [(21.0,)]
    assert home.query("SELECT row_number, column_name, rule FROM ops.quarantine") == [(4, "sex", "filled")]


def test_a_population_with_a_column_for_each_sex_becomes_rows(home: Home) -> None:
    """That of docs/feeds.md."""
    _, wide, _ = re.findall(r"```yaml\n(.*?)```", GUIDE, re.DOTALL)
    head, _ = POPULATION.split("columns:")
    declare(home, "sources/population.yaml", f"{head}{wide}constants: {{method: assumed}}\nhold_above_share: 0.5\n")
    home.drop("population", "p.csv", 'Age,M2024,F2024\n9,10,"1,011"\n10,20,21\n11,,5\nAll,30,1037\n')
    home.night(take_in)
    assert home.query("SELECT year, age_years, sex, value FROM ref.population ORDER BY ALL") == [
        (2024, 9, "female", 1011), (2024, 9, "male", 10), (2024, 10, "female", 21), (2024, 10, "male", 20), (2024, 11, "female", 5),
    ]  # fmt: skip
    assert home.ledger("population") == {"rows_received": 4, "exploded": 3, "quarantined": 2, "loaded": 5}


def test_a_case_with_columns_for_each_victim_becomes_as_many_records_as_it_says_something_of(home: Home) -> None:
    parts = {name: f"{{headers: [{name}], kind: text}}" for name in ("age1", "age2", "sex1", "sex2")}
    parts["age"] = "{combine: [age1, age2], kind: age, to: age_years, filled: error}"
    parts["sex"] = "{combine: [sex1, sex2], kind: code, codelist: sex}"
    columns = "".join(f"  {name}: {declared}\n" for name, declared in parts.items())
    wide = re.sub("  sex:.*\n  age:.*\n", columns, SOURCE)
    declare(home, "sources/summer_camp.yaml", wide + "victims: {columns: [age, sex]}\nhold_above_share: 1.0\n")
    head = "营地,编号,年,月,怎么伤的,age1,sex1,age2,sex2\n"
    home.drop(
        "summer_camp",
        "c.csv",
        head
        + "A,1,2024,7,跌倒,9,男,NA,.\nA,2,2024,7,跌倒,8月,女,12,男\nA,3,2024,7,跌倒,,,,\nA,4,2024,7,跌倒,,,12,女\n",
    )
    home.night(take_in)
    records = "SELECT source_record_number, victim_number, age_years, sex FROM core.record_version ORDER BY ALL"
    assert home.query(records) == [
        ("1", 1, 9, "male"), ("2", 1, 0, "female"), ("2", 2, 12, "male"), ("4", 1, 12, "female"),
    ]  # fmt: skip
    assert home.ledger("summer_camp") == {"rows_received": 4, "exploded": 1, "quarantined": 1, "loaded": 4}


def test_a_population_in_parts_is_not_the_last_of_them(home: Home) -> None:
    declare(home, "sources/population.yaml", POPULATION + "hold_above_share: 0.9\n")
    home.drop(
        "population",
        "p.csv",
        "年,岁,性别,人,城乡\n2024,9,男,10,城\n2024,9,男,30,乡\n2024,9,女,11,城\n2024,9,女,11,城\n2024,8,女,-9,城\n",
    )
    home.night(take_in)
    assert home.query("SELECT sex, value FROM ref.population") == [("female", 11.0)]
    assert home.query("SELECT row_number, problem FROM ops.quarantine ORDER BY 1") == [
        (2, "population_given_twice"),
        (3, "population_given_twice"),
        (6, "number_out_of_range"),
    ]


def test_the_guide_names_every_key_of_a_feed_and_an_indicator() -> None:
    first_cells = re.findall(r"^\| (`.*?) \|", GUIDE, re.MULTILINE)
    named = {key for cell in first_cells for key in re.findall(r"`(\w+)`", cell)}
    assert named == Source.model_fields.keys() | SourceColumn.model_fields.keys() | Indicator.model_fields.keys()
    parts = (Victims, Rule, Correction, Timeliness, Linkage, Target, Tier, Ages, Condition)
    inside = {key for part in parts for key in part.model_fields}
    assert inside - set(re.findall(r"\b\w+\b", " ".join(re.findall("`(.+?)`", GUIDE)))) == set()


@pytest.mark.parametrize(
    ("written", "mistaken", "complaint"),
    [
        ("蜂蜇: animal", "蜂蜇: animall", "animall (there are: animal, "),
        ("[animal, fall]", "[animall, fall]", "codes of mechanism, for rule 1: animall"),
        ("when: {mechanism: [animal, fall]}", "when: {year: ['2024']}", "year"),
        ("{mechanism: [animal, fall]}", "{icd10_external: [W65–W74]}", "W65–W74 is no code or range of ICD-10"),
        ("蜂蜇: animal", "Yes: animal", "write it in quotes"),
        ("蜂蜇: animal", "010: animal", "010: write it in quotes"),
        ("to: age_years", "to: age_years, rewrite: {'2(..': ''}", "columns.age: rewrite 2(.. → "),
        ("to: age_years", "to: age_years, rewrite: {'2..': '\\1 days'}", "invalid group reference 1"),
        ("kind: text, required", "kind: text, rewrite: {'99': ''}, required", "cannot be rewritten"),
        ("codelist: sex", "codelist: sexes", "not among the code lists, for columns.sex: sexes"),
        ("codelist: sex", "codelist: sex, dictionary: who", "columns of sex.csv, for columns.sex: who"),
        ("[编号]", "[营地]", "two columns have the same headers: 营地"),
        ("[月], kind: text", "[月], kind: text, to: source_record_number", "the same targets: source_record_number"),
        ("[月], kind: text", "[月], kind: text, to: is_death", "the kind text cannot become is_death"),
        ("to: mechanism", "to: mechanisme", "a feed may fill, for columns.what: mechanisme (there are: activity, "),
        ("to: age_years", "to: age_years, fill: error", "columns.age: not among the keys: fill (there are: codelist, "),
        ("[月], kind: text", "[月], kind: code, terms: {1: ja}, to: is_death", "yes-no column is_death"),
        ("[月], kind: text", "[月], kind: age, to: age_months", "it becomes age_years"),
        ("[月], kind: text", "[月], kind: date, to: event_date_from", "it becomes event_date"),
        ("kind: age, to: age_years", "kind: number, to: age_months", "gives age_years or birth_month"),
        ("event_date: {combine", "visit_date: {combine", "gives event_date or death_date"),
        ("residence: resident", "severity: minor", "gives township_code or residence"),
        ("residence: resident", 'residence: resident, is_death: "ja"', "yes-no column is_death, for constants: ja"),
        ("  camp: ", "  order: ", "the word is taken: order"),
        ("- {when: ", "- {from_attributes: year, when: ", "whose code list has attributes, for rule 1: year"),
        ("source: summer_camp", "source: winter_camp", "the name of the source"),
        ("institution: camp", "institutoin: camp", "not among the keys: institutoin (there are: checks, columns, "),
        ("linkage:", "checks: {Q99: error}\nlinkage:", "not among the checks: Q99"),
        ("linkage:", "checks: {Q24: off}\nlinkage:", "checks.Q24: YAML reads this word as False: write it in quotes"),
        ("record_key: [number]", "record_key: [no]", "record_key.0: YAML reads this word as False: write it in quotes"),
        (
            "rules:",
            "victims: {columns: [sex, age], separator: '[、'}\nrules:",
            "victims: separator: unterminated character set",
        ),
        (
            "rules:",
            "victims: {columns: [sex, age], separator: ''}\nrules:",
            "separator: it must not fit where nothing stands",
        ),
        (
            "rules:",
            "victims: {columns: [sex, age], separator: '(?<=岁)、'}\nrules:",
            "separator: Invalid regular expression",
        ),
        ("rules:", "victims: {columns: [sex], each: {place: [home]}}\nrules:", "have one part per victim"),
        ("rules:", "victims: {columns: [event_date], each: {sex: [male, female]}}\nrules:", "the same targets: sex"),
        (
            "rules:",
            "victims: {columns: [event_date], each: {place: [home, hous]}}\nrules:",
            "codes of place, for victims.each: hous",
        ),
        ("record_key: [number]", "record_key: number", "record_key: must be a list"),
        ("record_key: [number]", "record_key: [number, month]", "for record_key, combine several into one"),
        (
            "[营地], kind: identifier, to: institution_id",
            "[营地], kind: text",
            "become institution_id, for institution: camp",
        ),
        ("en: summer camps", "en: camps: summer", "line 3: "),
        ("combine: [year, month]", "combine: [year, months]", "months"),
    ],
)
def test_a_mistake_in_a_feed_is_told_before_any_file_is_read(
    written: str, mistaken: str, complaint: str, tmp_path: Path
) -> None:
    (tmp_path / "sources").mkdir()
    mistaken = SOURCE.replace(written, mistaken)
    (tmp_path / "sources" / "summer_camp.yaml").write_text(mistaken, encoding="utf-8")
    with pytest.raises(DeclarationError, match=re.escape(complaint)) as told:
        Library((resource("schemas"), tmp_path)).check()
    assert "sources/summer_camp.yaml" in told.value.text.en


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("codelists/sex.csv", "id,zh\n1,男\n", "codelists/sex.csv is wrong: not among the columns: code"),
        ("codelists/sex.csv", "code,zh\nmale,男\n", "columns of sex.csv, for columns.sex: aliases, en"),
        ("codelists/sex.csv", "code,zh,en,aliases\nmale,男,m,\nmale,雄,m,\n", "codes given twice: male"),
        ("codelists/sex.csv", "code,zh,en,aliases\nmale,男,m,\n".encode("gb18030"), "it is not saved as UTF-8"),
        ("sources/more.yml", SOURCE, "more.yml is wrong: its name must end in .yaml"),
        (
            "source/more.yaml",
            SOURCE,
            "source/more.yaml is wrong: nothing is read there; it belongs to one of checks.yaml, ",
        ),
        ("population.yaml", POPULATION, "population.yaml is wrong: nothing is read there"),
        (
            "indicators/i.yaml",
            INDICATOR.replace("mechanism, among: [animal]", "age_years, among: [young]"),
            "whole numbers",
        ),
        (
            "indicators/i.yaml",
            f"{INDICATOR}measures: {{19: {{title: {{zh: 一, en: one}}}}}}",
            "19 is the code of another figure",
        ),
        ("indicators/i.yaml", f"{INDICATOR}ages: 0-14", "ages: must be keys with values"),
        ("indicators/i.yaml", f"{INDICATOR}ages: {{from_years: 9, to_years: 4}}", "from_years is after to_years"),
        ("indicators/i.yaml", f"{INDICATOR}completeness: [summer_camp]", "completeness names two or three feeds"),
        ("indicators/i.yaml", f"{INDICATOR}target: {{kind: below, year: 2030, attribute: 预期性}}", "limit_per_1000"),
        (
            "indicators/i.yaml",
            f"{INDICATOR}target: {{kind: below, year: 2030, attribute: 预期性, limit_per_1000: '0.0'}}",
            "limit_per_1000 must be above 0",
        ),
    ],
)
def test_a_mistake_in_another_declaration_is_told_too(
    file: str, content: str | bytes, complaint: str, tmp_path: Path
) -> None:
    for name, text in {"sources/summer_camp.yaml": SOURCE, file: content}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(text.encode() if isinstance(text, str) else text)
    with pytest.raises(DeclarationError, match=re.escape(complaint)):
        Library((resource("schemas"), tmp_path)).check()


def test_a_misspelt_word_in_a_declaration_is_an_error_not_a_zero(home: Home) -> None:
    declare(home, "indicators/stings.yaml", INDICATOR.replace("animal", "animall"))
    declare(home, "sources/summer_camp.yaml", SOURCE)
    assert "animall" in _complaint(home)


def test_an_unknown_key_in_a_contract_is_an_error(home: Home) -> None:
    declare(home, "sources/summer_camp.yaml", SOURCE.replace("institution: camp", "institutoin: camp"))
    assert "institutoin" in _complaint(home)


def test_a_wrong_declaration_is_told_before_anything_of_the_run_is_made_ready(home: Home) -> None:
    declare(home, "sources/summer_camp.yaml", "source: [")
    with pytest.raises(DeclarationError, match=r"summer_camp\.yaml"):
        runs._make_ready(home.settings, "no such flow")


def _complaint(home: Home) -> str:
    home.drop("hospital", "a.csv", "x\n")
    try:
        home.night()
    except DeclarationError as error:
        return error.text.zh
    return ""


def test_a_code_list_may_come_from_excel(tmp_path: Path) -> None:
    (tmp_path / "codelists").mkdir()
    (tmp_path / "codelists" / "sex.csv").write_text("code,zh,en,aliases\nmale,男\n", encoding="utf-8-sig")
    library = Library((resource("schemas"), tmp_path))
    assert library.codes["sex"] == {"male"} and library.code_labels("sex") == {"male": ("男", "")}
