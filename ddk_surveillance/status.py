"""`ddk status`: did the last night work, and what is to be done if not – in one look.

Facts are read from the warehouse when nobody writes to it. Each night leaves them in status.json when it ends, so that one
look is possible while a run holds the warehouse, too. Except for names of files they are codes, ids and counts, and may be
shown anywhere.
"""

import itertools
import json
import shutil
from dataclasses import replace
from typing import Any

from ddk_surveillance import nights
from ddk_surveillance.console import Voice, headings
from ddk_surveillance.editions import restatements
from ddk_surveillance.errors import BusyError, ExitCode, Text
from ddk_surveillance.settings import Settings
from ddk_surveillance.warehouse import Parameters, Warehouse, existing_warehouse
from ddk_surveillance.writing import written_whole

FORM = 3  # of the facts: raised when one is added or changes its meaning

Facts = dict[str, Any]
Row = dict[str, Any]
# What became of the rows: these columns add up to the received ones. Those in the second line are shown where there are any.
FATES = ("loaded", "quarantined", "out_of_scope", "duplicate")
RARE_FATES = ("superseded", "withdrawn", "held", "refused")
PUBLISHED = ("published", "unchanged")

# A file that a backfill read again was received once; its rows hold in whichever reading is in use. Of a row that holds in
# a later reading the first one was withdrawn, or else quarantined.
PER_SOURCE = """
    WITH file AS (
        SELECT any_value(l.source_code) AS source, max(received_at) AS received_at,
               any_value(status) FILTER (rereads IS NULL) AS status,
               sum(l.rows_received + exploded) FILTER (rereads IS NULL) AS received,
               sum(quarantined + unreadable) FILTER (rereads IS NULL) AS quarantined,
               sum(out_of_scope) FILTER (rereads IS NULL) AS out_of_scope,
               sum(held) FILTER (rereads IS NULL) AS held, sum(refused) FILTER (rereads IS NULL) AS refused,
               sum(loaded) AS loaded, sum(duplicate) AS duplicate, sum(superseded) AS superseded,
               sum(CASE WHEN rereads IS NULL THEN withdrawn ELSE -(loaded + duplicate + superseded) END) AS out_of_use
        FROM ops.batch b JOIN ops.ledger l USING (batch_id) GROUP BY coalesce(rereads, batch_id))
    SELECT source, count(*) AS files, count(*) FILTER (status = 'held') AS files_held,
           count(*) FILTER (status IN ('refused', 'unreadable')) AS files_refused,
           sum(received)::BIGINT AS rows_received, sum(loaded)::BIGINT AS rows_loaded,
           sum(quarantined + least(out_of_use, 0))::BIGINT AS rows_quarantined,
           sum(out_of_scope)::BIGINT AS rows_out_of_scope, sum(duplicate)::BIGINT AS rows_duplicate,
           sum(superseded)::BIGINT AS rows_superseded, sum(greatest(out_of_use, 0))::BIGINT AS rows_withdrawn,
           sum(held)::BIGINT AS rows_held, sum(refused)::BIGINT AS rows_refused,
           max(received_at)::DATE::VARCHAR AS newest_file
    FROM file GROUP BY 1 ORDER BY 1"""
NIGHT = f"""
    SELECT n.night_id, n.started_at::VARCHAR AS started_at, n.finished_at::VARCHAR AS finished_at, n.status,
           n.message_zh, n.message_en, n.notice_zh, n.notice_en,
           count(b.batch_id) AS files, count(*) FILTER (b.status IN ('held', 'refused', 'unreadable')) AS files_to_mend,
           (SELECT status = 'killed' FROM ops.night ORDER BY rowid DESC LIMIT 1 OFFSET 1) IS TRUE AS follows_a_killed_one
    FROM {nights.NEWEST} n LEFT JOIN ops.batch b ON list_contains($answered_for, b.night_id) GROUP BY ALL"""
