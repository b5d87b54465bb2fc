"""The head of an article: title, byline, date and source, read from the lines above its text.

A line counts only when all of it is accounted for; the rest of the article is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from index.dates import DatedLine, date_in_path, find_date
from index.faq import is_faq_heading
from index.furniture import is_comments_line, is_furniture_line
from index.layout import Block

_SMALL = r"(?:of|de|da|di|del|della|van|von|der|den|bin|al|el|la|le|and|the|for|at|in|y|&)"
_WORD = r"[^\W\d_a-z][\w.'’-]*"
_NAMES = rf"{_WORD}(?:[\s,]+(?:{_SMALL}\s+)*{_WORD}){{0,9}}"
_BYLINE = re.compile(
    r"(?i:(?:(?:written|story|article|posted|published|reported|analysis|words)\s+)?by"
    r"|(?:authors?|byline)\s*:)\s*:?\s*"
    rf"(?P<names>{_NAMES})(?P<more>$|\s*[,.;|(/•·:–-].*|\s+(?:for|with|in|at)\s.*)",
    re.DOTALL,
)
_NAME = re.compile(rf"{_WORD}(?: {_WORD}){{1,3}}")
_SEPARATORS = " ,;:|/•·()-\N{EN DASH}\N{EM DASH}"
_SOURCE = re.compile(r"(?:source|url|link|original(?:ly published at)?)\s*:\s*(\S.{2,300})", re.I)
_LABEL = re.compile(
    r"\b(?:(?:first |last |originally |date )?"
    r"(?:published|updated|posted|modified|created|released)(?:\s+(?:on|at|in))?"
    r"|update|date|on|at|by)\b\s*:?",
    re.IGNORECASE,
)
_AGO = re.compile(r"\b\d+ (?:minute|hour|day|week|month|year)s? ago\b", re.IGNORECASE)
_NO_NAME = re.compile(
    r"(?:january|february|march|april|may|june|july|august|september|october|november|december|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)day|spring|summer|autumn|winter|noon|midnight|"
    r"(?:then|now|the|this|that|all|late|early|mid|some|no)\b.*)",
    re.IGNORECASE,
)
_CATEGORY = re.compile(
    r"(?:world|news|politics|business|opinion|analysis|asia|europe|international|breaking|"
    r"geopolitics|defen[cs]e|science|sports?|culture|technology|explainers?|features?)"
    r"(?:\s+(?:news|affairs|politics))?(?:\s*(?:[/|,&>»•·-]|and)\s*\w+(?:\s\w+)?)*",
    re.IGNORECASE,
)


@dataclass(slots=True)
class Head:
    """What stands above an article's text; `length` blocks belong to it, those of `body` too."""

    title: str = ""
    byline: str = ""
    source: str = ""
    dated: DatedLine | None = None
    length: int = 0
    body: list[Block] = field(default_factory=list)
    dropped: list[tuple[int, int]] = field(default_factory=list)

    def date_in(self, article_id: str) -> date | None:
        """The article's date: the head's, with the year of the file's name if it gives none."""
        named = date_in_path(article_id)
        if self.dated is None or not self.dated.month:
            return named
        if self.dated.date or named is None:
            return self.dated.date
        return _date(named.year, self.dated.month, self.dated.day)


def read_head(blocks: Sequence[Block]) -> Head:
    """Read the lines above an article's text, up to its first paragraph or heading."""
    head = Head()
    after_byline = False
    for at, block in enumerate(blocks):
        rest = blocks[at + 1 :]
        if head.title and is_faq_heading(block):
            break
        if _read_line(head, block):
            after_byline = True
        elif not head.title and _is_title(block, rest) and not _is_menu(block, rest):
            head.title = " ".join(block.text.split())
        elif _is_toolbar(block) or _is_category(block, rest, after_byline=after_byline):
            head.dropped.append((block.start, block.end))
        elif head.title and not (after_byline or head.body) and _is_deck(block, rest):
            head.body.append(block)
        else:
            break
        head.length = at + 1
    return head


def _read_line(head: Head, block: Block) -> bool:
    """Take byline, date and source from a line that holds nothing else."""
    text = block.text
    if len(text) > 200 or block.level:
        return False
    if source := _SOURCE.fullmatch(text):
        head.source = head.source or source[1]
        return True
    dated = find_date(text)
    rest = _LABEL.sub(" ", dated.rest) if dated else ""
    # "Updated" names a later date on the same line.
    while dated and (again := find_date(rest)):
        rest = _LABEL.sub(" ", again.rest)
    rest = _AGO.sub(" ", rest).strip(_SEPARATORS)
    # Without a year it could be a title, "September 11"; beside a year one word is a place.
    if dated and (len(rest.split()) <= 1 if dated.date else head.title and not rest):
        head.dated = head.dated or dated
        return True
    # Two capitalised words beside a date are a name, unless the title is still to come.
    if name := _byline(dated.rest if dated else text, bare=bool(dated and head.title)):
        head.byline = head.byline or name
        head.dated = head.dated or dated
        return True
    return False


def _byline(text: str, *, bare: bool) -> str:
    """The names of a byline, with what the line says of them; "" when it is none."""
    match = _BYLINE.match(text.strip())
    if match is None or _NO_NAME.fullmatch(match["names"]):
        return text if bare and _NAME.fullmatch(text) and not _NO_NAME.match(text) else ""
    more = match["more"].strip()
    # "By Seoul and Tokyo, it was seen as a threat." is a sentence of the text.
    if (more.startswith(",") and more.endswith((".", "!", "?"))) or len(more.split()) > 16:
        return ""
    return (match["names"] + match["more"]).strip(_SEPARATORS)


def _is_title(block: Block, rest: Sequence[Block]) -> bool:
    """Whether a line stands over a text as its title."""
    enough = max(50, 2 * len(block.text))
    if not any(each.is_prose or each.is_question or len(each.text) >= enough for each in rest):
        return False
    if block.level:
        return True
    fits = len(block.text) <= 200 and len(block.text.split()) <= 30 and block.number is None
    apart = rest[0].spaced and len(block.text.split()) <= 5
    goes_on = rest[0].goes_on and not (apart or _BYLINE.match(rest[0].text))
    if not fits or block.bullet or block.text[-1] in ",;:" or goes_on:
        return False
    return not block.is_prose or (block.text[-1] in "?!" and len(rest[0].text) > len(block.text))


def _is_menu(block: Block, rest: Sequence[Block]) -> bool:
    """Whether "Menu" or "World news" is what the page prints above the title."""
    label = _is_toolbar(block) or bool(_CATEGORY.fullmatch(block.text))
    return label and not block.level and not rest[0].is_prose and _is_title(rest[0], rest[1:])


def _is_toolbar(block: Block) -> bool:
    return not block.level and (is_furniture_line(block.text) or is_comments_line(block.text))


def _is_category(block: Block, rest: Sequence[Block], *, after_byline: bool) -> bool:
    """Whether a short line names the page's section: right under the byline, or a known one."""
    if block.level or block.is_prose or len(block.text.split()) > 5 or not (block.is_line and rest):
        return False
    if _CATEGORY.fullmatch(block.text):
        return after_byline or not rest[0].is_prose
    if not after_byline or block.spaced:
        return False
    return rest[0].spaced or _read_line(Head(title="above"), rest[0])


def _is_deck(block: Block, rest: Sequence[Block]) -> bool:
    """Whether it is the line between title and byline that sums the article up."""
    if block.level or len(block.text) > 300 or not rest:
        return False
    return _read_line(Head(title="above"), rest[0])


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
