"""Where the sentences of several passages lie among all their tokens, to be scored in one go.

It counts and adds up; what the figures mean is for `qa.evidence`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from index.passages import Passage
from index.tokens import TokenVectors

Floats = NDArray[np.float32]
Rows = NDArray[np.int64]

_APART = 2**40
"""How far apart the characters of different passages are counted: farther than any text is long."""


@dataclass(frozen=True, slots=True)
class SentenceTokens:
    """The tokens of `s` sentences of `p` passages, as rows of all tokens one below the other.

    `begins` and `ends` are int [s], each sentence's first token and the one after its last;
    `before` the same of what stands right before it, the title and heading for a first sentence;
    `passages` [s] says which passage it is of, `numbers` [s] which of that passage's sentences it
    is, and `firsts` [p] is the first token of each passage.
    """

    begins: Rows
    ends: Rows
    before: tuple[Rows, Rows]
    passages: Rows
    numbers: Rows
    firsts: Rows

    @classmethod
    def of(cls, texts: Sequence[tuple[Passage, TokenVectors]]) -> SentenceTokens:
        """Of passages that all have sentences and tokens."""
        lengths = np.array([len(tokens.spans) for _passage, tokens in texts])
        counts = np.array([len(passage.sentences) for passage, _tokens in texts])
        firsts, heads = (np.cumsum(sizes) - sizes for sizes in (lengths, counts))
        passages = np.repeat(np.arange(len(texts)), counts)
        # Token spans count in the embedded text, which begins with title and heading.
        offsets = [passage.start - len(passage.context) for passage, _tokens in texts]
        apart = _APART * np.arange(len(texts))
        moved = np.repeat(np.array(offsets) + apart, lengths)
        tokens = np.concatenate([tokens.spans for _passage, tokens in texts]) + moved[:, None]
        spans = np.concatenate([np.array(passage.sentences) for passage, _tokens in texts])
        spans = spans + apart[passages, None]
        begins = np.searchsorted(tokens[:, 0], spans[:, 0])
        ends = np.maximum(begins, np.searchsorted(tokens[:, 1], spans[:, 1], side="right"))
        before_begins, before_ends = np.roll(begins, 1), np.roll(ends, 1)
        before_begins[heads], before_ends[heads] = firsts, begins[heads]
        numbers = np.arange(len(spans)) - heads[passages]
        return cls(begins, ends, (before_begins, before_ends), passages, numbers, firsts)

    def means(self, values: Floats) -> Floats:
        """The mean over each sentence's tokens of a value [t] of each, float32 [s]; 0 for none."""
        upto = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
        sums = upto[self.ends] - upto[self.begins]
        return np.asarray(sums / self._counts, np.float32)

    def lengths_of_means(self, alike: float) -> Floats:
        """How long the mean of each sentence's token vectors is, float32 [s], to some hundredths.

        It is what the mean of n unit vectors has whose cosines with one another are `alike` on
        average. To add the vectors up would take as long as to compare them with the question.
        """
        return np.asarray(np.sqrt(alike + (1 - alike) / self._counts), np.float32)

    @property
    def _counts(self) -> Rows:
        """How many tokens each sentence has, and 1 for none."""
        return np.asarray(np.maximum(self.ends - self.begins, 1))


def best_of_ranges(rows: Floats, begins: Rows, ends: Rows) -> Floats:
    """The largest of the rows [n, d] of each range [s], float32 [s, d]; 0 where one is empty."""
    padded = np.concatenate([rows, np.zeros_like(rows[:1])])  # a range may end with the last row
    borders = np.stack([begins, ends], axis=1).ravel()
    best: Floats = np.maximum.reduceat(padded, borders, axis=0)[::2]
    best[begins == ends] = 0
    return best
