"""Pan, balance and width."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mixing.engine.console.pan import matrix

PAN = st.floats(-1.0, 1.0)
HALF_POWER = math.sqrt(0.5)


@pytest.mark.parametrize(
    ("pan", "left", "right"),
    [
        (0.0, HALF_POWER, HALF_POWER),
        (-1.0, 1.0, 0.0),
        (1.0, 0.0, 1.0),
        (0.5, math.cos(3 * math.pi / 8), math.sin(3 * math.pi / 8)),
        (-0.5, math.sin(3 * math.pi / 8), math.cos(3 * math.pi / 8)),
    ],
)
def test_a_mono_stem_is_panned_at_constant_power(pan: float, left: float, right: float) -> None:
    gains = matrix(pan=pan, width=1.0, channels=1)

    assert gains.shape == (2, 1)
    assert gains[:, 0] == pytest.approx([left, right], abs=1e-15)


def test_a_mono_stem_loses_three_decibels_on_each_side_at_the_centre() -> None:
    assert 20 * math.log10(matrix(pan=0.0, width=1.0, channels=1)[0, 0]) == pytest.approx(-3.0103, abs=1e-4)


@pytest.mark.parametrize(("pan", "closed"), [(1.0, 0), (-1.0, 1)])
@pytest.mark.parametrize("channels", [1, 2])
def test_the_far_side_is_exactly_silent_at_the_end_of_the_knob(pan: float, closed: int, channels: int) -> None:
    assert not matrix(pan=pan, width=1.3, channels=channels)[closed].any()


@given(pan=PAN)
def test_the_power_of_a_mono_stem_does_not_depend_on_its_place(pan: float) -> None:
    assert np.sum(matrix(pan=pan, width=1.0, channels=1) ** 2) == pytest.approx(1.0, abs=1e-12)


@given(pan=PAN, width=st.floats(0.0, 2.0))
def test_width_does_not_touch_a_mono_stem(pan: float, width: float) -> None:
    assert np.array_equal(matrix(pan=pan, width=width, channels=1), matrix(pan=pan, width=1.0, channels=1))


def test_a_stereo_stem_passes_untouched_at_the_centre_with_its_own_width() -> None:
    assert np.array_equal(matrix(pan=0.0, width=1.0, channels=2), np.eye(2))


@pytest.mark.parametrize(("pan", "left", "right"), [(0.25, 0.75, 1.0), (-0.25, 1.0, 0.75), (0.9, 0.1, 1.0)])
def test_a_stereo_stem_is_balanced_and_never_folded(pan: float, left: float, right: float) -> None:
    assert matrix(pan=pan, width=1.0, channels=2) == pytest.approx(np.diag([left, right]), abs=1e-15)


def test_no_width_is_the_mean_of_both_sides_on_both_sides() -> None:
    assert np.array_equal(matrix(pan=0.0, width=0.0, channels=2), np.full((2, 2), 0.5))


@given(width=st.floats(0.0, 2.0), left=st.floats(-1, 1), right=st.floats(-1, 1))
def test_width_multiplies_the_side_and_leaves_the_middle(width: float, left: float, right: float) -> None:
    new_left, new_right = matrix(pan=0.0, width=width, channels=2) @ [left, right]

    assert new_left + new_right == pytest.approx(left + right, abs=1e-12)
    assert new_left - new_right == pytest.approx(width * (left - right), abs=1e-12)


@given(pan=PAN, width=st.floats(0.0, 2.0), channels=st.sampled_from([1, 2]))
def test_left_and_right_mirror_each_other(pan: float, width: float, channels: int) -> None:
    here = matrix(pan=pan, width=width, channels=channels)
    there = matrix(pan=-pan, width=width, channels=channels)

    assert np.array_equal(here, there[::-1, ::-1])
