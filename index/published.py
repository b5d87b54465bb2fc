"""An index on a Chroma server, version by version: its articles, its vectors, and what serves.

Version `v` holds the rows that are alive in it; a reader of `v` sees the same whatever is published
next. It says what is where; who publishes and who follows is for `publishing` and `following`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from index.errors import StoreError
from index.filters import Filter
from index.generations import Fingerprint, known
from index.passages import Passage
from index.records import Records
from index.remote import ChromaServer, Table, Vectors
from index.vectors import clauses_of, metadata_of

NEVER = 2**31 - 1
"""The version in which a row ends that has not ended yet."""
KEPT = 4
"""How many versions a reader may be behind and still find all that was in its own."""
MOST = 10_000
"""Passages that one search asks for at most."""
_SPARE = 20
"""Passages that a search asks for beyond those wanted: some may be of other versions."""
_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Pointer:
    """What serves: a version, how it was made, how much is in it, and where its vectors are."""

    version: int
    fingerprint: Fingerprint
    articles: int
    passages: int
    collection: str

    def difference(self, wanted: Fingerprint) -> str | None:
        """Why it cannot serve where `wanted` is asked for; None where it can."""
        if self.fingerprint.format != wanted.format:
            return f"its format is {self.fingerprint.format}, and this version's {wanted.format}"
        return self.fingerprint.difference(wanted)


@dataclass(frozen=True, slots=True)
class Row:
    """One content of one article, alive in the versions from `since` to before `until`."""

    article: str
    sha256: str
    passages: int
    since: int
    until: int = NEVER

    @property
    def id(self) -> str:
        """The same for the same content that came in the same version, 32 hex digits."""
        return _digest(f"{self.since}\n{self.sha256}\n{self.article}")

    def alive(self, version: int) -> bool:
        """Whether it is part of a version."""
        return self.since <= version < self.until


def key(passage: Passage) -> str:
    """The id of a passage's vector: its own, and a digest of all that the server has of it.

    Two versions of an article may have different passages of one id, and then two vectors.
    """
    return f"{passage.id}@{_digest(passage.embedded, passage.kind, str(passage.date))}"


class Published:
    """The index called `name` on a server. All methods raise `ServerError`."""

    def __init__(self, server: ChromaServer, name: str) -> None:
        self.server = server
        self.name = name
        self.articles = server.table(f"{name}-articles")
        self.passages = server.table(f"{name}-passages")

    # What serves.

    def pointer(self) -> Pointer | None:
        """What serves now; None before the first version."""
        found = self.articles.look()
        if not found or not (told := found[1].get("serves")):
            return None
        try:
            data = json.loads(str(told))
            fingerprint = Fingerprint(**known(Fingerprint, data["fingerprint"]))
            return Pointer(**known(Pointer, data) | {"fingerprint": fingerprint})
        except (ValueError, KeyError, TypeError) as error:
            raise StoreError(
                f"what {self.name} on {self.server.url} serves cannot be read ({error}): it is of "
                "another version of Cited"
            ) from error

    def create(self) -> str:
        """Make both collections where they are not there; returns the identity of the vectors'."""
        self.articles.create()
        self.passages.create()
        found = self.passages.look()
        assert found
        return found[0]

    def vectors_of(self, collection: str) -> Table:
        """The vectors of that identity alone: what another publisher may have put there is not."""
        return self.server.table(f"{self.name}-passages", collection)

    def flip(self, pointer: Pointer) -> None:
        """Let a whole version serve, in one step."""
        self.articles.label({"serves": json.dumps(asdict(pointer))})

    # Its articles.

    def rows(self, after: int = 0) -> list[Row]:
        """All rows; those that came or ended after a version where one is given."""
        came: Any = {"since": {"$gt": after}}
        ended: Any = {"$and": [{"until": {"$gt": after}}, {"until": {"$lt": NEVER}}]}
        found = self.articles.find({"$or": [came, ended]} if after else came)
        return [_row(metadata) for metadata in found.metadatas]

    def texts(self, rows: Sequence[Row]) -> Iterator[tuple[Row, str]]:
        """The text of each row's article; `StoreError` where a row is not there any more."""
        for start in range(0, len(rows), _AT_ONCE):
            wanted = {row.id: row for row in rows[start : start + _AT_ONCE]}
            got = self.articles.get([*wanted], documents=True)
            if len(got.ids) < len(wanted):
                raise StoreError(f"{self.name} on {self.server.url} has moved on: trying again")
            yield from (
                (wanted[name], text) for name, text in zip(got.ids, got.documents, strict=True)
            )

    def add(self, passages: Sequence[Passage], vectors: Vectors) -> None:
        """Store passages with their vectors, float32 [n, d]; what is there already stays."""
        metadatas = [metadata_of(passage) for passage in passages]
        self.passages.add([key(passage) for passage in passages], vectors, metadatas)

    def add_rows(self, rows: Sequence[Row], texts: Sequence[str]) -> None:
        """Note articles whose passages are all stored."""
        ids = [row.id for row in rows]
        self.articles.add(ids, spread(ids), [asdict(row) for row in rows], texts)

    def lost(self, keys: Sequence[str]) -> list[str]:
        """Those of the keys of passages that a search for their own vector does not find."""
        if not keys:
            return []
        got = self.passages.get(keys, vectors=True)
        near = zip(got.ids, self.passages.nearest(got.vectors, 10), strict=True)
        # Where many passages say the very same, any ten of them may be found.
        found = {
            name
            for name, best in near
            if name in dict(best) or min(cosine for _name, cosine in best) > 1 - 1e-4
        }
        return [name for name in keys if name not in found]

    def end(self, rows: Sequence[Row], version: int) -> None:
        """Let rows end before a version; `NEVER` takes it back."""
        self.articles.update([row.id for row in rows], {"until": version})

    def remove(self, rows: Sequence[Row], kept: Mapping[str, Collection[str]]) -> None:
        """Remove rows and all vectors of their articles but those whose keys are `kept`."""
        names = sorted({row.article for row in rows})
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            stored = self.passages.find({"article": {"$in": some}})
            self.passages.remove(
                [
                    name
                    for name, metadata in zip(stored.ids, stored.metadatas, strict=True)
                    if name not in kept.get(str(metadata["article"]), ())
                ]
            )
        self.articles.remove([row.id for row in rows])


