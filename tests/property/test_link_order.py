"""Any order, batching, correction and withdrawal of the same records gives the same incidents under the same names."""

from __future__ import annotations

import functools
import os

import numpy as np
import pandas
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ddk_surveillance import link
from ddk_surveillance.link import preparation
from ddk_surveillance.synthesis.reports import linkage_records
from tests.cases.link.drawn import everything, receive, warehouse, withdraw

RECORDS = 150
ORDERS = int(os.environ.get("DDK_TEST_ORDERS", "6"))  # 100 are a matter of minutes


@functools.cache
def hard_records() -> pandas.DataFrame:
    """The most entangled of some synthetic records: whole children with the most reports."""
    records = linkage_records(7, 4000).astype(object)
    often = records.groupby("true_child_id")["record_id"].transform("count")
    order = np.lexsort((records["true_child_id"], -often))
    return records.iloc[order].head(RECORDS).where(lambda cells: cells.notna(), None)


@functools.cache
def at_once(threads: int) -> dict[str, list[str]]:
    db = warehouse(threads)
    receive(db, hard_records())
    link.run(db, "at once")
    return everything(db)


def test_the_records_are_worth_the_trouble() -> None:
    assert len(at_once(2)["link.pair"]) > 100
    assert len(at_once(2)["link.golden_field"]) > 100


def test_the_number_of_threads_does_not_matter() -> None:
    assert at_once(1) == at_once(2)


def test_many_records_are_linked_like_few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many the words are found first and compared as numbers."""
    monkeypatch.setattr(preparation, "CODED_ABOVE_RECORDS", RECORDS // 2)
    db = warehouse()
    receive(db, hard_records())
    link.run(db, "at once")
    assert everything(db) == at_once(2)


@settings(max_examples=ORDERS, derandomize=True)
@given(st.integers(0, 2**32 - 1), st.integers(2, 4), st.booleans())
def test_nights_in_any_order_give_what_one_night_gives(seed: int, nights: int, piecemeal: bool) -> None:
    """`piecemeal` never links everything anew, however much has changed."""
    rng, records = np.random.default_rng(seed), hard_records()
    night = rng.integers(0, nights, RECORDS)
    wrong = records.sample(20, random_state=seed % 1000).assign(
        mechanism="poisoning", id_token=None, reported_date="2023-01-01"
    )
    alien = records.sample(10, random_state=seed % 1001).assign(record_id=[f"alien{n}" for n in range(10)])
    wanted, db = at_once(2), warehouse()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(preparation, "REBUILD_ABOVE_SHARE", 2.0 if piecemeal else preparation.REBUILD_ABOVE_SHARE)
        receive(db, pandas.concat([wrong, alien]))
        link.run(db, "wrong first")
        withdraw(db, *alien["record_id"], *wrong["record_id"])
        for number in range(nights):
            receive(db, records[night == number].sample(frac=1, random_state=number))
            link.run(db, f"night {number}")
    assert everything(db) == wanted
