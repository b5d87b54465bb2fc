"""Whether the right questions were refused, and whether `confidence` is worth its name.

Columns of one value a case in, a figure or a curve out: NaN, never 0, where nothing defines it.
Cases of which nobody knows what is right are left out before.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qa.evaluation.report import Curve

Column = NDArray[Any]
"""Shape [n], one value a case: truth values (or 0 and 1), or confidences in 0..1; no NaN."""

BINS = 10
_EDGES = np.arange(1, BINS) / BINS


def abstention_precision(abstained: Column, unanswerable: Column) -> float:
    """The share of refused questions that have no answer, 0..1; NaN where none was refused."""
    return _ratio(_both(abstained, unanswerable), int(np.sum(abstained)))


def abstention_recall(abstained: Column, unanswerable: Column) -> float:
    """The share of questions without an answer that were refused, 0..1; NaN where all have one."""
    return _ratio(_both(abstained, unanswerable), int(np.sum(unanswerable)))


def abstention_f1(abstained: Column, unanswerable: Column) -> float:
    """The harmonic mean of precision and recall, 0..1.

    It is 0 where only one of the two is defined, and NaN where neither is: no question lacks an
    answer and none was refused.
    """
    total = int(np.sum(abstained)) + int(np.sum(unanswerable))
    return _ratio(2 * _both(abstained, unanswerable), total)


def brier_score(confidence: Column, right: Column) -> float:
    """The mean square of confidence less rightness (Brier 1950), 0..1, lower is better.

    Always saying 0.5 gives 0.25. NaN without cases.
    """
    return float(np.mean((confidence - right) ** 2)) if len(confidence) else math.nan


def expected_calibration_error(confidence: Column, right: Column) -> float:
    """How far confidence and the share that is right lie apart, 0..1, lower is better.

    The mean distance of the two over `BINS` bins of equal width, each weighing by its cases (Guo
    et al., ICML 2017). A bin holds its upper edge, and the first one 0 too. NaN without cases.
    """
    if not len(confidence):
        return math.nan
    mean, share, counts = _binned(confidence, right)
    return float(np.sum(np.abs(mean - share) * counts) / len(confidence))


def reliability(confidence: Column, right: Column) -> Curve:
    """The reliability curve: for each bin that is not empty, mean confidence and share right.

    The bins are those of `expected_calibration_error`; weights are their cases. A calibrated
    confidence lies on the diagonal.
    """
    mean, share, counts = _binned(confidence, right)
    return _curve("reliability", "confidence", "share right", mean, share, counts)


def risk_coverage(confidence: Column, right: Column) -> Curve:
    """The share of answers that are wrong (risk) against the share that is given (coverage).

    After El-Yaniv and Wiener (JMLR 2010): answers are given by falling confidence, and each point
    is what one threshold would give. Answers of the same confidence are given together, since no
    threshold parts them. Weights are the answers given.
    """
    coverage, risk, given = _selective(confidence, right)
    return _curve("risk and coverage", "coverage", "risk", coverage, risk, given)


def risk_coverage_area(confidence: Column, right: Column) -> float:
    """The area under the risk-coverage curve, 0..1, lower is better; NaN without cases.

    The curve is taken as steps, each at the risk of its right end: without ties that is the mean
    risk over all coverages (AURC; Geifman, Uziel and El-Yaniv, ICLR 2019).
    """
    if not len(confidence):
        return math.nan
    coverage, risk, _ = _selective(confidence, right)
    return float(np.sum(np.diff(coverage, prepend=0.0) * risk))


def _both(one: Column, other: Column) -> int:
    return int(np.sum(one.astype(bool) & other.astype(bool)))


def _ratio(part: int, whole: int) -> float:
    return part / whole if whole else math.nan


def _binned(confidence: Column, right: Column) -> tuple[Column, Column, Column]:
    """Mean confidence, share right and number of cases of each bin that has any."""
    bins = np.searchsorted(_EDGES, confidence, side="left")
    counts = np.bincount(bins, minlength=BINS)
    used = counts > 0
    sums = (np.bincount(bins, weights=column, minlength=BINS) for column in (confidence, right))
    mean, share = (total[used] / counts[used] for total in sums)
    return mean, share, counts[used]


def _selective(confidence: Column, right: Column) -> tuple[Column, Column, Column]:
    """Coverage, risk and number of answers given at each threshold, highest first."""
    order = np.argsort(-confidence, kind="stable")
    falling = confidence[order]
    last = np.append(falling[1:] != falling[:-1], True)[: len(falling)]
    given = np.arange(1, len(falling) + 1)[last]
    wrong = np.cumsum(1.0 - right[order])[last]
    return given / max(1, len(falling)), wrong / given, given


def _curve(name: str, x_label: str, y_label: str, x: Column, y: Column, weights: Column) -> Curve:
    return Curve(
        name, x_label, y_label, tuple(x.tolist()), tuple(y.tolist()), tuple(weights.tolist())
    )
