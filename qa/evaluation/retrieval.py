"""Which retrieved passages are relevant to a case, and how early they came.

Relevance is told by labels or by content, each on its own: the two are never mixed in one figure.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from index.passages import Passage, ScoredPassage, Span
from qa.errors import StoreError
from qa.evaluation.answers import coverage
from qa.evaluation.case import Place
from qa.evaluation.errors import QuestionFileError

ArticleText = Callable[[str], str]
"""An article's id -> its text; raises `StoreError` where there is none, as `Assistant.article`."""

CONTENT = 0.5
"""The share of the reference's content words from which a passage contains its content."""
LEAST = 0.25
"""The share of them below which not even the best passage contains it."""
SENTENCE_CONTENT = 0.25
"""The share of them from which one of its sentences is shown as like in content."""
CUTOFFS = (1, 3, 5, 10)
DEPTH = 10

Support = Sequence[Sequence[Place]]


@dataclass(frozen=True, slots=True)
class Judged:
    """The passages retrieved for one case, judged: what `retrieval_scores` takes of it.

    `ranked` holds, for each passage in its order, the ids that count as found with it, and
    `relevant` the ids there are to find, empty where the case says nothing of retrieval. `spans`
    holds, for each passage, the `(start, end)` offsets, into its own text, of what makes it
    relevant: sorted, not overlapping, none in a passage that is not.
    """

    ranked: tuple[tuple[str, ...], ...]
    relevant: frozenset[str]
    spans: tuple[tuple[Span, ...], ...]


def judge_by_labels(
    passages: Sequence[ScoredPassage], support: Support, article_text: ArticleText | None = None
) -> Judged:
    """Judge passages, best first, by a case's labelled support.

    What is to be found are the groups of `support`, not passages: how an article is cut must not
    change what counts. A passage holds a group when it overlaps, in the article's text, with the
    quote of one of its places, wherever that occurs; a place without a quote is held by every
    passage of its article. A group is found with the first passage that holds it; a passage that
    no group is found with stands for itself, and is not relevant.

    Without `article_text` a quote is looked for in the passage's own text, whole. With it, a
    place that does not exist raises `QuestionFileError`, which names article and quote.
    """
    located = [[(place, _located(place, article_text)) for place in group] for group in support]
    ranked: list[tuple[str, ...]] = []
    spans: list[tuple[Span, ...]] = []
    left = {f"support {number}": group for number, group in enumerate(located, 1)}
    relevant = frozenset(left)
    for passage in (scored.passage for scored in passages):
        held = [span for group in located for span in _held(passage, group)]
        found = tuple(name for name, group in left.items() if _held(passage, group))
        left = {name: group for name, group in left.items() if name not in found}
        ranked.append(found or (passage.id,))
        spans.append(_merged(held))
    return Judged(tuple(ranked), relevant, tuple(spans))


def judge_by_content(
    passages: Sequence[ScoredPassage],
    pool: Sequence[ScoredPassage],
    reference: str,
    question: str,
) -> Judged:
    """Judge passages, best first, by the content of a reference answer, where nothing is labelled.

    A passage is relevant when it has at least `CONTENT` of the reference's content words, without
    those of the question (`qa.evaluation.answers.coverage`); where none has, the one that has most,
    if at least `LEAST`: a broad answer is put together from many places. The whole corpus is not
    judged, but what was retrieved for the question and `pool`, what was retrieved for the reference
    itself: pooling, as in TREC (Spärck Jones and van Rijsbergen 1975). Recall is recall within the
    pool.
    """
    judged = {scored.passage.id: scored.passage for scored in (*passages, *pool)}
    shares = {
        id: coverage(reference, passage.text, besides=question) for id, passage in judged.items()
    }
    enough = max(LEAST, min(CONTENT, max(shares.values(), default=0.0)))
    relevant = frozenset(id for id, share in shares.items() if share >= enough)
    return Judged(
        ranked=tuple((scored.passage.id,) for scored in passages),
        relevant=relevant,
        spans=tuple(
            _like(scored.passage, reference, question) if scored.passage.id in relevant else ()
            for scored in passages
        ),
    )


def contains(passage: Passage, reference: str, question: str) -> bool:
    """Whether a passage contains the reference's content; never with a reference without any."""
    return coverage(reference, passage.text, besides=question) >= CONTENT


