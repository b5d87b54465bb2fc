"""How many threads there are for numpy's products, and that small ones take one.

A second thread that waits its turn on a busy machine makes a product of half a millisecond last
twenty.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from functools import cache
from typing import Any


def one_blas_thread() -> AbstractContextManager[Any]:
    """Numpy's products on one thread, in the whole process, until the context is left."""
    count_threads()  # counted before they are limited
    context: AbstractContextManager[Any] = _controller().limit(limits=1)
    return context


@cache
def count_threads() -> int:
    """How many threads work is worth: as many as numpy takes, which heeds OMP_NUM_THREADS."""
    counts = [int(pool.num_threads) for pool in _controller().lib_controllers]
    return max(counts, default=os.cpu_count() or 1)


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
