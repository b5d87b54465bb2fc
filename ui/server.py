"""The server put together: the API, the MCP tools and the chat page behind one door, and uvicorn.

It shows and guards; answers come from the `Assistant`.
"""

from __future__ import annotations

import errno
import socket
import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn
from fastapi import FastAPI, Request
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.responses import Response

from qa.errors import SettingsError
from ui import mcp
from ui.api import create_api, program_version
from ui.browser import BrowserCookie
from ui.limits import BodyLimit, Desk
from ui.problems import Caught, ProblemResponse, problem
from ui.security import Gate, Guarded, Hosts, Login, Users

if TYPE_CHECKING:
    import gradio as gr

    from qa.assistant import Assistant

API = "/api"
PORT, PORTS = 7860, 20
"""Where no port is asked for, the first free one of so many is taken."""
GRACE_SECONDS = 1
"""How long Ctrl-C waits for answers; a page that is open has one on its way always."""
CONNECTIONS = 512
_UPLOADS = ("/gradio_api/upload", "/gradio_api/upload_progress")


def create_app(
    bot: Assistant,
    page: gr.Blocks | None,
    desk: Desk,
    hosts: Hosts,
    *,
    users: Users | None = None,
    tools: bool = False,
    root_path: str = "",
    looks: Mapping[str, Any] | None = None,
) -> FastAPI:
    """Everything that one server answers: the API below /api, the MCP tools, the page.

    `desk` works on the questions of all three. `users` are who may log in; without them everybody
    may ask. `tools` adds the MCP tools at /mcp; raises `SettingsError` where their extra is
    missing. `root_path` is what a proxy takes off the path. `looks` go to
    `gradio.mount_gradio_app`: theme, css, head, favicon_path, pwa and the like.
    """
    served = mcp.create_mcp(bot, desk, program_version()) if tools else None

    @asynccontextmanager
    async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            if served:
                await stack.enter_async_context(served.router.lifespan_context(served))
            stack.callback(desk.close)
            yield

    app = FastAPI(
        lifespan=lifespan,
        openapi_url=None,
        middleware=_middleware(desk, hosts, users),
    )
    app.mount(API, create_api(bot, desk))
    if served:
        app.router.routes.extend(served.routes)
    if not desk.limits.upload_bytes:
        for path in _UPLOADS:
            app.add_api_route(path, _no_uploads, methods=["GET", "POST"])
    if page is not None:
        _mount_page(app, page, desk, bot.settings.index_dir, users, root_path, looks or {})
    return app


def listen(host: str, port: int | None = None) -> socket.socket:
    """A socket that listens on `host`, and on `port` or else the first free one from `PORT` on.

    From then on the port is taken, so that what is slow to load can be loaded. Raises
    `SettingsError` where nothing can listen there.
    """
    wanted = [port] if port is not None else list(range(PORT, PORT + PORTS))
    for number in wanted:
        try:
            return _bound(host, number)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and number != wanted[-1]:
                continue
            raise SettingsError(
                f"cannot listen on {host} port {number} ({error.strerror}): "
                "stop what uses it, or choose another with --host or --port"
            ) from error
    raise AssertionError("unreachable: the last port either listens or raises")


def address(listening: socket.socket, root_path: str = "") -> str:
    """Where a browser on this machine finds the server."""
    host, port = listening.getsockname()[:2]
    here = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
    return f"http://{f'[{here}]' if ':' in here else here}:{port}{root_path}"


def run(app: FastAPI, bot: Assistant, listening: socket.socket, root_path: str = "") -> None:
    """Serve until Ctrl-C, which comes out as `KeyboardInterrupt`."""
    # The model loads while the first question is typed: it takes seconds.
    threading.Thread(target=bot.warm_up, name="warm-up", daemon=True).start()
    uvicorn.Server(configuration(app, root_path)).run([listening])


def configuration(app: FastAPI, root_path: str = "") -> uvicorn.Config:
    """How uvicorn serves: quietly, and without naming itself."""
    return uvicorn.Config(
        app,
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        root_path=root_path,
        # Behind a proxy on this machine its word is taken on who asks; else anyone could lie.
        proxy_headers=bool(root_path),
        limit_concurrency=CONNECTIONS,
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


def read_users(file: Path | None, environment: str | None) -> Users | None:
    """Who may log in: from a file, else from the environment's QA_AUTH, else nobody has to.

    Raises `SettingsError`.
    """
    if file is None:
        return Users.parse(environment, "QA_AUTH") if environment else None
    try:
        return Users.parse(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file} cannot be read ({error}): give user:password lines") from error


def _middleware(desk: Desk, hosts: Hosts, users: Users | None) -> list[Middleware]:
    """From the outermost to the innermost: headers go with refusals, too."""
    return [
        Middleware(Guarded),
        Middleware(BrowserCookie),
        Middleware(Caught),
        Middleware(Gate, hosts=hosts),
        *([Middleware(Login, users=users)] if users else []),
        Middleware(BodyLimit, limits=desk.limits, programs=(f"{API}/", mcp.PATH)),
        # No other site may read anything; Gradio, too, leaves its own rules out then.
        Middleware(CORSMiddleware, allow_origins=()),
    ]


def _mount_page(
    app: FastAPI,
    page: gr.Blocks,
    desk: Desk,
    index_dir: Path,
    users: Users | None,
    root_path: str,
    looks: Mapping[str, Any],
) -> None:
    """The page at /, and below it whatever the API does not answer."""
    import gradio as gr

    limits = desk.limits
    page.queue(max_size=limits.waiting, default_concurrency_limit=limits.running)
    gr.mount_gradio_app(
        app,
        page,
        path="/",
        root_path=root_path or None,
        auth_dependency=_user if users else None,
        allowed_paths=[],
        blocked_paths=[str(index_dir.resolve())],
        max_file_size=limits.upload_bytes or "1kb",
        show_error=False,
        enable_monitoring=False,
        run_history=False,
        ssr_mode=False,
        mcp_server=False,
        footer_links=[],
        **looks,
    )


def _user(request: Request) -> str | None:
    """Who has logged in, as `ui.security.Login` noted it."""
    return getattr(request.state, "user", None)


def _no_uploads() -> Response:
    return ProblemResponse(problem(403, "files cannot be uploaded here: it is not allowed"))


def _bound(host: str, port: int) -> socket.socket:
    """Listening already: two that are only bound could share a port."""
    family, kind, protocol, _, place = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    made = socket.socket(family, kind, protocol)
    try:
        made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        made.bind(place)
        made.listen()
    except OSError:
        made.close()
        raise
    return made
