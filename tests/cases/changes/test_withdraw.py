"""A file that was withdrawn was never there, and taking that back brings all of it again."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ddk_surveillance.errors import ConfigurationError
from tests.cases.changes.acts import CORRECTED, LATE, MARCH, derived, send, undo, withdraw
from tests.conftest import Home

FILES = {"march": MARCH, "corrected": CORRECTED, "late": LATE}


# Of the first file every record is repeated or corrected by the second; the third is of other records.
MOVED = {"march": {}, "corrected": {"records_changed": 2}, "late": {"records_withdrawn": 3}}


@pytest.mark.parametrize("name", FILES)
def test_the_warehouse_equals_one_that_never_saw_the_file(make_home: Callable[..., Home], name: str) -> None:
    never = send(make_home("never"), **{other: content for other, content in FILES.items() if other != name})
    home = send(make_home("home"), **FILES)
    before = derived(home)
    change, effect = withdraw(home, f"{name}.csv")
    assert derived(home) == derived(never)
    assert {what: count for what, count in effect.counts.items() if what.startswith("records") and count} == MOVED[name]
    assert home.column("SELECT status FROM ops.batch WHERE status = 'withdrawn'") == ["withdrawn"]

    undo(home, change)
    assert derived(home) == before


def test_what_comes_after_does_not_matter(make_home: Callable[..., Home]) -> None:
    home = send(make_home("home"), march=MARCH)
    change, _ = withdraw(home, "march.csv")
    assert home.query("FROM core.record") == []
    send(home, corrected=CORRECTED, late=LATE)
    assert derived(home) == derived(send(make_home("never"), corrected=CORRECTED, late=LATE))
    undo(home, change)
    assert derived(home) == derived(send(make_home("all"), **FILES))


def test_an_undo_can_be_undone_and_each_act_is_a_line_of_the_book(home: Home) -> None:
    from ddk_surveillance import changes
    from ddk_surveillance.warehouse import open_warehouse

    send(home, march=MARCH, late=LATE)
    whole = derived(home)
    withdraw(home, "late.csv")
    without = derived(home)
    assert (undo(home, "C000001")[0], derived(home)) == ("C000002", whole)
    assert (undo(home, "C000002")[0], derived(home)) == ("C000003", without)
    assert (undo(home, "C000001")[0], derived(home)) == ("C000004", whole)
    with open_warehouse(home.settings) as db:
        lines = [
            (row["change_id"], row["kind"], row["undoes"], row["undone_by"], row["made_by"]) for row in changes.book(db)
        ]
    assert lines == [
        ("C000001", "withdraw", None, "C000004", "张三"),
        ("C000002", "undo", "C000001", "C000003", "李四"),
        ("C000003", "undo", "C000002", "C000004", "李四"),
        ("C000004", "undo", "C000001", None, "李四"),
    ]


def test_the_books_balance_and_the_institution_is_told(home: Home) -> None:
    send(home, march=MARCH, late=LATE)
    withdraw(home, "late.csv")
    assert home.ledger("hospital") == {"rows_received": 6, "withdrawn": 3, "loaded": 3}
    assert home.column("SELECT status FROM ops.receipt ORDER BY 1") == ["loaded", "withdrawn"]
    assert home.column("SELECT status FROM ops.night ORDER BY rowid DESC LIMIT 1") == ["published"]


def test_a_withdrawn_file_may_be_sent_again(make_home: Callable[..., Home]) -> None:
    home = send(make_home("home"), march=MARCH)
    withdraw(home, "march.csv")
    send(home, again=MARCH)
    assert home.ledger("hospital") == {"rows_received": 6, "withdrawn": 3, "loaded": 3}
    undo(home, "C000001")
    assert home.ledger("hospital") == {"rows_received": 6, "duplicate": 3, "loaded": 3}


def test_what_cannot_be_withdrawn_or_undone_is_said(home: Home) -> None:
    send(home, march=MARCH, copy=MARCH, bad="")
    identical, unreadable = (
        home.column(f"SELECT batch_id FROM ops.batch WHERE status = '{status}'")[0]
        for status in ("identical", "unreadable")
    )
    for batch, word in ((identical, "完全相同"), (unreadable, "无法读取"), ("nonsense", "没有批次")):
        with pytest.raises(ConfigurationError) as problem:
            withdraw(home, batch)
        assert word in problem.value.text.zh
    withdraw(home, "march.csv")
    with pytest.raises(ConfigurationError, match="withdrawn already"):
        withdraw(home, "march.csv")
    undo(home, "C000001")
    with pytest.raises(ConfigurationError, match="undone already by C000002"):
        undo(home, "C000001")
    with pytest.raises(ConfigurationError, match="no change C000009"):
        undo(home, "C000009")
