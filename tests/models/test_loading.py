"""Checkpoints that cannot be computed rightly are refused by name; those that can are found."""

from __future__ import annotations

import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from sgbench.engine.config import EngineConfig
from sgbench.engine.hub import find_model
from sgbench.engine.models.config import ModelConfig
from sgbench.engine.models.weights import load_weights
from sgbench.engine.runner.torch_runner import TorchRunner
from sgbench.errors import ModelError, UsageError

LLAMA: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "vocab_size": 32,
    "hidden_size": 16,
    "intermediate_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 64,
}


def load(folder: Path) -> Any:
    return load_weights(folder, ModelConfig.from_folder(folder), torch.float32, torch.device("cpu"))


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"architectures": ["GemmaForCausalLM"]}, "GemmaForCausalLM"),
        ({"hidden_act": "gelu"}, "gelu"),
        ({"quantization_config": {"quant_method": "awq"}}, "awq"),
        ({"rope_scaling": {"rope_type": "spiral", "factor": 2.0}}, "spiral"),
        ({"rope_scaling": {"rope_type": "longrope", "short_factor": [1.0], "long_factor": [2.0]}}, "2 numbers"),
        ({"rope_scaling": {"rope_type": "llama3", "factor": 2.0}}, "low_freq_factor"),
        ({"partial_rotary_factor": 0.5}, "rotates a part"),
        ({"num_attention_heads": 3}, "evenly"),
        ({"vocab_size": None}, "vocab_size"),
        ({"hidden_size": "big"}, "hidden_size"),
        ({"layer_types": ["linear_attention"]}, "linear_attention"),
    ],
)
def test_configs_that_would_compute_something_else(change: dict[str, Any], word: str) -> None:
    with pytest.raises(ModelError, match=word):
        ModelConfig.from_dict(LLAMA | change)


WINDOWED: list[tuple[dict[str, Any], list[int | None]]] = [
    ({"architectures": ["LlamaForCausalLM"]}, []),
    ({"architectures": ["MistralForCausalLM"]}, [32, 32]),
    ({"architectures": ["MistralForCausalLM"], "sliding_window": None}, []),
    ({"architectures": ["Qwen2ForCausalLM"]}, []),
    ({"architectures": ["Qwen2ForCausalLM"], "use_sliding_window": True}, []),
    ({"architectures": ["Qwen2ForCausalLM"], "use_sliding_window": True, "max_window_layers": 1}, [None, 32]),
    (
        {
            "architectures": ["Qwen3ForCausalLM"],
            "use_sliding_window": True,
            "layer_types": ["sliding_attention", "full_attention"],
        },
        [32, None],
    ),
]


@pytest.mark.parametrize(("change", "windows"), WINDOWED)
def test_windows_are_where_the_family_has_them(change: dict[str, Any], windows: list[int | None]) -> None:
    config = ModelConfig.from_dict(LLAMA | {"sliding_window": 32} | change)
    assert [layer.window for layer in config.layers] == windows


@pytest.mark.parametrize(
    ("option", "word"),
    [
        ({"context_length": 65}, "64"),
        ({"device": "mps"}, "mps"),
        ({"tp_size": 2}, "tp_size"),
        ({"attention": "flashinfer"}, "flashinfer"),
    ],
)
def test_options_that_cannot_be_served(tmp_path: Path, option: dict[str, Any], word: str) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    options = {"model_path": str(tmp_path), "device": "cpu", "load_format": "dummy"} | option
    with pytest.raises(UsageError, match=word):
        TorchRunner(EngineConfig(**options))


