"""What stands around a conversation: the list of those kept, its heading, and the line of state.

It shows what it is given.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

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


def status_html(scope: str, articles: int, editing: int | None, writers: str = "") -> str:
    """What is searched, with the way to change it; and which question is being changed.

    `writers` is the HTML of `writers_html`, which stands beside it.
    """
    return f'<div class="line">{_state(scope, articles, editing)}{writers}</div>'


def writers_html(
    options: Mapping[str, str], chosen: str, *, busy: bool = False, failed: str = ""
) -> str:
    """The choice of who answers, by name and label; "" where there is nothing to choose.

    `failed` says why the one that was chosen last cannot: the choice is what it was before.
    """
    if not options:
        return ""
    listed = "".join(
        f'<option value="{escape(name)}"{" selected" if name == chosen else ""}>{escape(label)}'
        "</option>"
        for name, label in options.items()
    )
    told = f'<p class="state warning" role="alert">{escape(failed)}</p>' if failed else ""
    return (
        '<form class="writers" data-do="submit" data-live><label>Answered by '
        f'<select name="writer"{" disabled" if busy else ""}>{listed}</select></label></form>{told}'
    )


def _state(scope: str, articles: int, editing: int | None) -> str:
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
