"""Stage after the linkage: what it measures of itself whenever that has moved, and which figures have left their band.

It reads what is linked and links a sample with synthetic second reports in a warehouse of its own in memory; neither
records nor links are touched. The seed depends on what is linked alone, so a night can be repeated figure for figure.
"""

import contextlib
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import Field

from ddk_surveillance import link
from ddk_surveillance.contracts import Bilingual, Declared, Identifier
from ddk_surveillance.link import model_in_use, twins
from ddk_surveillance.link.adjudication import HOLDING
from ddk_surveillance.link.candidates import blocking_sql
from ddk_surveillance.link.explanation import explain_pairs
from ddk_surveillance.link.preparation import Night
from ddk_surveillance.unchanged import LINKED, unless_unchanged
from ddk_surveillance.warehouse import Outcome, Warehouse, connect

DOUBT_CENTIBITS = 400
NEWEST_DECISIONS = 500
LATEST_DAY = "quantile_disc(day_to, 0.99)"  # what comes after is mostly undated and known by a very late report
SIZES = 5  # incidents of so many records and more are counted together


class Measure(Declared):
    """What a figure means, and the band in which it is expected."""

    title: Bilingual
    low: float | None = None
    high: float | None = None
    change: float | None = Field(default=None, gt=0)


class Sample(Declared):
    """The latest so many days, whole townships until there are so many records; how few are too few to tell anything."""

    days: int = Field(gt=0)
    records: int = Field(gt=0)
    near_twins: int = Field(gt=0)
    minimum_records: int = Field(gt=0)


class QualityDeclaration(Declared):
    """schemas/linkage_quality.yaml."""

    sample: Sample
    wrong: dict[Identifier, float]
    minimum_cases: int = Field(gt=0)
    nights: int = Field(gt=0)
    measures: dict[Identifier, Measure]


@dataclass(frozen=True)
class Figure:
    """A value of a measure and the number of cases it was computed from."""

    measure: str
    value: float
    cases: int
    part: str = "all"


def run(db: Warehouse, key: str) -> Outcome:
    """Write the figures of the night `key` into ops.linkage_quality; alarms count as refused."""
    return unless_unchanged(db, "measure", LINKED, lambda: _measure(db, key))


def _measure(db: Warehouse, key: str) -> Outcome:
    declared = db.library.declared("linkage_quality.yaml", QualityDeclaration)
    figures = [*_sizes(db), *_bounds(db), *_link_rates(db), *_reviewed(db)]
    seed = _seed(db)
    newest = _newest(db, declared.sample, seed)
    if len(newest) >= declared.sample.minimum_records:
        figures += [*_blocking(db), *_shadow(db, declared, newest, np.random.default_rng(seed))]
    kept = [one for one in figures if one.cases >= declared.minimum_cases]
    return Outcome(len(figures), len(kept), _write(db, key, declared, kept))


def _sizes(db: Warehouse) -> Iterator[Figure]:
    """How many records incidents are made of."""
    rows = db.rows(f"""
        SELECT least(records, {SIZES}), count(*), max(records) FROM core.incident GROUP BY 1 ORDER BY 1""")
    incidents = sum(count for _, count, _ in rows)
    for size, count, _ in rows:
        yield Figure("incident_size", count / incidents, incidents, f"{size}{'+' if size == SIZES else ''}")
    if rows:
        yield Figure("largest_incident", max(largest for *_, largest in rows), incidents)


def _bounds(db: Warehouse) -> Iterator[Figure]:
    """Incidents if linked more strictly, as adopted, and more loosely: a loose one has the id of the first that is part of it."""
    [(strict, adopted, loose)] = db.rows("""
        SELECT coalesce(sum(strict_incidents), 0), count(*), count(*) FILTER (loose_incident_id = incident_id)
        FROM link.incident_bound""")
    for part, count in (("strict", strict), ("adopted", adopted), ("loose", loose)):
        yield Figure("incidents", count, adopted, part)
    if adopted:
        yield Figure("bound_spread", (strict - loose) / adopted, adopted)


def _link_rates(db: Warehouse) -> Iterator[Figure]:
    """Of the records of the latest year, by feed: how many share their incident with another feed."""
    rows = db.rows(f"""
        SELECT l.source_code, count(*), count(several.incident_id)
        FROM link.linkable AS l JOIN link.member AS m ON m.record_key = l.key
        LEFT JOIN (SELECT incident_id FROM core.incident WHERE contains(sources, ',')) AS several USING (incident_id)
        WHERE l.day_to > (SELECT {LATEST_DAY} - 365 FROM link.linkable) GROUP BY 1 ORDER BY 1""")
    for source, records, confirmed in rows:
        yield Figure("link_rate", confirmed / records, records, source)


