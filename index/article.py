"""Plain text -> `Article`: title, byline, date, sections, FAQ pairs; comments and furniture apart.

Nothing is read from disk here, and the text is never changed: everything found is a range of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import PurePosixPath

from index.faq import Pair, is_faq_title, part_faq
from index.furniture import split_furniture
from index.head import is_signed, read_head
from index.layout import Block, find_blocks, is_heading

_WORD = re.compile(r"[^\W\d_]{3,}")
_OPENING_WORDS = 8
_LONGEST_OPENING = 80


@dataclass(frozen=True, slots=True)
class Section:
    """A run of body paragraphs under one heading ("" before the first heading).

    `paragraphs` holds `(start, end)` character offsets into the article's text, in order.
    """

    heading: str
    paragraphs: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class FaqPair:
    """A question and its whole answer, as the article gives them.

    `text[start:end]` covers both, from the first character of the question proper (after a
    number, "Q:" or other marker) to the last of the answer; `text[answer_start:end] == answer`.
    """

    question: str
    answer: str
    start: int
    answer_start: int
    end: int


@dataclass(frozen=True, slots=True)
class Article:
    """One article. `id` is its file's path below the corpus folder, with forward slashes."""

    id: str
    title: str
    text: str
    sections: tuple[Section, ...]
    faq: tuple[FaqPair, ...] = ()
    byline: str = ""
    date: date | None = None
    source: str = ""
    dropped: tuple[tuple[int, int], ...] = field(default=())
    """Ranges that are neither body nor FAQ: reader comments, "related", site blurbs, copyright."""


def parse_article(article_id: str, text: str) -> Article:
    """Parse the text of an article's file, as `index.readers.read_text` gives it.

    Any text parses: what has no title, headings or FAQ is an article of paragraphs. A title is
    only taken from a line that stands over a text; else there is `stand_in_title`.
    """
    blocks = find_blocks(text)
    head = read_head(blocks)
    split = split_furniture(blocks[head.length :])
    blocks = [*head.body, *split.kept]
    parted = part_faq(blocks, announced=is_faq_title(head.title))
    return Article(
        id=article_id,
        title=head.title or stand_in_title(article_id, text),
        text=text,
        sections=tuple(section for part in parted.body for section in _sections(part)),
        faq=tuple(_faq_pair(text, pair) for pair in parted.pairs),
        byline=head.byline,
        date=head.date_in(article_id),
        source=head.source,
        dropped=tuple(sorted([*head.dropped, *split.dropped])),
    )


def _sections(blocks: Sequence[Block]) -> Iterator[Section]:
    """The sections of a stretch of the body; a heading with nothing under it is a paragraph."""
    heading = ""
    paragraphs: list[tuple[int, int]] = []
    for at, block in enumerate(blocks):
        if not is_heading(blocks, at) or is_signed(block):
            paragraphs.append((block.start, block.end))
            continue
        if paragraphs:
            yield Section(heading, tuple(paragraphs))
        heading, paragraphs = " ".join(block.text.split()), []
    if paragraphs:
        yield Section(heading, tuple(paragraphs))


def _faq_pair(text: str, pair: Pair) -> FaqPair:
    start, answer_start, end = pair.question.start, pair.answer[0].start, pair.answer[-1].end
    question = " ".join(pair.question.text.split())
    return FaqPair(question, text[answer_start:end], start, answer_start, end)


def stand_in_title(article_id: str, text: str) -> str:
    """What an article without a title of its own is called: its file's name, made readable.

    "why-kim_travels.txt" is "why kim travels"; where the name holds no word ("000_2745f0.txt"),
    the text's first words stand in.
    """
    stem = PurePosixPath(article_id).stem
    words = re.split(r"[\s_-]+", stem)
    opening = text.split(maxsplit=_OPENING_WORDS)[:_OPENING_WORDS]
    if opening and not any(_WORD.fullmatch(word) for word in words):
        return " ".join(opening)[:_LONGEST_OPENING].rstrip(" .,;:") + "…"
    return " ".join(words).strip() or article_id
