"""The line that every run has in ops.night: begun, and closed with how it ended, whatever ended it."""

import contextlib
from collections import Counter

from ddk_surveillance.errors import DdkError, ExitCode, Text
from ddk_surveillance.warehouse import Warehouse

# The newest night is the line that was added last: the clock may have been set back since.
NEWEST = "(SELECT * FROM ops.night ORDER BY rowid DESC LIMIT 1)"
KILLED = Text(
    "运行被中断（进程被杀或断电）；由下一次运行接着做完。",
    "It was cut short (killed, or the power failed); the next run went on from there.",
)
STOPPED = Text("运行被人为停止；再运行一次会接着做完。", "It was told to stop; another run goes on from there.")


def answered_for(db: Warehouse, night_id: str) -> list[str]:
    """The night itself and the nights before it that did not come to their end: it finished what they had begun."""
    return db.column(
        "SELECT night_id FROM ops.night WHERE rowid > (SELECT coalesce(max(rowid), -1) FROM ops.night"
        " WHERE status IN ('published', 'unchanged') AND night_id <> ?) ORDER BY rowid",
        [night_id],
    )


NEWCOMERS_NAMED = 5
# The other feeds of an institution help to see that a file lay in the wrong folder. Of a feed's first night all are new.
NEWCOMERS = """
    WITH told AS (
        SELECT DISTINCT b.source_code, institution_id, list_contains($nights, night_id) AS is_now
        FROM core.record_version JOIN ops.batch b USING (batch_id) WHERE institution_id IS NOT NULL AND rereads IS NULL
    ), known AS (FROM told WHERE NOT is_now)
    SELECT n.source_code, institution_id, string_agg(DISTINCT k.source_code, ', ' ORDER BY k.source_code)
    FROM (FROM told t WHERE is_now AND source_code IN (SELECT source_code FROM known)
          AND (source_code, institution_id) NOT IN (SELECT (source_code, institution_id) FROM known)) n
    LEFT JOIN (SELECT source_code, institution_id FROM known) k USING (institution_id)
    GROUP BY ALL ORDER BY ALL"""


def newcomers(db: Warehouse, night_ids: list[str]) -> list[Text]:
    """The institutions from whom nothing came before these nights: perhaps a code with a slip in it, many a wrong column."""
    found = db.rows(NEWCOMERS, {"nights": night_ids})
    times = Counter(source for source, *_ in found)
    few = [_newcomer(*row) for row in found if times[row[0]] <= NEWCOMERS_NAMED]
    return few + [_many(source, count) for source, count in times.items() if count > NEWCOMERS_NAMED]


def _many(source: str, count: int) -> Text:
    return Text(f"! {source} 首次出现 {count} 个机构。请核对：机构代码一列是否填错、文件是否放错目录（有错则 ddk withdraw 该文件，改正后重报）。",
                f"! {source}: {count} institutions are new. Check whether the column of their codes holds something else, or the folder is"
                " wrong (if so: ddk withdraw that file, and have it sent again).")  # fmt: skip


def _newcomer(source: str, institution: str, elsewhere: str | None) -> Text:
    zh, en = (f"，该代码曾见于 {elsewhere}", f"; known from {elsewhere}") if elsewhere else ("", "")
    return Text(f"! {source} 首次出现机构 {institution}{zh}。请核对：是新机构，还是代码写错、文件放错目录。",
                f"! {source}: the institution {institution} is new{en}. Check whether it is, or its code has a slip, or the folder is wrong.")  # fmt: skip


def begin(db: Warehouse, night_id: str) -> None:
    """Open the line of a night; whoever holds the warehouse knows that no earlier night can still be running."""
    db.execute("DELETE FROM ops.night WHERE night_id = ?", [night_id])  # its own, when its first step is retried
    db.execute(
        "UPDATE ops.night SET status = 'killed', message_zh = ?, message_en = ? WHERE status = 'running'", [*KILLED]
    )
    night = {"night_id": night_id, "status": "running", "declarations": db.library.everything_fingerprint}
    db.insert("ops.night", night, "now()::TIMESTAMP AS started_at")


def close(db: Warehouse, night_id: str, status: str, message: Text, release_id: str | None = None) -> None:
    """Close the line of a night that is still open; `release_id` stands after a night that came to its end."""
    db.execute(
        "UPDATE ops.night SET finished_at = now()::TIMESTAMP, status = ?, message_zh = ?, message_en = ?, release_id = ? "
        "WHERE night_id = ? AND status = 'running'",
        [status, *message, release_id, night_id],
    )


def close_early(db: Warehouse, night_id: str, reason: BaseException) -> None:
    """Close the line of a night that did not come to its end: by a defect of ours, or by something somebody can mend."""
    status, message = "stopped", STOPPED
    if isinstance(reason, DdkError):
        status, message = "defect" if reason.exit_code is ExitCode.DEFECT else "stopped", reason.text
    # A full disk, say: the reason itself matters more, the next night says "killed".
    with contextlib.suppress(DdkError):
        close(db, night_id, status, message)
