"""The plain LangChain recipe: split by characters, embed, Chroma, similarity search."""

from __future__ import annotations

from pathlib import Path

from langchain_chroma import Chroma
from langchain_core.documents import Document
from langchain_huggingface import HuggingFaceEmbeddings
from langchain_text_splitters import RecursiveCharacterTextSplitter

from benchmarks.peers.protocol import Row, serve

BATCH = 5000
"""Documents that are added together: Chroma takes 5,461 at most, and the library does not split."""


class LangChainRecipe:
    """As its tutorial has it: 1,000 characters, 200 of them shared with the next."""

    def __init__(self, model: Path, dtype: str) -> None:
        import torch

        weights = {"model_kwargs": {"torch_dtype": getattr(torch, dtype)}} if dtype else {}
        self._embeddings = HuggingFaceEmbeddings(model_name=str(model), model_kwargs=weights)
        self._embeddings.embed_query("ready?")
        self._splitter = RecursiveCharacterTextSplitter(chunk_size=1000, chunk_overlap=200)

    def prepare(self, articles: list[Row], work: Path) -> None:
        """Nothing."""

    def index(self, articles: list[Row], work: Path) -> int:
        """Split, embed, store."""
        pieces = self._splitter.split_documents(
            [Document(row["text"], metadata={"id": row["id"]}) for row in articles]
        )
        self._store = Chroma(
            collection_name="articles",
            embedding_function=self._embeddings,
            persist_directory=str(work),
        )
        for start in range(0, len(pieces), BATCH):
            self._store.add_documents(pieces[start : start + BATCH])
        return len(pieces)

    def search(self, question: str, k: int) -> list[str]:
        """The nearest vectors."""
        return [found.metadata["id"] for found in self._store.similarity_search(question, k=k)]


if __name__ == "__main__":
    serve(LangChainRecipe, ("langchain-chroma", "langchain-huggingface", "torch", "chromadb"))
