"""An answer written by a LangChain chat model: asked once, held to its sources as it streams.

What a sentence rests on is for `qa.grounding` to say; here the draft is had, each sentence kept,
repaired, marked or dropped, and the answer put together.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from prompts import load
from qa.answer import ABSTENTION, AnswerSentence, Citation
from qa.drafting import Draft, Drafts
from qa.errors import LanguageModelError
from qa.grounding import Grounded, Grounder, Quotable
from qa.llm import context_tokens, is_capable
from qa.sources import Source, fenced, pack, told
from qa.speaking import Meter, spoken
from qa.support import SupportScorer

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from index.embedding import Encoder
    from qa.evidence import Evidence
    from qa.settings import Settings

MOST_SENTENCES = 8
"""Sentences after which an answer is long enough."""
MOST_CHARACTERS = 3_000
"""Characters of a draft after which the model is stopped: it may have no end."""
LONGEST_SENTENCE = 600
"""Characters of one sentence after which the model is stopped."""
MOST_REPEATS = 2
"""Sentences said before after which the model is stopped: it goes round in circles."""
MOST_REPAIRS = 2
"""Sentences that are sent back to the model, in one answer."""
FULL, SHORT = (2_000, 12), (350, 4)
"""Tokens and sources of evidence that a capable model is given, and a small one."""
UNSUPPORTED = "[unsupported]"
"""What stands after a sentence that no article supports, where such sentences are marked."""
_LOG = logging.getLogger(__name__)

Cite = Callable[[Quotable, int], Citation]


@dataclass(slots=True)
class Written:
    """What comes of a draft: the sentences that stay, their citations, and what it cost.

    `dropped` counts the sentences that nothing supported, `refused` says that the model declined,
    and `failure` what broke the draft off, in a few words, "" where nothing did.
    """

    sentences: list[AnswerSentence] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    meter: Meter = field(default_factory=Meter)
    dropped: int = 0
    refused: bool = False
    failure: str = ""


@dataclass(frozen=True, slots=True)
class _Held:
    """A sentence that waits to be said, and whether the model is to be asked for it once more."""

    grounded: Grounded
    repairable: bool = False


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes answers with a chat model, from at most `most` sources in about `tokens` tokens.

    `short` chooses the prompt for small models. `timeout` is in seconds, for each wait for the
    model's next word. `ungrounded` says what becomes of sentences without support.
    """

    model: BaseChatModel
    encoder: Encoder
    scorer: SupportScorer
    short: bool
    timeout: float
    tokens: int
    most: int
    ungrounded: Literal["drop", "mark", "quote"] = "drop"

    def sources(self, question: str, evidence: Sequence[Evidence]) -> tuple[Source, ...]:
        """What the model is shown of the evidence, which is best first."""
        return pack(question, evidence, self.tokens, most=self.most)

    def grounder(self, sources: Sequence[Source]) -> Grounder:
        """What the sentences are held to."""
        return Grounder(self.encoder, self.scorer, sources)

    def write(
        self, question: str, sources: Sequence[Source], cite: Cite
    ) -> Generator[str, None, Written]:
        """The answer in pieces of text, a sentence as soon as it is found to stand.

        Put together, the pieces are the sentences with their markers; there are empty ones between
        them, one each time that the model has said something. What the sources do not support is
        never given out, unless marked. A sentence that names a source and is not supported is asked
        for once more, after the draft; from it on the others wait. A model that fails ends the
        draft, which is told in `Written.failure`.
        """
        written = Written()
        grounder = self.grounder(sources)
        held: list[_Held] = []
        try:
            for draft in self._drafts(question, sources, written.meter):
                if draft is None:
                    yield ""  # here one may stop it, whatever it has said so far
                    continue
                grounded = grounder.ground(draft)
                # An article that says "there is no information" may be quoted, not retold.
                if draft.refuses and grounded.support < 1:
                    written.refused = True
                    continue
                held.append(_Held(grounded, not grounded.supported and _names_one(draft, sources)))
                if not any(each.repairable for each in held) and _any_stands(held, written):
                    yield from self._tell(held, written, cite)
                    held.clear()
        except LanguageModelError as error:
            written.failure = str(error)
        repaired = self._all_repaired(question, held, grounder, written)
        if _any_stands(repaired, written):
            yield from self._tell(repaired, written, cite)
        else:
            written.dropped += len(repaired)
        return written

    def _drafts(
        self, question: str, sources: Sequence[Source], meter: Meter
    ) -> Iterator[Draft | None]:
        """The model's sentences, each once, until it ends or has to be ended; None between them."""
        drafts = Drafts()
        said: set[str] = set()
        length = repeats = 0
        reply = spoken(self.model, self._prompt(question, sources), self.timeout, meter)
        try:
            for piece in reply:
                yield None
                length += len(piece)
                for draft in drafts.feed(piece):
                    repeats += _key(draft) in said
                    if _key(draft) not in said:
                        said.add(_key(draft))
                        yield draft
                endless = length > MOST_CHARACTERS or drafts.waiting > LONGEST_SENTENCE
                if drafts.over or endless or repeats >= MOST_REPEATS or len(said) >= MOST_SENTENCES:
                    return
        finally:
            reply.close()
        for draft in drafts.close():
            if _key(draft) not in said:
                said.add(_key(draft))
                yield draft
        if not said:
            raise LanguageModelError("it said nothing")

    def _all_repaired(
        self, question: str, held: Sequence[_Held], grounder: Grounder, written: Written
    ) -> list[_Held]:
        left = MOST_REPAIRS
        repaired = []
        for each in held:
            if each.repairable and left and not written.failure:
                left -= 1
                again = self._repaired(question, each.grounded, grounder, written)
                repaired.append(_Held(again))
            else:
                repaired.append(each)
        return repaired

    def _repaired(
        self, question: str, grounded: Grounded, grounder: Grounder, written: Written
    ) -> Grounded:
        """The sentence as the model writes it again from its nearest quotes, if that stands."""
        prompt = load("repair", "problem", "quotes", "question", "sentence").fill(
            problem=fenced("; ".join(grounded.problems)),
            quotes="\n".join(fenced(quote.text) for quote in grounded.nearest),
            question=question,
            sentence=fenced(grounded.text),
        )
        drafts = Drafts()
        reply = spoken(self.model, prompt, self.timeout, written.meter)
        first: Draft | None = None
        try:
            for piece in reply:
                first = next(drafts.feed(piece), None)
                if first or drafts.over or drafts.waiting > LONGEST_SENTENCE:
                    break
            else:
                first = next(drafts.close(), None)
        except LanguageModelError as error:  # the draft is there: only this sentence is lost
            _LOG.warning("a sentence could not be repaired: %s", error)
        finally:
            reply.close()
        again = grounder.ground(first) if first else grounded
        return again if again.supported else grounded

    def _tell(self, held: Sequence[_Held], written: Written, cite: Cite) -> Iterator[str]:
        """Say what is supported; drop what is not, or say it with a mark."""
        for grounded in (each.grounded for each in held):
            if grounded.supported or self.ungrounded == "mark":
                yield _said(grounded, written, cite)
            else:
                written.dropped += 1
                _LOG.info("dropped (%s): %s", "; ".join(grounded.problems), grounded.text)

    def _prompt(self, question: str, sources: Sequence[Source]) -> str:
        if self.short:
            prompt = load("answer_short", "sources", "question")
            return prompt.fill(sources=told(sources), question=question)
        prompt = load("answer", "sources", "question", "refusal")
        return prompt.fill(sources=told(sources), question=question, refusal=ABSTENTION)


