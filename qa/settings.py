"""Every setting, its default and its environment variable. The only reader of the environment."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from index.embedding import DEFAULT_MODEL
from qa.errors import SettingsError


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
        None, description='a chat model, "provider:model": makes follow-ups stand alone'
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
