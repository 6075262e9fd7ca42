"""mart.indicator_statistic: what stands beside the indicators so that nobody reads more out of small numbers than is in them.

of_series: from the yearly totals · of_cases: what needs the single cases: linkage, repeats, sources, completeness.
"""

import pandas

from ddk_surveillance.indicators.statistics import of_cases, of_series
from ddk_surveillance.indicators.statistics.series import Row, Series
from ddk_surveillance.warehouse import Warehouse


def statistics_of(db: Warehouse, yearly: list[Row]) -> pandas.DataFrame:
    """All statistics of every indicator but its sub-measures; `yearly` are its figures, mart.counted its cases."""
    of_cases.gather(db)
    series = [Series.of(indicator, db.library.plan, yearly) for indicator in db.library.indicators.values()]
    rows = [row for one in series for row in (*of_series.statistics(one), *of_cases.statistics(db, one))]
    return pandas.DataFrame(rows, columns=list(db.library.tables["mart.indicator_statistic"].columns), dtype=object)
