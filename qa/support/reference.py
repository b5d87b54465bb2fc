"""What a quote's "he", "the city" and "on Wednesday" stand for: names and dates of its context.

A name or a date of the context is known only through such a word, never by being there. Rules of
thumb, cautious ones: a "he" after another man's name is that man.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from index.dates import find_date
from qa.disagreement import date_parts
from qa.support.names import Known, Name, is_country, is_titled, names, readable, unify

_PERSONS = (
    "leader|president|minister|premier|chancellor|king|queen|prince|pope|ruler|dictator|man|woman|boy"
    "|girl|visitor|guest|host|son|daughter|father|mother|husband|wife|author|writer|painter|artist"
    "|singer|actor|actress|player|director|governor|mayor|general|admiral|ambassador|spokesman"
    "|spokeswoman|scientist|researcher|doctor|judge|lawyer|teacher|official|politician|chief|head"
)
_PLACES = (
    "country|nation|kingdom|state|city|town|village|capital|region|province|island|peninsula|site"
    "|place|port"
)
_OF_A_COUNTRY = frozenset(["government", "ministry", "army", "navy"])
_THINGS = (
    f"{_PLACES}|river|lake|sea|mountain|company|firm|bank|ministry|government|agency|group|party|team"
    "|club|museum|university|school|hospital|court|army|navy|union|council|organi[sz]ation|forum"
    "|conference|festival|orchestra|ship|vessel|boat|train|plane|bridge|building|tower|station"
    "|airport|spaceport|cosmodrome|film|book|novel|opera|project|mission|probe|satellite|rocket|plant"
)
_WHO = re.compile(
    r"\b(?:(?P<own>his|her)|(?P<object>him(?:self)?|herself)|(?P<subject>s?he)"
    r"|(?:the|that|this|his|her|their|its) (?-i:(?:[a-z-]+ ){0,2}?"
    rf"(?P<noun>{_PERSONS})))\b(?! of\b)",
    re.IGNORECASE,
)
_WHICH = re.compile(
    rf"\b(?:(?P<own>its)|(?P<object>itself|there(?! (?:is|are|was|were|has|have|had))|here)"
    r"|(?<!let )(?P<subject>it)"
    rf"|(?:the|that|this|its|their) (?-i:(?:[a-z-]+ ){{0,2}}?(?P<noun>{_THINGS})))\b(?! of\b)",
    re.IGNORECASE,
)
_SEVERAL = re.compile(
    r"\b(?:(?P<own>their)|(?P<object>them(?:selves)?)|(?P<subject>they|both)"
    r"|the (?:two|three|four) (?P<noun>[a-z]+))\b",
    re.IGNORECASE,
)
_NO_PERSON = re.compile(
    r"\b(?:University|Council|Ministry|Department|Forum|Cosmodrome|Treasury|Agency|Party|River|Sea"
    r"|Island|Street|Bridge|House|Nations|Union|Federation|Republic|Museum|Theatre|Fleet|Church"
    r"|Institute|Committee|Company|Bank|Press|News|Times|Army|Navy|War)\b"
)
_WHERE = re.compile(r"\b(?:in|at|near|into|towards|outside|inside|around|the)\s+$", re.IGNORECASE)
_MALE = re.compile(r"\b(?:Mr|Sir|Lord|King|Prince|he|his|him|spokesman|father|son|husband)\b")
_FEMALE = re.compile(
    r"\b(?:M(?:r?s|iss)|Lady|Queen|Princess|she|hers?|spokeswoman|mother|wife|daughter)\b"
)
_SENTENCE = re.compile(r"[.!?…:][”\"’')]*$")


@dataclass(frozen=True, slots=True)
class _Context:
    """What stands before a quote: `near`, sentences and questions; `far`, titles."""

    near: tuple[str, ...]
    far: tuple[str, ...]

    @property
    def names(self) -> set[tuple[str, ...]]:
        return {name.words for text in (*self.near, *self.far) for name in names(text)}

    def people(self, texts: Iterable[str], everything: str) -> list[Name]:
        return [n for text in texts for n in names(text) if not _is_thing(n, everything)]


def resolve(sentence: str, quotes: Sequence[str], context: Sequence[str]) -> list[str]:
    """The quotes with the sentence's names put for the words that stand for them, where they may.

    A name must be in the context and not in the quotes; "he", "him" and "the leader" stand for
    people, "it", "there" and "the city" for all else, "they" and "the two men" for any of several.
    It is not put where another name in the quote, or in the sentence before it, is nearer.
    """
    resolved = list(quotes)
    texts = [text for text in context if not _only_a_date(text)]
    near = tuple(text for text in texts if _SENTENCE.search(text))
    known = _Context(near, tuple(text for text in texts if text not in near))
    everything = "\n".join([sentence, *resolved, *texts])
    wanted = [name for name in names(unify(sentence)) if Known(texts).states(name)]
    lacking = [name for name in wanted if not Known(resolved, texts).states(name)]
    for name in lacking:
        for at, quote in enumerate(resolved):
            if match := _stands_for(name, quote, resolved[:at], known, everything):
                resolved[at] = _put(quote, match, readable(name))
                break
            if _answers(name, quote, near, everything):
                resolved[at] = f"{quote.rstrip('.')}, {readable(name)}."
                break
    rest = [readable(name) for name in lacking if not Known(resolved).states(name)]
    if rest and len(known.names) > 1:
        for at, quote in enumerate(resolved):
            if match := _SEVERAL.search(quote):
                resolved[at] = _put(quote, match, " and ".join(rest))
                break
    return resolved


def _stands_for(
    name: Name, quote: str, before: Sequence[str], context: _Context, everything: str
) -> re.Match[str] | None:
    """The first word of the quote that may stand for a name."""
    nearer = Known(context.near).states(name)
    if _is_thing(name, everything):
        nearest = (n for text in context.near for n in names(text) if _is_thing(n, everything))
        return _which(name, quote) if nearer or not any(nearest) else None
    somebody = context.people(context.near, everything)
    if not nearer and somebody and not any(map(_WHO.search, context.near)):
        return None  # the sentence before speaks of somebody else, and of nobody besides
    own = [n for n in names(quote) if n.sure and not _is_thing(n, everything)]
    others = [] if nearer else context.people(before, everything)
    for match in _WHO.finditer(quote):
        rivals = len(others) + sum(other.start < match.start() for other in own)
        if rivals > (1 if match["object"] else 0) and not match["noun"]:
            continue
        if match["noun"] and own and any(match.end() <= o.start <= match.end() + 2 for o in own):
            continue  # "the governor, Oleg Kozhemyako"
        if not _agree(match[0].casefold(), name, everything):
            continue
        return match
    # Of one word nobody can tell whether it is a man's name or a town's.
    return _which(name, quote) if nearer and len(name.words) == 1 else None


def _which(name: Name, quote: str) -> re.Match[str] | None:
    """The word for a place or a body, "the city" before "it"; "the museum" is one by its name."""
    found = [
        match
        for match in _WHICH.finditer(quote)
        if not (noun := match["noun"])
        or noun in _PLACES.split("|")
        or noun in name.words
        or (noun in _OF_A_COUNTRY and is_country(name.words[0]))
    ]
    return min(found, key=lambda match: not match["noun"], default=None)


def _answers(name: Name, quote: str, near: Iterable[str], everything: str) -> bool:
    """Whether the quote answers a question about the name, and names nobody else."""
    questions = [text for text in near if text.endswith("?")]
    if not Known(questions).states(name):
        return False
    thing = _is_thing(name, everything)
    return not any(_is_thing(other, everything) == thing for other in names(quote))


def _agree(word: str, name: Name, everything: str) -> bool:
    """Whether "he" or "she" may be said of a name, as far as titles beside it tell."""
    shown = re.escape(readable(name))
    around = re.finditer(rf"(\w+\W{{1,2}}){{0,2}}{shown}(\W{{1,3}}\w+)?", everything)
    beside = "\n".join(match[0] for match in around)
    if word in ("he", "his", "him", "himself"):
        return not _FEMALE.search(beside)
    if word in ("she", "her", "herself"):
        return not _MALE.search(beside)
    return True


def _put(quote: str, match: re.Match[str], shown: str) -> str:
    """The quote with names in a pronoun's place, or after "the leader"."""
    if match["noun"]:
        return f"{quote[: match.end()]} {shown}{quote[match.end() :]}"
    if match["own"]:
        shown += "'s"
    elif match[0].casefold() in ("there", "here"):
        shown = f"in {shown}"
    return quote[: match.start()] + shown + quote[match.end() :]


