"""`ddk withdraw`, `ddk undo`, `ddk changes`, `ddk backfill`, and the same for the flow of that name."""

import calendar
import contextlib
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from ddk_surveillance import changes, status
from ddk_surveillance.changes import backfill, page
from ddk_surveillance.changes.backfill import NotAdmitted, Plan, Request
from ddk_surveillance.changes.screen import show_book, show_effect
from ddk_surveillance.console import Voice
from ddk_surveillance.differences import show_differences
from ddk_surveillance.errors import ConfigurationError, ExitCode
from ddk_surveillance.settings import Settings
from ddk_surveillance.usage import fail
from ddk_surveillance.warehouse import Warehouse, open_warehouse


def withdraw(settings: Settings, voice: Voice, batch: str, reason: str, by: str, is_erased: bool) -> int:
    with open_warehouse(settings) as db:
        act = changes.erase if is_erased else changes.withdraw
        change_id, moved = act(db, batch, reason, by)
        show_effect(voice, db.library, moved)
        if not is_erased:
            _say_done(voice, db, change_id)
    if is_erased:
        with open_warehouse(settings) as db:  # without what was deleted, which leaves the file as it is opened
            status.keep(settings, status.gather(db))  # what it said of files to mend named this one
        _say_erased(settings, voice, change_id)
    return ExitCode.GOOD


def _say_erased(settings: Settings, voice: Voice, change_id: str) -> None:
    """What may hold something of the file still, and is the operator's to delete."""
    voice.say(
        f"已完成，更正号 {change_id}。文件的存档、原文和回执内容已抹除，不能撤销。",
        f"Done as change {change_id}: the archived file, its texts and the content of its receipt are gone for good.",
    )
    before = ("backups/*.duckdb", "plans/*.xlsx", "logs/*-defect.log", "before-restore-*")
    for path in sorted(path for pattern in before for path in settings.home.glob(pattern)):
        voice.say(
            f"! {path} 形成于抹除之前，可能还含有其内容，请自行删除",
            f"! {path} was made before and may hold some of it: delete it",
        )
    voice.say(
        "! 用 ddk backup 做的备份里还有这份文件，请删除或重做；已发布的分析文件只有编码，没有原文。",
        "! Backups made with ddk backup still hold the file: delete them or make new ones. Published analyst files hold codes only.",
    )


def undo(settings: Settings, voice: Voice, change_id: str, reason: str, by: str) -> int:
    with open_warehouse(settings) as db:
        change_id, moved = changes.undo(db, change_id, reason, by)
        show_effect(voice, db.library, moved)
        _say_done(voice, db, change_id)
    return ExitCode.GOOD


def show_changes(settings: Settings, voice: Voice, old: str | None, new: str | None, form: str) -> int:
    """Who corrected what; or, from one release on, why the figures are others."""
    if old:
        return show_differences(settings, voice, old, new, form)
    if new:
        fail("--to 要与 --from 一起给出。", "--to goes with --from.")
    with open_warehouse(settings) as db:
        show_book(voice, changes.book(db), form)
    return ExitCode.GOOD


def plan_or_apply(db: Warehouse, voice: Voice, request: Request, is_applied: bool) -> tuple[Plan, Path]:
    """A plan and its workbook, or what the newest plan for the same question showed, done."""
    if is_applied:
        made = backfill.apply(db, request, page.last_shown(db.settings, request))
    else:
        made = backfill.plan(db, request)
    return made, page.write(db.settings, voice, db.library, made)


def correct_period(
    settings: Settings, voice: Voice, source: str, first: date, last: date, institution: str | None, files: tuple[Path, ...],
    is_applied: bool, reason: str, by: str,
) -> int:  # fmt: skip
    """`ddk backfill`: the plan on screen and as a workbook, or, with --apply, done."""
    asked = request(source, first, last, reason, by, institution, files)
    with open_warehouse(settings) as db, _naming_files(voice):
        made, path = plan_or_apply(db, voice, asked, is_applied)
        show_effect(voice, db.library, made.effect)
        show_files(voice, made)
        voice.say(f"明细：{path}", f"In full: {path}")
        if made.effect.is_none:
            voice.say("记录、事件和数字都不会变，无需更正，也没有作更正。",
                      "No record, incident or figure would move: there is nothing to do, and no change was made.")  # fmt: skip
        elif is_applied:
            _say_done(voice, db, made.change_id)
        else:
            voice.say(
                f"以上是方案 {made.plan_id}，什么都没有改变。同一命令加 --apply 即照此执行。",
                f"This is plan {made.plan_id}; nothing was changed. The same command with --apply does exactly this.",
            )
    return ExitCode.GOOD


@contextlib.contextmanager
def _naming_files(voice: Voice) -> Iterator[None]:
    """Say here, on the terminal, which files were not admitted; the error itself may be stored and does not."""
    try:
        yield
    except NotAdmitted as problem:
        for file in problem.files:
            voice.say(f"! {file.name}：{file.message_zh}", f"! {file.name}: {file.message_en}")
        raise


def show_files(voice: Voice, made: Plan) -> None:
    """Rows of given files that will not count: beside the period, or quarantined."""
    if not made.request.files:
        voice.say(f"重读文件 {len(made.files)} 份。", f"{len(made.files)} files were read again.")
        return
    for one in made.files:
        if one.beside:
            voice.say(
                f"! {one.name}：{one.beside} 行不属于这段时期（或机构），不采用",
                f"! {one.name}: {one.beside} rows lie beside the period (or institution) and are not taken",
            )
        if one.quarantined:
            voice.say(
                f"! {one.name}：{one.quarantined} 行被隔离，更正前不计入",
                f"! {one.name}: {one.quarantined} rows are quarantined and do not count until mended",
            )


def request(
    source: str, first: date, last: date, reason: str, by: str, institution: str | None, files: tuple[Path, ...]
) -> Request:
    """The question for whole months, from that of one day to that of another."""
    first_day = date(first.year, first.month, 1)
    last_day = date(last.year, last.month, calendar.monthrange(last.year, last.month)[1])
    each = tuple(file for path in files for file in (sorted(path.glob("[!.]*")) if path.is_dir() else [path]))
    if files and not each:
        raise ConfigurationError("所给文件夹是空的。", "The folder is empty.")
    return Request(source, first_day, last_day, reason, by, institution or None, each)


def _say_done(voice: Voice, db: Warehouse, change_id: str) -> None:
    release = db.value("SELECT max(release_id) FROM ops.release")
    voice.say(
        f"已完成，更正号 {change_id}，当前发布 {release}。要取消：ddk undo {change_id} --reason …",
        f"Done as change {change_id}; the current release is {release}. To take it back: ddk undo {change_id} --reason …",
    )