def _reviewed(db: Warehouse) -> Iterator[Figure]:
    """Of the pairs that people decided about: how many are the same, less how many the model alone expects."""
    decided = db.rows(f"""
        SELECT h.left_record_id, h.right_record_id, h.decision FROM ({HOLDING}) AS h
        JOIN link.linkable AS a ON a.record_id = h.left_record_id JOIN link.linkable AS b ON b.record_id = h.right_record_id
        ORDER BY h.adjudication_id DESC LIMIT {NEWEST_DECISIONS}""")
    if decided:
        explained = explain_pairs(db, model_in_use(db.library), [(left, right) for left, right, _ in decided])
        same = sum(decision == "same" for *_, decision in decided)
        expected = sum(one.probability for one in explained)
        yield Figure("reviewed_calibration", (same - expected) / len(decided), len(decided))


def _newest(db: Warehouse, sample: Sample, seed: int) -> pd.DataFrame:
    """The records of some whole townships in the latest days: as crowded as life, for chance pairs decide calibration."""
    db.execute(
        f"""CREATE OR REPLACE TEMP TABLE link_newest AS
        WITH latest AS (SELECT {LATEST_DAY} AS day FROM link.linkable),
        recent AS (
            SELECT l.key, coalesce(l.township, '') AS area FROM link.linkable AS l, latest
            WHERE l.day_to > latest.day - $days AND l.day_to <= latest.day AND NOT l.is_death
        ),
        area AS (
            SELECT area, count(*) AS here, sum(count(*)) OVER (ORDER BY md5(concat($seed, area))) AS so_far
            FROM recent GROUP BY area
        )
        FROM link.linkable WHERE key IN (SELECT key FROM recent JOIN area USING (area) WHERE so_far - here < $records)""",
        {"days": sample.days, "records": sample.records, "seed": str(seed)},
    )
    return db.frame("""
        SELECT v.*, m.incident_id FROM link_newest AS n JOIN core.record_version AS v ON v.record_id = n.record_id
        JOIN link.member AS m ON m.record_key = n.key
        WHERE v.disposition = 'loaded' ORDER BY v.reported_date NULLS LAST, v.record_id""")


def _blocking(db: Warehouse) -> Iterator[Figure]:
    """Two nearly independent families of rules find the same true pairs: each tells how many the other misses.

    Lincoln and Petersen's estimate: of the pairs that one family finds, the share that the other finds too. True pairs
    are those of one incident.
    """
    declaration = model_in_use(db.library).declaration
    night = Night(dirty=0, gone=0, everything=False, table="link_newest")
    finding = [
        f"SELECT {by_token} AS by_token, * FROM ({sql}) AS t (left_key, right_key)"
        for by_token, sql in blocking_sql(declaration, night)
    ]
    [(by_token, by_attribute, by_both)] = db.rows(f"""
        WITH pair AS (
            SELECT left_key, right_key, bool_or(by_token) AS by_token, bool_or(NOT by_token) AS by_attribute
            FROM ({" UNION ALL ".join(finding)}) GROUP BY left_key, right_key
        )
        SELECT count(*) FILTER (by_token), count(*) FILTER (by_attribute), count(*) FILTER (by_token AND by_attribute)
        FROM pair JOIN link.member AS l ON l.record_key = left_key JOIN link.member AS r ON r.record_key = right_key
        WHERE l.incident_id = r.incident_id""")
    if by_attribute:
        yield Figure("token_recall", by_both / by_attribute, by_attribute)
    if by_token:  # also when the other family finds nothing at all
        yield Figure("attribute_recall", by_both / by_token, by_token)
    if by_token and by_attribute:
        missed = (1 - by_both / by_attribute) * (1 - by_both / by_token)
        yield Figure("blocking_recall", 1 - missed, by_token + by_attribute - by_both)


