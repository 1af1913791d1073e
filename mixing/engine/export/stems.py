"""Processed stems: what each stem adds to the mix, and what reverb and delay add; they sum to the master's input.

Everything is computed by the desk that renders the mix, so that what is exported is what was heard. A stem runs
through a desk of its own with its group's EQ and gain. A group's compressor listens to the sum of its stems, and one
stem alone would be compressed differently: therefore each of them gets the *gain curve* that the compressor drew for
the sum. The return of an effect is what the desk gives more when the sends to it are open.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Final, Literal, Self

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.console.desk import Desk, audible_strips
from mixing.engine.console.gain import linear
from mixing.engine.console.parameters import (
    OFF_DB,
    Compressor,
    ConsoleParameters,
    GroupBus,
    Groups,
    Master,
    Sends,
    Strip,
)
from mixing.engine.console.sources import StemSource, refuse_mismatch
from mixing.engine.errors import Cancelled, MixFailed
from mixing.engine.export.archive import Archive, entry_names, new_archive
from mixing.engine.roles import GROUPS, Group

BLOCK_FRAMES: Final = 32_768
"""Frames that are processed at a time, as many as the renderer takes."""
RETURN_NAMES: Final[Mapping[Effect, str]] = {"reverb": "Reverb return", "delay": "Delay return"}

_QUIET_DB: Final = -89.0
_UNHEARD: Final = 1e-12
"""Power of a sample that has no curve of its own: below -120 dBFS it keeps the gain of the sample before it."""

Effect = Literal["reverb", "delay"]
Blocks = Iterator[NDArray[np.float32]]


@dataclass(frozen=True, slots=True)
class StemsReport:
    """What was written.

    Parameters
    ----------
    frames, sample_rate : int
        Of every file.
    files : tuple[str, ...]
        Names in the ZIP, stems in the console's order and then the returns.
    left_out : tuple[str, ...]
        Stems that are not heard in the mix: muted, off, or not soloed.
    """

    frames: int
    sample_rate: int
    files: tuple[str, ...]
    left_out: tuple[str, ...]


def write_stems(
    sources: Sequence[StemSource],
    parameters: ConsoleParameters,
    *,
    sample_rate: int,
    output: Path,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> StemsReport:
    """Write every stem that is heard, and every return that sounds, as stereo float32 WAV into one ZIP.

    All files start with the mix and have its length; their sum is the mix before the master (residual below
    -120 dB). Memory does not grow with the song; beside the ZIP, four bytes a frame are kept for the time of the call
    where groups are compressed.

    Parameters
    ----------
    sources : Sequence[StemSource]
        One for each strip, as :func:`mixing.engine.console.renderer.render` takes them.
    parameters : ConsoleParameters
        The console of the mix; its master is not applied.
    sample_rate : int
        The rate of every stem.
    output : Path
        Appears when it is whole, or not at all.
    progress, cancelled : Callable | None
        Told 0 to 1, and asked, between blocks.

    Raises
    ------
    MixFailed
        If stems and strips do not belong together, a stem cannot be read, or nothing is heard.
    Cancelled
        If ``cancelled`` said so; nothing is left behind.
    """
    refuse_mismatch(sources, parameters)
    strips = audible_strips(parameters)
    if not strips:
        raise MixFailed("nothing_heard", "Every stem of this mix is muted or off; there is nothing to export.")
    watch = _Watch(progress, cancelled)
    with _Recordings(sources, sample_rate) as recordings, new_archive(output) as archive:
        console = _Console(recordings, replace(parameters, strips=strips), watch)
        files = _write_all(console, archive, output.parent)
    heard = {strip.stem for strip in strips}
    left_out = tuple(strip.stem for strip in parameters.strips if strip.stem not in heard)
    watch.finish()
    return StemsReport(recordings.frames, sample_rate, files, left_out)


def _write_all(console: _Console, archive: Archive, scratch_dir: Path) -> tuple[str, ...]:
    strips, returns = console.parameters.strips, console.returns()
    compressed = console.compressed_groups()
    console.watch.expect(console.frames * (len(strips) + 2 * len(compressed) + 2 * len(returns)))
    names = entry_names([strip.stem for strip in strips] + [RETURN_NAMES[effect] for effect in returns])
    with ExitStack() as scratch:
        curves: dict[Group, _Curve] = {}
        for group in compressed:
            curves[group] = _Curve(scratch.enter_context(tempfile.TemporaryFile(dir=scratch_dir)))
            curves[group].draw(console.around_compressor(group))
        for strip in strips:
            curve = curves.get(strip.group)
            sound = console.stem(strip)
            _write(archive, names[strip.stem], console, sound if curve is None else curve.applied(sound))
    for effect in returns:
        _write(archive, names[RETURN_NAMES[effect]], console, console.answer(effect))
    return tuple(names.values())


def _write(archive: Archive, name: str, console: _Console, sound: Blocks) -> None:
    with archive.add_sound(name, frames=console.frames, sample_rate=console.sample_rate) as append:
        for block in sound:
            append(block)


class _Console:
    """The mix's console, taken apart: each part is played by a desk of its own from the beginning of the song."""

    def __init__(self, recordings: _Recordings, parameters: ConsoleParameters, watch: _Watch) -> None:
        heard = tuple(replace(strip, solo=False) for strip in parameters.strips)
        self.parameters = replace(parameters, strips=heard, master=Master())
        self.watch = watch
        self.frames = recordings.frames
        self.sample_rate = recordings.sample_rate
        self._recordings = recordings

    def compressed_groups(self) -> list[Group]:
        """The groups whose compressor is on and has something to listen to."""
        used = {strip.group for strip in self.parameters.strips}
        return [name for name in GROUPS if name in used and getattr(self.parameters.groups, name).compressor.on]

    def returns(self) -> list[Effect]:
        """The effects that something is sent to and that come back."""
        effects: tuple[Effect, ...] = ("reverb", "delay")
        return [effect for effect in effects if self._is_heard(effect)]

    def stem(self, strip: Strip) -> Blocks:
        """A stem through its strip and its group's EQ and gain."""
        return self._played(replace(self.parameters, strips=(_unsent(strip),), groups=self._groups(_uncompressed)))

    def around_compressor(self, group: Group) -> Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]:
        """The sum of a group as its compressor gets it and as it gives it back, the group's gain in both."""
        strips = tuple(_unsent(strip) for strip in self.parameters.strips if strip.group == group)
        console = replace(self.parameters, strips=strips)
        before = self._played(replace(console, groups=self._groups(_uncompressed)))
        return zip(before, self._played(console), strict=True)

    def answer(self, effect: Effect) -> Blocks:
        """What an effect adds. The groups themselves are turned down, so that rounding them does not show in it."""
        console = replace(self.parameters, groups=self._groups(_turned_down))
        strips = self.parameters.strips
        sending = replace(console, strips=tuple(_sent_only(strip, effect) for strip in strips))
        silent = replace(console, strips=tuple(_unsent(strip) for strip in strips))
        return (wet - dry for wet, dry in zip(self._played(sending), self._played(silent), strict=True))

    def _is_heard(self, effect: Effect) -> bool:
        if linear(getattr(self.parameters, effect).return_db) == 0.0:
            return False
        return any(linear(getattr(strip.sends, f"{effect}_db")) > 0.0 for strip in self.parameters.strips)

    def _groups(self, change: Callable[[GroupBus], GroupBus]) -> Groups:
        groups = self.parameters.groups
        return replace(groups, **{name: change(getattr(groups, name)) for name in GROUPS})

    def _played(self, parameters: ConsoleParameters) -> Blocks:
        names = [strip.stem for strip in parameters.strips]
        desk = Desk(parameters, {name: self._recordings.channels[name] for name in names}, sample_rate=self.sample_rate)
        for start in range(0, self.frames, BLOCK_FRAMES):
            count = min(BLOCK_FRAMES, self.frames - start)
            blocks = {name: self._recordings.read(name, start, count) for name in names}
            yield desk.process(blocks, count)
            self.watch.advance(count)


