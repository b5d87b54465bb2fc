"""Questions to ask: to begin with, and next; all of them the articles' own, from their FAQ pairs.

None is made up, so that each is one that some article answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import zip_longest
from typing import TYPE_CHECKING

from qa.disagreement import alike

if TYPE_CHECKING:
    from qa.answer import Answer
    from qa.assistant import Assistant

EXAMPLES, NEXT = 4, 3
ARTICLES = 50
"""Articles looked into for examples: enough to vary, few enough to read at once."""
LONGEST = 120
SAME = 0.6
"""The share of common words from which two questions count as one."""


def examples(bot: Assistant) -> tuple[str, ...]:
    """Questions to begin with: the first of each FAQ section, then the second ones."""
    with_faq = [summary.id for summary in bot.articles() if summary.faq_pairs][:ARTICLES]
    columns = [
        [pair.question for pair in bot.article(name).faq if len(pair.question) <= LONGEST]
        for name in with_faq
    ]
    ranked = (question for rank in zip_longest(*columns) for question in rank if question)
    return tuple(dict.fromkeys(ranked))[:EXAMPLES]


def follow_ups(bot: Assistant, answer: Answer, asked: Sequence[str]) -> tuple[str, ...]:
    """Questions near an answer that nobody in the conversation has asked yet.

    Those that the search found come first, then those of the cited articles that share most words
    with the question.
    """
    found = [each.passage.heading for each in answer.passages if each.passage.kind == "faq"]
    cited = dict.fromkeys(citation.article_id for citation in answer.citations)
    beside = [pair.question for name in cited for pair in bot.article(name).faq]
    beside.sort(key=lambda question: -alike(question, answer.question))
    return tuple(_new([*found, *beside], [*asked, answer.question]))[:NEXT]


def _new(questions: Iterable[str], known: Sequence[str]) -> list[str]:
    """The questions that are unlike those known, and unlike one another."""
    kept: list[str] = []
    for question in questions:
        if len(question) <= LONGEST and not any(
            alike(question, other) >= SAME for other in (*known, *kept)
        ):
            kept.append(question)
    return kept
