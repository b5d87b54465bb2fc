"""Stand-ins for what is slow to load: the same interface, no model."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from index.embedding import EncodedText


class FakeEncoder:
    """Gives every text a random unit vector of its own, always the same; notes what it encoded."""

    def __init__(self, name: str = "fake", dimension: int = 32, seconds_each: float = 0.0) -> None:
        self.fingerprint = f"{name}@0"
        self.dimension = dimension
        self.max_tokens = 256
        self.encoded: list[str] = []
        self._seconds_each = seconds_each

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Words between spaces."""
        return [len(text.split()) for text in texts]

    def encode_passages(self, texts: Sequence[str]) -> list[EncodedText]:
        """Every text as one token, with the vector of the text."""
        self.encoded += texts
        time.sleep(self._seconds_each * len(texts))
        vectors = [self.vector(text) for text in texts]
        return [
            EncodedText(vector, vector[None], np.array([[0, len(text)]]))
            for vector, text in zip(vectors, texts, strict=True)
        ]

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Vectors of `texts`, float32 [n, dimension]."""
        return np.stack([text.vector for text in self.encode_passages(texts)])

    def vector(self, text: str) -> NDArray[np.float32]:
        """The vector of one text."""
        digest = hashlib.sha256(f"{self.fingerprint}{text}".encode()).digest()
        random = np.random.default_rng(int.from_bytes(digest[:8], "little"))
        vector = random.normal(size=self.dimension)
        return (vector / np.linalg.norm(vector)).astype(np.float32)
