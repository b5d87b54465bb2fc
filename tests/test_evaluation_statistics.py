"""The bootstrap: its interval, what it leaves out, and that pairs stay pairs."""

import math
from statistics import NormalDist

import numpy as np
import pytest

from qa.evaluation.statistics import Columns, Difference, bootstrap, mean, paired_bootstrap


def precision(columns: Columns) -> float:
    """Undefined where nothing was refused."""
    refused = columns["refused"]
    return float(columns["due"][refused].mean()) if refused.any() else math.nan


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([1.0, 0.0, 0.5], 0.5),
        ([1.0, math.nan, 0.0], 0.5),
        ([math.nan], math.nan),
        ([], math.nan),
        ([True, False, True, True], 0.75),
    ],
)
def test_the_mean_is_over_cases_that_have_a_value(values: list[float], expected: float) -> None:
    assert mean("x")({"x": np.array(values)}) == pytest.approx(expected, nan_ok=True)


def test_the_interval_of_a_share_is_the_binomial_one() -> None:
    # 200 of 400: 0.5 ± 1.96 · √(0.25 / 400) = 0.5 ± 0.049.
    shares = {"x": np.arange(400) % 2}
    low, high = bootstrap(shares, mean("x"), samples=4000)
    half = NormalDist().inv_cdf(0.975) * math.sqrt(0.25 / 400)
    assert [low, high] == pytest.approx([0.5 - half, 0.5 + half], abs=0.005)


def test_all_alike_leaves_no_doubt() -> None:
    assert bootstrap({"x": np.ones(7)}, mean("x")) == (1, 1)
    assert bootstrap({"x": np.array([0.3])}, mean("x")) == pytest.approx((0.3, 0.3))


def test_the_same_seed_gives_the_same_interval() -> None:
    columns = {"x": np.random.default_rng(5).random(50)}
    assert bootstrap(columns, mean("x")) == bootstrap(columns, mean("x"))
    assert bootstrap(columns, mean("x")) != bootstrap(columns, mean("x"), seed=1)


def test_rows_of_all_columns_are_drawn_together() -> None:
    x = np.random.default_rng(5).random(50)
    columns = {"x": x, "double": 2 * x}
    ratio = bootstrap(columns, lambda drawn: float((drawn["double"] / drawn["x"]).mean()))
    assert ratio == pytest.approx((2, 2))


def test_samples_in_which_it_is_undefined_are_left_out() -> None:
    # One of three cases was refused: (2/3)³, nearly a third of the samples, have none that was.
    columns = {"refused": np.array([True, False, False]), "due": np.array([1.0, 0.0, 0.0])}
    assert bootstrap(columns, precision) == (1, 1)


@pytest.mark.parametrize("cases", [0, 3])
def test_undefined_everywhere_has_no_interval(cases: int) -> None:
    columns = {"refused": np.zeros(cases, bool), "due": np.zeros(cases)}
    assert all(map(math.isnan, bootstrap(columns, precision)))


def test_without_cases_the_statistic_is_not_asked() -> None:
    interval = bootstrap({"x": np.zeros(0)}, lambda drawn: float(np.percentile(drawn["x"], 95)))
    assert all(map(math.isnan, interval))


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(ValueError, match=r"'x': 2, 'y': 3"):
        bootstrap({"x": np.ones(2), "y": np.ones(3)}, mean("x"))
    with pytest.raises(ValueError, match=r"'before x': 2, 'after x': 3"):
        paired_bootstrap({"x": np.ones(2)}, {"x": np.ones(3)}, mean("x"))


def test_a_small_gain_in_every_case_is_more_than_chance() -> None:
    before = {"x": np.random.default_rng(5).random(30)}
    difference = paired_bootstrap(before, {"x": before["x"] + 0.01}, mean("x"))
    values = [difference.value, difference.low, difference.high]
    assert values == pytest.approx([0.01] * 3)
    assert difference.more_than_chance
    assert paired_bootstrap({"x": before["x"] + 0.01}, before, mean("x")).more_than_chance
    low, high = bootstrap(before, mean("x"))
    assert high - low > 0.1  # the cases differ far more than the runs


def test_nothing_changed_is_chance() -> None:
    run = {"x": np.random.default_rng(5).random(30)}
    assert paired_bootstrap(run, run, mean("x")) == Difference(0, 0, 0)
    assert not Difference(0, 0, 0).more_than_chance


def test_as_many_better_as_worse_is_chance() -> None:
    # Ten better by 1, nine worse by 1, of 19: + 1/19, ± 1.96 · √(1/19).
    before = {"x": np.array([0.0] * 10 + [1.0] * 9)}
    difference = paired_bootstrap(before, {"x": 1 - before["x"]}, mean("x"))
    assert difference.value == pytest.approx(1 / 19)
    assert difference.low == pytest.approx(1 / 19 - 0.45, abs=0.06)
    assert difference.high == pytest.approx(1 / 19 + 0.45, abs=0.06)
    assert not difference.more_than_chance


def test_undefined_on_one_side_is_no_difference() -> None:
    due = np.ones(3)
    none, all_of_them = np.zeros(3, bool), np.ones(3, bool)
    difference = paired_bootstrap(
        {"refused": none, "due": due}, {"refused": all_of_them, "due": due}, precision
    )
    assert math.isnan(difference.value) and math.isnan(difference.low)
    assert not difference.more_than_chance
