"""`ddk explain`: why an incident is what it is – its records, what ties them, which values won, and how it came by its name."""

import itertools
from typing import Any

from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError, ExitCode, Text, listed
from ddk_surveillance.link.explanation import Explanation, explain_pairs, linked_model
from ddk_surveillance.review import words
from ddk_surveillance.review.cases import records_by_id, signed, whereabouts
from ddk_surveillance.review.words import NOTHING, Labels
from ddk_surveillance.settings import Settings
from ddk_surveillance.warehouse import Warehouse, existing_warehouse

PAIRS_IN_A_TABLE = 4
NEAREST = 3


class Account:
    """Tells about one incident, section by section."""

    def __init__(self, db: Warehouse, voice: Voice, incident_id: str) -> None:
        self.db, self.voice, self.incident_id = db, voice, incident_id
        self.words, self.labels = words.load(db.library), Labels(db.library)
        self.members = db.column(
            """SELECT m.record_id FROM link.member AS m JOIN core.record AS r USING (record_id) WHERE m.incident_id = ?
            ORDER BY r.reported_date NULLS LAST, m.record_id""", [incident_id])  # fmt: skip
        self.records = records_by_id(db, self.members)

    def tell(self) -> None:
        [(child, group, records, strict)] = self.db.rows(
            """SELECT child_id, event_group_id, records, strict_incidents
            FROM core.incident LEFT JOIN link.incident_bound USING (incident_id) WHERE incident_id = ?""",
            [self.incident_id],
        )
        self.voice.say(f"事件 {self.incident_id}（儿童 {child}）：由 {records} 条记录合成",
                       f"Incident {self.incident_id} (child {child}), made of {records} record(s)")  # fmt: skip
        self._records()
        self._pairs()
        self._values()
        self._group(group)
        self._bounds(strict)
        self._nearest()

    def _title(self, zh: str, en: str) -> None:
        self.voice.say(f"\n{zh}", f"\n{en}")

    def _table(self, headings: list[Text], rows: list[list[Text | str]]) -> None:
        self.voice.table(
            headings, [[self.voice.pick(cell) if isinstance(cell, Text) else cell for cell in row] for row in rows]
        )

    def _records(self) -> None:
        """Numbered by seniority: the first gives the incident its name."""
        self._title("记录（最先报告的一条给事件命名）", "Records (the first reported names the incident)")
        columns = ("source_code", "institution_id", "reported_date", "mechanism", "intent", "severity")
        headings = [Text("号", "no."), *map(self.labels.title, columns), Text("发生日期", "day of the event"),
                    Text("记录号", "record"), Text("出处", "found in")]  # fmt: skip
        dates = self.words.columns("date")
        self._table(headings, [
            [str(number), *(self.labels.cell(name, record[name]) for name in columns), self.labels.cells(dates, record),
             record["record_id"], whereabouts(record)]
            for number, record in enumerate(map(self.records.__getitem__, self.members), 1)])  # fmt: skip

    def _pairs(self) -> None:
        """The score of every pair of its records, field by field."""
        pairs = list(itertools.combinations(range(len(self.members)), 2))
        if not pairs:
            return
        model = linked_model(self.db)
        explained = explain_pairs(self.db, model, [(self.members[a], self.members[b]) for a, b in pairs])
        asked = model.declaration.thresholds
        adopted, less = signed(asked.adopted_bits), f"{asked.less_of_two_deaths_bits:g}"
        self._title(f"各对记录的得分（比特；扣除竞争记录后平均高于 {adopted} 的归为一个事件，两份死亡报告少要求 {less}）",
                    f"Scores of its pairs (bits; groups whose average, rivals set off, is above {adopted} are one incident; {less} less are"
                    " asked of two reports of a death)")  # fmt: skip
        for first in range(0, len(pairs), PAIRS_IN_A_TABLE):
            some = slice(first, first + PAIRS_IN_A_TABLE)
            self._pair_table(pairs[some], explained[some])

    def _pair_table(self, pairs: list[tuple[int, int]], explained: list[Explanation]) -> None:
        rows: list[list[Text | str]] = []
        for place, one in enumerate(explained[0].contributions):
            of_field = [pair.contributions[place] for pair in explained]
            if any(other.level for other in of_field):
                rows.append([self.words.of("fields", one.field), *(self._level(other) for other in of_field)])
        rows.append([Text("模型得分", "score of the model"), *(signed(pair.model_bits) for pair in explained)])
        if any(pair.rule for pair in explained):
            rules = (self.words.of("rules", pair.rule) if pair.rule else NOTHING for pair in explained)
            rows.append([Text("安全规则", "safety rule"), *rules])
        self._table([Text("字段", "field"), *(Text(f"{a + 1}–{b + 1}", f"{a + 1}–{b + 1}") for a, b in pairs)], rows)

    def _level(self, one: Any) -> Text:
        text = self.words.comparison(one)
        return text if one.level is None else Text(f"{text.zh} {signed(one.bits)}", f"{text.en} {signed(one.bits)}")

    def _values(self) -> None:
        """What the incident says of each field; where its reports differ, who lost and by which rule."""
        contested = self.db.rows(
            """SELECT field, value, reports, sources, is_chosen, rule FROM link.golden_field WHERE incident_id = ?
            ORDER BY field, is_chosen DESC, reports DESC, value""",
            [self.incident_id],
        )
        columns = self.db.library.tables["core.incident"].columns
        [golden] = self.db.records("FROM core.incident WHERE incident_id = ?", [self.incident_id])
        self._title("事件的取值；有分歧的列出落选的说法", "Values of the incident; where reports differ, what lost")
        rows: list[list[Text | str]] = []
        for field in (name for name in columns if name in self.labels.columns or name == "event_date"):
            cells = [row for row in contested if row[0] == field]
            if golden[field] is not None:
                lost = [self._lost(row) for row in cells if not row[4]]
                why = self.words.of("choices", cells[0][5]) if cells else Text("", "")
                rows.append(
                    [columns[field].comment.text, self.labels.cell(field, golden[field]), listed(lost, "；", "; "), why]
                )
        self._table([Text("字段", "field"), Text("取值", "value"), Text("落选", "lost"), Text("依据", "by")], rows)

    def _lost(self, row: tuple[Any, ...]) -> Text:
        field, value, reports, sources = row[:4]
        label = self.labels.cell(field, value)
        feeds = listed(self.labels.cell("source_code", source) for source in sources.split(","))
        return Text(f"{label.zh}（{reports} 份：{feeds.zh}）", f"{label.en} ({reports}: {feeds.en})")

    def _group(self, group: str | None) -> None:
        if group:
            names = ", ".join(self.db.column(
                "SELECT incident_id FROM link.event_group WHERE event_group_id = ? AND incident_id <> ? ORDER BY 1",
                [group, self.incident_id]))  # fmt: skip
            self.voice.say(f"\n同案多人：组 {group}，其他儿童的事件 {names}",
                           f"\nOne case with several children: group {group}, the others' incidents {names}")  # fmt: skip

    def _bounds(self, strict: int | None) -> None:
        names = ", ".join(self.db.column(
            """SELECT incident_id FROM link.incident_bound WHERE incident_id <> $id AND loose_incident_id =
            (SELECT loose_incident_id FROM link.incident_bound WHERE incident_id = $id) ORDER BY 1""",
            {"id": self.incident_id}))  # fmt: skip
        self.voice.say(
            f"\n合并从严：算 {strict} 个事件。合并从宽：{f'与 {names} 合为一个' if names else '仍为这一个'}。",
            f"\nLinked strictly: {strict} incident(s). Linked loosely: {f'one with {names}' if names else 'as it is'}.",
        )

    def _nearest(self) -> None:
        """The other incidents that came closest, with the best pair of each."""
        rows = self.db.rows(
            f"""
            WITH side AS (
                SELECT l.incident_id AS mine, r.incident_id AS other, p.score_centibits FROM link.pair AS p
                JOIN link.member AS l ON l.record_key = p.left_key JOIN link.member AS r ON r.record_key = p.right_key
                WHERE (l.incident_id = $id) <> (r.incident_id = $id)
            )
            SELECT CASE WHEN mine = $id THEN other ELSE mine END AS incident_id, max(score_centibits) / 100.0
            FROM side GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {NEAREST}""",
            {"id": self.incident_id},
        )
        for other, bits in rows:
            self.voice.say(f"最接近的其他事件：{other}（最像的一对 {signed(bits)} 比特）",
                           f"Closest other incident: {other} (its best pair {signed(bits)} bits)")  # fmt: skip

    def history(self, asked: str) -> None:
        """Names it had, moves of its records, and what reviewers decided about them."""
        changes = self.db.rows(
            """SELECT changed_by, record_id, old_incident_id, new_incident_id, cause FROM link.incident_change
            WHERE list_contains($names, old_incident_id) OR list_contains($names, new_incident_id)
                OR list_contains($members, record_id)
            ORDER BY rowid""",
            {"names": list({asked, self.incident_id}), "members": self.members},
        )
        if changes:
            self._title("编号的变动", "History of its name")
            self._table(
                [Text("运行", "run"), Text("记录", "record"), Text("原事件", "before"), Text("新事件", "after"), Text("原因", "cause")],
                [[run, record, old or "—", new or "—", self.words.of("causes", cause)]
                 for run, record, old, new, cause in changes],
            )  # fmt: skip
        self._decisions()

    def _decisions(self) -> None:
        rows = self.db.rows(
            """SELECT adjudication_id, strftime(decided_at, '%Y-%m-%d'), decided_by, decision, left_record_id, right_record_id, reason
            FROM link.adjudication WHERE list_contains($members, left_record_id) OR list_contains($members, right_record_id)
            ORDER BY adjudication_id""",
            {"members": self.members},
        )
        for number, day, who, decision, left, right, reason in rows:
            word = self.words.of("decisions", decision)
            self.voice.say(f"裁定 {number} 号（{day} {who}）：{left} 与 {right} {word.zh}；理由：{reason}",
                           f"Decision {number} ({day}, {who}): {left} and {right} {word.en}; why: {reason}")  # fmt: skip


