"""The GPU benchmark counts what its workloads do, and its rows run: on a CPU, in miniature."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from benchmarks import gpu, gpu_peers
from benchmarks.gpu_floor import Ceilings, Floor
from benchmarks.gpu_workloads import FewShot, Ids, MultiTurn, NoSharing, OneRequest, Tree, Workload
from sgbench.engine.models.config import ModelConfig

SHAPE: dict[str, Any] = {
    "architectures": ["LlamaForCausalLM"],
    "model_type": "llama",
    "vocab_size": 4096,
    "hidden_size": 32,
    "intermediate_size": 48,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 4096,
}
SMALL: list[Workload] = [
    OneRequest(9, 4),
    FewShot(5, 30, 6, 3),
    NoSharing(4, 11, 3),
    MultiTurn(3, 3, 7, 4),
    Tree(2, 9, 3, 2, 4),
]


class Oracle:
    """Counts distinct prefixes: what an engine that shares perfectly computes."""

    def __init__(self) -> None:
        self.known: set[tuple[int, ...]] = set()
        self.prefilled: list[int] = []
        self.requests: list[int] = []

    def run(self, prompts: list[Ids], new_tokens: int) -> list[Ids]:
        fresh = 0
        outputs = [[(hash(tuple(p)) + i) % 4000 for i in range(new_tokens)] for p in prompts]
        for prompt in prompts:
            for end in range(1, len(prompt) + 1):
                fresh += tuple(prompt[:end]) not in self.known
                self.known.add(tuple(prompt[:end]))
        for prompt, said in zip(prompts, outputs, strict=True):
            self.known.update(tuple(prompt + said[:i]) for i in range(1, new_tokens))  # the last one has no KV yet
        self.prefilled.append(fresh)
        self.requests.append(len(prompts))
        return outputs


@pytest.mark.parametrize("workload", SMALL, ids=lambda w: type(w).__name__)
def test_floors_count_each_token_once(workload: Workload) -> None:
    oracle = Oracle()
    workload.play(oracle.run, 4096, 0)
    batches = workload.batches()
    assert [sum(n for n, _ in batch.prefill) for batch in batches] == oracle.prefilled
    assert [batch.n_requests for batch in batches] == oracle.requests


def test_the_tree_has_as_many_requests_as_its_words_say() -> None:
    assert sum(batch.n_requests for batch in Tree().batches()) == 2688


def test_a_decode_step_is_bound_by_weights_alone_and_by_products_in_company() -> None:
    model = ModelConfig.from_dict(SHAPE)
    floor = Floor(model, Ceilings(1e9, 1e9))
    read = (model.parameters - model.vocab_size * model.hidden_size) * 2 / 1e9
    assert floor.decode_step(1, 0, 0) == pytest.approx(read, rel=0.01)
    assert floor.decode_step(100, 0, 0) == pytest.approx(100 * read, rel=0.01)


def test_rows_run_in_miniature(tmp_path: Path) -> None:
    shape = tmp_path / "shape.json"
    shape.write_text(json.dumps(SHAPE))
    rows = [name for name in gpu.ROWS if name != "events"]
    options = [
        "--device",
        "cpu",
        "--size",
        "tiny",
        "--config",
        str(shape),
        "--budget",
        "90",
        "--reserve",
        "30",
        "--peer-budget",
        "0",
    ]
    gpu.main([*options, "--engine", "kv_tokens=4000", "--out", str(tmp_path), "--only", *rows])
    results = json.loads((tmp_path / "gpu.json").read_text())["rows"]
    for name in ("start", "decode", "first_token", "few_shot", "no_sharing", "tree", "multi_turn"):
        assert results[name]["seconds"] > 0
    assert results["few_shot"]["prefill_tokens"] == 100 + 8 * 8
    assert results["few_shot"]["off"]["prefill_tokens"] == 4 * 108
    assert 0 < results["no_sharing"]["radix_share"] < 1
    assert results["tree"]["off"]["ratio"] > 0
    assert results["deterministic"]["differences"]["cached_against_uncached"]["requests"] == 4
    assert results["programs"]["programs_over_requests"] > 0
    table = (tmp_path / "gpu.md").read_text()
    assert "no sharing" in table and "vLLM" not in table, "figures quoted from another machine stay away"


def test_a_peer_runs_in_a_process_of_its_own() -> None:
    rows = gpu_peers.measured(SHAPE, "cpu", "tiny", ["decode", "first_token"], 100.0, ("padded",))
    said = {name: row["seconds"] for name, _, row in rows}
    assert said["decode"] > 0 and said["first_token"] > 0


def test_a_row_that_does_not_end_is_ended_and_the_others_are_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    program = f"import time; print({gpu_peers._MARK!r} + {json.dumps(BEGUN)!r}, flush=True); time.sleep(600)"
    monkeypatch.setattr(gpu_peers, "_COMMAND", (sys.executable, "-c", program))
    monkeypatch.setattr(gpu_peers, "_GRACE_S", 0.1)
    rows = list(gpu_peers.measured(SHAPE, "cpu", "tiny", ["decode"], 20.0))
    assert rows == [("decode", "padded", {"over": 0.2})]


def test_a_peer_that_cannot_start_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu_peers, "_COMMAND", (sys.executable, "-c", "raise SystemExit('no such model')"))
    rows = list(gpu_peers.measured(SHAPE, "cpu", "tiny", ["decode"], 20.0))
    assert rows == [("decode", "padded", {"failed": "no such model"})]


BEGUN = {"name": "decode", "way": "padded", "limit_s": 0.2}
