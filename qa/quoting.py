"""An answer made of quotes, for when there is no language model: which sentences, in which order.

Every sentence is the article's own, verbatim; nothing is rephrased.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from qa.answer import AnswerSentence, Citation
from qa.disagreement import Asked, asked_for, disagree
from qa.evidence import Evidence

MOST_QUOTES = 4
MOST_CHARACTERS = 500
"""An answer gets no further sentence that would make it longer."""
MARGIN = 0.07
"""How far below the best a sentence may score that follows it in the answer."""
TIE = 0.02
"""How far below the best a sentence may score that is put before it, where the article does."""
SIDE_MARGIN = 0.12
"""How far below the best a sentence of another article may score that contradicts it."""
ALIKE = 0.6
"""The share of common words from which two sentences count as one said twice."""

_WORDS = re.compile(r"[^\W_]+")
_TELLING = re.compile(
    r"\d+|\b(?:no|not|never|none|nothing|without|un\w+|\w+n['’]t)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Quote:
    """A sentence chosen for the answer; `also` holds those of other articles that say the same."""

    evidence: Evidence
    also: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class Quotation:
    """What is quoted, in order, and what the articles disagree on, if they do."""

    quotes: tuple[Quote, ...]
    disagreement: Asked | None = None


def choose(question: str, evidence: Sequence[Evidence]) -> Quotation:
    """The smallest set of sentences that answers, from evidence sorted best first.

    The best one opens, then come those that complete it: near it in score, and after it where they
    stand in the same passage, for a text is read forwards. A sentence that stands before the best
    opens only in a tie. When another article contradicts the best on the date, number or place
    asked for, or on yes or no, the answer is the two sides and nothing else.
    """
    if not evidence:
        return Quotation(())
    best = evidence[0]
    asked = asked_for(question)
    if asked and (sides := _sides(asked, question, evidence)):
        return Quotation((Quote(best, _said_again(best, evidence)), *sides), asked)
    chosen = [best]
    length = len(best.quote)
    for piece in evidence[1:]:
        if piece.score < best.score - MARGIN or len(chosen) == MOST_QUOTES:
            break
        if _stands_before(piece, best) and piece.score < best.score - TIE:
            continue
        if length + len(piece.quote) > MOST_CHARACTERS:
            continue
        if not any(same(piece, other) for other in chosen):
            chosen.append(piece)
            length += len(piece.quote)
    return Quotation(
        tuple(Quote(piece, _said_again(piece, evidence)) for piece in in_order(chosen))
    )


def in_order(chosen: Sequence[Evidence]) -> list[Evidence]:
    """The sentences of the best one's article as they stand there, then the others by score."""
    best = chosen[0]
    here = [piece for piece in chosen if piece.passage.article_id == best.passage.article_id]
    before = [piece for piece in here if _stands_before(piece, best)]
    after = [piece for piece in here if piece not in before and piece is not best]
    others = [piece for piece in chosen if piece not in here]
    return [*_by_place(before), best, *_by_place(after), *others]


def same(one: Evidence, other: Evidence) -> bool:
    """Whether two sentences say the same: most words in common, no other number or negation."""
    left, right = one.quote.casefold(), other.quote.casefold()
    if set(_TELLING.findall(left)) != set(_TELLING.findall(right)):
        return False
    words, others = set(_WORDS.findall(left)), set(_WORDS.findall(right))
    return len(words & others) >= ALIKE * len(words | others)


def compose(
    quotes: Sequence[Quote], sources: Sequence[Citation]
) -> tuple[str, tuple[AnswerSentence, ...], tuple[Citation, ...]]:
    """The answer's text with markers, its sentences, and their citations, numbered from 1.

    `sources` are the citations of all evidence in `quotes`, in their order, each with those of
    `also` behind it; they are renumbered. Where the answer draws on several articles, each is
    named before its quote.
    """
    remaining = iter(sources)
    attributed = len({quote.evidence.passage.article_id for quote in quotes}) > 1
    sentences: list[AnswerSentence] = []
    citations: list[Citation] = []
    pieces: list[str] = []
    last = ""
    for quote in quotes:
        numbers = []
        for _ in (quote.evidence, *quote.also):
            source = next(remaining)
            citations.append(numbered(source, len(citations) + 1))
            numbers.append(len(citations))
        first = citations[numbers[0] - 1]
        text = " ".join(first.quote.split())
        if attributed and first.article_id != last:
            text = f"{_attribution(first)} {text}"
        last = first.article_id
        sentences.append(AnswerSentence(text, tuple(numbers), 1.0))
        pieces.append(text + " " + "".join(f"[{number}]" for number in numbers))
    return " ".join(pieces), tuple(sentences), tuple(citations)


def numbered(citation: Citation, number: int) -> Citation:
    """The same citation under another number."""
    return Citation(
        number,
        citation.article_id,
        citation.title,
        citation.quote,
        citation.start,
        citation.end,
        citation.date,
        citation.source,
    )


def _sides(asked: Asked, question: str, evidence: Sequence[Evidence]) -> list[Quote]:
    """The best sentence of each other article that contradicts the best of all."""
    best = evidence[0]
    seen = {best.passage.article_id}
    sides: list[Quote] = []
    for piece in evidence[1:]:
        if piece.own < best.own - SIDE_MARGIN or piece.score < best.score - SIDE_MARGIN:
            continue
        if piece.passage.article_id in seen or len(sides) == MOST_QUOTES - 1:
            continue
        if disagree(asked, question, best.quote, piece.quote):
            seen.add(piece.passage.article_id)
            sides.append(Quote(piece))
    return sides


def _said_again(piece: Evidence, evidence: Sequence[Evidence]) -> tuple[Evidence, ...]:
    """The same sentence in other articles, one each."""
    again: dict[str, Evidence] = {}
    for other in evidence:
        article = other.passage.article_id
        if article != piece.passage.article_id and article not in again and same(piece, other):
            again[article] = other
    return tuple(again.values())


def _stands_before(piece: Evidence, best: Evidence) -> bool:
    return piece.passage.article_id == best.passage.article_id and piece.span < best.span


def _by_place(pieces: Sequence[Evidence]) -> list[Evidence]:
    return sorted(pieces, key=lambda piece: piece.span)


def _attribution(citation: Citation) -> str:
    when = f" ({citation.date.day} {citation.date:%B %Y})" if citation.date else ""
    return f"According to “{citation.title}”{when}:"
