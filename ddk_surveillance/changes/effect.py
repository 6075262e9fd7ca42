"""What a change moves: records, incidents and figures, before and after, as rows that can be shown, kept and compared."""

import hashlib
import json
from collections import Counter
from dataclasses import dataclass
from typing import Any

from ddk_surveillance.load import BOOKS
from ddk_surveillance.warehouse import Warehouse

FIGURES = ("mart.indicator_rate", "mart.indicator_verdict")
# What an incident is, as the indicators see it; its other fields follow from the records listed.
CLASS = ("intent", "is_death", "mechanism", "severity", "violence_type", "case_status", "residence", "event_year")
Row = tuple[Any, ...]


@dataclass(frozen=True)
class Effect:
    """Rows in a fixed order.

    records: (what, institution, day before, day after, file before, row, file after, row); what: added, changed, withdrawn.
    incidents: (what, id before, id after, field, before, after); what: added, gone, merged, split, class.
    figures: (table, indicator, the other key columns in one text, measure, before, after).
    classes: (what, domain, year, age group, sex) of incidents as analysts see them; what: shown, hidden.
    editions: ids of the frozen editions whose figures move.
    """

    records: tuple[Row, ...]
    incidents: tuple[Row, ...]
    figures: tuple[Row, ...]
    classes: tuple[Row, ...]
    editions: tuple[str, ...]

    @property
    def is_none(self) -> bool:
        return not (self.records or self.incidents or self.figures)

    @property
    def counts(self) -> dict[str, int]:
        """How many records, incidents and figures, by what happens to them."""
        records, classes = (Counter(row[0] for row in rows) for rows in (self.records, self.classes))
        incidents = Counter(what for what, *_ in {row[:3] for row in self.incidents})
        return {
            **{f"records_{what}": records[what] for what in ("added", "changed", "withdrawn")},
            **{f"incidents_{what}": incidents[what] for what in ("added", "gone", "merged", "split", "class")},
            "figures_moved": len({row[:3] for row in self.figures}),
            "verdicts_changed": len({row[:3] for row in self.figures if row[3] == "verdict"}),
            "reasons_changed": len({row[:3] for row in self.figures if row[3] == "reason"}),
            **{f"classes_{what}": classes[what] for what in ("shown", "hidden")},
        }

    def fingerprint(self, *more: str) -> str:
        text = json.dumps([*vars(self).values(), more], default=str, ensure_ascii=False)
        return hashlib.sha256(text.encode()).hexdigest()[:12]


def remember(db: Warehouse, source: str) -> None:
    """Keep what holds now, to be compared with what will."""
    db.execute(f"CREATE OR REPLACE TEMP TABLE record_before AS {_records(db, source)}")
    db.execute("CREATE OR REPLACE TEMP TABLE member_before AS SELECT record_id, incident_id FROM link.member")
    db.execute("CREATE OR REPLACE TEMP TABLE incident_before AS FROM core.incident")
    db.execute(f"CREATE OR REPLACE TEMP TABLE class_before AS {_shown_classes(db)}")
    for table in FIGURES:
        db.execute(f"CREATE OR REPLACE TEMP TABLE {_before(table)} AS FROM {table}")


def compare(db: Warehouse, source: str) -> Effect:
    """What has moved since `remember`."""
    figures = [row for table in FIGURES for row in db.rows(_figures(db, table))]
    classes = db.rows(_MOVED_CLASSES.format(after=_shown_classes(db)))
    years = [int(year) for year in {_year(row) for row in figures} if year.isdigit()]
    editions = db.column(
        "SELECT edition_id FROM ops.edition WHERE list_contains(?, year) ORDER BY year, number", [years]
    )
    return Effect(
        records=tuple(db.rows(_moved_records(db, source))),
        incidents=tuple(db.rows(_MOVED_INCIDENTS)),
        figures=tuple(figures),
        classes=tuple(classes),
        editions=tuple(editions),
    )


def _year(figure: Row) -> str:
    """The year that a moved figure is of: of a verdict its cell, of a rate the beginning of its period."""
    table, _, cell, *_ = figure
    return str(cell if table == "mart.indicator_verdict" else cell.split()[1])[:4]


def _before(table: str) -> str:
    return f"{table.replace('.', '_')}_before"


def _records(db: Warehouse, source: str) -> str:
    book = BOOKS[db.library.sources[source].target]
    return f"""
        SELECT {book.identity} AS identity, {book.said} AS said, {book.day} AS day, {book.institution} AS institution_id,
            coalesce(b.rereads, b.batch_id) AS root, v.sheet, v.row_number, v.victim_number, b.file_name
        FROM {book.table} v JOIN ops.batch b USING (batch_id)
        WHERE v.disposition = 'loaded' AND b.source_code = '{source}'"""


