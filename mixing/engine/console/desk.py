"""The console at work on sound: strips into groups and returns, these into the master.

Nothing is measured or written here; :mod:`mixing.engine.console.renderer` feeds it blocks of bytes from files. The path
of a strip is trim, EQ, compressor, fader with pan and width, and behind these the sends; of a group, EQ, compressor and
gain; of the master, EQ and compressor.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console import stored_kernels
from mixing.engine.console.buses import Buses
from mixing.engine.console.gain import linear
from mixing.engine.console.lanes import BLOCK_FRAMES, ROW_BYTES, Strips
from mixing.engine.console.parameters import ConsoleParameters, Strip


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
    """One console set for one session; it keeps what its effects remember from block to block.

    Parameters
    ----------
    parameters : ConsoleParameters
        Strips that are muted, off or not soloed need no entry in ``channels``.
    channels : Mapping[str, int]
        Channels of each audible stem by its name, 1 or 2.
    sample_rate : int
        Samples per second of every stem.
    kinds : Mapping[str, int] | None
        How each audible stem's samples are stored, as :mod:`mixing.engine.console.stored_kernels` names it; float32 if
        absent.
    """

    def __init__(
        self,
        parameters: ConsoleParameters,
        channels: Mapping[str, int],
        *,
        sample_rate: int,
        kinds: Mapping[str, int] | None = None,
    ) -> None:
        heard = audible_strips(parameters)
        self.stems: tuple[str, ...] = tuple(strip.stem for strip in heard)
        """The stems that are heard, in the order in which they are summed."""
        self.channels = channels
        self.kinds = kinds or dict.fromkeys(self.stems, stored_kernels.FORMAT_FLOAT)
        self.strips = Strips(heard, parameters, channels, self.kinds, sample_rate=sample_rate)
        self.buses = Buses(parameters, heard, sample_rate=sample_rate)

    def stored(self) -> NDArray[np.uint8]:
        """A buffer for the bytes of ``READ_BLOCKS`` blocks: a row for each of :attr:`stems`, zero behind its bytes."""
        return np.zeros((len(self.stems), ROW_BYTES), dtype=np.uint8)

    @staticmethod
    def bus() -> NDArray[np.float32]:
        """A buffer for what the strips hand to the groups and effects in one block."""
        return np.zeros(BLOCK_FRAMES * stored_kernels.LANES, dtype=np.float32)

    def process(self, blocks: Mapping[str, NDArray[np.float32]], frames: int) -> NDArray[np.float32]:
        """Mix the next ``frames`` of every stem, given as arrays.

        Reverb and delay work in steps of sixteen samples: with them, all blocks but the last are a whole number of
        steps long. The compressors of silent stems let go block by block, which shows in no more than the last bits.

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
        bus, part = self.bus(), np.empty((2, BLOCK_FRAMES), dtype=np.float32)
        for start in range(0, frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, frames - start)
            stored = self.stored()
            for row, stem in zip(stored, self.stems, strict=True):
                samples = np.ascontiguousarray(blocks[stem][:, start : start + count].T, dtype=np.float32)
                row[: samples.nbytes] = samples.reshape(-1).view(np.uint8)
            fed = self.strips.play(stored, 0, count, bus)
            self.buses.play(bus, count, part, fed=fed)
            mix[:, start : start + count] = part[:, :count]
        return mix
