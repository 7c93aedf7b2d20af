"""Decoders that the engine does not compute itself: greedy tokens equal transformers' own, cached or not, or a refusal by name."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from sgbench.engine.config import EngineConfig
from sgbench.engine.engine import EngineCore
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.runner.torch_runner import TorchRunner
from sgbench.errors import ModelError, UsageError
from tests.models.test_equals_transformers import N_NEW, assert_greedy, prompts

SHAPE: dict[str, Any] = {
    "vocab_size": 160,
    "hidden_size": 48,
    "intermediate_size": 64,
    "num_hidden_layers": 4,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "head_dim": 16,
    "max_position_embeddings": 512,
    "initializer_range": 0.3,
    "bos_token_id": 1,
    "eos_token_id": 2,
    "pad_token_id": 0,
}
MOE: dict[str, Any] = {"num_experts_per_tok": 2, "moe_intermediate_size": 32}
ALTERNATING = {"layer_types": ["sliding_attention", "full_attention"] * 2, "sliding_window": 20}
GPT2 = {"n_embd": 48, "n_layer": 3, "n_head": 4, "n_positions": 512, "vocab_size": 160, "initializer_range": 0.3}

FAMILIES: dict[str, tuple[str, dict[str, Any]]] = {
    "gemma": ("Gemma", {}),
    "gemma2, soft-caps and alternating windows": ("Gemma2", {"query_pre_attn_scalar": 24, **ALTERNATING}),
    "gemma3, two rotary bases": ("Gemma3Text", {"query_pre_attn_scalar": 24, **ALTERNATING}),
    "phi, partial rotation": ("Phi", {"partial_rotary_factor": 0.5}),
    "phi3, window": ("Phi3", {"sliding_window": 24, "head_dim": 12}),
    "gpt-neox": ("GPTNeoX", {"rotary_pct": 0.25}),
    "gpt2, learned positions": ("GPT2", GPT2),
    "opt, learned positions": ("OPT", {"ffn_dim": 64, "word_embed_proj_dim": 48}),
    "starcoder2": ("Starcoder2", {"sliding_window": None}),
    "stablelm": ("StableLm", {"partial_rotary_factor": 0.5, "head_dim": 12}),
    "granite, scaled logits": ("Granite", {"logits_scaling": 4.0, "attention_multiplier": 0.2}),
    "cohere, no norm of heads": ("Cohere", {"logit_scale": 0.3}),
    "olmo2": ("Olmo2", {}),
    "glm": ("Glm", {"partial_rotary_factor": 0.5}),
    "mixtral": ("Mixtral", {"num_local_experts": 4, "num_experts_per_tok": 2, "sliding_window": 24}),
    "qwen3-moe": ("Qwen3Moe", {"num_experts": 4, "decoder_sparse_step": 1, **MOE}),
    "qwen2-moe": (
        "Qwen2Moe",
        {"num_experts": 4, "shared_expert_intermediate_size": 32, "decoder_sparse_step": 1, **MOE},
    ),
    "olmoe": ("Olmoe", {"num_experts": 4, "num_experts_per_tok": 2, "head_dim": 12}),
    "deepseek-v3, values smaller than keys": (
        "DeepseekV3",
        {
            "head_dim": 8,
            "num_key_value_heads": 4,
            "qk_rope_head_dim": 8,
            "qk_nope_head_dim": 12,
            "v_head_dim": 16,
            "kv_lora_rank": 16,
            "q_lora_rank": 24,
            "n_routed_experts": 4,
            "n_group": 1,
            "topk_group": 1,
            "first_k_dense_replace": 1,
            **MOE,
        },
    ),
    "llama with another activation": ("Llama", {"hidden_act": "gelu"}),
    "phi3, longrope": (
        "Phi3",
        {
            "head_dim": 12,
            "original_max_position_embeddings": 256,
            "rope_parameters": {
                "rope_type": "longrope",
                "rope_theta": 10000.0,
                "short_factor": [1.0, 1.1, 1.2, 1.5, 2.0, 2.5],
                "long_factor": [1.0, 2.0, 3.0, 4.0, 5.0, 6.0],
                "original_max_position_embeddings": 256,
            },
        },
    ),
}


def made(folder: Path, name: str, options: dict[str, Any]) -> Any:
    """A random model of a class of transformers, saved in ``folder``."""
    import torch
    import transformers

    config = getattr(transformers, f"{name}Config")(**(SHAPE | options))
    torch.manual_seed(5)
    model = transformers.AutoModelForCausalLM.from_config(
        config, dtype=torch.float32, attn_implementation="eager"
    ).eval()
    with torch.no_grad():
        for key, value in model.named_parameters():
            if value.dim() == 1:
                value.normal_(0.0 if key.endswith("bias") else 1.0, 0.2)
    model.generation_config.eos_token_id = None
    model.save_pretrained(folder)
    return model


@pytest.fixture(scope="module", params=FAMILIES)
def foreign(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Any, Path]]:
    folder = tmp_path_factory.mktemp("family")
    yield made(folder, *FAMILIES[request.param]), folder


def runner(folder: Path, device: str = "cpu", **options: Any) -> TorchRunner:
    given = {"dtype": "float32", "kv_tokens": 900, "max_running": 8, "context_length": 256} | options
    return TorchRunner(EngineConfig(model_path=str(folder), device=device, **given))


def test_greedy_tokens_equal_transformers(foreign: tuple[Any, Path], device: str) -> None:
    """In one batch, in chunks, from the cache and afresh."""
    model, folder = foreign
    half = runner(folder, device, max_prefill_tokens=48, overlap=True)
    assert "by transformers" in half.description
    base = prompts(4, common=50)
    texts = [*base, base[2][:70], base[1] + base[3][:40]]
    params = {"temperature": 0, "max_new_tokens": N_NEW, "ignore_eos": True}
    with EngineCore(half.config, half, None) as engine:
        for _ in range(2):
            outputs = engine.generate(input_ids=texts, sampling_params=params)
            assert_greedy(model, texts, [list(out["output_ids"]) for out in outputs])
        assert engine.stats().cached_tokens > 300
        engine.check_integrity()


@pytest.mark.parametrize("family", ["mistral", "qwen2", "qwen3"])
def test_our_own_windows(checkpoint: Any, device: str, family: str) -> None:
    changes: dict[str, Any] = {"sliding_window": 24}
    if family != "mistral":
        changes |= {"use_sliding_window": True, "max_window_layers": 1}
    model, folder = checkpoint(family, **changes)
    half = runner(folder, device, max_prefill_tokens=48)
    assert "by transformers" not in half.description
    base = prompts(4, common=50)
    params = {"temperature": 0, "max_new_tokens": N_NEW, "ignore_eos": True}
    with EngineCore(half.config, half, None) as engine:
        for _ in range(2):
            outputs = engine.generate(input_ids=base, sampling_params=params)
            assert_greedy(model, base, [list(out["output_ids"]) for out in outputs])


LONGROPE = {
    "rope_type": "longrope",
    "rope_theta": 10000.0,
    "short_factor": [1.0, 1.2, 1.4, 2.0],
    "long_factor": [1.0, 4.0, 8.0, 9.0],
    "original_max_position_embeddings": 256,
}


@pytest.mark.parametrize(
    "rope",
    [
        {"rope_type": "dynamic", "rope_theta": 10000.0, "factor": 4.0},
        LONGROPE,
        LONGROPE | {"factor": 3.0, "attention_factor": 1.3},
    ],
)
def test_scalings_that_depend_on_length(checkpoint: Any, device: str, rope: dict[str, Any]) -> None:
    model, folder = checkpoint("llama", rope_parameters=rope)
    half = runner(folder, device, context_length=None)
    assert half.max_context_tokens == (512 if rope["rope_type"] == "dynamic" else 256)
    base = prompts(5)
    params = {"temperature": 0, "max_new_tokens": N_NEW, "ignore_eos": True}
    with EngineCore(half.config, half, None) as engine:
        outputs = engine.generate(input_ids=base, sampling_params=params)
    assert_greedy(model, base, [list(out["output_ids"]) for out in outputs])


def test_longrope_beyond_its_first_context_is_that_of_long_texts(checkpoint: Any, device: str) -> None:
    model, folder = checkpoint("llama", rope_parameters=LONGROPE)
    half = runner(folder, device, context_length=512)
    prompt = (prompts(5)[4] * 3)[:300]
    params = {"temperature": 0, "max_new_tokens": N_NEW, "ignore_eos": True}
    with EngineCore(half.config, half, None) as engine:
        said = list(engine.generate(input_ids=prompt, sampling_params=params)["output_ids"])
    assert_greedy(model, [prompt], [said])


REFUSED: dict[str, tuple[str, dict[str, Any], str]] = {
    "mamba": ("Mamba", {"state_size": 8}, "mamba|attention|encoder|config"),
    "bloom, linear biases": ("Bloom", {"n_head": 4, "n_layer": 2}, "Bloom"),
    "gpt-oss, sinks": ("GptOss", {"num_local_experts": 2, "num_experts_per_tok": 1, "head_dim": 16}, "s_aux"),
    "t5": ("T5", {"d_model": 32}, "encoder"),
    "jamba-like hybrid": (
        "Qwen3Next",
        {"layer_types": ["linear_attention", "full_attention"] * 2, "num_experts": 2},
        "linear_attention",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_right_is_refused_by_name(case: str, tmp_path: Path, device: str) -> None:
    import transformers

    name, options, word = REFUSED[case]
    config = getattr(transformers, f"{name}Config")(**(SHAPE | options))
    config.architectures = [f"{name}ForCausalLM"]
    config.save_pretrained(tmp_path)
    with pytest.raises(ModelError, match=word):
        runner(tmp_path, device, load_format="dummy", context_length=None)


def test_code_that_comes_with_a_model_is_not_run(tmp_path: Path, device: str) -> None:
    (tmp_path / "config.json").write_text(
        json.dumps({"architectures": ["OwnForCausalLM"], "model_type": "own", "auto_map": {"AutoConfig": "own.Config"}})
    )
    (tmp_path / "own.py").write_text("raise SystemExit('ran')")
    with pytest.raises(ModelError, match="OwnForCausalLM"):
        runner(tmp_path, device, load_format="dummy", context_length=None)


def test_graphs_are_refused_where_they_cannot_be(tmp_path: Path) -> None:
    import transformers

    transformers.GemmaConfig(**SHAPE).save_pretrained(tmp_path)
    with pytest.raises(UsageError, match="cuda_graph"):
        runner(tmp_path, cuda_graph=True, load_format="dummy")


def test_a_decoder_that_differs_on_the_pool_is_caught(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Gemma 2 whose code hid its windows from us: the trial cannot see that, the proof does."""
    from sgbench.engine.models import foreign as module

    made(tmp_path, *FAMILIES["gemma2, soft-caps and alternating windows"])
    true = module._options
    monkeypatch.setattr(
        module, "_options", lambda m, sizes, options, kind: true(m, sizes, options | {"sliding_window": None}, kind)
    )
    with pytest.raises(ModelError, match="not give the same logits"):
        runner(tmp_path)


def test_only_attention_is_asked_of_a_config() -> None:
    with pytest.raises(ModelError, match="GemmaForCausalLM"):
        ModelConfig.from_dict({"architectures": ["GemmaForCausalLM"]})
