"""Refusals and confidence: every figure worked out by hand."""

from math import nan

import numpy as np
import pytest
from numpy.typing import NDArray

from qa.evaluation.abstention import (
    abstention_f1,
    abstention_precision,
    abstention_recall,
    brier_score,
    expected_calibration_error,
    reliability,
    risk_coverage,
    risk_coverage_area,
)

close = pytest.approx


def column(*values: float) -> NDArray[np.float64]:
    return np.array(values, np.float64)


@pytest.mark.parametrize("kind", [np.bool_, np.float64])
@pytest.mark.parametrize(
    ("abstained", "unanswerable", "precision", "recall", "f1"),
    [
        # 2 of 3 refusals were due, 2 of 4 due ones made; 2 · 2 / (3 + 4).
        ((1, 1, 1, 0, 0, 0), (1, 1, 0, 1, 1, 0), 2 / 3, 2 / 4, 4 / 7),
        ((1, 0), (1, 0), 1, 1, 1),  # all right
        ((1, 0), (0, 1), 0, 0, 0),  # all wrong
        ((0, 0), (1, 0), nan, 0, 0),  # nothing was refused
        ((1, 0), (0, 0), 0, nan, 0),  # nothing was to be refused
        ((0, 0), (0, 0), nan, nan, nan),
        ((1, 1), (1, 1), 1, 1, 1),
        ((), (), nan, nan, nan),
    ],
)
def test_abstention(
    kind: type[np.generic],
    abstained: tuple[int, ...],
    unanswerable: tuple[int, ...],
    precision: float,
    recall: float,
    f1: float,
) -> None:
    refused, due = np.array(abstained, kind), np.array(unanswerable, kind)
    assert abstention_precision(refused, due) == close(precision, nan_ok=True)
    assert abstention_recall(refused, due) == close(recall, nan_ok=True)
    assert abstention_f1(refused, due) == close(f1, nan_ok=True)


@pytest.mark.parametrize(
    ("confidence", "right", "brier", "error"),
    [
        ((0.9, 0.2), (1, 0), (0.01 + 0.04) / 2, (0.1 + 0.2) / 2),
        # One bin: mean confidence 0.82, share right 0.5. Squares: 0.04 and 0.7056.
        ((0.8 + 1e-9, 0.84), (1, 0), 0.3728, 0.32),
        # 0.7 is in the bin of 0.65: |0.675 - 0.5|.
        ((0.65, 0.7), (1, 0), (0.1225 + 0.49) / 2, 0.175),
        # 0 and 0.1 share the first bin: |0.05 - 0.5|.
        ((0.0, 0.1), (1, 0), (1 + 0.01) / 2, 0.45),
        ((1.0, 1.0, 0.0), (1, 1, 0), 0, 0),
        ((1.0, 0.0), (0, 1), 1, 1),
        ((0.5, 0.5), (1, 1), 0.25, 0.5),
        ((), (), nan, nan),
    ],
)
def test_calibration(
    confidence: tuple[float, ...], right: tuple[int, ...], brier: float, error: float
) -> None:
    columns = column(*confidence), np.array(right, bool)
    assert brier_score(*columns) == close(brier, nan_ok=True)
    assert expected_calibration_error(*columns) == close(error, nan_ok=True)


def test_the_reliability_curve_has_the_bins_that_have_cases() -> None:
    curve = reliability(column(0.95, 0.12, 0.18, 0.11, 0.91), column(1, 1, 0, 0, 1))
    assert curve.x == close((0.41 / 3, 0.93))
    assert curve.y == close((1 / 3, 1))
    assert curve.weights == (3, 2)


@pytest.mark.parametrize(
    ("confidence", "right", "coverage", "risk", "given", "area"),
    [
        # Given one by one: 0/1, 1/2, 1/3, 1/4 wrong; the area is their mean, (13/12)/4.
        (
            (0.7, 0.9, 0.6, 0.8),
            (1, 1, 1, 0),
            (0.25, 0.5, 0.75, 1),
            (0, 1 / 2, 1 / 3, 1 / 4),
            (1, 2, 3, 4),
            13 / 48,
        ),
        # The two of 0.5 come together: 0 of 1, then 1 of 3; 1/3 · 0 + 2/3 · 1/3.
        ((0.5, 0.9, 0.5), (0, 1, 1), (1 / 3, 1), (0, 1 / 3), (1, 3), 2 / 9),
        ((0.5, 0.9, 0.5), (1, 1, 0), (1 / 3, 1), (0, 1 / 3), (1, 3), 2 / 9),
        ((0.9, 0.8), (1, 1), (0.5, 1), (0, 0), (1, 2), 0),
        ((0.9, 0.8), (0, 0), (0.5, 1), (1, 1), (1, 2), 1),
        ((), (), (), (), (), nan),
    ],
)
def test_risk_and_coverage(
    confidence: tuple[float, ...],
    right: tuple[int, ...],
    coverage: tuple[float, ...],
    risk: tuple[float, ...],
    given: tuple[int, ...],
    area: float,
) -> None:
    columns = column(*confidence), np.array(right, bool)
    curve = risk_coverage(*columns)
    assert curve.x == close(coverage)
    assert curve.y == close(risk)
    assert curve.weights == given
    assert risk_coverage_area(*columns) == close(area, nan_ok=True)


def test_without_cases_the_reliability_curve_is_empty() -> None:
    assert reliability(column(), column()).x == ()
