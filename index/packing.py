"""Linear layers with their weights laid out once as the processor multiplies them.

The same numbers, sooner: oneDNN lays weights in bfloat16 out anew for each product otherwise, and
MKL those in float32, which takes as long as multiplying a question's few rows.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

_ROWS = 16
"""For how many tokens at a time the layout is chosen: a question's."""
_FEW = 32
"""Rows up to which float32 gains by a layout, a quarter of the time; a passage's lose by it."""


class PackedLinear:
    """A linear layer; where there is nothing to lay out, it is the plain one."""

    def __init__(self, weight: Tensor, bias: Tensor) -> None:
        packs = can_pack(weight.dtype)
        self._packed = torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS) if packs else None
        # In bfloat16 the layout is for any number of rows, and the weight itself not needed.
        self._plain = None if packs and weight.dtype == torch.bfloat16 else weight
        self._bias = bias

    def __call__(self, inputs: Tensor) -> Tensor:
        """What the layer gives for inputs [n, d]."""
        if self._plain is not None and (self._packed is None or len(inputs) > _FEW):
            return functional.linear(inputs, self._plain, self._bias)
        product: Tensor = torch.ops.mkldnn._linear_pointwise(
            inputs, self._packed, self._bias, "none", [], ""
        )
        return product


def can_pack(dtype: torch.dtype) -> bool:
    """Whether this torch, on this processor, has operators that lay weights of a dtype out."""
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not (there and hasattr(torch.ops.mkldnn, "_linear_pointwise")):
        return False
    return dtype == torch.float32 or bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def fast_dtype() -> torch.dtype:
    """bfloat16 where the processor has instructions for it: elsewhere it is emulated, and slow."""
    supported: Any = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    tiles: Any = getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    return torch.bfloat16 if supported() or tiles() else torch.float32
