"""How a checkpoint's file holds its numbers: as they are, as float16, or as whole numbers with a scale for each row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

Precision = Literal["float32", "float16", "int8"]
SCALE: Final = "::scale"
"""The suffix of the tensor that holds a quantised tensor's scales."""
_LARGEST: Final = 127


def pack(tensors: Mapping[str, NDArray[np.float32]], precision: Precision) -> dict[str, NDArray[Any]]:
    """The tensors of a file.

    With ``int8`` the matrices become whole numbers from -127 to 127, symmetric, with one float32 scale for each row
    (output channel); vectors, which weigh next to nothing and hold norms, offsets and tables, stay float32.
    """
    if precision == "float32":
        return {name: np.ascontiguousarray(tensor, dtype=np.float32) for name, tensor in tensors.items()}
    if precision == "float16":
        return {name: np.ascontiguousarray(tensor, dtype=np.float16) for name, tensor in tensors.items()}
    packed: dict[str, NDArray[Any]] = {}
    for name, tensor in tensors.items():
        if tensor.ndim < 2:
            packed[name] = np.ascontiguousarray(tensor, dtype=np.float32)
            continue
        largest = np.abs(tensor.reshape(tensor.shape[0], -1)).max(axis=1, initial=0.0)
        scales = np.where(largest > 0.0, largest / _LARGEST, 1.0).astype(np.float32)
        packed[name] = np.rint(tensor / _along_rows(scales, tensor.ndim)).astype(np.int8)
        packed[name + SCALE] = scales
    return packed


def unpack(packed: Mapping[str, NDArray[Any]]) -> dict[str, NDArray[np.float32]]:
    """The float32 tensors of a file of any precision.

    Raises
    ------
    KeyError
        If a tensor of whole numbers comes without its scales.
    ValueError
        If the scales do not fit.
    """
    tensors = {}
    for name, values in packed.items():
        if name.endswith(SCALE):
            continue
        tensor = values.astype(np.float32)
        if values.dtype == np.int8:
            scales = packed[name + SCALE]
            if scales.shape != values.shape[:1]:
                raise ValueError(f"the scales of {name} do not fit")
            tensor *= _along_rows(scales, values.ndim)
        tensors[name] = tensor
    return tensors


def _along_rows(scales: NDArray[np.float32], ndim: int) -> NDArray[np.float32]:
    return scales.reshape(-1, *(1,) * (ndim - 1))
