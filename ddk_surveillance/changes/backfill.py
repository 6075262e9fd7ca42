"""Correct a period of one source: first a plan, which is the change itself rehearsed and rolled back, then exactly that.

With files, they are the whole truth of the period: what earlier files say of it is withdrawn, and what they say beside it
is not taken. Without, the archived files are read again by today's declarations, for that period only. Either way earlier
readings stay in core.record_version, so that an undo finds them.
"""

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import NamedTuple

from ddk_surveillance import guard, intake, load, nights, normalise, quality
from ddk_surveillance.changes import Act, Brought, carry_out, make_public, take_in
from ddk_surveillance.changes.effect import Effect
from ddk_surveillance.errors import ConfigurationError, DdkError, ExitCode
from ddk_surveillance.guard.kept import names_somebody
from ddk_surveillance.landing import archived, name_of, sha256
from ddk_surveillance.warehouse import Warehouse

SOURCE_STAGES = (intake, guard, normalise, quality, load)


@dataclass(frozen=True)
class Request:
    """What somebody asks for; `first` and `last` are days of events."""

    source: str
    first: date
    last: date
    reason: str
    made_by: str
    institution: str | None = None
    files: tuple[Path, ...] = ()

    @property
    def fingerprint(self) -> str:
        """Equal for the same question; why it is asked and by whom is no part of it."""
        files = sorted(_sha256(path) for path in self.files)
        text = f"{self.source}|{self.institution}|{self.first}|{self.last}|{files}"
        return hashlib.sha256(text.encode()).hexdigest()[:8]

    @property
    def act(self) -> Act:
        return Act(
            "backfill", self.source, self.made_by, self.reason, institution_id=self.institution,
            period_from=self.first, period_to=self.last, is_reread=not self.files,
        )  # fmt: skip


class FileLine(NamedTuple):
    """What became of one file of the change; `beside` are rows outside its period, which are not taken."""

    name: str
    status: str
    received: int
    taken: int
    beside: int
    quarantined: int
    out_of_scope: int
    message_zh: str | None
    message_en: str | None


@dataclass(frozen=True)
class Plan:
    """What a change would do; two plans of one id do the same to the same warehouse."""

    plan_id: str
    request: Request
    change_id: str
    effect: Effect
    files: tuple[FileLine, ...]


class NotAdmitted(DdkError):
    """Files of the change were refused or held, so that it would lose their records; their names are not in the text."""

    exit_code = ExitCode.DATA_PROBLEMS

    def __init__(self, files: Sequence[FileLine]) -> None:
        zh = "；".join(dict.fromkeys(str(file.message_zh) for file in files[:5]))
        en = "; ".join(dict.fromkeys(str(file.message_en) for file in files[:5]))
        super().__init__(
            f"{len(files)} 份文件未能入库，什么都没有改变：{zh}",
            f"{len(files)} files were not admitted, nothing was changed: {en}",
        )
        self.files = files


class WorldMoved(DdkError):
    """The plan that was agreed to is no longer what would happen."""


def plan(db: Warehouse, request: Request) -> Plan:
    """What the change would do; nothing of it stays, in the warehouse or on the disk."""
    return _done(db, request, agreed=None)


def apply(db: Warehouse, request: Request, agreed: str) -> Plan:
    """Do what the plan `agreed` showed, all or nothing, and publish it; WorldMoved if something else would happen."""
    try:
        return _done(db, request, agreed)
    except _NothingMoved as nothing:
        return nothing.made


class _NothingMoved(Exception):
    """Takes back a change that would stand in the book for nothing."""

    def __init__(self, made: Plan) -> None:
        self.made = made


