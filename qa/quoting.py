"""An answer made of quotes, for when there is no language model: which sentences, in which order.

Every sentence is the article's own, verbatim; nothing is rephrased.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass

from qa.answer import AnswerSentence, Citation
from qa.disagreement import Asked, alike, asked_for, date_parts, disagree, negated, numbers
from qa.evidence import Evidence
from qa.wanted import asks_fact, relations

MOST_QUOTES = 3
MOST_CHARACTERS = 600
"""An answer gets no further sentence that would make it longer."""
MARGIN = 0.055
"""How far below the best a sentence may score that completes the answer."""
FACT_TIE = 0.04
"""How far below the best a sentence may score that stands before the one that gives the fact."""
WITNESS_MARGIN = 0.1
"""A broad question hears other articles, too: the best sentence of each that is no farther below
the best."""
LIFTED = 0.025
"""How much wider both margins are where a reason, an aim or a result is asked for: a sentence that
signals it is lifted above others that answer as well."""
OPPOSITE_MARGIN = 0.12
OPPOSITE_COVERED = 0.02
"""How far below the best a sentence may score, and meet what is asked, that says "no" where that
one says "yes", or the other way: asked for yes or no, the answer has both."""
MOST_SIDES = 4
SIDE_MARGIN = 0.06
"""How far below the best a sentence of another article may score that contradicts it."""
SIDE_GAP = 0.2
"""How much worse than the best such a sentence may match any one token of the question: beyond
it the sentence is about something else, "arrived" where "left" was asked for."""
WHOLE = 3
"""Words from which a sentence completes an answer: "In Vladivostok." says nothing by itself."""
ALIKE = 0.6
"""The share of common words from which two sentences count as one said twice."""

_NAME = re.compile(r"(?<=[\w,;] )[A-Z][\w’'-]+")


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

    To the best one come those near it in score, in the order of the text. Where one fact is asked
    for, the sentence that gives it opens, and what stands before it in its article is left out
    unless it is nearly as good; where more is asked for, other articles are heard as well, and
    where yes or no is, the other answer. When another article contradicts the best on the date,
    number or place asked for, or on yes or no, the answer is the two sides and nothing else.
    """
    if not evidence:
        return Quotation(())
    best = evidence[0]
    asked = asked_for(question)
    if asked and (sides := _sides(asked, question, evidence)):
        opposed = {side.evidence.passage.article_id for side in sides}
        again = [piece for piece in _said_again(best, evidence) if not _among(piece, opposed)]
        return Quotation((Quote(best, tuple(again)), *sides), asked)
    lifted = LIFTED if any(relations(question)) else 0.0
    margin = MARGIN + lifted
    tie = FACT_TIE if asks_fact(question) else margin
    chosen = [best]
    length = len(best.quote)
    for piece in evidence[1:]:
        if piece.score < best.score - margin or len(chosen) == MOST_QUOTES:
            break
        if _stands_before(piece, best) and piece.score < best.score - tie:
            continue
        if length + len(piece.quote) > MOST_CHARACTERS or not _is_whole(piece):
            continue
        if not any(same(piece, other) for other in chosen):
            chosen.append(piece)
            length += len(piece.quote)
    if asked == "yes or no":
        chosen += _opposite(chosen, evidence)
    if not asks_fact(question):
        chosen += _witnesses(chosen, evidence, WITNESS_MARGIN + lifted)
    return Quotation(
        tuple(Quote(piece, _said_again(piece, evidence)) for piece in in_order(chosen))
    )


def in_order(chosen: Sequence[Evidence]) -> list[Evidence]:
    """The sentences of the best one's article as they stand there, then the others by score."""
    best = chosen[0]
    here = [piece for piece in chosen if piece.passage.article_id == best.passage.article_id]
    others = [piece for piece in chosen if piece not in here]
    return [*sorted(here, key=lambda piece: piece.span), *others]


def same(one: Evidence, other: Evidence) -> bool:
    """Whether two sentences say the same: most words, and all numbers, dates, names and negations.

    "Left on Sunday" and "left on Monday" have most of their words in common; "No." is said of many
    things.
    """
    left, right = one.quote, other.quote
    return (
        _is_whole(one)
        and alike(left, right) >= ALIKE
        and negated(left) == negated(right)
        and numbers(left) == numbers(right)
        and date_parts(left) == date_parts(right)
        and set(_NAME.findall(left)) == set(_NAME.findall(right))
    )


