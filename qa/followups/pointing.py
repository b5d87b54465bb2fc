"""Whole questions with words that point out of them: each replaced by what it stands for.

Where an antecedent is not clear the word stays and the topic goes beside the question.
"""

from __future__ import annotations

import re

from qa.followups.clauses import content_words
from qa.followups.references import Reference, has_definite, pair, references
from qa.followups.talk import Rewritten, Talk

_MUCH = 9
"""Words from which a question says itself what "the meeting" in it is about."""
_FORMER = re.compile(r"\bthe (?:(former)|latter)\b", re.IGNORECASE)
_OTHER = re.compile(r"\bthe other(?: one| man| woman| side)?(?=\W*$| (?:is|was|did|does)\b)", re.I)
_COMPARES = re.compile(
    r"(?:(?:and|but|so) )?(?:which|who|what)(?: one)? (?:is|was|are|were|has|had|\w+s|\w+ed)"
    r" (?:the )?(?:more|better|worse|less|\w{2,}er)(?: \w+)?\W*",
    re.IGNORECASE,
)
_ADDS = re.compile(
    r"\b(?:else|another|others?|anything|anyone|afterwards?|next|instead|too|also|again|exactly"
    r"|so far|still|meanwhile|beforehand|which ones?|the \w+ ones?)\b",
    re.IGNORECASE,
)
_EVENT = re.compile(
    r"(?:was|were|did) (?:an?|any|some)\b|how (?:many|much) .*\b(?:was|were)\b", re.IGNORECASE
)
_PAST_THE = re.compile(r"(?:\w+ ){0,2}(?:was|were|did|had) the (?!\w+est\b)", re.IGNORECASE)
_INVENTED = re.compile(r"\b(?:invent|discover|creat|introduc)", re.IGNORECASE)
_WHICH = re.compile(r"(?:which|whose|how many|how much|what) [\w-]+(?: \w+ed| won)?\W*", re.I)
_VERBAL = re.compile(
    r"\w+ed|went|won|lost|came|began|said|paid|died|met|left|spoke|knew|made|got|took|gave|found"
    r"|written|built|held|agreed|happen|present|involved"
)
_GOING = re.compile(
    r"\b(?:go|goes|going|gone|went|come|came|travel\w*|get|got|fly|flew|sail\w*|move\w*|return\w*"
    r"|sent|send|walk\w*|drove|drive)(?: back| on| over)?$",
    re.IGNORECASE,
)


def explained(text: str, talk: Talk) -> Rewritten:
    """A whole question with its pointing words replaced, and the topic if some are left."""
    new, unclear = pointed(text, talk)
    if unclear:
        return Rewritten(named_apart(new, talk)[0], talk.topic(answered=True))
    new, unclear = named_apart(new, talk)
    named = [m for m in talk.names.find(new) if m.kind not in {"date", "adjective"}]
    if (both := pair(new)) and talk.people() and not any(m.kind == "person" for m in named):
        closing = "," if re.match(r"\s+\w", new[both.end() :]) else ""
        return Rewritten(f"{new[: both.end()]}, {talk.people()}{closing}{new[both.end() :]}")
    if new == text and not named:
        if _COMPARES.fullmatch(new) and talk.two():
            return Rewritten(new, " or ".join(talk.two()))
        heard = " ".join(turn.text for turn in talk.said[-2:])
        says_much = len(new.split()) >= _MUCH
        unclear = unclear or (not says_much and has_definite(new, heard)) or _says_little(new)
    topic = talk.topic() if unclear else ""
    return Rewritten(new, topic, guessed=bool(topic))


def pointed(text: str, talk: Talk) -> tuple[str, bool]:
    """The text with every clear pointing word replaced, and whether one was not clear."""
    mentions = talk.names.find(text)
    own = {talk.names.full(mention.text) for mention in mentions}
    chosen: dict[str, str] = {}
    swaps: list[tuple[int, int, str]] = []
    unclear = False
    for reference in references(text, mentions):
        known = chosen.get(reference.to)
        if known is not None and not reference.object:
            continue  # a second "he" reads well after the first became a name
        name = _antecedent(reference, talk, own | set(chosen.values()))
        if not name:
            unclear |= known is None
            continue
        chosen[reference.to] = name
        if reference.to in {"he", "she"}:
            talk.names.genders.setdefault(name, "m" if reference.to == "he" else "f")
        swaps.append(_swap(reference, name, text))
    for start, end, name in reversed(swaps):
        name = name[0].upper() + name[1:] if not text[:start].strip() else name
        text = text[:start] + name + text[end:]
    return text, unclear


def _antecedent(reference: Reference, talk: Talk, taken: set[str]) -> str:
    """What a pointing word stands for, or "" where that is not clear."""
    if reference.to in {"he", "she"}:
        ship = talk.ship() if reference.to == "she" else ""
        return talk.person(reference.to, taken) or ("" if ship in taken else ship)
    if reference.owning and reference.to == "it":
        return talk.thing(owning=True)
    if reference.to == "there":
        return talk.place(taken)
    finders = {"they": talk.many, "it": talk.thing, "then": talk.date}
    name = finders[reference.to]() if reference.to in finders else ""
    return "" if name in taken else name


def _swap(reference: Reference, name: str, text: str) -> tuple[int, int, str]:
    """Where and by what the word is replaced, with its case ending or preposition."""
    before = text[: reference.start].rstrip()
    if reference.owning:
        return reference.start, reference.end, name + ("'" if name.endswith("s") else "'s")
    if reference.to in {"there", "then"}:
        preposition, _, bare = name.partition(" ")
        if re.search(r"\b(?:in|at|on|to|from|near|since|until|by|before|after)$", before, re.I):
            return reference.start, reference.end, bare
        if reference.to == "there" and _GOING.search(before):
            preposition = "to"
        if before.endswith("back") and reference.to == "then":
            return len(before) - 4, reference.end, name
        return reference.start, reference.end, f"{preposition} {bare}"
    return reference.start, reference.end, name


def named_apart(text: str, talk: Talk) -> tuple[str, bool]:
    """The text with "the former", "the other one" by name, and whether one was not clear."""
    former, other = _FORMER.search(text), _OTHER.search(text)
    if former is None and other is None:
        return text, False
    if former is not None and (two := talk.two()):
        name = two[0] if former[1] else two[1]
        return text[: former.start()] + name + text[former.end() :], False
    if other is not None and (name := talk.other()):
        return text[: other.start()] + name + text[other.end() :], False
    return text, True


def _says_little(text: str) -> bool:
    """Whether a question without names has too few words of its own to be searched for."""
    content = content_words(text)
    if _PAST_THE.match(text) and not _INVENTED.search(text):
        return len(content) <= 2
    if _ADDS.search(text) or _EVENT.match(text):
        return len(content) <= 3
    if _WHICH.fullmatch(text):
        return True
    return len(content) <= 1 and all(_VERBAL.fullmatch(word) for word in content)
