"""Images and videos as text that can be sent: base64, as SGLang sends them. Knows files and pictures; no backend."""

from __future__ import annotations

import base64
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from sgbench.errors import MissingDependencyError, UsageError


def encode_image(source: Any) -> str:
    """Base64 of an image: the bytes of a file as they are, a PIL image as PNG.

    Parameters
    ----------
    source
        A file's path, the file's bytes, or a PIL image.

    Raises
    ------
    UsageError
        The file cannot be read, or ``source`` is something else.
    """
    if isinstance(source, bytes):
        return _base64(source)
    if isinstance(source, str | os.PathLike):
        return _base64(_read(source))
    if hasattr(source, "save"):
        return _base64(_png(source))
    raise UsageError(f"image takes a path, bytes or a PIL image, not {type(source).__name__}")


def encode_video(source: Any, num_frames: int = 16) -> str:
    """``video:`` and base64 of ``num_frames`` frames as PNG files, one after the other; a short video repeats its last frame.

    Parameters
    ----------
    source
        A file's path or the file's bytes. Animated GIF, PNG and WebP need nothing more; other formats need PyAV.
    num_frames
        Frames to take, evenly spaced.

    Raises
    ------
    UsageError
        The file cannot be read as a video, or ``num_frames`` is below 1.
    MissingDependencyError
        The format needs PyAV.
    """
    if isinstance(num_frames, bool) or not isinstance(num_frames, int) or num_frames < 1:
        raise UsageError(f"video(num_frames={num_frames!r}): a whole number of at least 1 is needed")
    if not isinstance(source, str | bytes | os.PathLike):
        raise UsageError(f"video takes a path or bytes, not {type(source).__name__}")
    frames = list(_frames(source if isinstance(source, bytes) else _read(source)))
    if not frames:
        raise UsageError("the video has no frame")
    return "video:" + _base64(b"".join(_png(frames[i]) for i in spaced(len(frames), num_frames)))


def spaced(length: int, number: int) -> list[int]:
    """``number`` evenly spaced indices of ``length`` things, from the first to the last; the last again where there are fewer."""
    if length <= number:
        return [min(i, length - 1) for i in range(number)]
    return [round(i * (length - 1) / max(number - 1, 1)) for i in range(number)]


def _frames(data: bytes) -> Iterator[Any]:
    from PIL import Image, ImageSequence, UnidentifiedImageError

    try:
        picture = Image.open(io.BytesIO(data))
    except UnidentifiedImageError:
        yield from _decoded(data)
        return
    for frame in ImageSequence.Iterator(picture):
        yield frame.convert("RGB")


def _decoded(data: bytes) -> Iterator[Any]:
    try:
        import av
    except ImportError as missing:
        raise MissingDependencyError("av", "video", "reading a video file") from missing
    try:
        with av.open(io.BytesIO(data)) as container:
            for frame in container.decode(video=0):
                yield frame.to_image()
    except (av.FFmpegError, IndexError) as failure:
        raise UsageError(f"this is no video that can be read: {failure}") from failure


def _read(path: str | os.PathLike[str]) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as failure:
        raise UsageError(f"the file cannot be read: {failure}") from failure


def _png(picture: Any) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, format="PNG")
    return stream.getvalue()


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
