"""Whether two sentences give different answers to a question: dates, numbers, places, yes or no.

It compares what is said; which sentences are worth comparing is for `qa.quoting` to choose.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from itertools import product
from typing import Literal

Asked = Literal["date", "number", "place", "yes or no"]

_MONTHS = "January February March April May June July August September October November December"
_DAYS = "monday tuesday wednesday thursday friday saturday sunday"
_SMALL = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen "
    "sixteen seventeen eighteen nineteen twenty"
)
_TENS = "thirty forty fifty sixty seventy eighty ninety"
_WORD_VALUES = {
    **{word: float(value) for value, word in enumerate(_SMALL.split())},
    **{word: 10.0 * value for value, word in enumerate(_TENS.split(), 3)},
    **{"dozen": 12.0, "half": 0.5, "once": 1.0, "twice": 2.0},
}
_SCALES = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}

# The question word opens the question, a preposition at most before it: "why … when …" asks why.
_OPENING = r"^\W*(?:(?:and|but|so|in|on|at|by|since|until|from|to|for|about|around|of)\s+)*"
_ASKED: tuple[tuple[Asked, str], ...] = (
    ("date", r"(?:when|(?:what|which) (?:\w+ )?(?:date|day|month|year|decade|century))\b"),
    ("number", r"how (?:many|much|long|old|far|big|large|high|tall|deep|fast|often|heavy)\b"),
    (
        "number",
        r"(?:what|which) (?:\w+ ){0,2}"
        r"(?:number|percentage|share|age|amount|price|cost|fee|distance)\b",
    ),
    ("place", r"(?:where|(?:what|which) (?:city|town|place|country|site|venue|state|region))\b"),
    (
        "yes or no",
        r"(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|may|might|should)\b",
    ),
)
_UNITS = """
second minute hour day night week month year decade century % percent metre meter kilometre
kilometer mile foot hectare tonne ton kilo kilogram pound litre dollar euro rouble
"""
_MEASURES = frozenset(_UNITS.split())
_YEAR = r"(?:1[0-9]|20)\d\d"
# Case counts: "they may" and "a march" are no months.
_ANY_MONTH = "|".join(f"{month[:3]}(?:{month[3:]}|t)?\\.?" for month in _MONTHS.split())
_DATE_PARTS: Mapping[str, re.Pattern[str]] = {
    "year": re.compile(rf"\b({_YEAR})s?\b"),
    "month": re.compile(rf"\b({_ANY_MONTH})(?=\W|$)"),
    "day": re.compile(
        rf"\b(\d\d?)(?:st|nd|rd|th)?(?: of)? (?:{_ANY_MONTH})(?=\W|$)"
        rf"|\b(?:{_ANY_MONTH}) (\d\d?)(?:st|nd|rd|th)?\b(?!\d)"
    ),
    "weekday": re.compile(rf"\b({'|'.join(_DAYS.split())})\b", re.IGNORECASE),
}
_DAY_RANGE = re.compile(rf"\b(\d\d?)\s*(?:-|–|to|and)\s*(\d\d?) (?=(?:{_ANY_MONTH})(?=\W|$))")
_CURRENCIES = {"£": "pound", "$": "dollar", "€": "euro"}
_NUMBER = re.compile(
    rf"(?P<currency>[{''.join(_CURRENCIES)}])?"
    r"(?P<value>\d[\d,]*(?:\.\d+)?|\b(?:" + "|".join(_WORD_VALUES) + r")\b)"
    r"(?P<scale>(?:[ -](?:" + "|".join(_SCALES) + r"))*)[ -]*(?P<unit>%|[a-z]+)?",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"(?<!not )\b(?i:in|at|near|to|from|towards?|outside|inside|into)\s+(?:the\s+|a\s+)?"
    r"((?:[A-Z][\w'’-]*(?:\s+(?:of\s+|the\s+)?)?)+)"
)
_NEGATION = re.compile(
    r"\b(?:no|not|never|nothing|nobody|none|neither|nor|den(?:y|ies|ied)|refus\w+|\w+n['’]t)\b",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W_]+")
_NEAR = 0.4
"""The share of common words from which a "yes" and a "no" are about the same thing."""
_ASKED_OF = 0.75
"""The same, of a question's words that both of them have."""


