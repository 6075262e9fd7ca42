"""What people do to the past: withdraw a file, correct a period, take either back; every act is a row of ops.change.

The warehouse is a function of the files received and of the changes in force, so that it does not matter in which order
they came, and taking one back leaves what never having made it would.
"""

import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any, NamedTuple

from ddk_surveillance import arrivals, indicators, intake, link, load, nights, publish, receipts
from ddk_surveillance.changes import effect
from ddk_surveillance.changes.effect import Effect
from ddk_surveillance.errors import ConfigurationError, Text
from ddk_surveillance.landing import Claim, remove_erased
from ddk_surveillance.quality import across
from ddk_surveillance.review import checked
from ddk_surveillance.warehouse import HOLDS_ERASED, Warehouse

FINISHED = ("loaded", "held")
WITHOUT_CONTENT = ("identical", "refused", "unreadable")


ERASED = Text(
    "文件已撤回，其存档、原文和回执内容均已抹除，不能恢复。",
    "The file has been withdrawn, and its archived copy, its texts and the content of its receipt have been erased for good.",
)


@dataclass(frozen=True)
class Act:
    """One thing that somebody does; the fields are columns of ops.change."""

    kind: str
    source_code: str
    made_by: str
    reason: str
    institution_id: str | None = None
    period_from: date | None = None
    period_to: date | None = None
    is_reread: bool | None = None
    batch_id: str | None = None
    undoes: str | None = None
    turns: str | None = None


def withdraw(db: Warehouse, batch: str, reason: str, made_by: str) -> tuple[str, Effect]:
    """Remove a file for good, named by its batch or file name; ConfigurationError if there is no such file in use."""
    batch_id, source = _batch_in_use(db, batch)
    return _at_once(db, Act("withdraw", source, made_by, reason, batch_id=batch_id))


def erase(db: Warehouse, batch: str, reason: str, made_by: str) -> tuple[str, Effect]:
    """Withdraw a file, withdrawn already or not, and remove for ever what was kept of its content, in every batch that held it."""
    batch_id, source = _batch_in_use(db, batch, is_erased=True)
    act = Act("erase", source, made_by, reason, batch_id=batch_id)
    return _at_once(db, act, lambda change_id: _erase(db, change_id, batch_id, source))


def _erase(db: Warehouse, change_id: str, batch_id: str, source: str) -> None:
    """Versions of records stay, withdrawn, with their codes, days and numbers: history counts them. No text of theirs does."""
    db.remember(HOLDS_ERASED, change_id)
    same = "(source_code, sha256) = (SELECT (source_code, sha256) FROM ops.batch WHERE batch_id = $batch)"
    asked = {"batch": batch_id}
    db.execute(
        f"INSERT INTO ops.change_batch SELECT $change, batch_id FROM ops.batch WHERE {same} AND status NOT IN {WITHOUT_CONTENT}",
        asked | {"change": change_id},
    )
    db.execute(f"DELETE FROM ops.receipt WHERE batch_id IN (SELECT batch_id FROM ops.batch WHERE {same})", asked)
    erased = "batch_id IN (SELECT batch_id FROM ops.erased_batch)"
    db.execute(
        "UPDATE ops.batch SET file_name = NULL, note_zh = NULL, note_en = NULL, message_zh = $zh, message_en = $en"
        f" WHERE {erased}", dict(zip(("zh", "en"), ERASED, strict=True)),
    )  # fmt: skip
    db.ensure(db.library.received_table(db.library.sources[source]))
    for rows in (f"received.{source}", "ops.quarantine"):
        db.execute(f"DELETE FROM {rows} WHERE {erased}")
    table = db.library.target_table(db.library.sources[source])
    texts = [
        name for name, one in table.columns.items() if one.type == "VARCHAR" and not one.codelist and not one.required
    ]
    db.execute(f"UPDATE {table.table} SET {', '.join(f'{name} = NULL' for name in texts)} WHERE {erased}")


def undo(db: Warehouse, change_id: str, reason: str, made_by: str) -> tuple[str, Effect]:
    """Take a change back, whatever came after it; an undo can be undone too. ConfigurationError if it is not in force."""
    source, turns = _change_in_force(db, change_id)
    return _at_once(db, Act("undo", source, made_by, reason, undoes=change_id, turns=turns))


