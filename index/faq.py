"""FAQ sections: where one starts, how its questions are marked, and where each answer ends.

It works on blocks; the question sub-headings of a body are none of its business.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from index.layout import Block, is_heading
from index.sentences import sentences

Layout = Literal["Q:", "heading", "number", "line", "inline"]
"""How questions are told apart: marked "Q:", as sub-headings, numbered, on a line of their own,
or at the start of the paragraph that answers them."""

_LAYOUTS: tuple[Layout, ...] = ("Q:", "heading", "number", "line", "inline")
_LONGEST_QUESTION = 300
_INTRODUCTION = 4
"""Blocks after the heading within which the first question must come."""

_DASH = "[-\N{EN DASH}\N{EM DASH}]"
_CLOSERS = "[\"'\N{RIGHT DOUBLE QUOTATION MARK}\N{RIGHT SINGLE QUOTATION MARK})*_]*"
_FAQ = (
    r"(?:frequently[ -]asked questions?|faqs?|f\.a\.q\.?s?|q\s?(?:&|and)\s?as?|"
    r"questions?\s*(?:and|&)\s*answers?|answers to (?:your|common|frequent) questions|"
    r"people also ask)(?:\s*\((?:faqs?|q&a)\))?"
)
_QUESTIONS = r"(?:(?:common|key|your|top|more|quick|\d+)\s+questions(?:,?\s+answered)?)"
_FAQ_HEADING = re.compile(
    rf"\W*(?:(?:{_FAQ}|{_QUESTIONS})(?:\s*(?:about|on|regarding|concerning|for|of|with|:|{_DASH})"
    rf"\s*\S.*)?|.{{1,90}}(?::|\s|{_DASH})\s*{_FAQ})\W*",
    re.IGNORECASE,
)
_FAQ_TITLE = re.compile(rf".{{0,90}}\b{_FAQ}\b", re.IGNORECASE)
_ASKED = re.compile(
    rf"\**(?:q|question)\s*#?\d{{0,2}}(?:\s*[:.)]|\s+{_DASH})\**\s+\**", re.IGNORECASE
)
_ANSWERED = re.compile(
    rf"\**(?:a|ans|answer)\s*#?\d{{0,2}}(?:\s*[:.)]|\s+{_DASH})\**\s+", re.IGNORECASE
)
_INNER_ANSWER = re.compile(rf"[?]{_CLOSERS}\s+\**(?:a|answer)\s*\d{{0,2}}\s*[:.]\**\s+", re.I)
_QUESTION_END = re.compile(rf"[?]{_CLOSERS}(?=\s|$)")
_QUESTION_WORD = re.compile(
    r"(?:what|why|how|who|whom|whose|when|where|which|is|are|was|were|will|would|does|do|did|"
    r"can|could|has|have|had|should|may|might)\b",
    re.IGNORECASE,
)
_CLOSING = re.compile(
    r"(?:in (?:conclusion|summary|short|essence|the end|closing|sum)|overall|ultimately|all in all"
    r"|to (?:conclude|sum up|summari[sz]e))\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A question and the blocks of its answer, of which there is at least one."""

    question: Block
    answer: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Parted:
    """An article's FAQ pairs, and its body in the stretches that the FAQ leaves of it."""

    pairs: tuple[Pair, ...]
    body: tuple[tuple[Block, ...], ...]


def is_faq_heading(blocks: Sequence[Block], at: int) -> bool:
    """Whether a line announces questions and answers: "Frequently Asked Questions (FAQ)".

    One of several items of a list announces nothing: it points to a section, or to another page.
    """
    block = blocks[at]
    short = len(block.text) <= 150 and block.text[-1] not in ".!"
    return short and bool(_FAQ_HEADING.fullmatch(block.text)) and not _is_listed(blocks, at)


def _is_listed(blocks: Sequence[Block], at: int) -> bool:
    """Whether it stands right after another item of the same list."""
    block, before = blocks[at], blocks[at - 1] if at else None
    if before is None or block.level or before.level:
        return False
    if block.number is not None:
        return before.number == block.number - 1
    return block.bullet and before.bullet


def is_faq_title(title: str) -> bool:
    """Whether a whole article is announced as questions and answers."""
    return bool(_FAQ_TITLE.match(title))


def part_faq(blocks: Sequence[Block], *, announced: bool = False) -> Parted:
    """Part the FAQ sections of an article from its body.

    A section starts at its heading, with the first block if `announced`, or where at least two
    questions are marked "Q:".
    """
    pairs: list[Pair] = []
    body: list[list[Block]] = [[]]
    at = tried = 0
    while at < len(blocks):
        heading = is_faq_heading(blocks, at)
        marked = at >= tried and bool(_ASKED.match(blocks[at].text))
        if heading or marked or (announced and at == 0):
            section = _read_section(blocks, at + heading, blocks[at].level if heading else 0)
            if len(section.pairs) >= 2 - heading:
                body += [section.before, section.after]
                pairs += section.pairs
                at = section.end
                continue
            tried = section.end
        body[-1].append(blocks[at])
        at += 1
    return Parted(tuple(pairs), tuple(tuple(stretch) for stretch in body if stretch))


