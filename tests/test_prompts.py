"""The prompts: each loads, and a variable too few or too many is refused when it is loaded."""

from __future__ import annotations

from pathlib import Path

import pytest

import prompts
from prompts import Prompt, PromptError

VARIABLES = {
    "answer": ("sources", "question", "refusal"),
    "answer_short": ("sources", "question"),
    "condense": ("history", "question"),
    "judge": ("question", "reference", "answer", "quotes"),
    "repair": ("problem", "quotes", "question", "sentence"),
}


def test_every_prompt_is_known_here() -> None:
    names = {file.stem for file in Path(prompts.__file__).parent.glob("*.md")}
    assert names == set(VARIABLES)


@pytest.mark.parametrize("name", VARIABLES)
def test_a_filled_prompt_holds_each_value_once_and_no_variable(name: str) -> None:
    values = {variable: f"<value of {variable}>" for variable in VARIABLES[name]}
    text = prompts.load(name, *VARIABLES[name]).fill(**values)
    assert all(text.count(value) == 1 for value in values.values())
    assert "{{" not in text
    assert "<!--" not in text


@pytest.mark.parametrize(
    ("name", "variables", "told"),
    [
        ("condense", ("history",), "no value for question"),
        ("condense", ("history", "question", "tone"), "it has no variable tone"),
        ("condense", (), "no value for history, question"),
        ("absent", (), "there is no file prompts/absent.md"),
        ("../README", (), "there is no file"),
    ],
)
def test_a_wrong_load_says_what_is_wrong(name: str, variables: tuple[str, ...], told: str) -> None:
    with pytest.raises(PromptError, match=told) as error:
        prompts.load(name, *variables)
    assert "\n" not in str(error.value)


def test_filling_checks_the_variables_again() -> None:
    prompt = Prompt("greeting", "Hello {{ who }}", frozenset({"who"}))
    with pytest.raises(PromptError, match="no value for who; it has no variable whom"):
        prompt.fill(whom="you")


def test_a_value_that_looks_like_a_variable_stays_as_it_is() -> None:
    prompt = Prompt("pair", "{{ a }} and {{b}}", frozenset({"a", "b"}))
    assert prompt.fill(a="{{ b }}", b=r"\1 {{ a }}") == r"{{ b }} and \1 {{ a }}"
