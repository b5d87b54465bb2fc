"""Names that stand in other places than the quotes have them, in the quotes' own words.

Where a sentence keeps a quote's words but for a name, the name is wrong, though the quotes have it
elsewhere. Free wordings are not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from qa.support.names import Known, Name, is_country, names, unify
from qa.support.wording import Word, words_of

_APPOSITION = re.compile(
    r"((?:[A-Z][\w'’-]+ )*[A-Z][\w'’-]+), (?:the|a|an|who|its|their|his|her) ([^,;.]{3,80})"
)
_THEN = re.compile(r"\b(?:and then|then|after that|afterwards)\b", re.IGNORECASE)
AROUND = 4
"""How many words in a row on both sides of a name, together, are the quote's own."""
WIDE = 8
"""The most words of a quote that stand for one name: "a Russian official who rode along, …"."""


def swapped(sentence: str, quotes: Sequence[str]) -> tuple[str, ...]:
    """Which names stand where a quote has others, in a few words each; () when none does."""
    kept = frozenset[str]().union(*(_in_place(sentence, quote) for quote in quotes))
    found = [
        f"“{mine.text}” where the quotes say “{other.text}”"
        for quote in quotes
        for mine, other in _swapped(sentence, quote)
        if not kept & set(mine.words)
    ]
    order = (_turned_round(sentence, quote) for quote in quotes)
    return tuple(dict.fromkeys([*found, *_posts(sentence, quotes), *filter(None, order)]))


def _turned_round(sentence: str, quote: str) -> str:
    """What is told in the other order, in a few words; "" where nothing is."""
    ours, theirs = _THEN.split(sentence), _THEN.split(quote)
    if len(ours) != 2 or len(theirs) != 2:
        return ""
    before, after = (_stems(part) for part in ours)
    earlier, later = (_stems(part) for part in theirs)
    early, late = earlier - later, later - earlier
    if after & early and not after & late and before & late:
        return "what comes then is the other way round in the quotes"
    return ""


def _stems(text: str) -> frozenset[str]:
    return frozenset(word.stem for word in words_of(text) if word.telling and not word.name)


def _in_place(sentence: str, quote: str) -> frozenset[str]:
    """The words of names that stand in a quote among the same words as in the sentence."""
    ours, theirs = words_of(sentence), words_of(quote)
    return frozenset(
        word.lower
        for block in _matcher(ours, theirs).get_matching_blocks()
        if block.size > 2
        for word in ours[block.a : block.a + block.size]
        if word.name
    )


def _posts(sentence: str, quotes: Sequence[str]) -> Iterator[str]:
    """Posts that are given to another than in the quotes: "Ada Moss, the mayor, …"."""
    ours, theirs = _described(sentence), _described("\n".join(quotes))
    for name, post in ours.items():
        own = next((said for known, said in theirs.items() if known & name), None)
        if own is None or own & post:
            continue
        if any(said & post for known, said in theirs.items() if not known & name):
            yield f"“{' '.join(sorted(name)).title()}” is somebody else in the quotes"


def _described(text: str) -> dict[frozenset[str], frozenset[str]]:
    """What follows a name after a comma, "the mayor of", by the name's words; both as stems."""
    return {
        frozenset(word.stem for word in words_of(match[1])): frozenset(
            word.stem for word in words_of(match[2]) if word.telling
        )
        for match in _APPOSITION.finditer(text)
    }


def _swapped(sentence: str, quote: str) -> Iterator[tuple[Name, Name]]:
    """A name of the sentence and the one that a quote has in its place."""
    ours, theirs = words_of(sentence), words_of(quote)
    codes = _matcher(ours, theirs).get_opcodes()
    lengths = [0, *(end - start if tag == "equal" else 0 for tag, start, end, _, _ in codes), 0]
    for at, (tag, start, end, low, high) in enumerate(codes, 1):
        before, after = lengths[at - 1], lengths[at + 1]
        if tag != "replace" or before + after < AROUND or high - low > WIDE:
            continue
        if after >= before:  # "…, and Pyongyang would like": what stands before the comma is apart
            low = next(i for i in range(low, high) if theirs[i].clause == theirs[high - 1].clause)
        if not (before or start == 0) or not (after or (_ends(ours, end) and _ends(theirs, high))):
            continue
        mine, other = _names_in(sentence, ours[start:end]), _names_in(quote, theirs[low:high])
        if not mine or not other:
            continue
        here, there = (
            Known([text[words[first].start : words[last - 1].end]])
            for text, words, first, last in (
                (sentence, ours, start, end),
                (quote, theirs, low, high),
            )
        )
        if not any(map(there.states, mine)) and not any(map(here.states, other)):
            yield mine[0], other[0]


def _matcher(ours: Sequence[Word], theirs: Sequence[Word]) -> SequenceMatcher[str]:
    stems, others = ([word.stem for word in words] for words in (ours, theirs))
    return SequenceMatcher(None, stems, others, autojunk=False)


def _ends(words: Sequence[Word], end: int) -> bool:
    """Whether a clause ends there."""
    return end == len(words) or words[end].clause != words[end - 1].clause


def _names_in(text: str, words: Sequence[Word]) -> list[Name]:
    """The names among some words in a row, in whole."""
    if not words:
        return []
    start, end = words[0].start, words[-1].end
    cut = unify(text[start:end])
    whole = {name.words for name in names(unify(text)) if name.sure}
    return [
        name
        for name in names(cut)
        if name.sure
        or is_country(name.words[0])
        or any(set(name.words) <= set(known) for known in whole)
    ]
