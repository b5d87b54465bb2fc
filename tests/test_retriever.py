"""Fusion on numbers worked out by hand, and hybrid search over a real index."""

from collections.abc import Sequence
from functools import partial

import pytest

from index.embedding import Encoder
from index.passages import Passage
from index.store import Filter, Index
from qa import retriever
from qa.reranker import Reranker
from qa.retriever import HybridSearch, fuse_ranks, fuse_scores


def test_scores_are_scaled_to_their_best_and_averaged() -> None:
    fused = fuse_scores({"a": 0.8, "b": 0.4, "c": 0.2}, {"b": 6.0, "c": 3.0})
    assert fused == pytest.approx({"a": 0.5, "b": 0.75, "c": 0.375})


def test_what_bm25_alone_found_is_taken_for_farther_than_what_vectors_found() -> None:
    fused = fuse_scores({"a": 0.8, "b": 0.4}, {"c": 6.0, "a": 3.0})
    assert fused == pytest.approx({"a": 0.75, "b": 0.25, "c": (0.9 * 0.4 / 0.8 + 1) / 2})
    assert fuse_scores({"a": 0.8, "b": -0.4}, {"c": 6.0})["c"] == pytest.approx(0.5)
    assert fuse_ranks({"a": 0.9}, {"c": 6.0}) == pytest.approx({"a": 0.5, "c": 0.5})


def test_a_cosine_below_zero_counts_nothing() -> None:
    assert fuse_scores({"a": -0.2}, {}) == {"a": 0.0}


def test_ranks_are_fused_by_their_reciprocals() -> None:
    fused = fuse_ranks({"a": 0.9, "b": 0.1}, {"b": 6.0})
    assert fused == pytest.approx({"a": 1 / 2, "b": (61 / 62 + 1) / 2})


@pytest.fixture(scope="module")
def zoo(tmp_path_factory: pytest.TempPathFactory, encoder: Encoder) -> Index:
    """Three one-sentence articles, one of them dated."""
    corpus = tmp_path_factory.mktemp("zoo")
    (corpus / "lions.txt").write_text("Lions sleep for twenty hours a day.")
    (corpus / "ZX-81.txt").write_text("The ZX-81 had one kilobyte of memory.")
    (corpus / "2020-05-01-bears.txt").write_text("Bears fish for salmon in summer.")
    index = Index.open(tmp_path_factory.mktemp("index"), encoder)
    index.sync(corpus)
    return index


def found(
    index: Index, encoder: Encoder, question: str, where: Filter | None = None, k: int = 3
) -> list[str]:
    hits = HybridSearch().search(
        index.reader(), question, partial(encoder.encode_question, question), k, where
    )
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)
    return [hit.passage.article_id for hit in hits]


def test_meaning_finds_what_words_do_not(zoo: Index, encoder: Encoder) -> None:
    assert found(zoo, encoder, "How long do big cats rest?")[0] == "lions.txt"


def test_words_find_what_meaning_does_not(zoo: Index, encoder: Encoder) -> None:
    assert found(zoo, encoder, "ZX-81")[0] == "ZX-81.txt"


def test_what_only_one_search_finds_is_fused_all_the_same(
    zoo: Index, encoder: Encoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retriever, "POOL", 1)
    assert set(found(zoo, encoder, "How long do big cats rest, kilobyte?")) == {
        "lions.txt",
        "ZX-81.txt",
    }


def test_filters_and_k_hold(zoo: Index, encoder: Encoder) -> None:
    where = Filter(articles=frozenset({"lions.txt", "ZX-81.txt"}))
    assert set(found(zoo, encoder, "salmon", where)) == {"lions.txt", "ZX-81.txt"}
    dated = zoo.reader().articles()[0].date
    assert found(zoo, encoder, "memory", Filter(since=dated)) == ["2020-05-01-bears.txt"]
    assert len(found(zoo, encoder, "animals", k=2)) == 2


class Backwards(Reranker):
    """Likes best what it was given last."""

    def __init__(self) -> None:
        self.given = 0

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        self.given = len(texts)
        return [rank / len(texts) for rank in range(len(texts))]


def test_a_reranker_sees_all_that_was_found_and_decides(zoo: Index, encoder: Encoder) -> None:
    question = "How long do big cats rest?"
    reranker = Backwards()
    hits = HybridSearch(reranker=reranker).search(
        zoo.reader(), question, partial(encoder.encode_question, question), 1
    )
    assert reranker.given == 3
    assert [hit.passage.article_id for hit in hits] == [found(zoo, encoder, question)[-1]]


def test_passages_that_words_find_are_told_of_ahead(zoo: Index, encoder: Encoder) -> None:
    told: list[str] = []

    def ahead(passages: Sequence[Passage]) -> None:
        told.extend(passage.id for passage in passages)

    question = "Which lions had memory for the salmon?"
    hits = HybridSearch(ahead=ahead).search(
        zoo.reader(), question, partial(encoder.encode_question, question), 2
    )
    assert told == [name for name, _ in zoo.reader().search_lexical(question, 2)]
    assert len(told) == 2
    assert [hit.passage.article_id for hit in hits] == found(zoo, encoder, question, k=2)
    told.clear()
    HybridSearch(reranker=Backwards(), ahead=ahead).search(
        zoo.reader(), question, partial(encoder.encode_question, question), 2
    )
    assert len(told) == 2, "a reranker is given all, but no more are asked for"


@pytest.mark.parametrize(
    "question", ['NEAR("a" OR', "a AND -b:^c*", "何時ですか", "؟أين", "x" * 3000]
)
def test_no_question_breaks_the_search(zoo: Index, encoder: Encoder, question: str) -> None:
    assert len(found(zoo, encoder, question)) == 3
