"""The invented district on which everything is proven: true children and incidents, reports of them, files, truth."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ExitCode
from ddk_surveillance.settings import Settings
from ddk_surveillance.usage import fail

MANIFEST = "truth/files.txt"


@dataclass(frozen=True)
class Summary:
    """What `synthesise` has written."""

    files: int
    rows: int
    children: int
    incidents: int


def remove_earlier(out: Path) -> None:
    """Delete the landing files that an earlier run wrote here, and nothing else."""
    manifest = out / MANIFEST
    for name in manifest.read_text(encoding="utf-8").splitlines() if manifest.exists() else ():
        (out / "landing" / name).unlink(missing_ok=True)


def synthesise(out: Path, seed: int, children: int, first_month: date, last_month: date) -> Summary:
    """Write `landing/<source>/…`, `landing/population/…` and `truth/…` below `out`; the same seed gives the same bytes.

    `children` live there in the middle of the time from the first to the last month.
    """
    import numpy as np
    import pandas as pd

    from ddk_surveillance.library import Library
    from ddk_surveillance.synthesis import defects, district, files, offices, reports, truth

    months = pd.Period(first_month, "M"), pd.Period(last_month, "M")
    plan = district.Plan(children, months[0].start_time.date(), months[1].end_time.date())
    town = district.build(plan, seed)
    rng = np.random.default_rng([seed, 3])
    rates = defects.read_rates("district")
    rows = reports.report(town, rates, rng)
    rows = offices.add_office_columns(rows, defects.Draw(rates, rows["source"].to_numpy(), rng))
    library = Library()
    remove_earlier(out)
    sent = files.write_files(rows, out, library, *months, seed)
    population = files.write_population(truth.population(town), out, library, months[1])
    truth.write_truth(out, town, sent.truth, library)
    names = [*sent.files, population]
    (out / MANIFEST).write_text("".join(f"{name}\n" for name in names), encoding="utf-8")
    return Summary(len(names), len(sent.truth), len(town.children), len(town.incidents))


def make_district(_: Settings, voice: Voice, out: Path, seed: int, children: int, first: date, last: date) -> int:
    """`ddk synthesise`."""
    if last < first:
        fail("起始月份晚于截止月份。", "The first month is after the last one.")
    made = synthesise(out, seed, children, first, last)
    voice.say(
        f"已写入 {out}：{made.files} 个文件，{made.rows} 行；合成儿童 {made.children} 名、事件 {made.incidents} 起。",
        f"Written to {out}: {made.files} files, {made.rows} rows; {made.children} children and {made.incidents}"
        " incidents, all synthetic.",
    )
    return ExitCode.GOOD
