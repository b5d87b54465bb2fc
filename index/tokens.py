"""Token vectors in two bits a dimension: what late interaction reads, small enough to keep on disk.

It turns, rounds and packs; it neither encodes a text nor stores anything.
"""

from __future__ import annotations

import random
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from index.embedding import EncodedText, Vectors

# The best step between four even levels for a normal variable of variance 1 (J. Max, "Quantizing
# for minimum distortion", 1960): the levels are -1.5, -0.5, 0.5 and 1.5 of it.
_STEP = 0.9957
_SHIFTS = np.array([0, 2, 4, 6], np.uint8)
_LEVELS = ((np.arange(256, dtype=np.uint8)[:, None] >> _SHIFTS) & 3) - np.float32(1.5)
"""The four levels that a byte stands for, float32 [256, 4]."""
_FARTHEST = 0xFFFF
_CHECK = 4


@dataclass(frozen=True, slots=True)
class TokenVectors:
    """The token vectors of one text, turned and rounded: 102 bytes a token of 384 dimensions.

    `codes` uint8 [t, d / 4] holds four dimensions a byte, `scales` float16 [t] what the levels are
    multiplied by, `spans` uint16 [t, 2] each token's character range in the text. `d` is the
    model's dimension, rounded up to a multiple of four.

    Vectors are turned by a fixed rotation, so that all their dimensions are alike, and each is then
    rounded by itself. The scale makes the product of a rounded vector with its true one 1, so that
    its products with others are right on average. After RaBitQ (Gao and Long, SIGMOD 2024), with
    two bits instead of one; nothing is fitted, so nothing depends on what else is indexed.
    `benchmarks/quality.py` measures what an answer loses by it.
    """

    codes: NDArray[np.uint8]
    scales: NDArray[np.float16]
    spans: NDArray[np.uint16]

    @classmethod
    def of(cls, encoded: EncodedText) -> TokenVectors:
        """Of a text's own token vectors; tokens past its 65,535th character are left out."""
        near = encoded.spans[:, 1] <= _FARTHEST
        vectors = turned(encoded.tokens[near])
        steps = vectors * np.float32(np.sqrt(max(1, vectors.shape[1])) / _STEP)
        levels = np.clip(steps + np.float32(2), 0, np.float32(3.5)).astype(np.uint8)
        four = levels.reshape(len(levels), levels.shape[1] // 4, 4)
        codes = four[:, :, 0] | four[:, :, 1] << 2 | four[:, :, 2] << 4 | four[:, :, 3] << 6
        products = np.einsum("td,td->t", vectors, levels - np.float32(1.5))
        scales = np.divide(1, products, out=np.zeros_like(products), where=products > 1e-3)
        spans = encoded.spans[near].astype(np.uint16)
        return cls(codes, scales.astype(np.float16), spans)

    @property
    def vectors(self) -> Vectors:
        """The vectors that are left, float32 [t, d]: to be compared with `turned` ones."""
        return _levels([self]) * self.scales.astype(np.float32)[:, None]

    def to_bytes(self) -> bytes:
        """All of it, with a checksum."""
        parts = self.spans.astype("<u2"), self.scales.astype("<f2"), self.codes
        data = b"".join(part.tobytes() for part in parts)
        return zlib.crc32(data).to_bytes(_CHECK, "little") + data

    @classmethod
    def from_bytes(cls, data: bytes, dimension: int) -> TokenVectors | None:
        """What `to_bytes` gave for a model of that dimension; None for anything else."""
        width = _padded(dimension) // 4
        tokens, rest = divmod(len(data) - _CHECK, width + 6)
        if rest or zlib.crc32(data[_CHECK:]) != int.from_bytes(data[:_CHECK], "little"):
            return None
        spans = np.frombuffer(data, "<u2", 2 * tokens, _CHECK).reshape(tokens, 2)
        scales = np.frombuffer(data, "<f2", tokens, _CHECK + 4 * tokens)
        codes = np.frombuffer(data, np.uint8, offset=_CHECK + 6 * tokens).reshape(tokens, width)
        return cls(codes, scales, spans)


def turned(vectors: Vectors) -> Vectors:
    """Vectors [..., d] in the rotated space of packed ones; products stay what they are."""
    dimension = vectors.shape[-1]
    return vectors @ _rotation(_padded(dimension))[:dimension]


def products(texts: Sequence[TokenVectors], vectors: Vectors) -> Vectors:
    """The products of all texts' token vectors, one below the other, with `turned` ones [n, d].

    Float32 [t, n], as of `TokenVectors.vectors`, which are not made for it.
    """
    found = _levels(texts) @ vectors.T
    found *= np.concatenate([text.scales for text in texts]).astype(np.float32)[:, None]
    return found


def _levels(texts: Sequence[TokenVectors]) -> Vectors:
    codes = np.concatenate([text.codes for text in texts])
    return np.take(_LEVELS, codes, axis=0).reshape(len(codes), 4 * codes.shape[1])


def _padded(dimension: int) -> int:
    return -(-dimension // 4) * 4


@lru_cache(maxsize=4)
def _rotation(dimension: int) -> Vectors:
    """An orthogonal matrix that mixes all dimensions: signs and cosine transforms, twice.

    By formulas, not by a library's random numbers: stored vectors outlive the library's version.
    """
    rows = np.arange(dimension)
    cosines = np.cos(np.pi * (rows[:, None] + 0.5) * rows / dimension) * np.sqrt(2 / dimension)
    cosines[:, 0] /= np.sqrt(2)
    coin = random.Random(0)
    mixed = np.eye(dimension)
    for _ in range(2):
        signs = np.array([1 if coin.getrandbits(1) else -1 for _ in rows])
        mixed = mixed @ (signs[:, None] * cosines)
    return mixed.astype(np.float32)
