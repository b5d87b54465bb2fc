"""The HTTP API over three short articles: the assistant's answers, and one line where there is
none. Nothing that is sent makes it fail.
"""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel
from servers import Failing, open_town, serving
from starlette.testclient import TestClient

import index.article
import index.passages
import index.records
import qa.answer
from qa import Assistant
from qa.question import clean_question
from ui import models
from ui.limits import Desk, Limits
from ui.security import Hosts
from ui.server import create_app

HERE = "http://127.0.0.1:7860"
QUESTION = "How long is the harbour line?"


@pytest.fixture(scope="module")
def bot(tmp_path_factory: pytest.TempPathFactory) -> Assistant:
    return open_town(tmp_path_factory.mktemp("api"))


def open_api(bot: Assistant, limits: Limits | None = None) -> TestClient:
    app = create_app(bot, None, Desk(limits or Limits()), Hosts())
    return TestClient(app, base_url=HERE)


@pytest.fixture(scope="module")
def api(bot: Assistant) -> Iterator[TestClient]:
    with open_api(bot) as client:
        yield client


def events(text: str) -> list[tuple[str, Any]]:
    """Server-sent events: their names and data."""
    found = []
    for block in text.split("\n\n"):
        if lines := dict(line.split(": ", 1) for line in block.splitlines()):
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def untimed(answer: dict[str, Any]) -> dict[str, Any]:
    return {**answer, "timings": sorted(answer["timings"])}


def test_health_says_what_serves(api: TestClient, bot: Assistant) -> None:
    health = api.get("/api/health").json()
    assert health["status"] == "ok"
    assert health["generation"] == bot.generation()
    assert health["articles"] == len(bot.articles())
    assert health["passages"] == sum(summary.passages for summary in bot.articles())
    assert health["model_loaded"] is True


def test_an_answer_is_the_assistants(api: TestClient, bot: Assistant) -> None:
    response = api.post("/api/ask", json={"question": QUESTION})
    assert response.status_code == 200 and response.json()["citations"]
    expected = json.loads(json.dumps(bot.ask(QUESTION).to_dict()))
    assert untimed(response.json()) == untimed(expected)
    models.Answer.model_validate(response.json())


def test_a_stream_ends_in_the_same_answer(api: TestClient) -> None:
    response = api.post("/api/ask", json={"question": QUESTION, "stream": True})
    assert response.headers["content-type"].startswith("text/event-stream")
    found = events(response.text)
    names = [name for name, _ in found]
    assert names[:2] == ["searching", "found"] and names[-1] == "answer"
    assert set(names[2:-1]) == {"token"}
    answer = found[-1][1]
    assert found[0][1] == {"question": answer["question"]}
    assert found[1][1]["passages"] == answer["passages"]
    assert "".join(data["text"] for name, data in found if name == "token") == answer["text"]
    plain = api.post("/api/ask", json={"question": QUESTION}).json()
    assert untimed(plain) == untimed(answer)


def test_a_follow_up_is_understood(api: TestClient, bot: Assistant) -> None:
    before, asked = "When was the lighthouse painted?", "Who looks after it?"
    history = [{"role": "user", "text": before}]
    answer = api.post("/api/ask", json={"question": asked, "history": history})
    expected = bot.ask(asked, [qa.answer.Turn("user", before)])
    assert answer.json()["question"] == expected.question != asked


@pytest.mark.parametrize(
    "narrowed",
    [
        {"articles": ["sub/lighthouse.txt"]},
        {"since": "2022-11-20"},
        {"since": "2022-11-20", "until": "2022-11-20", "articles": None},
    ],
)
@pytest.mark.parametrize("path", ["ask", "search"])
def test_a_filter_narrows(api: TestClient, path: str, narrowed: dict[str, Any]) -> None:
    found = api.post(f"/api/{path}", json={"question": QUESTION, **narrowed}).json()
    assert {each["passage"]["article_id"] for each in found["passages"]} == {"sub/lighthouse.txt"}


