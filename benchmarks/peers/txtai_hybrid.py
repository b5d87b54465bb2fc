"""txtai's hybrid index: vectors (Faiss) and BM25, the text kept in SQLite."""

from __future__ import annotations

from pathlib import Path

from txtai import Embeddings

from benchmarks.peers.protocol import Row, serve


class Txtai:
    """As its documentation has it: an article is a piece, the model reads its first 256 tokens."""

    def __init__(self, model: Path, _dtype: str) -> None:
        self._model = str(model)
        self._embeddings = Embeddings(path=self._model, hybrid=True, content=True)
        self._embeddings.transform("ready?")

    def prepare(self, articles: list[Row], work: Path) -> None:
        """Nothing."""

    def index(self, articles: list[Row], work: Path) -> int:
        """Embed, index, save; the model that is loaded serves every index."""
        self._embeddings.index((row["id"], row["text"], None) for row in articles)
        self._embeddings.save(str(work / "txtai"))
        return int(self._embeddings.count())

    def search(self, question: str, k: int) -> list[str]:
        """Nearest vectors and BM25, fused half and half."""
        return [str(found["id"]) for found in self._embeddings.search(question, k)]


if __name__ == "__main__":
    serve(Txtai, ("txtai", "torch", "faiss-cpu"))
