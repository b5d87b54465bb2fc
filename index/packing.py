"""Linear layers with their weights laid out once as the processor multiplies them.

The same numbers, sooner: oneDNN lays weights in bfloat16 out anew for each product otherwise.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_ROWS = 16
"""For how many tokens at a time the layout is chosen: a question's."""


class PackedLinear(nn.Module):
    """A linear layer; where there is nothing to lay out, it is the plain one."""

    def __init__(self, weight: Tensor, bias: Tensor | None) -> None:
        super().__init__()
        weight = weight.detach()
        self._packed = weight.dtype == torch.bfloat16 and can_pack()
        self._weight = (
            torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS) if self._packed else weight
        )
        self._bias = None if bias is None else bias.detach()

    def forward(self, inputs: Tensor) -> Tensor:
        """What the layer gave."""
        if not self._packed:
            return functional.linear(inputs, self._weight, self._bias)
        product: Tensor = torch.ops.mkldnn._linear_pointwise(
            inputs, self._weight, self._bias, "none", [], ""
        )
        return product


def can_pack() -> bool:
    """Whether this torch has the operators that lay weights out."""
    return hasattr(torch.ops.mkldnn, "_linear_pointwise")


def pack_weights(model: nn.Module) -> None:
    """Replace all linear layers of a model by packed ones."""
    for name, part in list(model.named_children()):
        if type(part) is nn.Linear:
            setattr(model, name, PackedLinear(part.weight, part.bias))
        else:
            pack_weights(part)


def fast_dtype() -> torch.dtype:
    """bfloat16 where the processor has instructions for it: elsewhere it is emulated, and slow."""
    supported: Any = getattr(torch.cpu, "_is_avx512_bf16_supported", lambda: False)
    tiles: Any = getattr(torch.cpu, "_is_amx_tile_supported", lambda: False)
    return torch.bfloat16 if supported() or tiles() else torch.float32
