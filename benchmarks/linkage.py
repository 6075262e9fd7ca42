"""Our linkage beside Splink 5 on the same synthetic records in the same run: accuracy, seconds, and the ratios.

    pip install --no-deps --require-hashes -r benchmarks/requirements.lock
    python -m benchmarks.linkage --records 100000 --seeds 11 12 13 14 15

Splink gets the same prepared records, our blocking rules as far as they can be said to it, our comparison levels with
term frequencies, its own training, and the threshold that is best for it: once with its connected components, once with
our average linkage on its scores. Ours keeps its frozen model and threshold. 1 - F1 counts wrong and missed pairs.
"""

from __future__ import annotations

import argparse
import json
import logging
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.end_to_end import apart
from ddk_surveillance.arrays import Ints
from ddk_surveillance.link import model_in_use, run
from ddk_surveillance.link.cluster import batched, components, partition, parts
from ddk_surveillance.link.declaration import Declaration
from ddk_surveillance.link.evaluation import accuracy, synthetic_file, synthetic_warehouse
from ddk_surveillance.link.preparation import prepare

THRESHOLDS_BITS = tuple(range(10, -6, -1))
NOT_COMPARED_CENTIBITS = -1000  # what average linkage takes for a pair that Splink's blocking left out
COLUMNS = """record_id, key, source_code, institution_id, id_token, name_token, phone_token, case_token, sex, birth_month, age,
    township, district, day_from, day_to, width_days, is_exact, near_from, near_to, exact_day, event_hour, mechanism, body_part,
    nature, place, intent, severity"""


def ours(file: Path, home: Path) -> dict[str, Any]:
    """The stage as a night runs it, with everything it writes."""
    home.mkdir()
    db = synthetic_warehouse(home, file)
    start = time.perf_counter(), time.process_time()
    run(db, "benchmark")
    seconds = time.perf_counter() - start[0], time.process_time() - start[1]
    found = accuracy(db)
    return {"f1": found["f1"], "bias_percent": found["bias_percent"], "seconds": seconds[0], "cpu_seconds": seconds[1]}


def splink(file: Path, home: Path) -> dict[str, Any]:
    """Splink's own best practice, and the same scores with average linkage; each at its best threshold."""
    from splink import DuckDBAPI, Linker

    logging.disable(logging.WARNING)
    home.mkdir()
    db = synthetic_warehouse(home, file)
    declaration = model_in_use(db.library).declaration
    prepare(db, declaration)
    records = db.arrow(
        f"SELECT {COLUMNS}, true_incident_id FROM link.linkable JOIN truth USING (record_id) ORDER BY key"
    )
    start = time.perf_counter(), time.process_time()
    api = DuckDBAPI()
    linker = Linker(api.register(records, dataset_display_name="records"), settings(declaration))
    _train(linker)
    trained = time.perf_counter()
    predicted = linker.inference.predict(threshold_match_weight=min(THRESHOLDS_BITS))
    linker.clustering.cluster_pairwise_predictions_at_threshold(predicted, threshold_match_weight=2)
    seconds = {"seconds": time.perf_counter() - start[0], "seconds_without_training": time.perf_counter() - trained,
               "cpu_seconds": time.process_time() - start[1]}  # fmt: skip
    pairs = predicted.as_duckdbpyrelation().select("key_l, key_r, match_weight").to_arrow_table()
    key = records["key"].to_numpy()
    left, right = (np.searchsorted(key, pairs[name].to_numpy()) for name in ("key_l", "key_r"))
    score = np.rint(100 * pairs["match_weight"].to_numpy()).astype(np.int64)
    true = records["true_incident_id"].to_numpy().astype(np.int64)
    return {**seconds, **_best("components", _by_components, left, right, score, true),
            **_best("average_linkage", _by_average_linkage, left, right, score, true)}  # fmt: skip


