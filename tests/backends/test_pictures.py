"""Pictures and films reach the servers that take them, in each one's form; a body that is too long is said by its server."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

import sgbench as sgl
from sgbench.server import Server
from tests.backends.bad_server import Wire, bad_server
from tests.lang.behaviours.primitives import PNG
from tests.served import KEY, needs_the_model, serving

DATA = base64.b64encode(PNG).decode()


@sgl.function
def look(s, picture):
    s += sgl.user("Here is one: " + picture + " What is it?") + sgl.assistant(sgl.gen("a", max_tokens=4))


def film(folder: Path) -> Path:
    """A film of two frames, as PIL writes one."""
    from PIL import Image

    frames = [Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
    path = folder / "film.gif"
    frames[0].save(path, save_all=True, append_images=frames[1:], duration=100)
    return path


@pytest.mark.parametrize("kind", ["image", "video"])
def test_a_chat_server_gets_them_in_its_messages(kind: str, tmp_path: Path) -> None:
    seen: list[Any] = []

    def answer(wire: Wire) -> None:
        seen.append(wire.body)
        choice = {"index": 0, "message": {"role": "assistant", "content": "A dot."}, "finish_reason": "stop"}
        reply = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        wire.answer(200, json.dumps(reply), Content_Type="application/json")

    with bad_server(answer) as server:
        place = sgl.OpenAI("m", base_url=server.url, api_key=KEY)
        shown = sgl.image(PNG) if kind == "image" else sgl.video(str(film(tmp_path)), 2)
        state = look.run(shown, backend=place)
        assert state.error() is None and state["a"] == "A dot."
        place.shutdown()
    (turn,) = seen[0]["messages"]
    text, picture = turn["content"]
    assert text["type"] == "text" and "What is it?" in text["text"]
    url = picture["image_url"]["url"]
    assert url.startswith("data:image/jpeg;base64,") and (url.endswith(DATA) or kind == "video")


@pytest.mark.parametrize("kind", ["image", "video"])
def test_an_sglang_server_gets_them_beside_the_text(kind: str, tmp_path: Path) -> None:
    seen: list[Any] = []

    def answer(wire: Wire) -> None:
        seen.append(wire.body)
        meta = {"prompt_tokens": 1, "completion_tokens": 1, "finish_reason": {"type": "stop"}}
        wire.answer(200, json.dumps({"text": "A dot.", "meta_info": meta}), Content_Type="application/json")

    with bad_server(answer) as server:
        place = sgl.RuntimeEndpoint(server.url, api_key=KEY, chat_template_name="chatml-llava")
        shown = sgl.image(PNG) if kind == "image" else sgl.video(str(film(tmp_path)), 2)
        assert look.run(shown, backend=place)["a"] == "A dot."
        place.shutdown()
    (data,) = seen[0]["image_data"]
    assert data == DATA if kind == "image" else data.startswith("video:")
    assert "<image>\n What is it?" in seen[0]["text"]


@pytest.mark.filterwarnings("ignore:.*failed:RuntimeWarning")
@pytest.mark.parametrize("stream", [False, True])
def test_a_completion_model_takes_none_and_no_call_is_made(stream: bool) -> None:
    with bad_server(lambda wire: wire.cut()) as server:
        place = sgl.OpenAI("m", False, base_url=server.url, api_key=KEY)
        state = look.run(sgl.image(PNG), backend=place, stream=stream)
        assert "image" in str(state.error()) and server.asked == 0
        place.shutdown()


@pytest.mark.filterwarnings("ignore:.*failed:RuntimeWarning")
class TestOfAServer:
    pytestmark = needs_the_model

    def test_a_body_over_its_limit_and_a_wrong_key_are_said(self) -> None:
        program = sgl.function(lambda s: s.__iadd__("x" * 3000 + sgl.gen("a", max_tokens=2)))
        with serving() as (engine, _), Server(engine, api_key=KEY, max_body_bytes=2000) as narrow:
            options: dict[str, Any] = {"base_url": narrow.url + "/v1", "api_key": KEY, "max_retries": 0}
            places: list[Any] = [sgl.RuntimeEndpoint(narrow.url, api_key=KEY), sgl.OpenAI("bundled", False, **options)]
            for place in places:
                error = program.run(backend=place).error()
                assert (
                    isinstance(error, sgl.BackendError)
                    and "longer than 2,000 bytes" in str(error)
                    and KEY not in str(error)
                )
                place.shutdown()
            stranger = sgl.OpenAI("bundled", False, **{**options, "api_key": "wr0ng"})
            error = program.run(backend=stranger).error()
            assert isinstance(error, sgl.BackendError) and "wr0ng" not in str(error)
            stranger.shutdown()
            with pytest.raises(sgl.BackendError, match="valid key"):
                sgl.RuntimeEndpoint(narrow.url, api_key="wr0ng")
