"""The second pass: one gain towards the loudness, the limiter, 24 bit, and what is measured on what was written."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path
from typing import IO, Final, Literal

import numpy as np
from numpy.typing import NDArray

from mixing.engine.audio.encode import wav_header
from mixing.engine.audio.loudness import LoudnessMeter
from mixing.engine.audio.peaks import PeakBuilder
from mixing.engine.audio.true_peak import TruePeakMeter
from mixing.engine.console import compressor, limiter
from mixing.engine.console import master_kernels as kernels
from mixing.engine.console.lanes import BLOCK_FRAMES
from mixing.engine.console.parameters import Limiter, Master
from mixing.engine.console.stages import SLOTS, run_in_stages

HeldBy = Literal["target", "ceiling", "none"]

_CLOSE_ENOUGH_LU: Final = 0.01
_CLOSE_ENOUGH_LIMITED_LU: Final = 0.05
"""Each further LU of gain gives less loudness the harder the limiter works; nobody hears a twentieth."""
_MOST_MASTERINGS: Final = 4
MOST_LIMITING_DB: Final = 6.0
"""The limiter never takes more than this of the largest peak: where a target asks for more, the mix stays quieter."""
_PADDED: Final = BLOCK_FRAMES + 2 * kernels.STEP
_FRAME_BYTES: Final = 6
_SCRATCH_FRAMES: Final = 2 * BLOCK_FRAMES
"""Written at a time: the system takes a few long pieces in half the time of many short ones."""


@dataclass(frozen=True, slots=True)
class Level:
    """What was measured; None for silence. Before a limiter the peak is that of the samples."""

    loudness_lufs: float | None
    true_peak_dbtp: float | None


@dataclass(frozen=True, slots=True)
class Mastered:
    """The file that was written, as :class:`mixing.engine.console.renderer.RenderReport` tells it."""

    level: Level
    loudness_range_lu: float | None
    short_term_max_lufs: float | None
    momentary_max_lufs: float | None
    gain_db: float
    held_by: HeldBy
    clipped_samples: int
    peaks: bytes
    sha256: str


class Scratch:
    """The mix before the master's gain, float32, in a file without a name: it is gone with the process."""

    def __init__(self, file: IO[bytes], frames: int) -> None:
        self._descriptor = file.fileno()
        self._written = 0
        self._waiting = np.empty((2, _SCRATCH_FRAMES), dtype=np.float32)
        self._waits = 0
        self.frames = frames
        _reserve(self._descriptor, self._place(2, 0))

    def append(self, mix: NDArray[np.float32], frames: int) -> None:
        """Take the next frames, the first ``frames`` of ``(2, ...)``; each side has its own half of the file."""
        taken = 0
        while taken < frames:
            count = min(frames - taken, _SCRATCH_FRAMES - self._waits)
            self._waiting[:, self._waits : self._waits + count] = mix[:, taken : taken + count]
            taken += count
            self._waits += count
            if self._waits == _SCRATCH_FRAMES:
                self._write()

    def _write(self) -> None:
        for side in range(2):
            data, place = self._waiting[side, : self._waits].data.cast("B"), self._place(side, self._written)
            while len(data):
                done = os.pwrite(self._descriptor, data, place)
                data, place = data[done:], place + done
        self._written += self._waits
        self._waits = 0

    def read(self, sides: Sequence[NDArray[np.float32]], start: int, frames: int) -> None:
        """Read frames from ``start`` on into the beginning of each side, zero behind the end of the sound."""
        if self._waits:
            self._write()
        there = max(0, min(frames, self.frames - start))
        for side, target in enumerate(sides):
            data, place = target[:there].data.cast("B"), self._place(side, start)
            while len(data):
                done = os.preadv(self._descriptor, [data], place)
                if not done:
                    raise OSError("The scratch file is shorter than what was written to it.")
                data, place = data[done:], place + done
            target[there:frames] = 0.0

    def _place(self, side: int, frame: int) -> int:
        return 4 * (side * self.frames + frame)