def test_a_search_finds_what_the_assistant_finds(api: TestClient, bot: Assistant) -> None:
    found = api.post("/api/search", json={"question": QUESTION, "k": 3}).json()["passages"]
    assert [each["passage"]["id"] for each in found] == [
        scored.passage.id for scored in bot.search(QUESTION, k=3)
    ]


@pytest.mark.parametrize("k", [0, 101, 2.5, True, "3", None, 1e400])
def test_a_search_takes_only_so_many(api: TestClient, k: object) -> None:
    sent = json.dumps({"question": "who?", "k": k})
    response = api.post("/api/search", content=sent, headers=JSON)
    assert response.status_code == 422 and response.json()["detail"].startswith("k: ")


def test_articles_are_listed_and_read(api: TestClient, bot: Assistant) -> None:
    listed = api.get("/api/articles").json()["articles"]
    assert [each["id"] for each in listed] == [summary.id for summary in bot.articles()]
    for each in listed:
        read = api.get(f"/api/articles/{each['id']}").json()
        assert read["text"] == bot.article(each["id"]).text
        assert read["date"] == each["date"]


@pytest.mark.parametrize(
    "name",
    [
        "nothing.txt", "../app.py", "..%2F..%2Fetc%2Fpasswd", "%2Fetc%2Fpasswd",
        "%252e%252e/app.py", "..\\app.py", "file:///etc/passwd", "%00", "a%00.txt", "%FF",
        "x" * 5000, "' OR 1=1 --", "",
    ],
)  # fmt: skip
def test_what_is_not_indexed_is_not_read(api: TestClient, name: str) -> None:
    response = api.get(f"/api/articles/{name}")
    assert response.status_code == 404
    assert "detail" in response.json()
    assert "\n" not in response.json()["detail"]


@pytest.mark.parametrize(
    ("body", "status", "line"),
    [
        ({"question": " "}, 422, "the question has no words: type one"),
        ({"question": "x" * 4001}, 422, "the question has 4,001 characters: shorten it to 4,000"),
        ({"question": "x" * 100_000}, 422, "shorten it"),
        ({}, 422, "question: Field required"),
        ({"question": None}, 422, "question: Input should be a valid string"),
        ({"question": 7}, 422, "question: Input"),
        ({"question": ["who?"]}, 422, "question: Input"),
        ({"question": {"a": 1}}, 422, "question: Input"),
        ({"question": "who?", "histroy": []}, 422, "histroy: Extra inputs"),
        ({"question": "who?", "history": ["x"]}, 422, "history/0: "),
        ({"question": "who?", "history": [{"role": "system", "text": "x"}]}, 422, "history/0/role"),
        ({"question": "who?", "history": [{"role": "user", "text": "x"}] * 21}, 422, "the last 20"),
        ({"question": "who?", "stream": "yes"}, 422, "stream: "),
        ({"question": "who?", "since": "2023-02-30"}, 422, "since: give a day as YYYY-MM-DD"),
        ({"question": "who?", "since": "20230201"}, 422, "since: give a day"),
        ({"question": "who?", "since": 0}, 422, "since: give a day"),
        ({"question": "who?", "articles": ["x"]}, 409, "there is no article 'x'"),
        ({"question": "who?", "articles": "x"}, 422, "articles: "),
        ({"question": "who?", "k": 5}, 422, "k: Extra inputs"),
        ({"question": "who?", "since": "2024-01-02", "until": "2024-01-01"}, 409, "no article is"),
        ([], 422, "the body: send a JSON object"),
        ("who?", 422, "the body: send a JSON object"),
        ({"question": "who?", "a\nb/c~" + "d" * 200: 1}, 422, "a b~1c~0d"),
        ({"question": "who?", "\ud800": 1}, 422, "the body: "),
    ],
)  # fmt: skip
@pytest.mark.parametrize("stream", [False, True])
def test_what_cannot_be_answered_is_told_in_one_line(
    api: TestClient, body: Any, status: int, line: str, stream: bool
) -> None:
    if stream and isinstance(body, dict) and "stream" not in body:
        body = {**body, "stream": True}
    response = api.post("/api/ask", json=None, content=json.dumps(body), headers=JSON)
    assert response.headers["content-type"] == "application/problem+json"
    problem = response.json()
    assert (response.status_code, problem["status"]) == (status, status)
    assert line in problem["detail"]
    assert "\n" not in problem["detail"] and len(problem["detail"]) < 300
    assert problem["title"] and problem["type"] == "about:blank"


