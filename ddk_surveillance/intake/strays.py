"""Rows that look like those of the table but stand under no header of it: on a sheet of their own, or above the header."""

from collections import Counter

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

SAMPLE_ROWS = 100
# A cell is known by its make: 2024-03-05 is 9-9-9, H0001 is A9, a token is #.
MAKES = ((r"[0-9A-Za-z]{16,}", "#"), (r"\p{Han}+", "字"), (r"[A-Za-z]+", "A"), (r"[0-9]+", "9"))
PLAIN = {"字", "A", "9"}


def strays(cells: pa.Table, known: pa.Table) -> npt.NDArray[np.int32]:
    """Where in `cells` (numbers from 1) rows stand that are made as some of `known`, whatever their columns' order."""
    models = [_cells(row) for row in _makes(known.slice(0, SAMPLE_ROWS)).unique().to_pylist()]
    fullest = max((model.total() for model in models), default=0)
    models = [model for model in models if 2 * model.total() > fullest]
    makes = _makes(cells)
    alike = [row for row in makes.unique().to_pylist() if any(_is_alike(_cells(row), model) for model in models)]
    return (np.flatnonzero(pc.is_in(makes, pa.array(alike, pa.string()))) + 1).astype(np.int32)


def _makes(cells: pa.Table) -> pa.ChunkedArray:
    columns = cells.columns or [pa.nulls(cells.num_rows, pa.string())]
    rows = pc.binary_join_element_wise(*columns, "\t", null_handling="skip")
    for pattern, make in MAKES:
        rows = pc.replace_substring_regex(rows, pattern, make)
    return rows


def _cells(row: str) -> Counter[str]:
    return Counter(filter(None, row.split("\t")))


def _is_alike(row: Counter[str], model: Counter[str]) -> bool:
    """Three in four of its cells are of a make, one of them a date or the like, and it is not much emptier.

    So lists of codes, tables of counts and instructions are none.
    """
    shared = row & model
    is_telling = bool(shared.keys() - PLAIN) or not model.keys() - PLAIN
    return is_telling and 4 * shared.total() >= 3 * row.total() and 2 * row.total() >= model.total()
