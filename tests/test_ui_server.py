"""The whole server, really listening: API and page together, slow questions, who may ask."""

from __future__ import annotations

import base64
import http.client
import json
import socket
import threading
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import gradio as gr
import pytest
from gradio.events import api
from gradio_client import Client
from servers import Got, Held, fetch, open_town, serving, until

from qa import Assistant, SettingsError
from ui.limits import RETRY_SECONDS, Desk, Limits
from ui.security import Hosts, Users
from ui.server import create_app, listen, read_users

QUESTION = "How long is the harbour line?"
FOREIGN = {"Origin": "https://elsewhere.example"}


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return open_town(tmp_path_factory.mktemp("server"))


def page() -> gr.Blocks:
    blocks = gr.Blocks(title="Cited", analytics_enabled=False)
    with blocks:
        gr.Markdown("the page")
        api(shout, api_name="shout")
        api(user, api_name="user")
    return blocks


def shout(text: str) -> str:
    if not text:
        raise ZeroDivisionError("a hidden cause")
    return text.upper()


def user(request: gr.Request) -> str:
    return str(request.username)


@pytest.fixture(scope="module")
def address(bot: Assistant) -> Iterator[str]:
    app = create_app(bot, page(), Desk(Limits()), Hosts.of("127.0.0.1"))
    with serving(app) as address:
        yield address


def ask(address: str, **more: Any) -> Got:
    return fetch(f"{address}/api/ask", {"question": QUESTION, **more})


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


def test_the_page_and_the_api_are_one_server(address: str, bot: Assistant) -> None:
    shown = fetch(f"{address}/")
    assert shown.status == 200 and b"gradio_config" in shown.body
    assert fetch(f"{address}/config").json["title"] == "Cited"
    assert ask(address).json["citations"]
    assert Client(address, verbose=False).predict("loud", api_name="/shout") == "LOUD"


def test_health_answers_while_slow_questions_run(bot: Assistant) -> None:
    held = Held(bot)
    desk = Desk(Limits(running=2, waiting=8))
    with (
        serving(create_app(held, page(), desk, Hosts())) as address,
        ThreadPoolExecutor(10) as asking,
    ):
        answers = [asking.submit(ask, address) for _ in range(10)]
        until(lambda: desk.taken == 10)
        assert held.begun == 2
        assert fetch(f"{address}/api/health").json["status"] == "ok"
        assert fetch(f"{address}/api/articles").status == 200
        assert fetch(f"{address}/").status == 200
        refused = ask(address)
        held.go.set()
        assert {answer.result().status for answer in answers} == {200}
    assert refused.status == 503
    assert refused.headers["retry-after"] == str(RETRY_SECONDS)
    assert "10 questions are being answered or wait" in refused.json["detail"]


@pytest.mark.parametrize("stream", [False, True])
def test_a_question_that_takes_too_long_is_told(bot: Assistant, stream: bool) -> None:
    held = Held(bot)
    desk = Desk(Limits(seconds=0.2))
    with serving(create_app(held, None, desk, Hosts())) as address:
        slow = ask(address, stream=stream)
        assert desk.taken == 1
        held.go.set()
        until(lambda: desk.taken == 0)
        assert slow.status == 504
        assert "no answer within 0.2 seconds" in slow.json["detail"]


class Endless(Held):
    """An assistant whose answers never end."""

    def __init__(self, bot: Assistant) -> None:
        super().__init__(bot)
        self.ended = threading.Event()
        self.go.set()

    def stream(self, *asked: Any, **more: Any) -> Iterator[Any]:
        try:
            events = list(super().stream(*asked, **more))
            yield from events[:2]
            while True:
                threading.Event().wait(0.01)
                yield events[2]
        finally:
            self.ended.set()


@pytest.mark.parametrize("stream", [False, True])
def test_a_client_that_goes_away_frees_its_place(bot: Assistant, stream: bool) -> None:
    endless = Endless(bot)
    desk = Desk(Limits(running=1, waiting=0))
    with serving(create_app(endless, None, desk, Hosts())) as address:
        connection = http.client.HTTPConnection(urlsplit(address).netloc)
        body = json.dumps({"question": QUESTION, "stream": stream})
        connection.request("POST", "/api/ask", body, {"Content-Type": "application/json"})
        if stream:
            assert connection.getresponse().readline() == b"event: searching\n"
        until(lambda: endless.begun == 1)
        assert ask(address).status == 503
        connection.close()
        until(lambda: desk.taken == 0)
        assert endless.ended.is_set()


def test_the_page_tells_no_causes(address: str) -> None:
    with pytest.raises(Exception) as failed:
        Client(address, verbose=False).predict("", api_name="/shout")
    assert "hidden" not in str(failed.value) and "ZeroDivision" not in str(failed.value)


@pytest.mark.parametrize("path", ["/", "/config", "/api/docs", "/api/health", "/api/nothing",
                                  "/gradio_api/file=/etc/passwd", "/nothing"])  # fmt: skip
def test_every_response_forbids_what_is_loaded_from_elsewhere(address: str, path: str) -> None:
    headers = fetch(address + path).headers
    assert "img-src 'self' data:;" in headers["content-security-policy"]
    assert "http" not in headers["content-security-policy"]
    assert headers["x-frame-options"] == "SAMEORIGIN"
    assert "server" not in headers


