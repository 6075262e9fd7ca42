"""Every run has its line in ops.night, and it says how the run ended."""

from __future__ import annotations

import pytest

from ddk_surveillance import nights
from ddk_surveillance.errors import ConfigurationError, WarehouseError
from ddk_surveillance.warehouse import open_warehouse
from tests.conftest import Home

ENDS: dict[str, tuple[BaseException, str]] = {
    "a defect of ours": (WarehouseError("数据库", "database"), "defect"),
    "something to mend": (ConfigurationError("权限", "permission"), "stopped"),
    "told to stop": (KeyboardInterrupt(), "stopped"),
}


@pytest.mark.parametrize(("reason", "status"), ENDS.values(), ids=ENDS.keys())
def test_a_night_that_ends_early_says_why(home: Home, reason: BaseException, status: str) -> None:
    with open_warehouse(home.settings) as db:
        nights.begin(db, "n1")
        nights.close_early(db, "n1", reason)
        [(found, message, finished)] = db.rows("SELECT status, message_zh, finished_at FROM ops.night")
    assert found == status and message and finished


def test_a_killed_night_is_found_by_the_next(home: Home) -> None:
    with open_warehouse(home.settings) as db:
        nights.begin(db, "n1")
    home.night()
    assert home.query("SELECT status FROM ops.night ORDER BY rowid") == [("killed",), ("published",)]


def test_the_newest_night_is_the_last_one_whatever_the_clock_says(home: Home) -> None:
    with open_warehouse(home.settings) as db:
        for night in ("n1", "n2"):
            nights.begin(db, night)
        db.execute("UPDATE ops.night SET started_at = started_at + INTERVAL 1 YEAR WHERE night_id = 'n1'")
        assert db.value(f"SELECT night_id FROM {nights.NEWEST}") == "n2"


def test_a_night_answers_for_what_the_killed_ones_before_it_took(home: Home) -> None:
    home.night()
    with open_warehouse(home.settings) as db:
        nights.begin(db, "killed1")
        nights.begin(db, "killed2")
    home.night()
    with open_warehouse(home.settings) as db:
        assert nights.answered_for(db, "night002") == ["killed1", "killed2", "night002"]
    home.night()
    with open_warehouse(home.settings) as db:
        assert nights.answered_for(db, "night003") == ["night003"]
