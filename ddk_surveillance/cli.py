"""`ddk …`: the commands. Heavy modules are imported where they are used, so that `ddk --help` answers at once."""

import atexit
import contextlib
import errno
import getpass
import importlib
import os
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from ddk_surveillance.errors import DdkError, ExitCode, Text
from ddk_surveillance.settings import Settings, load, now
from ddk_surveillance.usage import Command, Group, words, wrong


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
    context.obj = load(os.environ, home, lang)
    # Flows and their helpers read the environment, so that a scheduled run and this one see the same.
    os.environ["DDK_HOME"], os.environ["DDK_LANG"] = str(context.obj.home), context.obj.language


class Straight(Command):
    """A command that is the function `module:name`: it is given settings, a voice and the parameters by their names."""

    def __init__(self, name: str, to: str, zh: str, en: str, *parameters: click.Parameter) -> None:
        super().__init__(name, params=list(parameters), help=words(zh, en), callback=self._call)
        self.to = to

    def target(self) -> Callable[..., int]:
        """The function; imported now."""
        module, _, name = self.to.partition(":")
        found: Callable[..., int] = getattr(importlib.import_module(f"ddk_surveillance.{module}"), name)
        return found

    def _call(self, **given: Any) -> int:
        from ddk_surveillance.console import Voice

        settings: Settings = click.get_current_context().obj
        return self.target()(settings, Voice(settings.language), **given)


def option(*names: str, zh: str = "", en: str = "", **more: Any) -> click.Option:
    return click.Option(names, help=words(zh, en) or None, **more)


def argument(name: str, **more: Any) -> click.Argument:
    return click.Argument([name], **more)


