"""Who is let in, by which name, from which site, and what goes with every answer."""

from __future__ import annotations

import base64
import logging
from functools import partial

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from qa import SettingsError
from ui import security
from ui.problems import Caught
from ui.security import Gate, Guarded, Hosts, Login, Throttle, Users

USERS = "# who may\nada:lace:with:colons\n\n bo:ŝlosilo\n"


class Clock:
    """A clock that only goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


async def who(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(getattr(request.state, "user", None)))


def client(*middleware: object) -> TestClient:
    routes = [Route("/", who, methods=["GET", "POST"])]
    stack = [Middleware(Guarded), Middleware(Caught), *map(Middleware, middleware)]  # type: ignore[arg-type]
    return TestClient(Starlette(routes=routes, middleware=stack), base_url="http://127.0.0.1:7860")


def basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()}


@pytest.mark.parametrize(
    ("listening", "host", "known"),
    [
        ("127.0.0.1", "127.0.0.1:7860", True),
        ("127.0.0.1", "127.0.0.9", True),
        ("127.0.0.1", "localhost", True),
        ("127.0.0.1", "LOCALHOST.:7860", True),
        ("127.0.0.1", "[::1]:7860", True),
        ("127.0.0.1", "192.168.0.7", False),
        ("127.0.0.1", "evil.example", False),
        ("127.0.0.1", "127.0.0.1.evil.example", False),
        ("127.0.0.1", "localhost.evil.example", False),
        ("127.0.0.1", "evil@127.0.0.1", False),
        ("127.0.0.1", "127.0.0.1/evil.example", False),
        ("127.0.0.1", "[::1", False),
        ("127.0.0.1", "", False),
        ("127.0.0.1", "proxied.example", True),
        ("192.168.0.7", "192.168.0.7:80", True),
        ("192.168.0.7", "192.168.0.8", False),
        ("chat.example", "Chat.Example:7860", True),
        ("0.0.0.0", "192.168.0.7:7860", True),
        ("::", "[fd00::1]:7860", True),
        ("0.0.0.0", "evil.example", False),
    ],
)
def test_a_server_answers_only_to_names_it_knows(listening: str, host: str, known: bool) -> None:
    assert Hosts.of(listening, ["Proxied.example"]).know(host) is known


@pytest.mark.parametrize(
    ("method", "headers", "status"),
    [
        ("POST", {}, 200),
        ("POST", {"Origin": "http://127.0.0.1:7860"}, 200),
        ("POST", {"Origin": "https://proxied.example"}, 200),
        ("POST", {"Origin": "http://127.0.0.1:3000"}, 403),
        ("POST", {"Origin": "http://localhost:7860"}, 403),
        ("POST", {"Origin": "http://evil.example"}, 403),
        ("POST", {"Origin": "http://127.0.0.1:7860.evil.example"}, 403),
        ("POST", {"Origin": "null"}, 403),
        ("POST", {"Origin": ""}, 403),
        ("OPTIONS", {"Origin": "http://evil.example"}, 403),
        ("GET", {"Origin": "http://evil.example"}, 200),
        ("GET", {"Host": "evil.example"}, 403),
        ("POST", {"Host": "evil.example", "Origin": "http://evil.example"}, 403),
        ("POST", {"Host": "proxied.example", "Origin": "https://proxied.example"}, 200),
    ],
)
def test_only_own_pages_may_change_something(
    method: str, headers: dict[str, str], status: int
) -> None:
    gate = partial(Gate, hosts=Hosts.of("127.0.0.1", ["proxied.example"]))
    response = client(gate).request(method, "/", headers=headers)
    assert response.status_code == status
    assert "access-control-allow-origin" not in response.headers
    if status == 403:
        assert response.headers["content-type"] == "application/problem+json"
        assert "\n" not in response.json()["detail"]


def test_headers_go_with_refusals_too() -> None:
    refused = client(partial(Gate, hosts=Hosts())).get("/", headers={"Host": "evil.example"})
    for response in (refused, client().get("/"), client().get("/nothing")):
        policy = response.headers["content-security-policy"]
        assert "img-src 'self' data:;" in policy and "frame-ancestors 'self'" in policy
        assert "http" not in policy and "*" not in policy
        assert response.headers["x-frame-options"] == "SAMEORIGIN"
        assert response.headers["x-content-type-options"] == "nosniff"


def test_an_exception_is_logged_and_only_its_id_told(caplog: pytest.LogCaptureFixture) -> None:
    def fail(_request: Request) -> PlainTextResponse:
        raise ZeroDivisionError("a secret")

    app = Starlette(routes=[Route("/", fail)], middleware=[Middleware(Caught)])
    with caplog.at_level(logging.ERROR):
        response = TestClient(app).get("/")
    told = response.json()
    assert (response.status_code, told["status"]) == (500, 500)
    assert "a secret" not in response.text and told["id"] in told["detail"]
    (record,) = caplog.records
    assert told["id"] in record.getMessage()
    assert record.exc_info and isinstance(record.exc_info[1], ZeroDivisionError)


@pytest.mark.parametrize(
    ("headers", "user"),
    [
        (basic("ada", "lace:with:colons"), "ada"),
        (basic("bo", "ŝlosilo"), "bo"),
        (
            {"Authorization": basic("bo", "ŝlosilo")["Authorization"].replace("Basic", "bAsIc")},
            "bo",
        ),
        (basic("bo", "lace:with:colons"), None),
        (basic("nobody", ""), None),
        (basic("", ""), None),
        ({}, None),
        ({"Authorization": "Basic"}, None),
        ({"Authorization": "Basic ?"}, None),
        ({"Authorization": "Basic /////w=="}, None),
        ({"Authorization": "Bearer " + "x" * 1000}, None),
    ],
)
def test_who_may_log_in(headers: dict[str, str], user: str | None) -> None:
    login = partial(Login, users=Users.parse(USERS, "QA_AUTH"))
    response = client(login).get("/", headers=headers)
    assert response.status_code == (200 if user else 401)
    if user:
        assert response.text == user
    else:
        assert response.headers["www-authenticate"].startswith("Basic ")


def test_who_guesses_has_to_wait_even_with_the_right_password() -> None:
    clock = Clock()
    login = partial(Login, users=Users.parse(USERS, "QA_AUTH"), throttle=Throttle(clock))
    guessing = client(login)
    right, wrong = basic("bo", "ŝlosilo"), basic("bo", "guess")
    for _ in range(security.FAILURES):
        assert guessing.get("/").status_code == 401  # a browser's first request is no guess
        assert guessing.get("/", headers=wrong).status_code == 401
        clock.now += 1
    refused = guessing.get("/", headers=right)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) == security.WINDOW - security.FAILURES
    clock.now = security.WINDOW
    assert guessing.get("/", headers=right).status_code == 200


def test_who_logs_in_has_failed_no_more_and_one_client_does_not_stop_another() -> None:
    throttle = Throttle(Clock())
    for _ in range(security.FAILURES):
        throttle.note("one")
    assert throttle.wait("one") == security.WINDOW
    assert throttle.wait("another") == 0
    throttle.forget("one")
    assert throttle.wait("one") == 0


def test_the_throttle_remembers_only_so_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(security, "_CLIENTS", 2)
    throttle = Throttle(Clock())
    for name in ("one", "two", "three"):
        for _ in range(security.FAILURES):
            throttle.note(name)
    assert [throttle.wait(name) > 0 for name in ("one", "two", "three")] == [False, True, True]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "the file names no user: give lines of user:password"),
        ("# only a comment\n", "names no user"),
        ("ada:lace\nsecret\n", "the file, line 2: give user:password"),
        (":secret", "line 1"),
        ("ada:", "line 1"),
    ],
)
def test_users_that_cannot_be_read_are_told_without_a_password(text: str, line: str) -> None:
    with pytest.raises(SettingsError, match=line) as error:
        Users.parse(text, "the file")
    assert "secret" not in str(error.value)
    assert "lace" not in repr(Users.parse("ada:lace", "the file"))
