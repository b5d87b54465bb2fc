"""Middle and spread of what was measured, ratios within rounds, and how time grows with size."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Spread:
    """The median of some values, the least and the greatest of them."""

    middle: float
    low: float
    high: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        """Of one value or more."""
        if not values:
            raise ValueError("nothing was measured")
        return cls(float(np.median(values)), min(values), max(values))

    def told(self, digits: int = 3) -> str:
        """The median, and from where to where the values lie, in significant digits."""
        middle, low, high = (_short(value, digits) for value in (self.middle, self.low, self.high))
        return middle if low == high else f"{middle} ({low} to {high})"


def ratios(above: Sequence[float], below: Sequence[float]) -> Spread:
    """`above[r] / below[r]` over the rounds r: what slows a whole round down falls out of it."""
    return Spread.of([a / b for a, b in zip(above, below, strict=True)])


def slope(sizes: Sequence[float], seconds: Sequence[float]) -> float:
    """The exponent p of the power law seconds = c * size^p that fits best; 1 is linear.

    By least squares on logarithms; it wants two sizes or more.
    """
    if len(sizes) < 2:
        raise ValueError("a slope takes two sizes or more")
    return float(np.polyfit(np.log(sizes), np.log(seconds), 1)[0])


def percentile(values: Sequence[float], percent: float) -> float:
    """The value below which so many percent of the others lie, between neighbours linearly."""
    return float(np.percentile(values, percent))


def _short(value: float, digits: int) -> str:
    if abs(value) >= 10 ** (digits - 1):
        return f"{value:,.0f}"
    return f"{value:#.{digits}g}".rstrip(".")
