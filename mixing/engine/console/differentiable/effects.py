"""The effects, differentiable: the definitions are those of the modules of the same names one floor up.

Sound is ``(..., channels, samples)`` in float32 or float64, starts and ends in silence, and a knob has one value for
each leading index. The equaliser multiplies spectra: its response is sampled at the frequencies of a transform that is
padded until its slowest band has rung out, so that nothing wraps around that could be heard.
"""

from __future__ import annotations

import math
from typing import Final

import torch
from scipy.fft import next_fast_len
from torch import Tensor
from torch.nn import functional

from mixing.engine.console import limiter as limits
from mixing.engine.console import reverb as rooms
from mixing.engine.console.damping import SHORTEST
from mixing.engine.console.differentiable.recursions import envelope, ping_pong, reverberation
from mixing.engine.console.differentiable.tensors import Knobs
from mixing.engine.console.parameters import OFF_DB, Reverb

RUNG_OUT_DB: Final = -100.0
_PEAKS: Final = ("peak_1", "peak_2", "peak_3")
_SILENT: Final = 1e-9


def linear(level_db: Tensor) -> Tensor:
    """The factor of a level, exactly 0, and without a gradient, at -90 dB, where a fader is off."""
    return torch.where(level_db <= OFF_DB, torch.zeros_like(level_db), 10.0 ** (level_db / 20.0))


# ---- equaliser -------------------------------------------------------------------------------------------------------


def equalise(audio: Tensor, eq: Knobs, high_pass_on: Tensor, sample_rate: int) -> Tensor:
    """High-pass, low shelf, three peaks and high shelf; ``high_pass_on`` holds a bool for each leading index."""
    frames = audio.shape[-1]
    size = next_fast_len(frames + _ringing(eq, high_pass_on, sample_rate), real=True)
    response = _response(eq, high_pass_on, size, sample_rate).unsqueeze(-2)
    filtered: Tensor = torch.fft.irfft(torch.fft.rfft(audio, size) * response, size)
    return filtered[..., :frames]


