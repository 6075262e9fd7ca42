"""The different values that the rows of a table hold, for many questions at once."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import pyarrow

from ddk_surveillance.warehouse import Warehouse

# What is asked of a row c, as name → SQL, and which rows are asked.
Question: TypeAlias = "tuple[Mapping[str, str], str]"
FEW_ROWS = 30_000


def different(db: Warehouse, table: str, questions: Sequence[Question]) -> list[pyarrow.Table]:
    """The different answers to each question; few rows are fetched with all answers, for to plan each question takes longest."""
    if db.value(f"SELECT count(*) FROM {table}") >= FEW_ROWS:
        return [db.arrow(select_different(table, question)) for question in questions]
    asked = ", ".join(sql for columns, where in questions for sql in (*columns.values(), where))
    answers = iter(db.arrow(f"SELECT {asked} FROM {table} c").columns)
    return [_different({name: next(answers) for name in columns}, next(answers)) for columns, _ in questions]


def select_different(table: str, question: Question) -> str:
    columns, where = question
    named = ", ".join(f"{sql} AS {name}" for name, sql in columns.items())
    return f"SELECT DISTINCT {named} FROM {table} c WHERE {where}"


def _different(answers: Mapping[str, pyarrow.ChunkedArray], is_asked: pyarrow.ChunkedArray) -> pyarrow.Table:
    rows = pyarrow.table(dict(answers)).filter(is_asked)
    return rows.group_by(rows.column_names, use_threads=False).aggregate([])