RELEASE = """
    SELECT release_id, published_at::VARCHAR AS published_at, data_as_of::VARCHAR AS data_as_of
    FROM ops.release ORDER BY release_id DESC LIMIT 1"""
REPLAY = """
    SELECT night_id, replayed_at::VARCHAR AS replayed_at, release_id, status, message_zh, message_en
    FROM ops.replay ORDER BY rowid DESC LIMIT 1"""
LISTED = 20
OPEN_FILES = f"""
    SELECT coalesce(file_name, batch_id) AS file, source_code AS source, status, message_zh, message_en
    FROM ops.batch WHERE status IN ('held', 'refused', 'unreadable') ORDER BY received_at DESC, batch_id LIMIT {LISTED}"""
OPEN_FILES_IN_ALL = "SELECT count(*) FROM ops.batch WHERE status IN ('held', 'refused', 'unreadable')"
# What is missing for at most a year, and what was odd in the last three months that are over. While a whole source is
# silent, nothing is said of its institutions.
ALARMS = f"""
    WITH night AS (SELECT started_at::DATE AS day FROM {nights.NEWEST}),
    alarm AS (
        SELECT *, status IN ('late', 'silent') AS is_missing FROM ops.arrival, night
        WHERE status IN ('late', 'silent', 'partial', 'shrunken', 'swollen')
          AND month >= day - CASE WHEN status IN ('shrunken', 'swollen') THEN INTERVAL 4 MONTH ELSE INTERVAL 13 MONTH END)
    SELECT source_code AS source, institution_id AS institution,
           CASE WHEN is_missing AND count(*) > 1 THEN 'silent' ELSE any_value(status) END AS status,
           strftime(min(month), '%Y-%m') AS since, count(*) AS months, round(sum(expected))::INTEGER AS expected,
           sum(received)::INTEGER AS received
    FROM alarm a
    WHERE institution_id = 'all' OR NOT EXISTS (FROM alarm w WHERE w.institution_id = 'all' AND w.is_missing
        AND w.source_code = a.source_code AND w.month = a.month)
    GROUP BY source_code, institution_id, is_missing, CASE WHEN is_missing THEN 'missing' ELSE status END
    ORDER BY source, institution <> 'all', institution, since"""
NEVER_SENT = "SELECT unnest(?) AS source EXCEPT SELECT source_code FROM ops.batch ORDER BY 1"
LINKAGE_ALARMS = """
    SELECT title_zh, title_en, part, value, coalesce(band_low::VARCHAR, '') AS low, coalesce(band_high::VARCHAR, '') AS high
    FROM ops.linkage_quality
    WHERE is_alert AND night_id = (SELECT night_id FROM ops.linkage_quality ORDER BY rowid DESC LIMIT 1)
    ORDER BY measure, part"""
LINKAGE = """
    SELECT count(*) AS measures, count(*) FILTER (is_alert) AS alerts FROM ops.linkage_quality
    WHERE night_id = (SELECT night_id FROM ops.linkage_quality ORDER BY rowid DESC LIMIT 1)"""
UNCERTAIN = """
    SELECT count(*) FROM link.incident_bound WHERE strict_incidents > 1 OR loose_incident_id <> incident_id"""
QUARANTINE = """
    SELECT count(DISTINCT (batch_id, sheet, row_number, victim_number)) FROM ops.open_quarantine"""
# What the arrival watch tells in its own words is left to it.
ALERTS = """
    SELECT rule, count(*)::INTEGER AS places FROM ops.alert
    WHERE rule NOT IN ('Q01', 'Q02', 'Q04', 'Q05', 'Q06', 'Q50') GROUP BY 1 ORDER BY 1"""


def show_status(settings: Settings, voice: Voice, as_json: bool) -> int:
    """Print the state of this data home; exit code 4 if the last night ended without publishing."""
    facts = look(settings)
    if as_json:
        print(json.dumps(facts, ensure_ascii=False, indent=1))
    else:
        _tell(facts, voice)
    night = facts["last_night"]
    is_good = night is None or night["status"] in PUBLISHED or facts["in_use"]
    return ExitCode.GOOD if is_good else ExitCode.NOT_PUBLISHED


