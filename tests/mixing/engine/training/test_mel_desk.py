"""The desk of features against hand-computed powers and against true renders."""

from __future__ import annotations

import dataclasses
import math
import statistics
from pathlib import Path

import numpy as np
import pytest
import torch

from mixing.engine.console.eq import response_db
from mixing.engine.console.parameters import (
    ConsoleParameters,
    Eq,
    GroupBus,
    Groups,
    HighShelf,
    LowShelf,
    Master,
    Peak,
    Sends,
    Strip,
)
from mixing.engine.mixers.eq_response import RATE
from mixing.engine.mixers.interface import BANDS, SessionFeatures, band_centres_hz
from mixing.engine.training.corpus import SongEntry, StemFile, read_song
from mixing.engine.training.desk_frames import FRAMES
from mixing.engine.training.desk_inputs import duty_db, settings_of, sounds_of
from mixing.engine.training.likeness import distance
from mixing.engine.training.mel_desk import MixSound, eq_response_db, mix
from mixing.engine.training.random_console import random_console
from mixing.engine.training.sections import SectionAudio, sections_of
from tests.mixing.engine.mixers.sessions import SILENCE, session, sound, stem
from tests.mixing.engine.real_songs import real_songs

RATE_HZ = 44_100
STEREO = {"channels": 2, "width": 0.1, "side_db": (-20.0,) * BANDS, "spectrum_db": (-16.0,) * BANDS}


def played(song: SessionFeatures, console: ConsoleParameters) -> MixSound:
    return mix(sounds_of([song]), settings_of(song, [console]))


def console(*strips: Strip, **parts: object) -> ConsoleParameters:
    return ConsoleParameters(strips=strips, **{"master": Master(target_lufs=-20.0), **parts})  # type: ignore[arg-type]


def test_the_equalisers_response_is_that_of_the_console() -> None:
    eq = Eq(
        low_shelf=LowShelf(gain_db=-7.0, freq_hz=140.0),
        peak_1=Peak(gain_db=5.0, freq_hz=300.0, q=0.8),
        peak_2=Peak(gain_db=-4.0, freq_hz=1_500.0, q=2.0),
        peak_3=Peak(gain_db=3.0, freq_hz=6_000.0, q=1.0),
        high_shelf=HighShelf(gain_db=8.0, freq_hz=7_000.0),
    )
    bands = (eq.low_shelf, eq.peak_1, eq.peak_2, eq.peak_3, eq.high_shelf)
    found = eq_response_db(
        torch.tensor([band.gain_db for band in bands]),
        torch.tensor([band.freq_hz for band in bands]),
        torch.tensor([eq.peak_1.q, eq.peak_2.q, eq.peak_3.q]),
    )
    np.testing.assert_allclose(found.numpy(), response_db(eq, band_centres_hz(), RATE), atol=0.01)


def test_a_mono_stem_panned_hard_is_all_on_one_side_and_half_of_it_is_side_signal() -> None:
    heard = played(session(stem("a")), console(Strip(stem="a", pan=1.0)))
    assert float(heard.imbalance) == pytest.approx(1.0, abs=1e-3)
    assert float(heard.width) == pytest.approx(0.5, abs=1e-3)


def test_width_zero_folds_a_stereo_stem_and_width_two_gives_four_times_the_side() -> None:
    song = session(stem("a", **STEREO))
    narrow, wide = (float(played(song, console(Strip(stem="a", width=width))).width) for width in (0.0, 2.0))
    share = 10 ** (-20.0 / 10) / 10 ** (-16.0 / 10)
    assert narrow == pytest.approx(0.0, abs=1e-4)
    assert wide == pytest.approx(4 * share / (1 - share + 4 * share), rel=0.01)


