"""Avatars of the demo world: simple drawings of what a shop sells, some of them of nothing that is sold.

Drawn here, because pictures of other people's goods are not ours to ship.
"""

from __future__ import annotations

import colorsys
import io

import numpy as np
from PIL import Image, ImageDraw

from recommender.simulation.population import TOPICS

_SIDE = 128
#: Shops in ten whose picture shows a letter instead of what they sell.
_LETTERS_IN_TEN = 3
#: Strokes of each drawing: shape, coordinates in percent of the side, colour (m main, d dark, l light).
_DRAWINGS: dict[str, str] = {
    "lipstick": "rect 38 55 62 92 d; rect 41 40 59 56 l; poly 43 40 57 40 57 14 43 26 m",
    "skincare": (
        "rect 34 34 66 90 l; rect 42 22 58 34 d; rect 38 52 62 74 m; rect 46 12 74 18 d; rect 46 12 54 24 d"
    ),
    "haircare": "rect 32 30 68 92 m; rect 40 14 60 30 d; rect 38 48 62 74 l",
    "perfume": "rect 26 42 74 90 l; rect 32 58 68 86 m; rect 44 28 56 42 d; disc 38 10 62 30 m",
    "shoes": "poly 10 72 14 44 34 50 56 62 88 68 92 78 10 78 m; rect 10 78 92 86 d",
    "bags": "arc 34 12 66 56 d; poly 18 38 82 38 88 88 12 88 m; rect 44 50 56 60 l",
    "apparel": "poly 34 16 66 16 90 34 80 48 70 42 70 88 30 88 30 42 20 48 10 34 m; disc 42 10 58 24 l",
    "hijab": "disc 24 10 76 66 m; poly 28 46 72 46 88 94 12 94 m; disc 36 24 64 58 l",
    "watches": (
        "rect 38 4 62 96 d; disc 24 24 76 76 m; disc 30 30 70 70 l; rect 49 36 52 52 d; rect 49 49 62 52 d"
    ),
    "jewelry": "arc 26 36 74 92 d; poly 36 30 44 16 56 16 64 30 50 46 m",
    "phone-cases": "rect 30 8 70 92 m; disc 36 14 46 24 d; disc 36 26 46 36 d",
    "headphones": "arc 18 14 82 86 d; rect 12 48 28 80 m; rect 72 48 88 80 m",
    "laptops": "rect 20 22 80 66 d; rect 24 26 76 62 l; poly 10 78 90 78 82 68 18 68 m",
    "kitchenware": "disc 14 34 64 84 d; disc 20 40 58 78 m; rect 60 54 94 62 d",
    "furniture": (
        "rect 22 30 78 60 m; rect 12 46 24 76 d; rect 76 46 88 76 d; rect 22 58 78 76 l; rect 16 "
        "76 22 86 d; rect 78 76 84 86 d"
    ),
    "toys": (
        "disc 22 10 42 30 m; disc 58 10 78 30 m; disc 26 16 74 60 m; disc 30 52 70 94 m; disc 40 38 60 54 l"
    ),
    "sports": "disc 14 14 86 86 m; rect 49 14 51 86 d; rect 14 49 86 51 d",
    "fishing": "disc 16 34 70 66 m; poly 64 50 92 32 92 68 m; disc 26 44 32 50 d",
    "pet-supplies": (
        "disc 34 48 66 82 m; disc 18 36 34 54 m; disc 32 18 47 38 m; disc 53 18 68 38 m; disc 66 36 82 54 m"
    ),
    "snacks": (
        "disc 14 14 86 86 m; disc 32 30 42 40 d; disc 56 36 66 46 d; disc 40 58 50 68 d; disc 62 62 70 70 d"
    ),
    "tea-coffee": "arc 58 40 88 72 d; rect 22 36 68 80 m; rect 14 82 78 88 d; disc 22 30 68 42 d",
    "baby": (
        "rect 34 40 66 92 l; rect 32 32 68 42 m; disc 40 10 60 36 d; rect 40 60 60 62 m; rect 40 74 60 76 m"
    ),
    "stationery": "poly 20 80 70 16 84 28 34 90 m; poly 20 80 34 90 14 94 l; poly 70 16 78 6 92 18 84 28 d",
    "car-accessories": (
        "poly 10 62 24 60 36 40 68 40 80 60 92 64 92 76 10 76 m; disc 20 66 38 86 d; disc 64 66 82 86 d"
    ),
}


def draw_face(topic: int, name: str, seed: int) -> bytes:
    """PNG of a shop's avatar: what it sells, or its first letter; the same seed, the same picture."""
    rng = np.random.default_rng(seed)
    hue = float(rng.random())
    colours = {
        "ground": _mix(hue, 0.18, 0.97),
        "m": _mix(hue + 0.5, 0.65, 0.85),
        "d": _mix(hue + 0.55, 0.55, 0.35),
        "l": _mix(hue + 0.5, 0.25, 0.95),
    }
    image = Image.new("RGB", (_SIDE, _SIDE), colours["ground"])
    pen = ImageDraw.Draw(image)
    if int(rng.integers(0, 10)) < _LETTERS_IN_TEN:
        pen.text((_SIDE * 0.5, _SIDE * 0.5), name[:1].upper(), fill=colours["d"], anchor="mm", font_size=78)
    else:
        for stroke in _DRAWINGS[TOPICS[topic]].split("; "):
            _put(pen, stroke, colours)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


def _mix(hue: float, saturation: float, value: float) -> tuple[int, int, int]:
    red, green, blue = colorsys.hsv_to_rgb(hue % 1.0, saturation, value)
    return round(255 * red), round(255 * green), round(255 * blue)


def _put(pen: ImageDraw.ImageDraw, stroke: str, colours: dict[str, tuple[int, int, int]]) -> None:
    shape, *percent, colour = stroke.split()
    place = [_SIDE * int(value) / 100 for value in percent]
    fill = colours[colour]
    if shape == "rect":
        pen.rounded_rectangle(place, radius=3, fill=fill)
    elif shape == "disc":
        pen.ellipse(place, fill=fill)
    elif shape == "arc":
        pen.ellipse(place, outline=fill, width=7)
    else:
        pen.polygon(place, fill=fill)
