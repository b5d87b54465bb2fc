"""The vector cache: nothing is embedded twice, and nothing wrong comes out of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from fakes import FakeEncoder

from index.cache import BATCH, PAGE, StoredTokens, VectorCache
from index.embedding import EncodedText
from index.tokens import TokenVectors

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

    def encode_passages(self, texts: Sequence[str]) -> list[EncodedText]:
        if len(self.encoded) >= 2 * BATCH:
            raise KeyboardInterrupt
        return super().encode_passages(texts)


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
        db.execute("UPDATE texts SET vector = ? WHERE rowid % 2", (blob,))
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


def stored(path: Path, encoder: FakeEncoder) -> StoredTokens:
    return StoredTokens(path / "vectors.sqlite3", encoder)


def test_token_vectors_are_kept_beside_the_vectors(tmp_path: Path, fake: FakeEncoder) -> None:
    embed(tmp_path, fake, TEXTS)
    found = stored(tmp_path, fake).get([*TEXTS, "never embedded"])
    assert set(found) == set(TEXTS)
    for text, tokens in found.items():
        (encoded,) = fake.encode_passages([text])
        assert np.array_equal(tokens.vectors, TokenVectors.of(encoded).vectors)
    assert stored(tmp_path, FakeEncoder("other")).get(TEXTS) == {}


def test_token_vectors_that_cannot_be_had_are_just_not_found(
    tmp_path: Path, fake: FakeEncoder
) -> None:
    reader = stored(tmp_path, fake)
    assert reader.get(TEXTS) == {}  # no file yet
    embed(tmp_path, fake, TEXTS)
    assert len(reader.get(TEXTS)) == len(TEXTS)
    with closing(sqlite3.connect(tmp_path / "vectors.sqlite3")) as db, db:
        db.execute("UPDATE texts SET tokens = substr(tokens, 2) WHERE rowid = 1")
    assert len(reader.get(TEXTS)) == len(TEXTS) - 1
    reader.close()
    (tmp_path / "vectors.sqlite3").write_bytes(b"garbage " * 1000)
    assert reader.get(TEXTS) == {}


def test_pages_are_large_and_a_file_of_smaller_ones_goes_on(
    tmp_path: Path, fake: FakeEncoder
) -> None:
    def page_size() -> int:
        with closing(sqlite3.connect(tmp_path / "vectors.sqlite3")) as db:
            return int(db.execute("PRAGMA page_size").fetchone()[0])

    embed(tmp_path, fake, TEXTS[:1])
    assert page_size() == PAGE
    (tmp_path / "vectors.sqlite3").unlink()
    with closing(sqlite3.connect(tmp_path / "vectors.sqlite3")) as db:
        db.execute("PRAGMA page_size = 4096")
        db.execute("CREATE TABLE other (id)")
    assert embed(tmp_path, fake, TEXTS) == len(TEXTS)
    assert embed(tmp_path, fake, TEXTS) == 0
    assert page_size() == 4096
