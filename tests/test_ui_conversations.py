"""Conversations on disk: whole, in order, of one browser alone; the cookie that tells which."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient

import ui.conversations
from index.passages import Passage, ScoredPassage
from qa.answer import Answer, AnswerSentence, Citation, Considered, Turn, Usage
from ui.browser import COOKIE, BrowserCookie, owner_of
from ui.conversations import Conversations
from ui.exchange import Conversation, Exchange

ME, OTHER = "a" * 22, "b" * 22
PASSAGE = Passage("1", "a.md", "body", "T", "H", "Text.", 0, 5, ((0, 5),), date(2023, 9, 13))
ANSWER = Answer(
    "Text. [1]", "Who?", False, 0.8, (AnswerSentence("Text.", (1,), 1.0),),
    (Citation(1, "a.md", "T", "Text.", 0, 5, date(2023, 9, 13), "wire"),),
    (Citation(1, "b.md", "U", "Near.", 3, 8),), (ScoredPassage(PASSAGE, 0.7),),
    {"total": 0.5}, ("a note",), Usage(2, 512, 38),
)  # fmt: skip
FULL = Exchange(
    "Who?\ud800", ANSWER, scope="“A”", suggestions=("Why?",), liked=False, comment="No", voted="t",
    writer="Model 1B",
    considered=(Considered("a.md", "T", "H", 0, 5, 0.1, 2.0, 0.3, 0.4, "quoted as [1]"),),
)  # fmt: skip


@pytest.fixture
def kept(tmp_path: Path) -> Conversations:
    return Conversations(tmp_path / "conversations")


def test_what_is_kept_comes_back_as_it_was(kept: Conversations) -> None:
    saved = kept.save(ME, Conversation(title="A", exchanges=(FULL, Exchange("b", said="half"))))
    assert kept.load(ME, saved.id) == saved
    assert saved.turns() == [
        Turn("user", FULL.asked), Turn("assistant", ANSWER.text),
        Turn("user", "b"), Turn("assistant", "half"),
    ]  # fmt: skip


def test_a_conversation_from_before_there_were_chat_models_comes_back(
    kept: Conversations, tmp_path: Path
) -> None:
    saved = kept.save(ME, Conversation(exchanges=(FULL,)))
    file = next((tmp_path / "conversations").rglob("*.jsonl"))
    entry, line = file.read_text(encoding="utf-8").splitlines()
    data = json.loads(line)
    del data["exchanges"][0]["answer"]["usage"], data["exchanges"][0]["writer"]
    file.write_text(f"{entry}\n{json.dumps(data)}\n", encoding="utf-8")
    old = replace(FULL, answer=replace(ANSWER, usage=None), writer="")
    assert kept.load(ME, saved.id) == replace(saved, exchanges=(old,))


def test_another_browser_sees_nothing_of_it(kept: Conversations, tmp_path: Path) -> None:
    saved = kept.save(ME, Conversation(exchanges=(FULL,)))
    assert kept.load(OTHER, saved.id) is None and kept.list(OTHER) == []
    kept.delete(OTHER, saved.id)
    assert [each.id for each in kept.list(ME)] == [saved.id]
    names = " ".join(str(path) for path in tmp_path.rglob("*"))
    assert ME not in names
    folder = next((tmp_path / "conversations").iterdir())
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize(
    "name", ["", "..", "../x", "a" * 15, "A" * 16, "0" * 17, "/etc/passwd", "0123456789abcde\n"]
)
def test_only_names_of_conversations_are_looked_up(kept: Conversations, name: str) -> None:
    assert kept.load(ME, name) is None
    kept.delete(ME, name)


def test_no_name_leads_into_another_browsers_folder(kept: Conversations, tmp_path: Path) -> None:
    saved = kept.save(OTHER, Conversation(exchanges=(FULL,)))
    kept.save(ME, Conversation(exchanges=(FULL,)))
    file = next((tmp_path / "conversations").rglob(f"{saved.id}.jsonl"))
    name = f"../{file.parent.name}/{saved.id}"
    assert kept.load(ME, name) is None
    kept.delete(ME, name)
    assert kept.load(OTHER, saved.id) == saved


def test_the_list_is_newest_first_and_names_the_first_question(kept: Conversations) -> None:
    one = kept.save(ME, Conversation(exchanges=(Exchange("One?"),)))
    two = kept.save(ME, Conversation(exchanges=(Exchange("Two?"),)))
    assert [each.name for each in kept.list(ME)] == ["Two?", "One?"]
    again = kept.save(ME, replace(one, title="Renamed"))
    assert [each.name for each in kept.list(ME)] == ["Renamed", "Two?"]
    kept.delete(ME, again.id)
    assert [each.id for each in kept.list(ME)] == [two.id]


def test_the_oldest_beyond_the_most_go(
    kept: Conversations, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ui.conversations, "MOST", 2)
    for asked in ("1", "2", "3"):
        kept.save(ME, Conversation(exchanges=(Exchange(asked),)))
    assert [each.name for each in kept.list(ME)] == ["3", "2"]


@pytest.mark.parametrize("text", ["", "{}", "{}\n{}\n", "\x00\xff", '{"id": 1}\n[]'])
def test_a_damaged_file_is_passed_over_and_logged(
    kept: Conversations, tmp_path: Path, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    saved = kept.save(ME, Conversation(exchanges=(FULL,)))
    file = next((tmp_path / "conversations").rglob("*.jsonl"))
    file.write_text(text, encoding="utf-8")
    assert kept.load(ME, saved.id) is None
    assert kept.list(ME) == []
    assert str(file) in caplog.text


def test_a_file_is_replaced_in_one_step(
    kept: Conversations, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = kept.save(ME, Conversation(exchanges=(FULL,)))

    def refuse(*_paths: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(OSError, match="disk full"):
        kept.save(ME, replace(saved, title="Lost"))
    assert kept.load(ME, saved.id) == saved
    first = json.loads(
        next((tmp_path / "conversations").rglob("*.jsonl")).read_text().split("\n")[0]
    )
    assert first["name"] == saved.name


def site() -> TestClient:
    def page(_request: Request) -> Response:
        return HTMLResponse("<p>page</p>")

    def data(request: Request) -> Response:
        return JSONResponse({"owner": owner_of(request)})  # type: ignore[arg-type]

    app = Starlette(routes=[Route("/", page), Route("/data", data)])
    app.add_middleware(BrowserCookie)
    return TestClient(app)


def test_a_browser_gets_one_secret_with_its_first_page() -> None:
    client = site()
    assert "set-cookie" not in client.get("/data").headers
    cookie = client.get("/").headers["set-cookie"]
    for attribute in ("HttpOnly", "SameSite=Strict", "Path=/"):
        assert attribute in cookie
    assert "Secure" not in cookie
    assert "set-cookie" not in client.get("/").headers
    assert client.get("/data").json()["owner"] == client.cookies[COOKIE]
    assert site().get("/").headers["set-cookie"] != cookie


@pytest.mark.parametrize("forged", ["", "short", "x" * 23, "a/../../b" + "c" * 13, "ä" * 22])
def test_what_is_no_secret_of_ours_owns_nothing(forged: str) -> None:
    client = site()
    headers = {b"Cookie": f"{COOKIE}={forged}".encode()}
    assert client.get("/data", headers=headers).json()["owner"] is None
    assert COOKIE in client.get("/", headers=headers).headers["set-cookie"]


def test_over_https_the_cookie_stays_there() -> None:
    client = site()
    client.base_url = client.base_url.copy_with(scheme="https")
    assert "Secure" in client.get("/").headers["set-cookie"]


def test_without_a_request_nobody_owns_anything() -> None:
    assert owner_of(None) is None