def _response(eq: Knobs, high_pass_on: Tensor, size: int, sample_rate: int) -> Tensor:
    """Each band is its analogue prototype at the frequencies that the bilinear transform maps there.

    With s = j sin(w/2) / (cos(w/2) tan(w0/2)), numerator and denominator are multiplied by the cosine's square, so that
    all is finite up to half the rate; unlike the coefficients, this loses no digits at low frequencies in float32.
    """
    anchor = eq["peak_1.gain_db"]
    half = torch.arange(size // 2 + 1, dtype=anchor.dtype, device=anchor.device) * (math.pi / size)
    sine, cosine = torch.sin(half), torch.cos(half)

    def axes(freq_hz: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        c = cosine * torch.tan(math.pi * freq_hz / sample_rate).unsqueeze(-1)
        return c * c, sine * sine, c * sine

    cc, ss, cs = axes(eq["high_pass.freq_hz"])
    q = eq["high_pass.q"].unsqueeze(-1)
    passed = torch.complex(-ss.expand_as(cc), torch.zeros_like(cc)) / torch.complex(cc - ss, cs / q)
    response = torch.where(high_pass_on.unsqueeze(-1), passed, torch.ones_like(passed))
    for name in _PEAKS:
        cc, ss, cs = axes(eq[f"{name}.freq_hz"])
        a, q = (10.0 ** (eq[f"{name}.gain_db"] / 40.0)).unsqueeze(-1), eq[f"{name}.q"].unsqueeze(-1)
        response = response * torch.complex(cc - ss, cs * a / q) / torch.complex(cc - ss, cs / (a * q))
    for name, low in (("low_shelf", True), ("high_shelf", False)):
        cc, ss, cs = axes(eq[f"{name}.freq_hz"])
        a = (10.0 ** (eq[f"{name}.gain_db"] / 40.0)).unsqueeze(-1)
        damped = torch.sqrt(2.0 * a) * cs
        raised, plain = torch.complex(a * cc - ss, damped), torch.complex(cc - a * ss, damped)
        response = response * a * (raised / plain if low else plain / raised)
    return response


def _ringing(eq: Knobs, high_pass_on: Tensor, sample_rate: int) -> int:
    """Samples after which the slowest band has fallen by 100 dB: the slower root of its analogue denominator."""
    with torch.no_grad():
        # A high-pass that is off rings as long as one at its highest corner.
        corner = torch.where(high_pass_on, eq["high_pass.freq_hz"], torch.full_like(eq["high_pass.freq_hz"], 1_000.0))
        bands = [(corner, eq["high_pass.q"])]
        bands += [(eq[f"{name}.freq_hz"], eq[f"{name}.q"] * 10.0 ** (eq[f"{name}.gain_db"] / 40.0)) for name in _PEAKS]
        shelf = torch.full_like(eq["low_shelf.gain_db"], math.sqrt(0.5))
        scale = 10.0 ** (eq["low_shelf.gain_db"].abs() / 80.0)
        bands.append((eq["low_shelf.freq_hz"] / scale, shelf))
        slowest = math.inf
        for freq_hz, q in bands:
            spread = 1.0 / (2.0 * q)
            root = spread - torch.sqrt(torch.clamp(spread * spread - 1.0, min=0.0))
            slowest = min(slowest, float((2.0 * math.pi * freq_hz * root).min()))
    return math.ceil(-RUNG_OUT_DB / 20.0 * math.log(10.0) / slowest * sample_rate)


# ---- compressor ------------------------------------------------------------------------------------------------------


def memory(time_ms: Tensor, sample_rate: int) -> Tensor:
    """exp(-1 / (τ · sample_rate)) in float64: a slow one differs from 1 by less than float32 holds well."""
    return torch.exp(-1000.0 / (time_ms.double() * sample_rate))


def reduction_db(level_db: Tensor, compressor: Knobs) -> Tensor:
    """The reduction that a steady level settles at; ``level_db`` has one index more than the knobs."""
    threshold, ratio, knee = (compressor[name].unsqueeze(-1) for name in ("threshold_db", "ratio", "knee_db"))
    over = level_db - threshold
    into_knee = torch.minimum(torch.relu(over + knee / 2.0), knee)
    bent = into_knee * into_knee / (2.0 * torch.clamp(knee, min=_SILENT))
    return (1.0 - 1.0 / ratio) * (bent + torch.relu(over - knee / 2.0))


def compress(audio: Tensor, compressor: Knobs, on: Tensor, sample_rate: int) -> Tensor:
    """``audio`` ``(rows, channels, samples)``, one gain for all channels; ``on`` holds a bool for each row."""
    if not bool(on.any()):
        return audio
    peaks = torch.clamp(audio.abs().amax(dim=-2), min=_SILENT)
    wanted = reduction_db(20.0 * torch.log10(peaks), compressor)
    attack, release = (memory(compressor[name], sample_rate) for name in ("attack_ms", "release_ms"))
    gain_db = compressor["makeup_db"].unsqueeze(-1) - envelope(wanted, attack, release)
    gain = torch.where(on.unsqueeze(-1), 10.0 ** (gain_db / 20.0), torch.ones_like(gain_db))
    return audio * gain.unsqueeze(-2)


# ---- pan and width ---------------------------------------------------------------------------------------------------


def place(audio: Tensor, pan: Tensor, width: Tensor) -> Tensor:
    """``(rows, 1 or 2, samples)`` to ``(rows, 2, samples)``: constant power for mono, width and balance for stereo."""
    if audio.shape[-2] == 1:
        angle = (pan + 1.0) * (math.pi / 4.0)
        return torch.stack((torch.cos(angle), torch.sin(angle)), dim=-1).unsqueeze(-1) * audio
    same, other = (1.0 + width) / 2.0, (1.0 - width) / 2.0
    left, right = torch.clamp(1.0 - pan, max=1.0), torch.clamp(1.0 + pan, max=1.0)
    rows = (torch.stack((left * same, left * other), -1), torch.stack((right * other, right * same), -1))
    return torch.stack(rows, dim=-2) @ audio


# ---- delay and reverb ------------------------------------------------------------------------------------------------


def pole(power: Tensor, freq_hz: Tensor, sample_rate: int) -> Tensor:
    """That of :func:`mixing.engine.console.damping.pole`, in float64."""
    power = power.double()
    middle = 1.0 - power * torch.cos(2.0 * math.pi * freq_hz.double() / sample_rate)
    rest = 1.0 - power
    return rest / (middle + torch.sqrt(middle * middle - rest * rest))


def delay(audio: Tensor, knobs: Knobs, samples: int, sample_rate: int) -> Tensor:
    """The echoes of a bus ``(2, samples)``. The time is a number of samples and has no gradient."""
    damping = pole(torch.full_like(knobs["damping_hz"], 0.5), knobs["damping_hz"], sample_rate)
    return ping_pong(audio.mean(dim=0), knobs["feedback"].double(), damping, max(samples, SHORTEST))


def reverb(audio: Tensor, knobs: Knobs, predelay: int, sample_rate: int) -> Tensor:
    """The answer to a bus ``(2, samples)``, as long as the bus. The predelay has no gradient."""
    fixed = rooms.design(Reverb(), sample_rate)
    lengths = torch.tensor(fixed.lines, dtype=torch.float64, device=audio.device)
    losses = 10.0 ** (-3.0 * lengths / (sample_rate * knobs["decay_s"].double()))
    poles = pole(losses * losses, knobs["damping_hz"], sample_rate)
    kept = (losses * losses).mean()
    frames = audio.shape[-1]
    late = functional.pad(audio, (predelay, 0))[..., :frames]
    answer = reverberation(late, losses * (1.0 - poles), poles, fixed.diffusers, fixed.lines)
    return answer * torch.sqrt((1.0 - kept) / kept).to(audio.dtype)


# ---- limiter ---------------------------------------------------------------------------------------------------------


def limit(audio: Tensor, knobs: Knobs, ceiling_dbtp: Tensor, ahead: int, sample_rate: int) -> Tensor:
    """Limit ``(2, samples)``, without delay. The look-ahead is a number of samples and has no gradient."""
    taps = torch.from_numpy(limits.phases()).to(audio)
    before, after = taps.shape[1] - limits.AFTER - 1, limits.AFTER
    first, second = limits.boxes(ahead)
    smoothed = first + second - 2
    start = smoothed + limits.HOLD
    sound = functional.pad(audio, (start, ahead + limits.HOLD))
    around = functional.pad(sound, (before + 1, after)).unsqueeze(1)
    between = functional.conv1d(around, taps.unsqueeze(1)).abs().amax(dim=(0, 1))
    peak = torch.maximum(sound.abs().amax(dim=0), torch.maximum(between[1:], between[:-1]))
    ceiling = 10.0 ** (ceiling_dbtp / 20.0)
    needed = torch.where(peak > ceiling, 1.0 - ceiling / torch.maximum(peak, ceiling), torch.zeros_like(peak))
    wanted = functional.max_pool1d(needed[None, None], limits.HOLD + ahead, stride=1)[0]
    release = memory(knobs["release_ms"], sample_rate).reshape(1)
    held = envelope(wanted, torch.zeros_like(release), release)
    smooth = functional.avg_pool1d(functional.avg_pool1d(held[None], first, stride=1), second, stride=1)[0, 0]
    return audio * (1.0 - smooth[: audio.shape[-1]])
