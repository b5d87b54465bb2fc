"""One measurement in a fresh process: what `benchmarks.growth` starts, and what prints a line.

    python -m benchmarks.growth_process build|questions|memory|sync SHARED FOLDER NUMBER

`FOLDER` holds the articles in corpus/ and the index in index/.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from benchmarks.data import Question, squad
from benchmarks.peers.protocol import memory
from index.embedding import Encoder
from index.store import Index
from qa import Assistant, Settings

if TYPE_CHECKING:
    from index.filters import Filter
    from index.reader import Generation
    from index.vectors import Vectors, VectorStore

K = 10
WARM = 20
"""Questions that are not measured, for the first ones load what the others find there."""


def build(_shared: Path, folder: Path, _number: int) -> dict[str, Any]:
    """Seconds to index everything, the model loaded; how many texts had to be embedded."""
    encoder, embedded = warm_encoder(), [0]

    def progress(step: str, _done: int, of: int) -> None:
        if step == "embedding":
            embedded[0] = max(embedded[0], of)

    started = time.perf_counter()
    bot = Assistant.open(settings(folder), encoder=encoder, progress=progress)
    seconds = time.perf_counter() - started
    passages = sum(article.passages for article in bot.articles())
    return {"indexing": seconds, "embedded": embedded[0], "passages": passages}


def questions(shared: Path, folder: Path, number: int) -> dict[str, Any]:
    """Seconds of so many searches and answers, each of a question of its own, in turn; recall."""
    bot = Assistant.open(settings(folder))
    asked = spread_out(shared)
    for question in asked[:WARM]:
        bot.ask(question.text)
    searching, asking = [], []
    rest = asked[WARM:]
    for one, other in zip(rest[0 : 2 * number : 2], rest[1 : 2 * number : 2], strict=False):
        searching.append(_seconds(lambda one=one: bot.search(one.text, K)))  # type: ignore[misc]
        asking.append(_seconds(lambda other=other: bot.ask(other.text)))  # type: ignore[misc]
    judged = asked[: 5 * number]
    return {
        "searching": searching,
        "asking": asking,
        "questions": len(judged),
        "recall": recall(bot, judged),
        "exact": recall(exactly(bot), judged),  # last, for it leaves the process changed
    }


def remember(shared: Path, folder: Path, number: int) -> list[dict[str, float]]:
    """Memory after each tenth of so many answers."""
    bot = Assistant.open(settings(folder))
    taken = []
    for done, question in enumerate(spread_out(shared)[:number], 1):
        bot.ask(question.text)
        if done % max(number // 10, 1) == 0:
            taken.append({"questions": done} | memory())
    return taken


def sync(_shared: Path, folder: Path, _number: int) -> float:
    """Seconds to open and bring the index up to date, once everything that takes is loaded."""
    encoder = warm_encoder()
    with tempfile.TemporaryDirectory() as place:
        corpus = Path(place, "corpus")
        corpus.mkdir()
        (corpus / "one.txt").write_text("One article.\n\nIt says little.", encoding="utf-8")
        Assistant.open(settings(Path(place)), encoder=encoder)
    return _seconds(lambda: Assistant.open(settings(folder), encoder=encoder))


def recall(bot: Assistant, asked: Sequence[Question], k: int = 5) -> float:
    """The share of questions whose own article is among those of the first k passages."""
    found = [
        question.article_id in {hit.passage.article_id for hit in bot.search(question.text, k)}
        for question in asked
    ]
    return sum(found) / len(found)


def exactly(bot: Assistant) -> Assistant:
    """The same, but that every vector is compared with the question, and every word finds passages.

    From now on this process passes over none that has common words alone.
    """
    from index import lexical
    from index.vectors import VectorStore
    from qa.evidence import LateInteraction
    from qa.retriever import HybridSearch

    lexical.MOST_MATCHES = sys.maxsize
    chosen = bot.settings
    index = Index.open(
        chosen.index_dir,
        bot.encoder,
        index_faq=chosen.index_faq,
        passage_tokens=chosen.passage_tokens,
    )
    generation = index.reader()
    store = VectorStore.open(generation.files.folder, exact=True)
    parts = HybridSearch(chosen.fusion), LateInteraction(bot.encoder)
    return Assistant(
        chosen, bot.encoder, cast(Index, ExactIndex(ExactGeneration(generation, store))), *parts
    )


@dataclass(frozen=True, slots=True)
class ExactGeneration:
    """A generation whose dense search is `store`'s."""

    generation: Generation
    store: VectorStore

    def search_dense(
        self, vector: Vectors, k: int, where: Filter | None = None
    ) -> list[tuple[str, float]]:
        """The `k` nearest, exactly."""
        return self.store.search(vector, k, where)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.generation, name)


@dataclass(frozen=True, slots=True)
class ExactIndex:
    """What an assistant needs of an index."""

    generation: ExactGeneration

    def reader(self) -> ExactGeneration:
        """The only one."""
        return self.generation


def settings(folder: Path) -> Settings:
    """Those of `folder`; it never abstains, so that every question costs a whole answer."""
    return Settings(corpus=folder / "corpus", index_dir=folder / "index", min_confidence=0)


def warm_encoder() -> Encoder:
    """The model, loaded."""
    encoder = Encoder()
    encoder.encode_question("ready?")
    return encoder


def spread_out(shared: Path) -> list[Question]:
    """The questions that have an answer, those of one article far from each other."""
    answerable = [question for question in squad(shared).questions if question.answers]
    step = 47
    return [question for start in range(step) for question in answerable[start::step]]


def _seconds(do: Callable[[], object]) -> float:
    started = time.perf_counter()
    do()
    return time.perf_counter() - started


if __name__ == "__main__":
    what, data, place, count = sys.argv[1:5]
    measure: Any = {"build": build, "questions": questions, "memory": remember, "sync": sync}[what]
    print(json.dumps(measure(Path(data), Path(place), int(count))))
