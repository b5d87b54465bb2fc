"""A stand-in for a chat model that streams what it is told to, as slowly as it is let."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from pydantic import PrivateAttr


class Speaker(BaseChatModel):
    """Says `reply` to whatever it is asked, piece by piece, and counts pieces as tokens.

    It waits before each of the pieces `held` until it is let `go_on`. `said` counts the pieces that
    were taken, and `closed` is set when a stream was left before its end.
    """

    reply: tuple[str, ...]
    held: tuple[int, ...] = ()

    _said: int = PrivateAttr(0)
    _turns: threading.Semaphore = PrivateAttr(default_factory=lambda: threading.Semaphore(0))
    _closed: threading.Event = PrivateAttr(default_factory=threading.Event)

    @property
    def said(self) -> int:
        return self._said

    @property
    def closed(self) -> threading.Event:
        return self._closed

    def go_on(self) -> None:
        self._turns.release()

    @property
    def _llm_type(self) -> str:
        return "speaker"

    def _stream(
        self, messages: list[BaseMessage], *args: Any, **kwargs: Any
    ) -> Iterator[ChatGenerationChunk]:
        try:
            for number, piece in enumerate(self.reply):
                if number in self.held:
                    assert self._turns.acquire(timeout=30)
                self._said += 1
                yield ChatGenerationChunk(message=AIMessageChunk(content=piece))
        except GeneratorExit:
            self._closed.set()
            raise
        yield ChatGenerationChunk(
            message=AIMessageChunk(content="", usage_metadata=self._used(messages))
        )

    def _generate(self, messages: list[BaseMessage], *args: Any, **kwargs: Any) -> ChatResult:
        message = AIMessage(content="".join(self.reply), usage_metadata=self._used(messages))
        return ChatResult(generations=[ChatGeneration(message=message)])

    def _used(self, messages: list[BaseMessage]) -> UsageMetadata:
        asked = sum(len(message.text.split()) for message in messages)
        said = len(self.reply)
        return UsageMetadata(input_tokens=asked, output_tokens=said, total_tokens=asked + said)
