"""Tempo and key of a song, heard from the sum of its stems."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import soundfile as sf
import soxr
from numpy.typing import NDArray

from mixing.engine.roles import Role, group_of

MUSIC_VERSION: Final = 1
"""Changes whenever the same sound could be given another tempo or key."""
EXCERPT_S: Final = 60.0
RATE: Final = 22_050
TEMPO_BOUNDS_BPM: Final = (40.0, 240.0)
SLOWEST_PERIODS: Final = 8
"""The tempo is read off a span of so many beats, which tells it eight times as finely as a single one."""
LEAST_PULSE: Final = 0.15
"""Autocorrelation of the onsets, one beat apart, below which nobody would tap along."""
FASTEST_UNDIVIDED_BPM: Final = 140.0
LEAST_KEY_LIKENESS: Final = 0.5
LEAST_KEY_LEAD: Final = 0.01
"""Correlation with the best key's profile, and how far it must lead the second best."""
_HOP: Final = 256
_CHROMA_HOP: Final = 2048
_SILENT: Final = 1e-5
_BLOCK: Final = 65_536

_MAJOR: Final = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR: Final = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
"""How well each of the twelve notes fits a key, tonic first: Krumhansl and Kessler, Psychological Review 89, 1982."""
_MAJOR_NAMES: Final = ("C", "Db", "D", "Eb", "E", "F", "Gb", "G", "Ab", "A", "Bb", "B")
_MINOR_NAMES: Final = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B")


@dataclass(frozen=True, slots=True)
class Music:
    """``tempo_bpm`` in beats per minute and ``key`` as musicians write it ("C minor"); None where nobody can tell."""

    tempo_bpm: float | None
    key: str | None


def listen(stems: Sequence[tuple[Path, Role]]) -> Music:
    """Tempo of all stems together and key of those that play notes, from at most a minute in the middle of the song.

    Memory does not grow with the song or with the number of stems.

    Parameters
    ----------
    stems : Sequence[tuple[Path, Role]]
        Canonical files of one rate, and what they are.
    """
    if not stems:
        return Music(None, None)
    with sf.SoundFile(stems[0][0]) as first:
        rate = int(first.samplerate)
    longest = max(sf.info(path).frames for path, _ in stems)
    count = min(longest, round(EXCERPT_S * rate))
    start = (longest - count) // 2
    everything, notes = np.zeros(count, dtype=np.float32), np.zeros(count, dtype=np.float32)
    for path, role in stems:
        pitched = group_of(role) != "drums" and role != "fx"
        _add(path, start, everything, notes if pitched else None)
    return Music(tempo_bpm(_resampled(everything, rate)), key(_resampled(notes, rate)))


def tempo_bpm(mono: NDArray[np.float32]) -> float | None:
    """The tempo of sound at RATE, shape ``(samples,)``; None for what has no pulse."""
    from librosa.feature.rhythm import tempo
    from librosa.onset import onset_strength

    if mono.size < 4 * RATE or float(np.abs(mono).max(initial=0.0)) < _SILENT:
        return None
    onsets = np.asarray(onset_strength(y=mono, sr=RATE, hop_length=_HOP), dtype=np.float64)
    guess = float(tempo(onset_envelope=onsets, sr=RATE, hop_length=_HOP)[0])
    likeness = _autocorrelation(onsets - onsets.mean())
    found = _refined(likeness, 60.0 * RATE / (_HOP * guess)) if guess > 0.0 else None
    if found is None:
        return None
    bpm = 60.0 * RATE / (_HOP * _beat(likeness, found))
    low, high = TEMPO_BOUNDS_BPM
    return round(bpm, 2) if low <= bpm <= high else None


def key(mono: NDArray[np.float32]) -> str | None:
    """The key of sound at RATE, shape ``(samples,)``; None for what has no notes, or too many."""
    from librosa.feature.spectral import chroma_cqt

    if mono.size < 4 * RATE or float(np.abs(mono).max(initial=0.0)) < _SILENT:
        return None
    with warnings.catch_warnings():
        # Sound without a single pitch is no fault of the musician, and the answer below says as much.
        warnings.simplefilter("ignore", UserWarning)
        # The tuning is taken as 440 Hz: librosa guesses it by a compiled loop whose cache breaks, and takes the process
        # with it, once two processes have compiled it at the same time.
        chroma = chroma_cqt(y=mono, sr=RATE, hop_length=_CHROMA_HOP, norm=None, tuning=0.0)
    heard = np.asarray(chroma, dtype=np.float64).sum(axis=1)
    return name_key(heard)


