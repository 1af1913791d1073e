"""The strips of a console: each stem behind its trim, EQ, compressor, fader, pan and width, with its sends."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from mixing.engine.console.parameters import Delay, Eq, Peak, Reverb, Sends, Strip
from mixing.engine.mixers import dynamics, image, space
from mixing.engine.mixers.decisions import Decisions, StemDecision
from mixing.engine.mixers.dynamics import Asked, Placed
from mixing.engine.mixers.eq_response import band_response_db, k_weights, loudness_change_lu, power_change_db
from mixing.engine.mixers.interface import AudioFeatures, SessionFeatures, StemFeatures
from mixing.engine.mixers.outcomes import AskedSound, AskedSpace, Outcomes, Sounds, knows, space_row
from mixing.engine.roles import GROUPS, group_of

WORKING_LUFS: Final = -23.0
"""The loudness that trims bring each stem to (EBU R 128's): enough headroom for any balance on the faders."""
LARGEST_TRIM_DB: Final = 30.0
"""A stem that needs more than this is a noise floor rather than music, and stays as far behind as it is."""
LARGEST_GIVEN_BACK_LU: Final = 18.0
"""What a filter takes beyond this was the sound itself, which no fader brings back."""
LOWEST_FADER_DB: Final = -60.0
_FLAT_DB: Final = 0.05
"""A band of an EQ that moves less than this is left out: nobody hears it, and it costs time."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A strip, and what leaves it: the percentiles of its peaks, and its K-weighted power in each band.

    ``taken_db`` is what its compressor takes of the loud moments.
    """

    strip: Strip
    stem: StemFeatures
    peaks_dbfs: tuple[float, ...]
    power: NDArray[np.float64] | None
    taken_db: float = 0.0


def channels(
    session: SessionFeatures,
    wishes: Mapping[str, StemDecision],
    decisions: Decisions,
    outcomes: Outcomes,
    sounds: Sounds,
    *,
    as_recorded: bool,
) -> list[Channel]:
    """The strips in the session's order; the loudest fader stands at 0 dB unless levels are ``as_recorded``."""
    trims = {stem.name: 0.0 if as_recorded else _trim_db(stem.audio) for stem in session.stems}
    eqs = {name: readable(wish.eq) for name, wish in wishes.items()}
    placed = _compressors(session, wishes, trims, eqs, outcomes, sounds)
    faders = {}
    for stem in heard_stems(session):
        wish = wishes[stem.name]
        given_back = 0.0 if as_recorded else _taken_lu(stem, wish, eqs[stem.name], placed[stem.name])
        faders[stem.name] = wish.level_lu + given_back
    loudest = 0.0 if as_recorded else max(faders.values(), default=0.0)
    sends = _sends(session, wishes, decisions, eqs, outcomes, sounds)
    return [
        _channel(
            stem,
            wishes[stem.name],
            trim_db=trims[stem.name],
            eq=eqs[stem.name],
            placed=placed[stem.name],
            fader_db=max(LOWEST_FADER_DB, faders.get(stem.name, loudest) - loudest),
            sends=wishes[stem.name].sends or sends.get(stem.name, Sends()),
        )
        for stem in session.stems
    ]


def heard_stems(session: SessionFeatures) -> list[StemFeatures]:
    """The stems that sound, in the session's order."""
    return [stem for stem in session.stems if stem.audio.loudness_lufs is not None]


def known_stems(session: SessionFeatures) -> list[StemFeatures]:
    """The stems of which enough is known to correct a formula, by name: the session's order changes no bit."""
    return sorted((stem for stem in session.stems if knows(stem.audio)), key=lambda stem: stem.name)


def _channel(
    stem: StemFeatures, wish: StemDecision, *, trim_db: float, eq: Eq, placed: Placed, fader_db: float, sends: Sends
) -> Channel:
    """One channel; levels to a hundredth of a decibel, which is finer than ears and readable on a console."""
    pan, width = _rounded(wish.pan, -1.0, 1.0), _rounded(wish.width, 0.0, 2.0)
    strip = Strip(
        stem=stem.name,
        group=group_of(stem.role),
        trim_db=round(trim_db, 2) + 0.0,
        eq=eq,
        compressor=placed.compressor,
        fader_db=round(min(12.0, fader_db), 2) + 0.0,  # and no -0.0
        pan=pan,
        width=width,
        sends=sends,
    )
    if stem.audio.loudness_lufs is None:
        return Channel(strip, stem, (), None)
    onto_a_side_db = _loud_side_db(stem.audio, pan, width)
    arriving = _peaks_behind_eq(stem, trim_db, eq)
    behind = dynamics.peaks_behind(placed.nominal, arriving, dynamics.BY_ROLE[stem.role])
    return Channel(
        strip,
        stem,
        tuple(level + strip.fader_db + onto_a_side_db for level in behind),
        _power(stem.audio, eq) * 10.0 ** ((trim_db + strip.fader_db) / 10.0),
        wish.gain_reduction_db if placed.compressor.on else 0.0,
    )


def _trim_db(audio: AudioFeatures) -> float:
    if audio.loudness_lufs is None:
        return 0.0
    return min(LARGEST_TRIM_DB, max(-LARGEST_TRIM_DB, WORKING_LUFS - audio.loudness_lufs))


def _taken_lu(stem: StemFeatures, wish: StemDecision, eq: Eq, placed: Placed) -> float:
    """What EQ, compressor, pan and width take of the loudness; negative where they add to it."""
    taken = -loudness_change_lu(stem.audio.spectrum_db, eq)
    taken -= image.loudness_change_lu(stem.audio, pan=wish.pan, width=wish.width)
    if placed.compressor.on:
        taken += placed.loss_lu - placed.compressor.makeup_db
    return min(LARGEST_GIVEN_BACK_LU, max(-LARGEST_GIVEN_BACK_LU, taken))


def _peaks_behind_eq(stem: StemFeatures, trim_db: float, eq: Eq) -> tuple[float, ...]:
    change_db = trim_db + power_change_db(stem.audio.spectrum_db, eq)
    return tuple(level + change_db for level in stem.audio.peak_percentiles_dbfs)


def _compressors(
    session: SessionFeatures,
    wishes: Mapping[str, StemDecision],
    trims: Mapping[str, float],
    eqs: Mapping[str, Eq],
    outcomes: Outcomes,
    sounds: Sounds,
) -> dict[str, Placed]:
    asked = {}
    for stem in session.stems:
        peaks_dbfs = _peaks_behind_eq(stem, trims[stem.name], eqs[stem.name])
        asked[stem.name] = Asked(
            wanted_db=0.0 if wishes[stem.name].compressor is not None else wishes[stem.name].gain_reduction_db,
            character=dynamics.BY_ROLE[stem.role],
            peaks_dbfs=peaks_dbfs,
        )
    known = {
        stem.name: AskedSound(
            sound=sounds.row(stem, eqs[stem.name]),
            group=GROUPS.index(group_of(stem.role)),
            asked=asked[stem.name] if asked[stem.name].any else None,
        )
        for stem in (known_stems(session) if any(each.any for each in asked.values()) else ())
    }
    corrections = outcomes.compressors(known) if any(each.asked for each in known.values()) else {}
    placed = {}
    for name, each in asked.items():
        own = wishes[name].compressor
        placed[name] = (
            dynamics.placed(each, corrections.get(name))
            if own is None
            else dynamics.given(own, each.character, each.peaks_dbfs)
        )
    return placed


def _sends(
    session: SessionFeatures,
    wishes: Mapping[str, StemDecision],
    decisions: Decisions,
    eqs: Mapping[str, Eq],
    outcomes: Outcomes,
    sounds: Sounds,
) -> dict[str, Sends]:
    """The sends of the stems that are wished into a room; stems that set theirs, and dry ones, are not among them."""
    wet = [stem for stem in heard_stems(session) if _wet(wishes[stem.name])]
    if not wet:
        return {}
    reverb, delay = decisions.reverb, decisions.delay
    time_ms = delay.time_ms if session.tempo_bpm is None else space.dotted_eighth_ms(session.tempo_bpm)
    known = {}
    for stem in known_stems(session):
        wish = wishes[stem.name]
        known[stem.name] = AskedSpace(
            sound=sounds.row(stem, eqs[stem.name]),
            space=space_row(
                reverb,
                delay,
                time_ms=time_ms,
                folded=_folded(stem.audio, wish),
                reduction_db=wish.gain_reduction_db,
                pan=wish.pan,
                width=wish.width,
            ),
            group=GROUPS.index(group_of(stem.role)),
        )
    corrections = outcomes.sends(known)
    return {
        stem.name: _sends_of(
            stem, wishes[stem.name], eqs[stem.name], reverb, delay, corrections.get(stem.name, (0.0, 0.0))
        )
        for stem in wet
    }


def _wet(wish: StemDecision) -> bool:
    return wish.sends is None and (wish.reverb_lu is not None or wish.delay_lu is not None)


def _sends_of(
    stem: StemFeatures, wish: StemDecision, eq: Eq, reverb: Reverb, delay: Delay, louder_lu: tuple[float, float]
) -> Sends:
    behind_eq_db = (np.asarray(stem.audio.spectrum_db) + band_response_db(eq)).tolist()
    reverb_lu = space.reverb_change_lu(behind_eq_db, reverb) + louder_lu[0]
    delay_lu = space.delay_change_lu(behind_eq_db, delay, _folded(stem.audio, wish)) + louder_lu[1]
    return Sends(
        reverb_db=space.send_db(wish.reverb_lu, reverb_lu, reverb.return_db),
        delay_db=space.send_db(wish.delay_lu, delay_lu, delay.return_db),
    )


def _folded(audio: AudioFeatures, wish: StemDecision) -> float:
    return space.folded_share(audio, pan=_rounded(wish.pan, -1.0, 1.0), width=_rounded(wish.width, 0.0, 2.0))


def _loud_side_db(audio: AudioFeatures, pan: float, width: float) -> float:
    """By how much pan and width change the louder side, and so the peaks that a bus meets."""
    before = 1.0 if audio.channels == 1 else (1.0 + abs(audio.imbalance)) / 2.0
    return 10.0 * math.log10(max(max(image.sides(audio, pan=pan, width=width)) / before, 1e-6))


def _power(audio: AudioFeatures, eq: Eq) -> NDArray[np.float64]:
    """K-weighted power in each band behind an EQ; without the EQ its sum is the stem's loudness."""
    if audio.loudness_lufs is None or not audio.spectrum_db:
        return np.zeros(k_weights().size)
    weighted = 10.0 ** (np.asarray(audio.spectrum_db) / 10.0) * k_weights()
    scaled: NDArray[np.float64] = weighted * (10.0 ** (audio.loudness_lufs / 10.0) / math.fsum(weighted))
    return scaled * 10.0 ** (band_response_db(eq) / 10.0)


def readable(eq: Eq) -> Eq:
    """An EQ with gains to a hundredth, frequencies to a tenth, and no band that nobody would hear."""

    def gain(value_db: float) -> float:
        return 0.0 if abs(value_db) < _FLAT_DB else round(value_db, 2)

    def peak(band: Peak) -> Peak:
        return Peak(gain_db=gain(band.gain_db), freq_hz=round(band.freq_hz, 1), q=round(band.q, 3))

    return Eq(
        high_pass=dataclasses.replace(eq.high_pass, freq_hz=round(eq.high_pass.freq_hz, 1)),
        low_shelf=dataclasses.replace(
            eq.low_shelf, gain_db=gain(eq.low_shelf.gain_db), freq_hz=round(eq.low_shelf.freq_hz, 1)
        ),
        peak_1=peak(eq.peak_1),
        peak_2=peak(eq.peak_2),
        peak_3=peak(eq.peak_3),
        high_shelf=dataclasses.replace(
            eq.high_shelf, gain_db=gain(eq.high_shelf.gain_db), freq_hz=round(eq.high_shelf.freq_hz, 1)
        ),
    )


def _rounded(value: float, low: float, high: float) -> float:
    return round(min(high, max(low, value)), 3) + 0.0
