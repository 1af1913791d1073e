"""A mutant is a neighbour: moved, seeded, and never out of bounds."""

import numpy as np
import pytest

from mixing.engine.breeding.mutate import mutated
from mixing.engine.errors import MixFailed
from mixing.engine.mixers.checkpoint import STYLE_TABLE, STYLE_VECTOR
from mixing.engine.mixers.style_table import COLUMNS, DRY_LU
from tests.mixing.engine.breeding.families import pair


def test_the_same_seed_gives_the_same_bits_and_another_does_not():
    parent, _ = pair()
    one, again, other = (mutated(parent, size=0.05, seed=seed) for seed in (7, 7, 8))
    for name in one:
        assert one[name].tobytes() == again[name].tobytes()
    assert any(one[name].tobytes() != other[name].tobytes() for name in one)


@pytest.mark.parametrize("size", [0.03, 0.1])
def test_no_weight_moves_further_than_three_sizes_of_its_tensors_deviation(size):
    parent, _ = pair()
    moved = mutated(parent, size=size, seed=3)
    for name in (name for name in moved if name.startswith("towers.")):
        step = np.abs(moved[name] - parent.tensors[name])
        deviation = parent.tensors[name].std(dtype=np.float64)
        assert step.max() <= 3.0 * size * deviation + 1e-6
        if name.endswith("enter.weight"):
            np.testing.assert_allclose(step.std() / deviation, 0.6 * size, rtol=0.2)


def test_what_was_measured_on_songs_stays():
    parent, _ = pair()
    moved = mutated(parent, size=0.1, seed=3)
    np.testing.assert_array_equal(moved["features.mean"], parent.tensors["features.mean"])
    np.testing.assert_array_equal(moved["features.scale"], parent.tensors["features.scale"])


def test_a_style_takes_bounded_steps_and_dry_stems_stay_dry():
    parent, _ = pair()
    before = parent.tensors[STYLE_TABLE]
    table = before.copy()
    table[COLUMNS.index("offset_lu.kick")] = 11.9
    table[COLUMNS.index("master_reduction_db")] = 0.1
    parent.tensors[STYLE_TABLE][:] = table
    largest = 0.0
    for seed in range(20):
        moved = mutated(parent, size=0.1, seed=seed)
        step = dict(zip(COLUMNS, moved[STYLE_TABLE] - table, strict=True))
        largest = max(largest, abs(step["offset_lu.bass"]))
        assert abs(step["offset_lu.bass"]) <= 1.5
        assert abs(step["width"]) <= 0.2
        assert step["reverb.decay_s"] == step["tilt.music.high_hz"] == 0.0
        assert moved[STYLE_TABLE][COLUMNS.index("offset_lu.kick")] <= 12.0
        assert moved[STYLE_TABLE][COLUMNS.index("master_reduction_db")] >= 0.0
        assert table[COLUMNS.index("delay_lu.bass")] == moved[STYLE_TABLE][COLUMNS.index("delay_lu.bass")] == DRY_LU
        assert np.abs(moved[STYLE_VECTOR]).max() <= 1.0
    assert largest > 0.9


@pytest.mark.parametrize(("size", "seed"), [(0.02, 1), (0.3, 1), (float("nan"), 1), (0.05, -1)])
def test_what_is_out_of_bounds_is_refused(size, seed):
    parent, _ = pair()
    with pytest.raises(MixFailed) as caught:
        mutated(parent, size=size, seed=seed)
    assert caught.value.code == "invalid_recipe"
