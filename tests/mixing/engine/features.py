"""Features that nobody measured: plausible numbers, with the changes that a test cares about."""

from __future__ import annotations

from typing import Any

import numpy as np

from mixing.engine.mixers.interface import BANDS, WINDOW_FRAMES, AudioFeatures, MelWindows

FLAT = (-10.0,) * BANDS


def made_up(**changes: Any) -> AudioFeatures:
    """A mono recording of 10 s of mid-range sound at -23 LUFS."""
    values: dict[str, Any] = {
        "channels": 1,
        "duration_s": 10.0,
        "loudness_lufs": -23.0,
        "true_peak_dbtp": -6.0,
        "crest_db": 10.0,
        "centroid_hz": 1_000.0,
        "flux_db": 1.0,
        "width": 0.0,
        "imbalance": 0.0,
        "activity": 1.0,
        "spectrum_db": FLAT,
        "side_db": (-120.0,) * BANDS,
        "band_imbalance": (0.0,) * BANDS,
        "variation_db": (6.0,) * BANDS,
        "peak_percentiles_dbfs": (-30.0, -22.0, -17.0, -12.0, -8.0, -6.5),
        "loudness_range_lu": 4.0,
        "short_term_max_lufs": -21.0,
    }
    return AudioFeatures(**{**values, **changes})


def silent(**changes: Any) -> AudioFeatures:
    """What is measured on silence."""
    nothing: dict[str, Any] = {
        "loudness_lufs": None,
        "true_peak_dbtp": None,
        "crest_db": 0.0,
        "centroid_hz": 0.0,
        "flux_db": 0.0,
        "activity": 0.0,
        "spectrum_db": (),
        "side_db": (),
        "band_imbalance": (),
        "variation_db": (),
        "peak_percentiles_dbfs": (),
        "loudness_range_lu": None,
        "short_term_max_lufs": None,
    }
    return made_up(**{**nothing, **changes})


def made_up_mel(windows: int = 2, *, seed: int = 1, stereo: bool = False) -> MelWindows:
    """Spectrograms of falling noise; the loudest mid cell is at 0 dB."""
    rng = np.random.default_rng(seed)
    shape = (windows, WINDOW_FRAMES, BANDS)
    mid = np.clip(rng.uniform(-30.0, 0.0, shape) - np.linspace(0.0, 30.0, BANDS), -80.0, 0.0)
    mid -= mid.max(initial=-80.0)
    side = np.clip(mid - 10.0, -80.0, None) if stereo else np.full(shape, -80.0)
    return MelWindows(*(cells.astype(np.float16).astype(np.float32) for cells in (mid, side)))
