"""Indexing on many machines: Ray's actors read, cut, embed and store; the driver lets it serve.

The only room that names ray. What the articles become is as in one process, passage for passage.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from index.article import Article
from index.cache import Embedder
from index.cutting import Cutter
from index.errors import CitedError, CorpusError, ModelError, StoreError
from index.folder import Folder, read_article
from index.passages import Passage
from index.published import Published, key
from index.publishing import Stored, stored
from index.readers import Skipped, UnreadableError
from index.remote import ChromaServer, Vectors

ARTICLES = 16
"""Articles that an actor takes at once: some dozen passages, seconds of work for a processor."""
ACTORS_PER_GPU = 4
"""While one waits for the GPU, the others read and cut."""
SECONDS = 120.0

MakeEncoder = Callable[[], Embedder]


class RayCluster:
    """The engine that works on a Ray cluster: that of RAY_ADDRESS, or one on this machine.

    Every machine must have the folder of articles under the same path, reach the server, and be
    able to make the same encoder. An actor that dies is replaced, and its work done again.
    """

    def __init__(self, make_encoder: MakeEncoder) -> None:
        self._make_encoder = make_encoder

    def store(
        self,
        published: Published,
        articles: Folder,
        cutter: Cutter,
        names: Sequence[str],
        version: int,
    ) -> Iterator[Stored]:
        """See `index.publishing.Engine.store`; `StoreError` for what Ray fails at."""
        if not names:
            return
        ray = _started()
        worker = {
            "make_encoder": self._make_encoder,
            "model": cutter.encoder.fingerprint,
            "index_faq": cutter.index_faq,
            "passage_tokens": cutter.passage_tokens,
            "corpus": articles.path.resolve(),
            "url": published.server.url,
            "name": published.name,
            "version": version,
        }
        done = 0
        results = ray.data.from_items([{"name": name} for name in names]).map_batches(
            _with(worker), batch_size=ARTICLES, **_resources(ray)
        )
        try:
            for row in results.iter_rows():
                result: Stored | CitedError = row["result"]
                if isinstance(result, CitedError):
                    raise result
                done += len(result.rows) + len(result.skipped)
                articles.tell("embedding", done, len(names))
                yield result
        except ray.exceptions.RayError as error:
            raise StoreError(
                f"the Ray cluster failed ({_line(error)}): what served goes on serving"
            ) from error


@dataclass
class Worker:
    """One actor: one model, one connection to the server. Doing the same twice does no harm."""

    make_encoder: MakeEncoder
    model: str
    index_faq: bool
    passage_tokens: int
    corpus: Path
    url: str
    name: str
    version: int

    def __call__(self, batch: dict[str, Any]) -> dict[str, Any]:
        """Store the articles of some names: a batch of one `Stored`, or of what was wrong.

        An error that is raised here would come out of Ray as its text alone.
        """
        result: Stored | CitedError
        try:
            result = self._store([str(name) for name in batch["name"]])
        except CitedError as error:
            result = error
        return {"result": np.array([result], dtype=object)}

    @cached_property
    def _cutter(self) -> Cutter:
        encoder = self.make_encoder()
        if encoder.fingerprint != self.model:
            raise ModelError(
                f"a machine of the cluster has {encoder.fingerprint}, not {self.model}: "
                "install the same model on all"
            )
        return Cutter(encoder, self.index_faq, self.passage_tokens)

    @cached_property
    def _published(self) -> Published:
        return Published(ChromaServer(self.url, SECONDS), self.name)

    def _store(self, names: Sequence[str]) -> Stored:
        if not self.corpus.is_dir():
            raise CorpusError(f"{self.corpus} is not on every machine: mount it there")
        cut: list[tuple[Article, list[Passage]]] = []
        hashes: dict[str, str] = {}
        skipped: list[Skipped] = []
        for name in names:
            try:
                article, hashes[name] = read_article(self.corpus, name)
                cut.append((article, self._cutter.cut(article)))
            except UnreadableError as error:
                skipped.append(Skipped(name, str(error)))
        embedded = self._embed_and_add([passage for _article, some in cut for passage in some])
        done = stored(self._published, cut, hashes, self.version, embedded)
        return replace(done, skipped=tuple(skipped))

    def _embed_and_add(self, passages: Sequence[Passage]) -> int:
        """Embed what the server does not have; how many texts that were."""
        there = set(self._published.passages.get([*map(key, passages)]).ids) if passages else set()
        new = [passage for passage in passages if key(passage) not in there]
        texts = sorted({passage.embedded for passage in new}, key=len)
        if not texts:
            return 0
        encoded = dict(zip(texts, self._cutter.encoder.encode_passages(texts), strict=True))
        rows: Vectors = np.stack([encoded[passage.embedded].vector for passage in new])
        self._published.add(new, rows)
        return len(texts)


def _with(arguments: dict[str, Any]) -> type[Worker]:
    """A worker that has them already: Ray could lose what it is given apart, and then no actor
    could be replaced.
    """

    class Ready(Worker):
        def __init__(self) -> None:
            super().__init__(**arguments)

    return Ready


def _started() -> Any:
    """Ray, connected and quiet: it tells of errors alone."""
    try:
        import ray
        import ray.data
        import ray.exceptions
    except ImportError as error:
        raise StoreError(
            f"--engine ray cannot be used ({error}): install cited[distributed]"
        ) from error
    logging.getLogger("ray").setLevel(logging.ERROR)
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    if not ray.is_initialized():
        ray.init(include_dashboard=False, log_to_driver=False, logging_level=logging.ERROR)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    return ray


def _resources(ray: Any) -> dict[str, Any]:
    """What an actor needs, and how many there may be: all that the cluster has room for."""
    cluster = ray.cluster_resources()
    if gpus := int(cluster.get("GPU", 0)):
        actors, each = gpus * ACTORS_PER_GPU, {"num_gpus": 1 / ACTORS_PER_GPU}
    else:
        actors, each = max(1, int(cluster.get("CPU", 1))), {}
    pool = ray.data.ActorPoolStrategy(min_size=1, initial_size=actors, max_size=actors)
    return {"compute": pool, "num_cpus": 1, **each}


def _line(error: Exception) -> str:
    """The line of a long report that says what was wrong."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return [*lines[:1], *(line for line in lines if "Error: " in line)][-1]
