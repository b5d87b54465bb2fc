"""A BERT from its files alone: token embeddings of texts, without the library around the model.

Importing that library takes longer than torch, and of the time that it takes for a text a third is
not the model's arithmetic. What is multiplied with is another's affair (`Ops`). Models of another
kind go through the library.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from itertools import chain
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

WEIGHTS = "model.safetensors"
GROUP = 512
"""Tokens that a thread reads at once: enough to be multiplied at full speed, few enough to stay in
the processor's caches (measured from 128 to 2,048)."""

Ids = Sequence[int]
Floats = NDArray[np.float32]
Array = Any
"""An array of whatever library multiplies: both have the same arithmetic and indexing."""
Function = Callable[[Array], Array]


class Ops(Protocol):
    """The seam: the operations a BERT is made of, by `index.numpy_ops` or `index.torch_ops`.

    `t` is a number of tokens, `d` the model's dimension.
    """

    def one_thread(self) -> AbstractContextManager[Any]:
        """While it is entered, a product is worked out by the thread that asks for it."""

    def table(self, weight: Floats) -> Array:
        """An embedding table [n, d], of which rows are taken."""

    def linear(self, weight: Floats, bias: Floats) -> Function:
        """The linear layer of a weight [out, in] and a bias [out]."""

    def norm(self, weight: Floats, bias: Floats, eps: float) -> Function:
        """The normalisation of a layer; it may overwrite what it is given."""

    def gelu(self, states: Array) -> Array:
        """The activation, by the error function; it may overwrite what it is given."""

    def attend(self, projected: Array, heads: int) -> Array:
        """What the tokens of one text see [t, d], by their queries, keys and values [t, 3 d]."""

    def join(self, parts: Sequence[Array]) -> Array:
        """Arrays one below the other."""

    def floats(self, states: Array) -> Floats:
        """Numpy's own."""


class Bert:
    """A BERT encoder (Devlin et al., 2019) for texts side by side: no padding, so no mask."""

    def __init__(self, weights: Mapping[str, Floats], config: Mapping[str, Any], ops: Ops) -> None:
        """Raises `KeyError` where a weight is missing."""
        self.dimension: int = config["hidden_size"]
        self._ops = ops
        self._words = ops.table(weights["embeddings.word_embeddings.weight"])
        # A text that is no pair is all of the first kind.
        kind = weights["embeddings.token_type_embeddings.weight"][0]
        self._places = ops.table(weights["embeddings.position_embeddings.weight"] + kind)
        self._norm = _norm(weights, "embeddings", config, ops)
        count: int = config["num_hidden_layers"]
        self._layers = [_Layer(weights, f"encoder.layer.{n}", config, ops) for n in range(count)]

    def read(self, texts: Sequence[Ids], threads: int) -> Iterator[Floats]:
        """Token embeddings [t, d] of each text, given as token ids.

        Several texts are best sorted by length. Each thread reads some of its own: where threads
        share each product, and wait for each other, it takes half as long again.
        """
        groups = [*_groups(texts)]
        with self._ops.one_thread():
            if len(groups) == 1:
                yield from self._read_group(groups[0])
                return
            with ThreadPoolExecutor(threads) as pool:
                yield from chain.from_iterable(pool.map(self._read_group, groups))

    def _read_group(self, texts: Sequence[Ids]) -> list[Floats]:
        ends = np.cumsum([len(ids) for ids in texts])[:-1]
        places = self._ops.join([self._places[: len(ids)] for ids in texts])
        with self._ops.one_thread():  # torch has to be told in each thread
            states = self._norm(self._words[np.concatenate(texts)] + places)
            for layer in self._layers:
                states = layer(states, ends)
            return np.split(self._ops.floats(states), ends)


class _Layer:
    """One layer of attention and what follows it."""

    def __init__(
        self, weights: Mapping[str, Floats], name: str, config: Mapping[str, Any], ops: Ops
    ) -> None:
        inputs = [f"{name}.attention.self.{part}" for part in ("query", "key", "value")]
        self._ops = ops
        self._heads: int = config["num_attention_heads"]
        self._project = _linear(weights, inputs, ops)
        self._attended = _linear(weights, [f"{name}.attention.output.dense"], ops)
        self._first_norm = _norm(weights, f"{name}.attention.output", config, ops)
        self._widen = _linear(weights, [f"{name}.intermediate.dense"], ops)
        self._narrow = _linear(weights, [f"{name}.output.dense"], ops)
        self._second_norm = _norm(weights, f"{name}.output", config, ops)

    def __call__(self, states: Array, ends: NDArray[np.int64]) -> Array:
        projected = self._project(states)
        starts = [0, *ends.tolist()]
        # A token attends to those of its own text.
        seen = self._ops.join(
            [
                self._ops.attend(projected[start:end], self._heads)
                for start, end in zip(starts, [*starts[1:], len(projected)], strict=True)
            ]
        )
        states = self._first_norm(self._attended(seen) + states)
        return self._second_norm(self._narrow(self._ops.gelu(self._widen(states))) + states)


def _linear(weights: Mapping[str, Floats], names: Sequence[str], ops: Ops) -> Function:
    """Linear layers of the same input, side by side."""
    return ops.linear(
        np.concatenate([weights[f"{name}.weight"] for name in names]),
        np.concatenate([weights[f"{name}.bias"] for name in names]),
    )


def _norm(
    weights: Mapping[str, Floats], name: str, config: Mapping[str, Any], ops: Ops
) -> Function:
    weight, bias = (weights[f"{name}.LayerNorm.{part}"] for part in ("weight", "bias"))
    return ops.norm(weight, bias, config["layer_norm_eps"])


def _groups(texts: Sequence[Ids]) -> Iterator[list[Ids]]:
    """Texts that have `GROUP` tokens together, or one that has more."""
    group: list[Ids] = []
    tokens = 0
    for ids in texts:
        if group and tokens + len(ids) > GROUP:
            yield group
            group, tokens = [], 0
        group.append(ids)
        tokens += len(ids)
    if group:
        yield group


def read_bert(folder: Path, ops: Ops) -> Bert | None:
    """The sentence-transformers model in a folder, where it is a BERT whose tokens' mean counts.

    None where it is of another kind or damaged: the library knows the one, and tells of the other.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    try:
        modules = _json(folder / "modules.json")
        config = _json(folder / "config.json")
        pooling = _json(folder / modules[1]["path"] / "config.json")
        if not (_in_a_row(modules) and _is_plain(config) and _is_mean(pooling)):
            return None
        weights = load_file(folder / WEIGHTS)
        floats = {name: weight.astype(np.float32, copy=False) for name, weight in weights.items()}
        return Bert(floats, config, ops)
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


def _json(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8"))
