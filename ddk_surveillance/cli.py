"""`ddk …`: the commands. Heavy modules are imported where they are used, so that `ddk --help` answers at once."""

from __future__ import annotations

import atexit
import contextlib
import errno
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ddk_surveillance.errors import DdkError, ExitCode, Text
from ddk_surveillance.settings import Settings, load, now
from ddk_surveillance.usage import Group, words, wrong

if TYPE_CHECKING:
    from ddk_surveillance.console import Voice


class Context:
    """What every command needs: settings and a voice."""

    def __init__(self, home: Path | None, language: str | None) -> None:
        self.settings: Settings = load(os.environ, home, language)
        # Flows and their helpers read the environment, so that a scheduled run and this one see the same.
        os.environ["DDK_HOME"] = str(self.settings.home)
        os.environ["DDK_LANG"] = self.settings.language

    @property
    def voice(self) -> Voice:
        from ddk_surveillance.console import Voice

        return Voice(self.settings.language)


@click.group(cls=Group, help=words("大渡口区儿童伤害监测：文件进、事件各计一次、每千名儿童之率出。",
                        "Child-injury surveillance: files in, incidents counted once, rates per 1000 out."))  # fmt: skip
@click.option("--home", type=click.Path(path_type=Path, file_okay=False), default=None,
              help=words("数据目录（默认 DDK_HOME 或 warehouse/data/）", "data folder (default DDK_HOME or warehouse/data/)"))  # fmt: skip
@click.option("--lang", type=click.Choice(["zh", "en"]), default=None, help=words("语言", "language"))
@click.option("--no-wait", is_flag=True, help=words("另一个运行占用仓库时不等待，直接退出", "do not wait while another run uses the warehouse"))  # fmt: skip
@click.version_option(package_name="ddk-surveillance")
@click.pass_context
def ddk(context: click.Context, home: Path | None, lang: str | None, no_wait: bool) -> None:
    if no_wait:
        os.environ["DDK_NO_WAIT"] = "1"
    context.obj = Context(home, lang)


def command(name: str, zh: str, en: str) -> Callable[[Callable[..., int]], click.Command]:
    """A subcommand that is handed our context and returns its exit code."""

    def decorate(function: Callable[..., int]) -> click.Command:
        return ddk.command(name, help=words(zh, en))(click.pass_obj(function))

    return decorate


@command("nightly", "处理 landing/ 中的新文件，计算并发布", "take in what waits in landing/, compute and publish")
def nightly(context: Context) -> int:
    from ddk_surveillance.runs import run_night

    return run_night(context.settings, context.voice)


@command(
    "release",
    "不收新文件，重新连接、计算并发布（改了指标声明之后用）",
    "link, compute and publish again without taking in any file, as after a definition was mended",
)
def release(context: Context) -> int:
    from ddk_surveillance.runs import run_release

    return run_release(context.settings, context.voice)


@command("demo", "用附带的合成数据完整运行一遍", "run the whole pipeline on the synthetic sample data")
def demo(context: Context) -> int:
    from ddk_surveillance.runs import run_demo

    return run_demo(context.settings, context.voice)


@command("status", "上一次运行怎么样，需要做什么", "did the last run work, and what is to be done")
@click.option("--json", "as_json", is_flag=True, help=words("机器可读", "for machines"))
def status(context: Context, as_json: bool) -> int:
    from ddk_surveillance.status import show_status

    return show_status(context.settings, context.voice, as_json)


@command("sql", "用 SQL 查询分析文件（只读）", "query the analyst file, read-only")
@click.argument("statement")
@click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table")
def sql(context: Context, statement: str, form: str) -> int:
    from ddk_surveillance.analyst import query

    return query(context.settings, context.voice, statement, form)


MONTH = click.DateTime(["%Y-%m"])
FORMAT = click.option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table")


@command(
    "drill",
    "从一个数字追到事件、记录、规则和文件中的行",
    "from a figure to its incidents, records, rules and the rows of the files",
)
@click.argument("indicator")
@click.argument("year", type=int)
@FORMAT
def drill(context: Context, indicator: str, year: int, form: str) -> int:
    from ddk_surveillance.drill import show_drill

    return show_drill(context.settings, context.voice, indicator, year, form)


