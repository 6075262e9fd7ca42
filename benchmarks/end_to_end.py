"""Files to published rates on N synthetic records, stage by stage, beside plain pandas + Great Expectations + group-by.

    python -m benchmarks.end_to_end 100000 1000000

Prints rows per second, peak memory and each stage's share; both ways read the same file in the same run, each in a
process of its own so that neither inherits the other's memory.
"""

from __future__ import annotations

import json
import multiprocessing
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pandas

TOWNSHIPS = "township.csv"
CODED = {"mechanism": "伤害发生原因", "place": "伤害发生地点", "intent": "是否故意", "nature": "伤害性质", "body_part": "伤害部位",
         "severity": "伤害严重程度", "outcome": "伤害结局"}  # fmt: skip


def write_file(path: Path, records: int) -> None:
    """A hospital csv of so many rows, in the words of the report card, and beside it the list of its townships.

    A million records come from many more children than a district has: they live in as many more districts.
    """
    from ddk_surveillance.library import Library
    from ddk_surveillance.settings import resource as shipped
    from ddk_surveillance.synthesis.reports import linkage_records

    library = Library((shipped("schemas"),))
    truth = linkage_records(1, records)
    labels = {name: {code: said.zh for code, said in library.code_labels(name).items()} for name in CODED}
    # stated by name: a code of another district would be a child from elsewhere
    own = {code: f"第{code[2:]}镇" for code in sorted(truth["township_code"].dropna().unique())}
    lines = [f"50{code[2:]},{name},Town {code[2:]},\n" for code, name in own.items()]
    path.with_name(TOWNSHIPS).write_text("code,zh,en,aliases\n" + "".join(lines), encoding="utf-8")
    truth["outcome"] = truth["outcome"].fillna("treated_released")  # a hospital's card always has it
    day = truth["event_date_from"].astype("datetime64[s]")
    frame = pandas.DataFrame({
        "监测医院编号": truth["institution_id"].fillna("H9999"),
        "卡片编号": [f"C{number:08d}" for number in range(len(truth))],
        **{zh: truth[name] for name, zh in (("id_token", "身份令牌"), ("name_token", "姓名令牌"), ("phone_token", "电话令牌"))},
        "出生年月": truth["birth_month"].astype("datetime64[s]").dt.strftime("%Y-%m"),
        "性别": truth["sex"].map({"male": "男", "female": "女"}),
        "年龄": truth["age_years"],
        "现住镇街": truth["township_code"].map(own),
        "伤害发生日期": day.dt.strftime("%Y-%m-%d"),
        "患者就诊日期": day.dt.strftime("%Y-%m-%d"),
        **{zh: truth[name].map(labels[name]) for name, zh in CODED.items()},
        "报告日期": truth["reported_date"].astype("datetime64[s]").dt.strftime("%Y-%m-%d"),
    })  # fmt: skip
    frame.to_csv(path, index=False)


def ours(file: Path, home: Path) -> dict[str, Any]:
    """Every stage of a night on this file."""
    from ddk_surveillance import arrivals, guard, indicators, intake, link, load, normalise, publish, quality, tokens
    from ddk_surveillance.quality import evaluation
    from ddk_surveillance.settings import load as load_settings
    from ddk_surveillance.warehouse import open_warehouse

    codelists = home / "schemas" / "codelists"
    codelists.mkdir(parents=True)
    shutil.copy(file.with_name(TOWNSHIPS), codelists)
    tokens.make_key(home / "key")
    settings = load_settings({"DDK_KEY_FILE": str(home / "key"), "DDK_QUIET_SECONDS": "0"}, home)
    settings.make_folders()
    target = settings.landing / "hospital" / file.name
    target.parent.mkdir()
    file.rename(target)
    seconds: dict[str, float] = {}
    timed(seconds, "imports", evaluation.library)  # at night beside the start of Prefect's server
    with open_warehouse(settings) as db:
        timed(seconds, "discover", lambda: intake.discover(db, "night"))
        for stage in (intake, guard, normalise, quality, load):
            timed(seconds, stage.__name__.split(".")[1], lambda stage=stage: stage.run(db, "hospital"))  # type: ignore[misc]
        for stage in (link, arrivals, indicators, publish):
            timed(seconds, stage.__name__.split(".")[1], lambda stage=stage: stage.run(db, "night"))  # type: ignore[misc]
        counts = db.rows("SELECT count(*), count(*) FILTER (disposition = 'loaded') FROM core.record_version")
    (settings.archive / "hospital").rename(home / "kept")
    next((home / "kept").rglob(file.name)).rename(file)
    return {"seconds": seconds, "loaded": counts[0][1]}


