"""Which passages are relevant, and the scores of a ranking, worked out by hand."""

import math

import pytest

from index.passages import Passage, ScoredPassage
from qa.errors import StoreError
from qa.evaluation.case import Place
from qa.evaluation.errors import QuestionFileError
from qa.evaluation.retrieval import (
    ArticleText,
    Judged,
    contains,
    judge_by_content,
    judge_by_labels,
    retrieval_scores,
)

SHEEP, CREW, BREAD = "Nine sheep sail.", "The crew sings.", "Bread is sold."
ARTICLES = {
    "ferry": f"{SHEEP} {CREW} {BREAD}",
    "bakery": f"Rye costs more. {BREAD}",
    "song": "Hey la la.",
}


def article_text(article_id: str) -> str:
    if article_id not in ARTICLES:
        raise StoreError("no such article")
    return ARTICLES[article_id]


def passage(article_id: str, *sentences: str) -> ScoredPassage:
    """A passage of sentences that follow one another in the article."""
    text = ARTICLES[article_id]
    spans = tuple((text.index(one), text.index(one) + len(one)) for one in sentences)
    start, end = spans[0][0], spans[-1][1]
    name = f"{article_id}#{start}-{end}"
    return ScoredPassage(
        Passage(name, article_id, "body", "", "", text[start:end], start, end, spans), 1.0
    )


SAIL, SING = passage("ferry", SHEEP), passage("ferry", CREW)
FERRY_BREAD, BAKERY_BREAD = passage("ferry", BREAD), passage("bakery", BREAD)
RYE = passage("bakery", "Rye costs more.")


def texts(judged: Judged, *passages: ScoredPassage) -> list[list[str]]:
    """What the spans mark in each passage."""
    return [
        [scored.passage.text[start:end] for start, end in spans]
        for scored, spans in zip(passages, judged.spans, strict=True)
    ]


def test_a_group_is_found_with_the_first_passage_that_holds_it() -> None:
    support = [[Place("ferry", "sheep sail")], [Place("bakery", BREAD), Place("ferry", BREAD)]]
    found = (RYE, BAKERY_BREAD, FERRY_BREAD, SAIL)
    judged = judge_by_labels(found, support, article_text)
    assert judged.ranked == (
        (RYE.passage.id,),
        ("support 2",),
        (FERRY_BREAD.passage.id,),  # holds group 2, which was found before
        ("support 1",),
    )
    assert judged.relevant == {"support 1", "support 2"}
    assert texts(judged, *found) == [[], [BREAD], [BREAD], ["sheep sail"]]


def test_a_passage_may_hold_several_groups() -> None:
    whole = passage("ferry", SHEEP, CREW, BREAD)
    support = [[Place("ferry", "sheep sail. The")], [Place("ferry", "sail")], [Place("bakery")]]
    judged = judge_by_labels([whole], support, article_text)
    assert judged.ranked == (("support 1", "support 2"),)
    assert texts(judged, whole) == [["sheep sail. The"]]  # overlapping spans become one


def test_a_quote_over_two_passages_is_held_by_both_and_marked_in_each() -> None:
    judged = judge_by_labels([SING, SAIL], [[Place("ferry", "sail. The crew")]], article_text)
    assert judged.ranked == (("support 1",), (SAIL.passage.id,))
    assert texts(judged, SING, SAIL) == [["The crew"], ["sail."]]


def test_a_place_without_a_quote_is_the_whole_article() -> None:
    judged = judge_by_labels([RYE, SING], [[Place("ferry")]], article_text)
    assert judged.ranked == ((RYE.passage.id,), ("support 1",))
    assert texts(judged, RYE, SING) == [[], [CREW]]


def test_a_quote_that_occurs_twice_is_held_wherever_it_does() -> None:
    song = passage("song", "Hey la la.")
    judged = judge_by_labels([song], [[Place("song", "la")]], article_text)
    assert judged.spans == (((4, 6), (7, 9)),)


@pytest.mark.parametrize("text_of", [article_text, None])
def test_an_equal_sentence_of_another_article_is_not_the_place(
    text_of: ArticleText | None,
) -> None:
    judged = judge_by_labels([BAKERY_BREAD, FERRY_BREAD], [[Place("ferry", BREAD)]], text_of)
    assert judged.ranked == ((BAKERY_BREAD.passage.id,), ("support 1",))


def test_without_the_articles_a_quote_has_to_be_in_the_passage_whole() -> None:
    support = [[Place("ferry", "sail. The crew")], [Place("ferry", "crew")]]
    judged = judge_by_labels([SING], support)
    assert judged.ranked == (("support 2",),)
    assert texts(judged, SING) == [["crew"]]


@pytest.mark.parametrize(
    ("place", "says"),
    [
        (Place("ferry", "Nine goats sail."), "ferry does not say 'Nine goats sail.'"),
        (Place("fery", SHEEP), "the article 'fery'"),
        (Place("fery"), "the article 'fery'"),
    ],
)
def test_a_place_that_does_not_exist_is_told(place: Place, says: str) -> None:
    with pytest.raises(QuestionFileError, match=says):
        judge_by_labels([], [[Place("ferry", SHEEP), place]], article_text)


