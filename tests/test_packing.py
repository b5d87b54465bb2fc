"""Packed layers multiply as those they replace."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel

from index.embedding import FEW, Encoder
from index.packing import PackedLinear, pack_weights


@pytest.mark.parametrize(("dtype", "apart"), [(torch.float32, 1e-6), (torch.bfloat16, 0.05)])
def test_packed_layers_multiply_as_before(dtype: torch.dtype, apart: float) -> None:
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=48,
    )  # fmt: skip
    model: Any = BertModel(config).eval().to(dtype)
    for part in model.modules():  # biases begin as nothing, which hides mistakes
        if isinstance(part, nn.Linear):
            nn.init.normal_(part.bias, std=0.5)
    ids = torch.randint(0, 50, (3, 9))
    with torch.inference_mode():
        expected = model(input_ids=ids).last_hidden_state
        pack_weights(model)
        assert not any(type(part) is nn.Linear for part in model.modules())
        assert torch.allclose(model(input_ids=ids).last_hidden_state, expected, atol=apart)


def test_a_layer_may_have_no_bias() -> None:
    layer, inputs = nn.Linear(8, 4, bias=False), torch.randn(3, 8)
    with torch.inference_mode():
        assert torch.allclose(PackedLinear(layer.weight, layer.bias)(inputs), layer(inputs))


def test_the_real_model_gives_a_text_the_same_vectors_alone_and_in_company(
    encoder: Encoder,
) -> None:
    text = "The ferry leaves Oban at nine."
    (alone,) = encoder.encode_passages([text])
    others = ["Sheep graze beside the island's school."] * FEW
    together, *_others = encoder.encode_passages([text, *others])
    assert float(alone.vector @ together.vector) > 0.9995
    assert (alone.tokens * together.tokens).sum(axis=1).min() > 0.995
