"""The prompts, one Markdown file each, and the loader that refuses a variable too few or too many.

A prompt is read and checked when it is loaded, never when it is used. Nothing of ours is imported.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from importlib.resources import files

_VARIABLE = re.compile(r"\{\{\s*(\w+)\s*\}\}")


class PromptError(Exception):
    """A prompt is missing, or its variables are not those that the code gives it."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt and the names of its variables, which stand in its text as `{{ name }}`."""

    name: str
    text: str
    variables: frozenset[str]

    def fill(self, **values: str) -> str:
        """The text with every variable replaced; what a value holds is never read as a variable.

        Raises `PromptError` if a variable has no value, or a value has no variable.
        """
        _check(self.name, self.variables, values)
        return _VARIABLE.sub(lambda match: values[match[1]], self.text)


def load(name: str, *variables: str) -> Prompt:
    """The prompt in `prompts/NAME.md`, whose variables must be exactly `variables`.

    Comments (`<!-- … -->`) are for its readers and are left out. Raises `PromptError`.
    """
    file = files(__name__).joinpath(f"{name}.md")
    if not name.isidentifier() or not file.is_file():
        raise PromptError(f"prompt {name!r}: there is no file prompts/{name}.md")
    text = re.sub(r"<!--.*?-->", "", file.read_text(encoding="utf-8"), flags=re.DOTALL).strip()
    found = frozenset(_VARIABLE.findall(text))
    _check(name, found, variables)
    return Prompt(name, text, found)


def _check(name: str, wanted: frozenset[str], given: Collection[str]) -> None:
    missing, unknown = sorted(wanted - set(given)), sorted(set(given) - wanted)
    if missing or unknown:
        parts = [f"no value for {', '.join(missing)}"] if missing else []
        parts += [f"it has no variable {', '.join(unknown)}"] if unknown else []
        raise PromptError(f"prompt {name!r} (prompts/{name}.md): {'; '.join(parts)}")
