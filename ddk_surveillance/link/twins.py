"""Second reports that never were: copies of real records with the gaps and errors that second reports have.

What another record of its feed (the donor) leaves out, its copy leaves out, so that gaps come as they do in the data; and
in declared shares the copy says what the donor says. Near-twins look alike and must not be linked.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

TOKENS = ("id_token", "name_token", "phone_token")
PERSON = (*TOKENS, "birth_month", "age_years", "sex", "township_code", "residence")
INJURY = ("mechanism", "place", "nature", "body_part", "intent", "severity", "event_hour")
OF_THE_REPORT = ("source_code", "institution_id", "outcome", "care_level", "date_precision")
SLIPS = np.array([-3, -2, -1, -1, 1, 1, 1, 2, 2, 3])  # days; reports are late more often than early


def second_reports(
    first: pd.DataFrame, donor: pd.DataFrame, wrong: Mapping[str, float], rng: np.random.Generator
) -> pd.DataFrame:
    """A second report of each row of `first`: who and what as there, feed and gaps as in the row of `donor` beside it."""
    twin = first.reset_index(drop=True).copy()
    for column in (*PERSON, *INJURY):
        share = wrong.get("token" if column in TOKENS else column, 0.0)
        slip = (rng.random(len(twin)) < share) & (donor[column].notna() & twin[column].notna()).to_numpy()
        unsaid = (donor[column].isna() | (donor[column] == "unknown").fillna(False)).to_numpy(dtype=bool)
        twin[column] = twin[column].where(~(slip | unsaid), donor[column])
    for column in OF_THE_REPORT:
        twin[column] = donor[column]
    return _dated(twin, donor, _true_day(first, rng), rng.random(len(twin)) < wrong.get("date", 0.0), rng)


def donors(records: pd.DataFrame, sources: np.ndarray, rng: np.random.Generator) -> pd.DataFrame:
    """A random record of each of these feeds; linked or not, for those that are linked have fewer gaps."""
    places = records.reset_index(drop=True).groupby("source_code").indices
    return records.iloc[[rng.choice(places[source]) for source in sources]].reset_index(drop=True)


def other_injuries(first: pd.DataFrame, others: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """The same children hurt once more, one to eight weeks later, as some other child was."""
    other = others.iloc[rng.integers(0, len(others), len(first))].reset_index(drop=True)
    again = first.reset_index(drop=True).copy()
    for column in (*INJURY, *OF_THE_REPORT, "case_token"):
        again[column] = other[column]
    day = _true_day(first, rng) + rng.integers(8, 57, len(again))
    return _dated(again, other, day, np.zeros(len(again), dtype=bool), rng)


def siblings(first: pd.DataFrame, others: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Twins of the children, hurt with them but in their own way: names and numbers are other ones."""
    other = others.iloc[rng.integers(0, len(others), len(first))].reset_index(drop=True)
    twin = first.reset_index(drop=True).copy()
    for column in ("id_token", "name_token"):
        twin[column] = twin[column] + "twin"
    for column in ("body_part", "nature", "severity"):
        twin[column] = other[column]
    return twin


def _true_day(records: pd.DataFrame, rng: np.random.Generator) -> np.ndarray:
    """A day of the event that the record allows, as days since 1970."""
    begin, end = _days(records["event_date_from"]), _days(records["event_date_to"])
    return np.asarray(begin + rng.integers(0, end - begin + 1))


def _dated(
    records: pd.DataFrame, donor: pd.DataFrame, day: np.ndarray, is_off: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    """Give the event a date as vague as the donor's, some of them off by days, and a report as late."""
    begin, end, reported = (_days(donor[name]) for name in ("event_date_from", "event_date_to", "reported_date"))
    width, lag = end - begin, np.clip(reported - end, 0, 400)
    is_month = (donor["date_precision"] == "month").fillna(False).to_numpy(dtype=bool)
    start = np.where(
        width > 0, day - rng.integers(0, width + 1), day + np.where(is_off, rng.choice(SLIPS, len(day)), 0)
    )
    month = day.astype("datetime64[D]").astype("datetime64[M]")
    start = np.where(is_month, month.astype("datetime64[D]").astype(np.int64), start)
    stop = np.where(is_month, (month + 1).astype("datetime64[D]").astype(np.int64) - 1, start + width)
    dates = {"event_date_from": start, "event_date_to": stop, "reported_date": stop + lag}
    return records.assign(**{name: pd.to_datetime(days, unit="D") for name, days in dates.items()})


def _days(dates: pd.Series) -> np.ndarray:
    return np.asarray(dates.to_numpy(dtype="datetime64[D]").astype(np.int64))