def retrieval_scores(
    ranked: Mapping[str, Sequence[tuple[str, ...]]], relevant: Mapping[str, Collection[str]]
) -> dict[str, dict[str, float]]:
    """How much of what is relevant was found, and how early: scores in 0..1 by case and name.

    recall@1, @3, @5, @10: the share of the relevant ids found with the first k passages. MRR@10:
    one over the rank of the first passage that is relevant, 0 where that is beyond 10; the mean
    over cases is the figure of that name. nDCG@10: the gains, 1 for each relevant id, discounted
    by the logarithm of the rank, over those of the best order (Järvelin and Kekäläinen 2002).

    `ranked` and `relevant` are those of `Judged`, by case. A case whose relevant set is empty is
    left out; one without a ranking has found nothing. Computed by ir-measures.
    """
    from ir_measures import RR, R, iter_calc, nDCG

    wanted = {case: dict.fromkeys(ids, 1) for case, ids in relevant.items() if ids}
    scores: dict[str, dict[str, float]] = {case: {} for case in wanted}

    def calculate(measure: Any, name: str, depth: int) -> None:
        runs = {case: _run(ranked.get(case, ())[:depth]) for case in wanted}
        for metric in iter_calc([measure], wanted, runs) if wanted else ():
            scores[metric.query_id][name] = float(metric.value)

    most = max((len(ids) for passages in ranked.values() for ids in passages), default=1)
    for k in CUTOFFS:
        # k counts passages, one of which may bring several ids: all of the first k are looked at.
        calculate(R @ (k * most), f"recall@{k}", k)
    calculate(RR @ DEPTH, f"MRR@{DEPTH}", DEPTH)
    calculate(nDCG @ DEPTH, f"nDCG@{DEPTH}", DEPTH)
    return scores


def _run(passages: Sequence[tuple[str, ...]]) -> dict[str, float]:
    """The ids with strictly falling scores: trec_eval sorts by score, and breaks ties by id."""
    run: dict[str, float] = {}
    for id in (id for ids in passages for id in ids):
        # A passage that is listed again takes a rank and finds nothing.
        run[id if id not in run else f"{id} again {len(run)}"] = -float(len(run))
    return run


def _located(place: Place, article_text: ArticleText | None) -> tuple[Span, ...] | None:
    """Where the article has the quote; None where its text is not at hand."""
    if article_text is None:
        return None
    try:
        text = article_text(place.article_id)
    except StoreError as error:
        raise QuestionFileError(
            f"support names the article {place.article_id!r}, which the corpus lacks: "
            f"correct its name or take the question out"
        ) from error
    spans = _occurrences(place.quote, text)
    if place.quote and not spans:
        raise QuestionFileError(
            f"{place.article_id} does not say {place.quote!r}: "
            f"copy the quote of the support from the article, sign by sign"
        )
    return spans


def _held(
    passage: Passage, group: Iterable[tuple[Place, tuple[Span, ...] | None]]
) -> tuple[Span, ...]:
    """What a passage holds of a group's places, as offsets into its own text."""
    held: list[Span] = []
    for place, spans in group:
        if place.article_id != passage.article_id:
            continue
        if not place.quote:
            held.append((0, len(passage.text)))
        elif spans is None:
            held += _occurrences(place.quote, passage.text)
        else:
            inside = [(max(a, passage.start), min(b, passage.end)) for a, b in spans]
            held += [(a - passage.start, b - passage.start) for a, b in inside if a < b]
    return tuple(held)


def _occurrences(quote: str, text: str) -> tuple[Span, ...]:
    spans: list[Span] = []
    at = text.find(quote) if quote else -1
    while at >= 0:
        spans.append((at, at + len(quote)))
        at = text.find(quote, at + len(quote))
    return tuple(spans)


def _merged(spans: Iterable[Span]) -> tuple[Span, ...]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return tuple(merged)


def _like(passage: Passage, reference: str, question: str) -> tuple[Span, ...]:
    """The sentences of like content, as offsets into the passage's text; at least the best one."""
    shares = {
        (start - passage.start, end - passage.start): coverage(
            reference, passage.quote((start, end)), besides=question
        )
        for start, end in passage.sentences
    }
    enough = min(SENTENCE_CONTENT, max(shares.values(), default=0.0))
    return tuple(span for span, share in shares.items() if share and share >= enough)
