"""The console at work on sound: strips into groups, groups into the master.

Nothing is measured or written here; :mod:`mixing.engine.console.renderer` feeds it blocks from files. The path of a
strip is trim, EQ, fader with pan and width; of a group, EQ and gain; of the master, EQ.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console import eq, kernels, pan
from mixing.engine.console.gain import linear
from mixing.engine.console.parameters import ConsoleParameters, GroupBus, Strip
from mixing.engine.console.support import refuse_unrendered
from mixing.engine.errors import MixFailed
from mixing.engine.roles import GROUPS, Group

BLOCK_FRAMES: Final = 8_192
"""Frames that are processed at a time: the buffers of strips, groups and master stay in the cache together."""


def audible_strips(parameters: ConsoleParameters) -> tuple[Strip, ...]:
    """The strips that reach the master: not muted, soloed if any is, fader and group not off; in order."""
    soloed = any(strip.solo for strip in parameters.strips)
    return tuple(
        strip
        for strip in parameters.strips
        if not strip.mute
        and (strip.solo or not soloed)
        and linear(strip.fader_db) > 0.0
        and linear(getattr(parameters.groups, strip.group).gain_db) > 0.0
    )


class Desk:
    """One console set for one session; it keeps the filters' memory from block to block.

    Parameters
    ----------
    parameters : ConsoleParameters
        Strips that are muted, off or not soloed need no entry in ``channels``.
    channels : Mapping[str, int]
        Channels of each audible stem by its name, 1 or 2.
    sample_rate : int
        Samples per second of every stem.

    Raises
    ------
    ParameterError
        With code ``not_rendered_yet`` if the console asks for an effect that is not rendered.
    """

    def __init__(self, parameters: ConsoleParameters, channels: Mapping[str, int], *, sample_rate: int) -> None:
        refuse_unrendered(parameters)
        strips = audible_strips(parameters)
        self._strips = tuple(_StripPath(strip, channels[strip.stem], sample_rate) for strip in strips)
        used = {strip.group for strip in strips}
        self._groups: dict[Group, _GroupPath] = {
            name: _GroupPath(getattr(parameters.groups, name), sample_rate) for name in GROUPS if name in used
        }
        self._sections = eq.sections(parameters.master.eq, sample_rate)
        self._state = _memory(2, self._sections)
        self._bus = np.zeros((2, BLOCK_FRAMES))
        self._scratch = np.empty((2, BLOCK_FRAMES))

    @property
    def stems(self) -> tuple[str, ...]:
        """The stems that are heard, in the order in which they are summed."""
        return tuple(path.stem for path in self._strips)

    def process(self, blocks: Mapping[str, NDArray[np.float32]], frames: int) -> NDArray[np.float32]:
        """Mix the next ``frames`` of every stem; any cutting of a song into blocks gives the same samples.

        Parameters
        ----------
        blocks : Mapping[str, NDArray[np.float32]]
            For each of :attr:`stems` its ``(channels, frames)``.

        Returns
        -------
        NDArray[np.float32]
            ``(2, frames)``, finite, before the gain towards the loudness.

        Raises
        ------
        MixFailed
            ``stem_not_finite`` if a stem holds a NaN or an infinity, ``mix_not_finite`` if the sum does not fit.
        """
        mix = np.empty((2, frames), dtype=np.float32)
        interleaved = {stem: np.ascontiguousarray(blocks[stem].T) for stem in self.stems}
        for start in range(0, frames, BLOCK_FRAMES):
            stop = min(start + BLOCK_FRAMES, frames)
            pieces = {stem: audio[start:stop] for stem, audio in interleaved.items()}
            mix[:, start:stop] = self._process_block(pieces, stop - start)
        return mix

    def _process_block(self, pieces: Mapping[str, NDArray[np.float32]], frames: int) -> NDArray[np.float32]:
        self._bus[:, :frames] = 0.0
        for group in self._groups.values():
            group.bus[:, :frames] = 0.0
        for strip in self._strips:
            strip.add(pieces[strip.stem], self._scratch, self._groups[strip.group].bus)
        for group in self._groups.values():
            group.add(frames, self._bus)
        mix = np.empty((2, frames), dtype=np.float32)
        if kernels.master_block(self._bus, frames, self._sections, self._state, mix) == kernels.NOT_FINITE:
            raise MixFailed("mix_not_finite", "The sum of the stems is too loud to be written; lower the trims.")
        return mix


class _StripPath:
    def __init__(self, strip: Strip, channels: int, sample_rate: int) -> None:
        self.stem = strip.stem
        self.group = strip.group
        self._gain = linear(strip.trim_db)
        self._sections = eq.sections(strip.eq, sample_rate)
        self._state = _memory(channels, self._sections)
        self._matrix = linear(strip.fader_db) * pan.matrix(pan=strip.pan, width=strip.width, channels=channels)

    def add(self, audio: NDArray[np.float32], scratch: NDArray[np.float64], bus: NDArray[np.float64]) -> None:
        answer = kernels.strip_block(audio, self._gain, self._sections, self._state, self._matrix, scratch, bus)
        if answer == kernels.NOT_FINITE:
            raise MixFailed(
                "stem_not_finite",
                f"{self.stem} holds samples that are not numbers; export it again and upload it anew.",
                field=self.stem,
            )


class _GroupPath:
    def __init__(self, group: GroupBus, sample_rate: int) -> None:
        self.bus = np.zeros((2, BLOCK_FRAMES))
        self._gain = linear(group.gain_db)
        self._sections = eq.sections(group.eq, sample_rate)
        self._state = _memory(2, self._sections)

    def add(self, frames: int, target: NDArray[np.float64]) -> None:
        kernels.bus_block(self.bus, frames, self._gain, self._sections, self._state, target)


def _memory(channels: int, sections: NDArray[np.float64]) -> NDArray[np.float64]:
    """What direct form I remembers: two inputs and two outputs of each band of each channel."""
    return np.zeros((channels, len(sections), 4))
