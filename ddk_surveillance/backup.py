"""`ddk backup` and `ddk restore`: the whole data home, checked to the byte, while nothing writes.

Not in it: the key (its custodian keeps it apart), refused files (they may identify somebody), logs and Prefect's history.
manifest.json is written last: a backup without it is not one.
"""

import json
import os
import shutil
from pathlib import Path
from typing import Any

from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError, ExitCode
from ddk_surveillance.landing import sha256
from ddk_surveillance.settings import Settings, now
from ddk_surveillance.warehouse import existing_warehouse, writer_lock

KEPT = ("ddk.duckdb", "analyst", "archive", "inbox", "landing", "models", "receipts", "schemas", "status.json")
MANIFEST = "manifest.json"
WRITE_AHEAD_LOG = "ddk.duckdb.wal"  # DuckDB keeps it while the warehouse is open, and after a kill


def back_up(settings: Settings, voice: Voice, target: Path) -> int:
    """Copy the home to an empty folder and compare every byte of the copy."""
    if target.resolve().is_relative_to(settings.home.resolve()):
        raise ConfigurationError(
            f"{target} 在数据目录之内，不能作备份之用。请另选一个。",
            f"{target} lies within the data home and would be no backup: choose another folder.",
        )
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise ConfigurationError(f"{target} 不是空目录。请另选一个。", f"{target} is not empty: choose another folder.")
    try:
        target.mkdir(exist_ok=True)  # not what it lies in: a disk that is not mounted would not be missed
    except OSError:
        raise ConfigurationError(
            f"{target} 的上级目录不存在，或不能写入（磁盘没有挂载？）。请检查，或另选一个。",
            f"What {target} lies in is not there or cannot be written (a disk that is not mounted?). Check it, or choose another.",
        ) from None
    with existing_warehouse(settings) as db:
        key_id = db.remembered("key_id")
    with writer_lock(settings):
        if settings.warehouse_file.with_name(WRITE_AHEAD_LOG).exists():
            raise ConfigurationError(
                "刚刚有另一个运行开始又中断。请先运行 ddk nightly。", "A run was just cut short: run ddk nightly first."
            )
        files = _copy(settings.home, target, _listing(settings.home))
    manifest = {"made_at": f"{now():%Y-%m-%d %H:%M:%S}", "key_id": key_id, "files": files}
    (target / MANIFEST).write_text(json.dumps(manifest, indent=0), encoding="utf-8")
    voice.say(
        f"已备份 {len(files)} 个文件到 {target}。密钥（{key_id or '—'}）不在其中，请保管人另存。",
        f"{len(files)} files backed up to {target}. The key ({key_id or '—'}) is not in it: its custodian keeps it apart.",
    )
    return ExitCode.GOOD


def restore(settings: Settings, voice: Voice, source: Path, replace: bool) -> int:
    """Bring a home back from a backup that is whole; a home that holds anything is only replaced when told so."""
    manifest = _checked(source)
    settings.home.mkdir(parents=True, exist_ok=True)
    with writer_lock(settings):
        held = {path.relative_to(settings.home).parts[0] for path in settings.home.rglob("*") if path.is_file()}
        present = [name for name in KEPT if name in held]
        if present and not replace:
            raise ConfigurationError(
                f"{settings.home} 里已有数据（{'、'.join(present)}）。要用备份取代它，请加 --replace；原有内容会移到旁边的目录。",
                f"{settings.home} holds data already ({', '.join(present)}). Add --replace to put the backup in its place; what is there is moved aside.",
            )
        # What one that was killed has moved aside is the home that was there before; what stands here since, a part of a backup.
        asides = settings.restoring_file.read_text().split() if settings.restoring_file.exists() else []
        asides += [f"before-restore-{now():%Y%m%dT%H%M%S.%f}"] if present else []
        settings.restoring_file.write_text(" ".join(asides))
        if present:
            _move_aside(settings.home, settings.home / asides[-1])
        _copy(source, settings.home, manifest["files"])
        settings.restoring_file.unlink()
    settings.make_folders()
    voice.say(
        f"已恢复 {len(manifest['files'])} 个文件（备份于 {manifest['made_at']}，密钥 {manifest['key_id'] or '—'}）。"
        + (f"原有内容在 {settings.home} 的 {'、'.join(asides)}。" if asides else ""),
        f"{len(manifest['files'])} files restored (backup of {manifest['made_at']}, key {manifest['key_id'] or '—'})."
        + (f" What was there is in {', '.join(asides)} of {settings.home}." if asides else ""),
    )
    return ExitCode.GOOD


def _listing(home: Path) -> list[str]:
    paths = [path for name in KEPT for path in sorted([home / name, *(home / name).rglob("*")])]
    return [str(path.relative_to(home)) for path in paths if path.is_symlink() or path.is_file()]


def _copy(source: Path, target: Path, names: Any) -> dict[str, str]:
    """Copy files and links; name → sha256 of the copy, or where a link points. Raises if a copy differs."""
    copied = {}
    for name in names:
        place = target / name
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if (source / name).is_symlink():
            place.symlink_to(os.readlink(source / name))
        else:
            shutil.copy2(source / name, place)
        copied[name] = _fingerprint(place)
        if copied[name] != _fingerprint(source / name):
            raise ConfigurationError(
                f"复制 {name} 时内容变了。请检查磁盘后重做。",
                f"{name} changed while it was copied: check the disk and try again.",
            )
    return copied


def _fingerprint(path: Path) -> str:
    if path.is_symlink():
        return f"-> {os.readlink(path)}"
    return sha256(path)


def _checked(source: Path) -> dict[str, Any]:
    """The manifest, once every file in it is there as it was."""
    try:
        manifest: dict[str, Any] = json.loads((source / MANIFEST).read_text(encoding="utf-8"))
        damaged = [name for name, expected in manifest["files"].items() if _fingerprint(source / name) != expected]
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigurationError(
            f"{source} 不是完整的备份。请另选一份。", f"{source} is not a whole backup: choose another."
        ) from None
    if damaged:
        raise ConfigurationError(
            f"备份中有 {len(damaged)} 个文件与备份时不同。没有恢复任何内容，请另选一份。",
            f"{len(damaged)} files of the backup are not what they were. Nothing was restored: choose another.",
        )
    return manifest


def _move_aside(home: Path, aside: Path) -> None:
    aside.mkdir(mode=0o700)
    for name in (*KEPT, WRITE_AHEAD_LOG):
        if (home / name).exists():
            (home / name).rename(aside / name)
