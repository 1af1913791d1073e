"""Sessions made of numbers: what a mixer would have been told about stems that nobody recorded."""

from __future__ import annotations

import random
from typing import Any

from mixing.engine.console.parameters import Strip
from mixing.engine.mixers.interface import (
    BANDS,
    PEAK_PERCENTILES,
    AudioFeatures,
    Intent,
    Mixer,
    SessionFeatures,
    StemFeatures,
)
from mixing.engine.roles import ROLES, Role
from tests.mixing.engine.features import FLAT as FLAT
from tests.mixing.engine.features import made_up, silent


def sound(**changes: Any) -> AudioFeatures:
    """A mono stem of mid-range sound at -23 LUFS, with changes."""
    return made_up(**changes)


SILENCE = silent()


def stem(name: str, role: Role = "other", audio: AudioFeatures | None = None, **changes: Any) -> StemFeatures:
    return StemFeatures(name=name, role=role, audio=audio or sound(**changes))


def session(*stems: StemFeatures, sample_rate: int = 44_100) -> SessionFeatures:
    return SessionFeatures(sample_rate=sample_rate, stems=stems)


def random_session(count: int, seed: int) -> SessionFeatures:
    """Any number of stems of any role, some of them silent, some stereo, with extreme sounds among them."""
    rng = random.Random(seed)
    stems = []
    for index in range(count):
        if rng.random() < 0.1:
            stems.append(stem(f"{index}.wav", rng.choice(ROLES), SILENCE))
            continue
        channels = rng.choice((1, 2))
        stems.append(
            stem(
                f"{index}.wav",
                rng.choice(ROLES),
                channels=channels,
                loudness_lufs=rng.uniform(-69.0, 3.0),
                crest_db=rng.uniform(0.0, 60.0),
                centroid_hz=10 ** rng.uniform(1.0, 4.3),
                flux_db=rng.uniform(0.0, 20.0),
                width=rng.uniform(0.0, 1.0) if channels == 2 else 0.0,
                imbalance=rng.uniform(-1.0, 1.0) if channels == 2 else 0.0,
                spectrum_db=tuple(rng.uniform(-80.0, 0.0) for _ in range(BANDS)),
                side_db=tuple(rng.uniform(-120.0, 0.0) if channels == 2 else -120.0 for _ in range(BANDS)),
                band_imbalance=tuple(rng.uniform(-1.0, 1.0) if channels == 2 else 0.0 for _ in range(BANDS)),
                variation_db=tuple(rng.uniform(0.0, 40.0) for _ in range(BANDS)),
                peak_percentiles_dbfs=tuple(sorted(rng.uniform(-60.0, 6.0) for _ in PEAK_PERCENTILES)),
                loudness_range_lu=rng.choice((None, rng.uniform(0.0, 50.0))),
                short_term_max_lufs=rng.choice((None, rng.uniform(-69.0, 3.0))),
            )
        )
    return session(*stems)


def strips(mixer: Mixer, of: SessionFeatures, intent: Intent | None = None) -> dict[str, Strip]:
    """What a mixer sets, by stem."""
    return {strip.stem: strip for strip in mixer.predict(of, intent or Intent()).strips}
