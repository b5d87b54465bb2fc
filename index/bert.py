"""A BERT from its files alone: a question's token embeddings, without the library around the model.

Importing that library takes longer than torch, and its general way through the model as long as the
arithmetic. Passages, and models of another kind, go through the library.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from index.packing import PackedLinear

WEIGHTS = "model.safetensors"


class OneText:
    """A BERT encoder (Devlin et al., 2019) for one text at a time: no padding, so no mask."""

    def __init__(
        self, weights: Mapping[str, Tensor], config: Mapping[str, Any], dtype: torch.dtype
    ) -> None:
        """Raises `KeyError` where a weight is missing."""
        given = {name: weight.to(dtype) for name, weight in weights.items()}
        self.dimension: int = config["hidden_size"]
        self._words = given["embeddings.word_embeddings.weight"]
        # A text alone is all of the first kind.
        self._kind = given["embeddings.token_type_embeddings.weight"][0]
        self._places = given["embeddings.position_embeddings.weight"]
        self._norm = _Norm(given, "embeddings", config)
        count: int = config["num_hidden_layers"]
        self._layers = [_Layer(given, f"encoder.layer.{n}", config) for n in range(count)]

    def __call__(self, ids: Tensor) -> Tensor:
        """Token embeddings [t, d] of token ids [t]."""
        states = self._norm(self._words[ids] + self._kind + self._places[: len(ids)])
        for layer in self._layers:
            states = layer(states)
        return states


class _Layer:
    """One layer of attention and what follows it."""

    def __init__(self, weights: Mapping[str, Tensor], name: str, config: Mapping[str, Any]) -> None:
        inputs = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        self._heads: int = config["num_attention_heads"]
        self._project = _linear(weights, *inputs)
        self._attended = _linear(weights, f"{name}.attention.output.dense")
        self._first_norm = _Norm(weights, f"{name}.attention.output", config)
        self._widen = _linear(weights, f"{name}.intermediate.dense")
        self._narrow = _linear(weights, f"{name}.output.dense")
        self._second_norm = _Norm(weights, f"{name}.output", config)

    def __call__(self, states: Tensor) -> Tensor:
        tokens, size = states.shape
        parts = self._project(states).view(1, tokens, 3, self._heads, size // self._heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        seen = functional.scaled_dot_product_attention(query, key, value)
        seen = seen.transpose(1, 2).reshape(tokens, size)
        states = self._first_norm(self._attended(seen) + states)
        return self._second_norm(self._narrow(functional.gelu(self._widen(states))) + states)


class _Norm:
    def __init__(self, weights: Mapping[str, Tensor], name: str, config: Mapping[str, Any]) -> None:
        self._weight = weights[f"{name}.LayerNorm.weight"]
        self._bias = weights[f"{name}.LayerNorm.bias"]
        self._eps: float = config["layer_norm_eps"]

    def __call__(self, states: Tensor) -> Tensor:
        size = self._weight.shape
        return functional.layer_norm(states, size, self._weight, self._bias, self._eps)


def read_bert(folder: Path, dtype: torch.dtype) -> OneText | None:
    """The sentence-transformers model in a folder, where it is a BERT whose tokens' mean counts.

    None where it is of another kind or damaged: the library knows the one, and tells of the other.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        modules = _json(folder / "modules.json")
        config = _json(folder / "config.json")
        pooling = _json(folder / modules[1]["path"] / "config.json")
        if not (_in_a_row(modules) and _is_plain(config) and _is_mean(pooling)):
            return None
        return OneText(load_file(folder / WEIGHTS), config, dtype)
    except (OSError, ValueError, LookupError, TypeError, AttributeError, SafetensorError):
        return None


def _in_a_row(modules: Any) -> bool:
    """Whether the model is a transformer, its pooling, and at most the scaling to length 1."""
    kinds = [str(module["type"]).rpartition(".")[2] for module in modules]
    return modules[0]["path"] == "" and kinds in (
        ["Transformer", "Pooling"],
        ["Transformer", "Pooling", "Normalize"],
    )


def _is_plain(config: Any) -> bool:
    return (
        config["model_type"] == "bert"
        and config["hidden_act"] == "gelu"
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder", False)
    )


def _is_mean(pooling: Any) -> bool:
    modes = {name for name, chosen in pooling.items() if "pooling_mode_" in name and chosen}
    mean = pooling.get("pooling_mode") == "mean" or modes == {"pooling_mode_mean_tokens"}
    return mean and pooling.get("include_prompt", True)


def _linear(weights: Mapping[str, Tensor], *names: str) -> PackedLinear:
    """Linear layers of the same input, side by side."""
    return PackedLinear(
        torch.cat([weights[f"{name}.weight"] for name in names]),
        torch.cat([weights[f"{name}.bias"] for name in names]),
    )


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