class _MasterStage:
    """The limiter on the scratch, where it is on; the gain itself is left to the rounding.

    A limiter at ceiling C behind a gain is the same limiter at C / gain before it.
    """

    def __init__(self, scratch: Scratch, master: Master, gain_db: float, sample_rate: int) -> None:
        self._scratch = scratch
        self.factor = np.float32(10.0 ** (gain_db / 20.0))
        self._ceiling = float(10.0 ** ((master.ceiling_dbtp - gain_db) / 20.0))
        self._read = 0
        self._on = master.limiter.on
        if self._on:
            self._prepare(master.limiter, sample_rate)

    def _prepare(self, settings: Limiter, sample_rate: int) -> None:
        self._ahead = limiter.lookahead(settings, sample_rate)
        late = limiter.latency_samples(settings, sample_rate)
        past, room = self._ahead + kernels.PAST, BLOCK_FRAMES + 2 * kernels.STRETCH
        self._past, self._row = past, past + room
        self._signal = np.zeros(2 * self._row, dtype=np.float32)
        self._phases = np.ascontiguousarray(limiter.phases(), dtype=np.float32).reshape(-1)
        self._most_gain = limiter.most_gain()
        self._release = compressor.memory(settings.release_ms, sample_rate)
        self._boxes = limiter.boxes(self._ahead)
        self._needed = np.zeros(room + 2 * past, dtype=np.float32)
        self._window = np.zeros(room + 2 * past, dtype=np.float32)
        self._released, self._smoothed = (np.zeros(length + BLOCK_FRAMES) for length in self._boxes)
        self._reduction = np.zeros(2)
        self._between = np.zeros(kernels.STRETCH + 2 * kernels.STEP, dtype=np.float32)
        self._limit(np.empty((2, late), dtype=np.float32), late)

    def next_block(self, out: NDArray[np.float32], frames: int) -> None:
        """The next ``frames`` of the song into ``out``, in time: the limiter reads ahead."""
        if self._on:
            self._limit(out, frames)
        else:
            self._scratch.read((out[0], out[1]), self._read, frames)
            self._read += frames

    def _limit(self, out: NDArray[np.float32], frames: int) -> None:
        sides = [self._signal[side * self._row + self._past : (side + 1) * self._row] for side in range(2)]
        self._scratch.read(sides, self._read, frames)
        self._read += frames
        kernels.limit(
            self._signal,
            self._row,
            self._ahead,
            frames,
            self._phases,
            self._most_gain,
            self._ceiling,
            self._release,
            *self._boxes,
            self._between,
            self._needed,
            self._window,
            self._released,
            self._smoothed,
            self._reduction,
            out,
        )


def master_to_target(
    scratch: Scratch,
    mixed: Level,
    master: Master,
    path: Path,
    *,
    sample_rate: int,
    threads: int,
    advance: Callable[[int], None],
) -> Mastered:
    """Write the mix, and again where the loudness moved by more or less than the gain.

    The absolute gate of BS.1770 leaves out what lies below -70 LUFS, so that a very quiet mix, once raised, counts
    passages that it did not count before; and a limiter takes loudness.
    """
    close = _CLOSE_ENOUGH_LIMITED_LU if master.limiter.on else _CLOSE_ENOUGH_LU
    gain_db, held_by = _gain_towards(master, mixed, 0.0)
    mastered = _write(scratch, gain_db, held_by, master, path, sample_rate, threads, advance)
    for _ in range(_MOST_MASTERINGS - 1):
        reached, target = mastered.level.loudness_lufs, master.target_lufs
        if held_by != "target" or reached is None or target is None or abs(reached - target) <= close:
            break
        gain_db, held_by = _gain_towards(master, Level(reached, mixed.true_peak_dbtp), gain_db)
        mastered = _write(scratch, gain_db, held_by, master, path, sample_rate, threads, advance)
    return mastered


def _gain_towards(master: Master, level: Level, applied_db: float) -> tuple[float, HeldBy]:
    """The gain, given a loudness that was measured with ``applied_db`` and a true peak that was measured without."""
    if master.target_lufs is None or level.loudness_lufs is None:
        return 0.0, "none"
    wanted = applied_db + master.target_lufs - level.loudness_lufs
    if level.true_peak_dbtp is None:
        return wanted, "target"
    allowed = master.ceiling_dbtp - level.true_peak_dbtp + (MOST_LIMITING_DB if master.limiter.on else 0.0)
    return (wanted, "target") if wanted <= allowed else (allowed, "ceiling")


