"""A chat model by its name, "provider:model". What is asked of it is for others to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from qa.errors import LanguageModelError

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel


def chat_model(name: str) -> BaseChatModel:
    """The chat model that LangChain's `init_chat_model` makes of "provider:model".

    Raises `LanguageModelError`, with the line that installs what is missing.
    """
    if ":" not in name:
        raise LanguageModelError(f'llm {name!r}: write "provider:model", such as "ollama:llama3"')
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as error:
        raise LanguageModelError(
            f'llm {name!r} needs LangChain: pip install "cited[llm]"'
        ) from error
    try:
        model: BaseChatModel = init_chat_model(name)
    except Exception as error:  # each provider raises its own: no key, no package, no such model
        raise LanguageModelError(f"llm {name!r}: {error}".splitlines()[0]) from error
    return model