def plain(file: Path, home: Path) -> dict[str, Any]:
    """What one would write in an afternoon: read, check, drop duplicates of token and day, group by year and sex."""
    seconds: dict[str, float] = {}
    timed(seconds, "imports", lambda: import_module("great_expectations"))
    import great_expectations

    frames: dict[str, pandas.DataFrame] = {}

    def read() -> None:
        frames["rows"] = pandas.read_csv(file, dtype=str)

    def check() -> None:
        rows = frames["rows"]
        rows["年龄"] = pandas.to_numeric(rows["年龄"], errors="coerce")
        rows["日期"] = pandas.to_datetime(rows["伤害发生日期"], errors="coerce")
        needed = ["监测医院编号", "卡片编号", "年龄", "日期", "伤害发生原因", "是否故意", "伤害严重程度", "伤害结局"]
        context = great_expectations.get_context(mode="ephemeral")
        suite = great_expectations.ExpectationSuite(name="rules")
        expectations: Any = great_expectations.expectations
        for name in needed:
            suite.add_expectation(expectations.ExpectColumnValuesToNotBeNull(column=name))
        suite.add_expectation(expectations.ExpectColumnValuesToBeBetween(column="年龄", min_value=0, max_value=17))
        rows.reset_index(drop=True, inplace=True)
        source = context.data_sources.add_pandas("plain")
        definition = source.add_dataframe_asset("rows").add_batch_definition_whole_dataframe("all")
        report = definition.get_batch(batch_parameters={"dataframe": rows}).validate(suite, result_format="COMPLETE")
        bad = {row for result in report.results for row in result.result.get("unexpected_index_list") or ()}
        frames["rows"] = rows.drop(index=list(bad))

    def count() -> None:
        rows = frames["rows"]
        key = rows["身份令牌"].fillna(rows["姓名令牌"]).fillna(rows["卡片编号"])
        incidents = rows.assign(key=key).drop_duplicates(["key", "日期"])
        frames["rates"] = incidents.groupby([incidents["日期"].dt.year, "性别", "是否故意"]).size().reset_index()
        frames["rates"].to_parquet(home.with_suffix(".parquet"))

    for name, step in (("read", read), ("check", check), ("count", count)):
        timed(seconds, name, step)
    return {"seconds": seconds, "loaded": len(frames["rows"])}


def timed(seconds: dict[str, float], name: str, call: Callable[[], Any]) -> None:
    """Call, and add the time it took to that of the name."""
    start, cpu = time.perf_counter(), time.process_time()
    call()
    seconds[name] = seconds.get(name, 0.0) + time.perf_counter() - start
    print(f"{name}: {seconds[name]:.2f} s, {time.process_time() - cpu:.2f} s of processor", file=sys.stderr, flush=True)


def apart(function: Callable[[Path, Path], dict[str, Any]], file: Path, home: Path) -> dict[str, Any]:
    """Run in a fresh process and add its peak memory."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(function, file, home, sender))
    process.start()
    sender.close()  # a child that fails ends the wait
    result: dict[str, Any] = receiver.recv()
    process.join()
    return result


def _child(function: Callable[[Path, Path], dict[str, Any]], file: Path, home: Path, sender: Any) -> None:
    result = function(file, home)
    result["cpu_seconds"] = round(time.process_time(), 1)
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    sender.send(result)


def main(sizes: list[int]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for size in sizes:
            file = Path(folder) / f"card_{size}.csv"
            write_file(file, size)
            for function in (plain, ours):
                result = apart(function, file, Path(folder) / f"{function.__name__}_{size}")
                total = sum(result["seconds"].values())
                shares = {name: f"{value:.2f} s {value / total:.0%}" for name, value in result["seconds"].items()}
                print(json.dumps({"records": size, "way": function.__name__, "seconds": round(total, 2), "cpu_seconds": result["cpu_seconds"],
                                  "rows_per_second": round(size / total), "peak_mb": result["peak_mb"],
                                  "loaded": result["loaded"], "stages": shares}, ensure_ascii=False), flush=True)  # fmt: skip


if __name__ == "__main__":
    main([int(size) for size in sys.argv[1:]] or [100_000])
