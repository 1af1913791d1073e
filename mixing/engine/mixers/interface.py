"""What a mixer sees, what it is told, and what it answers."""

from __future__ import annotations

import dataclasses
import math
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Literal, Protocol, get_args, runtime_checkable
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.parameters import ConsoleParameters, Value
from mixing.engine.errors import MixFailed
from mixing.engine.roles import Role

ANALYSIS_VERSION: Final = 2
BANDS: Final = 40
"""Mel bands of ``AudioFeatures.spectrum_db`` and of ``MelWindows``, from 30 Hz to 16 kHz."""
PEAK_PERCENTILES: Final = (5, 25, 50, 75, 95, 99)
"""Which percentiles ``AudioFeatures.peak_percentiles_dbfs`` holds, in this order."""
WINDOW_FRAMES: Final = 64
"""Frames of each of the ``MelWindows``, 50 ms apart: 3.2 seconds."""
MOST_WINDOWS: Final = 6
FRAME_BANDS: Final = (1, 2, 3, 4, 6, 8, 8, 8)
"""How many mel bands, from the lowest on, make each of the wide bands of ``MelWindows.frames_db``: finest in the bass,
where kick and bass meet."""

Presence = Literal["background", "normal", "lead"]
PRESENCES: Final[tuple[Presence, ...]] = get_args(Presence)


