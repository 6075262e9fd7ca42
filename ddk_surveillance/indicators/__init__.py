"""Stage 7: incidents → numerators, denominators and rates per 1000 for every declared indicator.

Whatever cannot be known is empty with a reason, never 0: a source on which the indicator depends was silent
(`not_reported`), the population is missing (`denominator_missing`), or the cell has none (`not_applicable`).
"""

from __future__ import annotations

import datetime

import numpy
import pandas

from ddk_surveillance.contracts import Condition, Indicator
from ddk_surveillance.indicators.verdicts import verdicts_of
from ddk_surveillance.rates.intervals import crude_rates
from ddk_surveillance.warehouse import Outcome, Warehouse

FREEZE_MONTH, FREEZE_DAY = 6, 30  # figures of a year become final at the end of June of the next
STATUS = {True: "F", False: "P"}
VERDICT_COLUMNS = [
    "indicator_code",
    "year",
    "target_kind",
    "limit_per_1000",
    "baseline_year",
    "verdict",
    "verdict_zh",
    "verdict_en",
]
CELL = ("indicator_code", "period_type", "period", "sex", "age_group", "township_code")


def run(db: Warehouse, key: str) -> Outcome:
    """Recompute mart.* from core.incident and ref.population; `key` names the run and decides nothing."""
    del key
    indicators = tuple(db.library.indicators.values())
    with db.transaction():
        _make_counted(db, indicators)
        _make_calendar(db)
        _make_cells(db, indicators)
        cells = db.frame(
            f"SELECT c.*, n.records, n.incidents, n.children, n.numerator, d.denominator FROM cell c "
            f"JOIN ({db.statement('mart.indicator_count')}) n USING ({', '.join(CELL)}) "
            f"LEFT JOIN ({db.statement('mart.person_years')}) d USING ({', '.join(CELL)}) ORDER BY ALL"
        )
        rates = with_rates(cells, _data_as_of(db))
        _replace(db, "mart.indicator_rate", rates)
        _replace(db, "mart.indicator_verdict", _verdicts(rates, indicators))
    return Outcome(int(db.value("SELECT count(*) FROM mart.counted")), len(rates))


def condition_sql(condition: Condition) -> str:
    """A declared condition as SQL over core.incident; unknown is never true."""
    if condition.column:
        values = ", ".join("'" + str(value).lower() + "'" for value in condition.among)
        return f"coalesce(lower({condition.column}::VARCHAR) IN ({values}), false)"
    if condition.none:
        return f"NOT ({' OR '.join(map(condition_sql, condition.none))})"
    joint = " AND " if condition.all else " OR "
    return "(" + joint.join(map(condition_sql, condition.all or condition.any)) + ")"


def _make_counted(db: Warehouse, indicators: tuple[Indicator, ...]) -> None:
    """Replace mart.counted: one row per indicator and incident that meets its definition."""
    unit_keys = {"children": "child_id", "deaths": "child_id", "incidents": "incident_id"}
    selects = [
        f"SELECT '{one.indicator}' AS indicator_code, {one.version} AS definition_version, '{one.unit}' AS unit,"
        f" {unit_keys[one.unit]} AS unit_id, coalesce({one.date}, event_date) AS counted_date, *"
        f" FROM core.incident WHERE {condition_sql(one.numerator)}"
        for one in indicators
    ]
    db.execute(_age_groups(db))
    db.execute(f"CREATE OR REPLACE TEMP TABLE qualifying AS {' UNION ALL '.join(selects)}")
    db.execute(f"DELETE FROM mart.counted; INSERT INTO mart.counted BY NAME {db.statement('mart.counted')}")


def _age_groups(db: Warehouse) -> str:
    """The default grouping as a table; its codes, bounds and names are a code list."""
    path = str(db.library.codelist_path("age_group")).replace("'", "''")
    return f"""
        CREATE OR REPLACE TEMP TABLE age_group AS
        SELECT code, from_years::INTEGER AS from_years, to_years::INTEGER AS to_years
        FROM read_csv('{path}', all_varchar = true, header = true) WHERE grouping = 'age5'"""


def _make_calendar(db: Warehouse) -> None:
    """All years from the first to the last that holds an event or a population, with their quarters and months."""
    db.execute("""
        CREATE OR REPLACE TEMP TABLE calendar AS
        WITH bounds AS (
            SELECT min(year) AS first, max(year) AS last
            FROM (SELECT year FROM mart.counted UNION ALL SELECT year FROM ref.population)),
        month AS (
            SELECT day::DATE AS first_day FROM bounds,
            unnest(generate_series(make_date(first, 1, 1), make_date(last, 12, 1), INTERVAL 1 MONTH)) series(day)
            WHERE first IS NOT NULL),
        period AS (
            SELECT 'month' AS period_type, strftime(first_day, '%Y-%m') AS period, first_day FROM month
            UNION ALL SELECT 'quarter', strftime(first_day, '%Y') || 'Q' || quarter(first_day), first_day FROM month
            UNION ALL SELECT 'year', strftime(first_day, '%Y'), first_day FROM month)
        SELECT period_type, period, year(min(first_day)) AS year, min(first_day) AS first_day,
               last_day(max(first_day)) AS last_day
        FROM period GROUP BY ALL""")


