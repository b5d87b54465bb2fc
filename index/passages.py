"""Article -> passages: whole sentences within one section, each with exact offsets.

Nothing is embedded or stored here, and no text is ever rewritten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Literal

from index.article import Article, FaqPair, Section, stand_in_title
from index.sentences import Span, sentences, strip_span

__all__ = ["CountTokens", "Kind", "Passage", "ScoredPassage", "Span", "cut", "sentences"]

Kind = Literal["body", "faq"]

OPENING = 3
"""Words from which the first sentence of an FAQ answer stands by itself."""
CountTokens = Callable[[Sequence[str]], list[int]]

SPECIAL_TOKENS = 2
"""What the model adds around a text; `count_tokens` does not count it."""


@dataclass(frozen=True, slots=True)
class Passage:
    """A run of whole sentences of one article: what is embedded, searched and ranked.

    `start` and `end` are character offsets into the article's text, and
    `article.text[start:end] == passage.text`. `sentences` holds the `(start, end)` offsets, into
    the article's text too, of the sentences that may be quoted: all of a body passage's, and of
    an FAQ pair only its answer's. `heading` is the section's heading, or the FAQ question.
    `title` is the title that stands over the article, "" where none does: a file's name says
    nothing of the text.
    """

    id: str
    article_id: str
    kind: Kind
    title: str
    heading: str
    text: str
    start: int
    end: int
    sentences: tuple[Span, ...]
    date: date | None = None

    @property
    def context(self) -> str:
        """What is put before the text when it is embedded: title and heading, a line each.

        An FAQ question that opens the text is not said twice.
        """
        heading = "" if self.text.startswith(self.heading) else self.heading
        return "".join(f"{line}\n" for line in (self.title, heading) if line)

    @property
    def embedded(self) -> str:
        """The text that is given to the embedding model; its offsets are not the article's."""
        return self.context + self.text

    def quote(self, span: Span) -> str:
        """The text of one of `sentences`."""
        start, end = span
        return self.text[start - self.start : end - self.start]


@dataclass(frozen=True, slots=True)
class ScoredPassage:
    """A passage and how well it fits a question: higher is better, 0 is nothing, 1 is the best."""

    passage: Passage
    score: float


@dataclass(frozen=True, slots=True)
class _Run:
    """Sentences that may share a passage: one section's, or one FAQ answer's.

    `start` is where the text begins if one passage holds it all: at an FAQ pair's question.
    """

    kind: Kind
    heading: str
    spans: tuple[Span, ...]
    start: int


