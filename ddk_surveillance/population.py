"""`ddk population import FILE`: check a population file as a whole, then send it through the feed like any other file.

The feed's own checks judge cells and rows; what only the whole shows is judged here: gaps, totals, jumps.
"""

import shutil
from pathlib import Path

import pyarrow

from ddk_surveillance.check import tell, tried
from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError, ExitCode, Text
from ddk_surveillance.library import Library
from ddk_surveillance.runs import run_night
from ddk_surveillance.settings import Settings
from ddk_surveillance.warehouse import Warehouse, open_warehouse
from ddk_surveillance.writing import written_whole

SOURCE = "population"
PROBLEMS = {
    "gap": Text("缺 {size:.0f} 格（性别 × 周岁）", "{size:.0f} cells (sex by age) are missing"),
    "missing_year": Text("整年缺失", "the whole year is missing"),
    "total": Text(
        "全区数与镇街之和相差 {size:+,.0f} 人", "the district differs from its townships by {size:+,.0f} persons"
    ),
    "jump": Text("比上一年变动 {size:+.1f}%，超过 5%", "{size:+.1f} % against the year before, more than 5 %"),
}


def import_population(settings: Settings, voice: Voice, file: Path, accept_jumps: bool) -> int:
    """Take the file in if it is sound; DATA_PROBLEMS, and nothing taken in, if it is not."""
    settings.make_folders()
    library = Library(settings.declarations)
    with open_warehouse(settings) as db:
        held = db.arrow("FROM ref.population")
    with tried(settings, library, SOURCE, file) as (trial, receipt):
        if not receipt.is_clean:
            tell(voice, receipt)
            return ExitCode.DATA_PROBLEMS
        problems = _problems(trial, held)
    for kind, text in problems:
        voice.say(f"{'提示' if kind == 'jump' and accept_jumps else '问题'}：{text.zh}", f"! {text.en}")
    if any(kind != "jump" or not accept_jumps for kind, _ in problems):
        voice.say(
            "未导入。请改正文件后重试；变动属实的，加 --accept-jumps。",
            "Nothing was imported. Mend the file and try again; where a jump is real, add --accept-jumps.",
        )
        return ExitCode.DATA_PROBLEMS
    _send(settings, file)
    return run_night(settings, voice)


def _problems(trial: Warehouse, held: pyarrow.Table) -> list[tuple[str, Text]]:
    """What is doubtful, with its kind."""
    townships = list(trial.library.code_labels("township"))
    with trial.offering(held=held, given=trial.arrow("FROM ref.population")):
        rows = trial.rows(trial.statement("ref.population_problem"), {"townships": townships})
    return [(kind, _worded(kind, year, base, place, size)) for kind, year, base, place, size in rows]


def _worded(kind: str, year: int, base: str, place: str, size: float) -> Text:
    where = "" if place == "all" else f" {place}"
    zh, en = (text.format(size=size) for text in PROBLEMS[kind])
    return Text(
        f"{year} 年{where}（{'常住' if base == 'resident' else '户籍'}）：{zh}。", f"{year}{where} ({base}): {en}."
    )


def _send(settings: Settings, file: Path) -> None:
    """Into the landing folder in one step, so that no night sees half of it."""
    target = settings.landing / SOURCE / file.name
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.exists() and target.samefile(file):
        return
    if target.exists():
        raise ConfigurationError(
            f"landing/{SOURCE}/ 中已有同名文件在等待。请先运行 ddk nightly，或改名。",
            f"A file of that name already waits in landing/{SOURCE}/. Run ddk nightly first, or rename yours.",
        )
    with written_whole(target) as working:
        shutil.copyfile(file, working)
