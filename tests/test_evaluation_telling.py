"""How a run is told: the headline, the order of the cases, numbers that never flatter."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
import reports

from qa.evaluation import telling
from qa.evaluation.comparing import Delta
from qa.evaluation.report import Cause, Figure, Outcome, Report

EMPTY = Report({}, (), (), ())
ONE = reports.outcome(0, random.Random(0))


def case(right: bool | None, cause: Cause = "", **changes: object) -> Outcome:
    return replace(ONE, right=right, cause=cause, **changes)  # type: ignore[arg-type]


def delta(value: float, better: str, *, sure: bool = True, group: str = "answer") -> Delta:
    return Delta("f1", group, 0.5, 0.5 + value, value, 0.0, 0.1, sure, better)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("rights", "said"),
    [
        ((), "No question was asked."),
        ((None, None), "2 questions asked, and none has a decided answer."),
        ((True,), "The one question came out right."),
        ((True, True), "All 2 came out right."),
        ((True, False, None), "1 of 2 questions came out right."),
        ((False,), "0 of 1 question came out right."),
    ],
)
def test_the_headline_counts_what_was_judged(rights: tuple[bool | None, ...], said: str) -> None:
    outcomes = tuple(case(right, "" if right is not False else "not retrieved") for right in rights)
    assert telling.headline(replace(EMPTY, outcomes=outcomes)) == said


def test_the_remarks_name_the_commonest_cause_and_the_undecided() -> None:
    outcomes = (
        case(False, "cited wrongly"),
        *[case(False, "wrongly abstained")] * 2,
        case(None),
        case(True),
    )
    assert telling.remarks(replace(EMPTY, outcomes=outcomes)) == [
        "3 came out wrong, the commonest cause being “wrongly abstained” (2).",
        "1 more is not judged, since nobody has decided what is right.",
    ]
    assert telling.tally(outcomes) == {"cited wrongly": 1, "wrongly abstained": 2}


def test_a_sure_wrong_answer_is_worse_than_an_unsure_one_and_than_a_refusal() -> None:
    cases = {
        "right": case(True, confidence=0.99),
        "refused": case(False, "wrongly abstained", abstained=True, confidence=0.1),
        "refused, nearly not": case(False, "wrongly abstained", abstained=True, confidence=0.2),
        "undecided": case(None, confidence=0.99),
        "unsure": case(False, "not retrieved", confidence=0.3),
        "sure": case(False, "not retrieved", confidence=0.9),
    }
    named = [replace(outcome, id=name) for name, outcome in cases.items()]
    order = ["sure", "unsure", "refused", "refused, nearly not", "undecided", "right"]
    assert [outcome.id for outcome in telling.worst_first(named)] == order


@pytest.mark.parametrize(
    ("value", "group", "shown"),
    [
        (None, "", "—"),
        (0.0, "", "0.000"),
        (1.0, "", "1.000"),
        (0.99996, "", "0.999960"),
        (0.0001, "", "0.000100"),
        (0.12345, "", "0.123"),
        (67.25, "", "67.2"),
        (1234.5, "", "1,234.5"),
        (0.0004, "time", "0.4 ms"),
        (0.0125, "time", "12 ms"),
        (1.25, "time", "1.25 s"),
        (186.0, "time", "3.1 min"),
    ],
)
def test_a_number_is_never_shown_as_better_than_it_is(
    value: float | None, group: str, shown: str
) -> None:
    assert telling.number(value, group) == shown


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (delta(0.1, "higher"), "better"),
        (delta(-0.1, "higher"), "worse"),
        (delta(-0.1, "lower"), "better"),
        (delta(0.1, "lower"), "worse"),
        (delta(0.1, ""), "more"),
        (delta(-0.1, ""), "less"),
        (delta(-0.1, "higher", sure=False), "within chance"),
        (delta(0.1, "lower", group="time"), "not judged"),
    ],
)
def test_a_difference_is_called_what_it_is(given: Delta, said: str) -> None:
    assert telling.judgement(given) == said


def test_the_summary_counts_what_is_more_than_chance() -> None:
    deltas = [delta(0.1, "higher"), delta(0.1, "lower"), delta(-0.1, "higher", sure=False)]
    assert telling.summary(deltas) == "By more than chance: 1 better and 1 worse."
    none = "No figure got better or worse by more than chance."
    assert telling.summary(deltas[2:]) == none


def test_the_times_of_a_step_stand_together() -> None:
    figures = [
        Figure(f"{step} {what}", "time", 0.1, 0.1, 0.2, 3, "lower", "")
        for step in ("search", "total")
        for what in ("median", "p95")
    ]
    steps = telling.steps([*figures, Figure("facts", "answer", 1.0, 1.0, 1.0, 3, "higher", "")])
    assert {step: list(parts) for step, parts in steps.items()} == {
        "search": ["median", "p95"],
        "total": ["median", "p95"],
    }


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2024-06-01T12:05:00+00:00", "1 June 2024, 12:05 UTC"),
        ("2024-06-01T12:05:00", "1 June 2024, 12:05"),
        ("yesterday", "yesterday"),
    ],
)
def test_a_moment_is_read_as_people_write_it(text: str, read: str) -> None:
    assert telling.moment(text) == read


def test_what_a_run_says_about_itself_is_flat() -> None:
    about = {"settings": {"top_k": 5, "llm": None}, "tags": ["a", "b"], "no_tags": []}
    assert telling.facts(about) == [
        ("settings top k", "5"),
        ("settings llm", "—"),
        ("tags", "a, b"),
        ("no tags", "—"),
    ]
