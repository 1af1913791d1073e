"""The equaliser: its biquads, their response, and a readable filter that the fast kernel is tested against.

Coefficients follow the *Audio EQ Cookbook* of Robert Bristow-Johnson (W3C Note, 2021): analogue prototypes through the
bilinear transform, warped so that the corner or centre frequency is exact. The high-pass and the peaks take a linear Q,
the shelves the slope S = 1.
"""

from __future__ import annotations

import math
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from mixing.engine.console.parameters import Eq
from mixing.engine.errors import ParameterError

BandKind = Literal["high_pass", "low_shelf", "peak", "high_shelf"]
Coefficients = tuple[float, float, float, float, float]

_SHELF_Q: Final = math.sqrt(0.5)
"""With S = 1 the cookbook's alpha is sin(w0)/2 · √2 for every gain: that of a Q of 0.707."""


def coefficients(
    kind: BandKind, *, freq_hz: float, sample_rate: int, gain_db: float = 0.0, q: float = _SHELF_Q
) -> Coefficients:
    """The normalised biquad (b0, b1, b2, a1, a2) of one band: y = b0 x + b1 x' + b2 x" - a2 y" - a1 y'.

    Parameters
    ----------
    kind : BandKind
        Shelves ignore ``q``, the high-pass ignores ``gain_db``.
    freq_hz : float
        Corner or centre, above 0 and below half the sample rate.
    sample_rate : int
        Samples per second.
    gain_db : float
        Gain of a peak at its centre, or of a shelf far from its corner.
    q : float
        Linear Q.

    Raises
    ------
    ParameterError
        If the frequency does not fit below half the sample rate.
    """
    if not 0.0 < freq_hz < sample_rate / 2:
        raise ParameterError("freq_hz", f"A filter at {freq_hz:g} Hz does not fit a rate of {sample_rate} Hz.")
    w0 = 2.0 * math.pi * freq_hz / sample_rate
    cos_w0 = math.cos(w0)
    alpha = math.sin(w0) / (2.0 * (_SHELF_Q if kind in ("low_shelf", "high_shelf") else q))
    amplitude = 10.0 ** (gain_db / 40.0)
    if kind == "high_pass":
        edge = (1.0 + cos_w0) / 2.0
        return _normalised(edge, -2.0 * edge, edge, 1.0 + alpha, -2.0 * cos_w0, 1.0 - alpha)
    if kind == "peak":
        up, down = alpha * amplitude, alpha / amplitude
        return _normalised(1.0 + up, -2.0 * cos_w0, 1.0 - up, 1.0 + down, -2.0 * cos_w0, 1.0 - down)
    return _shelf(amplitude, alpha, cos_w0 if kind == "low_shelf" else -cos_w0, mirrored=kind == "high_shelf")


def _shelf(amplitude: float, alpha: float, cos_w0: float, *, mirrored: bool) -> Coefficients:
    """A low shelf; the high shelf is the same filter with z replaced by -z, which turns the odd coefficients' signs."""
    root = 2.0 * math.sqrt(amplitude) * alpha
    plus, minus = amplitude + 1.0, amplitude - 1.0
    sign = -1.0 if mirrored else 1.0
    return _normalised(
        amplitude * (plus - minus * cos_w0 + root),
        sign * 2.0 * amplitude * (minus - plus * cos_w0),
        amplitude * (plus - minus * cos_w0 - root),
        plus + minus * cos_w0 + root,
        sign * -2.0 * (minus + plus * cos_w0),
        plus + minus * cos_w0 - root,
    )


def _normalised(b0: float, b1: float, b2: float, a0: float, a1: float, a2: float) -> Coefficients:
    return b0 / a0, b1 / a0, b2 / a0, a1 / a0, a2 / a0


def sections(eq: Eq, sample_rate: int) -> NDArray[np.float64]:
    """The biquads of the bands that change something, in the console's order.

    Returns
    -------
    NDArray[np.float64]
        Shape ``(bands, 5)``: b0, b1, b2, a1, a2 of each; no rows for a neutral EQ.
    """
    bands: list[Coefficients] = []
    if eq.high_pass.on:
        bands.append(coefficients("high_pass", freq_hz=eq.high_pass.freq_hz, q=eq.high_pass.q, sample_rate=sample_rate))
    if eq.low_shelf.gain_db:
        low = eq.low_shelf
        bands.append(coefficients("low_shelf", freq_hz=low.freq_hz, gain_db=low.gain_db, sample_rate=sample_rate))
    bands += [
        coefficients("peak", freq_hz=peak.freq_hz, gain_db=peak.gain_db, q=peak.q, sample_rate=sample_rate)
        for peak in (eq.peak_1, eq.peak_2, eq.peak_3)
        if peak.gain_db
    ]
    if eq.high_shelf.gain_db:
        high = eq.high_shelf
        bands.append(coefficients("high_shelf", freq_hz=high.freq_hz, gain_db=high.gain_db, sample_rate=sample_rate))
    return np.array(bands, dtype=np.float64).reshape(-1, 5)


def response_db(eq: Eq, freqs_hz: ArrayLike, sample_rate: int) -> NDArray[np.float64]:
    """The gain of the whole EQ in dB at each frequency in Hz, from the transfer functions."""
    z = np.exp(-2j * np.pi * np.asarray(freqs_hz, dtype=np.float64) / sample_rate)
    gain = np.ones(z.shape)
    for b0, b1, b2, a1, a2 in sections(eq, sample_rate):
        gain *= np.abs((b0 + b1 * z + b2 * z * z) / (1.0 + a1 * z + a2 * z * z))
    # A high-pass is exactly closed at 0 Hz; the floor keeps that a number.
    return np.asarray(20.0 * np.log10(np.maximum(gain, 1e-15)))


def process_reference(audio: NDArray[np.floating], eq: Eq, sample_rate: int) -> NDArray[np.float64]:
    """Filter a whole recording, sample by sample in float64, direct form I: slow, and easy to read.

    Parameters
    ----------
    audio : NDArray[np.floating]
        Shape ``(channels, samples)``.

    Returns
    -------
    NDArray[np.float64]
        The same shape, from silence before the first sample.
    """
    filtered = np.array(audio, dtype=np.float64)
    for b0, b1, b2, a1, a2 in sections(eq, sample_rate).tolist():
        for channel in filtered:
            x1 = x2 = y1 = y2 = 0.0
            for index, x in enumerate(channel.tolist()):
                y = b0 * x + b1 * x1 + b2 * x2 - a2 * y2 - a1 * y1
                x1, x2, y1, y2 = x, x1, y, y1
                channel[index] = y
    return filtered