def _uncompressed(group: GroupBus) -> GroupBus:
    return replace(group, compressor=Compressor())


def _turned_down(group: GroupBus) -> GroupBus:
    return GroupBus(gain_db=_QUIET_DB)


def _unsent(strip: Strip) -> Strip:
    return replace(strip, sends=Sends())


def _sent_only(strip: Strip, effect: Effect) -> Strip:
    other = {"reverb": "delay_db", "delay": "reverb_db"}[effect]
    return replace(strip, sends=replace(strip.sends, **{other: OFF_DB}))


class _Curve:
    """The gain of a group's compressor, sample by sample, kept in a file without a name."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file

    def draw(self, around: Iterator[tuple[NDArray[np.float32], NDArray[np.float32]]]) -> None:
        """Find the one gain of both sides that leads from what went in to what came out."""
        last = 1.0
        for before, after in around:
            given, got = after.astype(np.float64), before.astype(np.float64)
            power = (got * got).sum(axis=0)
            heard = power > _UNHEARD
            gains = np.where(heard, (given * got).sum(axis=0) / np.where(heard, power, 1.0), 0.0)
            latest = np.maximum.accumulate(np.where(heard, np.arange(gains.size), -1))
            gains = np.where(latest >= 0, gains[latest], last)
            last = float(gains[-1])
            self._file.write(gains.astype("<f4").data)

    def applied(self, sound: Blocks) -> Blocks:
        """The same sound with the gain."""
        self._file.seek(0)
        for block in sound:
            gains = np.frombuffer(self._file.read(4 * block.shape[1]), dtype="<f4")
            yield block * gains


class _Recordings:
    """The stems' files, read from any place; silence after a stem's end."""

    def __init__(self, sources: Sequence[StemSource], sample_rate: int) -> None:
        self.sample_rate = sample_rate
        with ExitStack() as opened:
            self._files = {source.name: opened.enter_context(_opened(source, sample_rate)) for source in sources}
            self._opened = opened.pop_all()
        self.channels: dict[str, int] = {name: file.channels for name, file in self._files.items()}
        self.frames: int = max(file.frames for file in self._files.values())
        if self.frames == 0:
            self._opened.close()
            raise MixFailed("no_frames", "All stems of this session are empty; there is nothing to export.")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._opened.close()

    def read(self, name: str, start: int, count: int) -> NDArray[np.float32]:
        """``(channels, count)`` from frame ``start`` on."""
        file = self._files[name]
        block = np.zeros((count, file.channels), dtype=np.float32)
        expected = min(count, max(0, file.frames - start))
        if expected:
            try:
                file.seek(start)
                found = len(file.read(out=block[:expected]))
            except sf.LibsndfileError:
                found = -1
            if found != expected:
                raise _unreadable(name)
        return block.T


def _opened(source: StemSource, sample_rate: int) -> sf.SoundFile:
    try:
        file = sf.SoundFile(source.path)
    except (sf.LibsndfileError, OSError):
        raise _unreadable(source.name) from None
    if file.samplerate == sample_rate and file.channels in (1, 2):
        return file
    file.close()
    raise MixFailed(
        "stem_form",
        f"{source.name} is not mono or stereo at {sample_rate} samples a second; upload it anew.",
        field=source.name,
    )


def _unreadable(name: str) -> MixFailed:
    return MixFailed("unreadable_stem", f"The stored file of {name} cannot be read; upload it anew.", field=name)


class _Watch:
    """Between two blocks: tells how much of the work is done and asks whether to stop."""

    def __init__(self, progress: Callable[[float], None] | None, cancelled: Callable[[], bool] | None) -> None:
        self._progress = progress
        self._cancelled = cancelled
        self._work = 1
        self._done = 0

    def expect(self, work: int) -> None:
        self._work = work

    def advance(self, work: int) -> None:
        if self._cancelled is not None and self._cancelled():
            raise Cancelled
        self._done += work
        if self._progress is not None:
            self._progress(min(self._done / self._work, 1.0))

    def finish(self) -> None:
        if self._progress is not None:
            self._progress(1.0)
