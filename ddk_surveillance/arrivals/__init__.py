"""Watch what should have arrived: months in which a source or an institution is silent, shrunken or swollen.

Expected counts come from each one's own history (see `expectation`). Of a source as a whole (institution `all`) a month
is reported unless it is not over, nothing of it has come, or institutions that usually bring more than LARGE_SHARE of
the source are missing; a rate that depends on a source never takes an unreported month for zero. One small institution
that falls silent raises an alarm and changes no rate.
"""

import datetime

import pandas

from ddk_surveillance.arrivals.grid import Months, newest_due, watch
from ddk_surveillance.contracts import Source
from ddk_surveillance.unchanged import RECORDS, unless_unchanged
from ddk_surveillance.warehouse import Outcome, Warehouse

NAMED = """(SELECT source_code, title_year, title_month, is_zero_report FROM ops.batch
    WHERE title_year IS NOT NULL AND status = 'loaded')"""


def run(db: Warehouse, key: str) -> Outcome:
    """Rebuild ops.arrival as of the day of the night `key`, or of the newest night if it names none."""
    today = _today(db, key)
    due = [newest_due(source.rhythm, today) for source in db.library.sources.values()]
    return unless_unchanged(db, "arrivals", (RECORDS, NAMED), lambda: _watch(db, today), today.replace(day=1), due)


def _watch(db: Warehouse, today: datetime.date) -> Outcome:
    counts, named = _counts(db), _named(db)
    db.execute("DELETE FROM ops.arrival")
    for source in db.library.sources.values():
        own, titles = counts[counts["source_code"] == source.source], named.get(source.source, set())
        if source.target == "record" and (len(own) or titles):
            with db.offering(arrival=watch(source, own, _months(source, own, titles, today), titles)):
                db.execute("INSERT INTO ops.arrival BY NAME FROM arrival")
    return Outcome(int(counts["received"].sum()), int(db.value("SELECT count(*) FROM ops.arrival")))


def _today(db: Warehouse, night_id: str) -> datetime.date:
    """The day of the night, not of the clock, so that a night replayed later says the same; never before the data."""
    day: datetime.date = db.value(
        "SELECT greatest((SELECT started_at::DATE FROM ops.night ORDER BY night_id = ? DESC, rowid DESC LIMIT 1),"
        " (SELECT max(event_date_from) FROM core.record), DATE '1900-01-01')",
        [night_id],
    )
    return day


def _counts(db: Warehouse) -> pandas.DataFrame:
    """Records that hold, by source, institution and month; months are counted from year 0."""
    return db.frame(
        "SELECT source_code, coalesce(institution_id, '') AS institution_id,"
        " 12 * year(event_date_from) + month(event_date_from) - 1 AS month, count(*) AS received"
        " FROM core.record WHERE event_date_from IS NOT NULL GROUP BY ALL"
    )


def _named(db: Warehouse) -> dict[str, set[tuple[int, int | None]]]:
    """Year and month that titles name, by source: a year where files are yearly or quarterly, else a report of nothing."""
    named: dict[str, set[tuple[int, int | None]]] = {}
    for source_code, year, month, is_zero in db.rows(f"FROM {NAMED}"):
        source = db.library.sources.get(source_code)
        if source and (is_zero or source.rhythm.months > 1):
            named.setdefault(source_code, set()).add((year, month if is_zero else None))
    return named


def _months(
    source: Source, counts: pandas.DataFrame, named: set[tuple[int, int | None]], today: datetime.date
) -> Months:
    """From January of the first year that anything tells of to December of this year."""
    first_year = min([*(counts["month"] // 12), *(year for year, _ in named)])
    return Months(source.rhythm, 12 * int(first_year), today)
