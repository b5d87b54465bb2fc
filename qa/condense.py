"""A follow-up made to stand alone by a chat model; by rules where there is none or it fails."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from prompts import load
from qa.answer import Turn
from qa.errors import LanguageModelError, QuestionError
from qa.history import stand_alone
from qa.question import clean_question
from qa.speaking import Meter, spoken
from qa.support.lexicon import LIGHT

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

LONGEST = 500
"""A model's question longer than this many characters is no question."""
_TURNS, _LONGEST_TURN = 6, 1000
_LOG = logging.getLogger(__name__)


def condense(
    question: str,
    history: Sequence[Turn],
    model: BaseChatModel | None = None,
    timeout: float = 60.0,
) -> str:
    """The question with what it leaves to the conversation put in; unchanged without history.

    The model is asked only where the rules of `qa.history` see that the question leans on the
    conversation, or cannot see since it is not in English. One that fails, says nothing for
    `timeout` seconds or says too much is passed over, with a line in the log: the rules answer.
    """
    by_rules = stand_alone(question, history)
    if not history or model is None or (by_rules == question and _is_english(question)):
        return by_rules
    prompt = load("condense", "history", "question")
    turns = [f"{turn.role}: {turn.text[:_LONGEST_TURN]}" for turn in history[-_TURNS:]]
    said = prompt.fill(history="\n".join(turns), question=question)
    try:
        return clean_question("".join(spoken(model, said, timeout, Meter())), LONGEST)
    except LanguageModelError as error:
        _LOG.warning("the chat model did not condense the question (%s): rules did", error)
    except QuestionError as error:
        _LOG.warning("what the chat model made of the question is none (%s): rules did", error)
    return by_rules


def _is_english(question: str) -> bool:
    """Whether a question has any of the little words that hardly an English one is without."""
    return any(word in LIGHT for word in re.findall(r"[a-z]+", question.casefold()))
