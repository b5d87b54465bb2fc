"""BM25 and word counts: what is asked may be anything, and what is counted must add up."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index import lexical
from index.article import Article
from index.filters import Filter
from index.passages import Kind, Passage
from index.records import Records


def passage(article: str, text: str, kind: Kind = "body", day: date | None = None) -> Passage:
    """A passage with a title of its own and one sentence a full stop."""
    spans = tuple((found.start(), found.end()) for found in re.finditer(r"[^. ][^.]*\.", text))
    name = f"{article}#0-{len(text)}"
    return Passage(name, article, kind, f"About {article}", "", text, 0, len(text), spans, day)


PASSAGES = (
    passage("trains", "The train crosses the bridge. Trains are slow.", day=date(2021, 5, 3)),
    passage("ships", "A ship waits. The train meets the ship at the quay.", day=date(2022, 5, 3)),
    passage("bread", "Rye bread keeps for a week. Where is the train.", kind="faq"),
    passage("café", "Ein Café in Zürich. 北京 火车. Поезд прибыл.", day=date(2023, 1, 1)),
)


NAMES = ("whole", "less", "never")


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> Records:
    return fill(tmp_path_factory.mktemp("generation"), PASSAGES)


def fill(folder: Path, passages: tuple[Passage, ...], removed: tuple[str, ...] = ()) -> Records:
    records = Records.create(folder)
    for each in passages:
        records.add(Article(each.article_id, each.title, each.text, ()), [each])
    for name in removed:
        records.remove(name)
    records.finish()
    records.close()
    return Records.open(folder)


def found(records: Records, question: str, where: Filter | None = None) -> list[str]:
    return [name.split("#")[0] for name, _score in records.search(question, 10, where)]


@pytest.mark.parametrize(
    ("question", "terms"),
    [
        ("Why does Kim travel by train?", ["kim", "travel", "train"]),
        ("Who is he?", ["who", "is", "he"]),
        ("train Train TRAIN", ["train"]),
        ("then-U.S. President's 25%", ["u", "president", "25"]),
        ('"quoted" AND (NEAR* title:x) -y ^z', ["quoted", "near", "title", "x", "y", "z"]),
        ("what’s Zürich—北京\uff1f поезд", ["zürich", "北京", "поезд"]),
        ("?!… \u200b\x00\ud800 “”", []),
        ("", []),
        ("x_b\tc\x00z", ["x", "b", "c", "z"]),
    ],
)
def test_terms_of_a_question(question: str, terms: list[str]) -> None:
    assert lexical.query_terms(question) == terms


def test_terms_are_bounded() -> None:
    assert len(lexical.query_terms(" ".join(f"word{n}" for n in range(50_000)))) == 256
    assert lexical.query_terms("x" * 100_000) == ["x" * 200]


@pytest.mark.parametrize(
    ("question", "articles"),
    [
        ("bridges", ["trains"]),
        ("the ships", ["ships"]),
        ("train", ["trains", "bread", "ships"]),
        ("cafe zurich", ["café"]),
        ("北京", ["café"]),
        ("ПОЕЗД", ["café"]),
        ("about bread", ["bread"]),
        ("where is the", ["trains", "bread", "ships"]),
        ("nowhere", []),
    ],
)
def test_search_finds(records: Records, question: str, articles: list[str]) -> None:
    assert sorted(found(records, question)) == sorted(articles)


def test_in_a_large_corpus_a_passage_needs_a_rare_word(tmp_path: Path) -> None:
    many = [passage(f"many{n}", "Train. Ship. " * 1_400) for n in range(2)]
    few = passage("few", "A ship at the quay.")
    records = fill(tmp_path, (*many, few))
    assert 2 * 1_400 < lexical.MOST_MATCHES < 2 * 1_900
    assert set(found(records, "train")) == {"many0", "many1"}
    assert found(records, "quay nowhere") == ["few"]
    assert set(found(records, "train quay")) == {"many0", "many1", "few"}
    assert set(found(records, "train zebra")) == {"many0", "many1"}
    only = Filter(articles=frozenset({"many0"}))
    assert found(records, "quay ship train", only) == ["many0"]
    more = [passage(f"more{n}", "Train. " * 500) for n in range(2)]
    (tmp_path / "more").mkdir()
    records = fill(tmp_path / "more", (*more, *many, few))
    assert found(records, "train quay") == ["few"]
    assert len(found(records, "train")) == 4
    assert len(found(records, "train nowhere")) == 4


def test_a_longer_passage_is_not_the_worse_one(tmp_path: Path) -> None:
    short = passage("short", "A ship at the quay.")
    long = passage("long", "A ship at the quay. " + "Nobody saw it, for it was night. " * 20)
    first, second = fill(tmp_path, (short, long)).search("ship quay", 2)
    assert first[1] == pytest.approx(second[1])


def test_words_are_lowered_as_the_tokenizer_does(tmp_path: Path) -> None:
    records = fill(tmp_path, (passage("street", "Die Straße in Köln. ΟΔΌΣ."),))
    for word in ("Straße", "straße", "KÖLN", "koln", "οδός"):
        assert found(records, word) == ["street"]
        assert records.sentence_frequencies([word])[0] == [1]


@given(
    st.lists(st.sampled_from(["train", "ship", "quay", "bread", "the", "is", "baker"]), max_size=6)
)
def test_common_words_count_in_what_has_a_rare_one(records: Records, words: list[str]) -> None:
    question = " ".join(words)
    everything = records.search(question, 10)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lexical, "MOST_MATCHES", 1)
        some = records.search(question, 10)
    assert dict(some) == pytest.approx({name: dict(everything)[name] for name, _score in some})
    assert bool(some) == bool(everything)


def test_best_first_above_zero_and_at_most_k(records: Records) -> None:
    scores = [score for _name, score in records.search("train ship quay", 10)]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0
    assert found(records, "train ship quay")[0] == "ships"
    assert len(records.search("train", 2)) == 2
    assert records.search("train", 0) == []


@pytest.mark.parametrize(
    ("where", "articles"),
    [
        (Filter(), ["trains", "bread", "ships"]),
        (Filter(articles=frozenset({"ships", "bread"})), ["bread", "ships"]),
        (Filter(articles=frozenset()), []),
        (Filter(since=date(2022, 5, 3)), ["ships"]),
        (Filter(until=date(2022, 5, 3)), ["trains", "ships"]),
        (Filter(since=date(2021, 5, 4), until=date(2022, 5, 2)), []),
        (Filter(since=date(2023, 1, 1), until=date(2021, 1, 1)), []),
        (Filter(kinds=frozenset({"faq"})), ["bread"]),
        (Filter(articles=frozenset({"x'); DROP TABLE passages; --", "\ud800"})), []),
    ],
)
def test_filters(records: Records, where: Filter, articles: list[str]) -> None:
    assert sorted(found(records, "train", where)) == sorted(articles)


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet=st.characters(), max_size=60) | st.text("\"'*:^()-+{} ANDORNEAR\x00\n"))
def test_no_question_raises(records: Records, question: str) -> None:
    records.search(question, 5)
    records.sentence_frequencies(question.split(" "))


@pytest.mark.parametrize("question", ["train " * 20_000, "(" * 100_000, "a b " * 25_000, "é" * 99])
def test_long_questions(records: Records, question: str) -> None:
    assert len(records.search(question, 5)) <= 5


@pytest.mark.parametrize(
    ("word", "sentences"),
    [
        ("train", 4),
        ("TRAINS", 4),
        ("ship", 2),
        ("zurich", 1),
        ("week.", 1),
        ("about", 0),
        ("?", 0),
        ("", 0),
        ("rye-bread", 1),
        ("train-nowhere", 0),
    ],
)
def test_sentences_with_a_word(records: Records, word: str, sentences: int) -> None:
    counts, total = records.sentence_frequencies(["the", word, word])
    assert total == 9
    assert counts == [3, sentences, sentences]


def test_many_words_at_once(records: Records) -> None:
    counts, _total = records.sentence_frequencies([f"word{n}" for n in range(40_000)] + ["quay"])
    assert counts[-1] == 1
    assert sum(counts) == 1


def test_removing_leaves_what_never_having_added_would(tmp_path: Path) -> None:
    for name in NAMES:
        (tmp_path / name).mkdir()
    fill(tmp_path / "whole", PASSAGES)
    less = fill(tmp_path / "less", PASSAGES, removed=("ships", "bread"))
    never = fill(tmp_path / "never", (PASSAGES[0], PASSAGES[3]))
    words = sorted({word for each in PASSAGES for word in each.text.split()})
    assert less.sentence_frequencies(words) == never.sentence_frequencies(words)
    for question in ("train ship bread", "cafe trains", "about"):
        assert less.search(question, 9) == never.search(question, 9)
    assert less.articles() == never.articles()
    quay = [b"quay" in (tmp_path / name / "passages.sqlite3").read_bytes() for name in NAMES]
    assert quay == [True, False, False]
