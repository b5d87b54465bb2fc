"""Cited, through its public Python API, over a folder of files, which is what it indexes."""

from __future__ import annotations

from pathlib import Path

from benchmarks.corpora import write_articles
from benchmarks.peers.protocol import Row, serve
from index.embedding import Encoder
from qa import Assistant, Settings


class Cited:
    """As its README has it, but that it never abstains: every question then costs a whole answer.

    It runs the model its own way: in 8-bit integers, or bfloat16 where the processor multiplies it.
    """

    def __init__(self, model: Path, _dtype: str) -> None:
        self._encoder = Encoder(str(model))
        self._encoder.encode_question("ready?")

    def prepare(self, articles: list[Row], work: Path) -> None:
        """The articles as files: reading them is part of indexing, writing them is not."""
        write_articles(work / "corpus", articles)

    def index(self, _articles: list[Row], work: Path) -> int:
        """A new index, sealed, verified and on the disk."""
        settings = Settings(corpus=work / "corpus", index_dir=work / "index", min_confidence=0)
        self._bot = Assistant.open(settings, encoder=self._encoder)
        return sum(article.passages for article in self._bot.articles())

    def search(self, question: str, k: int) -> list[str]:
        """Nearest vectors and BM25, fused, ranked by the sentences that they hold."""
        found = self._bot.search(question, k)
        return [scored.passage.article_id.removesuffix(".txt") for scored in found]

    def ask(self, question: str) -> int:
        """An answer in quotes; how many it has."""
        return len(self._bot.ask(question).citations)


if __name__ == "__main__":
    serve(Cited, ("onnxruntime", "chromadb"))