def _moved_records(db: Warehouse, source: str) -> str:
    """A record is the same by its identity, else by the row of the file in which it stands."""
    place = "(root, sheet, row_number, victim_number)"
    return f"""
        WITH record_after AS ({_records(db, source)}),
        gone AS (SELECT * FROM record_before ANTI JOIN record_after USING (identity)),
        come AS (SELECT * FROM record_after ANTI JOIN record_before USING (identity)),
        pair AS (
            SELECT b, a FROM record_before b JOIN record_after a USING (identity) WHERE b.said <> a.said
            UNION ALL SELECT gone, come FROM gone FULL JOIN come USING {place})
        SELECT CASE WHEN b.identity IS NULL THEN 'added' WHEN a.identity IS NULL THEN 'withdrawn' ELSE 'changed' END,
            coalesce(a.institution_id, b.institution_id), b.day, a.day, b.file_name, b.row_number, a.file_name, a.row_number
        FROM pair ORDER BY ALL"""


_MOVED_INCIDENTS = f"""
    WITH paired AS (
        SELECT o.incident_id AS old, n.incident_id AS new FROM member_before o FULL JOIN link.member n USING (record_id)),
    moved AS (SELECT DISTINCT old, new FROM paired WHERE old IS DISTINCT FROM new),
    touched AS (
        SELECT DISTINCT old, new FROM paired
        WHERE old IN (SELECT old FROM moved WHERE old IS NOT NULL) OR new IN (SELECT new FROM moved WHERE new IS NOT NULL)),
    kept AS (
        SELECT *, count(*) OVER (PARTITION BY old) AS parts, count(*) OVER (PARTITION BY new) AS sources
        FROM touched WHERE old IS NOT NULL AND new IS NOT NULL),
    same AS (
        SELECT old, new FROM kept WHERE parts = 1 AND sources = 1
        UNION SELECT incident_id, incident_id FROM incident_before SEMI JOIN core.incident USING (incident_id)
        WHERE incident_id NOT IN (SELECT old FROM kept) AND incident_id NOT IN (SELECT new FROM kept)),
    field AS (
        {
    " UNION ALL ".join(
        f"SELECT s.old, s.new, '{name}' AS field, b.{name}::VARCHAR AS before, a.{name}::VARCHAR AS after FROM same s"
        f" JOIN incident_before b ON b.incident_id = s.old JOIN core.incident a ON a.incident_id = s.new"
        f" WHERE b.{name} IS DISTINCT FROM a.{name}"
        for name in CLASS
    )
})
    SELECT 'added' AS what, NULL AS old, new, NULL AS field, NULL AS before, NULL AS after
    FROM (SELECT DISTINCT new FROM touched WHERE new IS NOT NULL AND new NOT IN (SELECT new FROM kept))
    UNION ALL SELECT 'gone', old, NULL, NULL, NULL, NULL
    FROM (SELECT DISTINCT old FROM touched WHERE old IS NOT NULL AND old NOT IN (SELECT old FROM kept))
    UNION ALL SELECT 'merged', string_agg(old, ' ' ORDER BY old), new, NULL, NULL, NULL FROM kept WHERE sources > 1 GROUP BY new
    UNION ALL SELECT 'split', old, string_agg(new, ' ' ORDER BY new), NULL, NULL, NULL FROM kept WHERE parts > 1 GROUP BY old
    UNION ALL SELECT 'class', * FROM field
    ORDER BY ALL"""


def _shown_classes(db: Warehouse) -> str:
    """The classes in which analysts are shown incidents."""
    return f"SELECT DISTINCT domain, event_year, age_group, sex FROM ({db.statement('out.incident_alike')})"


_MOVED_CLASSES = """
    WITH class_after AS ({after})
    SELECT 'shown' AS what, * FROM (FROM class_after EXCEPT FROM class_before)
    UNION ALL SELECT 'hidden', * FROM (FROM class_before EXCEPT FROM class_after)
    ORDER BY ALL"""


def _figures(db: Warehouse, table: str) -> str:
    """Every cell of a table of figures that moves: one row per measure."""
    columns = db.library.tables[table].columns
    keys = [name for name, column in columns.items() if column.key]
    cell = f"concat_ws(' ', {', '.join(f'coalesce(a.{key}, b.{key})::VARCHAR' for key in keys[1:])})"
    joined = f"{_before(table)} b FULL JOIN {table} a ON {' AND '.join(f'a.{key} = b.{key}' for key in keys)}"
    measures = [name for name in columns if name not in keys]
    return (
        " UNION ALL ".join(
            f"SELECT '{table}' AS table_name, coalesce(a.{keys[0]}, b.{keys[0]}) AS indicator, {cell} AS cell, '{name}' AS measure,"
            f" b.{name}::VARCHAR AS before, a.{name}::VARCHAR AS after FROM {joined} WHERE a.{name} IS DISTINCT FROM b.{name}"
            for name in measures
        )
        + " ORDER BY ALL"
    )
