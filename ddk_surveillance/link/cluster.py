"""From scored pairs to incidents: average linkage inside the connected components of all pairs above the loose bound.

Average linkage (Sokal and Michener 1958) joins two groups while the mean score between their records is above the
threshold, so a single wrong link cannot chain strangers together; rivals are set off against each other first. It never
joins at a higher mean than before, so one run gives the nested partitions of several thresholds. Sums are integers and
ties go to the smaller number: neither the order of records nor the number of threads can change a partition.

Records are numbered 0 … count-1; a group is named by its smallest number.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from ddk_surveillance.arrays import Flags, Floats, Ints

CELLS_AT_ONCE = 2_000_000
LARGEST_PART = 40  # records; seven reports of one incident are rare, so a larger component is a chain of strangers
CUT_CENTIBITS = 100
CENTIBITS = 100
RIVAL_BITS = 10.0  # beyond which a rival is certain


def components(count: int, left: Ints, right: Ints) -> Ints:
    """For each record the smallest record of its connected component."""
    edges = coo_array((np.ones(len(left), dtype=np.int8), (left, right)), shape=(count, count))
    _, label = connected_components(edges, directed=False)
    first = np.empty(count, dtype=np.int64)
    first[label[::-1]] = np.arange(count)[::-1]  # of several writers the last, here the smallest record, stays
    return np.asarray(first[label])


def parts(component: Ints, left: Ints, right: Ints, score: Ints) -> Ints:
    """The components, but that a chain of too many records is cut at its weakest links, one bit at a time."""
    part, count = component, len(component)
    while True:
        is_crowded = np.bincount(part, minlength=count)[part] > LARGEST_PART
        if not is_crowded.any():
            return part
        inside = is_crowded[left]
        left, right, score = left[inside], right[inside], score[inside]  # the others are as they will be
        keep = score >= score.min() + CUT_CENTIBITS
        left, right, score = left[keep], right[keep], score[keep]
        part = np.where(is_crowded, components(count, left, right), part)


def without_rivals(batches: Sequence["Batch"], score: Ints, is_certain: Flags) -> Ints:
    """The scores less what speaks for rivals; the pairs must be all pairs in each part, certain ones stay as they are.

    A score looks at two records alone. A record that fits two incidents which are not the same can be of one of them
    only: where o are the odds of its pairs, those of one are not o but o / (1 + the rivals' o). Of the two records'
    corrections (in bits) the mean is taken, and of that half, since rivals are not wholly exclusive; halves found on
    synthetic records (seed 912: F1 .937 to .943 at the count-neutral threshold, flat between 0.4 and 0.7).
    """
    result = score.copy()
    for batch in batches:
        if batch.member.shape[1] == 2:
            continue
        bits = batch.matrix(score) / CENTIBITS
        odds = np.exp2(np.clip(bits, -RIVAL_BITS, RIVAL_BITS)) * (1 - np.eye(bits.shape[1]))
        different = 1 / (1 + odds)
        against = np.log2(1 + np.maximum(np.einsum("pik,pkj->pij", odds, different) - odds, 0))
        less = np.rint(CENTIBITS / 4 * (against + against.transpose(0, 2, 1))).astype(np.int64)
        result[batch.pairs] -= np.where(is_certain[batch.pairs], 0, less[batch.at, batch.i, batch.j])
    return result


def partition(count: int, batches: Sequence["Batch"], score: Ints, thresholds: tuple[int, ...]) -> Ints:
    """The groups at each threshold (descending), shape (thresholds, records); the pairs must be all pairs in each part."""
    result = np.tile(np.arange(count), (len(thresholds), 1))
    for batch in batches:
        label = average_linkage(batch.matrix(score), thresholds)
        result[:, batch.member] = np.take_along_axis(np.broadcast_to(batch.member, label.shape), label, axis=2)
    return result


@dataclass(frozen=True)
class Batch:
    """Parts of one size: `member` (parts, size) are their records; `pairs` lie in the part `at` between members i and j."""

    member: Ints
    pairs: Ints
    at: Ints
    i: Ints
    j: Ints

    def matrix(self, value: Ints) -> Ints:
        """The values of all pairs as (parts, size, size), symmetric, 0 for a pair that is not there."""
        count, n = self.member.shape
        matrix = np.zeros((count, n, n), dtype=np.int64)
        matrix[self.at, self.i, self.j] = matrix[self.at, self.j, self.i] = value[self.pairs]
        return matrix


def batched(part: Ints, left: Ints, right: Ints) -> Iterator[Batch]:
    """Parts of one size, as many at once as fit into memory; single records need no clustering."""
    size = np.bincount(part, minlength=len(part))
    order = np.argsort(part, kind="stable")
    place = np.empty(len(part), dtype=np.int64)  # of a record among those of its part
    place[order] = np.arange(len(part)) - np.repeat(np.cumsum(size) - size, size)
    order = order[size[part[order]] > 1]
    size_of_record, size_of_pair = size[part[order]], size[part[left]]
    for n in np.unique(size[size > 1]).tolist():
        pairs, member = np.flatnonzero(size_of_pair == n), order[size_of_record == n].reshape(-1, n)
        number = np.searchsorted(member[:, 0], part[left[pairs]])  # a part is named by its smallest record, its first
        chunk = max(1, CELLS_AT_ONCE // (n * n))
        for start in range(0, len(member), chunk):
            inside = (number >= start) & (number < start + chunk)
            some = pairs[inside]
            yield Batch(
                member[start : start + chunk], some, number[inside] - start, place[left[some]], place[right[some]]
            )


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
    rank = score[pair] * len(group) - partner  # of all pairs of a record another one
    highest = np.full(len(group), np.iinfo(np.int64).min)
    np.maximum.at(highest, record, rank)
    best, is_best = np.full(len(group), -1), rank == highest[record]
    best[record[is_best]] = pair[is_best]
    return best
