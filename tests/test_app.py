"""The whole server as `cited serve` makes it: what programs reach through Gradio's own client."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError
from servers import fetch, serving

from app import build
from qa import Assistant, Settings
from ui.security import Hosts

ROOT = Path(__file__).parent.parent
QUESTION = "How long did the handshake last?"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    index_dir = tmp_path_factory.mktemp("app") / "index"
    return Assistant.open(Settings(corpus=ROOT / "corpus", index_dir=index_dir))


@pytest.fixture(scope="module")
def address(bot: Assistant) -> Iterator[str]:
    with serving(build(bot, Hosts())) as address:
        yield address


def test_gradios_client_is_answered_as_the_assistant_answers(address: str, bot: Assistant) -> None:
    answer = Client(address, verbose=False).predict(QUESTION, api_name="/ask")
    expected = bot.ask(QUESTION).to_dict()
    assert answer["citations"]
    assert {**answer, "timings": 0} == {**json.loads(json.dumps(expected)), "timings": 0}


def test_a_users_error_reaches_gradios_client_in_one_line(address: str) -> None:
    with pytest.raises(AppError, match="question"):
        Client(address, verbose=False).predict(" ", api_name="/ask")


@pytest.mark.parametrize("wrong", [{"a": 1}, ["x"], 7, None, True])
def test_what_is_no_text_is_refused(address: str, wrong: object) -> None:
    with pytest.raises(AppError):
        Client(address, verbose=False).predict(wrong, api_name="/ask")


def test_only_ask_is_offered_to_gradios_client(address: str) -> None:
    named = Client(address, verbose=False).view_api(return_format="dict", print_info=False)
    assert list(named["named_endpoints"]) == ["/ask"]


def test_nothing_is_reported_and_no_font_is_fetched(address: str) -> None:
    page = fetch(f"{address}/")
    assert b"fonts.googleapis.com" not in page.body
    assert fetch(f"{address}/config").json["analytics_enabled"] is False


def test_files_are_only_taken_where_the_setting_says_so(bot: Assistant, address: str) -> None:
    assert fetch(f"{address}/gradio_api/upload").status == 403
    allowed = bot.settings.model_copy(update={"uploads": True})
    other = Assistant.open(allowed, encoder=bot.encoder)
    with serving(build(other, Hosts())) as open_address:
        assert fetch(f"{open_address}/gradio_api/upload").status != 403


def test_python_app_is_cited_serve() -> None:
    done = subprocess.run(
        [sys.executable, "app.py", "--help"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0
    for option in ("--host", "--port", "--auth", "--root-path", "--mcp", "--uploads"):
        assert option in done.stdout
