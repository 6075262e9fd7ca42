"""A data home of its own for every test that needs one, and short words for what a night does."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import duckdb
import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

from ddk_surveillance import (
    arrivals,
    guard,
    indicators,
    intake,
    link,
    load,
    normalise,
    publish,
    quality,
    receipts,
    settings,
    tokens,
)
from ddk_surveillance.link import measurement
from ddk_surveillance.quality import across
from ddk_surveillance.settings import TIME_ZONE, Settings
from ddk_surveillance.settings import load as load_settings
from ddk_surveillance.warehouse import Warehouse, open_warehouse

# How long an example takes says something of the machine and nothing of the property.
hypothesis.settings.register_profile("untimed", deadline=None, suppress_health_check=[hypothesis.HealthCheck.too_slow])
hypothesis.settings.load_profile("untimed")
# Great Expectations and Prefect leave so many objects that looking for unreachable ones takes a sixth of the time.
gc.set_threshold(50_000, 50, 50)
# The tests share the processors: a second thread for a few rows costs a sixth more and ends no sooner. The demo uses all.
settings._processors = lambda: 1
# DuckDB takes and gives back very many small pieces of memory: workers, begun after this, keep more of them at hand (6 %).
os.environ.setdefault("GLIBC_TUNABLES", "glibc.malloc.tcache_count=4000:glibc.malloc.tcache_max=4096")

# Folders whose tests share one data home or one server, or are of one long test: one process runs all of a folder, and first,
# lest it be left for the end, when the others have nothing to do.
TOGETHER = ("demo", "flows", "cases/history", "cases/figures", "property")

SOURCE_STAGES = (intake, guard, normalise, quality, load)
NIGHT_STAGES = (link, measurement, arrivals, across, indicators, publish)

TOKEN_A, TOKEN_B, TOKEN_C = ("a" * 26, "b" * 26, "c" * 26)
HOSPITAL = f"""
监测医院编号 卡片编号 身份令牌  性别 年龄 现住镇街   伤害发生日期 患者就诊日期 伤害发生原因 伤害发生地点   是否故意  伤害严重程度 伤害结局   报告日期
H0001        C1       {TOKEN_A} 男   5岁  八桥镇     2024-03-05   2024-03-05   跌倒/坠落    家中           非故意    轻度         处理后离院 2024-03-08
H0001        C2       {TOKEN_B} 女   16   新山村街道 2024-04-06   2024-04-06   钝器伤       学校与公共场所 故意      中度         留观       2024-04-08
H0001        C3       {TOKEN_C} 女   15   建胜镇     2024-05-06   2024-05-07   刀/锐器伤    家中           自残/自杀 中度         住院       2024-05-08
"""


def together(nodeid: str) -> str:
    """What one process runs as a whole: a file, or a folder whose files share a home or a server."""
    file = nodeid.split("::")[0]
    return next((folder for folder in TOGETHER if f"tests/{folder}/" in file), file)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: together(item.nodeid) not in TOGETHER)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One more than processors: who tests servers and browsers waits most of the time."""
    return 1 + (os.cpu_count() or 1)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadScopeScheduling:
    scheduler = LoadScopeScheduling(config, log)
    scheduler._split_scope = together  # xdist's own marks for groups are lost on pytest 9
    return scheduler


def csv_of(table: str, **changed: str) -> str:
    """A table drawn with blanks as CSV; a cell written · is empty, and `C1_年龄="18"` changes one cell of record C1."""
    lines = [["" if cell == "·" else cell for cell in line.split()] for line in table.strip().splitlines()]
    header, records = lines[0], {line[1]: line for line in lines}
    for place, value in changed.items():
        record, _, column = place.partition("_")
        records[record][header.index(column)] = value
    return "\n".join(",".join(line) for line in lines) + "\n"


