"""Two runs side by side: which figures moved, whether by more than chance, and which cases flipped.

Only cases that both runs have are compared.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from qa.evaluation.errors import RunError
from qa.evaluation.figures import columns
from qa.evaluation.measures import TIMES, Columns, Measure, measures
from qa.evaluation.report import Outcome, Report
from qa.evaluation.statistics import paired_bootstrap


@dataclass(frozen=True, slots=True)
class Delta:
    """A figure in both runs, over the cases they share; `value` is after less before.

    `low` and `high` are the 95 % paired-bootstrap interval of `value`.
    """

    name: str
    group: str
    before: float
    after: float
    value: float
    low: float
    high: float
    more_than_chance: bool
    better: Literal["higher", "lower", ""]


@dataclass(frozen=True, slots=True)
class Flip:
    """A case that was right in one run and wrong in the other: "right", or the likely cause."""

    id: str
    question: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What is different in the run `after`; `notes` says what could not be compared."""

    before: str
    after: str
    differences: tuple[Delta, ...]
    fixed: tuple[Flip, ...]
    broken: tuple[Flip, ...]
    notes: tuple[str, ...] = ()


def compare(before: Report, after: Report) -> Comparison:
    """The difference of two runs. Raises `RunError` where they have no case in common."""
    former = {outcome.id: outcome for outcome in before.outcomes}
    pairs = [(former[each.id], each) for each in after.outcomes if each.id in former]
    if not pairs:
        raise RunError(
            "the two runs have no question in common: compare runs of the same questions"
        )
    old, new = zip(*pairs, strict=True)
    deltas = [
        delta for measure in measures(new) if (delta := _delta(measure, columns(old), columns(new)))
    ]
    flips = [_flip(*pair) for pair in pairs if _verdict(pair[0]) != _verdict(pair[1])]
    left = len(before.outcomes) + len(after.outcomes) - 2 * len(pairs)
    return Comparison(
        before=_title(before),
        after=_title(after),
        differences=tuple(deltas),
        fixed=tuple(flip for flip in flips if flip.after == "right"),
        broken=tuple(flip for flip in flips if flip.before == "right"),
        notes=(f"{left} cases are in one run alone and not compared.",) if left else (),
    )


def _delta(measure: Measure, old: Columns, new: Columns) -> Delta | None:
    """The difference of one figure, over the cases that have a value for it in both runs."""
    if not all(name in old and name in new for name in measure.needs):
        return None
    every = np.stack([side[name] for side in (old, new) for name in measure.needs])
    whole = ~np.isnan(every).any(axis=0)
    if not whole.any():
        return None
    one, two = ({name: side[name][whole] for name in measure.needs} for side in (old, new))
    before, after = measure.statistic(one), measure.statistic(two)
    difference = paired_bootstrap(one, two, measure.statistic)
    if np.isnan([before, after, difference.low, difference.high]).any():
        return None
    return Delta(
        name=measure.name,
        group=measure.group,
        before=before,
        after=after,
        value=after - before,
        low=difference.low,
        high=difference.high,
        # Two runs differ in time by what else the machine does: no interval knows of that.
        more_than_chance=difference.more_than_chance and measure.group != TIMES,
        better=measure.better,
    )


def _verdict(outcome: Outcome) -> str:
    if outcome.right is None:
        return "undecided"
    return "right" if outcome.right else "wrong"


def _flip(before: Outcome, after: Outcome) -> Flip:
    return Flip(after.id, after.question, _said(before), _said(after))


def _said(outcome: Outcome) -> str:
    return outcome.cause or _verdict(outcome)


def _title(report: Report) -> str:
    return f"{report.about.get('time', '')} {report.about.get('name', '')}".strip()
