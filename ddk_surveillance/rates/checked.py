"""Guards shared by every statistic: a wrong input is an error, a question the data cannot answer is a refusal."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ddk_surveillance.arrays import Floats
from ddk_surveillance.errors import Text


@dataclass(frozen=True)
class Refusal:
    """A figure that is deliberately not given: a stable code for SQL and a sentence for people."""

    code: str
    text: Text


def counts(values: ArrayLike, name: str = "counts") -> Floats:
    """The values as floats; ValueError unless each is a whole number of events, 0 or more."""
    array = np.asarray(values, dtype=np.float64)
    _require(np.isfinite(array) & (array >= 0) & (array == np.floor(array)), name, "whole numbers, 0 or more")
    return array


def positive(values: ArrayLike, name: str = "person_years") -> Floats:
    """The values as floats; ValueError unless each is finite and above 0."""
    array = np.asarray(values, dtype=np.float64)
    _require(np.isfinite(array) & (array > 0), name, "finite and above 0")
    return array


def tail(confidence: float) -> float:
    """Probability left outside one end of a two-sided interval."""
    if not 0 < confidence < 1:
        raise ValueError("confidence must lie between 0 and 1, both excluded")
    return (1 - confidence) / 2


def exact(number: object) -> Fraction:
    """The number as it is written, so that 0.1 means one tenth and not its nearest binary fraction."""
    return Fraction(str(number))


def _require(good: NDArray[Any], name: str, must_be: str) -> None:
    bad = int(good.size - np.count_nonzero(good))
    if bad:
        raise ValueError(f"{name}: {bad} of {good.size} values must be {must_be}; leave such cells out, with a reason")
