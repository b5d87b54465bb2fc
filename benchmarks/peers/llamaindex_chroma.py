"""LlamaIndex with its Chroma store and its usual sentence splitter."""

from __future__ import annotations

from pathlib import Path

import chromadb
from llama_index.core import Document, Settings, StorageContext, VectorStoreIndex
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.vector_stores.chroma import ChromaVectorStore

from benchmarks.peers.protocol import Row, serve


class LlamaIndex:
    """As its documentation has it: nodes of 1,024 tokens at most, ten embedded at once."""

    def __init__(self, model: Path, _dtype: str) -> None:
        Settings.embed_model = HuggingFaceEmbedding(model_name=str(model))
        Settings.embed_model.get_query_embedding("ready?")

    def prepare(self, articles: list[Row], work: Path) -> None:
        """Nothing."""

    def index(self, articles: list[Row], work: Path) -> int:
        """Split, embed, store; the ids are no metadata, which would be embedded with the text."""
        client = chromadb.PersistentClient(path=str(work))
        collection = client.get_or_create_collection("articles")
        store = ChromaVectorStore(chroma_collection=collection)
        self._index = VectorStoreIndex.from_documents(
            [Document(text=row["text"], id_=row["id"]) for row in articles],
            storage_context=StorageContext.from_defaults(vector_store=store),
        )
        return int(collection.count())

    def search(self, question: str, k: int) -> list[str]:
        """The nearest vectors."""
        retriever = self._index.as_retriever(similarity_top_k=k)
        return [str(found.node.ref_doc_id) for found in retriever.retrieve(question)]


if __name__ == "__main__":
    libraries = ("llama-index-core", "llama-index-vector-stores-chroma", "torch", "chromadb")
    serve(LlamaIndex, libraries)
