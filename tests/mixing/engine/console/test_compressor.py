"""The compressor against its curve, its time constants and samples computed by hand."""

import dataclasses
import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mixing.engine.console.compressor import (
    CompressorReference,
    memory,
    process_reference,
    reduction_db,
    static_curve_db,
)
from mixing.engine.console.parameters import Compressor
from tests.mixing.engine.console.strategies import nodes

RATE = 48_000
HARD = Compressor(on=True, threshold_db=-20.0, ratio=4.0, attack_ms=10.0, release_ms=100.0, knee_db=0.0)


def constant(level_db: float, frames: int) -> np.ndarray:
    return np.full((1, frames), 10 ** (level_db / 20))


def test_the_curve_is_one_to_one_below_the_knee_and_one_to_ratio_above_it() -> None:
    soft = dataclasses.replace(HARD, knee_db=10.0)

    assert static_curve_db([-100.0, -40.0, -25.0], soft) == pytest.approx([-100.0, -40.0, -25.0], abs=1e-12)
    assert static_curve_db([-15.0, -8.0, 0.0], soft) == pytest.approx([-18.75, -17.0, -15.0], abs=1e-12)


def test_in_the_middle_of_the_knee_an_eighth_of_its_width_is_taken_by_an_infinite_ratio() -> None:
    # (W/2)^2 / (2 W) = W / 8; a ratio of 4 takes three quarters of that.
    assert reduction_db(-20.0, dataclasses.replace(HARD, knee_db=8.0)) == pytest.approx(0.75)


def test_the_curve_and_its_slope_have_no_corner_at_the_ends_of_the_knee() -> None:
    soft = dataclasses.replace(HARD, knee_db=12.0)
    for end, slope in ((-26.0, 0.0), (-14.0, 0.75)):
        below, at, above = reduction_db([end - 1e-6, end, end + 1e-6], soft)
        assert [(at - below) / 1e-6, (above - at) / 1e-6] == pytest.approx([slope, slope], abs=1e-6)


def test_makeup_is_added_and_silence_is_left_alone() -> None:
    made_up = dataclasses.replace(HARD, makeup_db=6.0)

    assert static_curve_db([-40.0, 0.0], made_up) == pytest.approx([-34.0, -9.0])
    assert reduction_db(-math.inf, made_up) == 0.0
    assert not process_reference(np.zeros((2, 50)), made_up, RATE).any()


def test_the_first_samples_of_a_jump_are_these() -> None:
    # 1 ms at 1000 Hz: k = 1/e. Full scale wants 15 dB: 15 (1 - 1/e), 15 (1 - 1/e^2), 15 (1 - 1/e^3).
    fast = dataclasses.replace(HARD, attack_ms=1.0)

    out_db = 20 * np.log10(process_reference(np.ones((1, 3)), fast, 1_000)[0])

    assert out_db == pytest.approx([-15 * (1 - math.exp(-n)) for n in (1, 2, 3)], abs=1e-9)


@pytest.mark.parametrize("attack_ms", [0.1, 1.0, 30.0])
def test_after_the_attack_time_the_reduction_has_come_to_63_percent(attack_ms: float) -> None:
    stage = CompressorReference(dataclasses.replace(HARD, attack_ms=attack_ms), RATE)

    stage.process(constant(0.0, round(attack_ms * RATE / 1000)))

    frames = round(attack_ms * RATE / 1000)
    assert stage.reduction_db == pytest.approx(15 * (1 - math.exp(-frames / (attack_ms * RATE / 1000))), abs=1e-9)


def test_after_the_release_time_37_percent_of_the_reduction_is_left() -> None:
    stage = CompressorReference(HARD, RATE)
    stage.process(constant(0.0, RATE // 2))
    assert stage.reduction_db == pytest.approx(15.0, abs=1e-6)

    stage.process(constant(-40.0, RATE // 10))

    assert stage.reduction_db == pytest.approx(15.0 / math.e, rel=1e-6)


def test_a_long_steady_tone_of_direct_current_comes_out_on_the_curve() -> None:
    soft = dataclasses.replace(HARD, knee_db=12.0, makeup_db=3.0, attack_ms=1.0)
    for level_db in (-30.0, -22.0, -17.0, -6.0):
        out = process_reference(constant(level_db, 2_000), soft, RATE)[0, -1]
        assert 20 * math.log10(out) == pytest.approx(float(static_curve_db(level_db, soft)), abs=1e-6)


def test_the_louder_side_sets_one_gain_for_both() -> None:
    audio = np.array([[0.5, -1.0, 0.25], [-0.1, 0.2, 1.0]])

    out = process_reference(audio, HARD, RATE)

    gains = out / audio
    assert gains[0] == pytest.approx(gains[1], rel=1e-12)
    assert process_reference(np.abs(audio).max(axis=0, keepdims=True), HARD, RATE)[0] / [0.5, 1.0, 1.0] == (
        pytest.approx(gains[0], rel=1e-12)
    )


def test_switched_off_it_touches_nothing() -> None:
    audio = np.random.default_rng(0).uniform(-1, 1, (2, 100))

    assert np.array_equal(process_reference(audio, dataclasses.replace(HARD, on=False, makeup_db=9.0), RATE), audio)


def test_a_ratio_of_one_is_only_makeup() -> None:
    audio = np.random.default_rng(0).uniform(-1, 1, (2, 100))
    gain = dataclasses.replace(HARD, ratio=1.0, makeup_db=20.0)

    assert process_reference(audio, gain, RATE) == pytest.approx(10.0 * audio, rel=1e-12)


def test_a_memory_of_one_second_keeps_this_much() -> None:
    assert memory(1000.0, 44_100) ** 44_100 == pytest.approx(1 / math.e, rel=1e-9)


@given(
    compressor=nodes(Compressor, on=st.just(True)),
    cuts=st.lists(st.integers(0, 400), max_size=5),
    loudness=st.floats(-80.0, 20.0),
)
@settings(max_examples=30, deadline=None)
def test_any_blocking_gives_the_same_finite_samples(compressor: Compressor, cuts: list[int], loudness: float) -> None:
    audio = 10 ** (loudness / 20) * np.random.default_rng(3).uniform(-1, 1, (2, 400))
    audio[:, 100:180] = 0.0
    stage = CompressorReference(compressor, RATE)

    edges = [0, *sorted(cuts), 400]
    pieces = [stage.process(audio[:, a:b]) for a, b in itertools.pairwise(edges)]

    whole = process_reference(audio, compressor, RATE)
    assert np.array_equal(np.concatenate(pieces, axis=1), whole)
    assert np.isfinite(whole).all()
    assert not whole[:, 100:180].any()
