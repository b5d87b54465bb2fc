"""The chat page: a conversation, each answer with its quotes. It shows, and decides nothing.

Articles and what a browser sends are both untrusted: nothing of either becomes Markdown or HTML.
"""

from __future__ import annotations

import html
import re
import socket
import sys
import threading
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import gradio as gr
from gradio.events import api
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from qa.answer import Answer, Citation, Turn
from qa.errors import CitedError, SettingsError
from qa.printing import long_date, printable

if TYPE_CHECKING:
    from pathlib import Path

    from qa.assistant import Assistant

MAX_TURNS, MAX_TURN_CHARS = 8, 4_000  # of the history a browser sends back
EXAMPLES = 3
FONTS = ("ui-sans-serif", "system-ui", "sans-serif")
MONO_FONTS = ("ui-monospace", "monospace")
QUOTES = '<div class="quotes">'
_PLAIN = re.compile(r"(?!.*www\.)[\w \-,.;'’“”()]+\?", re.IGNORECASE)
CSS = """
.placeholder-content .placeholder { padding: 0 1rem; text-align: center; }
.quotes { font-size: .9em; border-top: 1px solid var(--border-color-primary);
  margin-top: .8em; padding-top: .2em; }
.quotes p { margin: .6em 0 0; overflow-wrap: anywhere; }
/* Gradio's own subdued colour is too faint to read in the light theme. */
.quotes .place, .note { color: var(--body-text-color); opacity: .78; }
.quotes .place { display: block; font-size: .9em; }
"""


HEADERS = {
    # Whatever comes to be on the page, it loads nothing from elsewhere and sends nothing there.
    # Gradio's own page needs its inline script and styles.
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data:; font-src 'self' data:; "
    "style-src 'self' 'unsafe-inline'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


class Guarded:
    """Puts `HEADERS` on every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the page does, with the headers added."""

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message).update(HEADERS)
            await send(message)

        await self._app(scope, receive, send_guarded)


def serve(bot: Assistant, index_dir: Path, host: str = "127.0.0.1", port: int = 7860) -> None:
    """Show the page until Ctrl-C. Raises `SettingsError` where the port is taken."""
    check_port(host, port)
    page = launch(bot, index_dir, host, port)
    address = f"[{host}]" if ":" in host else host
    print(f"cited: the chat is open on http://{address}:{port} (Ctrl-C ends it)", flush=True)
    # The model loads while the first question is typed: it takes seconds.
    threading.Thread(target=bot.warm_up, name="warm-up", daemon=True).start()
    try:
        threading.Event().wait()
    finally:
        page.close(verbose=False)


