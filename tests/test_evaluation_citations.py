"""Citations that are real, that support, and that are needed: each case worked out by hand."""

from collections.abc import Sequence

import pytest

from qa.answer import AnswerSentence, Citation
from qa.errors import StoreError
from qa.evaluation.citations import citation_precision, citation_recall, verbatim

TEXT = "Red and blue. Green."
Said = list[tuple[str, tuple[int, ...]]]


def article_text(article_id: str) -> str:
    if article_id != "colours":
        raise StoreError("no such article")
    return TEXT


@pytest.mark.parametrize(
    ("quote", "start", "end", "article_id", "expected"),
    [
        ("Green.", 14, 20, "colours", True),
        ("green.", 14, 20, "colours", False),
        ("Green.", 13, 19, "colours", False),
        ("Green.", 14, 25, "colours", False),  # beyond the end, though the slice is equal
        ("Green.", -6, 20, "colours", False),  # from the end, though the slice is equal
        ("", 3, 3, "colours", False),
        ("Green.", 14, 20, "animals", False),
    ],
)
def test_verbatim(quote: str, start: int, end: int, article_id: str, expected: bool) -> None:
    assert verbatim(Citation(1, article_id, "", quote, start, end), article_text) is expected


def supports(statement: str, quotes: Sequence[str]) -> float:
    """The share of the statement's words that the quotes have."""
    assert quotes, "at least one quote"
    words = statement.split()
    return sum(word in " ".join(quotes).split() for word in words) / len(words)


def citations(*quotes: str) -> list[Citation]:
    return [Citation(n, "colours", "", quote, 0, 1) for n, quote in enumerate(quotes, 1)]


@pytest.mark.parametrize(
    ("said", "quotes", "recall", "precision"),
    [
        pytest.param([("red blue sky", (1,))], ["red sky blue"], 1, 1, id="supported"),
        pytest.param([("red blue sky", (1,))], ["red"], 0, 0, id="1/3 is too little"),
        pytest.param([("red blue", (1,))], ["red"], 1, 1, id="1/2 is just enough"),
        pytest.param(
            [("a b c d e", (1, 2))], ["a b", "c d"], 1, 1, id="2/5 each, 4/5 together: both needed"
        ),
        pytest.param([("a b", (1, 2))], ["a b", "b a"], 1, 1, id="each supports it alone"),
        pytest.param([("a b", (1, 2))], ["a b", "x"], 1, 1 / 2, id="the second adds nothing"),
        pytest.param([("a b", (1, 2))], ["x", "y"], 0, 0, id="neither supports it"),
        pytest.param([("a", ())], ["a"], 0, None, id="no citations"),
        pytest.param([("a", (9,))], ["a"], 0, 0, id="an unknown number"),
        pytest.param([("a", (1, 9))], ["a"], 1, 1 / 2, id="an unknown number beside a good one"),
        pytest.param([("a", (1, 1))], ["a"], 1, 1, id="a number twice"),
        pytest.param([("a", (1, 1, 2))], ["a", "x"], 1, 1 / 2, id="a number twice counts once"),
        pytest.param(
            # Two of four sentences; of the citations 1 in "a", none of 1 and 2 in "x y z",
            # 1 of 2 in "b": two of five.
            [("a", (1,)), ("x y z", (1, 2)), ("b", (1, 2)), ("c", ())],
            ["a", "b"],
            2 / 4,
            2 / 5,
            id="several sentences",
        ),
        pytest.param([], [], 0, None, id="no sentences"),
    ],
)
def test_recall_and_precision(
    said: Said, quotes: list[str], recall: float, precision: float | None
) -> None:
    sentences = [AnswerSentence(text, numbers, 1.0) for text, numbers in said]
    assert citation_recall(sentences, citations(*quotes), supports) == recall
    assert citation_precision(sentences, citations(*quotes), supports) == precision
