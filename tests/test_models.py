"""What there is to choose from: files, Ollama, a server, providers; and how it is shown."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from endpoints import speaking
from ggufs import write_gguf
from typer.testing import CliRunner, Result

from qa import Settings
from qa.cli import app
from qa.models import Choice, available
from qa.settings import PROVIDER_KEYS

NOWHERE = "http://127.0.0.1:9"


@pytest.fixture(autouse=True)
def nothing_here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (*PROVIDER_KEYS, *(f"QA_{field.upper()}" for field in Settings.model_fields)):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OLLAMA_HOST", NOWHERE)
    monkeypatch.chdir(tmp_path)


def found(**settings: str) -> dict[str, Choice]:
    return {choice.name: choice for choice in available(Settings(**settings))}


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["models", *arguments])


def test_where_there_is_nothing_each_provider_says_what_it_needs() -> None:
    choices = found()
    assert not any(choice.ready or choice.configured for choice in choices.values())
    assert choices["gguf:PATH"].note.startswith("put a .gguf file into models")
    assert choices["openai:MODEL"].note == "set OPENAI_API_KEY"
    assert choices["ollama:MODEL"].note == "it does not run here"


def test_a_key_is_seen_and_a_missing_package_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    monkeypatch.setitem(sys.modules, "langchain_anthropic", None)
    choices = found()
    assert choices["openai:MODEL"].note == "name a model"
    assert choices["anthropic:MODEL"].note == 'pip install "cited[anthropic]"'


def test_files_are_listed_and_damaged_ones_named(tmp_path: Path) -> None:
    write_gguf(tmp_path / "models" / "small.gguf")
    write_gguf(tmp_path / "models" / "deep" / "big-00001-of-00002.gguf", name="Big")
    write_gguf(tmp_path / "models" / "deep" / "big-00002-of-00002.gguf", name="Big")
    (tmp_path / "models" / "torn.gguf").write_bytes(b"GGUF\x03")
    choices = {name: choice for name, choice in found().items() if "models/" in name}
    assert choices == {
        "gguf:models/deep/big-00001-of-00002.gguf": Choice(
            "gguf:models/deep/big-00001-of-00002.gguf", "Big", True, "0 MB, reads 2,048 tokens"
        ),
        "gguf:models/small.gguf": Choice(
            "gguf:models/small.gguf", "A Small One", True, "0 MB, reads 2,048 tokens"
        ),
        "gguf:models/torn.gguf": Choice(
            "gguf:models/torn.gguf",
            "torn",
            False,
            "is damaged or cut off in its header: fetch it again",
        ),
    }


def test_files_are_not_ready_without_their_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "xllamacpp", None)
    write_gguf(tmp_path / "models" / "small.gguf")
    choice = found()["gguf:models/small.gguf"]
    assert (choice.ready, choice.note) == (False, 'pip install "cited[local]"')


@pytest.mark.parametrize("name", ["gguf:models/small.gguf", "gguf:./models/../models/small.gguf"])
def test_the_configured_file_is_marked_however_it_is_written(tmp_path: Path, name: str) -> None:
    write_gguf(tmp_path / "models" / "small.gguf")
    marked = [choice.name for choice in found(llm=name).values() if choice.configured]
    assert marked == ["gguf:models/small.gguf"]


def test_the_models_of_ollama_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    with speaking(models=["llama3.2:1b", "mistral:latest"]) as server:
        monkeypatch.setenv("OLLAMA_HOST", server.url)
        choices = found(llm="ollama:mistral")
        assert choices["ollama:llama3.2:1b"].ready
        assert choices["ollama:llama3.2:1b"].note == "2 MB"
        assert choices["ollama:mistral:latest"].configured
        assert found(llm="ollama:other")["ollama:other"].note == "ollama pull other"


def test_the_models_of_a_server_are_listed() -> None:
    with speaking(models=["some-model"]) as server:
        choices = found(llm_base_url=f"{server.url}/v1", llm="openai:some-model")
        assert choices["openai:some-model"].ready
        assert choices["openai:some-model"].configured
        # It may take a name that it does not list.
        assert found(llm_base_url=f"{server.url}/v1", llm="openai:alias")["openai:alias"].ready


@pytest.mark.parametrize(
    ("settings", "note"),
    [
        ({"llm": "nonsense"}, 'write "provider:model"'),
        ({"llm": "gguf:elsewhere.gguf"}, "there is no file elsewhere.gguf"),
        ({"llm": "openai:gpt-5"}, "set OPENAI_API_KEY"),
        ({"llm": "openai:m", "llm_base_url": f"{NOWHERE}/v1"}, "does not answer"),
        ({"llm": "ollama:llama3.2"}, "Ollama does not run here"),
    ],
)
def test_a_configured_model_that_cannot_answer_says_why(
    settings: dict[str, str], note: str
) -> None:
    first = next(iter(found(**settings).values()))
    assert (first.name, first.configured, first.ready) == (settings["llm"], True, False)
    assert note in first.note


def test_the_command_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Answers come in quotes until a model is ready" in run().output
    write_gguf(tmp_path / "models" / "small.gguf", name="An [bold]odd\x1b[2J one")
    shown = run().output
    assert "Ready\n  gguf:models/small.gguf\n    An [bold]odd[2J one · 0 MB" in shown
    assert "Answers come in quotes until QA_LLM names a model" in shown
    monkeypatch.setenv("QA_LLM", "gguf:models/small.gguf")
    shown = run().output
    assert "* gguf:models/small.gguf\n" in shown
    assert "it writes the answers" in shown
    monkeypatch.setenv("QA_LLM", "gguf:other.gguf")
    assert "it cannot write until it is ready" in run().output


def test_the_command_prints_json(tmp_path: Path) -> None:
    write_gguf(tmp_path / "models" / "small.gguf")
    first = json.loads(run("--json").output)[0]
    assert first == {
        "name": "gguf:models/small.gguf",
        "label": "A Small One",
        "ready": True,
        "note": "0 MB, reads 2,048 tokens",
        "configured": False,
    }
