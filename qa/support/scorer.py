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

from qa.support.additions import added
from qa.support.alignment import PRESENT, Aligner, Alignment
from qa.support.claims import missing_claims
from qa.support.excess import said_beyond
from qa.support.names import Known, names, unify
from qa.support.opposition import opposed
from qa.support.reference import resolve
from qa.support.swaps import swapped
from qa.support.wording import words_of

if TYPE_CHECKING:
    from index.embedding import Encoder

SUPPORTED = 0.5
"""The score from which a sentence counts as supported."""
OPENING = 0.4
"""The cosine from which the first word stands in a name's place."""
CAP = 0.45
"""What a score is multiplied with when something is missing or said otherwise."""
NOWHERE = 0.12
"""The cosine below which a telling word has nothing to do with any word of the quotes."""
SHORT, SHORT_NOWHERE = 4, 0.4
"""The same in a sentence of at most so many telling words."""
LEAST_PRESENT = 1 / 3
"""The least share of a sentence's telling words that the quotes have, in whatever form."""
SHOWN = 3
"""How many words are named that have the least to do with the quotes."""
COEFFICIENTS = {"missing": -1.3, "intruder": -5.0}
INTERCEPT = 2.53
"""The logistic. `benchmarks/support_fit.py` fits it on tests/data/support.yaml and ClapNQ's human
answers against the sentences they were written from, other sentences of the passage, and the first
with a clause of another added; then rounded, the intercept raised by hand by 0.8, since most of
those answers keep the words of their sources and a free wording does not."""

_MARKER = re.compile(r"\s*\[\d{1,3}(?:\s*[,–-]\s*\d{1,3})*\]")
_ATTRIBUTION = re.compile(
    r"^\s*(?:According to|In|As reported in)\s+(?:“.{1,300}?”|\".{1,300}?\")"
    r"(?:\s*\([^)]*\))?\s*[:,]\s*"
    r"|^\s*(?:The )?[A-Z][\w.’'-]*(?: [A-Z][\w.’'-]*){0,3} (?:reports|writes)(?: that\b|:|,)\s*"
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
    costs nothing. Of every other one each token takes its best match among the quotes' by the
    cosine of their contextual vectors (the recall of BERTScore, Zhang et al., ICLR 2020); what the
    matches lack, and how far one word stands out among words that are the quotes' own, go into a
    logistic. A number, date or name that the quotes neither have nor lead to, one in another's
    place, a negation on one side only, a possibility told as a fact, an opposite, changed roles,
    another speaker, "only" or "because" of the sentence's own keep the score below 0.5.

    "He", "the city" and "on Friday" in a quote are read by the context (`qa.support.reference`).

    It is no entailment model: more than one sentence in four is misjudged, many of them inventions
    in the quotes' own words. `benchmarks/support.py` measures how often. Safe to use from several
    threads.
    """

    def __init__(self, encoder: Encoder) -> None:
        self._aligner = Aligner(encoder)

    def score(self, sentence: str, quotes: Sequence[str], context: Sequence[str] = ()) -> float:
        """How well the quotes support the sentence, 0..1; from 0.5 on it counts as supported."""
        return self.check(sentence, quotes, context).score

    def check(self, sentence: str, quotes: Sequence[str], context: Sequence[str] = ()) -> Support:
        """The score and its reasons.

        `context` is what stands around the quotes: title, heading, date ("13 September 2023") and
        the sentence before, each a string. It tells what their "he" and "on Friday" mean, and
        supports nothing by itself. Without quotes the score is 0.
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
        """What the logistic is of, by name, as `qa.support.alignment.Alignment` defines it."""
        return _features(self._aligner.align(sentence, resolve(sentence, quotes, context), context))

    def _compare(self, claim: str, quotes: Sequence[str], context: Sequence[str]) -> Support:
        quotes = resolve(claim, quotes, context)
        match = self._aligner.align(claim, quotes, context)
        logit = INTERCEPT + sum(
            COEFFICIENTS[name] * value for name, value in _features(match).items()
        )
        score = 1 / (1 + math.exp(-logit))
        problems = (
            *missing_claims(claim, quotes, context),
            *_other_name(match, quotes),
            *_from_nowhere(match),
            *opposed(match.ours, match.theirs, match.similarity, claim, "\n".join(quotes)),
            *swapped(claim, quotes),
            *said_beyond(claim, quotes),
            *added(match, quotes, context),
        )
        if problems:
            return Support(score * CAP, problems)
        return Support(score) if score >= SUPPORTED else Support(score, (_unmatched(match),))


def _features(match: Alignment) -> dict[str, float]:
    return {"missing": match.missing, "intruder": match.intruder}


def said_in_quotes(sentence: str, quotes: Sequence[str]) -> bool:
    """Whether a sentence is nothing but whole quotes, in any order, space aside."""
    rest = _plain(sentence)
    pieces = sorted({_plain(quote) for quote in quotes}, key=len, reverse=True)
    for piece in pieces:
        rest = " ".join(rest.replace(piece, " ", 1).split()) if piece else rest
    return not rest


def _plain(text: str) -> str:
    return " ".join(text.split())


def _other_name(match: Alignment, quotes: Sequence[str]) -> tuple[str, ...]:
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
    there = {other.stem for text in quotes for other in words_of(text)}
    known = Known(quotes)
    if word.stem in there or all(known.has(name) for name in names(unify(word.text))):
        return ()
    return (f"the name {word.text} is not in the quotes",)


def _from_nowhere(match: Alignment) -> tuple[str, ...]:
    """The words that are like none of the quotes', or most of a sentence that is.

    What the matches of a short sentence lack is little in sum, whatever it says: there every word
    counts.
    """
    telling = [
        (word, best) for word, best in zip(match.ours, match.best, strict=True) if word.telling
    ]
    least = SHORT_NOWHERE if len(telling) <= SHORT else NOWHERE
    found = [word for word, best in telling if best < least]
    if sum(best >= PRESENT for _, best in telling) < len(telling) * LEAST_PRESENT:
        found = found or [word for word, best in telling if best < PRESENT][:SHOWN]
    return tuple(f"the quotes do not speak of “{word.text}”" for word in found)


def _unmatched(match: Alignment) -> str:
    """The words that have the least to do with the quotes."""
    telling = [row for row, word in enumerate(match.ours) if word.telling]
    worst = sorted(telling, key=lambda row: float(match.best[row]))[:SHOWN]
    shown = ", ".join(f"“{match.ours[row].text}”" for row in sorted(worst))
    return f"the quotes do not speak of {shown}" if shown else "the quotes speak of something else"
