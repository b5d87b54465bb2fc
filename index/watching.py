"""Follow a folder of articles: call for a sync whenever something in it has changed.

The only room that names watchfiles. It reads no article and knows nothing of an index.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from index.errors import CorpusError

QUIET = 400
"""Milliseconds without a change after which a burst of them counts as over."""
LONGEST = 5_000
"""Milliseconds after which a burst that does not end is taken up all the same."""
LOOK = 1_000
"""Milliseconds between two looks at whether the folder itself is still there."""
RETRY_SECONDS = 15.0
"""After which a sync that failed is tried again, though nothing has changed."""


def follow(folder: Path, sync: Callable[[], bool], ignore: Path) -> None:
    """Call `sync` at once, and again after every burst of changes in `folder`; never returns.

    `sync` tells whether it went well: if not, it is called again after `RETRY_SECONDS`. A folder
    that is gone counts as a change, and so does its coming back. Hidden files and what is below
    `ignore`, where the index may be, do not count. Ctrl-C ends it with `KeyboardInterrupt`.
    """
    while True:
        failed_at = None
        for changed in _bursts(folder, ignore):
            due = failed_at is not None and time.monotonic() - failed_at > RETRY_SECONDS
            if changed or due:
                failed_at = None if sync() else time.monotonic()
        while not folder.is_dir():
            time.sleep(LOOK / 1_000)


def _bursts(folder: Path, ignore: Path) -> Iterator[bool]:
    """True after each burst of changes, False now and then; ends when the folder is gone.

    The first is True, and comes when the folder is watched already: no change is missed.
    """
    from watchfiles import Change, watch

    root, kept_out = folder.resolve(), ignore.resolve()

    def counts(_change: Change, name: str) -> bool:
        path = Path(name)
        if path.is_relative_to(kept_out) or not path.is_relative_to(root):
            return False
        return not any(part.startswith(".") for part in path.relative_to(root).parts)

    if (watched := _identity(folder)) is None:
        yield True
        return
    bursts = watch(
        root,
        watch_filter=counts,
        debounce=LONGEST,
        step=QUIET,
        rust_timeout=LOOK,
        yield_on_timeout=True,
        ignore_permission_denied=True,
    )
    first = True
    try:
        for changes in bursts:
            there = _identity(folder) == watched
            yield first or bool(changes) or not there
            first = False
            if not there:
                return
    except FileNotFoundError:
        return  # gone between the look and the watch
    except OSError as error:
        raise CorpusError(f"{folder} cannot be watched: {error}") from error


def _identity(folder: Path) -> tuple[int, int] | None:
    """Tells a folder from another of its name that took its place; None where there is none."""
    try:
        stat = os.stat(folder)
    except OSError:
        return None
    return (stat.st_dev, stat.st_ino) if folder.is_dir() else None