@pytest.mark.parametrize("path", ["/", "/config", "/api/health", "/gradio_api/info"])
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_another_site_may_not_read_nor_change_anything(
    address: str, method: str, path: str
) -> None:
    asked = {**FOREIGN, "Access-Control-Request-Method": "POST"}
    got = fetch(address + path, headers=asked, method=method)
    assert not [name for name in got.headers if name.startswith("access-control")]
    assert method == "GET" or got.status == 403


def test_the_server_answers_only_to_its_own_name(address: str) -> None:
    for path in ("/", "/api/health", "/config"):
        assert fetch(address + path, headers={"Host": "elsewhere.example"}).status == 403


@pytest.mark.parametrize(
    "path",
    [
        "/gradio_api/file={index}/CURRENT", "/gradio_api/file=/etc/passwd",
        "/gradio_api/file=../../etc/passwd", "/gradio_api/file=http://127.0.0.1:22/",
        "/gradio_api/file=http://localhost/", "/gradio_api/proxy=http://127.0.0.1:22/",
        "/api/docs/static/../../../app.py", "/api/docs/static/%2e%2e/core.py",
        "/api/articles/..%2f..%2f..%2fetc%2fpasswd", "/static/%2e%2e/%2e%2e/routes.py",
    ],
)  # fmt: skip
def test_no_file_is_served(address: str, bot: Assistant, path: str) -> None:
    got = fetch(address + path.format(index=bot.settings.index_dir))
    assert got.status in (400, 403, 404)
    assert b"root:" not in got.body


def upload(address: str, size: int) -> int:
    body = (
        b'--part\r\nContent-Disposition: form-data; name="files"; filename="a"\r\n\r\n'
        + b"x" * size
        + b"\r\n--part--\r\n"
    )
    kind = {"Content-Type": "multipart/form-data; boundary=part"}
    request = urllib.request.Request(f"{address}/gradio_api/upload", body, kind)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_nothing_is_uploaded_unless_it_is_allowed(address: str, bot: Assistant) -> None:
    assert upload(address, 10) == 403
    limits = Limits(upload_bytes=1000, page_bytes=5000)
    with serving(create_app(bot, page(), Desk(limits), Hosts())) as allowing:
        assert [upload(allowing, size) for size in (10, 2000, 6000)] == [200, 413, 413]


def test_only_users_may_ask_on_the_page_and_by_program(bot: Assistant) -> None:
    users = Users.parse("ada:lace", "QA_AUTH")
    app = create_app(bot, page(), Desk(Limits()), Hosts(), users=users)
    with serving(app) as address:
        for path in ("/", "/config", "/api/health", "/api/docs", "/gradio_api/info", "/nothing"):
            refused = fetch(address + path)
            assert refused.status == 401
            assert refused.headers["www-authenticate"].startswith("Basic")
            assert fetch(address + path, headers=basic("ada", "lace")).status in (200, 404)
        client = Client(address, verbose=False, headers=basic("ada", "lace"))
        assert client.predict(api_name="/user") == "ada"
        statuses = [fetch(address, headers=basic("ada", "x")).status for _ in range(6)]
        assert statuses == [401] * 5 + [429]


def test_behind_a_proxy_that_takes_a_prefix_off(bot: Assistant) -> None:
    hosts = Hosts.of("127.0.0.1", ["chat.example"])
    app = create_app(bot, page(), Desk(Limits()), hosts, root_path="/cited")
    with serving(app, "/cited") as address:
        # The proxy asks without the prefix, and by the name that the browser asked for.
        behind = address.removesuffix("/cited")
        named = {"Host": "chat.example", "Origin": "https://chat.example"}
        assert fetch(f"{behind}/api/ask", {"question": QUESTION}, named).json["citations"]
        assert fetch(f"{behind}/api/openapi.json").json["servers"] == [{"url": "/cited/api"}]
        assert b"/cited/api/docs/static/" in fetch(f"{behind}/api/docs").body
        assert fetch(f"{behind}/api/docs/static/swagger-ui.css").status == 200
        assert fetch(f"{behind}/config").json["root"].endswith("/cited")


def test_a_busy_port_is_told_or_the_next_is_taken() -> None:
    with listen("127.0.0.1") as first, listen("127.0.0.1") as second:
        ports = [taken.getsockname()[1] for taken in (first, second)]
        assert ports[0] < ports[1]
        with pytest.raises(SettingsError, match=f"port {ports[0]} .*--port") as error:
            listen("127.0.0.1", ports[0])
    assert "\n" not in str(error.value)
    listen("127.0.0.1", ports[0]).close()


@pytest.mark.parametrize("host", ["no.such.host.invalid", "256.1.1.1", "203.0.113.9", "a\0b"])
def test_a_host_that_is_not_here_is_told(host: str) -> None:
    with pytest.raises(SettingsError, match=r"cannot listen on .*--host"):
        listen(host)


@pytest.mark.skipif(not socket.has_ipv6, reason="there is no IPv6 here")
def test_it_listens_on_ipv6(bot: Assistant) -> None:
    try:
        listen("::1", 0).close()
    except SettingsError:
        pytest.skip("there is no IPv6 here")


def test_users_are_read_from_a_file_or_the_environment(tmp_path: Path) -> None:
    file = tmp_path / "users"
    file.write_text("ada:lace\n", encoding="utf-8")
    assert read_users(None, None) is None and read_users(None, "") is None
    for users in (read_users(file, "bo:x"), read_users(None, "ada:lace")):
        assert users and users.check("ada", "lace") and not users.check("bo", "x")
    for wrong in (tmp_path / "missing", tmp_path):
        with pytest.raises(SettingsError, match="cannot be read"):
            read_users(wrong, None)
