"""From scored pairs to incidents: average linkage inside the connected components of all pairs above the loose bound.

Average linkage (Sokal and Michener 1958) joins two groups while the mean score between their records is above the
threshold, so a single wrong link cannot chain strangers together. It never joins at a higher mean than before, so one
run gives the nested partitions of several thresholds. Sums are integers and ties go to the smaller number: neither the
order of records nor the number of threads can change a partition.

Records are numbered 0 … count-1; a group is named by its smallest number.
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
CUT_CENTIBITS = 100


def components(count: int, left: Ints, right: Ints) -> Ints:
    """For each record the smallest record of its connected component."""
    edges = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(count, count))
    _, label = connected_components(edges, directed=False)
    first = np.empty(count, dtype=np.int64)
    first[label[::-1]] = np.arange(count)[::-1]  # of several writers the last, here the smallest record, stays
    return np.asarray(first[label])


def parts(count: int, left: Ints, right: Ints, score: Ints) -> Ints:
    """Like `components`, but a chain of too many records is cut at its weakest links, one bit at a time."""
    while True:
        part = components(count, left, right)
        crowded = np.bincount(part, minlength=count)[part[left]] > LARGEST_PART
        if not crowded.any():
            return part
        keep = ~crowded | (score >= score[crowded].min() + CUT_CENTIBITS)
        left, right, score = left[keep], right[keep], score[keep]


def partition(part: Ints, left: Ints, right: Ints, score: Ints, thresholds: tuple[int, ...]) -> Ints:
    """The groups at each threshold (descending), shape (thresholds, records); the pairs must be all pairs in each part."""
    size = np.bincount(part, minlength=len(part))
    order = np.argsort(part, kind="stable")
    place = np.empty(len(part), dtype=np.int64)  # of a record among those of its part
    place[order] = np.arange(len(part)) - np.repeat(np.cumsum(size) - size, size)
    result = np.tile(np.arange(len(part)), (len(thresholds), 1))
    of_pair = part[left]
    for n, chosen in _batches(size):
        batch = np.full(len(part), -1)
        batch[chosen] = np.arange(len(chosen))
        inside = np.flatnonzero(batch[of_pair] >= 0)
        at, i, j = batch[of_pair[inside]], place[left[inside]], place[right[inside]]
        matrix = np.zeros((len(chosen), n, n), dtype=np.int64)
        matrix[at, i, j] = matrix[at, j, i] = score[inside]
        mine = order[batch[part[order]] >= 0]
        member = np.empty((len(chosen), n), dtype=np.int64)
        member[batch[part[mine]], place[mine]] = mine
        label = average_linkage(matrix, thresholds)
        result[:, member] = np.take_along_axis(np.broadcast_to(member, label.shape), label, axis=2)
    return result


def _batches(size: Ints) -> Iterator[tuple[int, Ints]]:
    """Parts of one size, as many at once as fit into memory; single records need no clustering."""
    for n in np.unique(size[size > 1]).tolist():
        chosen = np.flatnonzero(size == n)
        yield from ((n, some) for some in np.array_split(chosen, 1 + len(chosen) * n * n // CELLS_AT_ONCE))


def average_linkage(score: Ints, thresholds: tuple[int, ...]) -> Ints:
    """Partition many parts of n records each; `score` (parts, n, n) is symmetric.

    Returns (thresholds, parts, n): the position of the first record of each record's group.
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
    """The pair of groups with the highest mean score in every part; an emptied group has no members."""
    count, n = members.shape
    pairs = members[:, :, None] * members[:, None, :]
    usable = (pairs > 0) & np.triu(np.ones((n, n), dtype=bool), 1)
    mean = np.where(usable, total / np.maximum(pairs, 1), -np.inf).reshape(count, -1)
    best = mean.argmax(axis=1)
    i, j = np.divmod(best, n)
    return mean[np.arange(count), best], i, j


def strongest(group: Ints, left: Ints, right: Ints, score: Ints) -> Ints:
    """For each record the pair (its position) that ties it best to its group; of equals the smaller partner; -1: none."""
    together = np.flatnonzero(group[left] == group[right])
    record = np.concatenate([left[together], right[together]])
    partner = np.concatenate([right[together], left[together]])
    pair = np.concatenate([together, together])
    best = np.full(len(group), -1)
    order = np.lexsort((-partner, score[pair]))
    best[record[order]] = pair[order]  # the last writer stays
    return best