def _write(
    scratch: Scratch,
    gain_db: float,
    held_by: HeldBy,
    master: Master,
    path: Path,
    sample_rate: int,
    threads: int,
    advance: Callable[[int], None],
) -> Mastered:
    loudness, true_peak, peaks = LoudnessMeter(sample_rate, 2), TruePeakMeter(2), PeakBuilder(sample_rate, 2)
    stage = _MasterStage(scratch, master, gain_db, sample_rate)
    blocks = [np.zeros((2, BLOCK_FRAMES), dtype=np.float32) for _ in range(SLOTS)]
    packed = [np.zeros(_FRAME_BYTES * _PADDED + 2 * 64, dtype=np.uint8) for _ in range(SLOTS)]
    clipped = 0
    head = wav_header(frames=scratch.frames, sample_rate=sample_rate, channels=2, subtype="PCM_24")
    sha256 = hashlib.sha256(head)
    with path.open("wb", buffering=0) as wav:
        _reserve(wav.fileno(), len(head) + _FRAME_BYTES * scratch.frames)
        wav.write(head)

        def process(turn: tuple[int, int]) -> tuple[int, NDArray[np.float32]]:
            nonlocal clipped
            slot, frames = turn[0] % SLOTS, turn[1]
            stage.next_block(blocks[slot], frames)
            clipped += kernels.to_24_bit(blocks[slot], frames, stage.factor, packed[slot])
            mix = np.ascontiguousarray(blocks[slot][:, :frames])
            true_peak.push(mix)
            peaks.push(mix)
            advance(frames)
            return slot, mix

        def measure(turn: tuple[int, NDArray[np.float32]]) -> None:
            slot, mix = turn
            data = packed[slot][: _FRAME_BYTES * mix.shape[1]]
            _write_whole(wav, data)
            sha256.update(data.data)
            loudness.push(mix)

        run_in_stages(enumerate(block_lengths(scratch.frames)), process, measure, threads=threads)
    level = Level(loudness.integrated_lufs(), true_peak.dbtp())
    return Mastered(
        level=level,
        loudness_range_lu=loudness.loudness_range_lu(),
        short_term_max_lufs=loudness.short_term_max_lufs(),
        momentary_max_lufs=loudness.momentary_max_lufs(),
        gain_db=gain_db,
        held_by=held_by,
        clipped_samples=clipped,
        peaks=peaks.to_bytes(),
        sha256=sha256.hexdigest(),
    )


def mastered_span(
    scratch: Scratch, master: Master, gain_db: float, sample_rate: int, first: int, last: int
) -> NDArray[np.float32]:
    """The frames from ``first`` to ``last`` of a scratch with gain and limiter, ``(2, last - first)``."""
    stage = _MasterStage(scratch, master, gain_db, sample_rate)
    whole = np.zeros((2, last), dtype=np.float32)
    block, at = np.zeros((2, _PADDED), dtype=np.float32), 0
    for frames in block_lengths(last):
        stage.next_block(block, frames)
        whole[:, at : at + frames] = block[:, :frames]
        at += frames
    return np.asarray(stage.factor * whole[:, first:])


def _reserve(descriptor: int, size: int) -> None:
    """Ask the file system for the room of a whole file at once, which is cheaper; where it cannot, it grows."""
    with contextlib.suppress(OSError, AttributeError):
        os.posix_fallocate(descriptor, 0, size)


def _write_whole(file: RawIOBase, data: NDArray[np.uint8]) -> None:
    rest = data.data
    while len(rest):
        rest = rest[file.write(rest) :]


def block_lengths(frames: int) -> Iterator[int]:
    """The lengths of the blocks of a song: all of them whole, but the last."""
    for start in range(0, frames, BLOCK_FRAMES):
        yield min(BLOCK_FRAMES, frames - start)
