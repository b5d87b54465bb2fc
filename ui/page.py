"""The page: three tabs over one assistant, put together. It shows, and decides nothing.

>>> page = build_page(bot)
>>> page.launch(**looks())
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from functools import partial
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api

from qa.answer import Answer
from qa.errors import CitedError
from ui.answerers import Answerers
from ui.articles_tab import ArticlesTab
from ui.chat import Chat, Run, in_threads
from ui.chat_tab import ChatTab
from ui.conversations import Conversations
from ui.evaluation_tab import Evaluate, EvaluationTab
from ui.feedback import Feedback
from ui.markup import button, escape
from ui.session import Session
from ui.theme import html_part, looks
from ui.uploads import Uploads

if TYPE_CHECKING:
    from qa.assistant import Assistant

__all__ = ["build_page", "looks"]

CONVERSATIONS = "conversations"
_BRAND = (
    '<a class="unseen" href="#composer" data-do="skip">To the question box</a><h1>Cited</h1>'
    + button("theme", "◐", label="Light or dark", css="tool")
)


def build_page(
    bot: Assistant,
    *,
    run: Run = in_threads,
    uploads: bool = False,
    evaluate: Evaluate | None = None,
) -> gr.Blocks:
    """The page of an assistant, to be mounted or launched with `looks()`.

    `run` works on a question, with whatever limits a server has. With `uploads`, everybody who sees
    the page may bring articles into the corpus and remove them again. Without `evaluate`, the last
    report is shown and no new one is made.
    """
    settings = bot.settings
    chat = Chat(
        bot,
        Answerers(bot),
        run,
        Conversations(settings.index_dir / CONVERSATIONS),
        Feedback(settings.index_dir, settings.model_dump(mode="json")),
    )
    page = gr.Blocks(title="Cited", analytics_enabled=False, fill_width=True)
    with page:
        session = gr.State(Session())
        html_part("brand", _BRAND)
        with gr.Tabs(selected="chat", elem_id="rooms") as tabs:
            with gr.Tab("Chat", id="chat"):
                talking = ChatTab(chat, session)
            with gr.Tab("Articles", id="articles") as stacks:
                library = ArticlesTab(bot, talking, Uploads(settings.corpus) if uploads else None)
            with gr.Tab("Evaluation", id="evaluation") as checks:
                judging = EvaluationTab(settings.index_dir, evaluate)
        talking.wire(page, tabs)
        library.wire(page, stacks, tabs)
        judging.wire(page, checks)
        api(_asked(bot, run), api_name="ask")
    return page


def _asked(bot: Assistant, run: Run) -> Callable[[str], Awaitable[dict[str, Any]]]:
    """What `gradio_client` calls as "/ask": a question in, `Answer.to_dict()` out."""

    async def ask(question: str) -> dict[str, Any]:
        try:
            async with aclosing(run(partial(bot.stream, question))) as found:
                answers = [event async for event in found if isinstance(event, Answer)]
        except CitedError as error:
            raise gr.Error(escape(str(error)), print_exception=False) from error
        return answers[-1].to_dict()

    return ask
