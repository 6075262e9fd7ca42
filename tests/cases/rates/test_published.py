"""Values that stand in papers and manuals, apart from those that R computed for us (tests/oracles)."""

from __future__ import annotations

import pytest

from ddk_surveillance.rates import comparison, completeness, intervals, standardised

# Garwood, Biometrika 1936; Ulm, Am J Epidemiol 1990: 95 % limits of a Poisson count.
EXACT_LIMITS = {
    0: (0, 3.689), 1: (0.0253, 5.572), 2: (0.2422, 7.225), 3: (0.6187, 8.767), 4: (1.0899, 10.242), 5: (1.6235, 11.668),
    6: (2.2019, 13.059), 7: (2.8144, 14.423), 8: (3.4538, 15.763), 9: (4.1154, 17.085), 10: (4.7954, 18.390),
    20: (12.2165, 30.888), 50: (37.1110, 65.919), 100: (81.3640, 121.627),
}  # fmt: skip
# Newcombe, Stat Med 1998, table I: the score interval of a proportion.
WILSON_LIMITS = {
    (81, 263): (0.2553, 0.3662),
    (15, 148): (0.0624, 0.1605),
    (0, 20): (0, 0.1611),
    (1, 29): (0.0061, 0.1718),
}
# The same table: Clopper and Pearson's exact interval of a proportion (Biometrika 1934).
CLOPPER_PEARSON = {(81, 263): (0.2527, 0.3676), (15, 148): (0.0578, 0.1617), (1, 29): (0.0009, 0.1776)}


@pytest.mark.parametrize(("count", "limits"), EXACT_LIMITS.items())
def test_exact_poisson_limits(count: int, limits: tuple[float, float]) -> None:
    lower, upper = map(float, intervals.exact_interval(count))
    assert (lower, upper) == (pytest.approx(limits[0], abs=6e-5), pytest.approx(limits[1], abs=6e-4))


@pytest.mark.parametrize(("cases", "limits"), WILSON_LIMITS.items())
def test_wilson_limits(cases: tuple[int, int], limits: tuple[float, float]) -> None:
    assert intervals.wilson_interval(*cases) == pytest.approx(limits, abs=6e-5)


@pytest.mark.parametrize(("cases", "limits"), CLOPPER_PEARSON.items())
def test_the_exact_interval_of_a_rate_ratio_is_that_of_a_proportion(
    cases: tuple[int, int], limits: tuple[float, float]
) -> None:
    """Of x events here and the others elsewhere, over equal times, the share here is x of n."""
    here, total = cases
    ratio = comparison.rate_ratio(here, 1, total - here, 1)
    assert [odds / (1 + odds) for odds in (ratio.lower, ratio.upper)] == pytest.approx(limits, abs=6e-5)


def test_a_standardised_rate_of_thin_strata() -> None:
    """Fay & Feuer, Stat Med 1997: Down syndrome in Michigan by mother's age, fifth and later births (Stark & Mantell 1966), per 100 000."""
    cases, births = (0, 8, 63, 112, 262, 295), (327, 30666, 123419, 149919, 104088, 34392)
    standard = (319933, 931318, 786511, 488235, 237863, 61313)
    gamma = standardised.direct_rate(cases, births, standard, method="fay_feuer")
    assert isinstance(gamma, standardised.StandardisedRate)
    per_100_000 = (100 * gamma.rate_per_1000, 100 * gamma.lower, 100 * gamma.upper)
    assert per_100_000 == pytest.approx((75.53, 67.70, 188.30), abs=6e-3)


def test_a_rate_and_its_exact_interval() -> None:
    """The example of R's poisson.test: 137 events in 24.19893 units of time."""
    scale = 1 / 24.19893
    assert 137 * scale == pytest.approx(5.661407, abs=1e-6)
    lower, upper = (float(limit) * scale for limit in intervals.exact_interval(137))
    assert (lower, upper) == pytest.approx((4.753125, 6.692709), abs=1e-6)


def test_exact_rate_ratios() -> None:
    """Breast cancer after fluoroscopy (Boice & Monson 1977, as in Rothman's and Stata's manuals), and R's poisson.test."""
    breast = comparison.rate_ratio(41, 28010, 15, 19017)
    assert (breast.ratio, breast.lower, breast.upper) == pytest.approx((1.855759, 1.005684, 3.6093), abs=6e-6)
    malformed = comparison.rate_ratio(11, 800, 6 + 8 + 7, 1083 + 1050 + 878)
    assert (malformed.ratio, malformed.lower, malformed.upper) == pytest.approx(
        (1.971488, 0.8584264, 4.2772659), abs=6e-7
    )


def test_two_lists() -> None:
    """Chapman's estimate on the textbook lake: 200 marked, 100 caught again, 20 of them marked."""
    lake = completeness.chapman(200, 100, 20)
    assert lake.total == pytest.approx(201 * 101 / 21 - 1) and round(lake.total) == 966
    assert lake.lower < lake.total < lake.upper
