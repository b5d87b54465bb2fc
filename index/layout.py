"""A text's lines -> blocks: paragraphs, headings and list items, each an exact range.

It sees form only - line breaks, blank lines, marks - and never what a block means.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

_TERMINAL = re.compile(r"[.!?…。！？][\"'”’)\]»*_]*$")  # noqa: RUF001
_QUESTION = re.compile(r"[?？][\"'”’)\]»*_]*$")  # noqa: RUF001
_ABBREVIATED = re.compile(r"\b(?:[A-Z]|Jr|Sr|Inc|Co|Corp|Ltd|Bros|St|Mt|vs)\.$")


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph or a line of its own: `text[start:end]`, without marks and space around it.

    `level` is a heading's, 1 to 6, or 0; `number` what stood before it ("3." is 3); `spaced`
    tells of a blank line before it, `torn` that something between it and the block before was
    taken out.
    """

    start: int
    end: int
    text: str
    level: int = 0
    bullet: bool = False
    number: int | None = None
    spaced: bool = True
    torn: bool = False

    @property
    def is_question(self) -> bool:
        """Whether it ends in a question mark."""
        return bool(_QUESTION.search(self.text))

    @property
    def is_prose(self) -> bool:
        """Whether it reads as a paragraph: a sentence with its end, or a long text."""
        if self.level:
            return False
        words = len(self.text.split())
        ended = _TERMINAL.search(self.text) and not (words <= 6 and _ABBREVIATED.search(self.text))
        return len(self.text) >= 120 or (bool(ended) and words >= 4)

    @property
    def is_line(self) -> bool:
        """Whether it could be a heading by its form: short, and not ended like a sentence."""
        if self.level:
            return True
        words = len(self.text.split())
        ended = self.text[-1] in ".,;:…!" and not (words <= 6 and _ABBREVIATED.search(self.text))
        return not ended and len(self.text) <= 110 and words <= 18 and not self.bullet

    @property
    def is_item(self) -> bool:
        """Whether it could be one of several short lines, as in a list without marks."""
        return self.bullet or (self.is_line and not self.level and not self.is_prose)

    @property
    def goes_on(self) -> bool:
        """Whether it goes on with the sentence of the block before: it starts in lower case.

        A number may stand before that, as where a page had a subscript: "O", then "2 around it".
        """
        start = re.match(r"(?:\d\s)?([^\W\d_A-Z])(?:[^\WA-Z]|\s)", self.text)
        return bool(start and start[1].islower())

    def part(self, start: int, end: int) -> Block:
        """A piece of it: offsets are counted within the block, space around it does not count."""
        piece = self.text[start:end]
        start += len(piece) - len(piece.lstrip())
        piece = piece.strip()
        begin = self.start + start
        return replace(self, start=begin, end=begin + len(piece), text=piece)


def find_blocks(text: str) -> list[Block]:
    """The blocks of a text, in order; lines without a letter or digit are none."""
    blocks: list[Block] = []
    for group in _groups(text):
        spaced = True
        for start, end in _unwrap(text, group):
            if block := _block(text, start, end, spaced):
                blocks.append(block)
                spaced = False
    return blocks


def is_heading(blocks: Sequence[Block], at: int) -> bool:
    """Whether a block heads what follows it: a `#` line, or a short line before a longer one."""
    block = blocks[at]
    if at + 1 >= len(blocks):
        return False
    after = blocks[at + 1]
    if block.level:
        return True
    counted = block.number is not None and after.number is not None
    if not block.is_line or counted or block.goes_on or after.goes_on:
        return False
    if at and (blocks[at - 1].text.endswith(":") or (blocks[at - 1].is_item and not block.spaced)):
        return False
    if after.is_prose:
        return len(after.text) > len(block.text)
    # A heading may stand over another one, or over a list; three short lines are something else.
    if at + 2 >= len(blocks) or (at and blocks[at - 1].is_item):
        return False
    return (after.is_line and blocks[at + 2].is_prose and after.spaced) or after.bullet


# ---- Lines

_Line = tuple[int, int]


