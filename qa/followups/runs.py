"""The capitalised runs of a text, and the signs in and around each of what it names.

"the Bank of England" is one run, "President Macron" is "Macron" with a sign for a person. What the
signs come to, over a whole conversation, is weighed in `mentions`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from qa.followups.english import (
    CALLINGS,
    GRAMMAR,
    HER_KIN,
    HIS_KIN,
    INSIDE,
    MEN,
    MOSTLY_PEOPLE,
    MOTION,
    ORGANISATIONS,
    PARTICLES,
    PEOPLE_ONLY,
    PLACE_HEADS,
    THING_HEADS,
    TITLES,
    WOMEN,
)

_OFFICES = (CALLINGS | TITLES) - HIS_KIN - HER_KIN - {"colleague", "friend", "counterpart", "by"}
_NO_NOUN = GRAMMAR | PEOPLE_ONLY | MOSTLY_PEOPLE
_PLURAL_VERBS = frozenset({"are", "were", "have"})
_BEFORE_INITIAL = TITLES | {"st", "jr"}
_DEMONYM = re.compile(r"(?:ian|ean|ese|ish|ican|ench|utch|erman|raqi|raeli|iss|reek)$")

_WORD = re.compile(r"(?:[^\W\d_]\.){2,}|[^\W_]+(?:[-'’&][^\W_]+)*")
_POSSESSIVE = re.compile(r"['’]s$", re.IGNORECASE)
_MONTH = (
    r"(?:January|February|March|April|May|June|July|August|September|October|November|December"
    r"|(?:Jan|Feb|Mar|Apr|Jun|Jul|Aug|Sept?|Oct|Nov|Dec)\b\.?)"
)
_YEAR = r"(?:1\d|20)\d\d"
DATE = re.compile(
    rf"\b(?:\d{{4}}-\d\d-\d\d|\d{{1,2}}(?:st|nd|rd|th)?(?: of)? {_MONTH}(?:,? {_YEAR})?"
    rf"|{_MONTH} \d{{1,2}}(?:st|nd|rd|th)?\b(?!\d)(?:,? {_YEAR})?|{_MONTH},? {_YEAR}"
    rf"|(?<=in ){_MONTH}|(?<=until ){_MONTH}|(?<=since ){_MONTH}|(?:the )?{_YEAR}s|{_YEAR})\b"
)


@dataclass(frozen=True, slots=True)
class Run:
    """A capitalised run: `text` without its article, `source[start:end]` with it.

    `signs` counts what speaks for a "person", "man" or "woman", a "place", a "thing" or an
    "adjective". `certain` is False for one word at the head of a sentence, capitalised by its
    place alone perhaps.
    """

    text: str
    start: int
    end: int
    article: bool
    preposition: str
    signs: Mapping[str, int]
    certain: bool


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a text: as they stand, in lower case, and which may be part of a name."""

    text: str
    found: Sequence[re.Match[str]]
    lower: Sequence[str]
    naming: Sequence[bool]

    def at(self, position: int) -> str:
        """The word at a position in lower case, "" outside the text."""
        return self.lower[position] if 0 <= position < len(self.lower) else ""


def runs(text: str) -> Iterator[Run]:
    """Every capitalised run of a text, in order; dates, function words and shouting apart."""
    words = _words(text)
    at = 0
    while at < len(words.found):
        end = at + 1
        if words.naming[at]:
            while step := _continued(words, end):
                end += step
            if run := _run(words, at, end):
                yield run
        at = end


def _words(text: str) -> _Words:
    found = list(_WORD.finditer(text))
    dates = [date.span() for date in DATE.finditer(text)]
    shouted = text.isupper() and len(found) > 3
    naming = [
        not shouted
        and _is_name(word.group())
        and not any(start <= word.start() < end for start, end in dates)
        for word in found
    ]
    return _Words(text, found, [word.group().lower() for word in found], naming)


def _is_name(word: str) -> bool:
    if not word[0].isupper() or word == "I":
        return False
    if len(word) > 1 and word.isupper():  # WHO and US are names where the rest is not shouted
        return True
    bare = _POSSESSIVE.sub("", word).lower()
    return bare not in GRAMMAR and "'" not in bare[-3:]


