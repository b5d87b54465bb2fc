"""Stand-ins for what is slow to load: the same interface, no model."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray


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

    def encode(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> NDArray[np.float32]:
        """Vectors of `texts`, float32 [n, dimension]."""
        self.encoded += texts
        time.sleep(self._seconds_each * len(texts))
        if progress:
            progress(len(texts), len(texts))
        return np.stack([self.vector(text) for text in texts])

    def vector(self, text: str) -> NDArray[np.float32]:
        """The vector of one text."""
        digest = hashlib.sha256(f"{self.fingerprint}{text}".encode()).digest()
        random = np.random.default_rng(int.from_bytes(digest[:8], "little"))
        vector = random.normal(size=self.dimension)
        return (vector / np.linalg.norm(vector)).astype(np.float32)
