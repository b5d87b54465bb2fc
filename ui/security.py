"""Who may ask this server, and what a browser may do with its answers.

Headers for every response; the names and sites requests may come by; users and passwords. It knows
no questions and no articles.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import math
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from socket import gethostname
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.errors import SettingsError

HEADERS = {
    # Whatever comes to be on the page, it loads nothing from elsewhere and sends nothing there.
    # Gradio's own page needs its inline script and styles.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'",
    "X-Frame-Options": "SAMEORIGIN",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
FAILURES, WINDOW = 5, 60.0
"""So many wrong passwords of one client within so many seconds, and it has to wait."""
_CLIENTS = 10_000
_SAFE = ("GET", "HEAD")


class Guarded:
    """Puts `HEADERS` on every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, with the headers added."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, send_guarded)


@dataclass(frozen=True, slots=True)
class Hosts:
    """The names that this server may be asked by.

    A page elsewhere can have its own name point here (DNS rebinding), and is then one origin with
    this server: so a name counts only if it is known. Loopback always is. Where the server listens
    on every address, so is any address as such, which no other site can be named by.
    """

    own: str = "localhost"
    allowed: frozenset[str] = frozenset()
    any_address: bool = False

    @classmethod
    def of(cls, listening: str, more: Iterable[str] = ()) -> Hosts:
        """Those of a server that listens on `listening`; `more` are the names a proxy has."""
        every = listening in ("", "0.0.0.0", "::")
        own = gethostname() if every else listening
        return cls(own.lower(), frozenset(name.lower() for name in more), every)

    def know(self, host: str) -> bool:
        """Whether a `Host` header names this server."""
        name = _name(host)
        if name in ("localhost", self.own) or name in self.allowed:
            return True
        try:
            address = ip_address(name)
        except ValueError:
            return False
        return self.any_address or address.is_loopback


class Gate:
    """Refuses, with 403, what comes by a foreign name or changes something from a foreign site."""

    def __init__(self, app: ASGIApp, hosts: Hosts) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does, unless the request is foreign. Raises `HTTPException`."""
        if scope["type"] in ("http", "websocket"):
            headers = Headers(scope=scope)
            host, origin = headers.get("host", ""), headers.get("origin")
            if not self._hosts.know(host):
                raise HTTPException(
                    403,
                    f"this server is not known as {host[:80]!r}: allow the name, or use its own",
                )
            # Browsers send the origin with whatever may change something.
            changing = scope["type"] == "websocket" or scope["method"] not in _SAFE
            if changing and origin is not None and not self._own(origin, host):
                raise HTTPException(403, f"pages of {origin[:80]!r} may not ask this server")
        await self._app(scope, receive, send)

    def _own(self, origin: str, host: str) -> bool:
        # A proxy may ask by another name than the browser did: one that was allowed will do.
        netloc = origin.partition("://")[2]
        return netloc == host or _name(netloc) in self._hosts.allowed


@dataclass(frozen=True, slots=True)
class Users:
    """Who may log in: user names and the SHA-256 of their passwords, in UTF-8."""

    passwords: Mapping[str, bytes] = field(repr=False)

    @classmethod
    def parse(cls, text: str, source: str) -> Users:
        """From lines of `user:password`; empty ones and those that begin with # do not count.

        Raises `SettingsError`, which names the `source` and never a password.
        """
        found: dict[str, bytes] = {}
        for number, line in enumerate(text.splitlines(), 1):
            if not line.strip() or line.startswith("#"):
                continue
            user, colon, password = line.strip().partition(":")
            if not (user and colon and password):
                raise SettingsError(f"{source}, line {number}: give user:password")
            found[user] = _digest(password)
        if not found:
            raise SettingsError(f"{source} names no user: give lines of user:password")
        return cls(found)

    def check(self, user: str, password: str) -> bool:
        """Whether the password is the user's; takes as long whether or not either is right."""
        expected = self.passwords.get(user, _digest(""))
        same = hmac.compare_digest(expected, _digest(password))
        return same and user in self.passwords


class Throttle:
    """Counts failures by client: after `FAILURES` within `WINDOW` seconds it has to wait."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: OrderedDict[str, deque[float]] = OrderedDict()

    def wait(self, client: str) -> float:
        """How many seconds a client has to wait; 0 for most."""
        times = self._failures.get(client)
        if times is None or len(times) < FAILURES:
            return 0.0
        return max(0.0, times[0] + WINDOW - self._clock())

    def note(self, client: str) -> None:
        """Note a failure; the clients that failed longest ago are forgotten."""
        times = self._failures.setdefault(client, deque(maxlen=FAILURES))
        times.append(self._clock())
        self._failures.move_to_end(client)
        if len(self._failures) > _CLIENTS:
            self._failures.popitem(last=False)

    def forget(self, client: str) -> None:
        """Forget a client's failures: it has logged in."""
        self._failures.pop(client, None)


class Login:
    """Asks for user and password (HTTP Basic, RFC 7617), on the page and for programs alike.

    The user's name is then `request.state.user`.
    """

    def __init__(self, app: ASGIApp, users: Users, throttle: Throttle | None = None) -> None:
        self._app = app
        self._users = users
        self._throttle = throttle or Throttle()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the app does to those who may log in. Raises `HTTPException` to others."""
        if scope["type"] in ("http", "websocket"):
            client = scope["client"][0] if scope.get("client") else ""
            scope.setdefault("state", {})["user"] = self._user(Headers(scope=scope), client)
        await self._app(scope, receive, send)

    def _user(self, headers: Headers, client: str) -> str:
        if left := self._throttle.wait(client):
            after = str(math.ceil(left))
            line = f"too many wrong passwords: try again in {after} seconds"
            raise HTTPException(429, line, headers={"Retry-After": after})
        given = headers.get("authorization")
        if given is not None:
            user, password = _credentials(given)
            if self._users.check(user, password):
                self._throttle.forget(client)
                return user
            self._throttle.note(client)
        challenge = {"WWW-Authenticate": 'Basic realm="Cited", charset="UTF-8"'}
        raise HTTPException(401, "log in with user and password (HTTP Basic)", headers=challenge)


def _credentials(header: str) -> tuple[str, str]:
    """User and password of an `Authorization` header; empty ones where it holds none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode("utf-8").partition(":")
    except ValueError:
        return "", ""
    return user, password


def _digest(password: str) -> bytes:
    return hashlib.sha256(password.encode("utf-8", "surrogatepass")).digest()


def _name(host: str) -> str:
    """The name or address in a `Host` header, in lower case; "" where it is malformed."""
    if set(host) & set("@/?#\\ "):
        return ""
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port  # raises where it is no number
    except ValueError:
        return ""
    return (parts.hostname or "").rstrip(".")