def asked_for(question: str) -> Asked | None:
    """What kind of fact a question asks for, of the kinds that can be compared."""
    for asked, pattern in _ASKED:
        if re.match(_OPENING + pattern, question, re.IGNORECASE):
            return asked
    return None


def disagree(asked: Asked, question: str, one: str, other: str) -> bool:
    """Whether two sentences give answers of the kind asked for that cannot both be right.

    Cautious: a sentence that gives none disagrees with nothing, nor do dates of which one is part
    of the other ("2019" and "25 April 2019").
    """
    if asked == "date":
        left, right = (date_parts(text) for text in (one, other))
        shared = set(left) & set(right)
        return bool(shared) and any(not left[part] & right[part] for part in shared)
    known = words(question)
    if asked == "number":
        units = known | _MEASURES
        return _numbers_differ(*(_counted(numbers(text), units) for text in (one, other)))
    if asked == "place":
        left_places, right_places = (
            {name for name in places(text) if not words(name) & known} for text in (one, other)
        )
        return bool(left_places and right_places) and not _any_alike(left_places, right_places)
    return negated(one) != negated(other) and (
        alike(one, other) >= _NEAR or all(_names(text, question) for text in (one, other))
    )


def _names(text: str, question: str) -> bool:
    """Whether a text has most words of a question that are long enough to name something."""
    asked = {word for word in words(question) if len(word) > 3}
    return len(asked & words(text)) >= max(2, _ASKED_OF * len(asked))


def negated(text: str) -> bool:
    """Whether a text says "no" or "not" in some form."""
    return bool(_NEGATION.search(text))


def words(text: str) -> frozenset[str]:
    """The words of a text in lower case, a final s dropped: "shells" counts as "shell"."""
    return frozenset(
        word if len(word) < 4 else word.removesuffix("s") for word in _WORD.findall(text.casefold())
    )


def alike(one: str, other: str) -> float:
    """The share of the words of two texts that they have in common, 0..1."""
    left, right = words(one), words(other)
    return len(left & right) / max(1, len(left | right))


def date_parts(text: str) -> dict[str, frozenset[str]]:
    """The years, months, days of the month and weekdays in a text, by part; ranges in full."""
    found: dict[str, set[str]] = {}
    for part, pattern in _DATE_PARTS.items():
        for match in pattern.finditer(text):
            for value in filter(None, match.groups()):
                short = value.lower()[:3] if part in ("month", "weekday") else value
                found.setdefault(part, set()).add(short)
    for match in _DAY_RANGE.finditer(text):
        days = range(int(match[1]), int(match[2]) + 1)
        found.setdefault("day", set()).update(map(str, days))
    return {part: frozenset(values) for part, values in found.items()}


def numbers(text: str) -> frozenset[tuple[float, str]]:
    """The quantities in a text as (value, unit): the currency, or the next word in the singular."""
    found = set()
    for match in _NUMBER.finditer(text):
        written = match["value"].lower()
        value = _WORD_VALUES.get(written)
        if value is None:
            value = float(written.replace(",", "") or 0)
        for scale in match["scale"].lower().replace("-", " ").split():
            value *= _SCALES[scale]
        unit = _CURRENCIES.get(match["currency"]) or (match["unit"] or "").lower().removesuffix("s")
        found.add((value, unit))
    return frozenset(found)


def places(text: str) -> frozenset[str]:
    """The names that follow a preposition of place; "not in Lisbon" names none, nor "in May"."""
    names = (match[1].strip() for match in _PLACE.finditer(text))
    return frozenset(name for name in names if not date_parts(name))


def _counted(found: Iterable[tuple[float, str]], units: Collection[str]) -> set[tuple[float, str]]:
    """The quantities in units that the question names, or that measure something."""
    return {(value, unit) for value, unit in found if unit in units and unit}


def _numbers_differ(left: Iterable[tuple[float, str]], right: Iterable[tuple[float, str]]) -> bool:
    """Whether some unit is counted on both sides, and never with the same number."""
    pairs = [(one[0], other[0]) for one, other in product(left, right) if one[1] == other[1] != ""]
    return bool(pairs) and not any(one == other for one, other in pairs)


def _any_alike(left: Iterable[str], right: Iterable[str]) -> bool:
    """Whether some name on one side is part of a name on the other."""
    return any(
        set(one.lower().split()) & set(other.lower().split()) for one, other in product(left, right)
    )
