"""The small pieces of our HTML: text made safe, buttons, addresses, the words for a confidence.

Articles, questions and file names are untrusted: they come onto a page through `escape` alone.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from urllib.parse import urlencode

from qa.printing import long_date

_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff"
    "\U000e0000-\U000e007f]"
)
_SURROGATE = re.compile("[\ud800-\udfff]")
SUPPORT = ((0.7, "Probably answers it"), (0.45, "May answer it"), (0.0, "Unsure if it answers"))
"""From which confidence on an answer is called what."""

# Drawn for this page, on a grid of 16 by 16, in lines of the text's own colour.
_SHAPES: Mapping[str, str] = MappingProxyType(
    {
        "copy": "M6 6h7v7H6zM3.5 10H3V3h7v.5",
        "retry": "M12.8 6.5A5 5 0 1 0 13 9M13 3v3.5H9.5",
        "edit": "M3 13l.7-3L10.5 3.2l2.3 2.3L6 12.3zM9 4.7l2.3 2.3",
        "like": "M5.5 13V7.5L8 3c1.3 0 1.7 1 1.5 2L9.2 6.5H13l-1.2 6.5zM5.5 7.5H3V13h2.5",
        "dislike": "M10.5 3v5.5L8 13c-1.3 0-1.7-1-1.5-2l.3-1.5H3L4.2 3zM10.5 8.5H13V3h-2.5",
        "link": "M6 10l4-4M7 5l2-2a2.5 2.5 0 0 1 4 4l-2 2M9 11l-2 2a2.5 2.5 0 0 1-4-4l2-2",
        "back": "M9.5 3L4.5 8l5 5M4.5 8H13",
        "remove": "M4 5l.7 8h6.6L12 5M3 5h10M6.5 5V3h3v2",
    }
)


def escape(text: str) -> str:
    """Text that HTML reads nothing into, without characters that hide or turn text round.

    White space stays, so that pieces of a text put side by side are the text again.
    """
    return html.escape(_SURROGATE.sub("\ufffd", _UNSEEN.sub("", text)))


def icon(name: str) -> str:
    """One of our own drawings; what it means is said by the button around it."""
    return (
        '<svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">'
        f'<path d="{_SHAPES[name]}"/></svg>'
    )


def button(event: str, inner: str, *, label: str = "", css: str = "", **data: str | int) -> str:
    """A button that sends `event` with `data`; `inner` is HTML, `label` its name when it has none.

    A pressed or selected state goes into `data` as `pressed` (0 or 1).
    """
    pressed = data.pop("pressed", None)
    attributes = [
        'type="button"',
        f'class="{css}"' if css else "",
        f'data-do="{event}"',
        *(f'data-{name}="{escape(str(value))}"' for name, value in data.items()),
        f'aria-label="{escape(label)}" title="{escape(label)}"' if label else "",
        f'aria-pressed="{"true" if pressed else "false"}"' if pressed is not None else "",
    ]
    return f"<button {' '.join(filter(None, attributes))}>{inner}</button>"


def place(article_id: str, day: date | None, source: str = "") -> str:
    """Where and when something was said, in one line of HTML."""
    parts = [f'<time datetime="{day.isoformat()}">{long_date(day)}</time>'] if day else []
    return " · ".join([*parts, *map(escape, filter(None, (source, article_id)))])


def link_to(article_id: str, span: tuple[int, int] | None = None) -> str:
    """The address of an article on this page, opened where `span` stands; safe as an attribute."""
    query: dict[str, str | int] = {"article": article_id}
    if span:
        query |= {"start": span[0], "end": span[1]}
    return html.escape(f"?{urlencode(query, errors='replace')}")


def supported(confidence: float) -> str:
    """What a confidence is called, in words."""
    return next(words for least, words in SUPPORT if confidence >= least)


def about(probability: float) -> str:
    """A probability as it is said, to the nearest five per cent: "about 85 %"."""
    nearest = round(probability * 20) * 5
    return "under 5 %" if nearest < 5 else "over 95 %" if nearest > 95 else f"about {nearest} %"
