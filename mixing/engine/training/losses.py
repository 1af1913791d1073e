"""How far a decision is from the person's, from features alone, so that it can be learned by its gradient.

On true audio the levels that these predict were right within a tenth of a LU: see docs/mixers.md for what was measured
behind the renderer.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from torch import Tensor

from mixing.engine.mixers.interface import band_centres_hz
from mixing.engine.training.measures import BAND_RANGE_DB

RATE: Final = 48_000


def eq_response_db(gains_db: Tensor, freqs_hz: Tensor, q: Tensor) -> Tensor:
    """The console's low shelf, three peaks and high shelf at the centre of each mel band.

    The cookbook's biquads at RATE are their analogue prototypes at Ω = tan(ω/2)/tan(ω₀/2), so that the magnitudes are
    these closed forms; unlike the transfer function they keep their precision in float32 at 30 Hz.

    Parameters
    ----------
    gains_db, freqs_hz : Tensor
        Shape ``(…, 5)``.
    q : Tensor
        Shape ``(…, 3)``, of the peaks.

    Returns
    -------
    Tensor
        Shape ``(…, BANDS)``, in dB.
    """
    ratio = _ratio(freqs_hz)
    amplitude = 10.0 ** (gains_db / 40.0).unsqueeze(-1)
    low = _shelf_db(amplitude[..., 0, :], ratio[..., 0, :])
    high = _shelf_db(amplitude[..., 4, :], 1.0 / ratio[..., 4, :])
    peaks = _peak_db(amplitude[..., 1:4, :], ratio[..., 1:4, :], q.unsqueeze(-1))
    return low + high + peaks.sum(dim=-2)


def high_pass_response_db(freq_hz: Tensor, lowest_hz: float) -> Tensor:
    """The console's high-pass (Q = 1/√2) at each band centre; off, and without gradient, below ``lowest_hz``.

    ``(…)`` → ``(…, BANDS)``, not below -60 dB.
    """
    ratio = _ratio(freq_hz.clamp(min=1.0))
    response = 10.0 * torch.log10((ratio**2 / ((1.0 - ratio) ** 2 + 2.0 * ratio)).clamp(min=1e-6))
    return torch.where((freq_hz >= lowest_hz).unsqueeze(-1), response, torch.zeros_like(response))


def level_error_lu(level_lu: Tensor, human_lu: Tensor, heard: Tensor) -> Tensor:
    """Mean over a song's stems of the difference of levels, both around the song's mean; ``(songs, stems)`` → songs."""
    return mean_over((_centred(level_lu, heard) - _centred(human_lu, heard)).abs(), heard)


def band_error_db(spectrum_db: Tensor, human_db: Tensor, heard: Tensor) -> Tensor:
    """Mean over stems and heard bands of the difference of spectra, each stem's mean difference removed; songs."""
    counts = (human_db > human_db.amax(dim=-1, keepdim=True) - BAND_RANGE_DB).to(spectrum_db.dtype)
    difference = spectrum_db - human_db
    mean = (difference * counts).sum(dim=-1, keepdim=True) / counts.sum(dim=-1, keepdim=True).clamp(min=1.0)
    error = ((difference - mean).abs() * counts).sum(dim=-1) / counts.sum(dim=-1).clamp(min=1.0)
    return mean_over(error, heard)


def imbalance_error(imbalance: Tensor, human: Tensor, heard: Tensor) -> Tensor:
    """Mean over a song's stems of the difference of (R - L)/(R + L); songs."""
    return mean_over((imbalance - human).abs(), heard)


def mean_over(values: Tensor, heard: Tensor) -> Tensor:
    """Mean over the stems that are there: ``(songs, stems)`` → ``(songs,)``."""
    return (values * heard).sum(dim=1) / heard.sum(dim=1).clamp(min=1.0)


def _ratio(freqs_hz: Tensor) -> Tensor:
    """Ω² of every band centre for filters at these frequencies, ``(…)`` → ``(…, BANDS)``."""
    warped = torch.tensor([math.tan(math.pi * freq / RATE) for freq in band_centres_hz()], device=freqs_hz.device)
    return (warped / torch.tan(math.pi * freqs_hz / RATE).unsqueeze(-1)) ** 2


def _centred(levels: Tensor, heard: Tensor) -> Tensor:
    return levels - mean_over(levels, heard).unsqueeze(1)


def _shelf_db(amplitude: Tensor, ratio: Tensor) -> Tensor:
    """A low shelf with S = 1 at Ω² = ratio; a high shelf is the same at 1/Ω²."""
    slope = 2.0 * amplitude * ratio  # (√A/Q)² Ω², with Q = 1/√2
    above = (amplitude - ratio) ** 2 + slope
    below = (1.0 - amplitude * ratio) ** 2 + slope
    return 10.0 * torch.log10(amplitude**2 * above / below)


def _peak_db(amplitude: Tensor, ratio: Tensor, q: Tensor) -> Tensor:
    apart = (1.0 - ratio) ** 2
    return 10.0 * torch.log10(
        (apart + (amplitude / q) ** 2 * ratio) / (apart + ratio / (amplitude * q) ** 2).clamp(min=1e-12)
    )
