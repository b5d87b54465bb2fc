"""Follow-ups that leave out what the question before them said: "Why?", "And Rome?", "What else?".

The question before is asked anew, of something else or in another way; where that would be a
guess, the topic goes beside the follow-up. Whole questions are not for this room.
"""

from __future__ import annotations

import re

from qa.followups.clauses import clause_of, plural_subject, still_asked, without_lead
from qa.followups.english import HELPERS
from qa.followups.mentions import Kind, Mention
from qa.followups.pointing import named_apart, pointed
from qa.followups.said import Said
from qa.followups.talk import Rewritten, Talk

_ASKS_ANEW = re.compile(
    r"(?P<asking>why|when|where|how|how (?:long|often)|since when|until when"
    r"|(?:(?:in|on|at) )?(?:what|which) (?:year|day|date|month|time|place|city|town|country))"
    r"(?:,? (?:exactly|precisely|then|though))?"
    r"(?: (?:is|was|were|did|does|has|will) (?:that|this|(?P<it>it))"
    r"(?: (?:happen(?:ed)?|take place|occur(?:red)?|so|the case|come about))?)?",
    re.IGNORECASE,
)
_ASKS_MORE = re.compile(
    r"(?:why not|how (?:so|come|much|many|far|big|old|exactly)|who|whom|which|what"
    r"|what (?:for|next|then|happened)|(?:with|by|to|from|for|about) (?:who|whom|what|which)"
    r"|(?:which|what) ones?|really|are you sure|is (?:that|it) (?:true|so|all)"
    r"|(?:please )?(?:tell me|say|explain|give me|any|some)? ?(?:some )?more(?: details?)?"
    r"(?: please)?"
    r"|(?:please )?(?:go on|elaborate|explain|continue)|(?:can|could) you (?:elaborate|explain)"
    r"|(?:for|give(?: me)? an) example|any (?:examples?|details?)|like what|such as|says who"
    r"|anything else|so what|and)",
    re.IGNORECASE,
)
_ELSE = re.compile(r"(?:what|who|where|how|when|why) else", re.IGNORECASE)
_WHY_THERE = re.compile(r"(why|how) (there|here|then)", re.IGNORECASE)
_AND_THIS = re.compile(
    r"(?P<lead>(?:(?:and|but|so|or|ok|okay|well|then|also)\b[,\s]*)*(?:(?:what|how) about\s+)?)"
    r"(?P<this>(?!(?:why|when|where|how|who|whom|what|which)\b).+?)[\s?!.]*",
    re.IGNORECASE | re.DOTALL,
)
_NOW = re.compile(r"now|today|nowadays|tomorrow|yesterday", re.IGNORECASE)
_PLACED = re.compile(
    r"(?:in|on|at|from|to|for|with|by|since|until|during|near|of|before|after|against|over"
    r"|under|without)\s+",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    r"\bthe (first|second|third|fourth|fifth|sixth|last|latest|next|previous)\b(?: one$)?", re.I
)
_EXTREME = re.compile(r"\bthe (\w+est)(?: one$|(?= \w))", re.IGNORECASE)
_ALIKE: dict[Kind, tuple[Kind, ...]] = {
    "person": ("person", "name"),
    "name": ("person", "name", "thing", "place"),
    "place": ("place", "name"),
    "thing": ("thing", "name", "place"),
    "date": ("date",),
    "adjective": ("adjective", "name"),
}


def completed(text: str, talk: Talk) -> Rewritten | None:
    """A follow-up with what it leaves out ("Why?", "And Rome?"); None for a whole question."""
    asked, bare = talk.asked(), without_lead(text)
    if asked is None:
        return Rewritten(text, talk.topic()) if not bare or _ASKS_MORE.fullmatch(bare) else None
    anew = _ASKS_ANEW.fullmatch(bare)
    if anew and anew["it"] and talk.thing():
        return None
    if again := _asked_again(bare, asked, talk):
        return Rewritten(again, asked.topic)
    if not bare or anew or _ASKS_MORE.fullmatch(bare) or _ELSE.fullmatch(bare):
        return Rewritten(text, talk.topic(answered=True))
    return _parallel(text, asked, talk)


