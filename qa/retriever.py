"""Hybrid retrieval: nearest vectors and BM25, fused; alone, also as a LangChain retriever.

It ranks passages. What in them answers the question is `qa.evidence`'s to say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from index.passages import Passage, ScoredPassage

if TYPE_CHECKING:
    from langchain_core.retrievers import BaseRetriever

    from index.embedding import EncodedText
    from index.store import Filter, Generation
    from qa.reranker import Reranker

Fusion = Literal["scores", "ranks"]

POOL = 50
"""How many passages each of the two searches brings to the fusion."""
ASSUMED = 0.9
"""The cosine of a passage that BM25 alone found, as a share of the least that was found: looking
up the real one takes as long as a search, and found the same paragraphs first (740 questions)."""
RANK_CONSTANT = 60
THREADS = 4
"""Questions whose words are searched for at the same time."""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found: its fused score in 0..1, and the two it was fused from.

    `dense` is the cosine with the question, -1..1, and `lexical` the BM25 score; None and 0 for a
    passage that is not among the best `POOL` of that search.
    """

    passage: Passage
    score: float
    dense: float | None
    lexical: float


@dataclass(frozen=True, slots=True)
class HybridSearch:
    """Dense and lexical search, fused, then reranked by a cross-encoder if there is one.

    `ahead` is told of passages that are likely among the best while the question is still encoded.
    """

    fusion: Fusion = "scores"
    reranker: Reranker | None = None
    ahead: Callable[[Sequence[Passage]], None] | None = None
    _beside: ThreadPoolExecutor = field(
        default_factory=partial(ThreadPoolExecutor, THREADS), repr=False, compare=False
    )

    def search(
        self,
        generation: Generation,
        question: str,
        encode: Callable[[], EncodedText],
        k: int,
        where: Filter | None = None,
    ) -> list[Hit]:
        """The `k` best passages of a generation for a question, best first.

        `encode` gives the encoded question: BM25, which needs none, is under way meanwhile.
        """
        wanted = max(k, POOL) if self.reranker else k
        words = self._beside.submit(self._by_words, generation, question, k, where)
        dense = dict(generation.search_dense(encode().vector, POOL, where))
        lexical, read = words.result()
        fused = FUSIONS[self.fusion](dense, lexical)
        best = sorted(fused, key=lambda name: (-fused[name], name))[:wanted]
        missing = generation.passages([name for name in best if name not in read])
        read |= {passage.id: passage for passage in missing}
        hits = [
            Hit(read[name], fused[name], dense.get(name), lexical.get(name, 0.0)) for name in best
        ]
        return self._reranked(question, hits)[:k] if self.reranker else hits

    def _by_words(
        self, generation: Generation, question: str, k: int, where: Filter | None
    ) -> tuple[dict[str, float], dict[str, Passage]]:
        """BM25's scores by passage, and the `k` best passages: most will be among the best of all.

        The question's encoding takes longer, so that reading them takes no time.
        """
        scores = dict(generation.search_lexical(question, POOL, where))
        passages = generation.passages([*scores][:k])
        if self.ahead:
            self.ahead(passages)
        return scores, {passage.id: passage for passage in passages}

    def _reranked(self, question: str, hits: Sequence[Hit]) -> list[Hit]:
        assert self.reranker is not None
        scores = self.reranker.score(question, [hit.passage.embedded for hit in hits])
        reranked = [replace(hit, score=score) for hit, score in zip(hits, scores, strict=True)]
        return sorted(reranked, key=lambda hit: -hit.score)


def fuse_scores(dense: Mapping[str, float], lexical: Mapping[str, float]) -> dict[str, float]:
    """The mean of both scores, each divided by its best: 0..1.

    Better here than reciprocal ranks (`benchmarks/quality.py` measures both): a passage that wins
    one search by far keeps its lead.
    """
    best_dense = max([*dense.values(), 1e-9])
    best_lexical = max([*lexical.values(), 1e-9])
    assumed = ASSUMED * max(0.0, min(dense.values(), default=0.0))
    return {
        name: max(
            0.0,
            dense.get(name, assumed) / best_dense + lexical.get(name, 0.0) / best_lexical,
        )
        / 2
        for name in {**dense, **lexical}
    }


def fuse_ranks(dense: Mapping[str, float], lexical: Mapping[str, float]) -> dict[str, float]:
    """Reciprocal rank fusion (Cormack, Clarke and Büttcher, SIGIR 2009), scaled to 0..1."""
    fused = dict.fromkeys({**dense, **lexical}, 0.0)
    for scores in (dense, lexical):
        for rank, name in enumerate(sorted(scores, key=lambda name: -scores[name])):
            fused[name] += (RANK_CONSTANT + 1) / (RANK_CONSTANT + 1 + rank) / 2
    return fused


FUSIONS: Mapping[Fusion, Callable[[Mapping[str, float], Mapping[str, float]], dict[str, float]]] = {
    "scores": fuse_scores,
    "ranks": fuse_ranks,
}


def langchain_retriever(search: Callable[[str, int], list[ScoredPassage]], k: int) -> BaseRetriever:
    """A LangChain retriever over `search(question, k)`; its documents carry their offsets."""
    from langchain_core.callbacks import CallbackManagerForRetrieverRun
    from langchain_core.documents import Document
    from langchain_core.retrievers import BaseRetriever

    class PassageRetriever(BaseRetriever):
        """Hybrid search over the articles; `k` documents a question, best first."""

        k: int

        def _get_relevant_documents(
            self, query: str, *, run_manager: CallbackManagerForRetrieverRun
        ) -> list[Document]:
            return [
                Document(id=scored.passage.id, page_content=scored.passage.text, metadata=metadata)
                for scored in search(query, self.k)
                for metadata in [_metadata(scored)]
            ]

    return PassageRetriever(k=k)


def _metadata(scored: ScoredPassage) -> dict[str, Any]:
    passage = scored.passage
    return {
        "article_id": passage.article_id,
        "title": passage.title,
        "heading": passage.heading,
        "kind": passage.kind,
        "start": passage.start,
        "end": passage.end,
        "date": passage.date.isoformat() if passage.date else None,
        "score": scored.score,
    }
