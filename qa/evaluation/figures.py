"""Outcomes -> figures with their intervals, and the curves of `confidence`.

What each figure means is said in `qa.evaluation.measures`.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qa.evaluation import abstention
from qa.evaluation.measures import Columns, Measure, measures
from qa.evaluation.report import Curve, Figure, Outcome
from qa.evaluation.statistics import bootstrap


def figures(outcomes: Sequence[Outcome]) -> tuple[Figure, ...]:
    """Every measure that some outcome has a value for, with its 95 % bootstrap interval."""
    every = columns(outcomes)
    return tuple(figure for each in measures(outcomes) if (figure := _figure(each, every)))


def columns(outcomes: Sequence[Outcome]) -> dict[str, NDArray[np.float64]]:
    """The scores of all outcomes, a column a name, float64 [cases], NaN where one has no value.

    Beside the scores there are "right", "abstained", "unanswerable", "confidence" and, for each
    step, "seconds STEP".
    """
    rows = [_row(outcome) for outcome in outcomes]
    names = dict.fromkeys(name for row in rows for name in row)
    return {name: np.array([row.get(name, np.nan) for row in rows], float) for name in names}


def select(names: Sequence[str], every: Columns) -> Columns | None:
    """Some columns, of the rows that have a value in each of them; None if no row has."""
    if not all(name in every for name in names):
        return None
    needed = {name: every[name] for name in names}
    whole = ~np.isnan(np.stack(list(needed.values()))).any(axis=0)
    return {name: values[whole] for name, values in needed.items()} if whole.any() else None


def curves(outcomes: Sequence[Outcome]) -> tuple[Curve, ...]:
    """The reliability of `confidence`, and the risk of a wrong answer against coverage."""
    every = columns(outcomes)
    chosen = select(("confidence", "confidence_right"), every)
    if chosen is None:
        return ()
    confidence, right = chosen["confidence"], chosen["confidence_right"]
    return abstention.reliability(confidence, right), abstention.risk_coverage(confidence, right)


def _row(outcome: Outcome) -> dict[str, float]:
    row = dict(outcome.scores)
    row["abstained"], row["confidence"] = float(outcome.abstained), outcome.confidence
    if outcome.right is not None:
        row["right"] = float(outcome.right)
    if outcome.answerable is not None:
        row["unanswerable"] = float(not outcome.answerable)
    return row | {f"seconds {step}": taken for step, taken in outcome.timings.items()}


def _figure(measure: Measure, every: Columns) -> Figure | None:
    chosen = select(measure.needs, every)
    if chosen is None:
        return None
    low, high = bootstrap(chosen, measure.statistic)
    return Figure(
        name=measure.name,
        group=measure.group,
        value=_number(measure.statistic(chosen)),
        low=_number(low),
        high=_number(high),
        n=len(next(iter(chosen.values()))),
        better=measure.better,
        definition=measure.definition,
    )


def _number(value: float) -> float | None:
    return None if np.isnan(value) else float(value)
