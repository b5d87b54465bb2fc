"""What the commands share: options, settings from them, and errors told in one line.

What takes long to import is imported inside the functions.
"""

from __future__ import annotations

import logging
import sys
import traceback
import warnings
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer

from index.errors import CitedError

if TYPE_CHECKING:
    from qa.settings import Settings

USER_ERROR, ABSTAINED, BELOW_FLOOR = 2, 3, 4

P = ParamSpec("P")

Corpus = Annotated[Path | None, typer.Option(help="The folder of articles.", show_default="corpus")]
IndexDir = Annotated[
    Path | None, typer.Option(help="Where the index is kept.", show_default=".index")
]
MinConfidence = Annotated[
    float | None,
    typer.Option(
        help="Below it the answer is that the articles don't say; 0 never abstains.",
        show_default="calibrated",
    ),
]


def told(command: Callable[P, None]) -> Callable[P, None]:
    """Turn a user's error into its line and exit code 2; show our own warnings, not others'."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        warnings.simplefilter("ignore")
        logging.basicConfig(handlers=[_Notes()])
        try:
            command(*args, **kwargs)
        except CitedError as error:
            tell(error)
            raise typer.Exit(USER_ERROR) from error

    return run


def settings_from(
    corpus: Path | None,
    index_dir: Path | None,
    min_confidence: float | None = None,
    *,
    uploads: bool | None = None,
) -> Settings:
    """What was given on the command line; the environment and the defaults set the rest."""
    from qa.settings import Settings

    given = {
        "corpus": corpus,
        "index_dir": index_dir,
        "min_confidence": min_confidence,
        "uploads": uploads,
    }
    return Settings(**{name: value for name, value in given.items() if value is not None})


def tell(message: object) -> None:
    """One line on standard error, with the program's name before it."""
    from qa.printing import printable

    print(f"cited: {printable(str(message))}", file=sys.stderr)


class _Notes(logging.Handler):
    """Shows what our own rooms warn of, a line each."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write the record if it is ours."""
        if record.name.split(".")[0] in ("qa", "index", "ui"):
            tell(record.getMessage())
            if record.exc_info:
                traceback.print_exception(*record.exc_info)