JSON = {"Content-Type": "application/json"}


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (b"{", JSON, 422),
        (b"", JSON, 422),
        (b'"\xff"', JSON, 400),
        (b"[" * 200_000, JSON, 400),
        (b'{"question": "who?", "k": ' + b"9" * 5000 + b"}", JSON, 400),
        (b'{"question": "who?"}', {"Content-Type": "text/plain"}, 422),
        (b'{"question": "who?"}', {"Content-Type": "multipart/form-data"}, 422),
        (b" " * (1 << 20) + b"{}", JSON, 413),
    ],
)
def test_a_body_that_cannot_be_read_is_told(
    api: TestClient, body: bytes, headers: dict[str, str], status: int
) -> None:
    response = api.post("/api/ask", content=body, headers=headers)
    assert response.status_code == response.json()["status"] == status
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "question",
    [
        "who\x00 went?", "\x1b[31mwho\r\nwent?", "who \ud800 went?", "\udfff\ud800 who",
        "מי נסע ברכבת?", "من ذهب؟ \u202e?ohw", "w\u200bh\u200do went\ufeff?",
        "who 🚂👨‍👩‍👧‍👦 went?",
        'who AND OR NOT NEAR("a" b) * ^ : - "', "\"'; DROP TABLE passages; --", "title:who*",
        "<script>alert(1)</script> who?", "<img src=x onerror=alert(1)> who?", "[1] who [99]?",
        "who " * 1000, "a" * 4000, "?" * 3999 + "a", "１２３", "Ⅷ", "²", "{{who}} {0} %s",
    ],
)  # fmt: skip
def test_odd_questions_are_answered_in_english_or_not_at_all(
    api: TestClient, question: str
) -> None:
    history = [{"role": "user", "text": question}, {"role": "assistant", "text": question}]
    for sent in ({"question": question}, {"question": "And why?", "history": history}):
        response = api.post("/api/ask", content=json.dumps(sent), headers=JSON)
        assert response.status_code == 200, response.text
        models.Answer.model_validate(response.json())
    found = api.post("/api/search", content=json.dumps({"question": question}), headers=JSON)
    assert found.status_code == 200


@pytest.mark.parametrize(("method", "path"), [("GET", "/api/x"), ("GET", "/api/ask"),
                                              ("DELETE", "/api/health")])  # fmt: skip
def test_what_is_not_there_is_a_problem_too(api: TestClient, method: str, path: str) -> None:
    response = api.request(method, path)
    assert response.status_code in (404, 405)
    assert response.headers["content-type"] == "application/problem+json"
    assert "/api/docs" in response.json()["detail"]


def test_a_fault_is_logged_and_only_its_id_is_told(
    bot: Assistant, caplog: pytest.LogCaptureFixture
) -> None:
    with open_api(Failing(bot)) as api, caplog.at_level(logging.ERROR):
        answers = [
            api.get("/api/health"),
            api.post("/api/ask", json={"question": QUESTION}),
            api.post("/api/ask", json={"question": QUESTION, "stream": True}),
        ]
    assert len(caplog.records) == len(answers)
    for response, record in zip(answers, caplog.records, strict=True):
        assert response.status_code == 500
        assert "hidden" not in response.text and "ZeroDivision" not in response.text
        assert response.json()["id"] in record.getMessage()
        assert record.exc_info


