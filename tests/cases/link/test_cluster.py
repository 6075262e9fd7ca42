"""Average linkage: small graphs drawn by hand, and random ones against scipy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from ddk_surveillance.arrays import Ints
from ddk_surveillance.link import cluster


def groups_of(pairs: dict[str, int], *thresholds: int) -> list[list[str]]:
    """Partitions of records a, b, c … at each threshold; a pair not drawn scores -1000."""
    names = sorted({name for pair in pairs for name in pair})
    score = np.full((1, len(names), len(names)), -1000)
    for (a, b), value in pairs.items():
        i, j = names.index(a), names.index(b)
        score[0, i, j] = score[0, j, i] = value
    labels = cluster.average_linkage(score, thresholds)
    return [
        ["".join(n for n, at in zip(names, label[0], strict=True) if at == k) for k in np.unique(label)]
        for label in labels
    ]


def test_a_chain_does_not_hold() -> None:
    assert groups_of({"ab": 500, "bc": 300}, 0) == [["ab", "c"]]


def test_three_that_agree_hold() -> None:
    assert groups_of({"ab": 500, "bc": 300, "ac": -100}, 0) == [["abc"]]


def test_thresholds_are_nested() -> None:
    assert groups_of({"ab": 500, "bc": 100, "ac": 100, "cd": 0, "ad": -50, "bd": -50}, 200, 50, -100) == [
        ["ab", "c", "d"], ["abc", "d"], ["abcd"],
    ]  # fmt: skip


def test_of_equal_scores_the_smaller_keys_join() -> None:
    assert groups_of({"ab": 100, "bc": 100}, 0) == [["ab", "c"]]


@given(st.integers(2, 9), st.integers(0, 2**32 - 1), st.integers(-400, 400))
def test_agrees_with_scipy(size: int, seed: int, threshold: int) -> None:
    """UPGMA of scipy on distance = 1000 - score; odd scores and a half as threshold leave no ties at the cut."""
    upper = np.triu(np.random.default_rng(seed).permutation(2000)[: size * size].reshape(size, size) - 1000, 1)
    score = upper + upper.T
    [[label]] = cluster.average_linkage(score[None], (threshold,))
    distance = np.where(np.eye(size, dtype=bool), 0, 1000.0 - score)
    expected = fcluster(linkage(squareform(distance), "average"), 1000 - threshold, "distance")
    assert (label[:, None] == label).tolist() == (expected[:, None] == expected).tolist()


def ints(*values: int) -> Ints:
    return np.array(values, dtype=np.int64)


def fits(ab: int, ac: int, bc: int, is_certain: bool = False) -> list[int]:
    """What is left of the scores of three records when rivals are set off."""
    part, left, right = ints(0, 0, 0), ints(0, 0, 1), ints(1, 2, 2)
    return cluster.without_rivals(
        list(cluster.batched(part, left, right)), ints(ab, ac, bc), np.full(3, is_certain)
    ).tolist()


def test_a_record_that_fits_two_strangers_is_surely_of_neither() -> None:
    """b and c are not the same: of their two claims on a, each takes a quarter of log2(1 + 2 ** 4 odds) bits from the other."""
    assert fits(ab=400, ac=400, bc=-1000) == [298, 298, -1048]


def test_records_that_are_the_same_are_hardly_rivals() -> None:
    assert fits(ab=800, ac=800, bc=800) == [750, 750, 750]


def test_what_is_certain_has_no_rivals() -> None:
    assert fits(ab=400, ac=400, bc=-1000, is_certain=True) == [400, 400, -1000]


def test_components_are_named_by_their_smallest_record() -> None:
    assert cluster.components(6, ints(4, 2), ints(2, 5)).tolist() == [0, 1, 2, 3, 2, 2]


def test_parts_of_different_sizes_are_cut_together() -> None:
    """0-1 belong together and 2 does not; 3-4 agree, 5-6 do not; 7 is alone."""
    left, right, score = ints(0, 0, 1, 3, 5), ints(1, 2, 2, 4, 6), ints(500, -900, -900, 5, -5)
    part = cluster.components(8, left, right)
    [group] = cluster.partition(8, list(cluster.batched(part, left, right)), score, (0,))
    assert group.tolist() == [0, 0, 2, 3, 3, 5, 6, 7]


def test_nothing_to_cluster() -> None:
    assert cluster.partition(0, list(cluster.batched(ints(), ints(), ints())), ints(), (0,)).tolist() == [[]]


def test_a_long_chain_is_cut_at_its_weakest_links() -> None:
    """60 records in a row, every tenth link weak."""
    left = np.arange(59)
    part = cluster.parts(cluster.components(60, left, left + 1), left, left + 1, np.where(left % 10 == 9, 100, 900))
    assert np.unique(part, return_counts=True)[1].tolist() == [10] * 6


def test_the_strongest_tie_inside_the_group() -> None:
    """Pairs 0-1 and 0-2 tie equally: the smaller partner; 2-3 is stronger but between groups; 3 has no tie."""
    left, right, score = ints(0, 0, 1, 2), ints(1, 2, 2, 3), ints(50, 50, 10, 90)
    assert cluster.strongest(ints(0, 0, 0, 3), left, right, score).tolist() == [0, 0, 1, -1]
