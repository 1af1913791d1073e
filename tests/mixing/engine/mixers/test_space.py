"""Sends for a wished loudness: the predictions against the console's own reverb and delay."""

from __future__ import annotations

import numpy as np
import pytest

from mixing.engine.audio.analysis import analyse_array
from mixing.engine.console import delay, reverb
from mixing.engine.console.parameters import OFF_DB, Delay, Reverb
from mixing.engine.mixers import space
from tests.mixing.engine.mixers.sessions import sound

RATE = 44_100


def pink(seconds: float, seed: int = 1) -> np.ndarray:
    count = int(seconds * RATE)
    rising = np.fft.rfft(np.random.default_rng(seed).standard_normal((2, count)))
    shaped = rising / np.sqrt(np.maximum(np.fft.rfftfreq(count, 1 / RATE), 20.0))
    noise = np.fft.irfft(shaped, count)
    return (0.3 * noise / np.abs(noise).max()).astype(np.float32)


@pytest.mark.parametrize("room", [Reverb(decay_s=0.6, damping_hz=2_000.0), Reverb(decay_s=1.2, damping_hz=8_000.0)])
def test_the_reverb_comes_back_as_loud_as_predicted(room: Reverb) -> None:
    dry = pink(3.0)
    wet = reverb.process_reference(dry, room, RATE).astype(np.float32)[:, RATE:]
    before, after = analyse_array(dry, RATE)[0], analyse_array(wet, RATE)[0]
    assert before.loudness_lufs is not None
    assert after.loudness_lufs is not None
    predicted = space.reverb_change_lu(before.spectrum_db, room)
    assert after.loudness_lufs - before.loudness_lufs == pytest.approx(predicted, abs=0.6)
    assert predicted < -0.5


def test_echoes_come_back_as_loud_as_predicted() -> None:
    dry = np.repeat(pink(2.0)[:1], 2, axis=0)
    echo = Delay(time_ms=50.0, feedback=0.5)
    wet = delay.process_reference(dry, echo, RATE).astype(np.float32)[:, RATE // 2 :]
    before, after = analyse_array(dry, RATE)[0], analyse_array(wet, RATE)[0]
    assert before.loudness_lufs is not None
    assert after.loudness_lufs is not None
    predicted = space.delay_change_lu(before.spectrum_db, echo, space.folded_share(sound(), pan=0.0, width=1.0))
    assert after.loudness_lufs - before.loudness_lufs == pytest.approx(predicted, abs=0.6)


def test_the_fold_of_a_centred_mono_stem_is_half_its_energy_and_of_one_at_the_side_a_quarter() -> None:
    assert space.folded_share(sound(), pan=0.0, width=1.0) == pytest.approx(0.5)
    assert space.folded_share(sound(), pan=1.0, width=1.0) == pytest.approx(0.25)
    wide = sound(channels=2, width=0.5)
    assert space.folded_share(wide, pan=0.0, width=1.0) == pytest.approx(0.25)
    assert space.folded_share(wide, pan=0.0, width=0.0) == pytest.approx(0.5)


def test_a_send_makes_up_for_what_comes_back_and_too_faint_a_wish_is_off() -> None:
    assert space.send_db(-14.0, -3.0, -2.0) == -9.0
    assert space.send_db(None, -3.0, 0.0) == OFF_DB
    assert space.send_db(-80.0, -3.0, 0.0) == OFF_DB
    assert space.send_db(0.0, -3.0, OFF_DB) == OFF_DB
    assert space.send_db(0.0, -30.0, 0.0) == 12.0


def test_space_goes_from_dry_to_far_away() -> None:
    assert space.reverb_lu_of_space(0.0) is None
    assert space.reverb_lu_of_space(0.5) == pytest.approx(-15.0)
    assert space.reverb_lu_of_space(1.0) == pytest.approx(-4.0)


@pytest.mark.parametrize(("tempo_bpm", "time_ms"), [(120.0, 375.0), (60.0, 375.0), (240.0, 187.5), (300.0, 300.0)])
def test_echoes_come_on_a_dotted_eighth_that_can_be_heard_as_one(tempo_bpm: float, time_ms: float) -> None:
    assert space.dotted_eighth_ms(tempo_bpm) == time_ms
