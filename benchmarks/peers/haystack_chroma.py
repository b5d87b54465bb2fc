"""Haystack with its Chroma store: a splitter, an embedder and a writer, one after the other."""

from __future__ import annotations

from pathlib import Path

from haystack import Document
from haystack.components.preprocessors import DocumentSplitter
from haystack_integrations.components.embedders.sentence_transformers import (
    SentenceTransformersDocumentEmbedder,
    SentenceTransformersTextEmbedder,
)
from haystack_integrations.components.retrievers.chroma import ChromaEmbeddingRetriever
from haystack_integrations.document_stores.chroma import ChromaDocumentStore

from benchmarks.peers.protocol import Row, serve

BATCH = 5000
"""Documents that are written together: Chroma takes 5,461 at most."""


class Haystack:
    """As its documentation has it: pieces of 200 words; called without the pipeline around it."""

    def __init__(self, model: Path, _dtype: str) -> None:
        self._documents = SentenceTransformersDocumentEmbedder(model=str(model), progress_bar=False)
        self._question = SentenceTransformersTextEmbedder(model=str(model), progress_bar=False)
        self._splitter = DocumentSplitter(split_by="word", split_length=200)
        for part in (self._documents, self._question, self._splitter):
            part.warm_up()
        self._question.run(text="ready?")

    def prepare(self, articles: list[Row], work: Path) -> None:
        """Nothing."""

    def index(self, articles: list[Row], work: Path) -> int:
        """Split, embed, write."""
        documents = [Document(content=row["text"], meta={"id": row["id"]}) for row in articles]
        pieces = self._splitter.run(documents=documents)["documents"]
        for piece in pieces:  # Chroma takes no lists, and the splitter's are empty
            piece.meta = {"id": piece.meta["id"]}
        embedded = self._documents.run(documents=pieces)["documents"]
        store = ChromaDocumentStore(collection_name="articles", persist_path=str(work))
        for start in range(0, len(embedded), BATCH):
            store.write_documents(embedded[start : start + BATCH])
        self._retriever = ChromaEmbeddingRetriever(document_store=store)
        return len(embedded)

    def search(self, question: str, k: int) -> list[str]:
        """The nearest vectors."""
        vector = self._question.run(text=question)["embedding"]
        found = self._retriever.run(query_embedding=vector, top_k=k)["documents"]
        return [str(document.meta["id"]) for document in found]


if __name__ == "__main__":
    serve(Haystack, ("haystack-ai", "chroma-haystack", "torch", "chromadb"))