def compose(
    quotes: Sequence[Quote], cite: Callable[[Evidence, int], Citation]
) -> tuple[str, tuple[AnswerSentence, ...], tuple[Citation, ...]]:
    """The answer's text with markers, its sentences, and their citations.

    `cite` makes a citation of evidence and a number. Citations are numbered, and sorted, by how
    well they answer: [1] is the best, wherever it stands in the text. Where the answer draws on
    several articles, each is named before its quote.
    """
    citations: list[Citation] = []
    numbers: dict[Quote, tuple[int, ...]] = {}
    for quote in sorted(quotes, key=lambda quote: -quote.evidence.score):
        first = len(citations) + 1
        pieces = (quote.evidence, *quote.also)
        citations += [cite(piece, number) for number, piece in enumerate(pieces, first)]
        numbers[quote] = tuple(range(first, len(citations) + 1))
    several = len({quote.evidence.passage.article_id for quote in quotes}) > 1
    sentences: list[AnswerSentence] = []
    last = ""
    for quote in quotes:
        citation = citations[numbers[quote][0] - 1]
        text = " ".join(citation.quote.split())
        if several and citation.article_id != last:
            text = f"{attribution(citation)} {text}"
        last = citation.article_id
        sentences.append(AnswerSentence(text, numbers[quote], 1.0))
    text = " ".join(
        sentence.text + " " + "".join(f"[{number}]" for number in sentence.citations)
        for sentence in sentences
    )
    return text, tuple(sentences), tuple(citations)


def _sides(asked: Asked, question: str, evidence: Sequence[Evidence]) -> list[Quote]:
    """A sentence of each other article that contradicts the best of all.

    Of several the one that, with what stands right before it, meets the question best: scores so
    near each other do not tell "In Vladivostok." from where an earlier meeting was.
    """
    best = evidence[0]
    sides: dict[str, Evidence] = {}
    for piece in evidence[1:]:
        if piece.score < best.score - SIDE_MARGIN:
            break
        article = piece.passage.article_id
        if article == best.passage.article_id or _misses(piece, best):
            continue
        if article in sides and piece.window <= sides[article].window:
            continue
        if disagree(asked, question, best.quote, piece.quote):
            sides[article] = piece
    return [Quote(piece) for piece in sides.values()][: MOST_SIDES - 1]


def _opposite(chosen: Sequence[Evidence], evidence: Sequence[Evidence]) -> list[Evidence]:
    """The best sentence that says the opposite of all chosen ones, as far as "not" goes, if any."""
    best, says_no = chosen[0], negated(chosen[0].quote)
    if any(negated(piece.quote) != says_no for piece in chosen):
        return []
    for piece in evidence:
        if piece.score < best.score - OPPOSITE_MARGIN:
            break
        meets = piece.covered >= best.covered - OPPOSITE_COVERED and _is_whole(piece)
        if meets and negated(piece.quote) != says_no:
            return [piece]
    return []


def _witnesses(
    chosen: Sequence[Evidence], evidence: Sequence[Evidence], margin: float
) -> list[Evidence]:
    """The best sentence of each article that neither chosen sentences nor their like are from."""
    told = [again for piece in chosen for again in (piece, *_said_again(piece, evidence))]
    articles = {piece.passage.article_id for piece in told}
    length = sum(len(piece.quote) for piece in chosen)
    witnesses: list[Evidence] = []
    for piece in evidence:
        full = len(chosen) + len(witnesses) >= MOST_QUOTES
        if full or piece.score < chosen[0].score - margin:
            break
        if _among(piece, articles) or length + len(piece.quote) > MOST_CHARACTERS:
            continue
        if _is_whole(piece) and not any(same(piece, other) for other in (*chosen, *witnesses)):
            witnesses.append(piece)
            articles.add(piece.passage.article_id)
            length += len(piece.quote)
    return witnesses


def _is_whole(piece: Evidence) -> bool:
    return len(piece.quote.split()) >= WHOLE


def _among(piece: Evidence, articles: Collection[str]) -> bool:
    return piece.passage.article_id in articles


def _misses(piece: Evidence, best: Evidence) -> bool:
    """Whether a part of the question that the best sentence speaks of is missing in this one."""
    gaps = [top - own for top, own in zip(best.match, piece.match, strict=True)]
    return max(gaps, default=0.0) > SIDE_GAP


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


def attribution(citation: Citation) -> str:
    """What stands before a quote where several articles are quoted."""
    when = f" ({citation.date.day} {citation.date:%B %Y})" if citation.date else ""
    return f"According to “{citation.title}”{when}:"
