"""From two mixes of one song to the two clips that a listener compares: same place, same length, same loudness.

The clips begin where the mixes differ most, are brought to one loudness by one constant gain each, and are written so
that nothing but their sound tells them apart.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

from mixing.engine.audio.encode import WavWriter
from mixing.engine.audio.loudness import LoudnessMeter
from mixing.engine.audio.peaks import PeakBuilder
from mixing.engine.audio.true_peak import TruePeakMeter
from mixing.engine.errors import MixFailed
from tournament.engine.clip_sound import measure_sound
from tournament.engine.spectra import HOPS_PER_SECOND, find_region, measure_spectra

LOOP_S: Final = 24.0
WHOLE_UP_TO_S: Final = 30.0
"""A song no longer than this is heard whole."""
LOUDEST_LUFS: Final = -14.0
"""Both clips are brought here, or lower where a true peak would pass the ceiling."""
CEILING_DBTP: Final = -1.0
_WRITING_DB: Final = 0.05
"""Room below the ceiling for what 16 bit and its dither add to a peak."""
LARGEST_GAP_LU: Final = 0.05
LEAST_DIFFERENCE_DB: Final = 0.3
"""The audibility floor: a weighted spectral difference (see ``spectra``) below this leaves nothing to choose by."""
_FADE_S: Final = 0.005
_CHANNELS: Final = 2

Progress = Callable[[float], None]
Cancelled = Callable[[], bool]
Seeds = tuple[int, int]
SAME_DITHER: Final[Seeds] = (16, 16)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClipPair:
    """What was cut, measured on the two files that were written.

    Parameters
    ----------
    start_s, duration_s : float
        Where the clips lie in the song.
    loudness_lufs : float
        Integrated loudness (BS.1770-4) of clip A.
    loudness_gap_lu : float
        Loudness of A minus that of B.
    true_peak_a_dbtp, true_peak_b_dbtp : float
        At most -1 dBTP.
    difference_db : float
        How much the two differ inside of the region, whatever their levels.
    sound_a, sound_b : dict[str, float]
        Tone, width, punch and movement of each, see :func:`tournament.engine.clip_sound.measure_sound`.
    peaks : bytes
        Waveform peaks of the mean of both clips, which belongs to neither.
    """

    sample_rate: int
    frames: int
    start_s: float
    duration_s: float
    loudness_lufs: float
    loudness_gap_lu: float
    true_peak_a_dbtp: float
    true_peak_b_dbtp: float
    difference_db: float
    sound_a: dict[str, float]
    sound_b: dict[str, float]
    peaks: bytes


def cut_pair(
    mix_a: Path,
    mix_b: Path,
    *,
    clip_a: Path,
    clip_b: Path,
    twice: Literal["a", "b"] | None = None,
    dither_seeds: Seeds = SAME_DITHER,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> ClipPair:
    """Choose the region, match the loudness, and write both clips as 16-bit stereo WAV of equal size.

    Parameters
    ----------
    mix_a, mix_b : Path
        Two renderings of one song, mono or stereo, at one sample rate.
    clip_a, clip_b : Path
        Written, or replaced; both are absent if this raises.
    twice : {"a", "b"}, optional
        For a hidden trial: both clips are of this mix. The other mix has its say in where they begin and how loud they
        are, so that neither tells the trial from a battle of the two.
    dither_seeds : tuple[int, int]
        Of A and B. With two that were drawn no two clips are the same bytes, not even of one mix.

    Raises
    ------
    MixFailed
        ``silent_mix`` if one of the mixes or clips cannot be measured, ``never_together`` if they never sound at the
        same time, ``too_alike`` if there is nothing to tell them apart by, ``not_matched`` if no constant gain brings
        them within 0.05 LU.
    Cancelled
        If ``cancelled`` says so between two blocks.
    """
    report = progress or (lambda _fraction: None)
    sample_rate, frames = _common_shape(mix_a, mix_b)
    spectra_a = measure_spectra(mix_a, progress=lambda done: report(0.35 * done), cancelled=cancelled)
    spectra_b = measure_spectra(mix_b, progress=lambda done: report(0.35 + 0.35 * done), cancelled=cancelled)
    start, length = 0, frames
    hop = sample_rate // HOPS_PER_SECOND
    window = spectra_a.shape[0] if frames <= WHOLE_UP_TO_S * sample_rate else round(LOOP_S * HOPS_PER_SECOND)
    first_hop, difference_db = find_region(spectra_a, spectra_b, window_hops=window)
    if frames > WHOLE_UP_TO_S * sample_rate:
        start, length = first_hop * hop, window * hop
    if difference_db < LEAST_DIFFERENCE_DB:
        raise MixFailed(
            "too_alike",
            "The two mixes came out so alike that there is nothing to choose between. Start another battle.",
        )
    matched_a, matched_b = match_loudness(
        _read_clip(mix_a, start, length), _read_clip(mix_b, start, length), sample_rate
    )
    report(0.85)
    if twice is not None:
        matched_a = matched_b = matched_a if twice == "a" else matched_b
    pair = _written(
        (clip_a, clip_b), (matched_a, matched_b), dither_seeds, sample_rate, start=start, difference_db=difference_db
    )
    report(1.0)
    return pair


def swap_pair(
    heard_a: Path, heard_b: Path, *, clip_a: Path, clip_b: Path, start_s: float, dither_seeds: Seeds
) -> ClipPair:
    """The clips of an earlier battle with their sides exchanged, dithered anew so that no hash tells.

    Parameters
    ----------
    heard_a, heard_b : Path
        What :func:`cut_pair` wrote. A comes back as B, and B as A.
    start_s : float
        Where they lie in the song.
    """
    sample_rate, frames = _common_shape(heard_a, heard_b)
    spectra = measure_spectra(heard_a), measure_spectra(heard_b)
    _, difference_db = find_region(*spectra, window_hops=spectra[0].shape[0])
    now_a, now_b = (
        np.ascontiguousarray(sf.read(path, frames=frames, dtype="float32", always_2d=True)[0].T)
        for path in (heard_b, heard_a)
    )
    start = round(start_s * sample_rate)
    return _written(
        (clip_a, clip_b), (now_a, now_b), dither_seeds, sample_rate, start=start, difference_db=difference_db
    )


def match_loudness(
    clip_a: NDArray[np.float32], clip_b: NDArray[np.float32], sample_rate: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Bring two clips to one integrated loudness by one constant gain each.

    The loudness is -14 LUFS, or the highest at which neither true peak passes -1 dBTP. There is no limiter: it would
    change the mix that is judged.

    Parameters
    ----------
    clip_a, clip_b : NDArray[np.float32]
        Shape ``(channels, samples)``.

    Raises
    ------
    MixFailed
        ``silent_mix`` if the loudness of one of them cannot be measured.
    """
    lufs_a, dbtp_a = _levels(clip_a, sample_rate)
    lufs_b, dbtp_b = _levels(clip_b, sample_rate)
    ceiling = CEILING_DBTP - _WRITING_DB
    target = min(LOUDEST_LUFS, lufs_a + ceiling - dbtp_a, lufs_b + ceiling - dbtp_b)
    return _gained(clip_a, target - lufs_a), _gained(clip_b, target - lufs_b)


