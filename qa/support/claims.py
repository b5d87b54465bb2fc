"""What a sentence states that can be checked to the letter: its numbers, dates and names.

It finds them and says which of them other texts lack. What is said about them is for
`qa.support.opposition`, and how like the words are for `qa.support`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from qa.disagreement import alike, date_parts, numbers
from qa.support.arithmetic import MEASURES, worked_out
from qa.support.names import missing_names
from qa.support.reference import dates_meant

_UNITS = "zero one two three four five six seven eight nine"
_TEENS = "ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen"
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth "
    "thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
)
_VALUES = {
    **{word: value for value, word in enumerate(f"{_UNITS} {_TEENS}".split())},
    **{word: 10 * value for value, word in enumerate(_TENS.split(), 2)},
}
_ORDINAL_VALUES = {word: value for value, word in enumerate(_ORDINALS.split())}
_PARTS = {"half": 2, "quarter": 4} | {
    word: value for word, value in _ORDINAL_VALUES.items() if 3 <= value <= 10
}

_MONTH = (
    r"(?:Jan(?:uary)?|Feb(?:ruary)?|Mar(?:ch)?|Apr(?:il)?|May|June?|July?|Aug(?:ust)?"
    r"|Sept?(?:ember)?|Oct(?:ober)?|Nov(?:ember)?|Dec(?:ember)?)\.?(?=\W|$)"
)
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_DAY = r"(\d\d?)(?:st|nd|rd|th)?"
_DAY_MONTH = re.compile(rf"\b{_DAY}(?: of)? ({_MONTH})|\b({_MONTH}) {_DAY}\b(?!\d)")
_DAYS_MONTH = re.compile(rf"\b(\d\d?)\s*(?:-|–|to|and)\s*(\d\d?) ({_MONTH})")
_YEAR = re.compile(r"(?<![\d,.])(?:1[0-9]|20)\d\ds?\b(?![,.]\d)")

_COMPOUND = re.compile(
    rf"\b({'|'.join(_TENS.split())})[ -]({'|'.join(_UNITS.split()[1:])})\b", re.IGNORECASE
)
_WORD_NUMBER = re.compile(rf"\b({'|'.join(w for w in _VALUES if w != 'one')})\b", re.IGNORECASE)
# "One shell" counts; "one of them", "no one", "this one" and "one another" do not.
_ONE = re.compile(
    r"(?<!no )(?<!any )(?<!this )(?<!that )(?<!each )(?<!every )(?<!the )\bone(?= [a-z])"
    r"(?! (?:of|another|more|day|side|thing|way|who|that|or|and|is|was|has|can|in)\b)",
    re.IGNORECASE,
)
_ONE_IN = re.compile(r"\b(\w+) (?:in|out of) (\d+)\b(?! (?-i:[A-Z]))", re.IGNORECASE)
_FRACTION = re.compile(
    rf"\b(an?|one|\d+)[ -]({'|'.join(_PARTS)})s?\b"
    r"(?=\s*(?:$|[.,;:)]|(?:of|more|less|fewer|larger|higher|lower|in|on|as|by|to|the|last|this)\b))",
    re.IGNORECASE,
)
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*(?:%|per ?cent\b)", re.IGNORECASE)
_IN_FULL = (
    (re.compile(r"\bhalf an hour\b", re.IGNORECASE), "30 minutes"),
    (re.compile(r"\bhalf a dozen\b", re.IGNORECASE), "6"),
    (re.compile(r"\ba dozen\b", re.IGNORECASE), "12"),
    (re.compile(r"\ba (?=(?:hundred|thousand|million|billion)\b)", re.IGNORECASE), "1 "),
    (re.compile(r"(?<=\d)(?:bn|b)\b"), " billion"),
    (re.compile(r"(?<=[$€£]\d)(?:mn|m)\b|(?<=[$€£]\d\d)(?:mn|m)\b"), " million"),
)
_ORDINAL = re.compile(
    rf"\b(?:(\d+)(?:st|nd|rd|th)|({'|'.join(_ORDINAL_VALUES)}))\b(?:\s+([a-z]+))?", re.IGNORECASE
)
_ABOUT = re.compile(r"\b(?:about|around|roughly|approximately|some|nearly|almost|close to) (?=\d)")
_OVER = re.compile(r"\b(?:more than|over|above|at least|upwards of) (?=\d)")
_UNDER = re.compile(r"\b(?:less than|fewer than|under|below|at most|up to) (?=\d)")
_ROUNDED = 0.05
"""How far a number that is called rough may be from the exact one, as a share of it."""
_BOUND = 0.25
"""How far above "more than 5,000" the number may be that is meant."""
_FILLERS = frozenset(
    re.split(
        r"\s+",
        "of in to or and the a an more less than other at on by for from year each per was were",
    )
)


def missing_claims(
    sentence: str, quotes: Sequence[str], context: Sequence[str] = ()
) -> tuple[str, ...]:
    """The dates, numbers and names of a sentence that no quote has, each in a few words.

    A date may also be what "on Friday" or "a day earlier" means beside the date of the context;
    for names see `qa.support.reference.resolve`.
    """
    return (
        *_missing_dates(sentence, quotes, context),
        *_missing_numbers(sentence, quotes),
        *missing_names(sentence, quotes, context),
    )


@lru_cache(maxsize=4096)
def digits(text: str) -> str:
    """The text with its numbers in digits: "twenty-one" is 21, "a quarter" and "25 %" are 0.25."""
    for pattern, value in _IN_FULL:
        text = pattern.sub(value, text)
    text = _COMPOUND.sub(lambda m: str(_VALUES[m[1].lower()] + _VALUES[m[2].lower()]), text)
    text = _WORD_NUMBER.sub(lambda m: str(_VALUES[m[1].lower()]), text)
    text = re.sub(r"(?<=\d) and a half\b", ".5", text)
    text = _ONE_IN.sub(_share, text)
    text = _FRACTION.sub(lambda m: f"{_count(m[1]) / _PARTS[m[2].lower()]:.3g}", text)
    text = _ONE.sub("1", text)
    return _PERCENT.sub(lambda m: f"{float(m[1]) / 100:.3g}", text)


def quantities(text: str) -> frozenset[tuple[float, str]]:
    """The numbers in a text as (value, next word), those of dates and "the third" left out."""
    without_dates = text
    for pattern in (_DAYS_MONTH, _DAY_MONTH, _YEAR):
        without_dates = pattern.sub(" ", without_dates)
    found = numbers(digits(_without_ordinals(without_dates)))
    return frozenset((value, "" if unit in _FILLERS else unit) for value, unit in found)


def _missing_numbers(sentence: str, quotes: Sequence[str]) -> Iterator[str]:
    told = frozenset[tuple[float, str]]().union(*map(quantities, quotes))
    values = {value for value, _ in told}
    written = digits(sentence)
    for value, unit in sorted(quantities(sentence)):
        counted_otherwise = _counts_other(value, unit, told)
        if value == 1 and not (counted_otherwise or _counted_apart(unit, quotes)):
            continue  # "one" is often no number
        if _is_of_known(value, unit, written, quotes) or _follows((value, unit), sentence, quotes):
            continue
        if not _told(value, values, written):
            yield f"the number {_shown(value)} is not in the quotes"
        elif value in values and (counted_otherwise or _measures_other(value, unit, told)):
            yield f"the quotes have another number than {_shown(value)} for “{unit}”"
    ordinals = {value: unit for value, unit in _ordinals(sentence)}
    ranks = set(_ordinals("\n".join(quotes)))
    for value, unit in ordinals.items():
        others = {rank for rank, of in ranks if of == unit}
        if value not in {rank for rank, _ in ranks} | values and (others or value > 2):
            yield f"the number {_rank(value)} is not in the quotes"


def _is_of_known(value: float, unit: str, written: str, quotes: Sequence[str]) -> bool:
    """Whether it is "the two leaders", of whom all know, or "twice" for "again"."""
    joined = "\n".join(quotes)
    if value == 2 and re.search(r"\b(?:the|these|both|its|their) 2 ", written, re.I):
        return not any(of == unit and number != 2 for number, of in quantities(joined))
    if value == 2 and re.search(r"\btwice\b", written, re.IGNORECASE):
        return bool(re.search(r"\b(?:again|both times|second)\b", joined))
    return False


def _follows(quantity: tuple[float, str], sentence: str, quotes: Sequence[str]) -> bool:
    """Whether the number can be worked out from those of the quotes."""
    said = digits(" \n".join(quotes))
    units = re.sub(r"\ban? (?=(?:second|minute|hour|day|week|month|year|decade)\b)", "1 ", said)
    days = set(_day_months(said))
    numbered = {month: at for at, month in enumerate(_MONTHS, 1)}
    return worked_out(
        quantity,
        sentence,
        quantities(units),
        {(day, numbered[month]) for day, month in days},
        {numbered[month] for month in date_parts(said).get("month", ())},
        {int(year) for year in date_parts(said).get("year", ())},
    )


def _told(value: float, values: Iterable[float], written: str) -> bool:
    """Whether one of the values is the number, or the exact one behind a rough number."""
    shown = re.escape(f"{value:g}")
    rough, over, under = (
        bool(re.search(rf"{pattern.pattern}(?:{shown}|{value:,g})\b", written, re.IGNORECASE))
        for pattern in (_ABOUT, _OVER, _UNDER)
    )
    for known in values:
        off = (known - value) / (abs(value) or 1)
        if abs(off) < 1e-9 or (rough and abs(off) <= _ROUNDED):
            return True
        if (over and 0 < off <= _BOUND) or (under and 0 < -off <= _BOUND):
            return True
    return False


def _counts_other(value: float, unit: str, told: Iterable[tuple[float, str]]) -> bool:
    """Whether the quotes count the unit, with other numbers, and something else with this one."""
    of_unit = {number for number, counted in told if counted == unit}
    counted = {other for number, other in told if number == value}
    return unit != "" and bool(of_unit) and value not in of_unit and "" not in counted


def _measures_other(value: float, unit: str, told: Iterable[tuple[float, str]]) -> bool:
    """Whether the quotes have the number of another measure alone: 900 km for 900 hours."""
    counted = {other for number, other in told if number == value}
    return unit in MEASURES and counted <= MEASURES - {unit}


def _counted_apart(unit: str, quotes: Sequence[str]) -> bool:
    """Whether the quotes have several of what the sentence has one of: "2 large ships"."""
    said = digits("\n".join(quotes))
    several = re.compile(rf"(?<![\d.,])(?!1\b)\d[\d,]*(?: [a-z-]+){{0,3}} {re.escape(unit)}s\b")
    return bool(unit) and bool(several.search(said)) and not re.search(rf"\b{unit}\b", said)


def _missing_dates(sentence: str, quotes: Sequence[str], context: Sequence[str]) -> Iterator[str]:
    meant = dates_meant(quotes, context, map(digits, quotes))
    known = "\n".join([*quotes, *meant])
    there = date_parts(known)
    days = {(day, month) for day, month in _day_months(known)}
    for part, values in sorted(date_parts(sentence).items()):
        for value in sorted(values - there.get(part, frozenset())):
            yield f"the {part} {value.capitalize()} is not in the quotes"
    for day, month in sorted(set(_day_months(sentence)) - days):
        if any(day == other for other, _ in days) and month in there.get("month", ()):
            yield f"the date {day} {month.capitalize()} is not in the quotes"

    yield from _days_of_another(sentence, quotes)


def _days_of_another(sentence: str, quotes: Sequence[str]) -> Iterator[str]:
    """The day that one quote gives to something else than the one that tells of the matter."""
    days = set(_day_months(sentence))
    if not days or len(quotes) < 2:
        return
    nearest = max(quotes, key=lambda quote: alike(sentence, quote))
    own = set(_day_months(nearest))
    if own and not own & days and alike(sentence, nearest) > 0:
        day, month = min(days)
        yield f"the date {day} {month.capitalize()} belongs to another quote"


def _day_months(text: str) -> Iterator[tuple[int, str]]:
    for match in _DAY_MONTH.finditer(text):
        day, month = match[1] or match[4], match[2] or match[3]
        yield int(day), month[:3].lower()
    for match in _DAYS_MONTH.finditer(text):
        for day in range(int(match[1]), int(match[2]) + 1):
            yield day, match[3][:3].lower()


def _ordinals(text: str) -> Iterator[tuple[int, str]]:
    """The ranks in a text, "the third attempt" as (3, "attempt"); those of dates left out."""
    for match in _ORDINAL.finditer(_DAY_MONTH.sub(" ", text)):
        value = int(match[1]) if match[1] else _ORDINAL_VALUES[match[2].lower()]
        yield value, (match[3] or "").lower()


def _without_ordinals(text: str) -> str:
    fractions = digits(text)  # "a third of" is no rank
    return _ORDINAL.sub(lambda match: f" {match[3] or ''}", fractions)


def _share(match: re.Match[str]) -> str:
    """What "one in 4" is, 0.25; "two in 2010" stays."""
    part, whole = _count(match[1]), int(match[2])
    return f"{part / whole:.3g}" if 0 < part < whole <= 100 else match[0]


def _count(word: str) -> int:
    if word.isdigit():
        return int(word)
    return 1 if word.lower() in ("a", "an") else _VALUES.get(word.lower(), 0)


def _shown(value: float) -> str:
    if 0 < value < 1:
        return f"{value:.3g} ({value:.0%})"
    return f"{value:,.10g}"


def _rank(value: int) -> str:
    tens, ones = divmod(value % 100, 10)
    return f"{value}{'th' if tens == 1 else {1: 'st', 2: 'nd', 3: 'rd'}.get(ones, 'th')}"
