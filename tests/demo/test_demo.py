"""What a stranger sees after `make demo`, and what must be true of it."""

from __future__ import annotations

import csv
import io
import json
import math
import re
import sqlite3
from pathlib import Path

import duckdb

from ddk_surveillance.settings import PROJECT, resource
from tests.demo.conftest import FIGURES, Demo, run_ddk

SAMPLE = resource("sample_data")
RATES = (
    "SELECT indicator_code, period, sex, age_group, numerator, denominator::INTEGER AS children FROM out.indicator_rate "
    "WHERE indicator_code IN ('18', '19', '20') AND period_type = 'year' AND township_code = 'all' ORDER BY ALL"
)


def test_it_ends_well_and_names_every_file(demo: Demo) -> None:
    assert demo.first.exit_code == 0, demo.first.errors
    samples = [path.name for path in (SAMPLE / "landing").glob("*/*")]
    assert len(samples) >= 70
    lines = demo.first.output.splitlines()
    unnamed = [name for name in samples if not any(f"  {name} " in line and "= " + name not in line for line in lines)]
    copies = demo.first.output.count("与先前文件相同")
    assert len(unnamed) == copies == 2  # a copy stands under the name of the file that it repeats
    assert "Traceback" not in demo.first.output + demo.first.errors


def test_its_figures_are_the_expected_ones(demo: Demo) -> None:
    assert demo.ddk("sql", RATES, "--format", "csv").output == (SAMPLE / "expected" / "indicator_rate.csv").read_text()


def test_a_second_run_finds_nothing_new_and_changes_no_figure(demo: Demo) -> None:
    assert demo.again.exit_code == 0
    assert demo.again.output.startswith("Nothing new has arrived.\nNo figure changed; still R000001.")
    assert len(demo.figures) > 10_000
    assert demo.ddk("sql", FIGURES, "--format", "csv").output == demo.figures


def test_the_figures_are_the_truth_within_linkage_error(demo: Demo) -> None:
    """Every year, sex and age group against what perfect linkage of true statements would give.

    Deaths are exact. Above the truth lies at most the one case that linkage splits (see the next test). Below it lie the
    cases whose reports all leave intent, residence or injury open: one in five, within three binomial standard deviations, for
    of 162 cells four would by chance alone leave two.
    """
    with (SAMPLE / "truth" / "indicator_counts.csv").open() as stream:
        truth = {
            (row["indicator_code"], row["year"], row["sex"], row["age_group"]): int(row["numerator"])
            for row in csv.DictReader(stream)
            if row["basis"] == "reported"
        }
    found = {
        (row["indicator_code"], row["period"], row["sex"], row["age_group"]): int(row["numerator"])
        for row in csv.DictReader(io.StringIO(demo.ddk("sql", RATES, "--format", "csv").output))
    }
    assert len(truth) == 162 and truth.keys() <= found.keys()
    for cell, count in truth.items():
        lost, gained = (0.0, 0) if cell[0] == "19" else (0.2 * count + 3 * math.sqrt(0.2 * 0.8 * count), 1)
        assert count - lost <= found[cell] <= count + gained, (cell, count, found[cell])
        assert cell[2:] != ("all", "all") or found[cell] >= 0.8 * count, (cell, count, found[cell])


def test_linkage_splits_and_swallows_hardly_any_counted_case(demo: Demo) -> None:
    """The generator says to which true incident and child each row belongs: in no year, sex and age group is more than one
    counted twice, and in no year are more than three hidden within another."""
    with duckdb.connect(str(demo.home / "ddk.duckdb"), read_only=True) as warehouse:
        warehouse.execute(f"""
            CREATE TEMP TABLE tied AS
            SELECT incident_id, true_incident_id AS incident, true_child_id AS child
            FROM core.record_version r JOIN ops.batch b USING (batch_id) JOIN link.member USING (record_id)
            JOIN read_csv('{SAMPLE / "truth" / "record_truth.csv.gz"}') t ON t.file = b.source_code || '/' || b.file_name
             AND coalesce(t.sheet, '') = r.sheet AND (t.row_number, t.victim_number) = (r.row_number, r.victim_number)
            WHERE r.disposition = 'loaded';
            CREATE TEMP TABLE counted AS
            SELECT indicator_code, year, sex, age_group, mode(incident) AS incident, mode(child) AS child,
                   count(DISTINCT incident) - 1 AS swallowed
            FROM mart.counted JOIN tied USING (incident_id) WHERE is_in_numerator AND indicator_code IN ('18', '19', '20')
            GROUP BY incident_id, indicator_code, year, sex, age_group""")
        assert warehouse.execute(
            "SELECT (SELECT count(*) FROM tied) = (SELECT count(*) FROM core.record)"
        ).fetchall() == [(True,)]
        doubled = warehouse.execute("""
            SELECT indicator_code, year, sex, age_group, count(*) - count(DISTINCT CASE indicator_code WHEN '20' THEN incident ELSE child END)
            FROM counted GROUP BY indicator_code, year, CUBE (sex, age_group)""").fetchall()
        swallowed = warehouse.execute(
            "SELECT indicator_code, year, sum(swallowed) FROM counted GROUP BY ALL"
        ).fetchall()
    assert len(doubled) > 60 and max(row[-1] for row in doubled) <= 1
    assert len(swallowed) >= 8 and max(row[-1] for row in swallowed) <= 3