def _continued(words: _Words, at: int) -> int:
    """How many words from `at` on continue the name before them: 0, 1, or more with particles."""
    if at >= len(words.found) or words.lower[at - 1].endswith(("'s", "’s")):
        return 0
    gap = words.text[words.found[at - 1].end() : words.found[at].start()]
    if gap == " " and words.lower[at] in ORGANISATIONS:
        return 1
    initial = len(words.lower[at - 1]) == 1 or words.lower[at - 1] in _BEFORE_INITIAL
    if gap != " " and not (gap == ". " and initial):
        return 0
    if words.naming[at] or (words.lower[at].isdigit() and len(words.lower[at]) < 4):
        return 1
    particles = 2 if words.at(at + 1) in {"the", "la"} else 1
    following = at + particles
    if words.lower[at] in PARTICLES and following < len(words.found) and words.naming[following]:
        return particles + 1
    return 0


def _run(words: _Words, at: int, end: int) -> Run | None:
    """The run from word `at` to `end`, without its titles; None for titles alone."""
    text, first = words.text, at
    while at < end and (
        words.lower[at] in TITLES
        or (_DEMONYM.search(words.lower[at]) and at + 1 < end and words.lower[at + 1] in TITLES)
    ):
        at += 1
    if at == end:
        return None
    titled = at > first
    owner = _POSSESSIVE.search(words.found[end - 1].group())
    stop = words.found[end - 1].end() - (len(owner.group()) if owner else 0)
    article = words.at(at - 1) == "the" and not titled
    begin = words.found[at].start()
    signs = _signs(words, at, end, article)
    signs["person"] += 3 * titled
    signs["thing"] += 2 * (owner is None and _is_many(words, at, end))
    called = words.lower[first : at + 1]
    signs["man"] += bool(MEN.intersection(called))
    signs["woman"] += bool(WOMEN.intersection(called))
    head = text[:begin].rstrip(" \"'“‘(")
    certain = (
        bool(head and head[-1] not in ".!?:;—")
        or end - at > 1
        or signs["person"] > 0
        or (text[begin:stop].isupper() and stop - begin > 1)
        or not (head or text[stop:].strip(" .!?"))  # an answer of one word
    )
    return Run(
        text=text[begin:stop],
        start=words.found[at - 1].start() if article else begin,
        end=stop,
        article=article,
        preposition=words.at(at - 2) if article else words.at(at - 1),
        signs=+signs,
        certain=certain,
    )


def _signs(words: _Words, at: int, end: int, article: bool) -> Counter[str]:
    """Count what the name itself and its neighbours say about its kind."""
    name = [_POSSESSIVE.sub("", word) for word in words.lower[at:end]]
    before, after = words.at(at - 1), words.at(end)
    people = len(name) == 1 or (len(name) == 2 and name[0] in PLACE_HEADS)
    if people and _DEMONYM.search(name[-1]) and after and after not in _NO_NOUN:
        return Counter(adjective=1)
    signs: Counter[str] = Counter()
    if name[-1] in PLACE_HEADS or (len(name) > 1 and name[0] in PLACE_HEADS):
        signs["place"] += 3
    elif (THING_HEADS | ORGANISATIONS).intersection(name):
        signs["thing"] += 3
    elif article:
        signs["thing"] += 2
    if not article:
        signs["place"] += 2 * (before in INSIDE) + (before in MOTION)
        signs["thing"] += 2 * (before == "of" and words.at(at - 2) in _OFFICES) + (before == "for")
        signs["person"] += 2 * (before in CALLINGS) + (before in {"with", "meet", "met"})
    signs["person"] += 2 * (name[0] in MEN | WOMEN and len(name) > 1)
    signs["person"] += 2 * (after in PEOPLE_ONLY) + (after in MOSTLY_PEOPLE)
    signs["person"] += 3 * (words.at(at - 2) == "who" and before in {"is", "was"})
    signs["place"] += 2 * (words.at(at - 2) == "where" and before == "is")
    return signs


def _is_many(words: _Words, at: int, end: int) -> bool:
    """Whether a plural verb shows a club or a firm: "Ajax have won", "Were Ajax beaten?"."""
    head = words.text[: words.found[at].start()].rstrip(" \"'“‘(")
    following = words.text[words.found[end - 1].end() :]
    if not head or head[-1] in ".!?:;":
        return words.at(end) in _PLURAL_VERBS and following.startswith(" ")
    asks = words.at(at - 1) in _PLURAL_VERBS and at < 3
    return asks and re.match(r" (?!and\b)|\?", following) is not None
