"""Texts as words that can be laid side by side: stems, clauses, and which words carry meaning.

It cuts and marks; what two texts' words say of one another is for `qa.support.opposition`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import snowballstemmer

from qa.support.lexicon import IRREGULAR, LIGHT
from qa.support.names import is_country, names

_WORD = re.compile(r"[^\W_]+(?:['’](?!s\b)[^\W_]+)*")
# A comma parts clauses only before a word that opens one: "a hall, a tower and a bridge" is one.
_BREAK = re.compile(
    r"[;:()—–]|,(?=\s)|\s-\s|[.!?](?=\s|$)"
    r"|\b(?:but|while|although|though|whereas|because|which|who|when|after|before|until|if"
    r"|unless)\b",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"[.!?][”\"’')]*\s+(?=[A-Z“\"‘(])|\n")


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text: where it stands, its stem, and the clause and sentence it is in.

    Clauses and sentences are counted from 0 within the text. `telling` is False for function
    words, `name` True for a part of a name.
    """

    text: str
    start: int
    end: int
    stem: str
    clause: int
    sentence: int
    telling: bool
    name: bool

    @property
    def lower(self) -> str:
        """The word in small letters."""
        return self.text.casefold()


@lru_cache(maxsize=4096)
def words_of(text: str, known: frozenset[str] = frozenset()) -> tuple[Word, ...]:
    """The words of a text, in order; those of `known` are names where a sentence opens too."""
    breaks = [match.start() for match in _BREAK.finditer(text)]
    ends = [match.end() for match in _SENTENCE_END.finditer(text)]
    named = [
        (name.start, name.start + len(name.text))
        for name in names(text)
        if name.sure or is_country(name.text) or name.text in known
    ]
    return tuple(
        Word(
            match[0],
            match.start(),
            match.end(),
            stem(match[0]),
            sum(position <= match.start() for position in breaks),
            sum(position <= match.start() for position in ends),
            match[0].casefold() not in LIGHT,
            any(start <= match.start() < end for start, end in named),
        )
        for match in _WORD.finditer(text)
    )


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """The word without its endings, by Porter's second English stemmer (snowballstem.org)."""
    plain = word.casefold().replace("’", "'").removesuffix("'s")
    return str(_stemmer().stemWord(_irregular().get(plain, plain)))


def stems(words: Sequence[Word]) -> frozenset[str]:
    """The stems of some words."""
    return frozenset(word.stem for word in words)


@cache
def stems_of(words: frozenset[str]) -> frozenset[str]:
    """The stems of a list of words."""
    return frozenset(map(stem, words))


@cache
def _irregular() -> Mapping[str, str]:
    return dict(IRREGULAR)


@cache
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")
