"""`ddk doctor`: what this machine lacks, and the remedy for each."""

import importlib.metadata
import os
import shutil
from collections.abc import Callable

from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError, DdkError, ExitCode, Text
from ddk_surveillance.library import Library
from ddk_surveillance.retention import Growing, sizes
from ddk_surveillance.settings import Settings

ENOUGH_DISK_GB = 5
LISTED = 20
# Tested together; others may resolve and still not run.
TESTED = {
    "prefect": "3.8.8",
    "fastapi": "0.150.0",
    "great-expectations": "1.24.1",
    "duckdb": "2.0.0",
    "pandas": "3.1.1",
    "sqlalchemy": "2.0.58",
}
Examination = Callable[[Settings], object]  # raises what is the matter


def examine(settings: Settings, voice: Voice) -> int:
    """One line for each thing looked at; exit code 2 if any of them needs somebody."""
    bad = 0
    for name, look in EXAMINATIONS:
        complaint = _complaint(look, settings)
        bad += complaint is not None
        if complaint:
            voice.say(f"✗ {name.zh}：{complaint.zh}", f"✗ {name.en}: {complaint.en}")
        else:
            voice.say(f"✓ {name.zh}", f"✓ {name.en}")
    for one, files, size in sizes(settings):
        limit = _limit(one)
        voice.say(f"  {one.title.zh}：{files} 个文件，{size / 1e6:.1f} MB{limit.zh}",
                  f"  {one.title.en}: {files} files, {size / 1e6:.1f} MB{limit.en}")  # fmt: skip
    return ExitCode.USAGE if bad else ExitCode.GOOD


def _limit(one: Growing) -> Text:
    """What limits a folder that grows."""
    if one.variable is None:
        return Text("", "")
    if not one.limit:
        return Text(f"；一直保留（{one.variable}）", f"; kept for ever ({one.variable})")
    unit = Text("份", "releases") if one.folder == "analyst" else Text("天", "days")
    return Text(f"；保留 {one.limit} {unit.zh}（{one.variable}）", f"; kept for {one.limit} {unit.en} ({one.variable})")


def _complaint(look: Examination, settings: Settings) -> Text | None:
    try:
        look(settings)
    except DdkError as error:
        return error.text
    except OSError as error:
        return Text(f"系统拒绝读写（{error.strerror}）。请检查磁盘、挂载方式和权限。",
                    f"The system refuses to read or write ({error.strerror}): check the disk, how it is mounted, permissions.")  # fmt: skip
    return None


def _packages(_: Settings) -> None:
    other = [name for name, version in TESTED.items() if importlib.metadata.version(name) != version]
    if other:
        raise ConfigurationError(
            f"{'、'.join(other)} 的版本没有一起测试过；请按 requirements.lock 安装。",
            f"Versions not tested together: {', '.join(other)}. Install from requirements.lock.",
        )


def _declarations(settings: Settings) -> None:
    library = Library(settings.declarations)
    if not (library.sources and library.checks and library.indicators):
        raise ConfigurationError("schemas/ 为空。", "schemas/ is empty.")


def _key(settings: Settings) -> None:
    from ddk_surveillance.guard import configured_key

    if settings.key_file is None:
        raise ConfigurationError(
            "未设置 DDK_KEY_FILE。由保管人在程序目录之外生成：umask 077; head -c 32 /dev/urandom > 路径，然后 export DDK_KEY_FILE=路径"
            "（ddk demo 不需要，会自己生成一次性密钥）。",
            "DDK_KEY_FILE is not set. The custodian makes one outside the program folder: umask 077; head -c 32 /dev/urandom > PATH; "
            "export DDK_KEY_FILE=PATH (ddk demo makes a throw-away key of its own).",
        )
    configured_key(settings)


def _home(settings: Settings) -> None:
    settings.make_folders()
    if not os.access(settings.home, os.W_OK):
        raise ConfigurationError(
            f"{settings.home} 不可写。请改权限或设 DDK_HOME。",
            f"{settings.home} is not writable: change its mode or set DDK_HOME.",
        )


def _disk(settings: Settings) -> None:
    free = shutil.disk_usage(settings.home).free / 1e9
    if free < ENOUGH_DISK_GB:
        raise ConfigurationError(
            f"只剩 {free:.1f} GB，请清理到 {ENOUGH_DISK_GB} GB 以上。",
            f"Only {free:.1f} GB left; free up to {ENOUGH_DISK_GB} GB.",
        )


def _warehouse(settings: Settings) -> None:
    from ddk_surveillance.guard import checked_key
    from ddk_surveillance.landing import archived_and_unknown
    from ddk_surveillance.warehouse import is_lost, open_warehouse

    if settings.warehouse_file.exists() or is_lost(settings):
        with open_warehouse(settings) as db:
            if settings.key_file:  # without one the line above complains
                checked_key(db)
            unknown = [str(path.relative_to(settings.archive)) for path in archived_and_unknown(db)]
        if unknown:
            more = " …" if unknown[LISTED:] else ""
            raise ConfigurationError(
                f"不知道存档中的 {len(unknown)} 份文件：{'、'.join(unknown[:LISTED])}{more}。请把它们移回 landing/<来源>/ 再运行 ddk nightly。",
                f"knows nothing of {len(unknown)} archived files: {', '.join(unknown[:LISTED])}{more}. Move them back to landing/<source>/"
                " and run ddk nightly.",
            )


def _prefect(_: Settings) -> None:
    import urllib.request

    if address := os.environ.get("PREFECT_API_URL"):
        try:
            urllib.request.urlopen(f"{address}/health", timeout=5).close()
        except (OSError, ValueError):
            raise ConfigurationError(
                "PREFECT_API_URL 指向的服务器没有应答。请启动它（make serve）或取消该变量。",
                "The server that PREFECT_API_URL names does not answer: start it (make serve) or unset the variable.",
            ) from None


EXAMINATIONS: tuple[tuple[Text, Examination], ...] = (
    (Text("依赖包版本", "package versions"), _packages),
    (Text("声明文件 schemas/", "declarations in schemas/"), _declarations),
    (Text("数据目录", "data folder"), _home),
    (Text("磁盘空间", "disk space"), _disk),
    (Text("密钥", "key"), _key),
    (Text("数据仓库", "warehouse"), _warehouse),
    (Text("Prefect 服务器", "Prefect server"), _prefect),
)