class _Section(NamedTuple):
    pairs: list[Pair]
    before: list[Block]
    after: list[Block]
    end: int


def _read_section(blocks: Sequence[Block], start: int, level: int) -> _Section:
    """The pairs from `start` on, under a heading of `level`; none when no question comes soon."""
    layouts = [_layout(block, level) for block in blocks[start : start + 12]]
    often = [layout for layout in _LAYOUTS if layouts.count(layout) > 1]
    layout = next(iter(often), None) or next((each for each in layouts if each), None)
    if layout is None or layout not in layouts[:_INTRODUCTION]:
        return _Section([], [], [], start)
    at = start + layouts.index(layout)
    before = list(blocks[start:at])
    found: list[tuple[Block, list[Block]]] = []
    while at < len(blocks):
        block = blocks[at]
        answered = not found or bool(found[-1][1])
        if _asks(block, layout, level, len(found)) and (answered or layout != "line"):
            question, rest = _part(block, layout)
            found.append((question, [rest] if rest else []))
        elif _ends_section(blocks, at, layout, answered):
            break
        else:
            found[-1][1].append(block if answered else _without(_ANSWERED, block))
        at += 1
    # A question without an answer is a line like others.
    before += [question for question, answer in found if not answer]
    pairs = [Pair(question, tuple(answer)) for question, answer in found if answer]
    after: list[Block] = []
    if pairs:
        pairs[-1], after = _without_closing(pairs)
    return _Section(pairs, before, after, at)


def _layout(block: Block, level: int) -> Layout | None:
    """How a block marks the question it asks; None when it asks none."""
    if _ASKED.match(block.text):
        return "Q:"
    question, answer = _part(block, "inline")
    if not _is_one_question(question):
        return None
    if block.level > level:
        return "heading"
    if block.number is not None:
        return "number"
    return "inline" if answer else "line"


def _asks(block: Block, layout: Layout, level: int, asked: int) -> bool:
    """Whether a block is the next question of a section of this layout."""
    found = _layout(block, level)
    match layout:
        case "heading":
            return block.level > level and (found is not None or _starts_like_question(block))
        case "number":
            counted = block.number == asked + 1 and _starts_like_question(block)
            return found == "number" or counted
        case "inline":
            return found in ("inline", "line")
        case _:
            return found == layout


def _starts_like_question(block: Block) -> bool:
    return block.is_line and bool(_QUESTION_WORD.match(block.text))


def _is_one_question(block: Block) -> bool:
    """Whether it asks and does nothing else: an answer may end in a question too."""
    text = block.text
    if not block.is_question or len(text) > _LONGEST_QUESTION:
        return False
    return len(text) <= 120 or len(sentences(text)) == 1


def _ends_section(blocks: Sequence[Block], at: int, layout: Layout, answered: bool) -> bool:
    """Whether a block that asks nothing answers nothing either, but heads something new."""
    block = blocks[at]
    if block.torn or block.level:
        return True
    plain = layout != "heading" and block.spaced and not block.is_question
    return answered and plain and is_heading(blocks, at)


def _part(block: Block, layout: Layout) -> tuple[Block, Block | None]:
    """A question without its mark, and its answer when that stands in the same block."""
    asked = _without(_ASKED, block)
    text = asked.text
    if inner := _INNER_ANSWER.search(text):
        question, rest = asked.part(0, inner.start() + 1), asked.part(inner.end(), len(text))
    elif layout != "line" and (end := _QUESTION_END.search(text)) and end.end() < len(text):
        question, rest = asked.part(0, end.end()), asked.part(end.end(), len(text))
        if layout != "Q:" and len(sentences(question.text)) > 1:
            return asked, None
    else:
        return asked, None
    bold = re.match(r"\*\*(.+)\*\*$", question.text, re.DOTALL)
    question = question.part(bold.start(1), bold.end(1)) if bold else question
    return (question, replace(rest, torn=False)) if rest.text else (asked, None)


def _without(mark: re.Pattern[str], block: Block) -> Block:
    found = mark.match(block.text)
    return block.part(found.end(), len(block.text)) if found else block


def _without_closing(pairs: Sequence[Pair]) -> tuple[Pair, list[Block]]:
    """The last pair, and the closing words of the article that follow its answer.

    Where every earlier answer has one paragraph, only the first of the last answer belongs to
    it; and so does, with answers of any length, what opens like a summary.
    """
    last = pairs[-1]
    earlier = [sum(not block.bullet for block in pair.answer) for pair in pairs[:-1]]
    singles = len(earlier) >= 2 and set(earlier) == {1}
    for at, block in enumerate(last.answer):
        if at and not block.bullet and (singles or _CLOSING.match(block.text)):
            return Pair(last.question, last.answer[:at]), list(last.answer[at:])
    return last, []
