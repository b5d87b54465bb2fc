"""Errors as other programs see them: problem+json (RFC 9457), a line that says what to do.

What nobody foresaw is logged with its traceback and an id; only the id is told.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any
from uuid import uuid4

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.errors import CitedError, FilterError, QuestionError
from qa.printing import printable
from ui.limits import RETRY_SECONDS, FullError, SlowError

MEDIA_TYPE = "application/problem+json"
UNAVAILABLE = 503
STATUSES: tuple[tuple[type[CitedError], int], ...] = (
    (FilterError, 409),  # it is at odds with the articles that there are
    (QuestionError, 422),
    (FullError, UNAVAILABLE),
    (SlowError, 504),
)
"""The status of an error, the first that fits; of any other `CitedError` it is `UNAVAILABLE`."""
PHRASES = {413: "Content Too Large", 422: "Unprocessable Content", 499: "Client Closed Request"}
"""As RFC 9110 has them, whatever the version of Python; and one that is not in it."""
LINES = {
    "There was an error parsing the body": "the request cannot be read: send JSON in UTF-8",
    "Input should be a valid dictionary or object to extract fields from": "send a JSON object, "
    "with the header Content-Type: application/json",
    "Not Found": "there is nothing at this address: /api/docs says what there is",
    "Method Not Allowed": "this address does not take that method: /api/docs says which it takes",
}
"""What to do, where a library's own line does not say it."""
_FAULTS, _LONGEST = 3, 80
_LOG = logging.getLogger(__name__)


class Fault(BaseModel):
    """One thing that is wrong with a request."""

    pointer: str = Field(description="where: a JSON pointer into the body", examples=["/question"])
    detail: str = Field(examples=["Input should be a valid string"])


class Problem(BaseModel):
    """What went wrong (RFC 9457); `detail` is one line that says what to do."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "about:blank",
                    "title": "Unprocessable Content",
                    "status": 422,
                    "detail": "the question has no words: type one, such as “Who met whom?”",
                }
            ]
        }
    )

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    id: str | None = Field(None, description="names the entry of the server's log, if there is one")
    errors: list[Fault] | None = Field(None, description="what is wrong with the request's parts")

    def dump(self) -> bytes:
        """The problem as JSON in ASCII: it may quote what no encoding holds."""
        return json.dumps(self.model_dump(exclude_none=True)).encode("ascii")


class ProblemResponse(JSONResponse):
    """A problem, with its own status."""

    media_type = MEDIA_TYPE

    def __init__(self, problem: Problem, headers: dict[str, str] | None = None) -> None:
        super().__init__(problem, problem.status, headers)

    def render(self, content: Problem) -> bytes:
        """The body."""
        return content.dump()


class Caught:
    """The last to see an exception: logs what the app raises, and tells a client only its id."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does; where it raises, with the problem, if it is not too late."""
        started = False

        async def noting(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self._app(scope, receive, noting)
        except Exception as error:
            response = response_of(error)
            if scope["type"] == "http" and not started:
                await response(scope, receive, send)


def response_of(error: Exception) -> ProblemResponse:
    """The response to an exception of any kind; one that nobody foresaw is logged."""
    headers = dict(getattr(error, "headers", None) or {})
    if isinstance(error, FullError):
        headers["Retry-After"] = str(RETRY_SECONDS)
    return ProblemResponse(problem_of(error), headers)


def problem_of(error: Exception) -> Problem:
    """The problem that an exception is; one that nobody foresaw is logged."""
    match error:
        case CitedError():
            fitting = (status for kind, status in STATUSES if isinstance(error, kind))
            return problem(next(fitting, UNAVAILABLE), str(error))
        case RequestValidationError():
            faults = [_fault(found) for found in error.errors()[:_FAULTS]]
            lines = [f"{fault.pointer[1:] or 'the body'}: {fault.detail}" for fault in faults]
            return problem(422, "; ".join(lines), errors=faults)
        case HTTPException():
            return problem(error.status_code, LINES.get(error.detail, error.detail))
    reference = logged(error)
    return problem(
        500, f"something went wrong here: the server's log has it as {reference}", id=reference
    )


def logged(error: Exception) -> str:
    """Log an exception that nobody foresaw, with its traceback; the id it is logged under."""
    reference = uuid4().hex[:12]
    _LOG.error("error %s: %s", reference, type(error).__name__, exc_info=error)
    return reference


def problem(status: int, detail: str, **more: Any) -> Problem:
    """A problem of a status, its detail on one line."""
    return Problem(title=_phrase(status), status=status, detail=printable(detail), **more)


def add_handlers(app: FastAPI) -> None:
    """Have every error of an app answered as a problem."""
    for kind in (CitedError, RequestValidationError, HTTPException):
        app.add_exception_handler(kind, _handle)
    app.add_middleware(Caught)


def documented(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """The problems a route may answer with, as FastAPI's `responses`."""
    reference = {"$ref": "#/components/schemas/Problem"}
    content = {MEDIA_TYPE: {"schema": reference}}
    return {status: {"description": _phrase(status), "content": content} for status in statuses}


async def _handle(_request: Request, error: Exception) -> ProblemResponse:
    return response_of(error)


def _fault(found: dict[str, Any]) -> Fault:
    """A fault as pydantic found it, without the input, which may be large or anything."""
    where: Sequence[str | int] = found["loc"][1:] if found["type"] != "json_invalid" else ()
    parts = (str(part)[:_LONGEST].replace("~", "~0").replace("/", "~1") for part in where)
    pointer = "".join(f"/{part}" for part in parts)
    detail = str(found["msg"]).removeprefix("Value error, ")
    return Fault(pointer=printable(pointer), detail=printable(LINES.get(detail, detail)))


def _phrase(status: int) -> str:
    return PHRASES.get(status) or HTTPStatus(status).phrase
