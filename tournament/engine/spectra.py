"""Where two mixes of one song differ most, whatever their levels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.errors import Cancelled, MixFailed

HOPS_PER_SECOND: Final = 10
BANDS: Final = 32
_LOW_HZ, _HIGH_HZ = 30.0, 16_000.0
_HOPS_AT_ONCE: Final = 64
_FLOOR: Final = 1e-6
"""-60 dB relative to the mix's mean power: what lies below in both is no difference."""
_SOUNDING: Final = 1e-4
"""-40 dB relative to the mix's mean power: a hop below is a pause."""
_LOUDNESS_EXPONENT: Final = 0.3
"""Stevens' power law: loudness grows as intensity to the power of 0.3."""
_LEAST_SOUNDING: Final = 0.9


def measure_spectra(
    path: Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> NDArray[np.float32]:
    """Mel-band powers of a mix, read in blocks.

    Parameters
    ----------
    path : Path
        One of our own files, mono or stereo.

    Returns
    -------
    NDArray[np.float32]
        Shape ``(hops, 2 * BANDS)``: for each tenth of a second the powers of the left channel's bands and then of the
        right one's, so that a move from side to side is a difference too. A last hop that is not whole is left out.

    Raises
    ------
    Cancelled
        If ``cancelled`` says so between two blocks.
    """
    rows: list[NDArray[np.float32]] = []
    with sf.SoundFile(path) as mix:
        hop = mix.samplerate // HOPS_PER_SECOND
        weights = _mel_weights(hop, mix.samplerate)
        window = np.hanning(hop).astype(np.float32)
        for block in mix.blocks(hop * _HOPS_AT_ONCE, dtype="float32", always_2d=True):
            if cancelled is not None and cancelled():
                raise Cancelled
            whole = block[: block.shape[0] - block.shape[0] % hop]
            rows.append(_band_powers(whole.reshape(-1, hop, block.shape[1]), window, weights))
            if progress is not None:
                progress(min(1.0, mix.tell() / mix.frames))
    return np.concatenate(rows) if rows else np.empty((0, 2 * BANDS), dtype=np.float32)


def find_region(
    spectra_a: NDArray[np.float32], spectra_b: NDArray[np.float32], *, window_hops: int
) -> tuple[int, float]:
    """The window in which two mixes differ most, independent of level.

    Each mix is divided by its own mean power. For each hop t and band k, with the powers P and Q of the two::

        D(t, k) = 10 log10(P + floor) - 10 log10(Q + floor)
        w(t, k) = ((P + Q) / 2) ** 0.3        0 where either mix pauses

    The difference in a window is the weighted standard deviation of D over its hops and bands in dB: a gain that is
    constant over the window moves the mean of D alone, and so counts for nothing, while another balance, another
    place or another contrast between two passages does count. Only windows in which both mixes
    sound for at least nine tenths of the best window's time are eligible.

    Parameters
    ----------
    spectra_a, spectra_b : NDArray[np.float32]
        As :func:`measure_spectra` returns them; the longer one is cut to the shorter.
    window_hops : int
        Length of the window; shortened to what there is.

    Returns
    -------
    tuple[int, float]
        The first hop of the window, and the difference in dB.

    Raises
    ------
    MixFailed
        ``silent_mix`` if one of the mixes has no sound at all, ``never_together`` if one pauses wherever the other
        sounds.
    """
    hops = min(spectra_a.shape[0], spectra_b.shape[0])
    power_a, power_b = _relative(spectra_a[:hops]), _relative(spectra_b[:hops])
    together = (power_a.sum(axis=1) > _SOUNDING) & (power_b.sum(axis=1) > _SOUNDING)
    difference = 10.0 * (np.log10(power_a + _FLOOR) - np.log10(power_b + _FLOOR))
    weight = ((power_a + power_b) / 2) ** _LOUDNESS_EXPONENT * together[:, np.newaxis]
    length = max(1, min(window_hops, hops))
    total = _window_sums(weight.sum(axis=1), length)
    mean = _window_sums((weight * difference).sum(axis=1), length) / np.maximum(total, _FLOOR)
    square = _window_sums((weight * difference**2).sum(axis=1), length) / np.maximum(total, _FLOOR)
    sounding = _window_sums(together.astype(np.float64), length)
    if sounding.max() < 0.5:
        raise MixFailed(
            "never_together", "The two mixes never sound at the same time, so that they cannot be compared."
        )
    deviation = np.sqrt(np.maximum(square - mean**2, 0.0))
    eligible = np.where(sounding >= _LEAST_SOUNDING * sounding.max(), deviation, -1.0)
    best = int(np.argmax(eligible))
    return best, float(deviation[best])


def _relative(spectra: NDArray[np.float32]) -> NDArray[np.float64]:
    """Powers divided by the mix's mean power of a hop."""
    powers = spectra.astype(np.float64)
    mean = float(powers.sum(axis=1).mean()) if powers.size else 0.0
    if mean <= 0.0:
        raise MixFailed(
            "silent_mix", "One of the two mixes is silent, so that they cannot be compared. Check the stems."
        )
    return np.asarray(powers / mean)


def _window_sums(values: NDArray[np.float64], length: int) -> NDArray[np.float64]:
    sums = np.concatenate(([0.0], np.cumsum(values)))
    return np.asarray(sums[length:] - sums[:-length])


def _band_powers(
    hops: NDArray[np.float32], window: NDArray[np.float32], weights: NDArray[np.float32]
) -> NDArray[np.float32]:
    """From ``(hops, samples, channels)`` to ``(hops, 2 * BANDS)``; a mono mix is on both sides alike."""
    spectrum = np.fft.rfft(hops * window[:, np.newaxis], axis=1)
    powers = np.einsum("hfc,fb->hcb", np.abs(spectrum) ** 2, weights, optimize=True)
    if powers.shape[1] == 1:
        powers = np.repeat(powers, 2, axis=1)
    return np.asarray(powers.reshape(hops.shape[0], 2 * BANDS), dtype=np.float32)


def _mel_weights(frame: int, sample_rate: int) -> NDArray[np.float32]:
    """Triangles of equal distance on the mel scale (O'Shaughnessy, 1987), shape ``(frame // 2 + 1, BANDS)``."""
    freqs_hz = np.fft.rfftfreq(frame, 1.0 / sample_rate)
    mel = 2595.0 * np.log10(1.0 + freqs_hz / 700.0)
    low, high = (2595.0 * np.log10(1.0 + edge / 700.0) for edge in (_LOW_HZ, _HIGH_HZ))
    centres = np.linspace(low, high, BANDS + 2)
    rising = (mel[:, np.newaxis] - centres[:-2]) / (centres[1:-1] - centres[:-2])
    falling = (centres[2:] - mel[:, np.newaxis]) / (centres[2:] - centres[1:-1])
    return np.asarray(np.maximum(np.minimum(rising, falling), 0.0), dtype=np.float32)
