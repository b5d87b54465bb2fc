"""A sentence's tokens and words laid beside those of its quotes, by the model's own vectors.

It measures how much of the sentence has a counterpart; what that means is for `qa.support`.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.embedding import EncodedText, unit
from qa.disagreement import date_parts
from qa.support.claims import digits
from qa.support.names import Known, names, unify
from qa.support.wording import Word, words_of

if TYPE_CHECKING:
    from index.embedding import Encoder

Floats = NDArray[np.float32]

PRESENT = 0.6
"""The cosine from which a token of a sentence counts as said in the quotes."""
KEPT = 1024
"""Texts whose vectors are kept: a sentence is tried against several quotes, and they against it."""


@dataclass(frozen=True, slots=True)
class Alignment:
    """A sentence beside its quotes.

    `missing` is the sum over its tokens of what their best cosines lack to 0.6, 0 when none does;
    `intruder`, 0..0.5, how much a telling word without a match stands out among words that are the
    quotes' own. `similarity` [ours, theirs] are the cosines of the words, 1 for one stem, and
    `best` [ours] the best of each word.
    """

    missing: float
    intruder: float
    ours: tuple[Word, ...]
    theirs: tuple[Word, ...]
    similarity: Floats
    best: Floats


class Aligner:
    """Lays sentences beside quotes and keeps the vectors of the last texts; safe in threads."""

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder
        self._kept: OrderedDict[str, EncodedText] = OrderedDict()
        self._lock = Lock()

    def align(self, sentence: str, quotes: Sequence[str], context: Sequence[str] = ()) -> Alignment:
        """The sentence beside its quotes; "the lunch" is no intruder when the context has it."""
        encoded, *others = self._encode([sentence, *quotes])
        said = "\n".join(quotes)
        sure = frozenset(n.text for text in (sentence, said) for n in names(text) if n.sure)
        ours, theirs = words_of(sentence, sure), words_of(said, sure)
        similarity = _similarity(
            ours,
            theirs,
            _word_vectors(ours, [encoded], [sentence]),
            _word_vectors(theirs, others, quotes),
        )
        exact = _exact(ours, quotes)
        best = np.maximum(similarity.max(axis=1, initial=0.0), exact)
        there = np.concatenate([other.tokens for other in others])
        tokens = (encoded.tokens @ there.T).max(axis=1, initial=0.0)
        for word in (word for word, found in zip(ours, exact, strict=True) if found):
            inside = (encoded.spans[:, 0] >= word.start) & (encoded.spans[:, 1] <= word.end)
            tokens[inside] = 1.0
        missing = np.clip(PRESENT - tokens, 0, None).sum()
        known = {word.stem for text in context for word in words_of(text)}
        telling = best[
            [
                word.telling and not (word.stem in known and _definite(ours, row))
                for row, word in enumerate(ours)
            ]
        ]
        return Alignment(float(missing), _intruder(telling), ours, theirs, similarity, best)

    def _encode(self, texts: Sequence[str]) -> list[EncodedText]:
        """The texts' vectors, those that are not kept encoded in one batch."""
        with self._lock:
            found = {text: self._kept[text] for text in texts if text in self._kept}
        new = [text for text in dict.fromkeys(texts) if text not in found]
        if new:
            found.update(zip(new, self._encoder.encode_passages(new), strict=True))
        with self._lock:
            for text in texts:
                self._kept[text] = found[text]
                self._kept.move_to_end(text)
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return [found[text] for text in texts]


def _definite(words: Sequence[Word], position: int) -> bool:
    """Whether a word is one that all know, as "the lunch" or "the lunch's"."""
    before = words[position - 1].lower if position else ""
    return before in ("the", "this", "that", "these", "those", "its", "their", "his", "her")


def _intruder(matches: Floats) -> float:
    """The worst match's distance, weighted by the share of exact ones above a half.

    A free wording has many weak matches and few exact ones, an invention one among exact ones.
    """
    if not len(matches):
        return 0.0
    exact = float((matches >= 1 - 1e-3).mean())
    return max(0.0, exact - 0.4) * (1.0 - float(matches.min()))


def _word_vectors(
    words: Sequence[Word], encoded: Sequence[EncodedText], texts: Sequence[str]
) -> Floats:
    """A unit vector a word, float32 [w, d]: the mean of its tokens'; 0 for what was cut off.

    The words are those of the texts joined by line ends.
    """
    tokens = np.concatenate([text.tokens for text in encoded])
    starts = np.cumsum([0, *(len(text) + 1 for text in texts[:-1])])
    spans = np.concatenate(
        [text.spans + start for text, start in zip(encoded, starts, strict=True)]
    )
    vectors = np.zeros((len(words), tokens.shape[1]), np.float32)
    for row, word in enumerate(words):
        inside = (spans[:, 0] >= word.start) & (spans[:, 1] <= word.end)
        if inside.any():
            vectors[row] = tokens[inside].mean(axis=0)
    return unit(vectors)


def _similarity(
    ours: Sequence[Word], theirs: Sequence[Word], left: Floats, right: Floats
) -> Floats:
    stems, others = (np.array([word.stem for word in words], str) for words in (ours, theirs))
    same = stems[:, None] == others[None, :]
    return np.asarray(np.where(same, 1.0, left @ right.T), np.float32)


def _exact(ours: Sequence[Word], quotes: Sequence[str]) -> Floats:
    """1 for names and numbers that are compared letter by letter, in whatever form, else 0."""
    found = np.zeros(len(ours), np.float32)
    known = Known(quotes)
    for row, word in enumerate(ours):
        named = word.name and any(known.has(name) for name in names(unify(word.text)))
        if named or _is_number(word.text):
            found[row] = 1.0
    return found


def _is_number(word: str) -> bool:
    """Whether a word counts or dates: where it is missing in the quotes, that is told apart."""
    fraction = word.lower() in ("percent", "cent", "quarter", "half", "dozen")
    return fraction or digits(word) != word or any(map(str.isdigit, word)) or bool(date_parts(word))
