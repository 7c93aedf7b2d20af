"""Who may ask, how much, and what becomes of the requests of a client that leaves."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

import sgbench as sgl
from sgbench.server import Server
from sgbench.trace.events import RequestAborted, RequestAdmitted
from tests.served import KEY, Seen, needs_the_model

pytestmark = needs_the_model

LONG: dict[str, Any] = {"text": "Once", "sampling_params": {"max_new_tokens": 4000, "ignore_eos": True}}


class TestKey:
    @pytest.mark.parametrize("given", [None, "", "Bearer", "Bearer wrong", f"Basic {KEY}", f"Bearer {KEY}x"])
    def test_a_wrong_one_is_refused(self, server: Server, given: str | None) -> None:
        headers = {} if given is None else {"Authorization": given}
        answer = httpx.get(server.url + "/v1/models", headers=headers)
        assert answer.status_code == 401
        assert KEY not in answer.text

    def test_the_right_one_opens_and_health_needs_none(self, server: Server) -> None:
        assert httpx.get(server.url + "/v1/models", headers={"Authorization": f"Bearer {KEY}"}).status_code == 200
        assert httpx.get(server.url + "/health").status_code == 200

    def test_is_in_no_output(self, server: Server, capfd: pytest.CaptureFixture[str]) -> None:
        httpx.get(server.url + "/v1/models", headers={"Authorization": f"Bearer {KEY}"})
        httpx.post(server.url + "/generate", headers={"Authorization": f"Bearer {KEY}"}, json={"text": KEY, "x": KEY})
        out, err = capfd.readouterr()
        assert KEY not in out + err + repr(server)


class TestReach:
    def test_other_machines_need_a_key(self, engine: sgl.Engine) -> None:
        with pytest.raises(sgl.UsageError, match="api_key"):
            Server(engine, host="0.0.0.0")
        with pytest.raises(sgl.UsageError, match="empty"):
            Server(engine, api_key=" ")

    def test_a_taken_port_is_said(self, engine: sgl.Engine, server: Server) -> None:
        with pytest.raises(sgl.UsageError, match="cannot serve at"):
            Server(engine, int(server.url.rpartition(":")[2]))

    def test_without_a_key_a_page_of_another_name_gets_nothing(self, engine: sgl.Engine) -> None:
        with Server(engine) as open_server:
            assert httpx.get(open_server.url + "/v1/models").status_code == 200
            local = open_server.url.replace("127.0.0.1", "localhost")
            assert httpx.get(open_server.url + "/v1/models", headers={"Host": local[7:]}).status_code == 200
            answer = httpx.post(open_server.url + "/flush_cache", headers={"Host": "evil.example:80"})
            assert answer.status_code == 403
        with pytest.raises(httpx.ConnectError):
            httpx.get(open_server.url + "/health")


class TestSize:
    @pytest.fixture
    def narrow(self, engine: sgl.Engine) -> Iterator[Server]:
        with Server(engine, max_body_bytes=1000) as server:
            yield server

    def test_a_long_body_is_refused_however_it_comes(self, narrow: Server) -> None:
        def pieces() -> Iterator[bytes]:
            for _ in range(30):
                yield b" " * 100

        assert httpx.post(narrow.url + "/generate", content=b" " * 3000).status_code == 413
        assert httpx.post(narrow.url + "/generate", content=pieces()).status_code == 413
        body = {"text": "x", "sampling_params": {"max_new_tokens": 1}}
        assert httpx.post(narrow.url + "/generate", json=body, timeout=60).status_code == 200


class TestLeaving:
    @pytest.mark.parametrize(
        ("path", "body"),
        [
            ("/generate", LONG),
            ("/generate", LONG | {"stream": True}),
            ("/v1/completions", {"prompt": "Once", "max_tokens": 4000, "ignore_eos": True, "stream": True}),
            ("/v1/completions", {"prompt": "Once", "max_tokens": 4000, "ignore_eos": True}),
            (
                "/v1/chat/completions",
                {"messages": [{"role": "user", "content": "Hi"}], "ignore_eos": True, "stream": True},
            ),
        ],
    )
    def test_the_requests_of_a_client_that_leaves_are_aborted(
        self, engine: sgl.Engine, server: Server, path: str, body: dict[str, Any]
    ) -> None:
        seen = Seen(engine)
        try:
            with httpx.Client(base_url=server.url, headers={"Authorization": f"Bearer {KEY}"}) as http:
                request = http.build_request("POST", path, json=body)
                with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as wire:
                    head = "".join(f"{k}: {v}\r\n" for k, v in request.headers.items())
                    wire.sendall(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + request.read())
                    assert seen.wait_for(lambda event: isinstance(event, RequestAdmitted))
            assert seen.wait_for(lambda event: isinstance(event, RequestAborted))
        finally:
            seen.end()
        engine.check_integrity()
        assert engine.stats().kv_tokens_used == 0


@pytest.mark.filterwarnings("ignore:.*failed")
def test_closing_aborts_what_runs(engine: sgl.Engine) -> None:
    seen = Seen(engine)
    try:
        with Server(engine) as server:
            place = sgl.RuntimeEndpoint(server.url)
            endless = sgl.function(lambda s: s.__iadd__("Once" + sgl.gen("x", max_tokens=4000, ignore_eos=True)))
            state = endless.run(backend=place, stream=True)
            assert seen.wait_for(lambda event: isinstance(event, RequestAdmitted))
        assert seen.wait_for(lambda event: isinstance(event, RequestAborted))
        assert isinstance(state.error(), sgl.BackendError)
        place.shutdown()
    finally:
        seen.end()
    assert engine.stats().kv_tokens_used == 0


def test_a_stopped_engine_is_said() -> None:
    engine = sgl.Engine(device="cpu", kv_tokens=512)
    with Server(engine) as server:
        engine.shutdown()
        answer = httpx.post(server.url + "/generate", json={"text": "x"})
        assert answer.status_code == 503
        assert answer.json()["error"]["type"] == "engine_stopped"