class RemoteVectors:
    """The vectors of a version whose `records` are here: what these do not know is another's."""

    def __init__(self, table: Table, records: Records) -> None:
        self._table = table
        self._records = records

    def search(
        self, vector: Vectors, k: int, where: Filter | None = None
    ) -> list[tuple[str, float]]:
        """The `k` passages nearest to `vector` [d], ids and cosines in -1..1, best first."""
        if k < 1 or (where and where.closed):
            return []
        vectors = np.asarray(vector, np.float32).reshape(1, -1)
        clauses = clauses_of(where) if where else None
        wanted = asked = min(k, MOST)
        while True:
            asked = min(asked + max(_SPARE, asked - wanted), MOST)
            near = self._table.nearest(vectors, asked, clauses)[0]
            found = self._known(near)
            if len(found) >= wanted or len(near) < asked or asked == MOST:
                return found[:wanted]

    def vectors(self, ids: Sequence[str]) -> Vectors:
        """The vectors of `ids`, in that order, float32 [n, d]; `StoreError` for one not there."""
        if not ids:
            return np.empty((0, 0), np.float32)
        keys = [key(passage) for passage in self._records.passages(ids)]
        got = self._table.get(keys, vectors=True)
        row = {name: at for at, name in enumerate(got.ids)}
        if missing := [repr(name) for name, its in zip(ids, keys, strict=True) if its not in row]:
            raise StoreError(f"no vector of passage {missing[0]} on the server: search again")
        return got.vectors[[row[name] for name in keys]]

    def lost(self, ids: Sequence[str]) -> list[str]:
        """Those of `ids` that the server does not have, as they are here."""
        keys = {key(passage): passage.id for passage in self._records.passages(ids)}
        there = self._table.get([*keys]).ids if keys else []
        return [keys[name] for name in keys.keys() - set(there)]

    def close(self) -> None:
        """Nothing is open."""

    def _known(self, near: Iterable[tuple[str, float]]) -> list[tuple[str, float]]:
        """Those that are of this version, by their ids here."""
        here = [(name.rpartition("@")[0], name, cosine) for name, cosine in near]
        known = self._records.known([name for name, _key, _cosine in here])
        return [
            (name, cosine)
            for name, its, cosine in here
            if name in known and key(known[name]) == its
        ]


def spread(ids: Sequence[str]) -> Vectors:
    """A vector of each id, float32 [n, 8]: a collection must have some, and nobody looks for it."""
    digests = [hashlib.sha256(name.encode()).digest()[:8] for name in ids]
    return np.array([[*digest] for digest in digests], np.float32) - np.float32(127.5)


def _row(metadata: Mapping[str, str | int]) -> Row:
    return Row(
        str(metadata["article"]),
        str(metadata["sha256"]),
        int(metadata["passages"]),
        int(metadata["since"]),
        int(metadata["until"]),
    )


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
