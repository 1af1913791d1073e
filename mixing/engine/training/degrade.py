"""Taking a balance apart in a known way, on true audio: what a mixer then has to find back."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import Final

import numba
import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.denormals import flush_to_zero, restore
from mixing.engine.console.eq import sections
from mixing.engine.console.pan import matrix
from mixing.engine.console.parameters import Eq, HighShelf, LowShelf, Peak

DEGRADE_VERSION: Final = 1
"""Changes whenever the same seed gives another degradation."""
GAIN_DB: Final = 12.0
SHELF_DB: Final = 9.0
PEAK_DB: Final = 6.0
PAN: Final = 0.6
LOW_SHELF_HZ: Final = (80.0, 300.0)
HIGH_SHELF_HZ: Final = (2_500.0, 9_000.0)
PEAK_HZ: Final = (300.0, 5_000.0)
PEAK_Q: Final = (0.7, 1.4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Degradation:
    """What is done to one stem: the console's own gain, shelves, peak and pan.

    Parameters
    ----------
    gain_db : float
        -12 to 12.
    eq : Eq
        A low and a high shelf within 9 dB, one peak within 6 dB.
    pan : float
        -0.6 to 0.6: balance for a stereo stem; a mono stem becomes a stereo one at constant power.
    """

    gain_db: float = 0.0
    eq: Eq = field(default_factory=Eq)
    pan: float = 0.0


def draw_degradation(seed: int, *, song: str, stem: str) -> Degradation:
    """The degradation of one stem, the same for the same seed, song id and stem name on every machine.

    Gains and pan are uniform; corner and centre frequencies and the peak's Q are uniform on a logarithmic scale.
    """
    name = hashlib.sha256(f"{DEGRADE_VERSION}\0{seed}\0{song}\0{stem}".encode()).digest()
    rng = np.random.default_rng(np.frombuffer(name, dtype=np.uint32))
    return Degradation(
        gain_db=float(rng.uniform(-GAIN_DB, GAIN_DB)),
        eq=Eq(
            low_shelf=LowShelf(gain_db=float(rng.uniform(-SHELF_DB, SHELF_DB)), freq_hz=_between(rng, LOW_SHELF_HZ)),
            peak_1=Peak(
                gain_db=float(rng.uniform(-PEAK_DB, PEAK_DB)), freq_hz=_between(rng, PEAK_HZ), q=_between(rng, PEAK_Q)
            ),
            high_shelf=HighShelf(gain_db=float(rng.uniform(-SHELF_DB, SHELF_DB)), freq_hz=_between(rng, HIGH_SHELF_HZ)),
        ),
        pan=float(rng.uniform(-PAN, PAN)),
    )


def degrade(samples: NDArray[np.float32], sample_rate: int, degradation: Degradation) -> NDArray[np.float32]:
    """Apply it, without clipping.

    Parameters
    ----------
    samples : NDArray[np.float32]
        Shape ``(channels, samples)``, 1 or 2 channels.
    sample_rate : int
        In Hz.

    Returns
    -------
    NDArray[np.float32]
        Shape ``(2, samples)``: stereo, because it is panned.
    """
    gains = 10.0 ** (degradation.gain_db / 20.0) * matrix(pan=degradation.pan, width=1.0, channels=samples.shape[0])
    out = np.empty((2, samples.shape[1]), dtype=np.float32)
    _filter(np.ascontiguousarray(samples), sections(degradation.eq, sample_rate), gains, out)
    return out


def in_the_mix(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """A stem as it stands in the plain sum that is the human balance: a mono one sounds on both sides, at 0 dB.

    The console's centre is 3 dB lower. A song with mono and stereo stems has its balance only if both are compared as
    they are in the sum.
    """
    return np.repeat(samples, 2, axis=0) if samples.shape[0] == 1 else samples


def _between(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    return math.exp(float(rng.uniform(math.log(limits[0]), math.log(limits[1]))))


@numba.njit(cache=True, nogil=True, error_model="numpy")
def _filter(
    samples: NDArray[np.float32],
    biquads: NDArray[np.float64],
    gains: NDArray[np.float64],
    out: NDArray[np.float32],
) -> None:
    """Biquads in series (direct form I, float64) on every channel, then a matrix to left and right."""
    mode = flush_to_zero()
    channels, count = samples.shape[0], biquads.shape[0]
    # Row s holds the last two inputs of section s, which are the last two outputs of the one before.
    memory = np.zeros((channels, count + 1, 2))
    for frame in range(samples.shape[1]):
        left, right = 0.0, 0.0
        for channel in range(channels):
            value = np.float64(samples[channel, frame])
            for band in range(count):
                x1, x2 = memory[channel, band, 0], memory[channel, band, 1]
                y1, y2 = memory[channel, band + 1, 0], memory[channel, band + 1, 1]
                memory[channel, band, 0], memory[channel, band, 1] = value, x1
                value = (
                    biquads[band, 0] * value
                    + biquads[band, 1] * x1
                    + biquads[band, 2] * x2
                    - biquads[band, 4] * y2
                    - biquads[band, 3] * y1
                )
            memory[channel, count, 1], memory[channel, count, 0] = memory[channel, count, 0], value
            left += gains[0, channel] * value
            right += gains[1, channel] * value
        out[0, frame] = left
        out[1, frame] = right
    restore(mode)
