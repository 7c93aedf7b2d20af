"""A large model's shape without its weights: what a step costs does not depend on what they are. Knows configurations only."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

LLAMA_8B: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 4096,
    "hidden_size": 4096,
    "intermediate_size": 14_336,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "head_dim": 128,
    "max_position_embeddings": 131_072,
    "rms_norm_eps": 1e-5,
    "rope_theta": 500_000.0,
    "tie_word_embeddings": False,
    "eos_token_id": 2,
}
"""Llama-3.1-8B's layers, with the bundled tokenizer's vocabulary in place of its own, so that whatever it says is text."""


def shape_folder(shape: dict[str, Any]) -> Path:
    """A new folder that holds ``shape`` as its config.json and nothing else, for ``load_format="dummy"``."""
    folder = Path(tempfile.mkdtemp(prefix="sgbench-shape-"))
    (folder / "config.json").write_text(json.dumps(shape), encoding="utf-8")
    return folder
