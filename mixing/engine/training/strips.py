"""A session's processed stems and its mix in memory, by the lanes that also render: for measuring what a console does.

Only what trains and evaluates imports this module: whole excerpts lie in memory, where the renderer streams.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console import stored_kernels
from mixing.engine.console.desk import Desk, audible_strips
from mixing.engine.console.gain import linear
from mixing.engine.console.lanes import BLOCK_FRAMES, ROW_BYTES, Strips
from mixing.engine.console.parameters import Compressor, ConsoleParameters, Eq, GroupBus, Groups, Sends, Strip
from mixing.engine.roles import GROUPS

Sound = NDArray[np.float32]

_UNHEARD: Final = 1e-12
"""Power of a sample that has no gain of its own: below -120 dBFS it keeps that of the sample before it."""


@dataclass(frozen=True, slots=True)
class Processed:
    """What a console makes of a session.

    Parameters
    ----------
    stems : list[NDArray[np.float32]]
        In the order of the strips, each ``(2, samples)``: behind its strip and its group's EQ, compressor and gain.
        A stem that is not heard is silent.
    mix : NDArray[np.float32]
        ``(2, samples)``: groups and returns behind the master's EQ and compressor, before the gain towards the
        loudness and the limiter.
    """

    stems: list[Sound]
    mix: Sound


def processed(sounds: Sequence[Sound], parameters: ConsoleParameters, sample_rate: int) -> Processed:
    """Play a session through a console.

    Parameters
    ----------
    sounds : Sequence[NDArray[np.float32]]
        One for each strip, in its order, ``(1 or 2, samples)``, all of one length.
    parameters : ConsoleParameters
        The console; mute, solo and closed faders are honoured.
    sample_rate : int
        In Hz.

    Raises
    ------
    ValueError
        If sounds and strips are not as many, or not of one length.
    MixFailed
        ``mix_not_finite`` if the sum does not fit into float32.
    """
    if len(sounds) != len(parameters.strips) or len({sound.shape[1] for sound in sounds}) != 1:
        raise ValueError("A console takes one sound for each strip, all of one length.")
    heard = {strip.stem for strip in audible_strips(parameters)}
    places = [index for index, strip in enumerate(parameters.strips) if strip.stem in heard]
    strips = [parameters.strips[index] for index in places]
    outputs = through_strips([sounds[index] for index in places], strips, sample_rate)
    mix = _mixed([sounds[index] for index in places], outputs, strips, parameters, sample_rate)
    _through_groups(outputs, strips, parameters, sample_rate)
    stems = [np.zeros((2, sounds[0].shape[1]), dtype=np.float32) for _ in range(len(sounds) - len(places))]
    for index, output in zip(places, outputs, strict=True):
        stems.insert(index, output)
    return Processed(stems, mix if places else np.zeros((2, sounds[0].shape[1]), dtype=np.float32))


def processed_stems(sounds: Sequence[Sound], parameters: ConsoleParameters, sample_rate: int) -> list[Sound]:
    """The stems of :func:`processed`: they sum to the master's input without the returns."""
    return processed(sounds, parameters, sample_rate).stems


def through_strips(sounds: Sequence[Sound], strips: Sequence[Strip], sample_rate: int) -> list[Sound]:
    """Each sound ``(1 or 2, samples)`` through the strip beside it, as its group gets it: ``(2, samples)`` each."""
    outputs = [np.empty((2, sound.shape[1]), dtype=np.float32) for sound in sounds]
    for first in range(0, len(sounds), len(GROUPS)):
        some = slice(first, first + len(GROUPS))
        _play_apart(sounds[some], strips[some], sample_rate, outputs[some])
    return outputs


