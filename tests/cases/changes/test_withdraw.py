"""A file that was withdrawn was never there, and taking that back brings all of it again."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from ddk_surveillance import changes
from ddk_surveillance.changes import commands
from ddk_surveillance.changes.effect import Effect
from ddk_surveillance.console import Voice
from ddk_surveillance.errors import ConfigurationError
from ddk_surveillance.link.adjudication import DecisionRefused
from ddk_surveillance.warehouse import open_warehouse
from tests.cases.changes.acts import CORRECTED, LATE, MARCH, derived, erase, in_one_night, undo, withdraw
from tests.conftest import Home, copy_of, take_in

FILES = {"march": MARCH, "corrected": CORRECTED, "late": LATE}
# Of the first file every record is repeated or corrected by the second; the third is of other records, of which
# two tell of falls and blows that the others tell of, too.
MOVED = {
    "march": {},
    "corrected": {"records_changed": 2, "incidents_class": 1},
    "late": {"records_withdrawn": 3, "incidents_gone": 1, "incidents_class": 1},
}
Without = Callable[..., Home]
Withdrawn = Callable[..., tuple[Home, Effect]]


@pytest.fixture(scope="module")
def without(make_shared_home: Callable[..., Home]) -> Without:
    """A home that never saw some of the files; made once for each choice, and never changed."""

    @functools.cache
    def make(*names: str) -> Home:
        return in_one_night(
            make_shared_home(), **{name: content for name, content in FILES.items() if name not in names}
        )

    return make


@pytest.fixture(scope="module")
def withdrawn(without: Without, tmp_path_factory: pytest.TempPathFactory) -> Withdrawn:
    """The same from which a file that had come was withdrawn, and what that moved; as long-lived."""

    @functools.cache
    def make(name: str, *never_came: str) -> tuple[Home, Effect]:
        home = copy_of(without(*never_came), tmp_path_factory.mktemp("withdrawn") / "home")
        change, effect = withdraw(home, f"{name}.csv")
        assert change == "C000001"
        return home, effect

    return make


@pytest.fixture(scope="module")
def put_back(withdrawn: Withdrawn, tmp_path_factory: pytest.TempPathFactory) -> Without:
    """And the same where the withdrawal was undone; as long-lived."""

    @functools.cache
    def make(name: str) -> Home:
        home = copy_of(withdrawn(name)[0], tmp_path_factory.mktemp("put_back") / "home")
        assert undo(home, "C000001")[0] == "C000002"
        return home

    return make


@pytest.fixture
def whole(without: Without, tmp_path: Path) -> Home:
    """All files, in a home of its own."""
    return copy_of(without(), tmp_path / "whole")


@pytest.mark.parametrize("name", FILES)
def test_the_warehouse_equals_one_that_never_saw_the_file(
    withdrawn: Withdrawn, without: Without, put_back: Without, name: str
) -> None:
    home, effect = withdrawn(name)
    assert derived(home) == derived(without(name))
    counts = {
        what: count for what, count in effect.counts.items() if what.startswith(("records", "incidents")) and count
    }
    assert counts == MOVED[name]
    assert home.column("SELECT status FROM ops.batch WHERE status = 'withdrawn'") == ["withdrawn"]
    assert derived(put_back(name)) == derived(without())


def test_what_comes_after_does_not_matter(withdrawn: Withdrawn, without: Without, tmp_path: Path) -> None:
    home = copy_of(withdrawn("march", "corrected", "late")[0], tmp_path / "home")
    assert home.query("FROM core.record") == []
    in_one_night(home, corrected=CORRECTED, late=LATE)
    assert derived(home) == derived(without("march"))
    undo(home, "C000001")
    assert derived(home) == derived(without())


def test_an_undo_can_be_undone_and_each_act_is_a_line_of_the_book(
    put_back: Without, without: Without, tmp_path: Path
) -> None:
    all_of_it, less = derived(without()), derived(without("late"))
    home = copy_of(put_back("late"), tmp_path / "home")
    assert (undo(home, "C000002")[0], derived(home)) == ("C000003", less)
    assert (undo(home, "C000001")[0], derived(home)) == ("C000004", all_of_it)
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


def test_the_books_balance_and_the_institution_is_told(withdrawn: Withdrawn) -> None:
    home, _ = withdrawn("late")
    assert home.ledger("hospital") == {
        "rows_received": 9, "duplicate": 1, "superseded": 2, "withdrawn": 3, "loaded": 3
    }  # fmt: skip
    assert home.column("SELECT status FROM ops.receipt ORDER BY 1") == ["loaded", "loaded", "withdrawn"]
    assert home.column("SELECT status FROM ops.night ORDER BY rowid DESC LIMIT 1") == ["published"]


def test_a_withdrawn_file_may_be_sent_again(withdrawn: Withdrawn, tmp_path: Path) -> None:
    home = copy_of(withdrawn("march", "corrected", "late")[0], tmp_path / "home")
    home.drop("hospital", "again.csv", MARCH)
    home.night(take_in)
    assert home.ledger("hospital") == {"rows_received": 6, "withdrawn": 3, "loaded": 3}
    undo(home, "C000001")
    assert home.ledger("hospital") == {"rows_received": 6, "duplicate": 3, "loaded": 3}


SECRET = "不知哪里"  # a cell that fails and that nobody should have sent


def test_of_an_erased_file_nothing_is_left_but_counts(without: Without, tmp_path: Path) -> None:
    """Here of one that was withdrawn before, and of its copy that was sent again meanwhile and counts."""
    home = copy_of(without("march", "late"), tmp_path / "home")
    bad = MARCH.replace("C2,", "KEINE,").replace("八桥镇", SECRET)
    in_one_night(home, secret_file=bad)
    withdraw(home, "secret_file.csv")
    home.drop("hospital", "again.csv", bad)
    home.night(take_in)
    assert home.column(f"SELECT count(*) FROM received.hospital WHERE township = '{SECRET}'") == [2]
    [batch, *_] = home.column("SELECT batch_id FROM ops.batch WHERE file_name = 'secret_file.csv'")
    change, effect = erase(home, batch)
    assert derived(home) == derived(without("march", "late")) and effect.counts["records_withdrawn"] == 1
    tables = home.column("SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name <> 'ref'")
    texts = "".join(str(home.query(f"FROM {table}")) for table in tables)
    pages = [path for path in home.settings.receipts.rglob("*.xlsx") if batch in path.name]
    texts += str([CalamineWorkbook.from_path(str(page)).get_sheet_by_index(0).to_python() for page in pages])
    texts += str(list(home.settings.home.rglob("*")))
    assert len(pages) == 1 and "均已抹除，不能恢复" in texts
    assert [word for word in (SECRET, "KEINE", "secret_file") if word in texts] == []
    assert len(list(home.settings.archive.glob("hospital/*/*"))) == 1
    assert home.column("SELECT bool_and(is_balanced) FROM ops.ledger") == [True]
    assert (
        SECRET.encode() in home.settings.warehouse_file.read_bytes()
    )  # where its rows were: the command was killed here
    home.settings.warehouse_file.with_name(".ddk.duckdb.partial.wal").write_text("of an earlier one that was killed")
    home.night(take_in)
    assert SECRET.encode() not in home.settings.warehouse_file.read_bytes()
    assert list(home.settings.home.glob(".ddk.duckdb*")) == []
    assert derived(home) == derived(without("march", "late"))
    for name in {change, "C000001"}:
        with pytest.raises(ConfigurationError, match="has been erased: this cannot be undone"):
            undo(home, name)
    with pytest.raises(ConfigurationError, match="has been erased for good"):
        erase(home, batch)


def test_the_command_that_erases_leaves_no_byte_of_the_file(without: Without, tmp_path: Path) -> None:
    home = copy_of(without("march", "late"), tmp_path / "home")
    in_one_night(home, secret_file=MARCH.replace("八桥镇", SECRET))
    commands.withdraw(home.settings, Voice("zh"), "secret_file.csv", "含个人信息", "张三", is_erased=True)
    assert SECRET.encode() not in home.settings.warehouse_file.read_bytes()


def test_what_cannot_be_withdrawn_or_undone_is_said(whole: Home, withdrawn: Withdrawn, put_back: Without) -> None:
    """A copy is withdrawn with its file: they are one file, received twice."""
    whole.drop("hospital", "copy.csv", MARCH)
    whole.drop("hospital", "bad.csv", "")
    whole.night(take_in)
    identical, unreadable = (
        whole.column(f"SELECT batch_id FROM ops.batch WHERE status = '{status}'")[0]
        for status in ("identical", "unreadable")
    )
    for batch, word in ((identical, "完全相同"), (unreadable, "无法读取"), ("nonsense", "没有批次")):
        with pytest.raises(ConfigurationError) as problem:
            withdraw(whole, batch)
        assert word in problem.value.text.zh
    with pytest.raises(ConfigurationError, match="withdrawn already"):
        withdraw(withdrawn("march")[0], "march.csv")
    with pytest.raises(ConfigurationError, match="undone already by C000002"):
        undo(put_back("march"), "C000001")
    with pytest.raises(ConfigurationError, match="no change C000009"):
        undo(put_back("march"), "C000009")


@pytest.mark.parametrize(
    ("reason", "made_by"), [("家长电话13812345678要求", "张三"), ("误报", "11010519491231002X"), (" ", "张三")]
)
def test_a_reason_that_identifies_somebody_is_not_kept(whole: Home, reason: str, made_by: str) -> None:
    with open_warehouse(whole.settings) as db, pytest.raises(DecisionRefused):
        changes.withdraw(db, "late.csv", reason, made_by)
    assert whole.query("FROM ops.change") == []
