"""All figures of ten years from N incidents: rates, cubes, verdicts and statistics, and how long a query then takes.

    python -m benchmarks.cubes 1000000

Prints seconds, processor seconds and peak memory; each size runs in this process, so give one size at a time for memory.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from pathlib import Path

from ddk_surveillance import indicators
from ddk_surveillance.library import Library
from ddk_surveillance.settings import load
from ddk_surveillance.settings import resource as shipped
from ddk_surveillance.warehouse import Warehouse, connect

YEARS = 10


def fill(db: Warehouse, incidents: int) -> None:
    """Incidents of 2016–2025, two and a half a child, in the shares that a district sees."""
    db.execute(f"""
        INSERT INTO core.incident_version BY NAME
        WITH drawn AS (
            SELECT n, (hash(n, 1) % 1000)::INTEGER AS a, (hash(n, 2) % 1000)::INTEGER AS b, (hash(n, 3) % 1000)::INTEGER AS c,
                   (hash(n, 4) % 1000)::INTEGER AS d,
                   hash(n, 5) % {incidents * 2 // 5} AS child FROM range({incidents}) numbers(n))
        SELECT md5('i' || n)[:16] AS incident_id, md5('c' || child)[:16] AS child_id, 1 + (a > 900)::INTEGER AS records,
            CASE WHEN a > 900 THEN 'hospital,police' WHEN b > 300 THEN 'hospital' ELSE 'school' END AS sources,
            DATE '2016-01-01' + (hash(n, 6) % 3653)::INTEGER AS event_date, year(event_date) AS event_year,
            (c % 18)::INTEGER AS age_years, CASE WHEN d < 600 THEN 'male' ELSE 'female' END AS sex,
            '500104' || ['001', '002', '003', '004', '005', '101', '102', '103'][1 + a % 8] AS township_code,
            'resident' AS residence,
            CASE WHEN b < 8 AND age_years > 9 THEN 'self_harm' WHEN b < 40 THEN 'assault' ELSE 'unintentional' END AS intent,
            ['fall', 'blunt_force', 'animal', 'sharp_force', 'burn_scald', 'poisoning'][1 + c % 6] AS mechanism,
            ['home', 'school_public', 'street_highway', 'other'][1 + d % 4] AS place,
            ['minor', 'minor', 'moderate', 'severe'][1 + a % 4] AS severity, 'outpatient' AS care_level,
            '' AS members, TIMESTAMP '2026-01-01' AS known_from, (hash(n, 7) % 10000) < 3 AS is_death, CASE WHEN is_death THEN event_date END AS death_date
        FROM drawn""")
    db.execute("""
        INSERT INTO core.record_version BY NAME
        SELECT DISTINCT event_year::VARCHAR AS record_id, 'b' AS batch_id, '' AS sheet, event_year AS row_number, 1 AS victim_number,
            'loaded' AS disposition, '' AS content_hash, source_code, make_date(event_year, 1, 1) AS event_date_from
        FROM core.incident, (VALUES ('hospital'), ('death_registry'), ('police')) s(source_code);
        INSERT INTO ops.batch BY NAME SELECT 'b' AS batch_id, 'hospital' AS source_code, '' AS sha256, 0 AS size_bytes,
            TIMESTAMP '2026-11-01' AS received_at, 'loaded' AS status;
        INSERT INTO ref.population_version BY NAME
        SELECT 'b' AS batch_id, '' AS sheet, 1 AS row_number, 1 AS victim_number, 'loaded' AS disposition, year,
            '500104' || t AS township_code, sex, age AS age_years, 'resident' AS population_type, 2000 AS value
        FROM range(2016, 2026) y(year), (VALUES ('male'), ('female')) s(sex), range(18) a(age),
            (VALUES ('001'), ('002'), ('003'), ('004'), ('005'), ('101'), ('102'), ('103')) t(t)""")


def main(incidents: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        db = connect(load({}, Path(folder)), Library((shipped("schemas"),)))
        fill(db, incidents)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
        start, cpu = time.perf_counter(), time.process_time()
        indicators.run(db, "night")
        seconds, cpu = time.perf_counter() - start, time.process_time() - cpu
        figures = db.value("SELECT count(*) FROM mart.indicator_cube")
        print(json.dumps({"incidents": incidents, "years": YEARS, "figures": figures, "seconds": round(seconds, 2),
                          "processor_seconds": round(cpu, 2), "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
                          "peak_mb_before": before}))  # fmt: skip


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
