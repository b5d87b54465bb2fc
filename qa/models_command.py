"""`cited models`: which chat models can write here and now, and what the others still need.

What is looked for, and where, is `qa.models`'s to know.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from qa.models import Choice


def models_command(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else.")] = False,
) -> None:
    """List the chat models that can write here, and what the others still need."""
    from qa.models import available
    from qa.printing import console
    from qa.settings import Settings

    choices = available(Settings())
    if as_json:
        print(json.dumps([asdict(choice) for choice in choices], indent=2))
    else:
        print_models(console(), choices)


def print_models(out: Console, choices: Sequence[Choice]) -> None:
    """The models that can write, then the others, the configured one starred; then what to do.

    Names stay on one line each, so that they can be copied.
    """
    ready = [choice for choice in choices if choice.ready]
    if ready:
        _print_group(out, "Ready", ready)
        out.print()
    _print_group(out, "Not ready", (choice for choice in choices if not choice.ready))
    out.print()
    out.print(_advice(choices), soft_wrap=True)


def _print_group(out: Console, title: str, choices: Iterable[Choice]) -> None:
    from rich.text import Text

    from qa.printing import printable

    out.print(title, style="bold")
    for choice in choices:
        mark = "* " if choice.configured else "  "
        name = printable(choice.name)
        out.print(Text.assemble((mark, "bold cyan"), (name, "cyan")), soft_wrap=True)
        told = (choice.label if choice.label != choice.name else "", choice.note)
        if about := " · ".join(printable(part) for part in told if part):
            out.print(f"    {about}", style="dim", soft_wrap=True)


def _advice(choices: Sequence[Choice]) -> str:
    """What to do, or that nothing needs to be done."""
    configured = [choice for choice in choices if choice.configured]
    if any(choice.ready for choice in configured):
        return "* is what QA_LLM names: it writes the answers."
    if configured:
        return "* is what QA_LLM names: it cannot write until it is ready."
    if any(choice.ready for choice in choices):
        return "Answers come in quotes until QA_LLM names a model that is ready."
    return "Answers come in quotes until a model is ready and QA_LLM names it."