@command(
    "changes",
    "谁在何时为何更正了什么；给出 --from 则为两次发布之间数字为何不同",
    "who corrected what, when and why; with --from, why the figures of two releases differ",
)
@click.option("--from", "old", default=None, help=words("较早的发布，例如 R1", "the earlier release, such as R1"))
@click.option(
    "--to", "new", default=None, help=words("较晚的发布（默认最新）", "the later release (by default the newest)")
)
@FORMAT
def changes(context: Context, old: str | None, new: str | None, form: str) -> int:
    if old is None:
        from ddk_surveillance.changes.commands import show_changes

        return show_changes(context.settings, context.voice, form)
    from ddk_surveillance.differences import show_differences

    return show_differences(context.settings, context.voice, old, new, form)


@ddk.group("edition", help=words("定稿：冻结某年的数字", "editions: the figures of a year, frozen"))
def edition() -> None:
    pass


@edition.command("freeze", help=words("把一年已发布的数字定稿", "freeze the published figures of a year"))
@click.argument("year", type=int)
@click.option("--by", default=None, help=words("经办人（默认当前用户）", "who (by default the current user)"))
@click.option("--reason", default=None, help=words("理由", "why"))
@click.option("--force", "is_forced", is_flag=True, help=words("初步数也定稿", "freeze provisional figures too"))
@click.pass_obj
def freeze(context: Context, year: int, by: str | None, reason: str | None, is_forced: bool) -> int:
    from ddk_surveillance.editions import freeze as freeze_year

    return freeze_year(context.settings, context.voice, year, by, reason, is_forced)


@edition.command("list", help=words("所有定稿及其后的变动", "all editions and what has moved since"))
@click.pass_obj
def list_editions(context: Context) -> int:
    from ddk_surveillance.editions import show_editions

    return show_editions(context.settings, context.voice)


@command("synthesise", "生成合成的大渡口区数据", "make a synthetic district")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--seed", type=int, default=20260101, show_default=True)
@click.option("--children", type=click.IntRange(min=100), default=63_000, show_default=True)
@click.option("--from", "first", type=click.DateTime(["%Y-%m"]), default="2023-01", show_default=True)
@click.option("--to", "last", type=click.DateTime(["%Y-%m"]), default="2025-12", show_default=True)
def synthesise(context: Context, out: Path, seed: int, children: int, first: datetime, last: datetime) -> int:
    from ddk_surveillance.synthesis import synthesise as make

    if last < first:
        click.get_current_context().fail(words("起始月份晚于截止月份。", "The first month is after the last one."))
    summary = make(out, seed, children, first.date(), last.date())
    context.voice.say(
        f"已写入 {out}：{summary.files} 个文件，{summary.rows} 行；合成儿童 {summary.children} 名、事件 {summary.incidents} 起。",
        f"Written to {out}: {summary.files} files, {summary.rows} rows; {summary.children} children and {summary.incidents}"
        " incidents, all synthetic.",
    )
    return ExitCode.GOOD