def cut(
    article: Article,
    count_tokens: CountTokens,
    *,
    target: tuple[int, int] = (120, 200),
    limit: int = 256,
    faq: bool = True,
) -> list[Passage]:
    """Cut an article into passages of whole sentences, in the order of the text.

    A passage stays within one section and grows to `target` tokens; with its context and the
    model's special tokens it has at most `limit` tokens. Only a sentence that is too long alone
    is cut, between words where there are any. An FAQ pair is one passage, or several of its
    answer when it is too long; `faq=False` leaves the pairs out.

    `count_tokens` counts each of some texts without special tokens. The counts of neighbours are
    added up, which is exact for WordPiece and never too low for the usual subword models.
    """
    named = article.title != stand_in_title(article.id, article.text)
    title = _fitting(article.title, count_tokens, limit // 4) if named else ""
    runs = [run for section in article.sections for run in _section_runs(article.text, section)]
    if faq:
        runs += [_faq_run(article.text, pair) for pair in article.faq if pair.answer.strip()]
    passages: list[Passage] = []
    for run, pieces, counts, budget in _counted(article.text, title, runs, count_tokens, limit):
        passages += _passages(article, title, run, pieces, counts, budget, target)
    return sorted(passages, key=lambda passage: passage.start)


def _section_runs(text: str, section: Section) -> Iterator[_Run]:
    """The sentences of a section, apart where something else lies between its paragraphs."""
    spans: list[Span] = []
    end = 0
    for start, stop in section.paragraphs:
        if spans and not _MARKUP.fullmatch(text, end, start):
            yield _Run("body", section.heading, tuple(spans), spans[0][0])
            spans = []
        spans += [(start + a, start + b) for a, b in sentences(text[start:stop])]
        end = stop
    if spans:
        yield _Run("body", section.heading, tuple(spans), spans[0][0])


_MARKUP = re.compile(r"\W*(?:\d{1,3}[.)]\s*)?")


def _faq_run(text: str, pair: FaqPair) -> _Run:
    spans = sentences(text[pair.answer_start : pair.end])
    shifted = [(pair.answer_start + a, pair.answer_start + b) for a, b in spans]
    return _Run("faq", pair.question, tuple(_with_opening(text, shifted)), pair.start)


def _with_opening(text: str, spans: Sequence[Span]) -> Sequence[Span]:
    """An answer's sentences, of which a short first one is one with the next: "No." is no quote."""
    if len(spans) < 2:
        return spans
    (start, end), (following, stop), *others = spans
    # What stands on a line of its own may be an item of a list.
    if len(text[start:end].split()) >= OPENING or "\n" in text[end:following]:
        return spans
    return [(start, stop), *others]


def _fitting(line: str, count_tokens: CountTokens, most: int) -> str:
    """A title or heading of at most `most` tokens: the whole line, or its first words."""
    # No token is shorter than a character: most lines need not be counted.
    while len(line) > most and count_tokens([line])[0] > most:
        half = line[: len(line) // 2]
        line = half.rsplit(maxsplit=1)[0] if " " in half.strip() else half
    return line


def _counted(
    text: str, title: str, runs: Sequence[_Run], count_tokens: CountTokens, limit: int
) -> Iterator[tuple[_Run, list[Span], list[int], int]]:
    """Each run with its pieces, their tokens up to the next piece, and the tokens they may have."""
    runs = [_with_short_heading(run, count_tokens, limit // 4) for run in runs]
    texts = [f"{title}\n{text[run.start : run.spans[0][0]] or run.heading}\n" for run in runs]
    for run in runs:
        texts += _slices(text, run.spans)
    counts = iter(_sizes(texts, count_tokens))
    budgets = [limit - SPECIAL_TOKENS - next(counts) for _ in runs]
    for run, budget in zip(runs, budgets, strict=True):
        pieces, tokens = list(run.spans), [next(counts) for _ in run.spans]
        while any(n > budget and b - a > 1 for n, (a, b) in zip(tokens, pieces, strict=True)):
            pieces = _halve(text, pieces, tokens, budget)
            tokens = _sizes(_slices(text, pieces), count_tokens)
        yield run, pieces, tokens, budget


def _with_short_heading(run: _Run, count_tokens: CountTokens, most: int) -> _Run:
    heading = _fitting(run.heading, count_tokens, most)
    # A question that had to be shortened is too long to be part of the text.
    start = run.start if heading == run.heading else run.spans[0][0]
    return _Run(run.kind, heading, run.spans, start)


def _slices(text: str, spans: Sequence[Span]) -> list[str]:
    """Each span's text with what follows up to the next one: list marks count as well."""
    ends = [start for start, _ in spans[1:]] + [spans[-1][1]]
    return [text[start:end] for (start, _), end in zip(spans, ends, strict=True)]


_CHARACTERS_PER_TOKEN = 12


def _sizes(texts: Sequence[str], count_tokens: CountTokens) -> list[int]:
    """The tokens of each text, and more where a token would be longer than any word of a language.

    WordPiece makes one token of a word of 100,000 letters.
    """
    counts = count_tokens(texts) if texts else []
    return [max(n, len(t) // _CHARACTERS_PER_TOKEN) for t, n in zip(texts, counts, strict=True)]


def _halve(text: str, pieces: Sequence[Span], tokens: Sequence[int], budget: int) -> list[Span]:
    """The pieces, each too long one cut in two at the space nearest its middle."""
    halves: list[Span] = []
    for (start, end), count in zip(pieces, tokens, strict=True):
        if count <= budget:
            halves.append((start, end))
            continue
        middle = (start + end + 1) // 2
        spaces = text.rfind(" ", start, middle), text.find(" ", middle, end)
        nearest = min(
            (at for at in spaces if at > 0), key=lambda at: abs(at - middle), default=middle
        )
        parts = strip_span(text, start, nearest), strip_span(text, nearest, end)
        halves += [part for part in parts if part]
    return halves


def _passages(
    article: Article,
    title: str,
    run: _Run,
    pieces: Sequence[Span],
    counts: Sequence[int],
    budget: int,
    target: tuple[int, int],
) -> Iterator[Passage]:
    inside = ["\n" not in article.text[end:start] for (_, end), (start, _) in pairwise(pieces)]
    groups = _groups(counts, [False, *inside], budget, target)
    for first, last in groups:
        spans = tuple(pieces[first:last])
        # An FAQ pair that fits is kept whole, its question included.
        whole = run.kind == "faq" and len(groups) == 1
        start, end = run.start if whole else spans[0][0], spans[-1][1]
        yield Passage(
            id=f"{article.id}#{start}-{end}",
            article_id=article.id,
            kind=run.kind,
            title=title,
            heading=run.heading,
            text=article.text[start:end],
            start=start,
            end=end,
            sentences=spans,
            date=article.date,
        )


_INSIDE = 400
"""To keep a paragraph whole, a passage may miss its target by 20 tokens."""

_MOST_PIECES = 40
"""More sentences than this are a list of scraps; without a bound they would take long."""


def _groups(
    counts: Sequence[int], inside: Sequence[bool], budget: int, target: tuple[int, int]
) -> list[tuple[int, int]]:
    """The best way to share neighbouring pieces out: `(first, last + 1)` indices of each group.

    The shortest path over all ways: a group costs the square of the tokens by which it misses
    the target, and a little more when its first piece is `inside` a paragraph.
    """
    most = min(target[1], budget)
    least = min(target[0], most)
    best: list[tuple[float, int]] = [(0.0, 0)]
    for last in range(1, len(counts) + 1):
        size = 0
        options: list[tuple[float, int]] = []
        for first in range(last - 1, max(last - 1 - _MOST_PIECES, -1), -1):
            size += counts[first]
            if size > budget and options:
                break
            miss = max(least - size, size - most, 0)
            cost = miss * miss + (_INSIDE if inside[first] else 1)
            options.append((best[first][0] + cost, first))
        best.append(min(options))
    groups: list[tuple[int, int]] = []
    last = len(counts)
    while last:
        first = best[last][1]
        groups.append((first, last))
        last = first
    return groups[::-1]
