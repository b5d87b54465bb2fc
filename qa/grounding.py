"""A drafted sentence, held to its sources: which of their sentences it rests on, if any.

It changes no sentence and asks no model; what becomes of one without support is for `qa.writing`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from index.passages import Passage, Span
from qa.drafting import Draft
from qa.sources import Source
from qa.support import Support

if TYPE_CHECKING:
    from index.embedding import Encoder
    from qa.support import SupportScorer

LOOKED_AT = 4
"""Sentences of the sources, the nearest ones, that a drafted sentence is laid beside one by one."""
TOGETHER = 3
"""Of these, how many are tried two by two when none supports it alone: the more are taken together,
the more can be made of them that none of them says."""
_QUOTED = re.compile(r"[“\"]([^“”\"]{8,})[”\"]")


@dataclass(frozen=True, slots=True)
class Quotable:
    """A sentence of a source: what a citation is made of."""

    passage: Passage
    span: Span

    @property
    def text(self) -> str:
        """The sentence, verbatim."""
        return self.passage.quote(self.span)


@dataclass(frozen=True, slots=True)
class Grounded:
    """A drafted sentence and the quotes that support it, in the order of the text.

    Where nothing supports it, `quotes` is empty, `support` the best score that was reached, below
    0.5, and `problems` says in short words what is missing. `nearest` are the quotes that came
    closest, for a repair.
    """

    text: str
    quotes: tuple[Quotable, ...]
    support: float
    problems: tuple[str, ...] = ()
    nearest: tuple[Quotable, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether the sentence may stand."""
        return bool(self.quotes)


class Grounder:
    """Holds the sentences of one answer to its sources, whose sentences are encoded once.

    The sentences of the sources that a draft names are tried first, then all others: a wrong
    marker gives way to the quote that does support the sentence, and a missing one is found. The
    fewest quotes that will do are taken: one, else two of the nearest together.
    """

    def __init__(self, encoder: Encoder, scorer: SupportScorer, sources: Sequence[Source]) -> None:
        self._encoder = encoder
        self._scorer = scorer
        self._numbers = [source.number for source in sources for _ in source.spans]
        self._quotes = [
            Quotable(source.passage, span) for source in sources for span in source.spans
        ]
        encoded = encoder.encode_passages([quote.text for quote in self._quotes])
        self._vectors = np.stack([text.vector for text in encoded])

    def ground(self, draft: Draft) -> Grounded:
        """The draft with the quotes that support it; without any when none do."""
        (encoded,) = self._encoder.encode_passages([draft.text])
        order = [int(at) for at in np.argsort(-(self._vectors @ encoded.vector), kind="stable")]
        named = [at for at in order if self._numbers[at] in draft.markers]
        best = Support(0.0, ("no source was named that there is",))
        nearest: tuple[Quotable, ...] = ()
        for places in (named, order) if named else (order,):
            for group in _groups(places):
                quotes = tuple(self._quotes[at] for at in sorted(group))
                support = self._check(draft.text, quotes)
                if support.supported:
                    return Grounded(draft.text, quotes, support.score)
                if support.score >= best.score:
                    best, nearest = support, quotes
        return Grounded(draft.text, (), best.score, best.problems, nearest)

    def _check(self, sentence: str, quotes: Sequence[Quotable]) -> Support:
        texts = [quote.text for quote in quotes]
        if invented := _invented(sentence, texts):
            return Support(0.0, (f"“{invented}” is not quoted from them",))
        return self._scorer.check(sentence, texts, context(quotes))


def _groups(places: Sequence[int]) -> Iterable[tuple[int, ...]]:
    """What is tried, in its order: each of the nearest alone, then two of them together."""
    yield from ((at,) for at in places[:LOOKED_AT])
    yield from combinations(places[:TOGETHER], 2)


def context(quotes: Iterable[Quotable]) -> tuple[str, ...]:
    """What a reader of the quotes knows: title, heading and date, and the sentence before.

    It is what `SupportScorer` takes for a context; each piece is there once.
    """
    known: dict[str, None] = {}
    for quote in quotes:
        passage = quote.passage
        known[passage.title] = known[passage.heading] = None
        if passage.date:
            known[f"{passage.date.day} {passage.date:%B %Y}"] = None
        at = passage.sentences.index(quote.span)
        if at:
            known[passage.quote(passage.sentences[at - 1])] = None
    return tuple(text for text in known if text)


def _invented(sentence: str, quotes: Sequence[str]) -> str:
    """Words that the sentence gives as a quotation and that nobody said so; "" without any."""
    there = _plain(" ".join(quotes))
    for match in _QUOTED.finditer(sentence):
        if _plain(match[1]) not in there and len(match[1].split()) > 2:
            return match[1]
    return ""


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