def _done(db: Warehouse, request: Request, agreed: str | None) -> Plan:
    _check(db, request)
    given = _files(db, request)
    state, settings, archived = _state(db), db.settings, list[Path]()
    try:
        with _home_of_its_own(db), db.transaction(is_rehearsal=agreed is None):
            change_id, moved = carry_out(db, request.act, lambda change_id: _bring(db, request, given, change_id))
            files = _file_lines(db, change_id, given)
            if bad := [file for file in files if file.status != "loaded"]:
                raise NotAdmitted(bad)
            made = Plan(moved.fingerprint(state, request.fingerprint), request, change_id, moved, files)
            if agreed is not None:
                _check_agreed(made, agreed)
                if moved.is_none:
                    raise _NothingMoved(made)
                db.execute("UPDATE ops.change SET plan_hash = ? WHERE change_id = ?", [agreed, change_id])
                if request.files:  # a reading has its file there already
                    _archive(db.settings.archive, settings.archive, archived)
    except BaseException:
        for folder in archived:
            shutil.rmtree(folder)
        raise
    if agreed is not None:
        make_public(db, change_id)
    return made


def _check(db: Warehouse, request: Request) -> None:
    """Whether the question makes sense, and whether the warehouse is at rest."""
    source = db.library.source(request.source)
    if request.first > request.last:
        raise ConfigurationError("起始月份晚于截止月份。", "The first month is later than the last.")
    if request.institution and source.target == "population":
        raise ConfigurationError(
            "人口数不分机构，请去掉机构。", "Population figures know no institution: leave it out."
        )
    book = load.BOOKS[source.target]
    of_institution = f"FROM {book.table} v WHERE source_code = ? AND {book.institution} = ? LIMIT 1"
    is_named = request.institution is not None and not request.files
    if is_named and not db.rows(of_institution, [request.source, request.institution]):
        raise ConfigurationError(
            f"来源 {request.source} 没有机构 {request.institution} 的记录。请核对机构代码。",
            f"The feed {request.source} holds no record of institution {request.institution}: check its code.",
        )
    night = db.rows(f"SELECT status FROM {nights.NEWEST}")
    if not night:
        raise ConfigurationError(
            "还没有运行过。请先运行 ddk nightly。", "Nothing has run here yet: run ddk nightly first."
        )
    waiting = db.value(
        f"SELECT count(*) FROM ops.batch WHERE status IN {intake.UNFINISHED}"
        " OR (source_code = $source AND status = 'held' AND contract_fingerprint <> $fingerprint)",
        {"source": request.source, "fingerprint": db.library.fingerprint(source)},
    )
    if waiting or night[0][0] not in ("published", "unchanged"):
        raise ConfigurationError(
            "上一次运行还没有做完，或暂扣的文件在等按新声明重试。请先运行 ddk nightly。",
            "The last run did not finish, or files that are held wait to be tried by new declarations: run ddk nightly first.",
        )


class _Given(NamedTuple):
    path: Path
    sha256: str
    rereads: str | None = None
    received_at: datetime | None = None


def _files(db: Warehouse, request: Request) -> list[_Given]:
    """The files of the change, each content once: those that were given, else the archived ones."""
    if request.files:
        return list({given.sha256: given for given in (_Given(path, _sha256(path)) for path in request.files)}.values())
    book = load.BOOKS[db.library.sources[request.source].target]
    rows = db.rows(
        f"""
        SELECT batch_id, sha256, received_at FROM ops.batch
        WHERE source_code = $source AND status = 'loaded' AND rereads IS NULL AND (
            batch_id IN (SELECT batch_id FROM ops.quarantine WHERE disposition <> 'warning')
            OR batch_id IN (SELECT coalesce(b.rereads, b.batch_id) FROM {book.table} v JOIN ops.batch b USING (batch_id)
                WHERE {book.day} BETWEEN $first AND $last AND ($institution IS NULL OR {book.institution} = $institution)))
        ORDER BY batch_id""",
        {"source": request.source, "first": request.first, "last": request.last, "institution": request.institution},
    )
    if not rows:
        raise ConfigurationError(
            "该来源在这段时期没有已入库的文件可以重读。",
            "The source has no file of this period that could be read again.",
        )
    return [_archived(db, request.source, *row) for row in rows]


