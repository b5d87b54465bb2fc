"""A BERT's operations in torch, for passages in bulk: in bfloat16 where the processor has it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

Floats = NDArray[np.float32]

_ROWS = 16
"""For how many tokens at a time the layout of weights is chosen; it serves any number of them."""


class TorchOps:
    """The operations of `index.bert.Ops` on torch's tensors of one `dtype`."""

    def __init__(self, dtype: torch.dtype) -> None:
        self._dtype = dtype

    def one_thread(self) -> AbstractContextManager[None]:
        """Products on one thread."""
        return one_thread()

    def table(self, weight: Floats) -> Tensor:
        """The weight as a tensor."""
        return torch.from_numpy(weight).to(self._dtype)

    def linear(self, weight: Floats, bias: Floats) -> Callable[[Tensor], Tensor]:
        """The linear layer; in bfloat16 its weight is laid out once as the processor multiplies it.

        The same numbers, sooner: oneDNN lays it out anew for each product otherwise.
        """
        given, offset = self.table(weight), self.table(bias)
        if not can_pack(self._dtype):
            return lambda states: functional.linear(states, given, offset)
        packed = torch.ops.mkldnn._reorder_linear_weight(given, _ROWS)

        def layer(states: Tensor) -> Tensor:
            product: Tensor = torch.ops.mkldnn._linear_pointwise(
                states, packed, offset, "none", [], ""
            )
            return product

        return layer

    def norm(self, weight: Floats, bias: Floats, eps: float) -> Callable[[Tensor], Tensor]:
        """To mean 0 and variance 1."""
        given, offset = self.table(weight), self.table(bias)
        return lambda states: functional.layer_norm(states, given.shape, given, offset, eps)

    def gelu(self, states: Tensor) -> Tensor:
        """By the error function."""
        return functional.gelu(states)

    def attend(self, projected: Tensor, heads: int) -> Tensor:
        """Scaled dot-product attention, in a batch of one: without it there is no fast kernel."""
        parts = projected.view(len(projected), 3, heads, -1)
        query, key, value = parts.permute(1, 2, 0, 3)[:, None]
        seen = functional.scaled_dot_product_attention(query, key, value)
        return seen[0].transpose(0, 1).flatten(1)

    def join(self, parts: Sequence[Tensor]) -> Tensor:
        """One below the other."""
        return torch.cat([*parts])

    def floats(self, states: Tensor) -> Floats:
        """As numpy's, in float32."""
        array: Floats = states.float().numpy()
        return array


@contextmanager
def one_thread() -> Iterator[None]:
    """Torch's products on one thread: in this one, and in those that begin meanwhile."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def can_pack(dtype: torch.dtype) -> bool:
    """Whether this torch, on this processor, has operators that gain by laying weights out."""
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if dtype != torch.bfloat16 or not (there and hasattr(torch.ops.mkldnn, "_linear_pointwise")):
        return False
    return bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def fast_dtype() -> torch.dtype:
    """bfloat16 where the processor has instructions for it: elsewhere it is emulated, and slow."""
    supported: Any = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    tiles: Any = getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    return torch.bfloat16 if supported() or tiles() else torch.float32
