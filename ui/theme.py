"""How the page looks: Gradio's theme in our colours, the style sheet, the script, the icon.

Styles and pictures come with the program, fonts with Gradio or the reader's own system: nothing is
asked of another host.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import gradio as gr
from gradio.themes.utils import colors, fonts

# The weights that Gradio brings of it in full.
PLAIN = (fonts.LocalFont("Source Sans Pro", (400, 700)), "ui-sans-serif", "system-ui", "sans-serif")
FIXED = ("ui-monospace", "monospace")


def looks() -> dict[str, Any]:
    """What `Blocks.launch` and `gradio.mount_gradio_app` take for the page to look as it does."""
    return {
        "theme": theme(),
        "css": _own("style.css"),
        "head": _HEAD,
        "favicon_path": str(Path(str(files("ui").joinpath("favicon.svg")))),
        "pwa": True,
    }


def theme() -> gr.themes.Base:
    """Gradio's plainest theme in the page's colours, which `style.css` defines for both modes."""
    made = gr.themes.Base(
        primary_hue=colors.teal, neutral_hue=colors.stone, font=PLAIN, font_mono=FIXED
    )
    both = {
        "body_background_fill": "var(--paper)",
        "body_text_color": "var(--ink)",
        "body_text_color_subdued": "var(--soft)",
        "background_fill_primary": "var(--card)",
        "background_fill_secondary": "var(--paper)",
        "block_background_fill": "transparent",
        "border_color_primary": "var(--line)",
        "border_color_accent": "var(--accent)",
        "input_background_fill": "var(--card)",
        "input_border_color": "var(--line)",
        "input_border_color_focus": "var(--accent)",
        "input_placeholder_color": "var(--soft)",
        "button_primary_background_fill": "var(--accent)",
        "button_primary_background_fill_hover": "var(--accent-strong)",
        "button_primary_text_color": "var(--on-accent)",
        "button_secondary_background_fill": "var(--card)",
        "button_secondary_background_fill_hover": "var(--accent-soft)",
        "button_secondary_text_color": "var(--ink)",
        "button_secondary_border_color": "var(--line)",
    }
    dark = {f"{name}_dark": value for name, value in both.items()}
    made.set(**both, **dark, block_border_width="0px", color_accent="var(--accent)")
    return made


def html_part(name: str, value: str = "") -> gr.HTML:
    """A part of the page that is our own HTML; its buttons and forms come back as events."""
    return gr.HTML(
        value,
        elem_id=name,
        html_template="${value}",
        js_on_load=_own("page.js"),
        apply_default_css=False,
    )


@lru_cache
def _own(name: str) -> str:
    return files("ui").joinpath(name).read_text(encoding="utf-8")


_HEAD = (
    '<meta name="color-scheme" content="light dark"><meta name="referrer" content="no-referrer">'
)
