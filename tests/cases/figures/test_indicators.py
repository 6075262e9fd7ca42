"""From a few incidents to the figures, by hand: what each of the three indicators counts and what it leaves out."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from ddk_surveillance import indicators
from ddk_surveillance.indicators.definition import analyses_of
from ddk_surveillance.indicators.figures import final_from
from ddk_surveillance.library import Library
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import Warehouse, connect

DISTRICT = "period_type = 'year' AND sex = 'all' AND age_group = 'all' AND township_code = 'all'"
# incident child date       age sex    intent        mechanism   death residence    other
INCIDENTS = """
i01      a     2024-03-01 16  female self_harm     poisoning   no    resident     ·
i02      a     2024-06-01 16  female self_harm     sharp_force no    resident     ·
i03      b     2024-02-01 15  male   self_harm     fall        yes   resident     ·
i04      c     2024-02-02 14  male   self_harm     fall        no    non_resident ·
i05      d     2024-07-01 3   male   unintentional drowning    yes   resident     ·
i06      e     2024-07-02 9   male   unintentional drowning    yes   unknown      ·
i07      f     2024-07-03 9   male   unintentional fall        no    resident     ·
i08      g     2024-09-01 12  male   assault       blunt_force no    resident     ·
i09      g     2024-09-20 12  male   assault       blunt_force no    resident     ·
i10      h     2024-09-21 13  female unintentional sexual_assault no resident     ·
i11      i     2024-10-01 13  female assault       other       no    resident     violence_type=bullying,bullying_form=verbal
i12      j     2024-10-02 13  female assault       blunt_force no    resident     case_status=excluded
i13      k     2024-10-03 13  female assault       blunt_force yes   resident     ·
i14      l     2024-10-04 13  male   undetermined  poisoning   yes   resident     ·
"""


def made(folder: Path) -> Warehouse:
    db = connect(load({}, folder), Library())
    db.execute("INSERT INTO ops.batch BY NAME SELECT 'b' AS batch_id, 'population' AS source_code, '' AS sha256, 0 AS size_bytes, "
               "TIMESTAMP '2026-01-01' AS received_at, 'loaded' AS status")  # fmt: skip
    return db


@pytest.fixture
def warehouse(tmp_path: Path) -> Iterator[Warehouse]:
    db = made(tmp_path)
    yield db
    db.connection.close()


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    """The incidents above among 36 000 children, counted; only to be looked at."""
    db = made(tmp_path_factory.mktemp("counted"))
    add_population(db, 2024)
    add_incidents(db, INCIDENTS)
    indicators.run(db, "night")
    yield db
    db.connection.close()


def add_population(db: Warehouse, year: int, persons: int = 1000) -> None:
    db.execute(
        "INSERT INTO ref.population_version BY NAME SELECT 'b' AS batch_id, '' AS sheet, 1 AS row_number, 1 AS victim_number, "
        "'loaded' AS disposition, ? AS year, sex, age AS age_years, 'resident' AS population_type, ? AS value "
        "FROM range(18) r(age), (VALUES ('male'), ('female')) s(sex)", [year, persons])  # fmt: skip


SOURCES = ("hospital", "death_registry", "police")  # on which the three indicators depend together


def add_incidents(db: Warehouse, table: str, sources: tuple[str, ...] = SOURCES) -> None:
    """The incidents of the table, each of them reported by every one of the sources."""
    for line in table.strip().splitlines():
        identity, child, date, age, sex, intent, mechanism, death, residence, other = line.split()
        values = {
            "incident_id": identity, "child_id": child, "event_date": date, "event_year": date[:4], "age_years": age,
            "sex": sex, "intent": intent, "mechanism": mechanism, "is_death": str(death == "yes"), "residence": residence,
            "records": "1", "known_from": "2025-01-01", **(dict(pair.split("=") for pair in other.split(",")) if other != "·" else {}),
        }  # fmt: skip
        if death == "yes":
            values["death_date"] = date
        columns = db.library.tables["core.incident_version"].columns.items()
        needed = {
            name: "''" if column.type == "VARCHAR" else "0"
            for name, column in columns
            if column.required and name not in values
        }
        selected = [f"'{value}' AS {name}" for name, value in values.items()]
        selected += [f"{value} AS {name}" for name, value in needed.items()]
        db.execute(f"INSERT INTO core.incident_version BY NAME SELECT {', '.join(selected)}")
    db.execute(
        "INSERT INTO core.record_version BY NAME SELECT incident_id AS record_id, 'b' AS batch_id, '' AS sheet, 1 AS row_number,"
        " 1 AS victim_number, 'loaded' AS disposition, '' AS content_hash, source_code,"
        " event_date AS event_date_from FROM core.incident, (SELECT unnest(?) AS source_code)",
        [list(sources)],
    )


def figures(
    db: Warehouse, where: str = DISTRICT, columns: str = "indicator_code, records, incidents, children, numerator"
) -> Any:
    headline = "indicator_code IN ('18', '19', '20')"
    return db.rows(
        f"SELECT {columns} FROM mart.indicator_rate WHERE {headline} AND {where} AND period = '2024' ORDER BY ALL"
    )


def test_what_each_indicator_counts(counted: Warehouse) -> None:
    assert figures(counted) == [
        # records incidents children numerator
        ("18", 3, 3, 2, 2),  # a twice counts once, b's suicide; c lives elsewhere
        ("19", 1, 1, 1, 1),  # d only: e's residence is unknown, b and k died otherwise, l's intent is open
        ("20", 4, 4, 3, 4),  # g twice, h (sexual assault whatever the intent box says), k; words alone and excluded not
    ]


def test_rates_and_exact_intervals(counted: Warehouse) -> None:
    rates = figures(
        counted, columns="indicator_code, denominator, round(rate_per_1000, 4), round(ci_low, 4), round(ci_high, 4)"
    )
    assert rates == [  # 36 000 children; Garwood's limits of 2, 1 and 4 events
        ("18", 36000.0, 0.0556, 0.0067, 0.2007),
        ("19", 36000.0, 0.0278, 0.0007, 0.1548),
        ("20", 36000.0, 0.1111, 0.0303, 0.2845),
    ]


def test_every_margin_is_the_sum_of_its_parts(counted: Warehouse) -> None:
    for margin, part in (("sex", "age_group"), ("age_group", "sex")):
        parts = f"period_type = 'year' AND {margin} <> 'all' AND {part} = 'all' AND township_code = 'all'"
        summed = counted.rows(
            f"SELECT indicator_code, sum(numerator)::BIGINT FROM mart.indicator_rate WHERE {parts} AND period = '2024'"
            " AND indicator_code IN ('18', '19', '20') GROUP BY 1 ORDER BY 1"
        )
        assert summed == figures(counted, columns="indicator_code, numerator")


def test_what_is_not_known_is_empty_with_a_reason(warehouse: Warehouse) -> None:
    add_population(warehouse, 2023)
    add_incidents(warehouse, "i1 a 2024-03-01 16 female self_harm poisoning no resident ·")
    indicators.run(warehouse, "night")
    why = warehouse.rows(
        f"SELECT period, numerator, denominator, rate_per_1000, reason FROM mart.indicator_rate WHERE indicator_code = '18' AND {DISTRICT} ORDER BY 1"
    )
    assert why == [
        ("2023", None, 36000.0, None, "not_reported"),  # no hospital record lies in 2023: silence is not zero
        ("2024", 1, None, None, "denominator_missing"),
    ]


def test_an_indicator_waits_for_the_sources_it_depends_on(warehouse: Warehouse) -> None:
    """Deaths without their register, violence without the police: too few, and nobody could tell."""
    add_population(warehouse, 2024)
    add_incidents(warehouse, INCIDENTS, sources=("hospital",))
    indicators.run(warehouse, "night")
    silent = [(code, None, "not_reported") for code in ("18", "19", "20")]
    assert figures(warehouse, columns="indicator_code, numerator, reason") == silent


def test_a_titled_file_reports_its_year_even_without_an_injury_in_it(warehouse: Warehouse) -> None:
    """A register in which every child of the year died of a disease has reported; one whose file is held has not."""
    add_population(warehouse, 2024)
    add_incidents(warehouse, INCIDENTS, sources=("hospital", "police"))
    for status, deaths in (("held", None), ("loaded", 1)):
        warehouse.execute(
            "INSERT INTO ops.batch BY NAME SELECT ? AS batch_id, 'death_registry' AS source_code, '' AS sha256, 0 AS size_bytes,"
            " TIMESTAMP '2025-01-09' AS received_at, ? AS status, 2024 AS title_year", [status, status])  # fmt: skip
        indicators.run(warehouse, "night")
        [(_, counted)] = [row for row in figures(warehouse, columns="indicator_code, numerator") if row[0] == "19"]
        assert counted == deaths


def test_a_year_becomes_final_at_the_end_of_june_of_the_next() -> None:
    plan = Library().plan
    days = (date(2025, 12, 31), date(2026, 6, 29), date(2026, 6, 30))
    assert [day >= final_from(2025, plan) for day in days] == [False, False, True]


def test_the_binding_target_is_judged_on_exact_numbers(warehouse: Warehouse) -> None:
    """36 000 children: 3 deaths are 0.083 per 1000, met; 4 are 0.111, missed."""
    verdicts = {}
    add_population(warehouse, 2024)
    for deaths in (3, 4):
        warehouse.execute("DELETE FROM core.incident_version; DELETE FROM core.record_version")
        add_incidents(
            warehouse,
            "\n".join(f"i{n} c{n} 2024-03-01 5 male unintentional fall yes resident ·" for n in range(deaths)),
        )
        indicators.run(warehouse, "night")
        [verdicts[deaths]] = warehouse.rows(
            "SELECT verdict, verdict_zh FROM mart.indicator_verdict WHERE indicator_code = '19' AND year = 2024"
        )
    assert verdicts[3][0] == "met" and verdicts[3][1].startswith("达标；")
    assert verdicts[4][0] == "missed" and verdicts[4][1].startswith("未达标；")


def test_the_declared_indicators() -> None:
    library = Library()
    measures = {code: list(one.measures) for code, one in library.indicators.items()}
    assert measures == {
        "18": ["18a", "18b", "18c", "18d"],
        "19": [],
        "19n": [],
        "20": ["20a", "20b_physical", "20b_sexual", "20b_neglect", "20b_psychological", "20c", "20d"],
        "injury": [],
    }
    analyses = {code: list(analyses_of(library, one)) for code, one in library.indicators.items()}
    common = ["SA1", "SA2", "SA3", "SA4", "SA5", "SA6", "severe"]
    left_out = ["tier_B2", "tier_B1", "tier_X", "tier_B2p"]
    assert analyses == {"18": common, "19": common, "19n": [], "20": common + left_out, "injury": []}