def check_port(host: str, port: int) -> None:
    """Raise `SettingsError` if nothing can listen there, before anything slow is loaded."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SettingsError(
                f"cannot listen on {host} port {port} ({error.strerror}): "
                "stop what uses it, or choose another with --port"
            ) from error


def launch(bot: Assistant, index_dir: Path, host: str, port: int) -> gr.Blocks:
    """Start the server in the background; the page's `close()` ends it.

    Files below `index_dir` are never served, whatever else comes to be allowed.
    """
    page = build(bot)
    page.queue(max_size=16, default_concurrency_limit=2)
    page.launch(
        server_name=host,
        server_port=port,
        share=False,
        quiet=True,
        inbrowser=False,
        prevent_thread_lock=True,
        show_error=False,
        allowed_paths=[],
        blocked_paths=[str(index_dir.resolve())],
        max_file_size="1kb",  # nothing is uploaded, but Gradio's upload address is always there
        strict_cors=True,
        enable_monitoring=False,
        run_history=False,
        ssr_mode=False,
        pwa=False,
        mcp_server=False,
        footer_links=[],
        app_kwargs={"middleware": [Middleware(Guarded)]},
        # Gradio's own theme fetches its fonts from the web.
        theme=gr.themes.Default(font=FONTS, font_mono=MONO_FONTS),
        css=CSS,
    )
    return page


def build(bot: Assistant) -> gr.Blocks:
    """The page, and the address `/ask` beside it, which answers in JSON."""

    def reply(question: str, history: list[dict[str, Any]]) -> str:
        try:
            return answer_html(bot.ask(question, turns(history)), question)
        except CitedError as error:
            return f'<p class="note">{escape(str(error))}</p>'

    def ask(question: str) -> dict[str, Any]:
        try:
            return bot.ask(question).to_dict()
        except CitedError as error:
            raise gr.Error(html.escape(str(error)), print_exception=False) from error

    page = gr.Blocks(title="Cited", analytics_enabled=False, fill_height=True)
    with page:
        gr.ChatInterface(
            reply,
            chatbot=gr.Chatbot(
                show_label=False,
                container=False,
                scale=1,
                buttons=["copy"],
                latex_delimiters=[],
                line_breaks=False,
                allow_file_downloads=False,
                placeholder="Ask a question, or take one of the articles' own:",
            ),
            textbox=gr.Textbox(
                placeholder="Ask a question about the articles",
                show_label=False,
                container=False,
                max_length=MAX_TURN_CHARS,
                scale=7,
            ),
            title="Cited",
            description="Every sentence of an answer comes with the quote that it rests on.",
            examples=[[question] for question in example_questions(bot)],
            cache_examples=False,
            flagging_mode="never",
            analytics_enabled=False,
            api_visibility="private",
            save_history=False,
        )
        api(ask, api_name="ask")
    return page


def answer_html(answer: Answer, asked: str) -> str:
    """An answer as HTML of our own tags only, on one line so that Markdown leaves it alone."""
    parts = []
    if answer.question.strip() != asked.strip():
        parts.append(f'<p class="note">Understood as: {escape(answer.question)}</p>')
    parts += [f"<p>{escape(line)}</p>" for line in answer.text.splitlines() if line.strip()]
    parts += [f'<p class="note">{escape(note)}</p>' for note in answer.notes]
    if answer.abstained and answer.near_misses:
        parts += [QUOTES, '<p class="note">Related, but not an answer:</p>']
        parts += [*_quotes(answer.near_misses, numbered=False), "</div>"]
    elif answer.citations:
        parts += [QUOTES, *_quotes(answer.citations, numbered=True), "</div>"]
    return "".join(parts)


def escape(text: str) -> str:
    """Text on one line that neither HTML nor Markdown reads anything into.

    Every sign but letters, digits and spaces becomes a numeric entity, which Markdown never takes
    for its own signs, nor for the beginning of an address.
    """
    return re.sub(r"[^\w ]|_", lambda sign: f"&#{ord(sign[0])};", printable(text))


def turns(history: Iterable[Any]) -> list[Turn]:
    """The last turns of a conversation as the browser sends it back; anything odd is left out."""
    found: list[Turn] = []
    for message in history:
        role = message.get("role") if isinstance(message, dict) else None
        content = message.get("content") if isinstance(message, dict) else None
        pieces = content if isinstance(content, list) else [content]
        text = " ".join(_piece_text(piece) for piece in pieces).strip()
        if role in ("user", "assistant") and text:
            said = text if role == "user" else _said(text)
            found.append(Turn(role, said[:MAX_TURN_CHARS]))
    return found[-MAX_TURNS:]


def example_questions(bot: Assistant) -> Sequence[str]:
    """Questions that the articles ask themselves: the first of each FAQ section, then the next.

    A chosen one comes back as what the user said, which Gradio reads as Markdown: so only plain
    ones are offered.
    """
    sections = [
        [pair.question for pair in bot.article(summary.id).faq if _PLAIN.fullmatch(pair.question)]
        for summary in bot.articles()
    ]
    deepest = max(map(len, sections), default=0)
    by_rank = (faq[rank] for rank in range(deepest) for faq in sections if rank < len(faq))
    return list(dict.fromkeys(by_rank))[:EXAMPLES]


def _quotes(citations: Iterable[Citation], *, numbered: bool) -> Iterable[str]:
    for citation in citations:
        mark = f"<b>[{citation.number}]</b> " if numbered else ""
        day = f" · {long_date(citation.date)}" if citation.date else ""
        place = f"{escape(citation.title)}{day} · {escape(citation.article_id)}"
        yield f'<p>{mark}“{escape(citation.quote)}”<span class="place">{place}</span></p>'


def _piece_text(piece: Any) -> str:
    text = piece.get("text") if isinstance(piece, dict) else piece
    return text if isinstance(text, str) else ""


def _said(message: str) -> str:
    """What an answer said, without its quotes and our tags: the way back from `answer_html`."""
    said = re.sub(r'<p class="note">.*?</p>', " ", message.split(QUOTES)[0])
    return html.unescape(re.sub(r"<[^>]*>", " ", said)).strip()


if __name__ == "__main__":
    from qa.cli import main

    sys.argv.insert(1, "serve")
    main()