def settings(declaration: Declaration) -> Any:
    """The comparisons of schemas/linkage.yaml as a Splink expert would declare them."""
    import splink.comparison_level_library as levels
    import splink.comparison_library as compare
    from splink import SettingsCreator

    def custom(column: str, *conditions: str) -> Any:
        unknown = levels.CustomLevel(f"{column}_l IS NULL OR {column}_r IS NULL").configure(is_null_level=True)
        return compare.CustomComparison(
            output_column_name=column,
            comparison_levels=[unknown, *(levels.CustomLevel(one) for one in conditions), levels.ElseLevel()],
        )

    def _birth() -> Any:  # age only where a birth month is missing: the two are one fact
        known = "birth_month_l IS NOT NULL AND birth_month_r IS NOT NULL"
        return compare.CustomComparison(
            output_column_name="birth",
            comparison_levels=[
                levels.CustomLevel(f"NOT ({known}) AND (age_l IS NULL OR age_r IS NULL)").configure(is_null_level=True),
                *(levels.CustomLevel(one) for one in (
                    "birth_month_l = birth_month_r", "abs(birth_month_l - birth_month_r) <= 3",
                    "abs(birth_month_l - birth_month_r) = 12", "birth_month_l // 12 = birth_month_r // 12", known,
                    "age_l = age_r", "abs(age_l - age_r) = 1")),
                levels.ElseLevel(),
            ],
        )  # fmt: skip

    def exact(column: str) -> Any:
        return compare.ExactMatch(column).configure(term_frequency_adjustments=True)

    gap = "(greatest(day_from_l, day_from_r) - least(day_to_l, day_to_r))"
    both = "(is_exact_l AND is_exact_r)"
    return SettingsCreator(
        link_type="dedupe_only",
        unique_id_column_name="key",
        blocking_rules_to_generate_predictions=[_blocking(*rule) for rule in BLOCKING],
        comparisons=[
            *(exact(name) for name in ("id_token", "name_token", "phone_token", "case_token", "sex", "mechanism", "body_part",
                                       "nature", "place", "intent", "severity")),
            _birth(),
            custom("township", "township_l = township_r", "district_l = district_r"),
            custom("event_hour", "event_hour_l = event_hour_r", "abs(event_hour_l - event_hour_r) <= 1",
                   "abs(event_hour_l - event_hour_r) <= 3"),
            custom("day_from", f"{both} AND {gap} = 0", f"{both} AND {gap} = 1", f"{both} AND {gap} <= 3", f"{both} AND {gap} <= 6",
                   f"{both} AND {gap} <= 15", both, f"{gap} <= 0 AND width_days_l + width_days_r <= 14",
                   f"{gap} <= 0 AND width_days_l + width_days_r <= 31", f"{gap} <= 0"),
        ],
        retain_intermediate_calculation_columns=False,
        retain_matching_columns=False,
    )  # fmt: skip


NEAR = "l.near_from <= r.near_to AND r.near_from <= l.near_to"
MONTH = "abs(l.day_from - r.day_from) <= 31"
# Splink joins on equal columns and filters the rest; our rules without the 8-day buckets, the rare ones left out.
BLOCKING = (
    (("id_token",), MONTH),
    (("name_token",), MONTH),
    (("phone_token", "sex"), MONTH),
    (("case_token",), "TRUE"),
    (("birth_month", "township"), NEAR),
    (("birth_month", "sex", "district"), f"{NEAR} AND (l.mechanism = r.mechanism OR l.body_part = r.body_part OR l.exact_day = r.exact_day)"),
    (("birth_month", "township", "sex", "mechanism"), MONTH),
    (("township", "sex", "mechanism", "age"), NEAR),
    (("township", "sex", "exact_day"), "abs(l.age - r.age) <= 1"),
    (("district", "sex", "mechanism", "exact_day"), "abs(l.age - r.age) <= 1"),
    (("birth_month", "sex", "mechanism", "exact_day"), "TRUE"),
)  # fmt: skip


def _blocking(equal: tuple[str, ...], filter_sql: str) -> Any:
    from splink.blocking_rule_library import CustomRule

    return CustomRule(" AND ".join([*(f"l.{name} = r.{name}" for name in equal), filter_sql]))


