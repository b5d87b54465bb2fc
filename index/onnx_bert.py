"""A BERT in int8 by ONNX Runtime: a question in a third of float32's time, without importing torch.

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
8-bit state in 16 bits, which must not overflow; a whole int8's 127 are no more exact here."""

_APART = (0, 1), (1, 2**31 - 1)
"""The first token, and those after it."""

_OWN = "com.microsoft"
"""The domain of ONNX Runtime's own operators, which do several of ONNX's in one."""
_OPSETS = {"": 17, _OWN: 1}
_IR_VERSION = 8


class OnnxBert:
    """A BERT encoder (Devlin et al., 2019) whose products are of 8-bit integers.

    Weights are quantised once, each column by its largest; what they are multiplied with by its
    range, text by text, so that a text has the same vectors among others as alone. Between two
    layers the first token, which stands for none of the text, has states ten times as large as
    any other's (Sun et al., "Massive Activations in Large Language Models", 2024), and is
    quantised apart. Everything else is float32.
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
        states: Floats = self._session.run(None, {"words": words[None], "places": places[None]})[0][
            0
        ]
        return states


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
        attention, widened = f"{name}.attention", f"{name}.intermediate.dense"
        parts = [f"{attention}.self.{part}" for part in ("query", "key", "value")]
        weight, scale, zero = self._quantised(f"{attention}.self", parts)
        bias = self._weight(f"{attention}.self.bias", self._files.bias(*parts))
        small, by, offset = (f"{attention}.{part}" for part in ("states", "scale", "zero"))
        self._add("DynamicQuantizeLinear", [states], [small, by, offset], "")
        seen = self._add(
            "QAttention",
            [small, weight, bias, by, scale, "", offset, zero],
            num_heads=self._files.heads,
        )
        weights = self._quantised(f"{attention}.output.dense", [f"{attention}.output.dense"])
        attended = self._product(seen, weights)
        states = self._norm(f"{attention}.output", attended, states, f"{attention}.output.dense")
        weights = self._quantised(widened, [widened])
        bias = self._weight(f"{widened}.bias", self._files.bias(widened))
        narrow = self._quantised(f"{name}.output.dense", [f"{name}.output.dense"])
        narrowed = []
        for part in (self._slice(states, *part) for part in _APART):
            active = self._add("BiasGelu", [self._product(part, weights), bias])
            narrowed.append(self._product(active, narrow))
        together = self._add("Concat", narrowed, domain="", axis=1)
        return self._norm(f"{name}.output", together, states, f"{name}.output.dense")

    def _slice(self, states: str, start: int, end: int) -> str:
        """The states of some tokens."""
        name = f"slice.{len(self.nodes)}"
        bounds = {"start": start, "end": end, "axis": 1}
        inputs = [
            self._weight(f"{name}.{bound}", np.array([value], np.int64))
            for bound, value in bounds.items()
        ]
        return self._add("Slice", [states, *inputs], domain="")

    def _product(self, states: str, weights: Sequence[str]) -> str:
        """The states times a weight; its bias is for the node that follows."""
        return self._add("DynamicQuantizeMatMul", [states, *weights])

    def _norm(self, name: str, states: str, others: str, biased: str | None = None) -> str:
        """The sum of both states, and the bias of the product that they come from, normalised."""
        weight, bias = self._files.norm(name)
        inputs = [states, others]
        inputs += [self._weight(f"{name}.norm", weight), self._weight(f"{name}.norm.bias", bias)]
        if biased:
            inputs.append(self._weight(f"{biased}.bias", self._files.bias(biased)))
        return self._add("SkipLayerNormalization", inputs, epsilon=self._files.epsilon)

    def _quantised(self, name: str, parts: Sequence[str]) -> list[str]:
        """The names of a weight [in, out] in int8, of its columns' scales and of their zeros."""
        weight = self._files.weight(*parts).T
        scale = np.maximum(np.abs(weight).max(axis=0) / MOST, np.finfo(np.float32).tiny)
        return [
            self._weight(f"{name}.weight", np.rint(weight / scale).astype(np.int8)),
            self._weight(f"{name}.scale", scale.astype(np.float32)),
            self._weight(f"{name}.zero", np.zeros(len(scale), np.int8)),
        ]

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
