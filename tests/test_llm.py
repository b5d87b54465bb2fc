"""Chat models by their names: how each is made, what is missing, and servers that misbehave."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from endpoints import speaking
from ggufs import write_gguf
from langchain_core.language_models.fake_chat_models import FakeListChatModel

from qa.errors import LanguageModelError
from qa.llm import CONTEXT, OLLAMA_CONTEXT, RETRIES, chat_model, context_tokens, is_capable
from qa.local import LocalModel
from qa.settings import PROVIDER_KEYS

SERVER = "http://127.0.0.1:9/v1"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROVIDER_KEYS, "OPENAI_BASE_URL", "OPENAI_API_BASE", "OLLAMA_HOST"):
        monkeypatch.delenv(name, raising=False)


def told(name: str, **options: Any) -> str:
    with pytest.raises(LanguageModelError) as error:
        chat_model(name, **options)
    assert "\n" not in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("name", ["", "llama3", ":llama3", "openai:", ":"])
def test_a_name_without_both_parts_is_told(name: str) -> None:
    assert 'write "provider:model"' in told(name)


@pytest.mark.parametrize("name", ["gpt:4", "google:gemini", "GGUF:x.gguf"])
def test_an_unknown_provider_is_told_with_those_that_are_known(name: str) -> None:
    error = told(name)
    assert repr(name.partition(":")[0]) in error
    assert "anthropic, gguf, google_genai, ollama, openai" in error


@pytest.mark.parametrize(
    ("name", "package", "command"),
    [
        ("openai:gpt-5", "langchain_openai", 'pip install "cited[openai]"'),
        ("openai:gpt-5", "langchain", 'pip install "cited[openai]"'),
        ("anthropic:claude", "langchain_anthropic", 'pip install "cited[anthropic]"'),
        ("google_genai:gemini", "langchain_google_genai", 'pip install "cited[google]"'),
        ("ollama:llama3.2", "langchain_ollama", 'pip install "cited[ollama]"'),
        ("gguf:some.gguf", "xllamacpp", 'pip install "cited[local]"'),
    ],
)
def test_a_missing_package_is_told_with_what_installs_it(
    monkeypatch: pytest.MonkeyPatch, name: str, package: str, command: str
) -> None:
    monkeypatch.setitem(sys.modules, package, None)
    assert told(name) == f"llm {name!r} needs a package: {command}"


def test_an_unknown_provider_is_told_without_langchain_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "langchain", None)
    monkeypatch.setitem(sys.modules, "langchain.chat_models", None)
    assert "there is no provider 'groq'" in told("groq:llama")


def test_a_missing_key_is_told_with_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "set OPENAI_API_KEY, or QA_LLM_BASE_URL" in told("openai:gpt-5")
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    assert chat_model("openai:gpt-5")


def test_a_missing_file_is_told() -> None:
    assert told("gguf:none.gguf") == "there is no file none.gguf: check the path"
    assert "QA_ALLOW_DOWNLOAD=true" in told("gguf:owner/repo/none.gguf")


def test_a_file_becomes_a_model_that_is_not_loaded(tmp_path: Path) -> None:
    model = chat_model(f"gguf:{write_gguf(tmp_path / 'small.gguf')}")
    assert isinstance(model, LocalModel)
    assert not model.loaded


def test_a_server_needs_no_key_and_is_asked_for_the_likeliest_word() -> None:
    with speaking(["A ", "few ", "words."]) as server:
        model = chat_model("openai:some-model", base_url=f"{server.url}/v1")
        chunks = list(model.stream("Say something."))
    assert [chunk.text for chunk in chunks if chunk.text] == ["A ", "few ", "words."]
    assert [chunk.usage_metadata["total_tokens"] for chunk in chunks if chunk.usage_metadata] == [
        10
    ]
    (asked,) = server.asked
    assert (asked["model"], asked["temperature"]) == ("some-model", 0)
    assert asked["stream_options"] == {"include_usage": True}


def test_a_server_that_wants_a_key_gets_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "the-key")
    with speaking(["Yes."]) as server:
        chat_model("openai:some-model", base_url=f"{server.url}/v1").invoke("Hello?")
    assert server.keys == ["Bearer the-key"]


@pytest.mark.parametrize("status", [429, 500, 503])
def test_what_may_pass_is_asked_again(status: int) -> None:
    with speaking(status, status, ["Yes."]) as server:
        model = chat_model("openai:some-model", base_url=f"{server.url}/v1")
        assert model.invoke("Hello?").text == "Yes."
    assert len(server.asked) == 1 + RETRIES


@pytest.mark.parametrize(
    ("status", "error", "times"),
    [
        (401, openai.AuthenticationError, 1),
        (404, openai.NotFoundError, 1),
        (500, openai.InternalServerError, 1 + RETRIES),
    ],
)
def test_what_does_not_pass_is_an_error(
    status: int, error: type[openai.APIStatusError], times: int
) -> None:
    with speaking(status) as server:
        model = chat_model("openai:some-model", base_url=f"{server.url}/v1")
        with pytest.raises(error):
            model.invoke("Hello?")
    assert len(server.asked) == times


def test_a_server_that_is_silent_is_given_up() -> None:
    with speaking(None) as server:
        model = chat_model("openai:some-model", base_url=f"{server.url}/v1", timeout=0.1)
        with pytest.raises(openai.APITimeoutError):
            model.invoke("Hello?")
    assert len(server.asked) == 1 + RETRIES


def test_a_server_that_falls_silent_between_words_is_given_up() -> None:
    with speaking(["One ", None]) as server:
        model = chat_model("openai:some-model", base_url=f"{server.url}/v1", timeout=0.3)
        said: list[str] = []
        with pytest.raises((openai.APITimeoutError, httpx.ReadTimeout)):
            said.extend(chunk.text for chunk in model.stream("Hello?"))
    assert "".join(said) == "One "


def test_ollama_is_asked_where_it_runs_and_given_up_when_silent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with speaking(["Two ", "words."], None) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        model = chat_model("ollama:llama3.2:1b", timeout=0.3)
        answer = model.invoke("Hello?")
        with pytest.raises(httpx.ReadTimeout):
            model.invoke("Hello?")
    assert answer.text == "Two words."
    assert answer.usage_metadata and answer.usage_metadata["total_tokens"] == 10
    asked = server.asked[0]
    assert asked["model"] == "llama3.2:1b"
    assert asked["options"] == {"temperature": 0, "num_ctx": OLLAMA_CONTEXT}


def test_how_much_a_model_reads(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    path = write_gguf(tmp_path / "small.gguf", context=2048)
    assert context_tokens(chat_model(f"gguf:{path}")) == 2048
    assert context_tokens(chat_model("ollama:llama3.2")) == OLLAMA_CONTEXT
    assert context_tokens(chat_model("openai:gpt-4o")) > 100_000
    assert context_tokens(chat_model("openai:some-model", base_url=SERVER)) == CONTEXT
    assert context_tokens(FakeListChatModel(responses=[])) == CONTEXT


@pytest.mark.parametrize(
    ("name", "capable"),
    [
        ("llama3.2:1b", False),
        ("llama3.2:3b-instruct-q4_K_M", False),
        ("smollm2:135m", False),
        ("qwen2.5-1.5b-instruct", False),
        ("Qwen/Qwen2.5-0.5B-Instruct", False),
        ("gemma3n:e4b", False),
        ("phi-4-mini-3.8b", False),
        ("llama3.1:8b", True),
        ("qwen2.5:7b-instruct", True),
        ("mixtral:8x7b", True),
        ("qwen3:30b-a3b", True),
        ("phi-3.5-moe-16x3.8b", True),
        ("gpt-oss:120b", True),
        ("mistral-small", True),
        ("gpt-4.1-mini", True),
    ],
)
def test_what_a_model_can_do_goes_by_its_name(name: str, capable: bool) -> None:
    assert is_capable(chat_model(f"ollama:{name}")) is capable
    assert is_capable(chat_model(f"openai:{name}", base_url=SERVER)) is capable


def test_what_a_model_can_do_goes_by_its_weights(tmp_path: Path) -> None:
    def capable(name: str, **header: Any) -> bool:
        return is_capable(LocalModel(path=write_gguf(tmp_path / name, **header)))

    assert not capable("small-13b.gguf")
    assert capable("large-1b.gguf", rows=7_000_000_000 // 32)
    parts = {"split.count": 2}
    assert capable("model-13b-00001-of-00002.gguf", facts=parts)
    assert not capable("model-3b-00001-of-00002.gguf", facts=parts)


def test_a_model_that_does_not_say_is_taken_for_capable() -> None:
    assert is_capable(FakeListChatModel(responses=[]))