def _is_thing(name: Name, text: str) -> bool:
    """Whether a name is a place or a body, as far as can be told; else it may be a person."""
    if is_titled(name, text):
        return False
    if any(is_country(word) for word in name.words) or _NO_PERSON.search(readable(name)):
        return True
    if any(c.isdigit() for c in name.text):
        return True
    places = re.finditer(rf"\b{re.escape(readable(name))}\b", text)
    return any(_WHERE.search(text[: match.start()]) for match in places)


def _only_a_date(text: str) -> bool:
    found = find_date(text)
    return bool(found and found.date and not found.rest)


_SHIFTS = (
    (r"today|tonight|this (?:morning|afternoon|evening)", 0, False),
    (r"yesterday|last night|overnight", -1, False),
    (r"tomorrow", 1, False),
    (r"(?:a|the|one) (?:day (?:earlier|before)|previous day)", -1, True),
    (r"(?:a|the|one) (?:day (?:later|after)|next day|following day)", 1, True),
)
"""What a word means in days, and whether it counts from the sentence before rather than today."""
_COMING = re.compile(
    r"\b(?:will|shall|next|coming|is to|are to|due|plan\w*|expect\w*|would|may|if|until)\b", re.I
)
_THEN = re.compile(
    r"\b(?:that (?:day|night|week|month|year|time|spring|summer|autumn|winter"
    r"|(?-i:[A-Z])[a-z]+(?:day|er|ry))"
    r"|the same|then|later|earlier|afterwards|the (?:day|year|month) (?:after|before))\b",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\b(\d{1,3}) days (later|after|earlier|before)\b", re.IGNORECASE)
_YEAR = re.compile(r"\b(?:1[0-9]|20)\d\d\b")


def dates_meant(quotes: Sequence[str], context: Sequence[str], digits: Iterable[str]) -> list[str]:
    """In full: what "on Friday", "yesterday", "a day later" and "in May" mean in the quotes.

    They count from the date in the context, or from a date of the quotes; a date of the sentence
    before is meant where the quote says "that day", "then" or "later". `digits` are the quotes
    with their numbers in digits.
    """
    said = "\n".join(quotes)
    found = [*_weekdays_of(quotes), *_spans_after(digits)]
    earlier = [text for text in context if not _only_a_date(text)]
    if _THEN.search(said):
        found += [text for text in earlier if _SENTENCE.search(text)]
    for text in context:
        day = find_date(text)
        if day and day.date and _only_a_date(text):
            found += _from(day.date, said, earlier)
    return found


def _from(today: date, said: str, earlier: Sequence[str]) -> Iterator[str]:
    """What a text means beside the date of its article."""
    weekdays = date_parts(said).get("weekday", frozenset())
    reach = range(-6, 7) if _COMING.search(said) else range(-6, 1)
    if re.search(r"\blast (?:week|\w+day)\b", said, re.I):
        reach = range(-13, 1)
    meant = [today + timedelta(days=shift) for shift in reach]
    days = [day for day in meant if f"{day:%a}".lower() in weekdays]
    for pattern, shift, chained in _SHIFTS:
        if re.search(rf"\b(?:{pattern})\b", said, re.IGNORECASE):
            days.append(today + timedelta(days=shift))
            before = date_parts("\n".join(earlier)).get("weekday", frozenset()) if chained else ()
            days += [day + timedelta(days=shift) for day in meant if f"{day:%a}".lower() in before]
    yield from (_in_full(day) for day in days)
    if re.search(r"\bthis (?:week|month)\b", said, re.I):
        yield f"{today:%B} {today.year}"
    for word, years in (("last", -1), ("this", 0), ("next", 1)):
        if re.search(rf"\b{word} (?:year|spring|summer|autumn|fall|winter)\b", said, re.I):
            yield f"{today.year + years}"
    if not _YEAR.search(said) and date_parts(said).get("month"):
        yield f"{today.year}"


def _weekdays_of(quotes: Iterable[str]) -> Iterator[str]:
    for quote in quotes:
        if (found := find_date(quote)) and found.date:
            yield f"{found.date:%A}"


def _spans_after(digits: Iterable[str]) -> Iterator[str]:
    """The day that is "8 days later" than the one a text names."""
    for text in digits:
        found = find_date(text)
        if not found or not found.day or not found.month:
            continue
        for match in _AFTER.finditer(text):
            days = int(match[1]) * (1 if match[2].lower() in ("later", "after") else -1)
            start = found.date or date(2001, found.month, found.day)
            meant = start + timedelta(days=days)
            yield _in_full(meant) if found.date else f"{meant.day} {meant:%B}"


def _in_full(day: date) -> str:
    return f"{day.day} {day:%B} {day.year}, {day:%A}"