def _at_once(db: Warehouse, act: Act, bring: Callable[[str], None] = lambda change_id: None) -> tuple[str, Effect]:
    with db.transaction():
        change_id, moved = carry_out(db, act, bring)
    make_public(db, change_id)
    return change_id, moved


def carry_out(db: Warehouse, act: Act, bring: Callable[[str], None] = lambda change_id: None) -> tuple[str, Effect]:
    """Do it inside the transaction of the caller; `bring` takes in the files of the change. Returns its id and effect."""
    act = replace(act, made_by=checked(act.made_by), reason=checked(act.reason))
    effect.remember(db, act.source_code)
    change_id = _enter(db, act)
    bring(change_id)
    settle(db, act.source_code)
    link.run(db, change_id)
    arrivals.run(db, change_id)
    across.run(db, change_id)
    indicators.run(db, change_id)
    publish.check_books(db)
    moved = effect.compare(db, act.source_code)
    for name in ("records_added", "records_changed", "records_withdrawn", "figures_moved"):
        db.execute(f"UPDATE ops.change SET {name} = ? WHERE change_id = ?", [moved.counts[name], change_id])
    return change_id, moved


class Brought(NamedTuple):
    """A file that comes with a change (in a replay, also with none).

    `rereads` is the batch of which it is another reading, received when that was.
    """

    path: Path
    source: str
    batch_id: str
    change_id: str | None
    rereads: str | None = None
    received_at: datetime | None = None


def take_in(db: Warehouse, file: Brought, night_id: str = "") -> None:
    """A copy of the file into the inbox, known as what it is; the stages then treat it as any other."""
    place = db.settings.inbox / file.source / file.batch_id / file.path.name
    place.parent.mkdir(parents=True)
    shutil.copy2(file.path, place)
    intake.register(db, Claim(file.batch_id, file.source, place), file.change_id or night_id)
    db.execute(
        "UPDATE ops.batch SET status = 'taken', change_id = ?, rereads = ?, received_at = coalesce(?, received_at)"
        " WHERE batch_id = ?",
        [file.change_id, file.rereads, file.received_at, file.batch_id],
    )


def settle(db: Warehouse, *sources: str) -> None:
    """Decide again what holds of these sources, of none named of all, by the changes that are in force."""
    _set_standing(db)
    for source in sources or db.library.sources:
        load.settle_all(db, source)


def make_public(db: Warehouse, change_id: str) -> None:
    """What follows a committed change outside the warehouse; the next night does it if we are killed here."""
    remove_erased(db)
    receipts.run(db, change_id)
    publish.run(db, change_id)


def book(db: Warehouse) -> list[dict[str, Any]]:
    """Every change in its order, with the undo that took it back if it is not in force."""
    return db.records(
        "SELECT c.* EXCLUDE (turns) REPLACE (strftime(made_at, '%Y-%m-%d %H:%M:%S') AS made_at, period_from::VARCHAR AS"
        f" period_from, period_to::VARCHAR AS period_to), b.file_name, {_UNDONE_BY} AS undone_by"
        " FROM ops.change c LEFT JOIN ops.batch b USING (batch_id) ORDER BY c.change_id"
    )


# Of the acts on one change (itself, then its undos) the first that was not answered by a later one ended it.
_UNDONE_BY = """
    CASE WHEN c.kind = 'undo' THEN (SELECT min(u.change_id) FROM ops.change u WHERE u.turns = c.turns AND u.change_id > c.change_id)
         WHEN c.change_id NOT IN (SELECT change_id FROM ops.active_change)
         THEN (SELECT max(u.change_id) FROM ops.change u WHERE u.turns = c.change_id) END"""


def _enter(db: Warehouse, act: Act) -> str:
    """A row of the book, and the line of the run that follows."""
    change_id = f"C{1 + int(db.value('SELECT count(*) FROM ops.change')):06d}"
    db.insert("ops.change", asdict(act) | {"change_id": change_id}, "now()::TIMESTAMP AS made_at")
    nights.begin(db, change_id)
    return change_id


def _set_standing(db: Warehouse) -> None:
    """A batch is withdrawn while somebody's withdrawal of it, or the undoing of the change that brought it, is in force."""
    db.execute("""
        UPDATE ops.batch b
        SET status = CASE WHEN s.is_out THEN 'withdrawn' WHEN b.reason IS NULL THEN 'loaded' ELSE 'held' END
        FROM (SELECT batch_id, batch_id IN (SELECT batch_id FROM ops.active_change WHERE kind = 'withdraw')
                OR batch_id IN (SELECT batch_id FROM ops.erased_batch)
                OR change_id IS NOT NULL AND change_id NOT IN (SELECT change_id FROM ops.active_change) AS is_out FROM ops.batch) s
        WHERE b.batch_id = s.batch_id AND s.is_out <> (b.status = 'withdrawn')""")


