"""How well quotes support a sentence, and what is missing when they do not.

It stands in for an entailment model: words are matched softly by the embedding model's own token
vectors, and numbers, dates, names and negations must be there. It changes no sentence.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from index.embedding import unit
from qa.claims import digits, missing_claims
from qa.disagreement import date_parts
from qa.names import Known, names, unify
from qa.opposition import opposed
from qa.wording import Word, words_of

if TYPE_CHECKING:
    from index.embedding import EncodedText, Encoder

Floats = NDArray[np.float32]

SUPPORTED = 0.5
"""The score from which a sentence counts as supported."""
OPENING = 0.4
"""The cosine from which the first word stands in a name's place."""
CAP = 0.45
"""What a score is multiplied with when something is missing or said otherwise."""
STRETCH = 3
"""Telling words in a row that are looked at together: words of a paraphrase that have no match
stand apart, those of an invention side by side."""
COEFFICIENTS = {"stretch": 5.7, "cosine": 1.3}
INTERCEPT = -4.3
"""The logistic. Fitted on ClapNQ's human answers against the sentences they were written from, the
other sentences of the passage, and the first with a clause of the others added; and on 75
sentences written for the purpose; then rounded, the intercept raised by 0.2 by hand, since most of
those answers keep the words of their sources and a paraphrase does not."""

