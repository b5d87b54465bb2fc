"""A run over a folder of articles: its questions gathered, asked and judged, and its files written.

For whoever starts one: the command line, the chat page.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from index.readers import QUESTIONS
from qa.evaluation.case import Case
from qa.evaluation.errors import RunError
from qa.evaluation.faq import faq_cases, write_unconfirmed
from qa.evaluation.judge import Judge
from qa.evaluation.page import write_page
from qa.evaluation.questions import load_faq_labels, load_questions
from qa.evaluation.report import Faq, Report
from qa.evaluation.run import evaluate
from qa.evaluation.setups import FOLDER, Progress, Workshop, about

if TYPE_CHECKING:
    from qa.assistant import Assistant
    from qa.evaluation.comparing import Comparison
    from qa.settings import Settings


def evaluate_corpus(
    workshop: Workshop,
    settings: Settings,
    file: Path,
    faq: Faq,
    name: str = "",
    *,
    judge: bool = True,
) -> tuple[Report, Sequence[Case]]:
    """The report of a run, and the cases it was of: the FAQ pairs, and the questions of `file`.

    A file that does not exist has none. `name` is what the run is called, else as the folder. The
    chat model of the settings, where they name one, judges as well, unless `judge` is False.
    """
    bot = workshop.open(settings, "indexed" if faq == "indexed" else "held-out")
    cases = _cases(bot, file, faq, workshop.progress)
    model = workshop.model(settings) if judge else None
    named = about(bot, time=_now(), name=name or settings.corpus.resolve().name, faq=faq)
    judging = Judge(model) if model else None
    return evaluate(bot, cases, judge=judging, about=named, progress=workshop.progress), cases


def check_faq(bot: Assistant, progress: Progress) -> Report:
    """A run as `cited evaluate --no-judge` makes it, with the embedding model of `bot`.

    It is written where the last run is looked for.
    """
    settings = bot.settings
    workshop = Workshop(progress, bot.encoder)
    file = settings.corpus / QUESTIONS
    report, cases = evaluate_corpus(workshop, settings, file, "held-out", judge=False)
    folder = new_folder(settings)
    write_run(report, cases, folder)
    point_to(folder)
    return report


def write_run(
    report: Report, cases: Sequence[Case], folder: Path, compared: Comparison | None = None
) -> Path | None:
    """Write `run.json` and `report.html`, and the FAQ pairs that wait for a person's word.

    Returns the file of these, None where there is nothing to decide. Raises `RunError`.
    """
    unconfirmed = folder / "not-in-articles.yaml"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        report.save(folder / "run.json")
        write_page(report, folder / "report.html", compared)
        return unconfirmed if write_unconfirmed(cases, unconfirmed) else None
    except OSError as error:
        raise RunError(f"the run cannot be written to {folder}: {error.strerror}") from error


def new_folder(settings: Settings) -> Path:
    """A folder for a run, named after the moment; it does not exist yet."""
    return settings.index_dir / FOLDER / datetime.now(UTC).strftime("run-%Y%m%d-%H%M%S-%f")


def point_to(folder: Path) -> None:
    """Let `last`, beside the run's folder, be the run's name."""
    waiting = folder.with_name("last.next")
    waiting.unlink(missing_ok=True)
    waiting.symlink_to(folder.name)
    waiting.replace(folder.with_name("last"))


def _cases(bot: Assistant, file: Path, faq: Faq, progress: Progress) -> list[Case]:
    """The FAQ pairs, unless none are asked, and the questions of the file, where there is one."""
    listed = load_questions(file) if file.exists() else []
    if faq == "none":
        return listed
    labels = load_faq_labels(file) if file.exists() else {}
    pairs = faq_cases(bot, faq, labels, lambda done, of: progress("reading FAQ pairs", done, of))
    return [*pairs, *listed]


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
