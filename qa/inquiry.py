"""One question on its way: what each step of the assistant fills in, and what they share.

It carries and checks; what is found and said is for the steps to decide.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

from index.embedding import EncodedText
from index.passages import Passage, ScoredPassage, Span
from index.store import Filter, Generation
from qa.answer import Answer, Citation, Turn
from qa.errors import FilterError, QuestionError, StoreError
from qa.evidence import Evidence
from qa.retriever import Hit
from qa.sources import Source

FIRST_TOKEN = "first_token"
"""Among the timings: the wait for a chat model's first word, which is no step of its own."""


@dataclass(frozen=True, slots=True)
class Inquiry:
    """One question on its way: each step fills in its part, and the last one the answer."""

    question: str
    history: tuple[Turn, ...] = ()
    where: Filter | None = None
    generation: Generation | None = None
    encoded: EncodedText | None = None
    hits: tuple[Hit, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    sources: tuple[Source, ...] = ()
    answer: Answer | None = None
    timings: dict[str, float] = field(default_factory=dict)


def turn(given: object) -> Turn:
    """A turn from what people write one as: a `Turn`, a (role, text) pair, a role-content dict."""
    match given:
        case Turn():
            return given
        case {"role": str(role), "content": str(text)} | (str(role), str(text)):
            roles = {"user": "user", "human": "user", "assistant": "assistant", "ai": "assistant"}
            if role in roles:
                return Turn("user" if roles[role] == "user" else "assistant", text)
    raise QuestionError(
        f"history holds {str(given)[:60]!r}: give Turn(role, text), role user or assistant"
    )


def check(where: Filter | None, generation: Generation) -> None:
    """Raise `FilterError` for a filter that nothing can pass, most likely a slip."""
    if where is None:
        return
    if unknown := sorted((where.articles or frozenset()) - generation.manifest.files.keys()):
        raise FilterError(
            f"there is no article {unknown[0]!r} to look into: give its path in the corpus"
        )
    if where.since and where.until and where.since > where.until:
        raise FilterError(f"no article is from {where.since} on and from before {where.until}")


def finished(inquiry: Inquiry) -> Answer:
    """The answer, with what each step took, and all of them."""
    assert inquiry.answer is not None
    total = sum(took for step, took in inquiry.timings.items() if step != FIRST_TOKEN)
    return replace(inquiry.answer, timings={**inquiry.timings, "total": total})


def ranked(inquiry: Inquiry) -> tuple[ScoredPassage, ...]:
    """The passages, by their best sentence; those without one follow as they were found."""
    best: dict[str, float] = {}
    for piece in inquiry.evidence:
        best.setdefault(piece.passage.id, piece.score)
    hits = sorted(inquiry.hits, key=lambda hit: -best.get(hit.passage.id, 0.0))
    return tuple(ScoredPassage(hit.passage, best.get(hit.passage.id, 0.0)) for hit in hits)


def cite(inquiry: Inquiry, passage: Passage, span: Span, number: int) -> Citation:
    """A citation of a passage's sentence, checked against the article's own text."""
    assert inquiry.generation is not None
    article = inquiry.generation.article(passage.article_id)
    start, end = span
    quote = passage.quote(span)
    if article.text[start:end] != quote:
        raise StoreError(
            f"{article.id}: the index does not hold what it quotes: remove it and run `cited index`"
        )
    return Citation(
        number, article.id, article.title, quote, start, end, article.date, article.source
    )


@contextmanager
def timed(inquiry: Inquiry, step: str) -> Iterator[None]:
    """Adds the seconds that a step takes to the inquiry's timings."""
    started = time.perf_counter()
    yield
    inquiry.timings[step] = time.perf_counter() - started
