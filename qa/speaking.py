"""A chat model's words as they come: with a limit to the waiting, one kind of error, and a meter.

What is asked of it, and what its words are worth, is for others to say.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qa.answer import Usage
from qa.errors import LanguageModelError
from qa.patience import TookTooLongError, patiently

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel
    from langchain_core.messages import AIMessageChunk


@dataclass(slots=True)
class Meter:
    """What a question has cost so far: calls, tokens as far as the model tells, and the wait.

    `first_token` is in seconds, from the first call to its first word.
    """

    calls: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    first_token: float | None = None

    @property
    def usage(self) -> Usage:
        """The same as an answer tells it."""
        return Usage(self.calls, self.input_tokens, self.output_tokens)


def spoken(
    model: BaseChatModel, prompt: str, timeout: float, meter: Meter
) -> Generator[str, None, None]:
    """What the model replies, piece by piece; closing the generator stops the model.

    A piece is empty where the model is at work and says nothing yet, such as a long prompt's.

    Each piece is waited for at most `timeout` seconds. Raises `LanguageModelError` for whatever
    goes wrong, in one line; retrying is the model's own affair (LangChain's `max_retries`).
    """
    meter.calls += 1
    started = time.perf_counter()
    total: AIMessageChunk | None = None
    stream = patiently(lambda: model.stream(prompt), timeout)
    try:
        for chunk in stream:
            total = chunk if total is None else total + chunk
            text = str(chunk.text)
            if text and meter.first_token is None:
                meter.first_token = time.perf_counter() - started
            yield text
    except TookTooLongError:
        raise LanguageModelError(f"nothing came from it for {timeout:g} s") from None
    except Exception as error:  # every provider has errors of its own
        raise LanguageModelError(_in_a_line(error)) from error
    finally:
        stream.close()
        if total is not None and total.usage_metadata:
            meter.input_tokens += total.usage_metadata["input_tokens"]
            meter.output_tokens += total.usage_metadata["output_tokens"]


def _in_a_line(error: BaseException) -> str:
    """An error's first line, with what kind of error it is, since some say nothing themselves."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return f"{type(error).__name__}: {lines[0][:200]}" if lines else type(error).__name__