def _groups(text: str) -> Iterator[list[_Line]]:
    """Runs of lines without a blank line between them, each line without space around it."""
    group: list[_Line] = []
    offset = 0
    for line in text.split("\n"):
        bare = line.strip()
        if bare:
            start = offset + line.index(bare[0])
            group.append((start, start + len(bare)))
        elif group:
            yield group
            group = []
        offset += len(line) + 1
    if group:
        yield group


_STARTS_ANEW = re.compile(
    r"#{1,6}\s|[-*•‣▪●◦]\s|\(?\d{1,3}[.)]\s|>|\*\*|={2,}|(?:q|a|question|answer)\s?\d{0,2}\s?[:.]"
    r"|(?-i:[Bb]y\s+[A-Z])",
    re.IGNORECASE,
)
_NARROWEST, _WIDEST = 45, 110


def _unwrap(text: str, lines: Sequence[_Line]) -> Iterator[_Line]:
    """The paragraphs of a run of lines: those that an editor broke at a column are one."""
    widest = max(end - start for start, end in lines)
    # Most lines of wrapped text are full and end inside a sentence: a list's lines are not.
    open_lines = sum(not _TERMINAL.search(text, start, end) for start, end in lines[:-1])
    full_lines = sum(end - start >= 0.75 * widest for start, end in lines[:-1])
    most = 0.55 * (len(lines) - 1)
    wrapped = _NARROWEST <= widest <= _WIDEST and min(open_lines, full_lines) >= most
    start, _ = lines[0]
    for before, after in pairwise(lines):
        if not _is_broken(text, before, after, widest if wrapped else 0):
            yield start, before[1]
            start = after[0]
    yield start, lines[-1][1]


def _is_broken(text: str, before: _Line, after: _Line, widest: int) -> bool:
    """Whether a paragraph goes on in the next line: the next word did not fit into `widest`."""
    if _STARTS_ANEW.match(text, after[0]) or _HEADING.match(text, before[0]):
        return False
    line, following = text[slice(*before)], text[slice(*after)]
    length = len(line) + 1 + len(following.split(maxsplit=1)[0])
    ended = _TERMINAL.search(line)
    if following[0].islower() and not ended:
        return len(line) >= (min(_NARROWEST, widest / 2) or _NARROWEST)
    return widest > 0 and length > (widest if ended else widest * 0.9)


# ---- Marks

_HEADING = re.compile(r"(#{1,6})\s+")
_WIKI_HEADING = re.compile(r"(={2,6})\s*([^=].*?)\s*\1$", re.DOTALL)
_BULLET = re.compile(r"(?:[-*•‣▪●◦]|>+)\s+")
_NUMBER = re.compile(r"\(?(\d{1,3})[.)]\s+(?=\D)")
_BOLD = re.compile(r"(\*\*|__)(?!\s)((?:(?!\1).)+)(?<!\s)\1(:?)$", re.DOTALL)


def _block(text: str, start: int, end: int, spaced: bool) -> Block | None:
    """The block in a range of lines, its marks peeled off one after the other."""
    level, bullet, number = 0, False, None
    if heading := _HEADING.match(text, start, end):
        level, start = len(heading[1]), heading.end()
        end = start + len(text[start:end].rstrip(" #"))
    elif wiki := _WIKI_HEADING.match(text[start:end]):
        level, start, end = len(wiki[1]), start + wiki.start(2), start + wiki.end(2)
    if mark := _BULLET.match(text, start, end):
        bullet, start = text[start] != ">", mark.end()
    if bold := _BOLD.match(text[start:end]):
        start, end = start + bold.start(2), start + bold.end(2)
    if counted := _NUMBER.match(text, start, end):
        number, start = int(counted[1]), counted.end()
    if bold := _BOLD.match(text[start:end]):
        start, end = start + bold.start(2), start + bold.end(2)
    body = text[start:end]
    if not any(character.isalnum() for character in body):
        return None
    lead = len(body) - len(body.lstrip())
    body = body.strip()
    start += lead
    return Block(start, start + len(body), body, level, bullet, number, spaced)
