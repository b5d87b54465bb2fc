"""A BERT in int8 by ONNX Runtime: a question in two thirds of float32's time, and without torch.

Chroma brings ONNX Runtime along; the graph that it runs is written here, from the model's files.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.bert import BertFiles, Floats, Ids

MOST = 64
"""The largest weight in int8. A processor without VNNI adds two products of such a weight and an
8-bit state in 16 bits, which must not overflow."""

TINY = np.array(np.finfo(np.float32).tiny)

_OWN = "com.microsoft"
"""The domain of ONNX Runtime's own operators, which do several of ONNX's in one."""
_OPSETS = {"": 17, _OWN: 1}
_IR_VERSION = 8


class OnnxBert:
    """A BERT encoder (Devlin et al., 2019) whose products are of 8-bit integers.

    Weights are quantised once, each column by its largest; what they are multiplied with by its
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
        self._session = _session(write_graph(files))

    def read(self, texts: Sequence[Ids], threads: int) -> Iterator[Floats]:
        """Token embeddings [t, d] of each text, given as token ids; each thread reads its own."""
        if len(texts) == 1:
            yield self._read(texts[0])
            return
        with ThreadPoolExecutor(threads) as pool:
            yield from pool.map(self._read, texts)

    def _read(self, ids: Ids) -> Floats:
        words, places = self._words[np.asarray(ids)], self._places[: len(ids)]
        (states,) = self._session.run(None, {"words": words[None], "places": places[None]})
        alone: Floats = states[0]
        return alone


def write_graph(files: BertFiles) -> bytes:
    """A model for ONNX Runtime: from "words" and "places" [1, t, d] to states of the same shape."""
    from onnx import TensorProto, helper

    graph = _Graph(files)
    *given, states = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, "t", files.dimension])
        for name in ("words", "places", graph.states)
    ]
    written = helper.make_graph(graph.nodes, "bert", given, [states], graph.weights)
    opsets = [helper.make_opsetid(*opset) for opset in _OPSETS.items()]
    model = helper.make_model(written, opset_imports=opsets, ir_version=_IR_VERSION)
    serialized: bytes = model.SerializeToString()
    return serialized


class _Graph:
    """The graph of a BERT's layers: its nodes, and the weights that they name."""

    def __init__(self, files: BertFiles) -> None:
        self._files = files
        self.nodes: list[Any] = []
        self.weights: list[Any] = []
        states = self._norm("embeddings", "words", "places")
        for number in range(files.layers):
            states = self._layer(f"encoder.layer.{number}", states)
        self.states = states

    def _layer(self, name: str, states: str) -> str:
        """One layer of attention and what follows it."""
        attended, widened, narrowed = (
            f"{name}.{part}" for part in ("attention.output", "intermediate", "output")
        )
        seen = self._attend(f"{name}.attention.self", states)
        product = self._product(seen, f"{attended}.dense")
        states = self._norm(attended, product, states, f"{attended}.dense")
        wide = self._product_of_each(states, f"{widened}.dense")
        active = self._add("BiasGelu", [wide, self._bias(f"{widened}.dense")])
        narrow = self._product_of_each(active, f"{narrowed}.dense")
        return self._norm(narrowed, narrow, states, f"{narrowed}.dense")

    def _attend(self, name: str, states: str) -> str:
        """What each token sees of the others, before the layer that follows."""
        query, key, value = parts = [f"{name}.{part}" for part in ("query", "key", "value")]
        compared = [f"{name}.queries", f"{name}.keys"]
        self._add("Split", [self._product(states, query, key)], compared, domain="", axis=2)
        weight = self._weight(f"{value}.weight", self._files.weight(value).T)
        values = self._add("MatMul", [states, weight], domain="")
        return self._add(
            "MultiHeadAttention",
            [*compared, values, self._bias(*parts)],
            num_heads=self._files.heads,
        )

    def _product_of_each(self, states: str, layer: str) -> str:
        """The product, each token quantised by its own range."""
        sizes = self._add("Abs", [states], domain="")
        largest = self._add("ReduceMax", [sizes], domain="", axes=[2], keepdims=1)
        # A token of nothing but zeros stays one.
        divisor = self._add("Max", [largest, self._weight(f"{layer}.least", TINY)], domain="")
        shares = self._add("Div", [states, divisor], domain="")
        return self._add("Mul", [self._product(shares, layer), divisor], domain="")

    def _product(self, states: str, *layers: str) -> str:
        """The states times the weights of layers; their biases are for the node that follows."""
        weight = self._files.weight(*layers).T
        scale = np.maximum(np.abs(weight).max(axis=0) / MOST, TINY)
        quantised = {
            "weight": np.rint(weight / scale).astype(np.int8),
            "scale": scale.astype(np.float32),
            "zero": np.zeros(len(scale), np.int8),
        }
        name = "+".join(layers)
        inputs = [self._weight(f"{name}.{part}", values) for part, values in quantised.items()]
        return self._add("DynamicQuantizeMatMul", [states, *inputs])

    def _norm(self, name: str, states: str, others: str, biased: str | None = None) -> str:
        """The sum of both states, and the bias of the product that they come from, normalised."""
        weight, bias = self._files.norm(name)
        inputs = [states, others]
        inputs += [self._weight(f"{name}.norm", weight), self._weight(f"{name}.norm.bias", bias)]
        inputs += [self._bias(biased)] if biased else []
        return self._add("SkipLayerNormalization", inputs, epsilon=self._files.epsilon)

    def _bias(self, *layers: str) -> str:
        return self._weight("+".join(layers) + ".bias", self._files.bias(*layers))

    def _weight(self, name: str, values: NDArray[Any]) -> str:
        from onnx import numpy_helper

        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def _add(
        self,
        operator: str,
        inputs: Sequence[str],
        outputs: Sequence[str] = (),
        domain: str = _OWN,
        **attributes: Any,
    ) -> str:
        """Add a node; the name of its first output."""
        from onnx import helper

        outputs = outputs or [f"{operator}.{len(self.nodes)}"]
        self.nodes.append(helper.make_node(operator, inputs, outputs, domain=domain, **attributes))
        return outputs[0]


def _session(model: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    # A dozen tokens take as long by two threads, and each of several texts has a thread of its own.
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
