"""Which sentences of the passages answer the question, and how well: late interaction.

Nothing is composed here and nothing refused: that is for `qa.quoting` and `qa.confidence`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from index.passages import Passage, Span
from qa.recent import Recent

if TYPE_CHECKING:
    from index.embedding import EncodedText, Encoder
    from index.store import Generation
    from qa.retriever import Hit

Floats = NDArray[np.float32]

WEIGHTS = {"own": 0.45, "window": 0.25, "passage": 0.15, "cosine": 0.10, "retrieval": 0.05}
"""How much each part of a sentence's score counts (see `LateInteraction`); the sum is 1."""

CACHED_PASSAGES = 1000
"""Passages whose token vectors are kept in memory, about 0.2 MB each."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One sentence that may be quoted, its score in about 0..1, and the parts of the score.

    `match` holds, for every token of the question that counts, its best cosine in the sentence or
    right before it.
    """

    passage: Passage
    span: Span
    score: float
    own: float
    window: float
    around: float
    cosine: float
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
    Tokens weigh by the square root of their word's inverse document frequency among the
    corpus's own sentences: in articles about one meeting its heroes' names say little. An FAQ
    pair whose question is the one that is asked matches it in full, whatever its tokens say.

    A sentence's score is the weighted mean of that match with the sentence itself ("own"); with
    the sentence and what stands right before it, where what "he" or "it" means is said
    ("window"); with its whole passage, title and heading included ("passage"); of the cosine of
    question and sentence ("cosine"); and of the passage's retrieval score ("retrieval"). The
    weights were fitted on SQuAD's development questions to rank the answering sentence first, then
    rounded; `benchmarks/quality.py` measures what they give.
    """

    def __init__(self, encoder: Encoder, retrieval: float = WEIGHTS["retrieval"]) -> None:
        """`retrieval` is what a passage's retrieval score counts, more where it is reranked."""
        self._encoder = encoder
        self._retrieval = retrieval
        self._cache: Recent[str, EncodedText] = Recent(CACHED_PASSAGES)

    def score(
        self, generation: Generation, question: str, encoded: EncodedText, hits: Sequence[Hit]
    ) -> list[Evidence]:
        """Every quotable sentence of the passages, best first."""
        weights = token_weights(generation, question, encoded)
        best = max((hit.score for hit in hits), default=0.0) or 1.0
        encoded_passages = self._encoded([hit.passage for hit in hits])
        evidence = [
            piece
            for hit, passage in zip(hits, encoded_passages, strict=True)
            for piece in _score_passage(
                hit.passage,
                passage,
                encoded,
                weights,
                retrieval=self._retrieval * hit.score / best,
                asked=_said_again(question, hit.passage),
            )
        ]
        return sorted(evidence, key=lambda piece: -piece.score)

    def _encoded(self, passages: Sequence[Passage]) -> list[EncodedText]:
        texts = [passage.embedded for passage in passages]
        found = {text: known for text in texts if (known := self._cache.get(text))}
        new = list(dict.fromkeys(text for text in texts if text not in found))
        for text, encoded in zip(new, self._encoder.encode_passages(new), strict=True):
            found[text] = encoded
            self._cache.put(text, encoded)
        return [found[text] for text in texts]


def token_weights(generation: Generation, question: str, encoded: EncodedText) -> Floats:
    """How much each token of the question counts, float32 [t], sum 1.

    The square root of the inverse document frequency (as in BM25) of the token's word among the
    sentences of the corpus; tokens of no word count nothing.
    """
    words = [(match.start(), match.end(), match.group()) for match in _WORD.finditer(question)]
    counts, sentences = generation.sentence_frequencies([word for _, _, word in words])
    weights = np.zeros(len(encoded.spans), np.float32)
    for (start, end, _word), count in zip(words, counts, strict=True):
        inside = (encoded.spans[:, 0] >= start) & (encoded.spans[:, 1] <= end)
        rarity = math.log(1 + (max(sentences, count) - count + 0.5) / (count + 0.5))
        weights[inside & (encoded.spans[:, 1] > encoded.spans[:, 0])] = math.sqrt(rarity)
    total = float(weights.sum())
    return weights / total if total else weights


def _score_passage(
    passage: Passage,
    tokens: EncodedText,
    question: EncodedText,
    weights: Floats,
    *,
    retrieval: float,
    asked: float,
) -> list[Evidence]:
    """The sentences of one passage.

    `retrieval` is what its retrieval score adds to each; `asked` how far it is an FAQ pair
    about the very question, 0..1.
    """
    if not len(tokens.tokens) or not len(question.tokens):
        return []
    similarity = question.tokens @ tokens.tokens.T
    around = max(asked, float(weights @ similarity.max(axis=1)))
    # Token spans count in the embedded text, which begins with title and heading.
    spans = tokens.spans + (passage.start - len(passage.context))
    first = passage.sentences[0][0] if passage.sentences else passage.start
    before = _best_match(similarity, spans[:, 0] < first)
    evidence = []
    for span in passage.sentences:
        # A question in the text answers nothing, but what follows it may.
        is_question = passage.quote(span).rstrip("\"'”’)* ").endswith("?")
        inside = (spans[:, 0] >= span[0]) & (spans[:, 1] <= span[1])
        match = _best_match(similarity, inside)
        vector = tokens.tokens[inside].sum(axis=0)
        own = float(weights @ match)
        reach = np.maximum(match, before)
        window = max(asked, float(weights @ reach))
        cosine = float(vector @ question.vector) / max(float(np.linalg.norm(vector)), 1e-9)
        score = (
            WEIGHTS["own"] * own
            + WEIGHTS["window"] * window
            + WEIGHTS["passage"] * around
            + WEIGHTS["cosine"] * cosine
            + retrieval
        )
        if not is_question:
            telling = tuple(reach[weights > 0].tolist())
            evidence.append(Evidence(passage, span, score, own, window, around, cosine, telling))
        before = match
    return evidence


def _said_again(question: str, passage: Passage) -> float:
    """The share of words that a question and an FAQ pair's question have in common, 0..1."""
    if passage.kind != "faq":
        return 0.0
    asked, listed = (
        {match.group() for match in _WORD.finditer(text.casefold())}
        for text in (question, passage.heading)
    )
    return len(asked & listed) / max(1, len(asked | listed))


def _best_match(similarity: Floats, columns: NDArray[np.bool_]) -> Floats:
    """Each question token's best cosine among some of the passage's tokens, 0 without any."""
    if not columns.any():
        return np.zeros(len(similarity), np.float32)
    return np.asarray(similarity[:, columns].max(axis=1), np.float32)