def explain_incident(settings: Settings, voice: Voice, name: str) -> int:
    """Explain an incident by its id, present or retired, or by a record of it; USAGE if there is none."""
    with existing_warehouse(settings) as db:
        linked_model(db)
        incident_id = _present_name(db, voice, name)
        account = Account(db, voice, incident_id or "")
        if incident_id:
            account.tell()
        account.history(name)
    return ExitCode.GOOD


def _present_name(db: Warehouse, voice: Voice, name: str) -> str | None:
    """The id an incident has now; None where a retired one has no heir."""
    now = db.rows(
        "SELECT DISTINCT incident_id FROM link.member WHERE incident_id = $name OR record_id = $name", {"name": name}
    )
    if now:
        return str(now[0][0])
    alias = db.rows("SELECT incident_id FROM link.incident_alias WHERE retired_incident_id = ?", [name])
    if not alias and db.value("SELECT count(*) FROM core.record_version WHERE record_id = ?", [name]):
        raise ConfigurationError(
            "这条记录已撤回，现在不属于任何事件。", "This record is withdrawn and belongs to no incident now."
        )
    if not alias:
        raise ConfigurationError(
            "没有这个事件号，也没有这样停用的事件号或记录号。",
            "There is no incident, retired incident or record of this id.",
        )
    heir: str | None = alias[0][0]
    voice.say(
        f"事件号 {name} 已停用，{f'其记录现属 {heir}' if heir else '其记录均已撤回'}。",
        f"The id {name} is retired; {f'its records now belong to {heir}' if heir else 'all its records were withdrawn'}.",
    )
    return heir
