"""The analyst's pages: what every indicator counts, over whom and against what, made from its declaration.

`python -m ddk_surveillance.indicators.guide` writes docs/indicators/<code>.md anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ddk_surveillance.contracts import Bilingual, Condition, Indicator, Variant
from ddk_surveillance.library import Library
from ddk_surveillance.settings import PROJECT, resource

UNITS = {
    "children": Bilingual(zh="人（一年内多次只计一人）", en="children, each once a year"),
    "deaths": Bilingual(zh="死亡（一名儿童只计一次）", en="deaths, each child once"),
    "incidents": Bilingual(zh="人次（一名儿童一次事件计一次）", en="incidents: one child, one event"),
    "records": Bilingual(zh="记录", en="records"),
}
DATES = {
    "event_date": Bilingual(zh="事件日期", en="day of the event"),
    "death_date": Bilingual(zh="死亡日期", en="day of the death"),
}
TARGETS = {"decline": Bilingual(zh="较基准年下降", en="a decline against the baseline year"),
           "below": Bilingual(zh="低于 {limit}‰", en="below {limit} per 1000")}  # fmt: skip
ATTRIBUTES = {"约束性": "binding", "预期性": "expected"}
JOINED = {"all": ("且", "and"), "any": ("或", "or"), "none": ("且", "and")}


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
        yield f"| {code} | {_cell(tier.title)} | {'是 yes' if tier.counted else '否 no'} | {_cell(_condition(library, tier.when))} |\n"
    yield from _variants("分项 / sub-measures", library, one.measures)
    named = {code: library.sensitivity[code] for code in one.sensitivity}
    yield from _variants("敏感性分析 / sensitivity analyses", library, named)
    yield "\n## 怎么查 / how to ask\n\n```sql\n" + _query(one.indicator) + "```\n"


def _said(library: Library, one: Indicator) -> dict[tuple[str, str], Bilingual]:
    said = {
        ("定义", "definition"): one.definition,
        ("起用", "valid from"): Bilingual(zh=str(one.valid_from), en=str(one.valid_from)),
        ("计数单位", "unit"): UNITS[one.unit],
        ("分子条件", "numerator"): _condition(library, one.numerator),
    }
    if one.excluded:
        said["除外", "left out"] = _condition(library, one.excluded)
    said["计入年份", "year of"] = DATES[one.date]
    said["居住", "residence"] = _codes(library, "residence", one.residence)
    said["年龄（周岁）", "age in years"] = Bilingual(
        zh=f"{one.ages.from_years}–{one.ages.to_years}", en="both ends included"
    )
    said["分母", "denominator"] = _codes(library, "population_type", (one.denominator,))
    said["每", "per"] = Bilingual(zh=f"{one.per:,}", en=f"{one.per:,}")
    said["缺报即无数字的来源", "feeds without which there is no figure"] = _sources(library, one.depends_on)
    if one.target:
        kind, limit = TARGETS[one.target.kind], one.target.limit_per_1000
        said["目标", "target"] = Bilingual(
            zh=f"{one.target.year} 年{kind.zh.format(limit=limit)}（{one.target.attribute}）",
            en=f"{kind.en.format(limit=limit)} by {one.target.year} ({ATTRIBUTES[one.target.attribute]})",
        )
    if one.responsible_units:
        units = "、".join(one.responsible_units)
        said["责任单位", "responsible"] = Bilingual(zh=units, en=units)
    return said


def _variants(title: str, library: Library, variants: dict[str, Variant]) -> Iterator[str]:
    if variants:
        yield f"\n## {title}\n\n| | | 与上不同之处 what differs |\n|---|---|---|\n"
    for code, variant in variants.items():
        yield f"| {code} | {_cell(variant.title)} | {'<br>'.join(_cell(one) for one in _differences(library, variant))} |\n"


def _differences(library: Library, variant: Variant) -> Iterator[Bilingual]:
    for condition, zh, en in ((variant.only, "仅", "only"), (variant.also, "另加", "also")):
        if condition:
            said = _condition(library, condition)
            yield Bilingual(zh=f"{zh}：{said.zh}", en=f"{en}: {said.en}")
    if variant.unit:
        yield Bilingual(zh=f"计数单位：{UNITS[variant.unit].zh}", en=f"unit: {UNITS[variant.unit].en}")
    if variant.tiers:
        yield Bilingual(zh=f"层：{'、'.join(variant.tiers)}", en=f"tiers: {', '.join(variant.tiers)}")
    if variant.residence:
        said = _codes(library, "residence", variant.residence)
        yield Bilingual(zh=f"居住：{said.zh}", en=f"residence: {said.en}")
    if variant.denominator:
        said = _codes(library, "population_type", (variant.denominator,))
        yield Bilingual(zh=f"分母：{said.zh}", en=f"denominator: {said.en}")


def _condition(library: Library, condition: Condition) -> Bilingual:
    """A condition in words: 意图 = 自残/自杀 或 …"""
    if condition.column:
        column = library.tables["core.incident"].columns[condition.column]
        among = tuple(str(code).lower() if isinstance(code, bool) else code for code in condition.among)
        if condition.column == "sources":
            values = _sources(library, among)
        else:
            values = _codes(library, column.codelist, among) if column.codelist else _yes_or_no(among)
        return Bilingual(zh=f"{column.comment.zh} = {values.zh}", en=f"{column.comment.en} = {values.en}")
    [name] = [name for name in JOINED if getattr(condition, name)]
    parts = [_condition(library, part) for part in getattr(condition, name)]
    zh, en = JOINED[name]
    prefix = ("非 ", "not ") if name == "none" else ("", "")
    return Bilingual(
        zh=_bracketed("（）", [prefix[0] + part.zh for part in parts], f" {zh} "),
        en=_bracketed("()", [prefix[1] + part.en for part in parts], f" {en} "),
    )


def _bracketed(brackets: str, parts: list[str], joint: str) -> str:
    return parts[0] if len(parts) == 1 else joint.join(parts).join(brackets)


def _codes(library: Library, codelist: str, codes: tuple[str, ...]) -> Bilingual:
    labels = {code: (zh, en) for code, zh, en in library.code_labels(codelist)}
    if not codes:
        return Bilingual(zh="不限", en="any")
    return Bilingual(zh="、".join(labels[code][0] for code in codes), en=", ".join(labels[code][1] for code in codes))


def _sources(library: Library, names: tuple[str, ...]) -> Bilingual:
    titles = [library.sources[name].title for name in names]
    return Bilingual(zh="、".join(one.zh for one in titles) or "无", en=", ".join(one.en for one in titles) or "none")


def _yes_or_no(values: tuple[str, ...]) -> Bilingual:
    return Bilingual(zh="、".join({"true": "是", "false": "否"}.get(one, one) for one in values), en=", ".join(values))


def _cell(said: Bilingual) -> str:
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
    write(PROJECT / "docs" / "indicators", Library((resource("schemas"),)))