PATH = click.Path(path_type=Path)
FOLDER = click.Path(path_type=Path, file_okay=False)
MONTH = click.DateTime(["%Y-%m"])
FORMAT = option("--format", "form", type=click.Choice(["table", "csv", "json"]), default="table")
JSON = option("--json", "as_json", is_flag=True, zh="机器可读", en="for machines")
FILE, YEAR = argument("file", type=PATH), argument("year", type=int)
SOURCE = option("--source", required=True, zh="来源，例如 hospital", en="the feed, such as hospital")
WHO = option("--by", default=getpass.getuser, zh="经办人（默认为登录名）", en="who does it (default: the login name)")
WHY = option("--reason", required=True, zh="理由", en="why")
GROUPS: dict[Group, tuple[Straight, ...]] = {
    ddk: (
        Straight("nightly", "runs:run_night", "处理 landing/ 中的新文件，计算并发布", "take in what waits in landing/, compute and publish"),
        Straight("release", "runs:run_release", "不收新文件，重新连接、计算并发布（改了指标声明之后用）",
                 "link, compute and publish again without taking in any file, as after a definition was mended"),
        Straight("demo", "runs:run_demo", "用附带的合成数据完整运行一遍", "run the whole pipeline on the synthetic sample data"),
        Straight("status", "status:show_status", "上一次运行怎么样，需要做什么", "did the last run work, and what is to be done", JSON),
        Straight("sql", "analyst:query", "用 SQL 查询分析文件（只读）", "query the analyst file, read-only", argument("statement"), FORMAT),
        Straight("drill", "drill:show_drill", "从一个数字追到事件、记录、规则和文件中的行",
                 "from a figure to its incidents, records, rules and the rows of the files",
                 argument("code", metavar="INDICATOR"), YEAR, FORMAT),
        Straight("check", "check:check_file", "报送之前先检查一份文件（不需要密钥，不留存任何内容）",
                 "try a file before sending it; no key, nothing is kept", FILE, SOURCE),
        Straight("deidentify", "deidentify:deidentify_file", "报送单位去标识：原始表 → 只含令牌和声明列的表",
                 "take names and numbers out: raw table to clean submission", FILE, SOURCE,
                 option("--key-file", type=PATH, required=True, zh="交换密钥文件", en="exchange key"),
                 option("--out", type=PATH, zh="写到哪里", en="where to write")),
        Straight("explain", "review.incident:explain_incident", "一个事件为何如此：记录、各项得分、取值、编号的变动",
                 "why an incident is what it is: records, scores, values, names", argument("name", metavar="INCIDENT")),
        Straight("withdraw", "changes.commands:withdraw", "撤回一份已入库的文件，如同从未收到",
                 "remove a file for good, as if it had never come", argument("batch"),
                 option("--erase", "is_erased", is_flag=True, zh="连同存档、原文和回执内容一并抹除，不能撤销（已撤回的文件也可）",
                        en="erase its archived copy, texts and receipt too, for good; also of a file withdrawn before"), WHO, WHY),
        Straight("undo", "changes.commands:undo", "撤销一次更正（撤回、更正时期或撤销）",
                 "take a change back: a withdrawal, a backfill or an undo", argument("change_id", metavar="CHANGE"), WHO, WHY),
        Straight("evaluate", "link.commands:evaluate", "在合成数据上衡量去重计数的准确度",
                 "measure how right the linkage counts, on synthetic records",
                 option("--seed", type=int, required=True), option("--records", type=click.IntRange(min=100), required=True),
                 option("--scenario", default="reference", show_default=True, zh="数据好坏的情形（错误的名称会列出全部）",
                        en="how good the records are (a wrong name lists all)"), JSON),
        Straight("backup", "backup:back_up", "备份整个数据目录（密钥除外）并逐字节核对",
                 "copy the whole data home, the key apart, and compare every byte", argument("target", metavar="FOLDER", type=FOLDER)),
        Straight("restore", "backup:restore", "从备份恢复数据目录", "bring the data home back from a backup",
                 argument("source", metavar="FOLDER", type=click.Path(path_type=Path, file_okay=False, exists=True)),
                 option("--replace", is_flag=True, zh="数据目录非空也恢复；原有内容移到旁边",
                        en="also if the home is not empty; what is there is moved aside")),
        Straight("changes", "changes.commands:show_changes", "谁在何时为何更正了什么；给出 --from 则为两次发布之间数字为何不同",
                 "who corrected what, when and why; with --from, why the figures of two releases differ",
                 option("--from", "old", zh="较早的发布，例如 R1", en="the earlier release, such as R1"),
                 option("--to", "new", zh="较晚的发布（默认最新）", en="the later release (by default the newest)"), FORMAT),
        Straight("backfill", "changes.commands:correct_period", "更正一段时期：默认只给出方案，--apply 照方案执行",
                 "correct a period: a plan by default, --apply does what it showed",
                 SOURCE, option("--from", "first", required=True, type=MONTH, zh="事件起始月份", en="first month of events"),
                 option("--to", "last", required=True, type=MONTH, zh="事件截止月份", en="last month of events"),
                 option("--institution", zh="只更正这一机构", en="this institution alone"),
                 option("--files", multiple=True, type=click.Path(path_type=Path, exists=True),
                        zh="以这些文件（或文件夹）为准，可重复；不给则按现行声明重读存档",
                        en="these files, or those of a folder, are the truth; repeatable; without: the archive is read again"),
                 option("--apply", "is_applied", is_flag=True, zh="照最近一次方案执行", en="do what the last plan showed"), WHO, WHY),
        Straight("replay", "runs:run_replay", "用存档重算过去某夜，与当夜发布逐表核对",
                 "compute a past night again from the archive and compare it with its release",
                 option("--date", "day", type=click.DateTime(["%Y-%m-%d"]), zh="哪一天的运行", en="night of this date"),
                 option("--night", "night_id", zh="运行号（见 ops.night）", en="id of the night, see ops.night")),
        Straight("review", "review:act", "复核模型拿不准的记录对：是否同一事件", "decide about the pairs of records on which the model hesitates",
                 option("--by", "decided_by", zh="复核人姓名", en="your name"),
                 option("--limit", type=click.IntRange(min=1), default=20, show_default=True, zh="看几对", en="how many pairs"),
                 option("--pair", nargs=2, metavar="A B", zh="复核指定的两条记录（见 ddk explain）",
                        en="decide about two records that you name (ids: ddk explain)"),
                 option("--export", type=click.Path(path_type=Path, dir_okay=False), zh="导出复核单（xlsx）", en="write a form to fill in (xlsx)"),
                 option("--import", "filled", type=PATH, zh="导入填好的复核单", en="take a filled-in form"),
                 option("--list", "listing", is_flag=True, zh="列出全部裁定", en="list all decisions"),
                 option("--reverse", type=int, zh="撤销某号裁定", en="take a decision back, by its number"),
                 option("--reason", zh="撤销的理由", en="why it is taken back")),
        Straight("synthesise", "synthesis:make_district", "生成合成的大渡口区数据", "make a synthetic district",
                 option("--out", type=FOLDER, required=True), option("--seed", type=int, default=20260101, show_default=True),
                 option("--children", type=click.IntRange(min=100), default=63_000, show_default=True),
                 option("--from", "first", type=MONTH, default="2023-01", show_default=True),
                 option("--to", "last", type=MONTH, default="2025-12", show_default=True)),
        Straight("doctor", "doctor:examine", "检查这台机器缺什么，如何补救", "what is missing or misconfigured here, and the remedy"),
    ),
    Group("edition", help=words("定稿：冻结某年的数字", "editions: the figures of a year, frozen")): (
        Straight("freeze", "editions:freeze", "把一年已发布的数字定稿", "freeze the published figures of a year", YEAR, WHO,
                 option("--reason", zh="理由", en="why"),
                 option("--force", "is_forced", is_flag=True, zh="初步数也定稿", en="freeze provisional figures too")),
        Straight("list", "editions:show_editions", "所有定稿及其后的变动", "all editions and what has moved since"),
    ),
    Group("population", help=words("人口数（分母）", "the population, our denominators")): (
        Straight("import", "population:import_population", "检查缺口、合计和突变后入库并重算",
                 "check for gaps, totals and jumps, then take in and recompute", FILE,
                 option("--accept-jumps", is_flag=True, zh="变动超过 5% 属实", en="changes of more than 5 % are real")),
    ),
    Group("linkage", help=words("比对模型", "the linkage model")): (
        Straight("train", "link.commands:train_model", "由本库记录学一个新模型，不自动启用",
                 "learn another model from the records here; it is not put to use",
                 option("--seed", type=int, default=1, show_default=True)),
        Straight("use", "link.commands:use_model", "改用某个版本的模型", "link by another version of the model", argument("version")),
    ),
    Group("refused", help=words("被拒收的文件", "the refused files")): (
        Straight("purge", "landing:purge", "删除所有被拒收和无法读取的文件", "delete all refused and unreadable files"),
    ),
}  # fmt: skip
for _group, _commands in GROUPS.items():
    for _command in _commands:
        _group.add_command(_command)
    if _group is not ddk:
        ddk.add_command(_group)


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
