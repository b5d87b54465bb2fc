"""What an index holds and what it takes on disk, in figures; opens no model and no vectors."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from index.cache import count_vectors
from index.folder import SEEN
from index.generations import MANIFEST, Generations, Manifest
from index.records import FILE, Records
from index.syncing import CACHE
from index.vectors import FOLDER


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of one index folder.

    `corpus` is the folder that the articles are from. `sentences` counts those that may be quoted;
    `kinds` the passages of each kind; `disk` the bytes of each part. `built` is when
    `generation` was finished, `synced` when the articles were last looked through. `fingerprint`
    names what is indexed and how, `model` the embedding model.
    """

    generation: str
    fingerprint: str
    model: str
    corpus: str
    built: datetime
    synced: datetime | None
    articles: int
    passages: int
    sentences: int
    kinds: Mapping[str, int]
    cached_vectors: int
    disk: Mapping[str, int]

    def to_dict(self) -> dict[str, Any]:
        """For JSON: times as in ISO 8601, in UTC."""
        synced = self.synced.isoformat() if self.synced else None
        return asdict(self) | {"built": self.built.isoformat(), "synced": synced}


def statistics(folder: Path) -> Statistics:
    """The figures of the index in `folder`.

    Raises `NoIndexError` where there is none, `RebuildError` where its records are damaged.
    """
    generation = Generations(folder).serving()
    manifest = Manifest.read(generation)
    with closing(Records.open(generation)) as records:
        articles, passages = records.counts()
        sentences = records.sentence_frequencies([])[1]
        kinds = records.kinds()
    return Statistics(
        generation=generation.name,
        fingerprint=manifest.digest,
        model=manifest.fingerprint.encoder,
        corpus=manifest.corpus,
        built=_modified(generation / MANIFEST),
        synced=_modified(folder / SEEN) if (folder / SEEN).exists() else None,
        articles=articles,
        passages=passages,
        sentences=sentences,
        kinds=kinds,
        cached_vectors=count_vectors(folder / CACHE),
        disk=_disk(folder, generation),
    )


def _disk(folder: Path, serving: Path) -> dict[str, int]:
    """Bytes by part: every file of the folder counts in one of them."""
    parts = {
        "articles and words": _size(serving / FILE),
        "vectors": _size(serving / FOLDER),
        "vector cache": sum(_size(path) for path in folder.glob(f"{CACHE}*")),
        "earlier generations": sum(
            _size(path) for path in folder.glob("generation-*") if path != serving
        ),
    }
    return parts | {"all else": _size(folder) - sum(parts.values())}


def _size(path: Path) -> int:
    files = path.rglob("*") if path.is_dir() else [path]
    return sum(file.stat().st_size for file in files if file.is_file())


def _modified(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)
