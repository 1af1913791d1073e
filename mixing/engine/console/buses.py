"""Behind the strips: four groups, two returns and the master, block by block.

A group's path is EQ, compressor and gain; the master's EQ and compressor. The sends are taken from the strips, behind
fader and pan, so that a group's settings do not touch them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console import bus_kernels as kernels
from mixing.engine.console import cascade, eq, stored_kernels
from mixing.engine.console.gain import linear
from mixing.engine.console.lane_kernels import SUB_FRAMES, TRIPLE_VALUES
from mixing.engine.console.lanes import BLOCK_FRAMES, Settings, section_triples
from mixing.engine.console.parameters import ConsoleParameters, Master, Strip
from mixing.engine.console.returns import DelayReturn, ReverbReturn
from mixing.engine.errors import MixFailed
from mixing.engine.roles import GROUPS


class Buses:
    """Groups, returns and master of one console.

    Parameters
    ----------
    parameters : ConsoleParameters
        The console.
    strips : Sequence[Strip]
        Those that are heard: effects that none of them feeds cost nothing.
    sample_rate : int
        In Hz.
    """

    def __init__(self, parameters: ConsoleParameters, strips: Sequence[Strip], *, sample_rate: int) -> None:
        used = {strip.group for strip in strips}
        self._groups = Settings(kernels.GROUP_LANES, stereo=True)
        self._gains = np.zeros(kernels.GROUP_LANES, dtype=np.float32)
        for index, name in enumerate(GROUPS):
            if name in used:
                group = getattr(parameters.groups, name)
                self._gains[2 * index : 2 * index + 2] = linear(group.gain_db)
                _, triples = section_triples(group.eq, sample_rate)
                self._groups.put(2 * index, 2, triples, group.compressor, sample_rate)
        self._master = _Master(parameters.master, sample_rate)
        self._reverb = self._delay = None
        if linear(parameters.reverb.return_db) and any(linear(strip.sends.reverb_db) for strip in strips):
            self._reverb = ReverbReturn(parameters.reverb, sample_rate)
        if linear(parameters.delay.return_db) and any(linear(strip.sends.delay_db) for strip in strips):
            self._delay = DelayReturn(parameters.delay, sample_rate)
        self._returned, self._sum = (np.zeros((2, BLOCK_FRAMES + kernels.STEP), dtype=np.float32) for _ in range(2))
        self._sides = np.zeros(2 * SUB_FRAMES, dtype=np.float32)

    def play(self, bus: NDArray[np.float32], frames: int, mix: NDArray[np.float32], *, fed: bool) -> None:
        """Put the next ``frames`` of the master into ``mix`` ``(2, frames)``; ``fed`` tells whether any strip sounds.

        Raises
        ------
        MixFailed
            ``mix_not_finite`` if the sum does not fit into float32.
        """
        self._returned[...] = 0.0
        sounds = fed
        for effect in (self._reverb, self._delay):
            if effect is not None:
                sounds |= effect.play(bus, frames, self._returned, fed=fed)
        if not sounds and self._groups.resting.all() and self._master.resting.all():
            mix[:, :frames] = 0.0
            self._groups.rest(frames)
            self._master.rest(frames)
            return
        self._play_groups(bus, frames)
        if self._master.play(self._sum, frames, mix) == stored_kernels.NOT_FINITE:
            raise MixFailed("mix_not_finite", "The sum of the stems is too loud to be written; lower the trims.")

    def _play_groups(self, bus: NDArray[np.float32], frames: int) -> None:
        groups = self._groups
        kernels.play_groups(
            bus,
            frames,
            groups.triples,
            groups.coefficients.reshape(-1),
            groups.memory.reshape(-1),
            groups.compressed,
            groups.curve.reshape(-1),
            groups.times.reshape(-1),
            groups.reduction_log2,
            groups.levels,
            self._gains,
            self._returned,
            self._sides,
            self._sum,
            groups.resting,
        )


class _Master:
    """EQ and compressor of the master, and what they remember."""

    def __init__(self, master: Master, sample_rate: int) -> None:
        sections = eq.sections(master.eq, sample_rate)
        self._filtered = bool(len(sections))
        self._gain, self._coefficients = cascade.lanes_of(sections, cascade.LANES)
        self._begins = cascade.begins(cascade.LANES)
        self._memory = np.zeros((cascade.ROWS, cascade.LANES))
        self._dynamics = Settings(2, stereo=True)
        self._dynamics.put(0, 2, np.zeros((0, TRIPLE_VALUES)), master.compressor, sample_rate)
        self._levels = np.zeros(BLOCK_FRAMES + kernels.STEP, dtype=np.float32)
        self.resting = np.ones(cascade.LANES, dtype=np.bool_)

    def rest(self, frames: int) -> None:
        """Let time pass in silence: the compressor lets go."""
        self._dynamics.rest(frames)

    def play(self, sound: NDArray[np.float32], frames: int, mix: NDArray[np.float32]) -> int:
        dynamics = self._dynamics
        return kernels.play_master(
            sound,
            frames,
            self._filtered,
            self._gain,
            self._coefficients.reshape(-1),
            self._begins,
            self._memory.reshape(-1),
            dynamics.compressed,
            dynamics.curve.reshape(-1),
            dynamics.times.reshape(-1),
            dynamics.reduction_log2,
            self._levels,
            mix,
            self.resting,
        )
