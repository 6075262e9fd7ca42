"""A mistake that a source is known to make is corrected, counted, and loudly given up when it is no longer made."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

import pytest

from tests.conftest import HOSPITAL, Home, csv_of, take_in

HOSPITAL_YAML = Path(__file__).parents[3] / "schemas" / "sources" / "hospital.yaml"
CORRECTION = """
corrections:
  swapped:
    institutions: [H0001]
    when: {intent: [暴力], cause: [跌倒/坠落]}
    set: {intent: 非故意}
    expires: 2024-12-31
    reason: 该院系统把跌倒一律导出为暴力
"""


def send(home: Home, content: str, arrived: str = "2024-06-01", correction: str = CORRECTION) -> None:
    """One file of a hospital whose contract holds the correction."""
    contract = home.settings.home / "schemas" / "sources" / "hospital.yaml"
    contract.parent.mkdir(parents=True, exist_ok=True)
    contract.write_text(HOSPITAL_YAML.read_text(encoding="utf-8") + correction, encoding="utf-8")
    if content:
        path = home.drop("hospital", "a.csv", content)
        moment = datetime.datetime.fromisoformat(arrived).timestamp()
        os.utime(path, (moment, moment))
    home.night(take_in)


def state(home: Home) -> list[tuple[str, str | None]]:
    return home.query("SELECT status, reason FROM ops.batch")


def test_is_applied_and_counted_while_the_text_stays_as_it_came(home: Home) -> None:
    send(home, csv_of(HOSPITAL, C1_是否故意="暴力"))
    assert home.column("SELECT intent FROM core.record ORDER BY source_record_number") == [
        "unintentional", "assault", "self_harm"]  # fmt: skip
    assert home.column("SELECT intent FROM received.hospital WHERE card_no = 'C1'") == ["暴力"]
    counted = "SELECT column_name, severity, rows_checked, rows_failed FROM ops.check_result WHERE rule = 'correction'"
    assert home.query(counted) == [("swapped", "information", 3, 1)]


def test_holds_the_file_when_its_time_is_over_and_lets_it_in_when_prolonged(home: Home) -> None:
    send(home, csv_of(HOSPITAL, C1_是否故意="暴力"), arrived="2025-01-02")
    assert state(home) == [("held", "correction_expired")]
    assert "swapped" in home.column("SELECT message_zh FROM ops.batch")[0]
    send(home, "", correction=CORRECTION.replace("2024-12-31", "2025-12-31"))
    assert state(home) == [("loaded", None)]


def test_an_expired_correction_that_nobody_needs_holds_nothing(home: Home) -> None:
    send(home, csv_of(HOSPITAL), arrived="2025-01-02")
    assert state(home) == [("loaded", None)]


def test_holds_the_file_once_the_source_has_mended_itself(home: Home) -> None:
    lines = [
        f"H0001,D{n},,男,5,八桥镇,2024-03-05,2024-03-05,跌倒/坠落,家中,非故意,轻度,处理后离院,2024-03-08"
        for n in range(30)
    ]
    send(home, csv_of(HOSPITAL) + "\n".join(lines))
    assert state(home) == [("held", "correction_not_needed")]
    send(home, "", correction="")
    assert state(home) == [("loaded", None)]


@pytest.mark.parametrize("wrong", ["when: {intetn: [暴力]}", "set: {nothing: x}"])
def test_a_misspelt_column_is_an_error(home: Home, wrong: str) -> None:
    from ddk_surveillance.errors import DeclarationError

    name = wrong.partition(":")[0]
    lines = [f"    {wrong}" if line.startswith(f"    {name}:") else line for line in CORRECTION.splitlines()]
    with pytest.raises(DeclarationError):
        send(home, csv_of(HOSPITAL), correction="\n".join(lines))
