"""A BERT in int8 by ONNX Runtime: a question in less than half of float32's time, without torch.

The graph that it runs is written here, from the model's files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from index.bert import BertFiles, Floats, Ids
from index.int8 import Graph, Rounded, Shape, session

LEAST = np.array(0.17, np.float32)
"""What a token is divided by at least: GELU gives nothing below -0.17, and what is all small may be
rounded as if it were not."""


class OnnxBert:
    """A BERT encoder (Devlin et al., 2019) whose products are of 8-bit integers.

    Weights are rounded once, each column by its largest; what they are multiplied with by its
    range, text by text, so that a text has the same vectors among others as alone. In what follows
    attention the first token has states ten times as large as any other's (Sun et al., "Massive
    Activations in Large Language Models", 2024), so each token is divided by its own largest first.
    All else is float32, the values of attention too: their errors are alike in all tokens, so that
    a mean over tokens keeps them (in float32 they halve the distance to the exact vectors).
    """

    def __init__(self, files: BertFiles) -> None:
        """Raises `KeyError` where a weight is missing."""
        self.dimension = files.dimension
        self._words = files.words
        self._places = files.places
        # A dozen tokens take as long by two threads, and each of several texts has its own.
        self._session = session(write_graph(files))

    def read(self, texts: Sequence[Ids], threads: int) -> Iterator[Floats]:
        """Token embeddings [t, d] of each text, given as token ids; each thread reads its own."""
        if len(texts) == 1:
            yield self._read(texts[0])
            return
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(self._read, texts)

    def _read(self, ids: Ids) -> Floats:
        words, places = self._words[np.asarray(ids)], self._places[: len(ids)]
        one, none = np.ones(len(ids), np.float32), np.zeros(len(ids), np.float32)
        given = {"words": words[None], "places": places[None], "one": one, "none": none}
        (states,) = self._session.run(None, given)
        alone: Floats = states[0]
        return alone


def write_graph(files: BertFiles) -> bytes:
    """A model for ONNX Runtime: from "words" and "places" [1, t, d] to states of the same shape.

    It is given "one" and "none" too, a one and a zero for each token [t].
    """
    layers = _Layers(files)
    states = layers.norm("embeddings", "words", "places")
    for number in range(files.layers):
        states = layers.layer(f"encoder.layer.{number}", states)
    shape: Shape = [1, "t", files.dimension]
    inputs: dict[str, Shape] = {"words": shape, "places": shape, "one": ["t"], "none": ["t"]}
    return layers.graph.written(inputs, {states: shape})


class _Layers:
    """Writes the layers of a BERT into a graph."""

    def __init__(self, files: BertFiles) -> None:
        self._files = files
        self.graph = Graph()

    def layer(self, name: str, states: str) -> str:
        """One layer: attention, and what follows it."""
        attended, widened, narrowed = (
            f"{name}.{part}" for part in ("attention.output", "intermediate", "output")
        )
        states = self.norm(attended, self._attend(name, states), states)
        largest = self._plain("ReduceMax", self._plain("Abs", states), axes=[2], keepdims=1)
        wide = self._product_of_each(states, largest, f"{widened}.dense")
        active = self.graph.add("BiasGelu", [wide, self._bias(f"{widened}.dense")])
        largest = self._plain("ReduceMax", active, axes=[2], keepdims=1)
        narrow = self._product_of_each(active, largest, f"{narrowed}.dense")
        narrow = self._plain("Add", narrow, self._bias(f"{narrowed}.dense"))
        return self.norm(narrowed, narrow, states)

    def norm(self, name: str, states: str, others: str) -> str:
        """The sum of both states, normalised.

        ONNX Runtime's one operator for it takes three times as long as these four.
        """
        weight, bias = self._files.norm(name)
        total = self._plain("Add", states, others)
        normal = self._plain(
            "InstanceNormalization", total, "one", "none", epsilon=self._files.epsilon
        )
        scaled = self._plain("Mul", normal, self.graph.weight(f"{name}.norm", weight))
        return self._plain("Add", scaled, self.graph.weight(f"{name}.norm.bias", bias))

    def _attend(self, name: str, states: str) -> str:
        """What each token sees of the others, multiplied by what follows."""
        query, key, value = (f"{name}.attention.self.{part}" for part in ("query", "key", "value"))
        both = self._product(states, query, key, bias=self._files.bias(query, key))
        compared = [f"{name}.queries", f"{name}.keys"]
        self.graph.add("Split", [both], compared, domain="", axis=2)
        weight = self.graph.weight(f"{value}.weight", self._files.weight(value).T)
        values = self._plain("MatMul", states, weight)
        heads = self._files.heads
        seen = self.graph.add("MultiHeadAttention", [*compared, values], num_heads=heads)
        following = f"{name}.attention.output.dense"
        # What a token sees of all values adds up to one of them, so their bias is in it once.
        bias = self._files.bias(following) + self._files.weight(following) @ self._files.bias(value)
        return self._product(seen, following, bias=bias)

    def _product_of_each(self, states: str, largest: str, layer: str) -> str:
        """The product, each token rounded by its own range: divided by its largest first."""
        divisor = self._plain("Max", largest, self.graph.weight(f"{layer}.least", LEAST))
        shares = self._plain("Div", states, divisor)
        return self._plain("Mul", self._product(shares, layer), divisor)

    def _product(self, states: str, *layers: str, bias: Floats | None = None) -> str:
        """The states times the weights of layers, and a bias."""
        weights = Rounded.of(self._files.weight(*layers).T)
        return self.graph.product(states, "+".join(layers), weights, bias)

    def _bias(self, layer: str) -> str:
        return self.graph.weight(f"{layer}.bias", self._files.bias(layer))

    def _plain(self, operator: str, *inputs: str, **attributes: Any) -> str:
        """One of ONNX's own operators."""
        return self.graph.add(operator, inputs, domain="", **attributes)
