"""The deep look into a finished generation, in a process of its own: damage can crash who reads it.

It reads and compares everything that a generation holds; it changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from index.errors import RebuildError
from index.generations import Manifest
from index.passages import Passage
from index.reader import Generation, OpenFiles

_AT_ONCE = 500


def fault(generation: Path) -> str | None:
    """One line on what is wrong with a finished generation; None when it is whole.

    Raises `StoreError` for one of a newer version, which nobody here can judge.
    """
    # Not a fork: the caller's threads, and what Chroma holds, do not survive one.
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            pool.submit(examine, generation).result()
        except RebuildError as error:
            return str(error)
        except BrokenProcessPool:
            return f"{generation} is damaged, whoever reads it crashes: run `cited index`"
    return None


def examine(folder: Path) -> None:
    """Raise `RebuildError` unless a finished generation is whole.

    Its files are those that were sealed, and SQLite finds no fault; the counts of articles,
    passages and vectors agree; every passage and every sentence of one is what its article has at
    its offsets; every vector is of unit length, and a search for it finds its passage. May take
    the process down with it.
    """
    generation = Generation(OpenFiles(folder, Manifest.read(folder).fingerprint))
    generation.verify()
    texts: dict[str, str] = {}
    for passages in _batches(generation):
        names = {passage.article_id for passage in passages}
        texts = {name: texts.get(name) or generation.article(name).text for name in names}
        for passage in passages:
            _check_offsets(generation, passage, texts[passage.article_id])
        _check_vectors(generation, [passage.id for passage in passages])


def _batches(generation: Generation) -> Iterator[list[Passage]]:
    """All passages in the order in which they were stored, so that an article's are together."""
    ids = generation.files.records.sample(max(1, generation.manifest.passages))
    for start in range(0, len(ids), _AT_ONCE):
        yield generation.passages(ids[start : start + _AT_ONCE])


def _check_offsets(generation: Generation, passage: Passage, text: str) -> None:
    inside = all(passage.start <= start < end <= passage.end for start, end in passage.sentences)
    if text[passage.start : passage.end] != passage.text or not inside:
        raise RebuildError(
            f"{generation.name}: passage {passage.id!r} is not what its article has there: "
            "run `cited index`"
        )


def _check_vectors(generation: Generation, ids: list[str]) -> None:
    lengths = np.linalg.norm(generation.vectors(ids), axis=1)
    odd = [name for name, length in zip(ids, lengths, strict=True) if not abs(length - 1) < 1e-3]
    if wrong := [*odd, *generation.files.vectors.lost(ids)]:
        raise RebuildError(
            f"{generation.name}: {len(wrong)} of {len(ids)} vectors do not find themselves, as "
            f"that of {wrong[0]!r}: run `cited index`"
        )