def look(settings: Settings) -> Facts:
    """The facts as they are, or, while a run holds the warehouse, as the last night left them."""
    try:
        with existing_warehouse(replace(settings, waits=False)) as db:
            return gather(db)
    except BusyError as error:
        snapshot = last_snapshot(settings)
        if snapshot is None:
            raise
        return {**snapshot, "in_use": True, "held_by": error.text._asdict()}


def gather(db: Warehouse) -> Facts:
    """Everything the operator needs, as plain values; no row of any child is read."""
    reporting = [source.source for source in db.library.sources.values() if source.timeliness]
    last = db.column(f"SELECT night_id FROM {nights.NEWEST}")
    answered_for = nights.answered_for(db, last[0]) if last else []
    return {
        "home": str(db.settings.home),
        "form": FORM,
        "taken_at": str(db.value("SELECT date_trunc('second', now()::TIMESTAMP)")),
        "in_use": False,
        "key_id": db.remembered("key_id"),
        "last_night": _first(db, NIGHT, {"answered_for": answered_for}),
        "release": _first(db, RELEASE),
        "sources": db.records(PER_SOURCE),
        "alarms": db.records(ALARMS),
        "newcomers": [text._asdict() for text in nights.newcomers(db, answered_for)],
        "linkage": _first(db, LINKAGE),
        "linkage_alarms": db.records(LINKAGE_ALARMS),
        "alerts": db.records(ALERTS),
        "titles": {name: source.title.zh for name, source in db.library.sources.items()},
        "never_sent": db.column(NEVER_SENT, [reporting]),
        "files_to_mend": db.records(OPEN_FILES),
        "more_files_to_mend": max(0, db.value(OPEN_FILES_IN_ALL) - LISTED),
        "open_quarantine_rows": db.value(QUARANTINE),
        "uncertain_incidents": db.value(UNCERTAIN),
        "replay": _first(db, REPLAY),
        "restatements": [text._asdict() for text in restatements(db)],
        "disk_free_gb": round(shutil.disk_usage(db.settings.home).free / 1e9, 1),
        "notice": (last_snapshot(db.settings) or {}).get("notice"),
    }


def keep(settings: Settings, facts: Facts) -> None:
    """Write the snapshot in one step."""
    with written_whole(settings.snapshot_file) as working:
        working.write_text(json.dumps(facts, ensure_ascii=False, indent=1), encoding="utf-8")


