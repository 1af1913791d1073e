from __future__ import annotations

import numpy as np
import pytest
import torch

from mixing.engine.console.eq import response_db
from mixing.engine.console.parameters import Eq, HighPass, HighShelf, LowShelf, Peak
from mixing.engine.mixers.interface import band_centres_hz
from mixing.engine.training.losses import (
    band_error_db,
    eq_response_db,
    high_pass_response_db,
    imbalance_error,
    level_error_lu,
)
from mixing.engine.training.measures import band_error_db as measured_band_error_db

ALL = torch.ones(1, 3)


def test_the_response_is_that_of_the_consoles_own_filters() -> None:
    eq = Eq(
        low_shelf=LowShelf(gain_db=7.0, freq_hz=100.0),
        peak_1=Peak(gain_db=-5.0, freq_hz=300.0, q=2.0),
        peak_2=Peak(gain_db=4.0, freq_hz=1_500.0, q=0.7),
        peak_3=Peak(gain_db=-8.0, freq_hz=5_000.0, q=1.0),
        high_shelf=HighShelf(gain_db=6.0, freq_hz=9_000.0),
    )
    gains, freqs = torch.tensor([7.0, -5.0, 4.0, -8.0, 6.0]), torch.tensor([100.0, 300.0, 1_500.0, 5_000.0, 9_000.0])
    found = eq_response_db(gains, freqs, torch.tensor([2.0, 0.7, 1.0]))
    assert found.numpy() == pytest.approx(response_db(eq, band_centres_hz(), 48_000), abs=1e-4)


def test_so_is_that_of_the_high_pass_which_is_off_below_its_lowest() -> None:
    wanted = response_db(Eq(high_pass=HighPass(on=True, freq_hz=120.0)), band_centres_hz(), 48_000)
    found = high_pass_response_db(torch.tensor([120.0, 24.0, 0.0]), 25.0)
    assert found[0].numpy() == pytest.approx(wanted, abs=1e-3)
    assert not found[1:].any()


def test_levels_are_compared_around_their_means() -> None:
    # Around their means -5, 0, 5 and -3, -1, 4: differences 2, 1, 1.
    found = level_error_lu(torch.tensor([[0.0, 5.0, 10.0]]), torch.tensor([[-33.0, -31.0, -26.0]]), ALL)
    assert found.tolist() == pytest.approx([4 / 3])


def test_padding_does_not_count() -> None:
    heard = torch.tensor([[1.0, 1.0, 0.0]])
    one, other = torch.tensor([[0.0, 4.0, 99.0]]), torch.tensor([[0.0, 0.0, 0.0]])
    assert level_error_lu(one, other, heard).tolist() == pytest.approx([2.0])
    assert imbalance_error(torch.tensor([[0.5, 0.1, 1.0]]), other, heard).tolist() == pytest.approx([0.3])


def test_bands_are_compared_as_the_evaluation_does() -> None:
    rng = np.random.default_rng(1)
    mixed, human = rng.uniform(-70.0, 0.0, (2, 1, 3, 40)).astype(np.float32)
    wanted = np.mean(
        [measured_band_error_db(h.astype(float), m.astype(float)) for h, m in zip(human[0], mixed[0], strict=True)]
    )
    found = band_error_db(torch.from_numpy(mixed), torch.from_numpy(human), ALL)
    assert found.tolist() == pytest.approx([wanted], rel=1e-5)
