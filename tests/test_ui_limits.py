"""The desk where questions wait, and the limits on what is sent."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator
from contextlib import aclosing
from functools import partial
from typing import Any

import pytest
from servers import PATIENCE
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from qa import QuestionError, Turn
from ui.limits import BodyLimit, Desk, FullError, Limits, SlowError
from ui.problems import Caught


class Work:
    """Two events, the second only once it is let go; notes that it began and how it ended."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.began = threading.Event()
        self.ended = threading.Event()

    def __call__(self) -> Iterator[int]:
        self.began.set()
        try:
            yield 1
            assert self.go.wait(PATIENCE)
            yield 2
        finally:
            self.ended.set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():
            await asyncio.sleep(0.005)


def run(desk: Desk, test: Coroutine[Any, Any, None]) -> None:
    try:
        asyncio.run(test)
    finally:
        desk.close()


def test_events_come_as_they_are_made() -> None:
    work, desk = Work(), Desk(Limits())

    async def test() -> None:
        async with aclosing(desk.events(work)) as events:
            assert await anext(events) == 1
            assert not work.ended.is_set()
            work.go.set()
            assert [event async for event in events] == [2]
        await until(lambda: desk.taken == 0)

    run(desk, test())


def test_a_call_returns_what_it_returns_and_raises_what_it_raises() -> None:
    desk = Desk(Limits())

    async def test() -> None:
        assert await desk.call(lambda: 7) == 7
        assert await desk.last(lambda: iter("abc")) == "c"
        with pytest.raises(ZeroDivisionError):
            await desk.call(lambda: 1 // 0)

    run(desk, test())


def test_work_is_done_off_the_event_loop() -> None:
    desk = Desk(Limits())

    async def test() -> None:
        assert await desk.call(threading.get_ident) != threading.get_ident()

    run(desk, test())


def test_what_finds_no_place_is_refused_and_what_waits_is_done_in_the_end() -> None:
    desk = Desk(Limits(running=1, waiting=1))
    first, second = Work(), Work()

    async def test() -> None:
        tasks = [asyncio.create_task(desk.last(work)) for work in (first, second)]
        await until(lambda: desk.taken == 2 and first.began.is_set())
        with pytest.raises(FullError, match=r"2 questions .* again"):
            await desk.call(int)
        assert not second.began.is_set()
        first.go.set()
        second.go.set()
        assert await asyncio.gather(*tasks) == [2, 2]
        await until(lambda: desk.taken == 0)
        assert await desk.call(int) == 0

    run(desk, test())


def test_work_that_takes_too_long_is_given_up_but_keeps_its_place_till_it_ends() -> None:
    desk, work = Desk(Limits(running=1, waiting=0, seconds=0.05)), Work()

    async def test() -> None:
        with pytest.raises(SlowError, match=r"0\.05 seconds"):
            await desk.last(work)
        assert desk.taken == 1
        with pytest.raises(FullError):
            await desk.call(int)
        work.go.set()
        await until(lambda: desk.taken == 0)
        assert work.ended.is_set()

    run(desk, test())


def test_what_waits_too_long_leaves_at_once() -> None:
    desk, work = Desk(Limits(running=1, waiting=1, seconds=0.05)), Work()

    async def test() -> None:
        slow = asyncio.create_task(desk.last(work))
        await until(work.began.is_set)
        with pytest.raises(SlowError):
            await desk.call(int)
        with pytest.raises(SlowError):
            await slow
        assert desk.taken == 1
        work.go.set()
        await until(lambda: desk.taken == 0)

    run(desk, test())


def test_one_who_leaves_frees_the_place() -> None:
    desk, ended = Desk(Limits(running=1, waiting=0)), threading.Event()

    def endless() -> Iterator[int]:
        try:
            while not ended.wait(0.001):
                yield 1
        finally:
            ended.set()

    async def test() -> None:
        async with aclosing(desk.events(endless)) as events:
            await anext(events)
        try:
            await until(lambda: desk.taken == 0)
        finally:
            ended.set()

    run(desk, test())


@pytest.mark.parametrize("turns", range(6))
def test_a_task_that_is_cancelled_frees_the_place(turns: int) -> None:
    """Whenever it comes: while an event arrives, too, some turns of the loop after the first."""
    desk, work = Desk(Limits(running=1, waiting=0)), Work()

    async def test() -> None:
        task = asyncio.create_task(desk.last(work))
        while not work.began.is_set():
            await asyncio.sleep(0)
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        work.go.set()
        await until(lambda: desk.taken == 0)

    run(desk, test())


@pytest.mark.parametrize(
    ("history", "line"),
    [
        ([Turn("user", "x")] * 4, "the history has 4 turns: send the last 3"),
        ([Turn("user", "x" * 11)], "a turn of the history has 11 characters: shorten it to 10"),
    ],
)
def test_a_history_that_is_too_long_is_refused(history: list[Turn], line: str) -> None:
    limits = Limits(turns=3, turn_chars=10)
    limits.check_history([Turn("user", "x" * 10)] * 3)
    with pytest.raises(QuestionError, match=line):
        limits.check_history(history)


async def length(request: Request) -> PlainTextResponse:
    return PlainTextResponse(str(len(await request.body())))


@pytest.mark.parametrize("declared", [True, False])
@pytest.mark.parametrize(
    ("path", "size", "status"),
    [
        ("/api/x", 10, 200),
        ("/api/x", 11, 413),
        ("/mcp", 11, 413),
        ("/x", 11, 200),
        ("/x", 100, 200),
        ("/x", 101, 413),
    ],
)
def test_a_body_that_is_too_large_is_refused(
    path: str, size: int, status: int, declared: bool
) -> None:
    limited = partial(
        BodyLimit, limits=Limits(body_bytes=10, page_bytes=100), programs=("/api/", "/mcp")
    )
    routes = [Route("/{path:path}", length, methods=["POST"])]
    app = Starlette(routes=routes, middleware=[Middleware(Caught), Middleware(limited)])
    body = b"x" * size if declared else iter([b"x"] * size)
    response = TestClient(app).post(path, content=body)
    assert response.status_code == status
    assert status != 413 or "larger than" in response.text
    assert ("content-length" in response.request.headers) is declared
