"""A stage does its work again when anything that it is made from has changed, and else would only make the same again."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ddk_surveillance import arrivals, indicators, link
from ddk_surveillance.library import Library
from ddk_surveillance.link import measurement
from ddk_surveillance.quality import across
from ddk_surveillance.warehouse import Warehouse, open_warehouse
from tests.conftest import HOSPITAL, Home, csv_of

Happening = Callable[[Warehouse], object]
STAGES = {"measure": measurement, "arrivals": arrivals, "across": across, "indicators": indicators}
EVERYTHING = set(STAGES)
MADE = {
    "arrivals": ("ops.arrival",),
    "across": ("out.completeness", "out.timeliness", "out.coverage", "ops.alert", "ops.check_result"),
    "indicators": ("mart.counted", "mart.indicator_rate", "mart.indicator_cube", "mart.indicator_verdict", "mart.indicator_statistic"),
}  # fmt: skip


@pytest.fixture(scope="module")
def db(make_shared_home: Callable[..., Home]) -> Iterator[Warehouse]:
    """After a night on 21 June 2024, when the reports of May were due."""
    home = make_shared_home()
    home.drop("hospital", "a.csv", csv_of(HOSPITAL))
    home.night()
    with open_warehouse(home.settings) as opened:
        _night(opened, "2024-06-21")
        opened.execute("DELETE FROM ops.meta WHERE name IN ('arrivals', 'across', 'indicators')")
        _run(opened)
        yield opened


def _night(db: Warehouse, day: str) -> None:
    db.execute("UPDATE ops.night SET started_at = ?", [day])


def _withdraw(db: Warehouse) -> None:
    db.execute("UPDATE core.record_version SET disposition = 'withdrawn' WHERE source_record_number = 'C1'")


def _decide(db: Warehouse) -> None:
    db.execute("""
        INSERT INTO link.adjudication BY NAME SELECT 1 AS adjudication_id, min(record_id) AS left_record_id,
            max(record_id) AS right_record_id, 'same' AS decision, 'x' AS decided_by, now()::TIMESTAMP AS decided_at, 'x' AS reason
        FROM core.record""")


def _declare(db: Warehouse) -> None:
    folder = db.settings.home / "schemas"
    folder.mkdir(exist_ok=True)
    (folder / "linkage_quality.yaml").write_text(
        _shipped(db, "linkage_quality.yaml") + "\n# another\n", encoding="utf-8"
    )
    db.library = Library(db.settings.declarations)


def _shipped(db: Warehouse, name: str) -> str:
    return (Path(db.library.folders[0]) / name).read_text(encoding="utf-8")


def _file(db: Warehouse, status: str, year: int | None = None) -> None:
    db.execute(
        "INSERT INTO ops.batch BY NAME SELECT 'other' AS batch_id, 'police' AS source_code, '' AS sha256, 0 AS size_bytes,"
        " TIMESTAMP '2024-06-21' AS received_at, ? AS status, ? AS title_year, 5 AS title_month, true AS is_zero_report",
        [status, year],
    )


def _people(db: Warehouse) -> None:
    db.execute("""
        INSERT INTO ref.population_version BY NAME SELECT 'other' AS batch_id, '' AS sheet, 1 AS row_number, 1 AS victim_number,
            'loaded' AS disposition, 2024 AS year, 'male' AS sex, 5 AS age_years, 'resident' AS population_type, 100 AS value""")


HAPPENINGS: dict[str, tuple[Happening, set[str]]] = {
    "nothing but another night": (lambda db: _night(db, "2024-06-29"), set()),
    "a month has passed": (lambda db: _night(db, "2024-07-02"), {"arrivals", "across", "indicators"}),
    "a report is not due": (lambda db: _night(db, "2024-06-05"), {"arrivals"}),
    "a record is no more": (_withdraw, EVERYTHING),
    "a reviewer has decided": (_decide, {"measure", "across", "indicators"}),
    "a declaration is another": (_declare, EVERYTHING),
    "a file was refused": (lambda db: _file(db, "refused"), {"across"}),
    "a report of nothing": (lambda db: _file(db, "loaded", 2024), {"arrivals", "across", "indicators"}),
    "the population": (_people, {"indicators"}),
}


@pytest.mark.parametrize("happening", HAPPENINGS)
def test_what_has_changed_is_made_again_and_the_rest_is_left(db: Warehouse, happening: str) -> None:
    happens, expected = HAPPENINGS[happening]
    library = db.library
    with db.transaction(is_rehearsal=True):
        happens(db)
        link.run(db, "later")
        assert _run(db) == expected
    db.library = library


def test_the_rest_would_not_differ(db: Warehouse) -> None:
    with db.transaction(is_rehearsal=True):
        _night(db, "2024-06-29")
        made = [name for stage in EVERYTHING - {"measure"} for name in MADE[stage]]
        before = [db.digest(name) for name in made]
        db.execute("DELETE FROM ops.meta WHERE name IN ('arrivals', 'across', 'indicators')")
        assert _run(db) == EVERYTHING - {"measure"}
        assert [db.digest(name) for name in made] == before


def _run(db: Warehouse) -> set[str]:
    """Which of the stages did anything."""
    before = {stage: db.remembered(stage) for stage in STAGES}
    for module in STAGES.values():
        module.run(db, "later")
    return {stage for stage in STAGES if db.remembered(stage) != before[stage]}
