"""Two runs side by side, and a grid of settings: what moved by more than chance, what is best."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qa.evaluation import RunError, compare
from qa.evaluation.figures import figures
from qa.evaluation.report import Outcome, Report
from qa.evaluation.sweeping import SweepRow, front, grid, sweep


def outcome(name: str, right: bool, **scores: float) -> Outcome:
    """A case that was answered, with these scores."""
    return Outcome(
        id=name,
        question=f"What of {name}?",
        asked=f"What of {name}?",
        source="file",
        answerable=True,
        reference="",
        facts=(),
        tags=(),
        history=(),
        text="So.",
        abstained=False,
        confidence=0.5,
        sentences=(),
        citations=(),
        near_misses=(),
        passages=(),
        timings={"total": 0.1},
        scores=scores,
        right=right,
        cause="" if right else "not retrieved",
    )


def report(outcomes: list[Outcome], time: str = "then") -> Report:
    return Report({"time": time}, figures(outcomes), (), tuple(outcomes))


def test_a_clear_change_is_more_than_chance_and_a_small_one_is_not() -> None:
    before = report([outcome(f"{n}", n < 10, facts=float(n < 10)) for n in range(40)])
    better = report([outcome(f"{n}", n < 30, facts=float(n < 30)) for n in range(40)], "now")
    one_more = report([outcome(f"{n}", n < 11, facts=float(n < 11)) for n in range(40)], "now")

    clear = {delta.name: delta for delta in compare(before, better).differences}
    assert clear["facts"].value == pytest.approx(0.5)
    assert 0.3 < clear["facts"].low < 0.5 < clear["facts"].high < 0.7
    assert clear["facts"].more_than_chance

    slight = {delta.name: delta for delta in compare(before, one_more).differences}
    assert slight["facts"].value == pytest.approx(1 / 40)
    assert not slight["facts"].more_than_chance


def test_cases_that_flipped_are_listed_both_ways() -> None:
    before = report([outcome("a", True), outcome("b", False), outcome("c", True)])
    after = report([outcome("a", False), outcome("b", True), outcome("c", True)])
    found = compare(before, after)
    assert [(flip.id, flip.before, flip.after) for flip in found.fixed] == [
        ("b", "not retrieved", "right")
    ]
    assert [(flip.id, flip.before, flip.after) for flip in found.broken] == [
        ("a", "right", "not retrieved")
    ]


def test_only_shared_cases_are_compared() -> None:
    before = report([outcome("a", True), outcome("gone", True)])
    after = report([outcome("a", True), outcome("new", False)])
    found = compare(before, after)
    right = next(delta for delta in found.differences if delta.name == "right")
    assert (right.before, right.after, right.value) == (1, 1, 0)
    assert found.notes == ("2 cases are in one run alone and not compared.",)
    with pytest.raises(RunError, match="no question in common"):
        compare(before, report([outcome("z", True)]))


def test_a_figure_of_one_run_alone_is_left_out() -> None:
    before = report([outcome("a", True, facts=1.0)])
    after = report([outcome("a", True, rouge_l=1.0)])
    names = {delta.name for delta in compare(before, after).differences}
    assert not names & {"facts", "rouge_l"}


def test_time_is_never_more_than_chance() -> None:
    slow = [replace(outcome(f"{n}", True), timings={"total": 9.0}) for n in range(9)]
    found = compare(report([outcome(f"{n}", True) for n in range(9)]), report(slow))
    total = next(delta for delta in found.differences if delta.name == "total median")
    assert total.value == pytest.approx(8.9)
    assert not total.more_than_chance


@pytest.mark.parametrize(
    ("axes", "combinations"),
    [
        (["top_k=5,10"], [{"top_k": "5"}, {"top_k": "10"}]),
        (
            ["top_k=5,10", "fusion=scores,ranks"],
            [
                {"top_k": "5", "fusion": "scores"},
                {"top_k": "5", "fusion": "ranks"},
                {"top_k": "10", "fusion": "scores"},
                {"top_k": "10", "fusion": "ranks"},
            ],
        ),
        (["top_k=5,5, 6 ,"], [{"top_k": "5"}, {"top_k": "6"}]),
    ],
)
def test_a_grid(axes: list[str], combinations: list[dict[str, str]]) -> None:
    assert grid(axes) == combinations


@pytest.mark.parametrize("axes", [["top_k"], ["top_k="], ["=5"], ["top_k=5", "top_k=6"]])
def test_a_grid_that_is_none_is_told(axes: list[str]) -> None:
    with pytest.raises(RunError, match="a sweep over"):
        grid(axes)


def test_a_grid_that_is_too_large_is_told() -> None:
    with pytest.raises(RunError, match="225 combinations"):
        grid([f"{name}={','.join(map(str, range(15)))}" for name in ("a", "b")])


def row(quality: float, seconds: float) -> SweepRow:
    return SweepRow({}, {"right": quality}, seconds)


@pytest.mark.parametrize(
    ("rows", "marked"),
    [
        ([row(0.5, 1.0)], [True]),
        ([row(0.5, 1.0), row(0.6, 2.0)], [True, True]),  # better and slower: a choice
        ([row(0.5, 2.0), row(0.6, 1.0)], [False, True]),  # worse and slower: none
        ([row(0.5, 1.0), row(0.5, 2.0)], [True, False]),  # as good and slower
        ([row(0.5, 1.0), row(0.5, 1.0)], [True, True]),  # alike
        ([row(0.4, 1.0), row(0.5, 2.0), row(0.45, 3.0)], [True, True, False]),
    ],
)
def test_the_pareto_front(rows: list[SweepRow], marked: list[bool]) -> None:
    assert [each.on_front for each in front(rows)] == marked


def test_a_sweep_runs_every_combination_once() -> None:
    asked: list[dict[str, str]] = []

    def run(settings: object) -> Report:
        asked.append(dict(settings))  # type: ignore[call-overload]
        return report([outcome("a", len(asked) == 2)])

    rows = [each for each, _report in sweep([{"top_k": "5"}, {"top_k": "9"}], run)]
    assert asked == [{"top_k": "5"}, {"top_k": "9"}] == [dict(each.settings) for each in rows]
    assert [each.figures["right"] for each in rows] == [0, 1]
    assert [each.seconds for each in rows] == [pytest.approx(0.1)] * 2
