from __future__ import annotations

import numpy as np
import pytest

from mixing.engine.mixers.precision import SCALE, pack, unpack

MATRIX = np.array([[1.0, -0.5, 0.25], [100.0, 50.0, -25.4], [0.0, 0.0, 0.0]], dtype=np.float32)
VECTOR = np.array([0.1, 1e-4], dtype=np.float32)


def test_whole_numbers_have_a_scale_for_each_row() -> None:
    packed = pack({"w": MATRIX, "b": VECTOR}, "int8")
    assert packed["w"].dtype == np.int8
    assert packed["w"].tolist() == [[127, -64, 32], [127, 64, -32], [0, 0, 0]]
    assert packed["w" + SCALE] == pytest.approx([1 / 127, 100 / 127, 1.0])
    assert packed["b"].dtype == np.float32


def test_a_weight_moves_by_half_a_step_of_its_row_at_most() -> None:
    rng = np.random.default_rng(1)
    weights = (rng.normal(size=(5, 3, 3, 2)) * np.array([1e-3, 1, 10, 100, 1e4]).reshape(5, 1, 1, 1)).astype(np.float32)
    back = unpack(pack({"w": weights}, "int8"))["w"]
    step = np.abs(weights).reshape(5, -1).max(axis=1) / 127
    assert (np.abs(back - weights).reshape(5, -1).max(axis=1) <= 0.5001 * step).all()


def test_float32_comes_back_as_it_was_and_float16_within_its_precision() -> None:
    tensors = {"w": MATRIX, "b": VECTOR}
    assert all(np.array_equal(unpack(pack(tensors, "float32"))[name], tensors[name]) for name in tensors)
    halves = unpack(pack(tensors, "float16"))
    assert all(halves[name] == pytest.approx(tensors[name], rel=1e-3) for name in tensors)
    assert all(tensor.dtype == np.float32 for tensor in halves.values())
