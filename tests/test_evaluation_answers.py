"""How near an answer comes to what was expected: every value is worked out by hand."""

import numpy as np
import pytest
from fakes import FakeEncoder

from index.embedding import Encoder
from qa.evaluation.answers import (
    content_words,
    coverage,
    facts_present,
    rouge_l,
    similarity,
    token_f1,
)

MAT = "the cat sat on the mat"


@pytest.mark.parametrize(
    ("text", "references", "expected"),
    [
        # Common subsequence "the cat on the mat", 5 of 6 words on both sides.
        (MAT, ["the cat lay on the mat"], 5 / 6),
        # "cat mat": precision 2/2, recall 2/6, F1 = 2 · 1 · (1/3) / (4/3).
        ("cat mat", [MAT], 1 / 2),
        # Order counts: "mat cat" has one word in order, precision 1/2, recall 1/6, F1 = 1/4.
        ("mat cat", [MAT], 1 / 4),
        ("Dogs, running!", ["dog runs"], 1),  # stems: dog, run
        ("cat mat", ["no word", MAT, "cats and dogs"], 1 / 2),  # the best: 0, 1/2, 2 · 1 / (2 + 3)
        ("", [MAT], 0),
        (MAT, [""], 0),
        ("", [""], 0),
    ],
)
def test_rouge_l(text: str, references: list[str], expected: float) -> None:
    assert rouge_l(text, references) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "references", "expected"),
    [
        # ferry leaves at nine / leaves at nine oclock: 3 shared, 2 · 3 / (4 + 4).
        ("The ferry leaves at nine.", ["leaves at nine o'clock"], 3 / 4),
        ("at nine, leaves", ["leaves at nine"], 1),  # no order
        ("nine nine", ["nine"], 2 / 3),  # counted as often as they occur: 2 · 1 / (2 + 1)
        ("It’s “nine”…", ["it's nine"], 1),
        ("the ferry—a boat", ["ferry boat"], 1),
        ("An hour", ["another hour"], 2 / 3),  # "an" is an article, no part of a word is
        ("noon", ["nine", "at noon"], 2 / 3),
        ("", ["nine"], 0),
        ("the", ["a"], 0),  # nothing is left of either
    ],
)
def test_token_f1(text: str, references: list[str], expected: float) -> None:
    assert token_f1(text, references) == pytest.approx(expected)


@pytest.mark.parametrize(
    ("text", "facts", "expected"),
    [
        ("It sold 5,500 loaves.", [["5500"]], 1),
        ("It sold 5500 loaves.", [["5,500 loaves"]], 1),
        ("It sold 1,234,567 loaves.", [["1234567"]], 1),
        ("It sold 15,500 loaves.", [["5,500"], ["500"]], 0),
        ("In 2019, 500 came.", [["2019500"]], 0),
        ("A rise of 5.5 points.", [["5"]], 0),
        ("A rise of 5 %.", [["5%"]], 1),
        ("Five of 5 people.", [["5%"]], 0),
        ("Open till 2019.", [["2019"]], 1),
        ("KIM’S train", [["Kim's train"]], 1),
        ("Kim's train", [["kim"]], 1),
        ("the well–known captain", [["well-known captain"]], 1),
        ("the Straße", [["STRASSE"]], 1),
        ("Mu\u0308ller came", [["M\u00fcller"]], 1),
        ("The captains sang.", [["captain"]], 0),  # whole words
        ("nine grey sheep", [["nine sheep"]], 0),  # a run
        ("nine sheep", [["9 sheep", "nine sheep"], ["wool", "fleece"]], 1 / 2),
        ("anything", [["…", ""]], 0),
        ("", [["nine"], ["…"]], 0),
        ("It sold 5,5000 loaves.", [["55000"]], 0),
    ],
)
def test_facts_present(text: str, facts: list[list[str]], expected: float) -> None:
    assert facts_present(text, facts) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The ferries carried 5,500 sheep.", {"ferri", "carri", "5500", "sheep"}),
        ("He didn’t; it's hers, we’ll see", {"see"}),
        ("In May, 2.5 % of US trains ran", {"may", "2.5", "us", "train", "ran"}),
        ("It is what it was.", set()),
        ("", set()),
    ],
)
def test_content_words(text: str, expected: set[str]) -> None:
    assert content_words(text) == expected


FLOOD = "The tunnel was closed after a flood in spring."  # tunnel close flood spring


@pytest.mark.parametrize(
    ("text", "besides", "expected"),
    [
        ("Closing the tunnels", "", 2 / 4),
        ("Closing the tunnels", "Why was the tunnel closed?", 0),
        ("A spring day", "Why was the tunnel closed?", 1 / 2),  # of flood, spring
        ("A flood closed it.", FLOOD, 2 / 4),  # nothing is left: all count again
        ("", "", 0),
    ],
)
def test_coverage(text: str, besides: str, expected: float) -> None:
    assert coverage(FLOOD, text, besides) == expected


@pytest.mark.parametrize("reference", ["", "It is so."])
def test_a_reference_without_content_is_covered_by_nothing(reference: str) -> None:
    assert coverage(reference, "It is so.") == 0


def test_similarity_is_the_cosine_of_each_pair_and_embeds_a_text_once(fake: FakeEncoder) -> None:
    cosines = similarity(fake, [("one", "two"), ("two", "two"), ("one", " ")])
    assert cosines == [
        pytest.approx(float(np.dot(fake.vector("one"), fake.vector("two"))), abs=1e-6),
        pytest.approx(1),
        0,
    ]
    assert fake.encoded == ["one", "two", " "]
    assert all(-1 <= cosine <= 1 for cosine in cosines)


def test_nothing_to_compare_embeds_nothing(fake: FakeEncoder) -> None:
    assert similarity(fake, []) == []
    assert fake.encoded == []


def test_what_means_the_same_is_nearer_than_what_does_not(encoder: Encoder) -> None:
    same, other = similarity(
        encoder,
        [("The ferry sails at nine.", "At nine the boat leaves."), ("The ferry sails.", "Rye.")],
    )
    assert same > 0.6 > other