def last_snapshot(settings: Settings) -> Facts | None:
    """What the last night left; None before the first, for what another version left and what a power failure left of it."""
    try:
        snapshot: Facts = json.loads(settings.snapshot_file.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return None
    return snapshot if snapshot.get("form") == FORM else None


def _first(db: Warehouse, sql: str, parameters: Parameters = ()) -> Row | None:
    return next(iter(db.records(sql, parameters)), None)


ENDS = {
    "published": Text("已发布", "published"),
    "unchanged": Text("已完成，数字无变化", "done, no figure changed"),
    "not_published": Text("未发布", "not published"),
    "running": Text(
        "没有做完（被中断）；请再运行一次 ddk nightly", "did not finish (interrupted): run ddk nightly again"
    ),
    "killed": Text("被中断", "was cut short"),
    "defect": Text("程序缺陷，未发布", "a defect of ours, nothing published"),
    "stopped": Text("没有做完，未发布", "did not finish, nothing published"),
}
ALARM_WORDS = {
    "late": Text("逾期未报 {since}（通常约 {expected} 条）", "late: {since} (usually about {expected} records)"),
    "silent": Text("近一年缺 {months} 个月，最早 {since}（通常约 {expected} 条）",
                   "{months} months of the last year missing, from {since} (usually about {expected} records)"),
    "partial": Text("主要机构未报：{months} 个月，自 {since} 起", "large institutions are missing: {months} months since {since}"),
    "shrunken": Text("偏少：自 {since} 起 {received} 条（通常约 {expected} 条）", "shrunken: {received} records since {since} (usually about {expected})"),
    "swollen": Text("偏多：自 {since} 起 {received} 条（通常约 {expected} 条）", "swollen: {received} records since {since} (usually about {expected})"),
}  # fmt: skip


def sentences(facts: Facts) -> list[Text]:
    """How the last night ended, and what is the matter; ids, codes and counts only."""
    night, release = facts["last_night"], facts["release"]
    said = []
    if facts["in_use"]:
        held, taken_at = Text(**facts["held_by"]), facts["taken_at"]
        said.append(Text(f"{held.zh}以下为 {taken_at} 的情况。", f"{held.en} This is how it was at {taken_at}."))
    if night:
        is_under_way = facts["in_use"] and night["status"] == "running"
        end = Text("正在进行", "under way") if is_under_way else ENDS[night["status"]]
        said.append(
            Text(f"上次运行 {night['started_at'][:16]}：{end.zh}", f"Last run {night['started_at'][:16]}: {end.en}")
        )
        said += [
            Text(f"  {night[f'{kind}_zh']}", f"  {night[f'{kind}_en']}")
            for kind in ("message", "notice")
            if night[f"{kind}_zh"]
        ]
    if release:
        said.append(Text(f"当前发布 {release['release_id']}，数据截至 {release['data_as_of'][:16]}",
                         f"Current release {release['release_id']}, data as of {release['data_as_of'][:16]}"))  # fmt: skip
    if facts["replay"] and facts["replay"]["status"] == "same":
        said.append(_replayed(facts))
    return said + warnings(facts, LISTED)


def warnings(facts: Facts, most: int | None = None) -> list[Text]:
    """One line for each thing that somebody should look into; of what is missing of a feed at most so many."""
    said = []
    for source, alarms in itertools.groupby(facts["alarms"], key=lambda alarm: str(alarm["source"])):
        told = [_alarm(facts, alarm) for alarm in alarms]
        said += told[:most]
        if more := len(told[most:]) if most else 0:
            feed = _feed(facts, source)
            said.append(Text(f"! {feed.zh}：到报提醒另有 {more} 条，见 ops.arrival。",
                             f"! {feed.en}: {more} more of its institutions or months; see ops.arrival."))  # fmt: skip
    never_sent = [_feed(facts, source) for source in facts["never_sent"]]
    said += [Text(f"! {feed.zh}：从未报送", f"! {feed.en}: has never sent anything") for feed in never_sent]
    said += [Text(one["zh"], one["en"]) for one in facts["newcomers"]]
    said += [_linkage_alarm(alarm) for alarm in facts["linkage_alarms"]]
    if facts["alerts"]:
        zh, en = (mark.join(f"{one['rule']} × {one['places']}" for one in facts["alerts"]) for mark in ("、", ", "))
        said.append(Text(f"! 数据质量提醒：{zh}。各条含义见 quality_docs/checks/index.html，出处见 ops.alert。",
                         f"! data quality: {en}. quality_docs/checks/index.html says what they mean, ops.alert where."))  # fmt: skip
    if facts["replay"] and facts["replay"]["status"] != "same":
        text = _replayed(facts)
        said.append(Text(f"! {text.zh}", f"! {text.en}"))
    if facts["notice"]:
        said.append(Text(f"! 失败通知没有发出：{facts['notice']}", f"! the notice was not sent: {facts['notice']}"))
    return said


def _replayed(facts: Facts) -> Text:
    return Text(facts["replay"]["message_zh"], facts["replay"]["message_en"])


def _alarm(facts: Facts, alarm: Row) -> Text:
    expected = {None: "?", 0: "<1"}.get(alarm["expected"], alarm["expected"])  # None: too little history
    known = {**alarm, "expected": expected}
    feed, words = _feed(facts, alarm["source"]), ALARM_WORDS[alarm["status"]].format(**known)
    who = "" if alarm["institution"] == "all" else f" {alarm['institution']}"
    return Text(f"! {feed.zh}{who}：{words.zh}", f"! {feed.en}{who}: {words.en}")


def _feed(facts: Facts, source: str) -> Text:
    """A feed as people call it; in English by its code, which is also the name of its landing folder."""
    return Text(facts["titles"].get(source, source), source)


def _linkage_alarm(alarm: Row) -> Text:
    part = Text("", "") if alarm["part"] == "all" else Text(f"（{alarm['part']}）", f" ({alarm['part']})")
    band = f"{alarm['low']}–{alarm['high']}"
    return Text(
        f"! 连接质量告警：{alarm['title_zh']}{part.zh} {alarm['value']:g}，应在 {band}。请核对近期文件的令牌，再查 ops.linkage_quality。",
        f"! linkage: {alarm['title_en']}{part.en} is {alarm['value']:g}, expected {band}. Check the tokens of recent files,"
        " then see ops.linkage_quality.",
    )


def counts(facts: Facts) -> Text:
    """The line at the foot."""
    numbers = [facts[name] for name in ("open_quarantine_rows", "uncertain_incidents")]
    key, free, linkage = facts["key_id"] or "—", facts["disk_free_gb"], facts["linkage"]
    return Text(
        f"待更正的隔离行 {numbers[0]}；是否同一事件有疑问的 {numbers[1]} 起；连接自测 {linkage['measures']} 项，"
        f"超出范围 {linkage['alerts']} 项；密钥 {key}；磁盘剩余 {free} GB",
        f"Rows in quarantine: {numbers[0]}; incidents in doubt: {numbers[1]}; measures of the linkage: {linkage['measures']},"
        f" out of band: {linkage['alerts']}; key {key}; disk free {free} GB",
    )


def markdown(facts: Facts, voice: Voice) -> str:
    """The same for a page: no names of files."""
    lines = [voice.pick(text).strip() for text in sentences(facts)]
    names = _columns(facts)
    table = [[voice.pick(heading) for heading in headings(*names)], ["---"] * len(names)]
    table += [list(map(str, line)) for line in _lines(facts, voice)]
    grid = "\n".join(f"| {' | '.join(row)} |" for row in table)
    return "\n\n".join([*lines, grid, voice.pick(counts(facts))]) + "\n"


def _columns(facts: Facts) -> list[str]:
    """The columns of the table of feeds."""
    rare = [name for name in RARE_FATES if any(row[f"rows_{name}"] for row in facts["sources"])]
    return ["source", "received", *FATES, *rare]


def _lines(facts: Facts, voice: Voice) -> list[list[Any]]:
    """The table of feeds: rows, by what became of them."""
    rows = [f"rows_{name}" for name in _columns(facts)[1:]]
    return [[voice.pick(_feed(facts, one["source"])), *(one[name] for name in rows)] for one in facts["sources"]]


def _tell(facts: Facts, voice: Voice) -> None:
    for text in sentences(facts):
        voice.say(*text)
    for restated in facts["restatements"]:  # exact small numbers: for the terminal, not for a page
        voice.say(**restated)
    voice.table(headings(*_columns(facts)), _lines(facts, voice))
    for item in facts["files_to_mend"]:
        feed = _feed(facts, item["source"])
        voice.say(
            f"! {feed.zh} {item['file']}：{item['message_zh']}", f"! {feed.en} {item['file']}: {item['message_en']}"
        )
    if more := facts["more_files_to_mend"]:
        voice.say(f"! 另有 {more} 份文件被拒收、暂扣或不可读，见 ops.batch。",
                  f"! {more} more files are refused, held or unreadable: see ops.batch.")  # fmt: skip
    voice.say(*counts(facts))
