"""The Chat tab: the list of conversations, the conversation, and beside it what it rests on.

It turns what a browser does into calls of `Chat`, and what comes back into HTML.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from typing import Any

import gradio as gr

from index.filters import Filter
from qa.errors import CitedError
from ui.browser import data_of, owner_of
from ui.chat import Chat, whole
from ui.export import file_name, to_markdown
from ui.listing import heading_html, listing_html, status_html, writers_html
from ui.markup import escape
from ui.reading import Span, article_html, sources, still
from ui.render import invitation, transcript
from ui.session import Session
from ui.suggestions import examples
from ui.theme import html_part

BACK = "Back to the sources"
PRIVATE: dict[str, Any] = {"api_visibility": "private", "show_progress": "hidden"}
"""No event of the page is an address for programs, and none hides what it will change."""
AT_ONCE: dict[str, Any] = PRIVATE | {"queue": False}
"""What takes no time does not wait for what does."""
DOWNLOAD = """(file) => {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([file.text], {type: "text/markdown"}));
  link.download = file.name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}"""


class ChatTab:
    """Builds its components where it is made, inside the tab; `wire` connects them."""

    def __init__(self, chat: Chat, session: gr.State) -> None:
        self._chat = chat
        self._begun_with: tuple[str, tuple[str, ...]] = "", ()
        self.session = session
        with gr.Row(elem_id="desk", equal_height=True):
            with gr.Column(elem_id="shelf", min_width=0):
                self.new = gr.Button("New conversation", elem_id="new")
                self.listing = html_part("listing")
            with gr.Column(elem_id="talk", min_width=0):
                self.heading = html_part("heading")
                with gr.Column(elem_id="transcript"):
                    self.past = html_part("past")
                    self.live = html_part("live")
                self.status = html_part("status")
                self.composer = gr.Textbox(
                    elem_id="composer",
                    label="Your question",
                    show_label=False,
                    container=False,
                    placeholder="Ask a question about the articles",
                    lines=1,
                    max_lines=8,
                    max_length=chat.bot.settings.max_question_chars,
                    submit_btn="Ask",
                    # Until the page has arrived, its first state would undo what was asked.
                    interactive=False,
                )
            with gr.Column(elem_id="beside", min_width=0):
                self.panel = html_part("panel")
        self._file = gr.JSON(visible=False)
        self.shown = [session, self.past, self.live, self.panel, self.listing, self.heading]
        self.shown += [self.status, self.composer]

    def wire(self, page: gr.Blocks, tabs: gr.Tabs) -> None:
        """Connect what people do with what happens."""
        given = [self.session]
        asks: list[dict[str, Any]] = [
            page.load(self._arrive, given, self.shown, **PRIVATE),
            self.composer.submit(self._ask, [self.composer, *given], self.shown, **PRIVATE),
        ]
        for part in (self.past, self.live):
            asks.append(part.example_select(self._suggested, given, self.shown, **PRIVATE))
            asks.append(part.retry(self._retry, given, self.shown, **PRIVATE))
            part.select(self._cite, given, [self.session, self.panel], **AT_ONCE)
            part.edit(self._edit, given, [self.session, self.status, self.composer], **AT_ONCE)
            part.like(self._vote, given, [self.session, self.past, self.live], **AT_ONCE)
            part.submit(self._comment, given, [self.session, self.past, self.live], **AT_ONCE)
        self.composer.stop(self._stop, given, self.shown, cancels=asks, **AT_ONCE)
        self.panel.select(self._cite, given, [self.session, self.panel], **AT_ONCE)
        self.panel.undo(self._sources, given, self.panel, **AT_ONCE)
        self.new.click(self._begin, given, self.shown, cancels=asks, **AT_ONCE)
        self.listing.select(self._open, given, self.shown, cancels=asks, **AT_ONCE)
        self.heading.submit(
            self._rename, given, [self.session, self.listing, self.heading], **AT_ONCE
        )
        self.heading.delete(self._delete, given, self.shown, cancels=asks, **AT_ONCE)
        self.heading.download(self._export, given, self._file, **AT_ONCE).then(
            None, self._file, None, js=DOWNLOAD, **AT_ONCE
        )
        self.status.undo(self._cancel, given, [self.session, self.status, self.composer], **AT_ONCE)
        self.status.clear(self._widen, given, [self.session, self.status], **AT_ONCE)
        self.status.submit(self._choose, given, [self.session, self.status], **AT_ONCE)
        self.status.expand(lambda: gr.Tabs(selected="articles"), None, tabs, **AT_ONCE)

    def view(self, session: Session, owner: str | None, *, panel: str | None = None) -> list[Any]:
        """All that the tab shows, in the order of `shown`, while nothing is being answered."""
        return [
            session,
            *self._transcripts(session),
            self._cards(session) if panel is None else panel,
            self._listed(owner, session),
            heading_html(session.conversation),
            self.status_html(session),
            gr.Textbox(submit_btn="Ask", stop_btn=False, interactive=True, autofocus=True),
        ]

    def scope_in_words(self, session: Session) -> str:
        """What the chat is limited to, "" if to nothing."""
        return self._chat.scope_in_words(session.scope)

    def status_html(self, session: Session, *, busy: bool = False, failed: str = "") -> str:
        """The line above the question box: what is searched, or changed, and who answers."""
        answerers, scope = self._chat.answerers, self._chat.scope_in_words(session.scope)
        chosen = answerers.name(session.writer)
        writers = writers_html(answerers.options, chosen, busy=busy, failed=failed)
        return status_html(scope, self._chat.bot.counts()[0], session.editing, writers)

    async def _arrive(self, session: Session, request: gr.Request) -> AsyncIterator[list[Any]]:
        """What the address asks for: `c` a conversation, `q` a question, `article` a place."""
        await asyncio.to_thread(self._chat.answerers.look)
        owner, asked = owner_of(request), request.query_params
        session = self._chat.open(session, owner, asked.get("c"))
        panel = None
        if name := asked.get("article"):
            span = (whole(asked.get("start")), whole(asked.get("end")))
            panel = self._read(name, _spans(*span), back="")
        yield self.view(session, owner, panel=panel)
        if (question := asked.get("q", "").strip()) and not asked.get("c"):
            async for state in self._answer(session, owner, question):
                yield state

    async def _ask(
        self, question: str | None, session: Session, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        async for state in self._answer(
            session, owner_of(request), question or "", session.editing
        ):
            yield state

    async def _suggested(
        self, session: Session, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        question = str(data_of(event).get("text", ""))
        async for state in self._answer(session, owner_of(request), question):
            yield state

    async def _retry(
        self, session: Session, event: gr.EventData, request: gr.Request
    ) -> AsyncIterator[list[Any]]:
        at = whole(data_of(event).get("turn"))
        exchanges = session.conversation.exchanges
        if at is None or at >= len(exchanges):
            return
        async for state in self._answer(session, owner_of(request), exchanges[at].asked, at):
            yield state

    async def _answer(
        self, session: Session, owner: str | None, question: str, at: int | None = None
    ) -> AsyncIterator[list[Any]]:
        """The states of the tab while a question is answered; only what changes is sent."""
        first = True
        unchanged = [gr.skip()] * (len(self.shown) - 3)
        latest = session
        async for latest in self._chat.answer(session, owner, question, at):
            past, live = self._transcripts(latest, busy=True)
            if first:
                composer = gr.Textbox(value="", submit_btn=False, stop_btn="Stop")
                rest = [*unchanged[:-2], self.status_html(latest, busy=True), composer]
                yield [latest, past, live, *rest]
                first = False
            else:
                yield [latest, gr.skip(), live, *unchanged]
        yield self.view(latest, owner)

    def _stop(self, session: Session, request: gr.Request) -> list[Any]:
        owner = owner_of(request)
        return self.view(self._chat.stop(session, owner), owner)

    def _begin(self, session: Session, request: gr.Request) -> list[Any]:
        owner = owner_of(request)
        return self.view(self._chat.begin(self._chat.stop(session, owner)), owner)

    def _open(self, session: Session, event: gr.EventData, request: gr.Request) -> list[Any]:
        owner = owner_of(request)
        session = self._chat.stop(session, owner)
        return self.view(self._chat.open(session, owner, data_of(event).get("name")), owner)

    def _delete(self, session: Session, request: gr.Request) -> list[Any]:
        owner = owner_of(request)
        return self.view(self._chat.delete(session, owner), owner)

    def _rename(self, session: Session, event: gr.EventData, request: gr.Request) -> list[Any]:
        owner = owner_of(request)
        session = self._chat.rename(session, owner, str(data_of(event).get("title", "")))
        return [session, self._listed(owner, session), heading_html(session.conversation)]

    def _export(self, session: Session) -> dict[str, str]:
        conversation = session.conversation
        return {"name": file_name(conversation), "text": to_markdown(conversation)}

    def _cite(self, session: Session, event: gr.EventData) -> list[Any]:
        """Open the article of a citation where its quote stands."""
        data = data_of(event)
        turn, number = whole(data.get("turn")), whole(data.get("number"))
        exchanges = session.conversation.exchanges
        answer = exchanges[turn].answer if turn is not None and turn < len(exchanges) else None
        cited = (answer.citations or answer.near_misses) if answer else ()
        for citation in cited:
            if citation.number == number and turn is not None:
                place = (citation.start, citation.end)
                panel = self._read(citation.article_id, [place], citation.quote, back=BACK)
                return [replace(session, turn=turn), panel]
        return [gr.skip(), gr.skip()]

    def _sources(self, session: Session) -> str:
        return self._cards(session)

    def _edit(self, session: Session, event: gr.EventData) -> list[Any]:
        turn = whole(data_of(event).get("turn"))
        exchanges = session.conversation.exchanges
        if turn is None or turn >= len(exchanges):
            return [gr.skip()] * 3
        session = replace(session, editing=turn)
        return [session, self.status_html(session), gr.Textbox(value=exchanges[turn].asked)]

    def _cancel(self, session: Session) -> list[Any]:
        session = replace(session, editing=None)
        return [session, self.status_html(session), gr.Textbox(value="")]

    def _widen(self, session: Session) -> list[Any]:
        session = replace(session, scope=Filter())
        return [session, self.status_html(session)]

    def _choose(self, session: Session, event: gr.EventData) -> list[Any]:
        """Who answers from now on; one that cannot is told, and the choice stays what it was."""
        try:
            session = self._chat.choose(session, data_of(event).get("writer"))
        except CitedError as error:
            return [session, self.status_html(session, failed=str(error))]
        return [session, self.status_html(session)]

    def _vote(self, session: Session, event: gr.EventData, request: gr.Request) -> list[Any]:
        data = data_of(event)
        liked = data.get("liked") == "1"
        session = self._chat.vote(session, owner_of(request), data.get("turn"), liked=liked)
        return [session, *self._transcripts(session)]

    def _comment(self, session: Session, event: gr.EventData, request: gr.Request) -> list[Any]:
        data = data_of(event)
        owner = owner_of(request)
        session = self._chat.comment(session, owner, data.get("turn"), data.get("comment"))
        return [session, *self._transcripts(session)]

    def _transcripts(self, session: Session, *, busy: bool = False) -> tuple[str, str]:
        """The conversation but for its last exchange, and that one."""
        conversation = session.conversation
        if not conversation.exchanges:
            chat = self._chat
            can_write = bool(chat.answerers.options)
            return "", invitation(chat.bot.counts()[0], self._examples(), can_write=can_write)
        last = len(conversation.exchanges) - 1
        return (
            transcript(conversation, range(last)),
            transcript(conversation, [last], busy=busy),
        )

    def _examples(self) -> tuple[str, ...]:
        """Questions to begin with; looked for once in a generation, since all articles are."""
        generation = self._chat.bot.generation()
        if self._begun_with[0] != generation:
            self._begun_with = generation, examples(self._chat.bot)
        return self._begun_with[1]

    def _cards(self, session: Session) -> str:
        exchanges = session.conversation.exchanges
        shown = exchanges[session.turn].answer if session.turn < len(exchanges) else None
        return sources(shown, session.turn)

    def _listed(self, owner: str | None, session: Session) -> str:
        kept = self._chat.kept.list(owner) if owner else []
        return listing_html(kept, session.conversation.id, remembers=owner is not None)

    def _read(self, article_id: str, marked: Sequence[Span], quote: str = "", *, back: str) -> str:
        """An article in the panel; where it has changed since it was quoted, that is said."""
        try:
            article = self._chat.bot.article(article_id)
        except CitedError as error:
            return f'<p class="state" role="alert">{escape(str(error))}</p>'
        return article_html(article, still(article, marked, quote), back=back)


def _spans(start: int | None, end: int | None) -> list[Span]:
    return [(start, end)] if start is not None and end is not None else []
