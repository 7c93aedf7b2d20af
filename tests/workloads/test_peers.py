"""Peers run the same programs: same prompts, same answers; one that is absent or fails is named, and nothing else is lost."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import sgbench as sgl
from sgbench.engine.hub import bundled_folder
from sgbench.errors import BackendError
from sgbench.workloads import peers
from sgbench.workloads.peers.peer import Peer
from sgbench.workloads.peers.servers import Server
from sgbench.workloads.workload import Case

CASES = {
    "generative_agents": [
        Case({"prompt": "Q: What is the capital of France?\nA:", "max_tokens": 8, "stop": "\n"}, "Paris"),
        Case({"prompt": "1, 2, 3, 4,", "max_tokens": 5, "stop": None}, "5"),
    ],
    "hellaswag": [
        Case(
            {
                "examples": "A man is fishing. He waits.\n",
                "context": "A boy is cooking. He",
                "endings": [" eats.", " flies."],
            }
        ),
    ],
    "chat_short": [Case({"turns": [("Hello there.\n", 4), ("\nAnd you?\n", 6)]})],
}
"""Small programs: a gen with and without a stop, a choice, least lengths over two turns."""


def test_an_unknown_peer_names_the_nearest() -> None:
    with pytest.raises(sgl.UsageError, match="did you mean 'transformers'"):
        peers.get("transformer")


@pytest.fixture(scope="module")
def engine() -> Iterator[sgl.Engine]:
    with sgl.Engine(device="cpu", kv_tokens=8192) as engine:
        yield engine


def test_the_promised_peers_are_there() -> None:
    assert set(peers.names()) == {"transformers", "vllm", "sglang", "guidance", "outlines"}
    assert all(peers.get(name).name == name for name in peers.names())


def test_one_that_is_not_installed_says_how_to_get_it() -> None:
    absent = Peer(name="absent", title="", package="no_such_package", open=peers.get("vllm").open)
    assert not absent.installed
    with pytest.raises(BackendError, match="pip install no_such_package"):
        peers.measure(sgl.workloads.get("mmlu"), absent, size=1)


def test_a_server_that_dies_tells_its_last_words() -> None:
    dying = Server(name="dying", command=("-c", "raise SystemExit('no such card')"), native=True)
    with pytest.raises(BackendError, match="dying server ended with 1: no such card"), dying.open("", "cpu"):
        pass


@pytest.mark.bundled
@pytest.mark.skipif(not (bundled_folder() / "model.safetensors").is_file(), reason="no bundled weights")
class TestMeasuring:
    @pytest.mark.parametrize("name", CASES)
    def test_transformers_answers_as_the_engine_does(self, engine: sgl.Engine, name: str) -> None:
        workload = sgl.workloads.get(name)
        report = peers.measure(workload, peers.get("transformers"), cases=CASES[name])
        assert report.answers == workload.run(engine, cases=CASES[name]).answers
        assert report.programs_per_s > 0 and report.latency_ms > 0 and len(report.all_seconds) == 1
        assert report.to_dict()["arm"] == "transformers"

    def test_what_a_peer_cannot_do_is_said(self) -> None:
        with pytest.raises(sgl.UsageError, match="no regex"):
            peers.measure(sgl.workloads.get("json_jump_forward"), peers.get("transformers"), size=1)

    @pytest.mark.parametrize("native", [True, False])
    def test_a_server_is_started_spoken_to_and_stopped(self, engine: sgl.Engine, native: bool) -> None:
        """This package's own server stands in for vLLM's and SGLang's, whose routes it has."""
        command = (
            "-m",
            "sgbench",
            "serve",
            "{folder}",
            "--port",
            "{port}",
            "--set",
            "device=cpu",
            "--set",
            "kv_tokens=4096",
        )
        server = Server(name="own", command=command, native=native)
        workload = sgl.workloads.get("generative_agents")
        cases = CASES["generative_agents"]
        report = peers.measure(workload, Peer(name="own", title="", package="sgbench", open=server.open), cases=cases)
        assert report.answers == workload.run(engine, cases=cases).answers

    @pytest.mark.parametrize("name", ["guidance", "outlines"])
    def test_others_keep_a_regex_where_they_are_installed(self, engine: sgl.Engine, name: str) -> None:
        """The chat template's stop, which every call carries, stands beside the regex."""
        pytest.importorskip(name)
        workload = sgl.workloads.get("json_jump_forward")
        report = peers.measure(workload, peers.get(name), size=1)
        assert report.answers == workload.run(engine, 1).answers

    @pytest.mark.parametrize(("name", "size"), [("guidance", 2), ("outlines", 5)])
    def test_others_answer_where_they_are_installed(self, engine: sgl.Engine, name: str, size: int) -> None:
        """Guidance: the first two, whose calls end by their stop or length; it knows but one of the model's two end tokens."""
        pytest.importorskip(name)
        workload = sgl.workloads.get("generative_agents")
        report = peers.measure(workload, peers.get(name), size=size)
        assert report.answers == workload.run(engine, size).answers