def _train(linker: Any) -> None:
    from splink import block_on

    sure = ["l.name_token = r.name_token AND abs(l.day_from - r.day_from) <= 3",
            "l.id_token = r.id_token AND abs(l.day_from - r.day_from) <= 3"]  # fmt: skip
    linker.training.estimate_probability_two_random_records_match(sure, recall=0.5)
    linker.training.estimate_u_using_random_sampling(max_pairs=2e6, seed=1)
    for rule in (block_on("name_token"), block_on("id_token"), block_on("birth_month", "township", "mechanism")):
        linker.training.estimate_parameters_using_expectation_maximisation(rule, max_pairs=1e6)


def _by_components(left: Ints, right: Ints, score: Ints, records: int, thresholds: tuple[int, ...]) -> list[Ints]:
    return [components(records, left[score >= one], right[score >= one]) for one in thresholds]


def _by_average_linkage(left: Ints, right: Ints, score: Ints, records: int, thresholds: tuple[int, ...]) -> list[Ints]:
    keep = score >= thresholds[-1]
    part = parts(components(records, left[keep], right[keep]), left[keep], right[keep], score[keep])
    inside = part[left] == part[right]
    # partition() takes an absent pair for a score of 0: shift the scale so that this is what such a pair deserves
    shifted = score[inside] - NOT_COMPARED_CENTIBITS
    batches = list(batched(part, left[inside], right[inside]))
    return list(partition(len(part), batches, shifted, tuple(one - NOT_COMPARED_CENTIBITS for one in thresholds)))


def _best(name: str, cluster: Any, left: Ints, right: Ints, score: Ints, true: Ints) -> dict[str, Any]:
    """The highest F1 of all thresholds, and the bias there."""
    thresholds = tuple(100 * bits for bits in THRESHOLDS_BITS)
    groups = cluster(left, right, score, len(true), thresholds)
    found = [(f1(group, true), bits, group) for group, bits in zip(groups, THRESHOLDS_BITS, strict=True)]
    best, bits, group = max(found, key=lambda one: one[0])
    bias = 100 * (len(np.unique(group)) / len(np.unique(true)) - 1)
    return {f"{name}_f1": round(best, 4), f"{name}_bits": bits, f"{name}_bias_percent": round(bias, 2)}


def f1(group: Ints, true: Ints) -> float:
    """Harmonic mean of the precision and recall of pairs."""
    together = _pairs(group * (true.max() + 1) + true)
    return float(2 * together / (_pairs(group) + _pairs(true)))


def _pairs(group: Ints) -> int:
    _, size = np.unique(group, return_counts=True)
    return int((size * (size - 1) // 2).sum())


def main(records: int, seeds: list[int], scenario: str) -> None:
    for seed in seeds:
        with tempfile.TemporaryDirectory() as folder:
            file = synthetic_file(Path(folder), seed, records, scenario)
            we, they = (apart(function, file, Path(folder) / function.__name__) for function in (ours, splink))
        error = 1 - we["f1"]
        ratios = {"error_to_splink_components": error / (1 - they["components_f1"]),
                  "error_to_splink_average_linkage": error / (1 - they["average_linkage_f1"]),
                  "cpu_to_splink": we["cpu_seconds"] / they["cpu_seconds"]}  # fmt: skip
        print(json.dumps({"seed": seed, "records": records, "scenario": scenario, "ours": _rounded(we), "splink": _rounded(they),
                          "ratios": _rounded(ratios)}), flush=True)  # fmt: skip


def _rounded(result: dict[str, Any]) -> dict[str, Any]:
    return {name: round(value, 4) for name, value in result.items()}


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--seeds", type=int, nargs="+", default=[11, 12, 13, 14, 15])
    parser.add_argument("--scenario", default="reference")
    chosen = parser.parse_args()
    main(chosen.records, chosen.seeds, chosen.scenario)
