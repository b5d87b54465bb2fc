"""The shorter ways through a model give what the longer one gives."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn
from transformers import BertConfig, BertModel

from index import packing
from index.embedding import Encoder

pytestmark = pytest.mark.skipif(not packing.can_pack(), reason="this torch lays nothing out")


def small_bert(**settings: Any) -> Any:
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=48, **settings,
    )  # fmt: skip
    model: Any = BertModel(config)
    model = model.eval().to(torch.bfloat16)
    for part in model.modules():  # biases and norms begin as nothing, which hides mistakes
        if isinstance(part, nn.Linear | nn.LayerNorm):
            nn.init.normal_(part.bias, std=0.5)
    return model


@pytest.mark.parametrize("tokens", [1, 2, 17, 64])
def test_one_text_goes_the_shorter_way_to_the_same_end(tokens: int) -> None:
    model = small_bert()
    assert packing.runs_in_one(model)
    ids = torch.randint(0, 50, (1, tokens))
    with torch.inference_mode():
        expected = model(input_ids=ids).last_hidden_state
        assert torch.allclose(packing.OneText(model)(ids), expected, atol=0.05)


def test_packed_layers_multiply_as_before() -> None:
    model = small_bert()
    ids = torch.randint(0, 50, (3, 9))
    with torch.inference_mode():
        expected = model(input_ids=ids).last_hidden_state
        packing.pack_weights(model)
        assert not any(type(part) is nn.Linear for part in model.modules())
        assert torch.allclose(model(input_ids=ids).last_hidden_state, expected, atol=0.05)


@pytest.mark.parametrize(
    "settings",
    [{"hidden_act": "relu"}, {"position_embedding_type": "relative_key"}, {"is_decoder": True}],
)
def test_other_models_go_the_long_way(settings: dict[str, Any]) -> None:
    assert not packing.runs_in_one(small_bert(**settings))
    assert not packing.runs_in_one(nn.Linear(2, 2))
    assert not packing.runs_in_one(None)


def test_the_real_model_gives_a_text_the_same_vectors_alone_and_in_company(
    encoder: Encoder,
) -> None:
    text = "The ferry leaves Oban at nine."
    (alone,) = encoder.encode_passages([text])
    together, _other = encoder.encode_passages([text, "Sheep graze beside the island's school."])
    assert float(alone.vector @ together.vector) > 0.9995
    assert (alone.tokens * together.tokens).sum(axis=1).min() > 0.995
