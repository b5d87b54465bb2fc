"""All sentences in one go: what one by one would give, however passages and tokens lie."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.passages import Passage
from index.tokens import TokenVectors
from qa.sentence_tokens import SentenceTokens, best_of_ranges


def passage(start: int, sizes: list[int]) -> Passage:
    """A passage at an offset of its article, of sentences so many words long."""
    sentences, words, at = [], [], start
    for size in sizes:
        sentence = " ".join(["word"] * size)
        sentences.append((at, at + len(sentence)))
        words.append(sentence)
        at += len(sentence) + 1
    return Passage(
        id=f"a:{start}", article_id="a", kind="body", title="Title", heading="",
        text=" ".join(words), start=start, end=at - 1, sentences=tuple(sentences), date=None,
    )  # fmt: skip


def tokens(of: Passage, keep: int) -> TokenVectors:
    """A token a word, title included; those after `keep` were cut off, as by a model's limit."""
    spans, at = [], 0
    for word in of.embedded.split():
        begin = of.embedded.index(word, at)
        at = begin + len(word)
        spans.append((begin, at))
    spans = spans[:keep]
    return TokenVectors(
        np.zeros((len(spans), 1), np.uint8),
        np.ones(len(spans), np.float16),
        np.array(spans, np.uint16),
    )


SIZES = st.lists(st.integers(1, 5), min_size=1, max_size=5)


@given(st.lists(st.tuples(st.integers(0, 90), SIZES, st.integers(1, 30)), min_size=1, max_size=5))
def test_every_sentence_has_its_own_tokens(drawn: list[tuple[int, list[int], int]]) -> None:
    texts = [(p, tokens(p, keep)) for start, sizes, keep in drawn for p in [passage(start, sizes)]]
    found = SentenceTokens.of(texts)
    total = sum(len(text.spans) for _passage, text in texts)
    rows = np.random.default_rng(1).standard_normal((total, 4)).astype(np.float32)
    best = best_of_ranges(rows, found.begins, found.ends)
    before = best_of_ranges(rows, *found.before)
    means = found.means(rows[:, 0])
    sentence = first = 0
    for number, (of, text) in enumerate(texts):
        assert found.firsts[number] == first
        own = rows[first : first + len(text.spans)]
        starts = text.spans[:, 0].astype(int) + of.start - len(of.context)
        previous = own[starts < of.sentences[0][0]]
        for place, (begin, end) in enumerate(of.sentences):
            inside = own[(begin <= starts) & (starts < end)]
            assert (found.passages[sentence], found.numbers[sentence]) == (number, place)
            assert np.array_equal(
                best[sentence], inside.max(axis=0, initial=-9) if len(inside) else np.zeros(4)
            )
            mean = inside[:, 0].mean() if len(inside) else 0.0
            assert means[sentence] == pytest.approx(mean, abs=1e-5)
            assert np.array_equal(
                before[sentence], previous.max(axis=0) if len(previous) else np.zeros(4)
            )
            previous = inside
            sentence += 1
        first += len(text.spans)
    assert sentence == len(found.begins)


def test_the_length_of_a_mean_is_near_what_it_is_for_vectors_so_alike() -> None:
    """Vectors with a part in common, so that two of them have a cosine of 0.4 on average."""
    random = np.random.default_rng(2)
    counts = np.array([1, 2, 5, 30])
    for _ in range(20):
        parts = []
        for count in counts:
            own = random.standard_normal((count, 500))
            own[:, 0] = 0
            own *= np.sqrt(0.6) / np.linalg.norm(own, axis=1, keepdims=True)
            own[:, 0] = np.sqrt(0.4)
            parts.append(own)
        ends = np.cumsum(counts)
        none = np.zeros(len(counts), np.int64)
        found = SentenceTokens(ends - counts, ends, (none, none), none, none, none[:1])
        lengths = [np.linalg.norm(part.mean(axis=0)) for part in parts]
        assert found.lengths_of_means(0.4) == pytest.approx(lengths, abs=0.05)
