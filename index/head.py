"""The head of an article: title, byline, date and source, read from the lines above its text.

A line counts only when all of it is accounted for; the rest of the article is never looked at.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from index.bylines import bare_name, find_byline, is_placed, is_section, starts_byline
from index.contents import plain
from index.dates import DatedLine, date_in_path, find_date, find_dateline
from index.faq import is_faq_heading
from index.furniture import is_comments_line, is_furniture_line, is_trail
from index.layout import Block, is_heading

_READING = re.compile(
    r"(?:read(?:ing)? time\s*:?\s*)?\b\d+\s?-?\s?min(?:ute)?s?\b(?:\s+read\b)?", re.IGNORECASE
)
_SEPARATORS = " ,;:|/•·()-\N{EN DASH}\N{EM DASH}"
_MOST_LINES = 40
"""What is longer is no head, but a page of links."""
_HOME = re.compile(r"home\b", re.IGNORECASE)
_SOURCE = re.compile(r"(?:source|url|link|original(?:ly published at)?)\s*:\s*(\S.{2,300})", re.I)
_LABEL = re.compile(
    r"\b(?:(?:first |last |originally |date )?"
    r"(?:published|updated|posted|modified|created|released)(?:\s+(?:on|at|in))?"
    r"|update|date|on|at|by)\b\s*:?",
    re.IGNORECASE,
)
_AGO = re.compile(r"\b\d+ (?:minute|hour|day|week|month|year)s? ago\b", re.IGNORECASE)


@dataclass(slots=True)
class Head:
    """What stands above an article's text; `length` blocks belong to it, those of `body` too.

    `marked` tells of a title with a `#`.
    """

    title: str = ""
    byline: str = ""
    source: str = ""
    dated: DatedLine | None = None
    length: int = 0
    marked: bool = False
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
    in_lines = False
    for at, block in enumerate(blocks[:_MOST_LINES]):
        rest = blocks[at + 1 :]
        if head.title and is_faq_heading(blocks, at):
            break
        if _read_block(head, block) or _read_name(head, block, rest, after_line=in_lines):
            in_lines = True
        elif not head.title and _is_title(block, rest) and not _is_menu(block, rest):
            head.title, head.marked = " ".join(block.text.split()), block.level > 0
        elif (
            _is_toolbar(block)
            or (not block.level and is_trail(blocks, at))
            or (head.title and plain(block.text) == plain(head.title))
            or _is_category(block, rest, after_byline=in_lines)
        ):
            head.dropped.append((block.start, block.end))
        elif head.title and not head.body and _is_deck(head, block, rest, in_lines=in_lines):
            head.body.append(block)
        else:
            break
        head.length = at + 1
    if head.dated is None:
        opening = next((each for each in blocks[head.length :] if each.is_prose), None)
        head.dated = find_dateline(opening.text) if opening else None
    return head


def is_signed(block: Block) -> bool:
    """Whether a line is nothing but a byline with its date: it heads nothing, wherever it is."""
    probe = Head()
    return _read_line(probe, block) and bool(probe.byline and probe.dated)


def _read_block(head: Head, block: Block) -> bool:
    """Take what a line says of the article, or each of several lines that were put together."""
    lines = [block.part(*match.span()) for match in re.finditer(r"[^\n]+", block.text)]
    if len(lines) > 1 and len(block.text) <= 300:
        probe = Head(title=head.title)
        read = [_read_line(probe, line) for line in lines]
        if any(read) and all(
            is_read or _is_toolbar(line) for is_read, line in zip(read, lines, strict=True)
        ):
            for line in lines:
                _read_line(head, line)
            return True
    return _read_line(head, block)


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
    rest = _READING.sub(" ", _AGO.sub(" ", rest)).strip(_SEPARATORS)
    # Without a year it could be a title, "September 11"; beside a year one word is a place.
    if dated and (len(rest.split()) <= 1 if dated.date else head.title and not rest):
        head.dated = head.dated or dated
        return True
    said = _READING.sub(" ", dated.rest).strip(_SEPARATORS) if dated else text
    name = "" if dated and is_placed(said) else find_byline(said, titled=bool(head.title))
    # Two capitalised words beside a date are a name, unless the title is still to come.
    if name is None and dated and head.title:
        name = bare_name(said)
    if name is not None:
        head.byline = head.byline or name
        head.dated = head.dated or dated
    return name is not None


def _read_name(head: Head, block: Block, rest: Sequence[Block], *, after_line: bool) -> bool:
    """Take a name that stands alone as the byline: above the date, or below it over the text."""
    name = bare_name(block.text) if head.title and not (block.level or block.bullet) else None
    if name is None or not rest:
        return False
    if head.byline:
        return bool(name) and name in head.byline
    probe = Head(title="above")
    above = _read_line(probe, rest[0]) and probe.dated is not None and not probe.byline
    below = after_line and head.dated and rest[0].is_prose
    if not above and not (below and (not block.spaced or (head.marked and _marks_headings(rest)))):
        return False
    # A paper has a name, too: where a label follows, that gives the reporter.
    if not name or any(_read_block(probe, each) and probe.byline for each in rest[:3]):
        head.dropped.append((block.start, block.end))
    else:
        head.byline = name
    return True


def _marks_headings(blocks: Sequence[Block]) -> bool:
    """Whether no line without a `#` heads anything: all headings have one."""
    lines = (at for at, block in enumerate(blocks) if not (block.level or block.is_question))
    return not any(is_heading(blocks, at) for at in lines)


def _is_title(block: Block, rest: Sequence[Block]) -> bool:
    """Whether a line stands over a text as its title."""
    enough = max(50, 2 * len(block.text))
    if not any(each.is_prose or each.is_question or len(each.text) >= enough for each in rest):
        return False
    if block.level:
        return True
    fits = len(block.text) <= 200 and len(block.text.split()) <= 30 and block.number is None
    apart = rest[0].spaced and len(block.text.split()) <= 5
    goes_on = rest[0].goes_on and not (apart or starts_byline(rest[0].text))
    if not fits or block.bullet or block.text[-1] in ",;:" or goes_on:
        return False
    return not block.is_prose or (block.text[-1] in "?!" and len(rest[0].text) > len(block.text))


def _is_menu(block: Block, rest: Sequence[Block]) -> bool:
    """Whether "Menu", "World news" or "Home | News | About" is printed above the title."""
    if block.level:
        return False
    if is_trail([block, *rest], 0):
        return _HOME.match(block.text) is not None or _title_follows(rest)
    label = _is_toolbar(block) or is_section(block.text)
    return label and not rest[0].is_prose and _is_title(rest[0], rest[1:])


def _title_follows(rest: Sequence[Block]) -> bool:
    """Whether a title comes next, below what the page may print over it."""
    for at, block in enumerate(rest[:_MOST_LINES]):
        if not (_read_line(Head(), block) or _is_toolbar(block) or is_trail(rest, at)):
            return _is_title(block, rest[at + 1 :])
    return False


def _is_toolbar(block: Block) -> bool:
    return not block.level and (is_furniture_line(block.text) or is_comments_line(block.text))


def _is_category(block: Block, rest: Sequence[Block], *, after_byline: bool) -> bool:
    """Whether a short line names the page's section: right under the byline, or a known one."""
    if block.level or block.is_prose or len(block.text.split()) > 5 or not (block.is_line and rest):
        return False
    if is_section(block.text):
        return after_byline or not rest[0].is_prose
    if not after_byline or block.spaced:
        return False
    return rest[0].spaced or _read_line(Head(title="above"), rest[0])


def _is_deck(head: Head, block: Block, rest: Sequence[Block], *, in_lines: bool) -> bool:
    """Whether it is the line between title and byline that sums the article up.

    Below a byline it is one only where the page repeats that byline under it.
    """
    if block.level or len(block.text) > 300 or not rest:
        return False
    probe = Head(title="above")
    named = _read_name(probe, rest[0], rest[1:], after_line=False)
    if not (named or _read_line(probe, rest[0])):
        return False
    return not in_lines or bool(head.byline and probe.byline.startswith(head.byline))


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
