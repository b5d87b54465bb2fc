"""A conversation as JSON types, and back: what `ui.conversations` writes into its files.

What does not fit the types raises an error here, and is never half read.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import date
from typing import TYPE_CHECKING, Any

from index.passages import Passage, ScoredPassage
from qa.answer import Answer, AnswerSentence, Citation, Considered, Usage
from ui.exchange import Conversation, Exchange

if TYPE_CHECKING:
    from collections.abc import Mapping

Data = dict[str, Any]


def to_data(conversation: Conversation) -> Data:
    """The conversation as JSON types."""
    data = asdict(conversation)
    for entry, exchange in zip(data["exchanges"], conversation.exchanges, strict=True):
        entry["answer"] = exchange.answer and exchange.answer.to_dict()
    return data


def from_data(data: Mapping[str, Any]) -> Conversation:
    """The conversation of `to_data`. Raises `TypeError`, `KeyError` or `ValueError` for others."""
    return Conversation(**{**data, "exchanges": tuple(map(_exchange, data["exchanges"]))})


def _exchange(data: Data) -> Exchange:
    answer = data["answer"]
    return Exchange(
        **{
            **data,
            "answer": _answer(answer) if answer else None,
            "considered": tuple(Considered(**each) for each in data["considered"]),
            "suggestions": tuple(map(str, data["suggestions"])),
        }
    )


def _answer(data: Data) -> Answer:
    used = data.get("usage")  # conversations from before there were chat models have none
    sentences = (
        AnswerSentence(each["text"], tuple(each["citations"]), each["support"])
        for each in data["sentences"]
    )
    return Answer(
        **{
            **data,
            "sentences": tuple(sentences),
            "citations": tuple(Citation(**_dated(each)) for each in data["citations"]),
            "near_misses": tuple(Citation(**_dated(each)) for each in data["near_misses"]),
            "passages": tuple(map(_scored, data["passages"])),
            "notes": tuple(data["notes"]),
            "usage": Usage(**used) if used else None,
        }
    )


def _scored(data: Data) -> ScoredPassage:
    passage = _dated(data["passage"])
    sentences = tuple((int(start), int(end)) for start, end in passage["sentences"])
    return ScoredPassage(Passage(**{**passage, "sentences": sentences}), data["score"])


def _dated(data: Data) -> Data:
    return {**data, "date": date.fromisoformat(data["date"]) if data["date"] else None}
