"""What goes in and out of the HTTP API, as OpenAPI shows it: the fields of `qa.Answer` and others.

They describe and check; tests hold that they have the fields of the dataclasses they stand for.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from index.filters import Filter
from index.passages import Kind
from qa.answer import Turn

WORDS = r"[\p{L}\p{N}]"
"""What a question must hold somewhere, as `qa.question` checks."""

_QUESTION = "How long is the harbour line?"
_PASSAGE: dict[str, Any] = {
    "passage": {
        "id": "railway.txt#0",
        "article_id": "railway.txt",
        "kind": "body",
        "title": "The Harbour Railway",
        "heading": "",
        "text": "The line is eleven kilometres long.",
        "start": 148,
        "end": 183,
        "sentences": [[148, 183]],
        "date": "2021-05-03",
    },
    "score": 0.93,
}
_CITATION: dict[str, Any] = {
    "number": 1,
    "article_id": "railway.txt",
    "title": "The Harbour Railway",
    "quote": "The line is eleven kilometres long.",
    "start": 148,
    "end": 183,
    "date": "2021-05-03",
    "source": "",
}
_ANSWER: dict[str, Any] = {
    "text": "The line is eleven kilometres long. [1]",
    "question": _QUESTION,
    "abstained": False,
    "confidence": 0.91,
    "sentences": [
        {"text": "The line is eleven kilometres long.", "citations": [1], "support": 1.0}
    ],
    "citations": [_CITATION],
    "near_misses": [],
    "passages": [_PASSAGE],
    "timings": {"understand": 0.01, "search": 0.02, "evidence": 0.1, "answer": 1.3, "total": 1.43},
    "notes": [],
    "usage": {"calls": 1, "input_tokens": 512, "output_tokens": 12},
}


def _day(given: object) -> dt.date | None:
    """A date as JSON Schema has it; pydantic alone would take numbers and times, too."""
    if given is None:
        return None
    if isinstance(given, str) and re.fullmatch(r"\d{4}-\d{2}-\d{2}", given):
        try:
            return dt.date.fromisoformat(given)
        except ValueError:
            pass
    raise ValueError("give a day as YYYY-MM-DD")


def _whole(given: object) -> object:
    """JSON Schema counts 5.0 as an integer, too."""
    return int(given) if isinstance(given, float) and given.is_integer() else given


Day = Annotated[dt.date | None, BeforeValidator(_day)]


class Strict(BaseModel):
    """What a client sends: nothing is converted, and no field goes unread."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Said(Strict):
    """One message of a conversation."""

    role: Literal["user", "assistant"]
    text: str


class Asked(Strict):
    """A question, and the articles to look into: all, where nothing narrows them."""

    question: str = Field(
        description="the question, with at least one letter or digit",
        examples=[_QUESTION],
        json_schema_extra={"pattern": WORDS},
    )
    articles: list[str] | None = Field(None, description="only these, by id", examples=[None])
    since: Day = Field(None, description="only articles from this day on", examples=[None])
    until: Day = Field(None, description="only articles up to this day", examples=[None])

    @property
    def where(self) -> Filter | None:
        """What the search is limited to; None if to nothing."""
        articles = None if self.articles is None else frozenset(self.articles)
        where = Filter(articles=articles, since=self.since, until=self.until)
        return None if where.open else where


class AskRequest(Asked):
    """A question to be answered, after the turns of a conversation, oldest first."""

    history: list[Said] = Field(default=[], examples=[[]])
    stream: bool = Field(False, description="whether the answer comes as server-sent events")

    @property
    def turns(self) -> list[Turn]:
        """The conversation."""
        return [Turn(said.role, said.text) for said in self.history]


class SearchRequest(Asked):
    """A question to find the passages for, without an answer."""

    k: Annotated[int, BeforeValidator(_whole)] = Field(
        5, ge=1, le=100, description="how many passages"
    )


class Passage(BaseModel):
    """A run of whole sentences of an article; offsets count characters of the article's text."""

    id: str
    article_id: str
    kind: Kind
    title: str
    heading: str
    text: str
    start: int
    end: int
    sentences: list[tuple[int, int]]
    date: dt.date | None


