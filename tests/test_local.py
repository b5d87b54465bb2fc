"""The model in this process, asked for real: what it streams, where it stops, what it says."""

from __future__ import annotations

import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from ggufs import write_gguf
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage

from qa.errors import LanguageModelError
from qa.local import BATCH, MAX_CONTEXT, LocalModel

pytest_plugins = ("models",)

ASKED: list[BaseMessage] = [
    SystemMessage("You answer in a few words."),
    HumanMessage("Name three colours of the rainbow."),
]
LONG = "The harbour railway opened in spring. " * 60


def test_what_it_is_is_known_before_it_is_loaded(smollm2: Path) -> None:
    model = LocalModel(path=smollm2)
    assert (model.context_tokens, model.parameters) == (8192, 134_515_008)
    assert not model.loaded


@pytest.mark.parametrize(("trained", "read"), [(512, 512), (131_072, MAX_CONTEXT)])
def test_its_context_is_what_it_was_trained_for_up_to_a_bound(
    tmp_path: Path, trained: int, read: int
) -> None:
    path = write_gguf(tmp_path / "small.gguf", context=trained)
    assert LocalModel(path=path).context_tokens == read


def test_it_streams_what_it_says(writer: LocalModel) -> None:
    writer.invoke(ASKED)  # so that both find the prompt read already: it is the same sum then
    whole = writer.invoke(ASKED)
    chunks = list(writer.stream(ASKED))
    assert "".join(chunk.text for chunk in chunks) == whole.text
    assert sum(bool(chunk.text) for chunk in chunks) > 5
    assert chunks[-1].usage_metadata == whole.usage_metadata
    assert chunks[-1].chunk_position == "last"


def test_it_counts_its_tokens(writer: LocalModel) -> None:
    usage = writer.invoke(ASKED, max_tokens=6).usage_metadata
    assert usage is not None
    assert usage["output_tokens"] == 6
    assert usage["total_tokens"] == usage["input_tokens"] + 6
    assert usage["input_tokens"] > 15


def test_it_stops_at_its_limit_and_says_why(writer: LocalModel) -> None:
    answer = writer.invoke(ASKED, max_tokens=3)
    assert answer.response_metadata["finish_reason"] == "length"
    assert len(answer.text.split()) <= 3


def test_it_stops_before_what_it_must_not_say(writer: LocalModel) -> None:
    whole = writer.invoke(ASKED).text
    word = whole.split()[3]
    answer = writer.invoke(ASKED, stop=[word])
    assert answer.text == whole[: whole.index(word)]
    assert answer.response_metadata["finish_reason"] == "stop"


def test_a_seed_says_what_chance_says(writer: LocalModel) -> None:
    def said(seed: int) -> str:
        return writer.invoke(ASKED, temperature=2, seed=seed, max_tokens=8).text

    said(1)
    assert said(1) == said(1)
    assert len({said(seed) for seed in range(3)}) > 1


def test_the_same_question_after_more_talk_is_not_read_again(writer: LocalModel) -> None:
    first = [HumanMessage(LONG + "What opened?")]
    answer = writer.invoke(first)
    again = writer.invoke([*first, AIMessage(answer.text), HumanMessage("When?")])
    assert answer.usage_metadata and again.usage_metadata
    reused = again.usage_metadata["input_token_details"]["cache_read"]
    assert reused > 0.9 * answer.usage_metadata["input_tokens"]


def test_a_stream_that_is_closed_stops_the_writing(writer: LocalModel) -> None:
    before = writer.invoke(ASKED).text
    stream = writer.stream("Tell me a very long story.", max_tokens=8000)
    assert next(chunk for chunk in stream if chunk.text)
    stream.close()  # type: ignore[attr-defined]  # typed as an iterator, made as a generator
    assert writer.invoke(ASKED).text == before


def test_a_stream_can_be_closed_while_a_long_prompt_is_read(writer: LocalModel) -> None:
    prompt = "Never asked before. " + LONG * 2
    stream = writer.stream(prompt)
    first = next(stream)
    assert first.text == ""
    stream.close()  # type: ignore[attr-defined]
    # What was read of it is kept: a part, for reading it stopped.
    usage = writer.invoke(prompt, max_tokens=1).usage_metadata
    assert usage and usage["input_tokens"] > 3 * BATCH
    assert usage["input_token_details"]["cache_read"] < 3 * BATCH


def test_threads_wait_for_each_other(writer: LocalModel) -> None:
    questions = ["Name a colour.", "Name a town."]
    alone = [writer.invoke(question).text for question in questions]
    with ThreadPoolExecutor(2) as pool:
        together = [answer.text for answer in pool.map(writer.invoke, questions)]
    assert [text.split()[:2] for text in together] == [text.split()[:2] for text in alone]


def test_it_is_loaded_once_however_many_ask_first(smollm2: Path) -> None:
    model = LocalModel(path=smollm2)
    with ThreadPoolExecutor(4) as pool:
        servers = {id(server) for server in pool.map(lambda _: model.load(), range(4))}
    assert len(servers) == 1
    assert model.loaded


def test_a_prompt_that_is_too_long_is_told(writer: LocalModel) -> None:
    with pytest.raises(LanguageModelError, match=r"has 1\d{4} tokens, it reads 8192 at most"):
        writer.invoke("word " * 10_000)


def test_what_is_no_text_is_told(writer: LocalModel) -> None:
    with pytest.raises(LanguageModelError, match="not valid UTF-8"):
        writer.invoke("half a sign: \ud800")


def test_what_cannot_be_loaded_is_told_and_nothing_else_is_printed(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    model = LocalModel(path=write_gguf(tmp_path / "empty.gguf"))
    with pytest.raises(LanguageModelError, match=r"empty\.gguf cannot be loaded"):
        model.invoke("Hello?")
    assert capfd.readouterr() == ("", "")


def test_nothing_is_printed_while_it_writes(
    writer: LocalModel, capfd: pytest.CaptureFixture[str]
) -> None:
    writer.invoke(ASKED)
    assert capfd.readouterr() == ("", "")


def test_nobody_else_on_this_machine_can_ask_it(writer: LocalModel) -> None:
    address = f"{writer.load().listening_address}/v1/chat/completions"
    request = urllib.request.Request(address, b"{}", {"Content-Type": "application/json"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code == 401
    refused.value.close()
