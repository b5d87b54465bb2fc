"""The chat page, on a server that really listens: answers, errors, and what it must not do."""

from __future__ import annotations

import html
import json
import re
import socket
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from gradio_client import Client
from gradio_client.exceptions import AppError

import app
from qa import Answer, Assistant, Citation, Settings, SettingsError, Turn
from qa.printing import printable

ROOT = Path(__file__).parent.parent
HOSTILE = (
    "<script>x</script> <img src=//e.example/x> ![x](http://e.example/x.png) [l](http://e.example) "
    "https://e.example www.e.example **b** `c` $$x^2$$ &lt; _i_ \x1b[31m # h"
)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def index_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("app") / "index"


@pytest.fixture(scope="module")
def bot(index_dir: Path) -> Assistant:
    return Assistant.open(Settings(corpus=ROOT / "corpus", index_dir=index_dir))


@pytest.fixture(scope="module")
def address(bot: Assistant, index_dir: Path) -> Iterator[str]:
    port = free_port()
    page = app.launch(bot, index_dir, "127.0.0.1", port)
    yield f"http://127.0.0.1:{port}"
    page.close(verbose=False)


def post(url: str, data: Any) -> Any:
    request = urllib.request.Request(
        url, json.dumps(data).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=60) as response:
        return json.load(response)


def config(address: str) -> Any:
    with urllib.request.urlopen(f"{address}/config", timeout=60) as response:
        return json.load(response)


def said_in_browser(address: str, question: str, history: list[Any]) -> str:
    """What the chat shows for a question, asked for over the wire as the page asks."""
    number = next(
        entry["id"] for entry in config(address)["dependencies"] if entry["api_name"] == "reply"
    )
    session = "a-session"
    post(
        f"{address}/gradio_api/queue/join",
        {"fn_index": number, "data": [question, history], "session_hash": session},
    )
    url = f"{address}/gradio_api/queue/data?session_hash={session}"
    with urllib.request.urlopen(url, timeout=60) as events:
        for line in events:
            event = json.loads(line[6:]) if line.startswith(b"data: ") else {}
            if event.get("msg") == "process_completed":
                return str(event["output"])
    raise AssertionError("the page did not answer")


def test_ask_answers_in_json_what_the_assistant_answers(address: str, bot: Assistant) -> None:
    question = app.example_questions(bot)[0]
    answer = Client(address, verbose=False).predict(question, api_name="/ask")
    expected = bot.ask(question).to_dict()
    assert answer["citations"]
    assert {**answer, "timings": 0} == {**json.loads(json.dumps(expected)), "timings": 0}


def test_a_users_error_reaches_the_caller_in_one_line(address: str) -> None:
    with pytest.raises(AppError, match="question"):
        Client(address, verbose=False).predict(" ", api_name="/ask")


@pytest.mark.parametrize("wrong", [{"a": 1}, ["x"], 7, None, True])
def test_what_is_no_text_is_refused(address: str, wrong: object) -> None:
    with pytest.raises(AppError):
        Client(address, verbose=False).predict(wrong, api_name="/ask")


def test_the_chat_shows_the_answer_and_its_quotes(address: str, bot: Assistant) -> None:
    question = app.example_questions(bot)[0]
    shown = said_in_browser(address, question, [])
    answer = bot.ask(question)
    assert app.escape(answer.citations[0].title) in shown
    assert app.escape(answer.citations[0].quote) in shown


def test_only_ask_is_offered_to_programs(address: str) -> None:
    named = Client(address, verbose=False).view_api(return_format="dict", print_info=False)
    assert list(named["named_endpoints"]) == ["/ask"]


def test_nothing_is_reported_and_nothing_is_shared(address: str) -> None:
    settings = config(address)
    assert settings["analytics_enabled"] is False
    with urllib.request.urlopen(address, timeout=60) as response:
        page = response.read().decode()
    assert "fonts.googleapis.com" not in page


@pytest.mark.parametrize(
    "path", ["{index}/CURRENT", "{root}/README.md", "{root}/corpus/../app.py", "/etc/passwd"]
)
def test_no_file_is_served(address: str, index_dir: Path, path: str) -> None:
    named = path.format(index=index_dir, root=ROOT)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address}/gradio_api/file={named}", timeout=60)
    assert refused.value.code in (403, 404)


def test_a_large_upload_is_refused(address: str) -> None:
    boundary = "part"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        f"{'x' * 5000}\r\n--{boundary}--\r\n"
    ).encode()
    kind = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
    request = urllib.request.Request(f"{address}/gradio_api/upload", body, kind)
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=60)
    assert refused.value.code == 413


