"""What the names of linkage.yaml and the codes of records mean, in the words of those who review them."""

import datetime
import functools
from typing import Any

from ddk_surveillance.contracts import Bilingual, Declared, Identifier
from ddk_surveillance.errors import Text, listed
from ddk_surveillance.library import Library
from ddk_surveillance.link.explanation import Contribution

NOTHING = Text("—", "—")


class FieldWords(Bilingual):
    """A compared field and the columns of a record that it looks at, if not the one of its name."""

    columns: tuple[Identifier, ...] = ()


class LinkageWords(Declared):
    """schemas/linkage_words.yaml."""

    fields: dict[Identifier, FieldWords]
    levels: dict[Identifier, Bilingual]
    circumstances: dict[Identifier, Bilingual]
    classes: dict[Identifier, Bilingual]
    rules: dict[Identifier, Bilingual]
    choices: dict[Identifier, Bilingual]
    causes: dict[Identifier, Bilingual]
    decisions: dict[Identifier, Bilingual]

    def of(self, kind: str, name: str) -> Text:
        """The word for a name; the name itself where a home's own declaration has no word for it."""
        found: Bilingual | None = getattr(self, kind).get(name)
        return found.text if found else Text(name, name)

    def comparison(self, one: Contribution) -> Text:
        """How a field agrees, such as 同年同月（同一单位）; dashes where nothing is known."""
        if one.level is None:
            return NOTHING
        level = one.level.removesuffix(f"_{one.circumstance}").removesuffix("_of")
        own = f"{one.field}_{level}"
        text = self.of("levels", own if own in self.levels else level)
        if one.circumstance not in self.circumstances:
            return text
        given = self.of("circumstances", one.circumstance)
        return Text(f"{text.zh}（{given.zh}）".replace("）（", "；"), f"{text.en} ({given.en})")

    def columns(self, field: str) -> tuple[str, ...]:
        """The columns of a record that a field compares."""
        return (self.fields[field].columns if field in self.fields else ()) or (field,)


def load(library: Library) -> LinkageWords:
    return library.declared("linkage_words.yaml", LinkageWords)


class Labels:
    """Cells of a record as people read them: labels for codes, never a token."""

    def __init__(self, library: Library) -> None:
        self.library = library
        self.columns = library.tables["core.record_version"].columns

    @functools.cache  # noqa: B019 (lives as long as one command)
    def codes(self, codelist: str) -> dict[str, Text]:
        return self.library.code_labels(codelist)

    def title(self, column: str) -> Text:
        """What a column is called, without the explanation in brackets."""
        comment = self.columns[column].comment
        return Text(comment.zh.partition("(")[0], comment.en.partition(",")[0])

    def cell(self, column: str, value: Any) -> Text:
        if value is None:
            return NOTHING
        if column.endswith("_token"):
            return Text("有", "given")
        if column == "source_code" and value in self.library.sources:
            return self.library.sources[value].title.text
        codelist = self.columns[column].codelist if column in self.columns else None
        if codelist:
            return self.codes(codelist).get(value, Text(value, value))
        if isinstance(value, bool):
            return Text("是", "yes") if value else Text("否", "no")
        if isinstance(value, datetime.date):
            return Text(*[f"{value:%Y-%m}" if column == "birth_month" else f"{value:%Y-%m-%d}"] * 2)
        return Text(str(value), str(value))

    def cells(self, columns: tuple[str, ...], record: dict[str, Any]) -> Text:
        """Several columns in one cell, each thing said once."""
        said = [self.cell(column, record[column]) for column in columns]
        return listed([one for one in dict.fromkeys(said) if one != NOTHING] or [NOTHING], " · ", " · ")
