"""Follow-ups made to stand alone: by rules, by a chat model, and by both as the assistant does it.

    python -m benchmarks.follow_ups gguf:MODEL.gguf

Over the conversations in tests/data, which say which words the question must and must not hold.
The rules were written for these conversations; a model has not seen them.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml
from langchain_core.language_models import BaseChatModel
from rich.console import Console
from rich.table import Table

from prompts import load
from qa.answer import Turn
from qa.condense import condense
from qa.history import stand_alone
from qa.llm import chat_model

DATA = Path(__file__).parents[1] / "tests" / "data" / "conversations.yaml"


def right(case: dict[str, Any], question: str) -> bool:
    """Whether a question holds what it must and nothing that it must not."""

    def has(word: str) -> bool:
        return bool(re.search(rf"\b{re.escape(word)}\b", question, re.IGNORECASE))

    if case["standalone"]:
        return bool(question == case["question"])
    return all(map(has, case["expect"])) and not any(map(has, case["forbid"]))


def always(question: str, history: list[Turn], model: BaseChatModel) -> str:
    """What the model makes of every question, without the rules before it."""
    turns = "\n".join(f"{turn.role}: {turn.text}" for turn in history)
    prompt = load("condense", "history", "question").fill(history=turns, question=question)
    return str(model.invoke(prompt).text).strip()


def main() -> None:
    """Measure the model that is named."""
    model = chat_model(sys.argv[1])
    cases = yaml.safe_load(DATA.read_text(encoding="utf-8"))
    ways: dict[str, Callable[[str, list[Turn]], str]] = {
        "rules": stand_alone,
        "the model": lambda question, history: always(question, history, model),
        "both": lambda question, history: condense(question, history, model),
    }
    table = Table("", "right", "of", "seconds each", title=DATA.name)
    for name, way in ways.items():
        started = time.perf_counter()
        good = sum(
            right(case, way(case["question"], [Turn(**turn) for turn in case["history"]]))
            for case in cases
        )
        each = (time.perf_counter() - started) / len(cases)
        table.add_row(name, str(good), str(len(cases)), f"{each:.3f}")
    Console().print(table)


if __name__ == "__main__":
    main()