def test_two_unrelated_stems_add_their_powers() -> None:
    low = tuple(-10.0 if band < BANDS // 2 else -80.0 for band in range(BANDS))
    high = tuple(-80.0 if band < BANDS // 2 else -10.0 for band in range(BANDS))
    song = session(stem("low", spectrum_db=low), stem("high", spectrum_db=high))
    even, tilted = (
        played(song, console(Strip(stem="low"), Strip(stem="high", fader_db=fader))).spectrum_db[0] for fader in (0, -6)
    )
    assert float((tilted[-1] - tilted[0]) - (even[-1] - even[0])) == pytest.approx(-6.0, abs=0.01)


def test_the_master_eq_shapes_the_whole_mix() -> None:
    song = session(stem("a"))
    flat = played(song, console(Strip(stem="a"))).spectrum_db[0]
    master = Master(target_lufs=-20.0, eq=Eq(low_shelf=LowShelf(gain_db=6.0, freq_hz=100.0)))
    shaped = played(song, console(Strip(stem="a"), master=master)).spectrum_db[0]
    wanted = response_db(master.eq, band_centres_hz(), RATE)
    assert float((shaped - flat)[0] - (shaped - flat)[-1]) == pytest.approx(wanted[0] - wanted[-1], abs=0.05)


def test_reverb_widens_a_centred_mono_stem_and_evens_out_its_hits() -> None:
    song = session(stem("a"))
    dry = played(song, console(Strip(stem="a")))
    wet = played(song, console(Strip(stem="a", sends=Sends(reverb_db=0.0))))
    assert float(dry.width) < 0.001 < 0.15 < float(wet.width)
    assert float(wet.crest_db) < float(dry.crest_db) - 1.0


def test_a_compressor_takes_crest_and_a_loud_target_takes_peaks() -> None:
    song = session(stem("a"))
    squeezed = dataclasses.replace(Strip(stem="a").compressor, on=True, threshold_db=-30.0, ratio=8.0)
    open_, tight = (
        played(song, console(Strip(stem="a", compressor=c))) for c in (Strip(stem="a").compressor, squeezed)
    )
    # Envelopes are slower than hits, so that most of a reduction is one of the level.
    assert float(tight.crest_db) < float(open_.crest_db) - 0.2
    loud = played(song, console(Strip(stem="a"), master=Master(target_lufs=-13.0)))
    assert float(loud.peaks_db[0, 5]) == pytest.approx(12.6, abs=0.9)
    assert float(open_.peaks_db[0, 5]) > 14.0


def test_a_target_that_the_limiter_may_not_reach_is_missed_by_what_the_peaks_stand_too_high() -> None:
    # Peaks 4 dB higher than the others' at the same loudness leave 4 dB less to reach.
    sharp, sharper = (
        session(
            stem("a", peak_percentiles_dbfs=tuple(-23.0 + up for up in (-8.0, 0.0, 4.0, 8.0, 20.0 + more, 24.0 + more)))
        )
        for more in (0.0, 4.0)
    )
    loud = console(Strip(stem="a"), master=Master(target_lufs=-6.0))
    one, other = (float(played(song, loud).loudness_lufs) for song in (sharp, sharper))
    assert one < -8.0
    assert one - other == pytest.approx(4.0, abs=0.7)
    quiet = console(Strip(stem="a"), master=Master(target_lufs=-30.0))
    assert float(played(sharp, quiet).loudness_lufs) == pytest.approx(-30.0, abs=0.05)


def test_muted_stems_and_silence_leave_no_trace_and_nothing_is_infinite() -> None:
    song = session(stem("a"), stem("b", centroid_hz=90.0), stem("c", "fx", SILENCE))
    alone = played(session(stem("a")), console(Strip(stem="a")))
    muted = played(song, console(Strip(stem="a"), Strip(stem="b", mute=True), Strip(stem="c")))
    torch.testing.assert_close(muted.spectrum_db, alone.spectrum_db, atol=0.01, rtol=0)
    nothing = played(session(stem("c", "fx", SILENCE)), console(Strip(stem="c")))
    assert all(torch.isfinite(getattr(nothing, name)).all() for name in ("spectrum_db", "width", "peaks_db"))


def test_every_knob_has_a_gradient() -> None:
    song = session(stem("a", **STEREO), stem("b", "bass"))
    settings = settings_of(song, [console(*(Strip(stem=name, sends=Sends(reverb_db=-10.0)) for name in "ab"))])
    names = ("strip_eq_db", "fader_db", "pan", "width", "reverb_db", "group_db", "group_eq_db", "master_eq_db")
    turned = {name: getattr(settings, name).clone().requires_grad_() for name in names}
    heard = mix(sounds_of([song]), dataclasses.replace(settings, **turned))
    (heard.spectrum_db.square().sum() + heard.width.sum() + heard.crest_db.sum() + heard.imbalance.sum()).backward()
    assert all(torch.isfinite(value.grad).all() and value.grad.abs().max() > 0 for value in turned.values())


def test_the_frames_of_a_stem_hold_its_power_and_do_not_depend_on_its_name() -> None:
    one, other = (sounds_of([session(stem(name))]) for name in ("a", "b"))
    torch.testing.assert_close(one.levels_db, other.levels_db)
    power = float(one.covariance[0, 0, :, :2].sum())
    assert float((10 ** (one.levels_db[0, 0, :FRAMES] / 10)).sum() / FRAMES) == pytest.approx(power, rel=1e-3)


def test_pauses_take_from_the_mean_power() -> None:
    assert duty_db(sound(activity=0.1)) < duty_db(sound(activity=1.0)) - 4.0


def _sung(folder: Path) -> SectionAudio:
    """Noise bursts, a hum and a stereo hiss of 4 s."""
    rng = np.random.default_rng(1)
    t = np.arange(4 * RATE_HZ) / RATE_HZ
    bursts = rng.standard_normal(t.size) * np.exp(-((t * 2) % 1) * 8) * 0.2
    hum = 0.2 * sum(np.sin(2 * math.pi * 110 * k * t) / k for k in range(1, 12)) * (1 + 0.3 * np.sin(2 * math.pi * t))
    hiss = rng.standard_normal((2, t.size)) * 0.05
    stems = [audio.astype(np.float32) for audio in (bursts[None], hum[None], hiss)]
    roles = ("snare", "bass", "pad")
    entry = SongEntry(
        id="made", folder=folder, title="Made", artist="", licence="CC0-1.0", weights_may_ship=True, human_balance=None,
        stems=tuple(StemFile(folder / role, role) for role in roles),
    )  # fmt: skip
    return SectionAudio(folder / "audio", roles, entry, stems, RATE_HZ)


def test_predictions_agree_with_true_renders(tmp_path: Path) -> None:
    section = _sung(tmp_path)
    errors, widths, imbalances, crests = [], [], [], []
    for seed in (1, 2, 3, 4):
        drawn = random_console(section.session, seed)
        true, predicted = section.mix(drawn), played(section.session, drawn)
        loudest = max(true.spectrum_db)
        heard = [band for band, level in enumerate(true.spectrum_db) if level > loudest - 40.0]
        error = [abs(true.spectrum_db[band] - float(predicted.spectrum_db[0, band])) for band in heard]
        errors.append(sum(error) / len(error))
        widths.append(abs(float(predicted.width) - true.width))
        imbalances.append(abs(float(predicted.imbalance) - true.imbalance))
        crests.append(abs(float(predicted.crest_db) - true.crest_db))
    assert statistics.mean(errors) < 1.25
    assert statistics.mean(widths) < 0.05
    assert statistics.mean(imbalances) < 0.08
    assert statistics.median(crests) < 3.0


def test_a_mix_is_at_no_distance_from_itself_and_half_a_decibel_is_told(tmp_path: Path) -> None:
    section = _sung(tmp_path)
    drawn = random_console(section.session, 1)
    mixed = section.mix(drawn)
    alike = distance(mixed, mixed)
    assert alike is not None
    assert all(value == 0.0 for value in dataclasses.asdict(alike).values())
    louder = dataclasses.replace(mixed, loudness_lufs=(mixed.loudness_lufs or 0.0) + 0.5)
    apart = distance(louder, mixed)
    assert apart is not None
    assert apart.level_lu == pytest.approx(0.5)
    assert apart.bands_db == 0.0


def test_silence_has_no_distance() -> None:
    assert distance(SILENCE, sound()) is None


def test_a_group_gain_moves_its_stems_alone() -> None:
    song = session(
        stem("a", "keys", spectrum_db=(0.0,) + (-80.0,) * 39), stem("b", "bass", spectrum_db=(-80.0,) * 39 + (0.0,))
    )
    strips = (Strip(stem="a", group="music"), Strip(stem="b", group="bass"))
    before = played(song, console(*strips)).spectrum_db[0]
    after = played(song, console(*strips, groups=Groups(bass=GroupBus(gain_db=5.0)))).spectrum_db[0]
    assert float((after[-1] - after[0]) - (before[-1] - before[0])) == pytest.approx(5.0, abs=0.01)


@pytest.mark.real_audio
def test_predictions_agree_with_true_renders_of_a_real_song(tmp_path: Path) -> None:
    folder = next((path for path in real_songs() if path.name == "trk_minor_boss"), real_songs()[0])
    section = sections_of(read_song(folder), tmp_path)[0]
    errors = []
    for seed in (1, 2, 3):
        drawn = random_console(section.session, seed)
        true, predicted = section.mix(drawn), played(section.session, drawn)
        heard = [band for band, level in enumerate(true.spectrum_db) if level > max(true.spectrum_db) - 40.0]
        errors += [abs(true.spectrum_db[band] - float(predicted.spectrum_db[0, band])) for band in heard]
        assert float(predicted.width) == pytest.approx(true.width, abs=0.08)
    assert statistics.mean(errors) < 1.5