_MARKER = re.compile(r"\s*\[\d{1,3}(?:\s*[,–-]\s*\d{1,3})*\]")
_ATTRIBUTION = re.compile(
    r"^\s*(?:According to|In|As reported in)\s+(?:“.{1,300}?”|\".{1,300}?\")"
    r"(?:\s*\([^)]*\))?\s*[:,]\s*"
    r"|^\s*(?:The )?[A-Z][\w.’'-]*(?: [A-Z][\w.’'-]*){0,3} (?:reports|writes)(?: that\b|:|,)\s*"
)
_PRONOUN = re.compile(
    r"\b(?:he|she|it|they|his|her|its|their|him|them|this|these|both|the two)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class Support:
    """How well a sentence is supported, 0..1, and what speaks against it, in short words."""

    score: float
    problems: tuple[str, ...] = ()

    @property
    def supported(self) -> bool:
        """Whether the quotes bear the sentence out."""
        return self.score >= SUPPORTED


class SupportScorer:
    """Says how well quotes support a sentence, by soft recall and hard conditions.

    A sentence that is whole quotes, with or without "According to …:" before them, has 1.0 and
    costs nothing. Every other one: each of its words takes its best match among the quotes' words
    by the cosine of their contextual token vectors (the recall of BERTScore, Zhang et al., ICLR
    2020), function words left out; the worst stretch of it and the cosine of the sentences go into
    a logistic. A number, date or name that the quotes do not have, a negation
    on one side only, a possibility told as a fact, an opposite or changed roles keep the score
    below 0.5, whatever the words say.

    It is no entailment model: a sentence near its quotes in words is judged well, a free retelling,
    one that calculates or one that says who "he" is, is often taken for unsupported.
    `benchmarks/support.py` measures how often.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._encoder = encoder

    def score(self, sentence: str, quotes: Sequence[str], context: Sequence[str] = ()) -> float:
        """How well the quotes support the sentence, 0..1; from 0.5 on it counts as supported."""
        return self.check(sentence, quotes, context).score

    def check(self, sentence: str, quotes: Sequence[str], context: Sequence[str] = ()) -> Support:
        """The score and its reasons.

        Names and dates of `context`, an article's title and date, count as known; it supports
        nothing by itself. Without quotes the score is 0.
        """
        claim = _ATTRIBUTION.sub("", _MARKER.sub("", sentence)).strip()
        quotes = [quote for quote in quotes if quote.strip()]
        if not claim or not quotes:
            return Support(0.0, ("there is no quote",) if claim else ())
        if said_in_quotes(claim, quotes) or said_in_quotes(_MARKER.sub("", sentence), quotes):
            return Support(1.0)
        return self._compare(claim, quotes, context)

    def features(
        self, sentence: str, quotes: Sequence[str], context: Sequence[str] = ()
    ) -> dict[str, float]:
        """What the logistic is of, by name; each about 0..1, more is better."""
        return self._match(sentence, quotes, context).features

    def _compare(self, claim: str, quotes: Sequence[str], context: Sequence[str]) -> Support:
        match = self._match(claim, quotes, context)
        logit = INTERCEPT + sum(
            COEFFICIENTS[name] * value for name, value in match.features.items()
        )
        score = 1 / (1 + math.exp(-logit))
        problems = (
            *missing_claims(claim, quotes, context),
            *_other_name(match, quotes, context),
            *opposed(match.ours, match.theirs, match.similarity, claim, "\n".join(quotes)),
        )
        if problems:
            return Support(score * CAP, problems)
        return Support(score) if score >= SUPPORTED else Support(score, (_unmatched(match),))

    def _match(self, claim: str, quotes: Sequence[str], context: Sequence[str]) -> _Match:
        encoded, *others = self._encoder.encode_passages([claim, *quotes])
        joined = "\n".join(quotes)
        ours, theirs = words_of(claim), words_of(joined)
        similarity = _similarity(
            ours,
            theirs,
            _word_vectors(ours, [encoded], [claim]),
            _word_vectors(theirs, others, quotes),
        )
        best = np.maximum(similarity.max(axis=1, initial=0.0), _exact(ours, quotes))
        counting = _counting(ours, quotes, context)
        together = np.sum([other.vector for other in others], axis=0)
        together /= max(float(np.linalg.norm(together)), 1e-9)
        vectors = [together, *(other.vector for other in others)]
        features = {
            "stretch": _worst_stretch(best[counting]),
            "cosine": max(float(encoded.vector @ vector) for vector in vectors),
        }
        return _Match(features, ours, theirs, similarity, best)


@dataclass(frozen=True, slots=True)
class _Match:
    """A sentence's words laid beside the quotes', their cosines [ours, theirs], and the best."""

    features: dict[str, float]
    ours: tuple[Word, ...]
    theirs: tuple[Word, ...]
    similarity: Floats
    best: Floats


def said_in_quotes(sentence: str, quotes: Sequence[str]) -> bool:
    """Whether a sentence is nothing but whole quotes, in any order, space aside."""
    rest = _plain(sentence)
    pieces = sorted({_plain(quote) for quote in quotes}, key=len, reverse=True)
    for piece in pieces:
        rest = " ".join(rest.replace(piece, " ", 1).split()) if piece else rest
    return not rest


def _plain(text: str) -> str:
    return " ".join(text.split())


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


def _worst_stretch(matches: Floats) -> float:
    """The mean of the worst `STRETCH` matches in a row: what is invented stands together."""
    if len(matches) <= STRETCH:
        return float(matches.mean()) if len(matches) else 1.0
    return min(
        float(matches[start : start + STRETCH].mean())
        for start in range(len(matches) - STRETCH + 1)
    )


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


def _counting(
    ours: Sequence[Word], quotes: Sequence[str], context: Sequence[str]
) -> NDArray[np.bool_]:
    """Which words have to be matched: the telling ones, less the names that "he" stands for."""
    counting = np.array([word.telling for word in ours], bool)
    if context and _PRONOUN.search(" ".join(quotes)):
        known, quoted = Known(context), Known(quotes)
        for row, word in enumerate(ours):
            for name in names(unify(word.text)) if word.name else ():
                counting[row] &= quoted.has(name) or not known.has(name)
    return counting


def _other_name(match: _Match, quotes: Sequence[str], context: Sequence[str]) -> tuple[str, ...]:
    """The word that opens the sentence, where it stands for a name that the quotes have.

    Its capital says nothing; that its nearest word in the quotes is a name does.
    """
    if not match.ours or not match.theirs:
        return ()
    word, nearest = match.ours[0], int(match.similarity[0].argmax())
    if word.name or not word.telling or word.lower.endswith("s"):
        return ()
    if not match.theirs[nearest].name or match.similarity[0, nearest] < OPENING:
        return ()
    there = {other.stem for text in (*quotes, *context) for other in words_of(text)}
    known = Known([*quotes, *context])
    if word.stem in there or all(known.has(name) for name in names(unify(word.text))):
        return ()
    return (f"the name {word.text} is not in the quotes",)


def _unmatched(match: _Match) -> str:
    """The words that have the least to do with the quotes."""
    telling = [row for row, word in enumerate(match.ours) if word.telling]
    worst = sorted(telling, key=lambda row: float(match.best[row]))[:STRETCH]
    shown = ", ".join(f"“{match.ours[row].text}”" for row in sorted(worst))
    return f"the quotes do not speak of {shown}" if shown else "the quotes speak of something else"
