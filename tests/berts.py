"""A small BERT on disk, as sentence-transformers would have it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import torch
from torch import nn

MODULES = [
    {"idx": 0, "path": "", "type": "sentence_transformers.models.Transformer"},
    {"idx": 1, "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},
    {"idx": 2, "path": "2_Normalize", "type": "sentence_transformers.models.Normalize"},
]
MEAN = {"word_embedding_dimension": 32, "pooling_mode_cls_token": False}
MEAN |= {"pooling_mode_mean_tokens": True}


def small_bert(folder: Path) -> Any:
    """A BERT of nobody's making, and the folder that sentence-transformers would have of it."""
    from transformers import BertConfig, BertModel  # seconds, in every worker that collects tests

    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=50, hidden_size=32, num_hidden_layers=3, num_attention_heads=4,
        intermediate_size=48,
    )  # fmt: skip
    model: Any = BertModel(config, add_pooling_layer=False).eval()
    for part in model.modules():  # biases and norms begin as nothing, which hides mistakes
        if isinstance(part, nn.Linear | nn.LayerNorm):
            nn.init.normal_(part.bias, std=0.5)
    model.save_pretrained(folder)
    write(folder / "modules.json", MODULES)
    write(folder / "1_Pooling" / "config.json", MEAN)
    return model


def write(file: Path, content: object) -> None:
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(content))
