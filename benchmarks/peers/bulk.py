"""sentence-transformers embeds the very passages that Cited cuts, and nothing else."""

from __future__ import annotations

from pathlib import Path

import torch
from sentence_transformers import SentenceTransformer

from benchmarks.peers.protocol import Row, serve
from index.article import parse_article
from index.cutting import Cutter
from index.embedding import Encoder


class Bulk:
    """`SentenceTransformer.encode`: it sorts by length itself; batches of 32, its default."""

    def __init__(self, model: Path, dtype: str) -> None:
        self._model = SentenceTransformer(
            str(model),
            device="cpu",
            local_files_only=True,
            model_kwargs={"torch_dtype": getattr(torch, dtype or "float32")},
        )
        self._encoder = Encoder(str(model))
        self._texts: list[str] = []

    def prepare(self, articles: list[Row], _work: Path) -> None:
        """The passages, as Cited would embed them."""
        cutter = Cutter(self._encoder)
        self._texts = [
            passage.embedded
            for row in articles
            for passage in cutter.cut(parse_article(row["id"], row["text"]))
        ]

    def index(self, _articles: list[Row], _work: Path) -> int:
        """Embed them, and throw the vectors away."""
        return len(self._model.encode(self._texts, batch_size=32, show_progress_bar=False))

    def search(self, question: str, k: int) -> list[str]:
        """It keeps nothing that could be searched."""
        raise NotImplementedError


if __name__ == "__main__":
    serve(Bulk, ("sentence-transformers", "torch"))
