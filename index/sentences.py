"""Text -> sentences, as offsets: sentencex, with the boundaries mended that it sets wrongly.

Nothing is rewritten here, and nothing is known of articles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise

from sentencex import get_sentence_boundaries

Span = tuple[int, int]
"""`(start, end)` character offsets into a text."""

_LONG = 300
"""Characters after which a sentence is searched for sentences within quotation marks."""
_WINDOW = 20_000
"""Characters given to sentencex at once: its time grows with the square of nested quotes."""
_DAYS = r"(?:mon|tues|wednes|thurs|fri|satur|sun)day"
_MONTHS = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*"
_ABBREVIATION = re.compile(
    r"\b(?:mr|mrs|ms|dr|prof|gen|lt|col|capt|maj|sgt|adm|cmdr|sen|rep|gov|revd?|pres|amb|"
    r"approx|lit|tr|transl?|subsp|var)\s?\.$",
    re.IGNORECASE,
)
_NUMBERED = re.compile(r"\b(?:nos?|vols?|chap|figs?|pp?)\s?\.$", re.IGNORECASE)
_LIST_NUMBER = re.compile(r"\(?\d{1,3}[.)]")
_INITIAL = re.compile(r"(?:^|[^\w.])(?:\w\.)*\w\.$")
_DANGLING = re.compile(r"[:,;)\]]|\[[^\]\n]{1,12}\](?:\s|$)|\W*$")
_CLOCK = re.compile(r"\b[ap]\.\s?m\.$", re.IGNORECASE)
_AFTER_CLOCK = re.compile(rf"(?:{_DAYS}|{_MONTHS}|[A-Z]{{2,4}}\b)", re.IGNORECASE)
_QUOTES = str.maketrans({mark: " " for mark in '"“”„«»()[]`'})
_OPENER = re.compile(r"\s+(?:[\"“„«(\[‘]|``\s?)+\s*$")


def sentences(text: str) -> list[Span]:
    """The sentences of a text, in order, as `(start, end)` offsets without surrounding space.

    Boundaries are those of sentencex (https://github.com/wikimedia/sentencex), less the ones it
    sets inside an abbreviation ("then-U.S. President"), and with a quotation of several sentences
    taken apart. Together the spans hold every character of the text that is not space.
    """
    pieces = _join_abbreviations(text, list(_boundaries(text)))
    return [
        span
        for start, end in pieces
        for span in (_inside_quotation(text, start, end) if end - start > _LONG else [(start, end)])
    ]


def _boundaries(text: str) -> Iterator[Span]:
    """Where sentencex sees sentences, window by window, without surrounding space."""
    offset = 0
    while offset < len(text):
        window = text[offset : offset + _WINDOW]
        found = get_sentence_boundaries("en", window)
        last_window = offset + _WINDOW >= len(text)
        # The last sentence of a window is cut off: the next window starts with it.
        whole = found if last_window or len(found) < 2 else found[:-1]
        for boundary in whole:
            span = strip_span(
                text, offset + boundary["start_index"], offset + boundary["end_index"]
            )
            if span:
                yield span
        offset += whole[-1]["end_index"] if whole else len(window)


def strip_span(text: str, start: int, end: int) -> Span | None:
    """The range without the space around it; None when it holds nothing else."""
    piece = text[start:end]
    if not (bare := piece.strip()):
        return None
    start += len(piece) - len(piece.lstrip())
    return start, start + len(bare)


def _join_abbreviations(text: str, pieces: Sequence[Span]) -> list[Span]:
    joined: list[Span] = []
    for start, end in pieces:
        if joined and _splits_abbreviation(text, joined[-1], start):
            joined[-1] = joined[-1][0], end
        else:
            joined.append((start, end))
    return joined


def _splits_abbreviation(text: str, before: Span, start: int) -> bool:
    """Whether the boundary between a sentence and the one at `start` is none."""
    gap = text[before[1] : start]
    if gap.count("\n") > 1:
        return False
    if _DANGLING.match(text, start):
        return True
    tail = text[max(before[0], before[1] - 40) : before[1]]
    if not gap:
        return bool(_INITIAL.search(tail))
    if _LIST_NUMBER.fullmatch(tail):
        return True
    if _NUMBERED.search(tail):
        return text[start].isdigit()
    if _CLOCK.search(tail):
        return bool(_AFTER_CLOCK.match(text, start))
    return bool(_ABBREVIATION.search(tail))


def _inside_quotation(text: str, start: int, end: int) -> list[Span]:
    """The sentences of a long one: sentencex leaves quotations and brackets whole."""
    masked = text[start:end].translate(_QUOTES).replace("''", "  ")
    found = [start + boundary["end_index"] for boundary in get_sentence_boundaries("en", masked)]
    cuts = [start]
    for cut_at in found[:-1]:
        opener = _OPENER.search(text, cuts[-1], cut_at)
        cuts.append(opener.start() if opener else cut_at)
    spans = [strip_span(text, *pair) for pair in pairwise([*cuts, end])]
    return _join_abbreviations(text, [span for span in spans if span])