def _shadow(
    db: Warehouse, declared: QualityDeclaration, newest: pd.DataFrame, rng: np.random.Generator
) -> Iterator[Figure]:
    """Link one record of each incident with synthetic second reports and near-twins, whose truth is known."""
    is_again = newest["incident_id"].duplicated()
    first = newest[~is_again]
    sources = newest[is_again if is_again.sum() >= declared.minimum_cases else ~is_again]["source_code"].to_numpy()
    donors = twins.donors(newest, rng.choice(sources, len(first)), rng)
    near = [first.iloc[rng.choice(len(first), min(declared.sample.near_twins // 2, len(first)), replace=False)]
            for _ in range(2)]  # fmt: skip
    invented = {
        "twin": twins.second_reports(first, donors, declared.wrong, rng),
        "other": twins.other_injuries(near[0], first, rng),
        "sibling": twins.siblings(near[1], first, rng),
    }
    records = [first.assign(origin=first["record_id"]), *(_named(kind, frame) for kind, frame in invented.items())]
    with _linked(db, pd.concat(records, ignore_index=True)) as shadow:
        yield from _found(shadow)


def _seed(db: Warehouse) -> int:
    """From what is linked, by which model."""
    state = db.rows("SELECT count(*), sum(record_key % 1000003) FROM link.member")
    return int(hashlib.sha256(f"{db.remembered('linkage_model')} {state}".encode()).hexdigest()[:15], 16)


def _named(kind: str, invented: pd.DataFrame) -> pd.DataFrame:
    """Under ids of their own, with the record that each was made from as its origin."""
    names = [f"{kind}{number:06d}" for number in range(len(invented))]
    return invented.assign(origin=invented["record_id"], record_id=names, content_hash=names)


@contextlib.contextmanager
def _linked(db: Warehouse, records: pd.DataFrame) -> Iterator[Warehouse]:
    """These records linked in a warehouse in memory, with their origins in a table `origin`."""
    shadow = connect(db.settings, db.library)
    columns = shadow.library.tables["core.record_version"].columns
    cells = ", ".join(f"CAST({name} AS {column.type}) AS {name}" for name, column in columns.items())
    try:
        with shadow.offering(arriving=records.astype(object).where(records.notna(), None)):
            shadow.execute(f"INSERT INTO core.record_version BY NAME SELECT {cells} FROM arriving")
            shadow.execute("CREATE TEMP TABLE origin AS SELECT record_id, origin FROM arriving")
        link.run(shadow, "shadow")
        yield shadow
    finally:
        shadow.connection.close()


def _found(shadow: Warehouse) -> Iterator[Figure]:
    rows = shadow.rows("""
        SELECT o.record_id LIKE 'twin%' AS is_twin, count(*), count(*) FILTER (m.incident_id = f.incident_id)
        FROM origin AS o JOIN link.member AS m ON m.record_id = o.record_id
        JOIN link.member AS f ON f.record_id = o.origin
        WHERE o.record_id <> o.origin GROUP BY 1""")
    for is_twin, records, together in rows:
        share = together / records
        yield Figure("twins_found", share, records) if is_twin else Figure("near_twins_apart", 1 - share, records)
    yield from _calibration(shadow)


def _calibration(shadow: Warehouse) -> Iterator[Figure]:
    """Of the doubtful pairs of a second report: how many are true, and how many the model expects."""
    pairs = shadow.arrow(f"""
        SELECT a.origin = b.origin AS is_match, p.score_centibits / 100.0 AS bits
        FROM link.pair AS p
        JOIN link.member AS l ON l.record_key = p.left_key JOIN origin AS a ON a.record_id = l.record_id
        JOIN link.member AS r ON r.record_key = p.right_key JOIN origin AS b ON b.record_id = r.record_id
        WHERE p.rule IS NULL AND abs(p.score_centibits) <= {DOUBT_CENTIBITS}
            AND (a.record_id LIKE 'twin%' OR b.record_id LIKE 'twin%')
            AND NOT (a.record_id LIKE 'other%' OR b.record_id LIKE 'other%')
            AND NOT (a.record_id LIKE 'sibling%' OR b.record_id LIKE 'sibling%')""").to_pandas()
    if len(pairs):
        expected = 1 / (1 + np.exp2(-pairs["bits"].to_numpy(dtype=float)))
        yield Figure("calibration", float(pairs["is_match"].mean() - expected.mean()), len(pairs))


def _write(db: Warehouse, key: str, declared: QualityDeclaration, figures: Sequence[Figure]) -> int:
    """Judge each figure by its band and replace those of this night; returns the number of alarms."""
    usual = {(measure, part): median for measure, part, median in db.rows(
        """SELECT measure, part, median(value) FROM ops.linkage_quality
        WHERE night_id IN (SELECT night_id FROM ops.linkage_quality WHERE night_id <> $night
            GROUP BY night_id ORDER BY max(rowid) DESC LIMIT $nights) GROUP BY 1, 2""",
        {"night": key, "nights": declared.nights})}  # fmt: skip
    rows = [_judged(key, one, declared.measures[one.measure], usual.get((one.measure, one.part))) for one in figures]
    columns = list(db.library.tables["ops.linkage_quality"].columns)
    with db.transaction():
        db.execute("DELETE FROM ops.linkage_quality WHERE night_id = ?", [key])
        with db.offering(measured=pd.DataFrame(rows, columns=columns)):
            db.execute("INSERT INTO ops.linkage_quality BY NAME FROM measured")
    return sum(bool(row["is_alert"]) for row in rows)


def _judged(key: str, one: Figure, measure: Measure, usual: float | None) -> dict[str, object]:
    """The narrower of the fixed limits and those around the usual value."""
    lows, highs = [measure.low], [measure.high]
    if measure.change is not None and usual is not None:
        lows, highs = [*lows, round(usual - measure.change, 4)], [*highs, round(usual + measure.change, 4)]
    low = max((limit for limit in lows if limit is not None), default=None)
    high = min((limit for limit in highs if limit is not None), default=None)
    value = round(one.value, 4)
    is_alert = (low is not None and value < low) or (high is not None and value > high)
    return {
        "night_id": key, "measure": one.measure, "part": one.part, "value": value, "cases": one.cases,
        "band_low": low, "band_high": high, "is_alert": is_alert,
        "title_zh": measure.title.zh, "title_en": measure.title.en,
    }  # fmt: skip
