"""What can go wrong, sorted by who has to act; every message is bilingual and quotes no value from a row."""

from collections.abc import Iterable
from enum import IntEnum
from typing import NamedTuple


class Text(NamedTuple):
    """One sentence in the two languages of the product."""

    zh: str
    en: str

    def said(self, language: str) -> str:
        return self.zh if language == "zh" else self.en

    def format(self, **values: object) -> "Text":
        """The same sentence with its named places filled."""
        return Text(self.zh.format(**values), self.en.format(**values))


def listed(texts: Iterable[Text], zh: str = "、", en: str = ", ") -> Text:
    """Several texts in one, parted by these marks."""
    texts = list(texts)
    return Text(zh.join(one.zh for one in texts), en.join(one.en for one in texts))


class ExitCode(IntEnum):
    """What the shell learns; documented in the READMEs."""

    GOOD = 0
    DEFECT = 1
    USAGE = 2
    DATA_PROBLEMS = 3
    NOT_PUBLISHED = 4


class DdkError(Exception):
    """Base of everything that is shown to a person without a traceback."""

    exit_code = ExitCode.USAGE

    def __init__(self, zh: str, en: str) -> None:
        self.text = Text(zh, en)
        super().__init__(en)


class ConfigurationError(DdkError):
    """The operator must mend a setting, a key file or a folder."""


class DeclarationError(DdkError):
    """The data officer must mend a file under schemas/."""


class BusyError(DdkError):
    """Another run holds the warehouse."""


class FileRefused(DdkError):
    """The institution must mend and send the file again; `reason` is the stable code of the refusal."""

    exit_code = ExitCode.DATA_PROBLEMS

    def __init__(self, reason: str, zh: str, en: str) -> None:
        super().__init__(zh, en)
        self.reason = reason


class BooksDoNotBalance(DdkError):
    """Rows were lost or invented between two stages, so nothing may be published."""

    exit_code = ExitCode.NOT_PUBLISHED


class WarehouseError(DdkError):
    """DuckDB refused a statement; its own words may quote row values, so only their kind is kept."""

    exit_code = ExitCode.DEFECT
