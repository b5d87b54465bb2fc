"""Settings: each from Python or from the environment, and a wrong one told in one line."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import SecretStr

from qa import Settings, SettingsError


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"QA_{name.upper()}", raising=False)


SET = [
    ("corpus", "articles", Path("articles")),
    ("index_dir", "else/where", Path("else/where")),
    ("index_faq", "false", False),
    ("passage_tokens", "120", 120),
    ("chroma_url", "http://127.0.0.1:8000", "http://127.0.0.1:8000"),
    ("chroma_name", "letters", "letters"),
    ("follow_seconds", "0.5", 0.5),
    ("embedding_model", "models/other", "models/other"),
    ("reranker", "models/cross", "models/cross"),
    ("allow_download", "1", True),
    ("llm", "ollama:small", "ollama:small"),
    ("llm_base_url", "http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1"),
    ("llm_timeout", "2.5", 2.5),
    ("llm_prompt", "short", "short"),
    ("llm_folder", "else/models", Path("else/models")),
    ("ungrounded", "mark", "mark"),
    ("answer_cache", "0", 0),
    ("min_confidence", "0.25", 0.25),
    ("top_k", "7", 7),
    ("fusion", "ranks", "ranks"),
    ("uploads", "true", True),
    ("auth", "ann:secret", SecretStr("ann:secret")),
    ("max_question_chars", "99", 99),
]


@pytest.mark.parametrize(("name", "given", "value"), SET)
def test_the_environment_sets_it_and_python_goes_before(
    monkeypatch: pytest.MonkeyPatch, name: str, given: str, value: object
) -> None:
    default = getattr(Settings(), name)
    assert default != value
    monkeypatch.setenv(f"QA_{name.upper()}", given)
    assert getattr(Settings(), name) == value
    assert getattr(Settings(**{name: default}), name) == default


def test_every_setting_is_described_and_tested_here() -> None:
    assert {name for name, _, _ in SET} == set(Settings.model_fields)
    assert all(field.description for field in Settings.model_fields.values())


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("min_confidence", 1.5),
        ("min_confidence", -0.1),
        ("min_confidence", "high"),
        ("passage_tokens", 31),
        ("passage_tokens", 241),
        ("top_k", 0),
        ("chroma_url", "localhost:8000"),
        ("chroma_url", "http://user:secret@host:8000"),
        ("chroma_name", "no/slash"),
        ("follow_seconds", 0),
        ("top_k", "many"),
        ("index_faq", "perhaps"),
        ("max_question_chars", 0),
        ("llm_timeout", 0),
        ("llm_prompt", "long"),
        ("ungrounded", "keep"),
        ("answer_cache", -1),
        ("colour", "red"),
    ],
)
def test_a_wrong_value_is_named_with_its_variable_in_one_line(name: str, given: object) -> None:
    with pytest.raises(SettingsError) as error:
        Settings(**{name: given})
    told = str(error.value)
    assert name in told
    assert f"QA_{name.upper()}" in told
    assert repr(given) in told
    assert "\n" not in told


def test_settings_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        Settings().top_k = 3
