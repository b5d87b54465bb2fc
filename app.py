"""The chat page and the HTTP API on one server: `cited serve`, or `python app.py`.

It puts the parts together; `ui` shows them, `qa` answers, and nothing is decided here.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from qa.evaluation.runs import check_faq
from ui.limits import Desk, Limits
from ui.page import build_page, looks
from ui.security import Hosts, Users
from ui.server import create_app

if TYPE_CHECKING:
    from fastapi import FastAPI

    from qa.assistant import Assistant

UPLOAD_BYTES, UPLOADS_AT_ONCE = 20 << 20, 10


def build(
    bot: Assistant,
    hosts: Hosts,
    *,
    users: Users | None = None,
    tools: bool = False,
    root_path: str = "",
) -> FastAPI:
    """The whole server of an assistant, as an ASGI app.

    `hosts` are the names it answers to, `users` who may log in (None: everybody may ask), `tools`
    adds the MCP tools, `root_path` is what a proxy takes off the path. Files may be uploaded where
    the assistant's settings say so.
    """
    uploads = bot.settings.uploads
    limits = Limits()
    if uploads:
        limits = replace(
            limits, upload_bytes=UPLOAD_BYTES, page_bytes=UPLOAD_BYTES * UPLOADS_AT_ONCE
        )
    desk = Desk(limits)
    page = build_page(
        bot,
        run=desk.events,
        uploads=uploads,
        evaluate=partial(check_faq, bot),
    )
    return create_app(
        bot, page, desk, hosts, users=users, tools=tools, root_path=root_path, looks=looks()
    )


if __name__ == "__main__":
    from qa.cli import main

    sys.argv.insert(1, "serve")
    main()