def test_a_fault_in_the_middle_of_a_stream_comes_as_an_event(
    bot: Assistant, caplog: pytest.LogCaptureFixture
) -> None:
    with open_api(Failing(bot, after=3)) as api, caplog.at_level(logging.ERROR):
        response = api.post("/api/ask", json={"question": QUESTION, "stream": True})
    *_, (name, problem) = events(response.text)
    assert (response.status_code, name, problem["status"]) == (200, "error", 500)
    assert problem["id"] in caplog.records[0].getMessage() and "hidden" not in response.text


def test_the_documentation_asks_no_other_host(api: TestClient) -> None:
    page = api.get("/api/docs").text
    named = re.findall(r"(?:src|href)=\"([^\"]*)\"", page)
    assert named and all(link.startswith("/api/docs/static/") for link in named)
    for link in named:
        assert api.get(link).status_code == 200
    assert "'url': '/api/openapi.json'" in page.replace('"', "'").replace("url:", "'url':")
    assert '"validatorUrl": null' in page


def test_the_schema_has_the_limits_that_are_in_force(bot: Assistant) -> None:
    with open_api(bot, Limits(turns=3, turn_chars=50)) as api:
        schema = api.get("/api/openapi.json").json()
        too_long = api.post(
            "/api/ask", json={"question": "who?", "history": [{"role": "user", "text": "x"}] * 4}
        )
    assert too_long.status_code == 422
    parts = schema["components"]["schemas"]
    assert parts["AskRequest"]["properties"]["question"]["maxLength"] == 4000
    assert parts["AskRequest"]["properties"]["history"]["maxItems"] == 3
    assert parts["Said"]["properties"]["text"]["maxLength"] == 50
    assert schema["servers"] == [{"url": "/api"}]


def test_every_route_says_what_it_gives_with_an_example(api: TestClient) -> None:
    schema = api.get("/api/openapi.json").json()
    assert sorted(schema["paths"]) == [
        "/articles", "/articles/{article_id}", "/ask", "/health", "/search",
    ]  # fmt: skip
    for path in schema["paths"].values():
        for operation in path.values():
            assert operation["summary"] and operation["description"] and operation["tags"]
            assert "application/problem+json" in operation["responses"]["500"]["content"]
    for name in ("Answer", "Found"):
        (example,) = schema["components"]["schemas"][name]["examples"]
        getattr(models, name).model_validate(example)


@pytest.mark.parametrize(
    ("model", "stands_for"),
    [
        (models.Answer, qa.answer.Answer),
        (models.AnswerSentence, qa.answer.AnswerSentence),
        (models.Usage, qa.answer.Usage),
        (models.Citation, qa.answer.Citation),
        (models.Said, qa.answer.Turn),
        (models.Passage, index.passages.Passage),
        (models.ScoredPassage, index.passages.ScoredPassage),
        (models.Article, index.article.Article),
        (models.Section, index.article.Section),
        (models.FaqPair, index.article.FaqPair),
        (models.ArticleSummary, index.records.ArticleSummary),
    ],
)
def test_models_have_the_fields_of_what_they_stand_for(
    model: type[BaseModel], stands_for: Any
) -> None:
    assert list(model.model_fields) == [field.name for field in fields(stands_for)]


@pytest.mark.parametrize(
    "question", ["a", "é", "מ", "１", "Ⅷ", "²", "_", "?", "\u0301", "🚂", "〇"]
)
def test_the_schema_asks_of_a_question_what_the_assistant_asks(question: str) -> None:
    pattern = pytest.importorskip("jsonschema_rs").validator_for({"pattern": models.WORDS})
    try:
        clean_question(question, 10)
    except qa.QuestionError:
        assert not pattern.is_valid(question)
    else:
        assert pattern.is_valid(question)


def test_schemathesis_finds_nothing(bot: Assistant, tmp_path: Path) -> None:
    pytest.importorskip("schemathesis")
    with serving(create_app(bot, None, Desk(Limits()), Hosts())) as address:
        command = [
            *(sys.executable, "-c", "from schemathesis.cli import schemathesis; schemathesis()"),
            *("run", f"{address}/api/openapi.json", "--max-examples=10", "--seed=1"),
            *("--generation-deterministic", "--no-color"),
        ]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
