"""A follow-up made to stand alone by a chat model; by rules where there is none or it fails."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING

from prompts import load
from qa.answer import Turn
from qa.errors import QuestionError
from qa.history import stand_alone
from qa.question import clean_question

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

LONGEST = 500
"""A model's question longer than this many characters is no question."""
_TURNS, _LONGEST_TURN = 6, 1000
_LOG = logging.getLogger(__name__)


def condense(question: str, history: Sequence[Turn], model: BaseChatModel | None = None) -> str:
    """The question with what it leaves to the conversation put in; unchanged without history.

    A model that fails, says nothing or says too much is passed over, with a line in the log: the
    rules of `qa.history` answer then.
    """
    if not history:
        return question
    if model is None:
        return stand_alone(question, history)
    prompt = load("condense", "history", "question")
    turns = [f"{turn.role}: {turn.text[:_LONGEST_TURN]}" for turn in history[-_TURNS:]]
    try:
        reply = model.invoke(prompt.fill(history="\n".join(turns), question=question))
    except Exception as error:  # any provider's own error; the rules need no model
        _LOG.warning("the chat model did not condense the question (%s): rules did", error)
        return stand_alone(question, history)
    try:
        return clean_question(str(reply.text), LONGEST)
    except QuestionError as error:
        _LOG.warning("what the chat model made of the question is none (%s): rules did", error)
        return stand_alone(question, history)
