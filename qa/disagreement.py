"""Whether two sentences give different answers to a question: dates, numbers, places, yes or no.

It compares what is said; which sentences are worth comparing is for `qa.quoting` to choose.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
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

_ASKED: tuple[tuple[Asked, str], ...] = (
    ("date", r"\bwhen\b|\b(?:what|which) (?:\w+ )?(?:date|day|month|year|decade|century)\b"),
    ("number", r"\bhow (?:many|much|long|old|far|big|large|high|tall|deep|fast|often|heavy)\b"),
    (
        "number",
        r"\b(?:what|which) (?:\w+ )?(?:number|percentage|share|age|amount|price|distance)\b",
    ),
    ("place", r"\bwhere\b|\b(?:what|which) (?:city|town|place|country|site|venue|state|region)\b"),
    (
        "yes or no",
        r"^\W*(?:is|are|was|were|do|does|did|has|have|had|will|would|can|could|may|might|should)\b",
    ),
)
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
_NUMBER = re.compile(
    r"(?P<value>\d[\d,]*(?:\.\d+)?|\b(?:" + "|".join(_WORD_VALUES) + r")\b)"
    r"(?P<scale>(?:[ -](?:" + "|".join(_SCALES) + r"))*)[ -]*(?P<unit>%|[a-z]+)?",
    re.IGNORECASE,
)
_PLACE = re.compile(
    r"(?<!not )\b(?i:in|at|near|to|from|towards?|outside|inside|into)\s+(?:the\s+|a\s+)?"
    r"((?:[A-Z][\w'’-]*(?:\s+(?:of\s+|the\s+)?)?)+)"
)
_NO = re.compile(
    r"\b(?:no|not|never|nothing|none|neither|nor|without|den(?:y|ies|ied)|refus\w+|\w+n['’]t)\b",
    re.I,
)


def asked_for(question: str) -> Asked | None:
    """What kind of fact a question asks for, of the kinds that can be compared."""
    for asked, pattern in _ASKED:
        if re.search(pattern, question, re.IGNORECASE):
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
    if asked == "number":
        return _numbers_differ(numbers(one), numbers(other))
    if asked == "place":
        known = places(question)
        left_places, right_places = places(one) - known, places(other) - known
        return bool(left_places and right_places) and not _any_alike(left_places, right_places)
    return bool(_NO.search(one)) != bool(_NO.search(other))


def date_parts(text: str) -> dict[str, frozenset[str]]:
    """The years, months, days of the month and weekdays in a text, by part."""
    found = {
        part: frozenset(
            group.lower()[:3] if part in ("month", "weekday") else group
            for match in pattern.finditer(text)
            for group in match.groups()
            if group
        )
        for part, pattern in _DATE_PARTS.items()
    }
    return {part: values for part, values in found.items() if values}


def numbers(text: str) -> frozenset[tuple[float, str]]:
    """The quantities in a text as (value, unit); the unit is the next word, in the singular."""
    found = set()
    for match in _NUMBER.finditer(text):
        written = match["value"].lower()
        value = _WORD_VALUES.get(written)
        if value is None:
            value = float(written.replace(",", "") or 0)
        for scale in match["scale"].lower().replace("-", " ").split():
            value *= _SCALES[scale]
        found.add((value, (match["unit"] or "").lower().removesuffix("s")))
    return frozenset(found)


def places(text: str) -> frozenset[str]:
    """The names that follow a preposition of place; "not in Lisbon" names none."""
    return frozenset(match[1].strip() for match in _PLACE.finditer(text))


def _numbers_differ(left: Iterable[tuple[float, str]], right: Iterable[tuple[float, str]]) -> bool:
    """Whether some unit is counted on both sides, and never with the same number."""
    pairs = [(one[0], other[0]) for one, other in product(left, right) if one[1] == other[1] != ""]
    return bool(pairs) and not any(one == other for one, other in pairs)


def _any_alike(left: Iterable[str], right: Iterable[str]) -> bool:
    """Whether some name on one side is part of a name on the other."""
    return any(
        set(one.lower().split()) & set(other.lower().split()) for one, other in product(left, right)
    )
