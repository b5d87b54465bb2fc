"""How many threads numpy's products take: one, where they are small.

A second thread that waits its turn on a busy machine makes a product of half a millisecond last
twenty.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from functools import cache
from typing import Any


def one_blas_thread() -> AbstractContextManager[Any]:
    """Numpy's products on one thread, in the whole process, until the context is left."""
    context: AbstractContextManager[Any] = _controller().limit(limits=1, user_api="blas")
    return context


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
