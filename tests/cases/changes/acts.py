"""Short words for what people do to the past, and for what must be the same afterwards."""

from __future__ import annotations

from typing import Any

from ddk_surveillance import changes
from ddk_surveillance.changes.effect import Effect
from ddk_surveillance.warehouse import open_warehouse
from tests.conftest import HOSPITAL, TOKEN_A, Home, csv_of

MARCH = csv_of(HOSPITAL)
CORRECTED = csv_of(
    HOSPITAL, C1_伤害严重程度="重度", C1_报告日期="2024-03-20", C2_是否故意="非故意", C2_报告日期="2024-04-20"
)
LATE = csv_of(HOSPITAL, C1_卡片编号="C7", C1_伤害发生日期="2024-02-01", C1_患者就诊日期="2024-02-02", C1_报告日期="2024-06-01",
              C2_卡片编号="C8", C2_身份令牌=TOKEN_A, C3_卡片编号="C9")  # fmt: skip
POPULATION = "年份,镇街,性别,年龄,人口数\n" + "".join(
    f"{year},{town},{sex},{age},300\n"
    for year in (2023, 2024)
    for town in ("八桥镇", "新山村街道", "建胜镇")
    for sex in ("男", "女")
    for age in range(18)
)
DERIVED = ("core.record", "core.incident", "mart.indicator_rate", "mart.indicator_verdict", "mart.counted", "ref.population",
           "link.linkable", "link.pair", "link.member", "link.event_group", "link.golden_field", "link.incident_bound",
           "link.stop_token", "out.completeness", "out.timeliness", "out.coverage")  # fmt: skip


def derived(home: Home) -> dict[str, Any]:
    """A fingerprint of every row of every derived table: equal means the same to the last byte."""
    sums = ", ".join(
        f"(SELECT (count(*), md5(string_agg(t::VARCHAR, chr(10) ORDER BY t::VARCHAR))) FROM {table} t)"
        for table in DERIVED
    )
    [row] = home.query(f"SELECT {sums}")
    return dict(zip(DERIVED, row, strict=True))


def in_one_night(home: Home, **files: str) -> Home:
    """All these files of the hospitals at once."""
    for name, content in files.items():
        home.drop("hospital", f"{name}.csv", content)
    home.night()
    return home


def withdraw(home: Home, batch: str) -> tuple[str, Effect]:
    with open_warehouse(home.settings) as db:
        return changes.withdraw(db, batch, "报送有误", "张三")


def erase(home: Home, batch: str) -> tuple[str, Effect]:
    with open_warehouse(home.settings) as db:
        return changes.erase(db, batch, "含个人信息", "张三")


def undo(home: Home, change_id: str) -> tuple[str, Effect]:
    with open_warehouse(home.settings) as db:
        return changes.undo(db, change_id, "撤错了", "李四")


def figure(home: Home, indicator: str, year: str, measure: str = "numerator") -> Any:
    """A figure of the whole district."""
    [value] = home.column(
        f"SELECT {measure} FROM mart.indicator_rate WHERE indicator_code = '{indicator}' AND period = '{year}'"
        " AND (sex, age_group, township_code) = ('all', 'all', 'all')"
    )
    return value
