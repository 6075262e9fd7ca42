"""`ddk review`: people decide about the pairs of records on which the model hesitates; their decisions are data.

The warehouse is closed while somebody thinks: a review that is left open must not keep the night from running.
"""

from pathlib import Path

import click

from ddk_surveillance.console import Voice
from ddk_surveillance.errors import BusyError, ExitCode, Text, listed
from ddk_surveillance.guard.headers import kind_title
from ddk_surveillance.guard.identifiers import scan_text
from ddk_surveillance.link import adjudication
from ddk_surveillance.link.adjudication import Decision, DecisionRefused
from ddk_surveillance.review import cases, words, workbook
from ddk_surveillance.review.cases import Case, signed
from ddk_surveillance.settings import Settings
from ddk_surveillance.warehouse import Warehouse, existing_warehouse, open_warehouse

LONGEST_REASON = 200
HEADINGS = (Text("项目", "item"), Text("记录甲", "record A"), Text("记录乙", "record B"), Text("比较", "comparison"),
            Text("比特", "bits"))  # fmt: skip
ANSWERS = {"s": "same", "d": "different", "k": "skip", "q": "quit"}
QUESTION = Text("[s] 同一事件  [d] 不同事件  [k] 跳过  [q] 退出", "[s] same  [d] different  [k] skip  [q] quit")


def act(settings: Settings, voice: Voice, decided_by: str | None, limit: int, pair: tuple[str, str] | None, export: Path | None, filled: Path | None,
        listing: bool, reverse: int | None, reason: str | None) -> int:  # fmt: skip
    """What the options of the command ask for."""
    if export:
        return export_form(settings, voice, export, limit)
    if filled:
        return import_form(settings, voice, filled)
    if listing:
        return list_decisions(settings, voice)
    if reverse is not None:
        return reverse_decision(settings, voice, reverse, decided_by, reason)
    return review_pair(settings, voice, decided_by, pair) if pair else review(settings, voice, decided_by, limit)


def review(settings: Settings, voice: Voice, decided_by: str | None, limit: int) -> int:
    """Show one pair after the other and keep what is decided; ends with the queue, `q` or the end of input."""
    with existing_warehouse(settings) as db:
        queue, total = cases.most_valuable(db, limit), cases.waiting(db)
    if not queue:
        voice.say("没有需要复核的记录对。", "No pair of records needs a decision.")
        return ExitCode.GOOD
    voice.say(f"待复核 {total} 对；这里是最值得看的 {len(queue)} 对。",
              f"{total} pairs wait; these are the {len(queue)} most worth a look.")  # fmt: skip
    return _decide(settings, voice, decided_by, queue)


def review_pair(settings: Settings, voice: Voice, decided_by: str | None, pair: tuple[str, str]) -> int:
    """Decide about two records that somebody names: the linkage may be sure of them and wrong."""
    with existing_warehouse(settings) as db:
        queue = [cases.of_pair(db, pair)]
    return _decide(settings, voice, decided_by, queue)


def _decide(settings: Settings, voice: Voice, decided_by: str | None, queue: list[Case]) -> int:
    made = {"same": 0, "different": 0, "skip": 0}
    try:
        decided_by = checked(decided_by or click.prompt(voice.pick(Text("复核人姓名", "Your name"))))
        for number, case in enumerate(queue, 1):
            show(voice, case, number, len(queue))
            answer = _ask(settings, voice, case, decided_by)
            if answer == "quit":
                break
            made[answer] += 1
    except click.Abort:  # the end of input
        voice.say("", "")
    voice.say(
        f"已裁定：同一事件 {made['same']} 对，不同事件 {made['different']} 对；跳过 {made['skip']} 对。裁定在下次夜间运行时生效。",
        f"Decided: {made['same']} same, {made['different']} different; {made['skip']} skipped. They take effect on the next night.",
    )
    return ExitCode.GOOD


def show(voice: Voice, case: Case, number: int, count: int) -> None:
    """The pair side by side."""
    grave = Text(" · 涉及暴力、自伤或死亡", " · violence, self-harm or death") if case.is_grave else Text("", "")
    voice.say("", "")
    voice.say(f"── 第 {number} 对，共 {count} 对{grave.zh} ──", f"── pair {number} of {count}{grave.en} ──")
    voice.table(HEADINGS, [
        [voice.pick(line.title), voice.pick(line.left), voice.pick(line.right), voice.pick(line.comparison),
         "" if line.bits is None else signed(line.bits)] for line in case.lines])  # fmt: skip
    voice.say(*case.hesitation)


def _ask(settings: Settings, voice: Voice, case: Case, decided_by: str) -> str:
    """What the reviewer did: same, different, skip or quit."""
    answer = _answer(voice)
    if answer not in ("same", "different"):
        return answer
    decision = Decision(case.record_ids, answer, decided_by, _reason(voice), case.seen_hash)  # type: ignore[arg-type]
    try:
        with open_warehouse(settings) as db:
            adjudication.decide(db, decision)
    except (DecisionRefused, BusyError) as problem:
        voice.complain(problem.text)
        return "skip"
    return answer


def _answer(voice: Voice) -> str:
    while True:
        typed = click.prompt(voice.pick(QUESTION)).strip().lower()
        if typed in ANSWERS:
            return ANSWERS[typed]
        voice.complain(Text("请输入 s、d、k 或 q。", "Type s, d, k or q."))