def test_folders_without_safetensors(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"config\.json"):
        load(tmp_path)
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(ModelError, match="JSON"):
        load(tmp_path)
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    with pytest.raises(ModelError, match=r"no model\.safetensors"):
        load(tmp_path)
    (tmp_path / "pytorch_model.bin").write_bytes(pickle.dumps({}))
    with pytest.raises(ModelError, match=r"pytorch_model\.bin.*runs whatever code.*save_pretrained"):
        load(tmp_path)
    (tmp_path / "model.safetensors").write_bytes(b"not one")
    with pytest.raises(ModelError, match=r"model\.safetensors is not a readable"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("edit", "word"),
    [
        (lambda t: t.pop("model.layers.1.mlp.up_proj.weight"), r"lacks model\.layers\.1\.mlp\.up_proj\.weight"),
        (lambda t: t.update(stray=torch.zeros(1)), "stray"),
        (lambda t: t.update({"model.norm.weight": torch.zeros(3)}), r"model\.norm\.weight has shape \(3,\)"),
        (lambda t: t.update({"model.norm.weight": torch.zeros(48, dtype=torch.int8)}), "int8"),
    ],
)
def test_tensors_that_do_not_fit_are_named(checkpoint: Any, tmp_path: Path, edit: Any, word: str) -> None:
    _, folder = checkpoint("llama")
    tensors = load_file(folder / "model.safetensors")
    edit(tensors)
    save_file(tensors, tmp_path / "model.safetensors")
    (tmp_path / "config.json").write_bytes((folder / "config.json").read_bytes())
    with pytest.raises(ModelError, match=word):
        load(tmp_path)


def test_a_shard_that_is_missing_is_named(checkpoint: Any, tmp_path: Path) -> None:
    _, folder = checkpoint("llama", shard_size="40KB")
    for path in folder.iterdir():
        (tmp_path / path.name).write_bytes(path.read_bytes())
    lost = sorted(tmp_path.glob("*.safetensors"))[0]
    lost.unlink()
    with pytest.raises(ModelError, match=lost.name):
        load(tmp_path)


def test_models_that_are_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    def offline(*_: Any, **__: Any) -> str:
        raise OSError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", offline)
    with pytest.raises(ModelError, match=r"nobody/nothing.*cache.*no network"):
        find_model("nobody/nothing")
    with pytest.raises(ModelError, match="no such folder"):
        find_model("./not/here/at/all")
    file = tmp_path / "config.json"
    file.write_text("{}")
    with pytest.raises(ModelError, match="is a file"):
        find_model(str(file))


def test_the_hub_is_never_asked_for_pickles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import huggingface_hub

    asked: list[dict[str, Any]] = []

    def remote(_: str, **options: Any) -> str:
        asked.append(options)
        if options.get("local_files_only"):
            raise OSError("not cached")
        return str(tmp_path)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", remote)
    assert find_model("some/model") == tmp_path
    assert [o.get("local_files_only", False) for o in asked] == [True, False]
    assert not any("bin" in p or "pt" in p or p == "*" for o in asked for p in o["allow_patterns"])


def test_dummy_weights_are_seeded_and_sane(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text(json.dumps(LLAMA))
    from tests.models.driver import Driver

    def logprobs(seed: int) -> tuple[float, ...]:
        runner = TorchRunner(EngineConfig(model_path=str(tmp_path), device="cpu", load_format="dummy", seed=seed))
        driver = Driver(runner)
        driver.add(0, list(range(20)))
        return driver.run([driver.chunk(0, input_logprobs_from=1)])[0].input_logprobs

    assert logprobs(1) == logprobs(1) != logprobs(2)
    assert all(-15 < value < 0 for value in logprobs(1))


@pytest.mark.parametrize("shown", [False, True])
def test_a_bar_counts_every_byte_where_someone_looks(
    checkpoint: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], shown: bool
) -> None:
    from sgbench.engine.models import progress

    _, folder = checkpoint("llama", shard_size="40KB")
    monkeypatch.setattr(progress, "someone_looks", lambda: shown)
    monkeypatch.setattr(progress, "_DELAY_S", 0)
    load(folder)
    assert ("weights" in capsys.readouterr().err) == shown


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_half_precision_is_close(checkpoint: Any, dtype: str) -> None:
    from tests.models.driver import Driver

    _, folder = checkpoint("qwen2")

    def logprobs(kind: str) -> list[float]:
        driver = Driver(TorchRunner(EngineConfig(model_path=str(folder), device="cpu", dtype=kind, kv_tokens=64)))
        driver.add(0, list(range(3, 43)))
        return list(driver.run([driver.chunk(0, input_logprobs_from=1)])[0].input_logprobs)

    assert logprobs(dtype) == pytest.approx(logprobs("float32"), abs=0.1 if dtype == "float16" else 0.8)
