"""A file of questions in YAML -> cases, every mistake in it told with its line.

Nothing is asked and no article is read here. The format, which `docs/questions.md` explains:

    questions:
      - question: How long did the handshake last?
        answer: About forty seconds.          # a person's answer
        facts:                                # what an answer has to say; each a wording,
          - [forty seconds, 40 seconds]       # or a list of wordings of which one is enough
        support:                              # where the articles say it; each entry is needed
          - article: a.md
            quote: The handshake lasted 40 seconds.   # without it, the whole article
          - any:                              # or any one of several
              - {article: a.md, quote: It was early.}
              - {article: b.txt, quote: It was not late.}
        answerable: true                      # false: the articles don't say
        history:                              # earlier turns, oldest first
          - user: Where did they meet?
          - assistant: At the cosmodrome.
        stand_alone: How long did Kim and Putin's handshake last?
        tags: [factual]
    faq:                                      # what a person decided about the articles' FAQ pairs
      - article: a.md
        question: Why by train?
        in_articles: false                    # no article says it outside its FAQ section
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from difflib import get_close_matches
from pathlib import Path
from textwrap import shorten
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, Field, ValidationError, model_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from index.readers import clean
from qa.answer import Turn
from qa.evaluation.case import Case, Place, Source
from qa.evaluation.errors import QuestionFileError
from qa.evaluation.marked import Marked, decode, parse, read_bytes

FEEDBACK_TAG = "feedback"
"""The tag of questions whose answers a user disliked."""


# ---- The format


def _mistake(message: str, key: str = "") -> PydanticCustomError:
    """A mistake: what is wrong with a part, or, at the line of `key`, the whole of what is told.

    The message travels beside the template, in which its braces would be fields.
    """
    return PydanticCustomError("told", "{text}", {"text": message, "key": key})


def _text(value: object) -> str:
    if isinstance(value, list | dict):
        raise _mistake("must be a text: put one with a colon or a bracket in quotation marks")
    # As the articles are cleaned, so that a quote from one is still in it.
    text = clean(str(value or ""))
    if not text:
        raise _mistake("is empty: fill it in, or remove it")
    return text


def _listed(value: object) -> object:
    return value if isinstance(value, list) else [value]


Text = Annotated[str, BeforeValidator(_text)]
Wordings = Annotated[list[Text], BeforeValidator(_listed), Field(min_length=1)]


class _Part(BaseModel):
    """A mapping that names the key it does not know, and the one that was perhaps meant."""

    @model_validator(mode="before")
    @classmethod
    def _know_every_key(cls, data: object) -> object:
        known = list(cls.model_fields)
        for key in data if isinstance(data, dict) else ():
            if key not in known:
                near = get_close_matches(key, known, n=1)
                hint = f"did you mean '{near[0]}'?" if near else f"known are {', '.join(known)}"
                raise _mistake(f"unknown key '{shorten(key, 40)}': {hint}", key)
        return data


class _Place(_Part):
    article: Text
    quote: Text | None = None


class _Choice(_Part):
    any: list[_Place] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _one_is_a_choice(cls, data: object) -> object:
        return {"any": [data]} if isinstance(data, dict) and "any" not in data else data


class _Said(_Part):
    user: Text | None = None
    assistant: Text | None = None

    @model_validator(mode="after")
    def _by_one(self) -> _Said:
        if (self.user is None) == (self.assistant is None):
            raise _mistake(
                "a turn is either `user:` or `assistant:`: begin the next with `- `", "user"
            )
        return self


class _Question(_Part):
    question: Text
    answer: Text | None = None
    facts: list[Wordings] = Field([], min_length=1)
    support: list[_Choice] = Field([], min_length=1)
    answerable: bool | None = None
    history: list[_Said] = Field([], min_length=1)
    stand_alone: Text | None = None
    tags: list[Text] = []

    @model_validator(mode="after")
    def _make_sense(self) -> _Question:
        if self.answerable is False and (self.facts or self.support):
            key = "facts" if self.facts else "support"
            raise _mistake(f"has '{key}' but `answerable: false`: remove one of the two", key)
        if self.stand_alone and not self.history:
            raise _mistake("has 'stand_alone' but no 'history': remove it", "stand_alone")
        return self


class _FaqPair(_Part):
    article: Text
    question: Text
    in_articles: bool


class _File(_Part):
    questions: list[_Question] = Field([], min_length=1)
    faq: list[_FaqPair] = Field([], min_length=1)


_MESSAGES = {
    "missing": "is missing: add it",
    "list_type": "must be a list: begin each of its entries with `- `",
    "too_short": "is an empty list: fill it in, or remove it",
    "model_type": "must be a mapping of keys and values, as in `question: …`",
    "bool_parsing": "must be true or false",
    "bool_type": "must be true or false",
}


# ---- Reading


def load_questions(path: Path) -> list[Case]:
    """The questions of a file, in its order; none where it only has an `faq:` part.

    Raises `QuestionFileError` with the file, the line and what to do.
    """
    return questions_in(read_bytes(path), path)


def questions_in(data: bytes, path: Path) -> list[Case]:
    """As `load_questions`, of the file's bytes; `path` is named in errors."""
    file, marked = _read(data, path)
    cases: list[Case] = []
    lines: dict[str, int] = {}
    for at, asked in enumerate(file.questions):
        case, line = _case(asked), marked.line(("questions", at))
        if case.id in lines:
            raise QuestionFileError(
                f"{path}, line {line}: the question of line {lines[case.id]} again: "
                "remove one of the two"
            )
        lines[case.id] = line
        cases.append(case)
    return cases


