"""Compute a past night again, from the archived files in a scratch place, and compare it with what that night published.

Files, decisions of reviewers and corrections are those known by that night. Histories of releases are left out: they
tell when a figure was published, which a replay cannot.
"""

import datetime
import random
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow

from ddk_surveillance import changes
from ddk_surveillance.errors import ConfigurationError, Text
from ddk_surveillance.landing import archived, date_as
from ddk_surveillance.settings import Settings
from ddk_surveillance.warehouse import Outcome, Warehouse, open_warehouse

EVERY_DAYS = 7
# What a scratch warehouse is told instead of working it out: files whose content decides nothing, and what people decided.
UNREAD = ("identical", "refused", "unreadable")
GONE = "batch_id IN (SELECT batch_id FROM ops.erased_batch WHERE erased_at <= $moment)"
TOLD = {
    # A copy that came after the release made no other: its line in the ledger is not published yet.
    "ops.batch": "night_id IN (SELECT night_id FROM past WHERE is_published OR status <> 'identical')"
    f" AND (status IN {UNREAD} OR {GONE})",
    "ops.check_result": GONE,
    "ref.population_version": GONE,
    "ops.change": "made_at <= $moment",
    "ops.change_batch": "change_id IN (SELECT change_id FROM ops.change WHERE made_at <= $moment)",
    "link.adjudication": "decided_at <= $moment",
}


@dataclass(frozen=True)
class Night:
    """A past night and what stood after it."""

    night_id: str
    started_at: datetime.datetime
    release_id: str
    declarations: str | None


def run(db: Warehouse, key: str) -> Outcome:
    """Once a week the night `key` replays one earlier night, drawn by its date, of those that today's program can replay."""
    now = db.value("SELECT started_at FROM ops.night WHERE night_id = ?", [key])
    since = db.value(
        "SELECT coalesce((SELECT max(replayed_at) FROM ops.replay), (SELECT min(started_at) FROM ops.night))"
    )
    if now - since < datetime.timedelta(days=EVERY_DAYS):
        return Outcome()
    erased_at = db.value("SELECT coalesce(max(erased_at), TIMESTAMP 'epoch') FROM ops.erased_batch")
    earlier = [
        one
        for one in _nights(db)
        if one.night_id != key and one.declarations == db.library.everything_fingerprint and one.started_at >= erased_at
    ]
    if not earlier:
        return Outcome()
    status, _ = replay(db, random.Random(f"{now:%Y-%m-%d}").choice(earlier))
    return Outcome(1, int(status == "same"), int(status != "same"))


def find(db: Warehouse, date: datetime.date | None, night_id: str | None) -> Night:
    """The named night, or the last one of that date, that published or found nothing to change."""
    found = [one for one in _nights(db) if one.night_id == night_id or one.started_at.date() == date]
    if not found:
        raise ConfigurationError(
            "没有这样的运行：只有已发布或数字无变化的运行可以重放（见 ops.night）。",
            "There is no such night: only one that published or found no figure changed can be replayed (see ops.night).",
        )
    return found[-1]


def _nights(db: Warehouse) -> list[Night]:
    rows = db.rows(
        "SELECT night_id, started_at, release_id, declarations FROM ops.night"
        " SEMI JOIN ops.release_table USING (release_id) ORDER BY ops.night.rowid"
    )
    return [Night(*row) for row in rows]


def replay(db: Warehouse, night: Night) -> tuple[str, Text]:
    """Do it and write the outcome to ops.replay; returns its status and a sentence."""
    try:
        differing = _differing(db, night)
    except ConfigurationError as problem:
        status, text, differing = "impossible", problem.text, []
    else:
        status = "same" if not differing else "changed" if _was_read_otherwise(db, night) else "differs"
        text = _sentence(status, night, differing)
    told = {"status": status, "tables_differing": ", ".join(differing), "message_zh": text.zh, "message_en": text.en}
    replayed = {"night_id": night.night_id, "release_id": night.release_id}
    db.insert("ops.replay", replayed | told, "now()::TIMESTAMP AS replayed_at")
    return status, text


def _was_read_otherwise(db: Warehouse, night: Night) -> bool:
    """Whether files that night knew may mean something else today: some night up to it had other declarations or another program.

    Not if a replay since has shown that what those nights read is read the same by today's.
    """
    asked = {"night": night.night_id, "present": db.library.everything_fingerprint}
    return bool(db.value(_READ_OTHERWISE, asked))


_READ_OTHERWISE = """
    SELECT count(*) FROM ops.night
    WHERE declarations IS DISTINCT FROM $present AND rowid <= (SELECT rowid FROM ops.night WHERE night_id = $night)
      AND rowid > (SELECT coalesce(max(n.rowid), -1) FROM ops.replay r JOIN ops.night n USING (night_id)
                   WHERE r.status = 'same' AND n.declarations = $present)"""


