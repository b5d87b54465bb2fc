"""The whole path of one question, top to bottom: stand alone, search, weigh, then quote or abstain.

Each step is a room of its own; this one only puts them in a row, as a LangChain chain.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, cast

from index.embedding import Encoder
from index.passages import ScoredPassage
from index.store import Condition, Filter, Index
from qa.answer import Answer, Event, Explained, Found, Searching, Token, Turn
from qa.answering import Answering, Pieces
from qa.condense import condense
from qa.confidence import DEFAULT_MIN_CONFIDENCE
from qa.errors import BusyError, NoIndexError, QuestionError, RemovalError, StoreError
from qa.evidence import WEIGHTS, Evidence, EvidenceScorer, LateInteraction
from qa.explaining import explain
from qa.inquiry import Inquiry, check, finished, ranked, timed, turn
from qa.llm import chat_model
from qa.opening import open_index
from qa.question import clean_question
from qa.reranker import Reranker
from qa.retriever import HybridSearch, langchain_retriever
from qa.settings import Settings
from qa.writing import Writer, writer_of

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.retrievers import BaseRetriever
    from langchain_core.runnables import Runnable

    from index.article import Article
    from index.store import ArticleSummary, SyncReport

RERANKED = 0.5
"""What a cross-encoder's score of its passage counts in a sentence's score; not measured yet, for
want of such a model: the default path has none."""
_LOG = logging.getLogger(__name__)

SyncProgress = Callable[[str, int, int], None]


class Assistant:
    """Answers questions about a folder of articles, each sentence with its quote.

    >>> bot = Assistant.open(Settings(corpus="corpus", index_dir=".index"))
    >>> answer = bot.ask("How long did the handshake last?")
    >>> bot.article(answer.citations[0].article_id).text[answer.citations[0].start:]

    Safe to share between threads. Every error a user can cause is a `qa.errors.CitedError`.
    """

    def __init__(
        self,
        settings: Settings,
        encoder: Encoder,
        index: Index,
        search: HybridSearch,
        scorer: EvidenceScorer,
        writer: Writer | None = None,
    ) -> None:
        self.settings = settings
        self.encoder = encoder
        self._index = index
        self._hybrid = search
        self._scorer = scorer
        self._writer = writer
        self._answering = Answering(_threshold(settings), writer, settings.answer_cache)
        self._steps = (self._understand, self._retrieve, self._weigh, self._respond)

    @classmethod
    def open(
        cls,
        settings: Settings | None = None,
        *,
        model: BaseChatModel | None = None,
        encoder: Encoder | None = None,
        progress: SyncProgress | None = None,
    ) -> Assistant:
        """Wire the parts that `settings` name and bring the index up to date with the articles.

        `model` is any LangChain chat model, instead of `settings.llm`; `encoder` an embedding model
        that is loaded already, instead of `settings.embedding_model`. While another process writes
        the index, or where it cannot be written, what it holds already serves.
        """
        settings = settings or Settings()
        encoder = encoder or Encoder(
            settings.embedding_model, allow_download=settings.allow_download
        )
        index = open_index(settings, encoder)
        reranker = (
            Reranker(settings.reranker, allow_download=settings.allow_download)
            if settings.reranker
            else None
        )
        if model is None and settings.llm:
            model = chat_model(
                settings.llm,
                base_url=settings.llm_base_url,
                timeout=settings.llm_timeout,
                allow_download=settings.allow_download,
                progress=progress,
            )
        counts = RERANKED if reranker else WEIGHTS["retrieval"]
        scorer = LateInteraction(encoder, index.token_vectors, counts)
        search = HybridSearch(settings.fusion, reranker, scorer.read_ahead)
        writer = writer_of(model, encoder, settings) if model else None
        assistant = cls(settings, encoder, index, search, scorer, writer)
        try:
            if left_out := assistant.sync(progress).left_out:
                _LOG.warning("left out %s: `cited index` tells of each", left_out)
        except (BusyError, RemovalError, StoreError) as error:
            if isinstance(error, NoIndexError) or index.needs_rebuild:
                raise
            _LOG.warning("%s: answering from the index as it is", error)
        return assistant

    @property
    def model(self) -> BaseChatModel | None:
        """The chat model that writes, None where answers are quotes."""
        return self._writer.model if self._writer else None

    def with_model(self, model: BaseChatModel | None) -> Assistant:
        """The same assistant over the same index, with another chat model, or in quotes."""
        return self.with_writer(writer_of(model, self.encoder, self.settings) if model else None)

    def with_writer(self, writer: Writer | None) -> Assistant:
        """The same assistant over the same index, with another writer, or in quotes."""
        parts = self.settings, self.encoder, self._index, self._hybrid, self._scorer
        return type(self)(*parts, writer)

    def ask(
        self, question: str, history: Sequence[Turn] = (), where: Filter | None = None
    ) -> Answer:
        """The answer to a question, after the turns of `history`, from the articles in `where`."""
        inquiry = self._inquiry(question, history, where)
        for step in self._steps:
            inquiry = step(inquiry)
        return finished(inquiry)

    async def aask(
        self, question: str, history: Sequence[Turn] = (), where: Filter | None = None
    ) -> Answer:
        """`ask` without blocking the event loop."""
        return await asyncio.to_thread(self.ask, question, history, where)

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        where: Filter | None = None,
        *,
        explained: bool = False,
    ) -> Iterator[Event]:
        """The same as it happens: `Searching`, `Found`, `Token`s, and the `Answer` at the end.

        With `explained`, what became of every passage comes before the answer, as `Explained`.
        """
        inquiry = self._understand(self._inquiry(question, history, where))
        yield Searching(inquiry.question)
        inquiry = self._weigh(self._retrieve(inquiry))
        yield Found(ranked(inquiry))
        pieces = self._pieces(inquiry)
        while True:
            try:
                yield Token(next(pieces))
            except StopIteration as end:
                inquiry = end.value
                break
        if explained:
            yield Explained(explain(inquiry))
        yield finished(inquiry)

    def as_runnable(self) -> Runnable[str | Mapping[str, Any], Answer]:
        """The LangChain chain: a question in, an `Answer` out.

        Or a mapping in, of "question" and, if wanted, "history" and "where". `batch`, `ainvoke`
        and tracing are LangChain's; an answer comes in one piece (`stream` gives it in many).
        """
        from langchain_core.runnables import RunnableLambda

        chain: Runnable[Any, Any] = RunnableLambda(self._parse)
        for step in self._steps:
            chain = chain | RunnableLambda(step)
        return chain | RunnableLambda(finished)

    def as_retriever(self, k: int = 10, where: Filter | None = None) -> BaseRetriever:
        """The search alone as a LangChain retriever."""
        return langchain_retriever(partial(self.search, where=where), k)

    def search(self, question: str, k: int = 5, where: Filter | None = None) -> list[ScoredPassage]:
        """The `k` passages (1 to `retriever.POOL`) that fit a question best, best first."""
        if k < 1:
            raise QuestionError(f"k is {k}: ask for at least one passage")
        inquiry = self._understand(self._inquiry(question, (), where))
        inquiry = self._weigh(self._retrieve(inquiry, max(k, self.settings.top_k)))
        return list(ranked(inquiry)[:k])

    def evidence(self, question: str, where: Filter | None = None) -> tuple[Evidence, ...]:
        """The sentences an answer is chosen from, best first, with the parts of their scores."""
        inquiry = self._understand(self._inquiry(question, (), where))
        return self._weigh(self._retrieve(inquiry)).evidence

    def article(self, article_id: str) -> Article:
        """The article as it is indexed: what the offsets of citations count in."""
        return self._index.reader().article(article_id)

    def articles(self) -> list[ArticleSummary]:
        """All articles of the index, by id."""
        return self._index.reader().articles()

    def counts(self) -> tuple[int, int]:
        """How many articles and passages the index holds; `articles` reads them all for that."""
        manifest = self._index.reader().manifest
        return len(manifest.files), manifest.passages

    def fingerprint(self) -> str:
        """Names what is indexed and how: the same for the same articles, model and settings."""
        return self._index.reader().manifest.digest

    def generation(self) -> str:
        """The name of the generation of the index that serves; every change of it has a new one."""
        return self._index.reader().name

    def condition(self) -> Condition | None:
        """How a replica stands to the Chroma server that it follows; None where there is none."""
        return self._index.condition()

    def warm_up(self) -> None:
        """Load what the first question would have to wait for: the embedding model."""
        self.encoder.encode_question("ready?")

    def sync(self, progress: SyncProgress | None = None) -> SyncReport:
        """Bring the index up to date with the folder of articles, or with the Chroma server."""
        return self._index.sync(self.settings.corpus, progress)

    # The steps of the chain, in their order.

    def _understand(self, inquiry: Inquiry) -> Inquiry:
        """What is asked, standing alone."""
        with timed(inquiry, "understand"):
            # Small models lose to the rules (`benchmarks/follow_ups.py`): 8 of 24 against all.
            writer = self._writer
            model = writer.model if writer and not writer.short else None
            question = condense(inquiry.question, inquiry.history, model, self.settings.llm_timeout)
        return replace(inquiry, question=question)

    def _retrieve(self, inquiry: Inquiry, k: int | None = None) -> Inquiry:
        """The passages that may answer it, all of one generation of the index."""
        with timed(inquiry, "search"):
            generation = self._index.reader()
            check(inquiry.where, generation)
            encode = cache(partial(self.encoder.encode_question, inquiry.question))
            hits = self._hybrid.search(
                generation, inquiry.question, encode, k or self.settings.top_k, inquiry.where
            )
        return replace(inquiry, generation=generation, encoded=encode(), hits=tuple(hits))

    def _weigh(self, inquiry: Inquiry) -> Inquiry:
        """Their sentences, by how well each answers."""
        assert inquiry.encoded is not None and inquiry.generation is not None
        with timed(inquiry, "evidence"):
            evidence = self._scorer.score(
                inquiry.generation, inquiry.question, inquiry.encoded, inquiry.hits
            )
        return replace(inquiry, evidence=tuple(evidence))

    def _respond(self, inquiry: Inquiry) -> Inquiry:
        """Written or quoted where the evidence is good enough; else that the articles don't say."""
        pieces = self._pieces(inquiry)
        while True:
            try:
                next(pieces)
            except StopIteration as end:
                return cast(Inquiry, end.value)

    def _pieces(self, inquiry: Inquiry) -> Pieces:
        """The same, its text as it comes."""
        with timed(inquiry, "answer"):
            return (yield from self._answering.answer(inquiry))

    def _inquiry(self, question: str, history: Sequence[Turn], where: Filter | None) -> Inquiry:
        clean = clean_question(question, self.settings.max_question_chars)
        return Inquiry(clean, tuple(map(turn, history)), where)

    def _parse(self, given: str | Mapping[str, Any]) -> Inquiry:
        if isinstance(given, str):
            return self._inquiry(given, (), None)
        if "question" not in given:
            raise QuestionError('the chain takes a question, or a mapping that has a "question"')
        return self._inquiry(given["question"], given.get("history") or (), given.get("where"))


def _threshold(settings: Settings) -> float:
    chosen = settings.min_confidence
    return DEFAULT_MIN_CONFIDENCE if chosen is None else chosen
