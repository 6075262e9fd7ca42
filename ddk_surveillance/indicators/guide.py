"""The analyst's pages: what every indicator counts, over whom and against what, made from its declaration.

`python -m ddk_surveillance.indicators.guide` writes docs/indicators/<code>.md anew.
"""

from collections.abc import Iterator
from pathlib import Path

from ddk_surveillance.contracts import Condition, Indicator, Variant
from ddk_surveillance.errors import Text, listed
from ddk_surveillance.library import Library
from ddk_surveillance.settings import PROJECT

UNITS = {
    "children": Text("人（一年内多次只计一人）", "children, each once a year"),
    "deaths": Text("死亡（一名儿童只计一次）", "deaths, each child once"),
    "incidents": Text("人次（一名儿童一次事件计一次）", "incidents: one child, one event"),
    "records": Text("记录", "records"),
}
DATES = {"event_date": Text("事件日期", "day of the event"), "death_date": Text("死亡日期", "day of the death")}
TARGETS = {"decline": Text("较基准年下降", "a decline against the baseline year"),
           "below": Text("低于 {limit}‰", "below {limit} per 1000")}  # fmt: skip
ATTRIBUTES = {"约束性": "binding", "预期性": "expected"}
JOINED = {"all": (" 且 ", " and "), "any": (" 或 ", " or "), "none": (" 且 ", " and ")}


def pages(library: Library) -> dict[str, str]:
    """File name → text, one for each indicator; every version of its definition stands on its page."""
    return {f"{code}.md": "".join(_page(library, one)) for code, one in library.indicators.items()}


def _page(library: Library, one: Indicator) -> Iterator[str]:
    yield f"# {one.indicator} {one.title.zh}\n\n*{one.title.en}*\n\n由 `schemas/indicators/` 生成。Generated from `schemas/indicators/`.\n"
    for version in (held for held in library.definitions if held.indicator == one.indicator):
        yield f"\n## 第 {version.version} 版 / version {version.version}\n\n| | |\n|---|---|\n"
        for (zh, en), said in _said(library, version).items():
            yield f"| {zh} {en} | {_cell(said)} |\n"
    if one.tiers:
        yield "\n## 分层 / tiers\n\n依次判断，取第一个符合的。The first that fits holds.\n\n| | | 计入 counted | |\n|---|---|---|---|\n"
    for code, tier in one.tiers.items():
        yield f"| {code} | {_cell(tier.title.text)} | {'是 yes' if tier.counted else '否 no'} | {_cell(_condition(library, tier.when))} |\n"
    yield from _variants("分项 / sub-measures", library, one.measures)
    named = {code: library.sensitivity[code] for code in one.sensitivity}
    yield from _variants("敏感性分析 / sensitivity analyses", library, named)
    yield "\n## 怎么查 / how to ask\n\n```sql\n" + _query(one.indicator) + "```\n"


def _said(library: Library, one: Indicator) -> dict[tuple[str, str], Text]:
    said = {
        ("定义", "definition"): one.definition.text,
        ("起用", "valid from"): Text(str(one.valid_from), str(one.valid_from)),
        ("计数单位", "unit"): UNITS[one.unit],
        ("分子条件", "numerator"): _condition(library, one.numerator),
    }
    if one.excluded:
        said["除外", "left out"] = _condition(library, one.excluded)
    said["计入年份", "year of"] = DATES[one.date]
    said["居住", "residence"] = _codes(library, "residence", one.residence)
    said["年龄（周岁）", "age in years"] = Text(f"{one.ages.from_years}–{one.ages.to_years}", "both ends included")
    said["分母", "denominator"] = _codes(library, "population_type", (one.denominator,))
    if one.ages.over_all_children:
        said["分母年龄", "ages of the denominator"] = Text("0–17（全部儿童）", "all children")
    said["每", "per"] = Text(f"{one.per:,}", f"{one.per:,}")
    said["缺报即无数字的来源", "feeds without which there is no figure"] = _sources(library, one.depends_on)
    if one.target:
        kind = TARGETS[one.target.kind].format(limit=one.target.limit_per_1000)
        said["目标", "target"] = Text(
            f"{one.target.year} 年{kind.zh}（{one.target.attribute}）",
            f"{kind.en} by {one.target.year} ({ATTRIBUTES[one.target.attribute]})",
        )
    if one.responsible_units:
        units = "、".join(one.responsible_units)
        said["责任单位", "responsible"] = Text(units, units)
    return said


