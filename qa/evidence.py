"""Which sentences of the passages answer the question, and how well: late interaction.

Nothing is composed here and nothing refused: that is for `qa.quoting` and `qa.confidence`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from index.passages import Passage, Span
from index.processor import one_blas_thread
from index.tokens import TokenVectors, products
from qa.asked import Asked
from qa.recent import Recent
from qa.sentence_tokens import SentenceTokens, best_of_ranges
from qa.wanted import sums_up

if TYPE_CHECKING:
    from index.embedding import EncodedText, Encoder
    from index.store import Generation
    from qa.retriever import Hit

Floats = NDArray[np.float32]

WEIGHTS = {"own": 0.45, "window": 0.25, "passage": 0.15, "cosine": 0.10, "retrieval": 0.05}
"""How much each part of a sentence's score counts (see `LateInteraction`); the sum is 1."""

ENOUGH = 0.55
"""The cosine from which a token of the question is met: more for one makes up for no other."""

THE_SAME = 0.9
ORDER = 0.05
"""An FAQ question with this share of words in common is the one that is asked: then every sentence
of its answer matches in full, the first one best and each by so much less than the one before."""

CACHED_PASSAGES = 1000
"""Passages whose token vectors are kept in memory, about 15 KB each."""

Stored = Callable[[Sequence[str]], Mapping[str, TokenVectors]]
"""Gives the token vectors of those texts that it knows, by text (`Index.token_vectors`)."""

ANOTHER_TIME = 0.1
"""What a sentence's score loses where a year is asked about that neither its passage names nor its
article is of: and then it meets nothing, for it tells of another time."""
LEAD = 600
"""Characters at an article's beginning that say which year it is of, as its date does."""

TOLD = 0.08
"""What a sentence's score gains that signals what is asked for, a reason, an aim or a result."""
TOLD_MARGIN = 0.02
"""How much less it may meet what is asked than the best without: a "because" of something else."""
SUMMED_UP = 0.02
"""What a sentence's score loses then that sums up: it names all again, and tells it less fully."""

ALIKE = 0.37
"""The cosine that two tokens of a sentence have on average (in 2,199 of Wikipedia's)."""

_WORD = re.compile(r"[^\W_]+")
_YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sentence that may be quoted, its score in about 0..1, and the parts of the score.

    `match` holds, for every token of the question that counts, its best cosine in the sentence or
    right before it; `covered` is their weighted mean, each up to `ENOUGH`: how far the sentence
    meets all that is asked.
    """

    passage: Passage
    span: Span
    score: float
    own: float
    window: float
    around: float
    cosine: float
    covered: float = 0.0
    match: tuple[float, ...] = ()

    @property
    def quote(self) -> str:
        """The sentence, verbatim."""
        return self.passage.quote(self.span)


class EvidenceScorer(Protocol):
    """The seam: anything that scores the sentences of passages for a question."""

    def score(
        self, generation: Generation, question: str, encoded: EncodedText, hits: Sequence[Hit]
    ) -> list[Evidence]:
        """Every quotable sentence of the passages, best first."""


class LateInteraction:
    """Scores sentences by MaxSim over the embedding model's own token vectors.

    After ColBERT (Khattab and Zaharia, SIGIR 2020), with an untrained model: the passage is
    encoded once, its token vectors are cut by sentence, so that each sentence is seen in its
    context, and every token of the question takes its best cosine among a sentence's tokens.
    Words weigh by their inverse document frequency among the corpus's own sentences: in articles
    about one meeting its heroes' names say little. An FAQ pair whose question is the one that is
    asked matches it in full, whatever its tokens say, and its answer is read from its first
    sentence on.

    A sentence's score is the weighted mean of that match with the sentence itself ("own"); with
    the sentence and what stands right before it, where what "he" or "it" means is said
    ("window"); with its whole passage, title and heading included ("passage"); of the cosine of
    question and sentence ("cosine"); and of the passage's retrieval score ("retrieval"). A
    sentence that signals the reason, aim or result that is asked for gains a little. The weights
    were fitted on SQuAD's development questions to rank the answering sentence first, then rounded;
    `benchmarks/quality.py` measures what they give.
    """

    def __init__(
        self,
        encoder: Encoder,
        stored: Stored | None = None,
        retrieval: float = WEIGHTS["retrieval"],
    ) -> None:
        """What `stored` does not know is encoded.

        `retrieval` is what a passage's retrieval score counts, more where it is reranked.
        """
        self._encoder = encoder
        self._stored = stored
        self._retrieval = retrieval
        self._cache: Recent[str, TokenVectors] = Recent(CACHED_PASSAGES)

    def score(
        self, generation: Generation, question: str, encoded: EncodedText, hits: Sequence[Hit]
    ) -> list[Evidence]:
        """Every quotable sentence of the passages, best first."""
        best = max((hit.score for hit in hits), default=0.0) or 1.0
        tokens = self._tokens([hit.passage.embedded for hit in hits])
        readable = [
            (hit, text)
            for hit, text in zip(hits, tokens, strict=True)
            if hit.passage.sentences and len(text.spans)
        ]
        if not readable or not len(encoded.tokens):
            return []
        years = frozenset(_YEAR.findall(question))
        found = [
            _Found(
                hit.passage,
                text,
                retrieval=self._retrieval * hit.score / best,
                said_again=_said_again(question, hit.passage),
                elsewhen=bool(years) and not years & _years(generation, hit.passage, years),
            )
            for hit, text in readable
        ]
        with one_blas_thread():
            evidence = _scored(found, Asked.of(generation, question, encoded))
        return sorted(evidence, key=lambda piece: -piece.score)

    def read_ahead(self, passages: Sequence[Passage]) -> None:
        """Read what is stored for passages that are likely to be scored."""
        self._known([passage.embedded for passage in passages])

    def _tokens(self, texts: Sequence[str]) -> list[TokenVectors]:
        """Each text's token vectors: kept, stored or, where neither is so, encoded."""
        found = self._known(texts)
        if missing := _without(texts, found):
            encoded = self._encoder.encode_passages(missing)
            found |= self._kept(dict(zip(missing, map(TokenVectors.of, encoded), strict=True)))
        return [found[text] for text in texts]

    def _known(self, texts: Sequence[str]) -> dict[str, TokenVectors]:
        """The token vectors of those texts that are kept or stored."""
        found = {text: known for text in texts if (known := self._cache.get(text))}
        if (missing := _without(texts, found)) and self._stored:
            found |= self._kept(self._stored(missing))
        return found

    def _kept(self, tokens: Mapping[str, TokenVectors]) -> Mapping[str, TokenVectors]:
        for text, vectors in tokens.items():
            self._cache.put(text, vectors)
        return tokens