def _batch_in_use(db: Warehouse, name: str, is_erased: bool = False) -> tuple[str, str]:
    """(batch, source) of a batch id or of the only file of that name; what is to be erased may be withdrawn already."""
    found = db.rows(
        "SELECT batch_id, source_code, status, change_id FROM ops.batch WHERE batch_id = $name"
        " OR file_name = $name AND rereads IS NULL ORDER BY received_at",
        {"name": name},
    )
    if not found:
        raise ConfigurationError(
            f"没有批次或文件 {name}。批次号见回执文件名和 ops.batch。",
            f"There is no batch or file {name}. The batch stands in the name of the receipt and in ops.batch.",
        )
    if len(found) > 1:
        listed = ", ".join(batch for batch, *_ in found)
        raise ConfigurationError(
            f"名为 {name} 的文件有 {len(found)} 份，请写明批次：{listed}。",
            f"There are {len(found)} files named {name}: name the batch, one of {listed}.",
        )
    [(batch_id, source, status, change_id)] = found
    if change_id is not None and not is_erased:
        raise ConfigurationError(
            f"批次 {batch_id} 由更正 {change_id} 带来，请用 ddk undo {change_id}。",
            f"Batch {batch_id} was brought by the change {change_id}: use ddk undo {change_id}.",
        )
    if db.value("SELECT count(*) FROM ops.erased_batch WHERE batch_id = ?", [batch_id]):
        raise ConfigurationError(f"批次 {batch_id} 已经抹除，不能恢复。", f"Batch {batch_id} has been erased for good.")
    if status not in (*FINISHED, *(("withdrawn",) if is_erased else ())):
        raise _not_in_use(batch_id, status)
    return batch_id, source


def _not_in_use(batch_id: str, status: str) -> ConfigurationError:
    why = {
        "withdrawn": ("已经撤回，见 ddk changes", "has been withdrawn already, see ddk changes"),
        "identical": (
            "与先前的文件完全相同，自己没有数据；请撤回先前那份",
            "repeats an earlier file and holds nothing of its own: withdraw that one",
        ),
        "refused": (
            "已被拒收，仓库里没有它的数据；文件用 ddk refused purge 删除",
            "was refused, nothing of it is in the warehouse; delete the file with ddk refused purge",
        ),
        "unreadable": (
            "无法读取，仓库里没有它的数据；文件用 ddk refused purge 删除",
            "could not be read, nothing of it is in the warehouse; delete the file with ddk refused purge",
        ),
    }
    zh, en = why.get(status, ("还没有处理完；请先运行 ddk nightly", "is not finished: run ddk nightly first"))
    return ConfigurationError(f"批次 {batch_id} {zh}。", f"Batch {batch_id} {en}.")


def _change_in_force(db: Warehouse, change_id: str) -> tuple[str, str]:
    """(source, the change that an undo ends up at) of a change that nobody has taken back."""
    found = [row for row in book(db) if row["change_id"] == change_id]
    if not found:
        raise ConfigurationError(
            f"没有更正 {change_id}，见 ddk changes。", f"There is no change {change_id}, see ddk changes."
        )
    if found[0]["undone_by"]:
        raise ConfigurationError(
            f"更正 {change_id} 已被 {found[0]['undone_by']} 撤销。",
            f"The change {change_id} has been undone already by {found[0]['undone_by']}.",
        )
    if found[0]["batch_id"] and db.value(
        "SELECT count(*) FROM ops.erased_batch WHERE batch_id = ?", [found[0]["batch_id"]]
    ):
        raise ConfigurationError(
            f"更正 {change_id} 所撤回的文件已被抹除，不能撤销；如需恢复，请该单位重新报送。",
            f"The file that the change {change_id} withdrew has been erased: this cannot be undone. Let the institution send it again.",
        )
    turns = db.value("SELECT coalesce(turns, change_id) FROM ops.change WHERE change_id = ?", [change_id])
    return str(found[0]["source_code"]), str(turns)
