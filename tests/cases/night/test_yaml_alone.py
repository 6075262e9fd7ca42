"""A feed, a population and an indicator are one YAML file each, and no code."""

from __future__ import annotations

from tests.conftest import Home

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
constants: {population_type: resident, method: assumed}
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


def test_a_new_feed_population_and_indicator(home: Home) -> None:
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


def test_a_misspelt_word_in_a_declaration_is_an_error_not_a_zero(home: Home) -> None:
    declare(home, "indicators/stings.yaml", INDICATOR.replace("animal", "animall"))
    declare(home, "sources/summer_camp.yaml", SOURCE)
    assert "animall" in _complaint(home)


def test_an_unknown_key_in_a_contract_is_an_error(home: Home) -> None:
    declare(home, "sources/summer_camp.yaml", SOURCE.replace("institution: camp", "institutoin: camp"))
    assert "institutoin" in _complaint(home)


def _complaint(home: Home) -> str:
    from ddk_surveillance.errors import DeclarationError

    home.drop("hospital", "a.csv", "x\n")
    try:
        home.night()
    except DeclarationError as error:
        return error.text.zh
    return ""
