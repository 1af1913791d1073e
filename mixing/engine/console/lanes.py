"""Strips on lanes: which stems sound in a block, gathered into packs of sixteen lanes, and what they remember.

A stereo stem takes two neighbouring lanes, a mono stem one. A stem is in no pack while its bytes are zero and its
filters rest, so that silence costs nothing; its memory is kept until it sounds again. Packs hold the strips in the
console's order, and the buses are summed lane by lane in that order, so that a gathering never shows in the sum.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console import compressor, compressor_kernels, eq, pan, stored_kernels
from mixing.engine.console import lane_kernels as kernels
from mixing.engine.console.gain import linear
from mixing.engine.console.parameters import Compressor, ConsoleParameters, Eq, Strip
from mixing.engine.errors import MixFailed
from mixing.engine.roles import GROUPS

BLOCK_FRAMES: Final = 16_384
"""Frames that are processed at a time. Where a compressor was left in silence, this grid shows in the last bits."""
READ_BLOCKS: Final = 2
"""Blocks that are read from a file at a time."""
ROW_BYTES: Final = READ_BLOCKS * BLOCK_FRAMES * 8 + 64
"""Room for what is read of one stem, stereo float32 at the most, and for a vector behind it."""
_DB_PER_DOUBLING: Final = 20.0 * np.log10(2.0)
_OVER_BELOW: Final = 1e-9
_REVERB, _DELAY = 2 * len(GROUPS), 2 * len(GROUPS) + 2


def section_triples(settings: Eq, sample_rate: int) -> tuple[float, NDArray[np.float64]]:
    """The EQ as passes of three biquads: the product of their b0, which is left to the caller, and ``(triples, 12)``.

    What is missing to a whole triple is filled with sections that change nothing.
    """
    sections = eq.sections(settings, sample_rate)
    triples = -(-len(sections) // 3)
    rows = np.zeros((3 * triples, 4))
    rows[: len(sections)] = np.column_stack((sections[:, 1:3] / sections[:, :1], -sections[:, 3:]))
    return float(np.prod(sections[:, 0])), rows.reshape(triples, kernels.TRIPLE_VALUES)


class Settings:
    """EQ and compressor of some lanes, as the kernels take them, and what they remember; neutral at first.

    The compressor has a level for each lane or, where all lanes are sides of something stereo, for each two of them;
    its curve is repeated up to sixteen levels, the width of a vector.

    Parameters
    ----------
    lanes : int
        8 or 16; or 1 or 2 for a place to keep what a strip remembers.
    stereo : bool
        Whether all lanes are left and right of something.
    """

    def __init__(self, lanes: int, *, stereo: bool) -> None:
        self.triples = 0
        self.compressed = compressor_kernels.NOT_COMPRESSED
        self._width = min(lanes, stored_kernels.HALF_PACK)
        halves = lanes // self._width
        self.coefficients = np.zeros((halves, kernels.MOST_TRIPLES, kernels.TRIPLE_VALUES, self._width))
        self.memory = np.zeros((halves, kernels.MOST_TRIPLES, kernels.TRIPLE_MEMORY, self._width))
        self._lanes_a_level = 2 if stereo else 1
        levels = lanes // self._lanes_a_level
        self.linked = np.zeros(stored_kernels.LANES, dtype=np.float32)
        self.curve = np.zeros((compressor_kernels.COMPRESSOR_VALUES, stored_kernels.LANES), dtype=np.float32)
        self.times = np.zeros((compressor_kernels.COMPRESSOR_TIMES, levels))
        self.reduction_log2 = np.zeros(levels)
        self.levels = np.zeros(kernels.SUB_FRAMES * levels + 16, dtype=np.float32)
        self.resting = np.ones(lanes, dtype=np.bool_)

    def put(self, first: int, count: int, triples: NDArray[np.float64], dynamics: Compressor, sample_rate: int) -> None:
        """Set ``count`` lanes from ``first`` on, one strip's or group's."""
        half, lane = divmod(first, self._width)
        self.coefficients[half, : len(triples), :, lane : lane + count] = triples[:, :, np.newaxis]
        self.triples = max(self.triples, len(triples))
        if not dynamics.on:
            return
        self.compressed = compressor_kernels.BOTH_SIDES if self._lanes_a_level == 2 else compressor_kernels.LANE_BY_LANE
        self.linked[first : first + count] = count == 2
        levels = self.levels_of(first, count)
        keeps = np.array([compressor.memory(ms, sample_rate) for ms in (dynamics.attack_ms, dynamics.release_ms)])
        self.times[:, levels] = np.concatenate((keeps, 1.0 - keeps))[:, np.newaxis]
        for repeated in range(0, stored_kernels.LANES, self.reduction_log2.size):
            place = slice(repeated + levels.start, repeated + levels.stop)
            self.curve[:, place] = curve_of(dynamics)[:, np.newaxis]

    def filters_of(self, first: int, count: int) -> NDArray[np.float64]:
        """What the filters of ``count`` lanes from ``first`` on remember, to be read and written."""
        half, lane = divmod(first, self._width)
        return self.memory[half, :, :, lane : lane + count]

    def levels_of(self, first: int, count: int) -> slice:
        """Where the levels of ``count`` lanes from ``first`` on stand."""
        return slice(first // self._lanes_a_level, (first + count - 1) // self._lanes_a_level + 1)

    def rest(self, frames: int) -> None:
        """Let time pass in silence: the compressors let go."""
        self.reduction_log2 *= self.times[1] ** frames
        self.reduction_log2[np.abs(self.reduction_log2) < _OVER_BELOW] = 0.0


def curve_of(dynamics: Compressor) -> NDArray[np.float64]:
    """The rows that the kernels take; levels are in doublings, of 6.02 dB."""
    slope = 1.0 - 1.0 / dynamics.ratio
    knee = dynamics.knee_db / _DB_PER_DOUBLING
    threshold, makeup = dynamics.threshold_db / _DB_PER_DOUBLING, dynamics.makeup_db / _DB_PER_DOUBLING
    sign = 1.0 if dynamics.attack_ms <= dynamics.release_ms else -1.0
    bend = slope / (2.0 * knee) if knee else 0.0
    return np.array([threshold, knee / 2.0, knee, sign * bend, sign * slope, makeup, sign])


class StripPath:
    """A strip as its lanes need it, with what it remembers while it is in no pack."""

    def __init__(
        self, strip: Strip, channels: int, sample_rate: int, *, group: float = 1.0, reverb: float, delay: float
    ) -> None:
        self.stem = strip.stem
        self.channels = channels
        gain, self.triples = section_triples(strip.eq, sample_rate)
        self.trim = np.float32(linear(strip.trim_db) * gain)
        self.dynamics = strip.compressor
        self.matrix = np.zeros((channels, stored_kernels.LANES), dtype=np.float32)
        panned = linear(strip.fader_db) * pan.matrix(pan=strip.pan, width=strip.width, channels=channels).T
        lane = 2 * GROUPS.index(strip.group)
        self.matrix[:, lane : lane + 2] = group * panned
        self.matrix[:, _REVERB : _REVERB + 2] = linear(strip.sends.reverb_db) * reverb * panned
        self.matrix[:, _DELAY : _DELAY + 2] = linear(strip.sends.delay_db) * delay * panned
        self.kept = Settings(channels, stereo=channels == 2)
        self.kept.put(0, channels, self.triples, self.dynamics, sample_rate)

    @property
    def rests(self) -> bool:
        return bool(self.kept.resting.all())


class Pack:
    """Up to sixteen lanes of strips that sound together."""

    def __init__(self, members: Sequence[tuple[int, StripPath]], kinds: Mapping[str, int], sample_rate: int) -> None:
        self._members = members
        self._first = _first_lanes([path.channels for _, path in members])
        used = self._first[-1] + members[-1][1].channels
        self._lanes = next(size for size in kernels.PACK_SIZES if used <= size)
        stereo = all(path.channels == 2 for _, path in members)
        self._settings = Settings(max(self._lanes, stored_kernels.HALF_PACK), stereo=stereo)
        self._matrix = np.zeros((stored_kernels.LANES, stored_kernels.LANES), dtype=np.float32)
        self._buffer = np.zeros((kernels.SUB_FRAMES + 16) * stored_kernels.LANES, dtype=np.float32)
        rows = [
            (row * ROW_BYTES, kinds[path.stem], path.channels, first)
            for (row, path), first in zip(members, self._first, strict=True)
        ]
        self._places = np.array(rows, dtype=np.int64)
        self._trims = np.array([path.trim for _, path in members], dtype=np.float32)
        for (_, path), first in zip(members, self._first, strict=True):
            self._settings.put(first, path.channels, path.triples, path.dynamics, sample_rate)
            self._settings.filters_of(first, path.channels)[...] = path.kept.memory[0]
            self._settings.reduction_log2[self._settings.levels_of(first, path.channels)] = path.kept.reduction_log2
            self._matrix[first : first + path.channels] = path.matrix
        settings = self._settings
        self._arguments = (
            self._places,
            self._trims,
            self._lanes,
            self._buffer,
            settings.triples,
            settings.coefficients.reshape(-1),
            settings.memory.reshape(-1),
            settings.compressed,
            settings.linked,
            settings.curve.reshape(-1),
            settings.times.reshape(-1),
            settings.reduction_log2,
            settings.levels,
            self._matrix.reshape(-1),
            settings.resting,
        )

    def play(
        self, stored: NDArray[np.uint8], first: int, frames: int, bus: NDArray[np.float32], *, fresh: bool = False
    ) -> None:
        """Add a block to the buses, or with ``fresh`` set them, and tell the strips whether their filters rest."""
        kernels.play_pack(stored, first, frames, bus, fresh, *self._arguments)
        for (_, path), first in zip(self._members, self._first, strict=True):
            path.kept.resting[:] = self._settings.resting[first : first + path.channels]

    def dissolve(self) -> None:
        """Give the strips back what they have to remember."""
        for (_, path), first in zip(self._members, self._first, strict=True):
            path.kept.memory[0] = self._settings.filters_of(first, path.channels)
            levels = self._settings.levels_of(first, path.channels)
            path.kept.reduction_log2[:] = self._settings.reduction_log2[levels][: path.kept.reduction_log2.size]


def _first_lanes(channels: Sequence[int]) -> list[int]:
    """Where each strip's lanes begin; the two sides of a stereo strip begin at an even lane."""
    first, lane = [], 0
    for count in channels:
        lane += lane % 2 if count == 2 else 0
        first.append(lane)
        lane += count
    return first


