"""A Chroma server: its collections as tables of rows, and what goes wrong there in one line.

Beside `index.vectors` the only room that names chromadb. It knows nothing of articles or versions.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

import numpy as np
from numpy.typing import NDArray

from index.errors import ServerError

if TYPE_CHECKING:
    from chromadb.api import ClientAPI
    from chromadb.api.models.Collection import Collection

Vectors = NDArray[np.float32]
Metadata = Mapping[str, str | int]

SECONDS = 15.0
"""How long a call may take: chromadb's own client would wait for a server that hangs for ever."""
_AT_ONCE = 1_000
"""Rows in one request: with 384 dimensions about 2 MB."""
_CHARACTERS_AT_ONCE = 4_000_000
"""Text in one request, unless one row alone has more."""

# As `index.vectors` has them; the server saves its graphs by itself.
_GRAPH = {"space": "cosine", "max_neighbors": 24, "ef_construction": 100, "ef_search": 400}


@dataclass(frozen=True, slots=True)
class Trouble:
    """What is wrong, in one line, and since when."""

    reason: str
    since: datetime

    @classmethod
    def now(cls, reason: str) -> Trouble:
        """It begins now."""
        return cls(reason, datetime.now(UTC))


class ChromaServer:
    """The server at `url`, which need not run yet; threads may share it.

    `trouble` is what keeps it from answering, None while it does.
    """

    def __init__(self, url: str, seconds: float = SECONDS) -> None:
        parts = urlsplit(url)
        self.url = url
        self._place: dict[str, Any] = {
            "host": parts.hostname or "",
            "port": parts.port or (443 if parts.scheme == "https" else 8000),
            "ssl": parts.scheme == "https",
        }
        self._seconds = seconds
        self._client: ClientAPI | None = None
        self._lock = Lock()
        self.trouble: Trouble | None = None

    def table(self, name: str, identity: str = "") -> Table:
        """The collection `name`, which need not be there yet; of an `identity`, that one alone."""
        return Table(self, name, identity)

    @contextmanager
    def calling(self) -> Iterator[ClientAPI]:
        """The client for one call; `ServerError` for whatever comes of it but an answer.

        What the server answers of itself, such as that a collection is not there, comes as it is.
        """
        from chromadb.errors import ChromaError

        try:
            yield self._connected()
        except Exception as error:  # Chroma's, httpx's, and for a proxy's page a bare Exception
            if isinstance(error, ChromaError) and error.code() < 500:
                self.trouble = None
                raise
            reason = " ".join(str(error).split())[:200] or type(error).__name__
            line = f"the Chroma server at {self.url} does not answer ({reason}): is it running?"
            self.trouble = self.trouble or Trouble.now(line)
            raise ServerError(line) from error
        self.trouble = None

    def _connected(self) -> ClientAPI:
        import chromadb
        from chromadb.config import Settings

        with self._lock:
            if self._client is None:
                settings = Settings(anonymized_telemetry=False)
                client = chromadb.HttpClient(**self._place, settings=settings)
                # There is no public way to it; without it a frozen server freezes us.
                cast(Any, client)._server._session.timeout = self._seconds
                self._client = client
            return self._client


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table; what was not asked for is empty."""

    ids: Sequence[str]
    metadatas: Sequence[Metadata]
    documents: Sequence[str]
    vectors: Vectors


class Table:
    """One collection of a server. Every method raises `ServerError` where there is no answer."""

    def __init__(self, server: ChromaServer, name: str, identity: str = "") -> None:
        self._server = server
        self._name = name
        self._identity = identity
        self._known: Collection | None = None

    def look(self) -> tuple[str, Metadata] | None:
        """Its identity, which no other collection ever has, and its metadata; None without it."""
        from chromadb.errors import NotFoundError

        with self._server.calling() as client:
            try:
                self._known = client.get_collection(self._name, embedding_function=None)
            except NotFoundError:
                return None
            return str(self._known.id), self._known.metadata or {}

    def create(self) -> None:
        """Make it, where it is not there."""
        settings: Any = {"hnsw": _GRAPH}
        with self._server.calling() as client:
            self._known = client.get_or_create_collection(
                self._name, configuration=settings, embedding_function=None
            )

    def label(self, metadata: dict[str, str | int]) -> None:
        """Replace its metadata, in one step."""
        with self._using() as collection:
            collection.modify(metadata=metadata)

    def count(self) -> int:
        """How many rows there are."""
        with self._using() as collection:
            return int(collection.count())

    def add(
        self,
        ids: Sequence[str],
        vectors: Vectors,
        metadatas: Sequence[Metadata],
        documents: Sequence[str] | None = None,
    ) -> None:
        """Add rows with `vectors`, float32 [n, d]; of an id that is there, the first row stays."""
        for start, end in _batches(documents or [""] * len(ids)):
            with self._using() as collection:
                collection.add(
                    ids=list(ids[start:end]),
                    embeddings=vectors[start:end],
                    metadatas=cast(Any, list(metadatas[start:end])),
                    documents=list(documents[start:end]) if documents else None,
                )

    def update(self, ids: Sequence[str], metadata: Metadata) -> None:
        """Change these entries of the rows' metadata."""
        for start in range(0, len(ids), _AT_ONCE):
            some = list(ids[start : start + _AT_ONCE])
            with self._using() as collection:
                collection.update(ids=some, metadatas=cast(Any, [metadata] * len(some)))

    def remove(self, ids: Sequence[str]) -> None:
        """Remove rows; those that are not there do not matter."""
        for start in range(0, len(ids), _AT_ONCE):
            with self._using() as collection:
                collection.delete(ids=list(ids[start : start + _AT_ONCE]))

    def find(self, where: Any) -> Rows:
        """The rows whose metadata are so, with their metadata."""
        with self._using() as collection:
            got = collection.get(where=where, include=["metadatas"])
        return _rows(got)

    def get(self, ids: Sequence[str], *, documents: bool = False, vectors: bool = False) -> Rows:
        """Those rows of `ids` that are there, in any order."""
        include: Any = ["documents"] * documents + ["embeddings"] * vectors
        with self._using() as collection:
            return _rows(collection.get(ids=list(dict.fromkeys(ids)), include=include))

    def nearest(self, vectors: Vectors, k: int, where: Any = None) -> list[list[tuple[str, float]]]:
        """For each of `vectors` [n, d] the `k` nearest rows: ids and cosines, best first."""
        with self._using() as collection:
            found = collection.query(
                query_embeddings=vectors, n_results=k, where=where, include=["distances"]
            )
        return [
            [(name, 1.0 - far) for name, far in zip(names, distances, strict=True)]
            for names, distances in zip(found["ids"], found["distances"] or [], strict=True)
        ]

    @contextmanager
    def _using(self) -> Iterator[Collection]:
        """The collection for one call; what the server refuses is told in one line."""
        from chromadb.errors import ChromaError, NotFoundError

        try:
            with self._server.calling() as client:
                known = self._known or self._wanted(client)
                self._known = known
                yield known
        except ChromaError as error:
            if isinstance(error, NotFoundError):
                self._known = None  # removed, and perhaps made anew
            reason = " ".join(str(error).split())
            raise ServerError(
                f"the Chroma server at {self._server.url} refused a call to {self._name}: {reason}"
            ) from error

    def _wanted(self, client: ClientAPI) -> Collection:
        from chromadb.errors import NotFoundError

        found = client.get_collection(self._name, embedding_function=None)
        if self._identity and str(found.id) != self._identity:
            raise NotFoundError(f"another collection has that name by now, not {self._identity}")
        return found


def _batches(texts: Sequence[str]) -> Iterator[tuple[int, int]]:
    """How rows with these texts are shared out over requests."""
    start, size = 0, 0
    for at, text in enumerate(texts):
        if at > start and (at - start >= _AT_ONCE or size + len(text) > _CHARACTERS_AT_ONCE):
            yield start, at
            start, size = at, 0
        size += len(text)
    if texts:
        yield start, len(texts)


def _rows(got: Any) -> Rows:
    vectors = got["embeddings"]
    return Rows(
        got["ids"],
        got["metadatas"] or [],
        got["documents"] or [],
        np.asarray([] if vectors is None else vectors, np.float32),
    )
