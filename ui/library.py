"""The articles as a list: searched, sorted, opened, and chosen for the chat to be limited to.

It reads what the index knows of them; files are for `ui.uploads`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from index.filters import Filter
from qa.errors import QuestionError
from ui.markup import button, escape, icon, link_to, place

if TYPE_CHECKING:
    from index.store import ArticleSummary

PAGE = 50
"""Articles that are listed at first, and that "show more" adds."""
_UNDATED = date.min

ORDERS: Mapping[str, tuple[Callable[[ArticleSummary], Any], bool]] = MappingProxyType(
    {
        "Newest first": (lambda each: (each.date or _UNDATED, each.title), True),
        "Oldest first": (lambda each: (each.date is None, each.date, each.title), False),
        "By title": (lambda each: each.title.casefold(), False),
        "Longest first": (lambda each: each.passages, True),
    }
)


def chosen(articles: Sequence[ArticleSummary], words: str, order: str) -> list[ArticleSummary]:
    """The articles in whose title, byline, source or file name all of the words occur, in order.

    An order that there is not is the first one.
    """
    wanted = words.casefold().split()
    key, backwards = ORDERS.get(order) or next(iter(ORDERS.values()))
    found = [each for each in articles if all(word in _searched(each) for word in wanted)]
    return sorted(found, key=key, reverse=backwards)


def toggled(scope: Filter, article_id: str, known: Sequence[str]) -> Filter:
    """The filter with an article more, or less; without any left it is open again.

    Raises `QuestionError` for an article that there is not.
    """
    if article_id not in known:
        raise QuestionError(f"there is no article {article_id[:80]!r} any more: reload the page")
    kept = (scope.articles or frozenset()) ^ {article_id}
    return Filter(kept or None, scope.since, scope.until)


def dated(scope: Filter, since: str | None, until: str | None) -> Filter:
    """The filter with another range of dates, "" or None for an open end.

    Raises `QuestionError` for what is no date, or for an end before the beginning.
    """
    first, last = _day(since), _day(until)
    if first and last and first > last:
        raise QuestionError(
            f"no article is from {first} on and from before {last}: turn them round"
        )
    return Filter(scope.articles, first, last)


def library_html(
    articles: Sequence[ArticleSummary],
    found: Sequence[ArticleSummary],
    scope: Filter,
    *,
    shown: int = PAGE,
    removable: Callable[[str], bool] = lambda _: False,
) -> str:
    """The list: `found` of all `articles`, the first `shown`; those in `scope` are ticked."""
    rows = "".join(_row(each, scope, removable=removable(each.id)) for each in found[:shown])
    counted = f"{len(articles)} article{'s' * (len(articles) != 1)}"
    counted = counted if len(found) == len(articles) else f"{len(found)} of {counted}"
    if not rows:
        return f'<p class="counted" role="status">{counted}</p>'
    more = (
        button("expand", f"Show {min(PAGE, len(found) - shown)} more", css="more")
        if len(found) > shown
        else ""
    )
    heads = (
        '<th scope="col"><span class="unseen">Ask only this one</span></th><th scope="col">Title'
        '</th><th scope="col">Date</th><th scope="col" class="count">Passages</th>'
        '<th scope="col" class="count">FAQ pairs</th>'
        '<th scope="col"><span class="unseen">Remove</span></th>'
    )
    return (
        f'<p class="counted" role="status">{counted}</p><table class="library"><thead><tr>{heads}'
        f"</tr></thead><tbody>{rows}</tbody></table>{more}"
    )


def narrowed_html(scope: Filter, in_words: str) -> str:
    """The range of dates that the chat is limited to, to be changed; and all of the limits."""
    boxes = "".join(
        f'<label>{label} <input type="date" name="{name}" '
        f'value="{day.isoformat() if day else ""}"></label>'
        for label, name, day in (
            ("Ask only from", "since", scope.since),
            ("up to", "until", scope.until),
        )
    )
    told = (
        f'<p class="state" role="status">The chat asks only {escape(in_words)}. '
        f"{button('expand', 'Go to the chat')} {button('clear', 'Ask all')}</p>"
        if in_words
        else ""
    )
    return f'<form class="dates" data-do="submit" data-live>{boxes}</form>{told}'


def _row(summary: ArticleSummary, scope: Filter, *, removable: bool) -> str:
    name = escape(summary.id)
    ticked = summary.id in (scope.articles or ())
    box = button(
        "select", "", label=f"Ask only this one: {summary.title}", css="tick",
        article=summary.id, pressed=int(ticked),
    )  # fmt: skip
    warnings = "".join(f'<li class="warning">{escape(line)}</li>' for line in summary.warnings)
    told = f"<ul>{warnings}</ul>" if warnings else ""
    title = (
        f'<a href="{link_to(summary.id)}" data-do="click" data-article="{name}" dir="auto">'
        f"{escape(summary.title)}</a>"
    )
    remove = (
        button("delete", icon("remove"), label=f"Remove {summary.title}", css="tool",
               article=summary.id)
        if removable
        else ""
    )  # fmt: skip
    return (
        f'<tr><td>{box}</td><th scope="row">{title}<p class="byline">{escape(summary.byline)}</p>'
        f'<p class="place">{place(summary.id, None, summary.source)}</p>{told}</th>'
        f'<td class="day">{place("", summary.date)}</td>'
        f'<td class="count" data-label="passages">{summary.passages}</td>'
        f'<td class="count" data-label="FAQ pairs">{summary.faq_pairs}</td><td>{remove}</td></tr>'
    )


def _searched(summary: ArticleSummary) -> str:
    parts = (summary.title, summary.byline, summary.source, summary.id)
    return " ".join(parts).casefold()


def _day(given: str | None) -> date | None:
    text = (given or "").strip()
    try:
        return date.fromisoformat(text[:10]) if text else None
    except ValueError as error:
        raise QuestionError(f"{text[:40]!r} is no date: write it as 2023-09-13") from error
