"""Where the marks of the page's pictures stand: a curve's points, its axes, an interval's bar.

The page's template draws them; here are only numbers, in the picture's own units.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from qa.evaluation.report import Curve, Figure

WIDTH, HEIGHT = 400, 320
LEFT, RIGHT, TOP, BOTTOM = 52, 18, 14, 52
BIGGEST, SMALLEST, POINT = 12.0, 3.0, 2.5  # the radii of bubbles, and that of a line's points
MOST_POINTS, MOST_ROWS = 40, 25
RELIABILITY = "reliability"


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis, and what is written there."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Point:
    """A point of a curve: its place, its radius, and what it says."""

    x: float
    y: float
    radius: float
    label: str


@dataclass(frozen=True, slots=True)
class Plot:
    """A curve ready to be drawn in `WIDTH` by `HEIGHT`.

    That of reliability is drawn as bubbles, whose area is their number of cases, about the
    diagonal: both axes are then the same. Any other is a line, with its points where they are few.
    `rows` are the points that a table can show, evenly chosen where they are many.
    """

    curve: Curve
    points: tuple[Point, ...]
    line: str
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    diagonal: bool
    rows: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Track:
    """A figure on a line from 0 to 1, in percent of its length; no whisker without an interval."""

    value: float
    low: float | None
    width: float


def plot(curve: Curve) -> Plot:
    """The drawing of a curve. Values below 0 are drawn at 0."""
    bubbles = curve.name == RELIABILITY
    right = _end(curve.x)
    top = _end(curve.y)
    if bubbles:
        right = top = max(right, top, 1.0)
    weights = curve.weights or (0,) * len(curve.x)
    most = max(weights, default=0) or 1
    points = tuple(
        Point(
            _across(x / right),
            _up(y / top),
            max(SMALLEST, BIGGEST * math.sqrt(weight / most)) if bubbles else POINT,
            _label(curve, x, y, weight),
        )
        for x, y, weight in zip(curve.x, curve.y, weights, strict=True)
    )
    return Plot(
        curve,
        points if bubbles or len(points) <= MOST_POINTS else (),
        " ".join(f"{point.x:.1f},{point.y:.1f}" for point in points),
        tuple(Tick(_across(share / right), label) for share, label in _ticks(right)),
        tuple(Tick(_up(share / top), label) for share, label in _ticks(top)),
        bubbles,
        _spread(len(points)),
    )


def track(figure: Figure) -> Track | None:
    """The bar of a figure; None for one that is not a share, such as a length or a time."""
    ends = [value for value in (figure.low, figure.high) if value is not None]
    if figure.value is None or not figure.better:
        return None
    if not is_share(figure.value, *ends):
        return None
    if len(ends) < 2:
        return Track(figure.value * 100, None, 0.0)
    low, high = ends
    return Track(figure.value * 100, low * 100, (high - low) * 100)


def is_share(*values: float | None) -> bool:
    """Whether all values are in 0..1, and so have a place on a common axis."""
    return all(value is not None and 0 <= value <= 1 for value in values)


def _end(values: tuple[float, ...]) -> float:
    """The end of an axis: 1, or less or more where the values ask for it, and a round number."""
    most = max(values, default=1.0) or 1.0
    scale = 10.0 ** math.floor(math.log10(most))
    return next(end for end in (scale, 2 * scale, 4 * scale, 5 * scale, 10 * scale) if end >= most)


def _ticks(end: float) -> list[tuple[float, str]]:
    """Five or so round numbers from 0 to the end of an axis."""
    count = 4 if round(end / 10.0 ** math.floor(math.log10(end))) == 4 else 5
    return [(end * part / count, f"{end * part / count:g}") for part in range(count + 1)]


def _spread(count: int) -> tuple[int, ...]:
    """All of so many places, or `MOST_ROWS` evenly chosen ones with the first and the last."""
    if count <= MOST_ROWS:
        return tuple(range(count))
    return tuple(round(part * (count - 1) / (MOST_ROWS - 1)) for part in range(MOST_ROWS))


def _across(share: float) -> float:
    return round(LEFT + max(share, 0) * (WIDTH - LEFT - RIGHT), 1)


def _up(share: float) -> float:
    return round(HEIGHT - BOTTOM - max(share, 0) * (HEIGHT - TOP - BOTTOM), 1)


def _label(curve: Curve, x: float, y: float, weight: int) -> str:
    cases = f", {weight} case{'' if weight == 1 else 's'}" if curve.weights else ""
    return f"{curve.x_label} {x:.2f}, {curve.y_label} {y:.2f}{cases}"
