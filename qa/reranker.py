"""An optional cross-encoder that reads question and passage together and scores the pair.

Off unless a setting names one: it costs time, and the default path was measured without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from index.weights import find_model

if TYPE_CHECKING:
    from sentence_transformers import CrossEncoder


class Reranker:
    """A sentence-transformers `CrossEncoder`, by local folder or hub name. Raises `ModelError`."""

    def __init__(self, name: str, *, allow_download: bool = False) -> None:
        self.name = name
        self.folder = find_model(name, allow_download=allow_download)

    def score(self, question: str, texts: Sequence[str]) -> list[float]:
        """How well each text answers the question, in 0..1."""
        if not texts:
            return []
        pairs = [(question, text) for text in texts]
        scores = np.asarray(self._model.predict(pairs, show_progress_bar=False), np.float64)
        if scores.min() < 0 or scores.max() > 1:  # a model whose head gives logits
            scores = 1 / (1 + np.exp(-scores))
        return [float(score) for score in scores]

    @cached_property
    def _model(self) -> CrossEncoder:
        from sentence_transformers import CrossEncoder

        model: CrossEncoder = CrossEncoder(str(self.folder), device="cpu", local_files_only=True)
        return model
