"""Draws docs/answer.svg, the README's picture: a real answer, as the terminal shows it.

Run it from the project's folder: `.venv/bin/python docs/make_picture.py`. It fetches nothing.
"""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import DIMMED_MONOKAI

from qa import Assistant, Settings
from qa.printing import print_answer

QUESTION = "When did Kim's train leave Pyongyang?"
PICTURE = Path(__file__).with_name("answer.svg")


def main() -> None:
    """Ask, and write what the terminal shows."""
    with tempfile.TemporaryDirectory() as folder:
        bot = Assistant.open(Settings(corpus=Path("corpus"), index_dir=Path(folder)))
        bot.ask(QUESTION)  # the time shown is that of a warm start
        answer = bot.ask(QUESTION)
    out = Console(record=True, file=io.StringIO(), width=80, highlight=False, markup=False)
    out.print(f'$ cited ask "{QUESTION}"', style="green")
    out.print()
    print_answer(out, answer, QUESTION)
    picture = out.export_svg(title="cited", theme=DIMMED_MONOKAI, unique_id="answer")
    # A picture that looks the same everywhere asks no other machine for its fonts.
    PICTURE.write_text(re.sub(r"@font-face\s*{.*?}", "", picture, flags=re.DOTALL), "utf-8")


if __name__ == "__main__":
    main()
