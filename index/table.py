"""All vectors of a generation in one array: up to some thousand, the fastest search misses none.

It is made from the store and never written to; what was put in since is fetched from there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.processor import one_blas_thread

Vectors = NDArray[np.float32]

FILE = "vectors.npz"

MOST = 20_000
"""Passages up to which each question is compared with every vector: 10,000 take 0.4 to 1.8 ms, in
the processor's cache or not, and a graph search 3 to 4.5."""
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class Table:
    """Vectors, float32 [n, d], in the order of `ids`; `rows` finds one."""

    ids: Sequence[str]
    rows: Mapping[str, int]
    vectors: Vectors

    @classmethod
    def of(cls, ids: Sequence[str], vectors: Vectors) -> Table:
        """A table of vectors [n, d] in the order of `ids`."""
        return cls(ids, {name: row for row, name in enumerate(ids)}, vectors)

    @classmethod
    def load(cls, folder: Path) -> Table | None:
        """What was saved in a generation's folder, if anything was."""
        try:
            with np.load(folder / FILE) as saved:
                return cls.of(saved["ids"].tolist(), saved["vectors"])
        except FileNotFoundError:
            return None

    def save(self, folder: Path) -> None:
        """Keep it in a generation's folder."""
        np.savez(folder / FILE, ids=np.array(self.ids, np.str_), vectors=self.vectors)

    def renewed(
        self,
        ids: Sequence[str],
        changed: Collection[str],
        fetch: Callable[[Sequence[str]], Vectors],
    ) -> Table:
        """A table of other `ids`, in whatever order; new ones and those `changed` are fetched."""
        kept = [name for name in ids if name in self.rows and name not in changed]
        parts = [self.vectors[[self.rows[name] for name in kept]]] if kept else []
        among = set(kept)
        new = [name for name in ids if name not in among]
        parts += [fetch(new[start : start + _AT_ONCE]) for start in range(0, len(new), _AT_ONCE)]
        vectors = np.concatenate(parts) if parts else np.empty((0, 0), np.float32)
        return Table.of([*kept, *new], vectors)

    def nearest(
        self, vector: Vectors, k: int, among: Sequence[str] | None = None
    ) -> list[tuple[str, float]]:
        """The `k` nearest of those in `among` (None: of all) with their cosines, best first.

        Raises `ValueError` for a vector of another dimension.
        """
        if len(vector) != self.vectors.shape[1]:
            raise ValueError(f"a vector of dimension {len(vector)}, not {self.vectors.shape[1]}")
        names, vectors = self.ids, self.vectors
        if among is not None:
            names, vectors = among, vectors[np.array([self.rows[name] for name in among], np.intp)]
        with one_blas_thread():
            cosines = vectors @ vector
        some = np.arange(len(names))
        if k < len(names):
            some = np.sort(np.argpartition(-cosines, k)[:k])
        best = some[np.argsort(-cosines[some], kind="stable")]
        return [(names[at], float(cosines[at])) for at in best.tolist()]
