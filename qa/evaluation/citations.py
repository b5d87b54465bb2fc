"""Whether an answer's citations are real, support what it says, and are needed for it.

After ALCE (Gao et al., "Enabling Large Language Models to Generate Text with Citations", EMNLP
2023), with a support score in place of its entailment model; that score is not made here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from qa.answer import AnswerSentence, Citation
from qa.errors import StoreError
from qa.evaluation.retrieval import ArticleText

Supports = Callable[[str, Sequence[str]], float]
"""A statement and quotes (at least one) -> how well they support it together, 0..1."""

SUPPORTED = 0.5
"""The support from which a statement counts as supported."""


def verbatim(citation: Citation, article_text: ArticleText) -> bool:
    """Whether the article has the quote, and at its offsets; an empty quote is none.

    False too for an article that does not exist, where `article_text` raises `StoreError`.
    """
    try:
        text = article_text(citation.article_id)
    except StoreError:
        return False
    return (
        0 <= citation.start < citation.end <= len(text)
        and text[citation.start : citation.end] == citation.quote
    )


def citation_recall(
    sentences: Sequence[AnswerSentence], citations: Sequence[Citation], supports: Supports
) -> float:
    """The share of an answer's sentences that all their citations together support, 0..1.

    ALCE's citation recall. A sentence without citations is not supported, and a number that no
    citation has supports nothing. 0 for an answer without sentences: none is supported.
    """
    supported = [
        _supported(sentence.text, _known(quotes), supports)
        for sentence, quotes in _quoted(sentences, citations)
    ]
    return sum(supported) / max(1, len(supported))


def citation_precision(
    sentences: Sequence[AnswerSentence], citations: Sequence[Citation], supports: Supports
) -> float | None:
    """The share of the citations in an answer's sentences that are needed, 0..1; None without any.

    ALCE's citation precision. A citation is needed when its sentence is supported by all of its
    citations, and this one supports it alone or the others do not support it without this one. A
    citation of two sentences counts in each, one given twice in a sentence counts once, and a
    number that no citation has counts as not needed.
    """
    needed = [
        need
        for sentence, quotes in _quoted(sentences, citations)
        for need in _needed(sentence.text, quotes, supports)
    ]
    return sum(needed) / len(needed) if needed else None


def _quoted(
    sentences: Sequence[AnswerSentence], citations: Sequence[Citation]
) -> Iterator[tuple[AnswerSentence, list[str | None]]]:
    """Each sentence with a quote for each of its numbers, None where no citation has the number."""
    quotes = {citation.number: citation.quote for citation in citations}
    for sentence in sentences:
        yield sentence, [quotes.get(number) for number in dict.fromkeys(sentence.citations)]


def _needed(statement: str, quotes: Sequence[str | None], supports: Supports) -> list[bool]:
    """Of each quote whether the statement needs it."""
    if not _supported(statement, _known(quotes), supports):
        return [False] * len(quotes)
    return [
        quote is not None
        and (
            _supported(statement, [quote], supports)
            or not _supported(statement, _known([*quotes[:at], *quotes[at + 1 :]]), supports)
        )
        for at, quote in enumerate(quotes)
    ]


def _known(quotes: Sequence[str | None]) -> list[str]:
    return [quote for quote in quotes if quote is not None]


def _supported(statement: str, quotes: Sequence[str], supports: Supports) -> bool:
    return bool(quotes) and supports(statement, quotes) >= SUPPORTED
