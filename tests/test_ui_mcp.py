"""The MCP tools, asked by a real client over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from servers import Failing, fetch, open_town, serving

from qa import Assistant
from ui.limits import Desk, Limits
from ui.mcp import MAX_CHARACTERS
from ui.security import Hosts
from ui.server import create_app

mcp = pytest.importorskip("mcp")
QUESTION = "How long is the harbour line?"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return open_town(tmp_path_factory.mktemp("mcp"))


@pytest.fixture(scope="module")
def address(bot: Assistant) -> Iterator[str]:
    with serving(create_app(bot, None, Desk(Limits()), Hosts(), tools=True)) as address:
        yield address


def call(address: str, tool: str, **arguments: Any) -> Any:
    """What a client gets of a tool."""

    async def calling() -> Any:
        async with mcp.Client(f"{address}/mcp") as client:
            return await client.call_tool(tool, arguments)

    return asyncio.run(calling())


def test_three_tools_are_offered_that_say_what_they_do(address: str) -> None:
    async def listing() -> Any:
        async with mcp.Client(f"{address}/mcp") as client:
            return await client.list_tools()

    tools = {tool.name: tool for tool in asyncio.run(listing()).tools}
    assert sorted(tools) == ["article", "ask", "search"]
    for tool in tools.values():
        assert tool.description and len(tool.description) > 200
        assert tool.annotations.read_only_hint is True
    assert tools["ask"].input_schema["required"] == ["question"]


def test_ask_answers_with_quotes(address: str, bot: Assistant) -> None:
    result = call(address, "ask", question=QUESTION)
    expected = bot.ask(QUESTION)
    assert not result.is_error
    answer = result.structured_content
    assert answer["text"] == expected.text and not answer["abstained"]
    for citation in answer["citations"]:
        text = bot.article(citation["article_id"]).text
        assert text[citation["start"] : citation["end"]] == citation["quote"]
    assert "passages" not in answer


def test_search_finds_passages(address: str, bot: Assistant) -> None:
    found = call(address, "search", question=QUESTION, k=2).structured_content["passages"]
    assert [passage["text"] for passage in found] == [
        scored.passage.text for scored in bot.search(QUESTION, k=2)
    ]
    assert len(call(address, "search", question=QUESTION, k=-3).structured_content["passages"]) == 1


def test_article_reads_piece_by_piece(address: str, bot: Assistant) -> None:
    whole = bot.article("railway.txt").text
    read = call(address, "article", article_id="railway.txt").structured_content
    assert read["text"] == whole[:MAX_CHARACTERS] and read["characters"] == len(whole)
    rest = call(address, "article", article_id="railway.txt", start=20).structured_content
    assert rest["text"] == whole[20:]


@pytest.mark.parametrize(
    ("tool", "arguments", "line"),
    [
        ("ask", {"question": " "}, "the question has no words"),
        ("ask", {"question": "x" * 5000}, "shorten it to 4,000"),
        ("ask", {}, "question"),
        ("search", {"question": "?"}, "the question has no words"),
        ("article", {"article_id": "../app.py"}, "no article '../app.py' is indexed"),
    ],
)
def test_errors_are_lines_for_the_model(
    address: str, tool: str, arguments: dict[str, Any], line: str
) -> None:
    result = call(address, tool, **arguments)
    assert result.is_error
    assert line in result.content[0].text
    assert "Traceback" not in result.content[0].text


def test_a_fault_is_logged_and_only_its_id_is_told(
    bot: Assistant, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(Failing(bot), None, Desk(Limits()), Hosts(), tools=True)
    with serving(app) as address:
        told = call(address, "ask", question=QUESTION).content[0].text
    (record,) = [record for record in caplog.records if record.name == "ui.problems"]
    assert told.split()[-1] in record.getMessage()
    assert "hidden" not in told and record.exc_info


def test_the_tools_are_behind_the_same_door(address: str) -> None:
    message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list"}
    for headers in ({"Origin": "https://elsewhere.example"}, {"Host": "elsewhere.example"}):
        assert fetch(f"{address}/mcp", message, headers).status == 403
    assert fetch(f"{address}/mcp", {"x": "y" * (2 << 20)}).status == 413


def test_without_being_asked_for_there_are_none(bot: Assistant) -> None:
    with serving(create_app(bot, None, Desk(Limits()), Hosts())) as address:
        assert fetch(f"{address}/mcp", {}).status == 404
