"""Taking files out of the landing folder without losing or doubling one, whatever kills us in between.

A file is claimed by one rename, landing/<source>/x → inbox/<source>/<batch id>/x, after its fingerprint was taken.
From then on its batch id says everything: a rerun finds it in the inbox and goes on, and the warehouse says where it
finally belongs.
"""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import shutil
import signal
import stat
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError, ExitCode
from ddk_surveillance.settings import TIME_ZONE, Settings, now
from ddk_surveillance.warehouse import Warehouse, writer_lock

WORKING_NAMES = ("~$", ".")
WORKING_ENDINGS = (".tmp", ".part", ".partial", ".crdownload", ".filepart", ".swp")
# The plan's first day: archives, dead batteries and clocks set wrong date a file in 1970, 1980, 2000 or years ahead.
EARLIEST = datetime(2021, 1, 1, tzinfo=ZoneInfo(TIME_ZONE)).timestamp()
LONGEST_STEM = 80
BATCH_ID = re.compile("[0-9a-f]{16}")
KEEP_IN_REFUSED = ("refused", "unreadable")


@dataclass(frozen=True)
class Claim:
    """A file that is ours now."""

    batch_id: str
    source: str
    path: Path

    @property
    def name(self) -> str:
        return name_of(self.path)

    def sha256(self) -> str:
        return sha256(self.path)


def name_of(path: Path) -> str:
    """What a file is called; a name in the GB18030 of Windows, as archives from there bring it, in its characters."""
    try:
        path.name.encode()
    except UnicodeEncodeError:
        name = Path(os.fsencode(path.name).decode("gb18030", "replace"))
        return f"{name.stem[:LONGEST_STEM]}{name.suffix}"  # of three bytes each, where they had two
    return path.name


def claim_new_files(db: Warehouse) -> None:
    """Move every file that has stopped growing from landing to the inbox, in the order of source and name."""
    waiting = [path for path in _candidates(db) if not _is_working_copy(path)]
    for path in _settled(waiting, db.settings.quiet_seconds):
        source = path.parent.name
        with contextlib.suppress(FileNotFoundError):  # it vanished while we looked
            folder = db.settings.inbox / source / _batch_id(db, source, sha256(path))
            folder.mkdir(parents=True, exist_ok=True)
            _rename(path, folder / path.name)


