"""What the server bears: how many questions at once, how many wait, how long, and how large.

All of it is checked here, whatever a client sends; what a question is answered with is not.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import aclosing, suppress
from dataclasses import dataclass
from functools import partial
from threading import Event as Flag
from threading import Lock
from typing import TypeVar

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.answer import Turn
from qa.errors import CitedError, QuestionError

T = TypeVar("T")

RETRY_SECONDS = 5
"""When a client that found no place may come back: several questions are answered by then."""


_DRAINED = 32 << 20


class FullError(CitedError):
    """As many questions wait as may: this one is not taken."""


class SlowError(CitedError):
    """A question took longer than it may."""


@dataclass(frozen=True, slots=True)
class Limits:
    """`running` questions are worked on at once and `waiting` more may wait, each for `seconds`.

    A question waits and is worked on within its `seconds`. A history has at most `turns` turns of
    `turn_chars` characters. A request to the API has at most `body_bytes`, any other (a file that
    is uploaded) `page_bytes`, and a single file `upload_bytes`; 0 refuses all files.
    """

    running: int = 2
    waiting: int = 32
    seconds: float = 180.0
    turns: int = 20
    turn_chars: int = 8_000
    body_bytes: int = 1 << 20
    page_bytes: int = 8 << 20
    upload_bytes: int = 0

    def check_history(self, history: Sequence[Turn]) -> None:
        """Raise `QuestionError` for a history that is too long."""
        if len(history) > self.turns:
            raise QuestionError(
                f"the history has {len(history):,} turns: send the last {self.turns}"
            )
        longest = max((len(turn.text) for turn in history), default=0)
        if longest > self.turn_chars:
            raise QuestionError(
                f"a turn of the history has {longest:,} characters: "
                f"shorten it to {self.turn_chars:,}"
            )


class Desk:
    """Where questions wait and are worked on, off the event loop, a few at once.

    A place is taken until its work has really ended: Python cannot end a thread, so work whose
    client has left, or whose time is up, is told to stop and does so after its next event.
    """

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._pool = ThreadPoolExecutor(limits.running, thread_name_prefix="question")
        self._lock = Lock()
        self._taken = 0

    @property
    def taken(self) -> int:
        """How many questions are being worked on or wait."""
        return self._taken

    async def call(self, work: Callable[[], T]) -> T:
        """What `work` returns. Raises what it raises, `FullError`, `SlowError`."""
        return await self.last(partial(_once, work))

    async def last(self, work: Callable[[], Iterator[T]]) -> T:
        """The last event of `work`, which must have one; it is stopped between two if need be."""
        found: list[T] = []
        async with aclosing(self.events(work)) as events:
            async for event in events:
                found[:] = [event]
        return found[0]

    async def events(self, work: Callable[[], Iterator[T]]) -> AsyncGenerator[T, None]:
        """The events of `work`, as a thread makes them.

        Close it, as `contextlib.aclosing` does, to give the place up early. Raises what `work`
        raises, `FullError` where there is no place, `SlowError` when the time is up.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self.limits.seconds
        arrived: asyncio.Queue[T | Future[None]] = asyncio.Queue()
        left = Flag()

        def put(item: T | Future[None]) -> None:
            with suppress(RuntimeError):  # the loop is closed: the server ends, nobody listens
                loop.call_soon_threadsafe(arrived.put_nowait, item)

        def ended(future: Future[None]) -> None:
            self._leave()
            put(future)

        self._enter()
        future = self._pool.submit(_make, work, put, left)
        future.add_done_callback(ended)
        try:
            while (event := await self._next(arrived, deadline)) is not future:
                assert not isinstance(event, Future)
                yield event
            future.result()
        finally:
            left.set()
            future.cancel()

    def close(self) -> None:
        """Take no more questions, and forget those that wait."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def _next(self, arrived: asyncio.Queue[T], deadline: float) -> T:
        try:
            # Not `wait_for`: before Python 3.12 it can swallow a cancellation.
            async with asyncio.timeout_at(deadline):
                return await arrived.get()
        except TimeoutError as error:
            raise SlowError(
                f"no answer within {self.limits.seconds:g} seconds: ask again later, "
                "or something shorter"
            ) from error

    def _enter(self) -> None:
        with self._lock:
            if self._taken >= self.limits.running + self.limits.waiting:
                raise FullError(
                    f"{self._taken} questions are being answered or wait, and no more may: "
                    "ask again in a few seconds"
                )
            self._taken += 1

    def _leave(self) -> None:
        with self._lock:
            self._taken -= 1


class BodyLimit:
    """Refuses, with 413, requests whose body is larger than their path allows."""

    def __init__(self, app: ASGIApp, limits: Limits, programs: Sequence[str]) -> None:
        """`programs` are the paths below which `body_bytes` holds; elsewhere it is `page_bytes`."""
        self._app = app
        self._limits = limits
        self._programs = tuple(programs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, unless the body is too large. Raises `HTTPException`."""
        if scope["type"] != "http":
            return await self._app(scope, receive, send)
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        limits = self._limits
        limit = limits.body_bytes if path.startswith(self._programs) else limits.page_bytes
        declared = Headers(scope=scope).get("content-length", "")
        if declared.isdecimal() and int(declared) > limit:
            await _drain(receive)
            raise _too_large(limit)
        read = 0

        async def counted() -> Message:
            nonlocal read
            message = await receive()
            read += len(message.get("body", b""))
            if read > limit:
                if message.get("more_body"):
                    await _drain(receive)
                raise _too_large(limit)
            return message

        return await self._app(scope, counted, send)


async def _drain(receive: Receive) -> None:
    """Drop what is still being sent, up to a limit: most clients read no answer before they end."""
    dropped = 0
    while dropped < _DRAINED:
        message = await receive()
        dropped += len(message.get("body", b""))
        if not message.get("more_body"):
            return


def _too_large(limit: int) -> HTTPException:
    line = f"the request is larger than {limit:,} bytes: send less at once"
    return HTTPException(413, line)


def _make(
    work: Callable[[], Iterator[T]], put: Callable[[T | Future[None]], None], left: Flag
) -> None:
    """Work through the events, in a thread, until there are no more or nobody waits for them."""
    for event in work():
        if left.is_set():
            return
        put(event)


def _once(work: Callable[[], T]) -> Iterator[T]:
    yield work()
