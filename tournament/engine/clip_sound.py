"""What can be heard of a clip in a few numbers, and how two clips differ in them: tone, width, punch, movement.

Both clips of a battle are equally loud, so that each number is told relative to the clip's own loudness.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

BANDS: Final = (
    ("low_end", "low end", 40.0, 150.0),
    ("low_mids", "low mids", 150.0, 500.0),
    ("mids", "mids", 500.0, 2_000.0),
    ("presence", "presence", 2_000.0, 6_000.0),
    ("air", "air", 6_000.0, 16_000.0),
)
_QUIETEST_DB: Final = -60.0
_MOMENT_S: Final = 0.4
_FAR_BELOW_DB: Final = 40.0

MEASURES: Final[tuple[tuple[str, str, float, str], ...]] = (
    *(
        (key, title, 1.0, f"{{side}} has {{amount}} more {title} ({low:g} to {high:g} Hz)")
        for key, title, low, high in BANDS
    ),
    ("width", "width", 1.5, "{side} is wider: {amount} more of it lies at the sides"),
    ("punch", "punch", 1.0, "{side} hits harder: its peaks stand {amount} higher above its loudness"),
    ("movement", "movement", 1.0, "{side} moves more: {amount} more between its loud and its quiet moments"),
)
"""Key, title, the least difference in dB that is worth a word, and the sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One number of both clips. ``amount_db`` is A minus B; ``is_heard`` says whether it is worth a word."""

    key: str
    title: str
    amount_db: float
    is_heard: bool
    text: str

    @property
    def side(self) -> str:
        """Which clip has more of it: a or b."""
        return "a" if self.amount_db > 0 else "b"


def measure_sound(
    clip: NDArray[np.float32], *, sample_rate: int, loudness_lufs: float, true_peak_dbtp: float
) -> dict[str, float]:
    """The numbers of one clip, in dB.

    Parameters
    ----------
    clip : NDArray[np.float32]
        Shape ``(2, samples)``.
    loudness_lufs, true_peak_dbtp : float
        As measured on it (BS.1770-4).

    Returns
    -------
    dict[str, float]
        For each band its power relative to that of 40 Hz to 16 kHz; ``width``, the power of the sides (L - R) relative
        to the middle (L + R); ``punch``, the true peak above the loudness; ``movement``, from the 10th to the 95th
        percentile of the level in moments of 400 ms, those that are 40 dB below the loudest left out.
    """
    samples = np.asarray(clip, dtype=np.float64)
    return {
        **_tone(samples, sample_rate),
        "width": _width(samples),
        "punch": true_peak_dbtp - loudness_lufs,
        "movement": _movement(samples, sample_rate),
    }


def differences(a: Mapping[str, Any], b: Mapping[str, Any]) -> tuple[Difference, ...]:
    """Every number of two clips, in the order of :data:`MEASURES`; those that one of them lacks are left out."""
    found = []
    for key, title, least_db, sentence in MEASURES:
        if not isinstance(a.get(key), int | float) or not isinstance(b.get(key), int | float):
            continue
        amount_db = float(a[key]) - float(b[key])
        side = "A" if amount_db > 0 else "B"
        found.append(
            Difference(
                key=key,
                title=title,
                amount_db=amount_db,
                is_heard=abs(amount_db) >= least_db,
                text=sentence.format(side=side, amount=f"{abs(amount_db):.1f} dB"),
            )
        )
    return tuple(found)


def _tone(samples: NDArray[np.float64], sample_rate: int) -> dict[str, float]:
    power = (np.abs(np.fft.rfft(samples, axis=1)) ** 2).sum(axis=0)
    freqs_hz = np.fft.rfftfreq(samples.shape[1], 1.0 / sample_rate)
    total = float(power[(freqs_hz >= BANDS[0][2]) & (freqs_hz < BANDS[-1][3])].sum())
    return {
        key: _db(float(power[(freqs_hz >= low_hz) & (freqs_hz < high_hz)].sum()), total)
        for key, _, low_hz, high_hz in BANDS
    }


def _width(samples: NDArray[np.float64]) -> float:
    left, right = samples[0], samples[-1]
    return _db(float(((left - right) ** 2).sum()), float(((left + right) ** 2).sum()))


def _movement(samples: NDArray[np.float64], sample_rate: int) -> float:
    length = max(1, round(_MOMENT_S * sample_rate))
    count = samples.shape[1] // length
    if count < 2:
        return 0.0
    moments = (samples[:, : count * length].reshape(samples.shape[0], count, length) ** 2).mean(axis=(0, 2))
    levels_db = 10.0 * np.log10(np.maximum(moments, 1e-12))
    heard = levels_db[levels_db > levels_db.max() - _FAR_BELOW_DB]
    low, high = np.percentile(heard, (10.0, 95.0))
    return float(high - low)


def _db(part: float, whole: float) -> float:
    """A ratio of powers in dB, not below -60 and not above 60."""
    if whole <= 0.0:
        return _QUIETEST_DB if part <= 0.0 else -_QUIETEST_DB
    ratio = max(part / whole, 10.0 ** (_QUIETEST_DB / 10.0))
    return float(min(10.0 * np.log10(ratio), -_QUIETEST_DB))