def _archived(db: Warehouse, source: str, batch: str, fingerprint: str, received: datetime) -> _Given:
    found = archived(db.settings, source, batch, fingerprint)
    if found is None:
        raise ConfigurationError(
            f"存档 archive/{source}/{batch} 中没有原文件，或已被改动，不能重读。请从备份放回原文件，或用 --files 给出文件。",
            f"The file is gone from archive/{source}/{batch}, or was changed there, and cannot be read again: put it back from a"
            " backup, or give the files with --files.",
        )
    return _Given(found, fingerprint, batch, received)


def _bring(db: Warehouse, request: Request, given: list[_Given], change_id: str) -> None:
    """Take the files in as a night does, from an inbox that holds them alone."""
    for one in given:
        name = f"{change_id}|{one.rereads or one.sha256}"
        batch = hashlib.sha256(name.encode()).hexdigest()[:16]
        take_in(db, Brought(one.path, request.source, batch, change_id, one.rereads, one.received_at))
    if request.files:
        db.execute(
            "INSERT INTO ops.change_batch SELECT $change, batch_id FROM ops.batch"
            " WHERE source_code = $source AND rereads IS NULL AND change_id IS DISTINCT FROM $change",
            {"change": change_id, "source": request.source},
        )
    for stage in SOURCE_STAGES:
        stage.run(db, request.source)


def _file_lines(db: Warehouse, change_id: str, given: list[_Given]) -> tuple[FileLine, ...]:
    """A file is called by the name that it was given with, unless that itself identifies somebody."""
    names = {one.sha256: name for one in given if not names_somebody(name := name_of(one.path))}
    rows = db.rows(_FILE_LINES, [change_id])
    return tuple(FileLine(names.get(sha256, batch), *line) for sha256, batch, *line in rows)


_FILE_LINES = """
    SELECT b.sha256, b.batch_id, b.status, l.rows_received + l.exploded,
        l.loaded + l.duplicate + l.superseded, l.withdrawn, l.quarantined, l.out_of_scope, b.message_zh, b.message_en
    FROM ops.batch b JOIN ops.ledger l USING (batch_id) WHERE b.change_id = ? ORDER BY b.file_name, b.batch_id"""


def _check_agreed(made: Plan, agreed: str) -> None:
    if made.plan_id != agreed:
        raise WorldMoved(
            f"方案 {agreed} 之后数据有变，现在会是 {made.plan_id}，什么都没有改变。请不带 --apply 重看方案，再决定。",
            f"The data have moved since plan {agreed}: it would be {made.plan_id} now. Nothing was changed: look at the plan"
            " again (without --apply) and decide anew.",
        )


def _archive(working: Path, archive: Path, archived: list[Path]) -> None:
    """Move the files to the archive, the last step before all is committed."""
    for folder in working.glob("*/*"):
        target = archive / folder.relative_to(working)
        target.parent.mkdir(parents=True, exist_ok=True)
        if target.exists():  # left by a run that was killed at this very point
            shutil.rmtree(target)
        os.replace(folder, target)
        archived.append(target)


@contextlib.contextmanager
def _home_of_its_own(db: Warehouse) -> Iterator[None]:
    """Let the stages leave their files in a folder that vanishes, not where those of a night belong."""
    real = db.settings
    try:
        with real.scratch_home("plan") as db.settings:
            yield
    finally:
        db.settings = real


def _state(db: Warehouse) -> str:
    """Changes with every file, act, decision and release that the warehouse has seen."""
    return str(
        db.value("""
            SELECT md5(concat_ws('|',
                (SELECT string_agg(batch_id || status, ',' ORDER BY batch_id) FROM ops.batch),
                (SELECT count(*) FROM ops.change), (SELECT count(*) FROM link.adjudication),
                (SELECT max(release_id) FROM ops.release)))""")
    )


def _sha256(path: Path) -> str:
    try:
        return sha256(path)
    except OSError:
        raise ConfigurationError(f"无法读取文件 {path}。", f"The file {path} cannot be read.") from None
