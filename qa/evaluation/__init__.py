"""The evaluation harness: how well an assistant answers questions whose answers are known.

>>> from qa import Assistant, Settings
>>> from qa.evaluation import evaluate, load_questions
>>> bot = Assistant.open(Settings(index_faq=False, index_dir=".index/held-out"))
>>> report = evaluate(bot, load_questions(Path("corpus/questions.yaml")))
>>> report["recall@5"], report.to_frame()

No judge model is needed; nothing is loaded until it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from qa.evaluation.case import Case, Place
    from qa.evaluation.comparing import Comparison, compare
    from qa.evaluation.errors import QuestionFileError, RunError
    from qa.evaluation.faq import faq_cases
    from qa.evaluation.judge import Judge
    from qa.evaluation.page import write_page
    from qa.evaluation.questions import load_questions
    from qa.evaluation.report import Figure, Outcome, Report
    from qa.evaluation.run import evaluate

__all__ = [
    "Case",
    "Comparison",
    "Figure",
    "Judge",
    "Outcome",
    "Place",
    "QuestionFileError",
    "Report",
    "RunError",
    "compare",
    "evaluate",
    "faq_cases",
    "load_questions",
    "write_page",
]

_ROOMS = {
    "case": ("Case", "Place"),
    "comparing": ("Comparison", "compare"),
    "errors": ("QuestionFileError", "RunError"),
    "faq": ("faq_cases",),
    "judge": ("Judge",),
    "page": ("write_page",),
    "questions": ("load_questions",),
    "report": ("Figure", "Outcome", "Report"),
    "run": ("evaluate",),
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first used (PEP 562)."""
    for room, names in _ROOMS.items():
        if name in names:
            return getattr(import_module(f"{__name__}.{room}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
