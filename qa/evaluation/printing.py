"""How a run looks in a terminal: its figures, its times, and the cases that went worst.

Nothing is measured here. What articles and questions say stays text, and lines fit the terminal.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.table import Table
from rich.text import Text

from qa.evaluation import telling
from qa.evaluation.measures import TIMES
from qa.evaluation.telling import interval, named, number, signed
from qa.printing import printable

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from qa.evaluation.comparing import Comparison, Delta, Flip
    from qa.evaluation.report import Figure, Outcome, Quoted, Report
    from qa.evaluation.sweeping import SweepRow

LONGEST = 300
"""Characters that are shown of a text of a case; "…" stands for the rest."""
QUOTES, FLIPS = 3, 20
"""How many citations of a case, and how many flipped cases, are shown; the rest is counted."""
# fmt: off
SWEPT = (
    "right", "facts", "token_f1", "recall@5", "nDCG@10", "citation_recall", "abstention_f1", "ece",
)
# fmt: on
"""The figures by which settings are compared; all of them are in the runs' own files."""
STYLES = {"better": "green", "worse": "red"}
PADDING = (0, 2, 0, 0)


def print_report(out: Console, report: Report, worst: int = 5) -> None:
    """The figures by group, the times by step, the notes, and the `worst` cases that went wrong."""
    _print(out, Text(telling.headline(report), style="bold"))
    for remark in telling.remarks(report):
        _print(out, Text(remark))
    _print_figures(out, [figure for figure in report.figures if figure.group != TIMES])
    if timed := telling.steps(report.figures):
        _print_times(out, timed)
    for note in report.notes:
        out.print()
        _print(out, Text(f"Note: {printable(note)}", style="yellow"))
    wrong = [each for each in telling.worst_first(report.outcomes) if each.right is False]
    if wrong[:worst]:
        _title(out, f"The worst {min(worst, len(wrong))} of {len(wrong)} that came out wrong")
    for position, outcome in enumerate(wrong[:worst], 1):
        if position > 1:
            out.print()
        _print_case(out, position, outcome)


def print_comparison(out: Console, comparison: Comparison) -> None:
    """Figure by figure before, after and the difference; then the cases that flipped, both ways."""
    _title(out, "Against the run before")
    _print(out, Text(f"Before: {printable(comparison.before)}"), indent=2)
    _print(out, Text(f"After:  {printable(comparison.after)}"), indent=2)
    width = max((len(named(delta.name)) for delta in comparison.differences), default=0)
    for group, deltas in telling.grouped(comparison.differences).items():
        table = _table((_heading(group), width), "before", "after", "change")
        table.add_column("95 % interval", justify="right", min_width=16)
        table.add_column("", min_width=6)
        for delta in deltas:
            table.add_row(*_difference(delta))
        out.print()
        _print(out, table, indent=2)
    out.print()
    _print(out, Text(telling.summary(comparison.differences), style="bold"))
    _print(out, Text("No word beside a change: within chance. Times are not judged.", style="dim"))
    for note in comparison.notes:
        _print(out, Text(f"Note: {printable(note)}", style="yellow"))
    _print_flips(out, "Now right", comparison.fixed)
    _print_flips(out, "No longer right", comparison.broken)


def print_sweep(out: Console, rows: Sequence[SweepRow]) -> None:
    """The combinations of settings side by side, in as many blocks as the width asks for.

    Those on the Pareto front of quality against time are marked with a star.
    """
    shown = [name for name in SWEPT if any(row.figures.get(name) is not None for row in rows)]
    columns = [
        ("time", [telling.seconds(row.seconds) for row in rows]),
        *((named(name), [number(row.figures.get(name)) for row in rows]) for name in shown),
    ]
    settings = list(dict.fromkeys(name for row in rows for name in row.settings))
    # A setting is left-justified beside the star, a figure takes its longest word or value.
    taken = 2 + sum(
        2 + _width(named(name), (row.settings.get(name, "") for row in rows)) for name in settings
    )
    for block in _blocks(columns, out.width - taken):
        table = Table(box=None, padding=PADDING, pad_edge=False, header_style="dim")
        table.add_column("")
        for name in settings:
            table.add_column(named(printable(name)), vertical="bottom")
        for name, _ in block:
            table.add_column(name, justify="right", vertical="bottom")
        for position, row in enumerate(rows):
            chosen = (Text(printable(row.settings.get(name, ""))) for name in settings)
            values = (values[position] for _, values in block)
            style = "bold" if row.on_front else ""
            table.add_row("*" if row.on_front else " ", *chosen, *values, style=style)
        out.print()
        _print(out, table)
    out.print()
    _print(out, Text("* no other is both better (the share right) and quicker", style="dim"))


def _print_figures(out: Console, figures: Iterable[Figure]) -> None:
    """A table a group; groups "A by x" and "A by y" are one, side by side."""
    sides: dict[str, dict[str, list[Figure]]] = {}
    for group, members in telling.grouped(figures).items():
        base, _, kind = group.partition(" by ")
        sides.setdefault(base, {})[kind] = members
    rows = {base: _beside(kinds) for base, kinds in sides.items()}
    width = max((len(name) for table in rows.values() for name in table), default=0)
    for base, kinds in sides.items():
        table = _table((_heading(base), width))
        for kind in kinds:
            table.add_column(f"by {kind}" if kind else "", justify="right", min_width=6)
            table.add_column("95 % interval", justify="right", min_width=13)
            table.add_column("n", justify="right", min_width=4)
        for name, found in rows[base].items():
            table.add_row(name, *(cell for kind in kinds for cell in _cells(found.get(kind))))
        out.print()
        _print(out, table, indent=2)


