"""How well the linkage counts: the stage run on synthetic records whose true incidents are known."""

import multiprocessing
import resource
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ddk_surveillance import settings
from ddk_surveillance.library import Library
from ddk_surveillance.link import declaration, link_by, model_in_use
from ddk_surveillance.link.model import Model
from ddk_surveillance.link.training import train
from ddk_surveillance.warehouse import Warehouse, connect

REFERENCE = "reference"
STRATA = {
    "violence": "r.intent = 'assault'",
    "fatal": "r.is_death",
    "under_6": "r.age_years < 6",
    "severe": "r.severity = 'severe'",
}


def evaluate(seed: int, records: int, scenario: str = REFERENCE) -> dict[str, Any]:
    """Link that many synthetic records and compare with the truth; shares of 1, biases in per cent of true incidents.

    The reference is linked by the model in use; every other scenario, as a district whose records are like that would do
    it, by a model learnt from its own records without labels. `seconds` are those of the linkage alone, `peak_mb` those of both.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = synthetic_file(Path(folder), seed, records, scenario)
        db = synthetic_warehouse(Path(folder), file)
        model = model_in_use(db.library) if scenario == REFERENCE else _learnt(db)
        start = time.perf_counter()
        link_by(model, db, "evaluation")
        seconds = time.perf_counter() - start
        peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        result = accuracy(db)
        db.connection.close()
    return {**result, "seconds": round(seconds, 2), "peak_mb": round(peak_mb)}


def _learnt(db: Warehouse) -> Model:
    with db.transaction(is_rehearsal=True):
        return train(db, declaration.load(db.library), seed=1)


def synthetic_file(folder: Path, seed: int, records: int, scenario: str) -> Path:
    """The records and their truth as parquet, made in a process of its own so that its memory is not counted as ours."""
    file = folder / "records.parquet"
    process = multiprocessing.get_context("spawn").Process(target=_write, args=(file, seed, records, scenario))
    process.start()
    process.join()
    if process.exitcode:
        raise ChildProcessError("the generator of synthetic records failed")
    return file


def _write(file: Path, seed: int, records: int, scenario: str) -> None:
    from ddk_surveillance.synthesis.reports import linkage_records

    linkage_records(seed, records, scenario).to_parquet(file)


def synthetic_warehouse(folder: Path, file: Path) -> Warehouse:
    """A warehouse on disk that holds these records as loaded ones, and their truth in a table `truth`."""
    chosen = settings.load({}, folder)
    db = connect(chosen, Library(chosen.declarations), folder / "evaluation.duckdb")
    db.execute(f"CREATE TEMP VIEW synthetic AS SELECT *, row_number() OVER () AS row FROM read_parquet('{file}')")
    known = {name for name, *_ in db.rows("DESCRIBE synthetic")}
    said = [name for name in db.library.tables["core.record_version"].columns if name in known]
    content = ", ".join(f"coalesce(CAST({name} AS VARCHAR), '')" for name in said if name != "record_id")
    db.execute(f"""
        INSERT INTO core.record_version BY NAME
        SELECT {", ".join(said)}, md5(concat_ws('|', {content})) AS content_hash, 'synthetic' AS batch_id, '' AS sheet,
            row AS row_number, 1 AS victim_number, 'loaded' AS disposition
        FROM synthetic""")
    db.execute("CREATE TEMP TABLE truth AS SELECT record_id, true_incident_id, true_child_id FROM synthetic")
    return db


def accuracy(db: Warehouse) -> dict[str, Any]:
    """Counts, pairwise precision, recall and F1, and the bias of the number of incidents in all and by stratum."""
    conditions = ", ".join(f"coalesce({condition}, FALSE) AS {name}" for name, condition in STRATA.items())
    found = db.frame(f"""
        SELECT t.true_incident_id AS true, m.incident_id AS found, {conditions}
        FROM link.member AS m JOIN truth AS t USING (record_id) JOIN core.record AS r USING (record_id)""")
    together = _pairs(found.groupby(["true", "found"]).size())
    precision, recall = (together / _pairs(found.groupby(side).size()) for side in ("found", "true"))
    return {
        "records": len(found),
        "true_incidents": int(found["true"].nunique()),
        "found_incidents": int(found["found"].nunique()),
        "bias_percent": _bias(found["found"], found["true"]),
        "precision": round(precision, 4),
        "recall": round(recall, 4),
        "f1": round(2 * precision * recall / (precision + recall), 4),
        "bias_percent_by_stratum": {
            name: _bias(found["found"][found[name]], found["true"][found[name]]) for name in STRATA
        },
    }


def _pairs(sizes: "pd.Series[int]") -> float:
    """Number of pairs of records inside groups of these sizes; at least a hair, so that no pair gives shares of 1."""
    return float(np.maximum((sizes * (sizes - 1) // 2).sum(), 1e-9))


def _bias(found: "pd.Series[Any]", true: "pd.Series[Any]") -> float | None:
    return round(100 * (found.nunique() / true.nunique() - 1), 2) if len(true) else None