@dataclass(frozen=True, slots=True)
class _Found:
    """A passage with sentences, and its token vectors.

    `retrieval` is what its retrieval score adds to each sentence; `said_again` how far it is an FAQ
    pair about the very question, 0..1; `elsewhen` whether it tells of another year.
    """

    passage: Passage
    text: TokenVectors
    retrieval: float
    said_again: float
    elsewhen: bool


def _scored(found: Sequence[_Found], asked: Asked) -> list[Evidence]:
    """Every quotable sentence of the passages; all at once, since each call of numpy takes time.

    What is [s] or [s, ...] has a row a sentence, what is [p] one a passage.
    """
    compared = products([each.text for each in found], asked.vectors)
    similarity = np.ascontiguousarray(compared[:, :-1])
    sentences = SentenceTokens.of([(each.passage, each.text) for each in found])
    match = best_of_ranges(similarity, sentences.begins, sentences.ends)
    reach = np.maximum(match, best_of_ranges(similarity, *sentences.before))

    of = sentences.passages
    spans = [(each.passage, span) for each in found for span in each.passage.sentences]
    said_again = np.array([each.said_again for each in found], np.float32)
    anywhere = np.maximum.reduceat(similarity, sentences.firsts, axis=0)
    around = np.maximum(said_again, anywhere @ asked.weights)[of]
    again = said_again[of]
    own = match @ asked.weights
    window = np.maximum(again, reach @ asked.weights)
    same = again >= THE_SAME
    told = _told(spans, asked) & ~same[:, None]
    met = np.where(told, ENOUGH, np.minimum(reach, ENOUGH))
    covered = np.maximum(ENOUGH * again, met @ asked.weights)
    cosine = sentences.means(compared[:, -1]) / sentences.lengths_of_means(ALIKE)
    own = np.where(same, np.maximum(own, again - ORDER * sentences.numbers), own)
    cosine = np.where(same, np.maximum(cosine, again), cosine)
    elsewhen = np.array([each.elsewhen for each in found])[of]
    covered = np.where(elsewhen, 0, covered)
    retrieval = np.array([each.retrieval for each in found], np.float32)[of]
    score = (
        WEIGHTS["own"] * own
        + WEIGHTS["window"] * window
        + WEIGHTS["passage"] * around
        + WEIGHTS["cosine"] * cosine
        + retrieval
        - ANOTHER_TIME * elsewhen
    )
    as_good = covered >= covered[np.argmax(score)] - TOLD_MARGIN
    score = score + TOLD * (told.any(axis=1) & as_good) - SUMMED_UP * _sums_up(spans, asked)
    telling = reach[:, asked.weights > 0].tolist()
    parts = np.stack([score, own, window, around, cosine, covered], axis=1).tolist()
    return [
        Evidence(passage, span, total, alone, near, whole, close, met, tuple(tokens))
        for (passage, span), (total, alone, near, whole, close, met), tokens in zip(
            spans, parts, telling, strict=True
        )
        # A question in the text answers nothing, but what follows it may.
        if not passage.quote(span).rstrip("\"'”’)* ").endswith("?")
    ]


def _told(spans: Sequence[tuple[Passage, Span]], asked: Asked) -> NDArray[np.bool_]:
    """Whether a sentence signals the relation that a token of the question asks for [s, t]."""
    told = np.zeros((len(spans), asked.weights.size), bool)
    for token, signals in asked.signals:
        told[:, token] = [bool(signals.search(passage.quote(span))) for passage, span in spans]
    return told


def _sums_up(spans: Sequence[tuple[Passage, Span]], asked: Asked) -> NDArray[np.bool_]:
    """Whether a sentence sums up, where what is asked for can be told more fully [s]."""
    if not asked.signals:
        return np.zeros(len(spans), bool)
    return np.array([sums_up(passage.quote(span)) for passage, span in spans])


def _years(generation: Generation, passage: Passage, asked: frozenset[str]) -> frozenset[str]:
    """The years that a passage names and its article is of; all that are asked, if it has no date.

    What an undated article tells of is not known.
    """
    if passage.date is None:
        return asked
    lead = generation.article(passage.article_id).text[:LEAD]
    return frozenset(_YEAR.findall(f"{passage.embedded} {lead} {passage.date.year}"))


def _said_again(question: str, passage: Passage) -> float:
    """The share of words that a question and an FAQ pair's question have in common, 0..1."""
    if passage.kind != "faq":
        return 0.0
    asked, listed = (
        {match.group() for match in _WORD.finditer(text.casefold())}
        for text in (question, passage.heading)
    )
    return len(asked & listed) / max(1, len(asked | listed))


def _without(texts: Sequence[str], found: Mapping[str, TokenVectors]) -> list[str]:
    return list(dict.fromkeys(text for text in texts if text not in found))
