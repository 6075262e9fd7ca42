"""A file in which very many rows break the same rule: none of them may get through."""

from __future__ import annotations

from pathlib import Path

import pyarrow

from ddk_surveillance import quality
from ddk_surveillance.contracts import Bilingual
from ddk_surveillance.library import Library
from ddk_surveillance.quality.evaluation import Verdict
from ddk_surveillance.quality.rules import Rule
from ddk_surveillance.settings import load
from ddk_surveillance.warehouse import connect

ROWS = 130_000  # more than a row group, which DuckDB inserts another way


def test_every_failing_row_is_found_again(tmp_path: Path) -> None:
    db = connect(load({}, tmp_path), Library())
    db.execute(f"""CREATE TEMP TABLE recoded AS SELECT 'b' AS batch_id, '' AS sheet, n::INTEGER AS row_number, 1 AS victim_number,
        'bad' AS sex FROM range({ROWS}) t(n)""")
    rule = Rule("R01", "sex", "error", Bilingual(zh="性别", en="sex"), "", {}, {"shown": "c.sex"})
    with db.transaction():
        quality._find_failures(db, (Verdict(rule, pyarrow.table({"shown": ["bad"]}), True),))
        found = db.value("SELECT count(*) FROM failure JOIN recoded USING (batch_id, sheet, row_number, victim_number)")
    db.connection.close()
    assert found == ROWS
