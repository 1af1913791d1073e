"""The numbers of the rough mix: what was fitted, read from its card, with the prior that it was shrunk towards.

The card ships as ``models/rough-mix.json`` and is written by ``manage.py fit_rules``, never by hand.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from mixing.engine.console.parameters import Eq, HighShelf, LowShelf, Peak
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.came import GAIN_DB
from mixing.engine.mixers.interface import BANDS
from mixing.engine.roles import ROLES, Role

FORMAT_VERSION: Final = 2
CARD: Final = Path(__file__).resolve().parents[3] / "models" / "rough-mix.json"

LOW_SHELF_HZ: Final = 150.0
PEAKS_HZ: Final = (500.0, 1_500.0, 3_500.0)
PEAKS_Q: Final = 0.9
HIGH_SHELF_HZ: Final = 4_500.0
EQ_BANDS: Final = 2 + len(PEAKS_HZ)
"""The bands of the correcting EQ, at fixed places, so that a correction is a linear function of the spectrum."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Levels:
    """How loud a stem should be around the song's mean.

    Parameters
    ----------
    offsets_lu : Mapping[Role, float]
        By role, of all 21.
    centroid_lu_per_octave, crest_lu_per_db, flux_lu_per_db : float
        Slopes over how the stem's sound differs from the song's mean.
    left_lu : float
        The deviation of the levels that people set around the rule's: what it leaves to the level that a stem came
        with (:func:`~mixing.engine.mixers.came.believed_lu`), of which 0 believes nothing.
    """

    offsets_lu: Mapping[Role, float]
    centroid_lu_per_octave: float
    crest_lu_per_db: float
    flux_lu_per_db: float
    left_lu: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Tone:
    """Towards which spectrum a stem is equalised, and how far.

    Parameters
    ----------
    spectra_db : Mapping[Role, tuple[float, ...]]
        Mean spectrum of a role, BANDS values in dB around their mean.
    gains_per_db : tuple[tuple[float, ...], ...]
        EQ_BANDS rows of BANDS numbers: the gain of each band of the EQ for each dB that the stem lacks there.
    unknown_gains_per_db : tuple[tuple[float, ...], ...]
        Likewise for stems of the role *other*, of which one knows less.
    strength : float
        0 to 1 and a little more: the share of the correction that is made.
    range_db : float
        Bands this far below a stem's loudest are taken as this far below.
    song_stems : float | None
        As many other stems as it takes until half of what they lack on average counts as the song's own sound, which
        is no stem's fault; None if nothing does.
    """

    spectra_db: Mapping[Role, tuple[float, ...]]
    gains_per_db: tuple[tuple[float, ...], ...]
    unknown_gains_per_db: tuple[tuple[float, ...], ...]
    strength: float
    range_db: float
    song_stems: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RoughFit:
    """All that was fitted.

    ``left_alone_db`` is how far to one side a stem must come, in dB, before it counts as meant there: up to that the
    rough mix centres, and what is beyond is kept. ``tone`` is None in the prior, which knows no spectra.
    """

    levels: Levels
    tone: Tone | None
    left_alone_db: float


PRIOR_LEVELS: Final = Levels(
    offsets_lu={
        "kick": 1.4, "snare": -1.3, "hihat": 1.7, "toms": -1.3, "cymbals": -0.3, "percussion": -1.8, "drums": 2.2,
        "bass": -0.8, "electric_guitar": 1.4, "acoustic_guitar": 1.4, "piano": 1.5, "keys": 1.5, "synth": 0.2,
        "pad": 0.2, "strings": -1.7, "brass": 0.9, "woodwind": 0.9, "lead_vocal": 2.6, "backing_vocal": -2.3,
        "fx": -2.4, "other": 0.9,
    },
    centroid_lu_per_octave=-1.42,
    crest_lu_per_db=-0.07,
    flux_lu_per_db=-0.51,
    left_lu=0.0,
)  # fmt: skip
"""A ridge regression (song-centred) over the balances of 60 public multitracks of many makers. Roles that it does not
tell apart share one offset: both guitars, piano and keys, pad and synth; brass and woodwind, which it does not name,
take that of *other*. It says nothing of the levels that stems come with."""
PRIOR: Final = RoughFit(levels=PRIOR_LEVELS, tone=None, left_alone_db=0.0)
PRIOR_SONGS: Final = 60


def correcting_eq(gains_db: tuple[float, ...]) -> Eq:
    """The EQ with these gains at the fixed bands: low shelf, three peaks, high shelf."""
    low, *peaks, high = gains_db
    first, second, third = (
        Peak(gain_db=gain_db, freq_hz=freq_hz, q=PEAKS_Q) for gain_db, freq_hz in zip(peaks, PEAKS_HZ, strict=True)
    )
    return Eq(
        low_shelf=LowShelf(gain_db=low, freq_hz=LOW_SHELF_HZ),
        peak_1=first,
        peak_2=second,
        peak_3=third,
        high_shelf=HighShelf(gain_db=high, freq_hz=HIGH_SHELF_HZ),
    )


