"""A chat model by its name, "provider:model" or "gguf:PATH", and what it can do.

What is asked of it is for others to say; keys are read by the providers' own packages.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from qa.errors import LanguageModelError
from qa.settings import provider_keys

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

Progress = Callable[[str, int, int], None]

RETRIES = 2
"""How often a provider's client asks again, after longer and longer waits, where that can help:
busy, overloaded, no connection."""
CONTEXT, OLLAMA_CONTEXT = 8192, 4096
CAPABLE = 6e9
"""Weights that a model has at least to be given the long prompt; chosen, not measured."""
_SIZE = re.compile(r"(?<![a-z0-9.])e?(\d+(?:\.\d+)?)([bm])(?![a-z0-9])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Provider:
    """Who runs a model: its packages, the extra that installs them, the variables of its key."""

    label: str
    packages: tuple[str, ...]
    extra: str
    keys: tuple[str, ...] = ()

    @property
    def missing(self) -> str:
        """The command that installs what is missing; empty if nothing is."""
        there = all(map(find_spec, self.packages))
        return "" if there else f'pip install "cited[{self.extra}]"'

    @property
    def has_key(self) -> bool:
        """Whether a key is set, or none is needed."""
        return not self.keys or bool(provider_keys() & {*self.keys})


_LANGCHAIN = "langchain"
# fmt: off
PROVIDERS: Mapping[str, Provider] = {
    "anthropic": Provider(
        "Anthropic", (_LANGCHAIN, "langchain_anthropic"), "anthropic", ("ANTHROPIC_API_KEY",)
    ),
    "gguf": Provider("llama.cpp", ("xllamacpp", "joblib"), "local"),
    "google_genai": Provider(
        "Google", (_LANGCHAIN, "langchain_google_genai"), "google",
        ("GOOGLE_API_KEY", "GEMINI_API_KEY"),
    ),
    "ollama": Provider("Ollama", (_LANGCHAIN, "langchain_ollama"), "ollama"),
    "openai": Provider("OpenAI", (_LANGCHAIN, "langchain_openai"), "openai", ("OPENAI_API_KEY",)),
}
# fmt: on


def chat_model(
    name: str,
    *,
    base_url: str | None = None,
    timeout: float = 60,
    allow_download: bool = False,
    progress: Progress | None = None,
) -> BaseChatModel:
    """The chat model of that name, which always takes the likeliest word.

    "gguf:PATH" runs in this process (`qa.local`); a hub name, "gguf:owner/repo/file.gguf", is
    fetched only if `allow_download`, which `progress` is told of. Any other name is LangChain's
    `init_chat_model`'s; `base_url` is where a server of "openai:NAME" listens, which needs no key.
    A provider's words are waited for `timeout` seconds each. Raises `LanguageModelError`.
    """
    provider, colon, model = name.partition(":")
    if not (provider and colon and model):
        raise LanguageModelError(
            f'llm {name!r}: write "provider:model", such as "ollama:llama3.2", or "gguf:PATH"'
        )
    if provider in PROVIDERS:
        _check(name, PROVIDERS[provider], needs_key=not (provider == "openai" and base_url))
    if provider == "gguf":
        from qa.gguf import find_gguf
        from qa.local import LocalModel

        return LocalModel(path=find_gguf(model, allow_download=allow_download, progress=progress))
    return _init(name, provider, model, _options(provider, base_url, timeout))


def context_tokens(model: BaseChatModel) -> int:
    """How many tokens the model reads and writes at once; a careful guess where it does not say."""
    from qa.local import LocalModel

    if isinstance(model, LocalModel):
        return model.context_tokens
    if room := getattr(model, "num_ctx", None):  # Ollama cuts a prompt off here, whatever it could
        return int(room)
    return int((model.profile or {}).get("max_input_tokens") or CONTEXT)


def is_capable(model: BaseChatModel) -> bool:
    """Whether it follows a long prompt: not below `CAPABLE` weights, by its file or its name."""
    from qa.local import LocalModel

    counted = model.parameters if isinstance(model, LocalModel) else None
    name = getattr(model, "model_name", None) or getattr(model, "model", "")
    weights = counted or named_weights(str(name))
    return weights is None or weights >= CAPABLE


def named_weights(name: str) -> float | None:
    """How many weights a name says, such as 1.5e9 for "qwen2.5-1.5b"; None if it says nothing."""
    found = _SIZE.search(name)
    return float(found[1]) * (1e9 if found[2] in "bB" else 1e6) if found else None


def _check(name: str, provider: Provider, *, needs_key: bool) -> None:
    """Raise the line that installs the provider's package, or names its key."""
    if provider.missing:
        raise LanguageModelError(f"llm {name!r} needs a package: {provider.missing}")
    if needs_key and not provider.has_key:
        server = ", or QA_LLM_BASE_URL to a server that needs none" * (provider.extra == "openai")
        raise LanguageModelError(f"llm {name!r} needs a key: set {provider.keys[0]}{server}")


def _options(provider: str, base_url: str | None, timeout: float) -> dict[str, Any]:
    """What the provider's class is made with, each in its own words."""
    if provider == "ollama":
        # Its default room depends on the server, and what does not fit is cut off in silence.
        client = {"timeout": timeout}
        return {"temperature": 0, "num_ctx": OLLAMA_CONTEXT, "client_kwargs": client}
    if provider not in PROVIDERS:
        return {"temperature": 0}
    options: dict[str, Any] = {"temperature": 0, "timeout": timeout, "max_retries": RETRIES}
    if provider == "openai" and base_url:
        options |= {"base_url": base_url, "stream_usage": True}
        if not PROVIDERS[provider].has_key:
            options["api_key"] = "none"
    return options


def _init(name: str, provider: str, model: str, options: Mapping[str, Any]) -> BaseChatModel:
    known = ", ".join(PROVIDERS)
    try:
        from langchain.chat_models import init_chat_model
    except ImportError as error:
        raise LanguageModelError(
            f"llm {name!r}: there is no provider {provider!r}; known are {known}"
        ) from error
    try:
        made: BaseChatModel = init_chat_model(model, model_provider=provider, **options)
    except Exception as error:  # each provider raises its own: no key, no package, no such model
        if "Unsupported provider" in str(error):
            reason = f"there is no provider {provider!r}; known are {known} and LangChain's others"
        else:
            reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise LanguageModelError(f"llm {name!r}: {reason}") from error
    return made
