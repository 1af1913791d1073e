"""Which knob of the console stands where in a project: one table for the writer and the reader.

A channel of the format has volume, pan, mute, solo and sends, and built-in devices for equaliser, compressor and
limiter. What these have no element for (the knee, the width, reverb and delay) is a named parameter of a device.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final

from mixing.engine.export.dawproject.units import (
    DECIBEL,
    HERTZ,
    LINEAR,
    MS_IN_SECONDS,
    NORMALIZED,
    RATIO,
    SECONDS,
    Unit,
)

PROJECT_FILE: Final = "project.xml"
METADATA_FILE: Final = "metadata.xml"
AUDIO_FOLDER: Final = "audio"
FORMAT_VERSION: Final = "1.0"

Knobs = Mapping[str, tuple[str, Unit]]
"""Element or parameter name to the knob's field and unit."""

BANDS: Final[tuple[tuple[str, str, Knobs], ...]] = (
    ("highPass", "high_pass", {"Freq": ("freq_hz", HERTZ), "Q": ("q", LINEAR)}),
    ("lowShelf", "low_shelf", {"Freq": ("freq_hz", HERTZ), "Gain": ("gain_db", DECIBEL)}),
    *(
        ("bell", f"peak_{number}", {"Freq": ("freq_hz", HERTZ), "Gain": ("gain_db", DECIBEL), "Q": ("q", LINEAR)})
        for number in (1, 2, 3)
    ),
    ("highShelf", "high_shelf", {"Freq": ("freq_hz", HERTZ), "Gain": ("gain_db", DECIBEL)}),
)
"""The bands of an equaliser in the console's order: the format's type, the console's name, the knobs."""

BIQUAD_ORDER: Final = "2"
"""Of every band: without it, another program may take its own slope for a low cut."""

SHELF_Q: Final = math.sqrt(0.5)
"""What a shelf with the slope S = 1 is in Q, whatever its gain; the console has no knob for it."""

COMPRESSOR: Final[Knobs] = {
    "Attack": ("attack_ms", MS_IN_SECONDS),
    "OutputGain": ("makeup_db", DECIBEL),
    "Ratio": ("ratio", RATIO),
    "Release": ("release_ms", MS_IN_SECONDS),
    "Threshold": ("threshold_db", DECIBEL),
}
COMPRESSOR_PARAMETERS: Final[Knobs] = {"Knee": ("knee_db", DECIBEL)}

LIMITER: Final[Knobs] = {"Release": ("release_ms", MS_IN_SECONDS)}
LIMITER_PARAMETERS: Final[Knobs] = {"Lookahead": ("lookahead_ms", MS_IN_SECONDS)}
LIMITER_LENGTHS: Final[Mapping[str, str]] = {"Lookahead samples": "lookahead_samples"}

EFFECTS: Final[Mapping[str, tuple[str, Knobs, Mapping[str, str]]]] = {
    "reverb": (
        "Reverb",
        {
            "Decay": ("decay_s", SECONDS),
            "Damping": ("damping_hz", HERTZ),
            "Predelay": ("predelay_ms", MS_IN_SECONDS),
        },
        {"Predelay samples": "predelay_samples"},
    ),
    "delay": (
        "Delay",
        {
            "Time": ("time_ms", MS_IN_SECONDS),
            "Feedback": ("feedback", NORMALIZED),
            "Damping": ("damping_hz", HERTZ),
        },
        {"Time samples": "time_samples"},
    ),
}
"""The two effect channels: their name, the named parameters of their device, and its whole numbers of samples."""

WIDTH: Final = "Width"
LOUDNESS: Final = "Loudness"
TARGET: Final = "Target"
SAMPLE_RATE: Final = "Sample rate"
MASTER: Final = "Master"
