"""What a sentence adds in the middle of its quotes' own words: a thing in a list, a bare name.

Free wordings are not looked at; how much of a sentence is its own is for `qa.support.alignment`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from qa.support.alignment import Alignment
from qa.support.lexicon import IRREGULAR
from qa.support.wording import words_of

UNSAID = 0.5
"""The cosine below which a word of a list has no counterpart in the quotes."""
_VERBS = re.compile(
    r"has|have|had|is|was|were|are|will|would|can|could|may|might|must|should|does|did|became"
    r"|\w{3,}ed|" + "|".join(past for past, _present in IRREGULAR)
)


def added(match: Alignment, quotes: Sequence[str], context: Sequence[str] = ()) -> tuple[str, ...]:
    """What is in no quote, in a few words each; () when nothing is."""
    known = {word.stem for text in (*quotes, *context) for word in words_of(text)}
    return tuple([*_listed(match, known), *_opening(match, known)])


def _listed(match: Alignment, known: set[str]) -> Iterator[str]:
    """The second of two things, "a carbine and a sword", when only the first is the quotes'."""
    for row, word in enumerate(match.ours):
        if word.lower not in ("and", "or") or not 0 < row < len(match.ours) - 1:
            continue
        after = row + 1 + (match.ours[row + 1].lower in ("a", "an", "the"))
        if after >= len(match.ours):
            continue
        first, second = match.ours[row - 1], match.ours[after]
        ends = after + 1 == len(match.ours) or match.ours[after + 1].clause != second.clause
        if not (first.telling and second.telling and ends and first.stem in known):
            continue
        if second.stem not in known and match.best[after] < UNSAID:
            yield f"“{second.text}” is not in the quotes"


def _opening(match: Alignment, known: set[str]) -> Iterator[str]:
    """A word that opens the sentence as only a name can, "Lisbon has two bridges".

    A capital says nothing there; that a single thing stands without "the" or "a" before its verb
    does. "Flour was scarce" is taken for a name as well, where no quote has flour.
    """
    if len(match.ours) < 2:
        return
    word, verb = match.ours[:2]
    single = word.telling and not word.lower.endswith(("s", "ing", "ed", "ly", "ion", "en"))
    if (
        single
        and word.stem not in known
        and _VERBS.fullmatch(verb.lower)
        and word.text[:1].isupper()
    ):
        yield f"the name {word.text} is not in the quotes"
