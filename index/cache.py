"""The vector cache: a digest of model and text -> its vectors, so that nothing is embedded twice.

It holds no text, and losing it costs time, never an answer.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from itertools import zip_longest
from pathlib import Path
from threading import Lock
from typing import Protocol

import numpy as np

from index.embedding import EncodedText, Vectors
from index.memory import give_back
from index.processor import one_blas_thread
from index.tokens import TokenVectors

BATCH = 128
"""Texts that are embedded between two commits: what a kill can cost, at most."""
PAGE = 65_536
"""Bytes that are read at once. The tokens of a passage are 13 KB, and those of ten passages, from a
disk that has not been read lately, took 2.2 ms instead of 4.0 with SQLite's usual 4,096."""
_AT_ONCE = 500

Keyed = tuple[bytes, str]
"""A text after its key."""
Encoded = Sequence[EncodedText]


class Embedder(Protocol):
    """What the store needs of an embedding model; `index.embedding.Encoder` is the real one."""

    @property
    def fingerprint(self) -> str:
        """Names the model and its weights: vectors of different fingerprints never mix."""

    @property
    def dimension(self) -> int:
        """Length of a vector."""

    @property
    def max_tokens(self) -> int:
        """The most tokens the model reads of one text, special tokens included."""

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """How many tokens each text has, without special tokens and without truncation."""

    def encode_passages(self, texts: Sequence[str]) -> Sequence[EncodedText]:
        """The vector and the token vectors of each text, unit length."""