def _sentence(status: str, night: Night, differing: list[str]) -> Text:
    which, tables = f"{night.started_at:%Y-%m-%d} ({night.release_id})", ", ".join(differing)
    return {
        "same": Text(
            f"重放 {which}：各表与当夜发布完全相同。", f"Replay of {which}: every table is as it was published."
        ),
        "differs": Text(
            f"重放 {which}：与当夜发布不同的表：{tables}。请联系维护人员。",
            f"Replay of {which}: tables differ from what was published: {tables}. Tell the maintainer.",
        ),
        "changed": Text(
            f"重放 {which}：那时的文件有些是按较早的声明或程序读的，{tables} 与当夜不同；这不说明当夜有错。",
            f"Replay of {which}: of its files some were read by earlier declarations or an earlier program, and {tables} differ;"
            " that says nothing against that night.",
        ),
    }[status]


def _differing(db: Warehouse, night: Night) -> list[str]:
    published = _tables(db, night.release_id)
    with db.settings.scratch_home("replay") as settings:
        if (db.settings.home / "schemas").is_dir():
            shutil.copytree(db.settings.home / "schemas", settings.home / "schemas")
        told = _know_by(db, night, settings)
        with open_warehouse(settings) as copy:
            _compute(copy, night, told)
            computed = _tables(copy, "R000001")
    return sorted(name for name in published | computed if published.get(name) != computed.get(name))


def _tables(db: Warehouse, release_id: str) -> dict[str, str]:
    return dict(db.rows("SELECT table_name, fingerprint FROM ops.release_table WHERE release_id = ?", [release_id]))


class _Known(NamedTuple):
    """What was known by a night beside the files of nights: rows of tables, and the files that came with changes."""

    rows: dict[str, pyarrow.Table]
    brought: list[changes.Brought]


def _know_by(db: Warehouse, night: Night, scratch: Settings) -> _Known:
    """Lay out the files that were known by that night; returns what else was."""
    db.execute(
        "CREATE OR REPLACE TEMP TABLE past AS SELECT night_id,"
        " rowid <= (SELECT min(rowid) FROM ops.night WHERE release_id = ?) AS is_published"
        " FROM ops.night WHERE rowid <= (SELECT rowid FROM ops.night WHERE night_id = ?)",
        [night.release_id, night.night_id],
    )
    batches = db.rows(
        "SELECT source_code, batch_id, change_id, rereads, received_at, sha256, row_number() OVER"
        " (PARTITION BY source_code, sha256, change_id IS NULL ORDER BY received_at, batch_id) FROM ops.batch"
        f" WHERE night_id IN (SELECT night_id FROM past) AND status NOT IN {UNREAD} AND NOT {GONE} ORDER BY ALL",
        {"moment": night.started_at},
    )
    missing: list[str] = []
    brought: list[changes.Brought] = []
    for source, batch, change, rereads, received, fingerprint, copy in batches:
        path = archived(db.settings, source, rereads or batch, fingerprint)
        if path is None:
            missing.append(batch)
        elif change or copy > 1:  # sent again after it was withdrawn, it is no copy of what stands
            brought.append(changes.Brought(path, source, batch, change, rereads, received))
        else:
            target = scratch.inbox / source / batch
            target.mkdir(parents=True)
            date_as(Path(shutil.copy2(path, target)), received)  # whatever time whoever moved the archive has given it
    if missing:
        erased = db.value("SELECT count(*) FROM ops.erased_batch WHERE list_contains(?, batch_id)", [missing])
        raise ConfigurationError(
            f"存档中缺 {len(missing)} 份当夜已有的文件（或已被改动），其中 {erased} 份是后来抹除的，无法重放（另见 DDK_KEEP_ARCHIVE_DAYS）。",
            f"{len(missing)} files of that night are no longer in the archive as they came, {erased} of them erased since: it"
            " cannot be replayed (see also DDK_KEEP_ARCHIVE_DAYS).",
        )
    rows = {
        name: db.arrow(
            f"SELECT * FROM {name} WHERE {known}", {"moment": night.started_at} if "$moment" in known else {}
        )
        for name, known in TOLD.items()
    }
    return _Known(rows, brought)


def _compute(copy: Warehouse, night: Night, known: _Known) -> None:
    """The stages of a night, on the day of that night."""
    from flows.ingest import STAGES as OF_A_SOURCE
    from flows.nightly import LATER
    from flows.stage import STAGES

    for name, rows in known.rows.items():
        with copy.offering(told=rows):
            copy.execute(f"INSERT INTO {name} BY NAME FROM told")
    sources = set(STAGES["discover"](copy, night.night_id))
    copy.execute("UPDATE ops.night SET started_at = ?", [night.started_at])
    for file in known.brought:
        changes.take_in(copy, file, night.night_id)
    for source in sorted(sources | {file.source for file in known.brought}):
        for stage in OF_A_SOURCE:
            STAGES[stage](copy, source)
    changes.settle(copy)
    for stage in LATER[: LATER.index("publish") + 1]:
        STAGES[stage](copy, night.night_id)
