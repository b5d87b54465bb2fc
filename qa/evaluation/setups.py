"""What is evaluated, opened: settings from a command line, and an index apart from the user's.

The user's own index is never written to, nor read: a run has indexes of its own below it, one for
each way of cutting and embedding, and keeps them for the next run.
"""

from __future__ import annotations

import hashlib
import json
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qa.evaluation.errors import RunError
from qa.llm import chat_model
from qa.settings import Settings

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from index.embedding import Encoder
    from qa.assistant import Assistant
    from qa.evaluation.faq import Mode

Progress = Callable[[str, int, int], None]

FOLDER = "evaluation"
"""Below the index folder: what the harness keeps."""
_INDEXED_BY = ("embedding_model", "passage_tokens", "index_faq")
_WRITES = ("llm", "llm_base_url", "llm_timeout", "allow_download")
_PRIVATE = ("index_dir", "auth", "llm_base_url", "llm_folder")
_LIBRARIES = (
    "cited",
    "chromadb",
    "langchain-core",
    "sentence-transformers",
    "torch",
    "transformers",
    "ir-measures",
    "rouge-score",
)


def settings_with(settings: Settings, given: Mapping[str, str]) -> Settings:
    """The settings with some replaced by what was written for them; "none" is None.

    Raises `SettingsError` for a value that cannot be used, `RunError` for a name that is none or
    that a run sets itself.
    """
    for name in given:
        if name not in Settings.model_fields or name in ("corpus", "index_dir", "index_faq"):
            known = sorted(set(Settings.model_fields) - {"corpus", "index_dir", "index_faq"})
            raise RunError(f"{name!r} cannot be set for a run: choose of {', '.join(known)}")
    values = {name: None if value.lower() == "none" else value for name, value in given.items()}
    return Settings(**{**settings.model_dump(), **values})


def pairs(given: Sequence[str]) -> dict[str, str]:
    """`["top_k=5", …]` as a mapping. Raises `RunError` for one without an equals sign."""
    found: dict[str, str] = {}
    for item in given:
        name, equals, value = item.partition("=")
        if not (name.strip() and equals):
            raise RunError(f"{item!r} sets nothing: write name=value, such as top_k=5")
        found[name.strip()] = value.strip()
    return found


@dataclass(slots=True)
class Workshop:
    """Opens assistants to be evaluated; a model that is loaded serves all of them.

    `loaded` is an embedding model that is there already.
    """

    progress: Progress
    loaded: Encoder | None = None
    _encoders: dict[tuple[str, bool], Encoder] = field(default_factory=dict, init=False)
    _models: dict[tuple[object, ...], BaseChatModel] = field(default_factory=dict, init=False)

    def open(self, settings: Settings, mode: Mode) -> Assistant:
        """An assistant of these settings over an index of its own, with or without the FAQ."""
        from qa.assistant import Assistant

        chosen = Settings(**{**settings.model_dump(), "index_faq": mode == "indexed"})
        chosen = Settings(**{**chosen.model_dump(), "index_dir": index_folder(settings, chosen)})
        return Assistant.open(
            chosen,
            model=self.model(chosen),
            encoder=self._encoder(chosen),
            progress=self.progress,
        )

    def model(self, settings: Settings) -> BaseChatModel | None:
        """The chat model that the settings name; None if they name none."""
        if not settings.llm:
            return None
        key = tuple(getattr(settings, name) for name in _WRITES)
        if key not in self._models:
            self._models[key] = chat_model(
                settings.llm,
                base_url=settings.llm_base_url,
                timeout=settings.llm_timeout,
                allow_download=settings.allow_download,
                progress=self.progress,
            )
        return self._models[key]

    def _encoder(self, settings: Settings) -> Encoder:
        from index.embedding import Encoder

        key = (settings.embedding_model, settings.allow_download)
        if self.loaded and self.loaded.name == settings.embedding_model:
            return self.loaded
        if key not in self._encoders:
            self._encoders[key] = Encoder(key[0], allow_download=key[1])
        return self._encoders[key]


def index_folder(settings: Settings, chosen: Settings) -> Path:
    """Where the index of `chosen` is kept: below the user's, named after what it is built with."""
    built = [str(settings.corpus.resolve()), *(str(getattr(chosen, name)) for name in _INDEXED_BY)]
    digest = hashlib.sha256(json.dumps(built).encode()).hexdigest()[:8]
    faq = "indexed" if chosen.index_faq else "held-out"
    return settings.index_dir / FOLDER / f"index-{faq}-{digest}"


def about(bot: Assistant, **more: Any) -> dict[str, Any]:
    """What a run was of: settings, versions, and the fingerprint of what was indexed."""
    settings = bot.settings.model_dump(mode="json")
    return {
        **more,
        "settings": {name: value for name, value in settings.items() if name not in _PRIVATE},
        "fingerprint": bot.fingerprint(),
        "embedding": bot.encoder.fingerprint,
        "articles": len(bot.articles()),
        "versions": {"python": platform.python_version(), **_versions()},
    }


def _versions() -> dict[str, str]:
    found = {}
    for name in _LIBRARIES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