class Strips:
    """The heard strips of a console, from stored bytes to the buses.

    Parameters
    ----------
    strips : Sequence[Strip]
        In the order of the sum; row n of the stored bytes belongs to strip n.
    channels, kinds : Mapping[str, int]
        By stem: 1 or 2 channels; bytes a sample as the kernels know them (``FORMAT_16``, ``_24``, ``_FLOAT``).
    sample_rate : int
        In Hz.
    """

    def __init__(
        self,
        strips: Sequence[Strip],
        parameters: ConsoleParameters,
        channels: Mapping[str, int],
        kinds: Mapping[str, int],
        *,
        sample_rate: int,
    ) -> None:
        reverb = float(linear(parameters.reverb.return_db) > 0.0)
        delay = float(linear(parameters.delay.return_db) > 0.0)
        # The groups' kernels leave out the common gain of their sections: it is in the way to them.
        groups = {name: section_triples(getattr(parameters.groups, name).eq, sample_rate)[0] for name in GROUPS}
        self.paths = [
            StripPath(strip, channels[strip.stem], sample_rate, group=groups[strip.group], reverb=reverb, delay=delay)
            for strip in strips
        ]
        self._kinds = kinds
        self._forms = [(kinds[path.stem], path.channels) for path in self.paths]
        self._sample_rate = sample_rate
        self._sounding: tuple[int, ...] = ()
        self._packs: list[Pack] = []

    def look_through(self, stored: NDArray[np.uint8], strip: int, frames: int, looks: NDArray[np.int64]) -> None:
        """Note in ``looks`` ``(READ_BLOCKS, strips)`` which blocks of a row sound, while it is near."""
        kind, channels = self._forms[strip]
        row = stored[strip].view(np.uint32)
        stored_kernels.look_through_row(row, frames, BLOCK_FRAMES, kind, channels, strip, looks)

    def play(
        self,
        stored: NDArray[np.uint8],
        first: int,
        frames: int,
        bus: NDArray[np.float32],
        look: NDArray[np.int64] | None = None,
    ) -> bool:
        """Set the buses ``[frames][16]`` from the frames of ``stored`` ``(strips, ROW_BYTES)`` from ``first`` on.

        ``first`` is a whole number of blocks; ``look`` what :meth:`look_through` noted of this block, if it did.
        Answers whether any strip sounds.

        Raises
        ------
        MixFailed
            ``stem_not_finite`` if a stem holds a NaN or an infinity.
        """
        sounding = self._which_sound(self._looked(stored, first, frames) if look is None else look)
        if sounding != self._sounding:
            self._gather(sounding)
        if not self._packs:
            bus[: frames * stored_kernels.LANES] = 0.0
        for index, pack in enumerate(self._packs):
            pack.play(stored.reshape(-1), first, frames, bus, fresh=index == 0)
        for index, path in enumerate(self.paths):
            if path.dynamics.on and index not in sounding:
                path.kept.rest(frames)
        return bool(sounding)

    def _looked(self, stored: NDArray[np.uint8], first: int, frames: int) -> NDArray[np.int64]:
        answers = np.zeros(len(self.paths), dtype=np.int64)
        kinds, channels = np.array(self._forms, dtype=np.int64).reshape(-1, 2).T.copy()
        stored_kernels.look_through(stored.view(np.uint32), first, frames, kinds, channels, answers)
        return answers

    def _which_sound(self, look: NDArray[np.int64]) -> tuple[int, ...]:
        answers = look.tolist()
        if stored_kernels.NOT_FINITE in answers:
            stem = self.paths[answers.index(stored_kernels.NOT_FINITE)].stem
            sentence = f"{stem} holds samples that are not numbers; export it again and upload it anew."
            raise MixFailed("stem_not_finite", sentence, field=stem)
        return tuple(
            index
            for index, (answer, path) in enumerate(zip(answers, self.paths, strict=True))
            if answer == stored_kernels.SOUNDING or not path.rests
        )

    def _gather(self, sounding: tuple[int, ...]) -> None:
        for pack in self._packs:
            pack.dissolve()
        self._packs = []
        members: list[tuple[int, StripPath]] = []
        for index in sounding:
            path = self.paths[index]
            first = _first_lanes([*(member.channels for _, member in members), path.channels])[-1]
            if first + path.channels > stored_kernels.LANES:
                self._packs.append(Pack(members, self._kinds, self._sample_rate))
                members = []
            members.append((index, path))
        if members:
            self._packs.append(Pack(members, self._kinds, self._sample_rate))
        self._sounding = sounding
