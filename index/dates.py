"""Dates as newspapers print them: found in one line, read strictly, never guessed from prose.

It knows dates, times and the words around them; what a dated line means is decided elsewhere.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\b\.?"
)
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_FORMS = tuple(
    re.compile(rf"(?<![\w/]){form}(?![\w/])", re.IGNORECASE)
    for form in (
        rf"{_YEAR}-(?P<month>\d\d)-(?P<day>\d\d)(?:T[\d:.]+(?:Z|[+-]\d\d:?\d\d)?)?",
        rf"{_YEAR}/(?P<month>\d\d)/(?P<day>\d\d)",
        rf"{_DAY}(?:\s+of)?[\s-]+{_MONTH},?[\s-]+{_YEAR}",
        rf"{_MONTH}\s+{_DAY}\s*,?\s+{_YEAR}",
        rf"(?P<day>\d{{1,2}})\.(?P<month>\d{{1,2}})\.{_YEAR}",
        rf"(?P<one>\d{{1,2}})/(?P<two>\d{{1,2}})/{_YEAR}",
        rf"{_DAY}\s+{_MONTH}",
        rf"{_MONTH}\s+{_DAY}",
    )
)
_TIME = re.compile(
    r"(?<![\w:])(?:\d{1,2}[:.]\d\d(?:[:.]\d\d)?(?:\s*[ap]\.?m\b\.?)?|\d{1,2}\s*[ap]\.?m\b\.?)"
    r"(?:\s*(?:\(?(?:[A-Z]{2,4}T|UTC|GMT|Z)\b(?:\s*[+-]\d{1,2}(?::?\d\d)?)?\)?))?",
    re.IGNORECASE,
)
_WEEKDAY = re.compile(
    r"\b(?:(?:mon|tues|wednes|thurs|fri|satur|sun)day|mon|tue|wed|thu|fri|sat|sun)\b\.?", re.I
)
_SEPARATORS = " ,;:|/•·@()-\N{EN DASH}\N{EM DASH}"
_IN_PATH = re.compile(r"(?<!\d)((?:19|20)\d\d)[-_/](\d\d)[-_/](\d\d)(?!\d)")

_NAMES = r"[^\W\d_a-z][\w.'’-]*(?: [^\W\d_a-z][\w.'’-]*){0,3}"
_DATELINE = re.compile(
    rf"(?P<place>{_NAMES})(?:, {_NAMES})?(?: ?\([^()]{{2,40}}\))?, "
    r"(?P<when>[^:()]{4,40}?)(?: ?\([^()]{2,40}\))? ?(?:--|(?<= )-|[–—])\s?\S"
)


@dataclass(frozen=True, slots=True)
class DatedLine:
    """A line with a date: the date when its year is known, and what the line says besides.

    `month` and `day` are there without a year too, and 0 when the line can be read as two dates;
    `timed` tells whether it names an hour.
    """

    date: date | None
    month: int
    day: int
    timed: bool
    rest: str


def find_date(line: str) -> DatedLine | None:
    """The first date in a line; None when it has none that exists."""
    for form in _FORMS:
        for match in form.finditer(line):
            found = _read(match.groupdict())
            if found is None:
                continue
            rest = f"{line[: match.start()]} {line[match.end() :]}"
            bare = _TIME.sub(" ", rest)
            timed = bare != rest or "T" in match[0].upper().partition("-")[2]
            day, month, year = found
            known = date(year, month, day) if year and month else None
            return DatedLine(known, month, day, timed, _tidy(_WEEKDAY.sub(" ", bare)))
    return None


def find_dateline(paragraph: str) -> DatedLine | None:
    """The date in an agency's first words: "PORT DENHAM, 21 August 2022 (Agency) -- "."""
    match = _DATELINE.match(paragraph)
    dated = find_date(match["when"]) if match else None
    if match is None or dated is None or dated.rest or _WEEKDAY.fullmatch(match["place"]):
        return None
    # "Paris, 3 May 1968 - a day of smoke" is prose: an agency names itself, or prints capitals.
    return dated if match["place"].isupper() or "(" in match[0] else None


def date_in_path(path: str) -> date | None:
    """A date written into a file's name or its folders: 2023-09-13, 2023_09_13, 2023/09/13."""
    for match in _IN_PATH.finditer(path):
        year, month, day = (int(part) for part in match.groups())
        if _exists(day, month, year):
            return date(year, month, day)
    return None


def _read(groups: dict[str, str | None]) -> tuple[int, int, int] | None:
    """Day, month and year, 0 what is not known; None when there is no such date."""
    year = int(groups.get("year") or 0)
    if one := groups.get("one"):
        low, high = sorted((int(one), int(groups["two"] or 0)))
        # 09/13/2023 can be read one way only; 09/12/2023 is September or December.
        if low != high <= 12:
            return 0, 0, year
        day, month = high, low
    else:
        name = (groups["month"] or "").lower()
        day = int(groups["day"] or 0)
        month = int(name) if name.isdigit() else _MONTHS.index(name[:3]) + 1
    return (day, month, year) if _exists(day, month, year or 2000) else None


def _exists(day: int, month: int, year: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def _tidy(rest: str) -> str:
    """What is left of a line, without the punctuation that held the date."""
    rest = re.sub(r"\(\s*\)", " ", rest)
    rest = re.sub(r"\s+", " ", rest).strip(_SEPARATORS)
    return re.sub(r"^(?:at|on)\b|\b(?:at|on)$", "", rest, flags=re.IGNORECASE).strip(_SEPARATORS)