def test_another_site_may_not_read_answers(address: str) -> None:
    request = urllib.request.Request(
        f"{address}/config", headers={"Origin": "https://elsewhere.example"}
    )
    try:
        with urllib.request.urlopen(request, timeout=60) as response:
            allowed = response.headers.get("Access-Control-Allow-Origin")
    except urllib.error.HTTPError as refused:
        allowed = refused.headers.get("Access-Control-Allow-Origin")
    assert allowed is None


@pytest.mark.parametrize("path", ["/", "/config", "/gradio_api/file=/etc/passwd", "/nothing"])
def test_every_response_forbids_what_is_loaded_from_elsewhere(address: str, path: str) -> None:
    try:
        with urllib.request.urlopen(address + path, timeout=60) as response:
            headers = response.headers
    except urllib.error.HTTPError as refused:
        headers = refused.headers
    policy = headers["Content-Security-Policy"]
    assert "img-src 'self' data:;" in policy
    assert "http" not in policy
    assert headers["X-Frame-Options"] == "DENY"


def test_a_taken_port_is_told_in_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(SettingsError, match=f"port {port} .*--port") as error:
            app.check_port("127.0.0.1", port)
    assert "\n" not in str(error.value)
    app.check_port("127.0.0.1", port)


def hostile_answer(*, abstained: bool) -> Answer:
    citation = Citation(1, HOSTILE, HOSTILE, HOSTILE, 0, 9, date(2023, 9, 13))
    cited, near = ((), (citation,)) if abstained else ((citation,), ())
    return Answer(HOSTILE, HOSTILE, abstained, 0.5, (), cited, near, notes=(HOSTILE,))


@pytest.mark.parametrize("abstained", [False, True])
def test_no_sign_of_an_article_is_markup(abstained: bool) -> None:
    shown = app.answer_html(hostile_answer(abstained=abstained), "asked")
    assert set(re.findall(r"<[^>]*>", shown)) <= {
        "<p>", "</p>", '<p class="note">', app.QUOTES, "</div>", "<b>", "</b>",
        '<span class="place">', "</span>",
    }  # fmt: skip
    text = re.sub(r"<[^>]*>|&#\d+;", "", shown)
    assert not set("<>&*_`$!()#/\n\x1b") & set(text)
    assert html.unescape(app.escape(HOSTILE)) == printable(HOSTILE)


@pytest.mark.parametrize(
    ("history", "expected"),
    [
        ([], []),
        ([{"role": "user", "content": "Who?"}], [Turn("user", "Who?")]),
        ([{"role": "user", "content": [{"type": "text", "text": "Who?"}]}], [Turn("user", "Who?")]),
        (["odd", None, 7, {"role": "system", "content": "x"}, {"role": "user"}], []),
        ([{"role": "user", "content": {"text": 5}}, {"role": ["user"], "content": "x"}], []),
        ([{"role": "user", "content": "x" * 9_000}], [Turn("user", "x" * app.MAX_TURN_CHARS)]),
    ],
)
def test_what_a_browser_sends_back_becomes_turns(
    history: list[object], expected: list[Turn]
) -> None:
    assert app.turns(history) == expected


def test_only_the_last_turns_count() -> None:
    history = [{"role": "user", "content": str(number)} for number in range(100)]
    assert [turn.text for turn in app.turns(history)] == [str(n) for n in range(92, 100)]


def test_an_answer_comes_back_as_what_it_said() -> None:
    citation = Citation(1, "a.md", "Title", "A <quote>.", 0, 9)
    answer = Answer("It's 5 < 6 [1].", "Is it?", False, 0.9, (), (citation,), notes=("a note",))
    message = {"role": "assistant", "content": app.answer_html(answer, "it?")}
    assert app.turns([message]) == [Turn("assistant", "It's 5 < 6 [1].")]


def test_examples_are_the_articles_own_plain_questions(bot: Assistant) -> None:
    examples = app.example_questions(bot)
    asked = {pair.question for each in bot.articles() for pair in bot.article(each.id).faq}
    assert len(examples) == app.EXAMPLES
    assert set(examples) <= asked
    assert all(app._PLAIN.fullmatch(question) for question in examples)


@pytest.mark.parametrize(
    "question", ["Is ![x](http://e) it?", "Is <b>it</b>?", "See www.e.example?", "`a`?", "A *b*?"]
)
def test_a_question_with_markup_is_no_example(question: str) -> None:
    assert not app._PLAIN.fullmatch(question)