def _gained(clip: NDArray[np.float32], gain_db: float) -> NDArray[np.float32]:
    return np.asarray(clip * np.float32(10.0 ** (gain_db / 20.0)), dtype=np.float32)


def _common_shape(mix_a: Path, mix_b: Path) -> tuple[int, int]:
    """The sample rate of both, and the frames that both have."""
    info_a, info_b = sf.info(mix_a), sf.info(mix_b)
    if info_a.samplerate != info_b.samplerate:
        raise MixFailed("other_rate", "The two mixes have different sample rates; mix the song again.")
    return info_a.samplerate, min(info_a.frames, info_b.frames)


def _read_clip(path: Path, start: int, length: int) -> NDArray[np.float32]:
    """One region in stereo; the cut edges are faded for 5 ms, so that the loop does not click."""
    samples, sample_rate = sf.read(path, start=start, frames=length, dtype="float32", always_2d=True)
    clip = np.repeat(samples.T, _CHANNELS, axis=0) if samples.shape[1] == 1 else samples.T.copy()
    fade = min(round(_FADE_S * sample_rate), length // 2)
    ramp = np.linspace(0.0, 1.0, fade, endpoint=False, dtype=np.float32)
    clip[:, :fade] *= ramp
    clip[:, length - fade :] *= ramp[::-1]
    return np.ascontiguousarray(clip)


def _levels(clip: NDArray[np.float32], sample_rate: int) -> tuple[float, float]:
    """Integrated loudness in LUFS and true peak in dBTP."""
    loudness, peak = LoudnessMeter(sample_rate, clip.shape[0]), TruePeakMeter(clip.shape[0])
    loudness.push(clip)
    peak.push(clip)
    lufs, dbtp = loudness.integrated_lufs(), peak.dbtp()
    if lufs is None or dbtp is None:
        raise MixFailed(
            "silent_mix", "One of the two mixes is silent here, so that they cannot be compared. Check the stems."
        )
    return lufs, dbtp


def _written(
    paths: tuple[Path, Path],
    matched: tuple[NDArray[np.float32], NDArray[np.float32]],
    dither_seeds: Seeds,
    sample_rate: int,
    *,
    start: int,
    difference_db: float,
) -> ClipPair:
    try:
        for path, clip, seed in zip(paths, matched, dither_seeds, strict=True):
            _write(path, clip, sample_rate, seed)
        pair = _measured(*paths, start=start, difference_db=difference_db)
    except BaseException:
        for path in paths:
            path.unlink(missing_ok=True)
        raise
    _same_times(*paths)
    return pair


def _write(path: Path, clip: NDArray[np.float32], sample_rate: int, seed: int) -> None:
    with WavWriter(path, sample_rate=sample_rate, channels=_CHANNELS, subtype="PCM_16", dither_seed=seed) as writer:
        writer.write(clip)


def _measured(clip_a: Path, clip_b: Path, *, start: int, difference_db: float) -> ClipPair:
    samples_a, sample_rate = sf.read(clip_a, dtype="float32", always_2d=True)
    samples_b, _ = sf.read(clip_b, dtype="float32", always_2d=True)
    written_a, written_b = np.ascontiguousarray(samples_a.T), np.ascontiguousarray(samples_b.T)
    lufs_a, dbtp_a = _levels(written_a, sample_rate)
    lufs_b, dbtp_b = _levels(written_b, sample_rate)
    if abs(lufs_a - lufs_b) > LARGEST_GAP_LU:
        raise MixFailed(
            "not_matched", "The two mixes could not be brought to the same loudness, so that they cannot be compared."
        )
    peaks = PeakBuilder(sample_rate, _CHANNELS)
    peaks.push(np.asarray((written_a + written_b) / 2, dtype=np.float32))
    return ClipPair(
        sample_rate=sample_rate,
        frames=written_a.shape[1],
        start_s=start / sample_rate,
        duration_s=written_a.shape[1] / sample_rate,
        loudness_lufs=lufs_a,
        loudness_gap_lu=lufs_a - lufs_b,
        true_peak_a_dbtp=dbtp_a,
        true_peak_b_dbtp=dbtp_b,
        difference_db=difference_db,
        sound_a=measure_sound(written_a, sample_rate=sample_rate, loudness_lufs=lufs_a, true_peak_dbtp=dbtp_a),
        sound_b=measure_sound(written_b, sample_rate=sample_rate, loudness_lufs=lufs_b, true_peak_dbtp=dbtp_b),
        peaks=peaks.to_bytes(),
    )


def _same_times(clip_a: Path, clip_b: Path) -> None:
    """One time for both files: servers hand it out as Last-Modified."""
    stamp_ns = clip_b.stat().st_mtime_ns
    for path in (clip_a, clip_b):
        os.utime(path, ns=(stamp_ns, stamp_ns))
