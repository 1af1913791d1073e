"""Sessions that nobody recorded, drawn like music: to measure speed and precision where there are no songs."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.mixers.interface import (
    BANDS,
    MOST_WINDOWS,
    WINDOW_FRAMES,
    AudioFeatures,
    MelWindows,
    SessionFeatures,
    StemFeatures,
    band_centres_hz,
)
from mixing.engine.roles import ROLES, Role

STEMS: Final = 8
_PARTS: Final[tuple[Role, ...]] = (
    "kick", "snare", "hihat", "bass", "electric_guitar", "keys", "lead_vocal", "backing_vocal"
)  # fmt: skip


def sessions(count: int, *, stems: int = STEMS, seed: int = 0) -> list[SessionFeatures]:
    """As many sessions of a band, each of ``stems`` stereo stems with spectrograms; the same for the same seed."""
    return [_session(np.random.default_rng((seed, number)), stems) for number in range(count)]


def references(count: int, *, seed: int = 0) -> list[AudioFeatures]:
    """As many mixes: loud, falling towards the treble, wide rather above than below; the same for the same seed."""
    return [_mix(np.random.default_rng((seed, number, 1))) for number in range(count)]


def _session(rng: np.random.Generator, stems: int) -> SessionFeatures:
    roles = [_PARTS[number] if number < len(_PARTS) else ROLES[number % len(ROLES)] for number in range(stems)]
    made = tuple(_stem(rng, f"{number}_{role}.wav", role) for number, role in enumerate(roles))
    return SessionFeatures(sample_rate=44_100, stems=made)


def _stem(rng: np.random.Generator, name: str, role: Role) -> StemFeatures:
    spectrum = _spectrum_db(rng)
    side = spectrum - rng.uniform(3.0, 25.0) + rng.normal(0.0, 2.0, BANDS)
    imbalance = float(np.clip(rng.normal(0.0, 0.3), -0.9, 0.9))
    loudness = float(rng.uniform(-35.0, -12.0))
    crest = float(rng.uniform(3.0, 20.0))
    centroid = float(np.average(band_centres_hz(), weights=10.0 ** (spectrum / 10.0)))
    audio = AudioFeatures(
        channels=2,
        duration_s=180.0,
        loudness_lufs=loudness,
        true_peak_dbtp=loudness + crest + 6.0,
        crest_db=crest,
        centroid_hz=centroid,
        flux_db=float(rng.uniform(0.3, 3.0)),
        width=float(rng.uniform(0.0, 0.4)),
        imbalance=imbalance,
        activity=float(rng.uniform(0.3, 1.0)),
        spectrum_db=tuple(spectrum.tolist()),
        side_db=tuple(np.minimum(side, spectrum).tolist()),
        band_imbalance=tuple(np.clip(imbalance + rng.normal(0.0, 0.1, BANDS), -1.0, 1.0).tolist()),
        variation_db=tuple(rng.uniform(3.0, 15.0, BANDS).tolist()),
        peak_percentiles_dbfs=tuple((loudness + np.cumsum(rng.uniform(0.5, 6.0, 6)) - 8.0).tolist()),
        loudness_range_lu=float(rng.uniform(1.0, 12.0)),
        short_term_max_lufs=loudness + float(rng.uniform(0.5, 5.0)),
    )
    return StemFeatures(name=name, role=role, audio=audio, mel=_mel(rng, spectrum))


def _mix(rng: np.random.Generator) -> AudioFeatures:
    places = np.arange(BANDS)
    falling = -places * rng.uniform(0.3, 0.8) + rng.normal(0.0, 1.5, BANDS)
    spectrum = falling - 10.0 * np.log10((10.0 ** (falling / 10.0)).sum())
    side = spectrum - 20.0 + places * rng.uniform(0.1, 0.35)
    loudness, crest = float(rng.uniform(-20.0, -9.0)), float(rng.uniform(2.0, 7.0))
    above = np.array([4.0, 6.5, 8.0, 9.5, 11.0, 12.0]) * rng.uniform(0.8, 1.2)
    return AudioFeatures(
        channels=2,
        duration_s=180.0,
        loudness_lufs=loudness,
        true_peak_dbtp=-1.0,
        crest_db=crest,
        centroid_hz=float(np.average(band_centres_hz(), weights=10.0 ** (spectrum / 10.0))),
        flux_db=1.0,
        width=float((10.0 ** (side / 10.0)).sum()),
        imbalance=0.0,
        activity=1.0,
        spectrum_db=tuple(spectrum.tolist()),
        side_db=tuple(side.tolist()),
        band_imbalance=(0.0,) * BANDS,
        variation_db=(6.0,) * BANDS,
        peak_percentiles_dbfs=tuple(np.minimum(loudness + above, -1.0).tolist()),
        loudness_range_lu=5.0,
        short_term_max_lufs=loudness + 2.0,
    )


def _spectrum_db(rng: np.random.Generator) -> NDArray[np.float64]:
    """A hump somewhere, its slopes and a little grass, in dB relative to the sum."""
    places = np.arange(BANDS)
    shape = -np.abs(places - rng.uniform(0.0, 30.0)) * rng.uniform(0.6, 2.5) + rng.normal(0.0, 2.0, BANDS)
    return np.asarray(np.maximum(shape - 10.0 * np.log10((10.0 ** (shape / 10.0)).sum()), -90.0))


def _mel(rng: np.random.Generator, spectrum: NDArray[np.float64]) -> MelWindows:
    frames = rng.normal(0.0, 4.0, (MOST_WINDOWS, WINDOW_FRAMES, 1)) + rng.normal(
        0.0, 2.0, (MOST_WINDOWS, WINDOW_FRAMES, BANDS)
    )
    mid = spectrum - spectrum.max() + frames
    mid = np.clip(mid - mid.max(), -80.0, 0.0)
    side = np.clip(mid - rng.uniform(3.0, 25.0), -80.0, 0.0)
    return MelWindows(*(cells.astype(np.float16).astype(np.float32) for cells in (mid, side)))
