"""What the processor has: how many threads are worth it, and whether it multiplies bfloat16.

Small products take one thread: a second that waits its turn on a busy machine makes a product of
half a millisecond last twenty.
"""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
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
def has_bfloat16() -> bool:
    """Whether it has instructions for bfloat16: elsewhere that is emulated, and slow.

    As Linux tells; other systems are taken to have none.
    """
    try:
        told = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(told.split())


@cache
def _controller() -> Any:
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController().select(user_api="blas")
