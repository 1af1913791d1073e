"""Errors of a mix against hand-computed values."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mixing.engine.console.eq import process_reference, response_db
from mixing.engine.console.parameters import Eq, HighShelf
from mixing.engine.mixers.interface import band_centres_hz
from mixing.engine.training.measures import (
    LOST_LU,
    MIX_MEASURES,
    STEM_MEASURES,
    MixSound,
    StemSound,
    band_error_db,
    mix_errors,
    mix_sound,
    stem_errors,
    stem_sound,
)

RATE = 44_100
Sound = NDArray[np.float32]


def noise(seed: int = 0, *, seconds: float = 1.0, gain: float = 0.1) -> Sound:
    shape = (2, int(seconds * RATE))
    return (gain * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def sound(loudness_lufs: float | None, imbalance: float = 0.0, tilt_db: float = 0.0) -> StemSound:
    return StemSound(loudness_lufs, imbalance, np.linspace(-tilt_db / 2, tilt_db / 2, 40))


def mixed(samples: Sound) -> MixSound:
    found = mix_sound(samples, RATE)
    assert found is not None
    return found


# ---- stems -----------------------------------------------------------------------------------------------------------


def test_the_level_error_is_around_the_songs_mean() -> None:
    # Differences of +10 + (4, 0, -4): all 10 louder is no error, and (4 + 0 + 4) / 3 is.
    human = [sound(-20.0), sound(-20.0), sound(-30.0)]
    mix = [sound(-6.0), sound(-10.0), sound(-24.0)]
    assert stem_errors(human, mix)["level_lu"] == pytest.approx(8 / 3)


def test_a_stem_that_the_person_left_silent_counts_nowhere() -> None:
    human = [sound(-20.0), sound(None), sound(-20.0)]
    errors = stem_errors(human, [sound(-20.0, 0.5), sound(-3.0, 1.0, 30.0), sound(-20.0, 0.5)])
    assert errors == pytest.approx({"level_lu": 0.0, "eq_db": 0.0, "pan": 0.5})


def test_a_stem_that_the_mixer_lost_counts_as_far_behind() -> None:
    errors = stem_errors([sound(-20.0), sound(-20.0)], [sound(-20.0), sound(None)])
    assert errors["level_lu"] == pytest.approx(LOST_LU / 2)


def test_one_stem_alone_has_no_balance_to_be_right_about() -> None:
    assert stem_errors([sound(-20.0)], [sound(-14.0, 0.25)]) == pytest.approx({"eq_db": 0.0, "pan": 0.25})
    assert "level_lu" not in stem_errors([sound(-20.0), sound(None)], [sound(-14.0), sound(-20.0)])


def test_the_equaliser_error_knows_no_level() -> None:
    # A straight tilt of 8 dB over the bands is up to 4 dB off on both ends, 2.05 on average over 40 bands.
    assert band_error_db(np.zeros(40), np.linspace(-4.0, 4.0, 40) + 30.0) == pytest.approx(2.051, abs=0.001)
    assert band_error_db(np.zeros(40), np.full(40, 12.0)) == 0.0


def test_bands_that_the_person_left_empty_are_not_compared() -> None:
    human = np.concatenate((np.zeros(20), np.full(20, -100.0)))
    mix = np.concatenate((np.zeros(20), np.full(20, -10.0)))
    assert band_error_db(human, mix) == 0.0


def test_it_hears_on_true_audio_what_an_equaliser_did() -> None:
    eq = Eq(high_shelf=HighShelf(gain_db=9.0, freq_hz=4_000.0))
    stem = noise()
    changed = process_reference(stem, eq, RATE).astype(np.float32)
    found = stem_errors([stem_sound(stem, RATE)], [stem_sound(changed, RATE)])
    expected = response_db(eq, band_centres_hz(), RATE)
    assert found["eq_db"] == pytest.approx(float(np.abs(expected - expected.mean()).mean()), abs=0.05)
    assert found["pan"] < 0.01


def test_it_hears_where_a_stem_stands() -> None:
    stem = noise() * np.array([[1.0], [0.5]], dtype=np.float32)
    # Energies of 1 and 1/4: (0.25 - 1) / 1.25.
    assert stem_sound(stem, RATE).imbalance == pytest.approx(-0.6, abs=0.01)
    assert stem_sound(np.zeros((2, RATE), dtype=np.float32), RATE).imbalance == 0.0


def test_it_refuses_to_compare_nothing() -> None:
    with pytest.raises(ValueError, match="no stem"):
        stem_errors([sound(None)], [sound(-20.0)])


# ---- the sum ---------------------------------------------------------------------------------------------------------


def test_a_mix_has_no_distance_from_itself_at_any_volume() -> None:
    samples = noise()
    errors = mix_errors(mixed(samples), mixed(samples * np.float32(0.25)))
    assert set(errors) == set(MIX_MEASURES)
    assert max(errors.values()) < 1e-3


def test_silence_is_no_mix() -> None:
    assert mix_sound(np.zeros((2, RATE), dtype=np.float32), RATE) is None


def test_each_measure_of_the_mix_hears_its_own_fault() -> None:
    samples = noise(seconds=4.0)
    human = mixed(samples)
    narrow = np.repeat(samples.mean(axis=0, keepdims=True), 2, axis=0)
    leaning = samples * np.array([[1.0], [0.5]], dtype=np.float32)
    fading = samples * np.linspace(1.0, 0.1, samples.shape[1], dtype=np.float32)
    dull = process_reference(samples, Eq(high_shelf=HighShelf(gain_db=-12.0, freq_hz=2_000.0)), RATE)
    assert mix_errors(human, mixed(narrow))["width"] == pytest.approx(0.5, abs=0.02)
    assert mix_errors(human, mixed(leaning))["imbalance"] == pytest.approx(0.6, abs=0.02)
    assert mix_errors(human, mixed(fading))["crest_db"] > 2.0
    assert mix_errors(human, mixed(fading))["loudness_lu"] > 0.5
    assert mix_errors(human, mixed(dull.astype(np.float32)))["bands_db"] > 3.0
    assert mix_errors(human, mixed(noise(1, seconds=4.0)))["mrstft"] > 0.5


def test_a_short_mix_can_be_measured() -> None:
    assert max(mix_errors(mixed(noise(seconds=0.5)), mixed(noise(seconds=0.5))).values()) < 1e-3


def test_the_names_of_the_measures_are_those_that_are_given() -> None:
    assert tuple(stem_errors([sound(-20.0)] * 2, [sound(-20.0)] * 2)) == STEM_MEASURES
