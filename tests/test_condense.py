"""Follow-ups condensed by a chat model, and by rules where it fails."""

from collections.abc import Iterator
from typing import Any

import pytest
from langchain_core.language_models import GenericFakeChatModel
from langchain_core.messages import AIMessage

from qa.answer import Turn
from qa.condense import LONGEST, condense
from qa.errors import LanguageModelError
from qa.history import stand_alone
from qa.llm import chat_model

HISTORY = [Turn("user", "Who is Marie Curie?"), Turn("assistant", "Marie Curie was a physicist.")]
FOLLOW_UP = "Where was she born?"


def model(*replies: str) -> GenericFakeChatModel:
    return GenericFakeChatModel(messages=iter([AIMessage(reply) for reply in replies]))


def test_without_history_nothing_is_asked() -> None:
    assert condense(FOLLOW_UP, [], model()) == FOLLOW_UP


def test_the_models_question_is_taken() -> None:
    reply = " Where was Marie Curie born?\n"
    assert condense(FOLLOW_UP, HISTORY, model(reply)) == "Where was Marie Curie born?"


def test_the_model_is_given_conversation_and_question() -> None:
    seen: list[str] = []

    class Recording(GenericFakeChatModel):
        def _generate(self, messages: Any, *args: Any, **values: Any) -> Any:
            seen.extend(message.text for message in messages)
            return super()._generate(messages, *args, **values)

    condense(FOLLOW_UP, HISTORY, Recording(messages=iter([AIMessage("Where?")])))
    assert "user: Who is Marie Curie?" in seen[0] and FOLLOW_UP in seen[0]


@pytest.mark.parametrize(
    ("question", "asked"),
    [("What is the capital of Peru?", False), (FOLLOW_UP, True), ("Wo wurde sie geboren?", True)],
)
def test_the_model_is_asked_only_where_the_rules_do_not_see_to_it(
    question: str, *, asked: bool
) -> None:
    reply = "Where was Marie Curie born?"
    assert (condense(question, HISTORY, model(reply)) == reply) is asked


@pytest.mark.parametrize("reply", ["", "  \n", "x" * (LONGEST + 1)])
def test_a_reply_that_is_no_question_gives_way_to_the_rules(reply: str) -> None:
    assert condense(FOLLOW_UP, HISTORY, model(reply)) == stand_alone(FOLLOW_UP, HISTORY)


def test_a_model_that_fails_gives_way_to_the_rules(caplog: pytest.LogCaptureFixture) -> None:
    def fail() -> Iterator[AIMessage]:
        raise ConnectionError("no server")
        yield  # pragma: no cover

    assert condense(FOLLOW_UP, HISTORY, GenericFakeChatModel(messages=fail())) == stand_alone(
        FOLLOW_UP, HISTORY
    )
    assert "no server" in caplog.text


def test_a_reply_is_cleaned() -> None:
    assert condense(FOLLOW_UP, HISTORY, model("Where\x07 was\n she?")) == "Where was she?"


def test_a_model_needs_a_provider() -> None:
    with pytest.raises(LanguageModelError, match='write "provider:model"'):
        chat_model("llama3")
