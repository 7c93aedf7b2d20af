"""What SGLang's programs import besides the package itself is where they look for it, and does what they use it for."""

from __future__ import annotations

import argparse
import importlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

import sgbench as sgl
from sgbench import utils
from sgbench.test import test_utils

IMPORTED = {
    "api": "function gen select set_default_backend",
    "lang.api": "function gen gen_int gen_string select image video separate_reasoning flush_cache",
    "lang.ir": "REGEX_INT REGEX_FLOAT REGEX_BOOL REGEX_STR SglSamplingParams SglFunction SglGen SglSelect SglConstantText "
    "SglExprList SglArgument SglImage SglVideo SglRoleBegin SglRoleEnd SglFork SglGetForkItem SglVariable SglVarScopeBegin "
    "SglVarScopeEnd SglConcateAndAppend SglCommitLazy SglSeparateReasoning",
    "lang.interpreter": "ProgramState ProgramStateGroup StreamExecutor run_program run_program_batch cache_program",
    "lang.chat_template": "ChatTemplate get_chat_template get_chat_template_by_model_path register_chat_template "
    "register_chat_template_matching_function",
    "lang.choices": "ChoicesSamplingMethod ChoicesDecision token_length_normalized greedy_token_selection "
    "unconditional_likelihood_normalized",
    "lang.compiler": "CompiledFunction",
    "lang.backend.base_backend": "BaseBackend",
    "lang.backend.runtime_endpoint": "RuntimeEndpoint",
    "lang.backend.openai": "OpenAI",
    "lang.backend.anthropic": "Anthropic",
    "lang.backend.litellm": "LiteLLM",
    "lang.backend.vertexai": "VertexAI",
    "lang.backend.crusoe": "Crusoe",
    "lang.global_config": "global_config",
    "utils": "read_jsonl dump_state_text http_request download_and_cache_file encode_image_base64 encode_video_base64 "
    "get_exception_traceback",
    "test.test_utils": "add_common_sglang_args_and_parse select_sglang_backend",
}


PUBLIC = """function gen gen_int gen_string select image video system user assistant system_begin system_end user_begin user_end
assistant_begin assistant_end separate_reasoning RuntimeEndpoint Runtime Engine OpenAI Anthropic LiteLLM VertexAI Crusoe ServerArgs
set_default_backend flush_cache get_server_info token_length_normalized greedy_token_selection unconditional_likelihood_normalized
global_config __version__ lang api utils test"""


def test_every_name_that_sglang_has_at_its_top_is_there() -> None:
    assert [name for name in PUBLIC.split() if not hasattr(sgl, name)] == []


@pytest.mark.parametrize("module", sorted(IMPORTED))
def test_a_program_finds_what_it_imports(module: str) -> None:
    found = importlib.import_module(f"sgbench.{module}")
    for name in IMPORTED[module].split():
        assert getattr(found, name) is not None


def test_items_are_read_and_texts_are_written(tmp_path: Path) -> None:
    path = tmp_path / "items.jsonl"
    path.write_text('# a comment\n{"a": 1}\n\n{"a": 2}\n', encoding="utf-8")
    items = utils.read_jsonl(str(path))
    assert items[:1] == [{"a": 1}] and [item["a"] for item in items] == [1, 2]
    path.write_text("{", encoding="utf-8")
    with pytest.raises(sgl.UsageError, match="line 1"):
        utils.read_jsonl(str(path))
    state = sgl.function(lambda s: s.__iadd__("text of a state")).run(backend=sgl.ScriptedBackend())
    utils.dump_state_text(str(path), [state, "a string"])
    written = path.read_text(encoding="utf-8")
    assert written.index("text of a state") < written.index("a string")


def test_a_traceback_is_text() -> None:
    try:
        raise ValueError("wrong")
    except ValueError:
        assert "ValueError: wrong" in utils.get_exception_traceback()


class Echo(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.answer(b"one\ntwo\n", 200 if self.path != "/missing" else 404)

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(json.dumps({"body": body, "key": self.headers.get("Authorization")}).encode(), 200)

    def answer(self, body: bytes, status: int) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Echo) as served:
        thread = threading.Thread(target=served.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


def test_a_server_is_asked(server: str, tmp_path: Path) -> None:
    answer = utils.http_request(f"{server}/x", json={"q": 1}, api_key="key")
    assert answer.status_code == 200 and answer.json() == {"body": {"q": 1}, "key": "Bearer key"}
    streamed = utils.http_request(f"{server}/x", stream=True)
    assert list(streamed.iter_lines(decode_unicode=True)) == ["one", "two"]
    assert utils.http_request(f"{server}/missing").status_code == 404
    path = str(tmp_path / "file.txt")
    assert utils.download_and_cache_file(f"{server}/file.txt", path) == path
    assert Path(path).read_bytes() == b"one\ntwo\n"


def test_what_cannot_be_asked_is_an_error(server: str, tmp_path: Path) -> None:
    with pytest.raises(sgl.UsageError, match="http"):
        utils.http_request("file:///etc/hostname")
    with pytest.raises(sgl.BackendError, match="cannot be reached"):
        utils.http_request("http://127.0.0.1:9/x")
    with pytest.raises(sgl.BackendError, match="fetched"):
        utils.download_and_cache_file(f"{server}/missing", str(tmp_path / "missing"))
    assert not list(tmp_path.iterdir())


def test_a_kept_file_is_not_fetched_again(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    path.write_text("kept", encoding="utf-8")
    assert utils.download_and_cache_file("http://127.0.0.1:9/kept", str(path)) == str(path)


def test_a_benchmarks_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.argv", ["bench.py", "--num-questions", "5", "--backend", "gpt-none"])
    parser = argparse.ArgumentParser()
    parser.add_argument("--num-questions", type=int)
    args = test_utils.add_common_sglang_args_and_parse(parser)
    assert (args.parallel, args.host, args.port) == (64, "http://127.0.0.1", 30000)
    assert (args.result_file, args.num_questions) == ("result.jsonl", 5)
    args.backend = "something"
    with pytest.raises(sgl.UsageError, match="--backend something"):
        test_utils.select_sglang_backend(args)


def test_srt_is_a_server_and_no_parallel_turns_encoding_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sgl.global_config, "enable_parallel_encoding", True)
    args = argparse.Namespace(backend="srt-no-parallel", host="http://127.0.0.1", port=9)
    with pytest.raises(sgl.BackendError):  # nobody listens there
        test_utils.select_sglang_backend(args)
    assert sgl.global_config.enable_parallel_encoding is False