def test_prefect_keeps_the_whole_history_and_no_row(demo: Demo) -> None:
    with sqlite3.connect(demo.home / "prefect" / "prefect.db") as history:
        states = history.execute("SELECT state_type, count(*) FROM task_run GROUP BY 1").fetchall()
        flows = {state for (state,) in history.execute("SELECT state_type FROM flow_run")}
    assert [state for state, _ in states] == ["COMPLETED"] and states[0][1] >= 29 and flows == {"COMPLETED"}
    stored = b"".join(path.read_bytes() for path in (demo.home / "prefect").rglob("*") if path.is_file())
    with duckdb.connect(str(demo.home / "ddk.duckdb"), read_only=True) as warehouse:
        [(token, number)] = warehouse.execute(
            "SELECT id_token, source_record_number FROM core.record WHERE id_token IS NOT NULL AND length(source_record_number) > 6 LIMIT 1"
        ).fetchall()
    assert token.encode() not in stored and number.encode() not in stored


def test_quality_pages_need_no_network_and_show_no_value(demo: Demo) -> None:
    pages = sorted((demo.home / "quality_docs").glob("*.html"))
    assert {page.stem for page in pages} >= {"index", "hospital", "school", "nursery", "police", "population"}
    with duckdb.connect(str(demo.home / "ddk.duckdb"), read_only=True) as warehouse:
        bad = {
            value
            for (value,) in warehouse.execute(
                "SELECT DISTINCT value FROM ops.quarantine WHERE value IS NOT NULL"
            ).fetchall()
        }
    long_enough = [value for value in bad if len(value) >= 8]
    assert long_enough
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert "http://" not in text and "https://" not in text and "<script" not in text
        assert not [value for value in long_enough if value in text]


def test_status_says_it_in_one_look_and_for_machines(demo: Demo) -> None:
    facts = json.loads(demo.ddk("status", "--json").output)
    assert facts["last_night"]["status"] in ("published", "unchanged") and facts["release"]["release_id"] == "R000001"
    assert {row["source"] for row in facts["sources"]} >= {"hospital", "school", "nursery", "police", "population"}


def test_every_yearly_figure_can_be_taken_apart(demo: Demo) -> None:
    """The incidents behind a figure add up to it, whatever it counts, and each leads to a row of a file."""
    with duckdb.connect(str(demo.home / "ddk.duckdb"), read_only=True) as warehouse:
        drilled = warehouse.execute(
            "SELECT indicator_code, year, sum(numerator) FROM mart.drill GROUP BY ALL"
        ).fetchall()
        figures = warehouse.execute(
            "SELECT indicator_code, year(make_date(period::INTEGER, 1, 1)), numerator FROM mart.indicator_rate"
            " WHERE period_type = 'year' AND (sex, age_group, township_code) = ('all', 'all', 'all') AND numerator > 0"
        ).fetchall()
        assert warehouse.execute(
            "SELECT count(*) FROM mart.drill WHERE sha256 IS NULL OR row_number IS NULL"
        ).fetchall() == [(0,)]
    assert len(figures) >= 8 and set(figures) <= set(drilled)
    published = {(code, year): numerator for code, year, numerator in figures}
    rows = list(csv.DictReader(io.StringIO(demo.ddk("drill", "19", "2025", "--format", "csv").output)))
    assert sum(int(row["numerator"]) for row in rows) == published["19", 2025]


def test_sql_is_read_only_and_has_three_forms(demo: Demo) -> None:
    assert demo.ddk("sql", "DROP TABLE out.incident").exit_code == 2
    assert demo.ddk("sql", "SELEKT 1").exit_code == 2
    assert demo.ddk("sql", "-- nothing").exit_code == 2
    assert demo.ddk("sql", "FROM read_csv('/etc/passwd')").exit_code == 2
    assert demo.ddk("sql", "SELECT 1 AS one", "--format", "json").output == '[\n {\n  "one": 1\n }\n]\n'
    assert demo.ddk("sql", "SELECT '=1+1' AS formula", "--format", "csv").output == "formula\n'=1+1\n"


def test_without_a_key_nothing_runs(demo: Demo, tmp_path: Path) -> None:
    refused = run_ddk(tmp_path / "home", tmp_path, "nightly")
    assert refused.exit_code == 2 and "DDK_KEY_FILE" in refused.errors and "Traceback" not in refused.errors


def test_wrong_usage_is_told_apart(demo: Demo, tmp_path: Path) -> None:
    assert demo.ddk("no-such-command").exit_code == 2
    assert run_ddk(tmp_path / "empty", tmp_path, "status").exit_code == 2
    assert run_ddk(tmp_path / "empty", tmp_path, "sql", "SELECT 1").exit_code == 2


def test_every_query_of_the_cookbook_answers(demo: Demo) -> None:
    text = (PROJECT / "docs" / "cookbook.md").read_text(encoding="utf-8")
    queries = re.findall(r"^## \d+\. [^\n]+ / [^\n]+\n\n```sql\n(.*?)```$", text, re.MULTILINE | re.DOTALL)
    assert len(queries) == 20
    file = (demo.home / "analyst" / "ddk_analyst.duckdb").resolve()
    with duckdb.connect(str(file), read_only=True) as analyst:
        assert [number for number, query in enumerate(queries, 1) if not analyst.execute(query).fetchall()] == []
