"""Option > %config > environment > default, and everybody can see which."""

from __future__ import annotations

import pytest

from sgbench.errors import UnknownOptionError, UsageError
from sgbench.kernel_ext.settings import Setting, engine_environment, engine_option, resolve


def test_the_nearest_source_wins() -> None:
    environ = {"SGBENCH_SEED": "3", "SGBENCH_REPEAT": "5", "SGBENCH_TEMPERATURE": "0.5"}
    found = resolve({"seed": 1}, {"seed": 2, "temperature": 0.25}, environ)
    assert found["seed"] == Setting(1, "option")
    assert found["temperature"] == Setting(0.25, "%config")
    assert found["repeat"] == Setting(5, "SGBENCH_REPEAT")
    assert found["max_tokens"] == Setting(None, "default")


def test_a_bad_variable_is_named() -> None:
    with pytest.raises(UsageError, match="SGBENCH_REPEAT='none'"):
        resolve({}, {}, {"SGBENCH_REPEAT": "none"})


@pytest.mark.parametrize(
    ("key", "word", "name", "value"),
    [
        ("kv-tokens", "600", "kv_tokens", 600),
        ("kv_tokens", "1_000", "kv_tokens", 1000),
        ("kv_tokens", "None", "kv_tokens", None),
        ("schedule", "fcfs", "schedule", "fcfs"),
        ("frontend_hint", "off", "frontend_hint", False),
        ("deterministic", "True", "deterministic", True),
    ],
)
def test_engine_options_get_their_types(key: str, word: str, name: str, value: object) -> None:
    assert engine_option(key, word, "%sgl start") == (name, value)


def test_engine_options_are_checked() -> None:
    with pytest.raises(UnknownOptionError, match="kv_tokens"):
        engine_option("kv_token", "1", "%sgl start")
    with pytest.raises(UsageError, match="whole number"):
        engine_option("kv_tokens", "many", "%sgl start")
    with pytest.raises(UsageError, match="on or off"):
        engine_option("overlap", "maybe", "%sgl start")


def test_the_environment_gives_engine_options() -> None:
    assert engine_environment({"SGBENCH_KV_TOKENS": "600", "SGBENCH_SEED": "3"}) == {"kv_tokens": 600}
