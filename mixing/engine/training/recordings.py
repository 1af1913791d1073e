"""The sound of a corpus: stems read at one rate, cropped, transposed, summed into submixes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

from mixing.engine.audio.probe import family_rate
from mixing.engine.errors import AudioRejected
from mixing.engine.training.corpus import SongEntry

CROPPED_OVER_S: Final = 100.0
CROP_S: Final = 60.0
"""Songs longer than CROPPED_OVER_S are heard in the CROP_S in which most of their stems sound."""
_AUDIBLE_DBFS: Final = -60.0
_AUDIBLE_RANGE_DB: Final = 50.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Variation:
    """Another hearing of the same song; the default is the song as it is.

    Parameters
    ----------
    crop_s : float | None
        Length of the stretch that is heard, in seconds; None is the whole song, or its most active minute where it is
        longer than CROPPED_OVER_S.
    position : float
        Where in the song that stretch lies: 0 at its beginning, 1 at its end.
    semitones : int
        Pitch and tempo, changed together by resampling.
    parts : tuple[tuple[int, ...], ...] | None
        The numbers of the stems that are summed into each part; None leaves every stem a part of its own.
    """

    crop_s: float | None = None
    position: float = 0.0
    semitones: int = 0
    parts: tuple[tuple[int, ...], ...] | None = None


AS_IT_IS: Final = Variation()


def session_rate(entry: SongEntry) -> int:
    """The rate in Hz that a session with these stems has: that of its first stem's family."""
    return family_rate(_info(entry.stems[0].path).samplerate)


def read_part(entry: SongEntry, stems: tuple[int, ...], variation: Variation, start_s: float) -> NDArray[np.float32]:
    """The sum of some stems of a song, as it stands in the human balance: float32, ``(channels, samples)``.

    Parameters
    ----------
    stems : tuple[int, ...]
        Their numbers; one alone keeps its channels, several become mono only if all are.
    start_s : float
        Where the stretch begins; see :func:`start_of`.

    Raises
    ------
    AudioRejected
        ``unreadable``, ``too_many_channels``, ``not_finite``.
    """
    rate = session_rate(entry)
    length_s = heard_s(entry, variation)
    heard = [read_stem(entry.stems[stem].path, rate, start_s=start_s, length_s=length_s) for stem in stems]
    samples = heard[0] if len(heard) == 1 else _sum(heard)
    if variation.semitones:
        faster = rate * 2.0 ** (variation.semitones / 12.0)
        samples = np.ascontiguousarray(soxr.resample(samples.T, faster, rate).T, dtype=np.float32)
    return samples


def read_stem(
    path: Path, sample_rate: int, *, start_s: float = 0.0, length_s: float | None = None
) -> NDArray[np.float32]:
    """A stretch of a file at the given rate: float32, ``(channels, samples)``.

    Where a length is asked for and the file is shorter, silence follows; see :func:`read_part` for errors.
    """
    try:
        with sf.SoundFile(path) as sound:
            if sound.channels > 2:
                raise _rejected(path, "too_many_channels", f"has {sound.channels} channels; a stem has one or two.")
            first = min(round(start_s * sound.samplerate), sound.frames)
            sound.seek(first)
            count = -1 if length_s is None else round(length_s * sound.samplerate)
            read = sound.read(count, dtype="float32", always_2d=True)
            rate = sound.samplerate
    except sf.SoundFileError as error:
        raise _rejected(path, "unreadable", f"cannot be read as sound ({error}).") from None
    if not np.isfinite(read).all():
        raise _rejected(path, "not_finite", "holds values that are no numbers; export it again.")
    if count > len(read):
        read = np.concatenate((read, np.zeros((count - len(read), read.shape[1]), dtype=np.float32)))
    if rate != sample_rate:
        read = soxr.resample(read, rate, sample_rate)
    return np.ascontiguousarray(read.T, dtype=np.float32)


def duration_s(entry: SongEntry) -> float:
    """Length of the longest stem, in seconds."""
    return max(float(_info(stem.path).duration) for stem in entry.stems)


def heard_s(entry: SongEntry, variation: Variation) -> float | None:
    """How long the stretch is that is heard; None for whole stems."""
    whole_s = duration_s(entry)
    if variation.crop_s is None:
        return CROP_S if whole_s > CROPPED_OVER_S else None
    return min(variation.crop_s, whole_s)


def start_of(entry: SongEntry, variation: Variation) -> float:
    """Where the stretch begins, in seconds; finding the most active one reads every stem once."""
    length_s = heard_s(entry, variation)
    if length_s is None:
        return 0.0
    if variation.crop_s is None:
        return most_active_start_s(entry, length_s)
    return variation.position * (duration_s(entry) - length_s)


def most_active_start_s(entry: SongEntry, length_s: float) -> float:
    """The whole second from which on stems sound for the most seconds, summed over the stems."""
    sounding = np.zeros(max(1, int(np.ceil(duration_s(entry)))))
    for stem in entry.stems:
        active = _active_seconds(stem.path)
        sounding[: active.size] += active
    length = min(max(1, round(length_s)), sounding.size)
    totals = np.convolve(sounding, np.ones(length), mode="valid")
    return float(np.argmax(totals))


def _active_seconds(path: Path) -> NDArray[np.bool_]:
    """For each second of a file, whether it sounds: above -60 dBFS and within 50 dB of the loudest second."""
    with sf.SoundFile(path) as sound:
        blocks = sound.blocks(sound.samplerate, dtype="float32", always_2d=True)
        power = np.array([float(np.mean(np.square(block, dtype=np.float64))) for block in blocks])
    level_db = 10.0 * np.log10(np.maximum(power, 1e-20))
    return np.asarray(level_db > max(_AUDIBLE_DBFS, float(level_db.max(initial=-200.0)) - _AUDIBLE_RANGE_DB))


def _sum(heard: list[NDArray[np.float32]]) -> NDArray[np.float32]:
    """Mono is added to both sides, as a plain sum does it."""
    channels = max(samples.shape[0] for samples in heard)
    total = np.zeros((channels, max(samples.shape[1] for samples in heard)), dtype=np.float32)
    for samples in heard:
        total[:, : samples.shape[1]] += samples
    return total


def _info(path: Path) -> sf._SoundFileInfo:
    try:
        return sf.info(path)
    except sf.SoundFileError as error:
        raise _rejected(path, "unreadable", f"cannot be read as sound ({error}).") from None


def _rejected(path: Path, code: str, what: str) -> AudioRejected:
    return AudioRejected(code, f"{path.parent.name}/{path.name} {what}", field=path.name)
