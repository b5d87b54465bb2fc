"""A stream that may hang, read with a limit to the waiting, and left in the middle at will.

It knows nothing of models: any iterator will do.
"""

from __future__ import annotations

import contextvars
import queue
import threading
from collections.abc import Callable, Generator, Iterator
from typing import TypeVar

T = TypeVar("T")


class TookTooLongError(Exception):
    """Nothing came for longer than one was ready to wait."""


class _End:
    """The end of a stream, with what ended it."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.error = error


def patiently(start: Callable[[], Iterator[T]], seconds: float) -> Generator[T, None, None]:
    """The items of `start()`, each waited for at most `seconds`; its errors are raised here.

    The stream is read in a thread of its own, so that one that hangs is left behind: it is closed
    as soon as it gives one item more. Closing this generator does the same. Raises
    `TookTooLongError`.
    """
    items: queue.Queue[T | _End] = queue.Queue()
    left = threading.Event()

    def read() -> None:
        error: BaseException | None = None
        try:
            stream = start()
            for item in stream:
                items.put(item)
                if left.is_set():
                    break
            if left.is_set() and (close := getattr(stream, "close", None)):
                close()
        except BaseException as raised:  # whoever waits is told of it
            error = raised
        items.put(_End(error))

    # What traces a run is found through the context, which a new thread begins without.
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(read,), daemon=True).start()
    try:
        while True:
            try:
                item = items.get(timeout=seconds)
            except queue.Empty:
                raise TookTooLongError(f"nothing came for {seconds:g} s") from None
            if isinstance(item, _End):
                if item.error:
                    raise item.error
                return
            yield item
    finally:
        left.set()