def _variants(title: str, library: Library, variants: dict[str, Variant]) -> Iterator[str]:
    if variants:
        yield f"\n## {title}\n\n| | | 与上不同之处 what differs |\n|---|---|---|\n"
    for code, variant in variants.items():
        yield f"| {code} | {_cell(variant.title.text)} | {'<br>'.join(_cell(one) for one in _differences(library, variant))} |\n"


def _differences(library: Library, variant: Variant) -> Iterator[Text]:
    for condition, zh, en in ((variant.only, "仅", "only"), (variant.also, "另加", "also")):
        if condition:
            said = _condition(library, condition)
            yield Text(f"{zh}：{said.zh}", f"{en}: {said.en}")
    if variant.unit:
        yield Text(f"计数单位：{UNITS[variant.unit].zh}", f"unit: {UNITS[variant.unit].en}")
    if variant.tiers:
        yield Text(f"层：{'、'.join(variant.tiers)}", f"tiers: {', '.join(variant.tiers)}")
    if variant.residence:
        said = _codes(library, "residence", variant.residence)
        yield Text(f"居住：{said.zh}", f"residence: {said.en}")
    if variant.denominator:
        said = _codes(library, "population_type", (variant.denominator,))
        yield Text(f"分母：{said.zh}", f"denominator: {said.en}")


def _condition(library: Library, condition: Condition) -> Text:
    """A condition in words: 意图 = 自残/自杀 或 …"""
    if condition.column:
        column = library.tables["core.incident"].columns[condition.column]
        among = tuple(str(code).lower() if isinstance(code, bool) else code for code in condition.among)
        if condition.column == "sources":
            values = _sources(library, among)
        else:
            values = _codes(library, column.codelist, among) if column.codelist else _yes_or_no(among)
        return Text(f"{column.comment.zh} = {values.zh}", f"{column.comment.en} = {values.en}")
    [name] = [name for name in JOINED if getattr(condition, name)]
    parts = [_condition(library, part) for part in getattr(condition, name)]
    if name == "none":
        parts = [Text(f"非 {part.zh}", f"not {part.en}") for part in parts]
    joined = listed(parts, *JOINED[name])
    return joined if len(parts) == 1 else Text(f"（{joined.zh}）", f"({joined.en})")


def _codes(library: Library, codelist: str, codes: tuple[str, ...]) -> Text:
    labels = library.code_labels(codelist)
    return listed(labels[code] for code in codes) if codes else Text("不限", "any")


def _sources(library: Library, names: tuple[str, ...]) -> Text:
    return listed(library.sources[name].title.text for name in names) if names else Text("无", "none")


def _yes_or_no(values: tuple[str, ...]) -> Text:
    return listed(Text({"true": "是", "false": "否"}.get(one, one), one) for one in values)


def _cell(said: Text) -> str:
    return (said.zh if said.zh == said.en else f"{said.zh}<br>{said.en}").replace("|", "\\|")


def _query(code: str) -> str:
    return (
        f"FROM out.indicator_rate WHERE indicator_code = '{code}' AND period_type = 'year'\n"
        "AND (sex, age_group, township_code) = ('all', 'all', 'all') ORDER BY period;\n"
    )


def write(folder: Path, library: Library) -> None:
    """Every page into the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in pages(library).items():
        (folder / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(PROJECT / "docs" / "indicators", Library())