def name_key(heard: NDArray[np.float64]) -> str | None:
    """The key whose profile the twelve notes' strengths, C first, resemble most; None where two are as likely."""
    if float(heard.std()) <= 0.0:
        return None
    likeness = {
        f"{names[tonic]} {mode}": float(np.corrcoef(np.roll(profile, tonic), heard)[0, 1])
        for mode, names, profile in (("major", _MAJOR_NAMES, _MAJOR), ("minor", _MINOR_NAMES, _MINOR))
        for tonic in range(12)
    }
    best, second = sorted(likeness, key=lambda name: -likeness[name])[:2]
    if likeness[best] < LEAST_KEY_LIKENESS or likeness[best] - likeness[second] < LEAST_KEY_LEAD:
        return None
    return best


def warm() -> None:
    """Load what hearing takes, seconds before somebody waits for it."""
    clicks = np.zeros(6 * RATE, dtype=np.float32)
    clicks[:: RATE // 2] = 1.0
    tempo_bpm(clicks)
    key(clicks)


def _add(path: Path, start: int, everything: NDArray[np.float32], notes: NDArray[np.float32] | None) -> None:
    """Add a stem's stretch, its channels averaged, to one sum or to both."""
    with sf.SoundFile(path) as file:
        if start >= file.frames:
            return
        file.seek(start)
        done = 0
        while done < everything.size:
            block = file.read(min(_BLOCK, everything.size - done), dtype="float32", always_2d=True)
            if not len(block):
                return
            mono = block.mean(axis=1)
            everything[done : done + mono.size] += mono
            if notes is not None:
                notes[done : done + mono.size] += mono
            done += mono.size


def _resampled(mono: NDArray[np.float32], rate: int) -> NDArray[np.float32]:
    return np.asarray(soxr.resample(mono, rate, RATE, quality="HQ"), dtype=np.float32)


def _autocorrelation(onsets: NDArray[np.float64]) -> NDArray[np.float64]:
    """Likeness of the onsets with themselves so many frames later, 1 at no lag, each lag by the frames that it has."""
    size = 2 ** int(np.ceil(np.log2(2 * onsets.size)))
    power = np.abs(np.fft.rfft(onsets, size)) ** 2
    sums: NDArray[np.float64] = np.fft.irfft(power, size)[: onsets.size]
    means = sums / np.arange(onsets.size, 0, -1)
    return means / max(float(means[0]), 1e-300)


def _refined(likeness: NDArray[np.float64], lag: float) -> float | None:
    """The beat's length in frames, read off ever longer spans of whole beats; None where no beat resembles the next."""
    periods = 1
    while True:
        span = _peak(likeness, periods * lag, reach=max(1.5, 0.04 * lag if periods == 1 else 1.5))
        if span is None or (periods == 1 and likeness[round(span)] < LEAST_PULSE):
            return lag if span is None and periods > 1 else None
        lag = span / periods
        if periods == SLOWEST_PERIODS or 2 * periods * lag > likeness.size / 2:
            return lag
        periods *= 2


def _beat(likeness: NDArray[np.float64], lag: float) -> float:
    """Twice the length of a pulse that is fast and that nothing divides: these are eighths, often swung, of a beat."""
    at, halved, doubled = (
        float(likeness[max(0, round(lag * share) - 1) : round(lag * share) + 2].max()) for share in (1.0, 0.5, 2.0)
    )
    is_fast = lag < 60.0 * RATE / (_HOP * FASTEST_UNDIVIDED_BPM)
    return 2.0 * lag if is_fast and halved < 0.5 * at and doubled > 0.9 * at else lag


def _peak(likeness: NDArray[Any], place: float, reach: float) -> float | None:
    """Where the curve has its top near a place, between the frames."""
    low, high = max(1, int(place - reach)), min(likeness.size - 2, int(np.ceil(place + reach)))
    if high <= low:
        return None
    top = low + int(np.argmax(likeness[low : high + 1]))
    before, at, after = (float(likeness[top + step]) for step in (-1, 0, 1))
    bend = before - 2.0 * at + after
    return top + (0.5 * (before - after) / bend if bend < 0.0 else 0.0)
