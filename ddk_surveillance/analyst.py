"""`ddk sql`: the analyst file, read-only and cut off from the rest of the machine."""

from pathlib import Path
from typing import Any

import duckdb

from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError, ExitCode
from ddk_surveillance.settings import Settings

CONFIGURATION: dict[str, str | bool | int | float | list[str]] = {
    "enable_external_access": "false",
    "lock_configuration": "true",
}
# Kinds of error whose text speaks of the statement, not of the data.
ABOUT_THE_STATEMENT = (duckdb.ParserException, duckdb.BinderException, duckdb.CatalogException)


def query(settings: Settings, voice: Voice, statement: str, form: str) -> int:
    """Run one statement on the newest release and print its rows."""
    names, rows = _fetch(_newest(settings), statement)
    voice.rows(form, names, rows)
    return ExitCode.GOOD


def _newest(settings: Settings) -> Path:
    """The file behind the link: DuckDB must be given the version, else a reader that stays open sees the old one."""
    if not settings.analyst_file.exists():
        raise ConfigurationError(
            "还没有发布过分析文件。请先运行 ddk nightly（或 ddk demo）。",
            "There is no analyst file yet. Run ddk nightly (or ddk demo) first.",
        )
    return settings.analyst_file.resolve()


def _fetch(file: Path, statement: str) -> tuple[list[str], list[tuple[Any, ...]]]:
    try:
        with duckdb.connect(str(file), read_only=True, config=CONFIGURATION) as connection:
            if not connection.extract_statements(statement):
                raise ConfigurationError("没有 SQL 语句。", "There is no statement.")
            result = connection.execute(statement)
            return [column[0] for column in result.description or ()], result.fetchall()
    except ABOUT_THE_STATEMENT as error:
        raise ConfigurationError(f"SQL 语句有误：{error}", f"The statement is wrong: {error}") from None
    except duckdb.Error as error:
        kind = type(error).__name__
        raise ConfigurationError(
            f"查询未能执行（{kind}）；分析文件只读。", f"The query failed ({kind}); the file is read-only."
        ) from None
