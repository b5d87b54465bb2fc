"""The types that a question ends in: `Answer` and its parts, and the events of a stream."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal

from index.passages import ScoredPassage

ABSTENTION = "The articles don't say."
"""The text of an answer that there is none."""


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class Citation:
    """A verbatim quote: `bot.article(article_id).text[start:end] == quote`, always.

    In an answer made of quotes number 1 is the one that answers best, wherever its sentence stands;
    in a written one the numbers are in the order of the text.
    """

    number: int
    article_id: str
    title: str
    quote: str
    start: int
    end: int
    date: date | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class AnswerSentence:
    """One sentence of an answer, the numbers of its citations, and how well they support it.

    `support` is in 0..1, and 1 where the sentence is its quote. A written sentence without
    citations is one that the articles do not support: there are none unless such are marked.
    """

    text: str
    citations: tuple[int, ...]
    support: float


@dataclass(frozen=True, slots=True)
class Usage:
    """What a chat model was used for an answer: calls, and tokens as far as it tells them.

    An answer from the cache has used nothing.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Answer:
    """What `Assistant.ask` returns.

    `text` is the answer with its citation markers [1], [2]; `confidence` in 0..1 is calibrated:
    how likely the answer is supported and right. When `abstained`, `citations` is empty and
    `near_misses` holds the closest quotes, numbered on their own, as "related, but not an answer".
    `timings` holds seconds by step, and "first_token" where a chat model wrote: its `usage` is None
    where there is no chat model, and the answer is in quotes.
    """

    text: str
    question: str
    abstained: bool
    confidence: float
    sentences: tuple[AnswerSentence, ...] = ()
    citations: tuple[Citation, ...] = ()
    near_misses: tuple[Citation, ...] = ()
    passages: tuple[ScoredPassage, ...] = ()
    timings: dict[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    """One line each about what a reader should know, such as that articles seem to disagree."""
    usage: Usage | None = None

    def to_dict(self) -> dict[str, Any]:
        """The answer as JSON types: what `cited ask --json` prints."""
        data: dict[str, Any] = asdict(self)
        for citation in (*data["citations"], *data["near_misses"]):
            citation["date"] = citation["date"] and citation["date"].isoformat()
        for scored in data["passages"]:
            passage = scored["passage"]
            passage["date"] = passage["date"] and passage["date"].isoformat()
        return data


@dataclass(frozen=True, slots=True)
class Searching:
    """The stand-alone question that is being searched for."""

    question: str


@dataclass(frozen=True, slots=True)
class Found:
    """The passages that were found, best first."""

    passages: tuple[ScoredPassage, ...]


@dataclass(frozen=True, slots=True)
class Considered:
    """A passage that was found, the scores that brought it there, and what became of it.

    `dense` is its cosine with the question, -1..1, None where the vectors did not find it;
    `lexical` its BM25 score, 0 where BM25 did not; `fused` what was made of the two, 0..1;
    `support` the score of its best sentence, about 0..1. `fate` says in a few words what came of
    it: "quoted", or why not.
    """

    article_id: str
    title: str
    heading: str
    start: int
    end: int
    dense: float | None
    lexical: float
    fused: float
    support: float
    fate: str


@dataclass(frozen=True, slots=True)
class Explained:
    """An event of a stream, right before the answer: what was considered, best first."""

    passages: tuple[Considered, ...]


@dataclass(frozen=True, slots=True)
class Token:
    """The next piece of the answer's text; put together, the pieces are `Answer.text`."""

    text: str


Event = Searching | Found | Explained | Token | Answer
