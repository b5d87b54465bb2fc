"""What a sentence says otherwise than its quotes, in the quotes' own words: negated or not, as a
fact or a possibility, the opposite word, more of them, the other way round.

Rules of thumb over aligned words; whether the quotes speak of the matter is for `qa.support`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import dropwhile, pairwise, product, takewhile

import numpy as np
from numpy.typing import NDArray

from qa.support.lexicon import (
    ALMOST_NO,
    AMOUNTS,
    GIVING,
    IF,
    MAYBE,
    MUTUAL,
    NEEDS_TO,
    NO,
    NO_NEGATION,
    OPPOSITES,
    SAID_TO_BE,
    SAYS,
    SOFT,
    TAKING,
)
from qa.support.wording import Word, stem, stems_of

Floats = NDArray[np.float32]

ALIGNED = 0.72
"""The cosine from which two words are taken to speak of one thing."""

_LINKS = re.compile(r"^[\s,]*(?:(?:and|or|with|,)[\s,]*)*$")


def opposed(
    sentence: Sequence[Word],
    quotes: Sequence[Word],
    similarity: Floats,
    text: str,
    quoted: str,
) -> tuple[str, ...]:
    """How the sentence turns round what its quotes say, each in a few words; () when it does not.

    `similarity`, float [len(sentence), len(quotes)], holds the cosine of each two words, 1 for the
    same stem; `text` and `quoted` are the texts that the words were cut from.
    """
    opposites = list(_opposites(sentence, quotes, text, quoted))
    found = [
        *_negation(sentence, quotes, similarity, text, quoted, bridged=bool(opposites)),
        *_modality(sentence, quotes, similarity),
        *_amounts(sentence, quotes),
        *_roles(sentence, quotes, text, quoted),
    ]
    for one, other in opposites:
        if _negated(sentence, text, one) == _negated(quotes, quoted, other):
            found.append(f"“{one.lower}” where the quotes say “{other.lower}”")
    return tuple(dict.fromkeys(found))


def _negation(
    sentence: Sequence[Word],
    quotes: Sequence[Word],
    similarity: Floats,
    text: str,
    quoted: str,
    *,
    bridged: bool,
) -> Iterator[str]:
    """Words that one side negates and the other does not."""
    ours, theirs = _cues(sentence, text), _cues(quotes, quoted)
    ours_in = {sentence[i].clause for i in ours} | _almost_negated(sentence)
    for cue in theirs:
        scopes = _scope(quotes, cue, 2)
        spoken_of = [
            {sentence[i].clause for i in _speaks_of(sentence, quotes, similarity, scope)}
            for scope in scopes
        ]
        if any(spoken & ours_in for spoken in spoken_of):
            continue  # the sentence says "no" of it too
        for scope, spoken in zip(scopes, spoken_of, strict=True):
            if not spoken or bridged or _elsewhere(quotes, scope, theirs):
                continue
            yield f"the negation: the quotes say “{quotes[cue].text} … {quotes[scope].text}”"
            return
    negative = {quotes[j].clause for j in theirs} | _almost_negated(quotes)
    for cue in ours:
        clause = _of_clause(sentence, cue)
        around = [*_scope(sentence, cue, 2), *(i for i in clause if sentence[i].name)] or clause
        there = {quotes[int(similarity[i].argmax())].clause for i in around}
        if not bridged and there and not negative & there:
            yield f"the negation “{sentence[cue].text}” is not in the quotes"
            return


def _modality(
    sentence: Sequence[Word], quotes: Sequence[Word], similarity: Floats
) -> Iterator[str]:
    """What quotes call possible, planned or alleged, and the sentence a fact."""
    ours = {word.lower for word in sentence}
    hedged = bool(ours & (MAYBE | IF)) or _is_to(sentence, range(len(sentence)))
    reported = hedged or bool(ours & (SAID_TO_BE | SAYS))
    for j, word in enumerate(quotes):
        kind = word.lower
        if kind in SAID_TO_BE:
            granted, reach = reported, 3
        elif kind in IF:
            granted, reach = hedged, 3
        elif _hedges(quotes, j):
            granted, reach = hedged, 1
        else:
            continue
        if granted:
            continue
        for scope in _scope(quotes, j, reach):
            said = _speaks_of(sentence, quotes, similarity, scope)
            if kind in SOFT:
                said = [i for i in said if sentence[i].lower.endswith("ed")]
            if said and not _elsewhere(quotes, scope, [j]):
                yield f"it is stated as a fact; the quotes say “{word.text} … {quotes[scope].text}”"
                return


def _hedges(words: Sequence[Word], position: int) -> bool:
    word = words[position]
    if word.text == "May" or (word.text == "Will" and position and word.name):
        return False
    if word.lower in ("is", "are", "was", "were"):
        return _is_to(words, [position])
    if word.lower in NEEDS_TO:
        near = words[position + 1 : position + 5]
        return any(to.lower == "to" and not verb.name for to, verb in pairwise(near))
    return word.lower in MAYBE


def _is_to(words: Sequence[Word], positions: Iterable[int]) -> bool:
    """Whether "is to" or "are to" stands there: "Lavrov is to go"."""
    return any(
        words[i].lower in ("is", "are", "was", "were")
        and i + 1 < len(words)
        and words[i + 1].lower == "to"
        for i in positions
    )


def _amounts(sentence: Sequence[Word], quotes: Sequence[Word]) -> Iterator[str]:
    """More than the quotes speak of: "all" for "some"."""
    ours, theirs = (_quantifiers(words) for words in (sentence, quotes))
    ranks = [rank for rank, words in enumerate(AMOUNTS) if words & ours]
    others = [rank for rank, words in enumerate(AMOUNTS) if words & theirs]
    if ranks and others and min(ranks) < min(others) and min(ranks) < 3:
        said = ", ".join(sorted(AMOUNTS[min(ranks)] & ours))
        quoted = ", ".join(sorted(AMOUNTS[min(others)] & theirs))
        yield f"“{said}” where the quotes say “{quoted}”"


def _quantifiers(words: Sequence[Word]) -> set[str]:
    """The words, less the "most" of "at most" and "the most common"."""
    before = ["", *(word.lower for word in words)]
    return {w.lower for w, last in zip(words, before, strict=False) if last not in ("at", "the")}


def _opposites(
    sentence: Sequence[Word], quotes: Sequence[Word], text: str, quoted: str
) -> Iterator[tuple[Word, Word]]:
    """Words of the sentence whose opposite the quotes have, and not the word itself."""
    ours, theirs = _by_stem(sentence, text), _by_stem(quotes, quoted)
    for words in OPPOSITES:
        left, right = map(stem, words)
        for one, other in ((left, right), (right, left)):
            if one in ours and other not in ours and other in theirs and one not in theirs:
                yield ours[one], theirs[other]


def _by_stem(words: Sequence[Word], text: str) -> dict[str, Word]:
    """The words by their stems, less those of "no more than", which is "at most"."""
    idle = [match.span() for match in NO_NEGATION.finditer(text)]
    return {w.stem: w for w in words if not any(start <= w.start < end for start, end in idle)}


def _roles(
    sentence: Sequence[Word], quotes: Sequence[Word], text: str, quoted: str
) -> Iterator[str]:
    """A verb whose two sides have changed places."""
    ours, theirs = _triples(sentence, text), _triples(quotes, quoted)
    for left, verb, right in sorted(ours):
        turned = (right, verb, left)
        if turned in theirs and turned not in ours and (left, verb, right) not in theirs:
            yield "who does what to whom is the other way round in the quotes"
            return


def _triples(words: Sequence[Word], text: str) -> set[tuple[str, str, str]]:
    """(who, verb, whom) as far as the order of words tells, by their stems.

    Who and whom are the nearest names, and the nearest telling words, on both sides of a word that
    is none. A passive ("by") turns them round, as "received … from" turns "gave … to" round.
    """
    found: set[tuple[str, str, str]] = set()
    telling = [word for word in words if word.telling]
    for at, verb in enumerate(telling):
        if verb.name or verb.stem in stems_of(MUTUAL) or not verb.text.islower():
            continue
        before = [word for word in reversed(telling[:at]) if word.sentence == verb.sentence]
        after = [word for word in telling[at + 1 :] if word.sentence == verb.sentence]
        for left, right in ((_nearest_name(before), _nearest_name(after)), (before[:1], after[:1])):
            if not left or not right or _is_list(text[verb.end : right[0].start]):
                continue
            passive = text[verb.end : right[0].start].split()[:1] == ["by"]
            taken = verb.stem in stems_of(TAKING)
            kind = "give" if taken or verb.stem in stems_of(GIVING) else verb.stem
            who, whom = (right, left) if passive != taken else (left, right)
            found |= {
                (one.stem, kind, other.stem)
                for one, other in product(who, whom)
                if one.stem != other.stem
            }
    return found


def _nearest_name(words: Sequence[Word]) -> list[Word]:
    """The words of the first name among some words in a row."""
    from_name = dropwhile(lambda word: not word.name, words)
    return list(takewhile(lambda word: word.name, from_name))


def _is_list(between: str) -> bool:
    """Whether nothing but "and" or a comma stands between two words."""
    return bool(between.strip()) and bool(_LINKS.match(between))


def _cues(words: Sequence[Word], text: str) -> list[int]:
    """Where a text says "no", in words that do nothing else."""
    idle = [match.span() for match in NO_NEGATION.finditer(text)]
    return [
        i
        for i, word in enumerate(words)
        if NO.fullmatch(word.lower) and not any(start <= word.start < end for start, end in idle)
    ]


def _almost_negated(words: Sequence[Word]) -> set[int]:
    return {word.clause for word in words if ALMOST_NO.fullmatch(word.lower)}


def _negated(words: Sequence[Word], text: str, word: Word) -> bool:
    """Whether a word's clause says "no", by any other word."""
    cues = (words[i] for i in _cues(words, text))
    return any(cue.clause == word.clause and cue.lower != word.lower for cue in cues)


