"""What stands around a conversation: the list of those kept, its heading, and the line of state."""

from __future__ import annotations

from collections.abc import Sequence

from ui.conversations import Listed
from ui.exchange import LONGEST_TITLE, Conversation
from ui.markup import button, escape


def listing_html(kept: Sequence[Listed], current: str, *, remembers: bool) -> str:
    """The conversations of a browser, the open one marked; `remembers` whether any are kept."""
    if not remembers:
        return '<p class="aside">Without cookies, conversations end with the page.</p>'
    if not kept:
        return '<p class="aside">Conversations are kept here, for this browser alone.</p>'
    items = "".join(
        f"<li{' aria-current=true' if each.id == current else ''}>"
        f"{button('select', f'<span>{escape(each.name)}</span>', name=each.id)}</li>"
        for each in kept
    )
    return f'<nav aria-label="Conversations"><ul class="kept">{items}</ul></nav>'


def heading_html(conversation: Conversation) -> str:
    """The conversation's name, and what can be done with all of it; "" before its beginning."""
    if not conversation.exchanges:
        return ""
    name = escape(conversation.name)
    return (
        f'<header class="heading"><h2 dir="auto">{name}</h2><details class="menu">'
        '<summary aria-label="Rename, export or delete this conversation">⋯</summary>'
        f'<div><form data-do="submit"><label>Name <input name="title" value="{name}" '
        f'maxlength="{LONGEST_TITLE}" autocomplete="off"></label><button>Rename</button></form>'
        f"{button('download', 'Export as Markdown')}"
        f"{button('delete', 'Delete', css='danger', sure='Really delete?')}</div></details>"
        "</header>"
    )


def status_html(scope: str, articles: int, editing: int | None) -> str:
    """What is searched, with the way to change it; and which question is being changed."""
    if editing is not None:
        told = f"Changing question {editing + 1}: what was said after it will go."
        return f'<p class="state" role="status">{told} {button("undo", "Leave it")}</p>'
    if scope:
        return (
            f'<p class="state" role="status">Asking only {escape(scope)}. '
            f"{button('expand', 'Change')} {button('clear', 'Ask all')}</p>"
        )
    whole = "the only article" if articles == 1 else f"all {articles} articles"
    return f'<p class="state">Asking {whole}. {button("expand", "Choose")}</p>'
