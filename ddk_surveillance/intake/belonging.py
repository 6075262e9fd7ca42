"""Whose file it is: what its header, title, sheets and name say of the feed it belongs to."""

from collections.abc import Iterable, Mapping, Sequence

from ddk_surveillance.contracts import Source
from ddk_surveillance.errors import FileRefused
from ddk_surveillance.intake.cleaning import compact
from ddk_surveillance.intake.headers import HEADER_SEARCH_ROWS, ColumnHeaders, find_header
from ddk_surveillance.intake.recognise import Others, Recognised, recognise_all
from ddk_surveillance.intake.refusals import refused
from ddk_surveillance.intake.rows import rows_of
from ddk_surveillance.intake.sheets import Sheet, Workbook

NOT_OURS = ("header_not_found", "required_column_missing")


def columns_of(source: Source) -> list[ColumnHeaders]:
    """What the columns of a feed are called in its files."""
    return [
        ColumnHeaders(name, column.headers, column.required, column.fill_down, column.kind)
        for name, column in source.physical_columns.items()
    ]


def recognise_own(
    sources: Mapping[str, Source], own: Source, file: Workbook, file_name: str
) -> tuple[tuple[Recognised, ...], Others]:
    """The sheets of the file as rows of the feed `own`; raises FileRefused, also for what is another feed's file."""
    try:
        recognised, others = recognise_all(file.sheets, columns_of(own))
    except FileRefused as refusal:
        if refusal.reason in NOT_OURS:
            _refuse(fitting(sources.values(), own, file.sheets))
        raise
    texts = (file_name, *(sheet.name for sheet in file.sheets), *(line for one in recognised for line in one.title))
    named = [source for source in sources.values() if _names(source, texts)]
    if named and own not in named:
        is_zero = all(one.is_zero_report for one in recognised)
        _refuse(named if is_zero else fitting(named, own, file.sheets))
    return recognised, others


def fitting(sources: Iterable[Source], own: Source, sheets: Sequence[Sheet]) -> list[Source]:
    """The other feeds whose columns a sheet holds: all they require, and no fewer than of the feed `own`."""
    tops = [rows_of(sheet.cells.slice(0, HEADER_SEARCH_ROWS + 1)) for sheet in sheets]

    def found(source: Source) -> int:
        columns = columns_of(source)
        headers = [find_header(top, columns) for top in tops]
        required = {column.name for column in columns if column.required}
        whole = [len(one.columns) for one in headers if one and (source is own or required <= set(one.columns))]
        return max(whole, default=0)

    least = max(1, found(own))
    return [source for source in sources if source is not own and found(source) >= least]


def _names(source: Source, texts: Iterable[str]) -> bool:
    return any(word in compact(text) for text in texts for word in source.named)


def _refuse(feeds: Sequence[Source]) -> None:
    if feeds:
        raise refused(
            "of_another_feed", feeds="、".join(f"{feed.title.zh}（{feed.source}）" for feed in feeds)
        ) from None
