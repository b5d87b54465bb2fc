"""Products of 8-bit integers by ONNX Runtime, which Chroma brings along: sooner than in float32.

How weights are rounded, how a graph is written and run; what is multiplied is others' affair.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]

MOST = 64
"""The largest weight in int8. A processor without VNNI adds two products of such a weight and an
8-bit state in 16 bits, which must not overflow."""

TINY = np.array(np.finfo(np.float32).tiny)

OWN = "com.microsoft"
"""The domain of ONNX Runtime's own operators, which do several of ONNX's in one."""
_OPSETS = {"": 17, OWN: 1}
_IR_VERSION = 8

Shape = Sequence[int | str]


@dataclass(frozen=True, slots=True)
class Rounded:
    """Weights [in, out] in int8: each column's `integers` times its `scale` is near what it was."""

    integers: NDArray[np.int8]
    scale: Floats

    @classmethod
    def of(cls, weights: Floats) -> Rounded:
        """Each column by its largest."""
        scale = np.maximum(np.abs(weights).max(axis=0) / MOST, TINY)
        return cls(np.rint(weights / scale).astype(np.int8), scale.astype(np.float32))

    @classmethod
    def together(cls, parts: Sequence[Rounded]) -> Rounded:
        """The columns of several, side by side."""
        return cls(
            np.concatenate([part.integers for part in parts], axis=1),
            np.concatenate([part.scale for part in parts]),
        )


@dataclass(frozen=True, slots=True)
class Graph:
    """A graph of operators, in the order in which they run, and the weights that they name."""

    nodes: list[Any] = field(default_factory=list)
    weights: list[Any] = field(default_factory=list)

    def weight(self, name: str, values: NDArray[Any]) -> str:
        """Name some weights; their name."""
        from onnx import numpy_helper

        self.weights.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def add(
        self,
        operator: str,
        inputs: Sequence[str],
        outputs: Sequence[str] = (),
        domain: str = OWN,
        **attributes: Any,
    ) -> str:
        """Add a node; the name of its first output."""
        from onnx import helper

        outputs = outputs or [f"{operator}.{len(self.nodes)}"]
        self.nodes.append(helper.make_node(operator, inputs, outputs, domain=domain, **attributes))
        return outputs[0]

    def product(self, states: str, name: str, weights: Rounded, bias: Floats | None = None) -> str:
        """The states times the weights, and a bias; states are rounded by their own range."""
        parts: dict[str, NDArray[Any]] = {
            "integers": weights.integers,
            "scale": weights.scale,
            "zero": np.zeros(len(weights.scale), np.int8),
        }
        if bias is not None:
            parts["bias"] = bias
        named = [self.weight(f"{name}.{part}", values) for part, values in parts.items()]
        return self.add("DynamicQuantizeMatMul", [states, *named])

    def written(self, inputs: Mapping[str, Shape], outputs: Mapping[str, Shape]) -> bytes:
        """The model of it; a dimension that is a string is of any length."""
        from onnx import TensorProto, helper

        given, gives = (
            [
                helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
                for name, shape in each.items()
            ]
            for each in (inputs, outputs)
        )
        graph = helper.make_graph(self.nodes, "graph", given, gives, self.weights)
        opsets = [helper.make_opsetid(*opset) for opset in _OPSETS.items()]
        model = helper.make_model(graph, opset_imports=opsets, ir_version=_IR_VERSION)
        serialized: bytes = model.SerializeToString()
        return serialized


def session(model: bytes) -> Any:
    """What runs a model, on the thread that asks it to."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