class VectorCache:
    """The vectors of every text that one model has embedded, in one SQLite file.

    Rows of other models may lie beside them.
    """

    def __init__(self, path: Path, encoder: Embedder) -> None:
        self._encoder = encoder
        self._db = _connect(path)
        row = self._db.execute(
            "INSERT INTO models (fingerprint) VALUES (?)"
            " ON CONFLICT DO UPDATE SET fingerprint = fingerprint RETURNING id",
            (encoder.fingerprint,),
        ).fetchone()
        self._db.commit()
        self._model = int(row[0])

    def embed(
        self, texts: Sequence[str], progress: Callable[[int, int], None] | None = None
    ) -> tuple[Vectors, int]:
        """Vectors of `texts`, float32 [n, d], and how many texts had to be embedded for them.

        `progress` is called with how many of those are done, and of how many.
        """
        keys = [self._key(text) for text in texts]
        known = self._load(keys)
        missing = {key: text for key, text in zip(keys, texts, strict=True) if key not in known}
        # Texts of like length side by side: the library pads a batch to its longest.
        todo = sorted(missing.items(), key=lambda item: len(item[1]))
        done = 0
        for batch, encoded in self._encoded(todo):
            self._store(batch, encoded)
            known |= {key: text.vector for (key, _text), text in zip(batch, encoded, strict=True)}
            give_back()
            done += len(batch)
            if progress:
                progress(done, len(todo))
        vectors = [known[key] for key in keys]
        return (np.stack(vectors) if vectors else np.empty((0, 0), np.float32)), len(todo)

    def prune(self, live: Iterable[str], count: int, slack: int = 10_000) -> None:
        """Drop what is not worth its room any more.

        Of other models, only the newest keeps its vectors, for whoever goes back to it. Of this
        one, those of texts not among the `count` in `live` go, once they outnumber these by
        `slack`: a text that comes back soon costs nothing.
        """
        keep = "(?, (SELECT max(id) FROM models WHERE id <> ?))"
        models = (self._model, self._model)
        if self._one(f"SELECT count(*) FROM models WHERE id NOT IN {keep}", models):
            self._db.execute(f"DELETE FROM texts WHERE model NOT IN {keep}", models)
            self._db.execute(f"DELETE FROM models WHERE id NOT IN {keep}", models)
        mine = "SELECT count(*) FROM texts WHERE model = ?"
        if self._one(mine, models[:1]) > 2 * count + slack:
            self._db.execute("CREATE TEMP TABLE live (key BLOB PRIMARY KEY)")
            keys = ((self._key(text),) for text in live)
            self._db.executemany("INSERT OR IGNORE INTO live VALUES (?)", keys)
            self._db.execute(
                "DELETE FROM texts WHERE model = ? AND key NOT IN (SELECT key FROM live)",
                models[:1],
            )
            self._db.execute("DROP TABLE live")
        self._db.commit()

    def close(self) -> None:
        """Close the file."""
        self._db.close()

    def _one(self, query: str, values: Sequence[int]) -> int:
        return int(self._db.execute(query, values).fetchone()[0])

    def _key(self, text: str) -> bytes:
        return _key(self._encoder.fingerprint, text)

    def _load(self, keys: Sequence[bytes]) -> dict[bytes, Vectors]:
        """The stored vectors that are whole: a damaged one is embedded again."""
        found: dict[bytes, Vectors] = {}
        for key, blob in _rows(self._db, "vector", keys):
            vector = np.frombuffer(blob[: len(blob) // 4 * 4], "<f4").astype(np.float32)
            if abs(float(vector @ vector) - 1.0) < 1e-3:
                found[key] = vector
        return found

    def _encoded(self, todo: Sequence[Keyed]) -> Iterator[tuple[Sequence[Keyed], Encoded]]:
        """Texts in batches, encoded: the next batch while the last one is being stored."""
        batches = [todo[start : start + BATCH] for start in range(0, len(todo), BATCH)]
        with ThreadPoolExecutor(1) as ahead:
            coming = [ahead.submit(self._encode, batch) for batch in batches[:1]]
            for batch, following in zip_longest(batches, batches[1:]):
                encoded = coming.pop().result()
                if following:
                    coming.append(ahead.submit(self._encode, following))
                yield batch, encoded

    def _encode(self, batch: Sequence[Keyed]) -> Encoded:
        return self._encoder.encode_passages([text for _key, text in batch])

    def _store(self, batch: Sequence[Keyed], encoded: Encoded) -> None:
        with one_blas_thread():
            packed = [TokenVectors.of(text).to_bytes() for text in encoded]
        rows = [
            (key, self._model, text.vector.astype("<f4").tobytes(), tokens)
            for (key, _text), text, tokens in zip(batch, encoded, packed, strict=True)
        ]
        with self._db:
            self._db.executemany(
                "INSERT OR REPLACE INTO texts (key, model, vector, tokens) VALUES (?, ?, ?, ?)",
                rows,
            )


class StoredTokens:
    """The token vectors that a `VectorCache` has left; safe to read from many threads.

    What is not there, or damaged, is just not found: whoever asks can encode it.
    """

    def __init__(self, path: Path, encoder: Embedder) -> None:
        self._path = path
        self._encoder = encoder
        self._db: sqlite3.Connection | None = None
        self._lock = Lock()

    def get(self, texts: Sequence[str]) -> dict[str, TokenVectors]:
        """Those of `texts` that are stored, by text."""
        keys = {_key(self._encoder.fingerprint, text): text for text in texts}
        found = {}
        for key, blob in self._read([*keys]):
            if tokens := TokenVectors.from_bytes(blob, self._encoder.dimension):
                found[keys[key]] = tokens
        return found

    def close(self) -> None:
        """Let go of the file; it is opened again when it is needed."""
        with self._lock:
            if self._db:
                self._db.close()
            self._db = None

    def _read(self, keys: Sequence[bytes]) -> list[tuple[bytes, bytes]]:
        with self._lock:
            try:
                self._db = self._db or _open_for_reading(self._path)
                return list(_rows(self._db, "tokens", keys))
            except sqlite3.DatabaseError:  # not there yet, or damaged: the next sync makes another
                self._db = None
                return []


def _key(fingerprint: str, text: str) -> bytes:
    return hashlib.sha256(f"{fingerprint}\n{text}".encode()).digest()


def _rows(
    db: sqlite3.Connection, column: str, keys: Sequence[bytes]
) -> Iterator[tuple[bytes, bytes]]:
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        marks = ",".join("?" * len(some))
        yield from db.execute(f"SELECT key, {column} FROM texts WHERE key IN ({marks})", some)


def _open_for_reading(path: Path) -> sqlite3.Connection:
    """A folder that takes no files cannot hold what SQLite notes there while others may write."""
    immutable = "" if os.access(path.parent, os.W_OK) else "&immutable=1"
    uri = f"{path.resolve().as_uri()}?mode=ro{immutable}"
    return sqlite3.connect(uri, uri=True, check_same_thread=False)


def count_vectors(path: Path) -> int:
    """How many vectors a cache holds, of all models; 0 where there is none that can be read."""
    try:
        with closing(
            sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro&immutable=1", uri=True)
        ) as db:
            return int(db.execute("SELECT count(*) FROM texts").fetchone()[0])
    except sqlite3.DatabaseError:
        return 0


def _connect(path: Path) -> sqlite3.Connection:
    """Open the cache, or begin a new one where the file is damaged: all of it can be made again."""
    try:
        return _open(path)
    except sqlite3.OperationalError:
        raise  # locked, full or read-only: nothing is wrong with what it holds
    except sqlite3.DatabaseError:
        for suffix in ("", "-wal", "-shm"):
            path.with_name(path.name + suffix).unlink(missing_ok=True)
        return _open(path)


def _open(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA page_size = {PAGE}")  # of a new file; one that is there keeps its own
    db.execute("PRAGMA journal_mode = WAL")
    db.execute("PRAGMA synchronous = NORMAL")
    db.executescript(
        """
        CREATE TABLE IF NOT EXISTS models (id INTEGER PRIMARY KEY, fingerprint TEXT UNIQUE);
        CREATE TABLE IF NOT EXISTS texts (
            key BLOB UNIQUE, model INTEGER, vector BLOB, tokens BLOB
        );
        CREATE INDEX IF NOT EXISTS texts_by_model ON texts (model);
        DROP TABLE IF EXISTS vectors; -- of earlier versions, without the tokens
        """
    )
    return db