def writer_of(model: BaseChatModel, encoder: Encoder, settings: Settings) -> Writer:
    """A writer for a chat model, with as much evidence as the model can make use of."""
    short = (
        not is_capable(model) if settings.llm_prompt == "auto" else settings.llm_prompt == "short"
    )
    tokens, most = SHORT if short else FULL
    ungrounded = settings.ungrounded
    if ungrounded == "auto":
        # What a small model gets wrong says little of the evidence, a capable one's failure does.
        ungrounded = "quote" if short else "drop"
    return Writer(
        model,
        encoder,
        SupportScorer(encoder),
        short=short,
        timeout=settings.llm_timeout,
        tokens=min(tokens, context_tokens(model) // 3),
        most=most,
        ungrounded=ungrounded,
    )


def with_markers(sentence: AnswerSentence) -> str:
    """A sentence as an answer's text has it: "It rained. [1][3]"."""
    markers = "".join(f"[{number}]" for number in sentence.citations)
    return f"{sentence.text} {markers or UNSUPPORTED}"


def _said(grounded: Grounded, written: Written, cite: Cite) -> str:
    """Add a sentence, its quotes numbered as they come up; returns the piece of text."""
    known = {(each.article_id, each.start, each.end): each for each in written.citations}
    numbers = []
    for quote in grounded.quotes:
        key = (quote.passage.article_id, *quote.span)
        if key not in known:
            known[key] = cite(quote, len(known) + 1)
            written.citations.append(known[key])
        numbers.append(known[key].number)
    sentence = AnswerSentence(grounded.text, tuple(numbers), round(grounded.support, 3))
    space = " " if written.sentences else ""
    written.sentences.append(sentence)
    return space + with_markers(sentence)


def _any_stands(held: Sequence[_Held], written: Written) -> bool:
    """Whether anything is supported so far: marked sentences alone are no answer."""
    return bool(written.citations) or any(each.grounded.supported for each in held)


def _names_one(draft: Draft, sources: Sequence[Source]) -> bool:
    """Whether a sentence names a source: one from the model's memory has none to be mended by."""
    return any(source.number in draft.markers for source in sources)


def _key(draft: Draft) -> str:
    return " ".join(re.findall(r"\w+", draft.text.casefold()))