@command(
    "check",
    "报送之前先检查一份文件（不需要密钥，不留存任何内容）",
    "try a file before sending it; no key, nothing is kept",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", required=True, help=words("来源，例如 hospital", "the feed, such as hospital"))
def check(context: Context, file: Path, source: str) -> int:
    from ddk_surveillance.check import check_file

    return check_file(context.settings, context.voice, file, source)


@command(
    "deidentify",
    "报送单位去标识：原始表 → 只含令牌和声明列的表",
    "take names and numbers out: raw table to clean submission",
)
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--source", required=True, help=words("来源，例如 hospital", "the feed, such as hospital"))
@click.option("--key-file", type=click.Path(path_type=Path), required=True, help=words("交换密钥文件", "exchange key"))
@click.option("--out", type=click.Path(path_type=Path), default=None, help=words("写到哪里", "where to write"))
def deidentify(context: Context, file: Path, source: str, key_file: Path, out: Path | None) -> int:
    from ddk_surveillance.deidentify import deidentify_file

    return deidentify_file(context.settings, context.voice, file, source, key_file, out)


@command(
    "review", "复核模型拿不准的记录对：是否同一事件", "decide about the pairs of records on which the model hesitates"
)
@click.option("--by", "decided_by", default=None, help=words("复核人姓名", "your name"))
@click.option(
    "--limit", type=click.IntRange(min=1), default=20, show_default=True, help=words("看几对", "how many pairs")
)
@click.option("--export", "export", type=click.Path(path_type=Path, dir_okay=False), default=None,
              help=words("导出复核单（xlsx）", "write a form to fill in (xlsx)"))  # fmt: skip
@click.option("--import", "filled", type=click.Path(path_type=Path), default=None,
              help=words("导入填好的复核单", "take a filled-in form"))  # fmt: skip
@click.option("--list", "listing", is_flag=True, help=words("列出全部裁定", "list all decisions"))
@click.option("--reverse", type=int, default=None, help=words("撤销某号裁定", "take a decision back, by its number"))
@click.option("--reason", default=None, help=words("撤销的理由", "why it is taken back"))
def review(context: Context, decided_by: str | None, limit: int, export: Path | None, filled: Path | None,
           listing: bool, reverse: int | None, reason: str | None) -> int:  # fmt: skip
    from ddk_surveillance import review as reviewing

    if export:
        return reviewing.export_form(context.settings, context.voice, export, limit)
    if filled:
        return reviewing.import_form(context.settings, context.voice, filled)
    if listing:
        return reviewing.list_decisions(context.settings, context.voice)
    if reverse is not None:
        return reviewing.reverse_decision(context.settings, context.voice, reverse, decided_by, reason)
    return reviewing.review(context.settings, context.voice, decided_by, limit)


@command(
    "explain",
    "一个事件为何如此：记录、各项得分、取值、编号的变动",
    "why an incident is what it is: records, scores, values, names",
)
@click.argument("incident")
def explain(context: Context, incident: str) -> int:
    from ddk_surveillance.review.incident import explain_incident

    return explain_incident(context.settings, context.voice, incident)


def act(function: Callable[..., int]) -> Callable[..., int]:
    """The options of every act on the past."""
    for option in (
        click.option("--by", help=words("经办人（默认为登录名）", "who does it (default: the login name)")),
        click.option("--reason", required=True, help=words("理由", "why")),
    ):
        function = option(function)
    return function


@command("withdraw", "撤回一份已入库的文件，如同从未收到", "remove a file for good, as if it had never come")
@click.argument("batch")
@click.option("--erase", "is_erased", is_flag=True, help=words("连同存档、原文和回执内容一并抹除，不能撤销（已撤回的文件也可）",
              "erase its archived copy, texts and receipt too, for good; also of a file withdrawn before"))  # fmt: skip
@act
def withdraw(context: Context, batch: str, is_erased: bool, reason: str, by: str | None) -> int:
    from ddk_surveillance.changes import commands

    return commands.withdraw(context.settings, context.voice, batch, reason, by, is_erased)


@command("undo", "撤销一次更正（撤回、更正时期或撤销）", "take a change back: a withdrawal, a backfill or an undo")
@click.argument("change")
@act
def undo(context: Context, change: str, reason: str, by: str | None) -> int:
    from ddk_surveillance.changes import commands

    return commands.undo(context.settings, context.voice, change, reason, by)


@ddk.group("population", help=words("人口数（分母）", "the population, our denominators"))
def population() -> None:
    pass


@population.command("import", help=words("检查缺口、合计和突变后入库并重算", "check for gaps, totals and jumps, then take in and recompute"))  # fmt: skip
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--accept-jumps", is_flag=True, help=words("变动超过 5% 属实", "changes of more than 5 % are real"))
@click.pass_obj
def population_import(context: Context, file: Path, accept_jumps: bool) -> int:
    from ddk_surveillance.population import import_population

    return import_population(context.settings, context.voice, file, accept_jumps)


@command("evaluate", "在合成数据上衡量去重计数的准确度", "measure how right the linkage counts, on synthetic records")
@click.option("--seed", type=int, required=True)
@click.option("--records", type=click.IntRange(min=100), required=True)
@click.option("--scenario", default="reference", show_default=True,
              help=words("数据好坏的情形（错误的名称会列出全部）", "how good the records are (a wrong name lists all)"))  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help=words("机器可读", "for machines"))
