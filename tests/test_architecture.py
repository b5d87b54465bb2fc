"""The house's plan, held: who imports what, how large a room is, what `import qa` costs."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import qa

ROOT = Path(__file__).parent.parent
ROOMS = sorted(
    [
        ROOT / "app.py",
        *(
            file
            for name in ("index", "qa", "prompts", "ui")
            for file in ROOT.glob(f"{name}/**/*.py")
        ),
    ]
)
OURS = ("app", "qa", "index", "prompts", "ui")
MAX_LINES = 320

# Who may name a library: everybody else may not.
KEEPERS = {
    "chromadb": ("index/vectors.py", "index/remote.py"),
    "ray": ("index/distributed.py",),
    "sqlite3": ("index/",),
    "gradio": ("ui/",),
    "fastapi": ("app.py", "ui/"),
    "starlette": ("ui/",),
    "uvicorn": ("ui/server.py",),
    "mcp": ("ui/mcp.py",),
    "typer": (
        "qa/cli.py",
        "qa/shell.py",
        "qa/index_command.py",
        "qa/models_command.py",
        "qa/evaluation/command.py",
    ),
    "rich": (
        "qa/printing.py",
        "qa/index_command.py",
        "qa/models_command.py",
        "qa/evaluation/printing.py",
    ),
    "xllamacpp": ("qa/local.py",),
    "watchfiles": ("index/watching.py",),
    "sentence_transformers": ("index/", "qa/"),
    "torch": ("index/embedding.py", "index/torch_bert.py"),
    "onnx": ("index/int8.py",),
    "onnxruntime": ("index/int8.py",),
    "langchain_core": ("qa/",),
}
# Who may name a room of ours, by the first part of its path: "prompts" imports nothing of ours.
BELOW = {
    "index": {"index"},
    "prompts": set(),
    "qa": {"qa", "index", "prompts"},
    "ui": {"ui", "qa", "index"},
    "app.py": {"ui", "qa", "index"},
}
PUBLIC = [
    "Answer",
    "AnswerSentence",
    "Assistant",
    "BusyError",
    "Citation",
    "CitedError",
    "CorpusError",
    "LanguageModelError",
    "ModelError",
    "NoIndexError",
    "QuestionError",
    "Settings",
    "SettingsError",
    "StoreError",
    "Turn",
]


def place(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def imported(file: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it, under `TYPE_CHECKING` too."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place(file)} imports relatively: name the package"
            yield node.module or ""


@pytest.mark.parametrize("file", ROOMS, ids=place)
def test_imports_run_one_way(file: Path) -> None:
    room = place(file).split("/")[0]
    for module in imported(file):
        top = module.split(".")[0]
        if top not in OURS:
            continue
        # The command line opens the page, and the page has the command line's options.
        doors = {
            ("qa/cli.py", "app"),
            ("qa/cli.py", "ui.server"),
            ("qa/cli.py", "ui.security"),
            ("app.py", "qa.cli"),
        }
        assert top in BELOW[room] or (place(file), module) in doors, f"it imports {module}"


@pytest.mark.parametrize("file", ROOMS, ids=place)
def test_only_the_outermost_rooms_know_the_assistant(file: Path) -> None:
    knowing = {"qa.cli", "qa.assistant"} & set(imported(file))
    allowed = ("app.py", "ui/", "qa/__init__.py", "qa/cli.py", "qa/printing.py", "qa/evaluation/")
    assert not knowing or place(file).startswith(allowed)


@pytest.mark.parametrize("file", ROOMS, ids=place)
def test_a_library_is_named_only_by_its_keepers(file: Path) -> None:
    for module in imported(file):
        keepers = KEEPERS.get(module.split(".")[0])
        assert keepers is None or place(file).startswith(keepers), f"it imports {module}"


@pytest.mark.parametrize("file", ROOMS, ids=place)
def test_only_settings_read_the_environment(file: Path) -> None:
    names = {"environ", "environb", "getenv", "putenv", "unsetenv"}
    tree = ast.walk(ast.parse(file.read_text(encoding="utf-8")))
    found = {node.attr for node in tree if isinstance(node, ast.Attribute)} & names
    assert not found or place(file) == "qa/settings.py"


@pytest.mark.parametrize("file", ROOMS, ids=place)
def test_a_room_is_small_and_says_what_it_is_for(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    assert len(text.splitlines()) <= MAX_LINES
    assert ast.get_docstring(ast.parse(text))


def test_the_public_names_are_these_and_all_there() -> None:
    assert qa.__all__ == PUBLIC == dir(qa)
    assert all(getattr(qa, name).__name__ == name for name in PUBLIC)
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        qa.Nothing  # noqa: B018


@pytest.mark.parametrize("module", ["qa", "qa.cli"])
def test_importing_is_light(module: str) -> None:
    heavy = ["torch", "transformers", "sentence_transformers", "chromadb", "gradio", "numpy"]
    code = f"import sys, {module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


def test_a_question_is_answered_without_torch(town: Path, tmp_path: Path) -> None:
    """Where the articles are indexed; importing it would take as long as all the rest."""
    code = (
        "import sys; from qa import Assistant, Settings;"
        f"bot = Assistant.open(Settings(corpus={str(town)!r}, index_dir={str(tmp_path / 'i')!r}));"
        "print(bot.ask('Why was the tunnel closed?').abstained, 'torch' in sys.modules)"
    )
    run = [sys.executable, "-c", code]
    done = subprocess.run(run, cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False False\n"