def _asked_again(bare: str, asked: Said, talk: Talk) -> str:
    """The question before with the follow-up's question word ("Why?", "What else?"), or ""."""
    clause = clause_of(asked.text)
    whole = clause.is_whole and " " in clause.rest
    if whole and (anew := _ASKS_ANEW.fullmatch(bare)):
        return clause.ask(anew["asking"][0].upper() + anew["asking"][1:])
    if whole and (there := _WHY_THERE.fullmatch(bare)):
        where = talk.date() if there[2].lower() == "then" else talk.place()
        again = clause.ask(there[1].capitalize())
        return again if where.partition(" ")[2] in again else f"{again[:-1]} {where}?"
    if _ELSE.fullmatch(bare) and clause.asking.lower() == bare.split()[0].lower():
        if clause.helper:
            return clause.ask(bare.capitalize())
        return f"{bare.capitalize()} {clause.rest}?"
    return ""


def _parallel(text: str, asked: Said, talk: Talk) -> Rewritten | None:
    """The question before, asked of something else: "And Rome?", "What about 2019?"."""
    match = _AND_THIS.fullmatch(text)
    if match is None or not _is_bare(match["this"], bool(match["lead"]), "?" in text):
        return None
    said = match["this"]
    this, unclear = pointed(said, talk)
    this = named_apart(this, talk)[0]
    if unclear:
        return Rewritten(text, talk.topic())
    topic = still_asked(asked.text, asked.mentions) or talk.topic()
    with_topic = Rewritten(f"{match['lead']}{this}?", topic)
    if again := _next_in_order(asked.text, this):
        return Rewritten(again, asked.topic)
    preposition, noun = _parted(this)
    found = next(iter(talk.names.find(this)), None)
    if found is None:
        again = _with_phrase(asked, this, preposition)
        return Rewritten(again, asked.topic) if again else with_topic
    name = found.text.lower()
    owner = this != said and re.match(rf"{re.escape(name)}['’]s? ", noun.lower())
    if not owner and noun.lower() not in {name, name.removeprefix("the ")}:
        return Rewritten(with_topic.text) if this != said else None
    same = next((mention for mention in asked.mentions if mention.text == found.text), None)
    target = same if owner or same else _target(asked, found, preposition)
    if target and (owner or not same):
        topic = "" if target.text in asked.topic else asked.topic
        again = f"{asked.text[: target.start]}{noun}{asked.text[target.end :]}"
        return Rewritten(again, topic)
    if preposition and clause_of(asked.text).helper:
        return Rewritten(f"{asked.text.rstrip(' ?!.')} {this}?", asked.topic)
    return with_topic


def _next_in_order(question: str, phrase: str) -> str:
    """The question with "the second" for its "the first", "newest" for its "oldest"; or ""."""
    order = _ORDINAL if _ORDINAL.fullmatch(phrase) else _EXTREME
    if not order.fullmatch(phrase):
        return ""
    places = list(order.finditer(question))
    if len(places) != 1:
        return ""
    return question[: places[0].start(1)] + phrase.split()[1] + question[places[0].end(1) :]


def _is_bare(this: str, led: bool, asking: bool) -> bool:
    """Whether the words are a phrase and no clause; without "And" before it, a short one."""
    words = re.findall(r"[\w’']+", this.lower())
    return len(words) <= 7 and not HELPERS & set(words) and (led or (asking and len(words) <= 4))


def _parted(phrase: str) -> tuple[str, str]:
    """A phrase as its preposition, or "", and the rest."""
    found = _PLACED.match(phrase)
    return (found.group().strip().lower(), phrase[found.end() :]) if found else ("", phrase)


def _with_phrase(asked: Said, phrase: str, preposition: str) -> str:
    """The question before with "now", "by plane" for "by train", "cats" for "dogs"; or ""."""
    inside = asked.text.rstrip(" ?!.")
    subject = "" if asked.mentions else plural_subject(clause_of(asked.text))
    if subject and not preposition and phrase.endswith("s"):
        return asked.text.replace(subject, phrase, 1)
    if _NOW.fullmatch(phrase):
        return f"{inside} {phrase}?"
    alike = preposition and re.search(rf"\b{preposition} (?:\w+ )?\w+$", inside)
    if alike and not any(mention.end > alike.start() for mention in asked.mentions):
        return f"{inside[: alike.start()]}{phrase}?"
    return ""


def _target(asked: Said, new: Mention, preposition: str) -> Mention | None:
    """Which name of the question before gives way to a new one of the same kind."""
    alike = _ALIKE[new.kind]
    fitting = [
        mention
        for mention in asked.mentions
        if mention.kind in alike
        and not re.match(r",? and\b", asked.text[mention.end :])
        and not re.search(r"\band $", asked.text[: mention.start])
    ]
    if preposition and new.kind != "date":
        fitting = [mention for mention in fitting if mention.preposition == preposition]
    return min(fitting, key=lambda mention: alike.index(mention.kind), default=None)