def _scope(words: Sequence[Word], cue: int, reach: int) -> list[int]:
    """The telling words that a cue governs: the next few of its clause, names only at once."""
    scope: list[int] = []
    for i in range(cue + 1, len(words)):
        if words[i].clause != words[cue].clause or len(scope) == reach:
            break
        if words[i].telling and (not words[i].name or (i <= cue + 2 and not scope)):
            scope.append(i)
    return scope


def _of_clause(words: Sequence[Word], position: int) -> list[int]:
    """The telling words around one in its clause: "none had been planned", "nothing"."""
    here = words[position].clause
    return [i for i, word in enumerate(words) if word.clause == here and word.telling]


def _speaks_of(
    sentence: Sequence[Word], quotes: Sequence[Word], similarity: Floats, position: int
) -> list[int]:
    """The words of the sentence that speak of a quote's word, and of none more."""
    return [
        i
        for i, word in enumerate(sentence)
        if word.telling
        and similarity[i, position] >= ALIGNED
        and similarity[i, position] >= similarity[i].max() - 1e-6
    ]


def _elsewhere(quotes: Sequence[Word], position: int, cues: Sequence[int]) -> bool:
    """Whether the quotes have the word again, out of reach of the cues."""
    reached = {i for cue in cues for i in _scope(quotes, cue, 3)}
    same = quotes[position].stem
    return any(word.stem == same and i not in reached for i, word in enumerate(quotes))
