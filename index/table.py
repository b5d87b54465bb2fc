"""All vectors of a generation in one array: up to some thousand, the fastest search misses none.

It is made from the store and never written to; what was put in since is fetched from there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from index.int8 import Graph, Rounded, session
from index.processor import one_blas_thread

Vectors = NDArray[np.float32]
Rows = NDArray[np.intp]

FILE = "vectors.npz"

MOST = 20_000
"""Passages up to which each question is compared with every vector: of 10,000 that takes 1 ms,
and a graph search 3 to 4.5."""
FEW = 2_000
"""Passages up to which they are compared as they are, not rounded first."""
_AT_ONCE = 1_000


@dataclass(frozen=True)
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
        rows: Rows = np.arange(len(self.ids))
        if among is not None:
            rows = np.array([self.rows[name] for name in among], np.intp)
        elif len(rows) > max(FEW, k):
            rows = self._rough.near(vector, k)
        vectors = self.vectors if rows.size == len(self.ids) else self.vectors[rows]
        with one_blas_thread():
            cosines = vectors @ vector
        some = np.arange(len(rows))
        if k < len(rows):
            some = np.sort(np.argpartition(-cosines, k)[:k])
        best = some[np.argsort(-cosines[some], kind="stable")]
        return [(self.ids[rows[at]], float(cosines[at])) for at in best.tolist()]

    @cached_property
    def _rough(self) -> RoughTable:
        return RoughTable(self.vectors)


class RoughTable:
    """Vectors [n, d] in 8 bits: which rows may be the nearest, after reading a quarter of them.

    What rounding can do to a product is bounded (Cauchy-Schwarz), so none of the nearest is missed.
    """

    def __init__(self, vectors: Vectors) -> None:
        number, dimension = vectors.shape
        parts = []
        self._lost = self._longest = 0.0
        for start in range(0, number, _AT_ONCE):  # within the processor's cache
            some = vectors[start : start + _AT_ONCE]
            parts.append(rounded := Rounded.of(some.T))
            kept = (rounded.integers * rounded.scale).T
            self._lost = max(self._lost, _longest(some - kept))
            self._longest = max(self._longest, _longest(kept))
        graph = Graph()
        cosines = graph.product("vector", "vectors", Rounded.together(parts))
        self._session = session(graph.written({"vector": [1, dimension]}, {cosines: [1, number]}))

    def near(self, vector: Vectors, k: int) -> Rows:
        """Rows, in their order, among which are the `k` nearest to a vector [d]; `k` below n."""
        (found,) = self._session.run(None, {"vector": vector[None]})
        cosines = found[0]
        step = (max(0.0, float(vector.max())) - min(0.0, float(vector.min()))) / 255
        # Each dimension is off by half a step, the largest and the least by one.
        off = step * (len(vector) / 4 + 2) ** 0.5
        doubt = self._lost * float(np.linalg.norm(vector)) + self._longest * off
        least = np.partition(cosines, -k)[-k]
        return np.flatnonzero(cosines >= least - 2 * doubt)


def _longest(vectors: Vectors) -> float:
    return float(np.linalg.norm(vectors, axis=1).max())
