"""What the receipt tells an institution of its file beside the rows: what was left aside, and why."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from ddk_surveillance.contracts import Source
from ddk_surveillance.errors import Text
from ddk_surveillance.intake.recognise import Recognised
from ddk_surveillance.intake.rows import Kind

KINDS: Mapping[Kind, Text] = {
    "total": Text("合计", "totals"),
    "footer": Text("表尾说明", "footers"),
    "example": Text("填写示例", "examples"),
    "repeated_header": Text("重复表头", "repeated headers"),
    "title": Text("表间标题", "titles between tables"),
    "other_header": Text("不同的表头", "other headers"),
    "zero_report": Text("零报告字样", "zero-report notes"),
    "blank": Text("空行", "blank lines"),
}
SHOWN = 20


def notes_of(source: Source, recognised: Sequence[Recognised], passed_over: Sequence[str]) -> Text:
    """One sentence for each kind of thing left aside; empty where nothing was."""
    sentences = list(_sentences(source, recognised, passed_over))
    return Text("".join(f"{one.zh}。" for one in sentences), " ".join(f"{one.en}." for one in sentences))


def _sentences(source: Source, recognised: Sequence[Recognised], passed_over: Sequence[str]) -> Iterator[Text]:
    dropped = sum((Counter(one.dropped) for one in recognised), Counter[Kind]())
    kinds = [(text, dropped[kind]) for kind, text in KINDS.items() if dropped[kind]]
    if kinds:
        yield Text(
            "不作数据行的行：" + "、".join(f"{text.zh} {count}" for text, count in kinds),
            "Lines that are no rows: " + ", ".join(f"{text.en} {count}" for text, count in kinds),
        )
    undeclared = dict.fromkeys(text for one in recognised for text in one.undeclared)
    if undeclared:
        yield _listed(Text("未采用的列", "Columns not taken"), undeclared)
    with_rows = [one.absent for one in recognised if not one.is_zero_report]
    absent = dict.fromkeys(source.columns[name].headers[0] for names in with_rows for name in names)
    if absent:
        yield _listed(Text("没有的列", "Columns not there"), absent)
    if passed_over:
        yield _listed(Text("未读的工作表", "Sheets not read"), passed_over)


def _listed(title: Text, names: Iterable[str]) -> Text:
    """The first of the names, and how many more there are."""
    listed = list(names)
    shown, more = listed[:SHOWN], len(listed) - SHOWN
    zh, en = "、".join(shown), ", ".join(shown)
    return Text(f"{title.zh}：{zh}{f'等共 {len(listed)} 个' if more > 0 else ''}",
                f"{title.en}: {en}{f' and {more} more' if more > 0 else ''}")  # fmt: skip
