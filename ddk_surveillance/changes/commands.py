"""`ddk withdraw`, `ddk undo`, `ddk changes`, `ddk backfill`."""

from __future__ import annotations

import getpass

from ddk_surveillance import changes
from ddk_surveillance.changes.effect import Effect
from ddk_surveillance.changes.screen import show_book, show_effect
from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ExitCode
from ddk_surveillance.settings import Settings
from ddk_surveillance.warehouse import Warehouse, open_warehouse


def withdraw(settings: Settings, voice: Voice, batch: str, reason: str, by: str | None) -> int:
    with open_warehouse(settings) as db:
        _tell(voice, db, *changes.withdraw(db, batch, reason, by or getpass.getuser()))
    return ExitCode.GOOD


def undo(settings: Settings, voice: Voice, change_id: str, reason: str, by: str | None) -> int:
    with open_warehouse(settings) as db:
        _tell(voice, db, *changes.undo(db, change_id, reason, by or getpass.getuser()))
    return ExitCode.GOOD


def show_changes(settings: Settings, voice: Voice, form: str) -> int:
    with open_warehouse(settings) as db:
        show_book(voice, changes.book(db), form)
    return ExitCode.GOOD


def _tell(voice: Voice, db: Warehouse, change_id: str, moved: Effect) -> None:
    show_effect(voice, db.library, moved)
    release = db.value("SELECT max(release_id) FROM ops.release")
    voice.say(
        f"已完成,更正号 {change_id},当前发布 {release}。要取消:ddk undo {change_id} --reason …",
        f"Done as change {change_id}; the current release is {release}. To take it back: ddk undo {change_id} --reason …",
    )
