"""From stems and a console to a finished mix, in blocks: memory does not grow with the song.

The first pass runs the desk into a scratch file and measures loudness and true peak; the second applies one gain
towards the target loudness, which stops where the true peak would pass the ceiling, writes 24-bit WAV and measures
what was written. The same stems and parameters give the same bytes.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import IO, Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from mixing.engine.audio.encode import WavWriter
from mixing.engine.audio.loudness import LoudnessMeter
from mixing.engine.audio.peaks import PeakBuilder
from mixing.engine.audio.true_peak import TruePeakMeter
from mixing.engine.console import kernels
from mixing.engine.console.desk import Desk, audible_strips
from mixing.engine.console.parameters import SAMPLE_RATES, ConsoleParameters, Eq, Master, Peak, Strip
from mixing.engine.console.sources import Stems, StemSource, refuse_mismatch
from mixing.engine.console.support import refuse_unrendered
from mixing.engine.errors import Cancelled, MixFailed

FILE_FRAMES: Final = 32_768
"""Frames that are read and written at a time."""

Stage = Literal["mixing", "mastering"]
HeldBy = Literal["target", "ceiling", "none"]

_CLOSE_ENOUGH_LU: Final = 0.01
_MOST_MASTERINGS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class RenderReport:
    """What was measured on the file that was written.

    Parameters
    ----------
    sample_rate, frames, duration_s : int, int, float
        Of the written WAV, which is stereo, 24 bit.
    loudness_lufs, true_peak_dbtp : float | None
        Integrated loudness and true peak; None for silence.
    gain_db : float
        The gain between the sum of the groups after the master EQ and the file.
    target_lufs : float | None
        What was asked for.
    held_by : {"target", "ceiling", "none"}
        What ended the gain: the target that was reached, or the ceiling before it; "none" if none was applied.
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

    Raises
    ------
    ParameterError
        With code ``not_rendered_yet`` and the knob's path, if the console asks for an effect that is not rendered.
    MixFailed
        If stems and strips do not belong together, or a stem cannot be mixed; ``field`` names the stem.
    Cancelled
        If ``cancelled`` said so; nothing is left behind.
    """
    refuse_unrendered(parameters)
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
            scratch = _Scratch(file, session.frames)
            tell_stage("mixing")
            mixed = _mix(session, parameters, sample_rate, scratch, watch)
            tell_stage("mastering")
            mastered = _master_to_target(scratch, mixed, parameters.master, partial, sample_rate, watch)
        with partial.open("rb") as written:
            sha256 = hashlib.file_digest(written, "sha256").hexdigest()
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
        gain_db=mastered.gain_db,
        target_lufs=parameters.master.target_lufs,
        held_by=mastered.held_by,
        clipped_samples=mastered.clipped_samples,
        peaks=mastered.peaks,
        sha256=sha256,
    )


def warm() -> None:
    """Compile every kernel of a render, or load it from the cache, by mixing half a second; for a worker's start."""
    rate = SAMPLE_RATES[0]
    saw = np.tile(np.linspace(-0.25, 0.25, 100, dtype=np.float32), (2, rate // 200))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for channels in (1, 2):
            with WavWriter(folder / f"{channels}.wav", sample_rate=rate, channels=channels) as wav:
                wav.write(saw[:channels])
        eq = Eq(peak_1=Peak(gain_db=1.0))
        console = ConsoleParameters(
            strips=tuple(Strip(stem=str(channels), eq=eq) for channels in (1, 2)),
            master=Master(eq=eq, target_lufs=-14.0),
        )
        sources = [StemSource(str(channels), folder / f"{channels}.wav") for channels in (1, 2)]
        render(sources, console, sample_rate=rate, output=folder / "mix.wav")


def _refuse_rate(parameters: ConsoleParameters, sample_rate: int) -> None:
    if sample_rate not in SAMPLE_RATES:
        raise MixFailed("session_rate", f"A session has 44100 or 48000 samples a second, not {sample_rate}.")
    if parameters.sample_rate not in (None, sample_rate):
        sentence = f"This console was set for {parameters.sample_rate} Hz and the session has {sample_rate} Hz."
        raise MixFailed("console_rate", sentence, field="sample_rate")


# ---- the two passes --------------------------------------------------------------------------------------------------

_MIXED_COST: Final = 3
"""Measuring or writing a frame of the mix takes about as long as three strips."""


@dataclass(frozen=True, slots=True)
class _Level:
    loudness_lufs: float | None
    true_peak_dbtp: float | None


@dataclass(frozen=True, slots=True)
class _Mastered:
    level: _Level
    gain_db: float
    held_by: HeldBy
    clipped_samples: int
    peaks: bytes


def _mix(session: Stems, parameters: ConsoleParameters, sample_rate: int, scratch: _Scratch, watch: _Watch) -> _Level:
    """Pass one: run the desk over the whole song into the scratch file."""
    desk = Desk(parameters, session.channels, sample_rate=sample_rate)
    loudness, true_peak = LoudnessMeter(sample_rate, 2), TruePeakMeter(2)
    for start in range(0, session.frames, FILE_FRAMES):
        frames = min(FILE_FRAMES, session.frames - start)
        mix = desk.process({name: session.read(name, frames) for name in desk.stems}, frames)
        loudness.push(mix)
        true_peak.push(mix)
        scratch.append(mix)
        watch.advance(frames * (len(desk.stems) + _MIXED_COST))
    return _Level(loudness.integrated_lufs(), true_peak.dbtp())


def _master_to_target(
    scratch: _Scratch, mixed: _Level, master: Master, path: Path, sample_rate: int, watch: _Watch
) -> _Mastered:
    """Pass two, and again where the loudness moved by more than the gain.

    The absolute gate of BS.1770 leaves out what lies below -70 LUFS, so that a very quiet mix, once raised, counts
    passages that it did not count before.
    """
    gain_db, held_by = _gain_towards(master, mixed, 0.0)
    mastered = _write(scratch, gain_db, held_by, path, sample_rate, watch)
    for _ in range(_MOST_MASTERINGS - 1):
        reached, target = mastered.level.loudness_lufs, master.target_lufs
        if held_by != "target" or reached is None or target is None or abs(reached - target) <= _CLOSE_ENOUGH_LU:
            break
        gain_db, held_by = _gain_towards(master, _Level(reached, mixed.true_peak_dbtp), gain_db)
        mastered = _write(scratch, gain_db, held_by, path, sample_rate, watch)
    return mastered


def _gain_towards(master: Master, level: _Level, applied_db: float) -> tuple[float, HeldBy]:
    """The gain, given a loudness that was measured with ``applied_db`` and a true peak that was measured without."""
    if master.target_lufs is None or level.loudness_lufs is None or level.true_peak_dbtp is None:
        return 0.0, "none"
    wanted = applied_db + master.target_lufs - level.loudness_lufs
    allowed = master.ceiling_dbtp - level.true_peak_dbtp
    return (wanted, "target") if wanted <= allowed else (allowed, "ceiling")


def _write(
    scratch: _Scratch, gain_db: float, held_by: HeldBy, path: Path, sample_rate: int, watch: _Watch
) -> _Mastered:
    loudness, true_peak, peaks = LoudnessMeter(sample_rate, 2), TruePeakMeter(2), PeakBuilder(sample_rate, 2)
    factor = 10.0 ** (gain_db / 20.0)
    clipped = 0
    with WavWriter(path, sample_rate=sample_rate, channels=2, subtype="PCM_24") as wav:
        for mix in scratch.blocks():
            clipped += kernels.to_24_bit(mix, factor)
            wav.write(mix)
            loudness.push(mix)
            true_peak.push(mix)
            peaks.push(mix)
            watch.advance(mix.shape[1] * _MIXED_COST)
    level = _Level(loudness.integrated_lufs(), true_peak.dbtp())
    return _Mastered(level, gain_db, held_by, clipped, peaks.to_bytes())


class _Scratch:
    """The mix before the master's gain, float32, in a file without a name: it is gone with the process."""

    def __init__(self, file: IO[bytes], frames: int) -> None:
        self._file = file
        self._frames = frames

    def append(self, mix: NDArray[np.float32]) -> None:
        self._file.write(np.ascontiguousarray(mix).data)

    def blocks(self) -> Iterator[NDArray[np.float32]]:
        """The same blocks again, from the beginning, each a fresh array."""
        self._file.seek(0)
        for start in range(0, self._frames, FILE_FRAMES):
            frames = min(FILE_FRAMES, self._frames - start)
            yield np.frombuffer(self._file.read(8 * frames), dtype=np.float32).reshape(2, frames).copy()


class _Watch:
    """Between two blocks: tells how much of the work is done and asks whether to stop."""

    def __init__(
        self, progress: Callable[[float], None] | None, cancelled: Callable[[], bool] | None, *, work: int
    ) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._work = work
        self._done = 0

    def advance(self, work: int) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        self._done += work
        # One is told at the very end: a repeated mastering does more work than was foreseen.
        if self._progress is not None:
            self._progress(min(self._done / self._work, _NEARLY))

    def finish(self) -> None:
        if self._progress is not None:
            self._progress(1.0)


_NEARLY: Final = 0.99