@cache
def band_centres_hz() -> tuple[float, ...]:
    """Centres of the mel bands of ``spectrum_db``: evenly spaced from 30 Hz to 16 kHz at 2595·lg(1 + f/700)."""
    low, high = (2595 * math.log10(1 + freq_hz / 700) for freq_hz in (30.0, 16_000.0))
    step = (high - low) / (BANDS + 1)
    return tuple(700 * (10 ** ((low + step * (band + 1)) / 2595) - 1) for band in range(BANDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioFeatures:
    """What was measured on one recording: a stem, or a reference mix.

    Parameters
    ----------
    channels : int
        1 or 2.
    duration_s : float
        Length in seconds.
    loudness_lufs : float | None
        Integrated loudness (BS.1770-4); None where nothing passes the gate, that is, silence.
    true_peak_dbtp : float | None
        Largest inter-sample peak; None for digital silence.
    crest_db : float
        95th percentile minus median of the 50 ms levels in dB: how much hits stand out.
    centroid_hz : float
        K-weighted spectral centroid.
    flux_db : float
        Mean positive change of the log-mel frames at 20 frames a second.
    width : float
        Energy of the side over energy of mid and side, 0 for mono, 0.5 for unrelated channels.
    imbalance : float
        (R - L) / (R + L) of the energies, -1 to 1.
    activity : float
        Share of the 50 ms frames above the gate (-60 dBFS and within 50 dB of the loudest), 0 to 1.
    spectrum_db : tuple[float, ...]
        Mean power in BANDS mel bands in dB, relative to their sum; empty for silence.
    side_db : tuple[float, ...]
        Mean power of the side, (L - R) / sqrt(2), in each band in dB, relative to the same sum as ``spectrum_db``;
        at least -120, which mono has everywhere. Empty for silence.
    band_imbalance : tuple[float, ...]
        (R - L) / (R + L) of each band's energies, -1 to 1, 0 for mono; empty for silence.
    variation_db : tuple[float, ...]
        Standard deviation of each band's level over the frames that sound, with cells more than 80 dB under the
        loudest counted as that far under it; empty for silence.
    peak_percentiles_dbfs : tuple[float, ...]
        PEAK_PERCENTILES, over the 50 ms frames that sound, of a frame's largest sample of any channel in dBFS: what a
        compressor meets. Empty for silence.
    loudness_range_lu : float | None
        EBU Tech 3342; None for a sound shorter than 3 s or below the gate throughout.
    short_term_max_lufs : float | None
        The loudest 3 s; None for silence and for a sound shorter than that.
    """

    channels: int
    duration_s: float
    loudness_lufs: float | None
    true_peak_dbtp: float | None
    crest_db: float
    centroid_hz: float
    flux_db: float
    width: float
    imbalance: float
    activity: float
    spectrum_db: tuple[float, ...]
    side_db: tuple[float, ...]
    band_imbalance: tuple[float, ...]
    variation_db: tuple[float, ...]
    peak_percentiles_dbfs: tuple[float, ...]
    loudness_range_lu: float | None
    short_term_max_lufs: float | None
    version: int = ANALYSIS_VERSION

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values."""
        values = {item.name: getattr(self, item.name) for item in dataclasses.fields(self)}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> AudioFeatures:
        """Read what :meth:`to_dict` wrote; another analysis version is refused, since it must be measured anew."""
        if data.get("version") != ANALYSIS_VERSION or set(data) != {item.name for item in dataclasses.fields(cls)}:
            raise MixFailed(
                "stale_analysis", "This recording was analysed by another version; it must be analysed again."
            )
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in data.items()
        }
        return cls(**values)


@dataclass(frozen=True, slots=True, eq=False)
class MelWindows:
    """Excerpts of a recording's log-mel spectrogram: the loudest stretch of each sixth of the part that sounds.

    Parameters
    ----------
    mid_db, side_db : NDArray[np.float32]
        Shape ``(windows, WINDOW_FRAMES, BANDS)``, none to MOST_WINDOWS windows, in the order of time: power of
        (L + R) / sqrt(2) and of (L - R) / sqrt(2), for mono of the channel itself and nothing, 20 frames a second, in
        dB relative to the recording's loudest mid cell, at least -80. Values are whole float16 numbers, so that what
        was measured and what was kept are the same.
    frames_db : NDArray[np.float32] | None
        Shape ``(2 + len(FRAME_BANDS), frames)``: level (mean power of the channels), largest sample, and the level in
        each of FRAME_BANDS, of each 50 ms of the whole recording from its first sample on, in dBFS, at least -120,
        whole float16 numbers too. Beside those of other stems they tell what falls together. An earlier analysis kept
        the first two rows alone, or nothing: None.
    """

    mid_db: NDArray[np.float32]
    side_db: NDArray[np.float32]
    frames_db: NDArray[np.float32] | None = None

    def __post_init__(self) -> None:
        shape = self.mid_db.shape
        if self.side_db.shape != shape or len(shape) != 3 or shape[1:] != (WINDOW_FRAMES, BANDS):
            raise ValueError(f"Mel windows have the shape (windows, {WINDOW_FRAMES}, {BANDS}), not {shape}.")
        rows = (2, 2 + len(FRAME_BANDS))
        if self.frames_db is not None and (self.frames_db.ndim != 2 or len(self.frames_db) not in rows):
            raise ValueError(f"Levels of frames have the shape ({rows[1]}, frames), not {self.frames_db.shape}.")

    def __len__(self) -> int:
        return int(self.mid_db.shape[0])

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MelWindows):
            return NotImplemented
        frames, others = self.frames_db, other.frames_db
        same = frames is others or (frames is not None and others is not None and np.array_equal(frames, others))
        return same and np.array_equal(self.mid_db, other.mid_db) and np.array_equal(self.side_db, other.side_db)

    def __hash__(self) -> int:
        return hash((self.mid_db.tobytes(), self.side_db.tobytes()))

    def save(self, path: Path) -> None:
        """Write them as ``.npz`` of float16, of the same bytes for the same windows."""
        frames: dict[str, Any] = {} if self.frames_db is None else {"frames_db": self.frames_db.astype(np.float16)}
        with path.open("wb") as file:
            np.savez_compressed(
                file,
                version=np.int32(ANALYSIS_VERSION),
                mid_db=self.mid_db.astype(np.float16),
                side_db=self.side_db.astype(np.float16),
                **frames,
            )

    @classmethod
    def load(cls, path: Path) -> MelWindows:
        """Read what :meth:`save` wrote; a file that is gone, broken or of another version must be measured anew.

        Raises
        ------
        MixFailed
            With the code ``stale_analysis``.
        """
        try:
            with np.load(path, allow_pickle=False) as kept:
                if int(kept["version"]) != ANALYSIS_VERSION:
                    raise ValueError("another version")
                return cls(
                    kept["mid_db"].astype(np.float32),
                    kept["side_db"].astype(np.float32),
                    kept["frames_db"].astype(np.float32) if "frames_db" in kept else None,
                )
        except (OSError, ValueError, KeyError, EOFError, TypeError, BadZipFile, zlib.error) as error:
            raise MixFailed(
                "stale_analysis", "This recording was analysed by another version; it must be analysed again."
            ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class StemFeatures:
    """One stem of a session: its name (unique in the session), its role if known, and what was measured.

    ``mel`` is None where only numbers are known; a mixer that looks at spectrograms then goes by the numbers.
    """

    name: str
    role: Role
    audio: AudioFeatures
    mel: MelWindows | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionFeatures:
    """All stems of a song, in the session's order, at one sample rate.

    ``tempo_bpm`` in beats per minute and ``key`` ("C minor") describe the song; None where nobody can tell.
    """

    sample_rate: int
    stems: tuple[StemFeatures, ...]
    tempo_bpm: float | None = None
    key: str | None = None

    def __post_init__(self) -> None:
        if not self.stems:
            raise MixFailed("empty_session", "There is no stem to mix.")


@dataclass(frozen=True, slots=True, kw_only=True)
class StemIntent:
    """What the musician wants of one stem; None leaves the choice to the mixer."""

    presence: Presence = "normal"
    pan: float | None = None
    space: float | None = None

    def __post_init__(self) -> None:
        if self.presence not in PRESENCES:
            raise _refused("presence", f"presence is one of {', '.join(PRESENCES)}, not {self.presence!r}.")
        _in_range("pan", self.pan, -1.0, 1.0)
        _in_range("space", self.space, 0.0, 1.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What the musician wants of the mix.

    Parameters
    ----------
    stems : Mapping[str, StemIntent]
        By stem name; absent stems are left to the mixer.
    style : str | None
        The name of a style preset; None is the mixer's own.
    target_lufs : float | None
        Integrated loudness to reach, -40 to -5; None takes the reference's, or -14.
    reference : AudioFeatures | None
        What was measured on a reference mix.
    locks : Mapping[str, float | int | bool | str | None]
        Knobs that stay as they are, by path (``strips.Vocals.fader_db``).
    """

    stems: Mapping[str, StemIntent] = field(default_factory=lambda: MappingProxyType({}))
    style: str | None = None
    target_lufs: float | None = None
    reference: AudioFeatures | None = None
    locks: Mapping[str, Value] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        _in_range("target_lufs", self.target_lufs, -40.0, -5.0)

    def of(self, stem: str) -> StemIntent:
        """The intent for one stem."""
        return self.stems.get(stem, StemIntent())

    @classmethod
    def from_dict(cls, data: object, *, reference: AudioFeatures | None = None) -> Intent:
        """Read ``{"style", "target_lufs", "stems": {name: {"presence", "pan", "space"}}, "locks": {path: value}}``."""
        root = _object("intent", data, ("stems", "style", "target_lufs", "locks"))
        stems = {name: _stem_intent(name, entry) for name, entry in _object("stems", root.get("stems", {})).items()}
        style = root.get("style")
        if style is not None and not isinstance(style, str):
            raise _refused("style", "style is the name of a preset.")
        return cls(
            stems=stems,
            style=style,
            target_lufs=root.get("target_lufs"),
            reference=reference,
            locks=_locks(root.get("locks", {})),
        )

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON values; the reference is left out, since it is a recording and not a wish."""
        return {
            "style": self.style,
            "target_lufs": self.target_lufs,
            "stems": {name: dataclasses.asdict(stem) for name, stem in self.stems.items()},
            "locks": dict(self.locks),
        }


@runtime_checkable
class Mixer(Protocol):
    """Listens to a session and sets the console.

    ``key`` names it for ``--mixer`` and the API; ``family`` is the module it comes from; ``version`` changes whenever
    the same input could give another answer.
    """

    key: str
    family: str
    version: str
    title: str
    summary: str

    def predict(self, session: SessionFeatures, intent: Intent) -> ConsoleParameters:
        """Set the console: one strip a stem, in the session's order, locks kept, deterministic.

        Raises
        ------
        MixFailed
            If the intent asks for what this mixer cannot do; ``field`` names it.
        """
        ...


def _refused(name: str, message: str) -> MixFailed:
    return MixFailed("invalid_intent", message, field=name)


def _in_range(name: str, value: object, low: float, high: float) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _refused(name, f"{name} takes a number, not {value!r}.")
    if not low <= value <= high:  # a NaN fails this too, and a whole number too large for a float passes no isfinite
        shown = f"{value:g}" if abs(value) < 1e300 or isinstance(value, float) else "huge"
        raise _refused(name, f"{name} is {shown}; it goes from {low:g} to {high:g}.")


def _stem_intent(name: str, entry: object) -> StemIntent:
    try:
        return StemIntent(**_object(f"stems.{name}", entry, ("presence", "pan", "space")))
    except MixFailed as error:
        prefix = f"stems.{name}"
        if str(error.field).startswith(prefix):
            raise
        raise _refused(f"{prefix}.{error.field}", f"{prefix}: {error.message}") from None


def _locks(data: object) -> dict[str, Value]:
    locks = _object("locks", data)
    for path, value in locks.items():
        if value is not None and not isinstance(value, bool | int | float | str):
            raise _refused(f"locks.{path}", f"The lock {path} takes a single value.")
    return locks


def _object(name: str, data: object, allowed: tuple[str, ...] | None = None) -> dict[str, Any]:
    if not isinstance(data, Mapping):
        raise _refused(name, f"{name} must be an object.")
    for key in data:
        if not isinstance(key, str):
            raise _refused(name, f"{name} has the key {key!r}, which is no name.")
        if allowed is not None and key not in allowed:
            raise _refused(f"{name}.{key}", f"{name} has no {key!r}; it knows {', '.join(allowed)}.")
    return dict(data)
