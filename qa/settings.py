"""Every setting, its default and its environment variable. The only reader of the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.weights import DEFAULT_MODEL
from qa.errors import SettingsError

PROVIDER_KEYS = ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "GOOGLE_API_KEY", "GEMINI_API_KEY")


class Settings(BaseSettings):
    """What can be set, each by its name in Python or `QA_` and its name in the environment."""

    model_config = SettingsConfigDict(env_prefix="QA_", frozen=True, extra="forbid")

    corpus: Path = Field(Path("corpus"), description="the folder of articles")
    index_dir: Path = Field(Path(".index"), description="where the index is kept")
    index_faq: bool = Field(True, description="whether the articles' FAQ sections are indexed")
    passage_tokens: int = Field(
        200,
        ge=32,
        le=240,
        description="the tokens that a passage grows to; a new value means a new index",
    )
    chroma_url: str | None = Field(
        None,
        pattern=r"^https?://[^/?#@]+/?$",
        description="a Chroma server, http://HOST:PORT: `cited index` publishes there, the others "
        "follow what is published; none keeps the vectors in the index folder",
    )
    chroma_name: str = Field(
        "cited",
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{1,60}$",
        description="what the index on the Chroma server is called",
    )
    follow_seconds: float = Field(
        2, ge=0.1, description="how often the Chroma server is asked for something new"
    )
    embedding_model: str = Field(
        DEFAULT_MODEL, description="a sentence-transformers model: its name or a local folder"
    )
    reranker: str | None = Field(
        None, description="a cross-encoder that reranks passages: its name or a local folder"
    )
    allow_download: bool = Field(
        False, description="whether models may be fetched from the model hub"
    )
    llm: str | None = Field(
        None, description='the chat model that writes, "provider:model" or "gguf:PATH"; none quotes'
    )
    llm_base_url: str | None = Field(
        None, description="where an OpenAI-compatible server for `openai:NAME` listens"
    )
    llm_timeout: float = Field(
        60, gt=0, description="seconds to wait for the chat model's next word before giving up"
    )
    llm_prompt: Literal["auto", "full", "short"] = Field(
        "auto", description="the prompt for capable models or for small ones; auto goes by the name"
    )
    llm_folder: Path = Field(
        Path("models"), description="where `cited models` and the page look for GGUF files"
    )
    ungrounded: Literal["auto", "drop", "mark", "quote"] = Field(
        "auto",
        description="what becomes of a written sentence that the articles don't support: `drop`, "
        "`mark`, or `quote`, which drops it and answers in quotes where nothing is left; auto is "
        "`quote` with the short prompt, else `drop`",
    )
    answer_cache: int = Field(
        256, ge=0, description="how many written answers are kept for the same question; 0 for none"
    )
    min_confidence: float | None = Field(
        None,
        ge=0,
        le=1,
        description="below it the answer is that the articles don't say; 0 never abstains",
    )
    fusion: Literal["scores", "ranks"] = Field(
        "scores", description="how vectors and BM25 are fused: by weighted scores or by ranks"
    )
    top_k: int = Field(10, ge=1, le=100, description="how many passages are read for an answer")
    uploads: bool = Field(
        False, description="whether whoever sees the chat page may add articles, and remove them"
    )
    auth: SecretStr | None = Field(
        None, description="who may log in to the chat page: user:password, a line each"
    )
    max_question_chars: int = Field(4000, ge=1, description="longer questions are refused")

    def __init__(self, **values: Any) -> None:
        try:
            super().__init__(**values)
        except ValidationError as error:
            first = error.errors()[0]
            name = ".".join(str(part) for part in first["loc"]) or "settings"
            raise SettingsError(
                f"setting {name} (QA_{name.upper()}): {first['msg']}, got {first['input']!r}"
            ) from error


def provider_keys() -> frozenset[str]:
    """Which variables hold a key of a chat model's provider; their packages read them, not we."""
    return frozenset(name for name in PROVIDER_KEYS if os.environ.get(name))


def quiet_ray() -> None:
    """Ray asks the environment whether to report that it is used, and what to log: neither."""
    os.environ.update(RAY_USAGE_STATS_ENABLED="0", RAY_BACKEND_LOG_LEVEL="fatal")
