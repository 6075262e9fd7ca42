"""A command line that is not understood gets one line in the reader's language, exit code 2 and no traceback."""

import inspect
from pathlib import Path

import pytest

from ddk_surveillance import cli
from ddk_surveillance.errors import ExitCode

WRONG = [
    ("nonsense", "没有命令 nonsense。用法见 ddk --help"),
    ("nightli", "没有命令 nightli（是否指 nightly）。用法见 ddk --help"),
    ("status --jsno", "没有选项 --jsno（是否指 --json）。用法见 ddk status --help"),
    ("check", "缺少 FILE。用法见 ddk check --help"),
    ("check a.csv", "缺少 --source。用法见 ddk check --help"),
    ("check a.csv --source", "选项 --source 后面缺少它的值，或不该有值。用法见 ddk --help"),
    ("drill 19 abc", "YEAR 的值不对，应为整数。用法见 ddk drill --help"),
    ("drill 19 2024 more", "参数过多或不全（Got unexpected extra argument (more)）。用法见 ddk drill --help"),
    ("changes --format xml", "--format 的值不对，可选 table、csv、json。用法见 ddk changes --help"),
    ("evaluate --records 10", "--records 的值不对，应为不小于 100 的整数。用法见 ddk evaluate --help"),
    ("synthesise --out o --from 2024-13", "--from 的值不对，应写成 2025-01。用法见 ddk synthesise --help"),
    ("synthesise --out o --from 2025-02 --to 2025-01", "起始月份晚于截止月份。用法见 ddk synthesise --help"),
    ("restore nowhere", "FOLDER 的值不对，该处没有所要的文件或文件夹。用法见 ddk restore --help"),
    ("changes --to R1", "--to 要与 --from 一起给出。用法见 ddk changes --help"),
    ("replay", "请给出 --date 或 --night 之一。用法见 ddk replay --help"),
]


@pytest.mark.parametrize(("line", "said"), WRONG)
def test_what_was_wrong_is_said_in_one_chinese_line(line: str, said: str, capsys, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    assert told(line, tmp_path / "home", capsys) == said


def test_a_home_that_is_a_file_is_named(capsys, tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.touch()
    assert told("status", home, capsys).startswith("--home 的值不对，该处没有所要的文件或文件夹")
    assert told("nightly", home / "below", capsys).startswith(f"{home / 'below'} 不能用作文件夹")


def test_help_has_a_chinese_frame(capsys) -> None:
    with pytest.raises(SystemExit):
        cli.main(["check", "--help"])
    shown = capsys.readouterr().out
    assert shown.splitlines()[0] == "用法：ddk check [OPTIONS] FILE"
    assert "选项：" in shown and "[必填]" in shown and "显示这段说明" in shown


def test_every_command_hands_its_function_what_it_takes() -> None:
    straight = [one for group in cli.GROUPS for one in group.commands.values() if isinstance(one, cli.Straight)]
    for command in straight:
        _, _, *asked = inspect.signature(command.target()).parameters
        assert sorted(asked) == sorted(str(parameter.name) for parameter in command.params), command.name
    assert len(straight) == 26


def told(line: str, home: Path, capsys) -> str:
    with pytest.raises(SystemExit) as stopped:
        cli.main(["--home", str(home), *line.split()])
    assert stopped.value.code == ExitCode.USAGE
    [said] = capsys.readouterr().err.splitlines()
    return said
