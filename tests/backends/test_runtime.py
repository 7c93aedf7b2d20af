"""A server in a process of its own, as SGLang's `Runtime`; and options as one object."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import sgbench as sgl
from tests.served import needs_the_model

pytestmark = needs_the_model


@pytest.fixture(scope="module")
def runtime() -> Iterator[sgl.Runtime]:
    with sgl.Runtime(model_path="bundled", device="cpu", kv_tokens=2048, port=30000) as runtime:
        yield runtime
    assert not _runs(runtime.pid)


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@sgl.function
def capital(s, country):
    s += f"The capital of {country} is" + sgl.gen("city", max_tokens=4, temperature=0)


def test_it_stands_for_its_endpoint(runtime: sgl.Runtime) -> None:
    sgl.set_default_backend(runtime)
    try:
        assert "Paris" in capital.run("France")["city"]
        assert sgl.get_server_info()["kv_tokens"] == 2048 and sgl.flush_cache() is True
    finally:
        sgl.set_default_backend(None)


def test_it_generates_as_sglangs_does(runtime: sgl.Runtime) -> None:
    sampling = {"temperature": 0, "max_new_tokens": 4}
    whole = json.loads(runtime.generate("The capital of France is", sampling))
    assert "Paris" in whole["text"] and whole["meta_info"]["completion_tokens"] <= 4

    async def pieces() -> list[str]:
        return [piece async for piece in runtime.async_generate("The capital of France is", sampling)]

    assert "".join(asyncio.run(pieces())) == whole["text"]
    assert asyncio.run(runtime.get_server_info())["kv_tokens"] == 2048
    runtime.cache_prefix("The capital of France")
    assert runtime.get_tokenizer().encode("The capital")
    with pytest.raises(sgl.BackendError, match="embeddings"):
        runtime.encode("x")


def test_its_key_is_nowhere_to_be_seen(runtime: sgl.Runtime) -> None:
    assert runtime._key not in repr(runtime)
    if Path("/proc").is_dir():
        assert runtime._key.encode() not in Path(f"/proc/{runtime.pid}/cmdline").read_bytes()
    with pytest.raises(sgl.BackendError, match="401"):
        sgl.RuntimeEndpoint(runtime.url)


def test_a_server_that_cannot_begin_says_why() -> None:
    with pytest.raises(sgl.UnknownOptionError, match="kv_tokens"):
        sgl.Runtime(kv_token=3)
    with pytest.raises(sgl.BackendError, match=r"ended with status \d+: (.|\n)*no/such/model"):
        sgl.Runtime(model_path="no/such/model", device="cpu")


def test_it_ends_with_the_process_that_made_it() -> None:
    code = (
        "import sgbench as sgl\n"
        "runtime = sgl.Runtime(device='cpu', kv_tokens=2048, port=31000)\n"
        "print(runtime.pid, flush=True)\n"
        "raise SystemExit(0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=True)
    assert not _runs(int(done.stdout))


def test_server_arguments_are_one_object() -> None:
    given = sgl.ServerArgs(model_path="bundled", device="cpu", kv_tokens=512, disable_radix_cache=True)
    assert given.kv_tokens == 512 and "kv_tokens=512" in repr(given)
    with pytest.raises(sgl.UnknownOptionError):
        sgl.ServerArgs(kv_token=512)
    with pytest.raises(AttributeError, match="nothing"):
        given.nothing  # noqa: B018
    with sgl.Engine(server_args=given) as engine:
        assert engine.config.kv_tokens == 512 and engine.config.radix_cache == "off"
    with pytest.raises(sgl.UsageError, match="ServerArgs"):
        sgl.Engine(server_args={"kv_tokens": 512})
