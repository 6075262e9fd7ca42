"""Text that we write into files which people open in a spreadsheet, or to their screens."""

import re

# What Excel, WPS or LibreOffice may take for the start of a formula, also after spaces and in full width.
_FORMULA_START = re.compile(r"^\s*[=+\-@＝＋－＠]|^[\t\r\n]")
_NUMBER = re.compile(r"^[+-]?[0-9]+(\.[0-9]+)?%?$")


def printable(text: str) -> str:
    """Without what would command a terminal."""
    return "".join(character if character.isprintable() else "_" for character in text)


def neutralise_formula(text: str) -> str:
    """Put an apostrophe before text that a spreadsheet would evaluate; a plain signed number stays as it is."""
    return f"'{text}" if _FORMULA_START.match(text) and not _NUMBER.match(text) else text
