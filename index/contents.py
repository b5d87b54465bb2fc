"""A table of contents: a list of the headings that follow, which says nothing that they do not.

It finds which blocks are one; it never changes them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from index.faq import is_faq_heading
from index.layout import Block, is_heading

_LABEL = re.compile(
    r"(?:(?:table of )?contents|(?:in|on) this (?:article|page|story|guide)|jump to(?: section)?|"
    r"what['’]s (?:inside|in this (?:article|story))|quick links)\s*[:>»→…]*",
    re.IGNORECASE,
)
"""Lines that stand over a table of contents."""


def plain(text: str) -> str:
    """A line's words in small letters, by which two lines are told to be the same."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def find_contents(blocks: Sequence[Block]) -> frozenset[int]:
    """The blocks of a table of contents: a list, most of whose items head something below it.

    Without "Contents" above them two such items are not enough, and after "There are two ways:"
    no number is: the sentence needs its list.
    """
    found: set[int] = set()
    lines = [plain(block.text) if len(block.text) <= 150 else "" for block in blocks]
    heads = {
        line: at
        for at, line in enumerate(lines)
        if line and not blocks[at].bullet and is_heading(blocks, at)
    }
    at = 0
    while at < len(blocks):
        above = blocks[at - 1].text if at else ""
        labelled = bool(_LABEL.fullmatch(above))
        end = _list_end(blocks, lines, at, labelled=labelled)
        # Without marks the first heading below looks like one line more.
        while end > at and not any(_mark(blocks[at])) and heads.get(lines[end - 1], -1) < end:
            if is_faq_heading(blocks, end - 1):
                break
            end -= 1
        items = range(at, end)
        headed = sum(heads.get(lines[n], -1) >= end for n in items)
        faq = any(is_faq_heading(blocks[n : n + 1], 0) for n in items)
        announced = above.endswith(":") and not labelled
        if not announced and headed >= 3 - (labelled or faq) and 2 * headed > len(items):
            found.update(range(at - labelled, end))
        at = max(end, at + 1)
    return frozenset(found)


def _list_end(blocks: Sequence[Block], lines: Sequence[str], at: int, *, labelled: bool) -> int:
    """Where the list that starts at `at` ends; under its label lines without marks are one."""
    mark = _mark(blocks[at])
    seen: set[str] = set()
    end = at
    while end < len(blocks) and lines[end] and lines[end] not in seen:
        block = blocks[end]
        if _mark(block) != mark or block.level or not (any(mark) or (labelled and block.is_line)):
            break
        # Lines without marks, each apart, may be the headings below.
        if not any(mark) and end > at + 1 and block.spaced and not blocks[end - 1].spaced:
            break
        seen.add(lines[end])
        end += 1
    return end


def _mark(block: Block) -> tuple[bool, bool]:
    return block.bullet, block.number is not None
