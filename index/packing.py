"""The model's arithmetic with less around it: the same numbers, sooner.

Weights are laid out once as the processor multiplies them, and one text goes through a BERT without
the library's general path. Nothing here knows what is encoded.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

_ROWS = 16
"""For how many tokens at a time the layout is chosen: a question's."""


class PackedLinear(nn.Module):
    """Linear layers of the same input in bfloat16, side by side, laid out as oneDNN wants them."""

    def __init__(self, *layers: nn.Linear) -> None:
        super().__init__()
        weight = torch.cat([layer.weight.detach() for layer in layers])
        self._weight = torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS)
        biases = [layer.bias for layer in layers if layer.bias is not None]
        self._bias = torch.cat([bias.detach() for bias in biases]) if biases else None

    def forward(self, inputs: Tensor) -> Tensor:
        """What the layers gave, one after the other along the last axis."""
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
            setattr(model, name, PackedLinear(part))
        else:
            pack_weights(part)


class OneText:
    """A BERT (Devlin et al., 2019) for one text at a time: no padding, so no mask.

    A question's few tokens are multiplied in 4 ms here; the library's general path around that
    takes 4 ms more, this one takes 1. Made before the model's own layers are packed.
    """

    def __init__(self, bert: nn.Module) -> None:
        """`bert` is one that `runs_in_one` says yes to."""
        model: Any = bert
        self._embeddings = model.embeddings
        self._heads: int = model.config.num_attention_heads
        self._layers = [_Layer(layer) for layer in model.encoder.layer]

    def __call__(self, ids: Tensor) -> Tensor:
        """Token embeddings [1, t, d] of token ids [1, t]."""
        embedded: Tensor = self._embeddings(input_ids=ids)
        states = embedded[0]
        for layer in self._layers:
            states = layer(states, self._heads)
        return states[None]


class _Layer:
    """One layer of attention and what follows it."""

    def __init__(self, layer: Any) -> None:
        attention = layer.attention.self
        self._project = PackedLinear(attention.query, attention.key, attention.value)
        self._attended = PackedLinear(layer.attention.output.dense)
        self._first_norm: Callable[[Tensor], Tensor] = layer.attention.output.LayerNorm
        self._widen = PackedLinear(layer.intermediate.dense)
        self._narrow = PackedLinear(layer.output.dense)
        self._second_norm: Callable[[Tensor], Tensor] = layer.output.LayerNorm

    def __call__(self, states: Tensor, heads: int) -> Tensor:
        tokens, size = states.shape
        parts = self._project(states).view(1, tokens, 3, heads, size // heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value)
        seen = seen.transpose(1, 2).reshape(tokens, size)
        states = self._first_norm(self._attended(seen) + states)
        return self._second_norm(self._narrow(functional.gelu(self._widen(states))) + states)


def runs_in_one(model: Any) -> bool:
    """Whether `OneText` computes what this model does: a plain BERT encoder."""
    from transformers import BertModel

    if type(model) is not BertModel:
        return False
    config: Any = model.config
    kind = getattr(config, "position_embedding_type", "absolute") or "absolute"
    return config.hidden_act == "gelu" and kind == "absolute" and not config.is_decoder
