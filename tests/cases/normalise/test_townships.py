"""Where a child lives, as files write it → township code, district (resident, township not given) or elsewhere."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ddk_surveillance.normalise.townships import DISTRICT, ELSEWHERE, Townships
from ddk_surveillance.problems import Problem
from ddk_surveillance.settings import resource

TOWNSHIPS = Townships.load(Path(resource("schemas")) / "codelists" / "township.csv")
NAMES = {
    "新山村": "500104001", "跃进村": "500104002", "九宫庙": "500104003", "茄子溪": "500104004",
    "春晖路": "500104005", "八桥": "500104101", "建胜": "500104102", "跳磴": "500104103",
}  # fmt: skip
PLACES = {
    "跳蹬镇": "500104103", "跳磴镇": "500104103", "新山村": "500104001", "新山村街道": "500104001", "八桥街道": "500104101", "八桥镇": "500104101",
    "大渡口区八桥镇": "500104101", "重庆市大渡口区跳蹬镇": "500104103", "重庆大渡口区新山村街道办事处": "500104001", "八 桥 镇": "500104101",
    "八桥镇双山社区": "500104101", "新山村街道 平安社区": "500104001", "九宫庙街办": "500104003", "建胜(镇)": "500104102",
    "500104001": "500104001", "500104001.0": "500104001", "500104001000": "500104001", "500104103000.0": "500104103", "５００１０４１０１": "500104101",
    "大渡口区": DISTRICT, "大渡口": DISTRICT, "重庆市大渡口区": DISTRICT, "500104": DISTRICT, "500104000000": DISTRICT, "本区": DISTRICT,
    "渝中区": ELSEWHERE, "九龙坡": ELSEWHERE, "九龙坡区": ELSEWHERE, "江北": ELSEWHERE, "沙坪坝": ELSEWHERE, "巴南": ELSEWHERE,
    "重庆市渝北区龙溪街道": ELSEWHERE,
    "忠县": ELSEWHERE, "彭水苗族土家族自治县": ELSEWHERE, "四川省成都市": ELSEWHERE, "贵州": ELSEWHERE, "成都市": ELSEWHERE, "北京市朝阳区": ELSEWHERE,
    "凉山彝族自治州": ELSEWHERE,
    "外区": ELSEWHERE, "区外": ELSEWHERE, "外地": ELSEWHERE, "外省": ELSEWHERE, "外市": ELSEWHERE, "市外": ELSEWHERE, "其他区县": ELSEWHERE,
    "非大渡口区": ELSEWHERE,
    "大渡口区外": ELSEWHERE, "外籍": ELSEWHERE, "500103": ELSEWHERE, "500103001": ELSEWHERE, "510100000000": ELSEWHERE, "110101": ELSEWHERE,
}  # fmt: skip
UNKNOWN = [
    "", "大渡口街道", "大渡口区某村", "双山", "重庆市", "本市", "成都", "其他", "镇", "街道", "八桥山", "长寿路", "永辉超市", "500104006", "500104006000",
    "999999", "13800000000", "5.00104E+11", "1", "50010", "八桥 建胜", "八桥镇、建胜镇", "茄子溪街道(八桥镇)",
    "大重庆市大渡口区跳磴镇", "重市大渡口区跳磴镇", "八桥县", "八县镇", "0500104001", "590104001", "北京路",
]  # fmt: skip


@pytest.mark.parametrize(("text", "expected"), PLACES.items())
def test_places(text: str, expected: str) -> None:
    assert TOWNSHIPS.parse(text) == expected


@pytest.mark.parametrize("text", UNKNOWN)
def test_what_is_neither_ours_nor_plainly_elsewhere_is_refused(text: str) -> None:
    assert TOWNSHIPS.parse(text) == Problem("unknown_township")


def test_the_eight_townships_are_known() -> None:
    assert sorted(set(TOWNSHIPS.names.values())) == sorted(NAMES.values())


@given(name=st.sampled_from(list(NAMES)), prefix=st.sampled_from(["", "大渡口区", "重庆市大渡口区", "重庆市 大渡口区 "]),
       kind=st.sampled_from(["", "街道", "镇", "街道办事处", "街道办", "镇人民政府", " 镇"]))  # fmt: skip
def test_a_name_holds_with_any_prefix_and_type(name: str, prefix: str, kind: str) -> None:
    assert TOWNSHIPS.parse(prefix + name + kind) == NAMES[name]


@given(text=st.text(alphabet="0123456789.八桥镇新山村街道大渡口区重庆市外省县", max_size=14))
def test_any_text_gives_a_known_place_or_the_one_problem(text: str) -> None:
    place = TOWNSHIPS.parse(text)
    assert place == Problem("unknown_township") or place in {*NAMES.values(), DISTRICT, ELSEWHERE}


@pytest.mark.parametrize(
    ("written", "code"),
    [("500106001", "500106001"), ("500106001000", "500106001"), ("500106", DISTRICT), ("500104001", ELSEWHERE),
     ("E08000003", "E08000003"), ("7", "500106001"), ("07", None)],
)  # fmt: skip
def test_another_district_brings_its_own_list(written: str, code: str | None, tmp_path: Path) -> None:
    (tmp_path / "township.csv").write_text(
        "code,zh,en,aliases\n500106001,小龙坎街道,,7\nE08000003,曼城,,\n", encoding="utf-8"
    )
    found = Townships.load(tmp_path / "township.csv").parse(written)
    assert found == code if code else isinstance(found, Problem)


def test_a_town_and_a_street_of_one_name_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "township.csv").write_text("code,zh,en,aliases\nT,华岩镇,,\nS,华岩街道,,\n", encoding="utf-8")
    townships = Townships.load(tmp_path / "township.csv")
    assert [townships.parse(name) for name in ("华岩镇", "华岩街道", "华岩镇某村")] == ["T", "S", "T"]
    assert isinstance(townships.parse("华岩"), Problem)
