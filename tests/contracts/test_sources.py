"""The nine feeds and the population: what each declares, and what a few rows of it become in a night."""

from __future__ import annotations

from typing import Any

import pytest

from ddk_surveillance.contracts import Source
from ddk_surveillance.library import Library
from tests.conftest import TOKEN_A, TOKEN_B, TOKEN_C, Home, csv_of, take_in

# What a file must have at least to be recognised and read, by the header an office writes first.
REQUIRED = {
    "hospital": "监测医院编号 卡片编号 性别 年龄 现住镇街 伤害发生日期 患者就诊日期 伤害发生原因 是否故意 伤害结局 报告日期",
    "death_registry": "填报单位编码 编号 性别 年龄 常住地址镇街 死亡日期 根本死因ICD编码 填报日期",
    "school": "学校代码 事件编号 性别 年龄 发生时间 事件类型 报告时间",
    "kindergarten": "幼儿园编号 登记编号 性别 年龄 发生时间 事件类型 填报日期",
    "nursery": "机构编号 登记编号 性别 年龄 发生日期 伤害类型 填报日期",
    "community": "社区编号 登记编号 性别 年龄 镇街 事件日期 伤害原因 登记日期",
    "police": "办案单位代码 案件令牌 被害人性别 被害人年龄 案发时间 案由 立案时间",
    "procuratorate": "办案单位代码 案件令牌 被害人性别 被害人年龄 案发时间 罪名 受理日期",
    "court": "法院代码 案件令牌 被害人性别 被害人年龄 案发时间 罪名 判决日期",
    "population": "年份 性别 年龄 人数",
}
RECORD_FEEDS = sorted(set(REQUIRED) - {"population"})


def sources() -> dict[str, Source]:
    return dict(Library().sources)


def test_there_are_nine_feeds_and_the_population() -> None:
    assert sources().keys() == REQUIRED.keys()
    assert len(RECORD_FEEDS) == 9


@pytest.mark.parametrize("feed", REQUIRED)
def test_what_a_file_must_have(feed: str) -> None:
    required = [column.headers[0] for column in sources()[feed].columns.values() if column.required]
    assert required == REQUIRED[feed].split()


@pytest.mark.parametrize("feed", RECORD_FEEDS)
def test_every_feed_says_who_when_and_whose(feed: str) -> None:
    source = sources()[feed]
    assert source.institution and source.record_key and source.timeliness
    assert source.targets >= {"institution_id", "sex", "age_years", "township_code", "event_date", "reported_date"}
    assert {"id_token", "name_token"} <= source.columns.keys()


def records(home: Home, feed: str, table: str, columns: str) -> list[tuple[Any, ...]]:
    """What a night makes of one file of a feed."""
    home.drop(feed, "file.csv", csv_of(table))
    home.night(take_in)
    return home.query(f"SELECT {columns} FROM core.record WHERE source_code = '{feed}' ORDER BY ALL")


def test_a_death_is_judged_by_its_underlying_cause(home: Home) -> None:
    """The certificate knows no day of injury: the day of death stands for it. Diseases are no business of ours."""
    table = f"""
    填报单位编码 编号 身份令牌  性别 年龄 常住地址镇街 受伤日期   死亡日期 根本死因ICD编码 填报日期
    D0001        1    {TOKEN_A} 1    3    八桥镇       ·          20240704 W69.8           20240710
    D0001        2    {TOKEN_B} 2    15   跳磴镇       2024-06-30 20240704 X70.x00         20240710
    D0001        3    {TOKEN_C} 1    16   九龙坡区     不详       20240801 Y04.0           20240810
    D0001        4    ·         2    9    八桥镇       ·          20240802 C91.0           20240810
    D0001        5    ·         2    9    八桥镇       ·          20240803 S06.0           20240810
    D0001        6    ·         2    9    八桥镇       20240805   20240804 W13.0           20240810
    """
    columns = (
        "source_record_number, event_date_from::VARCHAR, death_date::VARCHAR, intent, mechanism, is_death, residence"
    )
    assert records(home, "death_registry", table, columns) == [
        ("1", "2024-07-04", "2024-07-04", "unintentional", "drowning", True, "resident"),
        ("2", "2024-06-30", "2024-07-04", "self_harm", "suffocation_hanging", True, "resident"),
        ("3", "2024-08-01", "2024-08-01", "assault", "blunt_force", True, "non_resident"),
    ]
    assert home.query("SELECT rule, disposition FROM ops.quarantine WHERE disposition <> 'warning' ORDER BY ALL") == [
        ("Q13", "quarantined"),
        ("Q13D", "out_of_scope"),
        ("Q21D", "quarantined"),
    ]


