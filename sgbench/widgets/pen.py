"""Drawing the static pictures: shapes and text on an image of twice the size, in one light theme. Knows no view."""

from __future__ import annotations

import io
from functools import cache

from PIL import Image, ImageDraw, ImageFont

SCALE = 2
WIDTH = 920
INK, DIM, LINE = "#1d232b", "#5a6472", "#d5dae1"


class Pen:
    """Draws in CSS pixels on an image that is `SCALE` times as large."""

    def __init__(self, height: int, width: int = WIDTH) -> None:
        self.image = Image.new("RGB", (width * SCALE, height * SCALE), "white")
        self.draw = ImageDraw.Draw(self.image)
        self.rectangle((0.5, 0.5, width - 1, height - 1), 9, "white", LINE)

    def rectangle(
        self, box: tuple[float, float, float, float], radius: float, fill: str, edge: str | None = None
    ) -> None:
        left, top, right, bottom = (round(v * SCALE) for v in box)
        if right > left and bottom > top:
            radius = min(radius * SCALE, (right - left) / 2, (bottom - top) / 2)
            self.draw.rounded_rectangle((left, top, right, bottom), radius, fill=fill, outline=edge, width=SCALE)

    def line(self, points: list[tuple[float, float]], colour: str, width: float) -> None:
        self.draw.line(
            [(x * SCALE, y * SCALE) for x, y in points], fill=colour, width=round(width * SCALE), joint="curve"
        )

    def text(self, x: float, y: float, words: str, size: float, colour: str, room: float | None = None) -> float:
        """Write from ``x`` around the middle ``y``, cut to ``room``; returns the width, 0 when nothing fits."""
        font = _font(size * SCALE)
        if room is not None:
            words = _fit(font, words, room * SCALE)
        self.draw.text((x * SCALE, y * SCALE), words, fill=colour, font=font, anchor="lm")
        return float(font.getlength(words)) / SCALE

    def width(self, words: str, size: float) -> float:
        """How wide ``words`` would be."""
        return float(_font(size * SCALE).getlength(words)) / SCALE

    def png(self) -> bytes:
        """The picture, with few colours: small enough to store beside every widget."""
        out = io.BytesIO()
        self.image.quantize(96, dither=Image.Dither.NONE).save(out, "PNG", optimize=True)
        return out.getvalue()


def stacked(pictures: list[bytes]) -> bytes:
    """PNGs of one width, one below the other."""
    images = [Image.open(io.BytesIO(picture)).convert("RGB") for picture in pictures]
    gap = 8 * SCALE
    height = sum(image.height for image in images) + gap * (len(images) - 1)
    whole = Image.new("RGB", (max(image.width for image in images), height), "white")
    top = 0
    for image in images:
        whole.paste(image, (0, top))
        top += image.height + gap
    out = io.BytesIO()
    whole.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(out, "PNG")
    return out.getvalue()


@cache
def _font(size: float) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(size)


def _fit(font: ImageFont.FreeTypeFont | ImageFont.ImageFont, words: str, room: float) -> str:
    if font.getlength(words[:400]) <= room and len(words) <= 400:
        return words
    low, high = 0, min(len(words), 400)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if font.getlength(words[:middle] + "…") <= room else (low, middle - 1)
    return words[:low] + "…" if low > 1 else ""
