"""What the tests of the server share: an app that really listens, and a question that can wait."""

from __future__ import annotations

import json
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from conftest import BAKERY, LIGHTHOUSE, RAILWAY
from fastapi import FastAPI

from index.filters import Filter
from qa import Assistant, Settings, Turn
from qa.answer import Event, Searching
from ui.server import address, configuration, listen

PATIENCE = 30.0
"""Seconds until a test gives up: none of them measures."""


def open_town(folder: Path) -> Assistant:
    """An assistant, with the real model, over the articles of the fixture `town`."""
    articles = {"railway.txt": RAILWAY, "sub/lighthouse.txt": LIGHTHOUSE, "bakery.txt": BAKERY}
    for name, text in articles.items():
        path = folder / "town" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return Assistant.open(Settings(corpus=folder / "town", index_dir=folder / "index"))


@contextmanager
def serving(app: FastAPI, root_path: str = "") -> Iterator[str]:
    """The address of `app` while it listens on a port of its own."""
    listening = listen("127.0.0.1", 0)
    server = uvicorn.Server(configuration(app, root_path))
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    try:
        until(lambda: server.started or not thread.is_alive())
        yield address(listening)
    finally:
        server.should_exit = True
        thread.join(PATIENCE)


def until(condition: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it never came to be"
        time.sleep(0.01)


@dataclass(frozen=True)
class Got:
    """A response."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def fetch(
    url: str, data: Any = None, headers: Mapping[str, str] | None = None, method: str | None = None
) -> Got:
    """GET, or POST where there is data, without following what is an error."""
    body = None if data is None else json.dumps(data).encode()
    sent = {"Content-Type": "application/json", **(headers or {})}
    request = urllib.request.Request(url, body, sent, method=method)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE) as response:
            return Got(response.status, dict(response.headers), response.read())
    except urllib.error.HTTPError as error:
        with error:
            return Got(error.code, dict(error.headers), error.read())


class Held(Assistant):
    """An assistant whose questions wait, from their first event on, until they are let go."""

    def __init__(self, bot: Assistant) -> None:
        vars(self).update(vars(bot))
        self.begun = 0
        self.go = threading.Event()

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        where: Filter | None = None,
        *,
        explained: bool = False,
    ) -> Iterator[Event]:
        self.begun += 1
        yield Searching(question)
        assert self.go.wait(PATIENCE)
        yield from super().stream(question, history, where, explained=explained)


class Failing(Assistant):
    """An assistant with a fault that nobody foresaw, in every method that the API calls."""

    def __init__(self, bot: Assistant, after: int = 0) -> None:
        vars(self).update(vars(bot))
        self._after = after

    def stream(
        self,
        question: str,
        history: Sequence[Turn] = (),
        where: Filter | None = None,
        *,
        explained: bool = False,
    ) -> Iterator[Event]:
        for number, event in enumerate(
            super().stream(question, history, where, explained=explained)
        ):
            if number == self._after:
                raise ZeroDivisionError("a hidden cause")
            yield event

    def generation(self) -> str:
        raise ZeroDivisionError("a hidden cause")