@cache
def shipped() -> tuple[RoughFit, str]:
    """The fit that ships with the program, and the SHA-256 of its card."""
    return load(CARD)


def load(path: Path) -> tuple[RoughFit, str]:
    """Read a card and its SHA-256.

    Raises
    ------
    MixFailed
        ``rough_mix_card`` if it is missing or not such a card.
    """
    try:
        content = path.read_bytes()
        return from_card(json.loads(content)), hashlib.sha256(content).hexdigest()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise MixFailed(
            "rough_mix_card",
            f"{path.name}, which holds the numbers of the rough mix, is missing or damaged; restore it, or write it "
            "anew with fit_rules.",
            field=path.name,
        ) from error


def from_card(card: Mapping[str, Any]) -> RoughFit:
    """The fit of a card; ValueError, KeyError or TypeError if it is none."""
    card = in_this_format(card)
    level, tone = card["level"], card["tone"]
    return RoughFit(
        levels=Levels(
            offsets_lu={role: _number(level["offsets_lu"][role]) for role in ROLES},
            centroid_lu_per_octave=_number(level["centroid_lu_per_octave"]),
            crest_lu_per_db=_number(level["crest_lu_per_db"]),
            flux_lu_per_db=_number(level["flux_lu_per_db"]),
            left_lu=_number(level["left_lu"]),
        ),
        tone=Tone(
            spectra_db={role: _row(tone["spectra_db"][role]) for role in ROLES},
            gains_per_db=_matrix(tone["gains_per_db"]),
            unknown_gains_per_db=_matrix(tone["unknown_gains_per_db"]),
            strength=_number(tone["strength"]),
            range_db=_number(tone["range_db"]),
            song_stems=None if tone["song_stems"] is None else _number(tone["song_stems"]),
        ),
        left_alone_db=_number(card["pan"]["left_alone_db"]),
    )


def in_this_format(card: Mapping[str, Any]) -> Mapping[str, Any]:
    """A card of any format so far as one of FORMAT_VERSION; ValueError, KeyError or TypeError if it is none."""
    if card["format_version"] == 1:
        card = _of_format_1(card)
    if card["format_version"] != FORMAT_VERSION or card["key"] != "rough-mix":
        raise ValueError("not a card of this format")
    return card


def to_card(fit: RoughFit) -> dict[str, Any]:
    """The part of a card that holds the fit, as :func:`from_card` reads it; numbers to four digits after the point."""
    if fit.tone is None:
        raise ValueError("A card holds a fit with its spectra.")
    levels, tone = fit.levels, fit.tone
    return {
        "level": {
            "offsets_lu": {role: round(levels.offsets_lu[role], 4) for role in ROLES},
            "centroid_lu_per_octave": round(levels.centroid_lu_per_octave, 4),
            "crest_lu_per_db": round(levels.crest_lu_per_db, 4),
            "flux_lu_per_db": round(levels.flux_lu_per_db, 4),
            "left_lu": round(levels.left_lu, 4),
        },
        "tone": {
            "strength": round(tone.strength, 4),
            "range_db": round(tone.range_db, 4),
            "song_stems": None if tone.song_stems is None else round(tone.song_stems, 4),
            "gains_per_db": [[round(value, 5) for value in row] for row in tone.gains_per_db],
            "unknown_gains_per_db": [[round(value, 5) for value in row] for row in tone.unknown_gains_per_db],
            "spectra_db": {role: [round(value, 2) for value in tone.spectra_db[role]] for role in ROLES},
        },
        "pan": {"left_alone_db": round(fit.left_alone_db, 4)},
    }


def _of_format_1(card: Mapping[str, Any]) -> dict[str, Any]:
    """A card of the first format as one of the second.

    It believed one share of the level that a stem came with, whatever that was: the share of a deviation against that
    of gains of up to GAIN_DB. It saw 45 dB of a spectrum, and each stem by itself.
    """
    level, tone, recipe = dict(card["level"]), dict(card["tone"]), dict(card["recipe"])
    share = _number(level.pop("came_share"))
    if not 0.0 <= share < 1.0:
        raise ValueError("a share is below one")
    del recipe["share"]
    level["left_lu"] = recipe["left_lu"] = GAIN_DB / math.sqrt(3.0) * math.sqrt(share / (1.0 - share))
    tone |= {"range_db": 45.0, "song_stems": None}
    return {**card, "format_version": 2, "level": level, "tone": tone, "recipe": recipe}


def _number(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError("not a finite number")
    return float(value)


def _row(values: list[object]) -> tuple[float, ...]:
    if len(values) != BANDS:
        raise ValueError("a row has one number for each band")
    return tuple(_number(value) for value in values)


def _matrix(rows: list[list[object]]) -> tuple[tuple[float, ...], ...]:
    if len(rows) != EQ_BANDS:
        raise ValueError("one row for each band of the EQ")
    return tuple(_row(row) for row in rows)
