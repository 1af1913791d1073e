"""From stems and a console to a finished mix, in blocks: memory does not grow with the song.

The first pass runs the desk into a scratch file and measures loudness and true peak; the second applies one gain
towards the target loudness, which stops where the true peak would pass the ceiling, writes 24-bit WAV and measures
what was written. The same stems and parameters give the same bytes.
"""

from __future__ import annotations

import math
import os
import tempfile
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from mixing.engine.audio.encode import WavWriter
from mixing.engine.audio.loudness import LoudnessMeter
from mixing.engine.audio.true_peak import TruePeakMeter
from mixing.engine.console import limiter
from mixing.engine.console.desk import Desk, audible_strips
from mixing.engine.console.lanes import BLOCK_FRAMES, READ_BLOCKS
from mixing.engine.console.mastering import HeldBy, Level, Scratch, block_lengths, master_to_target, mastered_span
from mixing.engine.console.parameters import (
    SAMPLE_RATES,
    Compressor,
    ConsoleParameters,
    Eq,
    GroupBus,
    Groups,
    Limiter,
    Master,
    Peak,
    Sends,
    Strip,
)
from mixing.engine.console.sources import Stems, StemSource, refuse_mismatch
from mixing.engine.console.stages import SLOTS, run_in_stages
from mixing.engine.errors import Cancelled, MixFailed

WATCH_BLOCKS: Final = 4
"""Blocks between two questions whether to stop."""

