"""What is true of the invented district: its population, and the counts that perfect data would give."""

from pathlib import Path

import numpy as np
import pandas as pd

from ddk_surveillance.arrays import Ints
from ddk_surveillance.library import Library
from ddk_surveillance.synthesis import district, frequencies
from ddk_surveillance.synthesis.defects import holds
from ddk_surveillance.synthesis.district import District

# indicator: unit counted, the day that decides the year, and what counts
INDICATORS = {
    "18": ("children", "day", "intent == 'self_harm'"),
    "19": ("deaths", "death_day", "is_death and intent == 'unintentional'"),
    "20": ("incidents", "day", "intent == 'assault'"),
}


def population(town: District) -> pd.DataFrame:
    """Resident children on 1 July of each year: year, township_code, sex, age_years, value; every cell is there."""
    plan = town.plan
    years = range(plan.first_day.year, plan.last_day.year + 1)
    cells = pd.MultiIndex.from_product(
        [years, plan.townships, frequencies.SEXES, range(frequencies.ADULT_AGE_YEARS)],
        names=["year", "township_code", "sex", "age_years"],
    )
    counted = pd.concat([_children_on(town, year) for year in years]).groupby(cells.names).size()
    return counted.reindex(cells, fill_value=0).rename("value").reset_index()


def _children_on(town: District, year: int) -> pd.DataFrame:
    midyear = np.datetime64(f"{year}-07-01", "D").astype(np.int64)
    children = town.children
    fatal = town.incidents[town.incidents["is_death"]]
    dead = children.index.isin(fatal.loc[fatal["death_day"] <= midyear, "child"])
    birth_day = children["birth_day"].to_numpy()
    age = district.completed_years(birth_day, np.full(len(children), midyear))
    here = children["is_resident"] & (birth_day <= midyear) & (age < frequencies.ADULT_AGE_YEARS) & ~dead
    words = {
        "year": year,
        "township_code": np.array(town.plan.townships)[children["township"]],
        "sex": np.array(frequencies.SEXES)[children["sex"]],
        "age_years": age,
    }
    return pd.DataFrame(words)[here.to_numpy()]


def indicator_counts(town: District, reported: Ints, library: Library) -> pd.DataFrame:
    """Numerators by basis, indicator, year, sex and age group, totals as `all`.

    `all` counts every true incident of resident children, `reported` those of which at least one acceptable row was
    sent: what perfect linkage of true statements would give.
    """
    incidents = town.incidents.reset_index(names="incident")
    child = town.children.take(incidents["child"].to_numpy())
    incidents = incidents.assign(
        sex=np.array(frequencies.SEXES)[child["sex"]], is_resident=child["is_resident"].to_numpy()
    )
    incidents = incidents[incidents["is_resident"]]
    group_of_age = _age_groups(library)
    incidents["age_group"] = incidents["age_years"].map(group_of_age)
    known = incidents[incidents["incident"].isin(reported)]
    years = range(town.plan.first_day.year, town.plan.last_day.year + 1)
    groups = (*dict.fromkeys(group_of_age.values()), "all")
    cells = pd.MultiIndex.from_product([years, (*frequencies.SEXES, "all"), groups], names=["year", "sex", "age_group"])
    parts = [
        _counted(rows, code, cells).assign(basis=basis)
        for basis, rows in (("all", incidents), ("reported", known))
        for code in INDICATORS
    ]
    columns = ["basis", "indicator_code", "year", "sex", "age_group", "numerator"]
    return pd.concat(parts, ignore_index=True)[columns].sort_values(columns[:-1], ignore_index=True)


def _counted(rows: pd.DataFrame, code: str, cells: pd.MultiIndex) -> pd.DataFrame:
    """Numerators of one indicator in every cell (year, sex, age group), 0 where nothing happened."""
    unit, day, condition = INDICATORS[code]
    rows = rows[holds(rows, condition)]
    rows = rows.assign(year=1970 + district.month_and_day(rows[day].to_numpy())[0] // 12)
    key = "incident" if unit == "incidents" else "child"
    parts = []
    for total in ([], ["sex"], ["age_group"], ["sex", "age_group"]):
        parts.append(rows.assign(**dict.fromkeys(total, "all")).groupby(cells.names)[key].nunique())
    counted = pd.concat(parts).reindex(cells, fill_value=0).rename("numerator")
    return counted.reset_index().assign(indicator_code=code)


def _age_groups(library: Library) -> dict[int, str]:
    """Completed years → code of the default grouping in the code list of age groups."""
    groups = [row for row in library.code_rows("age_group") if row["grouping"] == "age5"]
    return {age: row["code"] for row in groups for age in range(int(row["from_years"]), int(row["to_years"]) + 1)}


def write_truth(out: Path, town: District, sent: pd.DataFrame, library: Library) -> None:
    """`truth/record_truth.csv.gz` and `truth/indicator_counts.csv` below `out`."""
    folder = out / "truth"
    folder.mkdir(parents=True, exist_ok=True)
    place = ["file", "sheet", "row_number", "victim_number"]
    sent = sent[[*place, "true_incident_id", "true_child_id", "defect", "is_acceptable"]].sort_values(place)
    packed = {"method": "gzip", "mtime": 0}  # a fixed time keeps the bytes the same
    sent.to_csv(folder / "record_truth.csv.gz", index=False, lineterminator="\n", compression=packed)
    reported = sent.loc[sent["is_acceptable"], "true_incident_id"].unique()
    counts = indicator_counts(town, reported, library)
    counts.to_csv(folder / "indicator_counts.csv", index=False, lineterminator="\n")
