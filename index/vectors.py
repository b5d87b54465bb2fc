"""Chroma: the vectors of a generation's passages, and the search for the nearest.

The only room that names chromadb. It holds ids, vectors and what filters need, never a text.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from index.errors import RebuildError, StoreError
from index.filters import Filter
from index.passages import Passage
from index.records import copy_database

if TYPE_CHECKING:
    from chromadb.api.client import Client

Vectors = NDArray[np.float32]

FOLDER = "chroma"
DATABASE = "chroma.sqlite3"
_COLLECTION = "passages"
MOST_RESULTS = 10_000

# Measured, recall@10: 1.000 of 4,000 real passages (0.997 with `ef_search` 100), and 0.95 of 10,000
# random vectors, the hardest there are. A low threshold has all vectors in the saved graph, so that
# opening does not redo them. One thread: two that link the same neighbours can lose a vector
# (1 of 6,000, seen once); on two cores it is no slower.
_GRAPH = {
    "space": "cosine",
    "max_neighbors": 24,
    "ef_construction": 100,
    "ef_search": 400,
    "num_threads": 1,
    "batch_size": 64,
    "sync_threshold": 64,
}


class VectorStore:
    """The Chroma half of a generation. Safe to search from many threads; one writes."""

    def __init__(self, generation: Path, client: Client) -> None:
        self._generation = generation
        self._client = client
        with self._errors():
            self._collection = client.get_collection(_COLLECTION, embedding_function=None)

    @classmethod
    def create(cls, generation: Path) -> VectorStore:
        """An empty collection in the folder of a new generation."""
        client = _client(generation)
        settings: Any = {"hnsw": _GRAPH}
        client.create_collection(_COLLECTION, configuration=settings, embedding_function=None)
        return cls(generation, client)

    @classmethod
    def open(cls, generation: Path, sealed: Mapping[str, str] | None = None) -> VectorStore:
        """The collection of a generation; `RebuildError` where it is missing or damaged.

        `sealed` is what `seal` gave when it was finished.
        """
        # Chroma begins an empty store in place of a missing file, and a graph of other bytes than
        # it wrote takes the whole process down when it is searched.
        whole = (generation / FOLDER / DATABASE).is_file()
        if not whole or (sealed is not None and seal(generation) != sealed):
            raise RebuildError(
                f"the vectors in {generation / FOLDER} are damaged: run `cited index`"
            )
        client = _client(generation)
        try:
            return cls(generation, client)
        except StoreError:
            client.close()
            raise

    @staticmethod
    def copy(source: Path, target: Path) -> None:
        """Copy the collection of one generation into the folder of another."""
        # A reader that opens the source writes to its SQLite file: only a backup is of one moment.
        ignore = shutil.ignore_patterns(f"{DATABASE}*")
        shutil.copytree(source / FOLDER, target / FOLDER, ignore=ignore)
        copy_database(source / FOLDER / DATABASE, target / FOLDER / DATABASE)

    def close(self) -> None:
        """Let go of files and memory."""
        self._client.close()

    def count(self) -> int:
        """How many vectors are stored."""
        with self._errors():
            return int(self._collection.count())

    def add(self, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Store passages that are not there yet with their vectors, float32 [n, d], unit length."""
        most = self._client.get_max_batch_size()
        for start in range(0, len(passages), most):
            some = passages[start : start + most]
            with self._errors():
                self._collection.add(
                    ids=[passage.id for passage in some],
                    embeddings=vectors[start : start + most],
                    metadatas=[_metadata(passage) for passage in some],
                )

    def remove(self, ids: Sequence[str]) -> None:
        """Remove passages by id."""
        most = self._client.get_max_batch_size()
        for start in range(0, len(ids), most):
            with self._errors():
                self._collection.delete(ids=list(ids[start : start + most]))

    def search(
        self, vector: Vectors, k: int, where: Filter | None = None
    ) -> list[tuple[str, float]]:
        """The `k` passages nearest to `vector` [d], ids and cosines in -1..1, best first.

        Approximate: a graph search (Malkov and Yashunin, HNSW, 2018). At most 10,000 are returned.
        """
        if k < 1 or (where and where.closed):
            return []
        with self._errors():
            found = self._collection.query(
                query_embeddings=np.asarray(vector, np.float32).reshape(1, -1),
                n_results=min(k, MOST_RESULTS),
                where=_where(where) if where else None,
                include=["distances"],
            )
        distances = (found["distances"] or [[]])[0]
        return [(name, 1.0 - far) for name, far in zip(found["ids"][0], distances, strict=True)]

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """The stored vectors of `ids`, in that order, float32 [n, d]."""
        if not ids:
            return np.empty((0, 0), np.float32)
        with self._errors():
            got = self._collection.get(ids=list(dict.fromkeys(ids)), include=["embeddings"])
        row = {name: at for at, name in enumerate(got["ids"])}
        if missing := [repr(name) for name in ids if name not in row]:
            raise StoreError(f"no vector of passage {missing[0]} in the index: search again")
        stored = np.asarray(got["embeddings"], np.float32)
        return stored[[row[name] for name in ids]]

    def lost(self, ids: Sequence[str]) -> list[str]:
        """Those of `ids` that a search for their own vector does not find."""
        if not ids:
            return []
        vectors = self.vectors(ids)
        with self._errors():
            found = self._collection.query(
                query_embeddings=vectors, n_results=10, include=["distances"]
            )
        near = zip(ids, found["ids"], found["distances"] or [], strict=True)
        # Where many passages say the very same, any ten of them may be found.
        return [name for name, names, far in near if name not in names and max(far) > 1e-4]

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """What Chroma raises, as a `StoreError` of one line."""
        from chromadb.errors import ChromaError

        try:
            yield
        except (ChromaError, ValueError) as error:
            reason = " ".join(str(error).split())
            raise RebuildError(
                f"{self._generation / FOLDER} cannot be used ({reason}): run `cited index`"
            ) from error


