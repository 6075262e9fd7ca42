"""`ddk drill INDICATOR YEAR`: from a figure to its incidents, their records, the rules that decided, and the rows of the files."""

from typing import Any

from ddk_surveillance.console import HEADINGS, STATUS_WORDS, Voice
from ddk_surveillance.errors import ConfigurationError, ExitCode, Text
from ddk_surveillance.review.words import Labels, load
from ddk_surveillance.settings import Settings
from ddk_surveillance.warehouse import Warehouse, open_warehouse

# What the terminal shows; csv and json give every column of mart.drill.
SHOWN = {
    "numerator": Text("计入", "counts"),
    "incident_id": Text("事件", "incident"),
    "counted_date": Text("日期", "date"),
    "source_code": Text("来源", "source"),
    "record_id[:12]": Text("记录", "record"),
    "disposition": Text("去向", "version"),
    "flags": Text("提示", "warnings"),
    "coalesce(file_name, batch_id)": Text("文件", "file"),
    "sheet": Text("工作表", "sheet"),
    "row_number": Text("行", "row"),
    "sha256[:12]": Text("文件指纹", "sha256"),
}
CHOICES = Text("各报告不一时的取值", "chosen where reports differ")
DISPOSITIONS = {**STATUS_WORDS, "duplicate": HEADINGS["duplicate"], "superseded": HEADINGS["superseded"]}
OF_FIGURE = "FROM mart.drill WHERE indicator_code = $code AND year = $year"
FIGURE = """
    SELECT numerator, records, incidents, children, reason, definition_version FROM mart.indicator_rate
    WHERE indicator_code = $code AND period_type = 'year' AND period = $year::VARCHAR
      AND (sex, age_group, township_code) = ('all', 'all', 'all')"""


def show_drill(settings: Settings, voice: Voice, code: str, year: int, form: str) -> int:
    """Print the figure, then every row of a file behind it; `counts` adds up to the numerator."""
    asked = {"code": code, "year": year}
    with open_warehouse(settings) as db:
        figure = _figure(db, asked)
        if form != "table":
            columns = db.arrow("FROM mart.drill LIMIT 0").column_names
            voice.rows(form, columns, db.rows(f"{OF_FIGURE} ORDER BY ALL", asked))
            return ExitCode.GOOD
        _say_figure(voice, asked, *figure)
        voice.table([*SHOWN.values(), CHOICES], _lines(voice, db, asked))
    return ExitCode.GOOD


def _lines(voice: Voice, db: Warehouse, asked: dict[str, Any]) -> list[list[Any]]:
    """The rows in words; what was chosen where reports differ stands once for each incident."""
    labels, choices = Labels(db.library), _choices(voice, db, asked)
    order = "counted_date, incident_id, numerator DESC, record_id, disposition"
    lines = []
    for number, incident, day, source, record, disposition, *place in db.rows(
        f"SELECT {', '.join(SHOWN)} {OF_FIGURE} ORDER BY {order}", asked
    ):
        words = [voice.pick(labels.cell("source_code", source)), record, voice.pick(DISPOSITIONS[disposition])]
        lines.append([number, incident, day, *words, *place, choices.pop(incident, "")])
    return lines


def _choices(voice: Voice, db: Warehouse, asked: dict[str, Any]) -> dict[str, str]:
    """Incident → 严重程度 重度（多数报告）；… for every field on which its reports differ."""
    labels, words, columns = Labels(db.library), load(db.library), db.library.tables["core.incident"].columns
    chosen: dict[str, list[str]] = {}
    for incident, field, value, rule in db.rows(
        f"SELECT incident_id, field, value, rule FROM link.golden_field SEMI JOIN ({OF_FIGURE}) USING (incident_id)"
        " WHERE is_chosen ORDER BY ALL",
        asked,
    ):
        name, label, why = columns[field].comment.text, labels.cell(field, value), words.of("choices", rule)
        said = Text(f"{name.zh} {label.zh}（{why.zh}）", f"{name.en} {label.en} ({why.en})")
        chosen.setdefault(incident, []).append(voice.pick(said))
    return {incident: voice.pick(Text("；", "; ")).join(parts) for incident, parts in chosen.items()}


def _figure(db: Warehouse, asked: dict[str, Any]) -> tuple[Any, ...]:
    rows = db.rows(FIGURE, asked)
    if not rows:
        known = ", ".join(db.column("SELECT DISTINCT indicator_code FROM mart.indicator_rate ORDER BY 1"))
        raise ConfigurationError(
            f"没有指标 {asked['code']} {asked['year']} 年的数字。有数字的指标：{known or '—'}。",
            f"There is no figure of indicator {asked['code']} for {asked['year']}. Indicators with figures: {known or '—'}.",
        )
    return rows[0]


def _say_figure(voice: Voice, asked: dict[str, Any], numerator: int | None, records: int | None, incidents: int | None,
                children: int | None, reason: str | None, version: int) -> None:  # fmt: skip
    if numerator is None:
        voice.say(f"指标 {asked['code']} {asked['year']} 年没有数字（{reason}）；已知的事件如下。",
                  f"Indicator {asked['code']} has no figure for {asked['year']} ({reason}); what is known so far:")  # fmt: skip
        return
    voice.say(
        f"指标 {asked['code']} {asked['year']} 年：分子 {numerator}；事件 {incidents} 起、儿童 {children} 名、记录 {records} 条；定义第 {version} 版。",
        f"Indicator {asked['code']}, {asked['year']}: numerator {numerator}; {incidents} incidents, {children} children, "
        f"{records} records; definition version {version}.",
    )