def test_by_content_what_the_reference_finds_is_judged_too() -> None:
    # Content words without the question's: bread, sold. "Rye costs more." has none of them.
    judged = judge_by_content(
        [RYE, BAKERY_BREAD], [FERRY_BREAD, SING], "The ferry sold bread.", "What of the ferry?"
    )
    assert judged.ranked == ((RYE.passage.id,), (BAKERY_BREAD.passage.id,))
    assert judged.relevant == {BAKERY_BREAD.passage.id, FERRY_BREAD.passage.id}
    assert texts(judged, RYE, BAKERY_BREAD) == [[], [BREAD]]
    scores = retrieval_scores({"case": judged.ranked}, {"case": judged.relevant})
    assert scores["case"]["recall@10"] == 1 / 2


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        ("Sheep and goats.", True),  # half of the content
        ("Sheep, goats and cows.", False),  # a third
        ("The crew sails.", False),  # of crew, since the question says sail itself
        ("Who sails?", False),  # nothing but the question's own: sail, which SING lacks
        ("", False),
    ],
)
def test_content_is_half_of_the_words(reference: str, expected: bool) -> None:
    found = SING if reference.startswith("Who") else SAIL
    assert contains(found.passage, reference, "Who sails?") is expected


def test_only_sentences_of_like_content_are_marked() -> None:
    whole = passage("ferry", SHEEP, CREW, BREAD)
    # Content: sheep, nine, sail, sing, goat. The first sentence has 3/5, the second 1/5.
    judged = judge_by_content([whole], [], "Nine sheep and a goat sail and sing.", "What?")
    assert texts(judged, whole) == [[SHEEP]]
    # Content: five words, of which sentences one, two and three have one each: the best are shown.
    judged = judge_by_content([whole], [], "Sheep sing, bread, goats, cows.", "What?")
    assert texts(judged, whole) == [[SHEEP, CREW, BREAD]]


def ranking(*found: str) -> list[tuple[str, ...]]:
    return [tuple(ids.split("+")) for ids in found]


def discounted(*ranks: int) -> float:
    return sum(1 / math.log2(rank + 1) for rank in ranks)


@pytest.mark.parametrize(
    ("ranked", "relevant", "recall", "mrr", "ndcg"),
    [
        (ranking("a", "b"), {"a"}, (1, 1, 1, 1), 1, 1),
        (ranking("b", "a"), {"a"}, (0, 1, 1, 1), 1 / 2, discounted(2)),
        # Ids that sort the other way round: the order given counts.
        (ranking("z", "y", "x"), {"z"}, (1, 1, 1, 1), 1, 1),
        (
            ranking("p", "a", "q", "b"),
            {"a", "b"},
            (0, 1 / 2, 1, 1),
            1 / 2,
            discounted(2, 4) / discounted(1, 2),
        ),
        # One passage brings both: everything there is, with the first.
        (ranking("a+b", "p"), {"a", "b"}, (1, 1, 1, 1), 1, 1),
        (
            ranking("p", "q", "r", "a+b+c"),
            {"a", "b", "c", "d"},
            (0, 0, 3 / 4, 3 / 4),
            1 / 4,
            discounted(4, 5, 6) / discounted(1, 2, 3, 4),
        ),
        # The same passage three times takes three ranks.
        (ranking("p", "p", "p", "a"), {"a"}, (0, 0, 1, 1), 1 / 4, discounted(4)),
        (ranking(*"pqrstuvwxy", "a"), {"a"}, (0, 0, 0, 0), 0, 0),  # rank 11
        (ranking("p"), {"a"}, (0, 0, 0, 0), 0, 0),
        ([], {"a"}, (0, 0, 0, 0), 0, 0),
    ],
)
def test_scores(
    ranked: list[tuple[str, ...]],
    relevant: set[str],
    recall: tuple[float, ...],
    mrr: float,
    ndcg: float,
) -> None:
    names = ["recall@1", "recall@3", "recall@5", "recall@10", "MRR@10", "nDCG@10"]
    scores = retrieval_scores({"case": ranked}, {"case": relevant})
    assert list(scores) == ["case"]
    assert scores["case"] == pytest.approx(dict(zip(names, (*recall, mrr, ndcg), strict=True)))


def test_a_case_that_nothing_is_relevant_to_is_left_out() -> None:
    scores = retrieval_scores({"one": [("a",)], "two": [("a",)]}, {"one": set(), "two": {"a"}})
    assert list(scores) == ["two"]
    assert retrieval_scores({"one": [("a",)]}, {"one": set()}) == retrieval_scores({}, {}) == {}


def test_a_case_without_a_ranking_has_found_nothing() -> None:
    assert set(retrieval_scores({}, {"one": {"a"}})["one"].values()) == {0}
