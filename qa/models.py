"""Which chat models can write here and now: files, Ollama's, a server's, and the providers.

It looks, briefly, and loads nothing; nothing is fetched.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from qa.errors import LanguageModelError
from qa.gguf import MEGABYTE, read_gguf
from qa.llm import PROVIDERS, chat_model

if TYPE_CHECKING:
    from qa.settings import Settings

PATIENCE = 1.0
"""Seconds that a server has to say which models it serves."""
_LATER_PART = re.compile(r"-(?!00001)\d{5}-of-\d{5}\.gguf$")


@dataclass(frozen=True, slots=True)
class Choice:
    """A model that writes: `name` is what the setting `llm` takes.

    `ready` is whether that name answers as it stands, and `note` its size, or what is missing. A
    provider's own row is never ready: its name ends in "MODEL" or "PATH", which is yours to choose.
    `configured` marks the one that the settings name.
    """

    name: str
    label: str
    ready: bool
    note: str = ""
    configured: bool = False


def available(settings: Settings) -> tuple[Choice, ...]:
    """What there is to choose from: the configured one first if it is none of the others.

    Asks Ollama and the server of `llm_base_url`, if there are such, for `PATIENCE` at most.
    """
    served, pulled = _served(settings.llm_base_url), _pulled()
    found = [
        *_files(settings.llm_folder),
        _provider("gguf", f"put a .gguf file into {settings.llm_folder}, or name one elsewhere"),
        *_ollama(pulled),
        *_openai(settings.llm_base_url, served),
        _provider("anthropic", "name a model"),
        _provider("google_genai", "name a model"),
    ]
    marked = [replace(each, configured=_same(each.name, settings.llm)) for each in found]
    if settings.llm and not any(each.configured for each in marked):
        note = _problem(settings, settings.llm, pulled, served)
        marked.insert(0, Choice(settings.llm, settings.llm, not note, note, configured=True))
    return tuple(marked)


def _files(folder: Path) -> Iterator[Choice]:
    """The GGUF files in the folder and below; of a model in several parts the first."""
    missing = PROVIDERS["gguf"].missing
    for path in sorted(folder.rglob("*.gguf")):
        if _LATER_PART.search(path.name):
            continue
        name = f"gguf:{path.as_posix()}"
        try:
            file = read_gguf(path)
        except LanguageModelError as error:
            yield Choice(name, path.stem, False, str(error).removeprefix(f"{path} "))
            continue
        size = f"{file.size // MEGABYTE:,} MB, reads {file.context_tokens:,} tokens"
        yield Choice(name, file.name, not missing, missing or size)


def _provider(name: str, wanting: str) -> Choice:
    """A provider's own row: what it still needs, at least the name of a model."""
    provider = PROVIDERS[name]
    key = "" if provider.has_key else f"set {provider.keys[0]}"
    note = provider.missing or key or wanting
    return Choice(f"{name}:{'PATH' if name == 'gguf' else 'MODEL'}", provider.label, False, note)


def _ollama(pulled: Mapping[str, int] | None) -> Iterator[Choice]:
    for name, size in (pulled or {}).items():
        note = f"{size // MEGABYTE:,} MB" if size else ""
        yield Choice(f"ollama:{name}", f"{name} in Ollama", True, note)
    yield _provider("ollama", "it does not run here" if pulled is None else "pull a model")


def _openai(url: str | None, served: tuple[str, ...] | None) -> Iterator[Choice]:
    if not url or PROVIDERS["openai"].missing:
        yield _provider("openai", "name a model")
        return
    for name in served or ():
        yield Choice(f"openai:{name}", f"{name} on {url}", True)
    note = _unanswered(url) if served is None else f"name a model that {url} serves"
    yield Choice("openai:MODEL", "your server", False, note)


def _problem(
    settings: Settings,
    name: str,
    pulled: Mapping[str, int] | None,
    served: tuple[str, ...] | None,
) -> str:
    """What keeps a model that is not in the list from answering; empty if nothing known does."""
    try:
        chat_model(name, base_url=settings.llm_base_url, timeout=settings.llm_timeout)
    except LanguageModelError as error:
        return str(error)
    provider, _, model = name.partition(":")
    if provider == "ollama":
        return "Ollama does not run here" if pulled is None else f"ollama pull {model}"
    if provider == "openai" and settings.llm_base_url and served is None:
        return _unanswered(settings.llm_base_url)
    return ""  # a server may take names that it does not list


def _unanswered(url: str) -> str:
    return f"{url} does not answer: start the server there"


def _pulled() -> Mapping[str, int] | None:
    """The models that Ollama has and their bytes; None where it does not run."""
    if PROVIDERS["ollama"].missing:
        return None
    import httpx
    from ollama import Client, ResponseError

    try:
        models = Client(timeout=PATIENCE).list().models
    except (ConnectionError, httpx.HTTPError, ResponseError, ValueError):
        return None
    return {model.model: int(model.size or 0) for model in models if model.model}


def _served(url: str | None) -> tuple[str, ...] | None:
    """The models that an OpenAI-compatible server says it has; None if there is no server."""
    if not url or PROVIDERS["openai"].missing:
        return None
    from openai import APIConnectionError, OpenAI, OpenAIError

    key = None if PROVIDERS["openai"].has_key else "none"
    try:
        with OpenAI(base_url=url, api_key=key, timeout=PATIENCE, max_retries=0) as client:
            return tuple(model.id for model in client.models.list())
    except APIConnectionError:
        return None
    except OpenAIError:
        return ()  # it is there, and does not tell


def _same(name: str, configured: str | None) -> bool:
    """Whether a name in the list is the configured one, which may be written in other words."""
    kind, _, model = (configured or "").partition(":")
    if kind == "gguf" and name.startswith("gguf:"):
        return Path(model).expanduser().resolve() == Path(name.removeprefix("gguf:")).resolve()
    return configured in (name, name.removesuffix(":latest"))
