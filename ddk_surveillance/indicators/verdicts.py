"""Yearly verdicts on the targets of the plan, from exact counts and never from rounded rates."""

from typing import Any

import pandas

from ddk_surveillance.contracts import Indicator, Target
from ddk_surveillance.errors import Text
from ddk_surveillance.indicators.figures import final_from
from ddk_surveillance.library import Library
from ddk_surveillance.rates.comparison import decline_verdict
from ddk_surveillance.rates.targets import target_verdict

UNKNOWN = {
    "not_reported": Text("无法判定：有来源未报告", "no verdict: a source has not reported"),
    "denominator_missing": Text("无法判定：缺人口数", "no verdict: the population is missing"),
    "too_early": Text("无法判定：年度未结束或未定稿", "no verdict: the year is not complete or not final"),
    "baseline": Text("基准年", "baseline year"),
    "before_baseline": Text("基准年之前，不作判定", "no verdict: before the baseline year"),
    "baseline_missing": Text("无法判定：基准年没有数字", "no verdict: the baseline year has no figure"),
    "definition_changed": Text("无法判定：定义与基准年不同", "no verdict: the baseline year has another definition"),
}


def verdicts_of(library: Library, yearly: list[dict[str, Any]]) -> pandas.DataFrame:
    """One verdict per indicator with a target and year; `yearly` holds its figures in order of the years."""
    totals = [row for row in yearly if not row["analysis"] and row["sex"] == row["dimension"] == "all"]
    targeted = [indicator for indicator in library.indicators.values() if indicator.target]
    rows = [
        verdict | {"final_from": final_from(verdict["year"], library.plan)}
        for indicator in targeted
        for verdict in _verdicts(indicator, [row for row in totals if row["indicator_code"] == indicator.indicator])
    ]
    return pandas.DataFrame(rows, columns=list(library.tables["mart.indicator_verdict"].columns), dtype=object)


def _verdicts(indicator: Indicator, years: list[dict[str, Any]]) -> list[dict[str, Any]]:
    target = indicator.target
    assert target is not None
    baseline = baseline_of(target, years)
    return [
        {
            "indicator_code": indicator.indicator,
            "year": row["year"],
            "target_kind": target.kind,
            "limit_per_1000": target.limit_per_1000,
            "baseline_year": baseline["year"] if baseline and target.kind == "decline" else None,
        }
        | _verdict(target, row, baseline)
        for row in years
    ]


def _why_not(row: dict[str, Any]) -> str | None:
    if isinstance(row["reason"], str):  # pandas writes an empty cell as a number
        return row["reason"]
    return None if row["status"] == "F" else "too_early"


def baseline_of(target: Target, years: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The declared baseline year, else the first complete year that the system holds."""
    wanted = [row for row in years if _why_not(row) is None and target.baseline_year in (None, row["year"])]
    return wanted[0] if wanted else None


def _verdict(target: Target, row: dict[str, Any], baseline: dict[str, Any] | None) -> dict[str, str]:
    why_not = _why_not(row)
    if why_not is None and target.kind == "below":
        verdict = target_verdict(int(row["numerator"]), row["denominator"], str(target.limit_per_1000))
        return _named(verdict.status.name.lower(), verdict.text)
    if why_not is None and baseline is not None and row["year"] > baseline["year"]:
        return _decline(row, baseline)
    code = why_not or _beside(baseline, row["year"])
    return _named(code, UNKNOWN.get(code, UNKNOWN["not_reported"]))


def _beside(baseline: dict[str, Any] | None, year: int) -> str:
    """Why a year cannot be compared with the baseline year, if it is none after it."""
    if baseline is None:
        return "baseline_missing"
    return "baseline" if year == baseline["year"] else "before_baseline"


def _decline(row: dict[str, Any], baseline: dict[str, Any]) -> dict[str, str]:
    if row["definition_version"] != baseline["definition_version"]:
        return _named("definition_changed", UNKNOWN["definition_changed"])
    decline = decline_verdict(
        int(row["numerator"]), row["denominator"], int(baseline["numerator"]), baseline["denominator"]
    )
    return _named(decline.change.name.lower(), decline.text)


def _named(code: str, text: Text) -> dict[str, str]:
    return {"verdict": code, "verdict_zh": text.zh, "verdict_en": text.en}
