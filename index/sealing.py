"""The seal of a finished generation: the SHA-256 of every file in it, as its manifest holds it.

A generation never changes once it serves, so any other byte is damage; nothing is mended here.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path

from index.errors import RebuildError


def seal(generation: Path) -> dict[str, str]:
    """The digest of each file below `generation`, by its path there with forward slashes."""
    files = sorted(path for path in generation.rglob("*") if path.is_file())
    return {path.relative_to(generation).as_posix(): _digest(path) for path in files}


def check_seal(generation: Path, sealed: Mapping[str, str]) -> None:
    """Raise `RebuildError` unless every file of `sealed` is there and is what it was."""
    for name, digest in sealed.items():
        try:
            whole = _digest(generation / name) == digest
        except OSError as error:
            raise RebuildError(
                f"{generation / name} cannot be read ({error.strerror}): run `cited index`"
            ) from error
        if not whole:
            raise RebuildError(
                f"{generation / name} is damaged, it is not what was written: run `cited index`"
            )


def copy_sealed(source: Path, target: Path, names: Iterable[str]) -> None:
    """Copy the files called `names` of one generation into the folder of another."""
    for name in names:
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target / name)


def _digest(path: Path) -> str:
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
