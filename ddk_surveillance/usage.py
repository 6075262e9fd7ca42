"""What the command line says of itself, in the reader's language: the frame of --help, and what was wrong with a command."""

import os
import sys
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

import click

ENGLISH = "en" in (
    os.environ.get("DDK_LANG"),
    *(b for a, b in zip(sys.argv, sys.argv[1:], strict=False) if a == "--lang"),
)
FRAME = {"Options": "选项", "Commands": "命令", "Positional arguments": "参数",
         "Show this message and exit.": "显示这段说明", "Show the version and exit.": "显示版本",
         "[required]": "[必填]", "[default: ": "[默认 "}  # fmt: skip


def words(zh: str, en: str) -> str:
    """Help texts have to choose their language before any option is parsed."""
    return en if ENGLISH else zh


def fail(zh: str, en: str) -> NoReturn:
    """Turn away a command line whose parts do not go together."""
    raise click.UsageError(words(zh, en), click.get_current_context(silent=True))


def wrong(error: click.ClickException) -> str:
    """What was wrong with a command line, and where its usage is told."""
    if not isinstance(error, click.UsageError):
        return error.format_message()
    command = f"{error.ctx.command_path if error.ctx else 'ddk'} --help"
    if ENGLISH:
        return f"{error.format_message()} Usage: {command}"
    return f"{_what(error).rstrip('。')}。用法见 {command}"


def _what(error: click.UsageError) -> str:
    match error:
        case click.NoSuchOption():
            return f"没有选项 {error.option_name}{_instead(error.possibilities)}"
        case click.NoSuchCommand():
            return f"没有命令 {error.command_name}{_instead(error.possibilities)}"
        case click.BadOptionUsage():
            return f"选项 {error.option_name} 后面缺少它的值，或不该有值"
        case click.MissingParameter() if error.param is not None:
            return f"缺少 {_name(error.param)}"
        case click.BadParameter() if error.param is not None:
            return f"{_name(error.param)} 的值不对{_wanted(error.param.type)}"
        case _:
            message = error.format_message()
            return message if not message.isascii() else f"参数过多或不全（{message.rstrip('.')}）"


def _instead(possibilities: Sequence[str] | None) -> str:
    return f"（是否指 {'、'.join(sorted(possibilities))}）" if possibilities else ""


def _name(parameter: click.Parameter) -> str:
    return parameter.human_readable_name if isinstance(parameter, click.Argument) else "/".join(parameter.opts)


def _wanted(kind: click.ParamType[Any]) -> str:
    match kind:
        case click.Choice():
            return f"，可选 {'、'.join(map(str, kind.choices))}"
        case click.DateTime():
            return f"，应写成 {'、'.join(form.replace('%Y', '2025').replace('%m', '01').replace('%d', '31') for form in kind.formats)}"
        case click.IntRange():
            return f"，应为不小于 {kind.min} 的整数"
        case click.Path():
            return "，该处没有所要的文件或文件夹"
        case _:
            return "，应为整数" if kind is click.INT else ""


class Formatter(click.HelpFormatter):
    """Help with a Chinese frame; click's own one is English."""

    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        super().write_usage(prog, args, prefix or "用法：")

    def write_heading(self, heading: str) -> None:
        self.write(f"{'':>{self.current_indent}}{FRAME.get(heading, heading)}：\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        for english, chinese in FRAME.items():
            rows = [(name, text.replace(english, chinese)) for name, text in rows]
        super().write_dl(rows, col_max, col_spacing)


class FramedContext(click.Context):
    formatter_class = click.HelpFormatter if ENGLISH else Formatter


class Command(click.Command):
    context_class = FramedContext


class Group(click.Group):
    context_class = FramedContext