class ScoredPassage(BaseModel):
    """A passage and how well it fits: higher is better."""

    passage: Passage
    score: float


class Found(BaseModel):
    """Passages, best first."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"passages": [_PASSAGE]}]})

    passages: list[ScoredPassage]


class Citation(BaseModel):
    """A verbatim quote: the characters from `start` to `end` of the article's text."""

    number: int
    article_id: str
    title: str
    quote: str
    start: int
    end: int
    date: dt.date | None
    source: str


class AnswerSentence(BaseModel):
    """One sentence of an answer, the numbers of its citations, and how well they support it."""

    text: str
    citations: list[int] = Field(description="none where no article supports the sentence")
    support: float = Field(description="0 to 1; 1 where the sentence is its quote")


class Usage(BaseModel):
    """What a chat model was used: calls, and tokens as far as it tells them."""

    calls: int
    input_tokens: int
    output_tokens: int


class Answer(BaseModel):
    """An answer whose sentences carry their quotes, or that the articles don't say."""

    model_config = ConfigDict(json_schema_extra={"examples": [_ANSWER]})

    text: str = Field(
        description="with citation markers [1], [2]; [unsupported] follows a sentence without any"
    )
    question: str = Field(description="what was answered: the question, made to stand alone")
    abstained: bool = Field(description="whether the articles don't say; there is no citation then")
    confidence: float = Field(description="0 to 1: how likely the answer is supported and right")
    sentences: list[AnswerSentence]
    citations: list[Citation]
    near_misses: list[Citation] = Field(description="related, but not an answer")
    passages: list[ScoredPassage] = Field(description="what was found, best first")
    timings: dict[str, float] = Field(
        description="seconds by step; first_token is the wait for a chat model's first word"
    )
    notes: list[str] = Field(description="what a reader should know, a line each")
    usage: Usage | None = Field(description="null where no chat model was asked")


class ArticleSummary(BaseModel):
    """An article without its text; `characters`, `passages` and `faq_pairs` are counts."""

    id: str = Field(description="the path of its file in the folder of articles")
    title: str
    byline: str
    date: dt.date | None
    source: str
    characters: int
    passages: int
    faq_pairs: int
    warnings: list[str]


class Articles(BaseModel):
    """All articles, by id."""

    articles: list[ArticleSummary]


class Section(BaseModel):
    """Paragraphs under one heading, as start and end in the article's text."""

    heading: str
    paragraphs: list[tuple[int, int]]


class FaqPair(BaseModel):
    """A question of an article's FAQ and its answer, with their place in the text."""

    question: str
    answer: str
    start: int
    answer_start: int
    end: int


class Article(BaseModel):
    """An article as it is indexed: what the offsets of quotes count in."""

    id: str
    title: str
    text: str
    sections: list[Section]
    faq: list[FaqPair]
    byline: str
    date: dt.date | None
    source: str
    dropped: list[tuple[int, int]] = Field(description="ranges that are not read for answers")


class Following(BaseModel):
    """How a replica stands to the Chroma server that it follows."""

    version: int = Field(description="of the published index, that answers come from")
    published: int = Field(description="the version on the server when it last answered; 0: never")
    reason: str | None = Field(description="what is wrong, in one line")
    since: dt.datetime | None = Field(description="when that began")


class Health(BaseModel):
    """What serves now."""

    status: Literal["ok", "degraded"] = Field(
        "ok",
        description="degraded: it runs, and `following` says what is wrong",
    )
    version: str
    generation: str = Field(description="of the index; a new one with every change of the articles")
    articles: int
    passages: int
    model_loaded: bool = Field(description="whether the next question need not wait for the model")
    following: Following | None = Field(None, description="null where no server is followed")


def narrowed(schema: dict[str, Any], longest: int, turns: int, turn_chars: int) -> None:
    """Write the limits in force into an OpenAPI schema, in place."""
    models = schema["components"]["schemas"]
    for name in ("AskRequest", "SearchRequest"):
        models[name]["properties"]["question"]["maxLength"] = longest
    models["AskRequest"]["properties"]["history"]["maxItems"] = turns
    models["Said"]["properties"]["text"]["maxLength"] = turn_chars
