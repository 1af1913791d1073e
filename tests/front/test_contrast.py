"""The colours of tokens.css against one another: what is written can be read, by night and by day (WCAG 2.2, AA)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

CSS = Path(settings.BASE_DIR) / "static" / "css"
TEXT_LEAST, SHAPE_LEAST = 4.5, 3.0
GROUNDS = ("ink", "surface", "raised", "sunken", "field")
# Who is written on any ground, and who only on the ground that is named.
TEXTS = ("text", "quiet", "amber-text", "wrong", "well", "a-text", "b-text")
ON = {"on-amber": ("amber", "amber-deep"), "on-side": ("a", "b")}
VEILS = ("amber-veil", "a-veil", "b-veil", "wrong-veil")
# Drawn, not written: edges of fields, the playhead, waveforms. They must be seen, not read.
SHAPES = ("line-strong", "playhead", "a", "b", "clip", "wave")

Colour = tuple[float, float, float, float]


def blocks() -> dict[str, dict[str, str]]:
    """The custom properties of each rule of tokens.css that gives colours: by night, by day, and by the switch."""
    text = re.sub(r"/\*.*?\*/", "", (CSS / "tokens.css").read_text(encoding="utf-8"), flags=re.DOTALL)
    found = re.findall(r"(:root[^{]*)\{([^{}]*)\}", text)
    return {rule.strip(): dict(re.findall(r"--([\w-]+):\s*([^;]+);", body)) for rule, body in found}


def night_and_day() -> list[dict[str, str]]:
    night, day, switched = blocks().values()
    assert day == switched, "light by the system and light by the switch differ"
    return [night, {**night, **day}]


def colour(value: str) -> Colour:
    if value.startswith("#"):
        return int(value[1:3], 16), int(value[3:5], 16), int(value[5:7], 16), 1.0
    red, green, blue, percent = (float(number) for number in re.findall(r"[\d.]+", value))
    return red, green, blue, percent / 100


def over(top: Colour, ground: Colour) -> Colour:
    mixed = [top[i] * top[3] + ground[i] * (1 - top[3]) for i in range(3)]
    return mixed[0], mixed[1], mixed[2], 1.0


def luminance(of: Colour) -> float:
    channels = [part / 255 for part in of[:3]]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: Colour, other: Colour) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_is_that_of_the_standard() -> None:
    assert contrast(colour("#000000"), colour("#ffffff")) == pytest.approx(21.0)
    assert contrast(colour("#777777"), colour("#ffffff")) == pytest.approx(4.478, abs=0.001)
    assert over(colour("rgb(255 0 0 / 50%)"), colour("#000000")) == (127.5, 0.0, 0.0, 1.0)


@pytest.mark.parametrize("theme", [0, 1], ids=["night", "day"])
def test_every_word_can_be_read_on_every_ground(theme: int) -> None:
    tokens = {name: value for name, value in night_and_day()[theme].items() if value.startswith(("#", "rgb("))}
    paint = {name: colour(value) for name, value in tokens.items()}
    pairs = {(text, ground): contrast(paint[text], paint[ground]) for text in TEXTS for ground in GROUNDS}
    pairs |= {(text, ground): contrast(paint[text], paint[ground]) for text, on in ON.items() for ground in on}
    for veil in VEILS:
        for ground in ("ink", "surface"):
            for text in ("text", "quiet", veil.removesuffix("-veil")):
                name = f"{text}-text" if f"{text}-text" in paint else text
                pairs[name, f"{veil} on {ground}"] = contrast(paint[name], over(paint[veil], paint[ground]))
    assert {pair: round(ratio, 2) for pair, ratio in pairs.items() if ratio < TEXT_LEAST} == {}


@pytest.mark.parametrize("theme", [0, 1], ids=["night", "day"])
def test_every_shape_can_be_seen(theme: int) -> None:
    tokens = night_and_day()[theme]
    shapes = [*SHAPES, *(name for name in tokens if name.startswith("role-"))]
    pairs = {
        (shape, ground): contrast(colour(tokens[shape]), colour(tokens[ground]))
        for shape in shapes
        for ground in ("ink", "surface", "sunken")
    }
    assert {pair: round(ratio, 2) for pair, ratio in pairs.items() if ratio < SHAPE_LEAST} == {}


def test_no_stylesheet_writes_in_a_colour_that_is_not_measured_here() -> None:
    written = {
        name
        for path in CSS.glob("*.css")
        for name in re.findall(r"(?<![\w-])color:\s*var\(--([\w-]+)\)", path.read_text())
    }
    # A card's side-text is a-text or b-text; a waveform is drawn in its own colour and holds no words.
    assert written - {*TEXTS, *ON} - {"side-text", "wave"} == set()
