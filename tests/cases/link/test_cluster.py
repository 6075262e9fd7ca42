"""Average linkage: small graphs drawn by hand, and random ones against scipy."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.cluster.hierarchy import fcluster, linkage
from scipy.spatial.distance import squareform

from ddk_surveillance.link import cluster
from ddk_surveillance.link.cluster import Ints


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


def partition(left: list[int], right: list[int], score: list[int], threshold: int) -> dict[int, int]:
    a, b, s = (np.array(one, dtype=np.int64) for one in (left, right, score))
    nodes, component = cluster.components(a, b)
    [group] = cluster.partition(nodes, component, a, b, s, (threshold,))
    return dict(zip(nodes.tolist(), group.tolist(), strict=True))


def test_components_of_different_sizes_are_cut_together() -> None:
    assert partition([1, 1, 2, 10, 20], [2, 3, 3, 11, 21], [500, -900, -900, 5, -5], 0) == {
        1: 1, 2: 1, 3: 3, 10: 10, 11: 10, 20: 20, 21: 21,
    }  # fmt: skip


def test_nothing_to_cluster() -> None:
    assert partition([], [], [], 0) == {}


def test_a_long_chain_is_cut_at_its_weakest_links() -> None:
    """60 records in a row, every tenth link weak."""
    left = np.arange(60, dtype=np.int64)
    score: Ints = np.where(left % 10 == 9, 100, 900)
    nodes, part = cluster.parts(left, left + 1, score)
    assert np.unique(part, return_counts=True)[1].tolist() == [10] * 6
    assert 60 not in nodes  # its only link was weak: it stands alone


def test_lookup_gives_a_node_without_pairs_itself() -> None:
    nodes, values = np.array([3, 1]), np.array([30, 10])
    assert cluster.lookup(nodes, values, np.array([1, 3, 7])).tolist() == [10, 30, 7]
