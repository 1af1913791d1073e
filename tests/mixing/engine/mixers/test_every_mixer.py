"""What holds for every family that ships: wishes, locks and targets mean the same, and no order matters."""

from __future__ import annotations

import dataclasses
import math

import pytest

from mixing.engine.console.parameters import ConsoleParameters, Strip
from mixing.engine.mixers.interface import Intent, Mixer, SessionFeatures, StemIntent
from mixing.engine.mixers.registry import all_mixers
from mixing.engine.mixers.styles import STYLES
from mixing.engine.training.made_up import references, sessions

ONE_OF_EACH_FAMILY = [mixer for mixer in all_mixers() if not mixer.key.startswith("console-net-")]
SONG = sessions(1, stems=4)[0]
(REFERENCE,) = references(1)
BASS = SONG.stems[3].name

every = pytest.mark.parametrize("mixer", ONE_OF_EACH_FAMILY, ids=lambda mixer: mixer.key)


def mixed(mixer: Mixer, wish: Intent | None = None, session: SessionFeatures = SONG) -> ConsoleParameters:
    """With the reference for those that need one, and at the usual target."""
    wish = wish or Intent()
    heard = REFERENCE if getattr(mixer, "needs_reference", False) else None
    target = -14.0 if wish.target_lufs is None else wish.target_lufs
    return mixer.predict(session, dataclasses.replace(wish, reference=heard, target_lufs=target))


def bass_of(console: ConsoleParameters) -> Strip:
    return next(strip for strip in console.strips if strip.stem == BASS)


def ahead_db(console: ConsoleParameters) -> float:
    """The bass's fader beside the mean of the others."""
    others = [strip.fader_db for strip in console.strips if strip.stem != BASS]
    return bass_of(console).fader_db - sum(others) / len(others)


@every
def test_locked_knobs_stay_whatever_the_style(mixer: Mixer) -> None:
    locks = {
        f"strips.{BASS}.fader_db": -17.5, f"strips.{BASS}.pan": 0.9, f"strips.{BASS}.eq.peak_1.gain_db": 7.0,
        f"strips.{BASS}.compressor.threshold_db": -33.0, f"strips.{BASS}.sends.reverb_db": -12.0,
        f"strips.{BASS}.mute": True, "groups.drums.gain_db": -3.0, "groups.bass.compressor.ratio": 5.0,
        "reverb.decay_s": 4.0, "delay.time_ms": 300.0, "master.eq.low_shelf.gain_db": 2.0,
        "master.compressor.threshold_db": -9.0,
    }  # fmt: skip
    for style in (None, "dense"):
        knobs = mixed(mixer, Intent(locks=locks, style=style)).flatten()
        assert {path: knobs[path] for path in locks} == locks


@every
def test_a_lead_comes_forward_a_background_goes_back_and_a_place_is_kept(mixer: Mixer) -> None:
    plain = mixed(mixer)
    lead, behind = (
        mixed(mixer, Intent(stems={BASS: StemIntent(presence=presence)})) for presence in ("lead", "background")
    )
    assert ahead_db(lead) - ahead_db(plain) == pytest.approx(3.0, abs=0.05)
    assert ahead_db(behind) - ahead_db(plain) == pytest.approx(-4.0, abs=0.05)
    assert bass_of(mixed(mixer, Intent(stems={BASS: StemIntent(pan=-0.7)}))).pan == -0.7


@every
def test_more_space_is_a_louder_send_and_the_target_is_the_wish(mixer: Mixer) -> None:
    dry, near, far = (
        mixed(mixer, Intent(stems={BASS: StemIntent(space=space)}, target_lufs=-9.5)) for space in (0.0, 0.3, 0.8)
    )
    assert bass_of(dry).sends.reverb_db == -90.0
    assert bass_of(far).sends.reverb_db - bass_of(near).sends.reverb_db == pytest.approx(11.0, abs=0.05)
    assert dry.master.target_lufs == -9.5
    assert dry.master.limiter.on


@every
def test_every_style_is_another_mix(mixer: Mixer) -> None:
    plain = mixed(mixer)
    for style in ("dense",) if mixer.key == "search" else STYLES:  # a search takes half a second
        assert mixed(mixer, Intent(style=style)) != plain


@every
def test_the_order_of_the_stems_changes_no_knob(mixer: Mixer) -> None:
    turned = dataclasses.replace(SONG, stems=tuple(SONG.stems[place] for place in (2, 0, 3, 1)))
    one, other = mixed(mixer), mixed(mixer, session=turned)
    assert {strip.stem: strip for strip in one.strips} == {strip.stem: strip for strip in other.strips}
    assert (one.groups, one.reverb, one.delay, one.master) == (other.groups, other.reverb, other.delay, other.master)


@every
def test_one_stem_and_many_unlabelled_ones_beside_silence_are_mixed(mixer: Mixer) -> None:
    many = sessions(1, stems=3 if mixer.key == "search" else 64)[0]
    silence = dataclasses.replace(
        many.stems[0].audio, loudness_lufs=None, true_peak_dbtp=None, spectrum_db=(), side_db=(), band_imbalance=(),
        variation_db=(), peak_percentiles_dbfs=(), loudness_range_lu=None, short_term_max_lufs=None,
    )  # fmt: skip
    unlabelled = tuple(dataclasses.replace(stem, role="other") for stem in many.stems)
    quiet = (dataclasses.replace(unlabelled[0], audio=silence, mel=None), *unlabelled[1:])
    for session in (dataclasses.replace(many, stems=quiet), dataclasses.replace(many, stems=unlabelled[1:2])):
        console = mixed(mixer, session=session)
        assert [strip.stem for strip in console.strips] == [stem.name for stem in session.stems]
        assert all(math.isfinite(value) for value in console.flatten().values() if isinstance(value, float))
    assert console == mixed(mixer, session=session)
