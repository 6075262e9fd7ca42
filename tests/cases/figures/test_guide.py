"""The analyst's pages are those of today's declarations, and every statistic has a name."""

from __future__ import annotations

from ddk_surveillance.indicators.guide import pages
from ddk_surveillance.settings import PROJECT
from tests.cases.figures.conftest import LIBRARY, District


def test_every_indicator_has_its_page_as_declared_today() -> None:
    folder = PROJECT / "docs" / "indicators"
    written = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.md")}
    assert written == pages(LIBRARY), "run python -m ddk_surveillance.indicators.guide"
    assert len(written) == 5


def test_a_page_names_every_measure_tier_and_analysis() -> None:
    for code, one in LIBRARY.indicators.items():
        text = pages(LIBRARY)[f"{code}.md"]
        for name, said in (*one.measures.items(), *one.tiers.items()):
            assert f"| {name} | {said.title.zh}<br>{said.title.en} |" in text
        assert all(f"| {name} |" in text for name in one.sensitivity)


def test_every_statistic_is_computed_and_named(district: District) -> None:
    computed = {name for (name,) in district.rows("SELECT DISTINCT statistic FROM mart.indicator_statistic")}
    assert computed == set(LIBRARY.codes["statistic"]) and len(computed) == 26


def test_townships_are_compared_with_the_whole_district(district: District) -> None:
    """Where every cell has as many children, a standardised ratio is that of the counts, and the expected add up to the observed."""
    [(differing, rows)] = district.rows("""
        WITH ratio AS (SELECT indicator_code, period, value, events, events / value AS expected
                       FROM mart.indicator_statistic WHERE statistic = 'standardised_ratio' AND value > 0)
        SELECT count(*) FILTER (abs(expected - total / 8) > 1e-9), count(*)
        FROM ratio JOIN (SELECT indicator_code, year::VARCHAR AS period, count(*) AS total FROM mart.counted
            WHERE is_in_numerator AND 'unknown' NOT IN (sex, age_group, township_code) GROUP BY ALL) USING (indicator_code, period)""")
    assert differing == 0 and int(str(rows)) > 80
    rates = district.rows("""SELECT events >= 10, reason, count(value) FROM mart.indicator_statistic
        WHERE statistic = 'standardised_rate' AND category <> 'all' GROUP BY ALL ORDER BY 1""")
    assert (
        [row[:2] for row in rates] == [(False, "too_few"), (True, None)]
        and rates[0][2] == 0
        and int(str(rates[1][2])) > 40
    )