def test_small_children_who_bite_do_not_assault(home: Home) -> None:
    table = """
    幼儿园编号 登记编号 性别 年龄 发生时间  事件类型       发生地点 就医情况 填报日期
    K0001      1        男   4    2024/3/5  抓咬伤(同伴)   活动室   保健室   2024/3/6
    ·          2        女   5岁  2024/3/6  其他           ·        住院     2024/3/6
    K0002      3        女   5    2024/3/7  疑似虐待/体罚  寝室     否       2024/3/8
    K0002      4        女   12   2024/3/7  跌倒           操场     否       2024/3/8
    K0002      5        女   4    2024/3/7  走失           园外     否       2024/3/8
    """
    columns = "source_record_number, institution_id, intent, mechanism, place, care_level, case_status, flags"
    assert records(home, "kindergarten", table, columns) == [
        ("1", "K0001", "unintentional", "blunt_force", "school_public", "onsite", None, None),
        ("2", "K0001", "unintentional", "other", "school_public", "inpatient", None, None),
        ("3", "K0002", "assault", None, "school_public", "none", "suspected", None),
        ("4", "K0002", "unintentional", "fall", "sports_area", "none", None, "Q40K:age"),
        ("5", "K0002", None, None, "other", "none", "excluded", None),
    ]


def test_what_a_community_hears_is_suspected_and_vague(home: Home) -> None:
    """Months and thirds of months stay intervals; a traditional age needs the month of birth, or the row waits."""
    table = """
    社区编号 登记编号 性别 年龄   出生年月 镇街   事件日期      伤害原因 是否故意 暴力类型 强制报告情形 核实情况 登记日期
    M0001    1        男   8      ·        八桥镇 2024年3月上旬 2        否       ·        ·            ·        2024年4月2日
    M0001    2        女   10虚岁 2015年5月 八桥镇 2024年3月    钝器伤   ·        躯体     ·            ·        2024年4月2日
    M0001    3        女   19虚岁 ·        八桥镇 2024年3月5日  跌倒     否       ·        ·            ·        2024年4月2日
    M0001    4        女   6      ·        八桥镇 2024年3月6日  其他     ·        ·        被遗弃       属实     2024年4月2日
    """
    columns = """source_record_number, age_years, event_date_from::VARCHAR, event_date_to::VARCHAR, date_precision,
        mechanism, intent, violence_type, case_status"""
    assert records(home, "community", table, columns) == [
        ("1", 8, "2024-03-01", "2024-03-10", "ten_days", "fall", "unintentional", None, "suspected"),
        ("2", 8, "2024-03-01", "2024-03-31", "month", "blunt_force", "assault", "physical", "suspected"),
        ("4", 6, "2024-03-06", "2024-03-06", "day", "other", "assault", "neglect", "confirmed"),
    ]
    waiting = "SELECT rule, column_name FROM ops.quarantine WHERE disposition = 'quarantined'"
    assert home.query(waiting) == [("Q20U", "age")]


CASES = f"""
{{office}}     案件令牌  被害人身份令牌       被害人性别 被害人年龄 被害人居住镇街 案发时间     罪名     人体损伤程度    {{status}}   {{day}}
P0001          {TOKEN_A} {TOKEN_B}；{TOKEN_C} 男；女     9；12      八桥镇；跳磴镇 2023年5月3日 故意伤害 轻伤二级；重伤  {{first}}    2024年3月8日
P0001          {TOKEN_B} ·                    女         13         八桥镇         2023年6月    强奸     未鉴定          ·            2024年3月8日
P0001          {TOKEN_C} ·                    女         13         八桥镇         2023年7月1日 猥亵儿童 未鉴定          {{last}}     2024年3月8日
"""
CASE_COLUMNS = "sex, age_years, event_date_from::VARCHAR, intent, violence_type, severity, case_status"


def case_records(home: Home, feed: str, **words: str) -> list[tuple[Any, ...]]:
    return records(home, feed, CASES.format(**words), CASE_COLUMNS)


def test_a_case_of_the_procuratorate_is_its_victims_on_the_day_of_the_offence(home: Home) -> None:
    words = {
        "office": "检察院代码",
        "status": "案件状态",
        "day": "受理日期",
        "first": "附条件不起诉",
        "last": "绝对不起诉",
    }
    assert case_records(home, "procuratorate", **words) == [
        ("female", 12, "2023-05-03", "assault", "physical", "severe", "confirmed"),
        ("female", 13, "2023-06-01", "assault", "sexual", None, "probable"),
        ("female", 13, "2023-07-01", "assault", "sexual", None, "excluded"),
        ("male", 9, "2023-05-03", "assault", "physical", "moderate", "confirmed"),
    ]
    assert home.ledger("procuratorate") == {"rows_received": 3, "exploded": 1, "loaded": 4}


def test_a_verdict_confirms_unless_it_acquits(home: Home) -> None:
    """A verdict that nobody can read is no confirmation: the row waits."""
    words = {"office": "法院代码", "status": "裁判结论", "day": "判决日期", "first": "有罪", "last": "另行处理"}
    assert case_records(home, "court", **words) == [
        ("female", 12, "2023-05-03", "assault", "physical", "severe", "confirmed"),
        ("female", 13, "2023-06-01", "assault", "sexual", None, "confirmed"),
        ("male", 9, "2023-05-03", "assault", "physical", "moderate", "confirmed"),
    ]
    assert home.query("SELECT rule, column_name, problem FROM ops.quarantine WHERE disposition = 'quarantined'") == [
        ("readable", "verdict", "unknown_code")
    ]
