"""What is asked and what is expected: `Case`. Nothing is read, asked or judged here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from qa.answer import Turn

Source = Literal["faq", "file", "feedback"]


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article says something: the article, and the words it says it in.

    With `quote` "" the whole article is the place.
    """

    article_id: str
    quote: str = ""


@dataclass(frozen=True, slots=True)
class Case:
    """One question and what is expected of its answer.

    `facts` are what the answer has to say, each in any of several wordings; `support` is where
    the articles say it, each entry a choice of places of which one is enough. `reference` is an
    answer by a person. `answerable` is None where nobody has decided: an FAQ pair whose answer no
    article's body seems to support. `history` holds the turns before the question, and
    `stand_alone` is the question as one would ask it without them. `article_id` names the article
    whose FAQ pair it is.
    """

    id: str
    question: str
    source: Source
    answerable: bool | None = True
    reference: str = ""
    facts: tuple[tuple[str, ...], ...] = ()
    support: tuple[tuple[Place, ...], ...] = ()
    history: tuple[Turn, ...] = ()
    stand_alone: str = ""
    tags: tuple[str, ...] = ()
    article_id: str = ""