def _reason(voice: Voice) -> str:
    while True:
        try:
            return checked(click.prompt(voice.pick(Text("理由", "Why"))))
        except DecisionRefused as problem:
            voice.complain(problem.text)


def checked(text: str) -> str:
    """A name or a reason, as it may be kept: not empty, not long, nothing in it that identifies a child."""
    text = " ".join(text.split())
    kinds = scan_text(text)
    if kinds:
        titles = listed(map(kind_title, kinds))
        raise DecisionRefused(
            f"文字中疑似有个人信息（{titles.zh}）。请改写，不要写姓名、号码、住址。",
            f"The text seems to hold personal data ({titles.en}). Write it without names, numbers or addresses.",
        )
    if not 0 < len(text) <= LONGEST_REASON:
        raise DecisionRefused(
            f"请写明经办人和理由，各不超过 {LONGEST_REASON} 字。",
            f"Say who does it and why, in at most {LONGEST_REASON} characters each.",
        )
    return text


def export_form(settings: Settings, voice: Voice, file: Path, limit: int) -> int:
    """Write the most valuable pairs into a workbook to be filled in."""
    with existing_warehouse(settings) as db:
        queue, total = cases.most_valuable(db, limit), cases.waiting(db)
        workbook.write_form(queue, _warehouse_id(db), file)
    voice.say(
        f"已写入 {file}：待复核 {total} 对中最值得看的 {len(queue)} 对。含个案信息，用后请删除。填好后：ddk review --import {file}",
        f"Written to {file}: the {len(queue)} of {total} waiting pairs most worth a look. It holds case data: delete it after"
        f" use. When filled in: ddk review --import {file}",
    )
    return ExitCode.GOOD


def import_form(settings: Settings, voice: Voice, file: Path) -> int:
    """Take the decisions of a filled-in workbook; DATA_PROBLEMS if some of its rows were refused."""
    with existing_warehouse(settings) as db:
        taken = workbook.take_form(db, file, _warehouse_id(db), checked)
    for row, why in taken.refused:
        voice.complain(Text(f"第 {row} 行未采用：{why.zh}", f"Row {row} not taken: {why.en}"))
    voice.say(
        f"新裁定 {taken.new} 对；此前已有相同裁定 {taken.known} 对；未填或暂不决定 {taken.open} 对；未采用 {len(taken.refused)} 对。"
        "裁定在下次夜间运行时生效。",
        f"{taken.new} new decisions; {taken.known} known before; {taken.open} left open; {len(taken.refused)} not taken."
        " They take effect on the next night.",
    )
    return ExitCode.DATA_PROBLEMS if taken.refused else ExitCode.GOOD


def _warehouse_id(db: Warehouse) -> str:
    """Forms of warehouses with another key are foreign: their record ids mean nothing here."""
    return db.remembered("key_id") or "-"


def list_decisions(settings: Settings, voice: Voice) -> int:
    """Every decision ever made, the newest first, and whether it holds."""
    with existing_warehouse(settings) as db:
        known = words.load(db.library)
        rows = db.rows(f"""
            SELECT a.adjudication_id, strftime(a.decided_at, '%Y-%m-%d %H:%M'), a.decided_by, a.decision, a.reason,
                h.adjudication_id IS NOT NULL, a.left_record_id, a.right_record_id,
                a.seen_hash <> ({adjudication.PRESENT_HASH}),
                (SELECT count(*) FROM core.record WHERE record_id IN (a.left_record_id, a.right_record_id)) < 2
            FROM link.adjudication AS a LEFT JOIN ({adjudication.HOLDING}) AS h USING (adjudication_id)
            ORDER BY a.adjudication_id DESC""")
    headings = (Text("号", "no."), Text("时间", "when"), Text("裁定人", "who"), Text("裁定", "decision"), Text("理由", "why"),
                Text("状态", "state"), Text("记录甲", "record A"), Text("记录乙", "record B"))  # fmt: skip
    voice.table(headings, [
        [number, when, who, voice.pick(known.of("decisions", decision)), why, voice.pick(_state(holds, changed, gone)), left, right]
        for number, when, who, decision, why, holds, left, right, changed, gone in rows])  # fmt: skip
    return ExitCode.GOOD


def _state(holds: bool, changed: bool | None, gone: bool) -> Text:
    if not holds:
        return Text("不再有效", "holds no longer")
    if gone:
        return Text("有效，但有记录已撤回", "holds, but a record is withdrawn")
    return Text("有效，记录此后有更正", "holds; a record was corrected since") if changed else Text("有效", "holds")


def reverse_decision(settings: Settings, voice: Voice, number: int, decided_by: str | None, reason: str | None) -> int:
    """Take a decision back; the row that says so stays, as does the decision."""
    decided_by = checked(decided_by or click.prompt(voice.pick(Text("复核人姓名", "Your name"))))
    reason = checked(reason or click.prompt(voice.pick(Text("理由", "Why"))))
    with existing_warehouse(settings) as db:
        adjudication.reverse(db, number, decided_by, reason)
    voice.say(f"第 {number} 号裁定已撤销，下次夜间运行起由模型决定。",
              f"Decision {number} is taken back; from the next night on the model decides.")  # fmt: skip
    return ExitCode.GOOD
