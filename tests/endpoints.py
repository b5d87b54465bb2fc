"""HTTP servers of chat models that say what a test wants: answers, errors, nothing."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

PATIENCE = 30.0
"""Seconds until silence ends, if the test does not end it: none of them measures."""
USAGE = {"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10}

Words = Sequence[str | None]


@dataclass
class Endpoint:
    """Where a server listens, what it was asked, and the keys that came with it."""

    url: str = ""
    asked: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)


@contextmanager
def speaking(*says: Words | int | None, models: Sequence[str] = ()) -> Iterator[Endpoint]:
    """A server of OpenAI's protocol, below /v1, and of Ollama's, on a port of the loopback.

    It says one of `says` to each request, the last one again and again: words, streamed if that is
    asked for, where `None` is silence from there on; a number, an error of that status; or `None`,
    silence from the start. `models` are the names that it lists.
    """
    endpoint = Endpoint()
    ended = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/api/tags":
                self._json({"models": [{"model": name, "size": 2_000_000} for name in models]})
            else:
                self._json({"object": "list", "data": [_listed(name) for name in models]})

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.asked.append(asked)
            endpoint.keys.append(self.headers["Authorization"])
            said = says[min(len(endpoint.asked), len(says)) - 1]
            if said is None:
                ended.wait(PATIENCE)
            elif isinstance(said, int):
                self._json({"error": {"message": f"error {said}"}}, said)
            elif self.path == "/api/chat":
                self._lines(_ollama_lines(said))
            elif asked.get("stream"):
                self._lines(_openai_lines(said))
            else:
                self._json(_completion(said))

        def _json(self, data: Any, status: int = 200) -> None:
            body = json.dumps(data).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.send_header("retry-after-ms", "1")  # a test need not wait for a client's patience
            self.end_headers()
            self.wfile.write(body)

        def _lines(self, lines: Iterator[str | None]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/event-stream")
            self.end_headers()
            for line in lines:
                if line is None:
                    ended.wait(PATIENCE)
                    return
                self.wfile.write(line.encode())
                self.wfile.flush()

        def log_message(self, format: str, *args: Any) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    endpoint.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield endpoint
    finally:
        ended.set()
        server.shutdown()
        server.server_close()


def _listed(name: str) -> dict[str, Any]:
    return {"id": name, "object": "model", "created": 0, "owned_by": ""}


def _completion(words: Words) -> dict[str, Any]:
    message = {"role": "assistant", "content": "".join(filter(None, words))}
    choice = {"index": 0, "message": message, "finish_reason": "stop"}
    made = {"id": "1", "object": "chat.completion", "created": 0, "model": "m"}
    return {**made, "choices": [choice], "usage": USAGE}


def _openai_lines(words: Words) -> Iterator[str | None]:
    head = {"id": "1", "object": "chat.completion.chunk", "created": 0, "model": "m"}
    for word in words:
        choice = {"index": 0, "delta": {"role": "assistant", "content": word}}
        yield word and f"data: {json.dumps({**head, 'choices': [choice]})}\n\n"
    yield f"data: {json.dumps({**head, 'choices': [], 'usage': USAGE})}\n\n"
    yield "data: [DONE]\n\n"


def _ollama_lines(words: Words) -> Iterator[str | None]:
    for word in words:
        message = {"role": "assistant", "content": word}
        yield word and json.dumps({"model": "m", "message": message, "done": False}) + "\n"
    counts = {"prompt_eval_count": 7, "eval_count": 3, "done_reason": "stop"}
    last = {"role": "assistant", "content": ""}
    yield json.dumps({"model": "m", "message": last, "done": True, **counts}) + "\n"
