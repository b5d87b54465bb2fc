"""Evidence as a language model is shown it: numbered, short, in whole sentences, and fenced.

It picks and numbers; what is written from it is for `qa.writing`, what that is worth for
`qa.grounding`.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from index.passages import Passage, Span
from qa.evidence import Evidence
from qa.quoting import choose, same

CHARACTERS_PER_TOKEN = 3.5
"""Of English text, on the low side, so that a budget is kept whatever the model's tokenizer."""
_HEAD_TOKENS = 20
"""A source's number, title and date."""
_MARKER = re.compile(r"[\[【［〔](\s*\d{1,3}\s*)[\]】］〕]")
# Said to whoever reads it with a machine, and to nobody else: no evidence of anything.
_ORDER = re.compile(
    r"\b(?:ignore|disregard|forget|override)\b[^.]{0,40}\b(?:instructions?|prompts?|rules|above"
    r"|sources|question)\b|\b(?:system|developer) (?:prompt|message)\b"
    r"|\byou are (?:now )?(?:an? )?(?:AI|assistant|chatbot|language model)\b"
    r"|\b(?:AI|language) (?:models?|assistants?)\b[^.]{0,30}\b(?:must|should|reply|answer)\b"
    r"|^\W*(?:reply|respond|answer|output|say|print)\b[^.]{0,20}\b(?:with|only|that|exactly)\b",
    re.IGNORECASE,
)
_FENCE = str.maketrans({"<": "‹", ">": "›"})


@dataclass(frozen=True, slots=True)
class Source:
    """One numbered piece of evidence: a sentence of a passage, with its neighbours.

    `spans` are the sentences, in order, without a gap: offsets into the article's text.
    """

    number: int
    passage: Passage
    spans: tuple[Span, ...]

    @property
    def text(self) -> str:
        """Its sentences, verbatim, as they stand in the article."""
        return self.passage.quote((self.spans[0][0], self.spans[-1][1]))


def pack(
    question: str, evidence: Sequence[Evidence], tokens: int, *, most: int, around: int = 1
) -> tuple[Source, ...]:
    """The evidence that is worth most, at most `most` sources in about `tokens` tokens.

    What an answer in quotes would say comes first, both sides of a disagreement among it, then the
    next best sentences. Each brings `around` neighbours before and after it where there is room,
    and comes alone, or not at all, where there is not: no sentence is ever cut. Sentences that are
    neighbours anyway become one source, and what another article says in the same words is left
    out. Evidence is best first; source 1 is worth most.

    Sentences that give orders to a machine are left out, as far as they can be told: that keeps
    the common injections from a model, and from counting as support for whoever obeys them; it is
    no sure defence.
    """
    sources: list[Source] = []
    taken: list[Evidence] = []
    left = float(tokens)
    for piece in _by_value(question, evidence):
        if _orders(piece.passage, piece.span) or any(same(piece, other) for other in taken):
            continue
        for reach in range(around, -1, -1):
            changed, cost = _with(sources, piece, reach)
            if cost <= left and len(changed) <= most:
                sources, left = changed, left - cost
                taken.append(piece)
                break
    return tuple(replace(source, number=n) for n, source in enumerate(sources, start=1))


def told(sources: Iterable[Source]) -> str:
    """The sources as a prompt gives them, one a paragraph: number, title, date, sentences.

    What could pass for a marker or for the fence around them is written with other brackets.
    """
    return "\n\n".join(
        f"[{source.number}] {_head(source)}{fenced(source.text)}" for source in sources
    )


def fenced(text: str) -> str:
    """Text of an article that cannot close the fence around it, nor look like a marker."""
    return _MARKER.sub(r"(\1)", " ".join(text.split())).translate(_FENCE)


def _head(source: Source) -> str:
    passage = source.passage
    parts = [f"“{fenced(passage.title)}”"] if passage.title else []
    parts += [f"{passage.date.day} {passage.date:%B %Y}"] if passage.date else []
    return f"({', '.join(parts)}) " if parts else ""


def _by_value(question: str, evidence: Sequence[Evidence]) -> list[Evidence]:
    quoted = [quote.evidence for quote in choose(question, evidence).quotes]
    best_first = sorted(quoted, key=lambda piece: -piece.score)
    return [*best_first, *(piece for piece in evidence if piece not in quoted)]


def _with(sources: Sequence[Source], piece: Evidence, reach: int) -> tuple[list[Source], float]:
    """The sources with a sentence and its neighbours added, and the tokens that this takes."""
    there = piece.passage.sentences
    at = there.index(piece.span)
    wanted = {piece.span}
    for side in (range(at + 1, at + reach + 1), range(at - 1, at - reach - 1, -1)):
        for place in side:
            if not 0 <= place < len(there) or _orders(piece.passage, there[place]):
                break
            wanted.add(there[place])
    touching = [
        source
        for source in sources
        if source.passage.id == piece.passage.id and wanted & _reached(source)
    ]
    before = {span for source in touching for span in source.spans}
    spans = _without_gaps(there, wanted | before)
    joined = Source(0, piece.passage, spans)
    new = sum(end - start for start, end in spans if (start, end) not in before)
    cost = math.ceil(new / CHARACTERS_PER_TOKEN) + (0 if touching else _HEAD_TOKENS)
    if not touching:
        return [*sources, joined], cost
    kept = [source for source in sources if source is touching[0] or source not in touching]
    return [joined if source is touching[0] else source for source in kept], cost


def _orders(passage: Passage, span: Span) -> bool:
    return bool(_ORDER.search(passage.quote(span)))


def _reached(source: Source) -> set[Span]:
    """A source's sentences and those right beside them."""
    there = source.passage.sentences
    first, last = there.index(source.spans[0]), there.index(source.spans[-1])
    return set(there[max(0, first - 1) : last + 2])


def _without_gaps(there: Sequence[Span], wanted: set[Span]) -> tuple[Span, ...]:
    places = [there.index(span) for span in wanted]
    return tuple(there[min(places) : max(places) + 1])
