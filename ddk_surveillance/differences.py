"""`ddk changes --from R1 --to R2`: how the figures of two releases differ, in parts that add up."""

import datetime
import itertools
from typing import Any

from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError, ExitCode, Text
from ddk_surveillance.publish.difference import compare
from ddk_surveillance.review.words import Labels
from ddk_surveillance.settings import Settings
from ddk_surveillance.warehouse import Warehouse, open_warehouse

FIGURE = ("indicator_code", "period_type", "period", "sex", "age_group", "township_code")
COLUMNS = (*FIGURE, "numerator_from", "numerator_to", "rate_from", "rate_to", "cause", "numerator_change", "rate_change",
           "records", "sources", "incident_ids", "record_ids")  # fmt: skip
HEADINGS = (
    Text("指标", "indicator"), Text("期间", "period"), Text("范围", "of"), Text("原分子", "numerator before"), Text("现分子", "now"),
    Text("原率（‰）", "rate (‰) before"), Text("现率（‰）", "now"), Text("其中因", "of which for"), Text("分子增减", "numerator"),
    Text("率增减（‰）", "rate (‰)"), Text("记录数", "records"), Text("来源", "sources"),
)  # fmt: skip
PERIODS = {
    "year": Text("{} 年", "{}"),
    "quarter": Text("{}", "{}"),
    "month": Text("{}", "{}"),
    "rolling_12_months": Text("{} 止 12 个月", "12 months to {}"),
}
SHOWN_FIGURES = 40
# The district's years first, of them the indicators of the plan; then years by sex, age and township; then shorter periods.
MOST_IMPORTANT_FIRST = """
    ORDER BY list_position(['year', 'quarter', 'rolling_12_months', 'month'], period_type) + (period_type <> 'year')::INTEGER,
        (sex, age_group, township_code) <> ('all', 'all', 'all'), NOT list_contains($targeted, indicator_code),
        max(abs(numerator_change)) OVER (PARTITION BY {figure}) = 0, {figure}, abs(numerator_change) DESC, abs(rate_change) DESC, cause"""


def show_differences(settings: Settings, voice: Voice, old: str, new: str | None, form: str) -> int:
    """Print one row per figure and cause, the most important first; of a figure that did not change there is none."""
    with open_warehouse(settings) as db:
        old_id, from_at = release(db, old)
        new_id, to_at = release(db, new)
        if from_at >= to_at:
            raise ConfigurationError(
                f"{old_id} 不早于 {new_id}。请把较早的发布写在 --from。",
                f"{old_id} is not earlier than {new_id}: give the earlier release to --from.",
            )
        rows = differences(db, from_at, to_at)
        if form != "table":
            voice.rows(form, COLUMNS, rows)
        elif rows:
            _show(voice, db, rows)
        else:
            voice.say(f"{old_id} 与 {new_id} 的数字相同。", f"{old_id} and {new_id} have the same figures.")
    return ExitCode.GOOD


def differences(db: Warehouse, from_at: datetime.datetime, to_at: datetime.datetime) -> list[tuple[Any, ...]]:
    """How every published figure differs between two moments: rows in the order of COLUMNS, those of a figure together."""
    compare(db, from_at, to_at)
    targeted = [code for code, one in db.library.indicators.items() if one.target]
    order = MOST_IMPORTANT_FIRST.format(figure=", ".join(FIGURE))
    return db.rows(f"SELECT {', '.join(COLUMNS)} FROM difference {order}", {"targeted": targeted})


def release(db: Warehouse, name: str | None) -> tuple[str, datetime.datetime]:
    """A release by its name, R3 or R000003, and when it was published; the newest without one."""
    digits = (name or "").removeprefix("R").removeprefix("r")
    wanted = f"R{int(digits):06d}" if digits.isdecimal() else name
    rows = db.rows("SELECT release_id, published_at FROM ops.release WHERE release_id = coalesce($wanted, release_id)"
                   " ORDER BY published_at DESC LIMIT 1", {"wanted": wanted})  # fmt: skip
    if not rows:
        first, last = db.rows("SELECT min(release_id), max(release_id) FROM ops.release")[0]
        if not first:
            raise ConfigurationError(
                "还没有发布过数字。请先运行 ddk nightly。", "Nothing has been published yet. Run ddk nightly first."
            )
        raise ConfigurationError(
            f"没有这一次发布：{name}。现有 {first} 至 {last}。",
            f"There is no release {name}; there are {first} to {last}.",
        )
    return rows[0]


def number(value: int | None) -> str:
    return "—" if value is None else str(value)


def rate(value: float | None) -> str:
    return "—" if value is None else f"{value:.3f}"


def _show(voice: Voice, db: Warehouse, rows: list[tuple[Any, ...]]) -> None:
    figures = [list(own) for _, own in itertools.groupby(rows, key=lambda row: row[: len(FIGURE)])]
    labels = Labels(db.library)
    voice.table(HEADINGS, [line for own in figures[:SHOWN_FIGURES] for line in _lines(voice, labels, own)])
    if len(figures) > SHOWN_FIGURES:
        voice.say(
            f"共有 {len(figures)} 个数字变动，以上为最要紧的 {SHOWN_FIGURES} 个；全部见 --format csv 或 json（含事件号、记录号）。",
            f"{len(figures)} figures moved; above are the {SHOWN_FIGURES} that matter most. All of them, with the ids of incidents "
            "and records: --format csv or json.",
        )


def _lines(voice: Voice, labels: Labels, own: list[tuple[Any, ...]]) -> list[list[str]]:
    """The figure stands once, before its first cause."""
    code, period_type, period, *part, old, new, old_rate, new_rate = own[0][:10]
    shown = [code, *cell_words(voice, labels, period_type, period, *part), number(old), number(new),
             rate(old_rate), rate(new_rate)]  # fmt: skip
    lines = []
    for *_, cause, change, rate_change, records, sources, _, _ in own:
        named = [voice.pick(labels.cell("source_code", one)) for one in (sources or "").split(",") if one]
        lines.append([*shown, voice.pick(labels.codes("change_cause")[cause]), f"{change:+d}" if change else "", f"{rate_change:+.3f}",
                      str(records or ""), voice.pick(Text("、", ", ")).join(named)])  # fmt: skip
        shown = [""] * len(shown)
    return lines


def cell_words(
    voice: Voice, labels: Labels, period_type: str, period: str, sex: str, age_group: str, township: str
) -> tuple[str, str]:
    """When a figure is of, and whom."""
    named = [
        voice.pick(labels.cell(field, value))
        for field, value in (("sex", sex), ("township_code", township))
        if value != "all"
    ]
    if age_group != "all":
        named.append(voice.pick(Text(f"{age_group} 岁", f"aged {age_group}")))
    return voice.pick(PERIODS[period_type]).format(period), " ".join(named) or voice.pick(Text("全区", "district"))
