"""The words of a question that point outside it: pronouns, "there", "then", "the meeting".

What points inside the same question ("Did Kim bring his sister?"), says nothing ("Is it true
that …") or only looks like a pointer is left out. Never looks at the conversation.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from qa.followups.english import (
    BEFORE_NOUN,
    BEFORE_THAT,
    EXPECTED,
    FUNCTION_WORDS,
    GRAMMAR,
    HELPERS,
    UNIQUE,
)
from qa.followups.mentions import Mention

To = Literal["he", "she", "they", "it", "that", "there", "then"]

_TO: dict[str, To] = {
    **dict.fromkeys(("he", "him", "his"), "he"),
    **dict.fromkeys(("she", "her", "hers"), "she"),
    **dict.fromkeys(("they", "them", "their", "theirs"), "they"),
    **dict.fromkeys(("it", "its"), "it"),
    **dict.fromkeys(("this", "that", "these", "those"), "that"),
    **dict.fromkeys(("there", "here"), "there"),
    "then": "then",
}
_POINTER = re.compile(rf"\b(?:{'|'.join(_TO)})\b(?!['’]t)", re.IGNORECASE)
_OBJECTS = frozenset({"him", "them"})
_OWNING = frozenset({"his", "their", "its", "hers", "theirs"})
_LAST_WORD = re.compile(r"([\w’']+|[^\w\s])\s*$")
_NEXT_WORD = re.compile(r"\s*([\w’'-]+|[^\w\s])")
_QUOTED = re.compile(r"\"[^\"]*\"|“[^”]*”|(?<!\w)‘[^’]*’(?!\w)|(?<!\w)'[^']*'(?!\w)")
_BOUNDARY = re.compile(
    r",|;|\b(?:and|but|when|while|if|because|after|before|until|since|that|who|what|where|how|why"
    r"|as|than|though|although|whether|which)\b",
    re.IGNORECASE,
)
_SAYS_NOTHING = re.compile(
    r"\b(?:is|was|isn['’]t|wasn['’]t|be|been|will|would|could|can|may|might|has|['’]s)\s+it\s+"
    r"(?:be\s+)?(?:(?!\w+ed\b|made\b|built\b|used\b|done\b|known\b|going\b)[\w’'-]+\s+){1,3}"
    r"(?:that|to|for|if|when)\b"
    r"|\bit\s+(?:rain|snow|hail|seem|appear|matter|turn(?:s|ed)? out|go(?:es)? without)\w*"
    r"|\bis\s+it\s+(?:raining|snowing|hailing)|\bit\s+takes?\b(?=.*\bto\b)"
    r"|\bwhat\s+(?:time|day|date|year)\s+(?:is|was)\s+it\b|\bit\s+like\s+(?:to|in|on|at)\b"
    r"|\bhow\s+(?:far|cold|hot|warm|dark)\s+(?:is|was)\s+it\b"
    r"|\bwhen\s+it\s+comes\s+to\b|\bit\s+(?:is|was)\s+\w+\s+(?:that|to)\b|\bmake\s+it\b"
    r"|\bthe\s+case\s+that\b",
    re.IGNORECASE,
)
_SOMEONE = re.compile(
    r"\b(?:someone|anyone|everyone|everybody|anybody|nobody|person|man|woman|child|you)\b",
    re.IGNORECASE,
)
_DEFINITE = re.compile(
    r"\b(?:(?P<all>(?:the|both|these|those)(?: two| other| both| same)?(?: of them)?)"
    r"|(?P<this>this|that|these|those))(?=\s+(?P<noun>[\w’'-]+(?:\s[\w’'-]+){0,2}))",
    re.IGNORECASE,
)
_PAIR = re.compile(
    r"\bthe\s+(?:two|pair|couple)(?:\s+(?:leaders?|presidents?|men|women|sides|countries|parties"
    r"|teams|companies|brothers|sisters|nations|players|scientists|cities|of them))?\b"
    r"|\bboth(?:\s+(?:leaders|men|women|sides|countries|parties|teams|companies|of them))\b"
    r"|\bboth(?=\s*[?.]?$)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Reference:
    """One pointing word: `question[start:end] == word`; `owning` for "his", `object` for "him"."""

    word: str
    start: int
    end: int
    to: To
    owning: bool = False
    object: bool = False


def references(question: str, mentions: Sequence[Mention]) -> tuple[Reference, ...]:
    """The pointing words of a question that nothing in it explains, in order.

    `mentions` are the question's own.
    """
    blanked = _blanked(question)
    return tuple(
        reference
        for reference in _pointers(blanked)
        if not _is_explained(reference, blanked, mentions)
    )


def has_definite(question: str, heard: str) -> bool:
    """Whether a description expects to be known: "the meeting", "that year".

    `heard` is the text of the conversation: what it named, a later "the" may point to.
    """
    known = {_stem(word) for word in re.findall(r"[a-z]{3,}", heard.lower())}
    question = _blanked(question)
    for match in _DEFINITE.finditer(question):
        nouns = []
        for word in match["noun"].lower().split():
            if word in GRAMMAR and word not in {"two", "former", "other"}:
                break
            nouns.append(word)
        if not nouns or nouns[0].endswith("est") or nouns[0] in UNIQUE | {"capital"}:
            continue
        after = question[match.end() :].split()[len(nouns) :]
        if after and after[0] in {"of", "in", "between", "for"} and after[1:2] != ["the"]:
            continue
        pointing = match["this"] and _agrees(match["this"].lower(), nouns[0])
        if pointing or any(n in EXPECTED or _stem(n) in known for n in nouns):
            return True
    return False


def pair(question: str) -> re.Match[str] | None:
    """Where a question says "the two leaders", "both sides", "both", if it does."""
    return _PAIR.search(question)


def _pointers(question: str) -> Iterator[Reference]:
    for match in _POINTER.finditer(question):
        spelt = match.group()
        if len(spelt) > 1 and spelt.isupper() and not question.isupper():
            continue  # IT, the trade
        word = spelt.lower()
        before = _LAST_WORD.search(question[max(0, match.start() - 40) : match.start()].lower())
        after = _NEXT_WORD.match(question[match.end() : match.end() + 40].lower())
        last, following = before[1] if before else "", after[1] if after else ""
        if _TO[word] == "that" and not _points(word, last, following, question[match.end() :]):
            continue
        if _TO[word] == "there" and not _is_place(last, following):
            continue
        owning = word in _OWNING
        if word == "her":
            owning = following.isalpha() and following not in GRAMMAR - BEFORE_NOUN
        object_ = word in _OBJECTS or (word == "her" and not owning)
        if word == "it":
            object_ = bool(last) and last not in HELPERS and following not in HELPERS
        yield Reference(spelt, *match.span(), _TO[word], owning, object_)


def _points(word: str, last: str, following: str, rest: str) -> bool:
    """Whether "that" and its kin stand for something, and do not only join or begin a date."""
    if following in {"year", "week", "month", "morning", "century"} and word == "this":
        return False
    joins = r"\s+(?:who|which|the|a|an|he|she|they|we|you|it|in \d)\b"
    if re.match(joins, rest, re.IGNORECASE):
        return False
    if word != "that":
        return True
    if re.match(r"\s+[A-Z]", rest):
        return False
    return not last or last in HELPERS | BEFORE_THAT or not re.search(r"\w", rest)


def _is_place(last: str, following: str) -> bool:
    """Whether "there" is a place, and not "Is there …" or "there are"."""
    ends = not re.match(r"\w", following)
    return ends or not (last in HELPERS | {"be", "been"} or following in HELPERS | {"exist", "be"})


def _is_explained(reference: Reference, question: str, mentions: Sequence[Mention]) -> bool:
    """Whether something earlier in the question itself is what the word stands for."""
    before = question[: reference.start]
    boundary = _BOUNDARY.search(before.strip().partition(" ")[2]) is not None
    last = _LAST_WORD.search(before[-40:].lower())
    if not boundary and last and last[1] in HELPERS and reference.to in {"he", "she", "they", "it"}:
        return False  # "How many goals did he score?": nothing comes before the subject
    own = [mention for mention in mentions if mention.end <= reference.start]
    if reference.to in {"then", "that"}:
        return bool(re.search(r"\bif\b|\bwhen\b", before, re.IGNORECASE)) and reference.to == "then"
    if reference.to == "there":
        return any(mention.kind == "place" for mention in own)
    if reference.object and not boundary:
        return False
    if reference.to in {"he", "she"}:
        fitting = [m for m in own if m.kind in {"person", "name"} or reference.word == "her"]
    else:
        fitting = [m for m in own if m.kind not in {"date", "adjective", "person"}]
        people = [m for m in own if m.kind == "person"]
        if reference.to == "they" and len(people) > 1:
            return True
    if fitting or (reference.to in {"he", "she", "they"} and _SOMEONE.search(before)):
        return True
    return reference.to in {"it", "they"} and _has_own_noun(before, boundary)


def _has_own_noun(before: str, boundary: bool) -> bool:
    """Whether a clause of its own, or its bare plural subject, comes before the word."""
    words = re.findall(r"[\w’'-]+", before.lower())
    content = [w for w in words if w not in GRAMMAR]
    if boundary:
        return len(content) >= 2 and not _POINTER.search(before)
    helper = next((at for at, word in enumerate(words) if word in HELPERS), None)
    if helper is None:  # "Which companies protect their data?"
        return bool(content) and words[0] in {"which", "what", "how"}
    if helper + 1 >= len(words):
        return False
    subject = words[helper + 1]
    if subject in {"a", "an"}:
        return True
    return subject.endswith("s") and subject not in FUNCTION_WORDS and len(words) > helper + 2


def _agrees(pointer: str, noun: str) -> bool:
    """Whether "that" and the noun after it are one phrase, not "… true that bees …"."""
    return (pointer in {"these", "those"}) == (noun.endswith("s") and not noun.endswith("ss"))


def _stem(word: str) -> str:
    return re.sub(r"(?:ing|ed|s)$", "", word)


def _blanked(question: str) -> str:
    """The question, as long as before, without quotations and words that say nothing."""
    mute = _SAYS_NOTHING.sub(
        lambda match: re.sub(r"\b(?:it|that)\b", _blank, match.group(), flags=re.I), question
    )
    return _QUOTED.sub(_blank, mute)


def _blank(match: re.Match[str]) -> str:
    return "_" * len(match.group())
