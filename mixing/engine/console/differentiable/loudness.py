"""Integrated loudness after ITU-R BS.1770-4 with a gradient; the numbers are those of the streaming meter."""

from __future__ import annotations

import functools
import math
from typing import Final

import numpy as np
import torch
from scipy.fft import next_fast_len
from torch import Tensor

from mixing.engine.audio.loudness import (
    ABSOLUTE_GATE_LUFS,
    HOPS_PER_SECOND,
    MOMENTARY_HOPS,
    OFFSET_DB,
    RELATIVE_GATE_LU,
    k_weighting,
)

_RINGING_S: Final = 0.25
"""The low cut at 38 Hz falls by 500 dB in this time."""


def integrated_lufs(audio: Tensor, sample_rate: int) -> Tensor:
    """Gated loudness in LUFS; -inf, without a gradient, where nothing passes the absolute gate of -70 LUFS.

    The gates choose blocks of 400 ms, and a choice has no gradient: it is taken as it stands.

    Parameters
    ----------
    audio : Tensor
        Shape ``(1 or 2, samples)``; a sound shorter than 400 ms is measured as one block of its own length.
    sample_rate : int
        Samples per second, from 8000.
    """
    powers = _blocks(audio, sample_rate)
    loud = powers > 10.0 ** ((ABSOLUTE_GATE_LUFS - OFFSET_DB) / 10.0)
    if not bool(loud.any()):
        return powers.new_full((), -math.inf)
    relative = powers[loud].detach().mean() * 10.0 ** (RELATIVE_GATE_LU / 10.0)
    return OFFSET_DB + 10.0 * torch.log10(powers[loud & (powers > relative)].mean())


def _blocks(audio: Tensor, sample_rate: int) -> Tensor:
    """The K-weighted power of each 400 ms, every 100 ms."""
    frames, hop = audio.shape[-1], round(sample_rate / HOPS_PER_SECOND)
    size = next_fast_len(frames + round(_RINGING_S * sample_rate), real=True)
    response = torch.from_numpy(_response(size, sample_rate)).to(device=audio.device)
    spectrum = torch.fft.rfft(audio, size)
    weighted: Tensor = torch.fft.irfft(spectrum * response.to(spectrum.dtype), size)[..., :frames]
    hops = frames // hop
    if hops < MOMENTARY_HOPS:
        return weighted.square().mean(dim=-1).sum().reshape(1)
    powers = weighted[..., : hops * hop].reshape(-1, hops, hop).square().mean(dim=-1).sum(dim=0)
    return powers.unfold(0, MOMENTARY_HOPS, 1).mean(dim=-1)


@functools.lru_cache(maxsize=4)
def _response(size: int, sample_rate: int) -> np.ndarray[tuple[int], np.dtype[np.complex128]]:
    z = np.exp(-2j * np.pi * np.arange(size // 2 + 1) / size)
    response = np.ones(z.shape, dtype=np.complex128)
    for section in k_weighting(sample_rate):
        response *= (section.b0 + z * (section.b1 + z * section.b2)) / (1.0 + z * (section.a1 + z * section.a2))
    return response
