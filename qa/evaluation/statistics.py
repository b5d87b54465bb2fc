"""How sure a figure is, and whether two runs differ by more than chance: the bootstrap over cases.

It knows columns and statistics only, not what they measure.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Columns = Mapping[str, NDArray[Any]]
"""Columns by name, each of shape [n], row i of all of them being the same case."""
Statistic = Callable[[Columns], float]
"""A figure of columns; NaN where it is undefined."""

PERCENTILES = (2.5, 97.5)


@dataclass(frozen=True, slots=True)
class Difference:
    """A figure after less before, and its 95 % interval; all NaN where it is undefined."""

    value: float
    low: float
    high: float

    @property
    def more_than_chance(self) -> bool:
        """Whether the interval excludes 0."""
        return self.low > 0 or self.high < 0


def mean(column: str) -> Statistic:
    """The mean of a column over the cases that have a value; NaN where none has one."""

    def statistic(columns: Columns) -> float:
        values = columns[column]
        values = values[~np.isnan(values)]
        return float(values.mean()) if len(values) else math.nan

    return statistic


def bootstrap(
    columns: Columns, statistic: Statistic, samples: int = 1000, seed: int = 0
) -> tuple[float, float]:
    """The 95 % interval of a statistic, as `(low, high)`: the percentile bootstrap over cases.

    After Efron (1979): as many cases as there are, drawn with replacement, `samples` times, the
    same rows of all columns; between the percentiles 2.5 and 97.5 of the statistic. Samples where
    it is NaN are left out; `(nan, nan)` where it is NaN in all, or there are no cases. The same
    seed gives the same interval. Give only the columns that the statistic reads: all are drawn.
    Raises `ValueError` where the columns differ in length.
    """
    # scipy.stats.bootstrap gives (nan, nan) as soon as one sample is undefined, which with few
    # cases one nearly always is: a precision, wherever no refused question was drawn.
    return _interval([statistic(_drawn(columns, rows)) for rows in _rows(columns, samples, seed)])


def paired_bootstrap(
    before: Columns, after: Columns, statistic: Statistic, samples: int = 2000, seed: int = 0
) -> Difference:
    """How much a statistic changed between two runs over the same cases, in the same order.

    As `bootstrap`, with the same rows drawn on both sides, so that what makes a case hard for
    both does not count as chance (Efron and Tibshirani 1993; Koehn, EMNLP 2004, does so for
    translations). Raises `ValueError` where the columns differ in length.
    """
    joint = {f"before {name}": column for name, column in before.items()} | {
        f"after {name}": column for name, column in after.items()
    }
    low, high = _interval(
        [
            statistic(_drawn(after, rows)) - statistic(_drawn(before, rows))
            for rows in _rows(joint, samples, seed)
        ]
    )
    return Difference(statistic(after) - statistic(before), low, high)


def _rows(columns: Columns, samples: int, seed: int) -> Iterator[NDArray[np.int64]]:
    """The rows of each sample, none where there are no cases."""
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        raise ValueError(f"columns of one length are needed, one row a case: {lengths}")
    cases = max(lengths.values(), default=0)
    random = np.random.default_rng(seed)
    for _ in range(samples if cases else 0):
        yield random.integers(cases, size=cases)


def _drawn(columns: Columns, rows: NDArray[np.int64]) -> Columns:
    return {name: column[rows] for name, column in columns.items()}


def _interval(values: list[float]) -> tuple[float, float]:
    defined = [value for value in values if not math.isnan(value)]
    if not defined:
        return math.nan, math.nan
    low, high = np.percentile(defined, PERCENTILES)
    return float(low), float(high)
