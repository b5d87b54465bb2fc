"""Whatever is judged, as one thing that answers: an `Assistant`, or a function of a question.

It judges nothing.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from index.passages import ScoredPassage
from qa.answer import Answer, Turn
from qa.assistant import Assistant
from qa.evaluation.retrieval import ArticleText

Target = Assistant | Callable[..., Answer]
"""What can be judged: an assistant, or a function `question -> Answer`, or of question and
history."""


@dataclass(frozen=True, slots=True)
class Answerer:
    """What the harness asks.

    `search(text, k)` finds passages near a text, to judge what could have been found, and finds
    none where there are no articles. `article_text` is what citations are checked against, None
    where there are no articles. `takes_history` is False for a function of the question alone.
    """

    ask: Callable[[str, Sequence[Turn]], Answer]
    search: Callable[[str, int], list[ScoredPassage]]
    article_text: ArticleText | None
    takes_history: bool = True


def answerer(target: Target, articles: Assistant | None = None) -> Answerer:
    """What answers for `target`; `articles` has the articles that a function answers about."""
    known = target if isinstance(target, Assistant) else articles
    takes_history = isinstance(target, Assistant) or _takes_history(target)
    return Answerer(
        ask=_asker(target, takes_history),
        search=_searcher(known),
        article_text=(lambda article_id: known.article(article_id).text) if known else None,
        takes_history=takes_history,
    )


def _asker(target: Target, takes_history: bool) -> Callable[[str, Sequence[Turn]], Answer]:
    if isinstance(target, Assistant):
        return target.ask
    if takes_history:
        return target
    return lambda question, _history: target(question)


def _searcher(bot: Assistant | None) -> Callable[[str, int], list[ScoredPassage]]:
    if bot is None:
        return lambda _text, _k: []
    longest = bot.settings.max_question_chars
    return lambda text, k: bot.search(text[:longest], k) if text.strip() else []


def _takes_history(function: Callable[..., Any]) -> bool:
    try:
        inspect.signature(function).bind("question", ())
    except (TypeError, ValueError):
        return False
    return True