def _rename(path: Path, target: Path) -> None:
    """One step, or an error that says why there is none between two disks."""
    try:
        os.rename(path, target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        raise ConfigurationError(
            f"landing/{path.parent.name}/ 与数据目录不在同一块磁盘上（链接或挂载的共享），文件不能一步移入。请改为数据目录里的普通文件夹，把文件复制进去。",
            f"landing/{path.parent.name}/ lies on another disk than the data home (a link, a mounted share), so its files cannot be"
            " moved in one step. Make it an ordinary folder there and copy files into it.",
        ) from None


def claims(db: Warehouse) -> Iterator[Claim]:
    """Everything in the inbox, the unfinished of an earlier run included."""
    for path in sorted(db.settings.inbox.glob("*/*/*")):
        if _is_regular(path) and not _is_working_copy(path):
            yield Claim(path.parent.name, path.parent.parent.name, path)


def turn_out_strays(settings: Settings) -> None:
    """To landing what somebody has put into the inbox by hand: there it is taken as any other file, or told of."""
    inbox = settings.inbox
    places = list(inbox.glob("*/*"))
    batches = [place for place in places if place.is_dir() and BATCH_ID.fullmatch(place.name)]
    strays = [path for path in inbox.glob("*") if not path.is_dir()]
    strays += [place for place in places if place not in batches]
    for batch in batches:
        paths = [path for path in batch.iterdir() if not _is_working_copy(path)]
        ours = min(filter(_is_regular, paths), key=lambda path: path.lstat().st_ctime_ns, default=None)  # it came first
        strays += [path for path in paths if path != ours]
    for path in strays:
        source, *_ = (*path.relative_to(inbox).parent.parts, "")
        _to_landing(settings, path, source, "0")


def forget_missing(db: Warehouse) -> None:
    """Files that a killed run had claimed and somebody has taken out of the inbox since: put into landing again, they are new."""
    there = [claim.batch_id for claim in claims(db)]
    db.execute("DELETE FROM ops.batch WHERE status = 'taken' AND NOT list_contains(?, batch_id)", [there])


def _to_landing(settings: Settings, path: Path, source: str, mark: str) -> None:
    target = settings.landing / source / path.name
    target.parent.mkdir(parents=True, exist_ok=True)
    while os.path.lexists(target):
        target = target.with_name(f"{target.stem}_{mark}{target.suffix}")
    os.rename(path, target)


def put_back(db: Warehouse, claim: Claim) -> None:
    """To landing again, and forgotten: somebody still writes to it, so it waits until it has stopped growing."""
    db.unguarded.pop(claim.batch_id, None)
    db.execute("DELETE FROM ops.batch WHERE batch_id = ?", [claim.batch_id])
    _to_landing(db.settings, claim.path, claim.source, claim.batch_id[:4])
    shutil.rmtree(claim.path.parent)


def left_behind(db: Warehouse) -> tuple[Path, ...]:
    """What stands in landing and is no file of a declared source: folders, links, files beside the source folders."""
    sources = {path for path in db.settings.landing.glob("*") if path.name in db.library.sources and path.is_dir()}
    odd = [path for path in db.settings.landing.glob("*") if path not in sources and not _is_working_copy(path)]
    odd += [
        path for source in sources for path in source.iterdir() if not _is_regular(path) and not _is_working_copy(path)
    ]
    return tuple(sorted(odd))


def names_waiting(settings: Settings) -> dict[tuple[str, int, datetime], str]:
    """What the files are called that a night may take, by feed, size and time: it keeps no names of those it refuses.

    Two that agree in all three cannot be told apart later, and neither is called like the other.
    """
    waiting = [(path.parent.name, path) for path in settings.landing.glob("*/*")]
    waiting += [(path.parent.parent.name, path) for path in settings.inbox.glob("*/*/*")]
    named = [
        ((feed, path.lstat().st_size, written_at(path)), name_of(path)) for feed, path in waiting if _is_regular(path)
    ]
    times = Counter(key for key, _ in named)
    return {key: name for key, name in named if times[key] == 1}


def date_rightly(path: Path) -> None:
    """Make a file today's whose date cannot be right: it would stand above every correction, or before what it tells of."""
    if not EARLIEST <= path.stat().st_mtime <= time.time():
        os.utime(path)


def written_at(path: Path) -> datetime:
    """When a file was last written, by the clock of the district."""
    return datetime.fromtimestamp(path.lstat().st_mtime, ZoneInfo(TIME_ZONE)).replace(tzinfo=None)


def date_as(path: Path, written: datetime) -> None:
    """Have a copy say the same."""
    micros = round(written.replace(tzinfo=ZoneInfo(TIME_ZONE)).timestamp() * 1_000_000)
    os.utime(path, ns=(micros * 1000, micros * 1000))


def purge(settings: Settings, voice: Voice) -> int:
    """Delete every refused and unreadable file. What was said of them stays in the warehouse."""
    settings.make_folders()
    with writer_lock(settings):
        count = sum(path.is_file() or path.is_symlink() for path in settings.refused.rglob("*"))
        for folder in settings.refused.glob("*"):
            shutil.rmtree(folder) if folder.is_dir() and not folder.is_symlink() else folder.unlink()
    moment, place = f"{now():%Y-%m-%d %H:%M:%S}", settings.refused
    voice.say(f"{moment} 已从 {place} 删除 {count} 个文件。", f"{moment} deleted {count} files from {place}.")
    return ExitCode.GOOD


def tidy(db: Warehouse) -> None:
    """Move every claimed file whose fate is decided to where it belongs."""
    remove_erased(db)
    claimed = {claim.batch_id: claim for claim in claims(db)}
    decided = (
        "SELECT batch_id, status, file_name FROM ops.batch WHERE status <> 'taken' AND batch_id IN (SELECT unnest(?))"
    )
    for batch, *fate in db.rows(decided, [list(claimed)]) if claimed else ():
        _put_away(db, claimed[batch], *fate)


def archived(settings: Settings, source: str, batch: str, fingerprint: str) -> Path | None:
    """The archived file of a batch as it came; None if it is gone, or if somebody has opened and changed it."""
    files = sorted(path for path in (settings.archive / source / batch).glob("*") if path.is_file())
    return next((path for path in files if sha256(path) == fingerprint), None)


def archived_and_unknown(db: Warehouse) -> tuple[Path, ...]:
    """Folders of the archive of which the warehouse knows nothing, as after an older one was put back."""
    known = set(db.column("SELECT batch_id FROM ops.batch"))
    return tuple(
        sorted(path for path in db.settings.archive.glob("*/*") if path.name not in known and any(path.glob("*")))
    )


def remove_erased(db: Warehouse) -> None:
    """Delete the archived files of erased batches, and of the readings of them."""
    for batch in db.column("SELECT batch_id FROM ops.erased_batch"):
        for folder in db.settings.archive.glob(f"*/{batch}"):
            shutil.rmtree(folder)


def _put_away(db: Warehouse, claim: Claim, status: str, file_name: str | None) -> None:
    if status == "identical":
        claim.path.unlink()
    else:
        base = db.settings.refused if status in KEEP_IN_REFUSED else db.settings.archive
        ending = claim.path.suffix
        is_of_a_format = ending.isascii() and len(ending) <= len(".parquet")
        # what the guard did not keep may itself identify somebody
        name = file_name or f"file{ending if is_of_a_format else ''}"
        folder = base / claim.source / claim.batch_id
        folder.mkdir(parents=True, exist_ok=True)
        os.replace(claim.path, folder / name)
        (folder / name).chmod(0o600)
    shutil.rmtree(claim.path.parent)


def _candidates(db: Warehouse) -> list[Path]:
    folders = [db.settings.landing / source for source in sorted(db.library.sources)]
    return [path for folder in folders if folder.is_dir() for path in sorted(folder.iterdir()) if _is_regular(path)]


def _is_regular(path: Path) -> bool:
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except FileNotFoundError:  # it vanished while we looked
        return False


def _is_working_copy(path: Path) -> bool:
    """What Office, browsers and copying programs keep beside a file while they write it."""
    return path.name.startswith(WORKING_NAMES) or path.name.lower().endswith(WORKING_ENDINGS)


def _settled(paths: list[Path], quiet_seconds: float) -> list[Path]:
    """The files whose size and time stay the same over the quiet time; the young ones are watched that long."""
    before = {path: _state(path) for path in paths}
    youngest = max((time.time() - state[1] < quiet_seconds for state in before.values() if state), default=False)
    if youngest:
        time.sleep(quiet_seconds)
    quiet = [path for path, state in before.items() if state is not None and _state(path) == state]
    return [path for path in quiet if not _is_open_for_writing(path)]


def _is_open_for_writing(path: Path) -> bool:
    """Whether a program of this machine still writes to it, such as a copy that has stalled; False if nobody can tell.

    The kernel lends a file for reading (fcntl(2), leases) only while it is open for writing nowhere.
    """
    try:
        with path.open("rb") as stream:
            # whoever opens it now breaks the lease, and the usual signal of that would end us
            fcntl.fcntl(stream, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(stream, fcntl.F_SETLEASE, fcntl.F_RDLCK)
            fcntl.fcntl(stream, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    return False


def _state(path: Path) -> tuple[int, float] | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_size, status.st_mtime


def sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _batch_id(db: Warehouse, source: str, sha256: str) -> str:
    """Depends on source, content and how many times this content came before, so that a re-sent file has its own."""
    copies = db.value(
        "SELECT count(*) FROM ops.batch WHERE source_code = $source AND sha256 = $sha256",
        {"source": source, "sha256": sha256},
    )
    while True:
        batch_id = hashlib.sha256(f"{source}|{sha256}|{copies}".encode()).hexdigest()[:16]
        if not any((db.settings.inbox / source / batch_id).glob("*")):  # empty: a run died as it was about to claim
            return batch_id
        copies += 1
