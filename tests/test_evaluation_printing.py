"""A run in a terminal: it fits, it shows what matters first, and untrusted text stays text."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace

import pytest
import reports
from rich.console import Console

from qa.evaluation.comparing import Comparison, Delta, Flip
from qa.evaluation.printing import FLIPS, print_comparison, print_report, print_sweep
from qa.evaluation.report import Report
from qa.evaluation.sweeping import SweepRow

HOSTILE = "A [bold]title[/bold] \x1b[31mred\x1b[0m :smile:\r\nnext\u202eturned\x07"
RUN = reports.report()
ROWS = tuple(
    SweepRow(
        {"passage_tokens": str(tokens), "fusion": fusion},
        {"right": 0.7, "recall@5": 0.9, "ece": None, "token_f1": 0.25, "brier": 0.1},
        tokens / 1000,
        tokens == 80,
    )
    for tokens in (80, 160, 240)
    for fusion in ("rank", "score")
)


def shown(write: Callable[[Console], None], *, width: int = 100, terminal: bool = False) -> str:
    stream = io.StringIO()
    out = Console(
        file=stream,
        width=width,
        force_terminal=terminal,
        markup=False,
        emoji=False,
        highlight=False,
    )
    write(out)
    return stream.getvalue()


def everything(report: Report) -> Callable[[Console], None]:
    def write(out: Console) -> None:
        print_report(out, report)
        print_comparison(out, reports.comparison())
        print_sweep(out, ROWS)

    return write


@pytest.mark.parametrize("width", [80, 100])
def test_every_line_fits_and_ends_with_a_sign(width: int) -> None:
    text = shown(everything(RUN), width=width)
    assert "\x1b" not in text
    assert all(len(line) <= width and line == line.rstrip() for line in text.splitlines())
    # No row of a table is broken in two.
    assert "  recall@5 " in text and "−0.207 to +0.103" in text


def test_colour_adds_nothing_that_plain_text_does_not_say() -> None:
    coloured = Console(file=io.StringIO(), width=100, force_terminal=True, record=True)
    everything(RUN)(coloured)
    assert coloured.export_text(clear=False) == shown(everything(RUN))
    assert "\x1b[" in coloured.export_text(styles=True)


def test_figures_come_in_groups_with_both_readings_of_retrieval_side_by_side() -> None:
    lines = shown(lambda out: print_report(out, RUN)).splitlines()
    assert lines[0] == "40 of 58 questions came out right."
    head = next(line for line in lines if "by label" in line)
    assert re.split(r" {2,}", head.strip()) == [
        "Retrieval",
        *("by label", "95 % interval", "n"),
        *("by content", "95 % interval", "n"),
    ]
    label, content = RUN["recall@5"], RUN["content_recall@5"]
    row = next(line for line in lines if line.startswith("  recall@5 "))
    assert f"{label:.3f}" in row and f"{content:.3f}" in row and row.split().count("50") == 2
    assert not any("content recall" in line for line in lines)
    assert any(line.startswith("  search ") and line.endswith(" ms") for line in lines)
    assert f"Note: {RUN.notes[0]}" in lines


def test_the_worst_cases_say_what_was_asked_expected_answered_and_cited() -> None:
    text = shown(lambda out: print_report(out, RUN, worst=2))
    last = text[text.index("The worst 2 of 18 that came out wrong") :]
    assert [line[:2] for line in last.splitlines() if line[:1].isdigit()] == ["1.", "2."]
    assert "1. cited wrongly · confidence 0.78 · factual-36" in last
    for line in (
        "   Question   Who hears the case?",
        "   Expected   A court in Vell, in September.",
        "   Answer     The town council of Ormsund paid 1.2 million crowns for the repairs. [1]",
        "   Citations  [1] Who Pays for the Ferry?: “The town council of Ormsund paid 1.2 million",
    ):
        assert line in last
    assert "The worst" not in shown(lambda out: print_report(out, RUN, worst=0))


def test_a_refusal_shows_what_was_related_and_what_was_asked_with_the_turns_before() -> None:
    wrong = next(each for each in RUN.outcomes if each.cause == "wrongly abstained")
    wrong = replace(wrong, question="And that?", asked="What of the ferry?")
    text = shown(lambda out: print_report(out, replace(RUN, outcomes=(wrong,))))
    assert "   Understood as  What of the ferry?" in text
    related = wrong.near_misses[0]
    assert f"   Related        {related.title}: “{related.quote.split()[0]}" in text
    assert "Citations" not in text.split("The worst")[1]


def test_what_is_cut_off_is_told() -> None:
    wrong = next(each for each in RUN.outcomes if each.citations and each.right is False)
    long = replace(wrong, text="word " * 500, citations=wrong.citations * 5)
    text = shown(lambda out: print_report(out, replace(RUN, outcomes=(long,))))
    assert "word …" in text and len(text) < 6000
    assert "and 2 more" in text


@pytest.mark.parametrize("width", [80, 100])
@pytest.mark.parametrize("terminal", [False, True])
def test_hostile_text_stays_text(width: int, terminal: bool) -> None:
    report = replace(RUN, outcomes=(reports.hostile(HOSTILE * 4),), notes=(HOSTILE,))
    flips = tuple(Flip(HOSTILE, HOSTILE, "right", "not retrieved") for _ in range(2))
    compared = Comparison(HOSTILE, HOSTILE, (), flips, flips, (HOSTILE,))
    rows = [SweepRow({"llm": HOSTILE}, {"right": 0.5}, 0.1, True)]

    def write(out: Console) -> None:
        print_report(out, report)
        print_comparison(out, compared)
        print_sweep(out, rows)

    text = shown(write, width=width, terminal=terminal)
    assert not {"\x07", "\r", "\u202e"} & set(text)
    assert "\x1b[31m" not in text and ("\x1b" in text) is terminal
    assert "[bold]title[/bold]" in text and ":smile:" in text
    if not terminal:
        assert all(len(line) <= width for line in text.splitlines())


def test_a_comparison_names_what_moved_and_lists_the_flips_both_ways() -> None:
    deltas = (
        Delta("facts", "answer", 0.5, 0.75, 0.25, 0.1, 0.4, True, "higher"),
        Delta("ece", "calibration", 0.1, 0.2, 0.1, 0.05, 0.15, True, "lower"),
        Delta("rouge_l", "answer", 0.5, 0.51, 0.01, -0.1, 0.1, False, "higher"),
    )
    fixed = (Flip("a", "Who?", "not retrieved", "right"),)
    broken = tuple(Flip(f"b{i}", "When?", "right", "cited wrongly") for i in range(FLIPS + 3))
    compared = Comparison("Monday", "Tuesday", deltas, fixed, broken, ("one case is new",))
    lines = shown(lambda out: print_comparison(out, compared)).splitlines()
    assert lines.index("  After:  Tuesday") == lines.index("  Before: Monday") + 1
    rows = {line.split("  ")[1]: line.split() for line in lines if " to " in line}
    assert rows["facts"][1:] == ["0.500", "0.750", "+0.250", "+0.100", "to", "+0.400", "better"]
    assert rows["ece"][-1] == "worse" and rows["rouge l"][-1] == "+0.100"
    assert "By more than chance: 1 better and 1 worse." in lines
    assert "  a: Who? (not retrieved → right)" in lines
    assert f"No longer right: {FLIPS + 3}" in lines
    assert "  and 3 more: they are on the page" in lines
    assert "Note: one case is new" in lines


@pytest.mark.parametrize("width", [40, 80, 100])
def test_a_sweep_has_a_row_a_combination_and_a_star_on_the_front(width: int) -> None:
    lines = shown(lambda out: print_sweep(out, ROWS), width=width).splitlines()
    rows = [line.split() for line in lines if "rank" in line or "score" in line]
    blocks = len(rows) // len(ROWS)
    assert len(rows) == len(ROWS) * blocks and (blocks > 1) is (width == 40)
    assert rows[0][:3] == ["*", "80", "rank"] and rows[2][:2] == ["160", "rank"]
    assert sum(row[0] == "*" for row in rows) == 2 * blocks
    values = {value for row in rows for value in row}
    assert {"0.700", "0.900", "0.250", "80", "ms"} <= values
    assert "0.100" not in values  # a figure that one does not choose by
    assert all(len(line) <= width for line in lines)
