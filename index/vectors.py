"""Chroma: the vectors of a generation's passages, and the search for the nearest.

The only room that names chromadb. It holds ids, vectors and what filters need, never a text.
"""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from index.errors import RebuildError, StoreError
from index.filters import Filter
from index.passages import Passage
from index.table import MOST, Table

if TYPE_CHECKING:
    from chromadb.api.client import Client
    from chromadb.config import Settings

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

    def __init__(
        self, generation: Path, client: Client, private: Path | None = None, exact: bool = False
    ) -> None:
        self._folder = generation / FOLDER
        self._client = client
        self._private = private  # None while it is written
        self._changed: set[str] = set()
        self._before: Path | None = None
        self._exact = exact
        with self._errors():
            self._collection = client.get_collection(_COLLECTION, embedding_function=None)
            self._table = Table.load(generation) if private else None
            if exact and not self._table:
                got = self._collection.get(include=["embeddings"])
                self._table = Table.of(got["ids"], np.asarray(got["embeddings"], np.float32))

    @classmethod
    def create(cls, generation: Path) -> VectorStore:
        """An empty collection in the folder of a new generation."""
        client = _client(generation)
        settings: Any = {"hnsw": _GRAPH}
        client.create_collection(_COLLECTION, configuration=settings, embedding_function=None)
        return cls(generation, client)

    @classmethod
    def edit(cls, generation: Path, before: Path | None = None) -> VectorStore:
        """The collection in the folder of a new generation, to add to and remove from.

        It is a copy of that in `before`, whose table of vectors `finish` then goes on from.

        What is opened must be what Chroma wrote (`sealing.check_seal`): it begins an empty store in
        place of a missing file, and a graph of other bytes takes the whole process down.
        """
        store = cls(generation, _client(generation))
        store._before = before
        return store

    @classmethod
    def open(cls, generation: Path, *, exact: bool = False) -> VectorStore:
        """The collection of a finished generation, to search in; never written to.

        An `exact` one, of however many, compares every vector with every question. As for `edit`,
        what is opened must be what was written. Raises `RebuildError` where Chroma cannot use it,
        `StoreError` where there is no room for temporary files.
        """
        folder = generation / FOLDER
        with ExitStack() as undo:
            try:
                private = Path(tempfile.mkdtemp(prefix="cited-"))
                undo.callback(shutil.rmtree, private, ignore_errors=True)
                _copy_for_reading(folder, private)
            except OSError as error:
                raise StoreError(
                    f"{folder} cannot be opened, for want of a temporary copy: {error}"
                ) from error
            client = _client(generation, private)
            undo.callback(client.close)
            store = cls(generation, client, private, exact)
            undo.pop_all()
        return store

    def close(self) -> None:
        """Let go of files and memory."""
        self._client.close()
        if self._private:
            shutil.rmtree(self._private, ignore_errors=True)

    @staticmethod
    def compact(generation: Path) -> None:
        """Give back the room of what left the database of a closed collection: most of it is."""
        with closing(sqlite3.connect(generation / FOLDER / DATABASE)) as db:
            db.execute("PRAGMA synchronous = OFF")  # the whole generation is flushed in the end
            db.execute("VACUUM")

    def count(self) -> int:
        """How many vectors are searched: those of the table, where there is one."""
        if self._table:
            return len(self._table.ids)
        with self._errors():
            return int(self._collection.count())

    def add(self, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Store passages that are not there yet with their vectors, float32 [n, d], unit length."""
        self._changed |= {passage.id for passage in passages}
        most = self._client.get_max_batch_size()
        for start in range(0, len(passages), most):
            some = passages[start : start + most]
            with self._errors():
                self._collection.add(
                    ids=[passage.id for passage in some],
                    embeddings=vectors[start : start + most],
                    metadatas=[metadata_of(passage) for passage in some],
                )

    def remove(self, ids: Sequence[str]) -> None:
        """Remove passages by id."""
        self._changed |= set(ids)
        most = self._client.get_max_batch_size()
        for start in range(0, len(ids), most):
            with self._errors():
                self._collection.delete(ids=list(ids[start : start + most]))

    def finish(self) -> None:
        """Put beside it the table of all vectors that is searched, where they are not too many."""
        generation = self._folder.parent
        with self._errors():
            ids = self._collection.get(limit=MOST + 1, include=[])["ids"]
        if len(ids) > MOST:
            return
        before = Table.load(self._before) if self._before else None
        before = before or Table.of([], np.empty((0, 0), np.float32))
        before.renewed(ids, self._changed, self.vectors).save(generation)

    def search(
        self, vector: Vectors, k: int, where: Filter | None = None
    ) -> list[tuple[str, float]]:
        """The `k` passages nearest to `vector` [d], ids and cosines in -1..1, best first.

        Exact where there is a table; else by Chroma's graph, which is approximate (Malkov and
        Yashunin, HNSW, 2018). At most 10,000 are returned.
        """
        if k < 1 or (where and where.closed):
            return []
        vectors = np.asarray(vector, np.float32).reshape(1, -1)
        return self._nearest(vectors, min(k, MOST_RESULTS), clauses_of(where) if where else None)[0]

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
        found = self._nearest(vectors, 10) if self._exact else self._by_graph(vectors, 10)
        near = zip(ids, found, strict=True)
        # Where many passages say the very same, any ten of them may be found.
        return [
            name
            for name, found in near
            if name not in dict(found) and min(cosine for _name, cosine in found) < 1 - 1e-4
        ]

    def _nearest(
        self, vectors: Vectors, k: int, where: Any = None
    ) -> list[list[tuple[str, float]]]:
        if not self._table:
            return self._by_graph(vectors, k, where)
        with self._errors():
            among = self._collection.get(where=where, include=[])["ids"] if where else None
            return [self._table.nearest(vector, k, among) for vector in vectors]

    def _by_graph(
        self, vectors: Vectors, k: int, where: Any = None
    ) -> list[list[tuple[str, float]]]:
        with self._errors():
            found = self._collection.query(
                query_embeddings=vectors, n_results=k, where=where, include=["distances"]
            )
        return [
            [(name, 1.0 - far) for name, far in zip(names, distances, strict=True)]
            for names, distances in zip(found["ids"], found["distances"] or [], strict=True)
        ]

    @contextmanager
    def _errors(self) -> Iterator[None]:
        """What Chroma raises, in one line: damage when it reads, mostly a full disk when not."""
        from chromadb.errors import ChromaError

        try:
            yield
        except (ChromaError, ValueError) as error:
            reason = " ".join(str(error).split())
            if self._private is None:
                raise StoreError(f"{self._folder} cannot be written to: {reason}") from error
            raise RebuildError(
                f"{self._folder} cannot be used ({reason}): run `cited index`"
            ) from error


def _copy_for_reading(folder: Path, private: Path) -> None:
    """Make `private` what one reader alone opens: Chroma writes to the database of what it opens.

    The graph is only read, so it is linked to; it may be large, and the database is small.
    """
    shutil.copyfile(folder / DATABASE, private / DATABASE)
    # Before the first graph is saved (below `sync_threshold` vectors), every opening makes one.
    for saved in folder.glob("*/index_metadata.pickle"):
        _link(saved.parent.resolve(), private / saved.parent.name)


def _link(folder: Path, link: Path) -> None:
    try:
        link.symlink_to(folder, target_is_directory=True)
    except OSError:  # Windows lets only some users make links
        shutil.copytree(folder, link)


def _client(generation: Path, private: Path | None = None) -> Client:
    """Chroma on a generation's own folder, to write it, or on a reader's `private` one."""
    import chromadb
    from chromadb.errors import ChromaError

    path, settings = str(private or generation / FOLDER), _settings().model_copy()
    try:
        client = chromadb.PersistentClient(path, settings=settings)
    except (ChromaError, AttributeError) as error:  # the second time it fails on its half-made self
        reason = " ".join(str(error).split())
        raise RebuildError(
            f"{generation / FOLDER} cannot be opened ({reason}): run `cited index`"
        ) from error
    return cast("Client", client)  # what it is; it is declared as an interface without `close`


@cache
def _settings() -> Settings:
    """Made once, for it takes 20 ms; Chroma notes the path in what it is given."""
    from chromadb.config import Settings

    return Settings(anonymized_telemetry=False)


def metadata_of(passage: Passage) -> dict[str, str | int]:
    """What filters need to know of a passage."""
    metadata: dict[str, str | int] = {"article": passage.article_id, "kind": passage.kind}
    return metadata | ({"date": passage.date.toordinal()} if passage.date else {})


def clauses_of(where: Filter) -> Any:
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
