"""The HTTP API: the `Assistant` for other programs. It carries over, and decides nothing.

Its errors are problems (RFC 9457), and its own documentation is at /docs, from no other host.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from dataclasses import asdict
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.sse import EventSourceResponse, format_sse_event
from fastapi_offline import FastAPIOffline
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from qa.answer import Answer, Event, Found, Searching, Token
from qa.assistant import Assistant
from qa.errors import NoIndexError, RebuildError, StoreError
from ui import models
from ui.limits import Desk
from ui.problems import Problem, add_handlers, documented, problem_of

DESCRIPTION = """Ask a question about a folder of articles; get an answer in which every sentence
carries the exact quote that it rests on, or that the articles don't say."""
_ALWAYS = (400, 401, 403, 413, 429, 500, 503)
_EVENT = {
    "type": "object",
    "properties": {
        "event": {"enum": ["searching", "found", "token", "answer", "error"]},
        "data": {"type": "string", "contentMediaType": "application/json"},
    },
    "required": ["event", "data"],
}
_STREAM = {
    "description": "The answer. With `stream`, events: searching (the question as it is "
    "understood), found (passages), tokens (the pieces of the text), answer; or error (a problem) "
    "where it ends early.",
    "content": {"text/event-stream": {"schema": _EVENT}},
}


class Json(JSONResponse):
    """JSON in ASCII: no text is at odds with it, whatever it holds."""

    def render(self, content: Any) -> bytes:
        """The body."""
        return json.dumps(content, allow_nan=False).encode("ascii")


class Routes:
    """What can be asked for. Model work goes to the desk, look-ups to FastAPI's threads."""

    def __init__(self, bot: Assistant, desk: Desk) -> None:
        self._bot = bot
        self._desk = desk

    def router(self) -> APIRouter:
        """The routes, with what OpenAPI says of them."""
        router = APIRouter(responses=documented(*_ALWAYS))
        add = router.add_api_route
        post, get = (
            partial(add, methods=["POST"], tags=["Questions"]),
            partial(add, tags=["Articles"]),
        )
        refusals = documented(409, 422, 504)
        post(
            "/ask",
            self.ask,
            summary="Answer a question",
            response_model=models.Answer,
            responses={200: _STREAM, **refusals},
        )
        post(
            "/search",
            self.search,
            summary="Find passages",
            response_model=models.Found,
            responses=refusals,
        )
        get("/articles", self.articles, summary="List articles", response_model=models.Articles)
        get(
            "/articles/{article_id:path}",
            self.article,
            summary="Read an article",
            response_model=models.Article,
            responses=documented(404, 422),
        )
        add(
            "/health",
            self.health,
            tags=["Server"],
            summary="What serves now",
            response_model=models.Health,
        )
        return router

    def health(self) -> models.Health:
        """What serves now: the index, how much is in it, whether the model is loaded."""
        articles, passages = self._bot.counts()
        condition = self._bot.condition()
        return models.Health(
            status="degraded" if condition and condition.reason else "ok",
            version=program_version(),
            generation=self._bot.generation(),
            articles=articles,
            passages=passages,
            model_loaded=self._bot.encoder.loaded,
            following=models.Following(**asdict(condition)) if condition else None,
        )

    async def ask(self, asked: models.AskRequest, request: Request) -> Response:
        """Answer a question, with numbered quotes."""
        turns = asked.turns
        self._desk.limits.check_history(turns)
        work = partial(self._bot.stream, asked.question, turns, asked.where)
        if asked.stream:
            events = self._desk.events(work)
            # What is wrong with the question or its filter shows before the second event, and has
            # a status of its own.
            first = [await _unless_gone(request, anext(events)) for _ in range(2)]
            return EventSourceResponse(_sent(first, events), headers=_UNBUFFERED)
        answer = await _unless_gone(request, self._desk.last(work))
        assert isinstance(answer, Answer)
        return Json(answer.to_dict())

    async def search(self, asked: models.SearchRequest, request: Request) -> Response:
        """Find the passages nearest to a question, best first."""
        work = partial(self._bot.search, asked.question, asked.k, asked.where)
        found = await _unless_gone(request, self._desk.call(work))
        return Json(_found(Found(tuple(found))))

    def articles(self) -> Response:
        """List all articles, by id."""
        summaries = [asdict(summary) for summary in self._bot.articles()]
        return _made(models.Articles.model_validate({"articles": summaries}))

    def article(self, article_id: str) -> Response:
        """Read one article as it is indexed. Only what is indexed can be read, never a file."""
        try:
            return _made(models.Article.model_validate(asdict(self._bot.article(article_id))))
        except (NoIndexError, RebuildError):
            raise
        except StoreError as error:
            raise HTTPException(404, str(error)) from error


_UNBUFFERED = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}


def create_api(bot: Assistant, desk: Desk) -> FastAPI:
    """The API as an app of its own, to be mounted."""
    api = FastAPIOffline(
        title="Cited",
        version=program_version(),
        description=DESCRIPTION,
        docs_url="/docs",
        redoc_url=None,
        static_url="/docs/static",
        openapi_url="/openapi.json",
        generate_unique_id_function=lambda route: route.name,
        # Swagger's own validator is elsewhere.
        swagger_ui_parameters={"validatorUrl": None, "defaultModelsExpandDepth": 0},
    )
    add_handlers(api)
    api.include_router(Routes(bot, desk).router())
    original = api.openapi

    def openapi() -> dict[str, Any]:
        fresh = api.openapi_schema is None
        schema = original()
        if fresh:
            limits = desk.limits
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            schema["components"]["schemas"] |= {**problem.pop("$defs"), "Problem": problem}
            longest = bot.settings.max_question_chars
            models.narrowed(schema, longest, limits.turns, limits.turn_chars)
        return schema

    api.openapi = openapi  # type: ignore[method-assign]
    return api


def program_version() -> str:
    """The version of the installed program; "0" where it runs without having been installed."""
    try:
        return version("cited")
    except PackageNotFoundError:
        return "0"


def _made(model: BaseModel) -> Response:
    """A model as JSON, made here in the thread: FastAPI would do it on the event loop."""
    return Response(model.model_dump_json(), media_type="application/json")


async def _sent(first: list[Event], rest: AsyncGenerator[Event, None]) -> AsyncIterator[bytes]:
    """Events as they are sent; an error ends them."""
    async with aclosing(rest):
        try:
            for event in first:
                yield _event(event)
            async for event in rest:
                yield _event(event)
        except Exception as error:  # the status is sent already: the problem comes as an event
            yield format_sse_event(event="error", data_str=problem_of(error).dump().decode())


def _event(event: Event) -> bytes:
    match event:
        case Searching(question):
            name, data = "searching", {"question": question}
        case Found():
            name, data = "found", _found(event)
        case Token(""):
            return b": at work\n\n"  # a comment: it keeps the connection, and says nothing
        case Token(text):
            name, data = "token", {"text": text}
        case Answer():
            name, data = "answer", event.to_dict()
    return format_sse_event(event=name, data_str=json.dumps(data))


def _found(found: Found) -> dict[str, Any]:
    shell = Answer("", "", abstained=True, confidence=0, passages=found.passages)
    return {"passages": shell.to_dict()["passages"]}


async def _unless_gone(request: Request, work: Any) -> Any:
    """What `work` comes to; it is given up when the client closes the connection before."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(request.receive())
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if not task.done():
            raise HTTPException(499, "the client has gone")
        return task.result()
    finally:
        gone.cancel()
        task.cancel()