Stage = Literal["mixing", "mastering"]


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderReport:
    """What was measured on the file that was written.

    Parameters
    ----------
    sample_rate, frames, duration_s : int, int, float
        Of the written WAV, which is stereo, 24 bit.
    loudness_lufs, true_peak_dbtp : float | None
        Integrated loudness and true peak; None for silence.
    loudness_range_lu, short_term_max_lufs, momentary_max_lufs : float | None
        After EBU Tech 3342 and 3341; None for silence and for sounds shorter than 3 s, or 400 ms for the last.
    gain_db : float
        The gain between the sum of the groups after the master EQ and the file.
    target_lufs : float | None
        What was asked for.
    held_by : {"target", "ceiling", "none"}
        What ended the gain: the target that was reached, or before it the ceiling, which a limiter lets the largest
        peak pass by ``MOST_LIMITING_DB`` and no more; "none" if none was applied.
    clipped_samples : int
        Samples that passed full scale and were held there; only a mix without a target can have some.
    peaks : bytes
        The waveform, as :func:`mixing.engine.audio.peaks.read` takes it.
    sha256 : str
        Of the file's bytes.
    """

    sample_rate: int
    frames: int
    duration_s: float
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    loudness_range_lu: float | None
    short_term_max_lufs: float | None
    momentary_max_lufs: float | None
    gain_db: float
    target_lufs: float | None
    held_by: HeldBy
    clipped_samples: int
    peaks: bytes
    sha256: str

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values, without the peaks."""
        return {item.name: getattr(self, item.name) for item in fields(self) if item.name != "peaks"}


def render(
    stems: Sequence[StemSource],
    parameters: ConsoleParameters,
    *,
    sample_rate: int,
    output: Path,
    scratch_dir: Path | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    report_progress_stage: Callable[[Stage], None] | None = None,
    threads: int = 2,
) -> RenderReport:
    """Mix stems with a console into a stereo 24-bit WAV.

    Parameters
    ----------
    stems : Sequence[StemSource]
        One for each strip, in any order; shorter ones end in silence, and the longest gives the length.
    parameters : ConsoleParameters
        The console; strips are summed in its order.
    sample_rate : int
        44100 or 48000, the rate of every stem.
    output : Path
        Appears when the mix is whole, or not at all; an older file is replaced.
    scratch_dir : Path | None
        Where eight bytes a frame are kept for the time of the call; by default beside ``output``.
    progress : Callable[[float], None] | None
        Told 0 to 1, never falling, between blocks.
    cancelled : Callable[[], bool] | None
        Asked between blocks.
    report_progress_stage : Callable[[Stage], None] | None
        Told ``"mixing"`` and then ``"mastering"``.
    threads : int
        1, or more to let strips and buses, and mastering and measuring, run side by side. The bytes are the same.

    Raises
    ------
    MixFailed
        If stems and strips do not belong together, or a stem cannot be mixed; ``field`` names the stem.
    Cancelled
        If ``cancelled`` said so; nothing is left behind.
    """
    refuse_mismatch(stems, parameters)
    _refuse_rate(parameters, sample_rate)
    tell_stage = report_progress_stage or (lambda stage: None)
    partial = output.with_name(f".{output.name}.{uuid.uuid4().hex}.part")
    try:
        with (
            Stems(stems, sample_rate=sample_rate) as session,
            tempfile.TemporaryFile(dir=scratch_dir or output.parent) as file,
        ):
            heard = len(audible_strips(parameters))
            watch = _Watch(progress, cancelled, work=session.frames * (heard + 2 * _MIXED_COST))
            scratch = Scratch(file, session.frames)
            tell_stage("mixing")
            mixed = _mix(session, parameters, sample_rate, scratch, threads, watch)
            tell_stage("mastering")
            mastered = master_to_target(
                scratch,
                mixed,
                parameters.master,
                partial,
                sample_rate=sample_rate,
                threads=threads,
                advance=lambda frames: watch.advance(frames * _MIXED_COST),
            )
        os.replace(partial, output)
    finally:
        partial.unlink(missing_ok=True)
    watch.finish()
    return RenderReport(
        sample_rate=sample_rate,
        frames=session.frames,
        duration_s=session.frames / sample_rate,
        loudness_lufs=mastered.level.loudness_lufs,
        true_peak_dbtp=mastered.level.true_peak_dbtp,
        loudness_range_lu=mastered.loudness_range_lu,
        short_term_max_lufs=mastered.short_term_max_lufs,
        momentary_max_lufs=mastered.momentary_max_lufs,
        gain_db=mastered.gain_db,
        target_lufs=parameters.master.target_lufs,
        held_by=mastered.held_by,
        clipped_samples=mastered.clipped_samples,
        peaks=mastered.peaks,
        sha256=mastered.sha256,
    )


def render_span(
    stems: Sequence[StemSource],
    parameters: ConsoleParameters,
    *,
    sample_rate: int,
    start_s: float,
    duration_s: float,
    gain_db: float = 0.0,
    preroll_s: float = 1.0,
    cancelled: Callable[[], bool] | None = None,
) -> NDArray[np.float32]:
    """A stretch of a mix, as it would sound after a change, without rendering the song.

    The console starts ``preroll_s`` before the stretch, from silence, so that filters, envelopes and tails have come
    in: what is older than that is missing.

    Parameters
    ----------
    stems, parameters, sample_rate, cancelled
        As :func:`render` takes them.
    start_s, duration_s : float
        The stretch in seconds, from 0; it ends with the song at the latest.
    gain_db : float
        The gain towards the loudness, which a whole render has reported as ``gain_db``.
    preroll_s : float
        Seconds before the stretch that are rendered and left out.

    Returns
    -------
    NDArray[np.float32]
        ``(2, frames)``, limited where the console says so; without frames if the song is shorter.

    Raises
    ------
    MixFailed, Cancelled
        As :func:`render`.
    """
    refuse_mismatch(stems, parameters)
    _refuse_rate(parameters, sample_rate)
    with Stems(stems, sample_rate=sample_rate) as session, tempfile.TemporaryFile() as file:
        first = min(round(start_s * sample_rate), session.frames)
        last = min(first + round(duration_s * sample_rate), session.frames)
        begin = max(0, first - round(preroll_s * sample_rate)) // BLOCK_FRAMES * BLOCK_FRAMES
        ahead = limiter.latency_samples(parameters.master.limiter, sample_rate)
        end = min(last + ahead, session.frames)
        scratch = Scratch(file, end - begin)
        watch = _Watch(None, cancelled, work=1)
        desk = Desk(parameters, session.channels, sample_rate=sample_rate, kinds=session.sample_bytes)
        _play(desk, session, begin, end, watch, 1, scratch.append)
        return mastered_span(scratch, parameters.master, gain_db, sample_rate, first - begin, last - begin)


def warm() -> None:
    """Compile every kernel of a render, or load it from the cache, by mixing half a second; for a worker's start."""
    rate = SAMPLE_RATES[0]
    saw = np.tile(np.linspace(-0.25, 0.25, 100, dtype=np.float32), (2, rate // 200))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for channels in (1, 2):
            with WavWriter(folder / f"{channels}.wav", sample_rate=rate, channels=channels) as wav:
                wav.write(saw[:channels])
        eq, compressor = Eq(peak_1=Peak(gain_db=1.0)), Compressor(on=True)
        sends = Sends(reverb_db=-12.0, delay_db=-12.0)
        console = ConsoleParameters(
            strips=tuple(Strip(stem=str(channels), eq=eq, compressor=compressor, sends=sends) for channels in (1, 2)),
            groups=Groups(music=GroupBus(eq=eq, compressor=compressor)),
            master=Master(eq=eq, compressor=compressor, target_lufs=-14.0, limiter=Limiter(on=True)),
        )
        sources = [StemSource(str(channels), folder / f"{channels}.wav") for channels in (1, 2)]
        render(sources, console, sample_rate=rate, output=folder / "mix.wav")
        unlimited = replace(console, master=Master(target_lufs=-14.0))
        render(sources, unlimited, sample_rate=rate, output=folder / "mix.wav")


def _refuse_rate(parameters: ConsoleParameters, sample_rate: int) -> None:
    if sample_rate not in SAMPLE_RATES:
        raise MixFailed("session_rate", f"A session has 44100 or 48000 samples a second, not {sample_rate}.")
    if parameters.sample_rate not in (None, sample_rate):
        sentence = f"This console was set for {parameters.sample_rate} Hz and the session has {sample_rate} Hz."
        raise MixFailed("console_rate", sentence, field="sample_rate")


# ---- the two passes --------------------------------------------------------------------------------------------------

_MIXED_COST: Final = 3
"""Measuring or writing a frame of the mix takes about as long as three strips."""


def _mix(
    session: Stems, parameters: ConsoleParameters, sample_rate: int, scratch: Scratch, threads: int, watch: _Watch
) -> Level:
    """Pass one: run the desk over the whole song into the scratch file."""
    desk = Desk(parameters, session.channels, sample_rate=sample_rate, kinds=session.sample_bytes)
    loudness, true_peak = LoudnessMeter(sample_rate, 2), TruePeakMeter(2)
    limited = parameters.master.limiter.on
    largest = 0.0

    def take(mix: NDArray[np.float32], frames: int) -> None:
        nonlocal largest
        block = np.ascontiguousarray(mix[:, :frames])
        loudness.push(block)
        if limited:  # which finds the true peaks itself
            largest = max(largest, float(block.max()), -float(block.min()))
        else:
            true_peak.push(block)
        scratch.append(mix, frames)

    _play(desk, session, 0, session.frames, watch, threads, take)
    if limited:
        return Level(loudness.integrated_lufs(), 20.0 * math.log10(largest) if largest else None)
    return Level(loudness.integrated_lufs(), true_peak.dbtp())


def _play(
    desk: Desk,
    session: Stems,
    begin: int,
    end: int,
    watch: _Watch,
    threads: int,
    take: Callable[[NDArray[np.float32], int], None],
) -> None:
    """Run the desk over the frames from ``begin``, on the grid of blocks, to ``end``; ``take`` gets each block."""
    stored, mix = desk.stored(), np.zeros((2, BLOCK_FRAMES), dtype=np.float32)
    buses = [desk.bus() for _ in range(SLOTS if threads > 1 else 1)]
    looks = np.zeros((READ_BLOCKS, len(desk.stems)), dtype=np.int64)

    def play_strips(turn: tuple[int, int]) -> tuple[int, int, bool]:
        index, frames = turn
        if index % READ_BLOCKS == 0:
            at = begin + index * BLOCK_FRAMES
            count = min(READ_BLOCKS * BLOCK_FRAMES, end - at)
            for number, (row, stem) in enumerate(zip(stored, desk.stems, strict=True)):
                session.read_into(row, stem, at, count)
                desk.strips.look_through(stored, number, count, looks)
        block = index % READ_BLOCKS
        fed = desk.strips.play(stored, block * BLOCK_FRAMES, frames, buses[index % len(buses)], looks[block])
        watch.advance(frames * (len(desk.stems) + _MIXED_COST))
        return index % len(buses), frames, fed

    def play_buses(turn: tuple[int, int, bool]) -> None:
        slot, frames, fed = turn
        desk.buses.play(buses[slot], frames, mix, fed=fed)
        take(mix, frames)

    run_in_stages(enumerate(block_lengths(end - begin)), play_strips, play_buses, threads=threads)


class _Watch:
    """Between two blocks: tells how much of the work is done and asks whether to stop."""

    def __init__(
        self, progress: Callable[[float], None] | None, cancelled: Callable[[], bool] | None, *, work: int
    ) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._work = work
        self._done = 0
        self._blocks = -1

    def advance(self, work: int) -> None:
        self._done += work
        self._blocks += 1
        if self._blocks % WATCH_BLOCKS:
            return
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        # One is told at the very end: a repeated mastering does more work than was foreseen.
        if self._progress is not None:
            self._progress(min(self._done / self._work, _NEARLY))

    def finish(self) -> None:
        if self._progress is not None:
            self._progress(1.0)


_NEARLY: Final = 0.99
