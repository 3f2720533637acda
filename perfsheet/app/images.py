"""Pictures for the image models: drawn ones, and those that a user uploads, as PPM files of 32 × 32."""

from __future__ import annotations

import io
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, UnidentifiedImageError

from perfsheet.errors import usage

SIDE = 32
_MOST_PIXELS = 50_000_000
_FORMATS = ("PNG", "JPEG", "BMP", "PPM")
"""Of other formats some are read by programs of their own."""
DIGITS = tuple("0123456789")
SCENES = ("sunset", "sea", "stripes", "checks")


def drawn(name: str) -> Image.Image:
    """A digit, white on black, or a simple scene."""
    image = Image.new("RGB", (SIDE, SIDE))
    draw = ImageDraw.Draw(image)
    if name in DIGITS:
        draw.text((SIDE / 2, SIDE / 2), name, fill="white", font=ImageFont.load_default(size=26), anchor="mm")
    elif name == "stripes":
        for place in range(0, SIDE, 8):
            draw.rectangle((place, 0, place + 3, SIDE), fill="#d55e00")
    elif name == "checks":
        for place in range(0, SIDE * SIDE // 16, 2):
            row, column = divmod(place, SIDE // 4)
            left = 4 * ((column + row) % (SIDE // 4))
            draw.rectangle((left, 4 * row, left + 3, 4 * row + 3), fill="white")
    else:
        sky, ground = ("#f2a65a", "#4a3b52") if name == "sunset" else ("#9fd3ff", "#0b5e8a")
        draw.rectangle((0, 0, SIDE, 20), fill=sky)
        draw.rectangle((0, 20, SIDE, SIDE), fill=ground)
        draw.ellipse((10, 9, 22, 21), fill="#fff3c4")
        draw.rectangle((0, 20, SIDE, SIDE), fill=ground)
    return image


def uploaded(content: bytes) -> Image.Image:
    """A picture of a user, brought to size. Raises PerfsheetError (exit status 2) for what is none."""
    try:
        image = Image.open(io.BytesIO(content), formats=_FORMATS)
        if image.width * image.height > _MOST_PIXELS:
            raise usage(f"the picture has {image.width:,} × {image.height:,} pixels", "give a smaller one")
        return image.convert("RGB").resize((SIDE, SIDE))
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise usage("this is no picture that can be read", "give a PNG or JPEG") from None


def save(image: Image.Image, path: Path) -> None:
    """Write it as the zoo reads it."""
    image.save(path, format="PPM")