@dataclass
class Home:
    """A data home on disk; `night()` runs the stages in their order, without a scheduler."""

    settings: Settings
    empty_warehouse: Path | None = None  # to begin with a copy
    first: int = 1  # the number of its first night here
    nights: Iterator[int] = field(init=False)

    def __post_init__(self) -> None:
        self.nights = itertools.count(self.first)

    def drop(self, source: str, name: str, content: str | bytes) -> Path:
        """Put a file into landing/<source>/."""
        path = self.settings.landing / source / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def night(self, only: Callable[[Warehouse, str], None] | None = None) -> None:
        """All stages, or only some of them."""
        if self.empty_warehouse and not self.settings.warehouse_file.exists():
            shutil.copyfile(self.empty_warehouse, self.settings.warehouse_file)
        with open_warehouse(self.settings) as db:
            (only or run_night)(db, f"night{next(self.nights):03d}")

    def query(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.settings.warehouse_file)) as connection:  # without a look at the declarations
            connection.execute(f"SET TimeZone = '{TIME_ZONE}'")
            return connection.execute(sql).fetchall()

    def column(self, sql: str) -> list[Any]:
        return [value for (value,) in self.query(sql)]

    def ledger(self, source: str, file_name: str = "%") -> dict[str, int]:
        """The books of all files of a source together, or of those of a name, without the zeros."""
        names = ("rows_received", "exploded", "refused", "unreadable", "out_of_scope", "quarantined", "held",
                 "duplicate", "superseded", "withdrawn", "loaded")  # fmt: skip
        sums = ", ".join(f"coalesce(sum({name}), 0)::INTEGER" for name in names)
        [row] = self.query(
            f"SELECT {sums} FROM ops.ledger WHERE source_code = '{source}' AND batch_id IN"
            f" (SELECT batch_id FROM ops.batch WHERE coalesce(file_name, '') LIKE '{file_name}')"
        )
        return {name: value for name, value in zip(names, row, strict=True) if value}


def copy_of(home: Home, folder: Path, first: int | None = None) -> Home:
    """The same home in another place: cheaper than its nights. The next here is the `first`, or a hundred further on."""
    subprocess.run(["cp", "-a", home.settings.home, folder], check=True)
    return Home(replace(home.settings, home=folder), first=first or home.first + 100)


def take_in(db: Warehouse, night_id: str) -> None:
    """The night as far as the receipts: nothing is linked, counted or published."""
    for source in intake.discover(db, night_id):
        for stage in SOURCE_STAGES:
            stage.run(db, source)
    receipts.run(db, night_id)


def run_night(db: Warehouse, night_id: str) -> None:
    """The nightly order of the stages."""
    take_in(db, night_id)
    for stage in NIGHT_STAGES:
        stage.run(db, night_id)


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("custodian") / "key"
    tokens.make_key(path)
    return path


@pytest.fixture(scope="session")
def empty_warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A warehouse in which nothing has happened yet: to copy one costs far less than to make one."""
    settings = load_settings({}, tmp_path_factory.mktemp("empty"))
    with open_warehouse(settings):
        return settings.warehouse_file


@pytest.fixture(scope="session")
def make_home_in(key_file: Path, empty_warehouse: Path) -> Callable[..., Home]:
    def make(folder: Path, **environment: str) -> Home:
        environ = {"DDK_KEY_FILE": str(key_file), "DDK_QUIET_SECONDS": "0", "DDK_NO_WAIT": "1", "DDK_THREADS": "1"}
        settings = load_settings(environ | environment, folder)
        settings.make_folders()
        return Home(settings, empty_warehouse)

    return make


@pytest.fixture
def make_home(tmp_path: Path, make_home_in: Callable[..., Home]) -> Callable[..., Home]:
    def make(name: str = "home", **environment: str) -> Home:
        return make_home_in(tmp_path / name, **environment)

    return make


@pytest.fixture(scope="session")
def make_shared_home(
    tmp_path_factory: pytest.TempPathFactory, make_home_in: Callable[..., Home]
) -> Callable[..., Home]:
    """For a fixture of a module whose tests only look at what a night left."""

    def make(**environment: str) -> Home:
        return make_home_in(tmp_path_factory.mktemp("shared") / "home", **environment)

    return make


@pytest.fixture
def home(make_home: Callable[..., Home]) -> Home:
    return make_home()


@pytest.fixture(scope="session")
def first_night(tmp_path_factory: pytest.TempPathFactory, make_home_in: Callable[..., Home]) -> Home:
    """One file of a hospital has been taken in; only to be looked at."""
    home = make_home_in(tmp_path_factory.mktemp("first") / "home")
    home.drop("hospital", "first.csv", csv_of(HOSPITAL))
    home.night()
    return home


@pytest.fixture
def used(first_night: Home, tmp_path: Path) -> Home:
    """The same as a home of one's own."""
    return copy_of(first_night, tmp_path / "used")


@pytest.fixture(autouse=True)
def restrictive_umask() -> Iterator[None]:
    before = os.umask(0o077)
    yield
    os.umask(before)
