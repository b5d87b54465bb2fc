"""A question as evidence is weighed by it: token vectors, what each counts, what signals an answer.

It reads the question and how often words occur; no passage.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.tokens import turned
from qa.wanted import relations

if TYPE_CHECKING:
    from index.embedding import EncodedText
    from index.store import Generation

Floats = NDArray[np.float32]

RARITY = 0.75
"""Between ½, where what tells questions apart counts too little, and 1, where one word is all."""

_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question: its token vectors, then its own, turned [t + 1, d]; and its tokens' weights [t].

    `signals` are those of the relations that it asks for, each after the token that does.
    """

    vectors: Floats
    weights: Floats
    signals: Sequence[tuple[int, re.Pattern[str]]]

    @classmethod
    def of(cls, generation: Generation, question: str, encoded: EncodedText) -> Asked:
        """A question that is encoded, weighed by the sentences of a corpus."""
        return cls(
            turned(np.vstack([encoded.tokens, encoded.vector])),
            token_weights(generation, question, encoded),
            _signals(question, encoded),
        )


def token_weights(generation: Generation, question: str, encoded: EncodedText) -> Floats:
    """How much each token of the question counts, float32 [t], sum 1.

    A word counts its inverse document frequency (as in BM25) among the sentences of the corpus, to
    the power `RARITY`, shared by its tokens: a name that the model knows only in pieces is one
    word. Tokens of no word count nothing.
    """
    words = [(match.start(), match.end(), match.group()) for match in _WORD.finditer(question)]
    counts, sentences = generation.sentence_frequencies([word for _, _, word in words])
    weights = np.zeros(len(encoded.spans), np.float32)
    for (start, end, _word), count in zip(words, counts, strict=True):
        inside = (encoded.spans[:, 0] >= start) & (encoded.spans[:, 1] <= end)
        pieces = inside & (encoded.spans[:, 1] > encoded.spans[:, 0])
        rarity = math.log(1 + (max(sentences, count) - count + 0.5) / (count + 0.5))
        weights[pieces] = rarity**RARITY / max(1, int(pieces.sum()))
    total = float(weights.sum())
    return weights / total if total else weights


def _signals(question: str, encoded: EncodedText) -> list[tuple[int, re.Pattern[str]]]:
    return [
        (number, relation.signals)
        for (start, end), relation in relations(question)
        for number, (begin, stop) in enumerate(encoded.spans.tolist())
        if start <= begin < stop <= end
    ]
