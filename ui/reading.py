"""What is read beside the chat: the sources as cards, and an article with its sentence marked.

A mark is set by offsets into the article's text, never by looking for the words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from index.article import Article
from qa.answer import Answer, Citation
from ui.markup import button, escape, icon, link_to, place

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Block:
    """A paragraph of an article as it is shown, or a heading, which has no offsets of its own."""

    kind: Literal["heading", "paragraph", "question", "answer"]
    start: int
    end: int
    heading: str = ""


def sources(answer: Answer | None, turn: int) -> str:
    """The cards of an answer's quotes; an answer that abstained has none, and that is said."""
    if answer is None:
        return _no_cards("The quotes of an answer appear here, each with the article it is from.")
    if not answer.citations:
        return _no_cards(
            "<b>No sources</b>The articles don’t say. What comes nearest is no answer, and so it "
            "stands in the chat."
        )
    cards = "".join(_card(citation, turn) for citation in answer.citations)
    return f'<section class="cards" aria-label="Sources"><h2>Sources</h2><ol>{cards}</ol></section>'


def still(article: Article, marked: Sequence[Span], quote: str) -> Sequence[Span]:
    """The marks, unless the article no longer says there what was quoted."""
    if quote and any(article.text[start:end] != quote for start, end in marked):
        return ()
    return [(start, end) for start, end in marked if start < end <= len(article.text)]


def article_html(
    article: Article, marked: Sequence[Span] = (), *, back: str = "", ask: bool = False
) -> str:
    """An article to read, what is in the spans of `marked` highlighted.

    `back` names where its button leads, none when "". The first mark is where the page scrolls to.
    """
    leave = button("undo", f"{icon('back')} {escape(back)}", css="leave") if back else ""
    only = button("apply", "Ask only this article", css="quiet", article=article.id) if ask else ""
    address = link_to(article.id, marked[0] if marked else None)
    share = f'<a class="quiet" data-do="share" href="{address}">{icon("link")} Copy link</a>'
    byline = f'<p class="byline">{escape(article.byline)}</p>' if article.byline else ""
    body = "".join(_block(article, block, marked) for block in blocks(article))
    return (
        f'<article class="reading" aria-label="{escape(article.title)}">'
        f'<div class="bar">{leave}{only}{share}</div>'
        f'<h2 tabindex="-1" dir="auto">{escape(article.title)}</h2>{byline}'
        f'<p class="place">{place(article.id, article.date, article.source)}</p>'
        f'<div class="text" dir="auto">{body}</div></article>'
    )


def blocks(article: Article) -> list[Block]:
    """The article's paragraphs and FAQ pairs in the order of the text, under their headings."""
    parts: list[Block] = []
    for section in article.sections:
        parts += [Block("paragraph", *span, section.heading) for span in section.paragraphs]
    for pair in article.faq:
        parts.append(Block("question", pair.start, pair.answer_start))
        parts.append(Block("answer", pair.answer_start, pair.end))
    return list(_headed(sorted(parts, key=lambda block: block.start)))


def pieces(text: str, span: Span, marked: Sequence[Span]) -> Iterator[tuple[str, bool]]:
    """`text[span]` cut where a mark begins or ends: the pieces, and whether each is marked."""
    start, end = span
    inside = [(max(start, a), min(end, b)) for a, b in marked if a < end and b > start]
    cuts = sorted({start, end, *(edge for pair in inside for edge in pair)})
    for a, b in pairwise(cuts):
        yield text[a:b], any(low <= a and b <= high for low, high in inside)


def _headed(parts: Sequence[Block]) -> Iterator[Block]:
    """The blocks, a heading before the first of each run that shares one."""
    last = ""
    for part in parts:
        heading = "Questions and answers" if part.kind in ("question", "answer") else part.heading
        if heading != last and heading:
            yield Block("heading", part.start, part.start, heading)
        last = heading
        yield part


def _block(article: Article, block: Block, marked: Sequence[Span]) -> str:
    if block.kind == "heading":
        return f"<h3>{escape(block.heading)}</h3>"
    inner = "".join(
        f"<mark>{escape(text)}</mark>" if is_marked else escape(text)
        for text, is_marked in pieces(article.text, (block.start, block.end), marked)
    )
    return f'<p class="{block.kind}">{inner}</p>'


def _no_cards(inner: str) -> str:
    return f'<section class="cards none" aria-label="Sources"><p>{inner}</p></section>'


def _card(citation: Citation, turn: int) -> str:
    number = f'<span class="number">{citation.number}</span>'
    where = place(citation.article_id, citation.date, citation.source)
    opening = button(
        "select",
        "Read it in the article",
        label=f"Read quote {citation.number} in “{citation.title}”",
        css="open",
        turn=turn,
        number=citation.number,
    )
    return (
        f'<li class="card">{number}<h3 dir="auto">{escape(citation.title)}</h3>'
        f'<p class="place">{where}</p>'
        f'<blockquote dir="auto">{escape(citation.quote)}</blockquote>{opening}</li>'
    )
