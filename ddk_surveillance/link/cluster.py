"""From scored pairs to incidents: average linkage inside the connected components of all pairs above the loose bound.

Average linkage (Sokal and Michener 1958) joins two groups while the mean score between their records is above the
threshold, so a single wrong link cannot chain strangers together. It never joins at a higher mean than before, so one
run gives the nested partitions of several thresholds. Sums are integers and ties go to the smaller key: neither the
order of records nor the number of threads can change a partition.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
CELLS_AT_ONCE = 2_000_000
LARGEST_PART = 40  # records; seven reports of one incident are rare, so a larger component is a chain of strangers


def components(left: Ints, right: Ints) -> tuple[Ints, Ints]:
    """The nodes of a graph given by its edges, and for each the smallest node of its component; sorted by both."""
    nodes, ends = np.unique(np.concatenate([left, right]), return_inverse=True)
    a, b = np.split(ends, 2)
    graph = coo_array((np.ones(len(a), dtype=np.int8), (a, b)), shape=(len(nodes), len(nodes)))
    _, label = connected_components(graph, directed=False)
    _, first = np.unique(label, return_index=True)
    component = nodes[first[label]]
    order = np.lexsort((nodes, component))
    return nodes[order], component[order]


def lookup(nodes: Ints, values: Ints, wanted: Ints) -> Ints:
    """The value of each wanted node; nodes that a cut left without any pair stand alone, by their own key."""
    order = np.argsort(nodes)
    place = np.minimum(np.searchsorted(nodes, wanted, sorter=order), len(nodes) - 1)
    found = order[place]
    return np.where(nodes[found] == wanted, values[found], wanted) if len(nodes) else wanted


def parts(left: Ints, right: Ints, score: Ints) -> tuple[Ints, Ints]:
    """Like `components`, but a chain of too many records is cut at its weakest links, one bit at a time."""
    while True:
        nodes, component = components(left, right)
        _, number, size = np.unique(component, return_inverse=True, return_counts=True)
        crowded = np.isin(left, nodes[size[number] > LARGEST_PART])
        if not crowded.any():
            return nodes, component
        keep = ~crowded | (score >= score[crowded].min() + 100)
        left, right, score = left[keep], right[keep], score[keep]


def partition(
    nodes: Ints, component: Ints, left: Ints, right: Ints, score: Ints, thresholds: tuple[int, ...]
) -> tuple[Ints, ...]:
    """For each threshold (descending) the smallest node of the group each node belongs to.

    `nodes` and `component` as from `components`; the pairs must be all pairs inside each component.
    """
    _, start, size = np.unique(component, return_index=True, return_counts=True)
    number = np.repeat(np.arange(len(size)), size)
    position = np.arange(len(nodes))
    row, column = lookup(nodes, position, left), lookup(nodes, position, right)
    result = np.tile(np.arange(len(nodes)), (len(thresholds), 1))
    for n, chosen in _batches(size):
        place = np.full(len(size), -1)
        place[chosen] = np.arange(len(chosen))
        inside = place[number[row]] >= 0
        i, j, batch = row[inside], column[inside], place[number[row[inside]]]
        matrix = np.zeros((len(chosen), n, n), dtype=np.int64)
        matrix[batch, i - start[number[i]], j - start[number[j]]] = score[inside]
        matrix += matrix.transpose(0, 2, 1).copy()
        at = start[chosen][:, None] + np.arange(n)
        result[:, at] = start[chosen][:, None] + average_linkage(matrix, thresholds)
    return tuple(nodes[one] for one in result)


def _batches(size: Ints) -> Iterator[tuple[int, Ints]]:
    """Components of one size, as many at once as fit into memory."""
    for n in np.unique(size).tolist():
        chosen = np.flatnonzero(size == n)
        yield from ((n, part) for part in np.array_split(chosen, 1 + len(chosen) * n * n // CELLS_AT_ONCE))


def average_linkage(score: Ints, thresholds: tuple[int, ...]) -> Ints:
    """Partition many components of n records each; `score` (components, n, n) is symmetric.

    Returns (thresholds, components, n): the position of the first record of each record's group.
    """
    count, n, _ = score.shape
    total, members = score.copy(), np.ones((count, n), dtype=np.int64)
    label = np.tile(np.arange(n), (len(thresholds), count, 1))
    for _ in range(n - 1):
        mean, i, j = _closest_groups(total, members)
        for number, threshold in enumerate(thresholds):
            joined = (mean >= threshold)[:, None] & (label[number] == j[:, None])
            label[number] = np.where(joined, i[:, None], label[number])
        go = np.flatnonzero(mean >= thresholds[-1])
        if not len(go):
            break
        i, j = i[go], j[go]
        total[go, i, :] += total[go, j, :]
        total[go, :, i] += total[go, :, j]
        members[go, i] += members[go, j]
        members[go, j] = 0
    return label


def _closest_groups(total: Ints, members: Ints) -> tuple[Floats, Ints, Ints]:
    """The pair of groups with the highest mean score in every component; an emptied group has no members."""
    count, n = members.shape
    pairs = members[:, :, None] * members[:, None, :]
    usable = (pairs > 0) & np.triu(np.ones((n, n), dtype=bool), 1)
    mean = np.where(usable, total / np.maximum(pairs, 1), -np.inf).reshape(count, -1)
    best = mean.argmax(axis=1)
    i, j = np.divmod(best, n)
    return mean[np.arange(count), best], i, j
