"""The Articles tab: the library, an article to read, the choice of what the chat is limited to.

Files are brought in and removed here where that is allowed; the index follows at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gradio as gr

from index.filters import Filter
from index.readers import Skipped
from qa.errors import CitedError
from ui.browser import data_of
from ui.chat_tab import AT_ONCE, PRIVATE, ChatTab
from ui.library import ORDERS, PAGE, chosen, dated, library_html, narrowed_html, toggled
from ui.markup import escape
from ui.problems import problem_of
from ui.reading import article_html
from ui.session import Session
from ui.theme import html_part
from ui.uploads import SUFFIXES, UploadError, Uploads

if TYPE_CHECKING:
    from collections.abc import Callable

    from qa.assistant import Assistant

LIBRARY = "Back to the list"
SYNC = "sync"


class ArticlesTab:
    """Builds its components where it is made, inside the tab; `wire` connects them."""

    def __init__(self, bot: Assistant, chat: ChatTab, uploads: Uploads | None) -> None:
        self._bot = bot
        self._chat = chat
        self._uploads = uploads
        self._count = gr.State(PAGE)
        with gr.Row(elem_id="stacks"):
            with gr.Column(elem_id="catalogue", min_width=0):
                with gr.Row(elem_id="finding"):
                    self.words = gr.Textbox(
                        label="Find articles", placeholder="Title, author or file name",
                        max_length=200, scale=3, min_width=160,
                    )  # fmt: skip
                    self.order = gr.Dropdown(
                        list(ORDERS), label="Order", filterable=False, min_width=130
                    )
                self.scope = html_part("narrowed")
                if uploads:
                    self.files = gr.File(
                        label="Add articles", file_count="multiple", file_types=list(SUFFIXES),
                        elem_id="files", height=120,
                    )  # fmt: skip
                self.told = html_part("told")
                self.list = html_part("library")
            with gr.Column(elem_id="reading", min_width=0):
                self.reader = html_part("reader")

    def wire(self, page: gr.Blocks, tab: gr.Tab, tabs: gr.Tabs) -> None:
        """Connect what people do with what happens."""
        session = self._chat.session
        finding = [session, self.words, self.order, self._count]
        shelves = [self.list, self.scope]
        scoped = [session, self._chat.status, self.told, *shelves]
        for event in (tab.select, page.load, self.words.change, self.order.change):
            event(self._show, finding, shelves, **AT_ONCE)
        self.list.expand(self._more, self._count, self._count, **AT_ONCE).then(
            self._show, finding, shelves, **AT_ONCE
        )
        self.list.click(self._open, None, self.reader, **AT_ONCE)
        self.list.select(self._toggle, finding, scoped, **AT_ONCE)
        self.scope.submit(self._date, finding, scoped, **AT_ONCE)
        self.scope.clear(self._clear, finding, scoped, **AT_ONCE)
        self.scope.expand(lambda: gr.Tabs(selected="chat"), None, tabs, **AT_ONCE)
        self.reader.undo(lambda: "", None, self.reader, **AT_ONCE)
        self.reader.apply(self._only, finding, [*scoped, tabs], **AT_ONCE)
        if self._uploads:
            told = [self.told, *shelves, self._chat.status]
            one = PRIVATE | {"concurrency_id": SYNC, "concurrency_limit": 1}
            one |= {"show_progress": "full", "show_progress_on": self.told}
            self.files.upload(self._take, [self.files, *finding], [self.files, *told], **one)
            self.list.delete(self._remove, finding, [session, *told], **one)

    def _show(self, session: Session, words: str, order: str, shown: int) -> list[Any]:
        articles = self._bot.articles()
        found = chosen(articles, words or "", order)
        removable = self._uploads.holds if self._uploads else _never
        listed = library_html(articles, found, session.scope, shown=shown, removable=removable)
        return [listed, self._narrowed(session)]

    def _more(self, shown: int) -> int:
        return shown + PAGE

    def _open(self, event: gr.EventData) -> str:
        return self._read(str(data_of(event).get("article", "")))

    def _read(self, article_id: str) -> str:
        try:
            article = self._bot.article(article_id)
        except CitedError as error:
            return f'<p class="state" role="alert">{escape(str(error))}</p>'
        return article_html(article, back=LIBRARY, ask=True)

    def _toggle(
        self, session: Session, words: str, order: str, shown: int, event: gr.EventData
    ) -> list[Any]:
        name = str(data_of(event).get("article", ""))
        return self._scoped(session, words, order, shown, lambda: self._toggled(session, name))

    def _only(
        self, session: Session, words: str, order: str, shown: int, event: gr.EventData
    ) -> list[Any]:
        alone = replace(session, scope=replace(session.scope, articles=None))
        name = str(data_of(event).get("article", ""))
        outputs = self._scoped(alone, words, order, shown, lambda: self._toggled(alone, name))
        return [*outputs, gr.Tabs(selected="chat")]

    def _toggled(self, session: Session, article_id: str) -> Session:
        known = [each.id for each in self._bot.articles()]
        return replace(session, scope=toggled(session.scope, article_id, known))

    def _date(
        self, session: Session, words: str, order: str, shown: int, event: gr.EventData
    ) -> list[Any]:
        sent = data_of(event)
        since, until = (str(sent.get(name, "")) for name in ("since", "until"))
        return self._scoped(
            session, words, order, shown,
            lambda: replace(session, scope=dated(session.scope, since, until)),
        )  # fmt: skip

    def _clear(self, session: Session, words: str, order: str, shown: int) -> list[Any]:
        return self._scoped(session, words, order, shown, lambda: replace(session, scope=Filter()))

    def _scoped(
        self, session: Session, words: str, order: str, shown: int, change: Callable[[], Session]
    ) -> list[Any]:
        """What all parts show once the choice of articles has changed, or why it cannot."""
        told = ""
        try:
            session = change()
        except CitedError as error:
            told = f'<p class="state" role="alert">{escape(str(error))}</p>'
        status = self._chat.status_html(session)
        return [session, status, told, *self._show(session, words, order, shown)]

    def _narrowed(self, session: Session) -> str:
        return narrowed_html(session.scope, self._chat.scope_in_words(session))

    def _take(
        self, files: list[str] | None, session: Session, words: str, order: str, shown: int,
        progress: gr.Progress = gr.Progress(),  # noqa: B008  (how Gradio asks for one)
    ) -> list[Any]:  # fmt: skip
        assert self._uploads is not None
        try:
            taken = self._uploads.take([Path(file) for file in files or []])
            skipped = [*taken.skipped, *self._sync(progress)] if taken.added else taken.skipped
            told = _told(f"{len(taken.added)} added", skipped)
        except CitedError as error:
            told = _told(str(error))
        except Exception as error:  # told in a line; the log has it
            told = _told(problem_of(error).detail)
        status = self._chat.status_html(session)
        return [None, told, *self._show(session, words, order, shown), status]

    def _remove(
        self, session: Session, words: str, order: str, shown: int, event: gr.EventData,
        progress: gr.Progress = gr.Progress(),  # noqa: B008
    ) -> list[Any]:  # fmt: skip
        assert self._uploads is not None
        name = str(data_of(event).get("article", ""))
        try:
            if len(self._bot.articles()) == 1:
                raise UploadError("this is the only article there is: add another one first")
            self._uploads.remove(name)
            told = _told("1 removed", self._sync(progress))
            if name in (session.scope.articles or ()):
                session = self._toggled_out(session, name)
        except CitedError as error:
            told = _told(str(error))
        status = self._chat.status_html(session)
        return [session, told, *self._show(session, words, order, shown), status]

    def _toggled_out(self, session: Session, article_id: str) -> Session:
        left = (session.scope.articles or frozenset()) - {article_id}
        return replace(session, scope=replace(session.scope, articles=left or None))

    def _sync(self, progress: gr.Progress) -> tuple[Skipped, ...]:
        """Have the index follow; what it could not read below the uploads."""

        def tell(step: str, done: int, total: int) -> None:
            progress((done, total), desc=step.capitalize())

        return tuple(
            each for each in self._bot.sync(tell).skipped if each.path.startswith("uploads/")
        )


def _told(line: str, skipped: Iterable[Skipped] = ()) -> str:
    """What became of files, and of each that was left out, why."""
    items = "".join(
        f"<li><b>{escape(each.path)}</b>: {escape(each.reason)}</li>" for each in skipped
    )
    left = f"<ul>{items}</ul>" if items else ""
    return f'<div class="state" role="status">{escape(line)}{left}</div>'


def _never(_article_id: str) -> bool:
    return False