def _play_apart(sounds: Sequence[Sound], strips: Sequence[Strip], sample_rate: int, outputs: Sequence[Sound]) -> None:
    """As many strips as there are groups, each put into a group of its own, so that the buses keep them apart."""
    alone = tuple(
        replace(strip, stem=name, group=name, sends=Sends()) for name, strip in zip(GROUPS, strips, strict=False)
    )
    channels = {strip.stem: sound.shape[0] for strip, sound in zip(alone, sounds, strict=True)}
    kinds = dict.fromkeys(channels, stored_kernels.FORMAT_FLOAT)
    playing = Strips(alone, ConsoleParameters(strips=alone), channels, kinds, sample_rate=sample_rate)
    stored = np.zeros((len(alone), ROW_BYTES), dtype=np.uint8)
    bus = np.empty(BLOCK_FRAMES * stored_kernels.LANES, dtype=np.float32)
    lanes = bus.reshape(BLOCK_FRAMES, stored_kernels.LANES)
    for start in range(0, sounds[0].shape[1], BLOCK_FRAMES):
        frames = min(BLOCK_FRAMES, sounds[0].shape[1] - start)
        for row, sound in zip(stored.view(np.float32), sounds, strict=True):
            values = sound.shape[0] * frames
            row[:values].reshape(frames, -1)[...] = sound[:, start : start + frames].T
            row[values : values + stored_kernels.LANES] = 0.0
        playing.play(stored, 0, frames, bus)
        for place, output in enumerate(outputs):
            output[:, start : start + frames] = lanes[:frames, 2 * place : 2 * place + 2].T


def _through_groups(
    outputs: list[Sound], strips: Sequence[Strip], parameters: ConsoleParameters, sample_rate: int
) -> None:
    """Give each stem, in place, its group's EQ and gain, and the gain curve that the compressor draws for the sum."""
    for name in GROUPS:
        group: GroupBus = getattr(parameters.groups, name)
        members = [index for index, strip in enumerate(strips) if strip.group == name]
        if group == GroupBus() or not members:
            continue
        bus = Strip(stem="bus", eq=group.eq, fader_db=group.gain_db)
        total = np.asarray(np.sum([outputs[index] for index in members], axis=0, dtype=np.float32))
        if group.eq == Eq():
            through = [outputs[index] * np.float32(linear(group.gain_db)) for index in members]
        else:
            through = through_strips([outputs[index] for index in members], [bus] * len(members), sample_rate)
        if group.compressor.on:
            gains = _gains(total, bus, group.compressor, sample_rate)
            through = [sound * gains for sound in through]
        for index, sound in zip(members, through, strict=True):
            outputs[index] = sound


def _gains(total: Sound, bus: Strip, compressor: Compressor, sample_rate: int) -> NDArray[np.float32]:
    """The gain, sample by sample, that leads from the group's sum without its compressor to that with it."""
    settings = [bus, replace(bus, compressor=compressor)]
    before, after = (sound.astype(np.float64) for sound in through_strips([total, total], settings, sample_rate))
    power = (before * before).sum(axis=0)
    heard = power > _UNHEARD
    gains = np.where(heard, (after * before).sum(axis=0) / np.where(heard, power, 1.0), 1.0)
    latest = np.maximum.accumulate(np.where(heard, np.arange(gains.size), 0))
    return np.asarray(gains[latest], dtype=np.float32)


def _mixed(
    sounds: Sequence[Sound],
    outputs: Sequence[Sound],
    strips: Sequence[Strip],
    parameters: ConsoleParameters,
    sample_rate: int,
) -> Sound:
    """What the strips sum to behind groups, returns and master; by the desk where these do anything."""
    samples = sounds[0].shape[1] if sounds else 0
    if _only_sums(strips, parameters):
        mix = np.zeros((2, samples), dtype=np.float32)
        for output in outputs:
            mix += output
        return mix
    channels = {strip.stem: sound.shape[0] for strip, sound in zip(strips, sounds, strict=True)}
    desk = Desk(replace(parameters, strips=tuple(strips)), channels, sample_rate=sample_rate)
    return desk.process(dict(zip(channels, sounds, strict=True)), samples)


def _only_sums(strips: Sequence[Strip], parameters: ConsoleParameters) -> bool:
    master = parameters.master
    return (
        parameters.groups == Groups()
        and master.eq == Eq()
        and not master.compressor.on
        and all(strip.sends == Sends() for strip in strips)
    )
