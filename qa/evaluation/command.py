"""`cited evaluate`: questions, a run or a sweep of runs, a table, and the files of the run.

It puts the rooms of the harness in a row; what they measure and how is theirs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from index.readers import QUESTIONS
from qa.evaluation.report import Faq
from qa.shell import BELOW_FLOOR, Corpus, IndexDir, settings_from, tell

if TYPE_CHECKING:
    from qa.evaluation.report import Figure, Report
    from qa.settings import Settings


def evaluate_command(
    corpus: Corpus = None,
    index_dir: IndexDir = None,
    questions: Annotated[
        Path | None,
        typer.Option(help="A file of questions.", show_default=f"{QUESTIONS} in the corpus"),
    ] = None,
    faq: Annotated[
        Faq, typer.Option(help="Ask the FAQ pairs: with their sections left out, or not, or none.")
    ] = "held-out",
    settings: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Change a setting; may be given again."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Where the run is written.", show_default="below the index folder"),
    ] = None,
    compare: Annotated[
        Path | None,
        typer.Option(metavar="RUN", help="An earlier run (its folder) to compare with."),
    ] = None,
    fail_under: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FLOOR,…", help="Exit code 4 when a figure is below its floor."),
    ] = None,
    sweep: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=A,B,…", help="Try several values; may be given again."),
    ] = None,
    worst: Annotated[int, typer.Option(min=0, help="How many of the worst cases to show.")] = 5,
    judge: Annotated[
        bool,
        typer.Option("--judge/--no-judge", help="Whether the chat model of QA_LLM judges as well."),
    ] = True,
    add_feedback: Annotated[
        bool, typer.Option("--add-feedback", help="Make questions of disliked answers, and leave.")
    ] = False,
) -> None:
    """Ask questions whose answers are known, and report how well they were answered."""
    from qa.evaluation.errors import RunError
    from qa.evaluation.setups import pairs, settings_with

    chosen = settings_with(settings_from(corpus, index_dir), pairs(settings or []))
    file = questions or chosen.corpus / QUESTIONS
    if add_feedback:
        _add_feedback(chosen, file)
    elif questions and not questions.is_file():
        raise RunError(f"there is no question file {questions}: name one that exists")
    elif sweep:
        _sweep(chosen, file, faq, sweep, out, judge=judge)
    else:
        floors = _floors(fail_under or [])
        _run(chosen, file, faq, out, compare, floors, worst, judge=judge)


def _run(
    settings: Settings,
    file: Path,
    faq: Faq,
    out: Path | None,
    compare_with: Path | None,
    floors: Mapping[str, float],
    worst: int,
    *,
    judge: bool,
) -> None:
    """One run: asked, judged, shown, written, and held against what was demanded of it."""
    from qa.evaluation.comparing import compare
    from qa.evaluation.printing import print_comparison, print_report
    from qa.evaluation.report import Report
    from qa.evaluation.runs import evaluate_corpus, new_folder, point_to, write_run
    from qa.evaluation.setups import Workshop
    from qa.printing import Steps, console

    earlier = Report.load(compare_with) if compare_with else None
    folder = out or new_folder(settings)
    with Steps(lines=True) as steps:
        report, cases = evaluate_corpus(Workshop(steps), settings, file, faq, judge=judge)
    compared = compare(earlier, report) if earlier else None
    if unconfirmed := write_run(report, cases, folder, compared):
        tell(f"{unconfirmed} lists the FAQ pairs to decide on")
    if out is None:
        point_to(folder)
    screen = console()
    print_report(screen, report, worst)
    if compared:
        print_comparison(screen, compared)
    screen.print(f"The whole report: {folder / 'report.html'}", soft_wrap=True)
    _hold(report, floors)


def _sweep(
    settings: Settings,
    file: Path,
    faq: Faq,
    axes: Sequence[str],
    out: Path | None,
    *,
    judge: bool,
) -> None:
    """Runs of every combination, side by side; each is written into a folder of its own."""
    from qa.evaluation.printing import print_sweep
    from qa.evaluation.runs import evaluate_corpus, new_folder, write_run
    from qa.evaluation.setups import Workshop, settings_with
    from qa.evaluation.sweeping import front, grid, sweep
    from qa.printing import Steps, console

    folder = out or new_folder(settings)
    combinations = grid(axes)
    for chosen in combinations:
        settings_with(settings, chosen)  # a value that cannot be used is told before the first run
    with Steps(lines=True) as steps:
        workshop = Workshop(steps)

        def run(chosen: Mapping[str, str]) -> Report:
            name = ", ".join(f"{key}={value}" for key, value in chosen.items())
            changed = settings_with(settings, chosen)
            report, cases = evaluate_corpus(workshop, changed, file, faq, name, judge=judge)
            write_run(report, cases, folder / name.replace("/", "_"))
            return report

        rows = [row for row, _report in sweep(combinations, run)]
    screen = console()
    print_sweep(screen, front(rows))
    screen.print(f"The runs: {folder}", soft_wrap=True)


def _add_feedback(settings: Settings, file: Path) -> None:
    from qa.evaluation.feedback import add_feedback

    source = settings.index_dir / "feedback.jsonl"
    done = add_feedback(source, file)
    for line in done.unreadable:
        tell(f"{source}, line {line.line} cannot be read: {line.reason}")
    known = f", {done.known} were there already" if done.known else ""
    print(f"{done.added} questions added to {file}{known}")


def _floors(given: Sequence[str]) -> dict[str, float]:
    """`["recall@5=0.9,facts=0.8"]` as a mapping."""
    from qa.evaluation.errors import RunError
    from qa.evaluation.setups import pairs

    floors = {}
    for name, value in pairs([item for each in given for item in each.split(",")]).items():
        try:
            floors[name] = float(value)
        except ValueError as error:
            raise RunError(f"the floor of {name} is {value!r}: give a number") from error
    return floors


def _hold(report: Report, floors: Mapping[str, float]) -> None:
    """Leave with exit code 4 if a figure is on the wrong side of its floor, each told in a line."""
    from qa.evaluation.errors import RunError

    known = {figure.name: figure for figure in report.figures}
    if unknown := [name for name in floors if name not in known]:
        raise RunError(f"this run has no figure {unknown[0]!r}: it has {', '.join(known)}")
    short = [name for name, floor in floors.items() if _falls_short(known[name], floor)]
    for name in short:
        value = known[name].value
        shown = "undefined" if value is None else f"{value:.3f}"
        side = "above" if known[name].better == "lower" else "below"
        tell(f"{name} is {shown}, {side} the demanded {floors[name]:g}")
    if short:
        raise typer.Exit(BELOW_FLOOR)


def _falls_short(figure: Figure, floor: float) -> bool:
    if figure.value is None:
        return True
    return figure.value > floor if figure.better == "lower" else figure.value < floor
