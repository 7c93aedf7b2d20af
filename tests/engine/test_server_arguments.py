"""SGLang's server arguments: taken where they mean the same, refused with the name of what there is instead."""

from __future__ import annotations

from typing import Any

import pytest

from sgbench.engine.config import EngineConfig
from sgbench.errors import UnknownOptionError, UsageError


@pytest.mark.parametrize(
    ("given", "ours", "value"),
    [
        ({"schedule_policy": "dfs-weight"}, "schedule", "dfs"),
        ({"disable_radix_cache": True}, "radix_cache", "off"),
        ({"disable_radix_cache": False}, "radix_cache", "radix"),
        ({"disable_jump_forward": True}, "jump_forward", "off"),
        ({"disable_cuda_graph": True}, "cuda_graph", False),
        ({"disable_overlap_schedule": True}, "overlap", False),
        ({"chunked_prefill_size": 512}, "max_prefill_tokens", 512),
        ({"max_running_requests": 8}, "max_running", 8),
        ({"max_total_tokens": 4096}, "kv_tokens", 4096),
        ({"random_seed": 3}, "seed", 3),
        ({"attention_backend": "torch_native"}, "attention", "torch"),
        ({"log_level": "error", "trust_remote_code": False, "seed": 1}, "seed", 1),
    ],
)
def test_what_means_the_same_is_taken(given: dict[str, Any], ours: str, value: Any) -> None:
    assert getattr(EngineConfig.from_options("m", given), ours) == value


@pytest.mark.parametrize(
    ("given", "instead"),
    [
        ({"mem_fraction_static": 0.8}, "kv_tokens"),
        ({"port": 30000}, "sgbench serve"),
        ({"grammar_backend": "xgrammar"}, "fsm, llguidance"),
        ({"schedule_conservativeness": 0.5}, "max_running"),
        ({"schedule_policy": "lof"}, "lpm"),
        ({"chunked_prefill_size": -1}, "max_prefill_tokens"),
        ({"disable_radix_cache": "yes"}, "True or False"),
        ({"trust_remote_code": True}, "never runs code"),
        ({"schedule_policy": "lpm", "schedule": "fcfs"}, "one option"),
        ({"tensor_parallel_size": 2, "tp_size": 2}, "one option"),
    ],
)
def test_what_does_not_is_refused_with_what_there_is_instead(given: dict[str, Any], instead: str) -> None:
    with pytest.raises(UsageError, match=instead):
        EngineConfig.from_options("m", given)


def test_an_unknown_name_stays_unknown() -> None:
    with pytest.raises(UnknownOptionError, match="schedule"):
        EngineConfig.from_options("m", {"schedul": "lpm"})
