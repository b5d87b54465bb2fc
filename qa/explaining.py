"""What became of every passage that was found for a question: quoted or cited, or why it was not.

It reads a finished inquiry and changes nothing; who shows it is for others to say.
"""

from __future__ import annotations

from qa.answer import Considered
from qa.answering import IN_QUOTES
from qa.evidence import Evidence
from qa.inquiry import Inquiry
from qa.quoting import MARGIN, WITNESS_MARGIN, same
from qa.wanted import asks_fact


def explain(inquiry: Inquiry) -> tuple[Considered, ...]:
    """The passages by fused score, best first, each with what became of it."""
    assert inquiry.answer is not None
    best: dict[str, Evidence] = {}
    for piece in inquiry.evidence:
        best.setdefault(piece.passage.id, piece)
    return tuple(
        Considered(
            article_id=hit.passage.article_id,
            title=hit.passage.title,
            heading=hit.passage.heading,
            start=hit.passage.start,
            end=hit.passage.end,
            dense=hit.dense,
            lexical=hit.lexical,
            fused=hit.score,
            support=best[hit.passage.id].score if hit.passage.id in best else 0.0,
            fate=_fate(inquiry, best.get(hit.passage.id), (hit.passage.start, hit.passage.end)),
        )
        for hit in inquiry.hits
    )


def _fate(inquiry: Inquiry, piece: Evidence | None, span: tuple[int, int]) -> str:
    """What became of a passage, of which `piece` is the best sentence."""
    answer = inquiry.answer
    assert answer is not None
    if piece is None:
        return "it holds no sentence that can be quoted"
    cited = answer.near_misses if answer.abstained else answer.citations
    numbers = [
        f"[{each.number}]"
        for each in cited
        if each.article_id == piece.passage.article_id and span[0] <= each.start < span[1]
    ]
    if inquiry.sources and not any(note.endswith(IN_QUOTES) for note in answer.notes):
        return _written(inquiry, piece.passage.id, numbers)
    if answer.abstained:
        return "among the nearest, but not sure enough" if numbers else "not sure enough"
    if numbers:
        return f"quoted as {', '.join(numbers)}"
    top = inquiry.evidence[0]
    if any("disagree" in note for note in answer.notes):
        return "not a side of the disagreement"
    if any(same(piece, other) for other in inquiry.evidence if other.score > piece.score):
        return "says what a better sentence says"
    cited_here = any(each.article_id == piece.passage.article_id for each in cited)
    heard = not cited_here and not asks_fact(inquiry.question)
    margin = WITNESS_MARGIN if heard else MARGIN
    behind = top.score - piece.score
    if behind > margin:
        return (
            f"its best sentence is {behind:.2f} behind the best; up to {margin:.2f} may add to it"
        )
    return "the answer is complete without it"


def _written(inquiry: Inquiry, passage_id: str, numbers: list[str]) -> str:
    """The same where a chat model wrote, or found nothing to write."""
    assert inquiry.answer is not None
    shown = any(source.passage.id == passage_id for source in inquiry.sources)
    if inquiry.answer.abstained:
        nearest = "among the nearest; " if numbers else ""
        unused = "the model found no answer in it" if shown else "the model was not shown it"
        return f"{nearest}{unused}"
    if numbers:
        return f"cited as {', '.join(numbers)}"
    if shown:
        return "shown to the model, which did not use it"
    return "not among the best that fit into the prompt"
