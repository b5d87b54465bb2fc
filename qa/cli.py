"""The command line: index | ask | chat | search | serve | evaluate | models. It decides nothing.

What takes long to import is imported inside the commands, so that `cited --help` is there at once.
Exit codes: 0 answered, 1 a damaged index that was mended, 2 a user's error (told in one line),
3 the articles don't say, 4 an evaluation below its floors, 130 Ctrl-C.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from qa.evaluation.command import evaluate_command
from qa.index_command import index_command
from qa.models_command import models_command
from qa.shell import ABSTAINED, Corpus, IndexDir, MinConfidence, settings_from, tell, told

if TYPE_CHECKING:
    from index.filters import Filter
    from qa.assistant import Assistant
    from qa.settings import Settings

CHAT_HELP = "Type a question. /new forgets the conversation, /quit (or Ctrl-D) leaves."

app = typer.Typer(
    name="cited",
    help="Ask a question about a folder of articles; get an answer that carries its quotes.",
    epilog="Every setting has an environment variable, such as QA_CORPUS: see the README.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Question = Annotated[str, typer.Argument(help="The question.", show_default=False)]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")]
Articles = Annotated[
    list[str] | None,
    typer.Option("--article", metavar="ID", help="Only this article; may be given again."),
]
Since = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Only articles from this day on."),
]
Until = Annotated[
    datetime | None,
    typer.Option(formats=["%Y-%m-%d"], metavar="DATE", help="Only articles up to this day."),
]


def main() -> None:
    """Run the command line and leave with its exit code."""
    app()


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        print(f"cited {version('cited')}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="Show the version and leave."
        ),
    ] = False,
) -> None:
    """Options that come before a command."""


app.command("index")(told(index_command))


@app.command()
@told
def ask(
    question: Question,
    as_json: AsJson = False,
    article: Articles = None,
    since: Since = None,
    until: Until = None,
    min_confidence: MinConfidence = None,
    corpus: Corpus = None,
    index_dir: IndexDir = None,
) -> None:
    """Answer one question, with numbered quotes. Exit code 3: the articles don't say."""
    from qa.printing import console, print_answer

    where = _filter(article, since, until)
    bot = _open(settings_from(corpus, index_dir, min_confidence))
    answer = bot.ask(question, where=where)
    out = console()
    if as_json:
        _print_json(answer.to_dict())
    else:
        print_answer(out, answer, question)
    if answer.abstained:
        raise typer.Exit(ABSTAINED)


@app.command()
@told
def search(
    question: Question,
    k: Annotated[int, typer.Option("-k", min=1, max=100, help="How many passages.")] = 5,
    as_json: AsJson = False,
    article: Articles = None,
    since: Since = None,
    until: Until = None,
    corpus: Corpus = None,
    index_dir: IndexDir = None,
) -> None:
    """Show the passages nearest to a question, best first."""
    from qa.answer import Answer
    from qa.printing import console, print_passages

    where = _filter(article, since, until)
    found = tuple(_open(settings_from(corpus, index_dir)).search(question, k=k, where=where))
    out = console()
    if as_json:
        shell = Answer("", question, abstained=True, confidence=0, passages=found)
        _print_json(shell.to_dict()["passages"])
    else:
        print_passages(out, found)


@app.command()
@told
def chat(
    min_confidence: MinConfidence = None, corpus: Corpus = None, index_dir: IndexDir = None
) -> None:
    """Talk in the terminal; follow-ups are understood."""
    from qa.answer import Turn
    from qa.errors import QuestionError
    from qa.printing import console, print_answer

    bot = _open(settings_from(corpus, index_dir, min_confidence))
    out = console()
    out.print(CHAT_HELP, style="dim")
    history: list[Turn] = []
    for line in _typed_lines():
        if line == "/new":
            history.clear()
            out.print("A new conversation.", style="dim")
        elif line.startswith("/"):
            out.print(CHAT_HELP, style="dim")
        elif line:
            try:
                answer = bot.ask(line, history)
            except QuestionError as error:
                tell(error)
                continue
            print_answer(out, answer, line)
            history += [Turn("user", line), Turn("assistant", answer.text)]


@app.command()
@told
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65535, help="The port.", show_default="7860, or the next free"),
    ] = None,
    auth: Annotated[
        Path | None, typer.Option(help="A file of user:password lines: who may log in.")
    ] = None,
    allowed_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A name that a proxy has for this; may be given again."),
    ] = None,
    root_path: Annotated[str, typer.Option(help="What a proxy takes off the path.")] = "",
    uploads: Annotated[
        bool | None,
        typer.Option("--uploads/--no-uploads", help="Whether articles may be added on the page."),
    ] = None,
    mcp: Annotated[bool, typer.Option("--mcp", help="Offer the tools of MCP at /mcp.")] = False,
    min_confidence: MinConfidence = None,
    corpus: Corpus = None,
    index_dir: IndexDir = None,
) -> None:
    """Open the chat page and the HTTP API; the same as `python app.py`."""
    from ui.server import address, listen, read_users, run

    listening = listen(host, port)
    settings = settings_from(corpus, index_dir, min_confidence, uploads=uploads)
    users = read_users(auth, settings.auth.get_secret_value() if settings.auth else None)
    bot = _open(settings, lines=True)
    from app import build
    from ui.security import Hosts

    hosts = Hosts.of(host, allowed_host or ())
    made = build(bot, hosts, users=users, tools=mcp, root_path=root_path)
    print(f"cited: the chat is open on {address(listening)} (Ctrl-C ends it)", flush=True)
    run(made, bot, listening, root_path)


app.command("evaluate")(told(evaluate_command))
app.command("models")(told(models_command))


def _open(settings: Settings, *, lines: bool = False) -> Assistant:
    """An assistant over an index that is up to date; how that goes is shown meanwhile."""
    from qa.assistant import Assistant
    from qa.printing import Steps

    with Steps(lines=lines) as steps:
        return Assistant.open(settings, progress=steps)


def _filter(
    articles: list[str] | None, since: datetime | None, until: datetime | None
) -> Filter | None:
    """What the search is limited to; None if to nothing."""
    from index.filters import Filter

    if not (articles or since or until):
        return None
    return Filter(
        articles=frozenset(articles) if articles else None,
        since=since.date() if since else None,
        until=until.date() if until else None,
    )


def _typed_lines() -> Iterator[str]:
    """Lines typed (or piped in) up to /quit or the end of input, without white space around."""
    prompt = "\n> " if sys.stdin.isatty() else ""
    if prompt:
        import readline  # noqa: F401  (line editing and recall for `input`)
    while True:
        try:
            line = input(prompt).strip()
        except EOFError:
            return
        if line in ("/quit", "/exit"):
            return
        yield line


def _print_json(data: Any) -> None:
    # Where the output cannot hold every character, escapes are still valid JSON.
    utf8 = (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"
    print(json.dumps(data, ensure_ascii=not utf8, indent=2))


if __name__ == "__main__":
    main()
