"""From weighed evidence to the answer: written, quoted, or that the articles don't say.

The evidence decides whether there is an answer, before any language model is asked.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from qa.answer import ABSTENTION, Answer, AnswerSentence, Usage
from qa.confidence import confidence
from qa.disagreement import Asked
from qa.evidence import Evidence
from qa.inquiry import FIRST_TOKEN, Inquiry, cite, ranked
from qa.quoting import Quotation, attribution, choose, compose, same
from qa.recent import Recent
from qa.writing import Written, with_markers

if TYPE_CHECKING:
    from index.store import Filter
    from qa.writing import Writer

NEAR_MISSES = 3
DISPUTED: Mapping[Asked, str] = {
    "date": "the date",
    "number": "the number",
    "place": "the place",
    "yes or no": "whether it is so",
}
FAILED = "The chat model failed"
IN_QUOTES = "the answer is in quotes."
"""How every note ends that says why an answer is not written."""
NOT_THERE = f"What the chat model wrote is not in the articles: {IN_QUOTES}"
Pieces = Generator[str, None, Inquiry]
"""An answer's text as it comes, and then the inquiry with the answer."""


class Answering:
    """Answers from the evidence of an inquiry; with a `writer` it writes, else it quotes.

    Below `min_confidence` it does neither. `kept` is how many written answers are kept, to be
    given again for the same question while the index is the same.
    """

    def __init__(self, min_confidence: float, writer: Writer | None = None, kept: int = 0) -> None:
        self._min_confidence = min_confidence
        self._writer = writer
        self._kept: Recent[tuple[str, str, Filter | None], Inquiry] = Recent(kept)

    def answer(self, inquiry: Inquiry) -> Pieces:
        """The answer's text in pieces, and then the inquiry with the answer.

        Put together, the pieces are `Answer.text`.
        """
        sure = confidence(inquiry.evidence)
        if not inquiry.evidence or sure < self._min_confidence:
            return (yield from _in_words(_abstained(inquiry, sure)))
        if self._writer is None:
            return (yield from _in_words(_quoted(inquiry, sure)))
        assert inquiry.generation is not None
        key = inquiry.generation.name, inquiry.question, inquiry.where
        if (known := self._kept.get(key)) and known.answer:
            again = replace(known.answer, usage=Usage())
            return (yield from _in_words(replace(inquiry, sources=known.sources, answer=again)))
        quotation = choose(inquiry.question, inquiry.evidence)
        inquiry = replace(inquiry, sources=self._writer.sources(inquiry.question, inquiry.evidence))
        written = yield from self._writer.write(
            inquiry.question,
            inquiry.sources,
            lambda quote, number: cite(inquiry, quote.passage, quote.span, number),
        )
        if written.sentences:
            yield from _other_sides(inquiry, quotation, written)
            done = _composed(inquiry, sure, quotation, written)
        else:
            quotes_instead = self._writer.ungrounded == "quote"
            done = _unwritten(inquiry, sure, written, quotes_instead=quotes_instead)
            yield from _in_words(done)
        if written.meter.first_token is not None:
            inquiry.timings[FIRST_TOKEN] = written.meter.first_token
        if not written.failure:
            self._kept.put(key, done)
        return done


def _in_words(inquiry: Inquiry) -> Pieces:
    """An answer that is there already, word by word."""
    assert inquiry.answer is not None
    yield from re.findall(r"\s*\S+", inquiry.answer.text)
    return inquiry


def _other_sides(inquiry: Inquiry, quotation: Quotation, written: Written) -> Generator[str]:
    """Where articles disagree, the sides that the model left out, in quotes."""
    if not quotation.disagreement:
        return
    for quote in quotation.quotes:
        passage, span = quote.evidence.passage, quote.evidence.span
        if any(citation.article_id == passage.article_id for citation in written.citations):
            continue
        citation = cite(inquiry, passage, span, len(written.citations) + 1)
        text = f"{attribution(citation)} {' '.join(citation.quote.split())}"
        written.citations.append(citation)
        written.sentences.append(AnswerSentence(text, (citation.number,), 1.0))
        yield " " + with_markers(written.sentences[-1])


def _composed(inquiry: Inquiry, sure: float, quotation: Quotation, written: Written) -> Inquiry:
    """The answer of what was written and stands."""
    answer = Answer(
        text=" ".join(map(with_markers, written.sentences)),
        question=inquiry.question,
        abstained=False,
        confidence=sure,
        sentences=tuple(written.sentences),
        citations=tuple(written.citations),
        passages=ranked(inquiry),
        notes=_notes(quotation, written),
        usage=written.meter.usage,
    )
    return replace(inquiry, answer=answer)


def _unwritten(inquiry: Inquiry, sure: float, written: Written, *, quotes_instead: bool) -> Inquiry:
    """Nothing that was written stands: no answer then, or quotes where the model failed.

    With `quotes_instead` there are quotes unless the model refused.
    """
    if written.failure:
        note = f"{FAILED} ({written.failure}): {IN_QUOTES}"
        done = _quoted(inquiry, sure, note)
    elif written.dropped and quotes_instead and not written.refused:
        done = _quoted(inquiry, sure, NOT_THERE)
    else:
        done = _abstained(inquiry, sure)
    assert done.answer is not None
    return replace(done, answer=replace(done.answer, usage=written.meter.usage))


def _notes(quotation: Quotation, written: Written) -> tuple[str, ...]:
    notes = []
    if quotation.disagreement:
        notes.append(f"The articles seem to disagree on {DISPUTED[quotation.disagreement]}.")
    if written.dropped:
        left = "1 sentence" if written.dropped == 1 else f"{written.dropped} sentences"
        notes.append(f"{left} that the articles do not support {_was(written.dropped)} left out.")
    if written.failure:
        notes.append(f"{FAILED} on the way ({written.failure}): this may not be all.")
    return tuple(notes)


def _was(count: int) -> str:
    return "was" if count == 1 else "were"


def _quoted(inquiry: Inquiry, sure: float, *notes: str) -> Inquiry:
    quotation = choose(inquiry.question, inquiry.evidence)
    asked = quotation.disagreement
    text, sentences, citations = compose(
        quotation.quotes, lambda piece, number: cite(inquiry, piece.passage, piece.span, number)
    )
    if asked:
        notes = (*notes, f"The articles seem to disagree on {DISPUTED[asked]}.")
    answer = Answer(
        text=text,
        question=inquiry.question,
        abstained=False,
        confidence=sure,
        sentences=sentences,
        citations=citations,
        passages=ranked(inquiry),
        notes=notes,
    )
    return replace(inquiry, answer=answer)


def _abstained(inquiry: Inquiry, sure: float) -> Inquiry:
    nearest: list[Evidence] = []
    for piece in inquiry.evidence:
        if len(nearest) < NEAR_MISSES and not any(same(piece, other) for other in nearest):
            nearest.append(piece)
    answer = Answer(
        text=ABSTENTION,
        question=inquiry.question,
        abstained=True,
        confidence=sure,
        near_misses=tuple(
            cite(inquiry, piece.passage, piece.span, number)
            for number, piece in enumerate(nearest, 1)
        ),
        passages=ranked(inquiry),
    )
    return replace(inquiry, answer=answer)
