"""Images and videos: what reaches a backend, and who refuses them."""

from __future__ import annotations

import base64
import io
from pathlib import Path

import pytest
from PIL import Image

import sgbench as sgl
from sgbench.lang.media import encode_image, encode_video, spaced
from tests.lang.local import backend

PNG = b"\x89PNG\r\n\x1a\n"


def picture(colour: str = "red") -> Image.Image:
    return Image.new("RGB", (4, 4), colour)


def animation(path: Path, frames: int) -> Path:
    pictures = [Image.new("RGB", (4, 4), (i * 20, 0, 0)) for i in range(frames)]
    pictures[0].save(path, save_all=True, append_images=pictures[1:], duration=40)
    return path


def test_an_image_is_its_files_bytes(tmp_path: Path) -> None:
    path = tmp_path / "image.png"
    picture().save(path)
    for source in (str(path), path, path.read_bytes()):
        assert base64.b64decode(encode_image(source)) == path.read_bytes()
    assert base64.b64decode(encode_image(picture())).startswith(PNG)


@pytest.mark.parametrize("wrong", ["/no/such/file.png", 5, None])
def test_what_is_no_image_is_refused(wrong) -> None:
    with pytest.raises(sgl.UsageError):
        encode_image(wrong)


@pytest.mark.parametrize(("frames", "wanted"), [(10, 4), (3, 5), (4, 1), (4, 4)])
def test_a_video_has_the_frames_that_are_asked_for(tmp_path: Path, frames: int, wanted: int) -> None:
    path = animation(tmp_path / "video.gif", frames)
    encoded = encode_video(str(path), wanted)
    data = base64.b64decode(encoded.removeprefix("video:"))
    assert encoded.startswith("video:") and data.count(PNG) == wanted
    assert encode_video(path.read_bytes(), wanted) == encoded


def test_frames_are_spaced_evenly_from_first_to_last() -> None:
    assert spaced(10, 4) == [0, 3, 6, 9]
    assert spaced(2, 4) == [0, 1, 1, 1]
    assert spaced(7, 1) == [0]


def test_a_film_is_decoded(tmp_path: Path) -> None:
    av = pytest.importorskip("av")
    path = tmp_path / "film.mp4"
    with av.open(str(path), "w") as film:
        stream = film.add_stream("mpeg4", rate=10)
        stream.width = stream.height = 16
        stream.pix_fmt = "yuv420p"
        for i in range(6):
            frame = av.VideoFrame.from_image(Image.new("RGB", (16, 16), (i * 40, 0, 0)))
            film.mux(stream.encode(frame))
        film.mux(stream.encode())
    data = base64.b64decode(encode_video(path, 3).removeprefix("video:"))
    starts = [i for i in range(len(data)) if data.startswith(PNG, i)]
    pictures = [Image.open(io.BytesIO(data[i:])).convert("RGB") for i in starts]
    reds = [one.getpixel((8, 8))[0] for one in pictures]
    assert len(reds) == 3 and reds == sorted(reds) and reds[2] > reds[0] + 100


@pytest.mark.parametrize("wrong", [b"no video at all", 5])
def test_what_is_no_video_is_refused(wrong) -> None:
    with pytest.raises(sgl.UsageError):
        encode_video(wrong, 2)
    with pytest.raises(sgl.UsageError, match="num_frames"):
        encode_video(b"", 0)


@sgl.function
def describe(s, path, question):
    s += sgl.user(sgl.image(path) + question)
    s += sgl.assistant(sgl.gen("answer"))


class Seeing(sgl.ScriptedBackend):
    """Remembers what it is shown."""

    def fill_image(self, s) -> None:
        self.shown = list(s.images_)


def test_a_turn_with_an_image_has_it_in_its_message() -> None:
    place = Seeing(["red"], chat_template="chatml-llava")
    state = describe.run(picture(), "Which colour?", backend=place)
    data = encode_image(picture())
    assert "<image>\nWhich colour?" in state.text() and state["answer"] == "red"
    assert [encoded for _, encoded in place.shown] == [data]
    user, assistant = state.messages()[-2:]
    assert user["content"] == [
        {"type": "text", "text": "<image>\nWhich colour?"},
        {"type": "image_url", "image_url": {"url": f"data:image/jpeg;base64,{data}"}},
    ]
    assert assistant["content"] == "red"


def test_forks_keep_the_images_and_a_video_is_one(tmp_path: Path) -> None:
    path = str(animation(tmp_path / "video.gif", 3))

    @sgl.function
    def program(s):
        s += sgl.user(sgl.video(path, 2) + "?")
        forks = s.fork(2)
        forks += sgl.assistant(sgl.gen("x"))
        forks.join()

    place = Seeing(["x"])
    state = program.run(backend=place)
    state.sync()
    assert state.error() is None and state.text().count("<image>") == 1
    assert [child.stream_executor.images_ for child in state.children()] == [place.shown] * 2
    assert place.shown[0][1].startswith("video:")
    assert program.compile().run(backend=place).messages() == state.messages()


@pytest.mark.filterwarnings("ignore:.*failed.*:RuntimeWarning")
def test_the_engine_says_that_its_models_read_text_only() -> None:
    place = backend()
    with place.engine:
        state = describe.run(picture(), "?", backend=place)
        assert isinstance(state.error(), sgl.BackendError)
        assert "text only" in str(state.error()) and place.engine.stats().forward_passes == 0
