"""How loud the reverb and the echoes of a stem come back, and so which send a wished loudness needs.

Against the console's own reverb: within 0.2 LU for pink noise at any decay and damping, 0.6 LU on average for stems,
whose pauses a tail fills.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console import delay as delays
from mixing.engine.console import reverb as reverbs
from mixing.engine.console.parameters import OFF_DB, Delay, Reverb
from mixing.engine.mixers.eq_response import RATE, k_weights
from mixing.engine.mixers.interface import AudioFeatures, band_centres_hz

LEAST_SEND_DB: Final = -60.0
LARGEST_SEND_DB: Final = 12.0
DRY_SPACE_LU: Final = -26.0
WET_SPACE_LU: Final = -4.0
"""What a wish for space of just above 0 and of 1 means: hardly a hint of a room, and far away in it."""
_SHORTEST_ECHO_MS: Final = 180.0
_LONGEST_ECHO_MS: Final = 620.0


def reverb_lu_of_space(space: float) -> float | None:
    """The loudness of the reverb beside the dry sound that a wish for ``space``, 0 to 1, means; None is dry."""
    return None if space <= 0.0 else DRY_SPACE_LU + (WET_SPACE_LU - DRY_SPACE_LU) * space


def reverb_change_lu(spectrum_db: Sequence[float], reverb: Reverb) -> float:
    """Loudness of what the reverb answers beside that of what it is sent, in LU, at a return of 0 dB.

    The network's lines lose a share 1 - ρ(f) of the energy on each round; the answer is the sum of what is left after
    every round, level² ρ/(1 - ρ), with the level that makes it 1 at 0 Hz: only the damping takes something.
    """
    design = reverbs.design(reverb, RATE)
    cosines = np.cos(2.0 * np.pi * np.asarray(band_centres_hz()) / RATE)[:, None]
    powers = design.gains**2 / (1.0 - 2.0 * design.poles * cosines + design.poles**2)
    kept = powers.mean(axis=1)
    return _weighted_db(spectrum_db, design.level**2 * kept / (1.0 - kept))


def delay_change_lu(spectrum_db: Sequence[float], delay: Delay, folded: float) -> float:
    """Loudness of the echoes beside that of what the delay is sent, in LU; ``folded`` is the energy of its mono fold.

    Each echo has ``feedback`` of the one before, once more through the low-pass: energies add up to
    1 / (1 - feedback² |H(f)|²).
    """
    design = delays.design(delay, RATE)
    cosines = np.cos(2.0 * np.pi * np.asarray(band_centres_hz()) / RATE)
    low_pass = (1.0 - design.pole) ** 2 / (1.0 - 2.0 * design.pole * cosines + design.pole**2)
    return _weighted_db(spectrum_db, max(folded, 1e-3) / (1.0 - design.feedback**2 * low_pass))


def folded_share(audio: AudioFeatures, *, pan: float, width: float) -> float:
    """Energy of (L + R)/2 behind width and pan over that of L and R: 1/2 for a centred mono stem."""
    if audio.channels == 1:
        angle = (pan + 1.0) * math.pi / 4.0
        return (1.0 + 2.0 * math.cos(angle) * math.sin(angle)) / 4.0
    common = (1.0 - audio.width) / 2.0 + width * width * audio.width / 2.0
    product = (1.0 - audio.width) / 2.0 - width * width * audio.width / 2.0
    apart = width * audio.imbalance / 2.0
    gain_left, gain_right = min(1.0, 1.0 - pan), min(1.0, 1.0 + pan)
    left, right = max(0.0, common - apart) * gain_left**2, max(0.0, common + apart) * gain_right**2
    total = left + right
    return (total + 2.0 * product * gain_left * gain_right) / (4.0 * total) if total > 0.0 else 0.0


def send_db(wanted_lu: float | None, change_lu: float, return_db: float) -> float:
    """The send that makes an effect ``wanted_lu`` loud beside the dry sound; off for None, or where it is too faint."""
    if wanted_lu is None or return_db <= OFF_DB:
        return OFF_DB
    level_db = wanted_lu - change_lu - return_db
    return OFF_DB if level_db < LEAST_SEND_DB else round(min(level_db, LARGEST_SEND_DB), 2) + 0.0


def dotted_eighth_ms(tempo_bpm: float) -> float:
    """A dotted eighth note, or half or twice of it where that is too long or short to be heard as an echo."""
    time_ms = 0.75 * 60_000.0 / tempo_bpm
    while time_ms > _LONGEST_ECHO_MS:
        time_ms /= 2.0
    while time_ms < _SHORTEST_ECHO_MS:
        time_ms *= 2.0
    return round(time_ms, 2)


def _weighted_db(spectrum_db: Sequence[float], gains: NDArray[np.float64] | float) -> float:
    """Change of loudness by a power gain in each band; of pink-like sound where the spectrum is not known."""
    levels_db = np.asarray(spectrum_db if spectrum_db else np.zeros(k_weights().size), dtype=np.float64)
    weighted = 10.0 ** (levels_db / 10.0) * k_weights()
    return 10.0 * math.log10(math.fsum(weighted * gains) / math.fsum(weighted))