def evaluate(context: Context, seed: int, records: int, scenario: str, as_json: bool) -> int:
    from ddk_surveillance.link import commands

    return commands.evaluate(context.voice, seed, records, scenario, as_json)


@ddk.group("linkage", help=words("比对模型", "the linkage model"))
def linkage() -> None:
    pass


@linkage.command("train", help=words("由本库记录学一个新模型，不自动启用",
                                     "learn another model from the records here; it is not put to use"))  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True)
@click.pass_obj
def train(context: Context, seed: int) -> int:
    from ddk_surveillance.link import commands

    return commands.train_model(context.settings, context.voice, seed)


@linkage.command("use", help=words("改用某个版本的模型", "link by another version of the model"))
@click.argument("version")
@click.pass_obj
def use(context: Context, version: str) -> int:
    from ddk_surveillance.link import commands

    return commands.use_model(context.settings, context.voice, version)


@command(
    "backfill",
    "更正一段时期：默认只给出方案，--apply 照方案执行",
    "correct a period: a plan by default, --apply does what it showed",
)
@click.option("--source", required=True, help=words("来源，例如 hospital", "the feed, such as hospital"))
@click.option("--from", "first", required=True, type=MONTH, help=words("事件起始月份", "first month of events"))
@click.option("--to", "last", required=True, type=MONTH, help=words("事件截止月份", "last month of events"))
@click.option("--institution", default=None, help=words("只更正这一机构", "this institution alone"))
@click.option(
    "--files",
    multiple=True,
    type=click.Path(path_type=Path, exists=True),
    help=words(
        "以这些文件（或文件夹）为准，可重复；不给则按现行声明重读存档",
        "these files, or those of a folder, are the truth; repeatable; without: the archive is read again",
    ),
)
@click.option("--apply", "is_applied", is_flag=True, help=words("照最近一次方案执行", "do what the last plan showed"))
@act
def backfill(
    context: Context, source: str, first: datetime, last: datetime, institution: str | None, files: tuple[Path, ...],
    is_applied: bool, reason: str, by: str | None,
) -> int:  # fmt: skip
    from ddk_surveillance.changes import commands

    request = commands.request(source, f"{first:%Y-%m}", f"{last:%Y-%m}", reason, by, institution, files)
    return commands.correct_period(context.settings, context.voice, request, is_applied)


@ddk.group("refused", help=words("被拒收的文件", "the refused files"))
def refused() -> None:
    pass


@refused.command("purge", help=words("删除所有被拒收和无法读取的文件", "delete all refused and unreadable files"))
@click.pass_obj
def purge(context: Context) -> int:
    from ddk_surveillance.landing import purge_refused
    from ddk_surveillance.warehouse import writer_lock

    context.settings.make_folders()
    with writer_lock(context.settings):
        count = purge_refused(context.settings)
    folder = context.settings.refused
    moment = f"{now():%Y-%m-%d %H:%M:%S}"
    context.voice.say(f"{moment} 已从 {folder} 删除 {count} 个文件。", f"{moment} deleted {count} files from {folder}.")
    return ExitCode.GOOD


@command(
    "replay",
    "用存档重算过去某夜，与当夜发布逐表核对",
    "compute a past night again from the archive and compare it with its release",
)
@click.option(
    "--date", "day", type=click.DateTime(["%Y-%m-%d"]), default=None, help=words("哪一天的运行", "night of this date")
)
@click.option(
    "--night", "night_id", default=None, help=words("运行号（见 ops.night）", "id of the night, see ops.night")
)
def replay(context: Context, day: datetime | None, night_id: str | None) -> int:
    from ddk_surveillance.runs import run_replay

    if (day is None) == (night_id is None):
        click.get_current_context().fail(words("请给出 --date 或 --night 之一。", "Give either --date or --night."))
    return run_replay(context.settings, context.voice, day.date() if day else None, night_id)


