"""Where the marks of a picture stand, worked out by hand."""

from __future__ import annotations

import pytest

from qa.evaluation import drawing
from qa.evaluation.drawing import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH
from qa.evaluation.report import Curve, Figure


def line(*y: float) -> Curve:
    return Curve(
        "risk and coverage", "coverage", "risk", tuple(i / len(y) for i in range(len(y))), y
    )


def figure(value: float | None, low: float | None, high: float | None, better: str) -> Figure:
    return Figure("f1", "answer", value, low, high, 9, better, "")  # type: ignore[arg-type]


def test_reliability_is_bubbles_about_the_diagonal_of_a_square_of_shares() -> None:
    curve = Curve(
        "reliability", "confidence", "share right", (0.0, 0.5, 1.0), (0, 0.5, 1), (1, 4, 0)
    )
    plot = drawing.plot(curve)
    middle = (LEFT + (WIDTH - LEFT - RIGHT) / 2, TOP + (HEIGHT - TOP - BOTTOM) / 2)
    assert plot.diagonal
    assert [(point.x, point.y) for point in plot.points] == [
        (LEFT, HEIGHT - BOTTOM),
        middle,
        (WIDTH - RIGHT, TOP),
    ]
    # Four times the cases, four times the area.
    assert [point.radius for point in plot.points] == [6.0, 12.0, drawing.SMALLEST]
    assert plot.points[0].label == "confidence 0.00, share right 0.00, 1 case"
    assert [tick.label for tick in plot.y_ticks] == ["0", "0.2", "0.4", "0.6", "0.8", "1"]


@pytest.mark.parametrize(
    ("highest", "labels"),
    [
        (0.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (0.43, ["0", "0.1", "0.2", "0.3", "0.4", "0.5"]),
        (0.34, ["0", "0.1", "0.2", "0.3", "0.4"]),
        (0.07, ["0", "0.02", "0.04", "0.06", "0.08", "0.1"]),
        (1.0, ["0", "0.2", "0.4", "0.6", "0.8", "1"]),
        (130.0, ["0", "40", "80", "120", "160", "200"]),
    ],
)
def test_an_axis_begins_at_zero_and_ends_at_a_round_number(
    highest: float, labels: list[str]
) -> None:
    assert [tick.label for tick in drawing.plot(line(0.0, highest)).y_ticks] == labels


def test_a_long_curve_is_a_line_alone_and_its_table_has_the_first_and_the_last_point() -> None:
    plot = drawing.plot(line(*[0.1] * 1000))
    assert plot.points == () and len(plot.line.split()) == 1000
    assert len(plot.rows) == drawing.MOST_ROWS and (plot.rows[0], plot.rows[-1]) == (0, 999)
    assert len(drawing.plot(line(0.1, 0.2)).points) == 2
    assert drawing.plot(line()).rows == ()


@pytest.mark.parametrize(
    ("given", "drawn"),
    [
        (figure(0.5, 0.25, 0.75, "higher"), drawing.Track(50.0, 25.0, 50.0)),
        (figure(0.5, None, None, "lower"), drawing.Track(50.0, None, 0.0)),
        (figure(67.3, 60.0, 70.0, ""), None),
        (figure(0.5, 0.4, 0.7, ""), None),
        (figure(0.9, 0.8, 1.2, "higher"), None),
        (figure(None, None, None, "higher"), None),
    ],
)
def test_only_shares_have_a_track(given: Figure, drawn: drawing.Track | None) -> None:
    assert drawing.track(given) == drawn