def _beside(kinds: dict[str, list[Figure]]) -> dict[str, dict[str, Figure]]:
    """The figures of each name by kind: "content_recall@5" of kind "content" is "recall@5"."""
    found: dict[str, dict[str, Figure]] = {}
    for kind, figures in kinds.items():
        for figure in figures:
            name = named(figure.name.removeprefix(f"{kind}_"))
            found.setdefault(name, {})[kind] = figure
    return found


def _cells(figure: Figure | None) -> tuple[str, str, str]:
    if figure is None:
        return "", "", ""
    return number(figure.value), interval(figure.low, figure.high), str(figure.n)


def _print_times(out: Console, timed: dict[str, dict[str, Figure]]) -> None:
    kinds = list(dict.fromkeys(kind for parts in timed.values() for kind in parts))
    table = _table(("Time by step", 0), *(telling.READ.get(kind, kind) for kind in kinds))
    for step, parts in timed.items():
        values = (number(parts[kind].value, TIMES) if kind in parts else "" for kind in kinds)
        table.add_row(printable(step), *values)
    out.print()
    _print(out, table, indent=2)


def _print_case(out: Console, position: int, outcome: Outcome) -> None:
    sure = f"confidence {outcome.confidence:.2f}"
    head = Text.assemble(
        (f"{position}. ", "bold cyan"),
        (outcome.cause, "bold"),
        (f" · {sure} · {printable(outcome.id)}", "dim"),
    )
    _print(out, head)
    expected = outcome.reference or "; ".join(" / ".join(fact) for fact in outcome.facts)
    rows = [("Question", _short(outcome.question))]
    if outcome.asked.strip() != outcome.question.strip():
        rows.append(("Understood as", _short(outcome.asked)))
    rows.append(("Expected", _short(telling.NOT_SAID if outcome.answerable is False else expected)))
    rows.append(("Answer", _short(outcome.text)))
    quoted = outcome.near_misses if outcome.abstained else outcome.citations
    name = "Related" if outcome.abstained else "Citations"
    for quote in quoted[:QUOTES]:
        rows.append((name, _citation(quote, numbered=not outcome.abstained)))
        name = ""
    if len(quoted) > QUOTES:
        rows.append(("", f"and {len(quoted) - QUOTES} more"))
    if not quoted:
        rows.append((name, "none"))
    table = Table.grid(padding=PADDING)
    table.add_column(style="dim", no_wrap=True)
    table.add_column(overflow="fold")
    for label, text in rows:
        table.add_row(label, Text(text))
    _print(out, table, indent=3)


def _citation(quote: Quoted, *, numbered: bool) -> str:
    mark = f"[{quote.number}] " if numbered else ""
    return f"{mark}{printable(quote.title)}: “{_short(quote.quote)}”"


def _difference(delta: Delta) -> tuple[RenderableType, ...]:
    judged = telling.judgement(delta)
    low, high = (signed(end, delta.group) for end in (delta.low, delta.high))
    return (
        named(delta.name),
        number(delta.before, delta.group),
        number(delta.after, delta.group),
        signed(delta.value, delta.group),
        f"{low} to {high}",
        Text(judged if delta.more_than_chance else "", style=STYLES.get(judged, "dim")),
    )


def _print_flips(out: Console, name: str, flips: Sequence[Flip]) -> None:
    _title(out, f"{name}: {len(flips) or 'none'}")
    for flip in flips[:FLIPS]:
        change = Text(f" ({flip.before} → {flip.after})", style="dim")
        _print(out, Text(f"{printable(flip.id)}: {_short(flip.question)}").append(change), indent=2)
    if len(flips) > FLIPS:
        _print(out, Text(f"and {len(flips) - FLIPS} more: they are on the page"), indent=2)


def _table(first: tuple[str, int], *others: str) -> Table:
    """A table without lines: the first column left-justified and this wide, the others right."""
    table = Table(box=None, padding=PADDING, pad_edge=False, header_style="dim")
    name, width = first
    table.add_column(Text(name, style="bold not dim"), min_width=width)
    for other in others:
        table.add_column(other, justify="right", min_width=7)
    return table


def _blocks(
    columns: Sequence[tuple[str, list[str]]], width: int
) -> Iterable[Sequence[tuple[str, list[str]]]]:
    """The columns in runs that fit the width, at least one in each."""
    block: list[tuple[str, list[str]]] = []
    left = width
    for name, values in columns:
        needed = 2 + _width(name, values)
        if block and needed > left:
            yield block
            block, left = [], width
        block.append((name, values))
        left -= needed
    yield block


def _width(name: str, values: Iterable[str]) -> int:
    return max(map(len, (*name.split(), *values)), default=0)


def _short(text: str) -> str:
    return textwrap.shorten(printable(text), LONGEST, placeholder=" …") or telling.NONE


def _heading(name: str) -> str:
    return name[:1].upper() + name[1:]


def _title(out: Console, text: str) -> None:
    out.print()
    _print(out, Text(text, style="bold"))


def _print(out: Console, what: RenderableType, *, indent: int = 0) -> None:
    """Print it without the spaces that rich fills every line up with."""
    options = out.options.update_width(max(out.width - indent, 20))
    for line in out.render_lines(what, options, pad=False):
        text = Text(" " * indent)
        for segment in line:
            text.append(segment.text, segment.style)
        text.rstrip()
        out.print(text, soft_wrap=True)
