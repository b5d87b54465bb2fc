"""Which browser a request comes from, by a secret in a cookie that no script and no other site
sees; and what it sent.

It identifies and nothing more: what a browser may see is for the rooms that keep things to say.
"""

from __future__ import annotations

import re
import secrets
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import cookie_parser
from starlette.types import ASGIApp, Message, Receive, Scope, Send

if TYPE_CHECKING:
    import gradio as gr

COOKIE = "cited_browser"
_YEAR = 365 * 24 * 3600
_SECRET = re.compile(r"[A-Za-z0-9_-]{22}")


class BrowserCookie:
    """ASGI middleware: with its first page a browser gets a secret, 128 random bits."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the application does, the cookie set with a page where there is none."""
        if scope["type"] != "http" or _secret(Headers(scope=scope).get("cookie", "")):
            await self._app(scope, receive, send)
            return

        async def send_with_cookie(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("Set-Cookie", _new_cookie(scope))
            await send(message)

        await self._app(scope, receive, send_with_cookie)


def owner_of(request: gr.Request | None) -> str | None:
    """Whose conversations a request may see; None for a client without a cookie.

    Where people log in, two of them at one browser are two owners.
    """
    if request is None:
        return None
    secret = _secret(request.headers.get("cookie", ""))
    name = getattr(request, "username", None) or ""
    return f"{secret} {name}".rstrip() if secret else None


def data_of(event: gr.EventData) -> dict[str, Any]:
    """What a browser sent with an event; anything may be in it."""
    return event._data if isinstance(event._data, dict) else {}


def _secret(cookies: str) -> str | None:
    found = cookie_parser(cookies).get(COOKIE, "")
    return found if _SECRET.fullmatch(found) else None


def _new_cookie(scope: Scope) -> str:
    cookie: SimpleCookie = SimpleCookie({COOKIE: secrets.token_urlsafe(16)})
    attributes = {
        "path": scope.get("root_path") or "/",
        "max-age": str(_YEAR),
        "samesite": "Strict",
    }
    cookie[COOKIE].update(attributes)
    cookie[COOKIE]["httponly"] = True
    cookie[COOKIE]["secure"] = scope.get("scheme") == "https"
    return cookie[COOKIE].OutputString()
