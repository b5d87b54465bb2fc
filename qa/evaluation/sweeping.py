"""A grid of settings, each evaluated on the same questions, and which of them are worth choosing.

What a setting means is the assistant's affair; here they are only put side by side.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product

from qa.evaluation.errors import RunError
from qa.evaluation.report import Report

QUALITY, SECONDS = "right", "total median"
"""The two figures between which one chooses: more of the first, less of the second."""
MOST = 200
"""Combinations of one sweep."""


@dataclass(frozen=True, slots=True)
class SweepRow:
    """One combination of settings: its figures, the seconds a question takes, and whether it is on
    the Pareto front of quality against time: no other is both better and quicker.
    """

    settings: Mapping[str, str]
    figures: Mapping[str, float | None]
    seconds: float
    on_front: bool = False


def grid(axes: Sequence[str]) -> list[dict[str, str]]:
    """Every combination of `"name=a,b,c"` axes, in the order given. Raises `RunError`."""
    values: dict[str, list[str]] = {}
    for axis in axes:
        name, equals, listed = axis.partition("=")
        options = [option.strip() for option in listed.split(",") if option.strip()]
        if not (name.strip() and equals and options):
            raise RunError(f"a sweep over {axis!r}: write name=value,value, such as top_k=5,10")
        if name.strip() in values:
            raise RunError(f"a sweep over {name.strip()} twice: give all its values at once")
        values[name.strip()] = list(dict.fromkeys(options))
    combinations = [dict(zip(values, chosen, strict=True)) for chosen in product(*values.values())]
    if len(combinations) > MOST:
        raise RunError(f"a sweep of {len(combinations)} combinations: at most {MOST} are run")
    return combinations


def sweep(
    combinations: Sequence[Mapping[str, str]], run: Callable[[Mapping[str, str]], Report]
) -> Iterator[tuple[SweepRow, Report]]:
    """Run each combination; gives a row and the report of each as it is done, in order."""
    for chosen in combinations:
        report = run(chosen)
        values = {figure.name: figure.value for figure in report.figures}
        yield SweepRow(dict(chosen), values, values.get(SECONDS) or 0.0), report


def front(rows: Sequence[SweepRow]) -> list[SweepRow]:
    """The rows, those marked that no other beats in quality or time without losing in the other."""
    return [replace(row, on_front=not any(_beats(other, row) for other in rows)) for row in rows]


def _beats(one: SweepRow, other: SweepRow) -> bool:
    ours, theirs = (row.figures.get(QUALITY) or 0.0 for row in (one, other))
    as_good = ours >= theirs and one.seconds <= other.seconds
    return as_good and (ours > theirs or one.seconds < other.seconds)
