"""Where a stem stands behind width and pan, against the console's own matrix."""

from __future__ import annotations

import numpy as np
import pytest

from mixing.engine.audio.analysis import analyse_array
from mixing.engine.console.pan import matrix
from mixing.engine.mixers import image
from tests.mixing.engine.mixers.sessions import sound

RATE = 44_100


def stereo(seed: int = 1) -> np.ndarray:
    """Two sources: one nearly in the middle, one to the right."""
    first, second = np.random.default_rng(seed).uniform(-0.3, 0.3, (2, RATE))
    return np.stack([first + 0.1 * second, 0.8 * first + 0.7 * second]).astype(np.float32)


@pytest.mark.parametrize(("pan", "width"), [(0.0, 1.0), (-0.5, 1.0), (0.4, 0.3), (0.0, 1.7), (-0.2, 0.0)])
def test_the_sides_are_those_that_the_console_gives(pan: float, width: float) -> None:
    before = stereo()
    after = matrix(pan=pan, width=width, channels=2) @ before
    energies = (after.astype(np.float64) ** 2).sum(axis=1) / (before.astype(np.float64) ** 2).sum()
    audio = analyse_array(before, RATE)[0]
    assert image.sides(audio, pan=pan, width=width) == pytest.approx(tuple(energies), abs=1e-3)
    left, right = energies
    assert image.imbalance(audio, pan=pan, width=width) == pytest.approx((right - left) / (right + left), abs=2e-3)
    expected_lu = 10 * np.log10(energies.sum())
    assert image.loudness_change_lu(audio, pan=pan, width=width) == pytest.approx(expected_lu, abs=0.02)


def test_a_mono_stem_is_panned_at_constant_power() -> None:
    assert image.sides(sound(), pan=0.0) == pytest.approx((0.5, 0.5))
    assert image.sides(sound(), pan=1.0) == pytest.approx((0.0, 1.0))
    assert image.loudness_change_lu(sound(), pan=0.7) == 0.0


def test_a_balance_away_from_the_only_side_is_bounded() -> None:
    assert image.loudness_change_lu(sound(channels=2, width=0.5, imbalance=1.0), pan=-1.0) == pytest.approx(-20.0)
