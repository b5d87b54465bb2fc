"""Sentence boundaries: those of sentencex, mended, with exact offsets."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.sentences import sentences

QUOTED = (
    "The spokesman told the reporters: \u201cWe have seen the train on the bridge this morning, "
    "and we know who is on it. Nobody has asked us for a permit, and nobody has to. What they "
    "carry is their own affair, as it has been for many years, in good times and in bad ones "
    "alike. We wish them a pleasant journey.\u201d "
)


@pytest.mark.parametrize(
    "parts",
    [
        ["He left.", "She stayed!", "Why?", "Nobody knows\u2026"],
        ["It met then-U.S. President Smith.", "He left."],
        ["An ex-U.N. envoy spoke.", "Non-U.S. citizens did not."],
        ["The U.S. said so.", "Nobody in the U.S. did.", "However, it did."],
        ["Lt. Gen. Kim and Mr. Lee met Dr. Pak.", "Sen. Smith did not."],
        ["They met at 4 p.m. Tuesday in St. Petersburg.", "It rained."],
        ["They met at 4 p.m. EDT.", "It rained."],
        ["It weighs 3.5 tonnes.", "It costs $1.2 million, i.e. too much."],
        ["Co , is a firm .", "It lives 5.2714 years .", "Mr . Lee left ."],
        ["See No. 3 and p. 5.", "Then stop."],
        ["It was seen.[12]", "It was not."],
        ["He said \u201cNo. Never.\u201d", "Then he left."],
        ["The end of a sentence that is\nwrapped here.", "Another one."],
        ["First of all.\n\n", "Then the rest"],
        [
            "\u91d1\u6b63\u6069\u8bbf\u95ee\u4e86\u4fc4\u7f57\u65af\u3002",
            "\u4ed6\u89c1\u4e86\u3002",
        ],
        ["1. One thing."],
        [""],
    ],
)
def test_sentences(parts: list[str]) -> None:
    glue = "" if parts[0].endswith("\u3002") else " "
    text = glue.join(parts)
    assert [text[a:b] for a, b in sentences(text)] == [p.strip() for p in parts if p.strip()]


def test_long_quotation_is_taken_apart() -> None:
    text = QUOTED + "Then he left."
    found = [text[a:b] for a, b in sentences(text)]
    assert len(found) == 5
    assert found[0].endswith("who is on it.")
    assert found[3].endswith("journey.\u201d")


def test_sentences_of_a_very_long_text() -> None:
    text = "This is a sentence of some words. " * 2_000
    assert {text[a:b] for a, b in sentences(text)} == {"This is a sentence of some words."}


def test_short_quotation_stays_whole() -> None:
    text = "\u201cNo. We do not know. Ask them,\u201d he said. He left."
    assert len(sentences(text)) == 2


def test_nested_quotation_marks_take_linear_time() -> None:
    # sentencex alone needs minutes for this.
    assert len(sentences("(\u201ca" * 60_000)) >= 1


@settings(max_examples=300, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("aB.?! \n\"\u201c\u201d()[]1U,'"), max_size=400) | st.text()
)
def test_every_character_is_in_one_sentence(text: str) -> None:
    spans = sentences(text)
    assert "".join("".join(text[a:b] for a, b in spans).split()) == "".join(text.split())
    assert all(text[a:b].strip() == text[a:b] != "" for a, b in spans)
    assert spans == sorted(spans)
