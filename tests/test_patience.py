"""Streams that hang, fail or are left in the middle."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Iterator

import pytest

from qa.patience import TookTooLongError, patiently

NAME: contextvars.ContextVar[str] = contextvars.ContextVar("name", default="nobody")


def test_the_items_come_in_their_order() -> None:
    assert list(patiently(lambda: iter("abc"), 5)) == ["a", "b", "c"]


def test_an_error_is_raised_after_what_came_before_it() -> None:
    def failing() -> Iterator[str]:
        yield "a"
        raise ConnectionError("gone")

    stream = patiently(failing, 5)
    assert next(stream) == "a"
    with pytest.raises(ConnectionError, match="gone"):
        next(stream)


def test_a_stream_that_cannot_begin_fails_here() -> None:
    def failing() -> Iterator[str]:
        raise PermissionError("no key")

    with pytest.raises(PermissionError, match="no key"):
        list(patiently(failing, 5))


def test_one_that_hangs_is_given_up_and_closed_when_it_wakes() -> None:
    wake, closed = threading.Event(), threading.Event()

    def hanging() -> Iterator[str]:
        try:
            yield "a"
            wake.wait(30)
            yield "b"
            yield "c"
        finally:
            closed.set()

    stream = patiently(hanging, 0.1)
    assert next(stream) == "a"
    with pytest.raises(TookTooLongError, match=r"0\.1 s"):
        next(stream)
    wake.set()
    assert closed.wait(10)


def test_closing_closes_the_stream() -> None:
    closed = threading.Event()

    def endless() -> Iterator[int]:
        try:
            while True:
                yield 1
                closed.wait(0.001)
        finally:
            closed.set()

    stream = patiently(endless, 5)
    assert next(stream) == 1
    stream.close()
    assert closed.wait(10)


def test_the_context_is_the_callers() -> None:
    NAME.set("caller")
    assert list(patiently(lambda: iter([NAME.get()]), 5)) == ["caller"]