def load_faq_labels(path: Path) -> dict[tuple[str, str], bool]:
    """Whether the articles' bodies answer an FAQ pair, by `(article_id, question)`.

    Raises `QuestionFileError` with the file, the line and what to do.
    """
    file, marked = _read(read_bytes(path), path)
    labels: dict[tuple[str, str], bool] = {}
    for at, pair in enumerate(file.faq):
        key = (pair.article, " ".join(pair.question.split()))
        if key in labels:
            line = marked.line(("faq", at))
            raise QuestionFileError(f"{path}, line {line}: a pair for the second time: remove it")
        labels[key] = pair.in_articles
    return labels


def case_id(question: str, history: Sequence[Turn] = ()) -> str:
    """The name of a question in its conversation: "file-" and eight hex digits.

    It depends on nothing else, so that runs before and after an edit of the file can be compared.
    """
    said = [" ".join(text.split()) for text in (question, *(turn.text for turn in history))]
    key = json.dumps([said, [turn.role for turn in history]])
    return f"file-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def _read(data: bytes, path: Path) -> tuple[_File, Marked]:
    marked = parse(decode(data, path), path)
    if not (marked.data and isinstance(marked.data, dict)):
        raise QuestionFileError(
            f"{path}, line {marked.line(())}: no questions: begin the file with a line `questions:`"
        )
    try:
        return _File.model_validate(marked.data), marked
    except ValidationError as error:
        line, message = min(_told(each, marked) for each in error.errors(include_url=False))
        raise QuestionFileError(f"{path}, line {line}: {message}") from error


def _told(error: ErrorDetails, marked: Marked) -> tuple[int, str]:
    """The line of a mistake, and what to say of it."""
    context = error.get("ctx", {})
    key = context.get("key", "")
    line = marked.line((*error["loc"], key))
    if key:
        return line, str(context["text"])
    names = [step for step in error["loc"] if isinstance(step, str)]  # the file is a mapping
    what = context.get("text") or _MESSAGES.get(error["type"], error["msg"])
    return line, f"'{names[-1]}' {what}"


def _case(asked: _Question) -> Case:
    history = tuple(
        Turn("user", said.user) if said.user else Turn("assistant", said.assistant or "")
        for said in asked.history
    )
    expected = bool(asked.answer or asked.facts or asked.support)
    source: Source = "feedback" if FEEDBACK_TAG in asked.tags else "file"
    return Case(
        id=case_id(asked.question, history),
        question=asked.question,
        source=source,
        # Where nothing at all is said of an answer, nobody has looked for one yet.
        answerable=True if expected and asked.answerable is None else asked.answerable,
        reference=asked.answer or "",
        facts=tuple(tuple(wordings) for wordings in asked.facts),
        support=tuple(
            tuple(Place(place.article, place.quote or "") for place in choice.any)
            for choice in asked.support
        ),
        history=history,
        stand_alone=asked.stand_alone or "",
        tags=tuple(asked.tags),
    )


# ---- Holding it against the articles


def find_quote(text: str, quote: str) -> tuple[int, int] | None:
    """Where a quote stands in a text, as `(start, end)`, or None; any run of space equals any.

    A folded line of YAML has a space where the article's line ends.
    """
    found = re.search(r"\s+".join(map(re.escape, quote.split())), text)
    return found.span() if found and quote.strip() else None


def check_support(cases: Iterable[Case], article_text: Callable[[str], str | None]) -> None:
    """Check that every labelled quote is verbatim in its article.

    `article_text` gives an article's text by its id, None where there is none. Raises
    `QuestionFileError` with the question, the article and the quote.
    """
    for case in cases:
        for place in (place for choice in case.support for place in choice):
            text = article_text(place.article_id)
            where = f"question '{shorten(case.question, 60)}': article '{place.article_id}'"
            if text is None:
                raise QuestionFileError(
                    f"{where} is not there: name it by its file's path below the folder of articles"
                )
            if place.quote and not find_quote(text, place.quote):
                raise QuestionFileError(
                    f"{where} does not say '{shorten(place.quote, 80)}': copy the quote from it, "
                    "character for character"
                )