@command(
    "backup",
    "备份整个数据目录（密钥除外）并逐字节核对",
    "copy the whole data home, the key apart, and compare every byte",
)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def backup(context: Context, folder: Path) -> int:
    from ddk_surveillance.backup import back_up

    return back_up(context.settings, context.voice, folder)


@command("restore", "从备份恢复数据目录", "bring the data home back from a backup")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.option(
    "--replace",
    is_flag=True,
    help=words("数据目录非空也恢复；原有内容移到旁边", "also if the home is not empty; what is there is moved aside"),
)
def restore(context: Context, folder: Path, replace: bool) -> int:
    from ddk_surveillance.backup import restore as bring_back

    return bring_back(context.settings, context.voice, folder, replace)


@command("doctor", "检查这台机器缺什么，如何补救", "what is missing or misconfigured here, and the remedy")
def doctor(context: Context) -> int:
    from ddk_surveillance.doctor import examine

    return examine(context.settings, context.voice)


# Anything else that the system refuses, such as a file that is not there, is a defect of ours and its traceback is kept.
REFUSED_BY_DISK = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO}


def main(arguments: list[str] | None = None) -> None:
    """Run a command; data and configuration problems are sentences with an exit code, never tracebacks."""
    os.umask(0o077)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a bare Debian has no UTF-8 locale, but its terminal shows Chinese
            stream.reconfigure(encoding="utf-8", errors="replace")
    sys.exit(_guarded(arguments))


def program() -> None:
    """`ddk` as a process: it leaves without taking two thousand modules apart, which costs 0.6 s and frees what the system frees."""
    try:
        main()
    except SystemExit as end:
        atexit._run_exitfuncs()
        with contextlib.suppress(OSError):  # whoever read the output has gone
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(int(end.code or 0))


def _guarded(arguments: list[str] | None) -> int:
    try:
        return int(ddk.main(args=arguments, prog_name="ddk", standalone_mode=False) or 0)
    except DdkError as error:
        _complain(error.text)
        return error.exit_code
    except click.ClickException as error:
        click.echo(wrong(error), err=True)
        return ExitCode.USAGE
    except (click.Abort, KeyboardInterrupt):
        _complain(Text("已中断。重新运行会接着做完。", "Interrupted. Run again and it goes on from there."))
        return ExitCode.DEFECT
    except Exception as error:
        if isinstance(error, OSError) and error.errno in REFUSED_BY_DISK:
            _complain(_refused(error))
            return ExitCode.USAGE
        _complain(_kept(error))
        return ExitCode.DEFECT


def _complain(text: Text) -> None:
    click.echo(words(text.zh, text.en), err=True)


def _refused(error: OSError) -> Text:
    """A full or read-only disk, say; nothing can be kept there."""
    return Text(
        f"系统拒绝读写文件（{error.strerror}）。请检查磁盘空间和文件夹权限（ddk doctor）。",
        f"The system refused a file ({error.strerror}). Check disk space and permissions (ddk doctor).",
    )


def _kept(error: Exception) -> Text:
    """Keep the traceback where only the owner can read it: it may quote a row."""
    folder = load(os.environ).logs
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError:  # the home itself may be what is wrong
        folder = Path(tempfile.mkdtemp(prefix="ddk-"))
    log = folder / f"{now():%Y%m%dT%H%M%S}-defect.log"
    log.write_text("".join(traceback.format_exception(error)), encoding="utf-8")
    kind = type(error).__name__
    return Text(
        f"程序缺陷（{kind}），不是您的数据问题。详情见 {log}，请交给维护人员。",
        f"A defect of ours ({kind}), not of your data. Details in {log}: give them to the maintainer.",
    )


if __name__ == "__main__":
    program()
