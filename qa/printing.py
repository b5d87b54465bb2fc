"""How answers, passages and reports look in a terminal; nothing is decided or looked up here.

Articles are untrusted: their text is never read as markup, and control characters stop here.
"""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterable
from datetime import date
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

if TYPE_CHECKING:
    from index.passages import ScoredPassage
    from index.store import SyncReport
    from qa.answer import Answer, Citation

MAX_WIDTH = 100
# fmt: off
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)
# fmt: on
_DIRECTION_MARKS = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def console(*, stderr: bool = False) -> Console:
    """A console on one of the standard streams, plain when it is not a terminal or NO_COLOR is set.

    What the stream's encoding lacks is written as an escape instead of failing.
    """
    stream = sys.stderr if stderr else sys.stdout
    if hasattr(stream, "reconfigure"):
        stream.reconfigure(errors="backslashreplace")
    made = Console(file=stream, highlight=False, markup=False, emoji=False)
    return Console(
        file=stream,
        highlight=False,
        markup=False,
        emoji=False,
        width=min(made.width, MAX_WIDTH),
    )


def printable(text: str) -> str:
    """The text on one line, without characters that could move the cursor or turn the text round.

    White space of any kind becomes one space, lone surrogates a replacement character.
    """
    kept = (
        "\ufffd" if unicodedata.category(char) == "Cs" else char
        for char in " ".join(text.split())
        if unicodedata.category(char) != "Cc" and char not in _DIRECTION_MARKS
    )
    return "".join(kept)


def print_answer(out: Console, answer: Answer, asked: str) -> None:
    """The answer, its numbered quotes and its confidence; or that there is none, and what is near.

    `asked` is the question as it was typed: the stand-alone one is shown where it differs.
    """
    if answer.question.strip() != asked.strip():
        _print(out, Text(f"Understood as: {printable(answer.question)}", style="dim"))
        out.print()
    if answer.abstained:
        _print(out, Text(printable(answer.text), style="bold yellow"))
        _print_quotes(out, "Related, but not an answer:", answer.near_misses, numbered=False)
    else:
        for paragraph in filter(None, answer.text.splitlines()):
            _print(out, _said(paragraph, answer))
        for note in answer.notes:
            out.print()
            _print(out, Text(f"Note: {printable(note)}", style="yellow"))
        _print_quotes(out, "Quotes:", answer.citations, numbered=True)
    out.print()
    took = f" · {answer.timings['total']:.2f} s" if "total" in answer.timings else ""
    _print(out, Text(f"confidence {answer.confidence:.2f}{took}{_used(answer)}", style="dim"))


def print_passages(out: Console, passages: Iterable[ScoredPassage]) -> None:
    """Passages, best first, each with its score, article and heading."""
    for scored in passages:
        passage = scored.passage
        score = Text(f"{scored.score:.3f}  ", style="bold cyan")
        title = Text.assemble((printable(passage.title), "bold"))
        if passage.heading:
            title.append(f" · {printable(passage.heading)}")
        _print(out, title, mark=score)
        _print(out, Text(printable(passage.text)), indent=7)
        _print(out, _place(None, passage.date, passage.article_id), indent=7)
        out.print()


def print_report(out: Console, report: SyncReport) -> None:
    """What a sync found and did, and every file that it skipped, with the reason."""
    counts = [
        f"{len(names)} {what}"
        for what in ("added", "changed", "renamed", "removed", "unchanged")
        if (names := getattr(report, what))
    ]
    _print(out, Text(f"Articles: {', '.join(counts) or 'none'}."))
    _print(
        out,
        Text(f"Passages: {report.passages}, {report.embedded} of them embedded anew.").append(
            f" {report.seconds:.1f} s.", style="dim"
        ),
    )
    if report.skipped:
        _print(out, Text(f"Skipped: {len(report.skipped)}.", style="yellow"))
    for skipped in report.skipped:
        _print(out, Text(f"{printable(skipped.path)}: {printable(skipped.reason)}"), indent=2)


class Steps:
    """Progress on standard error: a bar in a terminal, else one line a step.

    Call it with a step's name, how much of it is done, and its total (0 if not known). With
    `lines=False` nothing is written where there is no terminal.
    """

    def __init__(self, *, lines: bool) -> None:
        self._out = console(stderr=True)
        self._lines = lines and not self._out.is_terminal
        self._step = ""
        self._bars = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            console=self._out,
            transient=True,
            disable=not self._out.is_terminal,
        )
        self._task = self._bars.add_task("", visible=False)

    def __call__(self, step: str, done: int, total: int) -> None:
        """Show that `done` of `total` of this step is done."""
        if self._lines and step != self._step:
            _print(self._out, Text(f"{printable(step).capitalize()} …"))
        self._step = step
        self._bars.update(
            self._task,
            description=printable(step).capitalize(),
            completed=done,
            total=total or None,
            visible=True,
        )

    def __enter__(self) -> Steps:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()


def _said(paragraph: str, answer: Answer) -> Text:
    """A paragraph of an answer; what no article supports is dim, up to its mark."""
    from qa.writing import with_markers  # which loads what is large

    text = Text(printable(paragraph), style="bold")
    for sentence in answer.sentences:
        marked = printable(with_markers(sentence))
        if not sentence.citations and (at := text.plain.find(marked)) >= 0:
            text.stylize("not bold dim", at, at + len(marked))
    return text


def _used(answer: Answer) -> str:
    """The tokens that a chat model read and wrote, where it says so."""
    used = answer.usage
    if not used or not (used.input_tokens or used.output_tokens):
        return ""
    return f" · {used.input_tokens:,} + {used.output_tokens:,} tokens"


def _print_quotes(
    out: Console, heading: str, citations: Iterable[Citation], *, numbered: bool
) -> None:
    for position, citation in enumerate(citations):
        out.print()
        if position == 0:
            _print(out, Text(heading, style="dim"))
        mark = f"[{citation.number}] " if numbered else "  - "
        _print(out, Text(f"“{printable(citation.quote)}”"), mark=Text(mark, style="bold cyan"))
        place = _place(citation.title, citation.date, citation.article_id)
        _print(out, place, indent=len(mark))


def _place(title: str | None, day: date | None, article_id: str) -> Text:
    parts = [printable(title)] if title else []
    parts += [long_date(day)] if day else []
    return Text(" · ".join([*parts, printable(article_id)]), style="dim")


def long_date(day: date) -> str:
    """A date as it is read, "13 September 2023", whatever the machine's language."""
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def _print(out: Console, text: Text, *, indent: int = 0, mark: Text | None = None) -> None:
    """Wrapped by hand: rich's own padding would fill every line up with spaces."""
    indent = indent or (len(mark) if mark else 0)
    for number, line in enumerate(text.wrap(out, max(out.width - indent, 20))):
        first = mark if mark and number == 0 else Text(" " * indent)
        line.rstrip()
        out.print(Text.assemble(first, line), soft_wrap=True)
