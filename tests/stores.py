"""What the tests of the store ask of a generation."""

from __future__ import annotations

import numpy as np
from fakes import FakeEncoder

from index.store import Filter, Generation

TOWN = ("bakery.txt", "railway.txt", "sub/lighthouse.txt")
"""The article ids of the fixture `town`."""


def passage_ids(generation: Generation) -> list[str]:
    """The ids of all passages that a search by vector can find."""
    return [name for name, _ in generation.search_dense(FakeEncoder().vector("?"), 10_000)]


def article_ids(generation: Generation, question: str, where: Filter | None = None) -> list[str]:
    """The articles of the passages that a search by words finds, best first."""
    found = generation.search_lexical(question, 10, where)
    return [passage.article_id for passage in generation.passages([name for name, _ in found])]


def check(generation: Generation, each: int = 1) -> dict[str, str]:
    """Assert that a generation of the fake encoder is whole; returns its articles' texts.

    Every passage is what its article says at its offsets and has its vector; it is found by that,
    or where searching takes long, `each` third or fourth of them is.
    """
    generation.verify()
    texts = {one.id: generation.article(one.id).text for one in generation.articles()}
    ids = passage_ids(generation)
    assert len(set(ids)) == generation.manifest.passages
    found = zip(generation.passages(ids), generation.vectors(ids), strict=True)
    for number, (passage, vector) in enumerate(found):
        assert texts[passage.article_id][passage.start : passage.end] == passage.text
        assert np.allclose(vector, FakeEncoder().vector(passage.embedded), atol=1e-6)
        if number % each == 0:
            (best, cosine), *_ = generation.search_dense(vector, 1)
            assert best == passage.id
            assert abs(cosine - 1.0) < 1e-5
    return texts