def seal(generation: Path) -> dict[str, str]:
    """The SHA-256 of each file of a saved search graph; from then on they never change."""
    digests = {}
    # Before the first is saved (below `sync_threshold` vectors), every opening writes one anew.
    graphs = [path.parent for path in (generation / FOLDER).glob("*/index_metadata.pickle")]
    for path in sorted(path for graph in graphs for path in graph.iterdir()):
        with path.open("rb") as handle:
            name = path.relative_to(generation).as_posix()
            digests[name] = hashlib.file_digest(handle, "sha256").hexdigest()
    return digests


def _client(generation: Path) -> Client:
    import chromadb
    from chromadb.config import Settings
    from chromadb.errors import ChromaError

    settings = Settings(anonymized_telemetry=False)
    try:
        client = chromadb.PersistentClient(str(generation / FOLDER), settings=settings)
    except (ChromaError, AttributeError) as error:  # the second time it fails on its half-made self
        raise RebuildError(
            f"{generation / FOLDER} cannot be opened ({error}): run `cited index`"
        ) from error
    return cast("Client", client)  # what it is; it is declared as an interface without `close`


def _metadata(passage: Passage) -> dict[str, str | int]:
    metadata: dict[str, str | int] = {"article": passage.article_id, "kind": passage.kind}
    return metadata | ({"date": passage.date.toordinal()} if passage.date else {})


def _where(where: Filter) -> Any:
    """Chroma's form of a filter; it refuses `$and` of fewer than two."""
    clauses: list[dict[str, Any]] = []
    if where.articles is not None:
        clauses.append({"article": {"$in": [_text(name) for name in sorted(where.articles)]}})
    if where.kinds is not None:
        clauses.append({"kind": {"$in": sorted(where.kinds)}})
    if where.since:
        clauses.append({"date": {"$gte": where.since.toordinal()}})
    if where.until:
        clauses.append({"date": {"$lte": where.until.toordinal()}})
    return {"$and": clauses} if len(clauses) > 1 else (clauses[0] if clauses else None)


def _text(name: str) -> str:
    """Chroma takes no lone surrogates; no stored id has any."""
    return name.encode("utf-8", "replace").decode()
