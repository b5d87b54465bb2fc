"""The vector cache: nothing is embedded twice, and nothing wrong comes out of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder
from numpy.typing import NDArray

from index.cache import BATCH, VectorCache

TEXTS = [f"text {n} " + "long " * (n % 5) for n in range(40)]


def embed(path: Path, encoder: FakeEncoder, texts: Sequence[str]) -> int:
    """Embed `texts` through the cache, check every vector, and say how many were not in it."""
    cache = VectorCache(path / "vectors.sqlite3", encoder)
    try:
        vectors, embedded = cache.embed(texts)
        assert len(vectors) == len(texts)
        for text, vector in zip(texts, vectors, strict=True):
            assert np.array_equal(vector, encoder.vector(text))
        return embedded
    finally:
        cache.close()


def test_nothing_is_embedded_twice(tmp_path: Path, fake: FakeEncoder) -> None:
    assert embed(tmp_path, fake, TEXTS[:30]) == 30
    assert embed(tmp_path, fake, TEXTS) == 10
    assert embed(tmp_path, fake, list(reversed(TEXTS)) + TEXTS) == 0
    assert sorted(fake.encoded) == sorted(TEXTS)
    assert embed(tmp_path, fake, []) == 0


def test_the_same_text_twice_in_one_call(tmp_path: Path, fake: FakeEncoder) -> None:
    assert embed(tmp_path, fake, ["one", "two", "one"]) == 2


def test_models_are_kept_apart(tmp_path: Path, fake: FakeEncoder) -> None:
    other = FakeEncoder("other", dimension=8)
    assert embed(tmp_path, fake, TEXTS) == 40
    assert embed(tmp_path, other, TEXTS) == 40
    assert embed(tmp_path, fake, TEXTS) == 0


class Dying(FakeEncoder):
    """Dies after some batches, as a process does that is killed."""

    def encode(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[np.float32]:
        if len(self.encoded) >= 2 * BATCH:
            raise KeyboardInterrupt
        return super().encode(texts, progress)


def test_what_was_embedded_before_a_kill_is_kept(tmp_path: Path) -> None:
    texts = [f"text {n}" for n in range(3 * BATCH)]
    seen: list[tuple[int, int]] = []
    cache = VectorCache(tmp_path / "vectors.sqlite3", Dying())
    with pytest.raises(KeyboardInterrupt):
        cache.embed(texts, lambda done, of: seen.append((done, of)))
    assert seen == [(BATCH, 3 * BATCH), (2 * BATCH, 3 * BATCH)]
    cache.close()
    assert embed(tmp_path, FakeEncoder(), texts) == BATCH


def test_a_garbled_file_is_begun_anew(tmp_path: Path, fake: FakeEncoder) -> None:
    (tmp_path / "vectors.sqlite3").write_bytes(b"garbage " * 1000)
    assert embed(tmp_path, fake, TEXTS) == 40
    assert embed(tmp_path, fake, TEXTS) == 0


@pytest.mark.parametrize("blob", [b"", b"\x00" * 128, b"\xff" * 128, b"abc"])
def test_a_damaged_vector_is_made_again(tmp_path: Path, fake: FakeEncoder, blob: bytes) -> None:
    embed(tmp_path, fake, TEXTS)
    with sqlite3.connect(tmp_path / "vectors.sqlite3") as db:
        db.execute("UPDATE vectors SET vector = ? WHERE rowid % 2", (blob,))
    assert embed(tmp_path, fake, TEXTS) == 20
    assert embed(tmp_path, fake, TEXTS) == 0


def test_pruning_keeps_what_is_live_and_one_other_model(tmp_path: Path) -> None:
    models = [FakeEncoder(name) for name in ("first", "second", "third")]
    for model in models:
        embed(tmp_path, model, TEXTS)
    cache = VectorCache(tmp_path / "vectors.sqlite3", models[2])
    cache.prune(TEXTS[:10], 10, slack=20)
    assert cache.embed(TEXTS)[1] == 0  # 40 are not many more than 10 live ones
    cache.prune(TEXTS[:10], 10, slack=19)
    assert cache.embed(TEXTS[:10])[1] == 0
    assert cache.embed(TEXTS)[1] == 30
    cache.close()
    assert embed(tmp_path, models[1], TEXTS) == 0
    assert embed(tmp_path, models[0], TEXTS) == 40
