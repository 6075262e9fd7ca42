"""The months of one source: a row for the whole, then one for each institution; a column for each month."""

import datetime

import numpy as np
import pandas
from numpy.typing import NDArray

from ddk_surveillance.arrays import Flags, Floats
from ddk_surveillance.arrivals.expectation import Expectation, expect, season
from ddk_surveillance.contracts import Source, Timeliness

WHOLE = "all"
LARGE_SHARE = 0.2  # of a source's expected records
YOUNG = 12  # months of history below which every year counts as reported in which anything came
HAS_NOT_COME = ("awaited", "late", "silent")
HAS_REPORTED = ("reported", "quiet", "shrunken", "swollen")


class Months:
    """The columns: which months are over, and of which the report is due."""

    def __init__(self, rhythm: Timeliness, start: int, today: datetime.date) -> None:
        self.start = start
        self.number = np.arange(start, 12 * (today.year + 1))
        self.is_over: Flags = self.number < 12 * today.year + today.month - 1
        self.period = self.number // rhythm.months
        due = [
            first_day(int(end)) + datetime.timedelta(days=rhythm.due_days) for end in (self.period + 1) * rhythm.months
        ]
        self.is_due: Flags = np.asarray([day <= today for day in due])  # `due` is the first day too late
        self.is_newest_due: Flags = self.is_due & (self.period == self.period[self.is_due].max(initial=-1))

    def widened(self, flags: Flags) -> Flags:
        """The whole of every period in which a flag is set."""
        return np.isin(self.period, self.period[flags])


def newest_due(rhythm: Timeliness, today: datetime.date) -> int:
    """The number of the first period whose report is not due yet: nothing else of a day but its month decides anything."""
    day = datetime.date.fromordinal(max(1, today.toordinal() - rhythm.due_days))
    return (12 * day.year + day.month - 1) // rhythm.months


def first_day(month: int) -> datetime.date:
    return datetime.date(month // 12, month % 12 + 1, 1)


def watch(
    source: Source, counts: pandas.DataFrame, months: Months, named: set[tuple[int, int | None]]
) -> pandas.DataFrame:
    """Rows of ops.arrival for one source, each series from its first month to the end of the year or its closing."""
    names = [WHOLE, *sorted(set(counts["institution_id"].unique()) - {""})]
    received = _grid(counts, names, months)
    came = months.widened(received[0] > 0 if source.rhythm.months > 1 else np.zeros_like(months.is_over))
    came = came | (received[0] > 0) | months.widened(_named(named, months))
    seen = np.vstack([came & months.is_over, received[1:] > 0]) if len(names) > 1 else (came & months.is_over)[None, :]
    since = np.maximum.accumulate(seen, axis=1)
    span = since & np.maximum.accumulate(seen[:, ::-1], axis=1)[:, ::-1] & months.is_over
    is_open = np.vstack([_is_open(source, name, months) for name in names])
    shown = since & is_open
    watched = shown & months.is_over
    watched[1:] &= came  # while the whole source is silent, nothing can be said of one institution
    expectation = expect(received, season(received[0], span[0]), span, watched, shown)
    status = _status(received, expectation, months)
    status[0] = _status_of_whole(status, received, expectation, came, months)
    status[1:] = np.where(np.isin(status[0], HAS_NOT_COME), status[0], status[1:])
    row, column = np.nonzero(shown)
    is_reported = months.is_over & (np.isin(status[0], HAS_REPORTED) | _trusted(came, span[0], months))
    return pandas.DataFrame({
        "source_code": source.source, "institution_id": pandas.Categorical.from_codes(row, pandas.Index(names)),
        "month": (months.number[column] - 12 * 1970).astype("datetime64[M]").astype("datetime64[s]"),
        "expected": expectation.expected[shown], "low": expectation.low[shown], "high": expectation.high[shown],
        "received": received[shown], "status": pandas.Categorical(status[shown]),
        "is_reported": pandas.array(is_reported[column], dtype="boolean"),
    }).assign(is_reported=lambda rows: rows["is_reported"].mask(row > 0))  # fmt: skip


def _grid(counts: pandas.DataFrame, names: list[str], months: Months) -> Floats:
    received = np.zeros((len(names), len(months.number)))
    month = counts["month"].to_numpy() - months.start
    # row 0, the whole, for records of nobody known
    row = pandas.Index(names[1:]).get_indexer(pandas.Index(counts["institution_id"])) + 1
    np.add.at(received, (row, month), counts["received"].to_numpy())
    np.add.at(received[0], month[row > 0], counts["received"].to_numpy()[row > 0])
    return received


def _named(named: set[tuple[int, int | None]], months: Months) -> Flags:
    flags = np.zeros(len(months.number), dtype=bool)
    for year, month in named:
        first = 12 * year + (month - 1 if month else 0) - months.start
        flags[first : first + (1 if month else 12)] = True
    return flags


def _is_open(source: Source, institution: str, months: Months) -> Flags:
    """Months before the one in which an institution closed for good, as its source declares."""
    closed = source.rhythm.closed.get(institution)
    end = 12 * int(closed[:4]) + int(closed[5:]) - 1 if closed else months.number[-1] + 1
    return np.asarray(months.number < end)


def _status(received: Floats, expectation: Expectation, months: Months) -> NDArray[np.object_]:
    """What every month of every series is like."""
    some = received > 0
    cases = [
        (some & months.is_due & (received < expectation.low), "shrunken"),
        (some & (received > expectation.high), "swollen"),
        (some, "reported"),
        (~months.is_over | (expectation.is_gap & ~months.is_due), "awaited"),
        (expectation.is_gap & months.is_newest_due, "late"),
        (expectation.is_gap, "silent"),
    ]
    names = np.select([flags for flags, _ in cases], [name for _, name in cases], default="quiet")
    return np.asarray(names, dtype=object)


def _status_of_whole(
    status: NDArray[np.object_], received: Floats, expectation: Expectation, came: Flags, months: Months
) -> NDArray[np.object_]:
    """A source's own months: at the end what has not come is never quiet, and a month without its large part not whole."""
    nothing = received[0] == 0
    whole: NDArray[np.object_] = status[0].copy()
    whole[nothing & came & months.is_over] = "reported"  # a report of nothing, or a month of a longer period
    at_end = nothing & ~came & ~np.maximum.accumulate(came[::-1])[::-1] & months.is_over
    whole[at_end] = np.select([months.is_newest_due, months.is_due], ["late", "silent"], "awaited")[at_end]
    expected = np.nan_to_num(expectation.expected[1:])
    missing = (expected * (expectation.is_gap[1:])).sum(axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        is_partial = ~nothing & months.is_over & (missing / expected.sum(axis=0) > LARGE_SHARE)
    whole[is_partial] = np.where(months.is_due, "partial", "awaited")[is_partial]
    return whole


def _trusted(came: Flags, span: Flags, months: Months) -> Flags:
    """Of a young source, every month of a year in which anything came: nobody can know yet what is missing."""
    years = months.number // 12
    return np.asarray(np.isin(years, years[came]) & (span.sum() < YOUNG))
