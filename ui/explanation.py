"""Why an answer says what it says, as HTML: what was searched for, found and dropped, how fast.

It shows what it is given; what became of a passage is for others to say.
"""

from __future__ import annotations

from collections.abc import Sequence

from index.passages import Passage
from qa.answer import Answer, Considered
from ui.markup import escape

STEPS = {
    "understand": "Understanding the question",
    "search": "Searching",
    "evidence": "Weighing sentences",
    "write": "Writing",
    "ground": "Checking against the quotes",
    "first_token": "The model’s first word",
    "answer": "Putting the answer together",
    "total": "In all",
}


def why_html(answer: Answer, considered: Sequence[Considered]) -> str:
    """How an answer came about, folded away."""
    times = "".join(
        f"<div><dt>{escape(STEPS.get(step, step))}</dt><dd>{took * 1000:,.0f} ms</dd></div>"
        for step, took in answer.timings.items()
    )
    found = _considered(considered) if considered else _passages(answer)
    return (
        '<details class="why"><summary>Why this answer</summary>'
        f'<p>Searched for: <b dir="auto">{escape(answer.question)}</b></p>{found}'
        f'<dl class="times">{times}</dl></details>'
    )


def _considered(passages: Sequence[Considered]) -> str:
    """What was found by which search, and what became of it; best fused score first."""
    rows = "".join(map(_row, passages))
    heads = ("What became of it", "Vectors", "BM25", "Fused", "Sentence")
    titles = "".join(f'<th scope="col">{head}</th>' for head in heads)
    table = _table(f'<th scope="col">Passage</th>{titles}', rows)
    read = f"The {len(passages)} best by their fused score were read; the others were dropped."
    return f'{table}<p class="aside">{read}</p>'


def _row(passage: Considered) -> str:
    dense = "–" if passage.dense is None else f"{passage.dense:.2f}"
    lexical = f"{passage.lexical:.1f}" if passage.lexical else "–"
    return (
        f'<tr><th scope="row">{_named(passage)}</th>'
        f"<td>{escape(passage.fate)}</td><td>{dense}</td><td>{lexical}</td>"
        f"<td>{passage.fused:.2f}</td><td>{passage.support:.2f}</td></tr>"
    )


def _passages(answer: Answer) -> str:
    rows = "".join(
        f'<tr><th scope="row">{_named(each.passage)}</th><td>{each.score:.2f}</td></tr>'
        for each in answer.passages
    )
    return _table('<th scope="col">Passage</th><th scope="col">Best sentence</th>', rows)


def _named(passage: Considered | Passage) -> str:
    """Its article's title, or the file where nothing stands over it, and its heading."""
    under = f"<small>{escape(passage.heading)}</small>" if passage.heading else ""
    return f"{escape(passage.title or passage.article_id)}{under}"


def _table(head: str, rows: str) -> str:
    return (
        '<div class="scroll" tabindex="0" role="region" aria-label="What was found"><table><thead>'
        f"<tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )
