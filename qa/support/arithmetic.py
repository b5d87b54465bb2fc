"""Numbers that a sentence works out from those of its quotes: sums, shares, spans, other units.

A number counts as worked out only where the sentence says how, in a word such as "times" or
"later"; whether the quotes have it as it stands is for `qa.support.claims`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator
from itertools import permutations

Quantity = tuple[float, str]
"""A value and what it counts, "" when that is not known."""

_SECONDS = {
    "second": 1,
    "minute": 60,
    "hour": 3600,
    "day": 86_400,
    "week": 604_800,
}
_MONTHS = {"month": 1, "year": 12, "decade": 120, "century": 1200}
_METRES = {"millimetre": 0.001, "mm": 0.001, "metre": 1, "m": 1, "kilometre": 1000, "km": 1000}
_GRAMS = {"gram": 1, "kilo": 1000, "kilogram": 1000, "kg": 1000, "tonne": 1e6, "ton": 1e6}
_SCALES = (_SECONDS, _MONTHS, _METRES, _GRAMS)
MEASURES = frozenset(unit for scale in _SCALES for unit in scale) | {
    *("mile", "foot", "hectare", "litre", "barrel", "dollar", "euro", "pound", "rouble", "percent")
}
"""What numbers measure rather than count."""
_NEAR = 0.05
"""How far off a number that was worked out may be, as a share of it: "60 hours" is 2.5 days."""

_TIMES = re.compile(r"\b(?:times|fold|double|twice|triple)\b", re.IGNORECASE)
_SHARE = re.compile(
    r"%|\bper ?cent\b|\bshare\b|\b(?:half|thirds?|quarters?|fifths?|sixths?|tenths?) ",
    re.IGNORECASE,
)
_MORE = re.compile(
    r"\b(?:differ\w*|gap|more|less|fewer|longer|shorter|higher|lower|older|younger|apart|another"
    r"|fell by|rose by|grew by|lead|ahead)\b",
    re.IGNORECASE,
)
_ALL = re.compile(r"\b(?:all|total|together|altogether|combined|overall|both|sum)\b", re.IGNORECASE)
_SPAN = re.compile(
    r"\b(?:later|earlier|after|before|for|within|since|between|lasted|took|aged?|old|when)\b",
    re.IGNORECASE,
)
_LESS = re.compile(r"\b(?:more|less|fewer|larger|smaller)\b", re.IGNORECASE)


def worked_out(
    quantity: Quantity,
    sentence: str,
    told: Collection[Quantity],
    days: Collection[tuple[int, int]],
    months: Collection[int],
    years: Collection[int],
) -> bool:
    """Whether a number of the sentence follows from what the quotes tell.

    `told` are their quantities, `days` their dates as (day, month), `months` and `years` those
    that they name.
    """
    value, unit = quantity
    found = (
        *_converted(unit, told),
        *_computed(sentence, unit, told),
        *(_spans(unit, days, months, years) if _SPAN.search(sentence) else ()),
    )
    return any(abs(value - other) <= _NEAR * abs(other) for other in found)


def _converted(unit: str, told: Collection[Quantity]) -> Iterator[float]:
    """The quantities in another unit: 60 minutes for an hour."""
    for scale in _SCALES:
        if unit in scale:
            yield from (value * scale[of] / scale[unit] for value, of in told if of in scale)


def _computed(sentence: str, unit: str, told: Collection[Quantity]) -> Iterator[float]:
    """Sums, differences and ratios of two quantities, where the sentence speaks of such."""
    times, share = bool(_TIMES.search(sentence)), bool(_SHARE.search(sentence))
    more, everything = bool(_MORE.search(sentence)), bool(_ALL.search(sentence))
    known: tuple[tuple[bool, bool, Callable[[float, float], float]], ...] = (
        (times, False, lambda one, other: one / other),
        (share and not _LESS.search(sentence), False, lambda one, other: one / other),
        (more, True, lambda one, other: one - other),
        (everything, True, lambda one, other: one + other),
    )
    for (one, of), (other, counted) in permutations(told, 2):
        for meant, alike, compute in known:
            same = not alike or of == counted or unit in (of, counted)
            if meant and other and same and (value := compute(one, other)) > 0:
                yield value


def _spans(
    unit: str,
    days: Collection[tuple[int, int]],
    months: Collection[int],
    years: Collection[int],
) -> Iterator[float]:
    """The time between two dates, of one month, one year, or in years."""
    if unit == "day":
        yield from (one[0] - other[0] for one, other in permutations(days, 2) if one[1] == other[1])
    elif unit == "month":
        yield from (one - other for one, other in permutations(months, 2))
    elif unit in ("year", ""):
        yield from (one - other for one, other in permutations(years, 2))
