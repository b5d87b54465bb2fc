"""The Evaluation tab: the last report, and the button that makes a new one.

What is asked and how it is judged is for the harness; here it is only shown.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import gradio as gr

from qa.errors import CitedError
from ui.chat_tab import AT_ONCE, PRIVATE
from ui.evaluation import evaluation_html, last_report
from ui.markup import escape
from ui.problems import problem_of
from ui.theme import html_part

Progress = Callable[[str, int, int], None]
Evaluate = Callable[[Progress], object]
"""Runs the FAQ check, and leaves its report where the last one is."""


class EvaluationTab:
    """Builds its components where it is made, inside the tab; `wire` connects them."""

    def __init__(self, index_dir: Path, evaluate: Evaluate | None) -> None:
        self._index_dir = index_dir
        self._evaluate = evaluate
        with gr.Column(elem_id="evaluation"):
            if evaluate:
                self.run = gr.Button("Run the FAQ check", variant="primary", elem_id="run")
            self.told = html_part("progress")
            self.report = html_part("report")

    def wire(self, page: gr.Blocks, tab: gr.Tab) -> None:
        """Connect what people do with what happens."""
        for event in (page.load, tab.select):
            event(self._show, None, self.report, **AT_ONCE)
        if self._evaluate:
            slow = PRIVATE | {"concurrency_limit": 1, "show_progress": "full"}
            slow["show_progress_on"] = self.told
            self.run.click(self._run, None, [self.told, self.report], **slow)

    def _show(self) -> str:
        try:
            return evaluation_html(last_report(self._index_dir))
        except CitedError as error:
            return f'<p class="state" role="alert">{escape(str(error))}</p>'

    def _run(self, progress: gr.Progress = gr.Progress()) -> list[Any]:  # noqa: B008
        assert self._evaluate is not None

        def tell(step: str, done: int, total: int) -> None:
            progress((done, total), desc=step.capitalize())

        told = ""
        try:
            self._evaluate(tell)
        except Exception as error:  # told in a line; what nobody foresaw is in the log
            told = f'<p class="state" role="alert">{escape(problem_of(error).detail)}</p>'
        return [told, self._show()]
