"""The whole console, readable, in float64: what the fast desk and the differentiable console are tested against.

Its routing, in this order:

- *strip*: trim, EQ, compressor, then fader with pan and width, which is what its group gets;
- *sends*: the same signal, with the level of each send, to the reverb and to the delay. They are taken after the fader
  and the pan and know nothing of the group's gain;
- *group*: the sum of its strips through EQ, compressor and gain;
- *buses*: the reverb's and the delay's answers, each with its ``return_db``;
- *master*: the sum of groups and returns through EQ, compressor, the gain towards the loudness, and limiter.

A strip that is muted, off, not soloed while another is, or in a group that is off, is heard nowhere, sends included.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console import compressor, delay, eq, limiter, pan, reverb
from mixing.engine.console.gain import linear
from mixing.engine.console.parameters import ConsoleParameters, Master, Strip
from mixing.engine.roles import GROUPS


def strip_output(audio: NDArray[np.floating], strip: Strip, sample_rate: int) -> NDArray[np.float64]:
    """A stem ``(1 or 2, samples)`` as its group and its sends get it: ``(2, samples)``."""
    signal = eq.process_reference(audio * linear(strip.trim_db), strip.eq, sample_rate)
    signal = compressor.process_reference(signal, strip.compressor, sample_rate)
    return linear(strip.fader_db) * pan.matrix(pan=strip.pan, width=strip.width, channels=len(audio)) @ signal


def master_input(
    stems: Mapping[str, NDArray[np.floating]], strips: Sequence[Strip], parameters: ConsoleParameters, sample_rate: int
) -> NDArray[np.float64]:
    """The sum of groups and returns, ``(2, samples)``.

    Parameters
    ----------
    stems : Mapping[str, NDArray[np.floating]]
        Each stem, ``(1 or 2, samples)``, all of one length.
    strips : Sequence[Strip]
        The strips that are heard, in the console's order.
    parameters : ConsoleParameters
        Groups and buses are taken from it.
    sample_rate : int
        Samples per second of every stem.
    """
    frames = max((audio.shape[1] for audio in stems.values()), default=0)
    outputs = {strip.stem: strip_output(stems[strip.stem], strip, sample_rate) for strip in strips}
    total = np.zeros((2, frames))
    for name in GROUPS:
        bus = sum((outputs[strip.stem] for strip in strips if strip.group == name), np.zeros((2, frames)))
        group = getattr(parameters.groups, name)
        bus = eq.process_reference(bus, group.eq, sample_rate)
        total += linear(group.gain_db) * compressor.process_reference(bus, group.compressor, sample_rate)
    to_reverb, to_delay = np.zeros((2, frames)), np.zeros((2, frames))
    for strip in strips:
        to_reverb += linear(strip.sends.reverb_db) * outputs[strip.stem]
        to_delay += linear(strip.sends.delay_db) * outputs[strip.stem]
    if to_reverb.any():
        answer = reverb.process_reference(to_reverb, parameters.reverb, sample_rate)
        total += linear(parameters.reverb.return_db) * answer
    if to_delay.any():
        total += linear(parameters.delay.return_db) * delay.process_reference(to_delay, parameters.delay, sample_rate)
    return total


def master_output(
    total: NDArray[np.float64], master: Master, sample_rate: int, *, gain_db: float = 0.0
) -> NDArray[np.float64]:
    """The sum of groups and returns through the master, with the gain that its loudness asked for."""
    signal = eq.process_reference(total, master.eq, sample_rate)
    signal = compressor.process_reference(signal, master.compressor, sample_rate) * 10.0 ** (gain_db / 20.0)
    return limiter.process_reference(signal, master.limiter, master.ceiling_dbtp, sample_rate)
