"""Packed token vectors: small, and still right about what is near what."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index.embedding import EncodedText, Encoder, unit
from index.tokens import TokenVectors, turned

TEXT = "The ferry leaves Oban at nine. Its captain is Morag Example, who keeps bees."


def random_text(dimension: int, tokens: int = 200, seed: int = 0) -> EncodedText:
    vectors = unit(np.random.default_rng(seed).normal(size=(tokens, dimension)).astype(np.float32))
    spans = np.array([[3 * n, 3 * n + 2] for n in range(tokens)])
    return EncodedText(vectors[0], vectors, spans)


@pytest.mark.parametrize("dimension", [2, 30, 32, 384, 1024])
def test_products_are_right_on_average(dimension: int) -> None:
    text = random_text(dimension, 500)
    packed = TokenVectors.of(text)
    own = np.einsum("td,td->t", packed.vectors, turned(text.tokens))
    assert own == pytest.approx(1.0, abs=2e-3)  # a half float's rounding
    others = random_text(dimension, 500, seed=1).tokens
    errors = packed.vectors @ turned(others).T - text.tokens @ others.T
    assert abs(errors.mean()) < 0.003
    assert errors.std() < 0.8 / np.sqrt(dimension)


def test_turning_changes_no_product(encoder: Encoder) -> None:
    asked = encoder.encode_question("Who keeps bees?")
    products = turned(asked.tokens) @ turned(asked.vector)
    assert products == pytest.approx(asked.tokens @ asked.vector, abs=1e-5)
    # Nothing may change the rotation: what was stored yesterday is compared with it.
    assert turned(np.eye(384, dtype=np.float32)[:1])[0, :3] == pytest.approx(
        [-0.025535, 0.034829, 0.105587], abs=1e-4
    )


def test_real_tokens_are_near_what_they_were_near(encoder: Encoder) -> None:
    (text,) = encoder.encode_passages([TEXT])
    asked = encoder.encode_question("Who keeps bees?")
    before = asked.tokens @ text.tokens.T
    after = turned(asked.tokens) @ TokenVectors.of(text).vectors.T
    assert np.abs(after - before).max() < 0.1
    assert after.argmax(axis=1).tolist() == before.argmax(axis=1).tolist()


@pytest.mark.parametrize("dimension", [30, 384])
def test_bytes_hold_all_of_it(dimension: int) -> None:
    packed = TokenVectors.of(random_text(dimension))
    data = packed.to_bytes()
    again = TokenVectors.from_bytes(data, dimension)
    assert again is not None
    assert np.array_equal(again.vectors, packed.vectors)
    assert np.array_equal(again.spans, packed.spans)
    assert len(data) == 4 + 200 * (6 + -(-dimension // 4))


@given(st.data())
def test_damage_is_seen(data: st.DataObject) -> None:
    whole = TokenVectors.of(random_text(32, tokens=5)).to_bytes()
    at = data.draw(st.integers(0, len(whole) - 1))
    garbled = whole[:at] + bytes([whole[at] ^ data.draw(st.integers(1, 255))]) + whole[at + 1 :]
    assert TokenVectors.from_bytes(garbled, 32) is None
    assert TokenVectors.from_bytes(whole[:at], 32) is None
    assert TokenVectors.from_bytes(whole, 36) is None


def test_a_text_without_tokens_and_one_without_end() -> None:
    none = EncodedText(np.zeros(8, np.float32), np.zeros((0, 8), np.float32), np.zeros((0, 2), int))
    again = TokenVectors.from_bytes(TokenVectors.of(none).to_bytes(), 8)
    assert again is not None and again.vectors.shape == (0, 8)
    far = random_text(8, tokens=2)
    far.spans[1] = [65_530, 65_536]
    assert TokenVectors.of(far).spans.tolist() == [[0, 2]]
