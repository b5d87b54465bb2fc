"""Bylines: whose names a line gives, as newspapers print them, and what stands beside them.

It reads one line; where such a line may stand is decided elsewhere.
"""

from __future__ import annotations

import re

_SMALL = r"(?:of|de|da|di|del|della|van|von|der|den|bin|al|el|la|le|and|the|for|at|in|y|&)"
_WORD = r"[^\W\d_a-z][\w.'’-]*"
_NAMES = rf"{_WORD}(?:[\s,]+(?:{_SMALL}\s+)*{_WORD}){{0,9}}"
_BYLINE = re.compile(
    r"(?i:(?:(?:written|story|article|posted|published|reported|analysis|words|text)\s+)?by"
    r"|(?P<label>authors?|byline|reporters?|writers?|words|text)\s*:)\s*:?\s*"
    rf"(?P<names>{_NAMES})(?P<more>$|\s*[,.;|(/•·:–-].*|\s+(?:for|with|in|at)\s.*)",
    re.DOTALL,
)
_FULL = (
    rf"{_WORD}(?: (?:(?:de|da|di|del|della|van|von|der|den|bin|al|el|la|le) ){{0,2}}{_WORD}){{1,3}}"
)
_NAME = re.compile(rf"{_FULL}(?:(?:,| and| &) {_FULL})*")
_NEWSROOM = re.compile(
    r"\b(?:news|radio|tv|media|press|times|post|herald|tribune|gazette|courier|journal|magazine|"
    r"review|daily|weekly|agency|bureau|affairs|online)\b",
    re.IGNORECASE,
)
_ROLE = re.compile(r",\s[\w\s]{0,40}\b(?:editor|reporter|correspondent|writer|columnist)$", re.I)
_STAMPED = (
    r"(?:(?:first|last|originally)\s+)?(?:published|posted|printed|updated|modified|written|filed)"
    r"(?:\s+(?:on|at|in))?"
)
_BEFORE_BY = re.compile(rf"{_STAMPED}[\s,:|·•–—-]+(?=by\b)", re.IGNORECASE)
_AFTER_NAMES = re.compile(
    rf"\s+[|•·](?:\s.*)?$|[\s,;–—-]+{_STAMPED}\s*:?$"
    r"|[\s.,;|/–—-]+(?:photo(?:graph)?|picture|image|illustration)s?(?:\s+by|\s*:).*$",
    re.IGNORECASE | re.DOTALL,
)
_PLACED = re.compile(
    r"(?i:(?:first |originally )?(?:published|posted|printed|appeared)\s+"
    rf"(?:in|on|at|by(?= the\b)))\s+(?:(?i:the)\s+)?{_NAMES}"
)
_PIECES = re.compile(r"\s*[|•·]\s*")
_SEPARATORS = " ,;:|/•·()-\N{EN DASH}\N{EM DASH}"
_NO_NAME = re.compile(
    r"(?:(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|spring|summer|autumn|winter|noon|midnight)\b"
    r"|(?:then|now|the|this|that|all|late|early|mid|some|no|one|two|three|how|why|what|our)\b.*)",
    re.IGNORECASE,
)
_SECTION = re.compile(
    r"(?:world|news|politics|business|opinion|analysis|asia|europe|international|breaking|"
    r"geopolitics|defen[cs]e|science|sports?|culture|technology|explainers?|features?)"
    r"(?:\s+(?:news|affairs|politics))?(?:\s*(?:[/|,&>»•·-]|and)\s*\w+(?:\s\w+)?)*",
    re.IGNORECASE,
)


def is_section(text: str) -> bool:
    """Whether a line names a part of a newspaper: "World news", "Opinion | Europe"."""
    return bool(_SECTION.fullmatch(text))


def starts_byline(text: str) -> bool:
    """Whether a line starts like a byline, whatever follows."""
    return bool(_BYLINE.match(text))


def find_byline(text: str, *, titled: bool) -> str | None:
    """The names of a byline; None when it is none. `titled`: the title stands above it."""
    match = _BYLINE.match(_BEFORE_BY.sub("", text.strip()))
    if match is None or _NO_NAME.fullmatch(match["names"]):
        return None
    # "Words: a history" may be a title.
    if not titled and not (match["label"] or "by").lower().startswith(("author", "by")):
        return None
    more = match["more"].strip()
    # "By Seoul and Tokyo, it was seen as a threat." is a sentence of the text.
    if (more.startswith(",") and more.endswith((".", "!", "?"))) or len(more.split()) > 16:
        return None
    return _AFTER_NAMES.sub("", match["names"] + match["more"]).strip(_SEPARATORS)


def is_placed(text: str) -> bool:
    """Whether a line, its date apart, tells in which paper an article was: "Published in …"."""
    return bool(_PLACED.fullmatch(text))


def bare_name(text: str) -> str | None:
    """The name in a line without "by", or between pipes with short words beside it.

    It is "" where the line names a paper or a section only, and None where it is prose.
    """
    pieces = [_ROLE.sub("", piece) for piece in _PIECES.split(text) if piece.strip(_SEPARATORS)]
    names = [each for each in pieces if _NAME.fullmatch(each) and not _NO_NAME.fullmatch(each)]
    if not all(each in names or len(each.split()) <= 3 for each in pieces):
        return None
    if not names and len(pieces) < 2:
        return None
    people = (each for each in names if not (_NEWSROOM.search(each) or _SECTION.fullmatch(each)))
    return next(people, "")
