"""`ddk review` in the terminal: what is shown first, what is kept, what may not be kept."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ddk_surveillance import link
from ddk_surveillance.warehouse import open_warehouse
from tests.cases.link.drawn import incidents
from tests.cases.review.conftest import DOUBTFUL, Terminal, night
from tests.conftest import Home

LEAVE = ("k", "k", "k")


def test_violence_comes_first_then_the_most_uncertain_and_what_is_certain_never(terminal: Terminal) -> None:
    shown = terminal("review", "--by", "王敏", typed=LEAVE).text
    assert "待复核 3 对" in shown
    places = [shown.index(day) for day in ("2024-03-17", "2024-03-15", "2024-06-12")]
    assert places[0] == min(places)
    assert "2024-09-05" not in shown
    assert shown.count("涉及暴力、自伤或死亡") == 1


def test_a_pair_is_shown_side_by_side_in_words_with_what_every_comparison_adds(terminal: Terminal) -> None:
    shown = terminal("review", "--by", "王敏", "--limit", "1", typed=("k",)).text
    lines = {line.split()[0]: line.split()[1:] for line in shown.splitlines() if line.strip()}
    assert lines["项目"] == ["记录甲", "记录乙", "比较", "比特"]
    left, right, comparison, bits = lines["部位"]
    assert {left, right} == {"头部", "躯干"}
    assert comparison == "不同（原因相同）"
    assert float(bits.replace("−", "-")) < 0
    assert lines["身份证号令牌"][:3] == ["有", "有", "相同"]
    assert {"故意(暴力、攻击)", "非故意(意外事故)"} < set(lines["意图"])
    assert "若不是，多半是同一儿童的另一次伤害" in shown
    assert "支持：" in shown and "反对：" in shown


def test_english_is_available(terminal: Terminal) -> None:
    shown = terminal("--lang", "en", "review", "--by", "Wang", "--limit", "1", typed=("k",)).text
    assert "body part" in shown and "another injury of the same child" in shown


def test_decisions_are_kept_with_who_and_why_and_act_on_the_next_run(terminal: Terminal, doubtful: Home) -> None:
    done = terminal("review", typed=("王敏", "d", "两张卡片日期不同", "s", "学校电话核实", "q"))
    assert "同一事件 1 对，不同事件 1 对" in done.text
    kept = doubtful.query("SELECT decision, decided_by, reason FROM link.adjudication ORDER BY adjudication_id")
    assert kept == [("different", "王敏", "两张卡片日期不同"), ("same", "王敏", "学校电话核实")]
    with open_warehouse(doubtful.settings) as db:
        link.run(db, "next")
        apart = incidents(db)
    assert "ba" in apart and "bb" in apart
    assert "待复核 1 对" in terminal("review", "--by", "王敏", typed=("q",)).text


def test_a_pair_of_which_the_model_is_sure_is_decided_when_somebody_names_it(
    terminal: Terminal, doubtful: Home
) -> None:
    done = terminal("review", "--pair", "da", "db", "--by", "王敏", typed=("d", "两次就诊，家长证实"))
    assert "第 1 对，共 1 对" in done.text and "不同事件 1 对" in done.text
    with open_warehouse(doubtful.settings) as db:
        assert "da db" in incidents(db)
        link.run(db, "next")
        assert "da" in incidents(db) and "db" in incidents(db)
    told = terminal("review", "--pair", "da", "no such record", "--by", "王敏")
    assert told.code == 2 and "记录号见 ddk explain" in told.text


def test_nothing_that_identifies_a_child_is_kept_as_a_reason(terminal: Terminal, doubtful: Home) -> None:
    done = terminal("review", "--by", "王敏", "--limit", "1", typed=("s", "家长电话13912345678", "s", "家长证实"))
    assert "疑似有个人信息（电话号码）" in done.text
    assert doubtful.column("SELECT reason FROM link.adjudication") == ["s"]


def test_an_unknown_key_asks_again(terminal: Terminal) -> None:
    assert "请输入 s、d、k 或 q。" in terminal("review", "--by", "王敏", "--limit", "1", typed=("x", "q")).text


def test_the_end_of_input_ends_the_review(terminal: Terminal, doubtful: Home) -> None:
    done = terminal("review", "--by", "王敏", typed=("s",))
    assert done.code == 0
    assert doubtful.query("FROM link.adjudication") == []


def test_a_pair_that_changes_while_somebody_thinks_is_not_decided(
    doubtful: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The warehouse is not held meanwhile: a night may run."""
    from ddk_surveillance import review

    def corrected_meanwhile(*_: object, **__: object) -> str:
        with open_warehouse(doubtful.settings) as db:
            night(db, DOUBTFUL.replace("trunk", "lower_limb"), "night2")
        return next(answers)

    answers = iter(["s", "家长证实"])
    monkeypatch.setattr(review.click, "prompt", corrected_meanwhile)
    from ddk_surveillance.console import Voice

    review.review(doubtful.settings, Voice("zh"), "王敏", 1)
    assert doubtful.query("FROM link.adjudication") == []


def test_decisions_are_listed_and_taken_back(terminal: Terminal, doubtful: Home) -> None:
    terminal("review", "--by", "王敏", "--limit", "1", typed=("d", "卡片核对"))
    assert "有效" in terminal("review", "--list").text
    done = terminal("review", "--reverse", "1", "--by", "李强", "--reason", "看错了卡片")
    assert "第 1 号裁定已撤销" in done.text
    listed = terminal("review", "--list").text.splitlines()
    assert [line.split()[0] for line in listed[1:]] == ["2", "1"]
    assert "撤销裁定" in listed[1] and "李强" in listed[1] and "看错了卡片" in listed[1]
    assert all("不再有效" in line for line in listed[1:])
    assert doubtful.query("FROM link.decision") == []
    assert "没有第 1 号裁定" in terminal("review", "--reverse", "1", "--by", "李强", "--reason", "再来").text


def test_the_list_says_that_a_record_was_corrected_since(terminal: Terminal, doubtful: Home) -> None:
    terminal("review", "--by", "王敏", "--limit", "1", typed=("d", "卡片核对"))
    with open_warehouse(doubtful.settings) as db:
        night(db, DOUBTFUL.replace("assault", "self_harm"), "night2")
    assert "有效，记录此后有更正" in terminal("review", "--list").text


def test_of_a_withdrawn_record_the_list_and_the_explanation_say_so(terminal: Terminal, doubtful: Home) -> None:
    terminal("review", "--by", "王敏", "--limit", "1", typed=("d", "卡片核对"))
    with open_warehouse(doubtful.settings) as db:
        db.execute("UPDATE core.record_version SET disposition = 'withdrawn' WHERE record_id = 'ba'")
        link.run(db, "night2")
    assert "有效，但有记录已撤回" in terminal("review", "--list").text
    assert "这条记录已撤回" in terminal("explain", "ba").text


def test_before_the_first_night_there_is_nothing_to_review(terminal: Terminal, make_home: Callable[..., Home]) -> None:
    assert "还没有运行过" in terminal("review", home=make_home("elsewhere")).text