def _make_cells(db: Warehouse, indicators: tuple[Indicator, ...]) -> None:
    """The grid: years by sex, age and township; quarters and months for the district as a whole."""
    declared = pandas.DataFrame(
        [(one.indicator, one.version, one.denominator, list(one.depends_on)) for one in indicators],
        columns=["indicator_code", "definition_version", "population_type", "depends_on"],
    )
    with db.offering(declared=declared):
        db.execute(f"""
            CREATE OR REPLACE TEMP TABLE cell AS
            WITH reported AS ({_REPORTED}),
            missing AS (  -- months that a source owes, as the arrival watch found: silence is not zero
                SELECT c.period_type, c.period, list(DISTINCT a.source_code) AS sources
                FROM calendar c JOIN ops.arrival a ON a.month BETWEEN c.first_day AND c.last_day
                WHERE NOT a.is_reported GROUP BY ALL),
            dimension AS (
                SELECT 'year' AS period_type, sex, age_group, 'all' AS township_code
                FROM (VALUES ('all'), ('male'), ('female'), ('unknown')) s(sex),
                     (SELECT 'all' AS age_group UNION ALL SELECT code FROM age_group UNION ALL SELECT 'unknown') a
                UNION ALL
                SELECT 'year', 'all', 'all', code FROM (SELECT DISTINCT township_code AS code FROM ref.population
                    WHERE township_code IS NOT NULL UNION SELECT 'unknown')
                UNION ALL SELECT 'quarter', 'all', 'all', 'all'
                UNION ALL SELECT 'month', 'all', 'all', 'all')
            SELECT i.indicator_code, i.definition_version, i.population_type, c.period_type, c.period, c.year, c.last_day,
                   d.sex, d.age_group, d.township_code,
                   (1 + c.last_day - c.first_day) / (1 + make_date(c.year, 12, 31) - make_date(c.year, 1, 1)) AS share_of_year,
                   len(list_filter(i.depends_on, lambda source: NOT coalesce(list_contains(r.sources, source), false))) = 0
                       AND NOT list_has_any(i.depends_on, coalesce(m.sources, [])) AS is_reported
            FROM declared i CROSS JOIN calendar c JOIN dimension d USING (period_type) LEFT JOIN reported r USING (year)
            LEFT JOIN missing m USING (period_type, period)""")


# A source has reported a year if a record of it lies there, or the title of a file of it names the year: a report of
# nothing, or a register of deaths in which every child of that year died of a disease.
_REPORTED = """
    SELECT year, list(DISTINCT source_code ORDER BY source_code) AS sources FROM (
        SELECT year(event_date_from) AS year, source_code FROM core.record
        UNION ALL SELECT title_year, source_code FROM ops.batch WHERE title_year IS NOT NULL AND status = 'loaded')
    GROUP BY year"""


def _data_as_of(db: Warehouse) -> datetime.date:
    """The day of the newest file in use; before the first file nothing is final."""
    day: datetime.date = db.value(
        "SELECT coalesce(max(received_at)::DATE, DATE '1900-01-01') FROM ops.batch WHERE status = 'loaded'"
    )
    return day


def _replace(db: Warehouse, table: str, frame: pandas.DataFrame) -> None:
    columns = ", ".join(db.library.tables[table].columns)
    with db.offering(frame=frame):
        db.execute(f"DELETE FROM {table}")
        db.execute(f"INSERT INTO {table} BY NAME SELECT {columns} FROM frame ORDER BY ALL")


def with_rates(cells: pandas.DataFrame, data_as_of: datetime.date) -> pandas.DataFrame:
    """The cells with rates, intervals, status and reasons; categories without any event or population are left out."""
    unknown = (cells[["sex", "age_group", "township_code"]] == "unknown").any(axis=1)
    cells = cells[~unknown | (cells["numerator"] > 0)].reset_index(drop=True)
    known = (cells["denominator"] > 0) & cells["is_reported"]
    rates = crude_rates(cells.loc[known, "numerator"].to_numpy(float), cells.loc[known, "denominator"].to_numpy(float))
    for name, values in (("rate_per_1000", rates.rate_per_1000), ("ci_low", rates.lower), ("ci_high", rates.upper)):
        cells.loc[known, name] = values
    cells["unstable"] = pandas.array([None] * len(cells), dtype="boolean")
    cells.loc[known, "unstable"] = rates.unstable
    cells["reason"] = _reasons(cells)
    silent = ~cells["is_reported"]
    for name in ("records", "incidents", "children", "numerator"):
        cells[name] = cells[name].astype("Int64").mask(silent)
    cells["status"] = [STATUS[is_final(int(year), data_as_of)] for year in cells["year"]]
    return cells


def _verdicts(rates: pandas.DataFrame, indicators: tuple[Indicator, ...]) -> pandas.DataFrame:
    district = (rates[["sex", "age_group", "township_code"]] == "all").all(axis=1) & (rates["period_type"] == "year")
    totals = rates[district].sort_values("year")
    rows = [
        verdict
        for indicator in indicators
        for verdict in verdicts_of(indicator, totals[totals["indicator_code"] == indicator.indicator])
    ]
    return pandas.DataFrame(rows, columns=VERDICT_COLUMNS, dtype=object)


def _reasons(cells: pandas.DataFrame) -> pandas.Series:
    unknown = (cells[["sex", "age_group", "township_code"]] == "unknown").any(axis=1)
    reasons = numpy.select(
        [~cells["is_reported"], unknown, ~(cells["denominator"] > 0)],
        ["not_reported", "not_applicable", "denominator_missing"],
        default="",
    )
    return pandas.Series(reasons, index=cells.index).replace("", None)


def is_final(year: int, data_as_of: datetime.date) -> bool:
    """Whether the figures of a year were frozen when the newest file came in."""
    return data_as_of >= datetime.date(year + 1, FREEZE_MONTH, FREEZE_DAY)
